/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS stream as a carriage: records hold frames, and frames span records. */
#include "tls/carriage.h"

static void
stream_init(struct carriage *c)
{
	c->stream = (struct stream){ 0 };
	outbox_init(&c->stream.out);
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

const struct carriage_row stream_row = {
	.init = stream_init,
	.free = stream_free,
	.put = stream_put,
	.unsent = stream_unsent,
	.offer = stream_offer,
	.sent = stream_sent,
	.drop_data = stream_drop_data,
	.next = stream_next,
	.expects = stream_expects,
};
