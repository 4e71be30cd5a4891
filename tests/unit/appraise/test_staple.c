/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collateral that the peer sends beside its Evidence: it counts where it would
 * have counted out of this side's folder, and never in place of something
 * newer there.
 */
#include "test.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocfail.h"
#include "appraise/staple.h"
#include "appraise/verdict_fixture.h"
#include "base/limits.h"
#include "dcap_fixture.h"
#include "folder_fixture.h"
#include "format/cmw.h"
#include "format/tar.h"
#include "format/tsm_report.h"
#include "lib/staple.h"
#include "snp_fixture.h"

#define POLICY_MAX 4096
#define RSA_SIZE 256
#define TURNS 20000
#define TWICE(c) c c
#define HEX48(c) \
	TWICE(TWICE(TWICE(TWICE(TWICE(c))))) TWICE(TWICE(TWICE(TWICE(c))))

static struct seal_binding binding;

/* ---- Evidence ---- */

/* How it is sent. */
enum form {
	PACK = 0,
	NO_PACK,
	ITEMS,       /* a member for each */
	AS_EVIDENCE, /* the pack, marked as such */
	NAME_TWICE,
	BYTE_MORE,
	CUT,
	NO_TAR,
	MANY, /* more parts than there may be */
	TWO_PACKS
};

static void
put_pack(const struct endorsements *e, enum form form, struct wr *out)
{
	char name[32];

	wr_init_heap(out, 2 * LIMIT_CMW);
	for (size_t i = 0; i < e->n; i++) {
		snprintf(name, sizeof(name), "%02zu",
		    form == NAME_TWICE && i == 1 ? (size_t)0 : i);
		tar_put(out, name, e->items[i].bytes);
	}
	for (size_t i = 0; form == MANY && i < STAPLE_ITEMS_MAX; i++) {
		snprintf(name, sizeof(name), "more-%02zu", i);
		tar_put(out, name, span_str("x"));
	}
	tar_end(out);
	if (form == BYTE_MORE)
		wr_u8(out, 1);
	if (form == CUT)
		out->n -= TAR_BLOCK;
	if (form == NO_TAR)
		out->p[0] = '/';
	assert_int_equal(out->error, 0);
}

static size_t
put_items(
    const struct endorsements *e, struct cmw_item *items, char (*labels)[32])
{
	for (size_t i = 0; i < e->n; i++) {
		snprintf(labels[i], sizeof(labels[i]), "item%zu", i);
		items[i] = (struct cmw_item){ .kind = CMW_RECORD,
			.depth = 1,
			.label = span_str(labels[i]),
			.media_type = span_str("application/pkix-cert"),
			.value = e->items[i].bytes,
			.ind = CMW_IND_ENDORSEMENTS };
	}
	return e->n;
}

/* {"cpu": report, …: what is stapled} */
static void
collect(const char *type, struct span report, const struct endorsements *e,
    enum form form, struct wr *out)
{
	struct cmw_item items[CMW_ITEMS + 1] = { { .kind = CMW_COLLECTION },
		{ .kind = CMW_RECORD,
		    .depth = 1,
		    .label = span_str("cpu"),
		    .media_type = span_str(type),
		    .value = report } };
	char labels[CMW_ITEMS][32];
	struct wr pack = { 0 };
	size_t n = 2;

	if (form == ITEMS) {
		n += put_items(e, items + n, labels);
	} else if (form != NO_PACK) {
		put_pack(e, form, &pack);
		items[n++] = (struct cmw_item){ .kind = CMW_RECORD,
			.depth = 1,
			.label = span_str("collateral"),
			.media_type = span_str(TAR_COLLATERAL_TYPE),
			.value = wr_view(&pack),
			.ind = form == AS_EVIDENCE ? CMW_IND_EVIDENCE
						   : CMW_IND_ENDORSEMENTS };
		if (form == TWO_PACKS) {
			items[n] = items[n - 1];
			items[n++].label = span_str("collateral2");
		}
	}
	wr_init_heap(out, 4 * LIMIT_CMW);
	assert_int_equal(cmw_write_cbor(out, items, n), 0);
	wr_free(&pack);
}

/* ---- Judging ---- */

static struct policy *
policy_of(const char *type, const char *root, const char *rules)
{
	struct seal_diag d = { 0 };
	struct policy *p = NULL;
	char text[POLICY_MAX];

	snprintf(text, sizeof(text),
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"" CMW_TYPE "\",\"members\":{\"cpu\":{"
	    "\"scheme\":\"%s\",\"signers\":[{\"ca\":\"%s\"}],\"debug\":false,"
	    "%s}}}]}",
	    type, root, rules);
	if (policy_load(span_str(text), "/", &p, &d) != 0)
		fail_msg("%s: %s", text, d.text);
	return p;
}

/* want: the first check that fails; stapled: the claim of what came from the
 * peer, or NULL. */
