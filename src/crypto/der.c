/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/der.h"

#include <string.h>

static bool
der_length(struct rd *r, size_t *ret)
{
	uint8_t first = 0, v8 = 0;
	uint16_t v16 = 0;
	uint32_t v24 = 0;
	size_t n;

	if (!rd_u8(r, &first))
		return false;
	if (first < 0x80) {
		*ret = first;
		return true;
	}
	switch (first) {
	case 0x81:
		if (!rd_u8(r, &v8) || v8 < 0x80)
			return rd_fail(r);
		n = v8;
		break;
	case 0x82:
		if (!rd_u16(r, &v16) || v16 < 0x100)
			return rd_fail(r);
		n = v16;
		break;
	case 0x83:
		if (!rd_u24(r, &v24) || v24 < 0x10000)
			return rd_fail(r);
		n = v24;
		break;
	default: /* indefinite, or larger than anything that we read */
		return rd_fail(r);
	}
	*ret = n;
	return true;
}

bool
der_next_is(const struct rd *r, uint8_t tag)
{
	uint8_t next = 0;

	return rd_peek(r, &next) && next == tag;
}

bool
der_read(struct rd *r, uint8_t tag, struct span *ret)
{
	uint8_t got = 0;
	size_t n = 0;

	if (!rd_u8(r, &got) || got != tag)
		return rd_fail(r);
	return der_length(r, &n) && rd_bytes(r, n, ret);
}

bool
der_enter(struct rd *r, uint8_t tag, struct rd *ret)
{
	struct span content = { 0 };

	if (!der_read(r, tag, &content))
		return false;
	rd_init(ret, content);
	return true;
}

bool
der_element(struct rd *r, uint8_t tag, struct span *ret)
{
	struct rd probe = *r;
	struct span content = { 0 };

	if (!der_read(&probe, tag, &content))
		return rd_fail(r);
	return rd_bytes(r, rd_left(r) - rd_left(&probe), ret);
}

bool
der_uint(struct rd *r, struct span *ret)
{
	struct span s = { 0 };

	if (!der_read(r, DER_INTEGER, &s))
		return false;
	if (s.n == 0 || (s.p[0] & 0x80) != 0)
		return rd_fail(r);
	/* X.690 s8.3.2: no leading zero but the one that keeps the sign. */
	if (s.n > 1 && s.p[0] == 0 && (s.p[1] & 0x80) == 0)
		return rd_fail(r);
	*ret = s.p[0] == 0 ? span_of(s.p + 1, s.n - 1) : s;
	return true;
}

bool
der_bits(struct rd *r, struct span *ret)
{
	struct rd in;
	uint8_t unused = 0;

	if (!der_enter(r, DER_BITS, &in))
		return false;
	if (!rd_u8(&in, &unused) || unused != 0)
		return rd_fail(r);
	return rd_bytes(&in, rd_left(&in), ret);
}

size_t
der_begin(struct wr *w, uint8_t tag)
{
	wr_u8(w, tag);
	return w->n;
}

/* The length is known only now, so the content moves up to make room. */
void
der_end(struct wr *w, size_t mark)
{
	size_t n = w->n - mark, width = 1;

	if (w->error != 0)
		return;
	if (n >= 0x80)
		width = n < 0x100 ? 2 : n < 0x10000 ? 3 : 4;
	if (n >> 24 != 0) {
		w->error = SEAL_E_LIMIT;
		return;
	}
	if (wr_room(w, width) == NULL)
		return;
	memmove(w->p + mark + width, w->p + mark, n);
	w->p[mark] = (uint8_t)(width == 1 ? n : 0x80 + width - 1);
	for (size_t i = 1; i < width; i++)
		w->p[mark + i] = (uint8_t)(n >> 8 * (width - 1 - i));
}

void
der_put(struct wr *w, uint8_t tag, struct span content)
{
	size_t mark = der_begin(w, tag);

	wr_bytes(w, content);
	der_end(w, mark);
}

void
der_put_uint(struct wr *w, struct span s)
{
	size_t mark = der_begin(w, DER_INTEGER);

	while (s.n > 0 && s.p[0] == 0)
		s = span_of(s.p + 1, s.n - 1);
	if (s.n == 0 || (s.p[0] & 0x80) != 0)
		wr_u8(w, 0);
	wr_bytes(w, s);
	der_end(w, mark);
}

void
der_put_bits(struct wr *w, struct span s)
{
	size_t mark = der_begin(w, DER_BITS);

	wr_u8(w, 0);
	wr_bytes(w, s);
	der_end(w, mark);
}
