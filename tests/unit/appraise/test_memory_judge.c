/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>

#include "allocfail.h"

#include "memory_fixture.h"

/* Each allocation fails in turn, libcrypto's too: nothing is accepted by it,
 * and nothing leaks (ASan). */
/* A claim less is no matter; everything else is. */
static void
judging(void **state)
{
	struct appraisal_in in = memory_input();
	struct policy *p = NULL;
	size_t n, refused = 0;

	(void)state;
	assert_int_equal(policy_load(span_str(memory_policy), "", &p, NULL), 0);
	for (n = 1; n < TURNS; n++) {
		struct seal_verdict *v = verdict_new();
		bool hit, accepted;
		int r;

		allocfail_at(n);
		r = appraise(p, &in, v);
		hit = allocfail_hit();
		allocfail_off();
		accepted = seal_verdict_outcome(v) == SEAL_ACCEPTED;
		assert_int_equal(r == 0, accepted);
		assert_int_equal(accepted, seal_verdict_lease_s(v) > 0);
		assert_false(accepted && v->failed);
		refused += !accepted;
		if (!hit)
			assert_true(accepted);
		seal_verdict_free(&v);
		if (!hit)
			break;
	}
	assert_true(n < TURNS && refused > 0);
	policy_free(&p);
}

/* A refusal stays one when it cannot be written down. */
static void
refusing(void **state)
{
	struct appraisal_in in = memory_input();
	struct policy *p = NULL;
	size_t n;

	(void)state;
	assert_int_equal(policy_load(span_str(memory_policy), "", &p, NULL), 0);
	in.carrier = SEAL_LEVEL_KEY;
	for (n = 1; n < TURNS; n++) {
		struct seal_verdict *v = verdict_new();
		bool hit;

		allocfail_at(n);
		assert_int_not_equal(appraise(p, &in, v), 0);
		hit = allocfail_hit();
		allocfail_off();
		assert_int_not_equal(seal_verdict_outcome(v), SEAL_ACCEPTED);
		assert_int_not_equal(seal_verdict_outcome(v), SEAL_INVALID);
		seal_verdict_free(&v);
		if (!hit)
			break;
	}
	assert_true(n < TURNS);
	policy_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judging),
		cmocka_unit_test(refusing),
	};

	allocfail_include_libraries();
	return cmocka_run_group_tests(tests, memory_setup, memory_teardown);
}
