/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/appraiser.h"
#include "appraise/refs.h"
#include "appraise/tpm_quote.h"
#include "appraise/tpm_rules.h"
#include "base/text.h"

#define ATTEST_MAX 1024 /* bytes of a TPMS_ATTEST that we rebuild */
#define NAME_MAX 66     /* bytes: nameAlg and the longest digest */

/* Attributes that a key must have, and those that it must lack. */
struct attribute_rule {
	uint32_t bit;
	bool set;
	const char *what;
};

/* PROTOCOL 5.3: restricted, so that it signs nothing that merely looks like
 * an attestation; made in this TPM and never to leave it. */
static const struct attribute_rule ak_rules[] = {
	{ TPM_RESTRICTED, true, "restricted" },
	{ TPM_SIGN, true, "sign" },
	{ TPM_FIXED_TPM, true, "fixedTPM" },
	{ TPM_FIXED_PARENT, true, "fixedParent" },
	{ TPM_SENSITIVE_DATA_ORIGIN, true, "sensitiveDataOrigin" },
	{ TPM_DECRYPT, false, "decrypt" },
	{ 0 },
};

static const struct attribute_rule subject_rules[] = {
	{ TPM_SIGN, true, "sign" },
	{ TPM_FIXED_TPM, true, "fixedTPM" },
	{ TPM_FIXED_PARENT, true, "fixedParent" },
	{ TPM_SENSITIVE_DATA_ORIGIN, true, "sensitiveDataOrigin" },
	{ TPM_RESTRICTED, false, "restricted" },
	{ TPM_DECRYPT, false, "decrypt" },
	{ TPM_ENCRYPTED_DUPLICATION, false, "encryptedDuplication" },
	{ 0 },
};

static bool
check_attributes(const char *check, const struct attribute_rule *rules,
    uint32_t attributes, struct seal_verdict *v)
{
	char expected[48], got[48];

	for (; rules->bit != 0; rules++) {
		bool set = (attributes & rules->bit) != 0;

		if (set == rules->set)
			continue;
		snprintf(expected, sizeof(expected), "%s %s", rules->what,
		    rules->set ? "set" : "clear");
		snprintf(got, sizeof(got), "%s %s", rules->what,
		    set ? "set" : "clear");
		return verdict_check(v, check, false, SEAL_E_EVIDENCE, expected,
		    got, "provision the keys with `seal tpm init`");
	}
	return verdict_check(v, check, true, 0, NULL, NULL, NULL);
}

/* One structure that must parse to its last byte. */
#define PARSED(call, check, v) parsed((call), check, &d, v)

static bool
parsed(
    int r, const char *check, const struct seal_diag *d, struct seal_verdict *v)
{
	return verdict_check(v, check, r == 0, r, "a well-formed structure",
	    r == 0 ? NULL : d->text, NULL);
}

static bool
parse_all(
    const struct appraisal_in *in, struct tpm_facts *f, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	struct tpm_evidence *e = &f->e;

	return PARSED(
		   tpm_evidence_parse(in->evidence, e, &d), "tpm.format", v) &&
	       PARSED(tpm_public_parse(e->ak_public, &f->ak, &d),
		   "tpm.ak.format", v) &&
	       PARSED(tpm_public_parse(e->subject_public, &f->subject, &d),
		   "tpm.subject.format", v) &&
	       PARSED(tpm_attest_parse(e->quote, &f->quote, &d),
		   "tpm.quote.format", v) &&
	       PARSED(tpm_attest_parse(e->certify, &f->certify, &d),
		   "tpm.certify.format", v) &&
	       PARSED(
		   tpm_signature_parse(e->quote_signature, &f->quote_sig, &d),
		   "tpm.quote.signature.format", v) &&
	       PARSED(tpm_signature_parse(
			  e->certify_signature, &f->certify_sig, &d),
		   "tpm.certify.signature.format", v);
}

/* ---- Keys ---- */

static int
public_spki(const struct tpm_public *p, struct key_cache *keys,
    uint8_t ret[LIMIT_SPKI], size_t *ret_n, struct seal_diag *d)
{
	struct wr w;
	struct span s;
	int r;

	wr_init(&w, ret, LIMIT_SPKI);
	if ((r = tpm_public_spki_known(p, keys, &w, d)) != 0)
		return r;
	if ((r = wr_finish(&w, &s)) == 0)
		*ret_n = s.n;
	return r;
}

/* One key for both could certify itself as whatever it likes. */
static bool
check_not_ak(const struct findings *f, struct seal_verdict *v)
{
	bool ak = span_equal(span_of(f->signer_spki, f->n_signer_spki),
	    span_of(f->subject_spki, f->n_subject_spki));

	return verdict_check(v, "tpm.subject.not_ak", !ak, SEAL_E_EVIDENCE,
	    "a subject key other than the AK", ak ? "the AK itself" : NULL,
	    NULL);
}

