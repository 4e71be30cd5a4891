/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cbor/cbor.h"
#include "format/corim.h"
#include "format/tsm_report.h"
#include "snp_fixture.h"

#define RSA_SIZE 256 /* bytes of a signature of the test's CAs */
#define STEP 7

/* ---- Judging ---- */

#define TCB(a, b, c, d)                                      \
	"{\"boot_loader\":" #a ",\"tee\":" #b ",\"snp\":" #c \
	",\"microcode\":" #d "}"
#define REPORTED "\"tcb\":{\"reported\":" TCB(3, 0, 8, 115) "}"
#define M32 "11111111111111111111111111111111"
#define S32 "07070707070707070707070707070707"
#define MEASURED "\"measurements\":{\"measurement\":\"" M32 M32 M32 "\"}"

static struct policy *
policy_of(
    const char *rules, const char *anchor, bool debug, struct seal_diag *d)
{
	struct policy *p = NULL;
	char text[4096];

	snprintf(text, sizeof(text),
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"%s\",\"signers\":[{\"ca\":\"%s\"}],"
	    "\"debug\":%s,%s}]}",
	    SNP_TYPE, anchor, debug ? "true" : "false", rules);
	(void)policy_load(span_str(text), "/", &p, d);
	return p;
}

static int
judge_type(const struct policy *p, const char *type, struct span evidence,
    struct endorsements *e, int64_t now, char *ret_failed)
{
	struct seal_verdict *v = verdict_new();
	uint8_t binder[32];
	struct seal_binding b;
	struct appraisal_in in = { .media_type = span_str(type),
		.evidence = evidence,
		.expected = &b,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = now,
		.binder_known = true,
		.endorse = e };
	int r;

	memset(binder, 0xb1, sizeof(binder));
	assert_int_equal(binding_replay(span_of(binder, sizeof(binder)),
			     span_of(NULL, 0), &b, NULL),
	    0);
	r = appraise(p, &in, v);
	ret_failed[0] = '\0';
	for (size_t i = 0; i < v->n_checks && ret_failed[0] == '\0'; i++)
		if (v->checks[i].status == SEAL_CHECK_FAILED)
			snprintf(ret_failed, 64, "%s", v->checks[i].name);
	assert_int_equal(r == 0, v->outcome == SEAL_ACCEPTED);
	seal_verdict_free(&v);
	return r;
}

static int
judge(const struct policy *p, struct span evidence, struct endorsements *e,
    int64_t now, char *ret_failed)
{
	return judge_type(p, SNP_TYPE, evidence, e, now, ret_failed);
}

