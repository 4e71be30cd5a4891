/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions over datagrams (PROTOCOL 8) from HELLO to the end of lingering. */
#include "test.h"

#include <string.h>

#include "allocfail.h"
#include "lossy.h"
#include "tls/session_parts.h"

#define MUTUAL (SIM_CLIENT_REQUIRES | SIM_SERVER_REQUIRES)
#define MINUTE 60000

static const struct impair_net clean;
static const struct impair_net bad = {
	.loss = 20, .reorder = 25, .duplicate = 10
};
static uint8_t block[LIMIT_FRAME_DATA];

static enum session_state
state_of(const struct sim_side *side)
{
	return session_state(side->s);
}

static bool
both_ready(const struct lossy *l)
{
	return state_of(&l->m.c) == SESSION_READY &&
	       state_of(&l->m.s) == SESSION_READY;
}

static void
open_ready(struct lossy *l, unsigned settings, const struct impair_net *net)
{
	lossy_open(l, settings, net, 1);
	if (!lossy_until(l, both_ready, MINUTE))
		fail_msg("not ready: client %s, server %s", l->m.c.d.text,
		    l->m.s.d.text);
}

/* Writes n bytes that begin with mark; the error of it, if any. */
static int
write_to(struct lossy *l, struct sim_side *from, uint8_t mark, size_t n)
{
	size_t put = 0;
	int r;

	block[0] = mark;
	r = session_write(
	    from->s, span_of(block, n), l->m.now_ms, &put, &from->d);
	if (r == 0)
		assert_int_equal(put, n);
	return r;
}

/* The length of what comes next, which must begin with mark; 0: none. */
static size_t
read_from(struct lossy *l, struct sim_side *side, uint8_t *mark, size_t cap)
{
	static uint8_t buf[LIMIT_FRAME_DATA];
	size_t n = 0;

	assert_true(cap <= sizeof(buf));
	assert_int_equal(
	    session_read(side->s, buf, cap, l->m.now_ms, &n, &side->d), 0);
	if (n > 0)
		*mark = buf[0];
	return n;
}

/* ---- Roles and leases ---- */

static void
roles(void **state)
{
	static const unsigned settings[] = { 0, SIM_CLIENT_REQUIRES,
		SIM_SERVER_REQUIRES, MUTUAL, MUTUAL | SIM_SERVER_REVEALS_AFTER,
		SIM_CLIENT_ASKS | SIM_SERVER_ASKS,
		SIM_CLIENT_ASKS | SIM_SERVER_CANNOT };
	const struct impair_net *nets[] = { &clean, &bad };
	uint8_t mark = 0;
	struct lossy l;

	(void)state;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		for (size_t k = 0; k < 2; k++) {
			open_ready(&l, settings[i], nets[k]);
			for (int tries = 0; tries < 50 && mark != 'a';
			     tries++) {
				write_to(&l, &l.m.c, 'a', 100);
				lossy_run(&l, 100);
				read_from(&l, &l.m.s, &mark, 1000);
			}
			assert_int_equal(mark, 'a');
			mark = 0;
			lossy_close(&l);
		}
	}
}

static void
refusal(void **state)
{
	struct lossy l;

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		lossy_open(&l, MUTUAL, &bad, seed);
		l.m.s.outcome = SEAL_REFUSED_POLICY;
		lossy_run(&l, MINUTE);
		assert_int_equal(state_of(&l.m.s), SESSION_FAILED);
		assert_int_equal(session_error(l.m.s.s), SEAL_E_POLICY);
		assert_int_equal(state_of(&l.m.c), SESSION_FAILED);
		assert_int_equal(session_error(l.m.c.s), SEAL_E_REFUSED);
		assert_int_equal(
		    session_peer_outcome(l.m.c.s), SEAL_REFUSED_POLICY);
		lossy_close(&l);
	}
}

/* Re-attestation at half of each lease keeps the connection. */
static void
leases(void **state)
{
	struct lossy l;

	(void)state;
	open_ready(&l, MUTUAL, &bad);
	lossy_run(&l, 20 * MINUTE);
	assert_true(both_ready(&l));
	assert_true(l.m.c.appraised >= 40 && l.m.s.appraised >= 40);

	/* It ends where the peer attests no more. */
	l.m.s.hold_jobs = true;
	write_to(&l, &l.m.s, 'a', 1);
	lossy_run(&l, 2 * MINUTE);
	assert_int_equal(state_of(&l.m.c), SESSION_FAILED);
	assert_int_equal(session_error(l.m.c.s), SEAL_E_LEASE);
	assert_int_equal(session_read_ready(l.m.c.s), 0);
	lossy_close(&l);
}

