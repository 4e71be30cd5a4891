/* SPDX-License-Identifier: Apache-2.0 */
#include "lossy.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "tls/datagram.h"

#define STEPS_MAX 100000u /* at one moment: more is a loop without end */

struct lossy_packet {
	struct lossy_packet *next;
	int64_t at_ms;
	struct sim_side *to;
	size_t n;
	uint8_t bytes[];
};

void
lossy_open(struct lossy *l, unsigned settings, const struct impair_net *net,
    uint64_t seed)
{
	memset(l, 0, sizeof(*l));
	sim_open(&l->m, settings | SIM_DATAGRAMS);
	impair_init(&l->net, net, seed);
	l->m.c.check_answers = l->m.s.check_answers = true;
	l->m.c.conf.mtu = l->m.s.conf.mtu = net->mtu;
	sim_reopen(&l->m, &l->m.c);
	sim_reopen(&l->m, &l->m.s);
}

static void
drop_first(struct lossy *l)
{
	struct lossy_packet *p = l->packets;

	l->packets = p->next;
	free(p);
}

void
lossy_close(struct lossy *l)
{
	while (l->packets != NULL)
		drop_first(l);
	sim_close(&l->m);
}

/* ---- The wire ---- */

/* Behind all that arrive earlier, or at the same time. */
static void
travel(struct lossy *l, struct sim_side *to, struct span s, int64_t at_ms)
{
	struct lossy_packet *p = malloc(sizeof(*p) + s.n), **at = &l->packets;

	if (p == NULL)
		return; /* where the test lets memory fail */
	*p = (struct lossy_packet){ .to = to, .n = s.n };
	memcpy(p->bytes, s.p, s.n);
	p->at_ms = at_ms;
	while (*at != NULL && (*at)->at_ms <= p->at_ms)
		at = &(*at)->next;
	p->next = *at;
	*at = p;
}

static bool
send_one(struct lossy *l, struct sim_side *from, struct sim_side *to)
{
	struct span s = session_output(from->s);
	size_t mtu = l->net.net.mtu != 0 ? l->net.net.mtu : DATAGRAM_MTU;
	int64_t at_ms[2];
	unsigned copies;

	if (s.n == 0)
		return false;
	assert_true(s.n + DATAGRAM_RECORD <= mtu);
	l->sent++;
	l->bytes += s.n;
	if (l->tap != NULL)
		l->tap(l, from, s);
	copies =
	    impair_send(&l->net, s.n + DATAGRAM_RECORD, l->m.now_ms, at_ms);
	for (unsigned i = 0; !from->mute && i < copies; i++)
		travel(l, to, s, at_ms[i]);
	session_output_done(from->s, s.n);
	return true;
}

static bool
receive_one(struct lossy *l)
{
	struct lossy_packet *p = l->packets;

	if (p == NULL || p->at_ms > l->m.now_ms)
		return false;
	sim_note(p->to, session_input(p->to->s, span_of(p->bytes, p->n),
			    l->m.now_ms, &p->to->d));
	drop_first(l);
	return true;
}

/* ---- The clock ---- */

static void
settle(struct lossy *l)
{
	struct sim *m = &l->m;
	bool moved = true;

	for (unsigned i = 0; moved; i++) {
		moved = receive_one(l);
		moved = sim_work(m, &m->c) || moved;
		moved = sim_work(m, &m->s) || moved;
		moved = send_one(l, &m->c, &m->s) || moved;
		moved = send_one(l, &m->s, &m->c) || moved;
		assert_true(i < STEPS_MAX);
	}
}

static int64_t
next_event(const struct lossy *l)
{
	const struct sim *m = &l->m;
	int64_t at = l->packets != NULL ? l->packets->at_ms : INT64_MAX;
	int64_t c = session_deadline(m->c.s, !m->c.hold_jobs);
	int64_t s = session_deadline(m->s.s, !m->s.hold_jobs);

	if (c < at)
		at = c;
	return s < at ? s : at;
}

bool
lossy_until(struct lossy *l, bool (*done)(const struct lossy *l), int64_t ms)
{
	struct sim *m = &l->m;
	int64_t end = m->now_ms + ms, at;

	for (unsigned i = 0;; i++) {
		settle(l);
		if (done != NULL && done(l))
			return true;
		at = next_event(l);
		if (at > end || i > STEPS_MAX * 100) {
			m->now_ms = end;
			return false;
		}
		/* A deadline that is over must have been met by now. */
		assert_true(at > m->now_ms);
		m->now_ms = at;
		sim_note(&m->c, session_tick(m->c.s, at, &m->c.d));
		sim_note(&m->s, session_tick(m->s.s, at, &m->s.d));
	}
}

void
lossy_run(struct lossy *l, int64_t ms)
{
	(void)lossy_until(l, NULL, ms);
}