#define CHANGE(at, ...)                                                       \
	{                                                                     \
		at, { __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}
#define NO_CRL REPORTED "," MEASURED ",\"crl\":false"
#define WITH_CRL REPORTED "," MEASURED
#define ZEROS8 0, 0, 0, 0, 0, 0, 0, 0
#define HIDDEN                                                               \
	CHANGE(0x1a0, ZEROS8), CHANGE(0x1a8, ZEROS8), CHANGE(0x1b0, ZEROS8), \
	    CHANGE(0x1b8, ZEROS8), CHANGE(0x1c0, ZEROS8),                    \
	    CHANGE(0x1c8, ZEROS8), CHANGE(0x1d0, ZEROS8),                    \
	    CHANGE(0x1d8, ZEROS8)

struct row {
	const char *name;
	uint8_t version;
	struct snp_change changes[12];
	struct snp_given given;
	const char *rules;
	const char *failed; /* NULL: accepted */
	bool other_root, debug;
	int64_t later;
};

static const struct row rows[] = {
	{ "version 2", 2, { { 0 } }, { VCEK, true }, NO_CRL },
	{ "version 3", 3, { { 0 } }, { VCEK, true }, NO_CRL },
	{ "version 5", 5, { CHANGE(0x1f8, 9) }, { VCEK, true }, NO_CRL },
	{ "version 6", 6, { CHANGE(0x220, 9) }, { VCEK, true }, NO_CRL },
	{ "version 1", 1, { { 0 } }, { VCEK, true }, NO_CRL, "snp.form" },
	{ "version 7", 7, { { 0 } }, { VCEK, true }, NO_CRL, "snp.form" },
	{ "mitigations in version 3", 3, { CHANGE(0x1f8, 9) }, { VCEK, true },
	    NO_CRL, "snp.form" },
	{ "reserved field", 2, { CHANGE(0x4c, 1) }, { VCEK, true }, NO_CRL,
	    "snp.form" },
	{ "CPUID in version 2", 2, { CHANGE(0x188, 0x19) }, { VCEK, true },
	    NO_CRL, "snp.form" },
	{ "policy without its one", 2, { CHANGE(0x0a, 0) }, { VCEK, true },
	    NO_CRL, "snp.form" },
	{ "algorithm", 2, { CHANGE(0x34, 2) }, { VCEK, true }, NO_CRL,
	    "snp.form" },
	{ "unknown processor", 3, { CHANGE(0x188, 0x1b) }, { VCEK, true },
	    NO_CRL, "snp.form" },
	{ "unsigned", 2, { CHANGE(0x48, 7 << 2) }, { VCEK, true }, NO_CRL,
	    "snp.signer" },
	{ "VLEK called for", 2, { CHANGE(0x48, 1 << 2) }, { VCEK, true },
	    NO_CRL, "snp.certificate" },
	{ "VLEK", 3, { CHANGE(0x48, 1 << 2), HIDDEN }, { VLEK, true }, NO_CRL },
	{ "VLEK for a VCEK", 3, { { 0 } }, { VLEK, true }, NO_CRL,
	    "snp.certificate" },
	/* MASK_CHIP_ID shows in the zeros alone; MASK_CHIP_KEY is another. */
	{ "hidden chip", 3, { HIDDEN }, { VCEK, true }, NO_CRL },
	{ "hidden chip, this one wanted", 3, { HIDDEN }, { VCEK, true },
	    NO_CRL ",\"chip_id\":\"" S32 S32 S32 S32 "\"", "snp.chip_id" },
	{ "another chip", 3, { CHANGE(0x1a0, 8) }, { VCEK, true }, NO_CRL,
	    "snp.chip" },
	{ "another product", 3, { CHANGE(0x189, 0x11) }, { VCEK, true }, NO_CRL,
	    "snp.product" },
	{ "certificate of another TCB", 2, { { 0 } }, { VCEK_NEWER, true },
	    NO_CRL, "snp.tcb.certified" },
	{ "bytes between the TCB's parts", 2, { CHANGE(0x182, 1) },
	    { VCEK, true }, NO_CRL, "snp.tcb.certified" },
	{ "Turin", 5,
	    { CHANGE(0x180, 4, 1, 2, 3, 0, 0, 0, 0xd9), CHANGE(0x188, 0x1a, 2),
		CHANGE(0x1a8, ZEROS8), CHANGE(0x1b0, ZEROS8),
		CHANGE(0x1b8, ZEROS8), CHANGE(0x1c0, ZEROS8),
		CHANGE(0x1c8, ZEROS8), CHANGE(0x1d0, ZEROS8),
		CHANGE(0x1d8, ZEROS8) },
	    { VCEK_TURIN, true },
	    "\"tcb\":{\"reported\":" TCB(
		1, 2, 3, 217) "},\"crl\":false," MEASURED },
	{ "Turin, more behind its 8 bytes", 5,
	    { CHANGE(0x180, 4, 1, 2, 3, 0, 0, 0, 0xd9),
		CHANGE(0x188, 0x1a, 2) },
	    { VCEK_TURIN, true }, NO_CRL, "snp.chip" },
	{ "no issuer", 2, { { 0 } }, { VCEK, false }, NO_CRL, "signer" },
	{ "other root", 2, { { 0 } }, { VCEK, true }, NO_CRL, "signer",
	    .other_root = true },
	{ "a year later", 2, { { 0 } }, { VCEK, true }, NO_CRL, "signer",
	    .later = 366 * DAY },
	{ "debug", 2, { CHANGE(0x0a, 0x0a) }, { VCEK, true }, NO_CRL, "debug" },
	{ "debug allowed", 2, { CHANGE(0x0a, 0x0a) }, { VCEK, true }, NO_CRL,
	    .debug = true },
	{ "migration agent", 2, { CHANGE(0x0a, 0x06) }, { VCEK, true }, NO_CRL,
	    "snp.policy" },
	{ "migration agent wanted", 2, { CHANGE(0x0a, 0x06) }, { VCEK, true },
	    NO_CRL ",\"policy\":{\"migration_agent\":true}" },
	{ "SMT", 2, { CHANGE(0x0a, 0x03) }, { VCEK, true },
	    NO_CRL ",\"policy\":{\"smt\":false}", "snp.policy" },
	{ "VMPL", 2, { CHANGE(0x30, 1) }, { VCEK, true }, NO_CRL, "snp.vmpl" },
	{ "VMPL allowed", 2, { CHANGE(0x30, 1) }, { VCEK, true },
	    NO_CRL ",\"vmpl\":1" },
	{ "another measurement", 2, { CHANGE(0x90, 0x12) }, { VCEK, true },
	    NO_CRL, "snp.measurement" },
	{ "another binder", 2, { CHANGE(0x50, 0xb2) }, { VCEK, true }, NO_CRL,
	    "binder" },
	{ "more behind the binder", 2, { CHANGE(0x8f, 1) }, { VCEK, true },
	    NO_CRL, "binder" },
	{ "reported TCB", 2, { { 0 } }, { VCEK, true },
	    "\"tcb\":{\"reported\":" TCB(
		3, 0, 8, 116) "},\"crl\":false," MEASURED,
	    "snp.tcb.reported" },
	{ "committed TCB", 2, { CHANGE(0x1e0, 2) }, { VCEK, true },
	    "\"tcb\":{\"reported\":" TCB(3, 0, 8, 115) ",\"committed\":" TCB(
		3, 0, 8, 115) "},\"crl\":false," MEASURED,
	    "snp.tcb.committed" },
	{ "launch TCB", 2, { CHANGE(0x1f6, 7) }, { VCEK, true },
	    "\"tcb\":{\"reported\":" TCB(3, 0, 8, 115) ",\"launch\":" TCB(
		3, 0, 8, 115) "},\"crl\":false," MEASURED,
	    "snp.tcb.launch" },
	{ "image id", 2, { { 0 } }, { VCEK, true },
	    NO_CRL ",\"image_id\":\"" M32 "\"", "snp.image_id" },
	{ "family id", 2, { { 0 } }, { VCEK, true },
	    NO_CRL ",\"family_id\":\"" M32 "\"", "snp.family_id" },
	{ "host data", 2, { { 0 } }, { VCEK, true },
	    NO_CRL ",\"host_data\":\"" M32 M32 "\"", "snp.host_data" },
	{ "chip id", 2, { { 0 } }, { VCEK, true },
	    NO_CRL ",\"chip_id\":\"" M32 M32 M32 M32 "\"", "snp.chip_id" },
	{ "processor", 2, { { 0 } }, { VCEK, true },
	    NO_CRL ",\"product\":\"Turin\"", "snp.processor" },
	{ "a list", 2, { { 0 } }, { VCEK, true, .list = 1 }, WITH_CRL },
	{ "no list", 2, { { 0 } }, { VCEK, true }, WITH_CRL, "snp.crl" },
	{ "an old list", 2, { { 0 } }, { VCEK, true, .list = 1 }, WITH_CRL,
	    "snp.crl", .later = 11 * DAY },
	{ "on the list", 2, { { 0 } }, { VCEK, true, .list = 2 }, WITH_CRL,
	    "snp.crl" },
	{ "another root of that name beside it", 2, { { 0 } },
	    { VCEK, true, true, 1 }, WITH_CRL },
	{ NULL },
};

static void
every_state(void **state)
{
	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++) {
		struct endorsements *e = snp_endorse(&row->given);
		struct seal_diag d = { 0 };
		struct policy *p = policy_of(row->rules,
		    row->other_root ? snp_other_root_file() : snp_root_file(),
		    row->debug, &d);
		uint8_t rep[SNP_REPORT_SIZE];
		char failed[64];
		int r;

		if (p == NULL)
			fail_msg("%s: %s", row->name, d.text);
		snp_make_report(rep, row->version, row->changes, 12);
		r = judge(
		    p, span_of(rep, sizeof(rep)), e, NOW + row->later, failed);
		if (strcmp(failed, row->failed == NULL ? "" : row->failed) !=
			0 ||
		    (r == 0) != (row->failed == NULL))
			fail_msg("%s: %d, '%s' failed", row->name, r, failed);
		policy_free(&p);
		endorse_free(&e);
	}
}

