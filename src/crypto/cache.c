/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/x509.h"

struct slot {
	uint8_t digest[32];
	void *object; /* NULL: free */
	uint64_t used;
};

struct cache {
	pthread_mutex_t lock;
	const struct cache_ops *ops;
	uint64_t clock; /* rises with every use */
	size_t n;       /* slots; a multiple of CACHE_WAYS */
	struct slot slots[];
};

struct cache *
cache_new(size_t max_entries, const struct cache_ops *ops)
{
	struct cache *c;
	size_t n;

	if (max_entries == 0 || max_entries > CACHE_ENTRIES_MAX)
		return NULL;
	n = (max_entries + CACHE_WAYS - 1) / CACHE_WAYS * CACHE_WAYS;
	if ((c = calloc(1, sizeof(*c) + n * sizeof(struct slot))) == NULL)
		return NULL;
	if (pthread_mutex_init(&c->lock, NULL) != 0) {
		free(c);
		return NULL;
	}
	c->ops = ops;
	c->n = n;
	return c;
}

void
cache_free(struct cache **cp)
{
	struct cache *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		if (c->slots[i].object != NULL)
			c->ops->unref(c->slots[i].object);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* The first slot of the set that a digest belongs to. */
static struct slot *
set_of(struct cache *c, const uint8_t digest[32])
{
	uint32_t h = 0;

	memcpy(&h, digest, sizeof(h));
	return &c->slots[h % (c->n / CACHE_WAYS) * CACHE_WAYS];
}

static struct slot *
find(struct cache *c, const uint8_t digest[32])
{
	struct slot *s = set_of(c, digest);

	for (size_t i = 0; i < CACHE_WAYS; i++, s++)
		if (s->object != NULL && memcmp(s->digest, digest, 32) == 0)
			return s;
	return NULL;
}

void *
cache_get(struct cache *c, const uint8_t digest[32])
{
	void *object = NULL;
	struct slot *s;

	pthread_mutex_lock(&c->lock);
	if ((s = find(c, digest)) != NULL) {
		s->used = ++c->clock;
		object = c->ops->ref(s->object);
	}
	pthread_mutex_unlock(&c->lock);
	return object;
}

void
cache_put(struct cache *c, const uint8_t digest[32], void *object)
{
	struct slot *s, *victim;
	void *old = NULL;

	pthread_mutex_lock(&c->lock);
	if (find(c, digest) == NULL) { /* another thread may have been first */
		victim = s = set_of(c, digest);
		for (size_t i = 1; i < CACHE_WAYS; i++)
			if (s[i].used < victim->used)
				victim = &s[i];
		old = victim->object;
		memcpy(victim->digest, digest, 32);
		victim->object = c->ops->ref(object);
		victim->used = ++c->clock;
	}
	pthread_mutex_unlock(&c->lock);
	if (old != NULL)
		c->ops->unref(old);
}

static void *
cert_ref_any(void *object)
{
	return cert_ref(object);
}

static void
cert_unref_any(void *object)
{
	struct cert *c = object;

	cert_unref(&c);
}

static void *
key_ref_any(void *object)
{
	return pubkey_ref(object);
}

static void
key_unref_any(void *object)
{
	struct pubkey *k = object;

	pubkey_unref(&k);
}

static const struct cache_ops cert_ops = { cert_ref_any, cert_unref_any };
static const struct cache_ops key_ops = { key_ref_any, key_unref_any };

/* The public types are the table itself under names that do not mix. */
struct cert_cache *
cert_cache_new(size_t max_entries)
{
	return (struct cert_cache *)cache_new(max_entries, &cert_ops);
}

void
cert_cache_free(struct cert_cache **c)
{
	struct cache *table = (struct cache *)*c;

	*c = NULL;
	cache_free(&table);
}

int
cert_cache_get(struct cert_cache *c, struct span der, struct cert **ret,
    struct seal_diag *d)
{
	struct cache *table = (struct cache *)c;
	uint8_t digest[HASH_MAX];
	struct cert *found;
	int r;

	if (c == NULL)
		return cert_parse(der, ret, d);
	if ((r = hash_one(HASH_SHA256, der, digest, d)) != 0)
		return r;
	if ((found = cache_get(table, digest)) == NULL) {
		if ((r = cert_parse(der, &found, d)) != 0)
			return r;
		cache_put(table, digest, found);
	}
	*ret = found;
	return 0;
}

struct key_cache *
key_cache_new(size_t max_entries)
{
	return (struct key_cache *)cache_new(max_entries, &key_ops);
}

void
key_cache_free(struct key_cache **c)
{
	struct cache *table = (struct cache *)*c;

	*c = NULL;
	cache_free(&table);
}

int
key_cache_get(struct key_cache *c, struct span spki, struct pubkey **ret,
    struct seal_diag *d)
{
	struct cache *table = (struct cache *)c;
	uint8_t digest[HASH_MAX];
	struct pubkey *found;
	int r;

	if (c == NULL)
		return pubkey_from_spki(spki, ret, d);
	if ((r = hash_one(HASH_SHA256, spki, digest, d)) != 0)
		return r;
	if ((found = cache_get(table, digest)) == NULL) {
		if ((r = pubkey_from_spki(spki, &found, d)) != 0)
			return r;
		cache_put(table, digest, found);
	}
	*ret = found;
	return 0;
}
