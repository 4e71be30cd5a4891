/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/known.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/cache.h"
#include "crypto/climb.h"
#include "crypto/kept.h"
#include "crypto/path.h"

struct known {
	struct cache *chains, *facts;
	pthread_mutex_t lock; /* guards what follows */
	struct kept *issuers[KNOWN_ISSUERS];
	uint64_t clock; /* rises with every use of an issuer */
};

/* ---- What is kept ---- */

static const struct cache_ops kept_ops = { kept_ref, kept_unref };

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

struct kept *
known_issuer_at(struct known *k, size_t i)
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

void
known_use_issuer(struct known *k, struct kept *issuer)
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

/* ---- Chains ---- */

static void
keep_chain(struct known *k, const uint8_t digest[32], int64_t from,
    struct chain_end end)
{
	struct kept *kept = kept_new(from, end, span_of(NULL, 0));

	if (kept != NULL)
		cache_put(k->chains, digest, kept);
	kept_unref(kept);
}

/* *ret_there: it was verified, though perhaps not for this time. */
static bool
recall(struct known *k, const uint8_t digest[32], int64_t now,
    struct chain_end *ret, bool *ret_there)
{
	struct kept *kept = cache_get(k->chains, digest);
	bool ok = kept != NULL && kept_in_time(kept, now);

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
	uint8_t digest[32];
	int64_t from = 0;
	bool there, ok;

	if (!known_digest(KNOWN_CHAIN, chain, n, digest))
		return false;
	ok = recall(k, digest, q->now, ret, &there);
	if (there)
		return ok;
	ok = climb_chain(k, q, chain, n, &from, ret);
	if (ok)
		keep_chain(k, digest, from, *ret);
	return ok;
}

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
		    kept_issuer(path[i].der, path[i].from, end, room);

		if (kept == NULL)
			return;
		known_use_issuer(k, kept);
		room = kept->room > 0 ? kept->room - 1 : 0;
		kept_unref(kept);
	}
}
