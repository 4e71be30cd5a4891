/* SPDX-License-Identifier: Apache-2.0 */
/* Both dialects against a Verifier that is honest, late, or worse. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wr.h"
#include "fake/fake.h"
#include "remote/verifier.h"

#define TOKEN "eyJh.eyJi.c2ln"

/* What the Verifier was asked. */
struct seen {
	char type[64], evidence[64];
	uint8_t nonce[64];
	size_t n_nonce;
	const char *token;
};

static bool
issue(void *arg, const struct fake_question *q, struct wr *out)
{
	struct seen *s = arg;

	snprintf(s->type, sizeof(s->type), "%.*s", (int)q->media_type.n,
	    (const char *)q->media_type.p);
	snprintf(s->evidence, sizeof(s->evidence), "%.*s", (int)q->evidence.n,
	    (const char *)q->evidence.p);
	memcpy(s->nonce, q->nonce.p, q->nonce.n);
	s->n_nonce = q->nonce.n;
	wr_bytes(out, span_str(s->token));
	return true;
}

static const uint8_t nonce[64] = { 7, 8, 9 };

struct verifier_case {
	const char *name;
	enum fake_lie lie;
	const char *token;
	int veraison, trustee; /* what each dialect makes of it */
};

static const struct verifier_case cases[] = {
	{ "honest", FAKE_HONEST, TOKEN, 0, 0 },
	{ "slow", FAKE_SLOW, TOKEN, 0, 0 },
	{ "busy at first", FAKE_BUSY_TWICE, TOKEN, 0, 0 },
	{ "processing", FAKE_PROCESSING, TOKEN, 0, 0 },
	{ "failed", FAKE_FAILED, TOKEN, SEAL_E_EVIDENCE, 0 },
	{ "busy", FAKE_BUSY, TOKEN, SEAL_E_UNAVAILABLE, SEAL_E_UNAVAILABLE },
	{ "out of order", FAKE_ERROR, TOKEN, SEAL_E_UNAVAILABLE,
	    SEAL_E_UNAVAILABLE },
	/* Trustee says 500 for that, so that it cannot be told. */
	{ "refuses", FAKE_REFUSES, TOKEN, SEAL_E_EVIDENCE, SEAL_E_UNAVAILABLE },
	{ "unknown type", FAKE_UNKNOWN_TYPE, TOKEN, SEAL_E_UNSUPPORTED,
	    SEAL_E_UNAVAILABLE },
	{ "denies", FAKE_DENIES, TOKEN, SEAL_E_CONFIG, SEAL_E_CONFIG },
	{ "absent", FAKE_ABSENT, TOKEN, SEAL_E_CONFIG, SEAL_E_CONFIG },
	{ "redirect", FAKE_REDIRECT, TOKEN, SEAL_E_UNAVAILABLE,
	    SEAL_E_UNAVAILABLE },
	{ "hangs", FAKE_HANG, TOKEN, SEAL_E_UNAVAILABLE, SEAL_E_UNAVAILABLE },
	{ "drips", FAKE_DRIP, TOKEN, SEAL_E_UNAVAILABLE, SEAL_E_UNAVAILABLE },
	{ "truncated", FAKE_TRUNCATED, TOKEN, SEAL_E_UNAVAILABLE,
	    SEAL_E_UNAVAILABLE },
	{ "huge", FAKE_HUGE, TOKEN, SEAL_E_UNAVAILABLE, SEAL_E_UNAVAILABLE },
	{ "closes", FAKE_CLOSES, TOKEN, SEAL_E_UNAVAILABLE,
	    SEAL_E_UNAVAILABLE },
	{ "no HTTP", FAKE_NOT_HTTP, TOKEN, SEAL_E_UNAVAILABLE,
	    SEAL_E_UNAVAILABLE },
	{ "no JSON", FAKE_NOT_JSON, TOKEN, SEAL_E_UNAVAILABLE,
	    SEAL_E_UNAVAILABLE },
	{ "no result", FAKE_NO_RESULT, TOKEN, SEAL_E_UNAVAILABLE,
	    SEAL_E_UNAVAILABLE },
	{ "another nonce", FAKE_OTHER_NONCE, TOKEN, SEAL_E_UNAVAILABLE, 0 },
	/* Its last segment alone counts. */
	{ "Location elsewhere", FAKE_ESCAPES, TOKEN, 0, 0 },
	{ "token of two parts", FAKE_HONEST, "a.b", SEAL_E_UNAVAILABLE,
	    SEAL_E_UNAVAILABLE },
	{ "token of four parts", FAKE_HONEST, "a.b.c.d", SEAL_E_UNAVAILABLE,
	    SEAL_E_UNAVAILABLE },
	{ "token without signature", FAKE_HONEST, "a.b.", SEAL_E_UNAVAILABLE,
	    SEAL_E_UNAVAILABLE },
	{ "token with other bytes", FAKE_HONEST, "a.b+.c", SEAL_E_UNAVAILABLE,
	    SEAL_E_UNAVAILABLE },
	{ NULL },
};

