/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/verdict.h"

static void
starts_refused(void **state)
{
	struct seal_verdict *v = verdict_new();

	(void)state;
	assert_int_equal(seal_verdict_outcome(v), SEAL_REFUSED_POLICY);
	assert_int_equal(seal_verdict_level(v), SEAL_LEVEL_NONE);
	assert_int_equal(seal_verdict_lease_s(v), 0);
	assert_string_equal(seal_verdict_identity(v), "none");
	assert_string_equal(seal_verdict_scheme(v), "");
	seal_verdict_free(&v);
	assert_null(v);
	seal_verdict_free(&v);
}

/* Without a verdict every question gets the answer that denies. */
static void
null_denies(void **state)
{
	struct seal_check c = { .name = "untouched" };

	(void)state;
	assert_int_equal(seal_verdict_outcome(NULL), SEAL_INVALID);
	assert_int_equal(seal_verdict_level(NULL), SEAL_LEVEL_NONE);
	assert_int_equal(seal_verdict_lease_s(NULL), 0);
	assert_true(seal_verdict_insecure(NULL));
	assert_string_equal(seal_verdict_identity(NULL), "none");
	assert_int_equal(seal_verdict_ar4si(NULL, 0), 0);
	assert_int_equal(seal_verdict_checks(NULL), 0);
	assert_int_equal(seal_verdict_check(NULL, 0, &c), -1);
	assert_string_equal(c.name, "untouched");
	assert_null(seal_verdict_claim(NULL, "x"));
	assert_int_equal(seal_verdict_diag(NULL)->code, 0);
	assert_null(seal_verdict_json(NULL));
	assert_null(seal_verdict_text(NULL));
	assert_null(seal_verdict_ref(NULL));
}

static void
counted(void **state)
{
	struct seal_verdict *v = verdict_new(), *w = seal_verdict_ref(v);

	(void)state;
	seal_verdict_free(&v);
	assert_null(v);
	assert_int_equal(seal_verdict_outcome(w), SEAL_REFUSED_POLICY);
	seal_verdict_free(&w);
}

static void
first_failure_wins(void **state)
{
	struct seal_verdict *v = verdict_new();
	struct seal_check c;

	(void)state;
	assert_true(verdict_check(v, "a", true, 0, "x", "y", "z"));
	assert_false(
	    verdict_check(v, "b", false, SEAL_E_STALE, "one", "two", "wait"));
	assert_false(
	    verdict_check(v, "c", false, SEAL_E_KEY, "three", NULL, NULL));
	assert_true(v->failed);
	assert_int_equal(seal_verdict_outcome(v), SEAL_STALE);
	assert_int_equal(seal_verdict_diag(v)->code, SEAL_E_STALE);
	assert_string_equal(
	    seal_verdict_diag(v)->text, "b: expected one, got two");
	assert_string_equal(seal_verdict_diag(v)->remedy, "wait");
	assert_int_equal(seal_verdict_check(v, 0, &c), 0);
	assert_string_equal(c.expected, "x");
	assert_string_equal(c.remedy, "");
	assert_int_equal(seal_verdict_check(v, 2, &c), 0);
	assert_string_equal(c.expected, "three");
	assert_int_equal(c.status, SEAL_CHECK_FAILED);
	assert_int_equal(seal_verdict_check(v, 3, &c), -1);
	verdict_brief(v);
	assert_int_equal(seal_verdict_check(v, 0, &c), 0);
	assert_string_equal(c.expected, "");
	assert_int_equal(seal_verdict_check(v, 1, &c), 0);
	assert_string_equal(c.expected, "one");
	seal_verdict_free(&v);
}

