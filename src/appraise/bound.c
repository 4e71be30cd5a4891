/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/bound.h"

#include <stdio.h>
#include <string.h>

#include "appraise/collection.h"
#include "base/text.h"
#include "format/svsm.h"

#define TEXT 256 /* bytes of an expected or a got */

/* ---- The binder ---- */

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

/* Who knows a value from elsewhere is told of that, not of connections. */
static const char *
binder_remedy(const struct seal_binding *b)
{
	switch (b->kind) {
	case BINDING_OFFLINE:
		return "it was made for another nonce, or not by `seal "
		       "evidence`: then say what it signed (--expect-binder)";
	case BINDING_REPLAY:
		return "it signed another value: `seal inspect` shows which";
	default:
		return "the Evidence belongs to another connection: look for a "
		       "relay between the peers";
	}
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
			binder_remedy(in->expected)))
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

/* ---- The key ---- */

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

/* ---- Both ---- */

bool
bound_check(const struct appraiser *by, const struct appraisal_in *in,
    struct findings *f, struct seal_verdict *v)
{
	if (!digest_keys(f, v))
		return false;
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
		verdict_crypto_failed(v);
		return false;
	}
	return check_subject(in, f, v);
}
