/* SPDX-License-Identifier: Apache-2.0 */
/* Application data, and the gate in front of it (PROTOCOL 6, 6.2). */
#include <string.h>

#include "tls/session_parts.h"

/* PROTOCOL 6: a side delivers no DATA before it accepted the peer. */
int
session_data(struct session *s, struct span body, struct seal_diag *d)
{
	int r;

	if (s->conf->require && !s->ask.leased)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "data: expected none before this side's verdict");
	if (s->read_ended)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "data: expected none after the end of data");
	if (body.n == 0) {
		s->read_ended = true;
		return 0;
	}
	if ((r = inbox_put(&s->data, body)) != 0)
		return seal_fail(d, r, "data");
	return 0;
}

/* PROTOCOL 8: what comes too early, or finds no room, is lost like anything
 * else that is sent this way. */
int
session_datagram(struct session *s, struct span body)
{
	bool gate = s->hello && (!s->conf->require || s->ask.leased);

	if (gate && body.n > 0 &&
	    inbox_size(&s->data) + body.n <= SESSION_HELD_MAX - 2)
		(void)inbox_put_datagram(&s->data, body);
	return 0;
}

/* The gate: READY, and a lease that runs at this very moment. */
static int
check_gate(struct session *s, int64_t now_ms, struct seal_diag *d)
{
	int r;

	if ((r = session_tick(s, now_ms, d)) != 0)
		return r;
	if (s->state != SESSION_READY ||
	    (s->conf->require && !ask_live(s, now_ms)))
		return seal_fail(
		    d, SEAL_E_STATE, "data: expected a ready connection");
	return 0;
}

/* One datagram; what buf has no room for is gone, and counted. */
static size_t
read_datagram(struct session *s, void *buf, size_t cap)
{
	struct span next;
	size_t n;

	if (!inbox_peek_datagram(&s->data, &next))
		return 0;
	n = next.n < cap ? next.n : cap;
	if (n > 0)
		memcpy(buf, next.p, n);
	s->cut = next.n - n;
	inbox_pop_datagram(&s->data);
	return n;
}

int
session_read(struct session *s, void *buf, size_t cap, int64_t now_ms,
    size_t *ret_n, struct seal_diag *d)
{
	int r;

	if ((r = check_gate(s, now_ms, d)) != 0)
		return r;
	s->cut = 0;
	*ret_n = s->way.row->datagrams ? read_datagram(s, buf, cap)
				       : inbox_get(&s->data, buf, cap);
	session_update(s);
	return 0;
}

bool
session_read_ended(const struct session *s)
{
	return s->read_ended && inbox_size(&s->data) == 0;
}

size_t
session_read_ready(const struct session *s)
{
	struct span next = { NULL, 0 };

	if (!s->way.row->datagrams)
		return inbox_size(&s->data);
	(void)inbox_peek_datagram(&s->data, &next);
	return next.n;
}

size_t
session_read_cut(const struct session *s)
{
	return s->cut;
}

size_t
session_write_max(const struct session *s)
{
	return s->way.row->data_max(&s->way);
}

int
session_write(struct session *s, struct span in, int64_t now_ms, size_t *ret_n,
    struct seal_diag *d)
{
	size_t max = session_write_max(s);
	int r;

	if ((r = check_gate(s, now_ms, d)) != 0)
		return r;
	if (s->write_ended)
		return seal_fail(d, SEAL_E_STATE,
		    "data: expected none after the end of data");
	if (s->way.row->datagrams && in.n > max)
		return seal_fail(d, SEAL_E_LIMIT,
		    "data: expected at most %zu bytes in a datagram, found "
		    "%zu",
		    max, in.n);
	*ret_n = 0;
	if (in.n == 0 || s->way.row->unsent(&s->way) > SESSION_OUTPUT_ENOUGH)
		return 0;
	if (in.n > max)
		in.n = max;
	if ((r = session_send(s, FRAME_DATA, in, d)) != 0)
		return session_fail(s, r);
	*ret_n = in.n;
	return 0;
}

int
session_write_end(struct session *s, struct seal_diag *d)
{
	int r;

	if (s->state != SESSION_READY)
		return seal_fail(
		    d, SEAL_E_STATE, "data: expected a ready connection");
	if (s->way.row->datagrams)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "data: datagrams have no end of one side; close both");
	if (s->write_ended)
		return 0;
	if ((r = session_send(s, FRAME_DATA, span_of(NULL, 0), d)) != 0)
		return session_fail(s, r);
	s->write_ended = true;
	session_update(s);
	return 0;
}
