/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/text.h"
#include "cbor/head.h"

#include <string.h>

/* One open array, map or tag. A map counts keys and values, so that an odd
 * number left means that a key has just been read. */
struct frame {
	uint64_t left;
	bool map;
	struct rd item;  /* where the present item begins */
	struct span key; /* the last key read */
};

struct walk {
	struct frame open[LIMIT_DEPTH];
	size_t depth;
	bool deterministic;
};

/* What the reader passed over since start was a copy of it. */
static struct span
passed(const struct rd *start, const struct rd *now)
{
	return span_of(start->p, rd_left(start) - rd_left(now));
}

static bool
span_less(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return order < 0 || (order == 0 && a.n < b.n);
}

/* The content of a string, or the checks that a scalar needs. */
static bool
leaf(const struct walk *w, struct rd *r, const struct cbor_head *h)
{
	struct span s = { NULL, 0 };

	if (h->type == CBOR_SIMPLE)
		return !w->deterministic || h->ai <= 24;
	if (h->type != CBOR_BYTES && h->type != CBOR_TEXT)
		return true;
	if (h->arg > rd_left(r) || !rd_bytes(r, (size_t)h->arg, &s))
		return false;
	return h->type == CBOR_BYTES || utf8_valid(s);
}

static bool
push(struct walk *w, const struct rd *r, const struct cbor_head *h)
{
	bool map = h->type == CBOR_MAP;

	if (w->depth == LIMIT_DEPTH || !cbor_head_count(r, h))
		return false;
	w->open[w->depth++] = (struct frame){
		.left = h->type == CBOR_TAG ? 1
			: map               ? 2 * h->arg
					    : h->arg,
		.map = map,
		.item = *r,
	};
	return true;
}

/* One item inside f is complete. RFC 8949 s4.2.1: keys rise bytewise. */
static bool
complete(const struct walk *w, struct frame *f, const struct rd *r)
{
	struct span item = passed(&f->item, r);

	f->left--;
	f->item = *r;
	if (!w->deterministic || !f->map || f->left % 2 == 0)
		return true;
	if (f->key.n > 0 && !span_less(f->key, item))
		return false;
	f->key = item;
	return true;
}

/* Closes all that is complete now. */
static bool
unwind(struct walk *w, const struct rd *r)
{
	while (w->depth > 0 && w->open[w->depth - 1].left == 0) {
		w->depth--;
		if (w->depth > 0 && !complete(w, &w->open[w->depth - 1], r))
			return false;
	}
	return true;
}

/* Passes over one item, with a stack of its own in place of recursion. */
static bool
walk(struct rd *r, bool deterministic, struct span *ret)
{
	struct walk w = { .deterministic = deterministic };
	struct rd start = *r;
	struct cbor_head h = { CBOR_NONE, 0, 0 };
	bool ok;

	do {
		if (!cbor_head(r, &h))
			return false;
		if (h.type >= CBOR_ARRAY && h.type <= CBOR_TAG)
			ok = push(&w, r, &h);
		else
			ok = leaf(&w, r, &h) &&
			     (w.depth == 0 ||
				 complete(&w, &w.open[w.depth - 1], r));
		if (!ok || !unwind(&w, r))
			return rd_fail(r);
	} while (w.depth > 0);
	if (ret != NULL)
		*ret = passed(&start, r);
	return true;
}

bool
cbor_item(struct rd *r, struct span *ret)
{
	return walk(r, false, ret);
}

bool
cbor_deterministic(struct span s)
{
	struct rd r;

	rd_init(&r, s);
	return walk(&r, true, NULL) && rd_end(&r);
}

static bool
contains(const struct span *keys, size_t n, struct span key)
{
	for (size_t i = 0; i < n; i++) {
		if (span_equal(keys[i], key))
			return true;
	}
	return false;
}

bool
cbor_map_unique(struct rd *r, size_t *ret)
{
	struct span keys[LIMIT_MAP];
	struct rd first;
	size_t n = 0;

	if (!cbor_map(r, &n))
		return false;
	if (n > LIMIT_MAP)
		return rd_fail(r);
	first = *r;
	for (size_t i = 0; i < n; i++) {
		/* Equal keys have equal bytes only where both are
		 * deterministic: a key may be a map, or a float. */
		if (!walk(&first, true, &keys[i]) ||
		    contains(keys, i, keys[i]) || !cbor_item(&first, NULL))
			return rd_fail(r);
	}
	*ret = n;
	return true;
}
