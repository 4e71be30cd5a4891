/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/ear_rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/appraiser.h"
#include "base/text.h"

#define SKEW_S 60 /* a clock may be this far ahead (PROTOCOL 5.3) */
#define NUMBER 48

/*
 * Attestation Results, from the Relying Party's side: the Verifier is the one
 * whose keys the policy holds, and its word counts as far as the policy says.
 */

/* ---- Verifying ---- */

static bool
takes(struct span media_type)
{
	bool cwt;

	return ear_media_type(media_type, &cwt) != NULL;
}

static const char *
verifier(const void *rules)
{
	return ((const struct ear_rules *)rules)->verifier;
}

/* Another key may fit better, another spelling of the token cannot. */
static bool
worth_another_key(int r)
{
	return r == SEAL_E_SIGNATURE || r == SEAL_E_KEY;
}

/*
 * Under any key that any entry trusts; which entry is then satisfied is
 * judged with its other rules, by signer_spki.
 */
static int
open_token(const struct appraisal_in *in, bool cwt, struct ear *ret,
    const struct jwk **ret_key, struct seal_diag *d)
{
	const struct policy *p = in->policy;
	int r = SEAL_E_KEY;

	for (size_t i = 0; p != NULL && i < p->n_accept; i++) {
		for (size_t k = 0; k < p->accept[i].n_signers; k++) {
			const struct signer *s = &p->accept[i].signers[k];

			if (s->keys == NULL)
				continue;
			r = (cwt ? ear_open_cwt : ear_open_jwt)(
			    in->evidence, s->keys, ret, ret_key, d);
			if (!worth_another_key(r))
				return r;
		}
	}
	return d->code != 0 ? r
			    : seal_fail(d, r,
				  "results need a policy that trusts a "
				  "Verifier");
}

static void
take_claims(const struct ear *e, struct seal_verdict *v)
{
	char name[sizeof("ear.submod.") + EAR_NAME_MAX];

	verdict_claim(v, "ear.verifier", "%s", e->developer);
	verdict_claim(v, "ear.build", "%s", e->build);
	verdict_claim(v, "ear.iat", "%" PRId64, e->iat);
	if (e->has_exp)
		verdict_claim(v, "ear.exp", "%" PRId64, e->exp);
	for (size_t i = 0; i < e->n_submods; i++) {
		snprintf(
		    name, sizeof(name), "ear.submod.%s", e->submods[i].name);
		verdict_claim(
		    v, name, "%s", ar4si_tier_name(e->submods[i].status));
	}
}

/* The signed values that the core compares and judges. */
static void
report(const struct ear *e, const struct jwk *key, struct findings *ret)
{
	memcpy(ret->signer_spki, key->spki, key->n_spki);
	ret->n_signer_spki = key->n_spki;
	memcpy(ret->subject_spki, e->spki, e->n_spki);
	ret->n_subject_spki = e->n_spki;
	ret->subject_by_binder = e->n_spki == 0;
	if (e->n_nonce > 0) {
		ret->signed_binder[0] = span_of(e->nonce, e->n_nonce);
		ret->n_signed_binder = 1;
		ret->binder_padded = e->nonce_padded;
	}
	ret->issued_at = e->iat;
	ret->expires_at = e->has_exp ? e->exp : 0;
}

static bool
check_times(const struct ear *e, int64_t now, struct seal_verdict *v)
{
	char got[NUMBER];

	snprintf(
	    got, sizeof(got), "nbf %" PRId64 ", now %" PRId64, e->nbf, now);
	return verdict_check(v, "ear.times", !e->has_exp || e->exp > e->iat,
		   SEAL_E_EVIDENCE, "an exp after iat", "one that is not",
		   NULL) &&
	       verdict_check(v, "ear.nbf",
		   !e->has_nbf || e->nbf - SKEW_S <= now, SEAL_E_STALE,
		   "valid by now", got, "compare the clocks");
}