static void
judge(const char *name, const struct policy *p, struct span evidence,
    const struct endorsements *own, const char *want, const char *claim,
    const char *stapled)
{
	struct appraisal_in in = { .media_type = span_str(CMW_TYPE),
		.evidence = evidence,
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.endorse = own,
		.binder_known = true };
	struct seal_verdict *v = verdict_new();
	int r = appraise(p, &in, v);
	const char *got = seal_verdict_claim(v, claim);

	if (strcmp(first_failed(v), want) != 0 || (r == 0) != (*want == '\0'))
		fail_msg("%s: %d, '%s' failed, expected '%s': %s", name, r,
		    first_failed(v), want,
		    v->diag == NULL ? "" : v->diag->text);
	if (r == 0 &&
	    strcmp(got == NULL ? "" : got, stapled == NULL ? "" : stapled) != 0)
		fail_msg("%s: from the peer: '%s', expected '%s'", name,
		    got == NULL ? "" : got, stapled == NULL ? "" : stapled);
	seal_verdict_free(&v);
}

/* ---- Intel ---- */

#define RULES "\"tcb\":{},\"measurements\":{\"mrtd\":\"" HEX48("11") "\"}"
#define OWN_ALONE RULES ",\"stapled\":false"
#define MONTH                                                                  \
	"\"tcb\":{\"max_age_s\":2592000},\"measurements\":{\"mrtd\":\"" HEX48( \
	    "11") "\"}"
#define A_DAY                                                                \
	"\"tcb\":{\"max_age_s\":86400},\"measurements\":{\"mrtd\":\"" HEX48( \
	    "11") "\"}"
#define OUTDATED .levels = { { DCAP_SVN, DCAP_SVN, DCAP_SVN, "OutOfDate" } }
#define ENDED .info_to = -60, .qe_to = -60
#define EVALUATION(n) .evaluation = (n), .qe_evaluation = (n)
#define LISTS_OF "revocation list of "
#define LISTS LISTS_OF "2023-11-12 22:13:20 UTC" /* two days before NOW */
#define DOCUMENTS "TCB Info Enclave Identity "
#define ALL DOCUMENTS LISTS

struct row {
	const char *name;
	struct dcap_recipe stapled;
	const char *want, *from;
	bool has_own;
	struct dcap_recipe own;
	const char *rules;
	enum form form;
	bool twin; /* the policy trusts the twin's root */
};