static bool
check_keys(const struct appraisal_in *in, const struct tpm_facts *f,
    struct findings *ret, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };

	return PARSED(public_spki(&f->ak, in->keys, ret->signer_spki,
			  &ret->n_signer_spki, &d),
		   "tpm.ak.key", v) &&
	       PARSED(public_spki(&f->subject, in->keys, ret->subject_spki,
			  &ret->n_subject_spki, &d),
		   "tpm.subject.key", v) &&
	       check_attributes(
		   "tpm.ak.attributes", ak_rules, f->ak.attributes, v) &&
	       check_attributes("tpm.subject.attributes", subject_rules,
		   f->subject.attributes, v) &&
	       verdict_check(v, "tpm.subject.name_alg",
		   hash_size(tpm_hash(f->subject.name_alg)) >= 32,
		   SEAL_E_EVIDENCE, "SHA-256 or stronger",
		   hash_name(tpm_hash(f->subject.name_alg)), NULL) &&
	       check_not_ak(ret, v);
}

/*
 * The signature of one attest under the AK. A restricted key has one scheme
 * for life, so a signature by another one is no TPM's.
 */
static bool
check_signature(const char *scheme_check, const char *check,
    const struct tpm_public *ak, const struct pubkey *key, struct span attest,
    const struct tpm_signature *sig, struct seal_verdict *v)
{
	uint8_t buf[LIMIT_SIGNATURE];
	struct seal_diag d = { 0 };
	uint16_t scheme = SIG_NONE;
	struct wr w;
	int r;

	if (!verdict_check(v, scheme_check,
		sig->alg == ak->scheme && sig->hash == ak->scheme_hash &&
		    hash_size(tpm_hash(sig->hash)) >= 32,
		SEAL_E_SIGNATURE, "the AK's own scheme, SHA-256 or stronger",
		hash_name(tpm_hash(sig->hash)), NULL))
		return false;
	wr_init(&w, buf, sizeof(buf));
	if ((r = tpm_signature_to_tls(sig, &scheme, &w, &d)) == 0)
		r = pubkey_verify(key, scheme, attest, wr_view(&w), &d);
	return verdict_check(v, check, r == 0, SEAL_E_SIGNATURE,
	    "a signature by the AK", d.text, NULL);
}

static bool
check_signatures(const struct appraisal_in *in, const struct tpm_facts *f,
    const struct findings *found, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	struct pubkey *key = NULL;
	bool ok;
	int r;

	r = key_cache_get(in->keys,
	    span_of(found->signer_spki, found->n_signer_spki), &key, &d);
	ok = PARSED(r, "tpm.ak.usable", v) &&
	     check_signature("tpm.quote.scheme", "tpm.quote.signature", &f->ak,
		 key, f->e.quote, &f->quote_sig, v) &&
	     check_signature("tpm.certify.scheme", "tpm.certify.signature",
		 &f->ak, key, f->e.certify, &f->certify_sig, v);
	pubkey_unref(&key);
	return ok;
}

/* ---- What must have been signed ---- */

/*
 * The selection that the listed values make: a run for each bank, indexes
 * rising in it, each value as long as its bank's digest, no bank twice.
 */
static bool
selection_of(const struct tpm_evidence *e, struct tpm_attest *ret)
{
	struct tpm_selection *s = ret->selection;
	size_t n = 0;

	for (size_t i = 0; i < e->n_pcrs; i++) {
		const struct tpm_pcr_value *p = &e->pcrs[i];

		if (p->index >= TPM_PCRS ||
		    p->value.n != hash_size(tpm_hash(p->bank)))
			return false;
		if (n == 0 || s[n - 1].bank != p->bank) {
			for (size_t k = 0; k < n; k++)
				if (s[k].bank == p->bank)
					return false;
			if (n == TPM_BANKS_MAX)
				return false;
			s[n++] = (struct tpm_selection){ .bank = p->bank };
		}
		if (s[n - 1].pcrs >> p->index != 0)
			return false;
		s[n - 1].pcrs |= 1u << p->index;
	}
	ret->n_selection = n;
	return n > 0;
}

/* PROTOCOL 5.3: no SHA-1 bank, nor one whose hash is unknown here. */
static bool
check_banks(const struct tpm_attest *a, struct seal_verdict *v)
{
	for (size_t i = 0; i < a->n_selection; i++)
		if (tpm_pcr_name(a->selection[i].bank, 0) == NULL)
			return verdict_check(v, "tpm.pcr.bank", false,
			    SEAL_E_EVIDENCE, "sha256, sha384 or sha512",
			    hash_name(tpm_hash(a->selection[i].bank)),
			    "quote a SHA-256 bank");
	return verdict_check(v, "tpm.pcr.bank", true, 0, NULL, NULL, NULL);
}

