/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/veraison.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "remote/answer.h"

#define API "/challenge-response/v1"
#define SESSION_TYPE "application/vnd.veraison.challenge-response-session+json"
#define NONCE_SIZE 32
#define POLL_MS 50u /* between looks at a session; then doubling */
#define POLL_MAX_MS 1000u
#define ROUND_PAUSE_MS 100u /* before a new session after a lost one */
#define TYPE_MAX 200u       /* bytes of a media type that is sent */

static int
broken(const struct http *h, const char *expected, const char *found,
    struct seal_diag *d)
{
	char shown[64];

	seal_fail(d, SEAL_E_UNAVAILABLE,
	    "verifier %.100s: expected %s, found '%s'", http_url(h), expected,
	    found == NULL ? "nothing"
			  : text_safe(span_str(found), shown, sizeof(shown)));
	seal_remedy(d, "check 'api' and 'url'; see the verifier's log");
	return SEAL_E_UNAVAILABLE;
}

/*
 * The name of the session: the last segment of Location, whatever stands
 * before it. So an answer cannot send this side to another host.
 */
static bool
session_name(const char *location, char ret[VERIFIER_SESSION_MAX + 1])
{
	const char *slash = strrchr(location, '/');
	const char *name = slash != NULL ? slash + 1 : location;
	size_t n = strlen(name);

	if (n == 0 || n > VERIFIER_SESSION_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!((name[i] >= '0' && name[i] <= '9') ||
			(name[i] >= 'a' && name[i] <= 'z') ||
			(name[i] >= 'A' && name[i] <= 'Z') || name[i] == '-' ||
			name[i] == '_'))
			return false;
	memcpy(ret, name, n + 1);
	return true;
}

static int
session_nonce(const struct http *h, const json_t *j,
    struct verifier_challenge *c, struct seal_diag *d)
{
	const char *text = answer_text(j, "nonce");
	struct wr w;

	wr_init(&w, c->nonce, sizeof(c->nonce));
	if (text == NULL || !answer_base64(text, &w) || w.error != 0 ||
	    w.n < VERIFIER_NONCE_MIN)
		return broken(h, "a nonce of 8 to 64 bytes", text, d);
	c->n_nonce = w.n;
	return 0;
}

/* Opens a session; nonce.n == 0 lets the Verifier choose. */
static int
session_open(struct http *h, struct span nonce, int64_t deadline_ms,
    struct verifier_challenge *ret, struct seal_diag *d)
{
	struct verifier_challenge c = { 0 };
	struct http_answer a = { 0 };
	char path[256];
	struct http_ask ask = { .method = HTTP_POST,
		.path = path,
		.accept = SESSION_TYPE,
		.deadline_ms = deadline_ms };
	json_t *j = NULL;
	struct wr w;
	int r;

	wr_init(&w, path, sizeof(path) - 1);
	if (nonce.n > 0) {
		wr_printf(&w, API "/newSession?nonce=");
		b64url_encode(nonce, &w);
	} else {
		wr_printf(&w, API "/newSession?nonceSize=%d", NONCE_SIZE);
	}
	if (w.error != 0)
		return seal_fail(d, SEAL_E_ARGUMENT, "verifier: nonce");
	path[w.n] = '\0';
	if ((r = http_ask(h, &ask, &a, d)) != 0)
		return r;
	if (a.status != 201 && a.status != 200)
		r = http_refuse(h, &ask, &a, false, d);
	else if (!session_name(a.location, c.session))
		r = broken(h, "the Location of a session", a.location, d);
	else if ((r = answer_object(h, &a, &j, d)) == 0)
		r = session_nonce(h, j, &c, d);
	if (r == 0 && nonce.n > 0 &&
	    !span_equal(nonce, span_of(c.nonce, c.n_nonce)))
		r = broken(h, "a session over the nonce that was asked for",
		    "another nonce", d);
	json_decref(j);
	http_answer_wipe(&a);
	if (r == 0)
		*ret = c;
	return r;
}

enum progress { FAILED = 0, RUNNING, COMPLETE };

/* The documentation says `state`, the code `status`. */
static int
session_progress(const struct http *h, const json_t *j, enum progress *ret,
    struct seal_diag *d)
{
	const char *text = answer_text(j, "status");

	if (text == NULL)
		text = answer_text(j, "state");
	if (text != NULL && strcmp(text, "complete") == 0)
		*ret = COMPLETE;
	else if (text != NULL && (strcmp(text, "processing") == 0 ||
				     strcmp(text, "waiting") == 0))
		*ret = RUNNING;
	else if (text != NULL && strcmp(text, "failed") == 0)
		*ret = FAILED;
	else
		return broken(h, "a session's status", text, d);
	return 0;
}

/* Reads a session as the Verifier shows it; *ret stays NULL while it runs. */
static int
session_read(const struct http *h, const struct http_answer *a, uint8_t **ret,
    size_t *ret_n, struct seal_diag *d)
{
	enum progress progress = FAILED;
	const char *text;
	json_t *j = NULL;
	int r;

	if ((r = answer_object(h, a, &j, d)) != 0 ||
	    (r = session_progress(h, j, &progress, d)) != 0)
		goto out;
	if (progress == FAILED) {
		r = seal_fail(d, SEAL_E_EVIDENCE,
		    "verifier %.100s: expected Evidence that it can judge, "
		    "found: session failed",
		    http_url(h));
		seal_remedy(d, "see the verifier's log");
	} else if (progress == COMPLETE) {
		text = answer_text(j, "result");
		r = answer_token(
		    h, span_str(text == NULL ? "" : text), ret, ret_n, d);
	}
out:
	json_decref(j);
	return r;
}

