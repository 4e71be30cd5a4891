/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real TDX and SGX quotes with Intel's collateral, which others made (folders
 * tdx, sgx and intel-certs of SEAL_EVIDENCE; their PROVENANCE.md say what to
 * expect). They are not part of this project, so without them this test skips.
 */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/appraise.h"
#include "appraise/verdict_fixture.h"
#include "base/file.h"
#include "base/text.h"
#include "format/quote.h"

#define FILES 8

#define TDX QUOTE_TDX_TYPE
#define SGX QUOTE_SGX_TYPE
#define SIGNER_2018 "intel-certs/tcb-signing-2018.pem"
#define SIGNER_2025 "intel-certs/tcb-signing-2025.pem"
#define NO_LISTS "\"crl\":false"

/* Seconds since 1970 of midnight. */
#define T_2023_07_01 INT64_C(1688169600)
#define T_2024_01_01 INT64_C(1704067200)
#define T_2025_05_20 INT64_C(1747699200)
#define T_2025_06_10 INT64_C(1749513600)
#define T_2025_06_20 INT64_C(1750377600)
#define T_2025_07_20 INT64_C(1752969600)
#define T_2025_08_20 INT64_C(1755648000)
#define T_2025_10_25 INT64_C(1761350400)
#define T_2025_11_10 INT64_C(1762732800)
#define T_2026_02_03 INT64_C(1770076800)
#define T_2026_03_01 INT64_C(1772323200)

/* Text that GRUB measures into RTMR 2. */
#define COS "tdx/v4-cos113-ccel/quote.dat"
#define COS_GIVEN(...)                                                    \
	{                                                                 \
		"tdx/v4-oak/tcbinfo.json", "tdx/v4-oak/qe-identity.json", \
		    "tdx/v4-oak/pck.crl", __VA_ARGS__                     \
	}
#define COS_LOG COS_GIVEN(SIGNER_2025, "tdx/v4-cos113-ccel/ccel_data.dat")
#define COS_RULES(text) \
	"{\"rtmrs\":[2],\"required\":[{\"rtmr\":2,\"text\":\"" text "\"}]}"
#define COS_COMMAND "set default=2"

struct row {
	const char *name, *type, *quote;
	const char *given[FILES]; /* beside it */
	int64_t now;
	const char *tcb;    /* members of "tcb" */
	const char *failed; /* the first check that fails; NULL: accepted */
	bool debug;
	bool cut;           /* without what lies behind the quote */
	const char *events; /* JSON; then of no RTMR the value */
};

