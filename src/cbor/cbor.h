/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CBOR_CBOR_H
#define CBOR_CBOR_H

#include "base/rd.h"
#include "base/wr.h"

/*
 * Strict CBOR (RFC 8949) on rd and wr: definite lengths, shortest heads,
 * valid UTF-8, no floats unless skipped. Allocates nothing, never recurses. A
 * read of the wrong type fails the reader, like every failed read. What
 * cbor_item() steps over may hold duplicate keys: each map is judged by its
 * own cbor_map_unique().
 */
enum cbor_type {
	CBOR_UINT = 0,
	CBOR_NINT = 1,
	CBOR_BYTES = 2,
	CBOR_TEXT = 3,
	CBOR_ARRAY = 4,
	CBOR_MAP = 5,
	CBOR_TAG = 6,
	CBOR_SIMPLE = 7,
	CBOR_NONE = 8 /* nothing left */
};

enum cbor_type cbor_peek(const struct rd *r);
bool cbor_uint(struct rd *r, uint64_t *ret);
bool cbor_int(struct rd *r, int64_t *ret);
bool cbor_bytes(struct rd *r, struct span *ret);
bool cbor_text(struct rd *r, struct span *ret);
bool cbor_bool(struct rd *r, bool *ret);
bool cbor_null(struct rd *r);
bool cbor_tag(struct rd *r, uint64_t *ret);
/* The count of items or pairs; fails where it cannot fit in what is left. */
bool cbor_array(struct rd *r, size_t *ret);
bool cbor_map(struct rd *r, size_t *ret);
/* One whole well-formed item of any type, nested at most LIMIT_DEPTH deep;
 * *ret, which may be NULL, is its encoding. */
bool cbor_item(struct rd *r, struct span *ret);
/* Like cbor_map(), and looks ahead over the n pairs (at most LIMIT_MAP):
 * well-formed, and no key twice. Each key is deterministic, so that equal
 * keys have equal bytes. The reader then stands at the first key. */
bool cbor_map_unique(struct rd *r, size_t *ret);
/* Fails unless the whole of s is one item in core deterministic encoding
 * (RFC 8949 s4.2.1: map keys in bytewise order). Floats fail too: none of our
 * messages has one. */
bool cbor_deterministic(struct span s);

void cbor_put_uint(struct wr *w, uint64_t v);
void cbor_put_int(struct wr *w, int64_t v);
void cbor_put_bytes(struct wr *w, struct span s);
void cbor_put_text(struct wr *w, struct span s);
void cbor_put_bool(struct wr *w, bool v);
void cbor_put_null(struct wr *w);
void cbor_put_tag(struct wr *w, uint64_t tag);
void cbor_put_array(struct wr *w, size_t n);
void cbor_put_map(struct wr *w, size_t n);

/* Diagnostic notation (RFC 8949 s8) of one item, for people; long strings
 * are shortened. 0 or SEAL_E_DECODE. */
int cbor_diagnose(struct span s, struct wr *out, unsigned indent);
/* The same on one line. */
int cbor_diagnose_line(struct span s, struct wr *out);

#endif
