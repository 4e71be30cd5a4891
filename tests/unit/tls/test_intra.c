/* SPDX-License-Identifier: Apache-2.0 */
/* The extension `remoteAttestation` without a TLS library. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "allocfail.h"
#include "tls/intra.h"
#include "tls/intra_scheme.h"
#include "tls/transcript.h"

#define TYPE_A "application/a"
#define TYPE_B "application/b"

static const struct scheme scheme_a = { 0, STR(TYPE_A) };
static const struct scheme scheme_b = { 0, STR(TYPE_B) };
static const struct scheme scheme_ab[] = { { 0, STR(TYPE_A) },
	{ 0, STR(TYPE_B) } };
static const struct scheme scheme_result = { 1, STR("verifier") };

/* ---- Two sides, and the way of a handshake ---- */

struct sides {
	struct session_conf conf[2]; /* client, server */
	struct intra *side[2];
	struct seal_diag d[2];
	uint8_t buf[2 * INTRA_CMW_MAX];
	struct span content; /* of the last message */
};

enum { CLIENT, SERVER };

static void
sides_new(struct sides *s)
{
	for (int i = 0; i < 2; i++) {
		s->conf[i].role = i == CLIENT ? EA_CLIENT : EA_SERVER;
		s->conf[i].answer_ms = 1000;
		s->side[i] = intra_new(&s->conf[i]);
		assert_non_null(s->side[i]);
	}
}

static void
sides_free(struct sides *s)
{
	intra_free(&s->side[CLIENT]);
	intra_free(&s->side[SERVER]);
}

static void
produces(struct sides *s, int who, const struct scheme *list, size_t n)
{
	s->conf[who].produce = list;
	s->conf[who].n_produce = n;
}

static void
demands(struct sides *s, int who, const struct scheme *list, size_t n)
{
	s->conf[who].accept = list;
	s->conf[who].n_accept = n;
	s->conf[who].require = true;
}

/* from's m goes to the other side, if there is any; the first failure. */
static int
carry(struct sides *s, int from, enum intra_message m)
{
	struct wr w;
	int r;

	wr_init(&w, s->buf, sizeof(s->buf));
	if ((r = intra_write(s->side[from], m, &w, &s->d[from])) != 0)
		return r;
	s->content = wr_view(&w);
	if (w.n == 0)
		return 0;
	return intra_read(s->side[!from], m, s->content, &s->d[!from]);
}

/* A ServerHello of TLS_AES_128_GCM_SHA256, and a ClientHello of a kind. */
static const uint8_t client_hello[] = { 1, 0, 0, 3, 7, 7, 7 };
static const uint8_t server_hello[] = { 2, 0, 0, 38, 3, 3, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 0, 0x13, 0x01, 0 };

static const uint8_t retry[] = { 2, 0, 0, 38, 3, 3, 0xcf, 0x21, 0xad, 0x74,
	0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2,
	0xc8, 0xa8, 0x33, 0x9c, 0, 0x13, 0x01, 0 };

static void
hellos(struct sides *s)
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    intra_observe(s->side[i],
			span_of(client_hello, sizeof(client_hello)), NULL),
		    0);
		assert_int_equal(
		    intra_observe(s->side[i],
			span_of(server_hello, sizeof(server_hello)), NULL),
		    0);
	}
}

/* Does who's job as though Evidence were the text cmw. */
static void
do_attest(struct sides *s, int who, const char *cmw)
{
	struct session_job *job;

	assert_int_equal(intra_attest(s->side[who], NULL), INTRA_WAIT);
	job = intra_job_take(s->side[who], 0);
	assert_non_null(job);
	assert_int_equal(job->kind, SESSION_JOB_ATTEST);
	assert_true(job->intra);
	assert_int_equal(job->keys.hash, HASH_SHA256);
	assert_null(intra_job_take(s->side[who], 0));
	if (cmw == NULL)
		job->error = SEAL_E_UNAVAILABLE;
	else
		job->authenticator = (uint8_t *)strdup(cmw);
	job->n_authenticator = cmw != NULL ? strlen(cmw) : 0;
	intra_job_done(s->side[who], &job);
	assert_null(job);
	assert_int_equal(intra_attest(s->side[who], NULL), INTRA_GO);
}

