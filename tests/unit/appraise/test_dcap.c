/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/tcb_signer.h"
#include "appraise/verdict_fixture.h"
#include "base/text.h"
#include "dcap_fixture.h"

#define POLICY_MAX 4096
#define HEX32(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define HEX48(c) HEX32(c) c c c c c c c c c c c c c c c c

#define TDX_RULES "\"measurements\":{\"mrtd\":\"" HEX48("11") "\"}"
#define SGX_RULES "\"measurements\":{\"mrenclave\":\"" HEX32("22") "\"}"

#define TDX .tee = QUOTE_TDX
#define SGX .tee = QUOTE_SGX
#define GOOD        \
	{           \
		TDX \
	}

static struct seal_binding binding;

struct row {
	const char *name;
	struct dcap_recipe r;
	const char *failed; /* the first check that fails; NULL: accepted */
	const char *tcb;    /* members of "tcb" */
	const char *rules;  /* of the entry; NULL: TDX_RULES or SGX_RULES */
	bool debug, twin;   /* the policy trusts the twin's root */
	bool pin;           /* and the PCK's key by itself */
	bool other_type;    /* told to be the other technology's */
	int code;           /* 0: any */
	int64_t later;
};

static const char *
type_of(const struct row *row)
{
	return (row->r.tee == QUOTE_TDX) != row->other_type ? QUOTE_TDX_TYPE
							    : QUOTE_SGX_TYPE;
}

static void
put_pin(struct wr *w)
{
	uint8_t digest[HASH_MAX];
	struct cert *c = NULL;

	assert_int_equal(cert_parse(dcap_cert(0), &c, NULL), 0);
	assert_int_equal(hash_one(HASH_SHA256, cert_spki(c), digest, NULL), 0);
	wr_printf(w, "{\"spki_sha256\":\"");
	wr_hex(w, span_of(digest, 32));
	wr_printf(w, "\"},");
	cert_unref(&c);
}

static struct policy *
policy_of(const struct row *row)
{
	const char *rules = row->rules != NULL        ? row->rules
			    : row->r.tee == QUOTE_TDX ? TDX_RULES
						      : SGX_RULES;
	struct seal_diag d = { 0 };
	struct policy *p = NULL;
	struct wr w;

	wr_init_heap(&w, POLICY_MAX);
	wr_printf(&w,
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"%s\",\"signers\":[",
	    type_of(row));
	if (row->pin)
		put_pin(&w);
	wr_printf(&w, "{\"ca\":\"%s\"}],\"debug\":%s,\"tcb\":{%s},%s}]}",
	    row->twin ? dcap_twin_file() : dcap_root_file(),
	    row->debug ? "true" : "false", row->tcb == NULL ? "" : row->tcb,
	    rules);
	if (policy_load(wr_view(&w), "/", &p, &d) != 0)
		fail_msg("%s: %s", row->name, d.text);
	wr_free(&w);
	return p;
}

static struct appraisal_in
in_for(const struct row *row, struct span quote, const struct endorsements *e)
{
	return (struct appraisal_in){ .media_type = span_str(type_of(row)),
		.evidence = quote,
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW + row->later,
		.endorse = e,
		.binder_known = true };
}

static void
judge(const struct row *row, struct span quote, const struct endorsements *e)
{
	struct appraisal_in in = in_for(row, quote, e);
	struct policy *p = policy_of(row);
	struct seal_verdict *v = verdict_new();
	int r = appraise(p, &in, v);
	const char *failed = first_failed(v);

	if (row->failed == NULL ? r != 0
				: r == 0 || strcmp(failed, row->failed) != 0 ||
				      (row->code != 0 && row->code != r))
		fail_msg("%s: %d, '%s' failed, expected '%s': %s", row->name, r,
		    failed, row->failed == NULL ? "nothing" : row->failed,
		    v->diag == NULL ? "" : v->diag->text);
	seal_verdict_free(&v);
	policy_free(&p);
}

static void
run(const struct row *row)
{
	struct dcap_recipe r = row->r;
	struct endorsements *e;
	struct span want = binding_value(&binding);
	struct wr quote;

	if (r.report_data[0] == 0)
		memcpy(r.report_data, want.p, want.n);
	dcap_quote(&r, &quote);
	e = dcap_given(&r);
	judge(row, wr_view(&quote), e);
	endorse_free(&e);
	wr_free(&quote);
}

#define OUT_OF_DATE(date)                                     \
	.levels = { { DCAP_SVN + 1, 0, 0, "UpToDate", date }, \
		{ DCAP_SVN, 0, 0, "OutOfDate", DATE_OLD } }

#define OLD_TO_HARDEN                                                      \
	.levels = { { DCAP_SVN + 1, 0, 0, "SWHardeningNeeded", DATE_NEW }, \
		{ DCAP_SVN, 0, 0, "OutOfDate", DATE_OLD } }
#define OLD_QE                                                          \
	.qe_levels = { { DCAP_QE_SVN + 1, 0, 0, "UpToDate", DATE_NEW }, \
		{ 0, 0, 0, "OutOfDate", DATE_OLD } }

