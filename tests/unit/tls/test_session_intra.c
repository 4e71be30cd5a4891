/* SPDX-License-Identifier: Apache-2.0 */
/* Mode both: what a handshake that attested leaves to the session, and the
 * VERDICT on it (PROTOCOL 6). */
#include "test.h"

#include <string.h>

#include "sim.h"
#include "tls/session_parts.h"

/* ---- Who judged says so, right after HELLO ---- */

struct sent_case {
	const char *name;
	struct session_intra intra;
	struct span body; /* of VERDICT; empty: there is none */
};

static const struct sent_case sent_cases[] = {
	{ "nothing was judged", { false, SEAL_INVALID, 0 }, { NULL, 0 } },
	{ "accepted", { false, SEAL_ACCEPTED, 60 },
	    HEX(0xa3, 0, 1, 1, 0x18, 60, 2, 0x40) },
	{ "refused", { false, SEAL_REFUSED_POLICY, 0 },
	    HEX(0xa2, 0, 2, 2, 0x40) },
	{ "could not be judged", { false, SEAL_UNAVAILABLE, 0 },
	    HEX(0xa2, 0, 6, 2, 0x40) },
};

static void
test_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sent_cases) / sizeof(sent_cases[0]);
	     i++) {
		const struct sent_case *c = &sent_cases[i];
		uint8_t buf[128];
		struct sim m;
		struct wr w;

		sim_open(&m, SIM_CLIENT_ASKS);
		m.c.intra = c->intra;
		sim_reopen(&m, &m.c);
		assert_int_equal(sim_next_sent(&m.c, NULL), FRAME_HELLO);
		wr_init(&w, buf, sizeof(buf));
		if (c->body.n > 0) {
			assert_int_equal(
			    sim_next_sent(&m.c, &w), FRAME_VERDICT);
			if (!span_equal(wr_view(&w), c->body))
				fail_msg("%s: another VERDICT", c->name);
		}
		assert_int_equal(sim_next_sent(&m.c, NULL), FRAME_REQUEST);
		sim_close(&m);
	}
}

/* ---- Who attested waits for it, and for nothing else ---- */

/* CBOR of a VERDICT with a context of length zero. */
#define ACCEPTED HEX(0xa3, 0, 1, 1, 0x18, 60, 2, 0x40)
#define REFUSED HEX(0xa2, 0, 2, 2, 0x40)

struct frame_case {
	const char *name;
	bool attested;     /* the side under test, in the handshake */
	unsigned settings; /* of the peer */
	bool no_hello;
	struct {
		uint8_t type; /* 0: no more */
		struct span body;
	} frames[3];
	int want; /* of the last */
	enum seal_outcome heard;
};

static const struct frame_case frame_cases[] = {
	{ "accepted", true, 0, false, { { FRAME_VERDICT, ACCEPTED } }, 0,
	    SEAL_INVALID },
	{ "accepted, by a peer that requires it", true, SIM_CLIENT_REQUIRES,
	    false, { { FRAME_VERDICT, ACCEPTED } }, 0, SEAL_INVALID },
	{ "refused", true, 0, false, { { FRAME_VERDICT, REFUSED } }, 0,
	    SEAL_REFUSED_POLICY },
	{ "refused, by a peer that requires it", true, SIM_CLIENT_REQUIRES,
	    false, { { FRAME_VERDICT, REFUSED } }, SEAL_E_REFUSED,
	    SEAL_REFUSED_POLICY },
	{ "unknown code", true, SIM_CLIENT_REQUIRES, false,
	    { { FRAME_VERDICT, HEX(0xa2, 0, 0x18, 99, 2, 0x40) } },
	    SEAL_E_REFUSED, SEAL_REFUSED_POLICY },

	{ "code zero", true, 0, false,
	    { { FRAME_VERDICT, HEX(0xa2, 0, 0, 2, 0x40) } }, SEAL_E_PROTOCOL,
	    SEAL_INVALID },
	{ "accepted without a lease", true, 0, false,
	    { { FRAME_VERDICT, HEX(0xa2, 0, 1, 2, 0x40) } }, SEAL_E_PROTOCOL,
	    SEAL_INVALID },
	{ "accepted for too short", true, 0, false,
	    { { FRAME_VERDICT, HEX(0xa3, 0, 1, 1, 0x18, 29, 2, 0x40) } },
	    SEAL_E_PROTOCOL, SEAL_INVALID },
	{ "without a context", true, 0, false,
	    { { FRAME_VERDICT, HEX(0xa2, 0, 1, 1, 0x18, 60) } },
	    SEAL_E_PROTOCOL, SEAL_INVALID },
	{ "with a context", true, 0, false,
	    { { FRAME_VERDICT, HEX(0xa3, 0, 1, 1, 0x18, 60, 2, 0x41, 1) } },
	    SEAL_E_PROTOCOL, SEAL_INVALID },
	{ "with a context as long as a request's, of zeros", true, 0, false,
	    { { FRAME_VERDICT,
		HEX(0xa3, 0, 1, 1, 0x18, 60, 2, 0x58, 33, 0, 0, 0, 0, 0, 0, 0,
		    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		    0, 0, 0, 0, 0, 0) } },
	    SEAL_E_PROTOCOL, SEAL_INVALID },
	{ "unasked, with a context of zeros", false, 0, false,
	    { { FRAME_VERDICT,
		HEX(0xa3, 0, 1, 1, 0x18, 60, 2, 0x58, 33, 0, 0, 0, 0, 0, 0, 0,
		    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		    0, 0, 0, 0, 0, 0) } },
	    SEAL_E_PROTOCOL, SEAL_INVALID },
	{ "unasked", false, 0, false, { { FRAME_VERDICT, ACCEPTED } },
	    SEAL_E_PROTOCOL, SEAL_INVALID },
	{ "twice", true, 0, false,
	    { { FRAME_VERDICT, ACCEPTED }, { FRAME_VERDICT, ACCEPTED } },
	    SEAL_E_PROTOCOL, SEAL_INVALID },
	{ "refused, then accepted", true, 0, false,
	    { { FRAME_VERDICT, REFUSED }, { FRAME_VERDICT, ACCEPTED } },
	    SEAL_E_PROTOCOL, SEAL_REFUSED_POLICY },
	{ "before HELLO", true, 0, true, { { FRAME_VERDICT, ACCEPTED } },
	    SEAL_E_PROTOCOL, SEAL_INVALID },
	{ "a request before it", true, 0, false, { { FRAME_REQUEST, HEX(0) } },
	    SEAL_E_PROTOCOL, SEAL_INVALID },
	{ "data before it", true, 0, false, { { FRAME_DATA, HEX('x') } },
	    SEAL_E_PROTOCOL, SEAL_INVALID },
	{ "an authenticator before it", true, 0, false,
	    { { FRAME_AUTHENTICATOR, HEX(0) } }, SEAL_E_PROTOCOL,
	    SEAL_INVALID },
	{ "a CLOSE in its place", true, 0, false,
	    { { FRAME_CLOSE, HEX(0xa1, 0, 3) } }, SEAL_E_REFUSED,
	    SEAL_REFUSED_EVIDENCE },
};

