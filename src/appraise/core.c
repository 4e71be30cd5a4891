/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/core.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/bound.h"
#include "appraise/collection.h"
#include "appraise/endorse_folder.h"
#include "appraise/refs_judge.h"
#include "appraise/signer.h"
#include "appraise/unwrap.h"
#include "base/text.h"

#define SKEW_S 60    /* a clock may be this far ahead (PROTOCOL 5.3) */
#define TEXT 256     /* bytes of an expected or a got */
#define TYPE_MAX 200 /* bytes of a media type that we keep */

/* Dated Evidence is from the last max_age_s, and not from the future. */
static bool
check_age(const struct policy *p, const struct findings *f, int64_t now,
    struct seal_verdict *v)
{
	char e[TEXT], g[TEXT];
	bool sane = f->issued_at > 0, future, old, over;

	if (f->undated) {
		verdict_skip(v, "age", "undated: fresh by its binder alone");
		return true;
	}
	future = sane && f->issued_at - SKEW_S > now;
	old = !sane || now - f->issued_at > (int64_t)p->max_age_s;
	/* No skew is ever added to an end (PROTOCOL 5.3). */
	over = f->expires_at != 0 && now >= f->expires_at;
	snprintf(e, sizeof(e), "at most %" PRIu32 " s before %" PRId64,
	    p->max_age_s, now);
	snprintf(g, sizeof(g), "%" PRId64, f->issued_at);
	if (!verdict_check(v, "age", !future && !old, SEAL_E_STALE, e, g,
		"compare the clocks of both machines, or raise 'max_age_s'"))
		return false;
	snprintf(e, sizeof(e), "an end after %" PRId64, now);
	snprintf(g, sizeof(g), "%" PRId64, f->expires_at);
	return verdict_check(v, "expiry", !over, SEAL_E_STALE, e, g,
	    "have the peer renew it, and compare the clocks");
}

static void
vector_set(struct seal_verdict *v, const struct findings *f, enum ar4si claim,
    int8_t value)
{
	v->ar4si[claim] =
	    f->insecure && value == AR4SI_AFFIRMING ? AR4SI_WARNING : value;
}

/* One entry's rules, all of them, so that every failed one is named. */
bool
appraise_entry(const struct policy *p, const struct accept_entry *e,
    const struct findings *f, int64_t now, struct rests *ret,
    struct seal_verdict *v)
{
	bool signer, debug, age, rules, refs;

	refs = e->refs == NULL || judge_refs_valid(e, now, v);
	signer = signer_judge(e, f, now, ret, v);
	debug = verdict_check(v, "debug", e->debug || !f->debug, SEAL_E_POLICY,
	    e->debug ? "production or debug" : "production",
	    f->debug ? "debug" : "production",
	    "attest with a platform that is not in "
	    "debug mode");
	age = check_age(p, f, now, v);
	rules = e->by->match(e->rules, f, v);
	if (e->by->endorsed != NULL)
		rules = e->by->endorsed(e, f, now, &ret->until, v) && rules;
	if (e->refs != NULL)
		rules = judge_by_refs(e, f, now, &ret->until, v) && rules;
	if (e->by->verifier == NULL)
		vector_set(v, f, AR4SI_INSTANCE_IDENTITY,
		    signer ? AR4SI_AFFIRMING : AR4SI_UNRECOGNISED);
	if (f->insecure || (signer && ret->ca))
		vector_set(v, f, AR4SI_HARDWARE, AR4SI_AFFIRMING);
	for (size_t i = 0; i < AR4SI_CLAIMS; i++)
		vector_set(v, f, (enum ar4si)i, v->ar4si[i]);
	return refs && signer && debug && age && rules && !v->failed;
}

static size_t
passed(const struct seal_verdict *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_checks; i++)
		n += v->checks[i].status == SEAL_CHECK_PASSED;
	return n;
}

/*
 * Any entry of this technology may accept. Where none does, the verdict tells
 * the story of the one that came furthest, the first among equals.
 */
static bool
judge_entries(const struct policy *p, const struct appraiser *by,
    const struct findings *f, int64_t now, struct rests *ret,
    struct seal_verdict *v)
{
	struct seal_verdict *best = NULL, *try;
	bool ok = false;

	for (size_t i = 0; i < p->n_accept && !ok; i++) {
		if (p->accept[i].by != by)
			continue;
		if ((try = verdict_new()) == NULL)
			break;
		*ret = (struct rests){ false,
			f->expires_at != 0 ? f->expires_at : INT64_MAX };
		ok = (by->collection ? collection_judge : appraise_entry)(
		    p, &p->accept[i], f, now, ret, try);
		if (best == NULL || ok || passed(try) > passed(best)) {
			seal_verdict_free(&best);
			best = try;
			try = NULL;
		}
		seal_verdict_free(&try);
	}
	if (best == NULL)
		return verdict_check(v, "policy", false, SEAL_E_MEMORY, NULL,
		    "out of memory", NULL);
	verdict_take(v, best);
	seal_verdict_free(&best);
	return ok && !v->failed;
}