/* The hash is the signature scheme's, not the bank's (notes of TPM 2.0 part
 * 3, TPM2_Quote). */
static int
pcr_digest(
    const struct tpm_facts *f, uint8_t ret[HASH_MAX], struct seal_diag *d)
{
	struct span parts[TPM_BANKS_MAX * TPM_PCRS];

	for (size_t i = 0; i < f->e.n_pcrs; i++)
		parts[i] = f->e.pcrs[i].value;
	return hash_parts(
	    tpm_hash(f->quote_sig.hash), parts, f->e.n_pcrs, ret, d);
}

/*
 * An attest that holds what must hold and, of the one received, only what
 * is free to vary:
 *   qualifiedSigner: names the AK's place in a hierarchy that we cannot see;
 *   clock, resetCount, restartCount, safe: the TPM's history is its own;
 *   firmwareVersion: a claim, of no influence on what the rest means.
 */
static struct tpm_attest
expected_attest(
    uint16_t type, struct span binder, const struct tpm_attest *received)
{
	return (struct tpm_attest){
		.magic = TPM_GENERATED,
		.type = type,
		.extra_data = binder,
		.qualified_signer = received->qualified_signer,
		.clock = received->clock,
		.reset_count = received->reset_count,
		.restart_count = received->restart_count,
		.safe = received->safe,
		.firmware = received->firmware,
	};
}

static bool
same_selection(const struct tpm_attest *a, const struct tpm_attest *b)
{
	bool same = a->n_selection == b->n_selection;

	for (size_t i = 0; same && i < a->n_selection; i++)
		same = a->selection[i].bank == b->selection[i].bank &&
		       a->selection[i].pcrs == b->selection[i].pcrs;
	return same;
}

/* What differs, for people; the decision is made on the bytes. */
static const char *
difference(const struct tpm_attest *e, const struct tpm_attest *g)
{
	if (e->magic != g->magic)
		return "another magic";
	if (e->type != g->type)
		return "another type";
	if (!span_equal(e->extra_data, g->extra_data))
		return "another extraData";
	if (e->type == TPM_ST_CERTIFY)
		return !span_equal(e->name, g->name) ? "another name"
						     : "other bytes";
	if (!same_selection(e, g))
		return "another PCR selection";
	return span_equal(e->pcr_digest, g->pcr_digest) ? "other bytes"
							: "another pcrDigest";
}

/* Whole bytes against whole bytes: a field forgotten above fails closed. */
static bool
check_whole(const char *check, const struct tpm_attest *expected,
    const struct tpm_attest *got, struct span received, struct seal_verdict *v)
{
	uint8_t buf[ATTEST_MAX];
	struct span want = { NULL, 0 };
	bool same, bound;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	tpm_attest_write(&w, expected);
	same = wr_finish(&w, &want) == 0 && span_equal_ct(want, received);
	bound = span_equal(expected->extra_data, got->extra_data);
	return verdict_check(v, check, same,
	    bound ? SEAL_E_EVIDENCE : SEAL_E_BINDER,
	    "the structure rebuilt from what must hold",
	    same ? NULL : difference(expected, got),
	    bound ? NULL
		  : "the Evidence belongs to another connection: look for a "
		    "relay between the peers");
}

/* The binder, or what came where a file is judged without one. */
static struct span
binder_for(const struct appraisal_in *in, const struct tpm_attest *a)
{
	return in->binder_known ? binding_value(in->expected) : a->extra_data;
}

bool
tpm_check_quote(const struct appraisal_in *in, const struct tpm_facts *f,
    struct seal_verdict *v)
{
	struct tpm_attest e =
	    expected_attest(TPM_ST_QUOTE, binder_for(in, &f->quote), &f->quote);
	uint8_t digest[HASH_MAX];
	struct seal_diag d = { 0 };
	bool listed = selection_of(&f->e, &e);

	if (!verdict_check(v, "tpm.pcr.list", listed, SEAL_E_EVIDENCE,
		"PCR values in selection order", listed ? NULL : "another list",
		NULL) ||
	    !check_banks(&e, v) ||
	    !PARSED(pcr_digest(f, digest, &d), "tpm.pcr.digest", v))
		return false;
	e.pcr_digest = span_of(digest, hash_size(tpm_hash(f->quote_sig.hash)));
	return check_whole("tpm.quote", &e, &f->quote, f->e.quote, v);
}

/*
 * The Name commits to the subject's whole public area. qualifiedName varies
 * with the parent, which we cannot see; the attributes say that it is in
 * this TPM for good, whatever its parent.
 */
