/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/cbor.h"

#include "base/text.h"
#include "cbor/head.h"

/* Below this value the argument stands in the first byte (RFC 8949 s3). */
#define ARG_SMALL 24u

#define SIMPLE_FALSE 20u
#define SIMPLE_TRUE 21u
#define SIMPLE_NULL 22u

/* RFC 8949 s3, s4.2.1: a head is as short as it can be; the additional
 * informations 28 to 30 are reserved, 31 means an indefinite length. */
static bool
argument(struct rd *r, uint8_t ai, uint64_t *ret)
{
	uint8_t v8 = 0;
	uint16_t v16 = 0;
	uint32_t v32 = 0;

	if (ai < ARG_SMALL) {
		*ret = ai;
		return true;
	}
	switch (ai) {
	case 24:
		return rd_u8(r, &v8) && (*ret = v8) >= ARG_SMALL;
	case 25:
		return rd_u16(r, &v16) && (*ret = v16) > 0xff;
	case 26:
		return rd_u32(r, &v32) && (*ret = v32) > 0xffff;
	case 27:
		return rd_u64(r, ret) && *ret > 0xffffffff;
	default:
		return false;
	}
}

/* RFC 8949 s3.3: a simple value in a second byte is at least 32; wider
 * arguments are floats and as wide as the writer likes. */
static bool
simple_argument(struct rd *r, uint8_t ai, uint64_t *ret)
{
	static const uint8_t width[] = { 2, 4, 8 };
	struct span bits;
	uint8_t v8 = 0;

	if (ai < ARG_SMALL) {
		*ret = ai;
		return true;
	}
	if (ai == 24)
		return rd_u8(r, &v8) && (*ret = v8) >= 32;
	if (ai > 27)
		return false;
	*ret = 0;
	if (!rd_bytes(r, width[ai - 25], &bits))
		return false;
	for (size_t i = 0; i < bits.n; i++)
		*ret = *ret << 8 | bits.p[i];
	return true;
}

bool
cbor_head(struct rd *r, struct cbor_head *ret)
{
	struct cbor_head h = { CBOR_NONE, 0, 0 };
	uint8_t first = 0;
	bool ok;

	if (!rd_u8(r, &first))
		return false;
	h.type = (enum cbor_type)(first >> 5);
	h.ai = first & 31;
	ok = h.type == CBOR_SIMPLE ? simple_argument(r, h.ai, &h.arg)
				   : argument(r, h.ai, &h.arg);
	if (!ok)
		return rd_fail(r);
	*ret = h;
	return true;
}

bool
cbor_head_count(const struct rd *r, const struct cbor_head *h)
{
	/* Each item takes a byte at least, each pair two. */
	if (h->type == CBOR_ARRAY)
		return h->arg <= rd_left(r);
	if (h->type == CBOR_MAP)
		return h->arg <= rd_left(r) / 2;
	return true;
}

/* A head of this type; its argument. */
static bool
typed(struct rd *r, enum cbor_type type, uint64_t *ret)
{
	struct cbor_head h = { CBOR_NONE, 0, 0 };

	if (!cbor_head(r, &h))
		return false;
	if (h.type != type || !cbor_head_count(r, &h))
		return rd_fail(r);
	*ret = h.arg;
	return true;
}

enum cbor_type
cbor_peek(const struct rd *r)
{
	uint8_t first = 0;

	return rd_peek(r, &first) ? (enum cbor_type)(first >> 5) : CBOR_NONE;
}

bool
cbor_uint(struct rd *r, uint64_t *ret)
{
	return typed(r, CBOR_UINT, ret);
}

bool
cbor_int(struct rd *r, int64_t *ret)
{
	struct cbor_head h = { CBOR_NONE, 0, 0 };

	if (!cbor_head(r, &h))
		return false;
	if (h.type > CBOR_NINT || h.arg > INT64_MAX)
		return rd_fail(r);
	*ret = h.type == CBOR_UINT ? (int64_t)h.arg : -1 - (int64_t)h.arg;
	return true;
}

