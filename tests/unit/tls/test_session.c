/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "cbor/cbor.h"
#include "sim.h"
#include "tls/outcome_msg.h"

static void
expect_state(const char *name, const struct sim_side *side,
    enum session_state want, int error)
{
	if (session_state(side->s) != want)
		fail_msg("%s: state %d, not %d (%s)", name,
		    session_state(side->s), want, side->d.text);
	if (session_error(side->s) != error)
		fail_msg("%s: error %s, not %s", name,
		    seal_error_name(session_error(side->s)),
		    seal_error_name(error));
}

/* True where a byte goes from one application to the other. */
static bool
gets_through(struct sim *m, struct sim_side *from, struct sim_side *to)
{
	struct seal_diag d = { 0 };
	char buf[8];
	size_t n = 0, got = 0;

	if (session_write(from->s, span_str("x"), m->now_ms, &n, &d) != 0 ||
	    n != 1)
		return false;
	sim_run(m);
	return session_read(to->s, buf, sizeof(buf), m->now_ms, &got, &d) ==
		   0 &&
	       got == 1;
}

/* ---- Opening ---- */

struct open_case {
	const char *name;
	unsigned settings;
	enum seal_outcome client_finds, server_finds; /* jobs' outcomes */
	enum session_state state;                     /* of both */
	int client_error, server_error;
};

#define OK SEAL_ACCEPTED
#define BAD SEAL_REFUSED_POLICY
static const struct open_case open_cases[] = {
	{ "nobody asks", 0, OK, OK, SESSION_READY, 0, 0 },
	{ "server attests", SIM_CLIENT_REQUIRES, OK, OK, SESSION_READY, 0, 0 },
	{ "client attests", SIM_SERVER_REQUIRES, OK, OK, SESSION_READY, 0, 0 },
	{ "mutual", SIM_CLIENT_REQUIRES | SIM_SERVER_REQUIRES, OK, OK,
	    SESSION_READY, 0, 0 },
	{ "mutual, server reveals after",
	    SIM_CLIENT_REQUIRES | SIM_SERVER_REQUIRES |
		SIM_SERVER_REVEALS_AFTER,
	    OK, OK, SESSION_READY, 0, 0 },
	{ "optional", SIM_CLIENT_ASKS | SIM_SERVER_ASKS, OK, OK, SESSION_READY,
	    0, 0 },
	{ "optional, refused", SIM_CLIENT_ASKS, BAD, OK, SESSION_READY, 0, 0 },
	{ "optional, peer cannot", SIM_CLIENT_ASKS | SIM_SERVER_CANNOT, OK, OK,
	    SESSION_READY, 0, 0 },
	{ "server refused", SIM_CLIENT_REQUIRES, BAD, OK, SESSION_FAILED,
	    SEAL_E_POLICY, SEAL_E_REFUSED },
	{ "client refused", SIM_SERVER_REQUIRES, OK, BAD, SESSION_FAILED,
	    SEAL_E_REFUSED, SEAL_E_POLICY },
	{ "zero outcome denies", SIM_CLIENT_REQUIRES, SEAL_INVALID, OK,
	    SESSION_FAILED, SEAL_E_POLICY, SEAL_E_REFUSED },
	{ "unknown outcome denies", SIM_CLIENT_REQUIRES, (enum seal_outcome)77,
	    OK, SESSION_FAILED, SEAL_E_POLICY, SEAL_E_REFUSED },
	{ "unavailable at first denies", SIM_CLIENT_REQUIRES, SEAL_UNAVAILABLE,
	    OK, SESSION_FAILED, SEAL_E_POLICY, SEAL_E_REFUSED },
	{ "server cannot", SIM_CLIENT_REQUIRES | SIM_SERVER_CANNOT, OK, OK,
	    SESSION_FAILED, SEAL_E_UNSUPPORTED, SEAL_E_UNSUPPORTED },
	{ "client cannot", SIM_SERVER_REQUIRES | SIM_CLIENT_CANNOT, OK, OK,
	    SESSION_FAILED, SEAL_E_UNSUPPORTED, SEAL_E_UNSUPPORTED },
	{ "both reveal after",
	    SIM_CLIENT_REQUIRES | SIM_SERVER_REQUIRES |
		SIM_SERVER_REVEALS_AFTER | SIM_CLIENT_REVEALS_AFTER,
	    OK, OK, SESSION_FAILED, SEAL_E_UNSUPPORTED, SEAL_E_UNSUPPORTED },
	{ NULL },
};

