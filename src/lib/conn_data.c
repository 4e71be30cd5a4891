/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/conn_intra.h"

enum seal_step
seal_read(struct seal_conn *c, void *buf, size_t cap, size_t *ret_n)
{
	struct seal_diag d = { 0 };
	enum seal_step step;

	*ret_n = 0;
	step = seal_conn_step(c);
	if (c->phase == CONN_PLAIN)
		return conn_plain_read(c, buf, cap, ret_n);
	if (c->phase != CONN_SESSION ||
	    session_state(c->session) != SESSION_READY)
		return step;
	if (session_read(
		c->session, buf, cap, ctx_boot_ms(c->ctx), ret_n, &d) != 0) {
		conn_judge_state(c, &d);
		return seal_conn_step(c);
	}
	if (*ret_n > 0)
		return SEAL_READY;
	if (session_read_ended(c->session))
		return SEAL_EOF;
	return step == SEAL_READY ? SEAL_WANT_READ : step;
}

size_t
seal_read_cut(const struct seal_conn *c)
{
	return c->session != NULL ? session_read_cut(c->session) : 0;
}

size_t
seal_write_max(const struct seal_conn *c)
{
	return c->session != NULL && c->carriage == CARRIAGE_DATAGRAM
		   ? session_write_max(c->session)
		   : 0;
}

/* A datagram that fits no record is the caller's fault, not the peer's. */
static bool
too_large(struct seal_conn *c, size_t n)
{
	size_t max = seal_write_max(c);
	struct seal_diag d = { 0 };

	if (max == 0 || n <= max)
		return false;
	seal_fail(&d, SEAL_E_LIMIT,
	    "data: expected at most %zu bytes in a datagram, found %zu", max,
	    n);
	seal_remedy(&d, "send less at once, or raise 'mtu' where the path "
			"carries it");
	conn_remark(c, &d);
	return true;
}

enum seal_step
seal_write(struct seal_conn *c, const void *buf, size_t n, size_t *ret_n)
{
	struct seal_diag d = { 0 };
	enum seal_step step;
	size_t put = 1;

	*ret_n = 0;
	(void)seal_conn_step(c); /* its state says what came of it */
	if (c->phase == CONN_PLAIN)
		return conn_plain_write(c, buf, n, ret_n);
	if (too_large(c, n))
		return SEAL_ERROR;
	while (*ret_n < n && put > 0 && c->phase == CONN_SESSION &&
	       session_state(c->session) == SESSION_READY) {
		put = 0;
		if (session_write(c->session,
			span_of((const uint8_t *)buf + *ret_n, n - *ret_n),
			ctx_boot_ms(c->ctx), &put, &d) != 0) {
			conn_judge_state(c, &d);
			return seal_conn_step(c);
		}
		*ret_n += put;
		if (!conn_flush(c, &d))
			break;
	}
	if (d.code != 0)
		conn_judge_state(c, &d);
	if (*ret_n > 0)
		return SEAL_READY;
	step = conn_answer(c);
	return step == SEAL_READY && n > 0 ? SEAL_WANT_WRITE : step;
}

int
seal_conn_shutdown_write(struct seal_conn *c)
{
	struct seal_diag d = { 0 };
	int r;

	if (c->phase == CONN_PLAIN)
		return conn_plain_end(c);
	if (c->phase != CONN_SESSION)
		return SEAL_E_STATE;
	if ((r = session_write_end(c->session, &d)) == 0)
		conn_flush(c, &d);
	return r;
}

void
seal_conn_close(struct seal_conn *c)
{
	if (c->phase == CONN_HANDSHAKE) {
		c->phase = CONN_CLOSED;
		conn_intra_end(c, true);
	} else if (c->phase == CONN_SESSION)
		session_close(c->session);
	else if (c->phase == CONN_PLAIN)
		conn_end(c);
}

int
seal_conn_reattest(struct seal_conn *c)
{
	struct seal_diag d = { 0 };
	int r;

	if (c->phase != CONN_SESSION)
		return SEAL_E_STATE;
	r = session_reattest(c->session, ctx_boot_ms(c->ctx), &d);
	if (r != 0 && session_state(c->session) == SESSION_FAILED)
		conn_judge_state(c, &d);
	return r;
}