/* The bytes of a string of this type. */
static bool
string(struct rd *r, enum cbor_type type, struct span *ret)
{
	uint64_t n = 0;

	if (!typed(r, type, &n))
		return false;
	if (n > rd_left(r))
		return rd_fail(r);
	return rd_bytes(r, (size_t)n, ret);
}

bool
cbor_bytes(struct rd *r, struct span *ret)
{
	return string(r, CBOR_BYTES, ret);
}

bool
cbor_text(struct rd *r, struct span *ret)
{
	struct span s = { NULL, 0 };

	if (!string(r, CBOR_TEXT, &s))
		return false;
	if (!utf8_valid(s)) /* RFC 8949 s3.1 */
		return rd_fail(r);
	*ret = s;
	return true;
}

/* A simple value that is no float. */
static bool
simple(struct rd *r, uint64_t *ret)
{
	struct cbor_head h = { CBOR_NONE, 0, 0 };

	if (!cbor_head(r, &h))
		return false;
	if (h.type != CBOR_SIMPLE || h.ai > 24)
		return rd_fail(r);
	*ret = h.arg;
	return true;
}

bool
cbor_bool(struct rd *r, bool *ret)
{
	uint64_t v = 0;

	if (!simple(r, &v))
		return false;
	if (v != SIMPLE_FALSE && v != SIMPLE_TRUE)
		return rd_fail(r);
	*ret = v == SIMPLE_TRUE;
	return true;
}

bool
cbor_null(struct rd *r)
{
	uint64_t v = 0;

	return simple(r, &v) && (v == SIMPLE_NULL || rd_fail(r));
}

bool
cbor_tag(struct rd *r, uint64_t *ret)
{
	return typed(r, CBOR_TAG, ret);
}

bool
cbor_array(struct rd *r, size_t *ret)
{
	uint64_t n = 0;

	if (!typed(r, CBOR_ARRAY, &n))
		return false;
	*ret = (size_t)n;
	return true;
}

bool
cbor_map(struct rd *r, size_t *ret)
{
	uint64_t n = 0;

	if (!typed(r, CBOR_MAP, &n))
		return false;
	*ret = (size_t)n;
	return true;
}

static void
put_head(struct wr *w, enum cbor_type type, uint64_t arg)
{
	uint8_t major = (uint8_t)(type << 5);

	if (arg < ARG_SMALL) {
		wr_u8(w, (uint8_t)(major | arg));
	} else if (arg <= 0xff) {
		wr_u8(w, major | 24);
		wr_u8(w, (uint8_t)arg);
	} else if (arg <= 0xffff) {
		wr_u8(w, major | 25);
		wr_u16(w, (uint16_t)arg);
	} else if (arg <= 0xffffffff) {
		wr_u8(w, major | 26);
		wr_u32(w, (uint32_t)arg);
	} else {
		wr_u8(w, major | 27);
		wr_u64(w, arg);
	}
}

void
cbor_put_uint(struct wr *w, uint64_t v)
{
	put_head(w, CBOR_UINT, v);
}

void
cbor_put_int(struct wr *w, int64_t v)
{
	if (v >= 0)
		put_head(w, CBOR_UINT, (uint64_t)v);
	else
		put_head(w, CBOR_NINT, (uint64_t)(-1 - v));
}

void
cbor_put_bytes(struct wr *w, struct span s)
{
	put_head(w, CBOR_BYTES, s.n);
	wr_bytes(w, s);
}

void
cbor_put_text(struct wr *w, struct span s)
{
	put_head(w, CBOR_TEXT, s.n);
	wr_bytes(w, s);
}

void
cbor_put_bool(struct wr *w, bool v)
{
	put_head(w, CBOR_SIMPLE, v ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void
cbor_put_null(struct wr *w)
{
	put_head(w, CBOR_SIMPLE, SIMPLE_NULL);
}

void
cbor_put_tag(struct wr *w, uint64_t tag)
{
	put_head(w, CBOR_TAG, tag);
}

void
cbor_put_array(struct wr *w, size_t n)
{
	put_head(w, CBOR_ARRAY, n);
}

void
cbor_put_map(struct wr *w, size_t n)
{
	put_head(w, CBOR_MAP, n);
}
