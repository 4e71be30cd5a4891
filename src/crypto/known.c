/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/known.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/cache.h"
#include "crypto/cert_parts.h"

/* Anchors that are looked through for a leaf's issuer: a policy's, not the
 * system's. */
#define ANCHORS_TRIED 16
#define CHAIN_LABEL "chain"

/* A chain, an issuer with its certificate, or a fact. */
struct kept {
	atomic_uint refs;
	int64_t from;
	struct chain_end end;
	struct cert *cert;
	size_t n;
	uint8_t der[];
};

struct known {
	struct cache *chains, *facts;
	pthread_mutex_t lock; /* guards what follows */
	struct kept *issuers[KNOWN_ISSUERS];
	size_t next;
};

/* ---- What is kept ---- */

static void *
kept_ref(void *object)
{
	struct kept *k = object;

	atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
	return k;
}

static void
kept_unref(void *object)
{
	struct kept *k = object;

	if (k == NULL || atomic_fetch_sub(&k->refs, 1) != 1)
		return;
	cert_unref(&k->cert);
	free(k);
}

static const struct cache_ops kept_ops = { kept_ref, kept_unref };

static struct kept *
kept_new(int64_t from, struct chain_end end, struct span der)
{
	struct kept *k = calloc(1, sizeof(*k) + der.n);

	if (k == NULL)
		return NULL;
	atomic_init(&k->refs, 1);
	k->from = from;
	k->end = end;
	k->n = der.n;
	if (der.n > 0)
		memcpy(k->der, der.p, der.n);
	return k;
}

/* The end itself is for libcrypto to judge. */
static bool
in_time(const struct kept *k, int64_t now)
{
	return now >= k->from && now < k->end.until;
}

struct known *
known_new(void)
{
	struct known *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	pthread_mutex_init(&k->lock, NULL);
	k->chains = cache_new(KNOWN_CHAINS, &kept_ops);
	k->facts = cache_new(KNOWN_FACTS, &kept_ops);
	if (k->chains == NULL || k->facts == NULL)
		known_free(&k);
	return k;
}

