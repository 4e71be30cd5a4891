/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/core.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/collection.h"
#include "appraise/endorse_folder.h"
#include "appraise/refs_judge.h"
#include "appraise/signer.h"
#include "appraise/unwrap.h"
#include "base/text.h"
#include "format/svsm.h"

#define SKEW_S 60    /* a clock may be this far ahead (PROTOCOL 5.3) */
#define TEXT 256     /* bytes of an expected or a got */
#define TYPE_MAX 200 /* bytes of a media type that we keep */

/* An SVSM asks in the guest's name: what it signs is the hash of the 64 bytes
 * and of the bytes that came beside them, and nothing else. */
static bool
binder_hashed(
    const struct findings *f, const uint8_t asked[SVSM_DATA], struct span field)
{
	uint8_t want[SVSM_DATA];

	return svsm_report_data(asked, f->hashed_with, want, NULL) == 0 &&
	       span_equal_ct(field, span_of(want, sizeof(want)));
}

/* Report data has 64 bytes: behind the binder stand zeros, and all of them
 * count. Or, of a member that ratsd asked for, SHAKE-256 of those 64 bytes:
 * another hash that commits to the same value. */
static bool
binder_is(
    const struct findings *f, bool shaken, struct span field, struct span want)
{
	uint8_t whole[HASH_MAX] = { 0 }, other[HASH_MAX];

	if (!f->binder_padded)
		return span_equal_ct(field, want);
	if (want.n == 0 || want.n > sizeof(whole))
		return false;
	memcpy(whole, want.p, want.n);
	if (f->hashed_with.n > 0)
		return binder_hashed(f, whole, field);
	if (span_equal_ct(field, span_of(whole, sizeof(whole))))
		return true;
	return shaken &&
	       shake256(span_of(whole, sizeof(whole)), other, sizeof(other),
		   NULL) == 0 &&
	       span_equal_ct(field, span_of(other, sizeof(other)));
}

/* Two that begin alike may differ in length alone. */
static const char *
sized_text(struct span s, char buf[TEXT])
{
	char hex[HEX_SHORT];

	snprintf(buf, TEXT, "%s (%zu bytes)", hex_short(s, hex), s.n);
	return buf;
}

/*
 * The one comparison that everything rests on (PROTOCOL 5.4 rules 1 and 2):
 * each signed field that must be the binder is exactly that, at full length,
 * and there is at least one. span_equal_ct() never equates empty values.
 */
static bool
check_binders(const struct appraisal_in *in, const struct findings *f,
    struct seal_verdict *v)
{
	struct span want = binding_value(in->expected);
	char e[TEXT], g[TEXT];

	if (!verdict_check(v, "binder.signed", f->n_signed_binder > 0,
		SEAL_E_BINDER, "a signed binder",
		f->n_signed_binder > 0 ? NULL : "none", NULL))
		return false;
	for (size_t i = 0; i < f->n_signed_binder; i++)
		if (!verdict_check(v, "binder",
			binder_is(f, in->shaken, f->signed_binder[i], want),
			SEAL_E_BINDER, sized_text(want, e),
			sized_text(f->signed_binder[i], g),
			"the Evidence belongs to another connection: look "
			"for a relay between the peers"))
			return false;
	v->binder_compared = true;
	return true;
}

/* A member that names the key of another: its signed field is the hash of the
 * bytes in which that key stands (PROTOCOL 5.3, Collections). Which member that
 * is, collection.c finds. */
static bool
check_link(const struct findings *f, struct seal_verdict *v)
{
	uint8_t digest[HASH_MAX];
	char e[HEX_SHORT], g[HEX_SHORT];
	struct span want = span_of(digest, hash_size(HASH_SHA256));
	int r;

	if ((r = hash_one(HASH_SHA256, f->linked, digest, NULL)) != 0)
		return verdict_check(
		    v, "link", false, r, NULL, "cannot be computed", NULL);
	return verdict_check(v, "link",
	    f->n_linked_spki > 0 && f->n_signed_binder == 1 &&
		binder_is(f, false, f->signed_binder[0], want),
	    SEAL_E_BINDER, hex_short(want, e),
	    f->n_signed_binder == 1 ? hex_short(f->signed_binder[0], g)
				    : "none",
	    "what was signed is not about the data beside it");
}

/*
 * A cached passport answers no connection. Where policy accepts the level
 * `key`, its expected value is the subject key (PROTOCOL 5.4 rule 2), which
 * then must be compared.
 */
static bool
bound_by_key(const struct appraiser *by, const struct appraisal_in *in,
    const struct findings *f, struct seal_verdict *v)
{
	if (by->verifier == NULL || in->policy == NULL ||
	    in->policy->min_binding != SEAL_LEVEL_KEY ||
	    in->expected->spki.n == 0 || f->expires_at == 0)
		return false;
	if (f->n_signed_binder == 1 && binder_is(f, false, f->signed_binder[0],
					   binding_value(in->expected)))
		return false;
	v->cached = true;
	verdict_skip(v, "binder", "a cached result: bound by its key alone");
	return true;
}

