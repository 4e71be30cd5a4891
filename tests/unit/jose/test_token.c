/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "jose/token.h"

#define PAYLOAD "{\"a\":1}"

static struct privkey *p256, *p384, *ed;
static struct jwk_set *set; /* those three: kid 0, 1, 2 */

static int
sign_with(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

static void
add(struct privkey **ret, enum curve c)
{
	uint8_t spki[LIMIT_SPKI];
	char kid[] = "0";
	struct wr w;

	kid[0] = (char)('0' + set->n);
	wr_init(&w, spki, sizeof(spki));
	assert_int_equal(privkey_generate(c, ret, NULL), 0);
	assert_int_equal(privkey_spki(*ret, &w, NULL), 0);
	assert_int_equal(
	    jwk_from_spki(wr_view(&w), kid, &set->keys[set->n], NULL), 0);
	set->n++;
}

static int
setup(void **state)
{
	(void)state;
	set = calloc(1, sizeof(*set));
	assert_non_null(set);
	add(&p256, CURVE_P256);
	add(&p384, CURVE_P384);
	add(&ed, CURVE_ED25519);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	privkey_free(&p256);
	privkey_free(&p384);
	privkey_free(&ed);
	jwk_set_free(&set);
	return 0;
}

static int
verify(struct span token, struct seal_diag *d)
{
	const struct jwk *key = NULL;
	struct jws j = { .alg = NULL };
	int r;

	if ((r = jws_parse(token, &j, d)) != 0)
		return r;
	r = jws_verify_set(&j, set, &key, d);
	assert_int_equal(key == NULL, r != 0);
	assert_true(
	    r != 0 || span_is(span_of(j.payload, j.n_payload), PAYLOAD));
	jws_wipe(&j);
	return r;
}

/* header.PAYLOAD.signature, signed with this key under this scheme. */
static void
forge(struct wr *w, const char *header, struct privkey *key, uint16_t scheme,
    size_t width)
{
	uint8_t sig[LIMIT_SIGNATURE], raw[LIMIT_SIGNATURE];
	struct wr s, r;

	wr_init(&s, sig, sizeof(sig));
	wr_init(&r, raw, sizeof(raw));
	b64url_encode(span_str(header), w);
	wr_u8(w, '.');
	b64url_encode(span_str(PAYLOAD), w);
	assert_int_equal(privkey_sign(key, scheme, wr_view(w), &s, NULL), 0);
	if (width == 0)
		wr_bytes(&r, wr_view(&s));
	else
		assert_int_equal(
		    ecdsa_der_to_raw(wr_view(&s), width, &r, NULL), 0);
	wr_u8(w, '.');
	b64url_encode(wr_view(&r), w);
	assert_int_equal(w->error, 0);
}

struct header_case {
	const char *name, *header;
	int want;
};

/* All signed well by the P-256 key: only the header is to blame. */
static const struct header_case headers[] = {
	{ "plain", "{\"alg\":\"ES256\"}", 0 },
	{ "typ", "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", 0 },
	{ "its kid", "{\"alg\":\"ES256\",\"kid\":\"0\"}", 0 },
	{ "a kid that no key has", "{\"alg\":\"ES256\",\"kid\":\"zz\"}", 0 },
	{ "kid of another key", "{\"alg\":\"ES256\",\"kid\":\"1\"}",
	    SEAL_E_KEY },
	{ "unknown parameter", "{\"alg\":\"ES256\",\"zz\":{\"a\":[]}}", 0 },
	/* RFC 8725 s3.1. */
	{ "alg none", "{\"alg\":\"none\"}", SEAL_E_SIGNATURE },
	{ "alg None", "{\"alg\":\"None\"}", SEAL_E_SIGNATURE },
	{ "alg HS256", "{\"alg\":\"HS256\"}", SEAL_E_SIGNATURE },
	{ "alg HS256 with kid", "{\"alg\":\"HS256\",\"kid\":\"0\"}",
	    SEAL_E_SIGNATURE },
	{ "alg RS256", "{\"alg\":\"RS256\"}", SEAL_E_SIGNATURE },
	{ "alg es256", "{\"alg\":\"es256\"}", SEAL_E_SIGNATURE },
	{ "alg no text", "{\"alg\":[\"ES256\"]}", SEAL_E_SIGNATURE },
	{ "no alg", "{}", SEAL_E_SIGNATURE },
	{ "alg of another key", "{\"alg\":\"ES384\"}", SEAL_E_SIGNATURE },
	{ "EdDSA over an ECDSA signature", "{\"alg\":\"EdDSA\"}",
	    SEAL_E_SIGNATURE },
	{ "alg twice", "{\"alg\":\"ES256\",\"alg\":\"ES256\"}", SEAL_E_DECODE },
	{ "crit", "{\"alg\":\"ES256\",\"crit\":[\"zz\"]}", SEAL_E_UNSUPPORTED },
	{ "empty crit", "{\"alg\":\"ES256\",\"crit\":[]}", SEAL_E_UNSUPPORTED },
	{ "b64", "{\"alg\":\"ES256\",\"b64\":true}", SEAL_E_UNSUPPORTED },
	{ "kid no text", "{\"alg\":\"ES256\",\"kid\":0}", SEAL_E_DECODE },
	{ "typ no text", "{\"alg\":\"ES256\",\"typ\":0}", SEAL_E_DECODE },
	{ "header an array", "[\"ES256\"]", SEAL_E_DECODE },
	{ "bytes after the header", "{\"alg\":\"ES256\"}x", SEAL_E_DECODE },
	{ "deep header",
	    "{\"alg\":\"ES256\",\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}",
	    SEAL_E_LIMIT },
	{ NULL },
};

static void
header_rules(void **state)
{
	(void)state;
	for (const struct header_case *c = headers; c->name != NULL; c++) {
		struct seal_diag d = { 0 };
		struct wr w;
		int r;

		wr_init_heap(&w, JWS_MAX);
		forge(&w, c->header, p256, SIG_ECDSA_P256_SHA256, 32);
		if ((r = verify(wr_view(&w), &d)) != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		for (size_t n = 0; r == 0 && n < w.n; n++)
			assert_int_not_equal(verify(span_of(w.p, n), NULL), 0);
		wr_free(&w);
	}
}

/* A stranger's signature stays one, whatever keys its header brings. */
static void
key_in_header(void **state)
{
	struct privkey *stranger = NULL;
	uint8_t spki[LIMIT_SPKI];
	char header[512], *jwk;
	struct wr k, w;
	json_t *j;

	(void)state;
	wr_init(&k, spki, sizeof(spki));
	wr_init_heap(&w, JWS_MAX);
	assert_int_equal(privkey_generate(CURVE_P256, &stranger, NULL), 0);
	assert_int_equal(privkey_spki(stranger, &k, NULL), 0);
	assert_non_null(j = jwk_json(wr_view(&k)));
	assert_non_null(jwk = json_dumps(j, JSON_COMPACT));
	snprintf(header, sizeof(header),
	    "{\"alg\":\"ES256\",\"jwk\":%s,\"jku\":\"https://a.example/\"}",
	    jwk);
	forge(&w, header, stranger, SIG_ECDSA_P256_SHA256, 32);
	assert_int_equal(verify(wr_view(&w), NULL), SEAL_E_SIGNATURE);
	wr_free(&w);
	free(jwk);
	json_decref(j);
	privkey_free(&stranger);
}

static void
round_trip(void **state)
{
	struct row {
		struct privkey *key;
		uint16_t scheme;
	} rows[] = { { p256, SIG_ECDSA_P256_SHA256 },
		{ p384, SIG_ECDSA_P384_SHA384 }, { ed, SIG_ED25519 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_diag d = { 0 };
		char kid[] = "0";
		struct wr w;

		kid[0] = (char)('0' + i);
		wr_init_heap(&w, JWS_MAX);
		assert_int_equal(
		    jws_sign(&w, rows[i].scheme, "JWT", i == 0 ? NULL : kid,
			span_str(PAYLOAD), sign_with, rows[i].key, &d),
		    0);
		if (verify(wr_view(&w), &d) != 0)
			fail_msg("%zu: %s", i, d.text);
		/* Every character counts; the last may hold unused bits, which
		 * must be zero. */
		for (size_t k = 0; k < w.n; k++) {
			uint8_t was = w.p[k];

			w.p[k] = was == 'A' ? 'B' : 'A';
			assert_int_not_equal(verify(wr_view(&w), NULL), 0);
			w.p[k] = was;
		}
		wr_free(&w);
	}
}

struct form_case {
	const char *name, *token;
	int want;
};

/* e30 is {}, eyJhbGciOiJFUzI1NiJ9 {"alg":"ES256"}. */
#define H "eyJhbGciOiJFUzI1NiJ9"
static const struct form_case forms[] = {
	{ "nothing", "", SEAL_E_DECODE },
	{ "one part", H, SEAL_E_DECODE },
	{ "two parts", H ".e30", SEAL_E_DECODE },
	{ "no signature", H ".e30.", SEAL_E_DECODE },
	{ "no payload", H "..AAAA", SEAL_E_DECODE },
	{ "no header", ".e30.AAAA", SEAL_E_DECODE },
	{ "four parts", H ".e30.AAAA.AAAA", SEAL_E_DECODE },
	{ "five parts", H ".e30.AAAA.AAAA.AAAA", SEAL_E_DECODE },
	{ "leading dot", "." H ".e30.AAAA", SEAL_E_DECODE },
	{ "short signature", H ".e30.AAAA", SEAL_E_SIGNATURE },
	{ "padding", H "=.e30.AAAA", SEAL_E_DECODE },
	{ "white space", H " .e30.AAAA", SEAL_E_DECODE },
	{ "flattened", "{\"protected\":\"" H "\"}", SEAL_E_DECODE },
	{ NULL },
};

static void
form(void **state)
{
	struct jws j;

	(void)state;
	for (const struct form_case *c = forms; c->name != NULL; c++) {
		int r = jws_parse(span_str(c->token), &j, NULL);

		if (r != c->want)
			fail_msg("%s: got %d", c->name, r);
	}
}

static void
too_long(void **state)
{
	char *text = malloc(JWS_MAX + 2);
	struct jws j;

	(void)state;
	assert_non_null(text);
	memset(text, 'A', JWS_MAX + 1);
	assert_int_equal(
	    jws_parse(span_of(text, JWS_MAX + 1), &j, NULL), SEAL_E_LIMIT);
	free(text);
}

/* A signer that fails, and one whose signature is none. */
static int
sign_badly(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	(void)scheme;
	(void)tbs;
	(void)d;
	wr_u8(out, 7);
	return *(const int *)ctx;
}

static void
signers(void **state)
{
	int ok = 0, broken = SEAL_E_UNAVAILABLE;
	struct wr w;

	(void)state;
	wr_init_heap(&w, JWS_MAX);
	assert_int_equal(jws_sign(&w, SIG_ECDSA_P256_SHA256, NULL, NULL,
			     span_str(PAYLOAD), sign_badly, &broken, NULL),
	    SEAL_E_UNAVAILABLE);
	assert_int_not_equal(jws_sign(&w, SIG_ECDSA_P256_SHA256, NULL, NULL,
				 span_str(PAYLOAD), sign_badly, &ok, NULL),
	    0);
	assert_int_equal(jws_sign(&w, SIG_RSA_PSS_RSAE_SHA256, NULL, NULL,
			     span_str(PAYLOAD), sign_badly, &ok, NULL),
	    SEAL_E_UNSUPPORTED);
	assert_int_equal(w.n, 0);
	wr_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_rules),
		cmocka_unit_test(key_in_header),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(form),
		cmocka_unit_test(too_long),
		cmocka_unit_test(signers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
