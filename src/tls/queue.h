/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_QUEUE_H
#define TLS_QUEUE_H

#include "base/span.h"

/* Bytes that wait for the application; holds no memory while empty. */
struct queue {
	uint8_t *p;
	size_t at, n, cap; /* read from at; filled up to n */
};

int queue_put(struct queue *q, struct span s); /* 0 or SEAL_E_MEMORY */
size_t queue_get(struct queue *q, void *buf, size_t cap);
size_t queue_size(const struct queue *q);
void queue_free(struct queue *q); /* wipes; empty and usable after */

#endif