/* What the keys are called. They are often one. */
static bool
digest_keys(struct findings *f, struct seal_verdict *v)
{
	struct span subject = span_of(f->subject_spki, f->n_subject_spki);
	struct span signer = span_of(f->signer_spki, f->n_signer_spki);
	uint8_t digest[HASH_MAX] = { 0 };
	int r = hash_one(HASH_SHA256, subject, digest, NULL);

	memcpy(f->subject_key, digest, sizeof(f->subject_key));
	if (r == 0 && !span_equal(subject, signer))
		r = hash_one(HASH_SHA256, signer, digest, NULL);
	memcpy(f->signer_key, digest, sizeof(f->signer_key));
	return r == 0 ? true
		      : verdict_check(v, "subject.digest", false, r, NULL,
			    "cannot be computed", NULL);
}

/* A record or an offline nonce, never a connection, may come without key. */
static bool
key_unknown(const struct seal_binding *b)
{
	return b->spki.n == 0 &&
	       (b->kind == BINDING_REPLAY || b->kind == BINDING_OFFLINE ||
		   b->kind == BINDING_VERIFIER);
}

/* Signed bytes without room for a key: the binder that they hold is the hash
 * of this very key and connection. */
static bool
take_subject(
    const struct appraisal_in *in, struct findings *f, struct seal_verdict *v)
{
	struct span spki = in->expected->spki;
	bool ok = v->binder_compared && binding_commits(in->expected) &&
		  f->n_subject_spki == 0 && spki.n <= sizeof(f->subject_spki);

	if (!verdict_check(v, "subject.key", ok, SEAL_E_KEY,
		"a binder that commits to the key",
		ok ? NULL : "one that does not", NULL))
		return false;
	memcpy(f->subject_spki, spki.p, spki.n);
	f->n_subject_spki = spki.n;
	return digest_keys(f, v);
}

/* Of a key, for people: the start of its SPKI's SHA-256. */
static const char *
key_text(struct span spki, char buf[HEX_SHORT])
{
	uint8_t digest[HASH_MAX];

	if (hash_one(HASH_SHA256, spki, digest, NULL) != 0)
		return "";
	return hex_short(span_of(digest, 32), buf);
}

/* The key that the signed bytes name is the one that the authenticator was
 * signed with. */
static bool
check_subject(
    const struct appraisal_in *in, struct findings *f, struct seal_verdict *v)
{
	struct span want = in->expected->spki,
		    got = span_of(f->subject_spki, f->n_subject_spki);
	char e[HEX_SHORT], g[HEX_SHORT];
	const char *found;

	if (key_unknown(in->expected)) {
		verdict_skip(
		    v, "subject.key", "not compared: no key to expect");
		return true;
	}
	if (f->subject_by_binder)
		return take_subject(in, f, v);
	found = hex_short(span_of(f->subject_key, sizeof(f->subject_key)), g);
	v->key_compared =
	    verdict_check(v, "subject.key", span_equal_ct(got, want),
		SEAL_E_KEY, span_equal(got, want) ? found : key_text(want, e),
		found, "attest for the key that the peer's certificate has");
	return v->key_compared;
}

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

static void
crypto_failed(struct seal_verdict *v)
{
	v->ar4si[AR4SI_INSTANCE_IDENTITY] = AR4SI_CRYPTO_FAILED;
	v->ar4si[AR4SI_HARDWARE] = AR4SI_CRYPTO_FAILED;
}

/* What the Evidence says that this connection has: its binder, its key. */
static bool
compare(const struct appraiser *by, const struct appraisal_in *in,
    struct findings *f, struct seal_verdict *v)
{
	if (in->member && f->linked.n > 0)
		return check_link(f, v);
	if (!in->binder_known)
		return true;
	if (by->collection) {
		/* Each member went through here by itself. */
		v->binder_compared = verdict_check(v, "collection.bound",
		    collection_bound(f), SEAL_E_BINDER,
		    "members bound to the binder, or linked to one that is",
		    NULL, NULL);
		return v->binder_compared;
	}
	if (!bound_by_key(by, in, f, v) && !check_binders(in, f, v)) {
		crypto_failed(v);
		return false;
	}
	return check_subject(in, f, v);
}

bool
appraise_verify(const struct appraiser *by, const struct appraisal_in *in,
    struct findings *f, struct seal_verdict *v)
{
	int r = by->verify(in, f, v);

	v->insecure = f->insecure; /* also where it is refused */
	if (r == SEAL_E_SIGNATURE || r == SEAL_E_BINDER)
		crypto_failed(v);
	if (r != 0)
		/* Told already; this is for a backend that forgot to. */
		return v->failed ? false
				 : verdict_check(v, "evidence", false, r, NULL,
				       NULL, NULL);
	if (!digest_keys(f, v) || !compare(by, in, f, v))
		return false;
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

void
findings_wipe(struct findings *f, const struct appraiser *by)
{
	if (f->facts != NULL)
		by->facts_free(f->facts);
	memset(f, 0, sizeof(*f));
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
	if ((f = calloc(1, sizeof(*f))) == NULL)
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
