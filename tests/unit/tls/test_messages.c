/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "tls/frame.h"
#include "tls/hello.h"
#include "tls/outcome_msg.h"

/* ---- Frames ---- */

struct frame_case {
	const char *name;
	struct span in;
	int want; /* of the first frame_next() */
	uint8_t type;
	size_t n;
};

static const struct frame_case frame_cases[] = {
	{ "empty data", HEX(5, 0, 0, 0), 1, FRAME_DATA, 0 },
	{ "data", HEX(5, 0, 0, 2, 7, 8), 1, FRAME_DATA, 2 },
	{ "more behind", HEX(5, 0, 0, 1, 7, 8), 1, FRAME_DATA, 1 },
	{ "nothing", STR(""), 0 },
	{ "half a header", HEX(5, 0, 0), 0 },
	{ "half a body", HEX(5, 0, 0, 2, 7), 0 },
	{ "type 0", HEX(0, 0, 0, 0), SEAL_E_PROTOCOL },
	{ "type 7", HEX(7, 0, 0, 0), SEAL_E_PROTOCOL },
	{ "type 255", HEX(255, 0, 0, 0), SEAL_E_PROTOCOL },
	{ "hello over 4 KiB", HEX(1, 0, 0x10, 1), SEAL_E_PROTOCOL },
	{ "request over 4 KiB", HEX(2, 0, 0x10, 1), SEAL_E_PROTOCOL },
	{ "authenticator over 128 KiB", HEX(3, 2, 0, 1), SEAL_E_PROTOCOL },
	{ "verdict over 512", HEX(4, 0, 2, 1), SEAL_E_PROTOCOL },
	{ "data over a record", HEX(5, 0, 0x3f, 0xfd), SEAL_E_PROTOCOL },
	{ "close over 512", HEX(6, 0, 2, 1), SEAL_E_PROTOCOL },
	{ "authenticator of 128 KiB, to come", HEX(3, 2, 0, 0), 0 },
	{ NULL },
};

static void
frames(void **state)
{
	(void)state;
	for (const struct frame_case *c = frame_cases; c->name != NULL; c++) {
		struct frame_reader r = { 0 };
		struct seal_diag d = { 0 };
		struct span in = c->in;
		struct frame f;
		int got = frame_next(&r, &in, &f, &d);

		if (got != c->want)
			fail_msg("%s: got %d (%s)", c->name, got, d.text);
		if (got == 1 && (f.type != c->type || f.body.n != c->n))
			fail_msg("%s: other frame", c->name);
		frame_reader_free(&r);
	}
}

/* Cut at every byte, the same frames come out; nothing is held after. */
static void
frames_cut(void **state)
{
	static const uint8_t all[] = { 5, 0, 0, 3, 1, 2, 3, 5, 0, 0, 0, 6, 0, 0,
		1, 9 };

	(void)state;
	for (size_t cut = 0; cut <= sizeof(all); cut++) {
		struct frame_reader r = { 0 };
		size_t frames = 0, bytes = 0;

		for (int part = 0; part < 2; part++) {
			struct span in =
			    part == 0 ? span_of(all, cut)
				      : span_of(all + cut, sizeof(all) - cut);
			struct frame f;

			while (frame_next(&r, &in, &f, NULL) == 1) {
				frames++;
				bytes += f.body.n;
			}
			assert_int_equal(in.n, 0);
		}
		assert_int_equal(frames, 3);
		assert_int_equal(bytes, 4);
		assert_null(r.body);
		frame_reader_free(&r);
	}
}

/* ---- HELLO ---- */

#define TYPE 0x63, 'a', '/', 'b'
#define LIST 0x81, 0x82, 0, TYPE
#define GOOD 1, 1, 2, LIST, 3, LIST, 4, 0xf5

struct hello_case {
	const char *name;
	struct span in;
	int want;
};