static bool
check_certify(const struct appraisal_in *in, const struct tpm_facts *f,
    struct seal_verdict *v)
{
	struct tpm_attest e = expected_attest(
	    TPM_ST_CERTIFY, binder_for(in, &f->certify), &f->certify);
	uint8_t name[NAME_MAX];
	struct seal_diag d = { 0 };
	struct wr w;

	wr_init(&w, name, sizeof(name));
	if (!PARSED(
		tpm_public_name(&f->subject, &w, &d), "tpm.subject.name", v))
		return false;
	e.name = wr_view(&w);
	e.qualified_name = f->certify.qualified_name;
	return check_whole("tpm.certify", &e, &f->certify, f->e.certify, v);
}

static bool
same(const char *check, const char *what, bool ok, struct seal_verdict *v)
{
	return verdict_check(v, check, ok, SEAL_E_EVIDENCE, what,
	    ok ? NULL : "two that differ", NULL);
}

/* Both were made by one key in one boot of one TPM. */
static bool
check_same(const struct tpm_facts *f, struct seal_verdict *v)
{
	const struct tpm_attest *q = &f->quote, *c = &f->certify;

	return same("tpm.same.signer", "one qualifiedSigner",
		   span_equal_ct(q->qualified_signer, c->qualified_signer),
		   v) &&
	       same("tpm.same.reset_count", "one resetCount",
		   q->reset_count == c->reset_count, v) &&
	       same("tpm.same.restart_count", "one restartCount",
		   q->restart_count == c->restart_count, v) &&
	       same("tpm.same.firmware", "one firmwareVersion",
		   q->firmware == c->firmware, v);
}

/* ---- What to tell ---- */

static void
claim_all(const struct tpm_facts *f, const struct findings *found,
    struct seal_verdict *v)
{
	(void)verdict_claim_hex(
	    v, "tpm.ak", span_of(found->instance, sizeof(found->instance)));
	(void)verdict_claim(
	    v, "tpm.firmware", "%016" PRIx64, f->quote.firmware);
	(void)verdict_claim(v, "tpm.clock", "%" PRIu64, f->quote.clock);
	(void)verdict_claim(
	    v, "tpm.reset_count", "%" PRIu32, f->quote.reset_count);
	for (size_t i = 0; i < f->e.n_pcrs; i++)
		(void)verdict_claim_hex(v,
		    tpm_pcr_name(f->e.pcrs[i].bank, f->e.pcrs[i].index),
		    f->e.pcrs[i].value);
}

static bool
report(struct tpm_facts *f, struct findings *ret, struct seal_verdict *v)
{
	uint8_t digest[HASH_MAX];
	struct seal_diag d = { 0 };

	if (!PARSED(
		hash_one(HASH_SHA256,
		    span_of(ret->signer_spki, ret->n_signer_spki), digest, &d),
		"tpm.ak.digest", v))
		return false;
	memcpy(ret->instance, digest, sizeof(ret->instance));
	ret->has_instance = true;
	ret->signed_binder[0] = f->quote.extra_data;
	ret->signed_binder[1] = f->certify.extra_data;
	ret->n_signed_binder = 2;
	memcpy(ret->signer_chain, f->e.ak_chain,
	    f->e.n_ak_chain * sizeof(*f->e.ak_chain));
	ret->n_signer_chain = f->e.n_ak_chain;
	ret->undated = true;
	ret->key_attested = true;
	claim_all(f, ret, v);
	return true;
}

static int
tpm_verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	struct tpm_facts *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return SEAL_E_MEMORY;
	ret->facts = f;
	if (parse_all(in, f, v) && check_keys(in, f, ret, v) &&
	    check_signatures(in, f, ret, v) && tpm_check_quote(in, f, v) &&
	    check_certify(in, f, v) && check_same(f, v) &&
	    tpm_log_verify(f, v) && tpm_ima_verify(f, v) && report(f, ret, v))
		return 0;
	return v->diag != NULL && v->diag->code != 0 ? v->diag->code
						     : SEAL_E_MEMORY;
}

const struct appraiser appraiser_tpm = {
	.media_type = TPM_EVIDENCE_TYPE,
	.name = "tpm",
	.rules = tpm_rule_keys,
	.profiles = refs_profiles,
	.measures = 1u << AR4SI_EXECUTABLES | 1u << AR4SI_CONFIGURATION,
	.describe = tpm_describe,
	.rules_size = sizeof(struct tpm_rules),
	.rules_load = tpm_rules_load,
	.rules_wipe = tpm_rules_wipe,
	.rules_explain = tpm_rules_explain,
	.verify = tpm_verify,
	.match = tpm_match,
	.learn = tpm_learn,
	.facts_free = free,
};