static const struct row rows[] = {
	{ "up to date", TDX, "tdx/v4-uptodate-phala/quote.bin",
	    { "tdx/v4-uptodate-phala/collateral.json" }, T_2025_06_20, "" },
	{ "up to date, without collateral", TDX,
	    "tdx/v4-uptodate-phala/quote.bin", { NULL }, T_2025_06_20, "",
	    "dcap.tcb.signer" },
	{ "up to date, a month later", TDX, "tdx/v4-uptodate-phala/quote.bin",
	    { "tdx/v4-uptodate-phala/collateral.json" }, T_2025_07_20, "",
	    "dcap.crl.pck" },
	{ "up to date, a month later, no lists", TDX,
	    "tdx/v4-uptodate-phala/quote.bin",
	    { "tdx/v4-uptodate-phala/collateral.json" }, T_2025_07_20, NO_LISTS,
	    "dcap.tcb.info" },
	{ "up to date, collateral of SGX", TDX,
	    "tdx/v4-uptodate-phala/quote.bin",
	    { "sgx/v3-phala/collateral.json" }, T_2025_06_20, NO_LISTS,
	    "dcap.tcb.info" },
	{ "up to date, collateral of another FMSPC", TDX,
	    "tdx/v4-uptodate-phala/quote.bin",
	    { "tdx/v4-oak/tcbinfo.json", "tdx/v4-oak/qe-identity.json",
		SIGNER_2025 },
	    T_2025_10_25, NO_LISTS, "dcap.tcb.info" },
	{ "up to date, TCB Info too old for the policy", TDX,
	    "tdx/v4-uptodate-phala/quote.bin",
	    { "tdx/v4-uptodate-phala/collateral.json" }, T_2025_06_20,
	    "\"max_age_s\":3600", "dcap.tcb.info" },
	{ "version 5", TDX, "tdx/v5-google/quote.dat",
	    { "tdx/v5-google/tcbinfo.json", "tdx/v5-google/qe-identity.json",
		SIGNER_2025 },
	    T_2026_02_03, NO_LISTS },
	{ "version 5, lists wanted", TDX, "tdx/v5-google/quote.dat",
	    { "tdx/v5-google/tcbinfo.json", "tdx/v5-google/qe-identity.json",
		SIGNER_2025 },
	    T_2026_02_03, "", "dcap.crl.root" },
	{ "bytes behind the quote", TDX, "tdx/v4-spr-google/quote.dat",
	    { "tdx/v4-spr-google/tcbinfo.json",
		"tdx/v4-spr-google/qe-identity.json",
		"tdx/v4-spr-google/pck.crl", "tdx/v4-spr-google/root.crl",
		SIGNER_2018 },
	    T_2023_07_01, "", "dcap.quote" },
	{ "no TCB level", TDX, "tdx/v4-spr-google/quote.dat",
	    { "tdx/v4-spr-google/tcbinfo.json",
		"tdx/v4-spr-google/qe-identity.json",
		"tdx/v4-spr-google/pck.crl", "tdx/v4-spr-google/root.crl",
		SIGNER_2018 },
	    T_2023_07_01, "", "dcap.tcb.level", .cut = true },
	{ "debug", TDX, "tdx/v4-debug-coco/quote.dat",
	    { "tdx/v4-spr-google/tcbinfo.json",
		"tdx/v4-spr-google/qe-identity.json",
		"tdx/v4-spr-google/pck.crl", "tdx/v4-spr-google/root.crl",
		SIGNER_2018 },
	    T_2023_07_01, "", "debug" },
	{ "debug allowed: up to date", TDX, "tdx/v4-debug-coco/quote.dat",
	    { "tdx/v4-spr-google/tcbinfo.json",
		"tdx/v4-spr-google/qe-identity.json",
		"tdx/v4-spr-google/pck.crl", "tdx/v4-spr-google/root.crl",
		SIGNER_2018 },
	    T_2023_07_01, "", NULL, .debug = true },
	{ "no level for Azure's", TDX, "tdx/v5-notsupported-azure/quote.bin",
	    { "tdx/v5-notsupported-azure/collateral.json" }, T_2026_03_01, "",
	    "dcap.tcb.level" },
	{ "no level for CoCo's", TDX, "tdx/v5-coco/quote.dat",
	    { "tdx/v5-notsupported-azure/collateral.json" }, T_2026_03_01, "",
	    "dcap.tcb.level" },
	{ "out of date, module 3", TDX, "tdx/v4-outofdate-coco/quote.dat",
	    { "tdx/v4-outofdate-coco/tcbinfo.json",
		"tdx/v4-outofdate-coco/qe-identity.json", SIGNER_2025 },
	    T_2025_11_10, NO_LISTS, "dcap.tcb.status" },
	{ "out of date, GCP", TDX, "tdx/v4-outofdate-gcp/quote.bin",
	    { "tdx/v4-outofdate-gcp/tcbinfo.json",
		"tdx/v4-outofdate-gcp/qe-identity.json",
		"tdx/v4-outofdate-gcp/pck.crl", "tdx/v4-outofdate-gcp/root.crl",
		SIGNER_2025 },
	    T_2025_07_20,
	    "\"advisories\":[\"INTEL-SA-00960\",\"INTEL-SA-00982\","
	    "\"INTEL-SA-00986\"]",
	    "dcap.tcb.status" },
	{ "out of date allowed, advisories not", TDX,
	    "tdx/v4-outofdate-gcp/quote.bin",
	    { "tdx/v4-outofdate-gcp/tcbinfo.json",
		"tdx/v4-outofdate-gcp/qe-identity.json",
		"tdx/v4-outofdate-gcp/pck.crl", "tdx/v4-outofdate-gcp/root.crl",
		SIGNER_2025 },
	    T_2025_07_20,
	    "\"status\":[\"OutOfDate\"],\"advisories\":[\"INTEL-SA-00960\","
	    "\"INTEL-SA-00982\"]",
	    "dcap.tcb.advisories" },
	{ "out of date and advisories allowed", TDX,
	    "tdx/v4-outofdate-gcp/quote.bin",
	    { "tdx/v4-outofdate-gcp/tcbinfo.json",
		"tdx/v4-outofdate-gcp/qe-identity.json",
		"tdx/v4-outofdate-gcp/pck.crl", "tdx/v4-outofdate-gcp/root.crl",
		SIGNER_2025 },
	    T_2025_07_20,
	    "\"status\":[\"OutOfDate\"],\"advisories\":[\"INTEL-SA-00960\","
	    "\"INTEL-SA-00982\",\"INTEL-SA-00986\"]" },
	{ "Oak: up to date", TDX, "tdx/v4-oak/quote.bin",
	    { "tdx/v4-oak/tcbinfo.json", "tdx/v4-oak/qe-identity.json",
		"tdx/v4-oak/pck.crl", SIGNER_2025 },
	    T_2025_10_25, NO_LISTS },
	{ "Oak, signer of collateral that has ended", TDX,
	    "tdx/v4-oak/quote.bin",
	    { "tdx/v4-oak/tcbinfo.json", "tdx/v4-oak/qe-identity.json",
		"tdx/v4-oak/pck.crl", SIGNER_2018 },
	    T_2025_10_25, NO_LISTS, "dcap.tcb.signer" },
	{ "COS, by a second reckoning of its levels", TDX,
	    "tdx/v4-cos113-ccel/quote.dat",
	    { "tdx/v4-oak/tcbinfo.json", "tdx/v4-oak/qe-identity.json",
		"tdx/v4-oak/pck.crl", SIGNER_2025 },
	    T_2025_10_25, NO_LISTS },
	{ "COS, its log, what GRUB ran", TDX, COS, COS_LOG, T_2025_10_25,
	    NO_LISTS, .events = COS_RULES(COS_COMMAND) },
	{ "COS, its log, GRUB ran something else", TDX, COS, COS_LOG,
	    T_2025_10_25, NO_LISTS, "tdx.event.required",
	    .events = COS_RULES("set default=3") },
	{ "COS without its log", TDX, COS, COS_GIVEN(SIGNER_2025), T_2025_10_25,
	    NO_LISTS, "tdx.event.log", .events = COS_RULES(COS_COMMAND) },
	{ "COS with the log of another", TDX, COS,
	    COS_GIVEN(SIGNER_2025, "tdx/eventlogs/ccel-grub-gke.bin"),
	    T_2025_10_25, NO_LISTS, "tdx.log.replay",
	    .events = COS_RULES(COS_COMMAND) },
	{ "COS with both logs", TDX, COS,
	    COS_GIVEN(SIGNER_2025, "tdx/eventlogs/ccel-grub-gke.bin",
		"tdx/v4-cos113-ccel/ccel_data.dat"),
	    T_2025_10_25, NO_LISTS, .events = COS_RULES(COS_COMMAND) },
	{ "a TDX quote called SGX", SGX, "tdx/v4-oak/quote.bin", { NULL },
	    T_2025_10_25, NO_LISTS, "dcap.quote" },
	{ "SGX", SGX, "sgx/v3-phala/quote.bin",
	    { "sgx/v3-phala/collateral.json" }, T_2025_06_20, "",
	    "dcap.tcb.status" },
	{ "SGX, status allowed", SGX, "sgx/v3-phala/quote.bin",
	    { "sgx/v3-phala/collateral.json" }, T_2025_06_20,
	    "\"status\":[\"ConfigurationAndSWHardeningNeeded\"]",
	    "dcap.tcb.advisories" },
	{ "SGX, status and advisories allowed", SGX, "sgx/v3-phala/quote.bin",
	    { "sgx/v3-phala/collateral.json" }, T_2025_06_20,
	    "\"status\":[\"ConfigurationAndSWHardeningNeeded\"],"
	    "\"advisories\":[\"INTEL-SA-00289\",\"INTEL-SA-00615\"]" },
	{ "SGX, platform CA, as hex", SGX, "sgx/v3-automata/quote.hex",
	    { "sgx/v3-automata/tcbinfo.json",
		"sgx/v3-automata/qe-identity.json", "sgx/v3-automata/pck.crl",
		SIGNER_2025 },
	    T_2025_08_20,
	    NO_LISTS ",\"status\":[\"SWHardeningNeeded\"],"
		     "\"advisories\":[\"INTEL-SA-00615\"]" },
	{ "SGX debug", SGX, "sgx/v3-occlum-coco/quote.dat",
	    { "sgx/v3-automata/tcbinfo.json",
		"sgx/v3-automata/qe-identity.json", "sgx/v3-automata/pck.crl",
		SIGNER_2025 },
	    T_2025_08_20,
	    NO_LISTS ",\"status\":[\"OutOfDate\"],\"advisories\":\"any\"",
	    "debug" },
	{ "SGX debug allowed: out of date", SGX, "sgx/v3-occlum-coco/quote.dat",
	    { "sgx/v3-automata/tcbinfo.json",
		"sgx/v3-automata/qe-identity.json", "sgx/v3-automata/pck.crl",
		SIGNER_2025 },
	    T_2025_08_20, NO_LISTS ",\"advisories\":\"any\"", "dcap.tcb.status",
	    .debug = true },
	{ "no time makes both current: before", SGX,
	    "sgx/v3-automata-solana/quote.bin",
	    { "sgx/v3-automata-solana/tcbinfo.json",
		"sgx/v3-automata-solana/qe-identity.json", SIGNER_2025 },
	    T_2025_05_20, NO_LISTS, "dcap.qe.info", .debug = true },
	{ "no time makes both current: after", SGX,
	    "sgx/v3-automata-solana/quote.bin",
	    { "sgx/v3-automata-solana/tcbinfo.json",
		"sgx/v3-automata-solana/qe-identity.json", SIGNER_2025 },
	    T_2025_06_10, NO_LISTS, "dcap.tcb.info", .debug = true },
	{ "SGX without collateral", SGX, "sgx/v3-fortanix/quote.bin",
	    { SIGNER_2025 }, T_2025_06_20, NO_LISTS, "dcap.tcb.info",
	    .debug = true },
	{ "corrupt identity", SGX, "sgx/v3-phala/quote.bin",
	    { "sgx/v3-automata/tcbinfo.json",
		"sgx/v3-certtypes/qe-identity-corrupt.json", SIGNER_2025 },
	    T_2025_08_20, NO_LISTS, "dcap.tcb.info" },
	{ "certification data of type 3", SGX,
	    "sgx/v3-certtypes/quote-certtype3.bin", { NULL }, T_2025_06_20, "",
	    "dcap.certificates" },
	{ "certification data of type 1", SGX, "sgx/intel-qvl-testca/quote.dat",
	    { NULL }, T_2024_01_01, "", "dcap.certificates" },
	{ NULL },
};

