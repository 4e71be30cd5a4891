/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "service/query.h"
#include "service/quota.h"

static void
unescape(void **state)
{
	static const struct {
		const char *name, *in, *out;
	} cases[] = {
		{ "nothing", "", "" },
		{ "plain", "/healthz", "/healthz" },
		{ "an escape", "/%68ealthz", "/healthz" },
		{ "capitals", "%2F%2f", "//" },
		{ "any byte", "%ff%01", "\xff\x01" },
		{ "once", "%2568", "%68" },
		{ "NUL stays", "/healthz%00x", "/healthz%00x" },
		{ "cut after the sign", "a%", "a%" },
		{ "cut after a digit", "a%4", "a%4" },
		{ "no hex", "%zz%4z%z4", "%zz%4z%z4" },
		{ "sign after sign", "%%34", "%4" },
		{ "plus is plus", "+", "+" },
		{ NULL, NULL, NULL },
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; cases[i].name != NULL; i++) {
		strcpy(buf, cases[i].in);
		if (query_unescape(buf) != strlen(cases[i].out) ||
		    strcmp(buf, cases[i].out) != 0)
			fail_msg("%s: found '%s'", cases[i].name, buf);
	}
}

static void
hosts(void **state)
{
	static const struct {
		const char *host;
		bool want;
	} cases[] = {
		{ NULL, false },
		{ "", false },
		{ "localhost", true },
		{ "LocalHost:8080", true },
		{ "127.0.0.1", true },
		{ "127.1.2.3:80", true },
		{ "[::1]", true },
		{ "[::1]:8080", true },
		{ "localhost.evil.example", false },
		{ "evil.example", false },
		{ "127.0.0.1.evil.example", false },
		{ "127.evil", false },
		{ "128.0.0.1", false },
		{ "1127.0.0.1", false },
		{ "[::1].evil.example", false },
		{ "[::2]", false },
		{ "verifier.example:443", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (query_host_loopback(cases[i].host) != cases[i].want)
			fail_msg("'%s'", cases[i].host);
}

static void
names(void **state)
{
	static const struct {
		const char *name, *in;
		bool ok;
	} cases[] = {
		{ "plain", "default", true },
		{ "all that may be", "aZ09-_.", true },
		{ "none", "", false },
		{ "hidden", ".x", false },
		{ "up", "..", false },
		{ "slash", "a/b", false },
		{ "quote", "a'", false },
		{ "blank", "a b", false },
		{ "not ASCII", "\xc3\xa9", false },
		{ "long",
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaa",
		    false },
		{ NULL, NULL, false },
	};
	char got[STORE_NAME_MAX];

	(void)state;
	for (size_t i = 0; cases[i].name != NULL; i++)
		if ((query_name(span_str(cases[i].in), got, NULL) == 0) !=
		    cases[i].ok)
			fail_msg("%s", cases[i].name);
	assert_int_not_equal(query_name(span_of("a\0b", 3), got, NULL), 0);
}

static void
uuids(void **state)
{
	static const char good[] = "0a1b2c3d-0000-4000-8000-00000000000f";
	char got[STORE_ID], bad[sizeof(good)];

	(void)state;
	assert_true(query_uuid(span_str(good), got));
	assert_string_equal(got, good);
	for (size_t n = 0; n < sizeof(good) - 1; n++) {
		assert_false(query_uuid(span_of(good, n), got));
		memcpy(bad, good, sizeof(bad));
		bad[n] = bad[n] == '-' ? '0' : '-';
		if (query_uuid(span_str(bad), got))
			fail_msg("byte %zu", n);
	}
	assert_false(query_uuid(span_of(good, sizeof(good)), got));
	assert_false(
	    query_uuid(span_str("0A1B2C3D-0000-4000-8000-00000000000F"), got));
}

static void
numbers(void **state)
{
	static const struct {
		const char *in;
		bool ok;
	} cases[] = { { "8", true }, { "64", true }, { "7", false },
		{ "65", false }, { "08", false }, { "+8", false },
		{ "-8", false }, { " 8", false }, { "8 ", false },
		{ "0x8", false }, { "", false },
		{ "9999999999999999999999", false } };
	int64_t got;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if ((query_number(span_str(cases[i].in), "n", 8, 64, &got,
			 NULL) == 0) != cases[i].ok)
			fail_msg("'%s'", cases[i].in);
}

static void
nonces(void **state)
{
	static const struct {
		const char *name, *in;
		size_t n; /* 0: refused */
	} cases[] = {
		{ "8 bytes", "AAAAAAAAAAA", 8 },
		{ "padded", "AAAAAAAAAAA=", 8 },
		{ "9 bytes", "AAAAAAAAAAAA", 9 },
		{ "10 bytes, padded", "AAAAAAAAAAAAAA==", 10 },
		{ "7 bytes", "AAAAAAAAAA", 0 },
		{ "not URL's", "AAAAAAAAAA+", 0 },
		{ "too much padding", "AAAAAAAAAAA==", 0 },
		{ "nothing but padding", "====", 0 },
		{ "none", "", 0 },
		{ NULL, NULL, 0 },
	};
	uint8_t got[NONCE_MAX];
	char long_one[90];
	size_t n;

	(void)state;
	for (size_t i = 0; cases[i].name != NULL; i++) {
		n = 0;
		query_nonce(span_str(cases[i].in), got, &n, NULL);
		if (n != cases[i].n)
			fail_msg("%s: found %zu", cases[i].name, n);
	}
	memset(long_one, 'A', sizeof(long_one));
	assert_int_equal(query_nonce(span_of(long_one, 86), got, &n, NULL), 0);
	assert_int_equal(n, 64);
	assert_int_not_equal(
	    query_nonce(span_of(long_one, 87), got, &n, NULL), 0);
}

static void
bearers(void **state)
{
	struct span got;

	(void)state;
	assert_true(query_bearer("Bearer abc", &got) && span_is(got, "abc"));
	assert_true(query_bearer("bearer  abc", &got) && span_is(got, "abc"));
	assert_false(query_bearer(NULL, &got));
	assert_false(query_bearer("", &got));
	assert_false(query_bearer("Bearer ", &got));
	assert_false(query_bearer("Bearerabc", &got));
	assert_false(query_bearer("Basic abc", &got));
}

/* ---- Quotas ---- */

static void
quota(void **state)
{
	static const uint8_t one[QUOTA_SOURCE] = { 10, 0, 0, 1 };
	uint8_t other[QUOTA_SOURCE] = { 10, 0, 0, 2 };
	struct quota *q = NULL;
	unsigned wait = 0, served = 0;

	(void)state;
	assert_int_equal(quota_new(3, 100, &q, NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_true(quota_take(q, one, 1000 + i, &wait));
	assert_int_equal(wait, 0);
	assert_false(quota_take(q, one, 1040, &wait));
	assert_int_equal(wait, 60);
	assert_false(quota_take(q, one, 1099, &wait));
	assert_int_equal(wait, 1);
	/* Nearly all others have a place of their own. */
	for (int i = 0; i < 100; i++) {
		other[3] = (uint8_t)(2 + i);
		served += quota_take(q, other, 1040, &wait);
	}
	assert_true(served > 90);
	assert_true(quota_take(q, one, 1100, &wait));
	/* A clock that was set back locks nobody out. */
	for (int i = 0; i < 3; i++)
		assert_true(quota_take(q, one, 50, &wait));
	assert_false(quota_take(q, one, 50, &wait));
	quota_free(&q);
	assert_null(q);
	quota_free(&q);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(unescape),
		cmocka_unit_test(hosts),
		cmocka_unit_test(names),
		cmocka_unit_test(uuids),
		cmocka_unit_test(numbers),
		cmocka_unit_test(nonces),
		cmocka_unit_test(bearers),
		cmocka_unit_test(quota),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
