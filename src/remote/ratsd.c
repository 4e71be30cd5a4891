/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/ratsd.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "format/ratsd.h"
#include "remote/answer.h"

#define CHARES_PATH "/ratsd/chares"
#define LIST_PATH "/ratsd/subattesters"
#define CHARES_TYPE "application/vnd.veraison.chares+json"
#define LIST_TYPE "application/vnd.veraison.attesters+json"
#define NONCE_TEXT 96u
#define LIST_MAX 16384u /* bytes of the list */
#define SHOWN 80

/* ---- The challenge ---- */

static json_t *
selection(const char *names)
{
	json_t *list = json_array();

	while (*names != '\0') {
		size_t n = strcspn(names, ",");

		json_array_append_new(list, json_stringn(names, n));
		names += n + (names[n] == ',');
	}
	return list;
}

static char *
challenge_text(struct span nonce, const char *attesters)
{
	char text[NONCE_TEXT];
	json_t *j = NULL;
	char *ret = NULL;
	struct wr w;

	wr_init(&w, text, sizeof(text) - 1);
	b64url_encode(nonce, &w);
	if (w.error == 0)
		j = json_pack("{s:s%}", "nonce", text, w.n);
	if (j != NULL && attesters != NULL)
		json_object_set_new(
		    j, "attester-selection", selection(attesters));
	if (j != NULL)
		ret = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return ret;
}

/* Up to its parameters, in which versions differ. */
static bool
type_is(const char *got, const char *want)
{
	size_t n = strcspn(got, "; ");

	return n == strcspn(want, "; ") && strncasecmp(got, want, n) == 0;
}

static int
take_token(const struct http *h, const struct http_answer *a, struct wr *out,
    struct seal_diag *d)
{
	char shown[SHOWN];

	if (!type_is(a->content_type, RATSD_TYPE) &&
	    !type_is(a->content_type, RATSD_TYPE_1)) {
		seal_fail(d, SEAL_E_UNAVAILABLE,
		    "%.90s" CHARES_PATH ": expected a token of ratsd, found "
		    "'%s'",
		    http_url(h),
		    text_safe(span_str(a->content_type), shown, sizeof(shown)));
		seal_remedy(d, "see that 'url' names ratsd");
		return SEAL_E_UNAVAILABLE;
	}
	wr_bytes(out, span_of(a->body, a->n_body));
	return out->error == 0 ? 0
			       : seal_fail(d, out->error, "ratsd: its answer");
}

/* One version after the other: those who know only the first want it alone. */
static int
ask(struct http *h, struct http_ask *post, struct wr *out, struct seal_diag *d)
{
	static const char *const accepts[] = { RATSD_TYPE ", " RATSD_TYPE_1,
		RATSD_TYPE_1 };
	struct http_answer a = { 0 };
	int r = 0;

	for (size_t i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++) {
		http_answer_wipe(&a);
		post->accept = accepts[i];
		if ((r = http_ask(h, post, &a, d)) != 0)
			return r;
		if (a.status != 406 && a.status != 400)
			break;
	}
	r = a.status == 200 ? take_token(h, &a, out, d)
			    : http_refuse(h, post, &a, false, d);
	http_answer_wipe(&a);
	return r;
}

int
ratsd_challenge(struct http *h, struct span nonce, const char *attesters,
    int64_t deadline_ms, struct wr *out, struct seal_diag *d)
{
	char *text = challenge_text(nonce, attesters);
	struct http_ask post = { .method = HTTP_POST,
		.path = CHARES_PATH,
		.content_type = CHARES_TYPE,
		.deadline_ms = deadline_ms,
		.body_max = RATSD_TOKEN_MAX };
	int r;

	if (text == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "ratsd: request");
	post.body = span_str(text);
	r = ask(h, &post, out, d);
	free(text);
	return r;
}

/* ---- The list ---- */

static bool
put_names(const json_t *list, struct wr *out)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = answer_text(json_array_get(list, i), "name");

		if (name == NULL)
			return false;
		wr_printf(out, "%s%s", i > 0 ? "," : "", name);
	}
	return json_array_size(list) > 0 && out->error == 0;
}

int
ratsd_attesters(
    struct http *h, int64_t deadline_ms, struct wr *out, struct seal_diag *d)
{
	const struct http_ask get = { .method = HTTP_GET,
		.path = LIST_PATH,
		.accept = LIST_TYPE,
		.deadline_ms = deadline_ms,
		.body_max = LIST_MAX };
	struct http_answer a = { 0 };
	json_t *list = NULL;
	int r;

	if ((r = http_ask(h, &get, &a, d)) != 0)
		return r;
	if (a.status != 200)
		r = http_refuse(h, &get, &a, false, d);
	else {
		list = json_loadb((const char *)a.body, a.n_body,
		    JSON_REJECT_DUPLICATES, NULL);
		if (!put_names(list, out)) {
			r = seal_fail(d, SEAL_E_UNAVAILABLE,
			    "%.90s" LIST_PATH ": expected a list of attesters",
			    http_url(h));
			seal_remedy(d, "see that 'url' names ratsd, and that "
				       "it has a plug-in for this machine");
		}
	}
	json_decref(list);
	http_answer_wipe(&a);
	return r;
}