static const char *dir;

static struct span
load(const char *name)
{
	struct seal_diag d = { 0 };
	char path[512];
	uint8_t *p = NULL;
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (file_read(path, LIMIT_FILE, &p, &n, &d) != 0)
		fail_msg("%s", d.text);
	return span_of(p, n);
}

static void
unload(struct span s)
{
	free((void *)(uintptr_t)s.p);
}

/* Binary, of hex where the file is that; and cut where the row says so. */
static struct span
load_quote(const struct row *row)
{
	struct span s = load(row->quote), hex;
	struct wr w;

	if (row->cut)
		s.n -= 39;
	if (strstr(row->quote, ".hex") == NULL)
		return s;
	hex = s;
	while (hex.n > 0 && hex.p[hex.n - 1] <= ' ')
		hex.n--;
	wr_init_heap(&w, LIMIT_CMW);
	if (!hex_decode(hex, &w))
		fail_msg("%s", row->name);
	unload(s);
	return wr_view(&w);
}

static struct endorsements *
load_given(const struct row *row)
{
	struct endorsements *e = endorse_new();
	struct seal_diag d = { 0 };

	for (size_t i = 0; i < FILES && row->given[i] != NULL; i++) {
		struct span s = load(row->given[i]);

		if (endorse_add(e, row->given[i], s, &d) != 0)
			fail_msg("%s: %s", row->name, d.text);
		unload(s);
	}
	return e;
}

