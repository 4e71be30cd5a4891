/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the session that a peer, or a slow caller, could bend. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "allocfail.h"
#include "sim.h"
#include "tls/session_parts.h"

static void
write_data(struct sim *m, struct sim_side *from, size_t n)
{
	static const uint8_t block[LIMIT_FRAME_DATA];
	struct seal_diag d = { 0 };
	size_t put = 0;

	assert_int_equal(
	    session_write(from->s, span_of(block, n), m->now_ms, &put, &d), 0);
	assert_int_equal(put, n);
}

/* The frames that wait in a side's output, by type; and how many are DATA. */
static unsigned
drain(struct sim_side *from, uint8_t *ret_last)
{
	unsigned data = 0;

	while (from->s->way.row->unsent(&from->s->way) > 0) {
		uint8_t type = sim_next_sent(from, NULL);

		assert_int_not_equal(type, 0);
		data += type == FRAME_DATA;
		*ret_last = type;
	}
	return data;
}

static void
make_request(struct wr *w, uint8_t mark)
{
	uint8_t context[SEAL_CONTEXT_SIZE] = { EA_CLIENT, mark };

	assert_int_equal(ea_request_write(w, EA_CLIENT,
			     span_of(context, sizeof(context)), 0xff00, NULL),
	    0);
}

static int
send_request(struct sim *m, struct sim_side *to, uint8_t mark)
{
	uint8_t buf[512];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	make_request(&w, mark);
	return sim_inject(m, to, FRAME_REQUEST, wr_view(&w));
}

static int
send_verdict(
    struct sim *m, struct sim_side *to, uint8_t mark, enum seal_outcome outcome)
{
	uint8_t context[SEAL_CONTEXT_SIZE] = { EA_CLIENT, mark }, buf[128];
	struct verdict_msg v = { outcome, 60,
		span_of(context, sizeof(context)) };
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	verdict_msg_write(&w, &v);
	return sim_inject(m, to, FRAME_VERDICT, wr_view(&w));
}

/* ---- What was written for a peer that was good then ---- */

static void
unsent_data_stays(void **state)
{
	struct seal_diag d = { 0 };
	uint8_t last = 0;
	struct sim m;

	(void)state;
	/* A refusal ends the lease at once (PROTOCOL 6.2). */
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	m.c.outcome = SEAL_REFUSED_POLICY;
	sim_advance(&m, 10000);
	m.c.hold_jobs = true;
	assert_int_equal(session_reattest(m.c.s, m.now_ms, &d), 0);
	sim_run(&m);
	write_data(&m, &m.c, 3000);
	write_data(&m, &m.c, 3000);
	{
		struct session_job *job =
		    session_job_take(m.c.s, m.now_ms, NULL);

		job->outcome = SEAL_REFUSED_POLICY;
		assert_int_equal(
		    session_job_done(m.c.s, &job, m.now_ms, &d), SEAL_E_POLICY);
	}
	assert_int_equal(drain(&m.c, &last), 0);
	assert_int_equal(last, FRAME_CLOSE);
	sim_close(&m);

	/* So does its end. */
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	write_data(&m, &m.c, 3000);
	m.now_ms += 60000;
	session_tick(m.c.s, m.now_ms, &d);
	assert_int_equal(session_error(m.c.s), SEAL_E_LEASE);
	assert_int_equal(drain(&m.c, &last), 0);
	assert_int_equal(last, FRAME_CLOSE);
	sim_close(&m);

	/* An orderly close comes behind the data. */
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	write_data(&m, &m.c, 3000);
	session_close(m.c.s);
	assert_int_equal(drain(&m.c, &last), 1);
	assert_int_equal(last, FRAME_CLOSE);
	sim_close(&m);
}

/* A writer whose output is never quite empty may go on for ever. */
static void
endless_stream(void **state)
{
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	write_data(&m, &m.s, LIMIT_FRAME_DATA);
	for (int i = 0; i < 200; i++) {
		write_data(&m, &m.s, LIMIT_FRAME_DATA);
		/* A frame fills a record. */
		assert_int_equal(session_output(m.s.s).n, 16384);
		session_output_done(m.s.s, 16384);
	}
	assert_int_equal(session_state(m.s.s), SESSION_READY);
	sim_close(&m);
}