static const struct hello_case hello_cases[] = {
	{ "as it should be", HEX(0xa4, GOOD), 0 },
	{ "in any order", HEX(0xa4, 4, 0xf5, 3, LIST, 2, LIST, 1, 1), 0 },
	{ "a verifier's scheme",
	    HEX(0xa4, 1, 1, 2, 0x81, 0x82, 1, TYPE, 3, 0x80, 4, 0xf4), 0 },
	{ "inner protocols", HEX(0xa5, GOOD, 5, 0x82, 0x61, 'x', 0x61, 'y'),
	    0 },
	{ "reveals after", HEX(0xa5, GOOD, 6, 0xf5), 0 },
	{ "unknown key", HEX(0xa5, GOOD, 0x18, 99, 0x83, 1, 2, 3), 0 },
	{ "unknown text key", HEX(0xa5, GOOD, 0x61, 'k', 0xf6), 0 },
	{ "unknown negative key", HEX(0xa5, GOOD, 0x20, 0xf6), 0 },

	{ "trailing byte", HEX(0xa4, GOOD, 0), SEAL_E_PROTOCOL },
	{ "key twice", HEX(0xa5, GOOD, 4, 0xf5), SEAL_E_PROTOCOL },
	{ "unknown key twice", HEX(0xa6, GOOD, 9, 1, 9, 2), SEAL_E_PROTOCOL },
	{ "no version", HEX(0xa3, 2, LIST, 3, LIST, 4, 0xf5), SEAL_E_PROTOCOL },
	{ "no produce", HEX(0xa3, 1, 1, 3, LIST, 4, 0xf5), SEAL_E_PROTOCOL },
	{ "no accept", HEX(0xa3, 1, 1, 2, LIST, 4, 0xf5), SEAL_E_PROTOCOL },
	{ "no require", HEX(0xa3, 1, 1, 2, LIST, 3, LIST), SEAL_E_PROTOCOL },
	{ "version 2", HEX(0xa4, 1, 2, 2, LIST, 3, LIST, 4, 0xf5),
	    SEAL_E_UNSUPPORTED },
	{ "version is text", HEX(0xa4, 1, 0x61, '1', 2, LIST, 3, LIST, 4, 0xf5),
	    SEAL_E_PROTOCOL },
	{ "require is a number", HEX(0xa4, 1, 1, 2, LIST, 3, LIST, 4, 1),
	    SEAL_E_PROTOCOL },
	{ "scheme of one", HEX(0xa4, 1, 1, 2, 0x81, 0x81, 0, 3, LIST, 4, 0xf5),
	    SEAL_E_PROTOCOL },
	{ "scheme of kind 2",
	    HEX(0xa4, 1, 1, 2, 0x81, 0x82, 2, TYPE, 3, LIST, 4, 0xf5),
	    SEAL_E_PROTOCOL },
	{ "scheme without a name",
	    HEX(0xa4, 1, 1, 2, 0x81, 0x82, 0, 0x60, 3, LIST, 4, 0xf5),
	    SEAL_E_PROTOCOL },
	{ "schemes without end", HEX(0xa4, 1, 1, 2, 0x9a, 255, 255, 255, 255),
	    SEAL_E_PROTOCOL },
	{ "inner protocol without a name", HEX(0xa5, GOOD, 5, 0x81, 0x60),
	    SEAL_E_PROTOCOL },
	{ "reveals after nobody",
	    HEX(0xa5, 1, 1, 2, LIST, 3, LIST, 4, 0xf4, 6, 0xf5),
	    SEAL_E_PROTOCOL },
	{ "array", HEX(0x80), SEAL_E_PROTOCOL },
	{ "empty", STR(""), SEAL_E_PROTOCOL },
	{ NULL },
};

