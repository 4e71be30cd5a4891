/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rd.h"

#include <string.h>

void
rd_init(struct rd *r, struct span s)
{
	*r = (struct rd){ .p = s.p, .n = s.n };
}

size_t
rd_left(const struct rd *r)
{
	return r->n;
}

bool
rd_fail(struct rd *r)
{
	r->n = 0;
	r->failed = true;
	return false;
}

bool
rd_end(struct rd *r)
{
	return (!r->failed && r->n == 0) || rd_fail(r);
}

bool
rd_peek(const struct rd *r, uint8_t *ret)
{
	if (r->n == 0)
		return false;
	*ret = r->p[0];
	return true;
}

bool
rd_bytes(struct rd *r, size_t n, struct span *ret)
{
	if (r->failed || n > r->n)
		return rd_fail(r);
	*ret = (struct span){ r->p, n };
	if (n > 0)
		r->p += n;
	r->n -= n;
	return true;
}

/* A big-endian integer of n <= 8 bytes. */
static bool
rd_uint(struct rd *r, size_t n, uint64_t *ret)
{
	struct span s;
	uint64_t v = 0;

	if (!rd_bytes(r, n, &s))
		return false;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | s.p[i];
	*ret = v;
	return true;
}

bool
rd_u8(struct rd *r, uint8_t *ret)
{
	uint64_t v;

	if (!rd_uint(r, 1, &v))
		return false;
	*ret = (uint8_t)v;
	return true;
}

bool
rd_u16(struct rd *r, uint16_t *ret)
{
	uint64_t v;

	if (!rd_uint(r, 2, &v))
		return false;
	*ret = (uint16_t)v;
	return true;
}

bool
rd_u24(struct rd *r, uint32_t *ret)
{
	uint64_t v;

	if (!rd_uint(r, 3, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool
rd_u32(struct rd *r, uint32_t *ret)
{
	uint64_t v;

	if (!rd_uint(r, 4, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool
rd_u64(struct rd *r, uint64_t *ret)
{
	return rd_uint(r, 8, ret);
}

static bool
rd_uint_le(struct rd *r, size_t n, uint64_t *ret)
{
	struct span s;
	uint64_t v = 0;

	if (!rd_bytes(r, n, &s))
		return false;
	for (size_t i = n; i > 0; i--)
		v = v << 8 | s.p[i - 1];
	*ret = v;
	return true;
}

bool
rd_u16le(struct rd *r, uint16_t *ret)
{
	uint64_t v;

	if (!rd_uint_le(r, 2, &v))
		return false;
	*ret = (uint16_t)v;
	return true;
}

bool
rd_u32le(struct rd *r, uint32_t *ret)
{
	uint64_t v;

	if (!rd_uint_le(r, 4, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool
rd_u64le(struct rd *r, uint64_t *ret)
{
	return rd_uint_le(r, 8, ret);
}

bool
rd_expect(struct rd *r, struct span want)
{
	struct span s;

	return rd_bytes(r, want.n, &s) && (span_equal(s, want) || rd_fail(r));
}

bool
rd_copy(struct rd *r, void *ret, size_t n)
{
	struct span s;

	if (!rd_bytes(r, n, &s))
		return false;
	if (n > 0)
		memcpy(ret, s.p, n);
	return true;
}

static bool
rd_vec(struct rd *r, size_t width, struct span *ret)
{
	uint64_t n;

	return rd_uint(r, width, &n) && rd_bytes(r, (size_t)n, ret);
}

bool
rd_digits2(struct rd *r, int *ret)
{
	uint8_t a = 0, b = 0;

	if (!rd_u8(r, &a) || !rd_u8(r, &b) || a < '0' || a > '9' || b < '0' ||
	    b > '9')
		return rd_fail(r);
	*ret = (a - '0') * 10 + (b - '0');
	return true;
}

bool
rd_vec8(struct rd *r, struct span *ret)
{
	return rd_vec(r, 1, ret);
}

bool
rd_vec16(struct rd *r, struct span *ret)
{
	return rd_vec(r, 2, ret);
}

bool
rd_vec24(struct rd *r, struct span *ret)
{
	return rd_vec(r, 3, ret);
}