static const struct row rows[] = {
	{ "TDX 4", GOOD },
	{ "TDX 5", { TDX, .version = 5 } },
	{ "TDX 5 with 1.5", { TDX, .version = 5, .td15 = true } },
	{ "SGX 3", { SGX } },
	{ "SGX 4", { SGX, .version = 4 } },
	{ "SGX 5", { SGX, .version = 5 } },
	{ "padded", { TDX, .padding = 3000 } },
	{ "bundle", { TDX, .bundle = true } },
	{ "garbage behind", { TDX, .padding = 10, .garbage = 1 }, "dcap.quote",
	    .code = SEAL_E_DECODE },
	{ "TDX in version 3", { TDX, .version = 3 }, "dcap.quote" },
	{ "called an enclave's", GOOD, "dcap.quote", .rules = SGX_RULES,
	    .other_type = true },
	{ "called a TD's", { SGX }, "dcap.quote", .rules = TDX_RULES,
	    .other_type = true },
	{ "version 6", { TDX, .version = 6 }, "dcap.quote" },

	/* Signatures and certificates. */
	{ "quote by a stranger", { TDX, .quote_by = BY_STRANGER },
	    "dcap.quote.signature", .code = SEAL_E_SIGNATURE },
	{ "key that the QE does not name", { TDX, .other_key = true },
	    "dcap.qe.key", .code = SEAL_E_SIGNATURE },
	{ "QE's report data goes on", { TDX, .pad_key = true }, "dcap.qe.key" },
	{ "QE by a stranger", { TDX, .qe_by = BY_STRANGER },
	    "dcap.qe.signature", .code = SEAL_E_SIGNATURE },
	{ "QE by a PCK of the same name", { TDX, .qe_by = BY_TWIN },
	    "dcap.qe.signature" },
	{ "QE by the CA", { TDX, .qe_by = BY_CA }, "dcap.qe.signature" },
	{ "no chain", { TDX, .certs_type = 3 }, "dcap.certificates",
	    .code = SEAL_E_UNSUPPORTED },
	{ "chain without root", { TDX, .drop_certs = 1 }, "dcap.certificates",
	    .code = SEAL_E_CHAIN },
	{ "another root of the same name", GOOD, "signer", .twin = true },

	{ "pinned key, another root of the same name", GOOD, "dcap.root",
	    .pin = true, .twin = true, .code = SEAL_E_CHAIN },
	{ "pinned key", GOOD, .pin = true },

	/* Binder: 64 bytes. */
	{ "another binder", { TDX, .report_data = { 1, 2, 3 } }, "binder",
	    .code = SEAL_E_BINDER },

	/* The TD and the enclave. */
	{ "debug", { TDX, .flags = 0x10000001 }, "debug",
	    .code = SEAL_E_POLICY },
	{ "debug allowed", { TDX, .flags = 0x10000001 }, .debug = true },
	{ "profiling", { TDX, .flags = 0x10000010 }, "debug" },
	{ "bit 7", { TDX, .flags = 0x10000080 }, "debug" },
	{ "migratable", { TDX, .flags = 0x30000000 }, "tdx.migratable" },
	{ "migratable allowed", { TDX, .flags = 0x30000000 },
	    .rules = TDX_RULES ",\"migratable\":true" },
	{ "attributes", GOOD,
	    .rules = TDX_RULES ",\"attributes\":\"0000001000000000\"" },
	{ "other attributes", GOOD, "tdx.attributes",
	    .rules = TDX_RULES ",\"attributes\":\"0000001000000001\"" },
	{ "xfam", GOOD, .rules = TDX_RULES ",\"xfam\":\"e700000000000000\"" },
	{ "other xfam", GOOD, "tdx.xfam",
	    .rules = TDX_RULES ",\"xfam\":\"e700000000000001\"" },
	{ "another MRTD", GOOD, "tdx.measurement",
	    .rules = "\"measurements\":{\"mrtd\":\"" HEX48("12") "\"}" },
	{ "another RTMR", GOOD, "tdx.measurement",
	    .rules = "\"measurements\":{\"mrtd\":\"" HEX48(
		"11") "\",\"rtmr2\":\"" HEX48("51") "\"}" },
	{ "RTMRs", GOOD,
	    .rules = "\"measurements\":{\"mrtd\":\"" HEX48("11") "\",\"rtmr0\":\"" HEX48(
		"50") "\",\"rtmr3\":\"" HEX48("53") "\",\"mrseam\":\"" HEX48("44") "\"}" },
	{ "a register of TDX 1.5 in 1.0", GOOD, "tdx.measurement",
	    .rules = "\"measurements\":{\"mrtd\":\"" HEX48(
		"11") "\",\"mrservicetd\":\"" HEX48("00") "\"}" },
	{ "that register", { TDX, .version = 5, .td15 = true },
	    .rules = "\"measurements\":{\"mrtd\":\"" HEX48(
		"11") "\",\"mrservicetd\":\"" HEX48("00") "\"}" },
	{ "debug enclave", { SGX, .flags = 7 }, "debug" },
	{ "debug enclave allowed", { SGX, .flags = 7 }, .debug = true },
	{ "enclave that is none yet", { SGX, .flags = 4 }, "sgx.init" },
	{ "another enclave", { SGX }, "sgx.measurement",
	    .rules = "\"measurements\":{\"mrenclave\":\"" HEX32("23") "\"}" },
	{ "signer and product", { SGX },
	    .rules = "\"measurements\":{\"mrsigner\":\"" HEX32(
		"23") "\"},\"isvprodid\":3,\"isvsvn\":6" },
	{ "another signer", { SGX }, "sgx.measurement",
	    .rules = "\"measurements\":{\"mrsigner\":\"" HEX32(
		"22") "\"},\"isvprodid\":3,\"isvsvn\":6" },
	{ "another product", { SGX }, "sgx.isvprodid",
	    .rules = SGX_RULES ",\"isvprodid\":4" },
	{ "older than asked for", { SGX }, "sgx.isvsvn",
	    .rules = SGX_RULES ",\"isvsvn\":7" },
	{ "enclave attributes", { SGX }, "sgx.attributes",
	    .rules = SGX_RULES
	    ",\"attributes\":\"0500000000000000e700000000000001\"" },

	/* Collateral: whose, about whom, when. */
	{ "none", { TDX, .no_collateral = true }, "dcap.tcb.signer",
	    .code = SEAL_E_UNAVAILABLE },
	{ "TCB Info of a stranger", { TDX, .info_by = BY_STRANGER },
	    "dcap.tcb.info", .code = SEAL_E_SIGNATURE },
	{ "QE identity of a stranger", { TDX, .qe_info_by = BY_STRANGER },
	    "dcap.qe.info", .code = SEAL_E_SIGNATURE },
	{ "TCB Info by a PCK", { TDX, .info_by = BY_PCK }, "dcap.tcb.signer" },
	{ "TCB Info by the CA", { TDX, .info_by = BY_CA }, "dcap.tcb.signer" },
	{ "TCB Info under another root", { TDX, .info_by = BY_TWIN },
	    "dcap.tcb.signer", .code = SEAL_E_CHAIN },
	{ "TCB Info by a namesake under the CA",
	    { TDX, .info_by = BY_NAMESAKE }, "dcap.tcb.signer" },
	{ "TCB Info by another signer of the root",
	    { TDX, .info_by = BY_NO_SIGNER }, "dcap.tcb.signer" },
	{ "TCB Info by a CA of the signer's name",
	    { TDX, .info_by = BY_SIGNER_CA }, "dcap.tcb.signer" },
	{ "signed over other bytes", { TDX, .touched_info = true },
	    "dcap.tcb.info", .code = SEAL_E_SIGNATURE },
	{ "TCB Info of SGX for a TD", { TDX, .info_id = "SGX" },
	    "dcap.tcb.info", .code = SEAL_E_EVIDENCE },
	{ "TCB Info of TDX for an enclave", { SGX, .info_id = "TDX" },
	    "dcap.tcb.info", .code = SEAL_E_EVIDENCE },
	{ "identity of SGX for a TD", { TDX, .qe_id = "QE" }, "dcap.qe.info",
	    .code = SEAL_E_EVIDENCE },
	{ "identity of TDX for an enclave", { SGX, .qe_id = "TD_QE" },
	    "dcap.qe.info", .code = SEAL_E_EVIDENCE },
	{ "another FMSPC", { TDX, .fmspc = "00a1b2c3d4e6" }, "dcap.tcb.info",
	    .code = SEAL_E_EVIDENCE },
	{ "another PCE", { TDX, .pce_id = "0001" }, "dcap.tcb.info",
	    .code = SEAL_E_EVIDENCE },
	{ "TCB Info has ended", { TDX, .info_to = -1 }, "dcap.tcb.info",
	    .code = SEAL_E_STALE },
	{ "TCB Info ends now", { TDX, .info_from = -DAY, .info_to = 60 } },
	{ "TCB Info of tomorrow", { TDX, .info_from = 1 }, "dcap.tcb.info",
	    .code = SEAL_E_STALE },
	{ "identity has ended", { TDX, .qe_to = -1 }, "dcap.qe.info",
	    .code = SEAL_E_STALE },
	{ "identity of tomorrow", { TDX, .qe_from = 1 }, "dcap.qe.info",
	    .code = SEAL_E_STALE },
	{ "no older than a day", GOOD, .tcb = "\"max_age_s\":86400" },
	{ "older than asked for", GOOD, "dcap.tcb.info",
	    .tcb = "\"max_age_s\":86399" },
	{ "evaluation", GOOD, .tcb = "\"min_evaluation\":17" },
	{ "older evaluation", GOOD, "dcap.tcb.info",
	    .tcb = "\"min_evaluation\":18" },
	{ "too short for a lease", { TDX, .info_to = 20 }, "lease",
	    .code = SEAL_E_STALE },

	/* Revocation. */
	{ "PCK revoked", { TDX, .revoke_pck = true }, "dcap.crl.pck",
	    .code = SEAL_E_KEY },
	{ "CA revoked", { TDX, .revoke_ca = true }, "dcap.crl.root",
	    .code = SEAL_E_KEY },
	{ "TCB signer revoked", { TDX, .revoke_signer = true }, "dcap.crl.root",
	    .code = SEAL_E_KEY },
	{ "PCK revoked, lists not needed", { TDX, .revoke_pck = true },
	    "dcap.crl.pck", .tcb = "\"crl\":false", .code = SEAL_E_KEY },
	{ "revoked by a list that has ended", { TDX, .old_list_revokes = true },
	    "dcap.crl.pck", .code = SEAL_E_KEY },
	{ "no list of the root", { TDX, .no_root_list = true }, "dcap.crl.root",
	    .code = SEAL_E_UNAVAILABLE },
	{ "no list of the CA", { TDX, .no_pck_list = true }, "dcap.crl.pck",
	    .code = SEAL_E_UNAVAILABLE },
	{ "none needed", { TDX, .no_pck_list = true, .no_root_list = true },
	    .tcb = "\"crl\":false" },
	{ "list has ended", { TDX, .old_pck_list = true }, "dcap.crl.pck",
	    .code = SEAL_E_STALE },
	{ "root's list has ended", { TDX, .old_root_list = true },
	    "dcap.crl.root", .code = SEAL_E_STALE },
	{ "lists of a stranger", { TDX, .list_by = BY_STRANGER },
	    "dcap.crl.root" },

	/* The quoting enclave. */
	{ "QE of another signer", { TDX, .qe_other_signer = true },
	    "dcap.qe.identity", .code = SEAL_E_EVIDENCE },
	{ "QE of another product", { TDX, .qe_other_product = true },
	    "dcap.qe.identity" },
	{ "QE of another MISCSELECT", { TDX, .qe_other_misc = true },
	    "dcap.qe.identity" },
	{ "QE in debug mode", { TDX, .qe_debug = true }, "dcap.qe.identity" },
	{ "QE below all levels", { TDX, .qe_svn = DCAP_QE_SVN - 1 },
	    "dcap.qe.level", .code = SEAL_E_POLICY },

	/* The TDX module. */
	{ "module of another signer", { TDX, .other_module = true },
	    "dcap.module.identity", .code = SEAL_E_EVIDENCE },
	{ "module of an unknown version", { TDX, .module_major = 2 },
	    "dcap.module" },
	{ "module below all levels", { TDX, .module_svn = 4 },
	    "dcap.module.level" },
	{ "module 0, by components",
	    { TDX, .module_major = -1, .module_svn = 3,
		.levels = { { DCAP_SVN, 0, 0, "UpToDate" } } } },
	{ "module 0, below in a component",
	    { TDX, .module_major = -1, .module_svn = 3,
		.levels = { { DCAP_SVN, 1, 0, "UpToDate" } } },
	    "dcap.tcb.level" },
	{ "module 0 of another signer",
	    { TDX, .module_major = -1, .other_module = true,
		.levels = { { DCAP_SVN, 0, 0, "UpToDate" } } },
	    "dcap.module.identity" },

	/* Levels. */
	{ "no level: a component of SGX",
	    { TDX, .levels = { { DCAP_SVN + 1, 0, 0, "UpToDate" } } },
	    "dcap.tcb.level", .code = SEAL_E_POLICY },
	{ "no level: a component of TDX",
	    { TDX, .levels = { { 0, DCAP_SVN + 1, 0, "UpToDate" } } },
	    "dcap.tcb.level" },
	{ "no level: PCE",
	    { TDX, .levels = { { 0, 0, DCAP_SVN + 1, "UpToDate" } } },
	    "dcap.tcb.level" },
	{ "no level, all statuses allowed",
	    { TDX, .levels = { { DCAP_SVN + 1, 0, 0, "OutOfDate" } } },
	    "dcap.tcb.level",
	    .tcb = "\"status\":[\"OutOfDate\"],\"advisories\":\"any\"" },
	{ "the first level that is reached",
	    { TDX, .levels = { { DCAP_SVN + 1, 0, 0, "UpToDate" },
		       { DCAP_SVN, 0, 0, "OutOfDate" },
		       { 0, 0, 0, "UpToDate" } } },
	    "dcap.tcb.status" },
	{ "out of date", { TDX, OUT_OF_DATE(DATE_NEW) }, "dcap.tcb.status",
	    .code = SEAL_E_POLICY },
	{ "out of date, allowed", { TDX, OUT_OF_DATE(DATE_NEW) },
	    .tcb = "\"status\":[\"OutOfDate\"]" },
	/* DATE_NEW is 13 days and some 80,000 seconds before NOW. */
	{ "within its grace", { TDX, OUT_OF_DATE(DATE_NEW) },
	    .tcb = "\"grace_s\":1209600" },
	{ "past its grace", { TDX, OUT_OF_DATE(DATE_NEW) }, "dcap.tcb.status",
	    .tcb = "\"grace_s\":1123200" },
	{ "grace, but superseded before",
	    { TDX, .levels = { { DCAP_SVN + 1, 0, 0, "UpToDate", DATE_NEW },
		       { DCAP_SVN + 1, 0, 0, "OutOfDate", DATE_MID },
		       { DCAP_SVN, 0, 0, "OutOfDate", DATE_OLD } } },
	    "dcap.tcb.status", .tcb = "\"grace_s\":1209600" },
	{ "grace, but nothing newer",
	    { TDX, .levels = { { DCAP_SVN, 0, 0, "OutOfDate", DATE_NEW } } },
	    "dcap.tcb.status", .tcb = "\"grace_s\":31536000" },
	/* Grace for one part is none for what is wrong with another. */
	{ "QE within its grace", { TDX, OLD_QE },
	    .tcb = "\"grace_s\":1209600" },
	{ "QE within its grace, platform to be hardened",
	    { TDX, OLD_QE, .levels = { { 0, 0, 0, "SWHardeningNeeded" } } },
	    "dcap.tcb.status", .tcb = "\"grace_s\":1209600" },
	{ "within its grace, but the newest is to be hardened",
	    { TDX, OLD_TO_HARDEN }, "dcap.tcb.status",
	    .tcb = "\"grace_s\":1209600" },
	{ "within its grace, hardening allowed", { TDX, OLD_TO_HARDEN },
	    .tcb = "\"status\":[\"SWHardeningNeeded\"],\"grace_s\":1209600" },
	{ "QE within its grace, but its newest is not up to date",
	    { TDX, .qe_levels = { { DCAP_QE_SVN + 1, 0, 0, "SWHardeningNeeded",
				      DATE_NEW },
		       { 0, 0, 0, "OutOfDate", DATE_OLD } } },
	    "dcap.tcb.status", .tcb = "\"grace_s\":1209600" },
	{ "QE within its grace, others are hardened",
	    { TDX, OLD_QE,
		.levels = { { DCAP_SVN + 1, 0, 0, "UpToDate", DATE_NEW },
		    { 0, 0, 0, "SWHardeningNeeded", DATE_OLD } } },
	    "dcap.tcb.status", .tcb = "\"grace_s\":1209600" },
	{ "QE within its grace, hardening allowed",
	    { TDX, OLD_QE, .levels = { { 0, 0, 0, "SWHardeningNeeded" } } },
	    .tcb = "\"status\":[\"SWHardeningNeeded\"],\"grace_s\":1209600" },
	{ "QE within its grace, platform to be configured and hardened",
	    { TDX, OLD_QE,
		.levels = { { 0, 0, 0,
		    "ConfigurationAndSWHardeningNeeded" } } },
	    "dcap.tcb.status",
	    .tcb = "\"status\":[\"UpToDate\",\"ConfigurationNeeded\"],"
		   "\"grace_s\":1209600" },
	{ "grace ends before a lease", { TDX, OUT_OF_DATE(DATE_NEW) }, "lease",
	    .tcb = "\"grace_s\":1203220" },
	{ "revoked", { TDX, .levels = { { 0, 0, 0, "Revoked" } } },
	    "dcap.tcb.status",
	    .tcb = "\"status\":[\"UpToDate\",\"OutOfDate\"],\"grace_s\":9999" },
	{ "advisory though up to date",
	    { TDX, .levels = { { 0, 0, 0, "UpToDate", NULL, "\"A-1\"" } } },
	    "dcap.tcb.advisories", .code = SEAL_E_POLICY },
	{ "advisory allowed",
	    { TDX, .levels = { { 0, 0, 0, "UpToDate", NULL, "\"A-1\"" } } },
	    .tcb = "\"advisories\":[\"A-1\"]" },
	{ "any advisory",
	    { TDX, .levels = { { 0, 0, 0, "UpToDate", NULL,
		       "\"A-1\",\"A-2\"" } } },
	    .tcb = "\"advisories\":\"any\"" },
	{ "one of two advisories",
	    { TDX, .levels = { { 0, 0, 0, "UpToDate", NULL,
		       "\"A-1\",\"A-2\"" } } },
	    "dcap.tcb.advisories", .tcb = "\"advisories\":[\"A-1\"]" },
	{ "advisory of the QE",
	    { TDX, .qe_levels = { { 0, 0, 0, "UpToDate", NULL, "\"A-1\"" } } },
	    "dcap.tcb.advisories" },
	{ "advisory of the module",
	    { TDX,
		.module_levels = { { 0, 0, 0, "UpToDate", NULL, "\"A-1\"" } } },
	    "dcap.tcb.advisories" },
	{ NULL },
};