static const struct row rows[] = {
	/* Nothing is held here. */
	{ "good", { 0 }, "", ALL },
	{ "none", { 0 }, "cpu/dcap.tcb.signer", .form = NO_PACK },
	{ "a member for each", { 0 }, "", ALL, .form = ITEMS },
	{ "the policy takes none", { 0 }, "cpu/dcap.crl.root",
	    .rules = OWN_ALONE },
	{ "the policy takes none, and asks for no list", { 0 },
	    "cpu/dcap.tcb.info",
	    .rules = "\"stapled\":false,\"tcb\":{\"crl\":false},"
		     "\"measurements\":{\"mrtd\":\"" HEX48("11") "\"}" },
	{ "another root", { 0 }, "cpu/dcap.root", .twin = true },
	{ "a signer under another root", { .info_by = BY_TWIN },
	    "cpu/dcap.tcb.signer" },
	{ "a signer that the CA certified", { .info_by = BY_NAMESAKE },
	    "cpu/dcap.tcb.signer" },
	{ "signed by nobody", { .info_by = BY_STRANGER }, "cpu/dcap.tcb.info" },
	{ "an identity signed by nobody", { .qe_info_by = BY_STRANGER },
	    "cpu/dcap.qe.info" },
	{ "tampered with", { .touched_info = true }, "cpu/dcap.tcb.info" },
	{ "of another FMSPC", { .fmspc = "00a1b2c3d4e6" },
	    "cpu/dcap.tcb.info" },
	{ "of another PCE", { .pce_id = "0001" }, "cpu/dcap.tcb.info" },
	{ "of SGX", { .info_id = "SGX" }, "cpu/dcap.tcb.info" },
	{ "of another enclave", { .qe_id = "QE" }, "cpu/dcap.qe.info" },
	{ "ended", { .info_to = -60 }, "cpu/dcap.tcb.info" },
	{ "not yet", { .info_from = 60 }, "cpu/dcap.tcb.info" },
	{ "six days old", { .info_from = -6 * DAY, .qe_from = -6 * DAY }, "",
	    ALL },
	{ "over a week old", { .info_from = -7 * DAY - 1 },
	    "cpu/dcap.tcb.info" },
	{ "an identity over a week old", { .qe_from = -7 * DAY - 1 },
	    "cpu/dcap.qe.info" },
	{ "over a week old, and allowed",
	    { .info_from = -8 * DAY, .qe_from = -8 * DAY }, "", ALL,
	    .rules = MONTH },
	{ "over a month old", { .info_from = -31 * DAY }, "cpu/dcap.tcb.info",
	    .rules = MONTH },
	{ "no list of the root", { .no_root_list = true },
	    "cpu/dcap.crl.root" },
	{ "an ended list of the root", { .old_root_list = true },
	    "cpu/dcap.crl.root" },
	{ "no list of the CA", { .no_pck_list = true }, "cpu/dcap.crl.pck" },
	{ "an ended list of the CA", { .old_pck_list = true },
	    "cpu/dcap.crl.pck" },
	{ "lists of nobody's", { .list_by = BY_STRANGER },
	    "cpu/dcap.crl.root" },
	{ "revoked", { .revoke_pck = true }, "cpu/dcap.crl.pck" },
	{ "a revoked CA", { .revoke_ca = true }, "cpu/dcap.crl.root" },
	{ "a revoked signer", { .revoke_signer = true }, "cpu/dcap.crl.root" },
	{ "a revoked PCK, on an ended list", { .old_list_revokes = true },
	    "cpu/dcap.crl.pck" },
	{ "out of date", { OUTDATED }, "cpu/dcap.tcb.status" },
	{ "a bundle", { .bundle = true }, "", ALL },

	/* What is held here counts first. */
	{ "the same here", { 0 }, "", NULL, true },
	{ "the same here, and none from the peer", { 0 }, "", NULL, true,
	    .rules = OWN_ALONE },
	{ "nothing but here", { .no_collateral = true }, "", NULL, true },
	{ "rubbish beside what is here", { .info_by = BY_STRANGER }, "", NULL,
	    true },
	{ "newer here", { EVALUATION(16) }, "", NULL, true },
	{ "newer here, and worse", { EVALUATION(16) }, "cpu/dcap.tcb.status",
	    NULL, true, { OUTDATED } },
	{ "issued later here, and worse", { .info_from = -2 * DAY },
	    "cpu/dcap.tcb.status", NULL, true, { OUTDATED } },
	{ "newer from the peer", { EVALUATION(18) }, "", DOCUMENTS, true },
	{ "newer from the peer, and better", { EVALUATION(18) }, "", DOCUMENTS,
	    true, { OUTDATED } },
	{ "newer from the peer, which policy does not take", { EVALUATION(18) },
	    "cpu/dcap.tcb.status", NULL, true, { OUTDATED }, OWN_ALONE },
	{ "newer from the peer, and worse", { EVALUATION(18), OUTDATED },
	    "cpu/dcap.tcb.status", NULL, true },
	{ "ended here", { 0 }, "", DOCUMENTS, true, { ENDED } },
	{ "ended here, and none from the peer", { 0 }, "cpu/dcap.tcb.info",
	    NULL, true, { ENDED }, OWN_ALONE },
	{ "ended here, issued before from the peer", { .info_from = -2 * DAY },
	    "cpu/dcap.tcb.info", NULL, true, { ENDED } },
	{ "ended here, a lower evaluation issued later",
	    { .evaluation = 16, .info_from = -60 }, "cpu/dcap.tcb.info", NULL,
	    true, { ENDED } },
	{ "ended here, a lower evaluation of the identity",
	    { .qe_evaluation = 16, .qe_from = -60 }, "cpu/dcap.qe.info", NULL,
	    true, { ENDED } },
	{ "ended here, a higher one from the peer", { EVALUATION(18) }, "",
	    DOCUMENTS, true, { ENDED } },
	{ "ended here, of another platform", { .info_from = -2 * DAY }, "",
	    DOCUMENTS, true,
	    { ENDED, .fmspc = "00a1b2c3d4e6", .qe_id = "QE" } },
	{ "ended here, but of nobody's", { .info_from = -2 * DAY }, "",
	    "TCB Info ", true, { .info_to = -60, .touched_info = true } },

	/* Lists likewise. */
	{ "revoked here", { .list_number = 9 }, "cpu/dcap.crl.pck", NULL, true,
	    { .revoke_pck = true, .list_number = 8 } },
	{ "revoked by the peer alone", { .revoke_pck = true },
	    "cpu/dcap.crl.pck", NULL, true },
	{ "lists ended here", { .list_number = 9 }, "", LISTS, true,
	    { .old_root_list = true, .old_pck_list = true, .list_number = 8 } },
	{ "a list ended here, an older one from the peer", { .list_number = 8 },
	    "cpu/dcap.crl.pck", NULL, true,
	    { .old_pck_list = true, .list_number = 9 } },
	{ "a root's list ended here, an older one from the peer",
	    { .list_number = 8 }, "cpu/dcap.crl.root", NULL, true,
	    { .old_root_list = true, .list_number = 9 } },
	{ "a list ended here, one issued before from the peer",
	    { .list_from = -40 * DAY }, "cpu/dcap.crl.root", NULL, true,
	    { .old_root_list = true } },
	/* The PCK CA's as documents; the root's is of a year. */
	{ "a week old", { .list_from = -7 * DAY }, "",
	    DOCUMENTS LISTS_OF "2023-11-07 22:13:20 UTC" },
	{ "over a week old", { .list_from = -7 * DAY - 1 },
	    "cpu/dcap.crl.pck" },
	{ "ten months old", { .list_from = -300 * DAY }, "cpu/dcap.crl.pck" },
	{ "over a day old, of at most a day", { .list_from = -DAY - 1 },
	    "cpu/dcap.crl.pck", .rules = A_DAY },
	{ "a day old, of at most a day", { .list_from = -DAY }, "",
	    DOCUMENTS LISTS_OF "2023-11-13 22:13:20 UTC", .rules = A_DAY },
	{ "a month old, and allowed", { .list_from = -30 * DAY }, "",
	    DOCUMENTS LISTS_OF "2023-10-15 22:13:20 UTC", .rules = MONTH },
	{ "over a month old", { .list_from = -30 * DAY - 1 },
	    "cpu/dcap.crl.pck", .rules = MONTH },
	{ "the root's of ten months, the CA's of here",
	    { .list_from = -300 * DAY, .no_pck_list = true }, "",
	    DOCUMENTS LISTS_OF "2023-01-18 22:13:20 UTC", true,
	    { .no_root_list = true, EVALUATION(16) } },
	{ "ten months old, beside what is here", { .list_from = -300 * DAY },
	    "", NULL, true },
	{ "ten months old, and revokes",
	    { .list_from = -300 * DAY, .revoke_pck = true }, "cpu/dcap.crl.pck",
	    NULL, true },
	{ "a list ended here, and none from the peer", { .list_number = 9 },
	    "cpu/dcap.crl.root", NULL, true, { .old_root_list = true },
	    OWN_ALONE },

	/* Packs. */
	{ "called Evidence", { 0 }, "collection.member", .form = AS_EVIDENCE },
	{ "a name twice", { 0 }, "collection.endorsement", .form = NAME_TWICE },
	{ "a byte more", { 0 }, "collection.endorsement", .form = BYTE_MORE },
	{ "cut", { 0 }, "collection.endorsement", .form = CUT },
	{ "no tar", { 0 }, "collection.endorsement", .form = NO_TAR },
	{ "too many", { 0 }, "collection.endorsement", .form = MANY },
	{ "two packs", { 0 }, "", ALL, .form = TWO_PACKS },
};