/* What firmware writes whose MASK_CHIP_KEY is set: no signature at all, or
 * half of one. */
static void
no_signature(void **state)
{
	static const struct {
		size_t at, n;
	} blank[] = { { 0x2a0, 144 }, { 0x2a0, 48 }, { 0x2a0 + 72, 48 } };
	const struct snp_given g = { VCEK, true, false, 0 };
	struct policy *p = policy_of(NO_CRL, snp_root_file(), false, NULL);
	struct endorsements *e = snp_endorse(&g);
	uint8_t rep[SNP_REPORT_SIZE];
	char failed[64];

	(void)state;
	for (size_t i = 0; i < sizeof(blank) / sizeof(blank[0]); i++) {
		snp_make_report(rep, 3, NULL, 0);
		memset(rep + blank[i].at, 0, blank[i].n);
		assert_int_not_equal(
		    judge(p, span_of(rep, sizeof(rep)), e, NOW, failed), 0);
		assert_string_equal(failed, "snp.signer");
	}
	policy_free(&p);
	endorse_free(&e);
}

/* Of the report, signature and padding included, no byte may change. */
static void
every_byte_of_the_report(void **state)
{
	const struct snp_given g = { VCEK, true, false, 0 };
	struct endorsements *e = snp_endorse(&g);
	struct policy *p = policy_of(NO_CRL, snp_root_file(), false, NULL);
	uint8_t rep[SNP_REPORT_SIZE], longer[SNP_REPORT_SIZE + 1] = { 0 };
	char failed[64];

	(void)state;
	snp_make_report(rep, 3, NULL, 0);
	assert_int_equal(
	    judge(p, span_of(rep, sizeof(rep)), e, NOW, failed), 0);
	for (size_t i = 0; i < sizeof(rep); i++) {
		rep[i] ^= 1;
		if (judge(p, span_of(rep, sizeof(rep)), e, NOW, failed) == 0)
			fail_msg("byte %zx", i);
		rep[i] ^= 1;
	}
	for (size_t n = 0; n < sizeof(rep); n += 37)
		assert_int_not_equal(
		    judge(p, span_of(rep, n), e, NOW, failed), 0);
	memcpy(longer, rep, sizeof(rep));
	assert_int_not_equal(
	    judge(p, span_of(longer, sizeof(longer)), e, NOW, failed), 0);
	policy_free(&p);
	endorse_free(&e);
}

