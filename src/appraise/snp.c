/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/snp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/azure.h"
#include "appraise/refs.h"
#include "appraise/svsm.h"
#include "base/text.h"

#define SCALAR 48
#define TRIES_MAX 8 /* keys tried on one signature */

/* ---- Reading ---- */

static int
read_evidence(
    const struct appraisal_in *in, struct snp_facts *f, struct seal_diag *d)
{
	struct span report = { 0 };
	struct snp_table t = { .n = 0 };
	int r;

	r = snp_evidence_parse(in->evidence, &report, &t, d);
	if (r != 0 || (r = snp_report_parse(report, &f->report, d)) != 0)
		return r;
	if ((f->carried = endorse_new()) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "SNP Evidence");
	for (size_t i = 0; i < t.n; i++)
		if ((r = endorse_add(
			 f->carried, "certificate table", t.certs[i], d)) != 0)
			return r == SEAL_E_CONFIG ? SEAL_E_DECODE : r;
	f->endorse = in->endorse;
	f->stapled = in->stapled;
	f->parsed = in->certs;
	return 0;
}

/* The next certificate of the Evidence, then of the caller, then of what the
 * peer sent beside it. */
#define SOURCES 3
static bool
next_cert(const struct snp_facts *f, size_t at[SOURCES], struct span *ret)
{
	const struct endorsements *of[SOURCES] = { f->carried, f->endorse,
		f->stapled };
	const struct endorsement *e =
	    endorse_next_of(of, SOURCES, ENDORSE_CERT, at);

	if (e == NULL)
		return false;
	*ret = e->bytes;
	return true;
}

/* ---- The key that signed ---- */

static void
reverse(struct span in, uint8_t ret[SCALAR])
{
	for (size_t i = 0; i < SCALAR; i++)
		ret[i] = in.p[SCALAR - 1 - i];
}

static int
check_signature(const struct snp_facts *f, struct span der, struct seal_diag *d)
{
	uint8_t r[SCALAR], s[SCALAR], buf[LIMIT_SIGNATURE];
	const struct snp_report *rep = &f->report;
	struct cert *c = NULL;
	struct wr sig;
	int code;

	reverse(rep->r, r);
	reverse(rep->s, s);
	wr_init(&sig, buf, sizeof(buf));
	if ((code = ecdsa_raw_to_der(
		 span_of(r, SCALAR), span_of(s, SCALAR), &sig, d)) != 0 ||
	    (code = cert_cache_get(f->parsed, der, &c, d)) != 0)
		return code;
	code = pubkey_verify(cert_key(c), SIG_ECDSA_P384_SHA384,
	    rep->signed_bytes, wr_view(&sig), d);
	cert_unref(&c);
	return code;
}

/* A chip's id, in the length that its certificate has; the rest is zero. */
static bool
same_chip(const struct snp_report *rep, const struct snp_cert *c)
{
	uint8_t whole[SNP_CHIP_ID] = { 0 };

	if (c->chip_id.n == 0 || c->chip_id.n > sizeof(whole))
		return false;
	memcpy(whole, c->chip_id.p, c->chip_id.n);
	return span_equal_ct(rep->chip_id, span_of(whole, sizeof(whole)));
}

/* The kind that the report says, of this chip in the first pass, of any in
 * the second: certificates of a whole farm may lie there. */
static bool
is_candidate(
    const struct snp_report *rep, const struct snp_cert *c, bool of_chip)
{
	bool vlek = c->csp_id.n > 0;

	return vlek == (rep->signer == SNP_VLEK) &&
	       of_chip == (vlek || same_chip(rep, c));
}

/* The certificate whose key verifies the report. */
static bool
find_signer(struct snp_facts *f, struct span *ret, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	int tries = 0, r = SEAL_E_CHAIN;

	for (int pass = 0; pass < 2; pass++) {
		size_t at[SOURCES] = { 0 };
		struct snp_cert c;
		struct span der;

		while (tries < TRIES_MAX && next_cert(f, at, &der)) {
			if (snp_cert_parse(der, &c, NULL) != 0 ||
			    !is_candidate(&f->report, &c, pass == 0))
				continue;
			tries++;
			if ((r = check_signature(f, der, &d)) != 0)
				continue;
			f->cert = c;
			*ret = der;
			return verdict_check(
			    v, "snp.signature", true, 0, NULL, NULL, NULL);
		}
	}
	if (tries > 0)
		return verdict_check(v, "snp.signature", false, r,
		    "a signature by a key that AMD certified for this chip",
		    d.text, "give the certificate of this chip and TCB");
	return verdict_check(v, "snp.certificate", false, SEAL_E_CHAIN,
	    f->report.signer == SNP_VLEK ? "a VLEK certificate"
					 : "a VCEK certificate",
	    "none",
	    "let the host give its certificate table to the guest, or add "
	    "the certificate with --endorsements");
}