/* What learning wrote, with Intel's root in place of the pin, and the row's
 * rules; or, where nothing can be learned, one of any registers. */
static struct policy *
policy_for(const struct row *row, const char *learned)
{
	bool tdx = strcmp(row->type, TDX) == 0;
	struct seal_diag d = { 0 };
	struct policy *p = NULL;
	char text[1024], *whole;
	json_t *j, *entry;

	if (learned != NULL)
		j = json_loads(learned, 0, NULL);
	else
		j = json_pack("{s:i, s:i, s:{s:s}, s:[{s:s, s:{s:s}}]}",
		    "version", 1, "max_age_s", 60, "identity", "mode", "none",
		    "accept", "scheme", row->type, "measurements",
		    tdx ? "mrtd" : "mrenclave",
		    tdx ? "000000000000000000000000000000000000000000000000"
			  "000000000000000000000000000000000000000000000000"
			: "0000000000000000000000000000000000000000000000000"
			  "000000000000000");
	assert_non_null(j);
	entry = json_array_get(json_object_get(j, "accept"), 0);
	snprintf(text, sizeof(text), "%s/intel-certs/sgx-root-ca.pem", dir);
	json_object_set_new(entry, "signers", json_pack("[{s:s}]", "ca", text));
	json_object_del(entry, "root_sha256");
	json_object_set_new(entry, "debug", json_boolean(row->debug));
	if (row->events != NULL) {
		json_t *values = json_object_get(entry, "measurements");

		json_object_del(values, "rtmr2");
		json_object_set_new(
		    entry, "events", json_loads(row->events, 0, NULL));
	}
	snprintf(text, sizeof(text), "{%s}", row->tcb);
	json_object_set_new(entry, "tcb", json_loads(text, 0, NULL));
	whole = json_dumps(j, 0);
	if (policy_load(span_str(whole), "/", &p, &d) != 0)
		fail_msg("%s: %s\n%s", row->name, d.text, whole);
	free(whole);
	json_decref(j);
	return p;
}

