/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>

#include "format/eat.h"

#define NONCE_8 0x48, 1, 2, 3, 4, 5, 6, 7, 8
#define NONCE_7 0x47, 1, 2, 3, 4, 5, 6, 7

struct claims_case {
	const char *name;
	struct span in;
	int want;
};

/* What holds for claims of any EAT. */
static const struct claims_case claims_cases[] = {
	{ "no claims", HEX(0xa0), 0 },
	{ "iat", HEX(0xa1, 6, 0x1a, 0x65, 0, 0, 0), 0 },
	{ "nonce", HEX(0xa1, 10, NONCE_8), 0 },
	{ "profile URI", HEX(0xa1, 0x19, 1, 9, 0x61, 'a'), 0 },
	{ "profile OID", HEX(0xa1, 0x19, 1, 9, 0x42, 0x2a, 3), 0 },
	{ "measurements", HEX(0xa1, 0x19, 1, 17, 0x81, 0x82, 0x18, 60, 0x40),
	    0 },
	{ "cnf", HEX(0xa1, 8, 0xa1, 1, 0xa1, 1, 2), 0 },
	{ "unknown claims", HEX(0xa2, 2, 0x61, 'x', 0x61, 'y', 0x80), 0 },
	{ "unsorted", HEX(0xa2, 10, NONCE_8, 6, 0), 0 },

	{ "no map", HEX(0x80), SEAL_E_DECODE },
	{ "trailing byte", HEX(0xa1, 6, 0, 0), SEAL_E_DECODE },
	{ "claim twice", HEX(0xa2, 6, 0, 6, 0), SEAL_E_DECODE },
	{ "unknown claim twice", HEX(0xa2, 2, 0, 2, 0), SEAL_E_DECODE },
	{ "label of bytes", HEX(0xa1, 0x41, 6, 0), SEAL_E_DECODE },
	{ "iat as half float", HEX(0xa1, 6, 0xf9, 0x3c, 0), SEAL_E_DECODE },
	{ "iat as double float",
	    HEX(0xa1, 6, 0xfb, 0x41, 0xd9, 0x40, 0, 0, 0, 0, 0),
	    SEAL_E_DECODE },
	{ "iat negative", HEX(0xa1, 6, 0x20), SEAL_E_DECODE },
	{ "iat as tag 1", HEX(0xa1, 6, 0xc1, 0), SEAL_E_DECODE },
	{ "iat as text", HEX(0xa1, 6, 0x61, '1'), SEAL_E_DECODE },
	{ "iat past int64", HEX(0xa1, 6, 0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0),
	    SEAL_E_DECODE },
	{ "nonce array", HEX(0xa1, 10, 0x82, NONCE_8, NONCE_8), SEAL_E_DECODE },
	{ "nonce array of one", HEX(0xa1, 10, 0x81, NONCE_8), SEAL_E_DECODE },
	{ "nonce text",
	    HEX(0xa1, 10, 0x68, '1', '2', '3', '4', '5', '6', '7', '8'),
	    SEAL_E_DECODE },
	{ "nonce of 7", HEX(0xa1, 10, NONCE_7), SEAL_E_DECODE },
	{ "nonce empty", HEX(0xa1, 10, 0x40), SEAL_E_DECODE },
	{ "profile empty", HEX(0xa1, 0x19, 1, 9, 0x60), SEAL_E_DECODE },
	{ "profile number", HEX(0xa1, 0x19, 1, 9, 1), SEAL_E_DECODE },
	{ "measurements map", HEX(0xa1, 0x19, 1, 17, 0xa0), SEAL_E_DECODE },
	{ "cnf kid alone", HEX(0xa1, 8, 0xa1, 3, 0x41, 7), SEAL_E_DECODE },
	{ "cnf key and kid", HEX(0xa1, 8, 0xa2, 1, 0xa1, 1, 2, 3, 0x41, 7),
	    SEAL_E_DECODE },
	{ "cnf of another label", HEX(0xa1, 8, 0xa1, 2, 0xa1, 1, 2),
	    SEAL_E_DECODE },
	{ "cnf empty", HEX(0xa1, 8, 0xa0), SEAL_E_DECODE },
	{ "cnf key no map", HEX(0xa1, 8, 0xa1, 1, 0x41, 7), SEAL_E_DECODE },
	{ NULL },
};