static void
intel(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct dcap_recipe stapled = row->stapled, own = row->own;
		struct span want = binding_value(&binding);
		struct endorsements *e, *held = NULL;
		struct policy *p = policy_of(QUOTE_TDX_TYPE,
		    row->twin ? dcap_twin_file() : dcap_root_file(),
		    row->rules == NULL ? RULES : row->rules);
		struct wr quote, evidence;

		stapled.tee = own.tee = QUOTE_TDX;
		memcpy(stapled.report_data, want.p, want.n);
		dcap_quote(&stapled, &quote);
		e = dcap_given(&stapled);
		if (row->has_own)
			held = dcap_given(&own);
		collect(
		    QUOTE_TDX_TYPE, wr_view(&quote), e, row->form, &evidence);
		/* What "another root" refuses comes earlier. */
		judge(row->name, p, wr_view(&evidence), held,
		    row->twin ? "cpu/signer" : row->want, "cpu/dcap.stapled",
		    row->from);
		wr_free(&evidence);
		wr_free(&quote);
		endorse_free(&e);
		endorse_free(&held);
		policy_free(&p);
	}
}

/* ---- AMD ---- */

#define SNP_RULES                                                         \
	"\"tcb\":{\"reported\":{\"boot_loader\":3,\"tee\":0,\"snp\":8,"   \
	"\"microcode\":115}},\"measurements\":{\"measurement\":\"" HEX48( \
	    "11") "\"}"

#define AMD_LIST "revocation list of 2023-11-13 22:13:20 UTC"

static const struct amd_row {
	const char *name;
	struct snp_given stapled;
	const char *want, *from;
	int held; /* a list; 0: nothing is held here */
	const char *rules;
	bool other_root;
} amd_rows[] = {
	{ "good", { VCEK, true, false, 1 }, "", AMD_LIST },
	{ "no list", { VCEK, true, false, 0 }, "cpu/snp.crl" },
	{ "no list, but here", { VCEK, true, false, 0 }, "", NULL, 1 },
	{ "the policy takes none", { VCEK, true, false, 1 }, "cpu/snp.crl",
	    NULL, 0, SNP_RULES ",\"stapled\":false" },
	{ "the policy takes none, there is one here", { VCEK, true, false, 1 },
	    "", NULL, 1, SNP_RULES ",\"stapled\":false" },
	{ "no issuer", { VCEK, false, false, 1 }, "cpu/signer" },
	{ "another chip", { VCEK_TURIN, true, false, 1 }, "cpu/snp.product" },
	{ "another root", { VCEK, true, false, 1 }, "cpu/signer",
	    .other_root = true },
	{ "on the list", { VCEK, true, false, 2 }, "cpu/snp.crl" },
	{ "on the peer's list alone", { VCEK, true, false, 2 }, "cpu/snp.crl",
	    NULL, 1 },
	{ "on the list here alone", { VCEK, true, false, 1 }, "cpu/snp.crl",
	    NULL, 2 },
	{ "an ended list", { VCEK, true, false, 4 }, "cpu/snp.crl" },
	{ "an older list", { VCEK, true, false, 3 }, "",
	    "revocation list of 2023-10-25 22:13:20 UTC" },
	{ "an older list than the one here", { VCEK, true, false, 3 }, "", NULL,
	    1 },
	{ "an older list than one that ended here", { VCEK, true, false, 3 },
	    "cpu/snp.crl", NULL, 4 },
	{ "a newer list than one that ended here", { VCEK, true, false, 1 }, "",
	    AMD_LIST, 4 },
};