static void
hellos(void **state)
{
	(void)state;
	for (const struct hello_case *c = hello_cases; c->name != NULL; c++) {
		struct seal_diag d = { 0 };
		struct hello h;
		int r = hello_parse(c->in, &h, &d);

		if (r != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		/* No prefix of a good message may pass. */
		for (size_t n = 0; c->want == 0 && n < c->in.n; n++)
			assert_int_not_equal(
			    hello_parse(span_of(c->in.p, n), &h, NULL), 0);
	}
}

static void
too_many_schemes(void **state)
{
	struct hello h;
	struct wr w;

	(void)state;
	for (unsigned n = LIMIT_SCHEMES; n <= LIMIT_SCHEMES + 1; n++) {
		struct scheme list[LIMIT_SCHEMES + 1];
		struct session_conf conf = { .produce = list, .n_produce = n };

		for (unsigned i = 0; i < n; i++)
			list[i] = (struct scheme){ 0, span_str("a/b") };
		wr_init_heap(&w, 4096);
		hello_write(&w, &conf);
		assert_int_equal(hello_parse(wr_view(&w), &h, NULL),
		    n == LIMIT_SCHEMES ? 0 : SEAL_E_PROTOCOL);
		wr_free(&w);
	}
}

static void
choosing(void **state)
{
	static const struct scheme want[] = {
		{ 0, STR("a/x") },
		{ 0, STR("a/y; p=Q") },
	};
	static const struct scheme have[] = {
		{ 1, STR("a/x") },
		{ 0, STR("A/Y; p=Q") },
	};
	static const struct scheme other[] = { { 0, STR("a/y; p=q") } };
	size_t i = 77;

	(void)state;
	assert_true(hello_choose(want, 2, have, 2, &i));
	assert_int_equal(i, 1);
	assert_false(hello_choose(want, 2, other, 1, &i));
	assert_false(hello_choose(want, 0, have, 2, &i));
}

static void
choosing_alpn(void **state)
{
	static const struct span server[] = { STR("h3"), STR("h2") };
	static const struct span client[] = { STR("h2"), STR("h3") };
	static const struct span other[] = { STR("x") };
	struct span got;

	(void)state;
	assert_int_equal(
	    hello_choose_alpn(server, 2, client, 2, &got, NULL), 0);
	assert_true(span_is(got, "h3"));
	assert_int_equal(hello_choose_alpn(server, 2, other, 1, &got, NULL),
	    SEAL_E_UNSUPPORTED);
	assert_int_equal(hello_choose_alpn(server, 2, NULL, 0, &got, NULL),
	    SEAL_E_UNSUPPORTED);
	assert_int_equal(hello_choose_alpn(NULL, 0, client, 2, &got, NULL),
	    SEAL_E_UNSUPPORTED);
	assert_int_equal(hello_choose_alpn(NULL, 0, NULL, 0, &got, NULL), 0);
	assert_int_equal(got.n, 0);
}

/* ---- VERDICT and CLOSE ---- */

struct verdict_case {
	const char *name;
	struct span in;
	int want;
	enum seal_outcome outcome;
};

static const struct verdict_case verdict_cases[] = {
	{ "accepted", HEX(0xa3, 0, 1, 1, 0x18, 60, 2, 0x41, 9), 0,
	    SEAL_ACCEPTED },
	{ "refused", HEX(0xa2, 0, 2, 2, 0x41, 9), 0, SEAL_REFUSED_POLICY },
	{ "unknown code refuses", HEX(0xa2, 0, 0x18, 99, 2, 0x41, 9), 0,
	    SEAL_REFUSED_POLICY },
	{ "huge code refuses",
	    HEX(0xa2, 0, 0x1b, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0x41, 9), 0,
	    SEAL_REFUSED_POLICY },
	{ "unknown key", HEX(0xa3, 0, 2, 2, 0x41, 9, 7, 0xf6), 0,
	    SEAL_REFUSED_POLICY },
	{ "accepted without lease", HEX(0xa2, 0, 1, 2, 0x41, 9),
	    SEAL_E_PROTOCOL },
	{ "lease zero", HEX(0xa3, 0, 1, 1, 0, 2, 0x41, 9), SEAL_E_PROTOCOL },
	{ "lease beyond 32 bits",
	    HEX(0xa3, 0, 1, 1, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0x41, 9),
	    SEAL_E_PROTOCOL },
	{ "zero", HEX(0xa2, 0, 0, 2, 0x41, 9), SEAL_E_PROTOCOL },
	{ "no code", HEX(0xa1, 2, 0x41, 9), SEAL_E_PROTOCOL },
	{ "no context", HEX(0xa1, 0, 2), SEAL_E_PROTOCOL },
	{ "code twice", HEX(0xa3, 0, 2, 0, 3, 2, 0x41, 9), SEAL_E_PROTOCOL },
	{ "trailing", HEX(0xa2, 0, 2, 2, 0x41, 9, 0), SEAL_E_PROTOCOL },
	{ "code is text", HEX(0xa2, 0, 0x61, '1', 2, 0x41, 9),
	    SEAL_E_PROTOCOL },
	{ "empty", STR(""), SEAL_E_PROTOCOL },
	{ NULL },
};

static void
verdicts(void **state)
{
	(void)state;
	for (const struct verdict_case *c = verdict_cases; c->name != NULL;
	     c++) {
		struct seal_diag d = { 0 };
		struct verdict_msg m;
		int r = verdict_msg_parse(c->in, &m, &d);

		if (r != c->want || (r == 0 && m.outcome != c->outcome))
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		for (size_t n = 0; c->want == 0 && n < c->in.n; n++)
			assert_int_not_equal(
			    verdict_msg_parse(span_of(c->in.p, n), &m, NULL),
			    0);
	}
}

static void
closes(void **state)
{
	const struct {
		const char *name;
		struct span in;
		int want;
		enum seal_outcome outcome;
	} rows[] = {
		{ "normal", HEX(0xa1, 0, 10), 0, SEAL_CLOSED },
		{ "with a text", HEX(0xa2, 0, 5, 1, 0x61, 'x'), 0, SEAL_STALE },
		{ "never accepts", HEX(0xa1, 0, 1), 0, SEAL_REFUSED_POLICY },
		{ "zero", HEX(0xa1, 0, 0), SEAL_E_PROTOCOL },
		{ "no code", HEX(0xa0), SEAL_E_PROTOCOL },
		{ "text is bytes", HEX(0xa2, 0, 5, 1, 0x41, 'x'),
		    SEAL_E_PROTOCOL },
		{ "trailing", HEX(0xa1, 0, 10, 0), SEAL_E_PROTOCOL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum seal_outcome outcome = SEAL_INVALID;

		if (close_msg_parse(rows[i].in, &outcome, NULL) !=
			rows[i].want ||
		    outcome != rows[i].outcome)
			fail_msg("%s", rows[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(frames_cut),
		cmocka_unit_test(hellos),
		cmocka_unit_test(too_many_schemes),
		cmocka_unit_test(choosing),
		cmocka_unit_test(choosing_alpn),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
