/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "cose/cose.h"

#define X                                                                     \
	0x58, 32, 0xba, 0xc5, 0xb1, 0x1c, 0xad, 0x8f, 0x99, 0xf9, 0xc7, 0x2b, \
	    0x05, 0xcf, 0x4b, 0x9e, 0x26, 0xd2, 0x44, 0xdc, 0x18, 0x9f, 0x74, \
	    0x52, 0x28, 0x25, 0x5a, 0x21, 0x9a, 0x86, 0xd6, 0xa0, 0x9e, 0xff
#define Y                                                                     \
	0x58, 32, 0x20, 0x13, 0x8b, 0xf8, 0x2d, 0xc1, 0xb6, 0xd5, 0x62, 0xbe, \
	    0x0f, 0xa5, 0x4a, 0xb7, 0x80, 0x4a, 0x3a, 0x64, 0xb6, 0xd7, 0x2c, \
	    0xcf, 0xed, 0x6b, 0x6f, 0xb6, 0xed, 0x28, 0xbb, 0xfc, 0x11, 0x7e
/* A point whose y begins with a zero byte, and that y without it. */
#define X_OF_ZERO                                                             \
	0x58, 32, 0x98, 0x6a, 0xe2, 0x50, 0x6f, 0x1f, 0xf1, 0x04, 0xd0, 0x42, \
	    0x30, 0x86, 0x1d, 0x8f, 0x4b, 0x49, 0x8f, 0x4b, 0xc4, 0xc6, 0xd0, \
	    0x09, 0xb3, 0x0f, 0x75, 0x44, 0xdc, 0x12, 0x9b, 0x82, 0xd2, 0x8d
#define Y_ZERO                                                                \
	0x58, 32, 0x00, 0x3c, 0xcc, 0xc0, 0xa6, 0x46, 0x0e, 0x0a, 0xe3, 0x28, \
	    0xa4, 0xd9, 0x7d, 0x3c, 0x7b, 0x61, 0xd8, 0x6f, 0xc6, 0x28, 0x9c, \
	    0x18, 0x9f, 0x25, 0x25, 0x11, 0x0c, 0x44, 0x1b, 0xb0, 0x7e, 0x97
#define Y_CUT                                                                 \
	0x58, 31, 0x3c, 0xcc, 0xc0, 0xa6, 0x46, 0x0e, 0x0a, 0xe3, 0x28, 0xa4, \
	    0xd9, 0x7d, 0x3c, 0x7b, 0x61, 0xd8, 0x6f, 0xc6, 0x28, 0x9c, 0x18, \
	    0x9f, 0x25, 0x25, 0x11, 0x0c, 0x44, 0x1b, 0xb0, 0x7e, 0x97

struct key_case {
	const char *name;
	struct span in;
	int want;
};

static const struct key_case cases[] = {
	{ "P-256", HEX(0xa4, 1, 2, 0x20, 1, 0x21, X, 0x22, Y), 0 },
	{ "with kid", HEX(0xa5, 1, 2, 2, 0x41, 7, 0x20, 1, 0x21, X, 0x22, Y),
	    0 },
	{ "with alg ES256", HEX(0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, X, 0x22, Y),
	    0 },
	{ "with alg ESP256",
	    HEX(0xa5, 1, 2, 3, 0x28, 0x20, 1, 0x21, X, 0x22, Y), 0 },
	{ "with alg EdDSA", HEX(0xa5, 1, 2, 3, 0x27, 0x20, 1, 0x21, X, 0x22, Y),
	    SEAL_E_KEY },
	{ "with alg ES384",
	    HEX(0xa5, 1, 2, 3, 0x38, 34, 0x20, 1, 0x21, X, 0x22, Y),
	    SEAL_E_KEY },
	{ "with an unknown alg",
	    HEX(0xa5, 1, 2, 3, 0x38, 90, 0x20, 1, 0x21, X, 0x22, Y),
	    SEAL_E_KEY },
	{ "no kty", HEX(0xa3, 0x20, 1, 0x21, X, 0x22, Y), SEAL_E_KEY },
	{ "kty symmetric", HEX(0xa2, 1, 4, 0x20, 0x41, 7), SEAL_E_KEY },
	{ "kty text", HEX(0xa4, 1, 0x61, 0x32, 0x20, 1, 0x21, X, 0x22, Y),
	    SEAL_E_DECODE },
	{ "no curve", HEX(0xa3, 1, 2, 0x21, X, 0x22, Y), SEAL_E_KEY },
	{ "secp256k1", HEX(0xa4, 1, 2, 0x20, 8, 0x21, X, 0x22, Y), SEAL_E_KEY },
	{ "P-384 with coordinates of P-256",
	    HEX(0xa4, 1, 2, 0x20, 2, 0x21, X, 0x22, Y), SEAL_E_KEY },
	{ "OKP on P-256", HEX(0xa4, 1, 1, 0x20, 1, 0x21, X, 0x22, Y),
	    SEAL_E_KEY },
	{ "EC2 on Ed25519", HEX(0xa4, 1, 2, 0x20, 6, 0x21, X, 0x22, Y),
	    SEAL_E_KEY },
	{ "X25519", HEX(0xa3, 1, 1, 0x20, 4, 0x21, X), SEAL_E_KEY },
	{ "Ed25519 with y", HEX(0xa4, 1, 1, 0x20, 6, 0x21, X, 0x22, Y),
	    SEAL_E_KEY },
	{ "no x", HEX(0xa3, 1, 2, 0x20, 1, 0x22, Y), SEAL_E_KEY },
	{ "no y", HEX(0xa3, 1, 2, 0x20, 1, 0x21, X), SEAL_E_KEY },
	{ "compressed", HEX(0xa4, 1, 2, 0x20, 1, 0x21, X, 0x22, 0xf4),
	    SEAL_E_KEY },
	{ "y with a leading zero",
	    HEX(0xa4, 1, 2, 0x20, 1, 0x21, X_OF_ZERO, 0x22, Y_ZERO), 0 },
	{ "y without its leading zero",
	    HEX(0xa4, 1, 2, 0x20, 1, 0x21, X_OF_ZERO, 0x22, Y_CUT),
	    SEAL_E_KEY },
	{ "off the curve", HEX(0xa4, 1, 2, 0x20, 1, 0x21, X, 0x22, X),
	    SEAL_E_KEY },
	{ "x twice", HEX(0xa4, 1, 2, 0x20, 1, 0x21, X, 0x21, X),
	    SEAL_E_DECODE },
	{ "private key",
	    HEX(0xa5, 1, 2, 0x20, 1, 0x21, X, 0x22, Y, 0x23, 0x41, 7),
	    SEAL_E_DECODE },
	{ "key_ops", HEX(0xa5, 1, 2, 4, 0x81, 2, 0x20, 1, 0x21, X, 0x22, Y),
	    SEAL_E_DECODE },
	{ "text label",
	    HEX(0xa5, 1, 2, 0x20, 1, 0x21, X, 0x22, Y, 0x61, 0x61, 0),
	    SEAL_E_DECODE },
	{ "trailing byte", HEX(0xa4, 1, 2, 0x20, 1, 0x21, X, 0x22, Y, 0),
	    SEAL_E_DECODE },
	{ "RSA exponent of 5 bytes",
	    HEX(0xa3, 1, 3, 0x20, X, 0x21, 0x45, 1, 0, 0, 0, 1), SEAL_E_KEY },
	{ "RSA with leading zero",
	    HEX(0xa3, 1, 3, 0x20, 0x42, 0, 9, 0x21, 0x43, 1, 0, 1),
	    SEAL_E_KEY },
	{ "RSA without modulus", HEX(0xa2, 1, 3, 0x21, 0x43, 1, 0, 1),
	    SEAL_E_KEY },
	{ "array", HEX(0x80), SEAL_E_DECODE },
	{ "empty map", HEX(0xa0), SEAL_E_KEY },
	{ NULL },
};