/* Of the leaf what AMD wrote, which starts with the first of its extensions;
 * the rest of both certificates at every few bytes. */
static size_t
step_from(enum snp_who w, size_t i)
{
	static const uint8_t amd[] = { 0x2b, 6, 1, 4, 1, 0x9c, 0x78, 1 };
	const uint8_t *first =
	    memmem(snp_der[w].p, snp_der[w].n, amd, sizeof(amd));
	size_t signature = snp_der[w].n - RSA_SIZE;

	return first != NULL && i >= (size_t)(first - snp_der[w].p) &&
		       i < signature
		   ? 1
		   : STEP;
}

static void
bytes_of_the_certificates(void **state)
{
	static const enum snp_who which[] = { VCEK, ASK };
	struct policy *p = policy_of(NO_CRL, snp_root_file(), false, NULL);
	const struct snp_given g = { VCEK, true, false, 0 };
	uint8_t rep[SNP_REPORT_SIZE];
	char failed[64];

	(void)state;
	snp_make_report(rep, 3, NULL, 0);
	for (size_t w = 0; w < 2; w++)
		for (size_t i = 0; i < snp_der[which[w]].n;
		     i += step_from(which[w], i)) {
			uint8_t *byte =
			    (uint8_t *)(uintptr_t)&snp_der[which[w]].p[i];
			struct endorsements *e;

			*byte ^= 1;
			e = snp_endorse(&g);
			if (judge(p, span_of(rep, sizeof(rep)), e, NOW,
				failed) == 0)
				fail_msg("certificate %zu, byte %zu", w, i);
			endorse_free(&e);
			*byte ^= 1;
		}
	policy_free(&p);
}

/* As the kernel hands it over: behind the report, here as DER. */
static void
certificate_table(void **state)
{
	struct policy *p = policy_of(NO_CRL, snp_root_file(), false, NULL);
	uint8_t all[SNP_REPORT_SIZE + 8192];
	char failed[64];
	size_t n;

	(void)state;
	snp_make_report(all, 3, NULL, 0);
	n = SNP_REPORT_SIZE + snp_certificates(all + SNP_REPORT_SIZE, 8192);
	assert_int_equal(judge(p, span_of(all, n), NULL, NOW, failed), 0);
	/* Padding up to a page is fine, a part that is cut off is not. */
	assert_int_equal(judge(p, span_of(all, n + 100), NULL, NOW, failed), 0);
	for (size_t i = SNP_REPORT_SIZE; i < n; i += 29)
		assert_int_not_equal(
		    judge(p, span_of(all, i), NULL, NOW, failed), 0);
	policy_free(&p);
}

