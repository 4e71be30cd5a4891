/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "format/corim.h"

#define COMID                                                                  \
	0xa2, 1, 0xa1, 0, 0x61, 't', 4, 0xa1, 0, 0x81, 0x82, 0xa1, 0, 0xa1, 2, \
	    0x61, 'm', 0x81, 0xa1, 1, 0xa1, 1, 1
#define COMID_N 23
#define TAGGED 0xd9, 1, 0xfa, 0x40 | COMID_N, COMID
#define ID 0, 0x61, 'c'
#define TAGS 1, 0x81, TAGGED
#define MORE(n, ...) HEX(0xd9, 1, 0xf5, 0xa0 | (2 + (n)), ID, TAGS, __VA_ARGS__)

struct corim_case {
	const char *name;
	struct span in;
	int want;
};

static const struct corim_case unsigned_cases[] = {
	{ "tag 501", HEX(0xd9, 1, 0xf5, 0xa2, ID, TAGS), 0 },
	{ "tags 500 and 501", HEX(0xd9, 1, 0xf4, 0xd9, 1, 0xf5, 0xa2, ID, TAGS),
	    0 },
	{ "tag 500 alone", HEX(0xd9, 1, 0xf4, 0xa2, ID, TAGS), 0 },
	{ "out of order", HEX(0xd9, 1, 0xf5, 0xa2, TAGS, ID), 0 },
	{ "profile URI", MORE(1, 3, 0xd8, 32, 0x61, 'p'), 0 },
	{ "profile OID", MORE(1, 3, 0xd8, 111, 0x41, 0x2a), 0 },
	{ "profile in an array", MORE(1, 3, 0x81, 0xd8, 32, 0x61, 'p'), 0 },
	{ "until", MORE(1, 4, 0xa1, 1, 0xc1, 7), 0 },
	{ "from and until", MORE(1, 4, 0xa2, 0, 0xc1, 1, 1, 0xc1, 7), 0 },
	{ "dependent", MORE(1, 2, 0x81, 0xa1, 0, 0xd8, 32, 0x61, 'u'), 0 },
	{ "entity", MORE(1, 5, 0x81, 0xa2, 0, 0x61, 'e', 2, 0x81, 1), 0 },
	{ "a profile's member", MORE(1, 0x20, 1), 0 },
	{ "CoSWID, CoTL and an unknown tag",
	    HEX(0xd9, 1, 0xf5, 0xa2, ID, 1, 0x83, 0xd9, 1, 0xf9, 0x41, 7, 0xd9,
		1, 0xfc, 0x41, 7, 0xd9, 0x20, 0, 7),
	    0 },

	{ "bare", HEX(0xa2, ID, TAGS), SEAL_E_DECODE },
	{ "another tag", HEX(0xd9, 1, 0xf6, 0xa2, ID, TAGS), SEAL_E_DECODE },
	{ "tag 501 twice", HEX(0xd9, 1, 0xf5, 0xd9, 1, 0xf5, 0xa2, ID, TAGS),
	    SEAL_E_DECODE },
	{ "tag 500 twice", HEX(0xd9, 1, 0xf4, 0xd9, 1, 0xf4, 0xa2, ID, TAGS),
	    SEAL_E_DECODE },
	{ "byte after it", HEX(0xd9, 1, 0xf5, 0xa2, ID, TAGS, 0),
	    SEAL_E_DECODE },
	{ "no map", HEX(0xd9, 1, 0xf5, 0x80), SEAL_E_DECODE },
	{ "no id", HEX(0xd9, 1, 0xf5, 0xa1, TAGS), SEAL_E_DECODE },
	{ "no tags", HEX(0xd9, 1, 0xf5, 0xa1, ID), SEAL_E_DECODE },
	{ "tags empty", HEX(0xd9, 1, 0xf5, 0xa2, ID, 1, 0x80), SEAL_E_DECODE },
	{ "id twice", HEX(0xd9, 1, 0xf5, 0xa3, ID, TAGS, ID), SEAL_E_DECODE },
	{ "id a number", HEX(0xd9, 1, 0xf5, 0xa2, 0, 7, TAGS), SEAL_E_DECODE },
	{ "tag without number", HEX(0xd9, 1, 0xf5, 0xa2, ID, 1, 0x81, 0x41, 7),
	    SEAL_E_DECODE },
	{ "CoMID no bytes",
	    HEX(0xd9, 1, 0xf5, 0xa2, ID, 1, 0x81, 0xd9, 1, 0xfa, 0xa0),
	    SEAL_E_DECODE },
	{ "CoMID malformed",
	    HEX(0xd9, 1, 0xf5, 0xa2, ID, 1, 0x81, 0xd9, 1, 0xfa, 0x41, 0xa0),
	    SEAL_E_DECODE },
	{ "second CoMID malformed",
	    HEX(0xd9, 1, 0xf5, 0xa2, ID, 1, 0x82, TAGGED, 0xd9, 1, 0xfa, 0x41,
		0xa0),
	    SEAL_E_DECODE },
	{ "profile twice", MORE(2, 3, 0x61, 'p', 3, 0x61, 'q'), SEAL_E_DECODE },
	{ "two profiles", MORE(1, 3, 0x82, 0x61, 'p', 0x61, 'q'),
	    SEAL_E_DECODE },
	{ "profile empty", MORE(1, 3, 0xd8, 32, 0x60), SEAL_E_DECODE },
	{ "profile of another tag", MORE(1, 3, 0xd8, 37, 0x61, 'p'),
	    SEAL_E_DECODE },
	{ "no end", MORE(1, 4, 0xa1, 0, 0xc1, 7), SEAL_E_DECODE },
	{ "end of another tag", MORE(1, 4, 0xa1, 1, 0xc2, 7), SEAL_E_DECODE },
	{ "end without tag", MORE(1, 4, 0xa1, 1, 7), SEAL_E_DECODE },
	{ "end a float", MORE(1, 4, 0xa1, 1, 0xc1, 0xf9, 0x3c, 0),
	    SEAL_E_DECODE },
	{ "end a date text", MORE(1, 4, 0xa1, 1, 0xc0, 0x61, '2'),
	    SEAL_E_DECODE },
	{ "end twice", MORE(1, 4, 0xa2, 1, 0xc1, 7, 1, 0xc1, 8),
	    SEAL_E_DECODE },
	{ "validity with more", MORE(1, 4, 0xa2, 1, 0xc1, 7, 2, 0xc1, 8),
	    SEAL_E_DECODE },
	{ "entities empty", MORE(1, 5, 0x80), SEAL_E_DECODE },
	{ "entity without name", MORE(1, 5, 0x81, 0xa1, 2, 0x81, 1),
	    SEAL_E_DECODE },
	{ "roles no array", MORE(1, 5, 0x81, 0xa2, 0, 0x61, 'e', 2, 1),
	    SEAL_E_DECODE },
	{ "dependent empty", MORE(1, 2, 0x80), SEAL_E_DECODE },
	{ NULL },
};

