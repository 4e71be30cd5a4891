/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/known.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/cache.h"
#include "crypto/path.h"

/* Anchors that are looked through for a leaf's issuer: a policy's, not the
 * system's. */
#define ANCHORS_TRIED 16

/* A chain, an issuer with its certificate, or a fact. */
struct kept {
	atomic_uint refs;
	int64_t from;
	struct chain_end end;
	struct cert *cert;
	unsigned room; /* issuers that may stand between it and a leaf */
	uint64_t used; /* when, under the lock */
	size_t n;
	uint8_t der[];
};

struct known {
	struct cache *chains, *facts;
	pthread_mutex_t lock; /* guards what follows */
	struct kept *issuers[KNOWN_ISSUERS];
	uint64_t clock; /* rises with every use of an issuer */
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

/* ---- Issuers ---- */

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

/* Where that one is, or the one that is to give way. */
static struct kept **
slot_of(struct known *k, const struct kept *issuer)
{
	struct kept **oldest = &k->issuers[0];

	for (size_t i = 0; i < KNOWN_ISSUERS; i++) {
		struct kept **at = &k->issuers[i];

		if (*at == NULL)
			return at;
		if (span_equal(span_of((*at)->der, (*at)->n),
			span_of(issuer->der, issuer->n)))
			return at;
		if ((*at)->used < (*oldest)->used)
			oldest = at;
	}
	return oldest;
}

/* Keeps one that is new, and notes that it was of use. */
static void
use_issuer(struct known *k, struct kept *issuer)
{
	struct kept **at, *old = NULL;

	pthread_mutex_lock(&k->lock);
	at = slot_of(k, issuer);
	if (*at == NULL || !span_equal(span_of((*at)->der, (*at)->n),
			       span_of(issuer->der, issuer->n))) {
		old = *at;
		*at = kept_ref(issuer);
	}
	(*at)->used = ++k->clock;
	pthread_mutex_unlock(&k->lock);
	kept_unref(old);
}

/* One of a verified path, with the key that cert_parse() imports; above: what
 * is left of what those above it allow. NULL: no room, or not to be read. */
static struct kept *
issuer_new(struct span der, int64_t from, struct chain_end end, unsigned above)
{
	struct kept *kept = kept_new(from, end, der);
	struct cert_parts p;
	unsigned own = 0;

	if (kept == NULL || cert_parse(der, &kept->cert, NULL) != 0) {
		kept_unref(kept);
		return NULL;
	}
	/* One that is out of the ordinary issues leaves, no issuers. */
	if (cert_parts_read(der, &p) && path_may_issue(&p, &own))
		kept->room = own < above ? own : above;
	return kept;
}

/* ---- What is new of a chain ---- */

/* From its leaf up to what is known of it, or to an anchor. */
struct climb {
	struct known *k;
	const struct trust *anchors;
	const struct span *chain;
	size_t n;
	int64_t now;
	struct path_cert certs[LIMIT_CHAIN + 1]; /* leaf first */
	size_t n_certs;
	struct kept *issuers[LIMIT_CHAIN + 1]; /* of certs[i] */
};

static bool
is_there(const struct climb *c, const struct kept *issuer)
{
	struct span der = span_of(issuer->der, issuer->n);

	for (size_t i = 1; i < c->n; i++)
		if (span_equal(c->chain[i], der))
			return true;
	for (size_t i = 0; i < ANCHORS_TRIED; i++)
		if (span_equal(trust_get0(c->anchors, i), der))
			return true;
	return false;
}

/* For its i-th certificate, below which i - 1 issuers stand already. */
static bool
vouches(const struct climb *c, const struct kept *issuer, size_t i)
{
	struct cert_parts p;

	return in_time(issuer, c->now) && issuer->room >= i &&
	       cert_parts_read(span_of(issuer->der, issuer->n), &p) &&
	       path_issued_by(&c->certs[i], &p) &&
	       path_signed_by(&c->certs[i], issuer->cert);
}

static struct kept *
known_issuer(const struct climb *c, size_t i)
{
	struct kept *issuer;

	for (size_t k = 0; (issuer = issuer_at(c->k, k)) != NULL; k++) {
		if (is_there(c, issuer) && vouches(c, issuer, i))
			return issuer;
		kept_unref(issuer);
	}
	return NULL;
}

/* How many anchors have that name; *ret: one of them. */
static size_t
anchors_named(const struct trust *anchors, struct span name, size_t *ret)
{
	struct cert_parts p;
	struct span der;
	size_t count = 0;

	for (size_t i = 0; (der = trust_get0(anchors, i)).n > 0; i++)
		if (cert_parts_read(der, &p) && span_equal(p.subject, name)) {
			count++;
			*ret = i;
		}
	return count;
}

/* An anchor that is a root, by which nothing was verified so far. */
static struct kept *
anchor_issuer(const struct climb *c, size_t i, size_t anchor)
{
	struct path_cert root;
	struct kept *kept;
	unsigned room;

	if (!path_read(trust_get0(c->anchors, anchor), c->now, &root) ||
	    !span_equal(root.parts.issuer, root.parts.subject) ||
	    !path_may_issue(&root.parts, &room))
		return NULL;
	kept = issuer_new(root.der, root.form.not_before,
	    (struct chain_end){ root.form.not_after, anchor }, room);
	if (kept != NULL && vouches(c, kept, i))
		return kept;
	kept_unref(kept);
	return NULL;
}

/* The one certificate of the chain with the issuer's name: of several,
 * libcrypto has to choose. */
static bool
issuer_beside(const struct climb *c, size_t i, struct path_cert *ret)
{
	const struct path_cert *of = &c->certs[i];
	struct cert_parts p;
	size_t count = 0, at = 0;

	for (size_t k = 1; k < c->n; k++)
		if (cert_parts_read(c->chain[k], &p) &&
		    span_equal(p.subject, of->parts.issuer)) {
			count++;
			at = k;
		}
	return count == 1 && path_read(c->chain[at], c->now, ret) &&
	       !span_equal(ret->parts.subject, of->parts.subject) &&
	       path_issued_by(of, &ret->parts);
}

/* By names up to the first signature that can be checked. */
static bool
climb(struct climb *c, bool by_anchors)
{
	size_t i, anchor = 0, named;

	if (!path_read(c->chain[0], c->now, &c->certs[0]))
		return false;
	for (i = 0; i < LIMIT_CHAIN; i++) {
		c->n_certs = i + 1;
		if ((c->issuers[i] = known_issuer(c, i)) != NULL)
			return true;
		named = anchors_named(
		    c->anchors, c->certs[i].parts.issuer, &anchor);
		if (named > 0)
			return by_anchors && named == 1 &&
			       (c->issuers[i] = anchor_issuer(c, i, anchor)) !=
				   NULL;
		if (!issuer_beside(c, i, &c->certs[i + 1]))
			return false;
	}
	return false;
}

/* Under an issuer that vouches for it, the i-th certificate becomes one, and
 * vouches for the one below. */
static bool
descend(struct climb *c, size_t i)
{
	const struct path_cert *at = &c->certs[i];
	const struct kept *above = c->issuers[i];
	struct chain_end end = above->end;
	int64_t from = at->form.not_before;
	unsigned room;

	if (at->form.not_after < end.until)
		end.until = at->form.not_after;
	if (!path_may_issue(&at->parts, &room))
		return false;
	c->issuers[i - 1] = issuer_new(at->der,
	    from > above->from ? from : above->from, end, above->room - 1);
	return c->issuers[i - 1] != NULL &&
	       vouches(c, c->issuers[i - 1], i - 1);
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

static void
keep_climb(
    const struct climb *c, const uint8_t digest[32], struct chain_end *ret)
{
	const struct cert_form *leaf = &c->certs[0].form;
	const struct kept *issuer = c->issuers[0];

	*ret = issuer->end;
	if (leaf->not_after < ret->until)
		ret->until = leaf->not_after;
	keep_chain(c->k, digest,
	    leaf->not_before > issuer->from ? leaf->not_before : issuer->from,
	    *ret);
	for (size_t i = c->n_certs; i-- > 0;)
		use_issuer(c->k, c->issuers[i]);
}

/* Only what is new is left to do. */
static bool
new_chain(struct climb *c, bool by_anchors, const uint8_t digest[32],
    struct chain_end *ret)
{
	bool ok = climb(c, by_anchors);

	for (size_t i = c->n_certs; ok && i-- > 1;)
		ok = descend(c, i);
	if (ok)
		keep_climb(c, digest, ret);
	for (size_t i = 0; i < c->n_certs; i++)
		kept_unref(c->issuers[i]);
	return ok;
}

/* *ret_there: it was verified, though perhaps not for this time. */
static bool
recall(struct known *k, const uint8_t digest[32], int64_t now,
    struct chain_end *ret, bool *ret_there)
{
	struct kept *kept = cache_get(k->chains, digest);
	bool ok = kept != NULL && in_time(kept, now);

	*ret_there = kept != NULL;
	if (ok)
		*ret = kept->end;
	kept_unref(kept);
	return ok;
}

bool
known_recalled(struct known *k, const uint8_t digest[32], int64_t now,
    struct chain_end *ret)
{
	bool there;

	return recall(k, digest, now, ret, &there);
}

bool
known_chain(struct known *k, const struct known_question *q,
    const struct span *chain, size_t n, struct chain_end *ret)
{
	struct climb c = { .k = k,
		.anchors = q->anchors,
		.chain = chain,
		.n = n,
		.now = q->now };
	uint8_t digest[32];
	bool there, ok;

	if (!known_digest(KNOWN_CHAIN, chain, n, digest))
		return false;
	ok = recall(k, digest, q->now, ret, &there);
	return there ? ok : new_chain(&c, q->by_anchors, digest, ret);
}

/* ---- What was verified ---- */

void
known_add_chain(struct known *k, const struct span *chain, size_t n,
    const struct known_cert *path, size_t n_path, size_t anchor)
{
	uint8_t digest[32];

	if (n_path > 0 && known_digest(KNOWN_CHAIN, chain, n, digest))
		keep_chain(k, digest, path[0].from,
		    (struct chain_end){ path[0].to, anchor });
}

void
known_add_issuers(struct known *k, const struct known_cert *path, size_t n_path,
    size_t anchor)
{
	unsigned room = PATH_ROOM_MAX;

	for (size_t i = n_path; i-- > 1;) {
		const struct chain_end end = { path[i].to, anchor };
		struct kept *kept =
		    issuer_new(path[i].der, path[i].from, end, room);

		if (kept == NULL)
			return;
		use_issuer(k, kept);
		room = kept->room > 0 ? kept->room - 1 : 0;
		kept_unref(kept);
	}
}