/* Asks until the session is done. */
static int
session_poll(struct http *h, const char *path, int64_t deadline_ms,
    uint8_t **ret, size_t *ret_n, struct seal_diag *d)
{
	struct http_ask ask = { .method = HTTP_GET,
		.path = path,
		.accept = SESSION_TYPE,
		.deadline_ms = deadline_ms };
	uint32_t ms = POLL_MS;
	int r = 0;

	while (r == 0 && *ret == NULL) {
		struct http_answer a = { 0 };

		if (!http_pause(ms, deadline_ms))
			return broken(h, "a result before the deadline",
			    "still processing", d);
		ms = ms * 2 < POLL_MAX_MS ? ms * 2 : POLL_MAX_MS;
		if ((r = http_ask(h, &ask, &a, d)) != 0)
			return r;
		r = a.status == 200 ? session_read(h, &a, ret, ret_n, d)
				    : http_refuse(h, &ask, &a, false, d);
		http_answer_wipe(&a);
	}
	return r;
}

/* 415 comes with what the Verifier would take. */
static int
session_unsupported(const struct http *h, const struct http_ask *ask,
    const struct http_answer *a, struct seal_diag *d)
{
	char takes[120];
	json_t *j = NULL, *list;
	struct wr w;

	wr_init(&w, takes, sizeof(takes) - 1);
	if (answer_object(h, a, &j, NULL) == 0 &&
	    json_is_array(list = json_object_get(j, "accept")))
		for (size_t i = 0; i < json_array_size(list); i++) {
			const char *type =
			    json_string_value(json_array_get(list, i));

			if (type != NULL && w.n + strlen(type) + 2 < w.cap)
				wr_printf(
				    &w, "%s%s", w.n > 0 ? ", " : "", type);
		}
	json_decref(j);
	if (w.n == 0)
		return http_refuse(h, ask, a, true, d);
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    "verifier %.60s: does not take '%.60s'; it takes %.100s",
	    http_url(h), ask->content_type,
	    text_safe(wr_view(&w), takes, sizeof(takes)));
	seal_remedy(d, "name another verifier for this media type");
	return SEAL_E_UNSUPPORTED;
}

int
veraison_answer(struct http *h, const struct verifier_challenge *c,
    const struct verifier_ask *ask, uint8_t **ret, size_t *ret_n,
    struct seal_diag *d)
{
	char path[sizeof(API "/session/") + VERIFIER_SESSION_MAX];
	char type[TYPE_MAX];
	/* A session takes Evidence once. */
	struct http_ask post = { .method = HTTP_POST,
		.path = path,
		.content_type = type,
		.accept = SESSION_TYPE,
		.body = ask->evidence,
		.deadline_ms = ask->deadline_ms,
		.once = true };
	struct http_answer a = { 0 };
	uint8_t *token = NULL;
	size_t n = 0;
	int r;

	if (ask->media_type.n == 0 || ask->media_type.n >= sizeof(type))
		return seal_fail(d, SEAL_E_ARGUMENT, "verifier: media type");
	text_safe(ask->media_type, type, sizeof(type));
	snprintf(path, sizeof(path), API "/session/%s", c->session);
	if ((r = http_ask(h, &post, &a, d)) != 0)
		return r;
	if (a.status == 200 || a.status == 202)
		r = session_read(h, &a, &token, &n, d);
	else if (a.status == 415)
		r = session_unsupported(h, &post, &a, d);
	else
		r = http_refuse(h, &post, &a, true, d);
	http_answer_wipe(&a);
	if (r == 0 && token == NULL)
		r = session_poll(h, path, ask->deadline_ms, &token, &n, d);
	/* The session is left to end by itself: deleting it would cost the
	 * waiting peer another round trip. */
	if (r == 0) {
		*ret = token;
		*ret_n = n;
	}
	return r;
}

int
veraison_challenge(struct http *h, int64_t deadline_ms,
    struct verifier_challenge *ret, struct seal_diag *d)
{
	return session_open(h, span_of(NULL, 0), deadline_ms, ret, d);
}

static int
appraise_once(struct http *h, const struct verifier_ask *ask, uint8_t **ret,
    size_t *ret_n, struct seal_diag *d)
{
	struct verifier_challenge c;
	int r;

	if ((r = session_open(h, ask->nonce, ask->deadline_ms, &c, d)) != 0)
		return r;
	return veraison_answer(h, &c, ask, ret, ret_n, d);
}

/*
 * One round, and, where the session is lost in its middle (the Verifier that
 * held it went away), one more in a new session.
 */
int
veraison_appraise(struct http *h, const struct verifier_ask *ask, uint8_t **ret,
    size_t *ret_n, struct seal_diag *d)
{
	struct seal_diag first = { 0 };
	int r;

	if (ask->nonce.n < VERIFIER_NONCE_MIN ||
	    ask->nonce.n > VERIFIER_NONCE_MAX)
		return seal_fail(d, SEAL_E_ARGUMENT, "verifier: nonce");
	r = appraise_once(h, ask, ret, ret_n, &first);
	if (r != SEAL_E_UNAVAILABLE ||
	    !http_pause(ROUND_PAUSE_MS, ask->deadline_ms)) {
		if (r != 0) {
			seal_fail(d, r, "%s", first.text);
			seal_remedy(d, "%s", first.remedy);
		}
		return r;
	}
	return appraise_once(h, ask, ret, ret_n, d);
}
