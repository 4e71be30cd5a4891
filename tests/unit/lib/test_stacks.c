/* SPDX-License-Identifier: Apache-2.0 */
/* Every TLS stack against every other: what is accepted, and what refused. */
#include "test.h"

#include "ends.h"
#include "roles.h"

static void
matrix(void **state)
{
	for (size_t c = 0; end_stacks[c] != NULL; c++) {
		for (size_t s = 0; end_stacks[s] != NULL; s++) {
			roles_run(*state, end_stacks[c], end_stacks[s], 256);
			roles_run(*state, end_stacks[c], end_stacks[s], 384);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    matrix, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
