/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/queue.h"

#include <stdlib.h>
#include <string.h>

#include <sealtls/error.h>

#define QUEUE_FIRST 4096

size_t
queue_size(const struct queue *q)
{
	return q->n - q->at;
}

void
queue_free(struct queue *q)
{
	seal_wipe(q->p, q->n);
	free(q->p);
	*q = (struct queue){ 0 };
}

/* Room for more bytes behind what is held, which moves to the front. */
static int
queue_grow(struct queue *q, size_t more)
{
	size_t held = queue_size(q), cap = QUEUE_FIRST;
	uint8_t *p;

	while (cap < held + more)
		cap *= 2;
	if ((p = malloc(cap)) == NULL)
		return SEAL_E_MEMORY;
	if (held > 0)
		memcpy(p, q->p + q->at, held);
	queue_free(q);
	*q = (struct queue){ .p = p, .n = held, .cap = cap };
	return 0;
}

int
queue_put(struct queue *q, struct span s)
{
	int r;

	if (s.n == 0)
		return 0;
	if (s.n > q->cap - q->n && (r = queue_grow(q, s.n)) != 0)
		return r;
	memcpy(q->p + q->n, s.p, s.n);
	q->n += s.n;
	return 0;
}

size_t
queue_get(struct queue *q, void *buf, size_t cap)
{
	size_t n = queue_size(q) < cap ? queue_size(q) : cap;

	if (n > 0)
		memcpy(buf, q->p + q->at, n);
	q->at += n;
	if (queue_size(q) == 0)
		queue_free(q);
	return n;
}
