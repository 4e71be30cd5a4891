/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "cose/cose.h"

struct signer {
	struct privkey *priv;
	struct pubkey *pub;
};

static struct signer
signer_new(enum curve c)
{
	struct signer s = { NULL, NULL };
	uint8_t buf[256];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	assert_int_equal(privkey_generate(c, &s.priv, NULL), 0);
	assert_int_equal(privkey_spki(s.priv, &w, NULL), 0);
	assert_int_equal(pubkey_from_spki(wr_view(&w), &s.pub, NULL), 0);
	return s;
}

static void
signer_free(struct signer *s)
{
	privkey_free(&s->priv);
	pubkey_unref(&s->pub);
}

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

static int
check(struct span msg, const struct pubkey *key)
{
	struct cose_sign1 s;
	int r;

	if ((r = cose_sign1_parse(msg, &s, NULL)) != 0)
		return r;
	return cose_sign1_verify(&s, key, NULL);
}

struct frame_case {
	const char *name;
	struct span before; /* the tag and the array */
	struct span protected_bytes;
	struct span unprotected; /* encoded map */
	struct span payload;     /* encoded item */
	struct span after;
	int want;
};

#define SIGN1 HEX(0xd2, 0x84)
#define PLAIN HEX(0xa1, 0x01, 0x26) /* {1: -7} */
#define HELLO HEX(0x42, 0x68, 0x69)
#define NO_MAP HEX(0xa0)
#define NONE            \
	{               \
		NULL, 0 \
	}

