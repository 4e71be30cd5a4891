/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/inbox.h"

#include <stdlib.h>
#include <string.h>

#include <sealtls/error.h>

#define INBOX_FIRST 4096

size_t
inbox_size(const struct inbox *q)
{
	return q->n - q->at;
}

void
inbox_free(struct inbox *q)
{
	seal_wipe(q->p, q->n);
	free(q->p);
	*q = (struct inbox){ 0 };
}

/* Room for more bytes behind what is held, which moves to the front. */
static int
inbox_grow(struct inbox *q, size_t more)
{
	size_t held = inbox_size(q), cap = INBOX_FIRST;
	uint8_t *p;

	while (cap < held + more)
		cap *= 2;
	if ((p = malloc(cap)) == NULL)
		return SEAL_E_MEMORY;
	if (held > 0)
		memcpy(p, q->p + q->at, held);
	inbox_free(q);
	*q = (struct inbox){ .p = p, .n = held, .cap = cap };
	return 0;
}

static int
reserve(struct inbox *q, size_t more)
{
	return more > q->cap - q->n ? inbox_grow(q, more) : 0;
}

static void
append(struct inbox *q, struct span s)
{
	memcpy(q->p + q->n, s.p, s.n);
	q->n += s.n;
}

/* What is gone from the front leaves no memory behind once all is. */
static void
skip(struct inbox *q, size_t n)
{
	q->at += n;
	if (inbox_size(q) == 0)
		inbox_free(q);
}

int
inbox_put(struct inbox *q, struct span s)
{
	int r;

	if (s.n == 0)
		return 0;
	if ((r = reserve(q, s.n)) == 0)
		append(q, s);
	return r;
}

size_t
inbox_get(struct inbox *q, void *buf, size_t cap)
{
	size_t n = inbox_size(q) < cap ? inbox_size(q) : cap;

	if (n > 0)
		memcpy(buf, q->p + q->at, n);
	skip(q, n);
	return n;
}

/* ---- Datagrams: each behind its length, in 2 bytes ---- */

int
inbox_put_datagram(struct inbox *q, struct span s)
{
	uint8_t length[2] = { (uint8_t)(s.n >> 8), (uint8_t)s.n };
	int r;

	if (s.n > UINT16_MAX)
		return SEAL_E_LIMIT;
	if ((r = reserve(q, sizeof(length) + s.n)) != 0)
		return r;
	append(q, span_of(length, sizeof(length)));
	if (s.n > 0)
		append(q, s);
	return 0;
}

bool
inbox_peek_datagram(const struct inbox *q, struct span *ret)
{
	const uint8_t *p;

	if (inbox_size(q) == 0)
		return false;
	p = q->p + q->at;
	*ret = span_of(p + 2, (size_t)p[0] << 8 | p[1]);
	return true;
}

void
inbox_pop_datagram(struct inbox *q)
{
	struct span s;

	if (inbox_peek_datagram(q, &s))
		skip(q, 2 + s.n);
}