static void
opening(void **state)
{
	(void)state;
	for (const struct open_case *c = open_cases; c->name != NULL; c++) {
		for (uint32_t seed = 0; seed < 4; seed++) {
			struct sim m;

			sim_open(&m, c->settings);
			m.random = seed;
			m.c.outcome = c->client_finds;
			m.s.outcome = c->server_finds;
			sim_run(&m);
			expect_state(c->name, &m.c, c->state, c->client_error);
			expect_state(c->name, &m.s, c->state, c->server_error);
			if (gets_through(&m, &m.c, &m.s) !=
				(c->state == SESSION_READY) ||
			    gets_through(&m, &m.s, &m.c) !=
				(c->state == SESSION_READY))
				fail_msg("%s: data", c->name);
			sim_close(&m);
		}
	}
}

/* An acceptance without a lease, or with an error, is none. */
static void
acceptance_needs_lease(void **state)
{
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	m.c.lease_s = 0;
	sim_run(&m);
	expect_state("no lease", &m.c, SESSION_FAILED, SEAL_E_POLICY);
	sim_close(&m);

	sim_open(&m, SIM_CLIENT_REQUIRES);
	m.c.appraise_error = SEAL_E_BINDER;
	sim_run(&m);
	expect_state("error", &m.c, SESSION_FAILED, SEAL_E_BINDER);
	sim_close(&m);

	/* A lease below the attester's floor is the peer's fault. */
	sim_open(&m, SIM_CLIENT_REQUIRES);
	m.c.lease_s = 29;
	sim_run(&m);
	expect_state("floor", &m.s, SESSION_FAILED, SEAL_E_PROTOCOL);
	sim_close(&m);
}

/* PROTOCOL 6, order of disclosure: nothing is made for a peer not accepted. */
static void
reveals_after_peer(void **state)
{
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES | SIM_SERVER_REQUIRES |
			 SIM_SERVER_REVEALS_AFTER);
	m.s.outcome = SEAL_REFUSED_KEY;
	sim_run(&m);
	assert_int_equal(m.c.attested, 1);
	assert_int_equal(m.s.attested, 0);
	expect_state("refused first", &m.s, SESSION_FAILED, SEAL_E_POLICY);
	sim_close(&m);
}

/* ---- Frames that do not belong ---- */

struct frame_case {
	const char *name;
	unsigned settings;
	uint8_t type;
	struct span body;
	int want;
};

static const struct frame_case first_frames[] = {
	{ "request first", 0, FRAME_REQUEST, STR("x"), SEAL_E_PROTOCOL },
	{ "authenticator first", SIM_CLIENT_REQUIRES, FRAME_AUTHENTICATOR,
	    STR("x"), SEAL_E_PROTOCOL },
	{ "verdict first", 0, FRAME_VERDICT, STR("x"), SEAL_E_PROTOCOL },
	{ "data first", 0, FRAME_DATA, STR("x"), SEAL_E_PROTOCOL },
	{ "unknown type", 0, 7, STR("x"), SEAL_E_PROTOCOL },
	{ "type zero", 0, 0, STR("x"), SEAL_E_PROTOCOL },
	{ "hello is no map", 0, FRAME_HELLO, STR("x"), SEAL_E_PROTOCOL },
	{ "empty hello", 0, FRAME_HELLO, HEX(0xa0), SEAL_E_PROTOCOL },
	{ "other version", 0, FRAME_HELLO, HEX(0xa1, 1, 2),
	    SEAL_E_UNSUPPORTED },
	{ "close with zero", 0, FRAME_CLOSE, HEX(0xa1, 0, 0), SEAL_E_PROTOCOL },
	{ "close first", 0, FRAME_CLOSE, HEX(0xa1, 0, 2), SEAL_E_REFUSED },
	{ "close that accepts", 0, FRAME_CLOSE, HEX(0xa1, 0, 1),
	    SEAL_E_REFUSED },
	{ "normal close first", 0, FRAME_CLOSE, HEX(0xa1, 0, 10),
	    SEAL_E_CLOSED },
	{ NULL },
};

