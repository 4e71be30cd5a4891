/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CBOR_HEAD_H
#define CBOR_HEAD_H

#include "cbor/cbor.h"

/*
 * The head of one item (RFC 8949 s3), for this room only. arg is the value,
 * length, count, tag or simple value; a float has ai 25 to 27 and its bits in
 * arg.
 */
struct cbor_head {
	enum cbor_type type;
	uint8_t ai;
	uint64_t arg;
};

bool cbor_head(struct rd *r, struct cbor_head *ret);
/* Can the items that h announces fit in what is left? */
bool cbor_head_count(const struct rd *r, const struct cbor_head *h);

#endif
