/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMD and Intel of a world of our own, as of now: Evidence of two platforms
 * and everything that their vendors' services would give, true and false, as
 * files of the folder that argv[1] names.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../unit/appraise/dcap_fixture.h"
#include "../unit/appraise/snp_fixture.h"
#include "base/file.h"

static const char *folder;
static char superseded[32]; /* the TCB, 100 days ago */

static void
put(const char *name, struct span bytes)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(file_write(path, bytes, 0644, NULL), 0);
}

static void
put_chain(const char *name, struct span a, struct span b)
{
	struct wr w;

	wr_init_heap(&w, 65536);
	assert_int_equal(cert_to_pem(a, &w, NULL), 0);
	if (b.n > 0)
		assert_int_equal(cert_to_pem(b, &w, NULL), 0);
	put(name, wr_view(&w));
	wr_free(&w);
}

/* The lists of the root and of the CA, TCB Info and identity. */
static void
put_intel(const char *how, const struct dcap_recipe *r)
{
	static const char *const names[] = { "root.crl", "pck.crl", "tcb.json",
		"qe.json" };
	static const enum endorse_kind kinds[] = { ENDORSE_CRL, ENDORSE_CRL,
		ENDORSE_JSON, ENDORSE_JSON };
	struct endorsements *e = dcap_given(r);
	size_t at[ENDORSE_OTHER + 1] = { 0 };
	char name[80];

	for (size_t i = 0; i < 4; i++) {
		const struct endorsement *one =
		    endorse_next(e, kinds[i], &at[kinds[i]]);

		assert_non_null(one);
		snprintf(name, sizeof(name), "%s%s", how, names[i]);
		put(name, one->bytes);
	}
	endorse_free(&e);
}

#define MONTH (30 * DAY)
#define TDX_MONTH                                                              \
	.tee = QUOTE_TDX, .info_to = MONTH, .qe_to = MONTH, .list_from = -DAY, \
	.list_to = MONTH
#define EVALUATION(n) .evaluation = (n), .qe_evaluation = (n)

static const struct {
	const char *how;
	struct dcap_recipe r;
} all_of_intel[] = {
	{ "", { TDX_MONTH, .list_number = 7 } },
	{ "new-", { TDX_MONTH, .list_number = 8, EVALUATION(18) } },
	{ "old-", { TDX_MONTH, .list_number = 6, EVALUATION(16) } },
	{ "stranger-", { TDX_MONTH, .list_number = 9, EVALUATION(19),
			   .info_by = BY_STRANGER, .qe_info_by = BY_STRANGER,
			   .list_by = BY_STRANGER } },
	{ "other-", { TDX_MONTH, .list_number = 7, .fmspc = "0badc0ffee00",
			.qe_id = "QE" } },
	{ "ended-", { .tee = QUOTE_TDX,
			.list_number = 9,
			EVALUATION(19),
			.info_to = -3600,
			.qe_to = -3600,
			.old_pck_list = true,
			.old_root_list = true } },
	{ "outofdate-",
	    { TDX_MONTH, .list_number = 7, EVALUATION(20),
		.levels = { { DCAP_SVN + 1, DCAP_SVN + 1, DCAP_SVN + 1,
				"UpToDate", superseded, NULL },
		    { DCAP_SVN, DCAP_SVN, DCAP_SVN, "OutOfDate",
			"2022-01-01T00:00:00Z", "\"DEV-SA-0001\"" } } } },
	{ NULL, { .tee = QUOTE_NONE } },
};

static void
make_intel(void)
{
	const struct dcap_recipe tdx = { .tee = QUOTE_TDX };
	struct wr w;

	for (size_t i = 0; all_of_intel[i].how != NULL; i++)
		put_intel(all_of_intel[i].how, &all_of_intel[i].r);
	put_chain("signer.pem", dcap_signer(), dcap_cert(2));
	put_chain("ca.pem", dcap_cert(1), dcap_cert(2));
	put_chain("intel-root.pem", dcap_cert(2), span_of(NULL, 0));
	dcap_quote(&tdx, &w);
	put("quote.bin", wr_view(&w));
	wr_free(&w);
}

static void
make_amd(void)
{
	const struct snp_given given = { VCEK, .list = 1 };
	struct endorsements *e = snp_endorse(&given);
	uint8_t rep[SNP_REPORT_SIZE];
	size_t at = 0;

	put("vcek.der", snp_der[VCEK]);
	put("other-vcek.der", snp_der[VCEK_NEWER]);
	put_chain("amd.pem", snp_der[ASK], snp_der[ARK]);
	put_chain("other-amd.pem", snp_der[ASK], snp_der[OTHER_ARK]);
	put_chain("amd-root.pem", snp_der[ARK], span_of(NULL, 0));
	put("amd.crl", endorse_next(e, ENDORSE_CRL, &at)->bytes);
	endorse_free(&e);
	snp_make_report(rep, 3, NULL, 0);
	put("report.bin", span_of(rep, sizeof(rep)));
}

static void
all(void **state)
{
	time_t then;
	struct tm tm;

	(void)state;

	fixture_clock = (int64_t)time(NULL);
	then = (time_t)(fixture_clock - 100 * DAY);
	strftime(superseded, sizeof(superseded), "%Y-%m-%dT%H:%M:%SZ",
	    gmtime_r(&then, &tm));
	dcap_setup();
	snp_setup(256);
	make_intel();
	make_amd();
	dcap_teardown();
	snp_teardown();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all) };

	if (argc != 2)
		return 1;
	folder = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