static void
keys(void **state)
{
	uint8_t buf[128];
	struct wr w;
	int r;

	(void)state;
	for (const struct key_case *c = cases; c->name != NULL; c++) {
		struct seal_diag d = { 0 };

		wr_init(&w, buf, sizeof(buf));
		if ((r = cose_key_to_spki(c->in, &w, &d)) != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		if (c->want != 0 && w.n != 0)
			fail_msg("%s: output touched", c->name);
		for (size_t n = 0; c->want == 0 && n < c->in.n; n++) {
			if (cose_key_to_spki(span_of(c->in.p, n), &w, NULL) ==
			    0)
				fail_msg("%s: passes cut at %zu", c->name, n);
		}
	}
}

static void
round_trips(void **state)
{
	static const enum curve curves[] = { CURVE_P256, CURVE_P384, CURVE_P521,
		CURVE_ED25519, CURVE_ED448 };
	uint8_t spki_buf[256], key_buf[256], again_buf[256];
	struct wr spki, key, again;
	struct privkey *k = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		wr_init(&spki, spki_buf, sizeof(spki_buf));
		wr_init(&key, key_buf, sizeof(key_buf));
		wr_init(&again, again_buf, sizeof(again_buf));
		assert_int_equal(privkey_generate(curves[i], &k, NULL), 0);
		assert_int_equal(privkey_spki(k, &spki, NULL), 0);
		assert_int_equal(
		    cose_key_from_spki(wr_view(&spki), &key, NULL), 0);
		assert_true(cbor_deterministic(wr_view(&key)));
		assert_int_equal(
		    cose_key_to_spki(wr_view(&key), &again, NULL), 0);
		assert_true(span_equal(wr_view(&spki), wr_view(&again)));
		privkey_free(&k);
	}
}

static void
rsa_round_trip(void **state)
{
	uint8_t modulus[256], key_buf[512], again_buf[512], spki_buf[512];
	struct wr spki, key, again;

	(void)state;
	for (size_t i = 0; i < sizeof(modulus); i++)
		modulus[i] = (uint8_t)(0xa5 + 2 * i);
	wr_init(&spki, spki_buf, sizeof(spki_buf));
	wr_init(&key, key_buf, sizeof(key_buf));
	wr_init(&again, again_buf, sizeof(again_buf));
	assert_int_equal(spki_from_rsa(span_of(modulus, sizeof(modulus)), 65537,
			     &spki, NULL),
	    0);
	assert_int_equal(cose_key_from_spki(wr_view(&spki), &key, NULL), 0);
	assert_true(cbor_deterministic(wr_view(&key)));
	assert_int_equal(cose_key_to_spki(wr_view(&key), &again, NULL), 0);
	assert_true(span_equal(wr_view(&spki), wr_view(&again)));
}

static void
not_a_key(void **state)
{
	uint8_t buf[64];
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	assert_int_not_equal(cose_key_from_spki(span_str("0"), &w, NULL), 0);
	assert_int_equal(w.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(rsa_round_trip),
		cmocka_unit_test(not_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
