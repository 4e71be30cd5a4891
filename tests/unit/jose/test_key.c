/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jose/key.h"

/* The base point of P-256, and the public key of RFC 8037 appendix A.2. */
#define X "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY"
#define Y "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"
#define EDX "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define P256 "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\""
#define ED "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" EDX "\""

struct key_case {
	const char *name, *in;
	int want;
	size_t n; /* keys */
};

static const struct key_case cases[] = {
	{ "P-256", "{" P256 "}", 0, 1 },
	{ "Ed25519", "{" ED "}", 0, 1 },
	{ "with kid, alg and use",
	    "{" P256 ",\"kid\":\"a\",\"alg\":\"ES256\",\"use\":\"sig\"}", 0,
	    1 },
	{ "Ed25519 with alg EdDSA", "{" ED ",\"alg\":\"EdDSA\"}", 0, 1 },
	{ "Ed25519 with alg Ed25519", "{" ED ",\"alg\":\"Ed25519\"}", 0, 1 },
	{ "unknown members", "{" P256 ",\"x5t\":\"AA\",\"zz\":[1]}", 0, 1 },
	{ "alg HS256", "{" P256 ",\"alg\":\"HS256\"}", SEAL_E_KEY },
	{ "alg none", "{" P256 ",\"alg\":\"none\"}", SEAL_E_KEY },
	{ "alg of another curve", "{" P256 ",\"alg\":\"ES384\"}", SEAL_E_KEY },
	{ "alg no text", "{" P256 ",\"alg\":7}", SEAL_E_KEY },
	{ "for encryption", "{" P256 ",\"use\":\"enc\"}", SEAL_E_KEY },
	{ "private", "{" P256 ",\"d\":\"AQ\"}", SEAL_E_KEY },
	{ "symmetric", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", SEAL_E_KEY },
	{ "symmetric with a curve", "{" P256 ",\"k\":\"AAAA\"}", SEAL_E_KEY },
	{ "no kty", "{\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
	    SEAL_E_KEY },
	{ "no crv", "{\"kty\":\"EC\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
	    SEAL_E_KEY },
	{ "no x", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"y\":\"" Y "\"}",
	    SEAL_E_KEY },
	{ "no y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\"}",
	    SEAL_E_KEY },
	{ "x no text",
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":7,\"y\":\"" Y "\"}",
	    SEAL_E_KEY },
	{ "padded x",
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "=\",\"y\":\"" Y
	    "\"}",
	    SEAL_E_KEY },
	{ "short x",
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"" Y "\"}",
	    SEAL_E_KEY },
	{ "off the curve",
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" X
	    "\"}",
	    SEAL_E_KEY },
	{ "Ed25519 with y", "{" ED ",\"y\":\"" Y "\"}", SEAL_E_KEY },
	{ "OKP on P-256", "{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"" X "\"}",
	    SEAL_E_KEY },
	{ "X25519", "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" EDX "\"}",
	    SEAL_E_KEY },
	{ "RSA alone", "{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\"}",
	    SEAL_E_KEY },
	{ "kid no text", "{" P256 ",\"kid\":1}", SEAL_E_DECODE },
	{ "member twice", "{" P256 ",\"kty\":\"EC\"}", SEAL_E_DECODE },
	{ "bytes after it", "{" P256 "} x", SEAL_E_DECODE },
	{ "array", "[{" P256 "}]", SEAL_E_DECODE },
	{ "nothing", "", SEAL_E_DECODE },
	{ "set of two", "{\"keys\":[{" P256 "},{" ED "}]}", 0, 2 },
	{ "set that has others, too",
	    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\"},{" P256
	    "},{" ED ",\"use\":\"enc\"}]}",
	    0, 1 },
	{ "set of others alone",
	    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\"}]}",
	    SEAL_E_KEY },
	{ "empty set", "{\"keys\":[]}", SEAL_E_KEY },
	{ "set with a private key", "{\"keys\":[{" P256 ",\"d\":\"AQ\"}]}",
	    SEAL_E_KEY },
	{ "set with a secret among others",
	    "{\"keys\":[{" P256 "},{\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
	    SEAL_E_KEY },
	{ "set with one kid twice",
	    "{\"keys\":[{" P256 ",\"kid\":\"a\"},{" ED ",\"kid\":\"a\"}]}",
	    SEAL_E_DECODE },
	{ "set that is no list", "{\"keys\":{}}", SEAL_E_DECODE },
	{ "set with a text", "{\"keys\":[\"a\"]}", SEAL_E_DECODE },
	{ NULL },
};

static void
sets(void **state)
{
	(void)state;
	for (const struct key_case *c = cases; c->name != NULL; c++) {
		struct seal_diag d = { 0 };
		struct jwk_set *s = NULL;
		int r = jwk_set_parse(span_str(c->in), &s, &d);

		if (r != c->want || (r == 0 && s->n != c->n))
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		assert_int_equal(s == NULL, r != 0);
		for (size_t n = 0; c->want == 0 && n < strlen(c->in); n++) {
			struct jwk_set *none = NULL;

			assert_int_not_equal(
			    jwk_set_parse(span_of(c->in, n), &none, NULL), 0);
		}
		jwk_set_free(&s);
	}
}

static void
full_set(void **state)
{
	char text[16384] = "{\"keys\":[";
	struct jwk_set *s = NULL;
	size_t n = strlen(text);

	(void)state;
	for (size_t i = 0; i <= JWK_SET_MAX; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s{" ED ",\"kid\":\"%zu\"}", i > 0 ? "," : "", i);
		snprintf(text + n, sizeof(text) - n, "]}");
		assert_int_equal(jwk_set_parse(span_str(text), &s, NULL),
		    i < JWK_SET_MAX ? 0 : SEAL_E_LIMIT);
		jwk_set_free(&s);
	}
}

/* A key of each kind through SPKI and JSON comes out as it went in. */
static void
round_trip(void **state)
{
	static const enum curve curves[] = { CURVE_P256, CURVE_P384, CURVE_P521,
		CURVE_ED25519 };

	(void)state;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		struct privkey *priv = NULL;
		struct jwk a = { .n_spki = 0 }, b = { .n_spki = 0 };
		uint8_t spki[LIMIT_SPKI], back[LIMIT_SPKI];
		struct wr w, w2;
		json_t *j;

		wr_init(&w, spki, sizeof(spki));
		wr_init(&w2, back, sizeof(back));
		assert_int_equal(privkey_generate(curves[i], &priv, NULL), 0);
		assert_int_equal(privkey_spki(priv, &w, NULL), 0);
		assert_int_equal(
		    jwk_from_spki(wr_view(&w), "kid", &a, NULL), 0);
		assert_non_null(j = jwk_json_public(&a));
		assert_int_equal(jwk_read(j, &b, NULL), 0);
		assert_string_equal(b.kid, "kid");
		assert_int_equal(a.scheme, b.scheme);
		assert_true(span_equal(
		    span_of(b.spki, b.n_spki), span_of(a.spki, a.n_spki)));
		assert_int_equal(jwk_to_spki(j, &w2, NULL), 0);
		assert_true(span_equal(wr_view(&w2), wr_view(&w)));
		json_decref(j);
		jwk_wipe(&a);
		jwk_wipe(&b);
		privkey_free(&priv);
	}
}

