/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>

#include "allocfail.h"

#include "memory_fixture.h"

/* Each allocation of our own fails in turn: every call that fails says so, and
 * nothing leaks (ASan). jansson's own are left out: its parser asserts where
 * one fails. */
static void
loading(void **state)
{
	size_t n;

	(void)state;
	for (n = 1; n < TURNS; n++) {
		struct seal_diag d = { 0 };
		struct policy *p = NULL;
		bool hit;
		int r;

		allocfail_at(n);
		r = policy_load(span_str(memory_policy), "dir", &p, &d);
		hit = allocfail_hit();
		allocfail_off();
		assert_int_equal(r == 0, p != NULL);
		assert_int_equal(d.code, r);
		policy_free(&p);
		if (!hit)
			break;
	}
	assert_true(n < TURNS);
}

static void
learning(void **state)
{
	struct appraisal_in in = memory_input();
	size_t n;

	(void)state;
	for (n = 1; n < TURNS; n++) {
		struct seal_verdict *v = verdict_new();
		struct policy *p = NULL;
		char *text = NULL;
		bool hit;
		int r;

		allocfail_at(n);
		r = appraise_observe(&in, NULL, v, &text, NULL);
		hit = allocfail_hit();
		allocfail_off();
		assert_int_equal(r == 0, text != NULL);
		assert_int_not_equal(seal_verdict_outcome(v), SEAL_ACCEPTED);
		if (text != NULL)
			assert_int_equal(
			    policy_load(span_str(text), "", &p, NULL), 0);
		policy_free(&p);
		free(text);
		seal_verdict_free(&v);
		if (!hit)
			break;
	}
	assert_true(n < TURNS);
}

static void
showing(void **state)
{
	struct seal_verdict *v = verdict_new();
	size_t n;

	(void)state;
	verdict_check(v, "a", false, SEAL_E_KEY, "b", "c", "d");
	verdict_claim(v, "e", "f");
	for (n = 1; n < TURNS; n++) {
		char *json, *text;
		bool hit;

		allocfail_at(n);
		json = seal_verdict_json(v);
		text = seal_verdict_text(v);
		hit = allocfail_hit();
		allocfail_off();
		assert_int_equal(hit, json == NULL || text == NULL);
		free(json);
		free(text);
		if (!hit)
			break;
	}
	assert_true(n < TURNS);
	seal_verdict_free(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loading),
		cmocka_unit_test(learning),
		cmocka_unit_test(showing),
	};

	return cmocka_run_group_tests(tests, memory_setup, memory_teardown);
}
