/* SPDX-License-Identifier: Apache-2.0 */
/* What AMD's and Intel's services are asked for, and the header's encoding;
 * what comes of their answers, tests/e2e/collateral.sh tells. */
#include "test.h"

#include <string.h>

#include "base/text.h"
#include "remote/vendor.h"

static const uint8_t chip8[] = { 0xa1, 0xb2, 0, 4, 5, 6, 7, 0xff };
static const uint8_t fmspc[] = { 0, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5 };

#define CHIP                         \
	{                            \
		chip8, sizeof(chip8) \
	}
#define FMSPC                        \
	{                            \
		fmspc, sizeof(fmspc) \
	}

static const struct {
	enum vendor_what what;
	struct vendor_about about;
	const char *path, *header; /* NULL: not to be asked for */
} paths[] = {
	{ KDS_CHAIN, { .product = SNP_MILAN }, "/vcek/v1/Milan/cert_chain",
	    NULL },
	{ KDS_CHAIN, { .product = SNP_GENOA, .vlek = true },
	    "/vlek/v1/Genoa/cert_chain", NULL },
	{ KDS_CHAIN, { .product = SNP_PRODUCT_NONE }, NULL, NULL },
	{ KDS_CRL, { .product = SNP_TURIN }, "/vcek/v1/Turin/crl", NULL },
	{ KDS_VCEK,
	    { .product = SNP_MILAN,
		.chip_id = CHIP,
		.tcb = { { 3, 0, 8, 115, 0 } } },
	    "/vcek/v1/Milan/"
	    "a1b20004050607ff?blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=115",
	    NULL },
	{ KDS_VCEK,
	    { .product = SNP_TURIN,
		.chip_id = CHIP,
		.tcb = { { 1, 2, 3, 217, 4 } } },
	    "/vcek/v1/Turin/"
	    "a1b20004050607ff?blSPL=01&teeSPL=02&snpSPL=03&ucodeSPL=217"
	    "&fmcSPL=04",
	    NULL },
	{ KDS_VCEK, { .product = SNP_MILAN }, NULL, NULL },
	{ KDS_VCEK, { .product = SNP_MILAN, .chip_id = CHIP, .vlek = true },
	    NULL, NULL },
	{ PCS_TCB_INFO, { .tdx = true, .fmspc = FMSPC },
	    "/tdx/certification/v4/tcb?fmspc=00a1b2c3d4e5",
	    "TCB-Info-Issuer-Chain" },
	{ PCS_TCB_INFO, { .fmspc = FMSPC },
	    "/sgx/certification/v4/tcb?fmspc=00a1b2c3d4e5",
	    "TCB-Info-Issuer-Chain" },
	{ PCS_TCB_INFO, { .tdx = true }, NULL, "TCB-Info-Issuer-Chain" },
	{ PCS_QE_IDENTITY, { .tdx = true }, "/tdx/certification/v4/qe/identity",
	    "SGX-Enclave-Identity-Issuer-Chain" },
	{ PCS_QE_IDENTITY, { .tdx = false },
	    "/sgx/certification/v4/qe/identity",
	    "SGX-Enclave-Identity-Issuer-Chain" },
	{ PCS_PCK_CRL, { .ca = "processor" },
	    "/sgx/certification/v4/pckcrl?ca=processor&encoding=der",
	    "SGX-PCK-CRL-Issuer-Chain" },
	{ PCS_PCK_CRL, { .ca = NULL }, NULL, "SGX-PCK-CRL-Issuer-Chain" },
	{ PCS_ROOT_CRL, { .ca = NULL }, "/sgx/certification/v4/rootcacrl",
	    NULL },
	{ INTEL_ROOT_CRL, { .ca = NULL }, "/IntelSGXRootCA.der", NULL },
};

static void
asked(void **state)
{
	char got[512];

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		bool ok = vendor_path(
		    paths[i].what, &paths[i].about, got, sizeof(got));
		const char *header = vendor_header(paths[i].what);

		if (ok != (paths[i].path != NULL) ||
		    (ok && strcmp(got, paths[i].path) != 0))
			fail_msg("row %zu: %s", i, ok ? got : "refused");
		assert_int_equal(header != NULL, paths[i].header != NULL);
		if (header != NULL)
			assert_string_equal(header, paths[i].header);
		/* No room is no path. */
		for (size_t n = 0; ok && n <= strlen(paths[i].path); n++)
			assert_false(vendor_path(
			    paths[i].what, &paths[i].about, got, n));
	}
}

static const struct {
	const char *in, *out; /* NULL: refused */
} encoded[] = {
	{ "", "" },
	{ "abc", "abc" },
	{ "a%20b%0Ac%0a", "a b\nc\n" },
	{ "a+b", "a+b" },
	{ "a%2Bb%2bc", "a+b+c" },
	{ "%25", "%" },
	{ "%", NULL },
	{ "%2", NULL },
	{ "a%2", NULL },
	{ "%zz", NULL },
	{ "%2z", NULL },
	{ "%%20", NULL },
	{ "a b", NULL },
	{ "a\tb", NULL },
	{ "a\nb", NULL },
	{ "a\x7f", NULL },
	{ "a\xc3\xa9", NULL },
};

static void
percent(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(encoded) / sizeof(encoded[0]); i++) {
		char buf[32];
		struct wr w;
		bool ok;

		wr_init(&w, buf, sizeof(buf));
		ok = percent_decode(span_str(encoded[i].in), &w);
		if (ok != (encoded[i].out != NULL) ||
		    (ok && !span_is(wr_view(&w), encoded[i].out)))
			fail_msg("'%s'", encoded[i].in);
		wr_init(&w, buf, 1);
		if (ok && strlen(encoded[i].out) > 1)
			assert_false(
			    percent_decode(span_str(encoded[i].in), &w));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asked),
		cmocka_unit_test(percent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