/* Its issuers, by their names; which of them is genuine is found out when the
 * chain is verified. */
static void
find_issuers(const struct snp_facts *f, struct findings *ret)
{
	for (size_t i = 0; i < ret->n_signer_chain; i++) {
		size_t at[SOURCES] = { 0 };
		struct cert_parts p, q;
		struct span der;

		if (!cert_parts_read(ret->signer_chain[i], &p) ||
		    span_equal(p.issuer, p.subject))
			continue;
		while (
		    ret->n_signer_chain < SNP_CHAIN && next_cert(f, at, &der)) {
			bool known = false;

			if (!cert_parts_read(der, &q) ||
			    !span_equal(q.subject, p.issuer))
				continue;
			for (size_t k = 0; k < ret->n_signer_chain; k++)
				known = known ||
					span_equal(der, ret->signer_chain[k]);
			if (!known)
				ret->signer_chain[ret->n_signer_chain++] = der;
		}
	}
}

/* ---- What the certificate must say ---- */

static void
tcb_text(const struct snp_tcb *t, char *buf, size_t cap)
{
	snprintf(buf, cap,
	    "boot_loader %u, tee %u, snp %u, microcode %u, fmc %u", t->svn[0],
	    t->svn[1], t->svn[2], t->svn[3], t->svn[4]);
}

/* AMD's MASK_CHIP_ID writes zeros for it, and nothing else tells of that; the
 * VCEK is of one chip all the same. */
static bool
check_chip(const struct snp_facts *f, struct seal_verdict *v)
{
	const struct snp_report *r = &f->report;
	bool masked = span_is_zero(r->chip_id);
	char e[HEX_SHORT], g[HEX_SHORT];

	if (f->cert.csp_id.n > 0 || masked) {
		verdict_skip(v, "snp.chip",
		    masked ? "the host hides which chip it is"
			   : "the key is a provider's, of many chips");
		return true;
	}
	return verdict_check(v, "snp.chip", same_chip(r, &f->cert),
	    SEAL_E_EVIDENCE, hex_short(f->cert.chip_id, e),
	    hex_short(r->chip_id, g), "give the certificate of this chip");
}

/* AMD derives the key from the reported TCB, so both say the same. */
static bool
check_tcb(struct snp_facts *f, struct seal_verdict *v)
{
	const struct span words[SNP_TCBS] = { f->report.reported,
		f->report.committed, f->report.launch };
	char e[80], g[80];
	bool same;

	for (size_t i = 0; i < SNP_TCBS; i++)
		f->has_tcb[i] = snp_tcb_read(words[i], f->product, &f->tcb[i]);
	same = f->has_tcb[SNP_TCB_REPORTED] &&
	       span_equal(span_of(f->tcb[SNP_TCB_REPORTED].svn, SNP_PARTS),
		   span_of(f->cert.tcb.svn, SNP_PARTS));
	tcb_text(&f->cert.tcb, e, sizeof(e));
	tcb_text(&f->tcb[SNP_TCB_REPORTED], g, sizeof(g));
	return verdict_check(v, "snp.tcb.certified", same, SEAL_E_EVIDENCE, e,
	    g, "give the certificate of the reported TCB");
}

static bool
check_certified(struct snp_facts *f, struct seal_verdict *v)
{
	bool same =
	    !f->report.has_cpuid || f->report.product == f->cert.product;

	f->product = f->cert.product;
	return verdict_check(v, "snp.product", same, SEAL_E_EVIDENCE,
		   snp_product_name(f->cert.product),
		   snp_product_name(f->report.product),
		   "give the certificate of this chip") &&
	       check_chip(f, v) && check_tcb(f, v);
}

/* ---- The whole ---- */

static bool
take_key(struct span der, struct findings *ret, struct seal_verdict *v)
{
	struct span spki = { 0 };
	bool ok =
	    cert_spki_read(der, &spki) && spki.n <= sizeof(ret->signer_spki);

	if (ok) {
		memcpy(ret->signer_spki, spki.p, spki.n);
		ret->n_signer_spki = spki.n;
	}
	ret->signer_chain[0] = der;
	ret->n_signer_chain = 1;
	return ok || verdict_check(v, "snp.key", false, SEAL_E_LIMIT, NULL,
			 "a key that is too large", NULL);
}