/* Into a ready connection in which the client required the server. */
static const struct frame_case ready_frames[] = {
	{ "hello again", SIM_CLIENT_REQUIRES, FRAME_HELLO,
	    HEX(0xa4, 1, 1, 2, 0x80, 3, 0x80, 4, 0xf4), SEAL_E_PROTOCOL },
	{ "authenticator without request", SIM_CLIENT_REQUIRES,
	    FRAME_AUTHENTICATOR, STR("x"), SEAL_E_PROTOCOL },
	{ "verdict for nothing", SIM_CLIENT_REQUIRES, FRAME_VERDICT,
	    HEX(0xa2, 0, 2, 2, 0x41, 1), SEAL_E_PROTOCOL },
	{ "request is garbage", SIM_CLIENT_REQUIRES, FRAME_REQUEST, STR("x"),
	    SEAL_E_EA_REQUEST_MALFORMED },
	{ "close, refused", SIM_CLIENT_REQUIRES, FRAME_CLOSE, HEX(0xa1, 0, 2),
	    SEAL_E_REFUSED },
	{ "close is garbage", SIM_CLIENT_REQUIRES, FRAME_CLOSE, STR("x"),
	    SEAL_E_PROTOCOL },
	{ NULL },
};

static void
strange_frames(void **state)
{
	(void)state;
	for (const struct frame_case *c = first_frames; c->name != NULL; c++) {
		struct sim m;

		sim_open(&m, c->settings);
		if (sim_inject(&m, &m.c, c->type, c->body) != c->want)
			fail_msg("%s: %s", c->name, m.c.d.text);
		assert_int_equal(session_state(m.c.s), SESSION_FAILED);
		sim_close(&m);
	}
	for (const struct frame_case *c = ready_frames; c->name != NULL; c++) {
		struct sim m;

		sim_open(&m, c->settings);
		sim_run(&m);
		if (sim_inject(&m, &m.c, c->type, c->body) != c->want)
			fail_msg("%s: %s", c->name, m.c.d.text);
		sim_close(&m);
	}
}

/* DATA before the verdict of a side that requires one. */
static void
data_before_gate(void **state)
{
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	m.s.hold_jobs = true;
	sim_run(&m);
	assert_int_equal(session_state(m.c.s), SESSION_OPENING);
	assert_int_equal(sim_inject(&m, &m.c, FRAME_DATA, span_str("early")),
	    SEAL_E_PROTOCOL);
	assert_int_equal(session_read_ready(m.c.s), 0);
	sim_close(&m);
}

/* ---- Contexts ---- */

static int
send_request(struct sim *m, struct sim_side *to, uint8_t role, size_t n)
{
	uint8_t context[64] = { role, 1, 2, 3 }, buf[512];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	assert_int_equal(
	    ea_request_write(&w, EA_CLIENT, span_of(context, n), 0xff00, NULL),
	    0);
	return sim_inject(m, to, FRAME_REQUEST, wr_view(&w));
}

