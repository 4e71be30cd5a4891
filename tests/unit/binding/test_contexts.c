/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>

#include "allocfail.h"
#include "binding/ea.h"

/* RFC 9261 s4, s5.2: each context once, in whatever order they come. */
static void
each_once(void **state)
{
	struct ea_contexts c = { 0 };

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 500; i++) {
			uint32_t v = i * 2654435761u;

			assert_int_equal(
			    ea_contexts_mark(&c, span_of(&v, sizeof(v)), NULL),
			    round == 0 ? 0 : SEAL_E_EA_CONTEXT_REUSED);
		}
	}
	assert_int_equal(c.n, 500);
	ea_contexts_free(&c);
	assert_null(c.seen);
	ea_contexts_free(&c);
}

/* No length is special: a prefix is another context, and so is none. */
static void
lengths_count(void **state)
{
	static const uint8_t zeros[255];
	struct ea_contexts c = { 0 };

	(void)state;
	for (size_t n = 0; n <= sizeof(zeros); n++)
		assert_int_equal(
		    ea_contexts_mark(&c, span_of(zeros, n), NULL), 0);
	for (size_t n = 0; n <= sizeof(zeros); n++)
		assert_int_equal(ea_contexts_mark(&c, span_of(zeros, n), NULL),
		    SEAL_E_EA_CONTEXT_REUSED);
	ea_contexts_free(&c);
}

/* PROTOCOL 4: the connection closes after so many. */
static void
has_a_limit(void **state)
{
	struct ea_contexts c = { .n = LIMIT_CONTEXTS, .cap = LIMIT_CONTEXTS };
	const struct span one = STR("one more");

	(void)state;
	assert_non_null(c.seen = calloc(c.cap, sizeof(c.seen[0])));
	assert_int_equal(ea_contexts_mark(&c, one, NULL), SEAL_E_LIMIT);
	assert_int_equal(c.n, LIMIT_CONTEXTS);
	c.n--;
	assert_int_equal(ea_contexts_mark(&c, one, NULL), 0);
	assert_int_equal(
	    ea_contexts_mark(&c, one, NULL), SEAL_E_EA_CONTEXT_REUSED);
	ea_contexts_free(&c);
}

/* A context that could not be remembered is not taken for marked. */
static void
memory_runs_out(void **state)
{
	struct ea_contexts c = { 0 };
	const struct span one = STR("one");

	(void)state;
	allocfail_at(1);
	assert_int_equal(ea_contexts_mark(&c, one, NULL), SEAL_E_MEMORY);
	allocfail_off();
	assert_int_equal(c.n, 0);
	assert_int_equal(ea_contexts_mark(&c, one, NULL), 0);
	ea_contexts_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_once),
		cmocka_unit_test(lengths_count),
		cmocka_unit_test(has_a_limit),
		cmocka_unit_test(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