static enum intra_step
do_appraise(struct sides *s, int who, enum seal_outcome outcome,
    uint32_t lease_s, int error)
{
	struct session_job *job;
	struct span leaf = STR("leaf");

	assert_int_equal(
	    intra_appraise(s->side[who], leaf, &s->d[who]), INTRA_WAIT);
	assert_true(intra_waiting(s->side[who]));
	job = intra_job_take(s->side[who], 0);
	assert_non_null(job);
	assert_int_equal(job->kind, SESSION_JOB_APPRAISE);
	assert_int_equal(job->n_leaf, 4);
	job->outcome = outcome;
	job->lease_s = lease_s;
	job->error = error;
	intra_job_done(s->side[who], &job);
	assert_false(intra_waiting(s->side[who]));
	return intra_appraise(s->side[who], leaf, &s->d[who]);
}

/* ---- How it goes right ---- */

static void
test_mutual(void **state)
{
	struct sides s = { 0 };

	(void)state;
	produces(&s, CLIENT, scheme_ab, 2);
	produces(&s, SERVER, &scheme_b, 1);
	demands(&s, CLIENT, scheme_ab, 2);
	demands(&s, SERVER, &scheme_b, 1);
	sides_new(&s);
	hellos(&s);
	assert_int_equal(carry(&s, CLIENT, INTRA_CLIENT_HELLO), 0);
	assert_int_equal(carry(&s, SERVER, INTRA_ENCRYPTED_EXTENSIONS), 0);
	assert_int_equal(carry(&s, SERVER, INTRA_CERTIFICATE_REQUEST), 0);
	do_attest(&s, SERVER, "of the server");
	assert_int_equal(carry(&s, SERVER, INTRA_CERTIFICATE), 0);
	assert_int_equal(
	    do_appraise(&s, CLIENT, SEAL_ACCEPTED, 60, 0), INTRA_GO);
	do_attest(&s, CLIENT, "of the client");
	assert_int_equal(carry(&s, CLIENT, INTRA_CERTIFICATE), 0);
	assert_int_equal(
	    do_appraise(&s, SERVER, SEAL_ACCEPTED, 90, 0), INTRA_GO);
	assert_int_equal(intra_finish(s.side[CLIENT], NULL), 0);
	assert_int_equal(intra_finish(s.side[SERVER], NULL), 0);
	assert_int_equal(intra_lease_s(s.side[CLIENT]), 60);
	assert_int_equal(intra_lease_s(s.side[SERVER]), 90);
	sides_free(&s);
}

/* Who neither attests nor asks sends nothing anywhere. */
static void
test_silent(void **state)
{
	static const enum intra_message all[] = { INTRA_CLIENT_HELLO,
		INTRA_ENCRYPTED_EXTENSIONS, INTRA_CERTIFICATE_REQUEST,
		INTRA_CERTIFICATE };
	struct sides s = { 0 };

	(void)state;
	sides_new(&s);
	hellos(&s);
	for (int who = 0; who < 2; who++)
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
			assert_int_equal(carry(&s, who, all[i]), 0);
			assert_int_equal(s.content.n, 0);
		}
	assert_int_equal(intra_attest(s.side[SERVER], NULL), INTRA_GO);
	assert_int_equal(
	    intra_appraise(s.side[CLIENT], span_str("x"), NULL), INTRA_GO);
	assert_int_equal(intra_finish(s.side[CLIENT], NULL), 0);
	assert_int_equal(intra_leaves(s.side[CLIENT]).outcome, SEAL_INVALID);
	assert_int_equal(intra_lease_s(s.side[CLIENT]), 0);
	sides_free(&s);
}

/* PROTOCOL 6: it is in nobody's offer, and so in nobody's choice. */
static void
test_reveal_after_peer(void **state)
{
	struct sides s = { 0 };

	(void)state;
	produces(&s, SERVER, &scheme_a, 1);
	demands(&s, CLIENT, &scheme_a, 1);
	s.conf[SERVER].reveal_after_peer = true;
	sides_new(&s);
	hellos(&s);
	assert_int_equal(carry(&s, CLIENT, INTRA_CLIENT_HELLO), 0);
	assert_int_equal(carry(&s, SERVER, INTRA_ENCRYPTED_EXTENSIONS), 0);
	assert_int_equal(s.content.n, 0);
	assert_int_equal(intra_attest(s.side[SERVER], NULL), INTRA_GO);
	sides_free(&s);
}

/* ---- What a message may hold ---- */