/* ---- In a report of configfs-tsm ---- */

static void
put_tsm(struct wr *w, bool json, struct span report, const char *provider)
{
	wr_init_heap(w, TSM_REPORT_MAX);
	if (json) {
		wr_printf(w, "{\"provider\":\"%s\",\"outblob\":\"", provider);
		b64url_encode(report, w);
		wr_printf(w, "\"}");
		return;
	}
	cbor_put_map(w, 2);
	cbor_put_text(w, span_str("outblob"));
	cbor_put_bytes(w, report);
	cbor_put_text(w, span_str("provider"));
	cbor_put_text(w, span_str(provider));
}

/* Judged, and noted, as what its provider makes it. */
static void
wrapped(void **state)
{
	static const struct {
		const char *name, *type, *provider, *failed;
		bool json;
	} forms[] = {
		{ "CBOR", TSM_REPORT_TYPE, "sev_guest", "" },
		{ "JSON", TSM_REPORT_JSON_TYPE, "sev_guest", "", .json = true },
		{ "with its provider", TSM_REPORT_TYPE "; provider=sev_guest",
		    "sev_guest", "" },
		{ "with another", TSM_REPORT_TYPE "; provider=tdx_guest",
		    "sev_guest", "tsm.form" },
		{ "of another provider", TSM_REPORT_TYPE, "tdx_guest",
		    "scheme" },
		{ "of no provider", TSM_REPORT_TYPE, "svsm", "tsm.form" },
		{ "called a report", SNP_TYPE, "sev_guest", "snp.form" },
	};
	const struct snp_given g = { VCEK, true, false, 0 };
	struct policy *p = policy_of(NO_CRL, snp_root_file(), false, NULL);
	struct span types[POLICY_ENTRIES_MAX];
	struct endorsements *e = snp_endorse(&g);
	uint8_t rep[SNP_REPORT_SIZE];
	char failed[64];

	(void)state;
	snp_make_report(rep, 3, NULL, 0);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct wr w;

		put_tsm(&w, forms[i].json, span_of(rep, sizeof(rep)),
		    forms[i].provider);
		(void)judge_type(p, forms[i].type, wr_view(&w), e, NOW, failed);
		if (strcmp(failed, forms[i].failed) != 0)
			fail_msg("%s: '%s' failed", forms[i].name, failed);
		wr_free(&w);
	}
	/* Peers hear that they may send it. */
	assert_int_equal(policy_media_types(p, types, POLICY_ENTRIES_MAX), 3);
	assert_true(span_is(types[0], SNP_TYPE));
	assert_true(span_is(types[1], TSM_REPORT_TYPE));
	assert_true(span_is(types[2], TSM_REPORT_JSON_TYPE));
	policy_free(&p);
	endorse_free(&e);
}

static void
rules_that_are_none(void **state)
{
	static const char *const bad[] = {
		MEASURED,
		REPORTED,
		REPORTED ",\"measurements\":{}",
		REPORTED ",\"measurements\":{\"measurement\":\"\"}",
		REPORTED ",\"measurements\":{\"id_key\":\"" M32 M32 M32 "\"}",
		REPORTED ",\"measurements\":{\"measurement\":\"" M32 M32 "\"}",
		REPORTED ",\"measurements\":{\"measurement\":\"" M32 M32 M32
			 "11\"}",
		"\"tcb\":{}," MEASURED,
		"\"tcb\":{\"reported\":{}}," MEASURED,
		"\"tcb\":{\"reported\":{\"boot_loader\":1,\"tee\":0,"
		"\"snp\":256,\"microcode\":1}}," MEASURED,
		NO_CRL ",\"vmpl\":4",
		NO_CRL ",\"policy\":{\"debug\":true}",
		NO_CRL ",\"product\":\"Rome\"",
		NO_CRL ",\"host_data\":\"\"",
		NO_CRL ",\"chip_id\":\"" M32 "\"",
		REPORTED "," MEASURED ",\"crl\":0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct seal_diag d = { 0 };
		struct policy *p =
		    policy_of(bad[i], snp_root_file(), false, &d);

		if (p != NULL || d.code != SEAL_E_CONFIG)
			fail_msg("%s: %s", bad[i], d.text);
	}
}