/* PROTOCOL 5.4 rule 6: the same technology, platform and key as before. */
static bool
check_first(const struct policy *p, const struct appraisal_in *in,
    struct seal_verdict *v)
{
	const struct seal_verdict *first = in->first;
	char e[HEX_SHORT], g[HEX_SHORT];
	const char *remedy = "open a new connection to a changed peer";

	if (first == NULL)
		return true;
	if (!verdict_check(v, "reattest.scheme",
		media_type_equal(span_str(seal_verdict_scheme(first)),
		    span_str(seal_verdict_scheme(v))),
		SEAL_E_KEY, seal_verdict_scheme(first), seal_verdict_scheme(v),
		remedy))
		return false;
	if (!verdict_check(v, "reattest.instance",
		first->has_instance == v->has_instance &&
		    (!v->has_instance ||
			span_equal_ct(
			    span_of(first->instance, sizeof(first->instance)),
			    span_of(v->instance, sizeof(v->instance)))),
		SEAL_E_KEY, hex_short(span_of(first->instance, 32), e),
		hex_short(span_of(v->instance, 32), g), remedy))
		return false;
	if (p->rotate_subject) {
		verdict_skip(v, "reattest.key", "policy lets the key change");
		return true;
	}
	return verdict_check(v, "reattest.key",
	    span_equal_ct(
		span_of(first->subject_key, 32), span_of(v->subject_key, 32)),
	    SEAL_E_KEY, hex_short(span_of(first->subject_key, 32), e),
	    hex_short(span_of(v->subject_key, 32), g),
	    "keep the key, or set 'rotate_subject' in the policy");
}

/* The level is the carrier's where the binder itself was carried. */
static bool
check_level(const struct policy *p, const struct appraisal_in *in,
    struct seal_verdict *v)
{
	enum seal_level want = p->min_binding;

	if (in->interim && want > SEAL_LEVEL_TRANSCRIPT)
		want = SEAL_LEVEL_TRANSCRIPT;
	v->level = v->binder_compared             ? in->carrier
		   : v->cached && v->key_compared ? SEAL_LEVEL_KEY
						  : SEAL_LEVEL_NONE;
	return verdict_check(v, "level",
	    v->level > SEAL_LEVEL_NONE && v->level <= SEAL_LEVEL_TRAFFIC &&
		want > SEAL_LEVEL_NONE && v->level >= want,
	    SEAL_E_POLICY, level_name(want), level_name(v->level),
	    "attest after the handshake, or lower 'min_binding'");
}

/* PROTOCOL 6.2: no longer than policy, or than what the acceptance rests on:
 * certificates of the signer, CoRIMs that hold the values. */
static bool
check_lease(const struct policy *p, const struct appraisal_in *in,
    const struct rests *on, struct seal_verdict *v, uint32_t *ret)
{
	int64_t lease = p->lease_s;
	char g[TEXT];

	if (on->until != INT64_MAX && on->until - in->now < lease)
		lease = on->until - in->now;
	snprintf(g, sizeof(g), "%" PRId64 " s", lease);
	if (!verdict_check(v, "lease", lease >= (int64_t)POLICY_LEASE_MIN_S,
		SEAL_E_STALE, "at least 30 s", g,
		"renew the signer's certificate, or the CoRIM"))
		return false;
	*ret = (uint32_t)lease;
	return true;
}

/* What the verdict keeps of it, also to compare a re-attestation with. */
static void
describe(const struct findings *f, struct seal_verdict *v)
{
	v->key_attested = f->key_attested;
	v->has_instance = f->has_instance;
	memcpy(v->instance, f->instance, sizeof(v->instance));
	memcpy(v->subject_key, f->subject_key, sizeof(v->subject_key));
}

bool
appraise_scheme(const struct appraisal_in *in, struct seal_verdict *v)
{
	char type[TYPE_MAX];

	free(v->scheme);
	v->scheme = strdup(text_safe(in->media_type, type, sizeof(type)));
	return v->scheme != NULL;
}

/* No hash is all zeros, so such a value was never computed. */
static bool
computed(const struct seal_binding *b)
{
	return !span_is_zero(binding_value(b));
}

bool
appraise_binding(const struct appraisal_in *in, struct seal_verdict *v)
{
	bool known;

	/* PROTOCOL 5.4 rule 2: there is no "no expected value". */
	if (!in->binder_known) {
		verdict_skip(v, "binder", "not compared: no value to expect");
		return true;
	}
	known = binding_valid(in->expected) && computed(in->expected);
	return verdict_check(v, "binder.expected", known, SEAL_E_BINDER,
	    "the binder of this connection", known ? NULL : "none", NULL);
}

bool
appraise_verify(const struct appraiser *by, const struct appraisal_in *in,
    struct findings *f, struct seal_verdict *v)
{
	int r = by->verify(in, f, v);