static void
every_row(void **state)
{
	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++)
		run(row);
}

/* ---- Every status of every part ---- */

static const char *const statuses[] = { "UpToDate", "SWHardeningNeeded",
	"ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate",
	"OutOfDateConfigurationNeeded", "Revoked" };
#define STATUSES (sizeof(statuses) / sizeof(statuses[0]))

/* What platform and another part are together, by the rules' own words. */
static const char *
together(const char *platform, const char *part)
{
	bool configuration = strstr(platform, "Configuration") != NULL ||
			     strstr(part, "Configuration") != NULL;

	if (strcmp(platform, "Revoked") == 0 || strcmp(part, "Revoked") == 0)
		return "Revoked";
	if (strcmp(part, "UpToDate") == 0)
		return platform;
	return configuration ? "OutOfDateConfigurationNeeded" : "OutOfDate";
}

static void
try_status(
    const char *platform, const char *qe, const char *module, const char *want)
{
	struct row row = { "status",
		{ TDX, .levels = { { 0, 0, 0, platform } },
		    .qe_levels = { { 0, 0, 0, qe } },
		    .module_levels = { { 0, 0, 0, module } } } };
	char name[128], tcb[128];

	snprintf(
	    name, sizeof(name), "%s, QE %s, module %s", platform, qe, module);
	row.name = name;
	row.tcb = tcb;
	for (size_t i = 0; i + 1 < STATUSES; i++) {
		snprintf(tcb, sizeof(tcb), "\"status\":[\"%s\"]", statuses[i]);
		row.failed =
		    strcmp(statuses[i], want) == 0 ? NULL : "dcap.tcb.status";
		run(&row);
	}
}