/* A peer that is gone without a word. */
static void
silence(void **state)
{
	struct lossy l;
	int64_t begun;

	(void)state;
	lossy_open(&l, MUTUAL, &clean, 1);
	l.m.s.mute = true;
	l.m.c.conf.attest_ms = 10 * MINUTE; /* what gives up is the carriage */
	l.m.c.conf.answer_ms = 10 * MINUTE;
	sim_reopen(&l.m, &l.m.c);
	begun = l.m.now_ms;
	lossy_run(&l, 29999);
	assert_int_equal(state_of(&l.m.c), SESSION_OPENING);
	lossy_run(&l, 1);
	assert_int_equal(l.m.now_ms, begun + 30000);
	assert_int_equal(session_error(l.m.c.s), SEAL_E_TIMEOUT);
	assert_non_null(strstr(l.m.c.d.text, "not acknowledged"));
	lossy_run(&l, DATAGRAM_LINGER_MS);
	assert_false(session_lingers(l.m.c.s));
	lossy_close(&l);
}

/* ---- Application data ---- */

static void
boundaries(void **state)
{
	static const size_t sizes[] = { 1, 2, 1177, 3, 1000, 1177, 1 };
	size_t n = sizeof(sizes) / sizeof(sizes[0]);
	uint8_t mark = 0;
	struct lossy l;

	(void)state;
	open_ready(&l, MUTUAL, &clean);
	assert_int_equal(session_write_max(l.m.c.s), 1177);
	for (size_t i = 0; i < n; i++)
		write_to(&l, &l.m.c, (uint8_t)i, sizes[i]);
	lossy_run(&l, 1);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(session_read_ready(l.m.s.s), sizes[i]);
		assert_int_equal(read_from(&l, &l.m.s, &mark, 4096), sizes[i]);
		assert_int_equal(mark, i);
		assert_int_equal(session_read_cut(l.m.s.s), 0);
	}
	assert_int_equal(read_from(&l, &l.m.s, &mark, 4096), 0);
	lossy_close(&l);
}

static void
too_large(void **state)
{
	struct lossy l;
	uint8_t mark = 0;
	size_t n = 7;

	(void)state;
	open_ready(&l, MUTUAL, &clean);
	assert_int_equal(write_to(&l, &l.m.c, 'a', 1178), SEAL_E_LIMIT);
	assert_non_null(
	    strstr(l.m.c.d.text, "at most 1177 bytes in a datagram"));
	assert_true(both_ready(&l));
	/* Nothing of it left, and what fits does. */
	assert_int_equal(write_to(&l, &l.m.c, 'b', 1177), 0);
	lossy_run(&l, 1);
	assert_int_equal(read_from(&l, &l.m.s, &mark, 4096), 1177);
	assert_int_equal(mark, 'b');
	/* Nothing is nothing to send. */
	assert_int_equal(
	    session_write(l.m.c.s, span_of(NULL, 0), l.m.now_ms, &n, &l.m.c.d),
	    0);
	assert_int_equal(n, 0);
	assert_int_equal(session_output(l.m.c.s).n, 0);
	lossy_close(&l);
}

/* As recv() does: what there is no room for is gone, and that is told. */
static void
cut(void **state)
{
	struct lossy l;
	uint8_t mark = 0;

	(void)state;
	open_ready(&l, MUTUAL, &clean);
	write_to(&l, &l.m.c, 'a', 100);
	write_to(&l, &l.m.c, 'b', 50);
	lossy_run(&l, 1);
	assert_int_equal(read_from(&l, &l.m.s, &mark, 30), 30);
	assert_int_equal(mark, 'a');
	assert_int_equal(session_read_cut(l.m.s.s), 70);
	assert_int_equal(read_from(&l, &l.m.s, &mark, 50), 50);
	assert_int_equal(mark, 'b');
	assert_int_equal(session_read_cut(l.m.s.s), 0);
	lossy_close(&l);
}