static int
verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	const struct ear_profile *profile;
	const struct jwk *key = NULL;
	struct seal_diag d = { 0 };
	struct ear *e;
	bool cwt = false;
	int r;

	if ((profile = ear_media_type(in->media_type, &cwt)) == NULL)
		return SEAL_E_UNSUPPORTED; /* takes() lets none through */
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return SEAL_E_MEMORY;
	ret->facts = e;
	r = open_token(in, cwt, e, &key, &d);
	if (!verdict_check(v, "ear.signature", r == 0, r,
		"a result signed by a Verifier of the policy", d.text,
		worth_another_key(r)
		    ? "if its Verifier is to be trusted, add its keys to "
		      "'signers'"
		    : NULL) ||
	    e->profile == NULL)
		return r != 0 ? r : SEAL_E_UNSUPPORTED;
	if (!verdict_check(v, "ear.profile", e->profile == profile,
		SEAL_E_EVIDENCE, profile->uri, e->profile->uri,
		"name the token's own profile in its media type"))
		return SEAL_E_EVIDENCE;
	take_claims(e, v);
	if (!check_times(e, in->now, v))
		return SEAL_E_STALE;
	report(e, key, ret);
	return 0;
}

/* ---- Matching ---- */

static bool
match_profile(
    const struct ear_rules *r, const struct ear *e, struct seal_verdict *v)
{
	bool ok = false;

	for (size_t i = 0; i < r->n_profiles; i++)
		ok = ok || r->profiles[i] == e->profile;
	return verdict_check(v, "ear.profile.accepted", ok, SEAL_E_POLICY,
	    "a profile of the policy", e->profile->uri,
	    "add it to 'profiles', if it is welcome");
}

static bool
match_lifetime(
    const struct ear_rules *r, const struct ear *e, struct seal_verdict *v)
{
	char want[NUMBER], got[NUMBER];

	if (!verdict_check(v, "ear.exp", !r->exp || e->has_exp, SEAL_E_EVIDENCE,
		"an exp", e->has_exp ? NULL : "none",
		"for a Verifier that sets none, set \"exp\": false"))
		return false;
	if (!e->has_exp)
		return true;
	snprintf(
	    want, sizeof(want), "at most %u s", (unsigned)r->max_lifetime_s);
	snprintf(got, sizeof(got), "%" PRId64 " s", e->exp - e->iat);
	return verdict_check(v, "ear.lifetime",
	    e->exp - e->iat <= (int64_t)r->max_lifetime_s, SEAL_E_POLICY, want,
	    got, "shorten the Verifier's results, or raise 'max_lifetime_s'");
}

/* Where a submodule has no status to tell, a warning about its neighbour does
 * not stand for it: in the order of tiers it would. */
static enum ar4si_tier
told_status(const struct ear *e)
{
	if (e->has_status && e->status == AR4SI_TIER_NONE)
		return AR4SI_TIER_NONE;
	for (size_t i = 0; i < e->n_submods; i++)
		if (e->submods[i].status == AR4SI_TIER_NONE)
			return AR4SI_TIER_NONE;
	return ear_worst_status(e);
}

static bool
match_status(
    const struct ear_rules *r, const struct ear *e, struct seal_verdict *v)
{
	enum ar4si_tier told = told_status(e);

	return verdict_check(v, "ear.status",
	    told != AR4SI_TIER_NONE && !ar4si_worse(told, r->status),
	    SEAL_E_POLICY, ar4si_tier_name(r->status), ar4si_tier_name(told),
	    "ask the Verifier why: `seal verifier log`");
}

/* The worst that any submodule says of it; nothing where none does, or where
 * one says that it cannot tell, or, if each must, where one is silent. */
