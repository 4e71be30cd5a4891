/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

/*
 * Strict DER on rd and wr (X.690 s10), as much of it as certificates, keys
 * and ECDSA signatures need. One-byte tags; definite lengths in their shortest
 * form, below 2^24.
 */
#include "base/rd.h"
#include "base/wr.h"

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BITS = 0x03,
	DER_OCTETS = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_UTF8 = 0x0c,
	DER_PRINTABLE = 0x13,
	DER_IA5 = 0x16,
	DER_UTC_TIME = 0x17,
	DER_GENERAL_TIME = 0x18,
	DER_SEQ = 0x30,
	DER_SET = 0x31,
};
/* Context-specific, constructed or primitive. */
#define DER_CTX(n) ((uint8_t)(0xa0 + (n)))
#define DER_CTX_PRIM(n) ((uint8_t)(0x80 + (n)))

/* The content of the next element, which must have this tag. */
bool der_read(struct rd *r, uint8_t tag, struct span *ret);
/* The same as a reader of its own. */
bool der_enter(struct rd *r, uint8_t tag, struct rd *ret);
/* The next element whole, with its tag and length. */
bool der_element(struct rd *r, uint8_t tag, struct span *ret);
bool der_next_is(const struct rd *r, uint8_t tag);
/* An INTEGER that is not negative, without its sign byte; zero is empty. */
bool der_uint(struct rd *r, struct span *ret);
/* A BIT STRING of whole bytes. */
bool der_bits(struct rd *r, struct span *ret);

/* begin returns a mark for the matching end, which puts in the length. */
size_t der_begin(struct wr *w, uint8_t tag);
void der_end(struct wr *w, size_t mark);
void der_put(struct wr *w, uint8_t tag, struct span content);
void der_put_uint(struct wr *w, struct span big_endian);
void der_put_bits(struct wr *w, struct span whole_bytes);

#endif