static void
check(const char *name, struct span in, int want)
{
	struct corim got = { .n_dependent = 77 };
	struct seal_diag d = { 0 };
	int r;

	if ((r = corim_parse(in, &got, &d)) != want)
		fail_msg("%s: got %d (%s)", name, r, d.text);
	if (r != 0 && got.n_dependent != 77)
		fail_msg("%s: output touched", name);
	for (size_t n = 0; r == 0 && n < in.n; n++)
		if (corim_parse(span_of(in.p, n), &got, NULL) == 0)
			fail_msg("%s: passes cut at %zu", name, n);
}

static void
unsigned_form(void **state)
{
	(void)state;
	for (const struct corim_case *c = unsigned_cases; c->name != NULL; c++)
		check(c->name, c->in, c->want);
}

/* ---- Signed ---- */

#define CTY                                                                  \
	3, 0x74, 'a', 'p', 'p', 'l', 'i', 'c', 'a', 't', 'i', 'o', 'n', '/', \
	    'r', 'i', 'm', '+', 'c', 'b', 'o', 'r'
#define META 8, 0x46, 0xa1, 0, 0xa1, 0, 0x61, 's'
#define CWT 15, 0xa1, 1, 0x61, 'i'

struct signed_case {
	const char *name;
	struct span before;  /* empty: d2 84 */
	struct span header;  /* empty: alg, cty, meta */
	struct span payload; /* empty: a good one */
	int want;
};