/* PROTOCOL 6.2: 256 KiB, however the frames are cut. */
static void
held_data(void **state)
{
	static uint8_t record[16384];
	struct seal_diag d = { 0 };
	struct wr w;
	struct sim m;
	size_t at = 0;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	wr_init_heap(&w, 1u << 20);
	while (w.n < 600000)
		frame_write(&w, FRAME_DATA, span_of(record, LIMIT_FRAME_DATA));
	/* The first record ends within a frame, and so does each that follows.
	 */
	assert_int_equal(
	    session_input(m.c.s, span_of(w.p, 16380), m.now_ms, &d), 0);
	for (at = 16380; session_wants_input(m.c.s); at += 16384)
		assert_int_equal(session_input(m.c.s, span_of(w.p + at, 16384),
				     m.now_ms, &d),
		    0);
	assert_true(session_read_ready(m.c.s) <= SESSION_HELD_MAX);
	assert_true(session_read_ready(m.c.s) > SESSION_HELD_MAX - 3 * 16384);
	assert_true(m.c.s->data.cap <= SESSION_HELD_MAX);
	wr_free(&w);
	sim_close(&m);
}

/* A frame of which a part is here takes its room before it is whole: the
 * record that ends it may bring another. */
static void
held_part(void **state)
{
	static uint8_t record[LIMIT_FRAME_DATA];
	struct seal_diag d = { 0 };
	struct wr w;
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	wr_init_heap(&w, FRAME_HEADER + LIMIT_FRAME_DATA);
	frame_write(&w, FRAME_DATA, span_of(record, LIMIT_FRAME_DATA));
	for (int i = 0; i < 15; i++)
		assert_int_equal(
		    session_input(m.c.s, wr_view(&w), m.now_ms, &d), 0);
	assert_true(session_wants_input(m.c.s));
	assert_int_equal(
	    session_input(m.c.s, span_of(w.p, w.n - 1), m.now_ms, &d), 0);
	assert_false(session_wants_input(m.c.s));
	wr_free(&w);
	sim_close(&m);
}

/* ---- Asking ---- */

static void
require_asks(void **state)
{
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	session_free(&m.c.s);
	m.c.conf.request = false; /* implied by require */
	m.c.s = session_new(&m.c.conf, HASH_SHA256, sim_exporter, NULL, NULL,
	    m.now_ms, m.now_ms, NULL);
	sim_run(&m);
	assert_int_equal(m.c.appraised, 1);
	assert_int_equal(session_state(m.c.s), SESSION_READY);
	sim_close(&m);
}

/* ---- What ends a session is told ---- */

static int
no_exporter(void *ctx, const char *label, struct span context, uint8_t *ret,
    size_t n, struct seal_diag *d)
{
	(void)ctx;
	(void)label;
	(void)context;
	(void)ret;
	(void)n;
	return seal_fail(d, SEAL_E_TLS, "exporter: none");
}

static void
job_failure_is_told(void **state)
{
	struct seal_diag d = { 0 };
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	m.s.hold_jobs = true;
	sim_run(&m);
	m.s.s->exporter = no_exporter;
	assert_null(session_job_take(m.s.s, m.now_ms, &d));
	assert_int_equal(session_state(m.s.s), SESSION_FAILED);
	assert_int_equal(d.code, SEAL_E_TLS);
	assert_string_equal(d.text, "exporter: none");
	sim_close(&m);
}

static void
start_failure_is_told(void **state)
{
	static uint8_t name[LIMIT_FRAME_HELLO];
	const struct scheme large = { 0, { name, sizeof(name) } };
	struct session_conf conf = {
		.role = EA_CLIENT, .produce = &large, .n_produce = 1
	};
	struct seal_diag d = { 0 };

	(void)state;
	memset(name, 'x', sizeof(name));
	assert_null(session_new(
	    &conf, HASH_SHA256, sim_exporter, NULL, NULL, 0, 0, &d));
	assert_int_equal(d.code, SEAL_E_LIMIT);
	assert_non_null(strstr(d.text, "hello"));
}