static void
every_status(void **state)
{
	static const char *const parts[] = { "UpToDate", "OutOfDate",
		"Revoked" };

	(void)state;
	for (size_t i = 0; i < STATUSES; i++)
		for (size_t k = 0; k < 3; k++) {
			const char *want = together(statuses[i], parts[k]);

			try_status(statuses[i], parts[k], "UpToDate", want);
			try_status(statuses[i], "UpToDate", parts[k], want);
		}
}

/* Status, advisory and grace, each allowed or not. */
static void
status_by_advisory_by_grace(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6 * 2 * 2 * 3; i++) {
		unsigned s = i % 6, advisory = i / 6 % 2, allowed = i / 12 % 2,
			 grace = i / 24;
		bool old = s >= 4;
		/* Allowed: "UpToDate" and "ConfigurationNeeded". */
		bool status = s == 0 || s == 2 || (old && grace == 2);
		char tcb[160];
		struct row row = { "matrix",
			{ TDX, .levels = { { DCAP_SVN + 1, 0, 0, "UpToDate",
					       DATE_NEW },
				   { 0, 0, 0, statuses[s], DATE_OLD,
				       advisory ? "\"A-1\"" : NULL } } },
			.tcb = tcb };

		snprintf(tcb, sizeof(tcb),
		    "\"status\":[\"UpToDate\",\"ConfigurationNeeded\"],"
		    "\"advisories\":[%s],\"grace_s\":%s",
		    allowed ? "\"A-1\"" : "",
		    grace == 0   ? "0"
		    : grace == 1 ? "1000000"
				 : "2000000");
		row.failed = !status                ? "dcap.tcb.status"
			     : advisory && !allowed ? "dcap.tcb.advisories"
						    : NULL;
		run(&row);
	}
}

