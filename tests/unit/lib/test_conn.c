/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "roles.h"

static void
roles(void **state)
{
	roles_run(*state, &end_openssl, &end_openssl, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    roles, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