/* The time counts from the accept, of which the handshake took some. */
static void
deadline_counts_from_accept(void **state)
{
	struct seal_diag d = { 0 };
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	session_free(&m.c.s);
	m.c.s = session_new(&m.c.conf, HASH_SHA256, sim_exporter, NULL, NULL,
	    m.now_ms - 25000, m.now_ms, NULL);
	assert_int_equal(session_deadline(m.c.s, true), m.now_ms + 5000);
	assert_int_equal(session_tick(m.c.s, m.now_ms + 4999, &d), 0);
	assert_int_equal(
	    session_tick(m.c.s, m.now_ms + 5000, &d), SEAL_E_TIMEOUT);
	sim_close(&m);
}

/* Judged so slowly that the lease is over before it is granted. */
static void
lease_over_at_once(void **state)
{
	struct seal_diag d = { 0 };
	struct session_job *job;
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	m.c.hold_jobs = true;
	m.c.conf.attest_ms = 100000;
	m.c.s->attest_ms = m.now_ms + 100000;
	sim_run(&m);
	job = session_job_take(m.c.s, m.now_ms, NULL);
	m.now_ms += 60000;
	job->outcome = SEAL_ACCEPTED;
	job->lease_s = 60;
	assert_int_equal(
	    session_job_done(m.c.s, &job, m.now_ms, &d), SEAL_E_TIMEOUT);
	assert_int_equal(session_outcome(m.c.s), SEAL_TIMEOUT);
	assert_int_equal(session_state(m.c.s), SESSION_FAILED);
	sim_close(&m);
}

/* The clock decides, also where the caller did not tick. */
static void
clock_comes_first(void **state)
{
	struct seal_diag d = { 0 };
	struct session_job *job;
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	write_data(&m, &m.s, 5);
	sim_run(&m);
	m.c.hold_jobs = true;
	m.now_ms += 20000;
	assert_int_equal(session_reattest(m.c.s, m.now_ms, &d), 0);
	sim_run(&m);
	job = session_job_take(m.c.s, m.now_ms, NULL);
	assert_non_null(job);
	m.now_ms += 40000; /* the old lease is over */
	job->outcome = SEAL_ACCEPTED;
	job->lease_s = 600;
	assert_int_equal(
	    session_job_done(m.c.s, &job, m.now_ms, &d), SEAL_E_LEASE);
	assert_int_equal(session_read_ready(m.c.s), 0);
	sim_close(&m);

	/* An answer after its time, in the attestation deadline or not. */
	sim_open(&m, SIM_CLIENT_REQUIRES);
	m.s.hold_jobs = true;
	sim_run(&m);
	m.now_ms += 20000;
	assert_int_equal(
	    sim_inject(&m, &m.c, FRAME_AUTHENTICATOR, span_str("x")),
	    SEAL_E_TIMEOUT);
	sim_close(&m);
}

static void
job_of_nobody(void **state)
{
	static const enum session_job_kind kinds[] = { SESSION_JOB_NONE,
		SESSION_JOB_ATTEST, SESSION_JOB_APPRAISE };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct session_job *job = calloc(1, sizeof(*job));
		struct seal_diag d = { 0 };
		struct sim m;

		assert_non_null(job);
		sim_open(&m, SIM_CLIENT_REQUIRES | SIM_SERVER_REQUIRES);
		m.c.hold_jobs = true;
		sim_run(&m);
		job->kind = kinds[i];
		job->outcome = SEAL_ACCEPTED;
		job->lease_s = 60;
		assert_int_equal(
		    session_job_done(m.c.s, &job, m.now_ms, &d), 0);
		assert_null(job);
		assert_int_equal(session_state(m.c.s), SESSION_OPENING);
		assert_int_equal(session_outcome(m.c.s), SEAL_INVALID);
		assert_int_equal(
		    session_job_done(m.c.s, &job, m.now_ms, &d), 0);
		sim_close(&m);
	}
}

/* ---- Answering ---- */

/* A REQUEST may come before the last VERDICT; it is answered after it. */
static void
request_before_verdict(void **state)
{
	struct sim m;

	(void)state;
	sim_open(&m, 0);
	m.c.mute = true; /* the test speaks for it */
	sim_run(&m);
	m.s.s->hello = true;
	m.s.s->can_produce = true;
	assert_int_equal(send_request(&m, &m.s, 1), 0);
	sim_run(&m);
	assert_int_equal(m.s.attested, 1);
	assert_int_equal(send_request(&m, &m.s, 2), 0);
	sim_advance(&m, 20000);
	assert_int_equal(m.s.attested, 1);
	assert_int_equal(session_deadline(m.s.s, true), INT64_MAX);
	/* The verdict is about the first, not about the one in hand. */
	assert_int_equal(send_verdict(&m, &m.s, 1, SEAL_ACCEPTED), 0);
	sim_run(&m);
	assert_int_equal(m.s.attested, 2);
	/* And there is exactly one for each answer. */
	assert_int_equal(
	    send_verdict(&m, &m.s, 1, SEAL_ACCEPTED), SEAL_E_PROTOCOL);
	sim_close(&m);
}

