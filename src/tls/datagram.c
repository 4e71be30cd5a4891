/* SPDX-License-Identifier: Apache-2.0 */
/* DTLS records as a carriage: messages in fragments that are acknowledged and
 * sent again, DATA as it comes (PROTOCOL 8). */
#include <stdlib.h>

#include "tls/carriage.h"

static int
datagram_init(struct carriage *c, const struct session_conf *conf,
    int64_t now_ms, struct seal_diag *d)
{
	size_t mtu = conf->mtu != 0 ? conf->mtu : DATAGRAM_MTU;
	struct datagram *g;

	c->datagram = NULL;
	if (mtu < DATAGRAM_MTU_MIN || mtu > DATAGRAM_MTU_MAX)
		return seal_fail(d, SEAL_E_CONFIG,
		    "mtu: expected %u to %u bytes of a UDP payload, found %zu",
		    DATAGRAM_MTU_MIN, DATAGRAM_MTU_MAX, mtu);
	if ((g = calloc(1, sizeof(*g))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "carriage");
	c->datagram = g;
	g->now_ms = now_ms;
	g->max = mtu - DATAGRAM_RECORD;
	sender_init(&g->sender, g->max - FRAGMENT_HEADER);
	wr_init_heap(&g->offered, g->max);
	return 0;
}

static void
datagram_free(struct carriage *c)
{
	struct datagram *g = c->datagram;

	c->datagram = NULL;
	if (g == NULL)
		return;
	sender_free(&g->sender);
	receiver_free(&g->receiver);
	inbox_free(&g->data);
	wr_free(&g->offered);
	free(g);
}

/* ---- Out ---- */

static size_t
datagram_data_max(const struct carriage *c)
{
	size_t max = c->datagram->max - 1;

	return max < LIMIT_FRAME_DATA ? max : LIMIT_FRAME_DATA;
}

static int
datagram_put(struct carriage *c, enum frame_type type, struct span body)
{
	struct datagram *g = c->datagram;

	if (type != FRAME_DATA)
		return sender_put(&g->sender, type, body);
	if (body.n > datagram_data_max(c))
		return SEAL_E_LIMIT;
	return inbox_put_datagram(&g->data, body);
}

static size_t
datagram_unsent(const struct carriage *c)
{
	return inbox_size(&c->datagram->data);
}

static bool
write_ack(struct datagram *g)
{
	struct ack a;

	if (!receiver_owes_ack(&g->receiver))
		return false;
	receiver_ack(&g->receiver, &a);
	ack_write(&g->offered, &a);
	return true;
}

static bool
write_fragment(struct datagram *g)
{
	struct fragment f;

	if (!sender_next(&g->sender, g->now_ms, &f))
		return false;
	fragment_write(&g->offered, &f);
	return true;
}

static bool
write_data(struct datagram *g)
{
	struct span s;

	if (!inbox_peek_datagram(&g->data, &s))
		return false;
	wr_u8(&g->offered, FRAME_DATA);
	wr_bytes(&g->offered, s);
	inbox_pop_datagram(&g->data);
	return true;
}

/* DATA never keeps messages waiting, but for the CLOSE that would end it. */
static bool
write_next(struct datagram *g)
{
	if (write_ack(g))
		return true;
	if (g->ended)
		return write_data(g) || write_fragment(g);
	return write_fragment(g) || write_data(g);
}

/* What there is no memory for is lost on its way, as any datagram may be. */
static struct span
datagram_offer(struct carriage *c)
{
	struct datagram *g = c->datagram;
	struct span s = { NULL, 0 };

	if (g->offered.n == 0 && !write_next(g))
		return s;
	if (wr_finish(&g->offered, &s) != 0) {
		wr_free(&g->offered);
		return span_of(NULL, 0);
	}
	return s;
}

/* No memory is held once nothing is under way. */
static void
rest(struct datagram *g)
{
	if (sender_idle(&g->sender) && inbox_size(&g->data) == 0 &&
	    g->offered.n == 0)
		wr_free(&g->offered);
}

static void
datagram_sent(struct carriage *c, size_t n)
{
	struct datagram *g = c->datagram;

	if (n == 0)
		return;
	seal_wipe(g->offered.p, g->offered.n);
	g->offered.n = 0;
	rest(g);
}

static void
datagram_drop_data(struct carriage *c)
{
	inbox_free(&c->datagram->data);
}

/* ---- In ---- */

static int
take_ack(struct datagram *g, struct span in, struct seal_diag *d)
{
	struct ack a;
	int r;

	if ((r = ack_parse(in, &a, d)) != 0)
		return r;
	sender_ack(&g->sender, &a, g->now_ms);
	rest(g);
	return 0;
}

static int
take_data(struct span in, struct frame *ret, struct seal_diag *d)
{
	if (in.n - 1 > LIMIT_FRAME_DATA)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "data: expected at most %u bytes, found %zu",
		    LIMIT_FRAME_DATA, in.n - 1);
	*ret = (struct frame){ FRAME_DATA, span_of(in.p + 1, in.n - 1) };
	return 1;
}

