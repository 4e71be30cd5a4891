/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "format/comid.h"

/* Parts of rows: an environment {0: {2: "m"}}, a measurement {1: {1: 1}}. */
#define ENV 0xa1, 0, 0xa1, 2, 0x61, 'm'
#define ONE 0xa1, 1, 0xa1, 1, 1
/* A measurement with these values. */
#define VALUES(...) 0x82, ENV, 0x81, 0xa1, 1, __VA_ARGS__
#define REF(...) HEX(0xa1, 0, 0x81, VALUES(__VA_ARGS__))
#define KEYS(...) HEX(0xa1, 3, 0x81, 0x82, ENV, 0x81, __VA_ARGS__)
#define SHA256_OF_7                                                          \
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, \
	    7, 7, 7, 7, 7, 7, 7, 7, 7

struct triples_case {
	const char *name;
	struct span triples; /* stands as key 4 of a tag with an identity */
	int want;
	size_t unused;
};

static const struct triples_case cases[] = {
	{ "reference", REF(0xa1, 1, 1), 0 },
	{ "endorsed", HEX(0xa1, 1, 0x81, 0x82, ENV, 0x81, ONE), 0 },
	{ "svn 552", REF(0xa1, 1, 0xd9, 2, 0x28, 3), 0 },
	{ "svn 553", REF(0xa1, 1, 0xd9, 2, 0x29, 3), 0 },
	{ "digest", REF(0xa1, 2, 0x81, 0x82, 1, 0x58, 32, SHA256_OF_7), 0 },
	{ "digest named by text",
	    REF(0xa1, 2, 0x81, 0x82, 0x67, 's', 'h', 'a', '-', '2', '5', '6',
		0x58, 32, SHA256_OF_7),
	    0 },
	{ "digest of an unknown algorithm",
	    REF(0xa1, 2, 0x81, 0x82, 0x61, 'x', 0x41, 7), 0 },
	{ "flags", REF(0xa1, 3, 0xa1, 0, 0xf5), 0 },
	{ "raw", REF(0xa1, 4, 0xd9, 2, 0x30, 0x41, 7), 0 },
	{ "raw plain", REF(0xa1, 4, 0x41, 7), 0 },
	{ "raw masked", REF(0xa1, 4, 0xd9, 2, 0x33, 0x82, 0x41, 7, 0x41, 1),
	    0 },
	{ "raw with an old mask", REF(0xa2, 4, 0x41, 7, 5, 0x41, 1), 0 },
	{ "registers", REF(0xa1, 14, 0xa1, 0, 0x81, 0x82, 6, 0x41, 1), 0 },
	{ "range", REF(0xa1, 15, 0xd9, 2, 0x34, 0x82, 1, 0xf6), 0 },
	{ "range of a number", REF(0xa1, 15, 1), 0 },
	{ "a profile's value", REF(0xa1, 0x20, 1), 0 },
	{ "key PEM", KEYS(0xd9, 2, 0x2a, 0x61, 'k'), 0 },
	{ "key thumbprint", KEYS(0xd9, 2, 0x2d, 0x82, 6, 0x41, 7), 0 },
	{ "key bytes", KEYS(0xd9, 2, 0x30, 0x41, 7), 0 },
	{ "key COSE", KEYS(0xd9, 2, 0x2e, 0xa0), 0 },
	{ "key DER", KEYS(0xd9, 2, 0x32, 0x41, 7), 0 },
	{ "key of a profile", KEYS(0xd9, 0x20, 0, 7), 0 },
	{ "key with conditions",
	    HEX(0xa1, 3, 0x81, 0x83, ENV, 0x81, 0xd9, 2, 0x30, 0x41, 7, 0xa0),
	    0 },
	{ "kinds that are not used", HEX(0xa2, 4, 0x82, 1, 2, 0x18, 99, 0), 0,
	    3 },
	{ "a kind named by text", HEX(0xa1, 0x61, 'x', 0x81, 7), 0, 1 },

	{ "no kind", HEX(0xa0), SEAL_E_DECODE },
	{ "no triple", HEX(0xa1, 0, 0x80), SEAL_E_DECODE },
	{ "no triple of one kind",
	    HEX(0xa2, 0, 0x80, 1, 0x81, 0x82, ENV, 0x81, ONE), SEAL_E_DECODE },
	{ "no array", HEX(0xa1, 0, 0xa0), SEAL_E_DECODE },
	{ "kind twice",
	    HEX(0xa2, 0, 0x81, 0x82, ENV, 0x81, ONE, 0, 0x81, 0x82, ENV, 0x81,
		ONE),
	    SEAL_E_DECODE },
	{ "triple of one", HEX(0xa1, 0, 0x81, 0x81, ENV), SEAL_E_DECODE },
	{ "reference of three", HEX(0xa1, 0, 0x81, 0x83, ENV, 0x81, ONE, 0xa0),
	    SEAL_E_DECODE },
	{ "key triple of four",
	    HEX(0xa1, 3, 0x81, 0x84, ENV, 0x81, 0xd9, 2, 0x30, 0x41, 7, 0xa0,
		0xa0),
	    SEAL_E_DECODE },
	{ "conditions no map",
	    HEX(0xa1, 3, 0x81, 0x83, ENV, 0x81, 0xd9, 2, 0x30, 0x41, 7, 0x80),
	    SEAL_E_DECODE },
	{ "environment empty", HEX(0xa1, 0, 0x81, 0x82, 0xa0, 0x81, ONE),
	    SEAL_E_DECODE },
	{ "class empty", HEX(0xa1, 0, 0x81, 0x82, 0xa1, 0, 0xa0, 0x81, ONE),
	    SEAL_E_DECODE },
	{ "vendor no text",
	    HEX(0xa1, 0, 0x81, 0x82, 0xa1, 0, 0xa1, 1, 7, 0x81, ONE),
	    SEAL_E_DECODE },
	{ "layer no number",
	    HEX(0xa1, 0, 0x81, 0x82, 0xa1, 0, 0xa1, 3, 0x61, '7', 0x81, ONE),
	    SEAL_E_DECODE },
	{ "class field twice",
	    HEX(0xa1, 0, 0x81, 0x82, 0xa1, 0, 0xa2, 3, 7, 3, 8, 0x81, ONE),
	    SEAL_E_DECODE },
	{ "no measurement", HEX(0xa1, 0, 0x81, 0x82, ENV, 0x80),
	    SEAL_E_DECODE },
	{ "measurement no map", HEX(0xa1, 0, 0x81, 0x82, ENV, 0x81, 0x80),
	    SEAL_E_DECODE },
	{ "measurement without values",
	    HEX(0xa1, 0, 0x81, 0x82, ENV, 0x81, 0xa1, 0, 7), SEAL_E_DECODE },
	{ "values empty", REF(0xa0), SEAL_E_DECODE },
	{ "value twice", REF(0xa2, 1, 1, 1, 2), SEAL_E_DECODE },
	{ "svn text", REF(0xa1, 1, 0x61, '1'), SEAL_E_DECODE },
	{ "svn negative", REF(0xa1, 1, 0x20), SEAL_E_DECODE },
	{ "svn under another tag", REF(0xa1, 1, 0xd9, 2, 0x30, 1),
	    SEAL_E_DECODE },
	{ "digests empty", REF(0xa1, 2, 0x80), SEAL_E_DECODE },
	{ "digest without value", REF(0xa1, 2, 0x81, 0x81, 1), SEAL_E_DECODE },
	{ "digest of no bytes", REF(0xa1, 2, 0x81, 0x82, 6, 0x40),
	    SEAL_E_DECODE },
	{ "digest too short for SHA-256", REF(0xa1, 2, 0x81, 0x82, 1, 0x41, 7),
	    SEAL_E_DECODE },
	{ "digest too short for sha-384",
	    REF(0xa1, 2, 0x81, 0x82, 0x67, 's', 'h', 'a', '-', '3', '8', '4',
		0x58, 32, SHA256_OF_7),
	    SEAL_E_DECODE },
	{ "digest algorithm 0", REF(0xa1, 2, 0x81, 0x82, 0, 0x41, 7),
	    SEAL_E_DECODE },
	{ "digest algorithm without name",
	    REF(0xa1, 2, 0x81, 0x82, 0x60, 0x41, 7), SEAL_E_DECODE },
	{ "digest value text", REF(0xa1, 2, 0x81, 0x82, 6, 0x61, 7),
	    SEAL_E_DECODE },
	{ "flags empty", REF(0xa1, 3, 0xa0), SEAL_E_DECODE },
	{ "raw empty", REF(0xa1, 4, 0xd9, 2, 0x30, 0x40), SEAL_E_DECODE },
	{ "raw text", REF(0xa1, 4, 0xd9, 2, 0x30, 0x61, 'x'), SEAL_E_DECODE },
	{ "raw of another tag", REF(0xa1, 4, 0xd9, 2, 0x31, 0x41, 7),
	    SEAL_E_DECODE },
	{ "mask shorter than its value",
	    REF(0xa1, 4, 0xd9, 2, 0x33, 0x82, 0x42, 7, 7, 0x41, 1),
	    SEAL_E_DECODE },
	{ "mask empty", REF(0xa1, 4, 0xd9, 2, 0x33, 0x82, 0x41, 7, 0x40),
	    SEAL_E_DECODE },
	{ "old mask shorter", REF(0xa2, 4, 0x42, 7, 7, 5, 0x41, 1),
	    SEAL_E_DECODE },
	{ "old mask alone", REF(0xa1, 5, 0x41, 1), SEAL_E_DECODE },
	{ "two masks",
	    REF(0xa2, 4, 0xd9, 2, 0x33, 0x82, 0x41, 7, 0x41, 1, 5, 0x41, 1),
	    SEAL_E_DECODE },
	{ "registers empty", REF(0xa1, 14, 0xa0), SEAL_E_DECODE },
	{ "register without digest", REF(0xa1, 14, 0xa1, 0, 0x80),
	    SEAL_E_DECODE },
	{ "range upside down", REF(0xa1, 15, 0xd9, 2, 0x34, 0x82, 2, 1),
	    SEAL_E_DECODE },
	{ "range of one", REF(0xa1, 15, 0xd9, 2, 0x34, 0x81, 2),
	    SEAL_E_DECODE },
	{ "range of text", REF(0xa1, 15, 0x61, '2'), SEAL_E_DECODE },
	{ "authority empty",
	    HEX(0xa1, 0, 0x81, 0x82, ENV, 0x81, 0xa2, 1, 0xa1, 1, 1, 2, 0x80),
	    SEAL_E_DECODE },
	{ "authority no key",
	    HEX(0xa1, 0, 0x81, 0x82, ENV, 0x81, 0xa2, 1, 0xa1, 1, 1, 2, 0x81,
		7),
	    SEAL_E_DECODE },
	{ "no key", HEX(0xa1, 3, 0x81, 0x82, ENV, 0x80), SEAL_E_DECODE },
	{ "key without tag", KEYS(0x61, 'k'), SEAL_E_DECODE },
	{ "key PEM of bytes", KEYS(0xd9, 2, 0x2a, 0x41, 7), SEAL_E_DECODE },
	{ "key PEM empty", KEYS(0xd9, 2, 0x2a, 0x60), SEAL_E_DECODE },
	{ "key DER of text", KEYS(0xd9, 2, 0x32, 0x61, 'k'), SEAL_E_DECODE },
	{ "key thumbprint no digest", KEYS(0xd9, 2, 0x2d, 0x41, 7),
	    SEAL_E_DECODE },
	{ "key COSE no map", KEYS(0xd9, 2, 0x2e, 0x41, 7), SEAL_E_DECODE },
	{ NULL },
};