/* A VERDICT that is due, for a context that is not the answer's. */
static void
verdict_of_another(void **state)
{
	struct sim m;

	(void)state;
	sim_open(&m, 0);
	m.c.mute = true; /* the test speaks for it */
	sim_run(&m);
	m.s.s->hello = true;
	m.s.s->can_produce = true;
	assert_int_equal(send_request(&m, &m.s, 1), 0);
	sim_run(&m);
	assert_int_equal(m.s.attested, 1);
	assert_int_equal(
	    send_verdict(&m, &m.s, 2, SEAL_ACCEPTED), SEAL_E_PROTOCOL);
	sim_close(&m);
}

/* Not two of them. */
static void
one_request_at_a_time(void **state)
{
	struct sim m;

	(void)state;
	sim_open(&m, 0);
	m.s.hold_jobs = true;
	sim_run(&m);
	assert_int_equal(send_request(&m, &m.s, 1), 0);
	assert_int_equal(send_request(&m, &m.s, 2), SEAL_E_PROTOCOL);
	sim_close(&m);
}

/* What is asked of each side counts (PROTOCOL 4). */
static void
contexts_run_out(void **state)
{
	struct seal_diag d = { 0 };
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	m.c.s->ask.asked = LIMIT_CONTEXTS - 1;
	assert_int_equal(session_reattest(m.c.s, m.now_ms, &d), 0);
	sim_advance(&m, 10000);
	assert_int_equal(session_reattest(m.c.s, m.now_ms, &d), SEAL_E_LIMIT);
	assert_int_equal(session_state(m.c.s), SESSION_FAILED);
	sim_run(&m);
	assert_int_equal(session_peer_outcome(m.s.s), SEAL_PROTOCOL);
	sim_close(&m);

	sim_open(&m, 0);
	sim_run(&m);
	m.s.s->ask.asked = LIMIT_CONTEXTS - 1;
	assert_int_equal(send_request(&m, &m.s, 1), 0);
	sim_run(&m);
	send_verdict(&m, &m.s, 1, SEAL_ACCEPTED);
	assert_int_equal(send_request(&m, &m.s, 2), SEAL_E_LIMIT);
	sim_close(&m);
}

/* What the peer says last is what counts. */
static void
peer_outcome(void **state)
{
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_ASKS);
	m.c.outcome = SEAL_UNAVAILABLE;
	sim_run(&m);
	assert_int_equal(session_peer_outcome(m.s.s), SEAL_UNAVAILABLE);
	m.c.outcome = SEAL_ACCEPTED;
	m.now_ms += 10000;
	session_reattest(m.c.s, m.now_ms, NULL);
	sim_run(&m);
	assert_int_equal(session_peer_outcome(m.s.s), SEAL_ACCEPTED);
	/* Settles nothing: the old verdict stands. */
	m.c.outcome = SEAL_UNAVAILABLE;
	m.now_ms += 10000;
	session_reattest(m.c.s, m.now_ms, NULL);
	sim_run(&m);
	assert_int_equal(session_peer_outcome(m.s.s), SEAL_ACCEPTED);
	session_abort(m.c.s, SEAL_STALE, SEAL_E_STALE);
	sim_run(&m);
	assert_int_equal(session_peer_outcome(m.s.s), SEAL_STALE);
	assert_int_equal(session_error(m.s.s), SEAL_E_REFUSED);
	sim_close(&m);
}

/* ---- Each type of frame in each state ---- */

