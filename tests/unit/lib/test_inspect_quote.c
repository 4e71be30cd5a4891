/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "../appraise/dcap_fixture.h"
#include "../format/log_fixture.h"

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
		"MIGRATABLE", "unknown: 0x100", "AVX-512", "version 1, SVN 5",
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

static void
lists(void **state)
{
	static const char *const words[] = { "Certificate revocation list",
		"not checked here", "issuer: ", "2023-", "unspecified", NULL };
	const struct dcap_recipe r = { .tee = QUOTE_TDX, .revoke_ca = true };
	struct endorsements *e = dcap_given(&r);
	size_t at = 0;

	(void)state;
	shows(endorse_next(e, ENDORSE_CRL, &at)->bytes, words);
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

/* By its one hash, its registers or its padding; a TPM's is another. */
static void
logs(void **state)
{
	static const char *const cc[] = { "confidential VM", "rtmr: 2",
		"replayed rtmrs", "rtmr2: ", NULL };
	static const char *const tpm[] = { "TCG event log", "pcr: 4",
		"replayed pcrs", NULL };
	static const uint16_t sha384[] = { TPM_ALG_SHA384 };
	uint8_t room[8192];
	struct wr w;

	(void)state;
	wr_init(&w, room, sizeof(room));
	log_header(&w, sha384, 1);
	log_le(&w, 3, 4);
	log_le(&w, EV_IPL, 4);
	log_le(&w, 1, 4);
	log_le(&w, TPM_ALG_SHA384, 2);
	for (size_t i = 0; i < 48; i++)
		wr_u8(&w, 0x77);
	log_le(&w, 0, 4);
	log_le(&w, UINT64_MAX, 8);
	shows(wr_view(&w), cc);
	wr_init(&w, room, sizeof(room));
	log_boot(&w, log_on);
	shows(wr_view(&w), tpm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes),
		cmocka_unit_test(collateral),
		cmocka_unit_test(lists),
		cmocka_unit_test(logs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