static struct verifier *
client(const struct fake *f, enum verifier_api api)
{
	char url[64];
	struct verifier_conf conf = { .api = api,
		.url = url,
		.http = { .plain_loopback = true },
		.tee = api == VERIFIER_TRUSTEE ? "sample" : NULL };
	struct verifier *v = NULL;

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", fake_port(f));
	assert_int_equal(verifier_new(&conf, &v, NULL), 0);
	return v;
}

static void
check_asked(const struct verifier_case *c, const struct seen *s, bool trustee,
    size_t n_nonce)
{
	if (strcmp(s->type, trustee ? "sample" : FAKE_TYPE) != 0 ||
	    strcmp(s->evidence, "{\"e\":1}") != 0 || s->n_nonce != n_nonce ||
	    memcmp(s->nonce, nonce, n_nonce) != 0)
		fail_msg("%s: asked with type '%s', evidence '%s', %zu bytes "
			 "of nonce",
		    c->name, s->type, s->evidence, s->n_nonce);
}

static void
check(const struct verifier_case *c, bool trustee, size_t n_nonce)
{
	struct seen seen = { .token = c->token };
	struct fake_conf fc = { .lie = c->lie, .issue = issue, .arg = &seen };
	struct verifier_ask ask = { .media_type = STR(FAKE_TYPE),
		.evidence = STR("{\"e\":1}"),
		.nonce = { nonce, n_nonce } };
	int want = trustee ? c->trustee : c->veraison, r;
	struct fake *f = fake_start(&fc);
	struct seal_diag d = { 0 };
	int64_t start = http_now_ms();
	uint8_t *token = NULL;
	struct verifier *v;
	size_t n = 0;

	assert_non_null(f);
	v = client(f, trustee ? VERIFIER_TRUSTEE : VERIFIER_VERAISON);
	ask.deadline_ms = start + (want == 0 ? 10000 : 500);
	r = verifier_appraise(v, &ask, &token, &n, &d);
	if (r != want)
		fail_msg("%s, %s: got %d (%s)", c->name,
		    trustee ? "trustee" : "veraison", r, d.text);
	if (r == 0) {
		assert_true(span_is(span_of(token, n), c->token));
		check_asked(c, &seen, trustee, n_nonce);
	} else {
		assert_null(token);
		assert_int_not_equal(d.text[0], '\0');
		assert_int_not_equal(d.remedy[0], '\0');
	}
	assert_true(http_now_ms() < start + 20000);
	free(token);
	verifier_free(&v);
	fake_stop(&f);
}

static void
test_veraison(void **state)
{
	(void)state;
	for (const struct verifier_case *c = cases; c->name != NULL; c++)
		check(c, false, 32);
	for (size_t n = 8; n <= 64; n++)
		check(&cases[0], false, n);
}

static void
test_trustee(void **state)
{
	(void)state;
	for (const struct verifier_case *c = cases; c->name != NULL; c++)
		check(c, true, 48);
}

