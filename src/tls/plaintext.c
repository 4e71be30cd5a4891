/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/plaintext.h"

#include "base/rd.h"

#define RECORD_MAX 16384u /* bytes (RFC 8446 s5.1) */

enum { TYPE_CHANGE_CIPHER_SPEC = 20, TYPE_HANDSHAKE = 22 };

void
plaintext_init(struct plaintext *p)
{
	*p = (struct plaintext){ 0 };
	wr_init_heap(&p->bytes, 4 + PLAINTEXT_MESSAGE_MAX + RECORD_MAX);
}

void
plaintext_free(struct plaintext *p)
{
	wr_free(&p->bytes);
	p->over = true;
}

/* False where the clear has ended. */
static bool
read_header(struct plaintext *p)
{
	uint8_t type = 0;
	uint16_t version, n = 0;
	struct rd in;

	rd_init(&in, span_of(p->header, PLAINTEXT_HEADER));
	if (!rd_u8(&in, &type) || !rd_u16(&in, &version) || !rd_u16(&in, &n) ||
	    (type != TYPE_HANDSHAKE && type != TYPE_CHANGE_CIPHER_SPEC) ||
	    n == 0 || n > RECORD_MAX)
		return false;
	p->left = n;
	return true;
}

static int
hand_on(struct plaintext *p, plaintext_fn fn, void *arg, struct seal_diag *d)
{
	struct span all = wr_view(&p->bytes), body, rest;
	uint8_t type;
	uint32_t n;
	struct rd in;
	int r;

	for (;;) {
		rd_init(&in, all);
		if (!rd_u8(&in, &type) || !rd_u24(&in, &n))
			break;
		if (n > PLAINTEXT_MESSAGE_MAX)
			return seal_fail(d, SEAL_E_LIMIT,
			    "tls: expected a message of at most %u bytes in "
			    "the clear, found %u",
			    PLAINTEXT_MESSAGE_MAX, (unsigned)n);
		if (!rd_bytes(&in, n, &body))
			break;
		rd_bytes(&in, rd_left(&in), &rest);
		if ((r = fn(arg, span_of(all.p, 4 + (size_t)n), d)) != 0)
			return r;
		all = rest;
	}
	wr_drop(&p->bytes, p->bytes.n - all.n);
	return 0;
}

/* Bytes of one record's content. */
static int
take_content(struct plaintext *p, struct span content, plaintext_fn fn,
    void *arg, struct seal_diag *d)
{
	p->left -= content.n;
	if (p->left == 0)
		p->n_header = 0;
	if (p->header[0] != TYPE_HANDSHAKE)
		return 0;
	wr_bytes(&p->bytes, content);
	if (p->bytes.error != 0)
		return seal_fail(d, p->bytes.error, "tls: handshake");
	return hand_on(p, fn, arg, d);
}

int
plaintext_take(struct plaintext *p, struct span bytes, plaintext_fn fn,
    void *arg, struct seal_diag *d)
{
	struct span content;
	struct rd in;
	size_t n;
	int r = 0;

	rd_init(&in, bytes);
	while (!p->over && rd_left(&in) > 0) {
		if (p->n_header < PLAINTEXT_HEADER) {
			rd_u8(&in, &p->header[p->n_header++]);
			if (p->n_header == PLAINTEXT_HEADER)
				p->over = !read_header(p);
			continue;
		}
		n = rd_left(&in) < p->left ? rd_left(&in) : p->left;
		rd_bytes(&in, n, &content);
		if ((r = take_content(p, content, fn, arg, d)) != 0)
			break;
	}
	if (r != 0)
		plaintext_free(p);
	return r;
}
