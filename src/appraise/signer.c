/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/signer.h"

#include <string.h>

#include "appraise/anchored.h"
#include "appraise/refs_judge.h"
#include "base/text.h"

static bool
pin_matches(const struct signer *s, const struct findings *f)
{
	return s->pinned && f->n_signer_spki > 0 &&
	       span_equal_ct(span_of(f->signer_key, sizeof(f->signer_key)),
		   span_of(s->spki_sha256, sizeof(s->spki_sha256)));
}

/*
 * The leaf *is* the signer's key (so that a chain for a neighbour such as an
 * EK proves nothing), and the chain ends in the policy's anchor now.
 */
static int
ca_matches(const struct signer *s, const struct findings *f, int64_t now,
    struct chain_end *ret, struct seal_diag *d)
{
	struct span spki = { 0 };

	if (s->ca == NULL || f->n_signer_chain == 0)
		return seal_fail(
		    d, SEAL_E_KEY, "the Evidence has no certificate chain");
	if (!cert_spki_read(f->signer_chain[0], &spki))
		return seal_fail(d, SEAL_E_DECODE,
		    "the chain's leaf is no well-formed certificate");
	if (!span_equal_ct(spki, span_of(f->signer_spki, f->n_signer_spki)))
		return seal_fail(d, SEAL_E_KEY,
		    "the chain's leaf is not the key that signed");
	return chain_verify_end(
	    s->ca, f->signer_chain, f->n_signer_chain, now, ret, d);
}

/* The last certificate that came along, as the one anchor. */
static int
root_open(const struct findings *f, struct trust **ret_trust, uint8_t ret[32],
    struct seal_diag *d)
{
	struct trust *t = trust_new();
	uint8_t digest[HASH_MAX];
	struct cert *root = NULL;
	struct span der;
	int r;

	if (t == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "root");
	if (f->n_signer_chain < 2) {
		r = seal_fail(
		    d, SEAL_E_KEY, "the Evidence brings no root along");
		goto out;
	}
	der = f->signer_chain[f->n_signer_chain - 1];
	if ((r = cert_parse(der, &root, d)) != 0 ||
	    (r = hash_one(HASH_SHA256, cert_spki(root), digest, d)) != 0 ||
	    (r = trust_add_der(t, der, d)) != 0)
		goto out;
	memcpy(ret, digest, 32);
	*ret_trust = t;
	t = NULL;
out:
	cert_unref(&root);
	trust_free(&t);
	return r;
}

/* The root that leads to the leaf, which the caller frees, and its digest. */
static int
find_root(const struct findings *f, int64_t now, struct trust **ret_trust,
    uint8_t ret[32], struct chain_end *ret_end, struct seal_diag *d)
{
	struct signer s = { .file = NULL };
	int r;

	if ((r = root_open(f, &s.ca, ret, d)) != 0)
		return r;
	if ((r = ca_matches(&s, f, now, ret_end, d)) == 0)
		*ret_trust = s.ca;
	else
		trust_free(&s.ca);
	return r;
}

int
signer_root(
    const struct findings *f, int64_t now, uint8_t ret[32], struct seal_diag *d)
{
	struct trust *root = NULL;
	struct chain_end end;
	uint8_t digest[32];
	int r;

	if ((r = find_root(f, now, &root, digest, &end, d)) == 0)
		memcpy(ret, digest, sizeof(digest));
	trust_free(&root);
	return r;
}

/* A root that matched before, if it is that one which came along. */
static struct trust *
kept_root(const struct signer *s, const struct findings *f)
{
	struct trust *t = __atomic_load_n(&s->root->kept, __ATOMIC_ACQUIRE);

	return t != NULL && f->n_signer_chain >= 2 &&
		       span_equal(trust_get0(t, 0),
			   f->signer_chain[f->n_signer_chain - 1])
		   ? t
		   : NULL;
}