struct read_case {
	const char *name;
	int reader;
	enum intra_message m;
	struct span content;
	int want;
	uint8_t alert;
};

/* The client offers a, to make and to take; the server likewise. */
static const struct read_case read_cases[] = {
	{ "empty offer", SERVER, INTRA_CLIENT_HELLO, HEX(0), SEAL_E_DECODE,
	    50 },
	{ "two empty lists", SERVER, INTRA_CLIENT_HELLO, HEX(0, 0, 0, 0), 0,
	    0 },
	{ "one list", SERVER, INTRA_CLIENT_HELLO, HEX(0, 0), SEAL_E_DECODE,
	    50 },
	{ "bytes behind the lists", SERVER, INTRA_CLIENT_HELLO,
	    HEX(0, 0, 0, 0, 0), SEAL_E_DECODE, 50 },
	{ "list longer than the message", SERVER, INTRA_CLIENT_HELLO,
	    HEX(0, 9, 1, 0, 0, 0, 0), SEAL_E_DECODE, 50 },
	{ "unknown mechanism", SERVER, INTRA_CLIENT_HELLO,
	    HEX(0, 4, 2, 0, 1, 'x', 0, 0), SEAL_E_DECODE, 50 },
	{ "unknown encoding", SERVER, INTRA_CLIENT_HELLO,
	    HEX(0, 5, 0, 2, 0, 1, 'x', 0, 0), SEAL_E_DECODE, 50 },
	{ "scheme cut short", SERVER, INTRA_CLIENT_HELLO,
	    HEX(0, 4, 0, 1, 0, 9, 0, 0), SEAL_E_DECODE, 50 },
	{ "a content format is nothing we know", SERVER, INTRA_CLIENT_HELLO,
	    HEX(0, 4, 0, 0, 0, 60, 0, 0), 0, 0 },
	{ "seventeen schemes", SERVER, INTRA_CLIENT_HELLO,
	    HEX(0, 68, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
		1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1,
		0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0,
		0, 0, 1, 0, 0, 0, 1, 0, 0),
	    SEAL_E_DECODE, 50 },
	{ "choice from a client", SERVER, INTRA_ENCRYPTED_EXTENSIONS,
	    HEX(1, 0, 1, 'x'), SEAL_E_PROTOCOL, 110 },
	{ "request from a client", SERVER, INTRA_CERTIFICATE_REQUEST,
	    HEX(1, 0, 1, 'x'), SEAL_E_PROTOCOL, 110 },
	{ "offer from a server", CLIENT, INTRA_CLIENT_HELLO, HEX(0, 0, 0, 0),
	    SEAL_E_PROTOCOL, 110 },
	{ "server chose what was not offered", CLIENT,
	    INTRA_ENCRYPTED_EXTENSIONS,
	    HEX(0, 1, 0, 13, 'a', 'p', 'p', 'l', 'i', 'c', 'a', 't', 'i', 'o',
		'n', '/', 'b'),
	    SEAL_E_PROTOCOL, 47 },
	{ "server chose a result", CLIENT, INTRA_ENCRYPTED_EXTENSIONS,
	    HEX(1, 0, 1, 'a'), SEAL_E_PROTOCOL, 47 },
	{ "server chose nothing", CLIENT, INTRA_ENCRYPTED_EXTENSIONS,
	    HEX(0, 1, 0, 0), SEAL_E_PROTOCOL, 47 },
	{ "server chose two", CLIENT, INTRA_ENCRYPTED_EXTENSIONS,
	    HEX(0, 1, 0, 13, 'a', 'p', 'p', 'l', 'i', 'c', 'a', 't', 'i', 'o',
		'n', '/', 'a', 0, 0, 0, 1),
	    SEAL_E_DECODE, 50 },
	{ "server asks for what was not offered", CLIENT,
	    INTRA_CERTIFICATE_REQUEST, HEX(0, 0, 0, 60), SEAL_E_PROTOCOL, 47 },
	{ "Evidence unasked, from the server", CLIENT, INTRA_CERTIFICATE,
	    HEX(0, 0, 1, 'x'), SEAL_E_PROTOCOL, 110 },
	{ "Evidence unasked, from the client", SERVER, INTRA_CERTIFICATE,
	    HEX(0, 0, 1, 'x'), SEAL_E_PROTOCOL, 110 },
	{ "another message", CLIENT, (enum intra_message)2, HEX(0),
	    SEAL_E_PROTOCOL, 110 },
};