static const struct signed_case signed_cases[] = {
	{ "as usual", .want = 0 },
	{ "tag 500 before it", .before = HEX(0xd9, 1, 0xf4, 0xd2, 0x84) },
	{ "tag 502", .before = HEX(0xd9, 1, 0xf6, 0x84) },
	{ "tags 500, 502 and 18",
	    .before = HEX(0xd9, 1, 0xf4, 0xd9, 1, 0xf6, 0xd2, 0x84) },
	{ "bare payload", .payload = HEX(0xa2, ID, TAGS) },
	{ "payload in tag 500", .payload = HEX(0xd9, 1, 0xf4, 0xa2, ID, TAGS) },
	{ "claims in place of meta", .header = HEX(0xa3, 1, 0x26, CTY, CWT) },
	{ "claims and meta", .header = HEX(0xa4, 1, 0x26, CTY, META, CWT) },
	{ "old content type",
	    .header = HEX(0xa3, 1, 0x26, 3, 0x78, 31, 'a', 'p', 'p', 'l', 'i',
		'c', 'a', 't', 'i', 'o', 'n', '/', 'c', 'o', 'r', 'i', 'm', '-',
		'u', 'n', 's', 'i', 'g', 'n', 'e', 'd', '+', 'c', 'b', 'o', 'r',
		META) },
	{ "content type with parameters",
	    .header = HEX(0xa3, 1, 0x26, 3, 0x78, 25, 'a', 'p', 'p', 'l', 'i',
		'c', 'a', 't', 'i', 'o', 'n', '/', 'r', 'i', 'm', '+', 'c', 'b',
		'o', 'r', ';', ' ', 'p', '=', 'x', META) },
	{ "certificate",
	    .header = HEX(0xa4, 1, 0x26, CTY, META, 0x18, 33, 0x41, 0x30) },
	{ "chain", .header = HEX(0xa4, 1, 0x26, CTY, META, 0x18, 33, 0x82, 0x41,
		       1, 0x41, 2) },

	{ "no content type", .header = HEX(0xa2, 1, 0x26, META),
	    .want = SEAL_E_DECODE },
	{ "another content type",
	    .header = HEX(0xa3, 1, 0x26, 3, 0x61, 'x', META),
	    .want = SEAL_E_DECODE },
	{ "nobody signs", .header = HEX(0xa2, 1, 0x26, CTY),
	    .want = SEAL_E_DECODE },
	{ "meta no bytes", .header = HEX(0xa3, 1, 0x26, CTY, 8, 0xa0),
	    .want = SEAL_E_DECODE },
	{ "meta without signer",
	    .header = HEX(0xa3, 1, 0x26, CTY, 8, 0x41, 0xa0),
	    .want = SEAL_E_DECODE },
	{ "signer without name",
	    .header = HEX(0xa3, 1, 0x26, CTY, 8, 0x43, 0xa1, 0, 0xa0),
	    .want = SEAL_E_DECODE },
	{ "byte after meta",
	    .header = HEX(
		0xa3, 1, 0x26, CTY, 8, 0x47, 0xa1, 0, 0xa1, 0, 0x61, 's', 0),
	    .want = SEAL_E_DECODE },
	{ "signature validity without end",
	    .header = HEX(0xa3, 1, 0x26, CTY, 8, 0x4b, 0xa2, 0, 0xa1, 0, 0x61,
		's', 1, 0xa1, 0, 0xc1, 7),
	    .want = SEAL_E_DECODE },
	{ "claims without issuer",
	    .header = HEX(0xa3, 1, 0x26, CTY, 15, 0xa1, 4, 7),
	    .want = SEAL_E_DECODE },
	{ "expiry a float",
	    .header = HEX(
		0xa3, 1, 0x26, CTY, 15, 0xa2, 1, 0x61, 'i', 4, 0xf9, 0x3c, 0),
	    .want = SEAL_E_DECODE },
	{ "chain of one",
	    .header = HEX(0xa4, 1, 0x26, CTY, META, 0x18, 33, 0x81, 0x41, 1),
	    .want = SEAL_E_DECODE },
	{ "chain of text",
	    .header = HEX(0xa4, 1, 0x26, CTY, META, 0x18, 33, 0x61, 'x'),
	    .want = SEAL_E_DECODE },
	{ "chain of nine",
	    .header = HEX(0xa4, 1, 0x26, CTY, META, 0x18, 33, 0x89, 0x41, 1,
		0x41, 1, 0x41, 1, 0x41, 1, 0x41, 1, 0x41, 1, 0x41, 1, 0x41, 1,
		0x41, 1),
	    .want = SEAL_E_DECODE },
	{ "critical header",
	    .header = HEX(0xa4, 1, 0x26, 2, 0x81, 8, CTY, META),
	    .want = SEAL_E_UNSUPPORTED },
	{ "hash envelope",
	    .header = HEX(0xa4, 1, 0x26, CTY, META, 0x19, 1, 2, 0x2f),
	    .want = SEAL_E_UNSUPPORTED },
	{ "meta twice", .header = HEX(0xa4, 1, 0x26, CTY, META, META),
	    .want = SEAL_E_DECODE },
	{ "tag 502 twice", .before = HEX(0xd9, 1, 0xf6, 0xd9, 1, 0xf6, 0x84),
	    .want = SEAL_E_DECODE },
	{ "tag 500 twice",
	    .before = HEX(0xd9, 1, 0xf4, 0xd9, 1, 0xf4, 0xd2, 0x84),
	    .want = SEAL_E_DECODE },
	{ "payload signed once more", .payload = HEX(0xd2, 0xa2, ID, TAGS),
	    .want = SEAL_E_DECODE },
	{ "payload in tag 502", .payload = HEX(0xd9, 1, 0xf6, 0xa2, ID, TAGS),
	    .want = SEAL_E_DECODE },
	{ "byte after the map",
	    .payload = HEX(0xd9, 1, 0xf5, 0xa2, ID, TAGS, 0),
	    .want = SEAL_E_DECODE },
	{ NULL },
};

