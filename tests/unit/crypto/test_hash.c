/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "base/text.h"
#include "crypto/hash.h"

static struct span
unhex(const char *hex, struct wr *w)
{
	struct span s = { 0 };

	assert_true(hex_decode(span_str(hex), w));
	assert_int_equal(wr_finish(w, &s), 0);
	return s;
}

struct digest_case {
	const char *name;
	enum hash h;
	const char *key; /* text; NULL: no HMAC */
	const char *text;
	const char *want; /* hex */
};

/* "abc": FIPS 180 examples. HMAC: RFC 2202 and RFC 4231, test case 2. */
static const struct digest_case digest_cases[] = {
	{ "sha1", HASH_SHA1, NULL, "abc",
	    "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "sha256", HASH_SHA256, NULL, "abc",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "sha384", HASH_SHA384, NULL, "abc",
	    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
	    "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7" },
	{ "sha512", HASH_SHA512, NULL, "abc",
	    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"
	    "0a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
	    "454d4423643ce80e2a9ac94fa54ca49f" },
	{ "hmac sha1", HASH_SHA1, "Jefe", "what do ya want for nothing?",
	    "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
	{ "hmac sha256", HASH_SHA256, "Jefe", "what do ya want for nothing?",
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ "hmac sha384", HASH_SHA384, "Jefe", "what do ya want for nothing?",
	    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47"
	    "e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649" },
	{ NULL },
};

static void
digests(void **state)
{
	(void)state;
	for (const struct digest_case *c = digest_cases; c->name != NULL; c++) {
		uint8_t buf[HASH_MAX], got[HASH_MAX] = { 0 };
		struct span text = span_str(c->text), want;
		struct wr w;
		int r;

		/* In three parts, one of them empty. */
		const struct span parts[] = { span_of(text.p, 1),
			span_of(NULL, 0), span_of(text.p + 1, text.n - 1) };

		wr_init(&w, buf, sizeof(buf));
		want = unhex(c->want, &w);
		assert_int_equal(want.n, hash_size(c->h));
		r = c->key == NULL ? hash_parts(c->h, parts, 3, got, NULL)
				   : hmac_parts(c->h, span_str(c->key), parts,
					 3, got, NULL);
		if (r != 0 || memcmp(got, want.p, want.n) != 0)
			fail_msg("%s", c->name);
	}
}

/* RFC 4231 s4.7: a key longer than the block is hashed first. */
static void
hmac_long_key(void **state)
{
	uint8_t key[131], buf[HASH_MAX], got[HASH_MAX];
	struct span text =
	    span_str("Test Using Larger Than Block-Size Key - Hash Key First");
	struct wr w;

	(void)state;
	memset(key, 0xaa, sizeof(key));
	wr_init(&w, buf, sizeof(buf));
	unhex(
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
	    &w);
	assert_int_equal(hmac_parts(HASH_SHA256, span_of(key, sizeof(key)),
			     &text, 1, got, NULL),
	    0);
	assert_memory_equal(got, buf, 32);
}

struct label_case {
	const char *name;
	enum hash h;
	const char *secret, *prefix, *label, *context, *want;
};

static const struct label_case label_cases[] = {
	{ "sha256 derived", HASH_SHA256,
	    "d73e390f03bdb2341e74fe20550cc560eeb6eaaed7c22a38e95e56fe8392"
	    "47de",
	    "tls13 ", "derived",
	    "10007453bff08ff01fe17976af73454a39f4b41ca96f39bc68c2539e0784"
	    "0d5a",
	    "cfd64391be7065f85dfcec90871b841b2bea6ee8f65aa97cbd4ec0eaf3d6"
	    "82d4" },
	{ "sha384 derived", HASH_SHA384,
	    "7833e71b2737f887c6b64beb5aab788bb3d6d556832037ef0ea5e0e6dbf9"
	    "637f766d520a98e7f0f0473018d1745aa756",
	    "tls13 ", "derived",
	    "21393314f41f46eebedc9927acbf2c5b83572ca904c13ef085dceecb2467"
	    "d9c27fa2af3ceec8bb7042c28597b9ca38d5",
	    "8168ad34152c21197cb2ee6346c0b9feae732782cd2dd408ded76c243ca8"
	    "b15b9bca4396cb1d09aed4c4fe676006b613" },
	{ "sha256 exporter", HASH_SHA256,
	    "da201d6f39a1839d30faa0e5ee2670a256628947aa81bf03cd9d82b5f514"
	    "7295",
	    "tls13 ", "exporter",
	    "c79899c4b85e6adab46dfbdc94ede1c1d57a3f6a76e9eebcdf9c33bd9223"
	    "1f85",
	    "409d362dba9a95960def756061d659105aecbe6ebd251de197d76a67ae2a"
	    "2624" },
	{ "sha384 exporter", HASH_SHA384,
	    "3f6d68bf037a1804d7728d437e34c98117b84fb200fd70e45f8a155a30be"
	    "9356536554a442ed465557fc7f50d017126b",
	    "tls13 ", "exporter",
	    "02a348063eceb32e33af3006643b7ebdd8d184ca6c551208f572b12869e2"
	    "fe0f79dfbaf7960ab7305376cd4ed88e54db",
	    "db2c47ade3c1334a0911c9d1bcf56a77044fa74f9b885641cbf1d131c7f4"
	    "74e0a657f372d1112cf68b4ae605f7a70c1a2fd3396e9567f013cc0db247"
	    "d12cbb8d" },
	{ "sha256 attestation", HASH_SHA256,
	    "47fe31c0dfae9701750f41b883a1bad1132fa0c54f73d1e65def1bfa3a81"
	    "ed34",
	    "tls13 ", "attestation", "",
	    "ae0150dfe785297ec583f867e2c3e4cb780a53293fdcbb73709d4ff55cf3"
	    "3410" },
	{ "sha384 attestation base", HASH_SHA384,
	    "066e7cb28ecff71941fe9ba0610e2a565f593ea511e4afb710840a1c8695"
	    "5f8946b366a73f1ca0f673f6e462d70dcde3",
	    "tls13 ", "attestation base",
	    "fc594d7a0eb7f07174fd054a9d7548013a269a33fc7ebbfa8c8c66215315"
	    "fb7258f1c1a169f0e87e4edf9c6d5659a2c5",
	    "0e41eb86f3ad4cd5b7abadbb735aa957ce562e03da5ed892028065a75218"
	    "3cdc642371af23abfd332fa72901956e2a57" },
	{ "sha256 x", HASH_SHA256,
	    "443278870fc8f6ab59ca1fd04c4228322c24eb0d2ce37228b645df69233c"
	    "0318",
	    "tls13 ", "x", "aa7f6933f4",
	    "ee8e8b17e58034319cf523e6ceac2d3e2d5afcd5cd30136978dc4ce46608"
	    "78b205ad91361ae0efac9e75b90b075147d3929b13a245bf54afedf2e6a2"
	    "6c62966d1ec0c7388c189a73d206e42cc8c3a5e27315a788af81b62d54e3"
	    "7f9fa5d7ecbf6811c4d8c3c5b0bf6d36c84604923d0d1ca6b1f037167427"
	    "eae7462db991f6934f3cf8722a8456c20f88cf7842e1a260b38806710a95"
	    "2b735160ee596ad4517244bf2a48b904e8d1f48af2842517c5c52e8cc9c9"
	    "a3ef85332fc039d5064845814f93596f4731394af81d9f75e88a5933637b"
	    "961f5700e18488a93ff314b30fd7f2d59b48e5bcac6abd30a9e24a22654b"
	    "eba6604b8570d493afa631f77cb0ef" },
	{ "dtls13 exporter", HASH_SHA256,
	    "94955f9001dea2ec57bd915a3f7802fa8b0e0116b2810a31f05197029495"
	    "4d78",
	    "dtls13", "exporter",
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
	    "b855",
	    "37d64923e79febfc7fc4f69b59f1a06d2faa830a82dcc37f878e7c2d1068"
	    "5d8b" },

	{ NULL },
};

static void
labels(void **state)
{
	(void)state;
	for (const struct label_case *c = label_cases; c->name != NULL; c++) {
		uint8_t s[64], x[64], o[256], got[256];
		struct wr ws, wx, wo;
		struct span secret, context, want;

		wr_init(&ws, s, sizeof(s));
		wr_init(&wx, x, sizeof(x));
		wr_init(&wo, o, sizeof(o));
		secret = unhex(c->secret, &ws);
		context = unhex(c->context, &wx);
		want = unhex(c->want, &wo);
		if (hkdf_expand_label(c->h, secret, c->prefix, c->label,
			context, got, want.n, NULL) != 0 ||
		    memcmp(got, want.p, want.n) != 0)
			fail_msg("%s", c->name);
	}
}

static void
refusals(void **state)
{
	uint8_t out[300], before[300], big[256] = { 0 };
	struct span s = span_of(big, 32);
	struct seal_diag d = { 0 };
	char label[256];

	(void)state;
	memset(label, 'x', 250);
	label[250] = '\0';
	memset(out, 7, sizeof(out));
	memcpy(before, out, sizeof(out));
	assert_int_equal(hash_one(HASH_NONE, s, out, &d), SEAL_E_ARGUMENT);
	assert_string_equal(d.text, "hash: none chosen");
	assert_int_equal(
	    hmac_parts(HASH_NONE, s, &s, 1, out, NULL), SEAL_E_ARGUMENT);
	assert_int_equal(hash_one(99, s, out, NULL), SEAL_E_ARGUMENT);
	assert_int_equal(
	    hkdf_expand_label(HASH_NONE, s, "tls13 ", "x", s, out, 32, NULL),
	    SEAL_E_ARGUMENT);
	assert_int_equal(
	    hkdf_expand_label(HASH_SHA256, s, "tls13 ", "x", s, out, 256, NULL),
	    SEAL_E_ARGUMENT);
	assert_int_equal(
	    hkdf_expand_label(HASH_SHA256, s, "tls13 ", "x", s, out, 0, NULL),
	    SEAL_E_ARGUMENT);
	assert_int_equal(hkdf_expand_label(
			     HASH_SHA256, s, "tls13 ", label, s, out, 32, NULL),
	    SEAL_E_LIMIT);
	assert_int_equal(hkdf_expand_label(HASH_SHA256, s, "tls13 ", "x",
			     span_of(big, 256), out, 32, NULL),
	    SEAL_E_LIMIT);
	assert_memory_equal(out, before, sizeof(out));
}

static void
names(void **state)
{
	(void)state;
	for (enum hash h = HASH_SHA1; h <= HASH_SHA512; h++)
		assert_int_equal(hash_by_name(hash_name(h)), h);
	assert_int_equal(hash_by_name("none"), HASH_NONE);
	assert_int_equal(hash_by_name("SHA256"), HASH_NONE);
	assert_int_equal(hash_by_name(NULL), HASH_NONE);
	assert_int_equal(hash_size(HASH_NONE), 0);
}

static void
randomness(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	assert_int_equal(random_bytes(a, sizeof(a), NULL), 0);
	assert_int_equal(random_bytes(b, sizeof(b), NULL), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_equal(random_bytes(NULL, 0, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests),
		cmocka_unit_test(hmac_long_key),
		cmocka_unit_test(labels),
		cmocka_unit_test(refusals),
		cmocka_unit_test(names),
		cmocka_unit_test(randomness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