static int
inject_data(struct lossy *l, struct sim_side *to, const char *text)
{
	return session_input(to->s, span_str(text), l->m.now_ms, &to->d);
}

/* PROTOCOL 8: DATA before the gate is open is silently dropped. */
static void
early_data(void **state)
{
	struct lossy l;
	uint8_t mark = 0;

	(void)state;
	/* Before HELLO. */
	lossy_open(&l, MUTUAL, &clean, 1);
	assert_int_equal(inject_data(&l, &l.m.s, "\5a"), 0);
	/* Before the verdict. */
	l.m.s.hold_jobs = true;
	lossy_run(&l, 100);
	assert_int_equal(inject_data(&l, &l.m.s, "\5b"), 0);
	assert_int_equal(state_of(&l.m.s), SESSION_OPENING);
	l.m.s.hold_jobs = false;
	assert_true(lossy_until(&l, both_ready, MINUTE));
	assert_int_equal(session_read_ready(l.m.s.s), 0);
	/* And then it comes. */
	assert_int_equal(inject_data(&l, &l.m.s, "\5c"), 0);
	assert_int_equal(read_from(&l, &l.m.s, &mark, 10), 1);
	assert_int_equal(mark, 'c');
	/* One without bytes is none. */
	assert_int_equal(inject_data(&l, &l.m.s, "\5"), 0);
	assert_int_equal(read_from(&l, &l.m.s, &mark, 10), 0);
	assert_false(session_read_ended(l.m.s.s));
	lossy_close(&l);
}

/* A side that requires nothing still takes none before HELLO. */
static void
data_before_hello(void **state)
{
	struct lossy l;

	(void)state;
	lossy_open(&l, 0, &clean, 1);
	assert_int_equal(inject_data(&l, &l.m.s, "\5a"), 0);
	assert_true(lossy_until(&l, both_ready, MINUTE));
	assert_int_equal(session_read_ready(l.m.s.s), 0);
	lossy_close(&l);
}

/* What nobody reads takes 256 KiB at most (PROTOCOL 6.2). */
static void
unread_data(void **state)
{
	struct lossy l;

	(void)state;
	open_ready(&l, MUTUAL, &clean);
	for (int i = 0; i < 1000; i++) {
		write_to(&l, &l.m.c, 'a', 1177);
		lossy_run(&l, 1);
		assert_true(session_wants_input(l.m.s.s));
	}
	assert_true(inbox_size(&l.m.s.s->data) <= SESSION_HELD_MAX);
	assert_true(inbox_size(&l.m.s.s->data) > SESSION_HELD_MAX - 2000);
	assert_true(both_ready(&l));
	lossy_close(&l);
}

/* A writer is told to wait rather than that memory grows. */
static void
unsent_data(void **state)
{
	struct seal_diag d = { 0 };
	struct lossy l;
	size_t n = 1, sent = 0;

	(void)state;
	open_ready(&l, MUTUAL, &clean);
	for (int i = 0; i < 1000 && n > 0; i++) {
		assert_int_equal(session_write(l.m.c.s, span_of(block, 1000),
				     l.m.now_ms, &n, &d),
		    0);
		sent += n;
	}
	assert_int_equal(n, 0);
	assert_true(sent <= SESSION_OUTPUT_ENOUGH + 1177);
	lossy_close(&l);
}

static void
no_half_close(void **state)
{
	struct lossy l;

	(void)state;
	open_ready(&l, MUTUAL, &clean);
	assert_int_equal(
	    session_write_end(l.m.c.s, &l.m.c.d), SEAL_E_UNSUPPORTED);
	assert_int_equal(write_to(&l, &l.m.c, 'a', 1), 0);
	lossy_close(&l);
}

/* ---- The end ---- */

static bool
client_gone(const struct lossy *l)
{
	return state_of(&l->m.c) == SESSION_CLOSED &&
	       !session_lingers(l->m.c.s);
}

