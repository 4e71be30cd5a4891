/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/outbox.h"

#include <string.h>

#define OUTBOX_SLACK 65536u /* sent bytes that may stay in front */

void
outbox_init(struct outbox *o)
{
	*o = (struct outbox){ 0 };
	wr_init_heap(&o->w, OUTBOX_MAX);
}

void
outbox_free(struct outbox *o)
{
	wr_free(&o->w);
	o->sent = o->offered = o->whole = 0;
}

size_t
outbox_size(const struct outbox *o)
{
	return o->w.n - o->sent;
}

int
outbox_put(struct outbox *o, enum frame_type type, struct span body)
{
	/* All or nothing: half a frame would garble what follows. */
	uint8_t *room = wr_room(&o->w, FRAME_HEADER + body.n);
	struct wr frame;

	if (room == NULL)
		return o->w.error;
	wr_init(&frame, room, FRAME_HEADER + body.n);
	frame_write(&frame, type, body);
	return frame.error;
}

/* The length of the frame at p, which outbox_put() wrote. */
static size_t
frame_size(const uint8_t *p)
{
	return FRAME_HEADER +
	       ((size_t)p[1] << 16 | (size_t)p[2] << 8 | (size_t)p[3]);
}

struct span
outbox_offer(struct outbox *o)
{
	if (o->offered == 0) {
		while (o->whole < o->w.n) {
			size_t end = o->whole + frame_size(o->w.p + o->whole);

			if (o->whole > o->sent && end - o->sent > OUTBOX_RECORD)
				break;
			o->whole = end;
		}
		o->offered = o->whole - o->sent;
		if (o->offered > OUTBOX_RECORD)
			o->offered = OUTBOX_RECORD;
	}
	if (o->offered == 0)
		return span_of(NULL, 0);
	return span_of(o->w.p + o->sent, o->offered);
}

/* Moves the first n bytes, which are not needed any more, out of the way. */
static void
outbox_forget(struct outbox *o, size_t n)
{
	size_t left = o->w.n - n;

	memmove(o->w.p, o->w.p + n, left);
	seal_wipe(o->w.p + left, n);
	o->w.n = left;
	o->sent -= n;
	o->whole -= n;
}

void
outbox_sent(struct outbox *o, size_t n)
{
	o->sent += n;
	o->offered = 0;
	if (o->sent == o->w.n && o->w.error == 0)
		outbox_free(o);
	else if (o->sent >= OUTBOX_SLACK)
		outbox_forget(o, o->sent);
}

void
outbox_drop_data(struct outbox *o)
{
	size_t at = o->whole, end = o->w.n;

	for (size_t from = at, n; from < end; from += n) {
		n = frame_size(o->w.p + from);
		if (o->w.p[from] == FRAME_DATA)
			continue;
		memmove(o->w.p + at, o->w.p + from, n);
		at += n;
	}
	if (at < end)
		seal_wipe(o->w.p + at, end - at);
	o->w.n = at;
}
