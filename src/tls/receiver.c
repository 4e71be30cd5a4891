/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/receiver.h"

#include <stdlib.h>
#include <string.h>

#include "tls/ranges.h"

struct incoming {
	uint8_t type;
	uint16_t seq;
	uint32_t total;
	bool owed; /* an ACK of what is here */
	struct ranges here;
	uint8_t body[];
};

static struct incoming **
slot(struct receiver *r, uint32_t seq)
{
	return &r->window[seq % MSG_WINDOW];
}

static void
incoming_free(struct incoming **mp)
{
	struct incoming *m = *mp;

	*mp = NULL;
	if (m == NULL)
		return;
	seal_wipe(m->body, m->total);
	free(m);
}

void
receiver_free(struct receiver *r)
{
	for (uint32_t i = 0; i < MSG_WINDOW; i++)
		incoming_free(&r->window[i]);
	*r = (struct receiver){ 0 };
}

static bool
complete(const struct incoming *m)
{
	return m->total == 0 || (m->here.n == 1 && m->here.v[0].from == 0 &&
				    m->here.v[0].to == m->total);
}

/* ---- Acknowledging ---- */

/* What there is no room for is acknowledged when it comes again. */
static void
note_done(struct receiver *r, struct ack_range range)
{
	for (size_t i = 0; i < r->done.n; i++) {
		const struct ack_range *have = &r->done.ranges[i];

		if (have->seq == range.seq && have->offset == range.offset)
			return;
	}
	if (r->done.n < ACK_RANGES)
		r->done.ranges[r->done.n++] = range;
}

void
receiver_take_late(struct receiver *r, const struct fragment *f)
{
	note_done(
	    r, (struct ack_range){ f->seq, f->offset, (uint32_t)f->bytes.n });
}

bool
receiver_owes_ack(const struct receiver *r)
{
	for (uint32_t i = 0; i < MSG_WINDOW; i++) {
		if (r->window[i] != NULL && r->window[i]->owed)
			return true;
	}
	return r->done.n > 0;
}

/* All of a message's ranges, or, in a later ACK, all of them. */
static void
ack_incoming(struct incoming *m, struct ack *a)
{
	size_t n = m->total == 0 ? 1 : m->here.n;

	if (!m->owed || n > ACK_RANGES - a->n)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct range *g = &m->here.v[i];

		a->ranges[a->n++] =
		    (struct ack_range){ m->seq, g->from, g->to - g->from };
	}
	m->owed = false;
}

void
receiver_ack(struct receiver *r, struct ack *ret)
{
	*ret = r->done;
	r->done.n = 0;
	for (uint32_t i = 0; i < MSG_WINDOW; i++) {
		struct incoming *m = *slot(r, r->next + i);

		if (m != NULL)
			ack_incoming(m, ret);
	}
}

/* ---- Reassembly ---- */

/* The message that f is of; its room is asked for within the type's limit,
 * which fragment_parse() has checked. NULL: no memory. */
static struct incoming *
find(struct receiver *r, const struct fragment *f)
{
	struct incoming **mp = slot(r, f->seq), *m = *mp;

	if (m != NULL)
		return m;
	if ((m = calloc(1, sizeof(*m) + f->total)) == NULL)
		return NULL;
	m->type = f->type;
	m->seq = f->seq;
	m->total = f->total;
	r->held += m->total;
	*mp = m;
	return m;
}

/* The next message is always taken, so that those behind it never block. */
static bool
has_room(struct receiver *r, const struct fragment *f)
{
	return f->seq == r->next || *slot(r, f->seq) != NULL ||
	       r->held + f->total <= RECEIVER_HELD_MAX;
}

static int
check_same(
    const struct incoming *m, const struct fragment *f, struct seal_diag *d)
{
	if (m->type == f->type && m->total == f->total)
		return 0;
	return seal_fail(d, SEAL_E_PROTOCOL,
	    "message %u: expected type %u of %u bytes, as before, found type "
	    "%u of %u",
	    f->seq, m->type, m->total, f->type, f->total);
}

/* What comes again must be what it was (PROTOCOL 8). */
static int
check_overlap(
    const struct incoming *m, const struct fragment *f, struct seal_diag *d)
{
	uint32_t end = f->offset + (uint32_t)f->bytes.n;

	for (size_t i = 0; i < m->here.n; i++) {
		struct range g = m->here.v[i];

		if (g.from < f->offset)
			g.from = f->offset;
		if (g.to > end)
			g.to = end;
		if (g.from < g.to &&
		    memcmp(m->body + g.from, f->bytes.p + (g.from - f->offset),
			g.to - g.from) != 0)
			return seal_fail(d, SEAL_E_PROTOCOL,
			    "message %u: bytes %u to %u came before, with "
			    "other content",
			    f->seq, g.from, g.to);
	}
	return 0;
}

/* What would make too many ranges is dropped, and not acknowledged. */
static void
add(struct incoming *m, const struct fragment *f)
{
	uint32_t end = f->offset + (uint32_t)f->bytes.n;

	if (f->bytes.n > 0) {
		if (!ranges_add(&m->here, f->offset, end))
			return;
		memcpy(m->body + f->offset, f->bytes.p, f->bytes.n);
	}
	m->owed = true;
}

int
receiver_take(struct receiver *r, const struct fragment *f, struct seal_diag *d)
{
	struct incoming *m;
	int e;

	if (f->seq < r->next) {
		note_done(r, (struct ack_range){ f->seq, 0, f->total });
		return 0;
	}
	if (f->seq - r->next >= MSG_WINDOW || !has_room(r, f))
		return 0;
	if ((m = find(r, f)) == NULL)
		return seal_fail(
		    d, SEAL_E_MEMORY, "message of %u bytes", f->total);
	if ((e = check_same(m, f, d)) != 0 || (e = check_overlap(m, f, d)) != 0)
		return e;
	add(m, f);
	return 0;
}

/* The message that was handed on is done with; its ACK may be owed still. */
static void
forget(struct receiver *r)
{
	struct incoming **mp = slot(r, r->next);

	if ((*mp)->owed)
		note_done(r, (struct ack_range){ (*mp)->seq, 0, (*mp)->total });
	r->held -= (*mp)->total;
	incoming_free(mp);
	r->handed_on = false;
	r->next++;
}

int
receiver_next(struct receiver *r, struct frame *ret)
{
	struct incoming *m;

	if (r->handed_on)
		forget(r);
	m = *slot(r, r->next);
	if (m == NULL || !complete(m))
		return 0;
	*ret = (struct frame){ m->type, span_of(m->body, m->total) };
	r->handed_on = true;
	return 1;
}