/* All are signed as they stand, so that only the rule can refuse them. */
static const struct frame_case frames[] = {
	{ "tagged", SIGN1, PLAIN, NO_MAP, HELLO, NONE, 0 },
	{ "untagged", HEX(0x84), PLAIN, NO_MAP, HELLO, NONE, 0 },
	{ "empty payload", SIGN1, PLAIN, NO_MAP, HEX(0x40), NONE, 0 },
	{ "kid protected", SIGN1, HEX(0xa2, 1, 0x26, 4, 0x41, 7), NO_MAP, HELLO,
	    NONE, 0 },
	{ "kid unprotected", SIGN1, PLAIN, HEX(0xa1, 4, 0x41, 7), HELLO, NONE,
	    0 },
	{ "content type text", SIGN1, HEX(0xa2, 1, 0x26, 3, 0x61, 0x61), NO_MAP,
	    HELLO, NONE, 0 },
	{ "content type number", SIGN1, HEX(0xa2, 1, 0x26, 3, 0x18, 60), NO_MAP,
	    HELLO, NONE, 0 },
	{ "unknown header", SIGN1, HEX(0xa2, 1, 0x26, 0x18, 99, 0xf5), NO_MAP,
	    HELLO, NONE, 0 },
	{ "text label", SIGN1, HEX(0xa2, 1, 0x26, 0x61, 0x78, 0), NO_MAP, HELLO,
	    NONE, 0 },
	{ "ESP256", SIGN1, HEX(0xa1, 1, 0x28), NO_MAP, HELLO, NONE, 0 },

	{ "tag of COSE_Sign", HEX(0xd8, 98, 0x84), PLAIN, NO_MAP, HELLO, NONE,
	    SEAL_E_DECODE },
	{ "tag of COSE_Mac0", HEX(0xd1, 0x84), PLAIN, NO_MAP, HELLO, NONE,
	    SEAL_E_DECODE },
	{ "tag twice", HEX(0xd2, 0xd2, 0x84), PLAIN, NO_MAP, HELLO, NONE,
	    SEAL_E_DECODE },
	{ "tag of CWT", HEX(0xd8, 61, 0xd2, 0x84), PLAIN, NO_MAP, HELLO, NONE,
	    SEAL_E_DECODE },
	{ "array of 3", HEX(0xd2, 0x83), PLAIN, NO_MAP, HELLO, NONE,
	    SEAL_E_DECODE },
	{ "array of 5", HEX(0xd2, 0x85), PLAIN, NO_MAP, HELLO, HEX(0),
	    SEAL_E_DECODE },
	{ "indefinite array", HEX(0xd2, 0x9f), PLAIN, NO_MAP, HELLO, HEX(0xff),
	    SEAL_E_DECODE },
	{ "trailing byte", SIGN1, PLAIN, NO_MAP, HELLO, HEX(0), SEAL_E_DECODE },
	{ "payload nil", SIGN1, PLAIN, NO_MAP, HEX(0xf6), NONE, SEAL_E_DECODE },
	{ "payload text", SIGN1, PLAIN, NO_MAP, HEX(0x61, 0x61), NONE,
	    SEAL_E_DECODE },
	{ "unprotected is no map", SIGN1, PLAIN, HEX(0x80), HELLO, NONE,
	    SEAL_E_DECODE },
	{ "unprotected key twice", SIGN1, PLAIN, HEX(0xa2, 4, 0x40, 4, 0x40),
	    HELLO, NONE, SEAL_E_DECODE },
	{ "unprotected bytes label", SIGN1, PLAIN, HEX(0xa1, 0x41, 1, 0), HELLO,
	    NONE, SEAL_E_DECODE },

	{ "no protected header", SIGN1, NONE, NO_MAP, HELLO, NONE,
	    SEAL_E_SIGNATURE },
	{ "empty protected map", SIGN1, HEX(0xa0), NO_MAP, HELLO, NONE,
	    SEAL_E_SIGNATURE },
	{ "alg unprotected only", SIGN1, NONE, HEX(0xa1, 1, 0x26), HELLO, NONE,
	    SEAL_E_SIGNATURE },
	{ "alg in both", SIGN1, PLAIN, HEX(0xa1, 1, 0x26), HELLO, NONE,
	    SEAL_E_DECODE },
	{ "kid in both", SIGN1, HEX(0xa2, 1, 0x26, 4, 0x41, 7),
	    HEX(0xa1, 4, 0x41, 8), HELLO, NONE, SEAL_E_DECODE },
	{ "crit", SIGN1, HEX(0xa2, 1, 0x26, 2, 0x81, 0x18, 99), NO_MAP, HELLO,
	    NONE, SEAL_E_UNSUPPORTED },
	{ "crit of what we know", SIGN1, HEX(0xa2, 1, 0x26, 2, 0x81, 1), NO_MAP,
	    HELLO, NONE, SEAL_E_UNSUPPORTED },
	{ "crit unprotected", SIGN1, PLAIN, HEX(0xa1, 2, 0x81, 1), HELLO, NONE,
	    SEAL_E_UNSUPPORTED },
	{ "alg as text", SIGN1, HEX(0xa1, 1, 0x65, 'E', 'S', '2', '5', '6'),
	    NO_MAP, HELLO, NONE, SEAL_E_DECODE },
	{ "alg 0", SIGN1, HEX(0xa1, 1, 0), NO_MAP, HELLO, NONE, SEAL_E_DECODE },
	{ "alg twice", SIGN1, HEX(0xa2, 1, 0x26, 1, 0x26), NO_MAP, HELLO, NONE,
	    SEAL_E_DECODE },
	{ "kid as text", SIGN1, HEX(0xa2, 1, 0x26, 4, 0x61, 0x61), NO_MAP,
	    HELLO, NONE, SEAL_E_DECODE },
	{ "content type as bytes", SIGN1, HEX(0xa2, 1, 0x26, 3, 0x41, 0x61),
	    NO_MAP, HELLO, NONE, SEAL_E_DECODE },
	{ "bytes after the protected map", SIGN1, HEX(0xa1, 1, 0x26, 0), NO_MAP,
	    HELLO, NONE, SEAL_E_DECODE },
	{ "protected is no map", SIGN1, HEX(0x80), NO_MAP, HELLO, NONE,
	    SEAL_E_DECODE },
	{ "ES384 with a P-256 key", SIGN1, HEX(0xa1, 1, 0x38, 34), NO_MAP,
	    HELLO, NONE, SEAL_E_KEY },
	{ "ES512 with a P-256 key", SIGN1, HEX(0xa1, 1, 0x38, 35), NO_MAP,
	    HELLO, NONE, SEAL_E_KEY },
	{ "EdDSA with a P-256 key", SIGN1, HEX(0xa1, 1, 0x27), NO_MAP, HELLO,
	    NONE, SEAL_E_KEY },
	{ "PS256 with a P-256 key", SIGN1, HEX(0xa1, 1, 0x38, 36), NO_MAP,
	    HELLO, NONE, SEAL_E_KEY },
	{ "RS256", SIGN1, HEX(0xa1, 1, 0x39, 0x01, 0x00), NO_MAP, HELLO, NONE,
	    SEAL_E_KEY },
	{ "HMAC 256", SIGN1, HEX(0xa1, 1, 5), NO_MAP, HELLO, NONE, SEAL_E_KEY },
	{ NULL },
};