static void
claims_of_any_kind(void **state)
{
	(void)state;
	for (const struct claims_case *c = claims_cases; c->name != NULL; c++) {
		struct eat_claims got = { .n = 77 };
		struct seal_diag d = { 0 };
		int r;

		if ((r = eat_claims_parse(c->in, &got, &d)) != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		if (r != 0 && got.n != 77)
			fail_msg("%s: output touched", c->name);
		for (size_t n = 0; r == 0 && n < c->in.n; n++) {
			if (eat_claims_parse(span_of(c->in.p, n), &got, NULL) ==
			    0)
				fail_msg("%s: passes cut at %zu", c->name, n);
		}
	}
}

static void
nonce_bounds(void **state)
{
	uint8_t nonce[65] = { 0 }, buf[80];
	struct eat_claims got;
	struct wr w;

	(void)state;
	for (size_t n = 0; n <= sizeof(nonce); n++) {
		wr_init(&w, buf, sizeof(buf));
		cbor_put_map(&w, 1);
		cbor_put_int(&w, 10);
		cbor_put_bytes(&w, span_of(nonce, n));
		assert_int_equal(eat_claims_parse(wr_view(&w), &got, NULL),
		    n >= 8 && n <= 64 ? 0 : SEAL_E_DECODE);
	}
}

/* Soft Evidence put together from encoded parts. An empty one stands for
 * what is right. */
struct soft_case {
	const char *name;
	struct span before; /* tag and array */
	struct span protected_bytes, unprotected;
	struct span pairs; /* claims 6, 8 and 10, if not the right ones */
	struct span profile, measurements;
	struct span more; /* a sixth pair */
	int want;
};

#define KID                                                                   \
	0x58, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7
#define CNF 8, 0xa1, 1, 0xa1, 1, 2
#define MAP_OF(n, ...) 0x81, 0x82, 0x18, 60, 0x40 + (n), __VA_ARGS__

static const struct soft_case soft_cases[] = {
	{ "right", .want = 0 },
	{ "no measurement", .measurements = HEX(MAP_OF(1, 0xa0)), .want = 0 },
	{ "other alg", .protected_bytes = HEX(0xa2, 1, 0x27, 4, KID),
	    .want = 0 },

	{ "untagged", .before = HEX(0x84), .want = SEAL_E_DECODE },
	{ "tag 61 before", .before = HEX(0xd8, 61, 0xd2, 0x84),
	    .want = SEAL_E_DECODE },
	{ "no kid", .protected_bytes = HEX(0xa1, 1, 0x26),
	    .want = SEAL_E_DECODE },
	{ "no alg", .protected_bytes = HEX(0xa1, 4, KID),
	    .want = SEAL_E_DECODE },
	{ "short kid", .protected_bytes = HEX(0xa2, 1, 0x26, 4, 0x41, 7),
	    .want = SEAL_E_DECODE },
	{ "another header", .protected_bytes = HEX(0xa3, 1, 0x26, 3, 0, 4, KID),
	    .want = SEAL_E_DECODE },
	{ "headers unsorted", .protected_bytes = HEX(0xa2, 4, KID, 1, 0x26),
	    .want = SEAL_E_DECODE },
	{ "crit", .protected_bytes = HEX(0xa3, 1, 0x26, 2, 0x81, 1, 4, KID),
	    .want = SEAL_E_UNSUPPORTED },
	{ "unprotected header", .unprotected = HEX(0xa1, 0x18, 99, 0),
	    .want = SEAL_E_DECODE },

	{ "iat float", .pairs = HEX(6, 0xf9, 0x3c, 0, CNF, 10, NONCE_8),
	    .want = SEAL_E_DECODE },
	{ "nonce array", .pairs = HEX(6, 1, CNF, 10, 0x81, NONCE_8),
	    .want = SEAL_E_DECODE },
	{ "nonce short", .pairs = HEX(6, 1, CNF, 10, NONCE_7),
	    .want = SEAL_E_DECODE },
	{ "exp for iat", .pairs = HEX(4, 1, CNF, 10, NONCE_8),
	    .want = SEAL_E_DECODE },
	{ "cti for cnf", .pairs = HEX(6, 1, 7, 0x40, 10, NONCE_8),
	    .want = SEAL_E_DECODE },
	{ "another for nonce", .pairs = HEX(6, 1, CNF, 11, NONCE_8),
	    .want = SEAL_E_DECODE },
	{ "claims unsorted", .pairs = HEX(CNF, 6, 1, 10, NONCE_8),
	    .want = SEAL_E_DECODE },
	{ "key unsorted",
	    .pairs = HEX(6, 1, 8, 0xa1, 1, 0xa2, 0x20, 1, 1, 2, 10, NONCE_8),
	    .want = SEAL_E_DECODE },
	{ "nonce twice, no cnf", .pairs = HEX(6, 1, 10, NONCE_8, 10, NONCE_8),
	    .want = SEAL_E_DECODE },
	{ "another profile",
	    .profile = HEX(0x75, 't', 'a', 'g', ':', 's', 'e', 'a', 'l', 't',
		'l', 's', ',', '2', '0', '2', '6', ':', 's', 'o', 'f', 'T'),
	    .want = SEAL_E_DECODE },
	{ "profile as bytes",
	    .profile = HEX(0x55, 't', 'a', 'g', ':', 's', 'e', 'a', 'l', 't',
		'l', 's', ',', '2', '0', '2', '6', ':', 's', 'o', 'f', 't'),
	    .want = SEAL_E_DECODE },
	{ "a sixth claim", .more = HEX(0x19, 1, 18, 0), .want = SEAL_E_DECODE },
	{ "a sixth claim in text", .more = HEX(0x61, 'x', 0),
	    .want = SEAL_E_DECODE },

	{ "no measurements array", .measurements = HEX(0x80),
	    .want = SEAL_E_DECODE },
	{ "two measurement formats",
	    .measurements = HEX(
		0x82, 0x82, 0x18, 60, 0x41, 0xa0, 0x82, 0x18, 60, 0x41, 0xa0),
	    .want = SEAL_E_DECODE },
	{ "another content format",
	    .measurements = HEX(0x81, 0x82, 0x18, 50, 0x41, 0xa0),
	    .want = SEAL_E_DECODE },
	{ "measurements not wrapped",
	    .measurements = HEX(0x81, 0x82, 0x18, 60, 0xa0),
	    .want = SEAL_E_DECODE },
	{ "measurement array of three",
	    .measurements = HEX(0x81, 0x83, 0x18, 60, 0x41, 0xa0, 0),
	    .want = SEAL_E_DECODE },
	{ "names unsorted",
	    .measurements =
		HEX(MAP_OF(9, 0xa2, 0x61, 'b', 0x41, 1, 0x61, 'a', 0x41, 1)),
	    .want = SEAL_E_DECODE },
	{ "name twice",
	    .measurements =
		HEX(MAP_OF(9, 0xa2, 0x61, 'a', 0x41, 1, 0x61, 'a', 0x41, 1)),
	    .want = SEAL_E_DECODE },
	{ "name empty", .measurements = HEX(MAP_OF(4, 0xa1, 0x60, 0x41, 1)),
	    .want = SEAL_E_DECODE },
	{ "name with a space",
	    .measurements = HEX(MAP_OF(5, 0xa1, 0x61, ' ', 0x41, 1)),
	    .want = SEAL_E_DECODE },
	{ "name with an escape",
	    .measurements = HEX(MAP_OF(5, 0xa1, 0x61, 0x1b, 0x41, 1)),
	    .want = SEAL_E_DECODE },
	{ "name a number", .measurements = HEX(MAP_OF(4, 0xa1, 1, 0x41, 1)),
	    .want = SEAL_E_DECODE },
	{ "digest empty", .measurements = HEX(MAP_OF(4, 0xa1, 0x61, 'a', 0x40)),
	    .want = SEAL_E_DECODE },
	{ "digest text",
	    .measurements = HEX(MAP_OF(5, 0xa1, 0x61, 'a', 0x61, 'x')),
	    .want = SEAL_E_DECODE },
	{ "byte after the names",
	    .measurements = HEX(MAP_OF(6, 0xa1, 0x61, 'a', 0x41, 1, 0)),
	    .want = SEAL_E_DECODE },
	{ "float for a digest",
	    .measurements = HEX(MAP_OF(6, 0xa1, 0x61, 'a', 0xf9, 0, 0)),
	    .want = SEAL_E_DECODE },
	{ NULL },
};

static const uint8_t right_before[] = { 0xd2, 0x84 };
static const uint8_t right_header[] = { 0xa2, 1, 0x26, 4, KID };
static const uint8_t right_unprotected[] = { 0xa0 };
static const uint8_t right_pairs[] = { 6, 1, CNF, 10, NONCE_8 };
static const uint8_t right_measurements[] = { MAP_OF(
    5, 0xa1, 0x61, 'a', 0x41, 1) };

static struct span
or_right(struct span given, const uint8_t *right, size_t n)
{
	return given.n > 0 ? given : span_of(right, n);
}
#define OR_RIGHT(given, right) or_right(given, right, sizeof(right))

static void
build(const struct soft_case *c, struct wr *out)
{
	uint8_t buf[512];
	struct wr p;

	wr_init(&p, buf, sizeof(buf));
	cbor_put_map(&p, c->more.n > 0 ? 6 : 5);
	wr_bytes(&p, OR_RIGHT(c->pairs, right_pairs));
	cbor_put_int(&p, 265);
	if (c->profile.n > 0)
		wr_bytes(&p, c->profile);
	else
		cbor_put_text(&p, span_str(EAT_SOFT_PROFILE));
	cbor_put_int(&p, 273);
	wr_bytes(&p, OR_RIGHT(c->measurements, right_measurements));
	wr_bytes(&p, c->more);
	wr_bytes(out, OR_RIGHT(c->before, right_before));
	cbor_put_bytes(out, OR_RIGHT(c->protected_bytes, right_header));
	wr_bytes(out, OR_RIGHT(c->unprotected, right_unprotected));
	cbor_put_bytes(out, wr_view(&p));
	cbor_put_bytes(out, span_str("signature"));
	assert_int_equal(p.error, 0);
	assert_int_equal(out->error, 0);
}

static void
soft_form(void **state)
{
	uint8_t buf[1024];
	struct wr w;

	(void)state;
	for (const struct soft_case *c = soft_cases; c->name != NULL; c++) {
		struct eat_soft got = { .n_measurements = 77 };
		struct seal_diag d = { 0 };
		int r;

		wr_init(&w, buf, sizeof(buf));
		build(c, &w);
		if ((r = eat_soft_parse(wr_view(&w), &got, &d)) != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		if (r != 0 && got.n_measurements != 77)
			fail_msg("%s: output touched", c->name);
		for (size_t n = 0; r == 0 && n < w.n; n++) {
			if (eat_soft_parse(span_of(buf, n), &got, NULL) == 0)
				fail_msg("%s: passes cut at %zu", c->name, n);
		}
	}
}

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

/* A key, its SPKI, and soft Evidence by it over these measurements. */
struct fixture {
	struct privkey *key;
	uint8_t spki_buf[128], nonce[48];
	struct wr spki;
	struct eat_soft_in in;
};

static void
fixture_init(struct fixture *f)
{
	f->key = NULL;
	for (size_t i = 0; i < sizeof(f->nonce); i++)
		f->nonce[i] = (uint8_t)i;
	wr_init(&f->spki, f->spki_buf, sizeof(f->spki_buf));
	assert_int_equal(privkey_generate(CURVE_P256, &f->key, NULL), 0);
	assert_int_equal(privkey_spki(f->key, &f->spki, NULL), 0);
	f->in = (struct eat_soft_in){ .iat = 1700000000,
		.nonce = span_of(f->nonce, sizeof(f->nonce)),
		.subject_spki = wr_view(&f->spki),
		.signer_spki = wr_view(&f->spki) };
}

static int
soft_write(struct fixture *f, struct wr *out)
{
	return eat_soft_write(
	    out, &f->in, SIG_ECDSA_P256_SHA256, sign, f->key, NULL);
}

static const struct eat_measurement measured[] = {
	{ STR("config"), HEX(3, 3) },
	{ STR("app"), HEX(1) },
	{ STR("a-name-longer-than-23-bytes"), HEX(9) },
	{ STR("abi"), HEX(2) },
};

static void
round_trip(void **state)
{
	struct pubkey *pub = NULL;
	uint8_t spki_buf[128], kid[HASH_MAX];
	struct eat_soft got;
	struct fixture f;
	struct wr w, spki;

	(void)state;
	fixture_init(&f);
	f.in.measurements = measured;
	f.in.n_measurements = 4;
	wr_init_heap(&w, 4096);
	assert_int_equal(soft_write(&f, &w), 0);
	assert_int_equal(eat_soft_parse(wr_view(&w), &got, NULL), 0);

	assert_int_equal(pubkey_from_spki(wr_view(&f.spki), &pub, NULL), 0);
	assert_int_equal(cose_sign1_verify(&got.sign1, pub, NULL), 0);
	assert_int_equal(hash_one(HASH_SHA256, wr_view(&f.spki), kid, NULL), 0);
	assert_true(span_equal(got.sign1.kid, span_of(kid, 32)));
	assert_true(got.claims.has_iat && got.claims.iat == 1700000000);
	assert_true(span_equal(got.claims.nonce, f.in.nonce));
	wr_init(&spki, spki_buf, sizeof(spki_buf));
	assert_int_equal(cose_key_to_spki(got.claims.cnf_key, &spki, NULL), 0);
	assert_true(span_equal(wr_view(&spki), wr_view(&f.spki)));
	assert_int_equal(got.n_measurements, 4);
	assert_true(span_is(got.measurements[0].name, "abi"));
	assert_true(span_is(got.measurements[1].name, "app"));
	assert_true(span_is(got.measurements[2].name, "config"));
	assert_true(span_is(got.measurements[2].digest, "\3\3"));
	assert_true(
	    span_is(got.measurements[3].name, "a-name-longer-than-23-bytes"));
	pubkey_unref(&pub);
	privkey_free(&f.key);
	wr_free(&w);
}

/* Whatever bit is flipped, form or signature fails. */
static void
flipped_bits(void **state)
{
	struct pubkey *pub = NULL;
	struct eat_soft got;
	struct fixture f;
	struct wr w;

	(void)state;
	fixture_init(&f);
	wr_init_heap(&w, 4096);
	assert_int_equal(soft_write(&f, &w), 0);
	assert_int_equal(pubkey_from_spki(wr_view(&f.spki), &pub, NULL), 0);
	for (size_t bit = 0; bit < 8 * w.n; bit++) {
		w.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (eat_soft_parse(wr_view(&w), &got, NULL) == 0 &&
		    cose_sign1_verify(&got.sign1, pub, NULL) == 0)
			fail_msg("bit %zu", bit);
		w.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	pubkey_unref(&pub);
	privkey_free(&f.key);
	wr_free(&w);
}

static void
measurement_limit(void **state)
{
	struct eat_measurement m[EAT_SOFT_MEASUREMENTS + 1];
	uint8_t names[EAT_SOFT_MEASUREMENTS + 1];
	struct eat_soft got;
	struct fixture f;
	struct wr w;

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i <= EAT_SOFT_MEASUREMENTS; i++) {
		names[i] = (uint8_t)('a' + i);
		m[i] = (struct eat_measurement){ span_of(&names[i], 1),
			span_of("d", 1) };
	}
	f.in.measurements = m;
	f.in.n_measurements = EAT_SOFT_MEASUREMENTS;
	wr_init_heap(&w, 4096);
	assert_int_equal(soft_write(&f, &w), 0);
	assert_int_equal(eat_soft_parse(wr_view(&w), &got, NULL), 0);
	assert_int_equal(got.n_measurements, EAT_SOFT_MEASUREMENTS);
	f.in.n_measurements++;
	assert_int_equal(soft_write(&f, &w), SEAL_E_LIMIT);
	privkey_free(&f.key);
	wr_free(&w);
}

/* One measurement more than fits, in a message that we cannot write. */
static void
too_many_received(void **state)
{
	uint8_t map_buf[128], claim_buf[160], buf[1024];
	struct soft_case c = { "too many" };
	struct eat_soft got;
	struct wr map, claim, w;

	(void)state;
	wr_init(&map, map_buf, sizeof(map_buf));
	cbor_put_map(&map, EAT_SOFT_MEASUREMENTS + 1);
	for (size_t i = 0; i <= EAT_SOFT_MEASUREMENTS; i++) {
		uint8_t name = (uint8_t)('a' + i);

		cbor_put_text(&map, span_of(&name, 1));
		cbor_put_bytes(&map, span_of("d", 1));
	}
	wr_init(&claim, claim_buf, sizeof(claim_buf));
	cbor_put_array(&claim, 1);
	cbor_put_array(&claim, 2);
	cbor_put_uint(&claim, 60);
	cbor_put_bytes(&claim, wr_view(&map));
	c.measurements = wr_view(&claim);
	wr_init(&w, buf, sizeof(buf));
	build(&c, &w);
	assert_int_equal(eat_soft_parse(wr_view(&w), &got, NULL), SEAL_E_LIMIT);
}

static void
write_failures(void **state)
{
	struct eat_measurement twice[] = { { STR("a"), HEX(1) },
		{ STR("a"), HEX(2) } };
	struct eat_measurement bad[] = { { STR("a b"), HEX(1) } };
	struct fixture f;
	struct wr w;

	(void)state;
	fixture_init(&f);
	wr_init_heap(&w, 4096);
	f.in.measurements = twice;
	f.in.n_measurements = 2;
	assert_int_equal(soft_write(&f, &w), SEAL_E_ARGUMENT);
	f.in.measurements = bad;
	f.in.n_measurements = 1;
	assert_int_equal(soft_write(&f, &w), SEAL_E_ARGUMENT);
	f.in.n_measurements = 0;
	f.in.nonce.n = 7;
	assert_int_equal(soft_write(&f, &w), SEAL_E_ARGUMENT);
	f.in.nonce.n = 0;
	assert_int_equal(soft_write(&f, &w), SEAL_E_ARGUMENT);
	f.in.nonce.n = 32;
	f.in.iat = -1;
	assert_int_equal(soft_write(&f, &w), SEAL_E_ARGUMENT);
	f.in.iat = 0;
	f.in.subject_spki.n = 5;
	assert_int_equal(soft_write(&f, &w), SEAL_E_DECODE);
	assert_int_equal(w.n, 0);
	privkey_free(&f.key);
	wr_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_of_any_kind),
		cmocka_unit_test(nonce_bounds),
		cmocka_unit_test(soft_form),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(flipped_bits),
		cmocka_unit_test(measurement_limit),
		cmocka_unit_test(too_many_received),
		cmocka_unit_test(write_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