static void
amd(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(amd_rows) / sizeof(amd_rows[0]); i++) {
		const struct amd_row *row = &amd_rows[i];
		const struct snp_given given = { VCEK, true, false, row->held };
		struct endorsements *e = snp_endorse(&row->stapled), *held;
		struct policy *p = policy_of(SNP_TYPE,
		    row->other_root ? snp_other_root_file() : snp_root_file(),
		    row->rules == NULL ? SNP_RULES : row->rules);
		uint8_t rep[SNP_REPORT_SIZE];
		struct wr evidence;

		held = row->held == 0 ? NULL : snp_endorse(&given);
		snp_make_report_over(rep, binding_value(&binding));
		collect(
		    SNP_TYPE, span_of(rep, sizeof(rep)), e, PACK, &evidence);
		judge(row->name, p, wr_view(&evidence), held, row->want,
		    "cpu/snp.stapled", row->from);
		wr_free(&evidence);
		endorse_free(&e);
		endorse_free(&held);
		policy_free(&p);
	}
}

/* ---- Reports of configfs-tsm as members ---- */

static void
put_tsm(struct span report, const char *provider, struct wr *w)
{
	wr_init_heap(w, LIMIT_CMW);
	cbor_put_map(w, 2);
	cbor_put_text(w, span_str("outblob"));
	cbor_put_bytes(w, report);
	cbor_put_text(w, span_str("provider"));
	cbor_put_text(w, span_str(provider));
}

/* Judged as what their provider makes them, under that technology's rule. */
static void
wrapped(void **state)
{
	static const struct {
		const char *name, *type, *provider, *want;
		size_t cut;
		uint8_t other; /* in the binder */
	} forms[] = {
		{ "a report", TSM_REPORT_TYPE, "sev_guest", "" },
		{ "with its provider", TSM_REPORT_TYPE "; provider=sev_guest",
		    "sev_guest", "" },
		{ "with another", TSM_REPORT_TYPE "; provider=tdx_guest",
		    "sev_guest", "cpu/tsm.form" },
		{ "of another provider", TSM_REPORT_TYPE, "tdx_guest",
		    "cpu/dcap.quote" },
		{ "of no provider", TSM_REPORT_TYPE, "svsm", "cpu/tsm.form" },
		{ "cut", TSM_REPORT_TYPE, "sev_guest", "cpu/tsm.form", 1 },
		{ "of another connection", TSM_REPORT_TYPE, "sev_guest",
		    "cpu/binder", 0, 1 },
	};
	const struct snp_given g = { VCEK, true, false, 1 };
	struct policy *p = policy_of(SNP_TYPE, snp_root_file(), SNP_RULES);
	struct endorsements *e = snp_endorse(&g);

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint8_t rep[SNP_REPORT_SIZE], data[HASH_MAX];
		struct span binder = binding_value(&binding);
		struct wr tsm, evidence;

		memcpy(data, binder.p, binder.n);
		data[0] ^= forms[i].other;
		snp_make_report_over(rep, span_of(data, binder.n));
		put_tsm(span_of(rep, sizeof(rep)), forms[i].provider, &tsm);
		tsm.n -= forms[i].cut;
		collect(forms[i].type, wr_view(&tsm), e, PACK, &evidence);
		judge(forms[i].name, p, wr_view(&evidence), NULL, forms[i].want,
		    "cpu/tsm.provider", "sev_guest");
		wr_free(&tsm);
		wr_free(&evidence);
	}
	policy_free(&p);
	endorse_free(&e);
}

/* Of what is sent along no byte may turn a refusal into something else than
 * that: here the PCK is on the list. */