static enum ar4si_tier
told_claim(const struct ear *e, enum ar4si claim, bool each)
{
	enum ar4si_tier told = AR4SI_TIER_NONE, one;

	for (size_t i = 0; i < e->n_submods; i++) {
		if (e->submods[i].vector[claim] == 0) {
			if (each)
				return AR4SI_TIER_NONE;
			continue;
		}
		one = ar4si_tier(e->submods[i].vector[claim]);
		if (one == AR4SI_TIER_NONE)
			return AR4SI_TIER_NONE;
		if (told == AR4SI_TIER_NONE || ar4si_worse(one, told))
			told = one;
	}
	return told;
}

static bool
has_vector(const struct ear_rules *r, const struct ear_appraisal *a)
{
	for (size_t i = 0; i < AR4SI_CLAIMS; i++) {
		enum ar4si_tier told = ar4si_tier(a->vector[i]);

		if (r->vector[i] != AR4SI_TIER_NONE &&
		    (told == AR4SI_TIER_NONE ||
			ar4si_worse(told, r->vector[i])))
			return false;
	}
	return true;
}

/* What two say together is said of neither. */
static bool
match_one(
    const struct ear_rules *r, const struct ear *e, struct seal_verdict *v)
{
	bool ok = !r->one_submod;

	for (size_t i = 0; i < e->n_submods; i++)
		ok = ok || has_vector(r, &e->submods[i]);
	return verdict_check(v, "ear.submods", ok, SEAL_E_POLICY,
	    "one submodule with the whole vector",
	    ok ? NULL : "none that has all of it",
	    "ask the Verifier why: `seal verifier log`");
}

static bool
match_vector(
    const struct ear_rules *r, const struct ear *e, struct seal_verdict *v)
{
	enum ar4si_tier told;
	bool ok = true;

	for (size_t i = 0; i < AR4SI_CLAIMS; i++) {
		if (r->vector[i] == AR4SI_TIER_NONE)
			continue;
		told = told_claim(e, (enum ar4si)i, !r->one_submod);
		ok = verdict_check(v, "ear.vector",
			 told != AR4SI_TIER_NONE &&
			     !ar4si_worse(told, r->vector[i]),
			 SEAL_E_POLICY, ar4si_name((enum ar4si)i),
			 ar4si_tier_name(told),
			 "ask the Verifier why: `seal verifier log`") &&
		     ok;
	}
	return ok;
}

static bool
match(const void *rules, const struct findings *f, struct seal_verdict *v)
{
	const struct ear_rules *r = rules;
	const struct ear *e = f->facts;
	bool verifier, cnf, ok;

	ear_vector(e, v->ar4si);
	verifier = verdict_check(v, "ear.verifier",
	    strcmp(e->developer, r->verifier) == 0, SEAL_E_POLICY, r->verifier,
	    e->developer, "name the Verifier as it names itself");
	cnf = verdict_check(v, "ear.cnf", !r->cnf || e->n_spki > 0, SEAL_E_KEY,
	    "the attested key in cnf", e->n_spki > 0 ? NULL : "none",
	    "for a Verifier that never names it, set \"cnf\": false");
	ok = match_profile(r, e, v);
	ok = match_lifetime(r, e, v) && ok;
	ok = match_status(r, e, v) && ok;
	ok = match_vector(r, e, v) && ok;
	ok = match_one(r, e, v) && ok;
	return ok && verifier && cnf;
}

/* A result says nothing of why it is believed: there is nothing to pin. */
static int
learn(const struct findings *f, json_t *entry)
{
	(void)f;
	(void)entry;
	return SEAL_E_UNSUPPORTED;
}

const struct appraiser appraiser_ear = {
	.media_type = "ear",
	.name = "ear",
	.takes = takes,
	.verifier = verifier,
	.rules = ear_rule_keys,
	.rules_size = sizeof(struct ear_rules),
	.rules_load = ear_rules_load,
	.rules_explain = ear_rules_explain,
	.verify = verify,
	.match = match,
	.learn = learn,
	.facts_free = free,
};
