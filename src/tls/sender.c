/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/sender.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_FIRST 10u /* RFC 9002 7.2 */

enum piece_state { PIECE_NEW = 0, PIECE_FLYING, PIECE_LOST, PIECE_ACKED };

struct piece {
	enum piece_state state;
	unsigned tries;
	int64_t sent_ms, due_ms; /* when it was, and when it counts as lost */
};

struct outgoing {
	struct outgoing *next;
	enum frame_type type;
	uint16_t seq;
	uint8_t *body;
	size_t n, room; /* bytes of it, and of a piece */
	size_t n_pieces;
	size_t open; /* pieces before this one are acknowledged */
	size_t new;  /* from this one on none was sent */
	int64_t begun_ms;
	struct piece pieces[];
};

void
sender_init(struct sender *s, size_t room)
{
	*s = (struct sender){
		.room = room,
		.window = WINDOW_FIRST,
		.threshold = SENDER_FLYING_MAX,
		.halved_ms = INT64_MIN,
		.srtt = -1,
	};
	s->last = &s->first;
}

bool
sender_idle(const struct sender *s)
{
	return s->first == NULL;
}

static void
drop(struct sender *s, struct outgoing **mp)
{
	struct outgoing *m = *mp;

	*mp = m->next;
	if (m->next == NULL)
		s->last = mp;
	s->held -= m->n;
	seal_wipe(m->body, m->n);
	free(m->body);
	free(m);
}

void
sender_free(struct sender *s)
{
	while (s->first != NULL)
		drop(s, &s->first);
	s->flying = s->lost = 0;
}

int
sender_put(struct sender *s, enum frame_type type, struct span body)
{
	size_t n = body.n == 0 ? 1 : (body.n + s->room - 1) / s->room;
	struct outgoing *m;
	int r;

	if (s->next >= MSG_SEQS || body.n > SENDER_HELD_MAX - s->held)
		return SEAL_E_LIMIT;
	if ((m = calloc(1, sizeof(*m) + n * sizeof(m->pieces[0]))) == NULL)
		return SEAL_E_MEMORY;
	if ((r = span_dup(body, &m->body)) != 0) {
		free(m);
		return r;
	}
	m->type = type;
	m->seq = (uint16_t)s->next++;
	m->n = body.n;
	m->room = s->room;
	m->n_pieces = n;
	s->held += m->n;
	*s->last = m;
	s->last = &m->next;
	return 0;
}

/* ---- Sending ---- */

/* Does the peer take fragments of m yet? */
static bool
in_window(const struct sender *s, const struct outgoing *m)
{
	return m != NULL && (uint32_t)(m->seq - s->first->seq) < MSG_WINDOW;
}

static int64_t
retry_ms(const struct sender *s, unsigned tries)
{
	int64_t ms = s->srtt < 0 ? 0 : s->srtt + 4 * s->rttvar;

	if (ms < SENDER_RETRY_MS)
		ms = SENDER_RETRY_MS;
	/* RFC 9002 6.2.1: once the round trip is known, it is losses without
	 * an acknowledgement between them that ask for patience. */
	if (s->srtt >= 0 || tries < s->backoff)
		tries = s->backoff;
	while (tries-- > 0 && ms < SENDER_RETRY_MAX_MS)
		ms *= 2;
	return ms < SENDER_RETRY_MAX_MS ? ms : SENDER_RETRY_MAX_MS;
}

static void
send_piece(struct sender *s, struct outgoing *m, size_t i, int64_t now_ms,
    struct fragment *ret)
{
	struct piece *p = &m->pieces[i];
	size_t at = i * m->room, n = m->n - at < m->room ? m->n - at : m->room;

	if (p->state == PIECE_LOST)
		s->lost--;
	if (m->new == 0)
		m->begun_ms = now_ms;
	if (i == m->new)
		m->new ++;
	s->flying++;
	p->state = PIECE_FLYING;
	p->sent_ms = now_ms;
	p->due_ms = now_ms + retry_ms(s, p->tries++);
	*ret = (struct fragment){
		.type = (uint8_t)m->type,
		.seq = m->seq,
		.total = (uint32_t)m->n,
		.offset = (uint32_t)at,
		.bytes = span_of(m->n > 0 ? m->body + at : NULL, n),
	};
}

/* What was lost goes before what is new, so that the peer's gaps close. */
static bool
find_lost(struct sender *s, struct outgoing **ret_m, size_t *ret_i)
{
	for (struct outgoing *m = s->first; in_window(s, m); m = m->next) {
		for (size_t i = m->open; i < m->new; i++) {
			if (m->pieces[i].state == PIECE_LOST) {
				*ret_m = m;
				*ret_i = i;
				return true;
			}
		}
	}
	return false;
}

static bool
find_new(struct sender *s, struct outgoing **ret_m, size_t *ret_i)
{
	for (struct outgoing *m = s->first; in_window(s, m); m = m->next) {
		if (m->new < m->n_pieces) {
			*ret_m = m;
			*ret_i = m->new;
			return true;
		}
	}
	return false;
}

