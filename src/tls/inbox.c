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

int
inbox_put(struct inbox *q, struct span s)
{
	int r;

	if (s.n == 0)
		return 0;
	if (s.n > q->cap - q->n && (r = inbox_grow(q, s.n)) != 0)
		return r;
	memcpy(q->p + q->n, s.p, s.n);
	q->n += s.n;
	return 0;
}

size_t
inbox_get(struct inbox *q, void *buf, size_t cap)
{
	size_t n = inbox_size(q) < cap ? inbox_size(q) : cap;

	if (n > 0)
		memcpy(buf, q->p + q->at, n);
	q->at += n;
	if (inbox_size(q) == 0)
		inbox_free(q);
	return n;
}