static void
test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(read_cases) / sizeof(read_cases[0]);
	     i++) {
		const struct read_case *c = &read_cases[i];
		struct sides s = { 0 };
		struct wr w;
		int r;

		for (int who = 0; who < 2; who++) {
			produces(&s, who, &scheme_a, 1);
			demands(&s, who, &scheme_a, 1);
		}
		sides_new(&s);
		wr_init(&w, s.buf, sizeof(s.buf));
		assert_int_equal(
		    intra_write(s.side[CLIENT], INTRA_CLIENT_HELLO, &w, NULL),
		    0);
		r = intra_read(
		    s.side[c->reader], c->m, c->content, &s.d[c->reader]);
		if (r != c->want)
			fail_msg("%s: expected %d, got %d (%s)", c->name,
			    c->want, r, s.d[c->reader].text);
		if (r != 0)
			assert_int_equal(
			    intra_alert(s.side[c->reader]), c->alert);
		sides_free(&s);
	}
}

/* Without an offer of the client's own, whatever a server says is unasked. */
static void
test_choice_without_offer(void **state)
{
	struct sides s = { 0 };
	struct span choice = HEX(0, 1, 0, 13, 'a', 'p', 'p', 'l', 'i', 'c', 'a',
	    't', 'i', 'o', 'n', '/', 'a');

	(void)state;
	demands(&s, CLIENT, &scheme_a, 1);
	sides_new(&s);
	assert_int_equal(intra_read(s.side[CLIENT], INTRA_ENCRYPTED_EXTENSIONS,
			     choice, NULL),
	    SEAL_E_PROTOCOL);
	assert_int_equal(intra_alert(s.side[CLIENT]), 110);
	sides_free(&s);
}

/* ---- Evidence ---- */

struct cmw_case {
	const char *name;
	struct span content;
	int want;
};

static uint8_t large[3 + INTRA_CMW_MAX + 1];

static const struct cmw_case cmw_cases[] = {
	{ "none", HEX(0, 0, 0), SEAL_E_DECODE },
	{ "cut", HEX(0, 0, 2, 'x'), SEAL_E_DECODE },
	{ "bytes behind", HEX(0, 0, 1, 'x', 'y'), SEAL_E_DECODE },
	{ "no length", HEX(0, 0), SEAL_E_DECODE },
	{ "one byte", HEX(0, 0, 1, 'x'), 0 },
	{ "the most", { large, 3 + INTRA_CMW_MAX }, 0 },
	{ "more", { large, 3 + INTRA_CMW_MAX + 1 }, SEAL_E_DECODE },
};

static void
agreed(struct sides *s)
{
	produces(s, SERVER, &scheme_a, 1);
	demands(s, CLIENT, &scheme_a, 1);
	sides_new(s);
	hellos(s);
	assert_int_equal(carry(s, CLIENT, INTRA_CLIENT_HELLO), 0);
	assert_int_equal(carry(s, SERVER, INTRA_ENCRYPTED_EXTENSIONS), 0);
}

static void
test_cmw(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cmw_cases) / sizeof(cmw_cases[0]); i++) {
		const struct cmw_case *c = &cmw_cases[i];
		struct sides s = { 0 };
		size_t n = c->content.n - 3;
		int r;

		if (c->content.p == large) {
			large[0] = (uint8_t)(n >> 16);
			large[1] = (uint8_t)(n >> 8);
			large[2] = (uint8_t)n;
		}
		agreed(&s);
		/* What is refused takes no memory. */
		if (c->want != 0)
			allocfail_at(1);
		r = intra_read(s.side[CLIENT], INTRA_CERTIFICATE, c->content,
		    &s.d[CLIENT]);
		allocfail_off();
		if (r != c->want)
			fail_msg("%s: expected %d, got %d (%s)", c->name,
			    c->want, r, s.d[CLIENT].text);
		/* Once is all that it may come. */
		if (r == 0)
			assert_int_equal(
			    intra_read(s.side[CLIENT], INTRA_CERTIFICATE,
				c->content, NULL),
			    SEAL_E_PROTOCOL);
		sides_free(&s);
	}
}