/* 415 tells what the Verifier would take. */
static void
test_accept_told(void **state)
{
	struct seen seen = { .token = TOKEN };
	struct fake_conf fc = {
		.lie = FAKE_UNKNOWN_TYPE, .issue = issue, .arg = &seen
	};
	struct verifier_ask ask = { .media_type = STR(FAKE_TYPE),
		.evidence = STR("x"),
		.nonce = { nonce, 32 },
		.deadline_ms = http_now_ms() + 10000 };
	struct fake *f = fake_start(&fc);
	struct verifier *v = client(f, VERIFIER_VERAISON);
	struct seal_diag d = { 0 };
	uint8_t *token = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(
	    verifier_appraise(v, &ask, &token, &n, &d), SEAL_E_UNSUPPORTED);
	assert_non_null(strstr(d.text, FAKE_TYPE));
	assert_non_null(strstr(d.text, "application/a, application/b"));
	verifier_free(&v);
	fake_stop(&f);
}

/* The Verifier's own nonce, for passports that are kept. */
static void
test_challenge(void **state)
{
	struct seen seen = { .token = TOKEN };
	struct fake_conf fc = { .issue = issue, .arg = &seen };
	struct verifier_ask ask = { .media_type = STR(FAKE_TYPE),
		.evidence = STR("x"),
		.deadline_ms = http_now_ms() + 10000 };
	struct fake *f = fake_start(&fc);
	struct verifier *v = client(f, VERIFIER_VERAISON);
	struct verifier_challenge c;
	uint8_t *token = NULL;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    verifier_challenge(v, ask.deadline_ms, &c, NULL), 0);
		assert_int_equal(c.n_nonce, 32);
		assert_int_equal(
		    verifier_answer(v, &c, &ask, &token, &n, NULL), 0);
		assert_memory_equal(seen.nonce, c.nonce, 32);
		free(token);
		token = NULL;
	}
	verifier_free(&v);
	v = client(f, VERIFIER_TRUSTEE);
	assert_int_equal(verifier_challenge(v, ask.deadline_ms, &c, NULL),
	    SEAL_E_UNSUPPORTED);
	verifier_free(&v);
	fake_stop(&f);
}

static void
test_conf(void **state)
{
	static const struct {
		const char *name;
		struct verifier_conf conf;
		int want;
	} confs[] = {
		{ "veraison", { .api = VERIFIER_VERAISON, .url = "https://v" },
		    0 },
		{ "no url", { .api = VERIFIER_VERAISON }, SEAL_E_CONFIG },
		{ "no api", { .url = "https://v" }, SEAL_E_CONFIG },
		{ "another api", { .api = 9, .url = "https://v" },
		    SEAL_E_CONFIG },
		{ "trustee",
		    { .api = VERIFIER_TRUSTEE,
			.url = "https://v",
			.tee = "snp" },
		    0 },
		{ "trustee, no tee",
		    { .api = VERIFIER_TRUSTEE, .url = "https://v" },
		    SEAL_E_CONFIG },
		{ "trustee, unknown tee",
		    { .api = VERIFIER_TRUSTEE, .url = "https://v", .tee = "x" },
		    SEAL_E_CONFIG },
		{ "veraison with a tee",
		    { .api = VERIFIER_VERAISON,
			.url = "https://v",
			.tee = "snp" },
		    SEAL_E_CONFIG },
		{ "bad url", { .api = VERIFIER_VERAISON, .url = "v" },
		    SEAL_E_CONFIG },
		{ NULL },
	};

	(void)state;
	for (size_t i = 0; confs[i].name != NULL; i++) {
		struct verifier *v = NULL;
		struct seal_diag d = { 0 };
		int r = verifier_new(&confs[i].conf, &v, &d);

		if (r != confs[i].want)
			fail_msg("%s: got %d (%s)", confs[i].name, r, d.text);
		verifier_free(&v);
	}
	assert_int_equal(verifier_api_by_name("veraison"), VERIFIER_VERAISON);
	assert_int_equal(verifier_api_by_name("trustee"), VERIFIER_TRUSTEE);
	assert_int_equal(verifier_api_by_name("maa"), VERIFIER_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_veraison),
		cmocka_unit_test(test_trustee),
		cmocka_unit_test(test_accept_told),
		cmocka_unit_test(test_challenge),
		cmocka_unit_test(test_conf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
