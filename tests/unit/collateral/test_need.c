/* SPDX-License-Identifier: Apache-2.0 */
/* What a platform needs is read from its Evidence. */
#include "test.h"

#include <string.h>

#include "../appraise/dcap_fixture.h"
#include "../appraise/snp_fixture.h"
#include "collateral/need.h"
#include "format/azure.h"
#include "format/svsm.h"

static bool
needs(const struct coll_platform *p, enum coll_kind kind, const char *key)
{
	struct coll_need list[COLL_NEEDS_MAX];
	size_t n = coll_needs(p, list);

	assert_true(n <= COLL_NEEDS_MAX);
	for (size_t i = 0; i < n; i++)
		if (list[i].kind == kind && strcmp(list[i].key, key) == 0)
			return true;
	return false;
}

#define CHIP8 "0707070707070707"
#define CHIP64 CHIP8 CHIP8 CHIP8 CHIP8 CHIP8 CHIP8 CHIP8 CHIP8

static void
chips(void **state)
{
	static const struct snp_change turin = { 0x188, { 0x1a, 2, 1 }, 3 },
				       vlek = { 0x48, { 4 }, 1 };
	struct span type = span_str(SNP_TYPE);
	uint8_t rep[SNP_REPORT_SIZE];
	struct coll_platform p;

	(void)state;
	snp_make_report(rep, 3, NULL, 0);
	assert_int_equal(coll_platform_of(type, span_of(rep, sizeof(rep)),
			     SNP_PRODUCT_NONE, &p, NULL),
	    0);
	assert_true(needs(&p, COLL_AMD_ARK, "milan"));
	assert_true(needs(&p, COLL_AMD_ASK, "vcek-milan"));
	assert_true(needs(&p, COLL_AMD_CRL, "milan"));
	assert_true(needs(&p, COLL_AMD_VCEK, "milan-" CHIP64 "-0300087300"));
	snp_make_report(rep, 3, &vlek, 1);
	assert_int_equal(coll_platform_of(type, span_of(rep, sizeof(rep)),
			     SNP_PRODUCT_NONE, &p, NULL),
	    0);
	assert_true(needs(&p, COLL_AMD_ASK, "vlek-milan"));
	assert_true(needs(&p, COLL_AMD_VLEK, "milan-0300087300"));
	snp_make_report(rep, 3, &turin, 1);
	if (coll_platform_of(type, span_of(rep, sizeof(rep)), SNP_PRODUCT_NONE,
		&p, NULL) == 0)
		assert_int_equal(p.product, SNP_TURIN);
	/* Version 2 does not say its product. */
	snp_make_report(rep, 2, NULL, 0);
	assert_int_equal(coll_platform_of(type, span_of(rep, sizeof(rep)),
			     SNP_PRODUCT_NONE, &p, NULL),
	    SEAL_E_CONFIG);
	assert_int_equal(coll_platform_of(type, span_of(rep, sizeof(rep)),
			     SNP_GENOA, &p, NULL),
	    0);
	assert_true(needs(&p, COLL_AMD_CRL, "genoa"));
	/* What it says itself counts more than what it was called. */
	snp_make_report(rep, 3, NULL, 0);
	assert_int_equal(coll_platform_of(type, span_of(rep, sizeof(rep)),
			     SNP_GENOA, &p, NULL),
	    0);
	assert_int_equal(p.product, SNP_MILAN);
	for (size_t n = 0; n < sizeof(rep); n += 97)
		assert_int_not_equal(coll_platform_of(type, span_of(rep, n),
					 SNP_MILAN, &p, NULL),
		    0);
}

/* A chip that is hidden has no certificate to ask for. */
static void
hidden(void **state)
{
	struct snp_change zeros[8];
	uint8_t rep[SNP_REPORT_SIZE];
	struct coll_platform p;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		zeros[i] = (struct snp_change){ 0x1a0 + 8 * i, { 0 }, 8 };
	snp_make_report(rep, 3, zeros, 8);
	assert_int_equal(
	    coll_platform_of(span_str(SNP_TYPE), span_of(rep, sizeof(rep)),
		SNP_PRODUCT_NONE, &p, NULL),
	    0);
	assert_false(p.has_chip);
	assert_true(needs(&p, COLL_AMD_CRL, "milan"));
}

