/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a handshake that attested by itself: the application's bytes stand in
 * TLS as they are, and its protocol keeps its ALPN. Nothing can attest again
 * here, so that the connection ends with the lease.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/conn.h"

#define PLAIN_OUT 16384u /* bytes offered to TLS at once: one record */

/* What TLS has not taken yet; after WANT_* the same bytes must come again. */
struct conn_plain {
	uint8_t *bytes; /* NULL: it has all */
	size_t n;
	bool ended; /* close_notify follows the bytes */
	bool said;  /* and was sent */
	bool heard; /* the peer's came */
};

int
conn_begin_plain(struct seal_conn *c, struct seal_diag *d)
{
	if ((c->plain = calloc(1, sizeof(*c->plain))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "connection");
	c->phase = CONN_PLAIN;
	return 0;
}

static void
drop_bytes(struct conn_plain *p)
{
	if (p->bytes != NULL)
		seal_wipe(p->bytes, p->n);
	free(p->bytes);
	p->bytes = NULL;
	p->n = 0;
}

void
conn_plain_free(struct seal_conn *c)
{
	if (c->plain != NULL)
		drop_bytes(c->plain);
	free(c->plain);
	c->plain = NULL;
}

/* True when TLS has all; else what it waits for, or d, says why not. */
static bool
plain_sent(struct seal_conn *c, enum seal_io io, struct seal_diag *d)
{
	if (io == SEAL_IO_DONE)
		return true;
	if (io != SEAL_IO_WANT_READ && io != SEAL_IO_WANT_WRITE)
		seal_fail(d, SEAL_E_IO, "tls: cannot write");
	conn_io(c, io);
	return false;
}

bool
conn_plain_flush(struct seal_conn *c, struct seal_diag *d)
{
	struct conn_plain *p = c->plain;

	if (p->n > 0) {
		if (!plain_sent(
			c, c->stack->write(c->tls, p->bytes, p->n, d), d))
			return false;
		drop_bytes(p);
	}
	if (p->ended && !p->said)
		p->said = plain_sent(c, c->stack->shutdown(c->tls, d), d);
	return !p->ended || p->said;
}

bool
conn_plain_pending(const struct seal_conn *c)
{
	return c->plain->n > 0 || (c->plain->ended && !c->plain->said);
}

void
conn_plain_step(struct seal_conn *c)
{
	struct seal_diag d = { 0 };

	if (ctx_boot_ms(c->ctx) >= c->lease_ms) {
		seal_fail(&d, SEAL_E_LEASE,
		    "lease: the attestation in the handshake has served its "
		    "time");
		seal_remedy(&d, "connect again, or use mode post or both, "
				"which attest again on the connection");
		drop_bytes(c->plain); /* for a peer that was good then */
		conn_fail(c, SEAL_E_LEASE, &d);
		return;
	}
	conn_plain_flush(c, &d);
	if (d.code != 0)
		conn_fail(c, d.code, &d);
	else if (c->plain->said && c->plain->heard)
		c->phase = CONN_CLOSED; /* both ends are done, in order */
}

enum seal_step
conn_plain_read(struct seal_conn *c, void *buf, size_t cap, size_t *ret_n)
{
	struct seal_diag d = { 0 };
	enum seal_io io = c->stack->read(c->tls, buf, cap, ret_n, &d);

	switch (io) {
	case SEAL_IO_DONE:
		return SEAL_READY;
	case SEAL_IO_EOF:
		*ret_n = 0;
		c->plain->heard = true;
		return SEAL_EOF;
	case SEAL_IO_WANT_READ:
	case SEAL_IO_WANT_WRITE:
		*ret_n = 0;
		return io == SEAL_IO_WANT_READ ? SEAL_WANT_READ
					       : SEAL_WANT_WRITE;
	case SEAL_IO_TRUNCATED:
		seal_fail(&d, SEAL_E_TRUNCATED,
		    "tls: the peer ended without close_notify");
		break;
	case SEAL_IO_ERROR:
		seal_fail(&d, SEAL_E_IO, "tls: cannot read");
		break;
	}
	*ret_n = 0;
	conn_fail(c, d.code, &d);
	return conn_answer(c);
}

/* Keeps what TLS will ask for again. */
static void
keep_bytes(
    struct conn_plain *p, const uint8_t *buf, size_t n, struct seal_diag *d)
{
	int r = span_dup(span_of(buf, n), &p->bytes);

	if (r == 0)
		p->n = n;
	else
		seal_fail(d, r, "connection");
}

enum seal_step
conn_plain_write(struct seal_conn *c, const void *buf, size_t n, size_t *ret_n)
{
	struct conn_plain *p = c->plain;
	struct seal_diag d = { 0 };

	while (*ret_n < n && p->n == 0 && !p->ended && d.code == 0) {
		const uint8_t *from = (const uint8_t *)buf + *ret_n;
		size_t take = n - *ret_n;

		if (take > PLAIN_OUT)
			take = PLAIN_OUT;
		*ret_n += take;
		if (!plain_sent(
			c, c->stack->write(c->tls, from, take, &d), &d) &&
		    d.code == 0)
			keep_bytes(p, from, take, &d);
	}
	if (d.code != 0)
		conn_fail(c, d.code, &d);
	if (*ret_n > 0)
		return SEAL_READY;
	return n > 0 && c->phase == CONN_PLAIN ? SEAL_WANT_WRITE
					       : conn_answer(c);
}

int
conn_plain_end(struct seal_conn *c)
{
	struct seal_diag d = { 0 };

	c->plain->ended = true;
	conn_plain_flush(c, &d);
	return 0;
}