static void
every_byte(void **state)
{
	struct dcap_recipe r = { .tee = QUOTE_TDX, .revoke_pck = true };
	struct span want = binding_value(&binding);
	struct policy *p = policy_of(QUOTE_TDX_TYPE, dcap_root_file(), RULES);
	struct endorsements *e;
	struct wr quote, evidence;

	(void)state;
	memcpy(r.report_data, want.p, want.n);
	dcap_quote(&r, &quote);
	e = dcap_given(&r);
	collect(QUOTE_TDX_TYPE, wr_view(&quote), e, PACK, &evidence);
	for (size_t i = quote.n; i < evidence.n; i += 3) {
		struct appraisal_in in = { .media_type = span_str(CMW_TYPE),
			.evidence = wr_view(&evidence),
			.expected = &binding,
			.carrier = SEAL_LEVEL_TRAFFIC,
			.now = NOW,
			.binder_known = true };
		struct seal_verdict *v = verdict_new();

		evidence.p[i] ^= 1;
		if (appraise(p, &in, v) == 0)
			fail_msg("byte %zu", i);
		evidence.p[i] ^= 1;
		seal_verdict_free(&v);
	}
	wr_free(&evidence);
	wr_free(&quote);
	endorse_free(&e);
	policy_free(&p);
}

/* ---- Rubbish ---- */

/* Signatures verified, in chains too: whichever call of libcrypto's does it.
 * One of them may end in the other, which counts once. */
static unsigned n_verified;
static bool inside;

static void *
next_of(const char *name)
{
	if (!inside)
		n_verified++;
	return dlsym(RTLD_NEXT, name);
}

int
EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *sig, size_t n_sig,
    const unsigned char *in, size_t n_in)
{
	int (*real)(EVP_MD_CTX *, const unsigned char *, size_t,
	    const unsigned char *, size_t) = NULL;
	void *at = next_of("EVP_DigestVerify");
	bool was = inside;
	int r;

	memcpy(&real, &at, sizeof(real));
	inside = true;
	r = real(ctx, sig, n_sig, in, n_in);
	inside = was;
	return r;
}

int
EVP_PKEY_verify(EVP_PKEY_CTX *ctx, const unsigned char *sig, size_t n_sig,
    const unsigned char *in, size_t n_in)
{
	int (*real)(EVP_PKEY_CTX *, const unsigned char *, size_t,
	    const unsigned char *, size_t) = NULL;
	void *at = next_of("EVP_PKEY_verify");
	bool was = inside;
	int r;

	memcpy(&real, &at, sizeof(real));
	inside = true;
	r = real(ctx, sig, n_sig, in, n_in);
	inside = was;
	return r;
}

/* Copies of what is there of that kind, each signed by nobody. */
static void
add_rubbish(struct endorsements *e, enum endorse_kind kind, size_t which,
    size_t copies, bool first)
{
	struct endorsement good, *items = e->items;
	uint8_t bytes[8192];
	size_t i = 0, n = e->n;

	while (kind == ENDORSE_CERT ? !span_equal(items[i].bytes, dcap_signer())
				    : items[i].kind != kind || which-- > 0)
		assert_true(++i < n);
	good = items[i];
	assert_true(good.bytes.n <= sizeof(bytes));
	for (size_t k = 0; k < copies; k++) {
		/* In the signature: hex in a document, DER elsewhere. */
		size_t at = good.bytes.n - (kind == ENDORSE_JSON ? 9 : 1) - k;

		memcpy(bytes, good.bytes.p, good.bytes.n);
		bytes[at] = kind == ENDORSE_JSON && bytes[at] == '0' ? '1'
			    : kind == ENDORSE_JSON                   ? '0'
						   : bytes[at] ^ 1;
		assert_int_equal(endorse_add(e, "rubbish",
				     span_of(bytes, good.bytes.n), NULL),
		    0);
	}
	if (!first)
		return;
	/* The good one last. */
	good = e->items[i];
	e->items[i] = e->items[e->n - 1];
	e->items[e->n - 1] = good;
}

#define FEW 12u /* of the quote and of what is good */