/* ---- CoRIMs in the terms of AMD's profile ---- */

#define AMD_RIM "tag:amd.com,2024:snp-corim-profile"

/* What the CoRIM states beside the launch digest. */
enum rim_shape {
	RIM_PLAIN,
	RIM_ALL, /* TCB, policy, chip */
	RIM_OTHER_DIGEST,
	RIM_OTHER_GUEST, /* in the environment alone */
	RIM_OTHER_CLASS,
	RIM_OTHER_TCB,
	RIM_OTHER_CHIP,
	RIM_NO_DIGEST,
	RIM_ID_KEY,
	RIM_TEXT_KEY,
};

static void
rim_key(struct wr *w, uint64_t mkey, uint64_t value)
{
	cbor_put_map(w, 2);
	cbor_put_uint(w, 0);
	cbor_put_uint(w, mkey);
	cbor_put_uint(w, 1);
	cbor_put_map(w, 1);
	cbor_put_uint(w, value);
}

static void
rim_digest(struct wr *w, uint64_t mkey, uint8_t fill)
{
	uint8_t digest[48];

	memset(digest, fill, sizeof(digest));
	rim_key(w, mkey, COMID_DIGESTS);
	cbor_put_array(w, 1);
	comid_put_digest(w, COMID_SHA384, span_of(digest, sizeof(digest)));
}

static void
rim_measurements(struct wr *w, enum rim_shape s)
{
	static const uint8_t policy[8] = { 0, 0, 0, 0, 0, 2, 0, 0 };
	uint8_t chip[SNP_CHIP_ID];

	memset(chip, s == RIM_OTHER_CHIP ? 8 : 7, sizeof(chip));
	cbor_put_array(w, s == RIM_PLAIN || s == RIM_OTHER_DIGEST ||
				  s == RIM_OTHER_GUEST || s == RIM_OTHER_CLASS
			      ? 1
			  : s == RIM_ID_KEY                         ? 2
			  : s == RIM_NO_DIGEST || s == RIM_TEXT_KEY ? 1
								    : 4);
	if (s == RIM_TEXT_KEY) {
		cbor_put_map(w, 2);
		cbor_put_uint(w, 0);
		cbor_put_text(w, span_str("measurement"));
		cbor_put_uint(w, 1);
		cbor_put_map(w, 1);
		cbor_put_uint(w, COMID_NAME);
		cbor_put_text(w, span_str("x"));
		return;
	}
	if (s != RIM_NO_DIGEST)
		rim_digest(w, 641, s == RIM_OTHER_DIGEST ? 0x12 : 0x11);
	if (s == RIM_ID_KEY)
		rim_digest(w, 643, 0x21);
	if (s != RIM_ALL && s != RIM_OTHER_TCB && s != RIM_OTHER_CHIP &&
	    s != RIM_NO_DIGEST)
		return;
	rim_key(w, 647, COMID_SVN);
	cbor_put_tag(w, 552);
	cbor_put_uint(w, s == RIM_OTHER_TCB ? UINT64_C(0x7408000000000003)
					    : UINT64_C(0x7308000000000003));
	if (s == RIM_NO_DIGEST)
		return;
	rim_key(w, 2, COMID_RAW);
	comid_put_bytes(w, COMID_KEY_BYTES, span_of(policy, sizeof(policy)));
	rim_key(w, 3328, COMID_RAW);
	comid_put_bytes(w, COMID_KEY_BYTES, span_of(chip, sizeof(chip)));
}

