/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/tpm_quote.h"

#include <stdlib.h>
#include <string.h>

#include "appraise/refs.h"
#include "base/text.h"

/*
 * A quote alone, as the attestation agents of confidential VMs send it: the
 * binder commits to the subject key, and nothing says where that lives. Rules
 * as of TPM Evidence, but for "key_policy" and the logs.
 */
static const char *const rule_keys[] = { "pcrs", NULL };

static bool
parse(
    const struct appraisal_in *in, struct tpm_facts *f, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	int r;

	if ((r = tpm_quote_evidence_parse(in->evidence, &f->e, &d)) == 0 &&
	    (r = tpm_attest_parse(f->e.quote, &f->quote, &d)) == 0)
		r = tpm_signature_parse(
		    f->e.quote_signature, &f->quote_sig, &d);
	return verdict_check(v, "tpm_quote.form", r == 0, r,
	    "a quote, its signature and the values", d.text, NULL);
}

static bool
check_signature(const struct appraisal_in *in, const struct tpm_facts *f,
    struct seal_verdict *v)
{
	uint8_t buf[LIMIT_SIGNATURE];
	struct seal_diag d = { 0 };
	struct pubkey *key = NULL;
	uint16_t scheme = SIG_NONE;
	struct wr w;
	int r;

	if (!verdict_check(v, "tpm_quote.scheme",
		hash_size(tpm_hash(f->quote_sig.hash)) >= 32, SEAL_E_SIGNATURE,
		"SHA-256 or stronger", hash_name(tpm_hash(f->quote_sig.hash)),
		NULL))
		return false;
	wr_init(&w, buf, sizeof(buf));
	if ((r = key_cache_get(in->keys, f->e.ak_public, &key, &d)) == 0 &&
	    (r = tpm_signature_to_tls(&f->quote_sig, &scheme, &w, &d)) == 0)
		r = pubkey_verify(key, scheme, f->e.quote, wr_view(&w), &d);
	pubkey_unref(&key);
	return verdict_check(v, "tpm_quote.signature", r == 0, SEAL_E_SIGNATURE,
	    "a signature by the AK", d.text, NULL);
}

static bool
report(const struct tpm_facts *f, struct findings *ret, struct seal_verdict *v)
{
	struct span ak = f->e.ak_public;
	uint8_t digest[HASH_MAX];

	if (ak.n > sizeof(ret->signer_spki) ||
	    hash_one(HASH_SHA256, ak, digest, NULL) != 0)
		return verdict_check(v, "tpm_quote.key", false, SEAL_E_LIMIT,
		    NULL, "cannot be kept", NULL);
	memcpy(ret->signer_spki, ak.p, ak.n);
	ret->n_signer_spki = ak.n;
	memcpy(ret->instance, digest, sizeof(ret->instance));
	ret->has_instance = true;
	ret->signed_binder[0] = f->quote.extra_data;
	ret->n_signed_binder = 1;
	ret->subject_by_binder = true;
	ret->undated = true;
	verdict_claim_hex(v, "tpm.ak", span_of(digest, 32));
	for (size_t i = 0; i < f->e.n_pcrs; i++)
		verdict_claim_hex(v,
		    tpm_pcr_name(f->e.pcrs[i].bank, f->e.pcrs[i].index),
		    f->e.pcrs[i].value);
	return true;
}

static int
verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	struct tpm_facts *f = calloc(1, sizeof(*f));

	if ((ret->facts = f) == NULL)
		return SEAL_E_MEMORY;
	if (parse(in, f, v) && check_signature(in, f, v) &&
	    tpm_check_quote(in, f, v) && report(f, ret, v))
		return 0;
	return v->diag != NULL && v->diag->code != 0 ? v->diag->code
						     : SEAL_E_MEMORY;
}

const struct appraiser appraiser_tpm_quote = {
	.media_type = TPM_QUOTE_TYPE,
	.name = "tpm_quote",
	.rules = rule_keys,
	.profiles = refs_profiles,
	.measures = 1u << AR4SI_EXECUTABLES | 1u << AR4SI_CONFIGURATION,
	.describe = tpm_describe,
	.rules_size = sizeof(struct tpm_rules),
	.rules_load = tpm_rules_load,
	.rules_wipe = tpm_rules_wipe,
	.rules_explain = tpm_rules_explain,
	.verify = verify,
	.match = tpm_match,
	.learn = tpm_learn,
	.facts_free = free,
};
