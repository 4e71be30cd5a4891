/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/appraiser.h"
#include "appraise/refs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"
#include "base/text.h"
#include "format/nitro.h"

/*
 * Rules of an entry:
 *   "pcrs": {"sha384": {"0": HEX, …}}   0 (the image) or 8 (who signed it) must
 *                                       be there; others may hold anything
 *   "user_data": HEX                    what the enclave added, whole
 */
static const char *const rule_keys[] = { "pcrs", "user_data", NULL };
static const char *const banks[] = { "sha384", NULL };

#define MODEL "aws-nitro" /* in the environment of a CoMID */
#define USER_DATA_MAX 64u /* bytes that a rule can pin: a hash */
#define PCR_IMAGE 0u
#define PCR_SIGNER 8u
#define TEXT (HEX_FULL + 16)

struct nitro_rules {
	bool by_refs; /* a CoRIM has the values, none stands here */
	bool set[NITRO_PCRS];
	uint8_t pcr[NITRO_PCRS][NITRO_PCR_SIZE];
	size_t n_user_data; /* 0: anything */
	uint8_t user_data[USER_DATA_MAX];
};

/* ---- Rules ---- */

/* Numbers in one spelling each, so that no PCR can stand twice. */
static bool
pcr_index(const char *text, size_t *ret)
{
	char again[4];

	for (unsigned i = 0; i < NITRO_PCRS; i++) {
		snprintf(again, sizeof(again), "%u", i);
		if (strcmp(text, again) == 0)
			return *ret = i, true;
	}
	return false;
}

static int
load_bank(json_t *bank, struct nitro_rules *rules, struct seal_diag *d)
{
	const char *key;
	json_t *value;
	char where[32];
	size_t i = 0;
	int r;

	if (!json_is_object(bank))
		return seal_fail(
		    d, SEAL_E_CONFIG, "pcrs.sha384: must be an object");
	json_object_foreach(bank, key, value)
	{
		if (!pcr_index(key, &i))
			return seal_fail(d, SEAL_E_CONFIG,
			    "pcrs.sha384: '%.16s' is not a PCR, 0 to %u", key,
			    NITRO_PCRS - 1);
		snprintf(where, sizeof(where), "pcrs.sha384.%zu", i);
		if ((r = strict_hex(
			 value, NITRO_PCR_SIZE, where, rules->pcr[i], d)) != 0)
			return r;
		rules->set[i] = true;
	}
	return 0;
}

/* PROTOCOL 5.4 rule 5: something says which image runs. */
static int
load_pcrs(const json_t *entry, struct nitro_rules *rules, struct seal_diag *d)
{
	const json_t *pcrs = json_object_get(entry, "pcrs");
	int r;

	rules->by_refs = json_object_get(entry, "corim") != NULL;
	if (rules->by_refs)
		return pcrs == NULL
			   ? 0
			   : seal_fail(d, SEAL_E_CONFIG,
				 "accept: 'pcrs' or 'corim', not both");
	if (pcrs == NULL)
		return seal_fail(
		    d, SEAL_E_CONFIG, "accept: 'pcrs' is missing (or 'corim')");
	if ((r = strict_object(pcrs, banks, "pcrs", d)) != 0 ||
	    (r = load_bank(json_object_get(pcrs, "sha384"), rules, d)) != 0)
		return r;
	if (!rules->set[PCR_IMAGE] && !rules->set[PCR_SIGNER])
		return seal_fail(d, SEAL_E_CONFIG,
		    "pcrs.sha384: expected \"0\", the image, or \"8\", who "
		    "signed it");
	return 0;
}

static int
rules_load(const json_t *entry, bool debug, void *rules, struct seal_diag *d)
{
	const json_t *user_data = json_object_get(entry, "user_data");
	struct nitro_rules *r = rules;
	int code;

	(void)debug;
	if ((code = load_pcrs(entry, r, d)) != 0 || user_data == NULL)
		return code;
	return strict_hex_range(user_data, 1, USER_DATA_MAX, "user_data",
	    r->user_data, &r->n_user_data, d);
}

static int
rules_explain(const void *rules, struct wr *out)
{
	const struct nitro_rules *r = rules;
	char hex[HEX_SHORT];

	for (size_t i = 0; i < NITRO_PCRS; i++)
		if (r->set[i])
			wr_printf(out, "    PCR %zu is %s\n", i,
			    hex_short(span_of(r->pcr[i], NITRO_PCR_SIZE), hex));
	if (!r->by_refs && !r->set[PCR_IMAGE])
		wr_printf(out, "    its image is any that PCR 8's key "
			       "signed\n");
	if (!r->by_refs)
		wr_printf(out, "    its other PCRs are anything\n");
	if (r->n_user_data > 0)
		wr_printf(out, "    its user data is %s\n",
		    hex_short(span_of(r->user_data, r->n_user_data), hex));
	wr_printf(out, "    not proved: anything about the parent machine\n");
	return out->error;
}

