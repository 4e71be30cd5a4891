/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real SEV-SNP reports that others made (folder sev-snp of SEAL_EVIDENCE; its
 * PROVENANCE.md says what to expect). They are not part of this project, so
 * without them this test skips.
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
#include "format/snp.h"
#include "format/tsm_report.h"

#define MILAN "chains/milan-vcek-ask-ark.pem"
#define MILAN_VLEK "chains/milan-vlek-ask-ark.pem"
#define GENOA "chains/genoa-vcek-ask-ark.pem"
#define TURIN "chains/turin-vcek-ask-ark.pem"

/* Seconds since 1970 of midnight. */
#define T_2022_01_01 INT64_C(1640995200)
#define T_2023_01_01 INT64_C(1672531200)
#define T_2024_01_01 INT64_C(1704067200)
#define T_2025_06_01 INT64_C(1748736000)
#define T_2025_08_01 INT64_C(1754006400)
#define T_2025_09_01 INT64_C(1756684800)
#define T_2026_06_01 INT64_C(1780272000)

struct row {
	const char *name, *report, *cert, *ca;
	int64_t now;
	const char *failed; /* the first check that fails; NULL: accepted */
	bool debug, tsm;
	const char *rules; /* members of the entry, over what is learned */
};

static const struct row rows[] = {
	{ "Milan 2, debug", "milan-v2-google/report.bin",
	    "milan-v2-google/vcek.der", MILAN, T_2023_01_01, "debug" },
	{ "Milan 2, debug allowed", "milan-v2-google/report.bin",
	    "milan-v2-google/vcek.der", MILAN, T_2023_01_01, .debug = true },
	{ "before its certificate", "milan-v2-google/report.bin",
	    "milan-v2-google/vcek.der", MILAN, T_2022_01_01, "signer",
	    .debug = true },
	{ "Milan 2", "milan-v2-virtee/report.hex", "milan-v2-virtee/vcek.der",
	    MILAN, T_2024_01_01 },
	{ "Milan 2, ABI 31", "milan-v2-coco/report.bin",
	    "milan-v2-coco/vcek.der", MILAN, T_2024_01_01 },
	{ "tampered certificate", "milan-v2-coco/report.bin",
	    "milan-v2-coco/vcek-invalid-legacy.der", MILAN, T_2024_01_01,
	    "snp.signature" },
	{ "another tampered certificate", "milan-v2-coco/report.bin",
	    "milan-v2-coco/vcek-invalid-new.der", MILAN, T_2024_01_01,
	    "snp.signature" },
	{ "certificate of another chip", "milan-v2-coco/report.bin",
	    "milan-v2-virtee/vcek.der", MILAN, T_2024_01_01, "snp.signature" },
	{ "no certificate", "milan-v2-coco/report.bin", NULL, MILAN,
	    T_2024_01_01, "snp.certificate" },
	{ "roots of VLEKs", "milan-v2-coco/report.bin",
	    "milan-v2-coco/vcek.der", GENOA, T_2024_01_01, "signer" },
	{ "no list where one is needed", "milan-v2-coco/report.bin",
	    "milan-v2-coco/vcek.der", MILAN, T_2024_01_01, "snp.crl",
	    .rules = "{\"crl\":true}" },
	{ "committed TCB above", "milan-v2-coco/report.bin",
	    "milan-v2-coco/vcek.der", MILAN, T_2024_01_01, "snp.tcb.committed",
	    .rules = "{\"tcb\":{\"reported\":{\"boot_loader\":3,\"tee\":0,"
		     "\"snp\":8,\"microcode\":115},\"committed\":{"
		     "\"boot_loader\":3,\"tee\":0,\"snp\":8,"
		     "\"microcode\":116}}}" },
	{ "VLEK, VMPL 1, hidden chip", "milan-v3-vlek-coco/report.bin",
	    "milan-v3-vlek-coco/vlek.der", MILAN_VLEK, T_2025_06_01 },
	{ "VLEK that has expired", "milan-v3-vlek-coco/report.bin",
	    "milan-v3-vlek-coco/vlek.der", MILAN_VLEK, T_2026_06_01, "signer" },
	{ "VLEK under the roots of VCEKs", "milan-v3-vlek-coco/report.bin",
	    "milan-v3-vlek-coco/vlek.der", TURIN, T_2025_06_01, "signer" },
	{ "VMPL 1 where 0 is wanted", "milan-v3-vlek-coco/report.bin",
	    "milan-v3-vlek-coco/vlek.der", MILAN_VLEK, T_2025_06_01, "snp.vmpl",
	    .rules = "{\"vmpl\":0}" },
	{ "Milan 3", "milan-v3-oak/report.bin", "milan-v3-oak/vcek.der", MILAN,
	    T_2025_06_01 },
	{ "Milan 3, Genoa wanted", "milan-v3-oak/report.bin",
	    "milan-v3-oak/vcek.der", MILAN, T_2025_06_01, "snp.processor",
	    .rules = "{\"product\":\"Genoa\"}" },
	{ "Genoa 5", "genoa-v5-oak/report.bin", "genoa-v5-oak/vcek.der", GENOA,
	    T_2025_09_01 },
	{ "Genoa 5 under Milan's root", "genoa-v5-oak/report.bin",
	    "genoa-v5-oak/vcek.der", MILAN, T_2025_09_01, "signer" },
	{ "Turin 5", "turin-v5-oak/report.bin", "turin-v5-oak/vcek.der", TURIN,
	    T_2025_08_01 },
	{ "Turin 5, newer microcode wanted", "turin-v5-oak/report.bin",
	    "turin-v5-oak/vcek.der", TURIN, T_2025_08_01, "snp.tcb.reported",
	    .rules = "{\"tcb\":{\"reported\":{\"boot_loader\":1,\"tee\":0,"
		     "\"snp\":2,\"microcode\":72,\"fmc\":0}}}" },
	{ "Turin 5, certificate of another chip", "turin-v5-oak/report.bin",
	    "turin-vcek-virtee/vcek.der", TURIN, T_2025_08_01,
	    "snp.signature" },
	{ "TSM report with a table of PEM", "veraison-tsm/tsm-report.cbor",
	    NULL, GENOA, T_2025_06_01, .tsm = true },
	{ "TSM report in JSON", "veraison-tsm/tsm-report.json", NULL, GENOA,
	    T_2025_06_01, .tsm = true },
	{ "TSM report under another root", "veraison-tsm/tsm-report.cbor", NULL,
	    TURIN, T_2025_06_01, "signer", .tsm = true },
	{ NULL },
};

