/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What remote Verifiers answer, as HTTP hands it over: u8 which call, then the
 * answers in turn, each u16 status, vec16 Location, vec16 body. When they are
 * used up the Verifier is away. A call either gives a token in compact form,
 * whole, or fails and leaves its outputs alone.
 */
#include "fuzz.h"

#include <string.h>

#include "base/rd.h"
#include "remote/token.h"
#include "remote/trustee.h"
#include "remote/veraison.h"

/* ---- In the place of remote/http.c: answers from the input ---- */

struct http {
	struct rd in;
};

int
http_ask(struct http *h, const struct http_ask *ask, struct http_answer *ret,
    struct seal_diag *d)
{
	struct http_answer a = { 0 };
	struct span location, body;
	uint16_t status;

	MUST(ask->path[0] == '/' && strlen(ask->path) < HTTP_URL_MAX);
	if (!rd_u16(&h->in, &status) || !rd_vec16(&h->in, &location) ||
	    !rd_vec16(&h->in, &body) || location.n >= sizeof(a.location) ||
	    (a.body = calloc(1, body.n + 1)) == NULL)
		return seal_fail(d, SEAL_E_UNAVAILABLE, "http: away");
	a.status = status;
	if (location.n > 0)
		memcpy(a.location, location.p, location.n);
	if (body.n > 0)
		memcpy(a.body, body.p, body.n);
	a.n_body = body.n;
	*ret = a;
	return 0;
}

void
http_answer_wipe(struct http_answer *a)
{
	free(a->body);
	*a = (struct http_answer){ 0 };
}

int
http_refuse(const struct http *h, const struct http_ask *ask,
    const struct http_answer *a, bool evidence, struct seal_diag *d)
{
	(void)h;
	(void)ask;
	(void)evidence;
	return seal_fail(d, SEAL_E_UNAVAILABLE, "http: status %ld", a->status);
}

const char *
http_url(const struct http *h)
{
	(void)h;
	return "https://verifier.example";
}

bool
http_pause(uint32_t ms, int64_t deadline_ms)
{
	return ms > 0 && deadline_ms > 0;
}

/* ---- Calls ---- */

static const uint8_t nonce[32] = "a nonce of thirty-two bytes long";

static struct verifier_ask
question(void)
{
	struct verifier_ask ask = {
		.media_type = span_str("application/eat+cwt"),
		.evidence = span_str("evidence"),
		.nonce = span_of(nonce, sizeof(nonce)),
		.deadline_ms = 1,
	};

	return ask;
}

static void
check_token(int r, uint8_t *token, size_t n)
{
	MUST((r == 0) == (token != NULL) && (r == 0) == (n > 0));
	if (r == 0) {
		MUST(n <= VERIFIER_RESULT_MAX);
		MUST(memchr(token, '.', n) != NULL);
		MUST(memchr(token, ' ', n) == NULL);
	}
	free(token);
}

static void
appraise(struct http *h, bool trustee)
{
	struct verifier_ask ask = question();
	uint8_t *token = NULL;
	size_t n = 0;
	int r;

	r = trustee ? trustee_appraise(h, "snp", NULL, &ask, &token, &n, NULL)
		    : veraison_appraise(h, &ask, &token, &n, NULL);
	check_token(r, token, n);
}

static void
challenge(struct http *h)
{
	struct verifier_challenge c = { .n_nonce = 0 };
	struct verifier_ask ask = question();
	uint8_t *token = NULL;
	size_t n = 0;
	int r;

	if (veraison_challenge(h, 1, &c, NULL) != 0) {
		MUST(c.n_nonce == 0 && c.session[0] == '\0');
		return;
	}
	MUST(
	    c.n_nonce >= VERIFIER_NONCE_MIN && c.n_nonce <= VERIFIER_NONCE_MAX);
	MUST(strchr(c.session, '/') == NULL && c.session[0] != '\0');
	r = veraison_answer(h, &c, &ask, &token, &n, NULL);
	check_token(r, token, n);
}

static void
peek(struct span token)
{
	struct token_facts f = { .media_type = "" };

	if (token_peek(token, &f, NULL) == 0)
		MUST(strncmp(f.media_type, "application/eat+jwt; ", 21) == 0);
	else
		MUST(f.media_type[0] == '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct http h;
	uint8_t call;

	rd_init(&h.in, span_of(p, n));
	if (!rd_u8(&h.in, &call))
		return 0;
	switch (call % 4) {
	case 0:
	case 1:
		appraise(&h, call % 4 == 1);
		break;
	case 2:
		challenge(&h);
		break;
	default:
		peek(span_of(p + 1, n - 1));
	}
	return 0;
}