void
known_free(struct known **kp)
{
	struct known *k = *kp;

	*kp = NULL;
	if (k == NULL)
		return;
	cache_free(&k->chains);
	cache_free(&k->facts);
	for (size_t i = 0; i < KNOWN_ISSUERS; i++)
		kept_unref(k->issuers[i]);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

/* ---- Facts ---- */

bool
known_digest(
    const char *what, const struct span *parts, size_t n, uint8_t ret[32])
{
	struct span all[2 * LIMIT_CHAIN + 1] = { span_of(
	    what, strlen(what) + 1) };
	uint64_t lengths[LIMIT_CHAIN];
	uint8_t digest[HASH_MAX];

	if (n > LIMIT_CHAIN)
		return false;
	for (size_t i = 0; i < n; i++) {
		lengths[i] = parts[i].n;
		all[2 * i + 1] = span_of(&lengths[i], sizeof(lengths[i]));
		all[2 * i + 2] = parts[i];
	}
	if (hash_parts(HASH_SHA256, all, 2 * n + 1, digest, NULL) != 0)
		return false;
	memcpy(ret, digest, 32);
	return true;
}

bool
known_fact(struct known *k, const uint8_t digest[32])
{
	struct kept *fact = cache_get(k->facts, digest);

	kept_unref(fact);
	return fact != NULL;
}

void
known_add_fact(struct known *k, const uint8_t digest[32])
{
	struct kept *fact =
	    kept_new(0, (struct chain_end){ 0 }, span_of(NULL, 0));

	if (fact != NULL)
		cache_put(k->facts, digest, fact);
	kept_unref(fact);
}

/* ---- A new leaf ---- */

static bool
is_there(const struct kept *issuer, const struct trust *anchors,
    const struct span *chain, size_t n)
{
	struct span der = span_of(issuer->der, issuer->n);

	for (size_t i = 1; i < n; i++)
		if (span_equal(chain[i], der))
			return true;
	for (size_t i = 0; i < ANCHORS_TRIED; i++)
		if (span_equal(trust_get0(anchors, i), der))
			return true;
	return false;
}

/* RFC 5280 s4.2.1.1: the key id alone, and the issuer's, if it has one. */
static bool
names_key_of(const struct cert_parts *leaf, const struct cert_parts *issuer)
{
	static const uint8_t aki[] = { 0x55, 0x1d, 0x23 },
			     ski[] = { 0x55, 0x1d, 0x0e };
	struct span value = { 0 }, want = { 0 }, id = { 0 };
	struct rd r, seq;

	if (!cert_parts_extension(leaf, span_of(aki, sizeof(aki)), &value))
		return true;
	rd_init(&r, value);
	if (!der_enter(&r, DER_SEQ, &seq) || !rd_end(&r) ||
	    !der_read(&seq, DER_CTX_PRIM(0), &id) || !rd_end(&seq))
		return false;
	if (!cert_parts_extension(issuer, span_of(ski, sizeof(ski)), &value))
		return true;
	rd_init(&r, value);
	return der_read(&r, DER_OCTETS, &want) && rd_end(&r) &&
	       span_equal(id, want);
}

/* Strong enough for the security level that libcrypto is told. */
static bool
is_strong(struct span spki)
{
	struct spki s = { 0 };

	return spki_parse(spki, &s, NULL) == 0 &&
	       (s.bits == 0 || s.bits >= RSA_BITS_MIN);
}

static bool
is_signed(const struct cert_form *leaf, const struct kept *issuer)
{
	const struct pubkey *key = cert_key(issuer->cert);
	uint16_t scheme = scheme_of_algorithm(leaf->algorithm, key);

	return scheme != SIG_NONE && pubkey_verify(key, scheme, leaf->tbs,
					 leaf->signature, NULL) == 0;
}

/* Counted; NULL behind the last. */
static struct kept *
issuer_at(struct known *k, size_t i)
{
	struct kept *issuer = NULL;

	pthread_mutex_lock(&k->lock);
	if (i < KNOWN_ISSUERS && k->issuers[i] != NULL)
		issuer = kept_ref(k->issuers[i]);
	pthread_mutex_unlock(&k->lock);
	return issuer;
}

static bool
vouches(const struct kept *issuer, struct span der,
    const struct cert_form *leaf, int64_t now)
{
	struct cert_parts p, q;

	return in_time(issuer, now) && cert_parts_read(der, &p) &&
	       cert_parts_read(span_of(issuer->der, issuer->n), &q) &&
	       span_equal(p.issuer, q.subject) && names_key_of(&p, &q) &&
	       is_signed(leaf, issuer);
}

static void
keep_chain(struct known *k, const uint8_t digest[32], int64_t from,
    struct chain_end end)
{
	struct kept *kept = kept_new(from, end, span_of(NULL, 0));

	if (kept != NULL)
		cache_put(k->chains, digest, kept);
	kept_unref(kept);
}

/* Under an issuer whose path was verified: only what concerns the leaf is
 * left to do. */
static bool
new_leaf(struct known *k, const struct trust *anchors, const struct span *chain,
    size_t n, int64_t now, const uint8_t digest[32], struct chain_end *ret)
{
	struct cert_form leaf;
	struct kept *issuer;
	bool ok = false;

	if (!cert_form_read(chain[0], &leaf) || leaf.unusual ||
	    now < leaf.not_before || now >= leaf.not_after ||
	    !is_strong(leaf.spki))
		return false;
	for (size_t i = 0; !ok && (issuer = issuer_at(k, i)) != NULL; i++) {
		ok = is_there(issuer, anchors, chain, n) &&
		     vouches(issuer, chain[0], &leaf, now);
		if (ok) {
			*ret = issuer->end;
			if (leaf.not_after < ret->until)
				ret->until = leaf.not_after;
			keep_chain(k, digest,
			    leaf.not_before > issuer->from ? leaf.not_before
							   : issuer->from,
			    *ret);
		}
		kept_unref(issuer);
	}
	return ok;
}

bool
known_chain(struct known *k, const struct trust *anchors,
    const struct span *chain, size_t n, int64_t now, struct chain_end *ret)
{
	uint8_t digest[32];
	struct kept *kept;
	bool ok;

	if (!known_digest(CHAIN_LABEL, chain, n, digest))
		return false;
	if ((kept = cache_get(k->chains, digest)) == NULL)
		return new_leaf(k, anchors, chain, n, now, digest, ret);
	if ((ok = in_time(kept, now)))
		*ret = kept->end;
	kept_unref(kept);
	return ok;
}

/* ---- What was verified ---- */

void
known_add_chain(struct known *k, const struct span *chain, size_t n,
    const struct known_cert *path, size_t n_path, size_t anchor)
{
	uint8_t digest[32];

	if (n_path > 0 && known_digest(CHAIN_LABEL, chain, n, digest))
		keep_chain(k, digest, path[0].from,
		    (struct chain_end){ path[0].to, anchor });
}

static bool
has_issuer(const struct known *k, struct span der)
{
	for (size_t i = 0; i < KNOWN_ISSUERS; i++)
		if (k->issuers[i] != NULL &&
		    span_equal(
			span_of(k->issuers[i]->der, k->issuers[i]->n), der))
			return true;
	return false;
}

static void
keep_issuer(struct known *k, const struct known_cert *c, size_t anchor)
{
	const struct chain_end end = { c->to, anchor };
	struct kept *kept = kept_new(c->from, end, c->der), *old = kept;

	if (kept != NULL && cert_parse(c->der, &kept->cert, NULL) == 0) {
		pthread_mutex_lock(&k->lock);
		if (!has_issuer(k, c->der)) {
			old = k->issuers[k->next];
			k->issuers[k->next] = kept;
			k->next = (k->next + 1) % KNOWN_ISSUERS;
		}
		pthread_mutex_unlock(&k->lock);
	}
	kept_unref(old);
}

void
known_add_issuers(struct known *k, const struct known_cert *path, size_t n_path,
    size_t anchor)
{
	for (size_t i = 1; i < n_path; i++)
		keep_issuer(k, &path[i], anchor);
}