/* ---- Damage ---- */

static void
never_accepted(const struct row *row, const struct policy *p, struct span quote,
    const struct endorsements *e)
{
	struct appraisal_in in = in_for(row, quote, e);
	struct seal_verdict *v = verdict_new();

	if (appraise(p, &in, v) == 0)
		fail_msg("%s: accepted", row->name);
	seal_verdict_free(&v);
}

/* A bit of each byte up to the certificates, and every length. */
static void
flipped_and_cut(void **state)
{
	const struct row kinds[] = { { "TDX", GOOD },
		{ "TDX 5", { TDX, .version = 5, .td15 = true } },
		{ "SGX", { SGX } } };

	(void)state;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct dcap_recipe r = kinds[k].r;
		struct policy *p = policy_of(&kinds[k]);
		struct endorsements *e;
		struct span want = binding_value(&binding);
		struct quote q;
		struct wr w;
		size_t end;

		memcpy(r.report_data, want.p, want.n);
		dcap_quote(&r, &w);
		e = dcap_given(&r);
		assert_int_equal(quote_parse(wr_view(&w), &q, NULL), 0);
		end = (size_t)(q.certs.p - w.p);
		for (size_t i = 0; i < end; i++) {
			w.p[i] ^= (uint8_t)(1 << i % 8);
			never_accepted(&kinds[k], p, wr_view(&w), e);
			w.p[i] ^= (uint8_t)(1 << i % 8);
		}
		for (size_t n = 0; n < w.n; n += n < end ? 1 : 17)
			never_accepted(&kinds[k], p, span_of(w.p, n), e);
		judge(&kinds[k], wr_view(&w), e);
		endorse_free(&e);
		policy_free(&p);
		wr_free(&w);
	}
}