/* A chip that is hidden is none that could be compared. */
static bool
report(const struct snp_facts *f, struct findings *ret, struct seal_verdict *v)
{
	uint8_t digest[HASH_MAX];
	struct span chip = f->report.chip_id;

	if (!span_is_zero(chip)) {
		if (hash_one(HASH_SHA256, chip, digest, NULL) != 0)
			return verdict_check(v, "snp.instance", false,
			    SEAL_E_CRYPTO, NULL, "cannot be computed", NULL);
		memcpy(ret->instance, digest, sizeof(ret->instance));
		ret->has_instance = true;
	}
	ret->signed_binder[0] = f->report.report_data;
	ret->n_signed_binder = 1;
	ret->binder_padded = true;
	ret->subject_by_binder = true;
	ret->undated = true;
	ret->debug = (f->report.policy >> SNP_POLICY_DEBUG & 1) != 0;
	snp_claim(ret, v);
	return true;
}

/* Firmware whose MASK_CHIP_KEY is set writes zeros in place of a signature. */
static bool
check_signed(const struct snp_report *rep, struct seal_verdict *v)
{
	bool by_known = rep->signer == SNP_VCEK || rep->signer == SNP_VLEK;
	bool is_signed = !span_is_zero(rep->r) && !span_is_zero(rep->s);

	return verdict_check(v, "snp.signer", by_known && is_signed,
	    SEAL_E_EVIDENCE, "a report signed with a VCEK or VLEK",
	    !is_signed ? "one without a signature"
	    : by_known ? NULL
		       : "one that says that it is not",
	    "have the host clear MASK_CHIP_KEY, or load a VLEK");
}

static bool
verify_all(const struct appraisal_in *in, struct snp_facts *f,
    struct findings *ret, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	struct span leaf = { 0 };
	int r = read_evidence(in, f, &d);

	if (!verdict_check(v, "snp.form", r == 0, r,
		"an attestation report of AMD SEV-SNP", d.text, NULL))
		return false;
	if (!check_signed(&f->report, v) || !find_signer(f, &leaf, v) ||
	    !take_key(leaf, ret, v) || !check_certified(f, v))
		return false;
	find_issuers(f, ret);
	return report(f, ret, v);
}

static int
verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	struct snp_facts *f = calloc(1, sizeof(*f));

	ret->debug = true; /* until the report says otherwise */
	if (f == NULL)
		return SEAL_E_MEMORY;
	ret->facts = f;
	if (verify_all(in, f, ret, v))
		return 0;
	return v->diag != NULL && v->diag->code != 0 ? v->diag->code
						     : SEAL_E_MEMORY;
}

static void
facts_free(void *facts)
{
	struct snp_facts *f = facts;

	endorse_free(&f->carried);
	free(f);
}

static const char *const profiles[] = { REFS_PROFILE, SNP_PROFILE_CORIM, NULL };
static const struct appraiser_view views[] = {
	{ SNP_PROFILE_CORIM, NULL, 1, false, snp_view }, { NULL }
};

#define SNP_SAME                                                       \
	.profiles = profiles, .views = views, .parts = 1,              \
	.measures = 1u << AR4SI_EXECUTABLES, .describe = snp_describe, \
	.endorsed = snp_endorsed, .facts_free = facts_free
#define SNP_APPRAISER(type, called, by, in_a_collection)                     \
	{                                                                    \
		.media_type = (type), .name = (called),                      \
		.tsm = !(in_a_collection), .member_only = (in_a_collection), \
		.rules = snp_rule_keys,                                      \
		.rules_size = sizeof(struct snp_rules),                      \
		.rules_load = snp_rules_load,                                \
		.rules_explain = snp_rules_explain, .verify = (by),          \
		.match = snp_match, .learn = snp_learn, SNP_SAME,            \
	}

const struct appraiser appraiser_snp =
    SNP_APPRAISER(SNP_TYPE, "snp", verify, false);
const struct appraiser appraiser_azure_snp =
    SNP_APPRAISER(AZURE_SNP_TYPE, "azure_snp", azure_verify_snp, true);
const struct appraiser appraiser_svsm = {
	.media_type = SVSM_TYPE,
	.name = "svsm",
	.rules = svsm_rule_keys,
	.rules_size = sizeof(struct svsm_rules),
	.rules_load = svsm_rules_load,
	.rules_explain = svsm_rules_explain,
	.verify = svsm_verify,
	.match = svsm_match,
	.learn = svsm_learn,
	SNP_SAME,
};