/* Signs the parts with P-256 as RFC 9052 s4.4 says, independently. */
static void
build(const struct frame_case *c, const struct signer *s, struct wr *out)
{
	uint8_t tbs_buf[256], der_buf[128], raw_buf[64];
	struct span payload = { NULL, 0 };
	struct wr tbs, der, raw;
	struct rd r;

	rd_init(&r, c->payload);
	if (cbor_peek(&r) == CBOR_BYTES)
		assert_true(cbor_bytes(&r, &payload));
	wr_init(&tbs, tbs_buf, sizeof(tbs_buf));
	wr_bytes(&tbs, span_str("\x84\x6aSignature1"));
	cbor_put_bytes(&tbs, c->protected_bytes);
	wr_u8(&tbs, 0x40);
	cbor_put_bytes(&tbs, payload);
	wr_init(&der, der_buf, sizeof(der_buf));
	assert_int_equal(privkey_sign(s->priv, SIG_ECDSA_P256_SHA256,
			     wr_view(&tbs), &der, NULL),
	    0);
	wr_init(&raw, raw_buf, sizeof(raw_buf));
	assert_int_equal(ecdsa_der_to_raw(wr_view(&der), 32, &raw, NULL), 0);
	wr_bytes(out, c->before);
	cbor_put_bytes(out, c->protected_bytes);
	wr_bytes(out, c->unprotected);
	wr_bytes(out, c->payload);
	cbor_put_bytes(out, wr_view(&raw));
	wr_bytes(out, c->after);
	assert_int_equal(out->error, 0);
}

static void
framing(void **state)
{
	struct signer s = signer_new(CURVE_P256);
	uint8_t buf[256];
	struct wr w;
	int r;

	(void)state;
	for (const struct frame_case *c = frames; c->name != NULL; c++) {
		wr_init(&w, buf, sizeof(buf));
		build(c, &s, &w);
		if ((r = check(wr_view(&w), s.pub)) != c->want)
			fail_msg("%s: got %d", c->name, r);
		/* No prefix of a good message may pass. */
		for (size_t n = 0; c->want == 0 && n < w.n; n++) {
			if (check(span_of(buf, n), s.pub) != SEAL_E_DECODE)
				fail_msg("%s: cut at %zu", c->name, n);
		}
	}
	signer_free(&s);
}

static void
parts(void **state)
{
	static const uint8_t msg[] = { 0xd2, 0x84, 0x49, 0xa3, 0x01, 0x26, 0x03,
		0x61, 0x61, 0x04, 0x41, 0x07, 0xa1, 0x18, 0x63, 0xf5, 0x42,
		0x68, 0x69, 0x41, 0x55 };
	struct cose_sign1 s;

	(void)state;
	assert_int_equal(
	    cose_sign1_parse(span_of(msg, sizeof(msg)), &s, NULL), 0);
	assert_true(s.tagged);
	assert_int_equal(s.alg, -7);
	assert_true(span_is(s.content_type, "a"));
	assert_true(span_is(s.kid, "\7"));
	assert_true(span_is(s.payload, "hi"));
	assert_true(span_is(s.signature, "U"));
	assert_int_equal(s.protected_bytes.n, 9);
	assert_int_equal(s.unprotected.n, 4);
}

struct scheme_case {
	const char *name;
	enum curve curve;
	uint16_t scheme;
	int64_t alg;
};

static const struct scheme_case schemes[] = {
	{ "ES256", CURVE_P256, SIG_ECDSA_P256_SHA256, -7 },
	{ "ES384", CURVE_P384, SIG_ECDSA_P384_SHA384, -35 },
	{ "ES512", CURVE_P521, SIG_ECDSA_P521_SHA512, -36 },
	{ "EdDSA 25519", CURVE_ED25519, SIG_ED25519, -8 },
	{ "EdDSA 448", CURVE_ED448, SIG_ED448, -8 },
	{ NULL },
};