static const uint8_t right_before[] = { 0xd2, 0x84 };
static const uint8_t right_header[] = { 0xa3, 1, 0x26, CTY, META };
static const uint8_t right_payload[] = { 0xd9, 1, 0xf5, 0xa2, ID, TAGS };

static struct span
or_right(struct span given, const uint8_t *right, size_t n)
{
	return given.n > 0 ? given : span_of(right, n);
}
#define OR_RIGHT(given, right) or_right(given, right, sizeof(right))

static void
signed_form(void **state)
{
	uint8_t buf[512];
	struct wr w;

	(void)state;
	for (const struct signed_case *c = signed_cases; c->name != NULL; c++) {
		wr_init(&w, buf, sizeof(buf));
		wr_bytes(&w, OR_RIGHT(c->before, right_before));
		cbor_put_bytes(&w, OR_RIGHT(c->header, right_header));
		cbor_put_map(&w, 0);
		cbor_put_bytes(&w, OR_RIGHT(c->payload, right_payload));
		cbor_put_bytes(&w, span_str("signature"));
		assert_int_equal(w.error, 0);
		check(c->name, wr_view(&w), c->want);
	}
}

/* Too many tags for one CoRIM. */
static void
limits(void **state)
{
	struct corim got;
	struct wr w;

	(void)state;
	for (size_t n = CORIM_TAGS; n <= CORIM_TAGS + 1; n++) {
		wr_init_heap(&w, 65536);
		cbor_put_tag(&w, 501);
		cbor_put_map(&w, 2);
		wr_bytes(&w, (struct span)HEX(ID, 1));
		cbor_put_array(&w, n);
		for (size_t i = 0; i < n; i++)
			wr_bytes(&w, (struct span)HEX(TAGGED));
		assert_int_equal(corim_parse(wr_view(&w), &got, NULL),
		    n == CORIM_TAGS ? 0 : SEAL_E_LIMIT);
		wr_free(&w);
	}
}

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