/* A bit of each byte of PCK and CA. The root comes from the policy. */
static void
flipped_certificates(void **state)
{
	const struct row row = { "certificate", GOOD };
	struct span want = binding_value(&binding);
	struct dcap_recipe r = row.r;
	struct endorsements *e = dcap_given(&r);
	struct policy *p = policy_of(&row);

	(void)state;
	memcpy(r.report_data, want.p, want.n);
	for (size_t c = 0; c < 2; c++) {
		struct span good = dcap_cert(c);
		uint8_t *bad = malloc(good.n);

		memcpy(bad, good.p, good.n);
		for (size_t i = 0; i < good.n; i++) {
			struct wr w;

			bad[i] ^= (uint8_t)(1 << i % 8);
			dcap_replace_cert(c, span_of(bad, good.n));
			dcap_quote(&r, &w);
			never_accepted(&row, p, wr_view(&w), e);
			wr_free(&w);
			bad[i] ^= (uint8_t)(1 << i % 8);
		}
		dcap_replace_cert(c, span_of(NULL, 0));
		free(bad);
	}
	policy_free(&p);
	endorse_free(&e);
}

/* Every length of the report data counts, and all of it. */
static void
report_data(void **state)
{
	const struct row row = { "report data", GOOD, "binder" };
	struct span want = binding_value(&binding);

	(void)state;
	for (size_t i = 0; i < QUOTE_REPORT_DATA; i++) {
		struct row bad = row;

		memcpy(bad.r.report_data, want.p, want.n);
		bad.r.report_data[i] ^= 1;
		if (bad.r.report_data[0] != 0)
			run(&bad);
	}
}

/* ---- Several documents about one platform ---- */

#define OLD_TCB .levels = { { DCAP_SVN, 0, 0, "OutOfDate", DATE_OLD } }
#define OLD_ENCLAVE .qe_levels = { { 0, 0, 0, "OutOfDate", DATE_OLD } }

/* The newest that serves counts, wherever it lies. */
static const struct newest {
	const char *name;
	struct dcap_recipe a, b; /* in either order */
	const char *failed;
} newest[] = {
	{ "newer TCB Info refuses", { TDX, .evaluation = 16 }, { TDX, OLD_TCB },
	    "dcap.tcb.status" },
	{ "older TCB Info refused", { TDX }, { TDX, .evaluation = 16, OLD_TCB },
	    NULL },
	{ "newer identity refuses", { TDX, .qe_evaluation = 16 },
	    { TDX, OLD_ENCLAVE }, "dcap.tcb.status" },
	{ "older identity refused", { TDX },
	    { TDX, .qe_evaluation = 16, OLD_ENCLAVE }, NULL },
	{ "of one evaluation, issued later", { TDX, .info_from = -2 * DAY },
	    { TDX, OLD_TCB }, "dcap.tcb.status" },
	{ "of one evaluation, identity issued later",
	    { TDX, .qe_from = -2 * DAY }, { TDX, OLD_ENCLAVE },
	    "dcap.tcb.status" },
	{ "newer, but over", { TDX },
	    { TDX, .evaluation = 18, .info_to = -1, OLD_TCB }, NULL },
	{ "newer, by a stranger", { TDX },
	    { TDX, .evaluation = 18, .info_by = BY_STRANGER, OLD_TCB }, NULL },
	{ "newer, of another platform", { TDX },
	    { TDX, .evaluation = 18, .fmspc = "00a1b2c3d4e6", OLD_TCB }, NULL },
	{ NULL },
};