static void
write_rim(const char *path, enum rim_shape s)
{
	static const uint8_t oid[] = { 0x2b, 6, 1, 4, 1, 0x9c, 0x78, 3, 1 };
	struct corim_out c = { .id = { false, span_str("rim") },
		.profile = span_str(AMD_RIM),
		.n_tags = 1 };
	uint8_t guest[48];
	struct wr tag, whole;
	struct span view;

	memset(guest, s == RIM_OTHER_GUEST ? 0x12 : 0x11, sizeof(guest));
	wr_init_heap(&tag, 4096);
	wr_init_heap(&whole, 4096);
	cbor_put_map(&tag, 2);
	cbor_put_uint(&tag, 1);
	cbor_put_map(&tag, 1);
	cbor_put_uint(&tag, 0);
	cbor_put_text(&tag, span_str("tag"));
	cbor_put_uint(&tag, 4);
	cbor_put_map(&tag, 1);
	cbor_put_uint(&tag, COMID_REFERENCE);
	cbor_put_array(&tag, 1);
	cbor_put_array(&tag, 2);
	cbor_put_map(&tag, 2);
	cbor_put_uint(&tag, 0);
	cbor_put_map(&tag, 1);
	cbor_put_uint(&tag, 0);
	comid_put_bytes(
	    &tag, 111, span_of(oid, sizeof(oid) - (s == RIM_OTHER_CLASS)));
	cbor_put_uint(&tag, 1);
	comid_put_bytes(&tag, COMID_KEY_BYTES, span_of(guest, sizeof(guest)));
	rim_measurements(&tag, s);
	view = wr_view(&tag);
	c.tags = &view;
	corim_put(&whole, &c);
	assert_int_equal(file_write(path, wr_view(&whole), 0600, NULL), 0);
	wr_free(&tag);
	wr_free(&whole);
}

static const struct rim_row {
	const char *name;
	enum rim_shape rim;
	struct snp_change change;
	const char *failed;
} rim_rows[] = {
	{ "the launch digest", RIM_PLAIN, { 0 }, "" },
	{ "and more", RIM_ALL, { 0 }, "" },
	{ "another digest", RIM_OTHER_DIGEST, { 0 }, "corim.reference" },
	{ "another guest", RIM_OTHER_GUEST, { 0 }, "corim.reference" },
	{ "another class", RIM_OTHER_CLASS, { 0 }, "corim.reference" },
	{ "another TCB", RIM_OTHER_TCB, { 0 }, "corim.reference" },
	{ "another chip", RIM_OTHER_CHIP, { 0 }, "corim.reference" },
	{ "a TCB alone", RIM_NO_DIGEST, { 0 }, "corim.reference" },
	{ "a changed guest", RIM_PLAIN, CHANGE(0xa0, 0x12), "corim.reference" },
	{ "a changed policy", RIM_ALL, CHANGE(0x0a, 0x03), "corim.reference" },
	{ "a key that nobody vouches for", RIM_PLAIN, CHANGE(0xe0, 1),
	    "corim.reference" },
	{ "debug", RIM_PLAIN, CHANGE(0x0a, 0x0a), "debug" },
	{ NULL },
};

static void
by_profile(void **state)
{
	const struct snp_given g = { VCEK, true, false, 0 };
	struct endorsements *e = snp_endorse(&g);
	char path[] = "/tmp/seal-snp-rim-XXXXXX", rules[256], failed[64];

	(void)state;
	close(mkstemp(path));
	snprintf(rules, sizeof(rules),
	    REPORTED ",\"crl\":false,\"corim\":[\"%s\"],"
		     "\"corim_unsigned\":true",
	    path);
	for (const struct rim_row *row = rim_rows; row->name != NULL; row++) {
		uint8_t rep[SNP_REPORT_SIZE];
		struct seal_diag d = { 0 };
		struct policy *p;

		write_rim(path, row->rim);
		if ((p = policy_of(rules, snp_root_file(), false, &d)) == NULL)
			fail_msg("%s: %s", row->name, d.text);
		snp_make_report(rep, 3, &row->change, row->change.n > 0);
		judge(p, span_of(rep, sizeof(rep)), e, NOW, failed);
		if (strcmp(failed, row->failed) != 0)
			fail_msg("%s: '%s' failed", row->name, failed);
		policy_free(&p);
	}
	/* A profile's own rules: keys are numbers. */
	write_rim(path, RIM_TEXT_KEY);
	assert_null(policy_of(rules, snp_root_file(), false, NULL));
	unlink(path);
	endorse_free(&e);
}

static int
set_up(void **state)
{
	(void)state;
	snp_setup(RSA_SIZE);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	snp_teardown();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state),
		cmocka_unit_test(no_signature),
		cmocka_unit_test(every_byte_of_the_report),
		cmocka_unit_test(bytes_of_the_certificates),
		cmocka_unit_test(certificate_table),
		cmocka_unit_test(by_profile),
		cmocka_unit_test(wrapped),
		cmocka_unit_test(rules_that_are_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