/* RFC 8037 appendix A.3. */
static void
thumbprint(void **state)
{
	struct jwk_set *s = NULL;
	char got[JWK_THUMBPRINT];

	(void)state;
	assert_int_equal(jwk_set_parse(span_str("{" ED "}"), &s, NULL), 0);
	assert_int_equal(
	    jwk_thumbprint(
		span_of(s->keys[0].spki, s->keys[0].n_spki), got, NULL),
	    0);
	assert_string_equal(got, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
	jwk_set_free(&s);
}

/* A subject key may be RSA, which no result is signed with. */
static void
rsa_subject(void **state)
{
	uint8_t modulus[256], spki[LIMIT_SPKI], back[LIMIT_SPKI];
	struct wr w, w2;
	json_t *j;

	(void)state;
	memset(modulus, 0xa5, sizeof(modulus));
	wr_init(&w, spki, sizeof(spki));
	wr_init(&w2, back, sizeof(back));
	assert_int_equal(
	    spki_from_rsa(span_of(modulus, sizeof(modulus)), 65537, &w, NULL),
	    0);
	assert_non_null(j = jwk_json(wr_view(&w)));
	assert_int_equal(jwk_to_spki(j, &w2, NULL), 0);
	assert_true(span_equal(wr_view(&w2), wr_view(&w)));
	assert_int_equal(json_object_set_new(j, "d", json_string("AQ")), 0);
	assert_int_not_equal(jwk_to_spki(j, &w2, NULL), 0);
	json_object_del(j, "d");
	assert_int_equal(json_object_set_new(j, "e", json_string("AAEAAQ")), 0);
	assert_int_not_equal(jwk_to_spki(j, &w2, NULL), 0);
	json_object_del(j, "n");
	assert_int_not_equal(jwk_to_spki(j, &w2, NULL), 0);
	json_decref(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets),
		cmocka_unit_test(full_set),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(thumbprint),
		cmocka_unit_test(rsa_subject),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