static void
newest_counts(void **state)
{
	(void)state;
	for (const struct newest *c = newest; c->name != NULL; c++)
		for (int turned = 0; turned < 2; turned++) {
			struct row row = { c->name, c->a, c->failed };
			struct span want = binding_value(&binding);
			struct endorsements *e;
			struct wr quote;

			memcpy(row.r.report_data, want.p, want.n);
			dcap_quote(&row.r, &quote);
			e = dcap_given(turned ? &c->b : &c->a);
			dcap_documents(turned ? &c->a : &c->b, e);
			judge(&row, wr_view(&quote), e);
			endorse_free(&e);
			wr_free(&quote);
		}
}

/* A folder with the collateral of many kinds of platform. */
static void
whole_fleet(void **state)
{
	struct row row = { "one of many", GOOD };
	struct span want = binding_value(&binding);
	struct endorsements *e = endorse_new(), *own;
	struct wr quote;

	(void)state;
	for (int i = 0; i < 40; i++) {
		char fmspc[16];
		struct dcap_recipe other = { TDX, .fmspc = fmspc };

		snprintf(fmspc, sizeof(fmspc), "0000000000%02x", i);
		dcap_documents(&other, e);
	}
	own = dcap_given(&row.r);
	for (size_t i = 0; i < own->n; i++)
		assert_int_equal(
		    endorse_add(e, "own", own->items[i].bytes, NULL), 0);
	memcpy(row.r.report_data, want.p, want.n);
	dcap_quote(&row.r, &quote);
	judge(&row, wr_view(&quote), e);
	endorse_free(&own);
	endorse_free(&e);
	wr_free(&quote);
}

/* ---- Policies ---- */

static void
learned(void **state)
{
	const struct row kinds[] = { { "TDX", GOOD }, { "SGX", { SGX } } };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct dcap_recipe r = kinds[k].r;
		struct span want = binding_value(&binding);
		struct seal_verdict *v = verdict_new();
		struct seal_diag d = { 0 };
		struct appraisal_in in;
		struct endorsements *e;
		struct policy *p = NULL;
		char *text = NULL;
		struct wr w, out;

		memcpy(r.report_data, want.p, want.n);
		dcap_quote(&r, &w);
		e = dcap_given(&r);
		in = in_for(&kinds[k], wr_view(&w), e);
		if (appraise_observe(&in, NULL, v, &text, &d) != 0)
			fail_msg("%s: %s", kinds[k].name, d.text);
		assert_int_equal(policy_load(span_str(text), NULL, &p, &d), 0);
		wr_init_heap(&out, 65536);
		assert_int_equal(policy_explain(p, &out), 0);
		wr_free(&out);
		seal_verdict_free(&v);
		v = verdict_new();
		if (appraise(p, &in, v) != 0)
			fail_msg("%s: %s", kinds[k].name, v->diag->text);
		seal_verdict_free(&v);
		/* Without collateral it is refused. */
		in.endorse = NULL;
		v = verdict_new();
		assert_int_not_equal(appraise(p, &in, v), 0);
		seal_verdict_free(&v);
		policy_free(&p);
		free(text);
		endorse_free(&e);
		wr_free(&w);
	}
}

/* A TD that may be moved: by the migration TD that was learned, and no other.
 */
static void
learned_migratable(void **state)
{
	struct row row = { "migratable",
		{ TDX, .version = 5, .td15 = true, .flags = 0x30000000 } };
	struct span want = binding_value(&binding);
	struct policy *p = NULL;

	(void)state;
	memcpy(row.r.report_data, want.p, want.n);
	for (uint8_t service = 0x66; service < 0x68; service++) {
		struct seal_verdict *v = verdict_new();
		struct endorsements *e = dcap_given(&row.r);
		struct appraisal_in in;
		char *text = NULL;
		struct wr w;

		row.r.service = service;
		dcap_quote(&row.r, &w);
		in = in_for(&row, wr_view(&w), e);
		if (p == NULL) {
			assert_int_equal(
			    appraise_observe(&in, NULL, v, &text, NULL), 0);
			assert_int_equal(
			    policy_load(span_str(text), NULL, &p, NULL), 0);
			free(text);
		}
		seal_verdict_free(&v);
		v = verdict_new();
		appraise(p, &in, v);
		if (service == 0x66)
			assert_int_equal(v->outcome, SEAL_ACCEPTED);
		else
			assert_non_null(strstr(v->diag->text, "mrservicetd"));
		seal_verdict_free(&v);
		endorse_free(&e);
		wr_free(&w);
	}
	policy_free(&p);
}

/* The pin holds the PCK's key; "root_sha256" whose word counts. */
static void
named_root(void **state)
{
	char rules[512];
	struct row row = { "another root's key", GOOD, "dcap.root",
		.rules = rules, .code = SEAL_E_CHAIN };

	(void)state;
	snprintf(rules, sizeof(rules), "%s,\"root_sha256\":\"%s\"", TDX_RULES,
	    HEX32("01"));
	run(&row);
}