/* What brief cut to size can still grow; ASan watches. */
static void
brief_then_more(void **state)
{
	(void)state;
	for (size_t n = 0; n < 20; n++) {
		struct seal_verdict *v = verdict_new();

		for (size_t i = 0; i < n; i++)
			verdict_check(v, "a", true, 0, "x", "y", NULL);
		verdict_brief(v);
		for (size_t i = 0; i < 10; i++)
			assert_true(
			    verdict_check(v, "b", true, 0, "x", "y", NULL));
		assert_int_equal(seal_verdict_checks(v), n + 10);
		seal_verdict_free(&v);
	}
}

/* A code without an outcome of its own still denies. */
static void
odd_codes_deny(void **state)
{
	static const int codes[] = { 0, 1, 12345, SEAL_E_ARGUMENT,
		SEAL_E_STATE };

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		struct seal_verdict *v = verdict_new();

		verdict_check(v, "a", false, codes[i], NULL, NULL, NULL);
		assert_int_equal(seal_verdict_outcome(v), SEAL_REFUSED_POLICY);
		assert_true(v->failed);
		seal_verdict_free(&v);
	}
}

/* A step that cannot be recorded has not passed. */
static void
too_many_checks(void **state)
{
	struct seal_verdict *v = verdict_new();

	(void)state;
	for (size_t i = 0; i < VERDICT_CHECKS_MAX; i++)
		assert_true(verdict_check(v, "a", true, 0, NULL, NULL, NULL));
	assert_false(verdict_check(v, "b", true, 0, NULL, NULL, NULL));
	assert_true(v->failed);
	assert_int_equal(seal_verdict_outcome(v), SEAL_UNAVAILABLE);
	seal_verdict_free(&v);
}

static void
too_many_claims(void **state)
{
	struct seal_verdict *v = verdict_new();
	char name[16];

	(void)state;
	for (size_t i = 0; i < VERDICT_CLAIMS_MAX; i++) {
		snprintf(name, sizeof(name), "c%zu", i);
		assert_int_equal(verdict_claim(v, name, "%zu", i), 0);
	}
	assert_int_not_equal(verdict_claim(v, "more", "x"), 0);
	assert_string_equal(seal_verdict_claim(v, "c159"), "159");
	assert_null(seal_verdict_claim(v, "more"));
	assert_int_not_equal(verdict_claim(v, "long", "%2000d", 1), 0);
	assert_int_not_equal(verdict_claim(v, "", "x"), 0);
	seal_verdict_free(&v);
}

static void
taken(void **state)
{
	struct seal_verdict *v = verdict_new(), *from = verdict_new();

	(void)state;
	for (size_t i = 0; i < 7; i++)
		verdict_check(v, "v", true, 0, NULL, NULL, NULL);
	for (size_t i = 0; i < 9; i++)
		verdict_check(from, "f", true, 0, NULL, NULL, NULL);
	verdict_check(from, "bad", false, SEAL_E_KEY, "a", "b", NULL);
	verdict_claim(from, "claim", "value");
	from->ar4si[AR4SI_HARDWARE] = AR4SI_WARNING;
	from->host_trusted = true;
	verdict_take(v, from);
	seal_verdict_free(&from);
	assert_int_equal(seal_verdict_checks(v), 17);
	assert_int_equal(seal_verdict_outcome(v), SEAL_REFUSED_KEY);
	assert_int_equal(seal_verdict_diag(v)->code, SEAL_E_KEY);
	assert_string_equal(seal_verdict_claim(v, "claim"), "value");
	assert_int_equal(seal_verdict_ar4si(v, 4), 32);
	assert_int_equal(seal_verdict_ar4si(v, AR4SI_CLAIMS), 0);
	assert_true(v->host_trusted);
	seal_verdict_free(&v);
}

static struct seal_verdict *
sample(void)
{
	static const uint8_t pcr[] = { 0xab, 0xcd };
	struct seal_verdict *v = verdict_new();

	v->scheme = strdup("application/x");
	v->identity = strdup("pkix:host");
	v->level = SEAL_LEVEL_TRAFFIC;
	v->insecure = v->host_trusted = true;
	verdict_check(v, "good", true, 0, NULL, NULL, NULL);
	verdict_skip(v, "left out", "why");
	verdict_check(v, "tpm.pcr.sha256.7", false, SEAL_E_POLICY, "aa",
	    "b\x1b[2J\n\xff", "learn");
	verdict_claim_hex(v, "tpm.pcr.sha256.7", span_of(pcr, sizeof(pcr)));
	return v;
}