/* ---- Verifying ---- */

static int
verify_signature(const struct appraisal_in *in, const struct nitro *n,
    struct findings *ret, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	struct cert *leaf = NULL;
	struct span spki;
	int r;

	r = cert_cache_get(in->certs, n->chain[0], &leaf, &d);
	if (!verdict_check(v, "nitro.certificate", r == 0, r,
		"a certificate of the enclave", d.text, NULL))
		return r;
	r = SEAL_E_KEY;
	if (verdict_check(v, "nitro.usage", cert_may_sign(leaf), SEAL_E_KEY,
		"a certificate that may sign", "one for other purposes",
		NULL)) {
		r = cose_sign1_verify(&n->sign1, cert_key(leaf), &d);
		verdict_check(v, "nitro.signature", r == 0, r,
		    "a signature by the key of its certificate", d.text, NULL);
	}
	spki = cert_spki(leaf);
	if (r == 0 && spki.n <= sizeof(ret->signer_spki)) {
		memcpy(ret->signer_spki, spki.p, spki.n);
		ret->n_signer_spki = spki.n;
	}
	cert_unref(&leaf);
	return r;
}

/* What the enclave calls its public key may be any bytes: only a key can be
 * the subject. */
static void
take_subject(
    const struct appraisal_in *in, const struct nitro *n, struct findings *ret)
{
	struct pubkey *key = NULL;

	if (n->public_key.n == 0 ||
	    n->public_key.n > sizeof(ret->subject_spki) ||
	    key_cache_get(in->keys, n->public_key, &key, NULL) != 0)
		return;
	pubkey_unref(&key);
	memcpy(ret->subject_spki, n->public_key.p, n->public_key.n);
	ret->n_subject_spki = n->public_key.n;
}

/* Which enclave: the id that AWS gave it. */
static int
name_instance(const struct nitro *n, struct findings *ret)
{
	static const char domain[] = "SEAL Nitro module v1";
	struct span parts[] = { span_of(domain, sizeof(domain) - 1),
		n->module_id };
	uint8_t digest[HASH_MAX];
	int r;

	if ((r = hash_parts(HASH_SHA256, parts, 2, digest, NULL)) != 0)
		return r;
	memcpy(ret->instance, digest, sizeof(ret->instance));
	ret->has_instance = true;
	return 0;
}

static void
claim(const struct nitro *n, struct seal_verdict *v)
{
	char name[32], shown[NITRO_MODULE_MAX + 1];

	verdict_claim(v, "nitro.module_id", "%s",
	    text_safe(n->module_id, shown, sizeof(shown)));
	verdict_claim(v, "nitro.timestamp_ms", "%llu",
	    (unsigned long long)n->timestamp_ms);
	for (size_t i = 0; i < NITRO_PCRS; i++) {
		/* Those that nobody extended say nothing. */
		if (n->pcr[i].n == 0 ||
		    (i >= NITRO_IMAGE_PCRS && nitro_pcr_zero(n->pcr[i])))
			continue;
		snprintf(name, sizeof(name), "nitro.pcr.%zu", i);
		verdict_claim_hex(v, name, n->pcr[i]);
	}
	if (n->user_data.n > 0)
		verdict_claim_hex(v, "nitro.user_data", n->user_data);
}

static int
verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	struct nitro *n = calloc(1, sizeof(*n));
	struct seal_diag d = { 0 };
	int r;

	ret->debug = true; /* until the document says otherwise */
	if ((ret->facts = n) == NULL)
		return SEAL_E_MEMORY;
	r = nitro_parse(in->evidence, n, &d);
	if (!verdict_check(v, "nitro.form", r == 0, r,
		"an attestation document of a Nitro Enclave", d.text, NULL))
		return r;
	if ((r = verify_signature(in, n, ret, v)) != 0 ||
	    (r = name_instance(n, ret)) != 0)
		return r;
	memcpy(ret->signer_chain, n->chain, n->n_chain * sizeof(n->chain[0]));
	ret->n_signer_chain = n->n_chain;
	ret->signed_binder[0] = n->nonce;
	ret->n_signed_binder = 1;
	take_subject(in, n, ret);
	ret->issued_at = (int64_t)(n->timestamp_ms / 1000);
	ret->debug = nitro_debug(n);
	claim(n, v);
	return 0;
}

/* ---- Matching ---- */

static bool
match_pcr(const struct nitro_rules *r, const struct nitro *n, size_t i,
    struct seal_verdict *v)
{
	struct span want = span_of(r->pcr[i], NITRO_PCR_SIZE);
	char e[TEXT], g[TEXT], hex[HEX_FULL];

	snprintf(e, sizeof(e), "PCR %zu = %s", i, hex_full(want, hex));
	snprintf(g, sizeof(g), "PCR %zu = %s", i,
	    n->pcr[i].n > 0 ? hex_full(n->pcr[i], hex) : "none");
	return verdict_check(v, "nitro.pcr", span_equal_ct(n->pcr[i], want),
	    SEAL_E_POLICY, e, g,
	    "compare with what `nitro-cli build-enclave` printed; if the "
	    "image changed on purpose, learn the policy again");
}