static void
quotes(void **state)
{
	const struct dcap_recipe tdx = { .tee = QUOTE_TDX },
				 sgx = { .tee = QUOTE_SGX },
				 none = { .tee = QUOTE_TDX, .certs_type = 3 };
	struct coll_platform p;
	struct wr w;

	(void)state;
	dcap_quote(&tdx, &w);
	assert_int_equal(coll_platform_of(span_str(QUOTE_TDX_TYPE), wr_view(&w),
			     SNP_PRODUCT_NONE, &p, NULL),
	    0);
	assert_true(needs(&p, COLL_TCB_INFO, "tdx-" DCAP_FMSPC));
	assert_true(needs(&p, COLL_QE_IDENTITY, "td-qe"));
	assert_true(needs(&p, COLL_INTEL_PCK_CRL, "platform"));
	assert_true(needs(&p, COLL_INTEL_ROOT_CRL, "sgx"));
	assert_true(needs(&p, COLL_INTEL_SIGNER, "tcb"));
	wr_free(&w);
	dcap_quote(&sgx, &w);
	assert_int_equal(coll_platform_of(span_str(QUOTE_SGX_TYPE), wr_view(&w),
			     SNP_PRODUCT_NONE, &p, NULL),
	    0);
	assert_true(needs(&p, COLL_TCB_INFO, "sgx-" DCAP_FMSPC));
	assert_true(needs(&p, COLL_QE_IDENTITY, "qe"));
	wr_free(&w);
	dcap_quote(&none, &w);
	assert_int_equal(coll_platform_of(span_str(QUOTE_TDX_TYPE), wr_view(&w),
			     SNP_PRODUCT_NONE, &p, NULL),
	    SEAL_E_UNSUPPORTED);
	assert_int_equal(coll_platform_of(span_str("application/eat+cwt"),
			     wr_view(&w), SNP_PRODUCT_NONE, &p, NULL),
	    SEAL_E_UNSUPPORTED);
	wr_free(&w);
}

/* A half of what holds it. */
static void
held(void **state)
{
	const struct dcap_recipe tdx = { .tee = QUOTE_TDX };
	/* An HCL report: its head, room for the hardware's, a size, a version,
	 * TDX, SHA-256, a length, and so much JSON. */
	static const uint8_t data[] = { 22, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1,
		0, 0, 0, 2, 0, 0, 0, '{', '}' };
	static uint8_t hcl[32 + 1184 + sizeof(data)] = "HCLA";
	uint8_t rep[SNP_REPORT_SIZE];
	struct coll_platform p;
	struct wr w, quote;

	(void)state;
	snp_make_report(rep, 3, NULL, 0);
	wr_init_heap(&w, 65536);
	svsm_evidence_write(
	    &w, span_of(rep, sizeof(rep)), span_str("manifest"));
	assert_int_equal(coll_platform_of(span_str(SVSM_TYPE), wr_view(&w),
			     SNP_PRODUCT_NONE, &p, NULL),
	    0);
	assert_true(needs(&p, COLL_AMD_VCEK, "milan-" CHIP64 "-0300087300"));
	assert_int_equal(coll_platform_of(span_str(SVSM_TYPE),
			     span_of(w.p, w.n - 1), SNP_PRODUCT_NONE, &p, NULL),
	    SEAL_E_DECODE);
	assert_int_equal(coll_platform_of(span_str(AZURE_TDX_TYPE), wr_view(&w),
			     SNP_PRODUCT_NONE, &p, NULL),
	    SEAL_E_DECODE);
	wr_free(&w);

	dcap_quote(&tdx, &quote);
	memcpy(hcl + 32 + 1184, data, sizeof(data));
	wr_init_heap(&w, 65536);
	azure_member_write(&w, span_of(hcl, sizeof(hcl)), wr_view(&quote));
	assert_int_equal(coll_platform_of(span_str(AZURE_TDX_TYPE), wr_view(&w),
			     SNP_PRODUCT_NONE, &p, NULL),
	    0);
	assert_true(needs(&p, COLL_TCB_INFO, "tdx-" DCAP_FMSPC));
	wr_free(&w);
	wr_free(&quote);
}

static int
setup(void **state)
{
	(void)state;
	dcap_setup();
	snp_setup(256);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	dcap_teardown();
	snp_teardown();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chips),
		cmocka_unit_test(hidden),
		cmocka_unit_test(quotes),
		cmocka_unit_test(held),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
