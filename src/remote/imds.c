/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/imds.h"

#include <string.h>

#include "base/text.h"
#include "remote/answer.h"

#define QUOTE_PATH "/acc/tdquote"
#define CERTIFICATES_PATH "/metadata/THIM/amd/certification"
#define JSON_TYPE "application/json"
/* It answers only who can set a header, so no browser's cross-site request. */
#define METADATA_HEADER "Metadata: true"
#define REQUEST_MAX 2048u

/* The answer as an object, whose members take() takes. */
static int
ask_object(struct http *h, const struct http_ask *ask,
    bool (*take)(const json_t *j, struct wr *out), const char *expected,
    struct wr *out, struct seal_diag *d)
{
	struct http_answer a = { 0 };
	json_t *j = NULL;
	int r;

	if ((r = http_ask(h, ask, &a, d)) != 0)
		return r;
	r = a.status != 200 ? http_refuse(h, ask, &a, false, d)
			    : answer_object(h, &a, &j, d);
	if (r == 0 && !take(j, out)) {
		r = seal_fail(d, SEAL_E_UNAVAILABLE,
		    "%.90s%s: expected %s, found another answer", http_url(h),
		    ask->path, expected);
		seal_remedy(d, "see that 'imds' names the metadata service of "
			       "this VM's host");
	}
	json_decref(j);
	http_answer_wipe(&a);
	return r;
}

static bool
take_quote(const json_t *j, struct wr *out)
{
	const char *text = answer_text(j, "quote");

	return text != NULL && base64_decode(span_str(text), out) && out->n > 0;
}

int
imds_td_quote(struct http *h, struct span td_report, int64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	char body[REQUEST_MAX];
	struct wr w;
	struct http_ask ask = { .method = HTTP_POST,
		.path = QUOTE_PATH,
		.content_type = JSON_TYPE,
		.accept = JSON_TYPE,
		.extra = METADATA_HEADER,
		.deadline_ms = deadline_ms,
		.body_max = IMDS_ANSWER_MAX };

	wr_init(&w, body, sizeof(body));
	wr_printf(&w, "{\"report\":\"");
	b64url_encode(td_report, &w);
	wr_printf(&w, "\"}");
	if (w.error != 0)
		return seal_fail(d, w.error, "imds: report too large");
	ask.body = wr_view(&w);
	return ask_object(h, &ask, take_quote, "a quote in base64", out, d);
}

/* PEM ends in a newline or not; so it does here. */
static bool
put_pem(const json_t *j, const char *key, struct wr *out)
{
	const char *text = answer_text(j, key);

	if (text == NULL || strncmp(text, "-----BEGIN ", 11) != 0)
		return false;
	wr_bytes(out, span_str(text));
	wr_u8(out, '\n');
	return out->error == 0;
}

static bool
take_certificates(const json_t *j, struct wr *out)
{
	return put_pem(j, "vcekCert", out) &&
	       put_pem(j, "certificateChain", out);
}

int
imds_certificates(
    struct http *h, int64_t deadline_ms, struct wr *out, struct seal_diag *d)
{
	const struct http_ask ask = { .method = HTTP_GET,
		.path = CERTIFICATES_PATH,
		.accept = JSON_TYPE,
		.extra = METADATA_HEADER,
		.deadline_ms = deadline_ms,
		.body_max = IMDS_ANSWER_MAX };

	return ask_object(h, &ask, take_certificates,
	    "the processor's certificates (PEM)", out, d);
}
