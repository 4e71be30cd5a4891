/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "../appraise/dcap_fixture.h"

static void
shows(struct span in, const char *const *words)
{
	struct seal_diag d = { 0 };
	char *text = NULL;

	if (seal_inspect(in.p, in.n, NULL, 0, &text, &d) != 0)
		fail_msg("%s", d.text);
	for (; *words != NULL; words++)
		if (strstr(text, *words) == NULL)
			fail_msg("no '%s' in\n%s", *words, text);
	free(text);
}

static void
quotes(void **state)
{
	static const char *const td[] = { "Quote of Intel TDX or SGX",
		"not checked here", "mrtd", "rtmr3", "DEBUG: its host",
		"MIGRATABLE", "unknown: 0x100", "version 1, SVN 5",
		"00a1b2c3d4e5", "scalable", NULL };
	static const char *const sgx[] = { "mrenclave", "INIT", "MODE64BIT",
		"isvsvn", NULL };
	const struct dcap_recipe debug = { .tee = QUOTE_TDX,
		.flags = 0x20000101 };
	const struct dcap_recipe enclave = { .tee = QUOTE_SGX };
	struct wr w;

	(void)state;
	dcap_quote(&debug, &w);
	shows(wr_view(&w), td);
	wr_free(&w);
	dcap_quote(&enclave, &w);
	shows(wr_view(&w), sgx);
	wr_free(&w);
}

static void
collateral(void **state)
{
	static const char *const info[] = { "not checked here", "TCB Info",
		"TDX modules", "UpToDate", "A-1", "tdx components", NULL };
	static const char *const qe[] = { "Enclave Identity", "TD_QE", NULL };
	const struct dcap_recipe r = { .tee = QUOTE_TDX,
		.levels = { { 1, 1, 1, "UpToDate", NULL, "\"A-1\"" } } };
	struct endorsements *e = dcap_given(&r);
	size_t at = 0;

	(void)state;
	shows(endorse_next(e, ENDORSE_JSON, &at)->bytes, info);
	shows(endorse_next(e, ENDORSE_JSON, &at)->bytes, qe);
	endorse_free(&e);
}

static int
setup(void **state)
{
	(void)state;
	dcap_setup();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	dcap_teardown();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes),
		cmocka_unit_test(collateral),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
