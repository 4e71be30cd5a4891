/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_INBOX_H
#define TLS_INBOX_H

#include "base/span.h"

/* Bytes that wait for the application; holds no memory while empty. */
struct inbox {
	uint8_t *p;
	size_t at, n, cap; /* read from at; filled up to n */
};

int inbox_put(struct inbox *q, struct span s); /* 0 or SEAL_E_MEMORY */
size_t inbox_get(struct inbox *q, void *buf, size_t cap);
size_t inbox_size(const struct inbox *q);
/* The same for datagrams, whose boundaries are kept; not both in one inbox. */
int inbox_put_datagram(struct inbox *q, struct span s); /* 65,535 at most */
/* The next one, a view until the next call; false: none. */
bool inbox_peek_datagram(const struct inbox *q, struct span *ret);
void inbox_pop_datagram(struct inbox *q);
void inbox_free(struct inbox *q); /* wipes; empty and usable after */

#endif