/* 1: *ret is DATA; 0: it was something else. */
static int
take(struct datagram *g, struct span in, struct frame *ret, struct seal_diag *d)
{
	struct fragment f;
	int r;

	if (in.p[0] == FRAME_DATA)
		return take_data(in, ret, d);
	if (in.p[0] == ACK_TYPE)
		return take_ack(g, in, d);
	if ((r = fragment_parse(in, &f, d)) != 0)
		return r;
	return receiver_take(&g->receiver, &f, d);
}

static int
datagram_next(
    struct carriage *c, struct span *in, struct frame *ret, struct seal_diag *d)
{
	struct datagram *g = c->datagram;
	struct span datagram = *in;
	int r;

	*in = span_of(NULL, 0);
	if (datagram.n > 0 && (r = take(g, datagram, ret, d)) != 0)
		return r;
	return receiver_next(&g->receiver, ret);
}

/* DATA for which there is no room is dropped. */
static size_t
datagram_expects(const struct carriage *c)
{
	(void)c;
	return 0;
}

/* ---- Time ---- */

static int
datagram_tick(struct carriage *c, int64_t now_ms, struct seal_diag *d)
{
	struct datagram *g = c->datagram;

	int r;

	g->now_ms = now_ms;
	if ((r = sender_tick(&g->sender, now_ms, d)) != 0)
		sender_free(&g->sender); /* it was heard for the last time */
	return r;
}

static bool
datagram_lingers(const struct carriage *c)
{
	const struct datagram *g = c->datagram;

	if (!g->ended || g->now_ms - g->ended_ms >= DATAGRAM_LINGER_MS)
		return false;
	/* A peer that has my CLOSE sends nothing more. */
	return g->by_peer || !sender_idle(&g->sender) || g->offered.n > 0;
}

static int64_t
datagram_deadline(const struct carriage *c)
{
	const struct datagram *g = c->datagram;
	int64_t at = sender_deadline(&g->sender);

	if (!g->ended)
		return at;
	if (!datagram_lingers(c))
		return INT64_MAX;
	return at < g->ended_ms + DATAGRAM_LINGER_MS
		   ? at
		   : g->ended_ms + DATAGRAM_LINGER_MS;
}

/* ---- The end ---- */

static void
datagram_end(struct carriage *c, bool by_peer)
{
	struct datagram *g = c->datagram;

	if (by_peer) {
		/* It discards whatever comes now. */
		sender_free(&g->sender);
		inbox_free(&g->data);
		g->by_peer = true;
	}
	if (!g->ended)
		g->ended_ms = g->now_ms;
	g->ended = true;
}

static void
datagram_late(struct carriage *c, struct span in)
{
	struct datagram *g = c->datagram;
	struct fragment f;

	if (in.n > 0 && in.p[0] == ACK_TYPE)
		(void)take_ack(g, in, NULL);
	else if (fragment_parse(in, &f, NULL) == 0) {
		receiver_take_late(&g->receiver, &f);
		/* Both closed at once: neither listens any more. */
		if (f.type == FRAME_CLOSE)
			datagram_end(c, true);
	}
}

const struct carriage_row datagram_row = {
	.datagrams = true,
	.init = datagram_init,
	.free = datagram_free,
	.put = datagram_put,
	.data_max = datagram_data_max,
	.unsent = datagram_unsent,
	.offer = datagram_offer,
	.sent = datagram_sent,
	.drop_data = datagram_drop_data,
	.next = datagram_next,
	.expects = datagram_expects,
	.tick = datagram_tick,
	.deadline = datagram_deadline,
	.end = datagram_end,
	.late = datagram_late,
	.lingers = datagram_lingers,
};