static void
contexts(void **state)
{
	static const struct {
		const char *name;
		uint8_t role;
		size_t n;
		int want;
	} rows[] = {
		{ "as it should be", EA_CLIENT, 33, 0 },
		{ "role of the other", EA_SERVER, 33, SEAL_E_PROTOCOL },
		{ "no role", 0, 33, SEAL_E_PROTOCOL },
		{ "short", EA_CLIENT, 32, SEAL_E_PROTOCOL },
		{ "long", EA_CLIENT, 34, SEAL_E_PROTOCOL },
		{ "empty", EA_CLIENT, 0, SEAL_E_PROTOCOL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim m;

		sim_open(&m, 0);
		sim_run(&m);
		if (send_request(&m, &m.s, rows[i].role, rows[i].n) !=
		    rows[i].want)
			fail_msg("%s: %s", rows[i].name, m.s.d.text);
		sim_close(&m);
	}
}

static void
context_used_twice(void **state)
{
	struct wr body;
	struct sim m;

	(void)state;
	sim_open(&m, 0);
	sim_run(&m);
	assert_int_equal(send_request(&m, &m.s, EA_CLIENT, 33), 0);
	/* A second while the first is outstanding. */
	assert_int_equal(
	    send_request(&m, &m.s, EA_CLIENT, 33), SEAL_E_PROTOCOL);
	sim_close(&m);

	/* And again once it was answered and judged. */
	sim_open(&m, SIM_CLIENT_REQUIRES);
	wr_init_heap(&body, 4096);
	assert_int_equal(sim_next_sent(&m.c, &body), FRAME_HELLO);
	sim_inject(&m, &m.s, FRAME_HELLO, wr_view(&body));
	wr_free(&body);
	assert_int_equal(sim_next_sent(&m.c, &body), FRAME_REQUEST);
	sim_inject(&m, &m.s, FRAME_REQUEST, wr_view(&body));
	sim_run(&m);
	expect_state("first time", &m.s, SESSION_READY, 0);
	assert_int_equal(sim_inject(&m, &m.s, FRAME_REQUEST, wr_view(&body)),
	    SEAL_E_EA_CONTEXT_REUSED);
	wr_free(&body);
	sim_close(&m);
}

/* ---- Time ---- */

struct stop_case {
	const char *name;
	unsigned settings;
	bool mute_client, mute_server, hold_client, hold_server;
	int64_t after_ms;
	int client_error;
};

/* A peer that stops, in each phase; the client waits no longer than it must. */
static const struct stop_case stop_cases[] = {
	{ "no hello", 0, false, true, false, false, 30000, SEAL_E_TIMEOUT },
	{ "no answer", SIM_CLIENT_REQUIRES, false, false, false, true, 20000,
	    SEAL_E_TIMEOUT },
	{ "own appraisal never ends", SIM_CLIENT_REQUIRES, false, false, true,
	    false, 30000, SEAL_E_TIMEOUT },
	{ "no verdict", SIM_SERVER_REQUIRES, false, false, false, true, 30000,
	    SEAL_E_TIMEOUT },
	{ NULL },
};

static void
peer_stops(void **state)
{
	(void)state;
	for (const struct stop_case *c = stop_cases; c->name != NULL; c++) {
		struct sim m;

		sim_open(&m, c->settings);
		m.c.mute = c->mute_client;
		m.s.mute = c->mute_server;
		m.c.hold_jobs = c->hold_client;
		m.s.hold_jobs = c->hold_server;
		sim_run(&m);
		if (session_deadline(m.c.s, true) != m.now_ms + c->after_ms)
			fail_msg("%s: deadline", c->name);
		sim_advance(&m, c->after_ms - 1);
		expect_state(c->name, &m.c, SESSION_OPENING, 0);
		sim_advance(&m, 1);
		expect_state(c->name, &m.c, SESSION_FAILED, c->client_error);
		assert_int_equal(session_deadline(m.c.s, true), INT64_MAX);
		sim_close(&m);
	}
}

static void
lease_is_renewed(void **state)
{
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	assert_int_equal(m.c.appraised, 1);
	assert_int_equal(session_deadline(m.c.s, true), m.now_ms + 30000);
	sim_advance(&m, 30000); /* half of the lease */
	assert_int_equal(m.c.appraised, 2);
	sim_advance(&m, 30000);
	assert_int_equal(m.c.appraised, 3);
	assert_true(gets_through(&m, &m.s, &m.c));
	sim_close(&m);
}

static void
lease_ends(void **state)
{
	struct seal_diag d = { 0 };
	char buf[8];
	size_t n = 0;
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	assert_int_equal(
	    session_write(m.s.s, span_str("held"), m.now_ms, &n, &d), 0);
	sim_run(&m);
	assert_int_equal(session_read_ready(m.c.s), 4);
	m.s.hold_jobs = true; /* answers no more */
	sim_advance(&m, 30000);
	sim_advance(&m, 29999);
	expect_state("to the last", &m.c, SESSION_READY, 0);
	m.now_ms += 1;
	/* The gate looks at the clock itself: no tick came before. */
	assert_int_equal(
	    session_read(m.c.s, buf, sizeof(buf), m.now_ms, &n, &d),
	    SEAL_E_LEASE);
	assert_int_equal(session_read_ready(m.c.s), 0);
	expect_state("ended", &m.c, SESSION_FAILED, SEAL_E_LEASE);
	assert_int_not_equal(
	    session_write(m.c.s, span_str("x"), m.now_ms, &n, &d), 0);
	sim_close(&m);
}

struct again_case {
	const char *name;
	enum seal_outcome second;
	enum session_state state;
	int error;
};

static const struct again_case again_cases[] = {
	{ "accepted again", SEAL_ACCEPTED, SESSION_READY, 0 },
	{ "unavailable leaves the lease", SEAL_UNAVAILABLE, SESSION_READY, 0 },
	{ "timeout leaves the lease", SEAL_TIMEOUT, SESSION_READY, 0 },
	{ "policy", SEAL_REFUSED_POLICY, SESSION_FAILED, SEAL_E_POLICY },
	{ "evidence", SEAL_REFUSED_EVIDENCE, SESSION_FAILED, SEAL_E_POLICY },
	{ "key", SEAL_REFUSED_KEY, SESSION_FAILED, SEAL_E_POLICY },
	{ "stale", SEAL_STALE, SESSION_FAILED, SEAL_E_POLICY },
	{ "zero", SEAL_INVALID, SESSION_FAILED, SEAL_E_POLICY },
	{ NULL },
};

static void
attested_again(void **state)
{
	(void)state;
	for (const struct again_case *c = again_cases; c->name != NULL; c++) {
		struct seal_diag d = { 0 };
		struct sim m;

		sim_open(&m, SIM_CLIENT_REQUIRES);
		sim_run(&m);
		m.c.outcome = c->second;
		sim_advance(&m, 10000);
		assert_int_equal(session_reattest(m.c.s, m.now_ms, &d), 0);
		sim_run(&m);
		assert_int_equal(m.c.appraised, 2);
		expect_state(c->name, &m.c, c->state, c->error);
		if (gets_through(&m, &m.s, &m.c) != (c->state == SESSION_READY))
			fail_msg("%s: data", c->name);
		/* What settles nothing does not lengthen the lease. */
		if (outcome_inconclusive(c->second)) {
			for (int i = 0; i < 50; i++)
				sim_advance(&m, 1000);
			expect_state(
			    c->name, &m.c, SESSION_FAILED, SEAL_E_LEASE);
		}
		sim_close(&m);
	}
}

/* PROTOCOL 4: answers are at least ten seconds apart. */
static void
answers_are_spaced(void **state)
{
	struct seal_diag d = { 0 };
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	assert_int_equal(session_reattest(m.c.s, m.now_ms, &d), 0);
	sim_run(&m);
	assert_int_equal(m.s.attested, 1);
	assert_int_equal(session_deadline(m.s.s, true), m.now_ms + 10000);
	sim_advance(&m, 9999);
	assert_int_equal(m.s.attested, 1);
	sim_advance(&m, 1);
	assert_int_equal(m.s.attested, 2);
	sim_close(&m);
}

/* A late answer is consumed, and asked for anew, while the lease runs. */
static void
late_answer(void **state)
{
	struct seal_diag d = { 0 };
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	m.c.lease_s = 300;
	sim_run(&m);
	m.s.hold_jobs = true;
	sim_advance(&m, 10000);
	assert_int_equal(session_reattest(m.c.s, m.now_ms, &d), 0);
	sim_advance(&m, 20000);
	expect_state("overdue", &m.c, SESSION_READY, 0);
	m.s.hold_jobs = false;
	sim_advance(&m, 1000);
	sim_advance(&m, 10000);
	assert_int_equal(m.s.attested, 3);
	assert_int_equal(m.c.appraised, 2);
	expect_state("asked anew", &m.c, SESSION_READY, 0);
	sim_close(&m);
}

static void
late_job(void **state)
{
	struct seal_diag d = { 0 };
	struct session_job *job;
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	m.c.hold_jobs = true;
	sim_run(&m);
	job = session_job_take(m.c.s, m.now_ms, NULL);
	assert_non_null(job);
	assert_int_equal(job->kind, SESSION_JOB_APPRAISE);
	assert_null(session_job_take(m.c.s, m.now_ms, NULL));
	sim_advance(&m, 30000);
	expect_state("gave up", &m.c, SESSION_FAILED, SEAL_E_TIMEOUT);
	job->outcome = SEAL_ACCEPTED;
	job->lease_s = 60;
	assert_int_equal(session_job_done(m.c.s, &job, m.now_ms, &d), 0);
	assert_null(job);
	expect_state("stays so", &m.c, SESSION_FAILED, SEAL_E_TIMEOUT);
	sim_close(&m);
}

/* ---- Ends ---- */

static void
half_close(void **state)
{
	struct seal_diag d = { 0 };
	struct sim m;
	size_t n;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	assert_int_equal(session_write_end(m.c.s, &d), 0);
	sim_run(&m);
	assert_true(session_read_ended(m.s.s));
	assert_true(gets_through(&m, &m.s, &m.c));
	assert_int_not_equal(
	    session_write(m.c.s, span_str("x"), m.now_ms, &n, &d), 0);
	assert_int_equal(sim_inject(&m, &m.s, FRAME_DATA, span_str("more")),
	    SEAL_E_PROTOCOL);
	sim_close(&m);
}

static void
both_end(void **state)
{
	struct seal_diag d = { 0 };
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	assert_int_equal(session_write_end(m.c.s, &d), 0);
	assert_int_equal(session_write_end(m.s.s, &d), 0);
	sim_run(&m);
	expect_state("client", &m.c, SESSION_CLOSED, 0);
	expect_state("server", &m.s, SESSION_CLOSED, 0);
	sim_close(&m);
}

/* An end in order waits for a slow peer to take what was written. */
static void
end_waits_for_output(void **state)
{
	struct seal_diag d = { 0 };
	struct sim m;
	size_t n = 0;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	assert_int_equal(session_write_end(m.c.s, &d), 0);
	sim_run(&m);
	assert_int_equal(
	    session_write(m.s.s, span_str("last"), m.now_ms, &n, &d), 0);
	assert_int_equal(session_write_end(m.s.s, &d), 0);
	expect_state("unsent", &m.s, SESSION_READY, 0);
	assert_int_equal(sim_next_sent(&m.s, NULL), FRAME_DATA);
	sim_close(&m);

	/* Nobody is waited for who has gone. */
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	assert_int_equal(session_write_end(m.c.s, &d), 0);
	sim_run(&m);
	assert_int_equal(
	    session_write(m.s.s, span_str("last"), m.now_ms, &n, &d), 0);
	assert_int_equal(session_input_end(m.s.s, true, &d), 0);
	expect_state("gone", &m.s, SESSION_CLOSED, 0);
	sim_close(&m);
}

/* What came before CLOSE is still delivered. */
static void
close_after_data(void **state)
{
	struct seal_diag d = { 0 };
	char buf[8];
	size_t n = 0;
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	assert_int_equal(
	    session_write(m.s.s, span_str("last"), m.now_ms, &n, &d), 0);
	session_close(m.s.s);
	sim_run(&m);
	assert_int_equal(
	    session_read(m.c.s, buf, sizeof(buf), m.now_ms, &n, &d), 0);
	assert_int_equal(n, 4);
	expect_state("client", &m.c, SESSION_CLOSED, 0);
	expect_state("server", &m.s, SESSION_CLOSED, 0);
	sim_close(&m);
}

static void
truncation(void **state)
{
	static const bool orderly[] = { false, true };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct seal_diag d = { 0 };
		struct sim m;

		sim_open(&m, SIM_CLIENT_REQUIRES);
		sim_run(&m);
		assert_int_equal(
		    session_input_end(m.c.s, orderly[i], &d), SEAL_E_TRUNCATED);
		expect_state("cut", &m.c, SESSION_FAILED, SEAL_E_TRUNCATED);
		session_write_end(m.s.s, &d);
		session_free(&m.c.s);
		session_free(&m.s.s);
	}
}