	v->insecure = f->insecure; /* also where it is refused */
	if (r == SEAL_E_SIGNATURE || r == SEAL_E_BINDER)
		verdict_crypto_failed(v);
	if (r != 0)
		/* Told already; this is for a backend that forgot to. */
		return v->failed ? false
				 : verdict_check(v, "evidence", false, r, NULL,
				       NULL, NULL);
	if (!bound_check(by, in, f, v))
		return false;
	f->has_signer_digest =
	    chain_digest(f->signer_chain, f->n_signer_chain, f->signer_digest);
	describe(f, v);
	return !v->failed;
}

/* Of the policy's technologies, the one that the media type selects: the
 * peer's choice is only among what policy allows (PROTOCOL 5.4 rule 3). */
static const struct appraiser *
select_appraiser(const struct policy *p, const struct appraisal_in *in,
    struct seal_verdict *v)
{
	const struct appraiser *by = NULL;
	const char *want = p->n_accept > 0 ? p->accept[0].by->media_type : "";

	for (size_t i = 0; i < p->n_accept && by == NULL; i++)
		if (appraiser_takes(p->accept[i].by, in->media_type))
			by = p->accept[i].by;
	if (!verdict_check(v, "scheme", by != NULL, SEAL_E_POLICY, want,
		seal_verdict_scheme(v),
		"add an entry for this scheme to 'accept', or attest with one "
		"that policy names"))
		return NULL;
	return by;
}

static bool
judge(const struct policy *p, const struct appraiser *by,
    const struct appraisal_in *in, struct findings *f, struct seal_verdict *v)
{
	uint32_t lease = 0;
	struct rests on = { false, INT64_MAX };
	bool ok;

	if (!appraise_verify(by, in, f, v))
		return false;
	if (in->subject != NULL && in->binder_known)
		wr_bytes(
		    in->subject, span_of(f->subject_spki, f->n_subject_spki));
	ok = judge_entries(p, by, f, in->now, &on, v);
	if (!verdict_check(v, "binder.known", in->binder_known, SEAL_E_POLICY,
		"a binder to compare with",
		in->binder_known ? NULL : "not compared",
		"say which binder to expect (--expect-binder)"))
		return false;
	if (!ok || !check_first(p, in, v) || !check_level(p, in, v) ||
	    !check_lease(p, in, &on, v, &lease))
		return false;
	if (v->failed ||
	    (!v->binder_compared && !(v->cached && v->key_compared)))
		return false;
	/* The only place that accepts. */
	v->lease_s = lease;
	v->outcome = SEAL_ACCEPTED;
	return true;
}

struct findings *
findings_new(void)
{
	struct findings *f = malloc(sizeof(*f));

	if (f != NULL)
		memset(f, 0, offsetof(struct findings, subject_spki));
	return f;
}

void
findings_wipe(struct findings *f, const struct appraiser *by)
{
	if (f->facts != NULL)
		by->facts_free(f->facts);
	memset(f, 0, offsetof(struct findings, subject_spki));
}

/* The policy's folder, where the caller gave nothing. The reference that the
 * caller frees, or NULL. */
static struct endorsements *
endorse_by_policy(
    const struct policy *p, struct appraisal_in *in, struct seal_verdict *v)
{
	struct seal_diag why = { 0 };
	struct endorsements *e;
	char text[TEXT];

	if (in->endorse != NULL || p->endorse == NULL)
		return NULL;
	in->endorse = e = endorse_folder_get(p->endorse, in->now, &why);
	if (why.code != 0) {
		snprintf(text, sizeof(text),
		    "changed, and cannot be read; what it held before counts: "
		    "%.160s",
		    why.text);
		verdict_skip(v, "endorsements", text);
	}
	return e;
}

int
appraise(const struct policy *p, const struct appraisal_in *in,
    struct seal_verdict *v)
{
	struct endorsements *endorse;
	const struct appraiser *by;
	struct appraisal_in with;
	struct findings *f;
	struct wr bytes;
	bool ok = false;

	if (v == NULL)
		return SEAL_E_ARGUMENT;
	if (v->outcome == SEAL_ACCEPTED)
		v->outcome = SEAL_REFUSED_POLICY;
	v->lease_s = 0;
	if (p == NULL || in == NULL || v->observed)
		return SEAL_E_ARGUMENT;
	if ((f = findings_new()) == NULL)
		return SEAL_E_MEMORY;
	with = *in;
	with.policy = p;
	wr_init_heap(&bytes, 0);
	endorse = endorse_by_policy(p, &with, v);
	if (appraise_scheme(in, v) && unwrap(&with, &bytes, v) &&
	    appraise_scheme(&with, v) && appraise_binding(&with, v) &&
	    (by = select_appraiser(p, &with, v)) != NULL) {
		ok = judge(p, by, &with, f, v);
		findings_wipe(f, by);
	}
	endorse_free(&endorse);
	wr_free(&bytes);
	free(f);
	if (ok)
		return 0;
	return v->diag != NULL && v->diag->code != 0 ? v->diag->code
						     : SEAL_E_MEMORY;
}