static void
judge(const struct row *row, const struct appraisal_in *in, const char *learned)
{
	struct policy *p = policy_for(row, learned);
	struct seal_verdict *v = verdict_new();
	int r = appraise(p, in, v);
	const char *failed = first_failed(v);
	/* Report data of zeros binds nothing; all else can still be right. */
	const char *want = row->failed == NULL && !in->binder_known
			       ? "binder.known"
			       : row->failed;

	if (want == NULL ? r != 0 : r == 0 || strcmp(failed, want) != 0)
		fail_msg("%s: %d, '%s' failed, expected '%s': %s", row->name, r,
		    failed, want == NULL ? "nothing" : want,
		    v->diag == NULL ? "" : v->diag->text);
	seal_verdict_free(&v);
	policy_free(&p);
}

/* The report data, as far as there is any; false where it is all zero. */
static bool
bind(const struct row *row, struct span quote, struct seal_binding *ret)
{
	uint8_t value[QUOTE_REPORT_DATA] = { 1 };
	struct sgx_report s;
	struct td_report t;
	struct quote q;

	if (quote_parse(quote, &q, NULL) == 0) {
		if (q.tee == QUOTE_TDX && td_report_read(&q, &t))
			memcpy(value, t.report_data.p, sizeof(value));
		else if (sgx_report_read(q.body, &s))
			memcpy(value, s.report_data.p, sizeof(value));
	}
	if (binding_replay(span_of(value, sizeof(value)), span_of(NULL, 0), ret,
		NULL) != 0)
		fail_msg("%s", row->name);
	for (size_t i = 0; i < sizeof(value); i++)
		if (value[i] != 0)
			return true;
	return false;
}

static void
every_sample(void **state)
{
	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++) {
		struct span quote = load_quote(row);
		struct endorsements *given = load_given(row);
		struct seal_verdict *v = verdict_new();
		struct seal_binding b;
		struct seal_diag d = { 0 };
		struct appraisal_in in = { .media_type = span_str(row->type),
			.evidence = quote,
			.expected = &b,
			.carrier = SEAL_LEVEL_TRAFFIC,
			.now = row->now,
			.endorse = given };
		char *learned = NULL;

		in.binder_known = bind(row, quote, &b);
		(void)appraise_observe(&in, NULL, v, &learned, &d);
		judge(row, &in, learned);
		free(learned);
		seal_verdict_free(&v);
		endorse_free(&given);
		unload(quote);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_sample) };

	dir = getenv("SEAL_EVIDENCE");
	if (dir == NULL || dir[0] == '\0') {
		puts("SEAL_EVIDENCE is not set: no real samples");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