static bool
match_user_data(
    const struct nitro_rules *r, const struct nitro *n, struct seal_verdict *v)
{
	struct span want = span_of(r->user_data, r->n_user_data);
	char e[HEX_SHORT], g[HEX_SHORT];

	return r->n_user_data == 0 ||
	       verdict_check(v, "nitro.user_data",
		   span_equal_ct(n->user_data, want), SEAL_E_POLICY,
		   hex_short(want, e), hex_short(n->user_data, g),
		   "if the enclave changed on purpose, change the policy");
}

static bool
match(const void *rules, const struct findings *f, struct seal_verdict *v)
{
	const struct nitro_rules *r = rules;
	const struct nitro *n = f->facts;
	bool ok = true, any = false, user_data;

	for (size_t i = 0; i < NITRO_PCRS; i++)
		if (r->set[i]) {
			any = true;
			ok = match_pcr(r, n, i, v) && ok;
		}
	ok = ok && (any || r->by_refs); /* reference triples decide then */
	user_data = match_user_data(r, n, v);
	if (!r->by_refs)
		v->ar4si[AR4SI_EXECUTABLES] =
		    ok ? AR4SI_AFFIRMING : AR4SI_CONTRAINDICATED;
	v->ar4si[AR4SI_RUNTIME_OPAQUE] =
	    f->debug ? AR4SI_CONTRAINDICATED : AR4SI_AFFIRMING;
	return ok && user_data;
}

/* ---- CoRIM and learning ---- */

/* Those that say something of the code: the image's always, others where
 * somebody extended them. The parent's id is another on each machine. */
static bool
telling(const struct nitro *n, size_t i)
{
	return n->pcr[i].n > 0 && i != NITRO_PCR_PARENT &&
	       (i < NITRO_IMAGE_PCRS || !nitro_pcr_zero(n->pcr[i]));
}

static void
put_pcr(struct span value, unsigned i, struct wr *out)
{
	struct comid_measurement m = { .other = false };
	uint8_t key_buf[4], buf[NITRO_PCR_SIZE + 16];
	struct wr key, digests;

	wr_init(&key, key_buf, sizeof(key_buf));
	cbor_put_uint(&key, i);
	wr_init(&digests, buf, sizeof(buf));
	cbor_put_array(&digests, 1);
	comid_put_digest(&digests, COMID_SHA384, value);
	m.mkey = wr_view(&key);
	m.val[COMID_DIGESTS] = wr_view(&digests);
	comid_put_measurement(out, &m);
}

/* A measurement for each PCR: its number as mkey. The environment names no
 * instance: the key of a document lives for hours. */
static int
describe(const struct findings *f, struct wr *env, struct wr *measurements)
{
	const struct nitro *n = f->facts;
	struct comid_env e = { .other = false };
	uint8_t buf[32];
	struct wr model;
	size_t count = 0;

	wr_init(&model, buf, sizeof(buf));
	cbor_put_text(&model, span_str(MODEL));
	e.model = wr_view(&model);
	comid_put_env(env, &e);
	for (size_t i = 0; i < NITRO_PCRS; i++)
		count += telling(n, i);
	cbor_put_array(measurements, count);
	for (unsigned i = 0; i < NITRO_PCRS; i++)
		if (telling(n, i))
			put_pcr(n->pcr[i], i, measurements);
	return env->error != 0 ? env->error : measurements->error;
}

static int
learn_pcrs(const struct nitro *n, json_t *bank)
{
	char key[4], hex[HEX_FULL];

	for (unsigned i = 0; i < NITRO_PCRS; i++) {
		if (!telling(n, i))
			continue;
		snprintf(key, sizeof(key), "%u", i);
		if (json_object_set_new(
			bank, key, json_string(hex_full(n->pcr[i], hex))) != 0)
			return SEAL_E_MEMORY;
	}
	return 0;
}

static int
learn(const struct findings *f, json_t *entry)
{
	json_t *bank = json_object();
	int r = learn_pcrs(f->facts, bank);

	if (r != 0) {
		json_decref(bank);
		return r;
	}
	return json_object_set_new(
		   entry, "pcrs", json_pack("{s:o}", banks[0], bank)) == 0
		   ? 0
		   : SEAL_E_MEMORY;
}

const struct appraiser appraiser_nitro = {
	.media_type = NITRO_TYPE,
	.name = "nitro",
	.rules = rule_keys,
	.profiles = refs_profiles,
	.measures = 1u << AR4SI_EXECUTABLES,
	.describe = describe,
	.rules_size = sizeof(struct nitro_rules),
	.rules_load = rules_load,
	.rules_explain = rules_explain,
	.verify = verify,
	.match = match,
	.brief_signer = true,
	.learn = learn,
	.facts_free = free,
};
