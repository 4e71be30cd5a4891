/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/appraiser.h"
#include "appraise/refs.h"
#include "appraise/soft_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/eat.h"

#define CHECK_NAME "soft.measurement"

/* ---- Verifying ---- */

/* The key that the token names as subject is the one that kid commits to: one
 * key signs the token and the authenticator (PROTOCOL 5.6). */
static bool
take_key(const struct appraisal_in *in, const struct eat_soft *e,
    struct findings *f, struct pubkey **ret_key, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	uint8_t digest[HASH_MAX];
	char want[HEX_SHORT], got[HEX_SHORT];
	struct span spki;
	struct wr w;
	int r;

	wr_init(&w, f->subject_spki, sizeof(f->subject_spki));
	if ((r = cose_key_import(
		 e->claims.cnf_key, &w, in->keys, ret_key, &d)) != 0 ||
	    (r = wr_finish(&w, &spki)) != 0 ||
	    (r = hash_one(HASH_SHA256, spki, digest, &d)) != 0)
		return verdict_check(v, "soft.key", false, r,
		    "a public key in cnf", d.text, NULL);
	f->n_subject_spki = f->n_signer_spki = spki.n;
	memcpy(f->signer_spki, spki.p, spki.n);
	memcpy(f->instance, digest, sizeof(f->instance));
	f->has_instance = true;
	return verdict_check(v, "soft.kid",
	    span_equal_ct(e->sign1.kid, span_of(digest, EAT_SOFT_KID)),
	    SEAL_E_KEY, hex_short(span_of(digest, EAT_SOFT_KID), want),
	    hex_short(e->sign1.kid, got),
	    "sign the token with the key that its cnf names");
}

static bool
check_signature(
    const struct eat_soft *e, const struct pubkey *key, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	int r = cose_sign1_verify(&e->sign1, key, &d);

	return verdict_check(v, "soft.signature", r == 0, r,
	    "a signature by the key of kid", d.text, NULL);
}

static void
claim_measurements(const struct eat_soft *e, struct seal_verdict *v)
{
	char name[sizeof(CHECK_NAME) + SOFT_NAME_MAX], shown[SOFT_NAME_MAX];

	for (size_t i = 0; i < e->n_measurements; i++) {
		snprintf(name, sizeof(name), CHECK_NAME ".%s",
		    text_safe(e->measurements[i].name, shown, sizeof(shown)));
		verdict_claim_hex(v, name, e->measurements[i].digest);
	}
	verdict_claim(v, "soft.iat", "%lld", (long long)e->claims.iat);
}

static int
verify_with_key(const struct appraisal_in *in, const struct eat_soft *e,
    struct findings *ret, struct seal_verdict *v)
{
	struct pubkey *key = NULL;
	int r = 0;

	if (!take_key(in, e, ret, &key, v))
		r = SEAL_E_KEY;
	else if (!check_signature(e, key, v))
		r = SEAL_E_SIGNATURE;
	pubkey_unref(&key);
	return r;
}

static int
soft_verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	struct eat_soft *e = calloc(1, sizeof(*e));
	int r = SEAL_E_MEMORY;

	if (e != NULL)
		r = eat_soft_parse(in->evidence, e, &d);
	ret->facts = e;
	ret->insecure = true;
	ret->debug = true; /* whoever holds the key can say anything */
	if (!verdict_check(v, "soft.form", r == 0, r,
		"a soft EAT (PROTOCOL 5.6)", d.text, NULL) ||
	    e == NULL)
		return r;
	if ((r = verify_with_key(in, e, ret, v)) != 0)
		return r;
	ret->signed_binder[0] = e->claims.nonce;
	ret->n_signed_binder = 1;
	ret->issued_at = e->claims.iat;
	claim_measurements(e, v);
	return 0;
}

/* ---- Matching ---- */

static const struct eat_measurement *
measured(const struct eat_soft *e, const char *name)
{
	for (size_t i = 0; i < e->n_measurements; i++) {
		if (span_is(e->measurements[i].name, name))
			return &e->measurements[i];
	}
	return NULL;
}

static bool
match_one(const struct soft_rule *rule, const struct eat_soft *e,
    struct seal_verdict *v)
{
	const struct eat_measurement *m = measured(e, rule->name);
	struct span want = span_of(rule->value, rule->n_value);
	struct span got = m != NULL ? m->digest : span_of(NULL, 0);
	char expected[SOFT_NAME_MAX + HEX_SHORT + 4];
	char found[SOFT_NAME_MAX + HEX_SHORT + 4], hex[HEX_SHORT];

	snprintf(expected, sizeof(expected), "%s = %s", rule->name,
	    hex_short(want, hex));
	snprintf(
	    found, sizeof(found), "%s = %s", rule->name, hex_short(got, hex));
	return verdict_check(v, CHECK_NAME, span_equal_ct(want, got),
	    SEAL_E_POLICY, expected, found,
	    "if the peer changed on purpose, learn the policy again");
}

/* These measurements and no other, like the PCRs of a TPM. */
static bool
soft_match(const void *rules, const struct findings *f, struct seal_verdict *v)
{
	const struct soft_rules *r = rules;
	const struct eat_soft *e = f->facts;
	char expected[32], got[32];
	bool ok;

	if (r->by_refs)
		return true; /* the reference triples decide */
	snprintf(
	    expected, sizeof(expected), "%zu measurements", r->n_measurements);
	snprintf(got, sizeof(got), "%zu", e->n_measurements);
	ok = verdict_check(v, "soft.measurements",
	    r->n_measurements == e->n_measurements, SEAL_E_POLICY, expected,
	    got, "learn the policy again");
	for (size_t i = 0; i < r->n_measurements; i++)
		ok = match_one(&r->measurements[i], e, v) && ok;
	v->ar4si[AR4SI_EXECUTABLES] =
	    ok ? AR4SI_AFFIRMING : AR4SI_CONTRAINDICATED;
	return ok;
}

static int
soft_learn(const struct findings *f, json_t *entry)
{
	const struct eat_soft *e = f->facts;
	json_t *list = json_object();

	for (size_t i = 0; i < e->n_measurements; i++) {
		char name[SOFT_NAME_MAX], hex[HEX_FULL];

		hex_full(e->measurements[i].digest, hex);
		if (json_object_set_new(list,
			text_safe(e->measurements[i].name, name, sizeof(name)),
			json_string(hex)) != 0) {
			json_decref(list);
			return SEAL_E_MEMORY;
		}
	}
	return json_object_set_new(entry, "measurements", list) == 0
		   ? 0
		   : SEAL_E_MEMORY;
}

const struct appraiser appraiser_soft = {
	.media_type = EAT_SOFT_TYPE,
	.name = "soft",
	.rules = soft_rule_keys,
	.profiles = refs_profiles,
	.measures = 1u << AR4SI_EXECUTABLES,
	.describe = soft_describe,
	.rules_size = sizeof(struct soft_rules),
	.rules_load = soft_rules_load,
	.rules_explain = soft_rules_explain,
	.verify = soft_verify,
	.match = soft_match,
	.learn = soft_learn,
	.facts_free = free,
};