static void
flip_each_bit(const char *name, struct span msg, const struct pubkey *key)
{
	uint8_t *copy = NULL;

	assert_int_equal(span_dup(msg, &copy), 0);
	for (size_t bit = 0; bit < 8 * msg.n; bit++) {
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (check(span_of(copy, msg.n), key) == 0)
			fail_msg("%s: bit %zu flipped", name, bit);
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	free(copy);
}

static void
round_trips(void **state)
{
	uint8_t buf[512];
	struct cose_sign1 m;
	struct wr w;

	(void)state;
	for (const struct scheme_case *c = schemes; c->name != NULL; c++) {
		struct signer s = signer_new(c->curve);
		struct signer other = signer_new(c->curve);

		wr_init(&w, buf, sizeof(buf));
		assert_int_equal(cose_sign1_write(&w, c->scheme, span_str("me"),
				     span_str("payload"), sign, s.priv, NULL),
		    0);
		assert_int_equal(cose_sign1_parse(wr_view(&w), &m, NULL), 0);
		if (!m.tagged || m.alg != c->alg || !span_is(m.kid, "me") ||
		    !span_is(m.payload, "payload"))
			fail_msg("%s: other parts", c->name);
		if (cose_sign1_verify(&m, s.pub, NULL) != 0)
			fail_msg("%s: not verified", c->name);
		if (cose_sign1_verify(&m, other.pub, NULL) != SEAL_E_SIGNATURE)
			fail_msg("%s: another key verifies", c->name);
		if (cose_alg_from_scheme(c->scheme) != c->alg)
			fail_msg("%s: scheme", c->name);
		flip_each_bit(c->name, wr_view(&w), s.pub);
		signer_free(&s);
		signer_free(&other);
	}
}

/* The signature of RFC 8152's example C.2.1, whose key is "11". */
static void
known_answer(void **state)
{
	static const char x[] = "bac5b11cad8f99f9c72b05cf4b9e26d2"
				"44dc189f745228255a219a86d6a09eff";
	static const char y[] = "20138bf82dc1b6d562be0fa54ab7804a"
				"3a64b6d72ccfed6b6fb6ed28bbfc117e";
	static const char msg[] =
	    "d28443a10126a10442313154546869732069732074686520636f6e74656e742e"
	    "58408eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0"
	    "117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345ca"
	    "cb36";
	uint8_t xy[64], spki_buf[128], msg_buf[256];
	struct pubkey *key = NULL;
	struct wr p, spki, m;

	(void)state;
	wr_init(&p, xy, sizeof(xy));
	wr_init(&spki, spki_buf, sizeof(spki_buf));
	wr_init(&m, msg_buf, sizeof(msg_buf));
	assert_true(hex_decode(span_str(x), &p) &&
		    hex_decode(span_str(y), &p) &&
		    hex_decode(span_str(msg), &m));
	assert_int_equal(spki_from_ec(CURVE_P256, span_of(xy, 32),
			     span_of(xy + 32, 32), &spki, NULL),
	    0);
	assert_int_equal(pubkey_from_spki(wr_view(&spki), &key, NULL), 0);
	assert_int_equal(check(wr_view(&m), key), 0);
	msg_buf[m.n - 1] ^= 1;
	assert_int_equal(check(wr_view(&m), key), SEAL_E_SIGNATURE);
	pubkey_unref(&key);
}

static void
signature_lengths(void **state)
{
	static const uint8_t zeros[LIMIT_SIGNATURE + 1];
	struct signer s = signer_new(CURVE_P256);
	struct span widths[] = { { zeros, 1 }, { zeros, 63 }, { zeros, 64 },
		{ zeros, 65 }, { zeros, 96 }, { zeros, LIMIT_SIGNATURE } };
	struct cose_sign1 m;
	struct wr w;

	(void)state;
	for (size_t i = 0; i <= sizeof(widths) / sizeof(widths[0]); i++) {
		bool last = i == sizeof(widths) / sizeof(widths[0]);

		wr_init_heap(&w, 4096);
		wr_bytes(&w, span_str("\xd2\x84\x43\xa1\x01\x26\xa0\x40"));
		cbor_put_bytes(
		    &w, last ? span_of(zeros, sizeof(zeros)) : widths[i]);
		assert_int_equal(check(wr_view(&w), s.pub),
		    last ? SEAL_E_LIMIT : SEAL_E_SIGNATURE);
		wr_free(&w);
	}
	/* A signature without bytes is none. */
	assert_int_equal(
	    cose_sign1_parse(
		span_of("\xd2\x84\x43\xa1\x01\x26\xa0\x40\x40", 9), &m, NULL),
	    SEAL_E_DECODE);
	signer_free(&s);
}

/* The right r and s, and a byte behind them. */
static void
signature_with_more(void **state)
{
	struct signer s = signer_new(CURVE_P256);
	uint8_t buf[256], longer[65] = { 0 };
	struct cose_sign1 m;
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	build(&frames[0], &s, &w);
	assert_int_equal(cose_sign1_parse(wr_view(&w), &m, NULL), 0);
	assert_int_equal(cose_sign1_verify(&m, s.pub, NULL), 0);
	assert_int_equal(m.signature.n, 64);
	memcpy(longer, m.signature.p, 64);
	m.signature = span_of(longer, sizeof(longer));
	assert_int_equal(cose_sign1_verify(&m, s.pub, NULL), SEAL_E_SIGNATURE);
	signer_free(&s);
}

static int
sign_refused(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	(void)ctx, (void)scheme, (void)tbs, (void)out;
	return seal_fail(d, SEAL_E_UNAVAILABLE, "no key");
}

static int
sign_garbage(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	(void)ctx, (void)scheme, (void)tbs, (void)d;
	wr_bytes(out, span_str("no DER"));
	return 0;
}

static void
write_failures(void **state)
{
	struct signer s = signer_new(CURVE_P256);
	uint8_t buf[256], kid[200] = { 0 };
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	assert_int_equal(
	    cose_sign1_write(&w, SIG_ECDSA_P256_SHA256, span_str("k"),
		span_str("p"), sign_refused, NULL, NULL),
	    SEAL_E_UNAVAILABLE);
	assert_int_equal(cose_sign1_write(&w, SIG_RSA_PKCS1_SHA256,
			     span_str("k"), span_str("p"), sign, s.priv, NULL),
	    SEAL_E_UNSUPPORTED);
	assert_int_equal(
	    cose_sign1_write(&w, SIG_ECDSA_P256_SHA256,
		span_of(kid, sizeof(kid)), span_str("p"), sign, s.priv, NULL),
	    SEAL_E_LIMIT);
	assert_int_equal(w.n, 0);
	assert_int_equal(
	    cose_sign1_write(&w, SIG_ECDSA_P256_SHA256, span_str("k"),
		span_str("p"), sign_garbage, NULL, NULL),
	    SEAL_E_DECODE);
	wr_init(&w, buf, 40);
	assert_int_equal(cose_sign1_write(&w, SIG_ECDSA_P256_SHA256,
			     span_str("k"), span_str("p"), sign, s.priv, NULL),
	    SEAL_E_LIMIT);
	signer_free(&s);
}

static void
algorithms(void **state)
{
	static const struct {
		int64_t alg;
		uint16_t scheme;
	} rows[] = {
		{ -9, SIG_ECDSA_P256_SHA256 }, { -51, SIG_ECDSA_P384_SHA384 },
		{ -52, SIG_ECDSA_P521_SHA512 }, { -19, SIG_ED25519 },
		{ -53, SIG_ED448 }, { -37, SIG_RSA_PSS_RSAE_SHA256 },
		{ -38, SIG_RSA_PSS_RSAE_SHA384 },
		{ -39, SIG_RSA_PSS_RSAE_SHA512 }, { 0, SIG_NONE },
		{ -257, SIG_NONE },   /* RS256 */
		{ -65535, SIG_NONE }, /* RS1 */
		{ 5, SIG_NONE },      /* HMAC */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    cose_alg_to_scheme(rows[i].alg), rows[i].scheme);
	assert_int_equal(cose_alg_from_scheme(SIG_NONE), 0);
	assert_int_equal(cose_alg_from_scheme(SIG_RSA_PKCS1_SHA256), 0);
	assert_int_equal(cose_alg_from_scheme(SIG_RSA_PSS_PSS_SHA384), -38);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(framing),
		cmocka_unit_test(parts),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(known_answer),
		cmocka_unit_test(signature_lengths),
		cmocka_unit_test(signature_with_more),
		cmocka_unit_test(write_failures),
		cmocka_unit_test(algorithms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
