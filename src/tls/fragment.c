/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/fragment.h"

#include "cbor/cbor.h"

static int
fragment_check(const struct fragment *f, struct seal_diag *d)
{
	size_t limit;

	if (!frame_limit(f->type, &limit) || f->type == FRAME_DATA)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "datagram: expected a type from 1 to 7, found %u", f->type);
	if (f->total > limit)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "message %u: type %u: expected at most %zu bytes, found "
		    "%u",
		    f->seq, f->type, limit, f->total);
	if (f->offset > f->total || f->bytes.n > f->total - f->offset)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "message %u: expected bytes within %u, found %zu at %u",
		    f->seq, f->total, f->bytes.n, f->offset);
	if (f->bytes.n == 0 && f->total > 0)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "message %u: expected a fragment with bytes, found none",
		    f->seq);
	return 0;
}

int
fragment_parse(struct span datagram, struct fragment *ret, struct seal_diag *d)
{
	struct fragment f = { 0 };
	struct rd in;
	int r;

	rd_init(&in, datagram);
	if (!rd_u8(&in, &f.type) || !rd_u16(&in, &f.seq) ||
	    !rd_u24(&in, &f.total) || !rd_u24(&in, &f.offset) ||
	    !rd_bytes(&in, rd_left(&in), &f.bytes))
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "datagram: expected at least %d bytes, found %zu",
		    FRAGMENT_HEADER, datagram.n);
	if ((r = fragment_check(&f, d)) == 0)
		*ret = f;
	return r;
}

void
fragment_write(struct wr *out, const struct fragment *f)
{
	wr_u8(out, f->type);
	wr_u16(out, f->seq);
	wr_u24(out, f->total);
	wr_u24(out, f->offset);
	wr_bytes(out, f->bytes);
}

static bool
read_range(struct rd *in, struct ack_range *ret)
{
	uint64_t seq, offset, length;
	size_t n;

	if (!cbor_array(in, &n) || n != 3 || !cbor_uint(in, &seq) ||
	    !cbor_uint(in, &offset) || !cbor_uint(in, &length) ||
	    seq >= MSG_SEQS || offset > UINT32_MAX ||
	    length > UINT32_MAX - offset)
		return rd_fail(in);
	*ret = (struct ack_range){ (uint16_t)seq, (uint32_t)offset,
		(uint32_t)length };
	return true;
}

int
ack_parse(struct span datagram, struct ack *ret, struct seal_diag *d)
{
	struct ack a = { 0 };
	uint8_t type;
	struct rd in;
	size_t n;
	bool ok;

	rd_init(&in, datagram);
	ok = rd_u8(&in, &type) && type == ACK_TYPE && cbor_array(&in, &n) &&
	     n <= ACK_RANGES;
	for (size_t i = 0; ok && i < n; i++)
		ok = read_range(&in, &a.ranges[a.n++]);
	if (!ok || !rd_end(&in))
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "ack: expected a list of at most %u ranges of 3 numbers",
		    ACK_RANGES);
	*ret = a;
	return 0;
}

void
ack_write(struct wr *out, const struct ack *a)
{
	wr_u8(out, ACK_TYPE);
	cbor_put_array(out, a->n);
	for (size_t i = 0; i < a->n; i++) {
		cbor_put_array(out, 3);
		cbor_put_uint(out, a->ranges[i].seq);
		cbor_put_uint(out, a->ranges[i].offset);
		cbor_put_uint(out, a->ranges[i].n);
	}
}
