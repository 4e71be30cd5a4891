/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/frame.h"

#include <stdlib.h>
#include <string.h>

bool
frame_limit(uint8_t type, size_t *ret)
{
	static const size_t limits[] = {
		[FRAME_HELLO] = LIMIT_FRAME_HELLO,
		[FRAME_REQUEST] = LIMIT_FRAME_REQUEST,
		[FRAME_AUTHENTICATOR] = LIMIT_FRAME_AUTHENTICATOR,
		[FRAME_VERDICT] = LIMIT_FRAME_VERDICT,
		[FRAME_DATA] = LIMIT_FRAME_DATA,
		[FRAME_CLOSE] = LIMIT_FRAME_VERDICT,
	};

	if (type == 0 || type >= sizeof(limits) / sizeof(limits[0]))
		return false;
	*ret = limits[type];
	return true;
}

void
frame_reader_free(struct frame_reader *r)
{
	seal_wipe(r->body, r->n_body);
	free(r->body);
	memset(r, 0, sizeof(*r));
}

static struct span
take(struct span *in, size_t n)
{
	struct span s = { in->p, n < in->n ? n : in->n };

	if (s.n > 0)
		in->p += s.n;
	in->n -= s.n;
	return s;
}

/* Collects the header; checks it before anything is kept for its body. */
static int
read_header(struct frame_reader *r, struct span *in, struct seal_diag *d)
{
	struct span s = take(in, FRAME_HEADER - r->n_header);
	size_t limit;

	if (s.n > 0)
		memcpy(r->header + r->n_header, s.p, s.n);
	r->n_header += s.n;
	if (r->n_header < FRAME_HEADER)
		return 0;
	r->want = (size_t)r->header[1] << 16 | (size_t)r->header[2] << 8 |
		  r->header[3];
	if (!frame_limit(r->header[0], &limit))
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "frame: expected a type from 1 to 6, found %u",
		    r->header[0]);
	if (r->want > limit)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "frame: type %u: expected at most %zu bytes, found %zu",
		    r->header[0], limit, r->want);
	return 1;
}

static int
keep(struct frame_reader *r, struct span *in, struct seal_diag *d)
{
	struct span s;

	if (r->body == NULL && (r->body = malloc(r->want)) == NULL)
		return seal_fail(
		    d, SEAL_E_MEMORY, "frame of %zu bytes", r->want);
	s = take(in, r->want - r->n_body);
	if (s.n > 0)
		memcpy(r->body + r->n_body, s.p, s.n);
	r->n_body += s.n;
	return r->n_body == r->want;
}

int
frame_next(struct frame_reader *r, struct span *in, struct frame *ret,
    struct seal_diag *d)
{
	int e;

	/* The frame that the last call returned is done with. */
	if (r->n_header == FRAME_HEADER && r->n_body == r->want)
		frame_reader_free(r);
	if (r->n_header < FRAME_HEADER && (e = read_header(r, in, d)) != 1)
		return e;
	if (r->body == NULL && r->want <= in->n) {
		*ret = (struct frame){ r->header[0], take(in, r->want) };
		r->n_body = r->want;
		return 1;
	}
	if (in->n == 0)
		return 0;
	if ((e = keep(r, in, d)) == 1)
		*ret =
		    (struct frame){ r->header[0], span_of(r->body, r->want) };
	return e;
}

void
frame_write(struct wr *out, enum frame_type type, struct span body)
{
	wr_u8(out, (uint8_t)type);
	wr_vec(out, 3, body);
}