/* An attester that cannot leaves the extension out; who requires it stops. */
static void
test_no_evidence(void **state)
{
	struct sides s = { 0 };

	(void)state;
	agreed(&s);
	do_attest(&s, SERVER, NULL);
	assert_int_equal(carry(&s, SERVER, INTRA_CERTIFICATE), 0);
	assert_int_equal(s.content.n, 0);
	assert_int_equal(
	    intra_appraise(s.side[CLIENT], span_str("x"), &s.d[CLIENT]),
	    INTRA_STOP);
	assert_int_equal(intra_alert(s.side[CLIENT]), 116);
	assert_int_equal(
	    intra_finish(s.side[CLIENT], NULL), SEAL_E_UNSUPPORTED);
	sides_free(&s);
}

/* A server that nobody attests to says so when it asks. */
static void
test_client_without(void **state)
{
	struct sides s = { 0 };

	(void)state;
	demands(&s, SERVER, &scheme_a, 1);
	sides_new(&s);
	assert_int_equal(carry(&s, CLIENT, INTRA_CLIENT_HELLO), 0);
	assert_int_equal(
	    carry(&s, SERVER, INTRA_CERTIFICATE_REQUEST), SEAL_E_UNSUPPORTED);
	assert_int_equal(intra_alert(s.side[SERVER]), 116);
	sides_free(&s);
	memset(&s, 0, sizeof(s));
	produces(&s, CLIENT, &scheme_b, 1);
	demands(&s, SERVER, &scheme_a, 1);
	sides_new(&s);
	assert_int_equal(carry(&s, CLIENT, INTRA_CLIENT_HELLO), 0);
	assert_int_equal(
	    carry(&s, SERVER, INTRA_CERTIFICATE_REQUEST), SEAL_E_UNSUPPORTED);
	assert_int_equal(intra_alert(s.side[SERVER]), 40);
	sides_free(&s);
}

/* ---- Verdicts: zero, the unknown, and acceptance without lease deny ---- */

struct verdict_case {
	enum seal_outcome outcome;
	uint32_t lease_s;
	int error;
	enum intra_step want;
};

static const struct verdict_case verdict_cases[] = {
	{ SEAL_ACCEPTED, 60, 0, INTRA_GO },
	{ SEAL_ACCEPTED, 0, 0, INTRA_STOP },
	{ SEAL_ACCEPTED, 60, SEAL_E_MEMORY, INTRA_STOP },
	{ SEAL_INVALID, 60, 0, INTRA_STOP },
	{ SEAL_REFUSED_POLICY, 60, SEAL_E_POLICY, INTRA_STOP },
	{ SEAL_UNAVAILABLE, 60, SEAL_E_UNAVAILABLE, INTRA_STOP },
	{ SEAL_CLOSED, 60, 0, INTRA_STOP },
	{ (enum seal_outcome)99, 60, 0, INTRA_STOP },
};

static void
test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(verdict_cases) / sizeof(verdict_cases[0]);
	     i++) {
		const struct verdict_case *c = &verdict_cases[i];
		struct sides s = { 0 };

		agreed(&s);
		do_attest(&s, SERVER, "x");
		assert_int_equal(carry(&s, SERVER, INTRA_CERTIFICATE), 0);
		assert_int_equal(
		    do_appraise(&s, CLIENT, c->outcome, c->lease_s, c->error),
		    c->want);
		assert_int_equal(intra_finish(s.side[CLIENT], NULL) == 0,
		    c->want == INTRA_GO);
		if (c->want == INTRA_STOP) {
			assert_int_equal(intra_lease_s(s.side[CLIENT]), 0);
			assert_in_range(intra_leaves(s.side[CLIENT]).outcome,
			    SEAL_REFUSED_POLICY, SEAL_TIMEOUT);
		}
		sides_free(&s);
	}
}

/* Given up while its job is out: the late result changes nothing. */
static void
test_cancel(void **state)
{
	struct sides s = { 0 };
	struct session_job *job;

	(void)state;
	agreed(&s);
	assert_int_equal(intra_attest(s.side[SERVER], NULL), INTRA_WAIT);
	job = intra_job_take(s.side[SERVER], 0);
	intra_cancel(s.side[SERVER]);
	assert_int_equal(intra_attest(s.side[SERVER], NULL), INTRA_STOP);
	intra_job_done(s.side[SERVER], &job);
	assert_int_equal(intra_attest(s.side[SERVER], NULL), INTRA_STOP);
	sides_free(&s);
}