static void
back_pressure(void **state)
{
	static uint8_t block[LIMIT_FRAME_DATA];
	struct seal_diag d = { 0 };
	struct sim m;
	size_t sent = 0, n = 1;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	sim_run(&m);
	while (session_wants_input(m.c.s)) {
		assert_int_equal(
		    session_write(
			m.s.s, span_of(block, sizeof(block)), m.now_ms, &n, &d),
		    0);
		sent += n;
		sim_run(&m);
	}
	assert_true(sent <= 262144);
	assert_int_equal(session_read_ready(m.c.s), sent);
	/* And nothing more is taken in than the output may hold. */
	for (int i = 0; i < 64 && n > 0; i++)
		assert_int_equal(
		    session_write(
			m.s.s, span_of(block, sizeof(block)), m.now_ms, &n, &d),
		    0);
	assert_int_equal(n, 0);
	sim_close(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(acceptance_needs_lease),
		cmocka_unit_test(reveals_after_peer),
		cmocka_unit_test(strange_frames),
		cmocka_unit_test(data_before_gate),
		cmocka_unit_test(contexts),
		cmocka_unit_test(context_used_twice),
		cmocka_unit_test(peer_stops),
		cmocka_unit_test(lease_is_renewed),
		cmocka_unit_test(lease_ends),
		cmocka_unit_test(attested_again),
		cmocka_unit_test(answers_are_spaced),
		cmocka_unit_test(late_answer),
		cmocka_unit_test(late_job),
		cmocka_unit_test(half_close),
		cmocka_unit_test(both_end),
		cmocka_unit_test(end_waits_for_output),
		cmocka_unit_test(close_after_data),
		cmocka_unit_test(truncation),
		cmocka_unit_test(back_pressure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
