/* SPDX-License-Identifier: Apache-2.0 */
/* Live connections with every machine whose device is played in memory. */
#include "test.h"

#include "carriers.h"
#include "crypto/fixture.h"

#define PSA_BOOT HEX32("55")
#define PSA_RULES(digest)                                   \
	"\"software\":[{\"measurement\":\"" PSA_BOOT "\"}," \
	"{\"measurement\":\"" digest "\"}]"

static const struct machine machines[] = {
	{ &sev_guest_device, SNP_RULES(HEX48("11")), SNP_RULES(HEX48("12")),
	    "snp.measurement" },
	{ &tdx_guest_device,
	    "\"measurements\":{\"mrtd\":\"" HEX48("11") "\"},\"tcb\":{}",
	    "\"measurements\":{\"mrtd\":\"" HEX48("12") "\"},\"tcb\":{}",
	    "tdx.measurement" },
	{ &nitro_device, "\"pcrs\":{\"sha384\":{\"0\":\"" HEX48("a0") "\"}}",
	    "\"pcrs\":{\"sha384\":{\"0\":\"" HEX48("a1") "\"}}", "nitro.pcr" },
	{ &psa_device, PSA_RULES(HEX48("66")), PSA_RULES(HEX48("67")),
	    "psa.software" },
};
#define MACHINES (sizeof(machines) / sizeof(machines[0]))

static void
on_connections(void **state)
{
	for (size_t i = 0; i < MACHINES; i++)
		carriers_run(*state, &machines[i]);
}

static int
set_up(void **state)
{
	int r = world_setup(state);

	fixture_clock = ((struct world *)*state)->unix_s;
	for (size_t i = 0; i < MACHINES; i++)
		machines[i].device->set_up();
	return r;
}

static int
tear_down(void **state)
{
	for (size_t i = 0; i < MACHINES; i++)
		machines[i].device->tear_down();
	return world_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_connections),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