/* Written, read, verified; each period on its own ends it. */
static void
written(void **state)
{
	static const uint8_t comid[] = { COMID };
	const struct span tag = { comid, sizeof(comid) };
	const struct span chain[] = { HEX(1), HEX(2) };
	struct corim_out out = { .id = { false, STR("c") },
		.profile = STR("p"),
		.validity = { true, 100, 200 },
		.tags = &tag,
		.n_tags = 1 };
	struct corim_signing s = { .signer = STR("s"),
		.kid = STR("k"),
		.validity = { true, 150, 300 },
		.chain = chain,
		.n_chain = 2,
		.scheme = SIG_ECDSA_P256_SHA256,
		.sign = sign };
	uint8_t spki[128];
	struct privkey *key = NULL;
	struct pubkey *pub = NULL;
	struct wr plain, whole, k;
	struct corim c;

	(void)state;
	assert_int_equal(privkey_generate(CURVE_P256, &key, NULL), 0);
	wr_init(&k, spki, sizeof(spki));
	assert_int_equal(privkey_spki(key, &k, NULL), 0);
	assert_int_equal(pubkey_from_spki(wr_view(&k), &pub, NULL), 0);
	s.sign_ctx = key;
	wr_init_heap(&plain, 1024);
	wr_init_heap(&whole, 1024);
	corim_put(&plain, &out);
	assert_true(cbor_deterministic(wr_view(&plain)));
	check("plain", wr_view(&plain), 0);
	assert_int_equal(corim_sign(&whole, wr_view(&plain), &s, NULL), 0);
	assert_true(cbor_deterministic(wr_view(&whole)));
	check("signed", wr_view(&whole), 0);
	assert_int_equal(corim_parse(wr_view(&whole), &c, NULL), 0);
	assert_true(cbor_deterministic(c.sign1.protected_bytes));
	assert_int_equal(cose_sign1_verify(&c.sign1, pub, NULL), 0);
	assert_true(span_is(c.signer, "s") && span_is(c.sign1.kid, "k"));
	assert_int_equal(c.n_chain, 2);
	assert_int_equal(corim_valid_at(&c, 149, NULL), SEAL_E_STALE);
	assert_int_equal(corim_valid_at(&c, 150, NULL), 0);
	assert_int_equal(corim_valid_at(&c, 200, NULL), 0);
	assert_int_equal(corim_valid_at(&c, 201, NULL), SEAL_E_STALE);
	c.claims = (struct corim_validity){ true, INT64_MIN, 180 };
	assert_int_equal(corim_valid_at(&c, 180, NULL), 0);
	assert_int_equal(corim_valid_at(&c, 181, NULL), SEAL_E_STALE);
	s.signer.n = 0;
	assert_int_equal(
	    corim_sign(&whole, wr_view(&plain), &s, NULL), SEAL_E_ARGUMENT);
	wr_free(&plain);
	wr_free(&whole);
	pubkey_unref(&pub);
	privkey_free(&key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unsigned_form),
		cmocka_unit_test(signed_form),
		cmocka_unit_test(limits),
		cmocka_unit_test(written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