/* The first that matches stays: one of the few that a vendor has. */
static void
keep_root(const struct signer *s, struct trust **root)
{
	struct trust *none = NULL;

	if (__atomic_compare_exchange_n(&s->root->kept, &none, *root, false,
		__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		*root = NULL;
	else
		trust_free(root);
}

/* The root that came along is the one that policy names, and leads to the
 * leaf. */
static int
root_matches(const struct signer *s, const struct findings *f, int64_t now,
    struct chain_end *ret, struct seal_diag *d)
{
	const struct signer kept = { .ca = kept_root(s, f) };
	char e[HEX_SHORT], g[HEX_SHORT];
	struct trust *found = NULL;
	uint8_t root[32];
	int r;

	if (kept.ca != NULL)
		return ca_matches(&kept, f, now, ret, d);
	if ((r = find_root(f, now, &found, root, ret, d)) != 0)
		return r;
	if (span_equal_ct(span_of(root, sizeof(root)),
		span_of(s->spki_sha256, sizeof(s->spki_sha256)))) {
		keep_root(s, &found);
		return 0;
	}
	trust_free(&found);
	return seal_fail(d, SEAL_E_KEY, "root: expected key %s, found %s",
	    hex_short(span_of(s->spki_sha256, 32), e),
	    hex_short(span_of(root, 32), g));
}

/* A key of a Verifier that the policy holds; a certificate's only while that
 * is valid, of which *ret_until tells the end. */
static bool
key_matches(const struct signer *s, const struct findings *f, int64_t now,
    int64_t *ret_until)
{
	struct span spki = span_of(f->signer_spki, f->n_signer_spki);

	if (s->keys == NULL ||
	    (s->by_cert && (now < s->not_before || now > s->not_after)))
		return false;
	for (size_t i = 0; i < s->keys->n; i++)
		if (span_equal_ct(spki, span_of(s->keys->keys[i].spki,
					    s->keys->keys[i].n_spki))) {
			if (s->by_cert && s->not_after < *ret_until)
				*ret_until = s->not_after;
			return true;
		}
	return false;
}

static bool
names_refs(const struct accept_entry *e)
{
	for (size_t i = 0; i < e->n_signers; i++)
		if (e->signers[i].by_refs)
			return true;
	return false;
}

/* The key that another member names, whose own rules hold too: all members'
 * do, or none is accepted. */
static bool
named_matches(const struct signer *s, const struct findings *f)
{
	return s->member != NULL && f->named_by != NULL &&
	       strcmp(s->member, f->named_by) == 0;
}

/* What one of the anchors is known for costs nothing: first. */
static bool
known_chain(const struct accept_entry *e, const struct findings *f, int64_t now,
    struct chain_end *ret)
{
	const struct trust *ca;
	struct span spki = { 0 };

	if (f->n_signer_chain == 0 ||
	    !cert_spki_read(f->signer_chain[0], &spki) ||
	    !span_equal_ct(spki, span_of(f->signer_spki, f->n_signer_spki)))
		return false;
	if (f->has_signer_digest &&
	    anchored_recalled(e, f->signer_digest, now, &ca, ret))
		return true;
	for (size_t i = 0; i < e->n_signers; i++)
		if (chain_known(e->signers[i].ca, f->signer_chain,
			f->n_signer_chain, now, ret))
			return true;
	return false;
}

/* 0, or what failed: that it is over, where one of them says so. */
static int
by_chain(const struct accept_entry *e, const struct findings *f, int64_t now,
    struct chain_end *ret, struct seal_diag *d)
{
	int code = SEAL_E_KEY, r;

	if (known_chain(e, f, now, ret))
		return 0;
	for (size_t i = 0; i < e->n_signers; i++) {
		const struct signer *s = &e->signers[i];

		if (s->ca == NULL && !s->by_root)
			continue;
		r = (s->by_root ? root_matches : ca_matches)(s, f, now, ret, d);
		if (r == 0)
			return 0;
		if (r == SEAL_E_STALE || r == SEAL_E_MEMORY)
			code = r;
	}
	return code;
}

bool
signer_judge(const struct accept_entry *e, const struct findings *f,
    int64_t now, struct rests *ret, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	struct chain_end end = { 0 };
	char g[HEX_SHORT];
	int r;

	for (size_t i = 0; i < e->n_signers; i++)
		if (pin_matches(&e->signers[i], f) ||
		    named_matches(&e->signers[i], f) ||
		    key_matches(&e->signers[i], f, now, &ret->until)) {
			ret->ca = false;
			return verdict_check(
			    v, "signer", true, 0, NULL, NULL, NULL);
		}
	if (names_refs(e) && judge_refs_signer(e, f, now, &ret->until, v)) {
		ret->ca = false;
		return verdict_check(v, "signer", true, 0, NULL, NULL, NULL);
	}
	if ((r = by_chain(e, f, now, &end, &d)) == 0) {
		ret->ca = true;
		if (end.until < ret->until)
			ret->until = end.until;
		return verdict_check(v, "signer", true, 0, NULL, NULL, NULL);
	}
	return verdict_check(v, "signer", false, r, "a signer of the policy",
	    d.code != 0
		? d.text
		: hex_short(span_of(f->signer_key, sizeof(f->signer_key)), g),
	    "if that key is to be trusted, add it to 'signers'");
}