static const struct rubbish_row {
	const char *name;
	enum endorse_kind kind;
	size_t which, copies;
	bool first, has_own, amd;
	const char *want;
	int code;
} rubbish_rows[] = {
	{ "as many lists as may be", ENDORSE_CRL, 0, STAPLE_LISTS_MAX - 1, true,
	    false, false, "", 0 },
	{ "one list more, behind the good one", ENDORSE_CRL, 0,
	    STAPLE_LISTS_MAX, false, false, false, "cpu/dcap.crl.root",
	    SEAL_E_LIMIT },
	{ "lists of the CA", ENDORSE_CRL, 1, STAPLE_LISTS_MAX, true, false,
	    false, "cpu/dcap.crl.pck", SEAL_E_LIMIT },
	{ "beside what is here", ENDORSE_CRL, 1, STAPLE_LISTS_MAX, false, true,
	    false, "cpu/dcap.crl.pck", SEAL_E_LIMIT },
	{ "crowds of lists", ENDORSE_CRL, 0, 40, true, false, false,
	    "cpu/dcap.crl.root", SEAL_E_LIMIT },
	{ "documents before the good one", ENDORSE_JSON, 0, 10, true, false,
	    false, "", 0 },
	{ "crowds of documents", ENDORSE_JSON, 0, 24, true, false, false,
	    "cpu/dcap.tcb.info", SEAL_E_LIMIT },
	{ "crowds of documents, beside what is here", ENDORSE_JSON, 0, 24, true,
	    true, false, "", 0 },
	{ "signers before the good one", ENDORSE_CERT, 0, STAPLE_SIGNERS_MAX,
	    true, false, false, "", 0 },
	{ "one signer more", ENDORSE_CERT, 0, STAPLE_SIGNERS_MAX + 1, true,
	    false, false, "cpu/dcap.tcb.signer", SEAL_E_LIMIT },
	{ "crowds of signers", ENDORSE_CERT, 0, 40, true, false, false,
	    "cpu/dcap.tcb.signer", SEAL_E_LIMIT },
	{ "as many of AMD's lists as may be", ENDORSE_CRL, 0,
	    STAPLE_LISTS_MAX - 1, true, false, true, "", 0 },
	{ "one of AMD's more", ENDORSE_CRL, 0, STAPLE_LISTS_MAX, false, false,
	    true, "cpu/snp.crl", SEAL_E_LIMIT },
	{ "crowds of AMD's lists", ENDORSE_CRL, 0, 40, true, false, true,
	    "cpu/snp.crl", SEAL_E_LIMIT },
};

static void
judge_rubbish(const struct rubbish_row *row, struct span evidence,
    const struct policy *p, const struct endorsements *held)
{
	struct appraisal_in in = { .media_type = span_str(CMW_TYPE),
		.evidence = evidence,
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.endorse = held,
		.binder_known = true };
	struct seal_verdict *v = verdict_new();
	int r;

	n_verified = 0;
	r = appraise(p, &in, v);
	if (r != row->code || strcmp(first_failed(v), row->want) != 0)
		fail_msg("%s: %d, '%s' failed", row->name, r, first_failed(v));
	if (n_verified > STAPLE_TRIES_MAX + FEW)
		fail_msg("%s: %u signatures", row->name, n_verified);
	seal_verdict_free(&v);
}

static void
rubbish(void **state)
{
	const struct snp_given amd = { VCEK, true, false, 1 };
	struct dcap_recipe r = { .tee = QUOTE_TDX };
	uint8_t rep[SNP_REPORT_SIZE];
	struct span want = binding_value(&binding);
	struct wr quote, evidence;

	(void)state;
	memcpy(r.report_data, want.p, want.n);
	dcap_quote(&r, &quote);
	snp_make_report_over(rep, want);
	for (size_t i = 0; i < sizeof(rubbish_rows) / sizeof(rubbish_rows[0]);
	     i++) {
		const struct rubbish_row *row = &rubbish_rows[i];
		struct endorsements *e =
		    row->amd ? snp_endorse(&amd) : dcap_given(&r);
		struct endorsements *held =
		    row->has_own ? dcap_given(&r) : NULL;
		struct policy *p =
		    policy_of(row->amd ? SNP_TYPE : QUOTE_TDX_TYPE,
			row->amd ? snp_root_file() : dcap_root_file(),
			row->amd ? SNP_RULES : RULES);

		add_rubbish(e, row->kind, row->which, row->copies, row->first);
		collect(row->amd ? SNP_TYPE : QUOTE_TDX_TYPE,
		    row->amd ? span_of(rep, sizeof(rep)) : wr_view(&quote), e,
		    PACK, &evidence);
		judge_rubbish(row, wr_view(&evidence), p, held);
		wr_free(&evidence);
		endorse_free(&e);
		endorse_free(&held);
		policy_free(&p);
	}
	wr_free(&quote);
}