bool
sender_next(struct sender *s, int64_t now_ms, struct fragment *ret)
{
	struct outgoing *m;
	size_t i;

	if (s->flying >= s->window ||
	    !(s->lost > 0 ? find_lost(s, &m, &i) : find_new(s, &m, &i)))
		return false;
	send_piece(s, m, i, now_ms, ret);
	return true;
}

/* ---- Acknowledgements ---- */

/* RFC 6298 2.2, 2.3 and 3: which try an ACK answers is sure of the first one
 * alone. */
static void
measure(struct sender *s, const struct piece *p, int64_t now_ms)
{
	int64_t rtt = now_ms - p->sent_ms, off;

	if (p->tries > 1)
		return;
	if (s->srtt < 0) {
		s->srtt = rtt;
		s->rttvar = rtt / 2;
		/* On a way as long as this, what seemed lost was late. */
		if (rtt > SENDER_RETRY_MS && s->window < WINDOW_FIRST) {
			s->window = WINDOW_FIRST;
			s->threshold = SENDER_FLYING_MAX;
		}
		return;
	}
	off = s->srtt > rtt ? s->srtt - rtt : rtt - s->srtt;
	s->rttvar = (3 * s->rttvar + off) / 4;
	s->srtt = (7 * s->srtt + rtt) / 8;
}

static void
grow(struct sender *s)
{
	if (++s->acked < (s->window < s->threshold ? 1 : s->window))
		return;
	s->acked = 0;
	if (s->window < SENDER_FLYING_MAX)
		s->window++;
}

static void
ack_piece(struct sender *s, struct piece *p, int64_t now_ms)
{
	if (p->state == PIECE_FLYING)
		s->flying--;
	else if (p->state == PIECE_LOST)
		s->lost--;
	else
		return; /* again, or what was never sent */
	p->state = PIECE_ACKED;
	measure(s, p, now_ms);
	if (s->srtt >= 0)
		s->backoff = 0;
	grow(s);
}

static void
ack_message(struct sender *s, struct outgoing *m, const struct ack_range *g,
    int64_t now_ms)
{
	/* The first piece that lies within, and those behind it. */
	size_t i = (g->offset + m->room - 1) / m->room;

	for (i = i > m->open ? i : m->open; i < m->new; i++) {
		size_t at = i * m->room, end = at + m->room;

		if ((end < m->n ? end : m->n) > (size_t)g->offset + g->n)
			break;
		ack_piece(s, &m->pieces[i], now_ms);
	}
	while (m->open < m->new && m->pieces[m->open].state == PIECE_ACKED)
		m->open++;
}

void
sender_ack(struct sender *s, const struct ack *a, int64_t now_ms)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct ack_range *g = &a->ranges[i];
		struct outgoing **mp = &s->first;

		while (*mp != NULL && (*mp)->seq != g->seq)
			mp = &(*mp)->next;
		if (*mp == NULL)
			continue;
		ack_message(s, *mp, g, now_ms);
		if ((*mp)->open == (*mp)->n_pieces)
			drop(s, mp);
	}
}

/* ---- Time ---- */

/* Once a round: what was sent before the window shrank is forgiven. */
static void
lose(struct sender *s, struct piece *p, int64_t now_ms)
{
	p->state = PIECE_LOST;
	s->flying--;
	s->lost++;
	if (p->sent_ms < s->halved_ms)
		return;
	s->halved_ms = now_ms;
	s->backoff++;
	s->window /= 2;
	if (s->window < SENDER_FLYING_MIN)
		s->window = SENDER_FLYING_MIN;
	s->threshold = s->window;
	s->acked = 0;
}

int
sender_tick(struct sender *s, int64_t now_ms, struct seal_diag *d)
{
	for (struct outgoing *m = s->first; in_window(s, m); m = m->next) {
		if (m->new > 0 && now_ms - m->begun_ms >= SENDER_GIVE_UP_MS)
			return seal_fail(d, SEAL_E_TIMEOUT,
			    "message %u: not acknowledged within %d ms", m->seq,
			    SENDER_GIVE_UP_MS);
		for (size_t i = m->open; i < m->new; i++) {
			struct piece *p = &m->pieces[i];

			if (p->state == PIECE_FLYING && now_ms >= p->due_ms)
				lose(s, p, now_ms);
		}
	}
	return 0;
}

int64_t
sender_deadline(const struct sender *s)
{
	int64_t at = INT64_MAX;

	for (struct outgoing *m = s->first; in_window(s, m); m = m->next) {
		if (m->new > 0 && m->begun_ms + SENDER_GIVE_UP_MS < at)
			at = m->begun_ms + SENDER_GIVE_UP_MS;
		for (size_t i = m->open; i < m->new; i++) {
			const struct piece *p = &m->pieces[i];

			if (p->state == PIECE_FLYING && p->due_ms < at)
				at = p->due_ms;
		}
	}
	return at;
}