static void
close_in_order(void **state)
{
	struct lossy l;
	uint8_t mark = 0;
	int64_t closed;

	(void)state;
	open_ready(&l, MUTUAL, &clean);
	write_to(&l, &l.m.c, 'a', 10);
	session_close(l.m.c.s);
	assert_true(session_lingers(l.m.c.s));
	assert_true(lossy_until(&l, client_gone, 100));
	closed = l.m.now_ms;
	/* What was written before is read, and then there is no more. */
	assert_int_equal(state_of(&l.m.s), SESSION_READY);
	assert_int_equal(read_from(&l, &l.m.s, &mark, 10), 10);
	assert_true(session_read_ended(l.m.s.s));
	assert_int_equal(state_of(&l.m.s), SESSION_CLOSED);
	assert_int_equal(session_error(l.m.s.s), 0);
	/* PROTOCOL 8: 8 s in which the client may ask again. */
	assert_true(session_lingers(l.m.s.s));
	lossy_run(&l, closed + DATAGRAM_LINGER_MS - 1 - l.m.now_ms);
	assert_true(session_lingers(l.m.s.s));
	lossy_run(&l, 1);
	assert_false(session_lingers(l.m.s.s));
	assert_int_equal(session_deadline(l.m.s.s, true), INT64_MAX);
	lossy_close(&l);
}

/* A CLOSE whose ACK was lost comes again, and is acknowledged again. */
static void
close_again(void **state)
{
	struct lossy l;

	(void)state;
	open_ready(&l, MUTUAL, &clean);
	l.m.s.mute = true;
	session_close(l.m.c.s);
	lossy_run(&l, 1000);
	assert_int_equal(state_of(&l.m.s), SESSION_CLOSED);
	assert_true(session_lingers(l.m.c.s));
	assert_int_equal(inject_data(&l, &l.m.s, "\5x"), 0);
	assert_int_equal(session_read_ready(l.m.s.s), 0);
	l.m.s.mute = false;
	assert_true(lossy_until(&l, client_gone, 3000));
	lossy_close(&l);
}

/* Nobody answers any more: it ends all the same. */
static void
close_unheard(void **state)
{
	struct lossy l;

	(void)state;
	open_ready(&l, MUTUAL, &clean);
	l.m.s.mute = true;
	session_close(l.m.c.s);
	lossy_run(&l, DATAGRAM_LINGER_MS - 1);
	assert_true(session_lingers(l.m.c.s));
	lossy_run(&l, 1);
	assert_false(session_lingers(l.m.c.s));
	lossy_close(&l);

	/* TLS itself says that it is over. */
	open_ready(&l, MUTUAL, &clean);
	session_close(l.m.s.s);
	lossy_run(&l, 100);
	assert_true(session_lingers(l.m.c.s));
	assert_int_equal(session_input_end(l.m.c.s, true, &l.m.c.d), 0);
	assert_false(session_lingers(l.m.c.s));
	lossy_close(&l);
}

static void
close_at_once(void **state)
{
	struct lossy l;

	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		lossy_open(&l, MUTUAL, &bad, seed);
		assert_true(lossy_until(&l, both_ready, MINUTE));
		session_close(l.m.c.s);
		if (seed % 2 == 0)
			session_close(l.m.s.s);
		lossy_run(&l, 2 * DATAGRAM_LINGER_MS);
		assert_int_equal(state_of(&l.m.c), SESSION_CLOSED);
		assert_int_equal(state_of(&l.m.s), SESSION_CLOSED);
		assert_int_equal(session_error(l.m.c.s), 0);
		assert_int_equal(session_error(l.m.s.s), 0);
		assert_false(session_lingers(l.m.c.s));
		assert_false(session_lingers(l.m.s.s));
		lossy_close(&l);
	}
}

/* What contradicts itself ends the session, and the peer hears why. */
static void
contradiction(void **state)
{
	struct lossy l;

	(void)state;
	open_ready(&l, MUTUAL, &clean);
	assert_int_equal(
	    session_input(l.m.s.s, span_of("\x09", 1), l.m.now_ms, &l.m.s.d),
	    SEAL_E_PROTOCOL);
	assert_int_equal(state_of(&l.m.s), SESSION_FAILED);
	lossy_run(&l, 1000);
	assert_int_equal(session_error(l.m.c.s), SEAL_E_REFUSED);
	assert_int_equal(session_peer_outcome(l.m.c.s), SEAL_PROTOCOL);
	lossy_close(&l);
}

/* ---- Memory ---- */