static void
after_the_end(void **state)
{
	(void)state;
	for (uint8_t type = 0; type < 9; type++) {
		for (int failed = 0; failed < 2; failed++) {
			uint8_t last = 0;
			struct sim m;

			sim_open(&m, SIM_CLIENT_REQUIRES);
			sim_run(&m);
			if (failed)
				session_abort(m.c.s, SEAL_STALE, SEAL_E_STALE);
			else
				session_close(m.c.s);
			drain(&m.c, &last);
			/* Discarded, without an answer. */
			assert_int_equal(
			    sim_inject(&m, &m.c, type, span_str("x")), 0);
			assert_int_equal(session_output(m.c.s).n, 0);
			assert_int_equal(session_read_ready(m.c.s), 0);
			assert_false(session_wants_input(m.c.s));
			assert_null(session_job_take(m.c.s, m.now_ms, NULL));
			assert_int_equal(
			    session_tick(m.c.s, m.now_ms + 1000000, NULL), 0);
			assert_int_equal(
			    session_error(m.c.s), failed ? SEAL_E_STALE : 0);
			sim_close(&m);
		}
	}
}

/* Nobody speaks first but with HELLO; the answer is one CLOSE. */
static void
error_is_told_once(void **state)
{
	uint8_t last = 0;
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	drain(&m.c, &last);
	assert_int_equal(
	    sim_inject(&m, &m.c, FRAME_DATA, span_str("x")), SEAL_E_PROTOCOL);
	assert_int_equal(sim_inject(&m, &m.c, FRAME_DATA, span_str("x")), 0);
	assert_int_equal(sim_next_sent(&m.c, NULL), FRAME_CLOSE);
	assert_int_equal(session_output(m.c.s).n, 0);
	sim_close(&m);
}

/* ---- Memory ---- */

/* notes: an idle connection holds no frame, no Evidence and no buffer. */
static void
idle_memory(void **state)
{
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES | SIM_SERVER_REQUIRES);
	m.random = 7;
	sim_run(&m);
	write_data(&m, &m.c, 1000);
	sim_run(&m);
	{
		uint8_t buf[1000];
		size_t n = 0;

		assert_int_equal(
		    session_read(m.s.s, buf, sizeof(buf), m.now_ms, &n, NULL),
		    0);
		assert_int_equal(n, 1000);
	}
	for (int i = 0; i < 2; i++) {
		const struct session *s = i == 0 ? m.c.s : m.s.s;

		assert_null(s->way.stream.out.w.p);
		assert_null(s->way.stream.reader.body);
		assert_null(s->data.p);
		assert_null(s->ask.answer);
		assert_null(s->answer.request);
		assert_true(sizeof(*s) + s->answer.seen.cap *
					     sizeof(s->answer.seen.seen[0]) <
			    900);
	}
	sim_close(&m);
}

/* Whichever allocation fails, nothing is accepted by accident or leaks. */
static void
allocations_fail(void **state)
{
	bool hit = true;

	(void)state;
	for (size_t n = 1; hit && n < 1000; n++) {
		struct sim m;

		sim_open(&m, SIM_CLIENT_REQUIRES | SIM_SERVER_REQUIRES);
		m.random = 3;
		allocfail_at(n);
		sim_run(&m);
		hit = allocfail_hit();
		allocfail_off();
		if (hit) {
			assert_false(session_state(m.c.s) == SESSION_READY &&
				     session_state(m.s.s) == SESSION_READY &&
				     m.c.error != 0);
		} else {
			assert_int_equal(session_state(m.c.s), SESSION_READY);
			assert_int_equal(session_state(m.s.s), SESSION_READY);
		}
		sim_close(&m);
	}
	assert_false(hit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unsent_data_stays),
		cmocka_unit_test(endless_stream),
		cmocka_unit_test(held_data),
		cmocka_unit_test(held_part),
		cmocka_unit_test(require_asks),
		cmocka_unit_test(job_failure_is_told),
		cmocka_unit_test(start_failure_is_told),
		cmocka_unit_test(deadline_counts_from_accept),
		cmocka_unit_test(lease_over_at_once),
		cmocka_unit_test(clock_comes_first),
		cmocka_unit_test(job_of_nobody),
		cmocka_unit_test(request_before_verdict),
		cmocka_unit_test(verdict_of_another),
		cmocka_unit_test(one_request_at_a_time),
		cmocka_unit_test(contexts_run_out),
		cmocka_unit_test(peer_outcome),
		cmocka_unit_test(after_the_end),
		cmocka_unit_test(error_is_told_once),
		cmocka_unit_test(idle_memory),
		cmocka_unit_test(allocations_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