/* The client's HELLO, as it is; the test speaks for it from there on. */
static void
hello_of_client(struct sim *m)
{
	uint8_t buf[LIMIT_FRAME_HELLO];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	assert_int_equal(sim_next_sent(&m->c, &w), FRAME_HELLO);
	assert_int_equal(sim_inject(m, &m->s, FRAME_HELLO, wr_view(&w)), 0);
}

static void
run_frames(const struct frame_case *c)
{
	struct sim m;
	int r = 0;

	sim_open(&m, c->settings);
	m.s.intra.attested = c->attested;
	sim_reopen(&m, &m.s);
	if (!c->no_hello)
		hello_of_client(&m);
	for (size_t i = 0; i < 3 && c->frames[i].type != 0; i++) {
		if (r != 0)
			fail_msg("%s: %s", c->name, m.s.d.text);
		r = sim_inject(&m, &m.s, c->frames[i].type, c->frames[i].body);
	}
	if (r != c->want)
		fail_msg("%s: expected %d, got %d (%s)", c->name, c->want, r,
		    m.s.d.text);
	if (session_peer_outcome(m.s.s) != c->heard)
		fail_msg("%s: heard %d", c->name, session_peer_outcome(m.s.s));
	sim_close(&m);
}

static void
test_frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(frame_cases) / sizeof(frame_cases[0]);
	     i++)
		run_frames(&frame_cases[i]);
}

/* The acceptance of what binds less opens nothing. */
static void
test_opens_nothing(void **state)
{
	const struct span accepted = ACCEPTED;
	struct seal_diag d = { 0 };
	size_t put = 0;
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES);
	m.s.intra.attested = true;
	sim_reopen(&m, &m.s);
	hello_of_client(&m);
	assert_int_equal(sim_inject(&m, &m.s, FRAME_VERDICT, accepted), 0);
	assert_int_equal(session_state(m.s.s), SESSION_OPENING);
	assert_int_equal(
	    session_write(m.s.s, span_str("x"), m.now_ms, &put, &d),
	    SEAL_E_STATE);
	sim_close(&m);
}

/* Both carriers, both directions, to the end. */
static void
test_mutual(void **state)
{
	struct session_intra both = { true, SEAL_ACCEPTED, 60 };
	struct sim m;

	(void)state;
	sim_open(&m, SIM_CLIENT_REQUIRES | SIM_SERVER_REQUIRES);
	m.c.intra = m.s.intra = both;
	sim_reopen(&m, &m.c);
	sim_reopen(&m, &m.s);
	m.random = 7;
	sim_run(&m);
	assert_int_equal(m.c.error, 0);
	assert_int_equal(m.s.error, 0);
	assert_int_equal(session_state(m.c.s), SESSION_READY);
	assert_int_equal(session_state(m.s.s), SESSION_READY);
	assert_int_equal(session_peer_outcome(m.c.s), SEAL_ACCEPTED);
	assert_int_equal(session_peer_outcome(m.s.s), SEAL_ACCEPTED);
	sim_close(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sent),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_opens_nothing),
		cmocka_unit_test(test_mutual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