/* An hour of leases, verdicts and data: nothing piles up. */
static void
soak(void **state)
{
	static const struct impair_net net = {
		.loss = 10, .reorder = 25, .duplicate = 10, .delay_ms = 40
	};
	unsigned long got = 0;
	struct lossy l;

	(void)state;
	lossy_open(&l, MUTUAL, &net, 7);
	l.m.c.answer_size = l.m.s.answer_size = 20000;
	assert_true(lossy_until(&l, both_ready, MINUTE));
	for (int second = 0; second < 3600; second++) {
		uint8_t mark = 0;

		write_to(&l, &l.m.c, 'a', 1 + (size_t)second % 1177);
		write_to(&l, &l.m.s, 'b', 1177 - (size_t)second % 1177);
		lossy_run(&l, 1000);
		while (read_from(&l, &l.m.c, &mark, 4096) > 0)
			got++;
		while (read_from(&l, &l.m.s, &mark, 4096) > 0)
			got++;
	}
	assert_true(both_ready(&l));
	assert_true(l.m.c.appraised >= 110 && l.m.s.appraised >= 110);
	assert_true(got > 2 * 3600 * 8 / 10);
	lossy_run(&l, 5000);
	for (int i = 0; i < 2; i++) {
		struct session *s = i == 0 ? l.m.c.s : l.m.s.s;
		const struct datagram *g = s->way.datagram;

		assert_true(sender_idle(&g->sender));
		assert_int_equal(g->sender.held, 0);
		assert_int_equal(g->sender.flying + g->sender.lost, 0);
		for (size_t k = 0; k < MSG_WINDOW; k++)
			assert_null(g->receiver.window[k]);
		assert_null(g->data.p);
		assert_null(g->offered.p);
		assert_null(s->data.p);
	}
	lossy_close(&l);
}

/* Whatever allocation fails, both sides come to an end that is known. */
static void
no_memory(void **state)
{
	struct impair_net net = { .loss = 5 };
	bool hit = true;

	(void)state;
	for (size_t n = 1; hit; n++) {
		struct lossy l;

		lossy_open(&l, MUTUAL, &net, n);
		l.m.c.answer_size = l.m.s.answer_size = 5000;
		allocfail_at(n);
		lossy_run(&l, 2 * MINUTE);
		hit = allocfail_hit();
		allocfail_off();
		if (both_ready(&l)) {
			lossy_close(&l);
			continue;
		}
		/* The other notices, and both are done. */
		assert_true(hit);
		lossy_run(&l, MINUTE);
		for (int i = 0; i < 2; i++) {
			const struct sim_side *side = i == 0 ? &l.m.c : &l.m.s;

			assert_true(state_of(side) == SESSION_READY ||
				    session_error(side->s) != 0);
			assert_false(session_lingers(side->s));
		}
		assert_true(n < 2000);
		lossy_close(&l);
	}
}

/* Nor is there half a session. */
static void
no_memory_to_begin(void **state)
{
	struct sim_side *side;
	struct session *s;
	struct lossy l;
	size_t n = 1;

	(void)state;
	lossy_open(&l, MUTUAL, &clean, 1);
	side = &l.m.c;
	for (bool hit = true; hit; n++) {
		struct seal_diag d = { 0 };

		allocfail_at(n);
		s = session_new(&side->conf, HASH_SHA256, sim_exporter, NULL,
		    NULL, l.m.now_ms, l.m.now_ms, &d);
		hit = allocfail_hit();
		allocfail_off();
		assert_int_equal(s == NULL, hit);
		assert_int_equal(d.code, hit ? SEAL_E_MEMORY : 0);
		session_free(&s);
	}
	assert_true(n > 5);
	lossy_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles),
		cmocka_unit_test(refusal),
		cmocka_unit_test(leases),
		cmocka_unit_test(silence),
		cmocka_unit_test(boundaries),
		cmocka_unit_test(too_large),
		cmocka_unit_test(cut),
		cmocka_unit_test(early_data),
		cmocka_unit_test(data_before_hello),
		cmocka_unit_test(unread_data),
		cmocka_unit_test(unsent_data),
		cmocka_unit_test(no_half_close),
		cmocka_unit_test(close_in_order),
		cmocka_unit_test(close_again),
		cmocka_unit_test(close_unheard),
		cmocka_unit_test(close_at_once),
		cmocka_unit_test(contradiction),
		cmocka_unit_test(soak),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(no_memory_to_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
