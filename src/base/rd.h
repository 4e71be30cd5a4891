/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_RD_H
#define BASE_RD_H

#include "base/span.h"

/*
 * The one reader of hostile bytes. A read that does not fit returns false,
 * leaves its output alone and empties the reader, so that reads can be
 * chained with && and every later one fails too. Integers are big endian
 * unless the name says le.
 */
struct rd {
	const uint8_t *p;
	size_t n;
	bool failed;
};

void rd_init(struct rd *r, struct span s);
size_t rd_left(const struct rd *r);
bool rd_fail(struct rd *r); /* empties it; returns false */
bool rd_end(struct rd *r);  /* true if nothing failed and nothing is left */

bool rd_peek(const struct rd *r, uint8_t *ret);
bool rd_u8(struct rd *r, uint8_t *ret);
bool rd_u16(struct rd *r, uint16_t *ret);
bool rd_u24(struct rd *r, uint32_t *ret);
bool rd_u32(struct rd *r, uint32_t *ret);
bool rd_u64(struct rd *r, uint64_t *ret);
bool rd_u16le(struct rd *r, uint16_t *ret);
bool rd_u32le(struct rd *r, uint32_t *ret);
bool rd_u64le(struct rd *r, uint64_t *ret);
bool rd_bytes(struct rd *r, size_t n, struct span *ret);
/* Exactly these bytes. */
bool rd_expect(struct rd *r, struct span want);
bool rd_copy(struct rd *r, void *ret, size_t n);
/* Two decimal digits: 0 to 99. */
bool rd_digits2(struct rd *r, int *ret);

/* A length of 1, 2 or 3 bytes, then that many bytes. */
bool rd_vec8(struct rd *r, struct span *ret);
bool rd_vec16(struct rd *r, struct span *ret);
bool rd_vec24(struct rd *r, struct span *ret);

#endif
