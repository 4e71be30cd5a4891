/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "binding/ea.h"

#define DIGEST sizeof(((struct ea_contexts *)0)->seen[0])
#define CONTEXTS_FIRST 4 /* most connections see one or two */

/* Where digest stands or belongs; true if it is there. */
static bool
contexts_find(
    const struct ea_contexts *c, const uint8_t digest[DIGEST], size_t *ret)
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = memcmp(c->seen[mid], digest, DIGEST);

		if (order == 0) {
			*ret = mid;
			return true;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*ret = low;
	return false;
}

static int
contexts_grow(struct ea_contexts *c, struct seal_diag *d)
{
	size_t cap = c->cap == 0 ? CONTEXTS_FIRST : c->cap * 2;
	void *seen;

	if (c->n < c->cap)
		return 0;
	if ((seen = realloc(c->seen, cap * DIGEST)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "contexts");
	c->seen = seen;
	c->cap = cap;
	return 0;
}

/* Digests instead of the contexts themselves, which have any length. */
int
ea_contexts_mark(
    struct ea_contexts *c, struct span context, struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	size_t at;
	int r;

	if ((r = hash_one(HASH_SHA256, context, digest, d)) != 0)
		return r;
	if (contexts_find(c, digest, &at))
		return seal_fail(d, SEAL_E_EA_CONTEXT_REUSED,
		    "context: expected one that was never used on this "
		    "connection, found a used one");
	if (c->n == LIMIT_CONTEXTS)
		return seal_fail(d, SEAL_E_LIMIT,
		    "context: more than %u on one connection", LIMIT_CONTEXTS);
	if ((r = contexts_grow(c, d)) != 0)
		return r;
	memmove(c->seen + at + 1, c->seen + at, (c->n - at) * DIGEST);
	memcpy(c->seen[at], digest, DIGEST);
	c->n++;
	return 0;
}

void
ea_contexts_free(struct ea_contexts *c)
{
	free(c->seen);
	*c = (struct ea_contexts){ 0 };
}