static char dir[400];

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

static struct span
load_report(const struct row *row)
{
	struct span s = load(row->report), hex = s;
	struct wr w;

	if (strstr(row->report, ".hex") == NULL)
		return s;
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
	struct span s;

	if (row->cert == NULL)
		return e;
	s = load(row->cert);
	if (endorse_add(e, row->cert, s, &d) != 0)
		fail_msg("%s: %s", row->name, d.text);
	unload(s);
	return e;
}

/* What learning wrote with AMD's root in place of the pin, and the row's own
 * rules over it; or one of anything, where nothing could be learned. */
static struct policy *
policy_for(const struct row *row, const char *learned)
{
	static const char any[] =
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"" SNP_TYPE "\",\"measurements\":{"
	    "\"measurement\":\"0000000000000000000000000000000000000000000000"
	    "00000000000000000000000000000000000000000000000000\"},"
	    "\"tcb\":{\"reported\":{\"boot_loader\":0,\"tee\":0,\"snp\":0,"
	    "\"microcode\":0}}}]}";
	json_t *j = json_loads(learned != NULL ? learned : any, 0, NULL);
	struct seal_diag d = { 0 };
	struct policy *p = NULL;
	char path[512], *whole;
	json_t *entry, *rules;

	assert_non_null(j);
	entry = json_array_get(json_object_get(j, "accept"), 0);
	snprintf(path, sizeof(path), "%s/%s", dir, row->ca);
	json_object_set_new(entry, "signers", json_pack("[{s:s}]", "ca", path));
	json_object_set_new(entry, "debug", json_boolean(row->debug));
	if (row->rules != NULL) {
		rules = json_loads(row->rules, 0, NULL);
		assert_non_null(rules);
		json_object_update(entry, rules);
		json_decref(rules);
	}
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
bind(const struct row *row, struct span in, struct seal_binding *ret)
{
	uint8_t value[64] = { 1 };
	struct snp_report rep;
	struct snp_table t;
	struct span report = in;
	struct tsm_report tsm;
	struct wr w;

	wr_init_heap(&w, TSM_REPORT_MAX);
	if (row->tsm) {
		assert_int_equal(
		    tsm_report_parse(in, span_str(TSM_REPORT_TYPE), &tsm, NULL),
		    0);
		tsm_report_evidence(&tsm, &w);
		tsm_report_wipe(&tsm);
		assert_int_equal(
		    snp_evidence_parse(wr_view(&w), &report, &t, NULL), 0);
	}
	assert_int_equal(snp_report_parse(report, &rep, NULL), 0);
	memcpy(value, rep.report_data.p, sizeof(value));
	wr_free(&w);
	assert_int_equal(binding_replay(span_of(value, sizeof(value)),
			     span_of(NULL, 0), ret, NULL),
	    0);
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
		struct span report = load_report(row);
		struct endorsements *given = load_given(row);
		struct seal_verdict *v = verdict_new();
		struct seal_binding b;
		struct seal_diag d = { 0 };
		struct appraisal_in in = {
			.media_type =
			    span_str(row->tsm ? TSM_REPORT_TYPE : SNP_TYPE),
			.evidence = report,
			.expected = &b,
			.carrier = SEAL_LEVEL_TRAFFIC,
			.now = row->now,
			.endorse = given,
		};
		char *learned = NULL;

		in.binder_known = bind(row, report, &b);
		(void)appraise_observe(&in, NULL, v, &learned, &d);
		judge(row, &in, learned);
		free(learned);
		seal_verdict_free(&v);
		endorse_free(&given);
		unload(report);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_sample) };
	const char *root = getenv("SEAL_EVIDENCE");

	if (root == NULL || root[0] == '\0') {
		puts("SEAL_EVIDENCE is not set: no real samples");
		return 77;
	}
	snprintf(dir, sizeof(dir), "%s/sev-snp", root);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