/* A client that offers nothing any more after a retry has offered nothing. */
static void
test_offer_withdrawn(void **state)
{
	struct sides s = { 0 };

	(void)state;
	produces(&s, SERVER, &scheme_a, 1);
	demands(&s, CLIENT, &scheme_a, 1);
	produces(&s, CLIENT, &scheme_b, 1);
	demands(&s, SERVER, &scheme_b, 1);
	sides_new(&s);
	assert_int_equal(carry(&s, CLIENT, INTRA_CLIENT_HELLO), 0);
	assert_int_equal(intra_observe(s.side[SERVER],
			     span_of(client_hello, sizeof(client_hello)), NULL),
	    0);
	assert_int_equal(
	    intra_observe(s.side[SERVER], span_of(retry, sizeof(retry)), NULL),
	    0);
	assert_int_equal(carry(&s, SERVER, INTRA_ENCRYPTED_EXTENSIONS), 0);
	assert_int_equal(s.content.n, 0);
	assert_int_equal(intra_attest(s.side[SERVER], NULL), INTRA_GO);
	assert_int_equal(
	    carry(&s, SERVER, INTRA_CERTIFICATE_REQUEST), SEAL_E_UNSUPPORTED);
	assert_int_equal(intra_alert(s.side[SERVER]), 116);
	sides_free(&s);
}

/* RFC 8446 s4.1.2: none after a retry where there was none before, were the
 * retry itself not seen. */
static void
test_offer_late(void **state)
{
	static const struct {
		const char *name;
		bool first, seen; /* an offer; the retry */
		int want;
	} cases[] = {
		{ "in both hellos", true, true, 0 },
		{ "in the second alone", false, true, SEAL_E_PROTOCOL },
		{ "in the second alone, retry unseen", false, false,
		    SEAL_E_PROTOCOL },
	};
	struct span hello = { client_hello, sizeof(client_hello) };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sides s = { 0 };
		int r;

		produces(&s, SERVER, &scheme_a, 1);
		demands(&s, CLIENT, &scheme_a, 1);
		sides_new(&s);
		assert_int_equal(intra_observe(s.side[SERVER], hello, NULL), 0);
		if (cases[i].first)
			assert_int_equal(
			    carry(&s, CLIENT, INTRA_CLIENT_HELLO), 0);
		if (cases[i].seen)
			assert_int_equal(
			    intra_observe(s.side[SERVER],
				span_of(retry, sizeof(retry)), NULL),
			    0);
		assert_int_equal(intra_observe(s.side[SERVER], hello, NULL),
		    cases[i].seen ? 0 : SEAL_E_PROTOCOL);
		r = carry(&s, CLIENT, INTRA_CLIENT_HELLO);
		if (r != cases[i].want)
			fail_msg(
			    "%s: %d: %s", cases[i].name, r, s.d[SERVER].text);
		if (r != 0)
			assert_int_equal(intra_alert(s.side[SERVER]), 47);
		sides_free(&s);
	}
}

/* Before ServerHello there is no binder, and so no job. */
static void
test_no_transcript(void **state)
{
	struct sides s = { 0 };

	(void)state;
	produces(&s, SERVER, &scheme_a, 1);
	demands(&s, CLIENT, &scheme_a, 1);
	sides_new(&s);
	assert_int_equal(carry(&s, CLIENT, INTRA_CLIENT_HELLO), 0);
	assert_int_equal(intra_attest(s.side[SERVER], NULL), INTRA_WAIT);
	assert_null(intra_job_take(s.side[SERVER], 0));
	assert_false(intra_waiting(s.side[SERVER]));
	assert_int_equal(carry(&s, SERVER, INTRA_CERTIFICATE), 0);
	assert_int_equal(s.content.n, 0);
	sides_free(&s);
}

/* ---- Schemes ---- */

static void
test_choose(void **state)
{
	struct scheme_list theirs = { 2,
		{ { 0, STR("Application/B") }, { 1, STR("verifier") } } };
	size_t i = 9;

	(void)state;
	assert_true(scheme_choose(scheme_ab, 2, &theirs, &i));
	assert_int_equal(i, 1);
	assert_true(scheme_choose(&scheme_result, 1, &theirs, &i));
	assert_false(scheme_choose(&scheme_a, 1, &theirs, &i));
	/* A result of that name is no Evidence of that type. */
	theirs.items[0].kind = 1;
	assert_false(scheme_choose(scheme_ab, 2, &theirs, &i));
	theirs.items[0].kind = SCHEME_OTHER;
	assert_false(scheme_choose(scheme_ab, 2, &theirs, &i));
	theirs.items[0] = (struct scheme){ 0 };
	assert_false(scheme_choose(&theirs.items[0], 1, &theirs, &i));
}

