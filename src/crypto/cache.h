/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_CACHE_H
#define CRYPTO_CACHE_H

/*
 * A bounded, thread-safe table from SHA-256 digests to counted objects;
 * private to src/crypto. Sets of CACHE_WAYS slots, the least recently used
 * of a full set gives way, so that a peer who floods it only costs parsing.
 */
#include <stddef.h>
#include <stdint.h>

#define CACHE_WAYS 4
#define CACHE_ENTRIES_MAX 65536u

struct cache_ops {
	void *(*ref)(void *object);
	void (*unref)(void *object);
};

struct cache;

struct cache *cache_new(size_t max_entries, const struct cache_ops *ops);
void cache_free(struct cache **c);
/* A reference that the caller releases; NULL if absent. */
void *cache_get(struct cache *c, const uint8_t digest[32]);
/* Takes a reference of its own. */
void cache_put(struct cache *c, const uint8_t digest[32], void *object);

#endif