/* One code for each reason, whoever's lists they are. */
static void
which_lists_count(void **state)
{
	const struct crl older = { .issuer = STR("x"), .this_update = 1000 },
			 newer = { .issuer = STR("x"), .this_update = 2000 },
			 none = { .this_update = 0 };
	const struct {
		bool taken;
		const struct crl *held, *list;
		uint32_t most;
		int want;
	} counted[] = {
		{ true, &none, &older, 0, 0 },
		{ true, &older, &newer, 0, 0 },
		{ true, &older, &older, 0, 0 },
		{ true, &newer, &older, 0, SEAL_E_STALE },
		{ true, &none, &older, 2000, 0 },
		{ true, &none, &older, 1999, SEAL_E_STALE },
		{ false, &none, &newer, 0, SEAL_E_UNAVAILABLE },
		{ false, &newer, &older, 1, SEAL_E_UNAVAILABLE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
		int r = staple_list_counts(counted[i].taken, counted[i].held,
		    counted[i].list, 3000, counted[i].most, NULL);

		if (r != counted[i].want)
			fail_msg("row %zu: %d", i, r);
	}
}

/* Each allocation fails in turn: nothing is accepted by it that would not be,
 * and nothing leaks (ASan). */
static void
memory(void **state)
{
	const struct snp_given g = { VCEK, true, false, 2 };
	struct dcap_recipe r = { .tee = QUOTE_TDX };
	struct span want = binding_value(&binding);
	struct endorsements *given[2];
	uint8_t rep[SNP_REPORT_SIZE];
	struct wr quote;

	(void)state;
	memcpy(r.report_data, want.p, want.n);
	dcap_quote(&r, &quote);
	snp_make_report_over(rep, want);
	given[0] = dcap_given(&r);
	given[1] = snp_endorse(&g); /* its list revokes */
	for (int amd = 0; amd < 2; amd++) {
		struct policy *p = policy_of(amd ? SNP_TYPE : QUOTE_TDX_TYPE,
		    amd ? snp_root_file() : dcap_root_file(),
		    amd ? SNP_RULES : RULES);
		struct wr evidence;
		size_t n;

		collect(amd ? SNP_TYPE : QUOTE_TDX_TYPE,
		    amd ? span_of(rep, sizeof(rep)) : wr_view(&quote),
		    given[amd], PACK, &evidence);
		for (n = 1; n < TURNS; n++) {
			struct appraisal_in in = { .media_type =
						       span_str(CMW_TYPE),
				.evidence = wr_view(&evidence),
				.expected = &binding,
				.carrier = SEAL_LEVEL_TRAFFIC,
				.now = NOW,
				.binder_known = true };
			struct seal_verdict *v = verdict_new();
			bool hit;
			int code;

			allocfail_at(n);
			code = appraise(p, &in, v);
			hit = allocfail_hit();
			allocfail_off();
			if (amd ? code == 0 : !hit && code != 0)
				fail_msg(
				    "%d, allocation %zu: %d", amd, n, code);
			seal_verdict_free(&v);
			if (!hit)
				break;
		}
		assert_true(n > 10 && n < TURNS);
		wr_free(&evidence);
		policy_free(&p);
	}
	endorse_free(&given[0]);
	endorse_free(&given[1]);
	wr_free(&quote);
}

/* What is sent, of a folder. */
static void
memory_of_a_pack(void **state)
{
	struct dcap_recipe r = { .tee = QUOTE_TDX };
	struct endorsements *e = dcap_given(&r);
	char dir[] = "/tmp/seal-staple-XXXXXX";
	size_t n;

	(void)state;
	assert_non_null(mkdtemp(dir));
	folder_put(dir, e);
	for (n = 1; n < TURNS; n++) {
		struct attester_staple s = { .ctx = NULL };
		bool hit;
		int code;

		allocfail_at(n);
		code = staple_open(dir, &s, NULL);
		hit = allocfail_hit();
		allocfail_off();
		if (code != (hit ? SEAL_E_MEMORY : 0) ||
		    (code != 0 && s.ctx != NULL))
			fail_msg("allocation %zu: %d", n, code);
		if (s.ctx != NULL)
			s.close(s.ctx);
		if (!hit)
			break;
	}
	assert_true(n > 10 && n < TURNS);
	folder_remove(dir);
	endorse_free(&e);
}

static void
limits(void **state)
{
	static const uint8_t big[STAPLE_BYTES_MAX + 1] = { '{' };
	struct endorsements *e = endorse_new();
	struct seal_diag d = { 0 };
	struct wr w;

	(void)state;
	assert_int_equal(staple_add(e, span_str("application/json"), "big",
			     span_of(big, sizeof(big)), &d),
	    SEAL_E_LIMIT);
	endorse_free(&e);
	/* Packs count together. */
	e = endorse_new();
	wr_init_heap(&w, 2 * LIMIT_CMW);
	for (unsigned i = 0; i < 40; i++) {
		char name[8];

		snprintf(name, sizeof(name), "%u", i);
		tar_put(&w, name, span_str("x"));
	}
	tar_end(&w);
	assert_int_equal(
	    staple_add(e, span_str(TAR_COLLATERAL_TYPE), "a", wr_view(&w), &d),
	    0);
	assert_int_equal(staple_add(e, span_str(TAR_COLLATERAL_TYPE), "b",
			     wr_view(&w), NULL),
	    SEAL_E_LIMIT);
	wr_free(&w);
	endorse_free(&e);
}

static int
setup(void **state)
{
	static const uint8_t exporter[32] = { 1 };

	(void)state;
	dcap_setup();
	snp_setup(RSA_SIZE);
	return binding_post(
	    HASH_SHA256, dcap_signer(), span_of(exporter, 32), &binding, NULL);
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
		cmocka_unit_test(intel),
		cmocka_unit_test(amd),
		cmocka_unit_test(wrapped),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(rubbish),
		cmocka_unit_test(which_lists_count),
		cmocka_unit_test(memory),
		cmocka_unit_test(memory_of_a_pack),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