static const char *
text_of(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static void
as_json(void **state)
{
	static const char *const keys[] = { "outcome", "level", "lease_s",
		"scheme", "identity", "diversion", "subject", "insecure",
		"host_trusted", "key_attested", "binder", "ar4si", "claims",
		"checks", "error", NULL };
	struct seal_verdict *v = sample();
	char *text = seal_verdict_json(v);
	json_t *j, *c;

	(void)state;
	assert_non_null(text);
	j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	for (size_t i = 0; keys[i] != NULL; i++)
		if (json_object_get(j, keys[i]) == NULL)
			fail_msg("no %s", keys[i]);
	assert_int_equal(json_object_size(j), sizeof(keys) / sizeof(*keys) - 1);
	assert_string_equal(text_of(j, "outcome"), "refused_policy");
	assert_string_equal(text_of(j, "level"), "traffic");
	assert_string_equal(text_of(j, "diversion"), "not excluded");
	assert_string_equal(text_of(j, "binder"), "not compared");
	assert_true(json_is_true(json_object_get(j, "insecure")));
	assert_int_equal(json_object_size(json_object_get(j, "ar4si")), 8);
	c = json_array_get(json_object_get(j, "checks"), 2);
	assert_string_equal(text_of(c, "name"), "tpm.pcr.sha256.7");
	assert_string_equal(text_of(c, "status"), "failed");
	assert_string_equal(text_of(c, "got"), "b?[2J??");
	c = json_object_get(j, "error");
	assert_string_equal(text_of(c, "code"), "SEAL_E_POLICY");
	assert_string_equal(text_of(c, "remedy"), "learn");
	assert_string_equal(
	    text_of(json_object_get(j, "claims"), "tpm.pcr.sha256.7"), "abcd");
	json_decref(j);
	free(text);
	seal_verdict_free(&v);
}

static void
as_text(void **state)
{
	static const char *const wants[] = { "verdict    refused_policy",
		"INSECURE: software evidence proves nothing about a platform",
		"tpm: host-trusted", "diversion: not excluded",
		"binder: not compared", "FAILED   tpm.pcr.sha256.7",
		"expected  aa", "got       b?[2J??", "remedy    learn",
		"skipped  left out: why", "checks     1 of 3 passed", NULL };
	struct seal_verdict *v = sample();
	char *text = seal_verdict_text(v);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; wants[i] != NULL; i++)
		if (strstr(text, wants[i]) == NULL)
			fail_msg("'%s' is not in\n%s", wants[i], text);
	free(text);
	v->insecure = v->host_trusted = false;
	v->diversion_excluded = v->binder_compared = true;
	v->level = SEAL_LEVEL_TRAFFIC;
	text = seal_verdict_text(v);
	assert_null(strstr(text, "warning"));
	free(text);
	v->level = SEAL_LEVEL_TRANSCRIPT;
	text = seal_verdict_text(v);
	assert_non_null(strstr(text, "traffic's keys are not bound"));
	free(text);
	v->level = SEAL_LEVEL_KEY;
	text = seal_verdict_text(v);
	assert_non_null(strstr(text, "not made for this connection"));
	free(text);
	seal_verdict_free(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_refused),
		cmocka_unit_test(null_denies),
		cmocka_unit_test(counted),
		cmocka_unit_test(first_failure_wins),
		cmocka_unit_test(brief_then_more),
		cmocka_unit_test(odd_codes_deny),
		cmocka_unit_test(too_many_checks),
		cmocka_unit_test(too_many_claims),
		cmocka_unit_test(taken),
		cmocka_unit_test(as_json),
		cmocka_unit_test(as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
