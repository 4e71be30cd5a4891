/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS stream as a carriage: records hold frames, and frames span records. */
#include "tls/carriage.h"

static int
stream_init(struct carriage *c, const struct session_conf *conf, int64_t now_ms,
    struct seal_diag *d)
{
	(void)conf;
	(void)now_ms;
	(void)d;
	c->stream = (struct stream){ 0 };
	outbox_init(&c->stream.out);
	return 0;
}

static void
stream_free(struct carriage *c)
{
	frame_reader_free(&c->stream.reader);
	outbox_free(&c->stream.out);
}

static int
stream_put(struct carriage *c, enum frame_type type, struct span body)
{
	return outbox_put(&c->stream.out, type, body);
}

static size_t
stream_data_max(const struct carriage *c)
{
	(void)c;
	return LIMIT_FRAME_DATA;
}

static size_t
stream_unsent(const struct carriage *c)
{
	return outbox_size(&c->stream.out);
}

static struct span
stream_offer(struct carriage *c)
{
	return outbox_offer(&c->stream.out);
}

static void
stream_sent(struct carriage *c, size_t n)
{
	outbox_sent(&c->stream.out, n);
}

static void
stream_drop_data(struct carriage *c)
{
	outbox_drop_data(&c->stream.out);
}

static int
stream_next(
    struct carriage *c, struct span *in, struct frame *ret, struct seal_diag *d)
{
	return frame_next(&c->stream.reader, in, ret, d);
}

/* The part of a frame that is here, and a record that completes it. */
static size_t
stream_expects(const struct carriage *c)
{
	return c->stream.reader.n_body + FRAME_HEADER + LIMIT_FRAME_DATA;
}

/* TLS retransmits, and its own end follows CLOSE: there is nothing to do. */

static int
stream_tick(struct carriage *c, int64_t now_ms, struct seal_diag *d)
{
	(void)c;
	(void)now_ms;
	(void)d;
	return 0;
}

static int64_t
stream_deadline(const struct carriage *c)
{
	(void)c;
	return INT64_MAX;
}

static void
stream_end(struct carriage *c, bool by_peer)
{
	(void)c;
	(void)by_peer;
}

static void
stream_late(struct carriage *c, struct span in)
{
	(void)c;
	(void)in;
}

static bool
stream_lingers(const struct carriage *c)
{
	(void)c;
	return false;
}

const struct carriage_row stream_row = {
	.init = stream_init,
	.free = stream_free,
	.put = stream_put,
	.data_max = stream_data_max,
	.unsent = stream_unsent,
	.offer = stream_offer,
	.sent = stream_sent,
	.drop_data = stream_drop_data,
	.next = stream_next,
	.expects = stream_expects,
	.tick = stream_tick,
	.deadline = stream_deadline,
	.end = stream_end,
	.late = stream_late,
	.lingers = stream_lingers,
};