static void
build(struct span triples, struct wr *w)
{
	cbor_put_map(w, 2);
	cbor_put_int(w, 1);
	cbor_put_map(w, 1);
	cbor_put_int(w, 0);
	cbor_put_text(w, span_str("t"));
	cbor_put_int(w, 4);
	wr_bytes(w, triples);
}

static void
triples(void **state)
{
	uint8_t buf[512];
	struct wr w;

	(void)state;
	for (const struct triples_case *c = cases; c->name != NULL; c++) {
		struct comid got = { .version = 77 };
		struct seal_diag d = { 0 };
		int r;

		wr_init(&w, buf, sizeof(buf));
		build(c->triples, &w);
		if ((r = comid_parse(wr_view(&w), &got, &d)) != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		if (r != 0 && got.version != 77)
			fail_msg("%s: output touched", c->name);
		if (r == 0 && got.n_unused != c->unused)
			fail_msg("%s: %zu unused", c->name, got.n_unused);
		for (size_t n = 0; r == 0 && n < w.n; n++)
			if (comid_parse(span_of(buf, n), &got, NULL) == 0)
				fail_msg("%s: passes cut at %zu", c->name, n);
	}
}

struct tag_case {
	const char *name;
	struct span in;
	int want;
};

#define TRIPLES 4, 0xa1, 0, 0x81, 0x82, ENV, 0x81, ONE
#define UUID 0x50, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16

static const struct tag_case tags[] = {
	{ "text id", HEX(0xa2, 1, 0xa1, 0, 0x61, 't', TRIPLES), 0 },
	{ "UUID", HEX(0xa2, 1, 0xa1, 0, UUID, TRIPLES), 0 },
	{ "UUID with its tag", HEX(0xa2, 1, 0xa1, 0, 0xd8, 37, UUID, TRIPLES),
	    0 },
	{ "version", HEX(0xa2, 1, 0xa2, 0, 0x61, 't', 1, 7, TRIPLES), 0 },
	{ "language",
	    HEX(0xa3, 0, 0x62, 'd', 'e', 1, 0xa1, 0, 0x61, 't', TRIPLES), 0 },
	{ "out of order", HEX(0xa2, TRIPLES, 1, 0xa1, 0, 0x61, 't'), 0 },
	{ "no identity", HEX(0xa1, TRIPLES), SEAL_E_DECODE },
	{ "no triples", HEX(0xa1, 1, 0xa1, 0, 0x61, 't'), SEAL_E_DECODE },
	{ "identity without id", HEX(0xa2, 1, 0xa1, 1, 7, TRIPLES),
	    SEAL_E_DECODE },
	{ "id empty", HEX(0xa2, 1, 0xa1, 0, 0x60, TRIPLES), SEAL_E_DECODE },
	{ "UUID short", HEX(0xa2, 1, 0xa1, 0, 0x42, 1, 2, TRIPLES),
	    SEAL_E_DECODE },
	{ "UUID of another tag", HEX(0xa2, 1, 0xa1, 0, 0xd8, 38, UUID, TRIPLES),
	    SEAL_E_DECODE },
	{ "version text",
	    HEX(0xa2, 1, 0xa2, 0, 0x61, 't', 1, 0x61, '7', TRIPLES),
	    SEAL_E_DECODE },
	{ "language number", HEX(0xa3, 0, 1, 1, 0xa1, 0, 0x61, 't', TRIPLES),
	    SEAL_E_DECODE },
	{ "identity twice",
	    HEX(0xa3, 1, 0xa1, 0, 0x61, 't', 1, 0xa1, 0, 0x61, 'u', TRIPLES),
	    SEAL_E_DECODE },
	{ "byte after it", HEX(0xa2, 1, 0xa1, 0, 0x61, 't', TRIPLES, 0),
	    SEAL_E_DECODE },
	{ "no map", HEX(0x80), SEAL_E_DECODE },
	{ NULL },
};

static void
whole_tags(void **state)
{
	(void)state;
	for (const struct tag_case *c = tags; c->name != NULL; c++) {
		struct comid got;
		struct seal_diag d = { 0 };
		int r;

		if ((r = comid_parse(c->in, &got, &d)) != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		for (size_t n = 0; r == 0 && n < c->in.n; n++)
			if (comid_parse(span_of(c->in.p, n), &got, NULL) == 0)
				fail_msg("%s: passes cut at %zu", c->name, n);
	}
}

/* One way to write what the readers read. */
static void
written(void **state)
{
	struct comid_env env = { .model = HEX(0x61, 'm'),
		.layer = HEX(3),
		.instance = HEX(0xd9, 2, 0x30, 0x41, 7) };
	struct comid_measurement m = { .mkey = HEX(7),
		.val = { [COMID_SVN] = HEX(1), [COMID_RAW] = HEX(0x41, 7) } };
	static const uint8_t want_env[] = { 0xa2, 0, 0xa2, 2, 0x61, 'm', 3, 3,
		1, 0xd9, 2, 0x30, 0x41, 7 };
	static const uint8_t want_m[] = { 0xa2, 0, 7, 1, 0xa2, 1, 1, 4, 0x41,
		7 };
	uint8_t buf[64];
	struct comid_env got;
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	comid_put_env(&w, &env);
	assert_true(
	    span_equal(wr_view(&w), span_of(want_env, sizeof(want_env))));
	assert_true(cbor_deterministic(wr_view(&w)));
	assert_true(comid_env_parse(wr_view(&w), &got));
	assert_true(span_equal(got.instance, env.instance));
	assert_true(span_equal(got.layer, env.layer) && !got.other);
	wr_init(&w, buf, sizeof(buf));
	comid_put_measurement(&w, &m);
	assert_true(span_equal(wr_view(&w), span_of(want_m, sizeof(want_m))));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(triples),
		cmocka_unit_test(whole_tags),
		cmocka_unit_test(written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