/* ---- The transcript ---- */

static void
test_transcript_retry(void **state)
{
	struct span hello = { client_hello, sizeof(client_hello) };
	struct span again = { retry, sizeof(retry) };
	struct span last = { server_hello, sizeof(server_hello) };
	uint8_t first[4 + HASH_MAX] = { 254, 0, 0, 32 };
	struct span all[] = { { first, 36 }, again, hello, last };
	uint8_t want[HASH_MAX], got[HASH_MAX];
	enum hash h = HASH_NONE;
	struct transcript t;

	(void)state;
	transcript_init(&t);
	assert_int_equal(transcript_add(&t, hello, NULL), 0);
	assert_int_equal(transcript_add(&t, again, NULL), 0);
	assert_false(transcript_hash(&t, &h, got));
	assert_int_equal(transcript_add(&t, hello, NULL), 0);
	assert_int_equal(transcript_add(&t, last, NULL), 0);
	/* What follows changes nothing. */
	assert_int_equal(transcript_add(&t, hello, NULL), 0);
	assert_true(transcript_hash(&t, &h, got));
	assert_int_equal(h, HASH_SHA256);
	assert_int_equal(hash_one(h, hello, first + 4, NULL), 0);
	assert_int_equal(hash_parts(h, all, 4, want, NULL), 0);
	assert_memory_equal(got, want, 32);
	transcript_free(&t);
}

/* 'c'lient's hello, 'r'etry, 's'erver's hello. */
static struct span
message_of(char c)
{
	return c == 'c'   ? span_of(client_hello, sizeof(client_hello))
	       : c == 'r' ? span_of(retry, sizeof(retry))
			  : span_of(server_hello, sizeof(server_hello));
}

/* What is out of order is refused, and after a hello too many all else. */
static void
test_transcript_order(void **state)
{
	static const struct {
		const char *taken, *refused;
	} cases[] = {
		{ "cs", "" },
		{ "crcs", "" },
		{ "", "s" },
		{ "", "r" },
		{ "c", "ccrs" },
		{ "cr", "s" },
		{ "cr", "r" },
		{ "crc", "crs" },
		{ "crc", "r" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *taken = cases[i].taken, *refused = cases[i].refused;
		struct transcript t;
		uint8_t got[HASH_MAX];
		enum hash h;

		transcript_init(&t);
		for (const char *c = taken; *c != '\0'; c++)
			if (transcript_add(&t, message_of(*c), NULL) != 0)
				fail_msg("%s: %s", taken, c);
		for (const char *c = refused; *c != '\0'; c++)
			if (transcript_add(&t, message_of(*c), NULL) !=
			    SEAL_E_PROTOCOL)
				fail_msg("%s, not %s: %s", taken, refused, c);
		assert_int_equal(
		    transcript_hash(&t, &h, got), *refused == '\0');
		transcript_free(&t);
	}
}

static void
test_transcript_refused(void **state)
{
	uint8_t other[sizeof(server_hello)];
	struct transcript t;

	(void)state;
	transcript_init(&t);
	for (size_t n = 0; n < sizeof(server_hello); n++)
		assert_int_equal(
		    transcript_add(&t, span_of(server_hello, n), NULL),
		    SEAL_E_DECODE);
	memcpy(other, server_hello, sizeof(other));
	other[40] = 0x99; /* a suite that is none */
	assert_int_equal(
	    transcript_add(&t, span_of(other, sizeof(other)), NULL),
	    SEAL_E_TLS);
	transcript_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutual),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_reveal_after_peer),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_choice_without_offer),
		cmocka_unit_test(test_cmw),
		cmocka_unit_test(test_no_evidence),
		cmocka_unit_test(test_client_without),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_offer_withdrawn),
		cmocka_unit_test(test_offer_late),
		cmocka_unit_test(test_no_transcript),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_transcript_retry),
		cmocka_unit_test(test_transcript_order),
		cmocka_unit_test(test_transcript_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