/* Of two anchors of a policy, the signer's must be the PCK's. */
static void
signer_of_one_root(void **state)
{
	const struct made m = { "another root", .basic = "critical,CA:TRUE" };
	struct issued other =
	    issue(&m, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), NULL);
	const struct dcap_recipe r = GOOD;
	struct endorsements *e = dcap_given(&r);
	const struct endorsement *signer;
	struct trust *t = trust_new();
	struct cert *c = NULL;
	size_t at = 0;

	(void)state;
	assert_int_equal(trust_add_der(t, other.der, NULL), 0);
	assert_int_equal(trust_add_der(t, dcap_cert(2), NULL), 0);
	signer = endorse_next(e, ENDORSE_CERT, &at);
	assert_non_null(signer);
	assert_int_equal(
	    tcb_signer_check_under(t, 1, signer->bytes, NOW, NULL, &c, NULL),
	    0);
	cert_unref(&c);
	assert_int_equal(
	    tcb_signer_check_under(t, 0, signer->bytes, NOW, NULL, &c, NULL),
	    SEAL_E_CHAIN);
	assert_int_equal(tcb_signer_check_under(t, CHAIN_NO_ANCHOR,
			     signer->bytes, NOW, NULL, &c, NULL),
	    SEAL_E_CHAIN);
	assert_null(c);
	trust_free(&t);
	endorse_free(&e);
	issued_free(&other);
}

/* All of a document and of its signature stands in the digest. */
static void
document_digest(void **state)
{
	uint8_t body[] = { '{', '}' }, raw[64] = { 1 }, first[32], other[32];

	(void)state;
	assert_int_equal(
	    tcb_signer_digest(span_of(body, 2), raw, first, NULL), 0);
	body[1] ^= 1;
	assert_int_equal(
	    tcb_signer_digest(span_of(body, 2), raw, other, NULL), 0);
	assert_memory_not_equal(first, other, 32);
	body[1] ^= 1;
	raw[63] ^= 1;
	assert_int_equal(
	    tcb_signer_digest(span_of(body, 2), raw, other, NULL), 0);
	assert_memory_not_equal(first, other, 32);
}

static const char *const bad_rules[] = {
	"\"debug\":false",
	"\"debug\":false,\"measurements\":{}",
	"\"debug\":false,\"measurements\":{\"rtmr0\":\"" HEX48("11") "\"}",
	"\"debug\":false,\"measurements\":{\"mrtd\":\"11\"}",
	"\"debug\":false,\"measurements\":{\"mrtd\":\"\"}",
	"\"debug\":false,\"measurements\":{\"mrtx\":\"" HEX48("11") "\"}",
	"\"debug\":false,\"tcb\":[]," TDX_RULES,
	"\"debug\":false,\"tcb\":{\"status\":[]}," TDX_RULES,
	"\"debug\":false,\"tcb\":{\"status\":[\"Revoked\"]}," TDX_RULES,
	"\"debug\":false,\"tcb\":{\"status\":[\"Fine\"]}," TDX_RULES,
	"\"debug\":false,\"tcb\":{\"status\":\"UpToDate\"}," TDX_RULES,
	"\"debug\":false,\"tcb\":{\"advisories\":\"all\"}," TDX_RULES,
	"\"debug\":false,\"tcb\":{\"advisories\":[\"\"]}," TDX_RULES,
	"\"debug\":false,\"tcb\":{\"grace_s\":31536001}," TDX_RULES,
	"\"debug\":false,\"tcb\":{\"max_age_s\":0}," TDX_RULES,
	"\"debug\":false,\"tcb\":{\"crl\":0}," TDX_RULES,
	"\"debug\":false,\"tcb\":{\"other\":0}," TDX_RULES,
	"\"debug\":false,\"root_sha256\":\"00\"," TDX_RULES,
	"\"debug\":false,\"attributes\":\"00\"," TDX_RULES,
	NULL,
};

static void
refused_rules(void **state)
{
	(void)state;
	for (size_t i = 0; bad_rules[i] != NULL; i++) {
		struct seal_diag d = { 0 };
		struct policy *p = NULL;
		struct wr w;

		wr_init_heap(&w, POLICY_MAX);
		wr_printf(&w,
		    "{\"version\":1,\"max_age_s\":60,\"accept\":[{\"scheme\":"
		    "\"%s\",\"signers\":[{\"ca\":\"%s\"}],%s}]}",
		    QUOTE_TDX_TYPE, dcap_root_file(), bad_rules[i]);
		if (policy_load(wr_view(&w), "/", &p, &d) != SEAL_E_CONFIG)
			fail_msg("%s: %s", bad_rules[i], d.text);
		wr_free(&w);
	}
}

static int
setup(void **state)
{
	static const uint8_t spki[] = { 0x30, 1 };
	static const uint8_t exporter[32] = { 5 };

	(void)state;
	dcap_setup();
	return binding_post(HASH_SHA256, span_of(spki, sizeof(spki)),
	    span_of(exporter, sizeof(exporter)), &binding, NULL);
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
		cmocka_unit_test(every_row),
		cmocka_unit_test(every_status),
		cmocka_unit_test(status_by_advisory_by_grace),
		cmocka_unit_test(flipped_and_cut),
		cmocka_unit_test(flipped_certificates),
		cmocka_unit_test(report_data),
		cmocka_unit_test(newest_counts),
		cmocka_unit_test(whole_fleet),
		cmocka_unit_test(learned),
		cmocka_unit_test(learned_migratable),
		cmocka_unit_test(named_root),
		cmocka_unit_test(signer_of_one_root),
		cmocka_unit_test(document_digest),
		cmocka_unit_test(refused_rules),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
