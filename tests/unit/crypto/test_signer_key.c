/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include "crypto/signer_key.h"
#include "crypto/x509.h"

/* A private key of this process in the place of one elsewhere. */
struct elsewhere {
	struct privkey *key;
	struct span spki, cert;
	uint8_t spki_buf[2048], cert_buf[4096];
	unsigned signed_n;
	bool broken;
	bool other_bytes; /* signs something else */
};

static int
sign_elsewhere(void *arg, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	struct elsewhere *e = arg;

	e->signed_n++;
	if (e->broken)
		return SEAL_E_UNAVAILABLE;
	if (e->other_bytes)
		tbs.n--;
	return privkey_sign(e->key, scheme, tbs, out, d);
}

static void
elsewhere_new(struct elsewhere *e, enum curve curve)
{
	struct pubkey *pub = NULL;
	struct wr w;

	memset(e, 0, sizeof(*e));
	assert_int_equal(privkey_generate(curve, &e->key, NULL), 0);
	wr_init(&w, e->spki_buf, sizeof(e->spki_buf));
	assert_int_equal(privkey_spki(e->key, &w, NULL), 0);
	e->spki = wr_view(&w);
	assert_int_equal(pubkey_from_spki(e->spki, &pub, NULL), 0);
	wr_init(&w, e->cert_buf, sizeof(e->cert_buf));
	assert_int_equal(
	    cert_self_sign(e->spki, "elsewhere.test", 1700000000, 36500,
		pubkey_choose(pub, NULL, 0), sign_elsewhere, e, &w, NULL),
	    0);
	e->cert = wr_view(&w);
	e->signed_n = 0;
	pubkey_unref(&pub);
}

/* ---- Handshakes ---- */

static int
any_chain(X509_STORE_CTX *store, void *arg)
{
	(void)store;
	(void)arg;
	return 1;
}

static SSL_CTX *
context(const struct elsewhere *e, EVP_PKEY *key)
{
	SSL_CTX *c = SSL_CTX_new(TLS_method());

	assert_int_equal(SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION), 1);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(c, any_chain, NULL);
	assert_int_equal(
	    SSL_CTX_use_certificate_ASN1(c, (int)e->cert.n, e->cert.p), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(c, key), 1);
	assert_int_equal(SSL_CTX_check_private_key(c), 1);
	return c;
}

/* Both sides show the key; true where both finish. */
static bool
handshake(SSL_CTX *c)
{
	SSL *client = SSL_new(c), *server = SSL_new(c);
	BIO *a, *b;
	int cr = 0, sr = 0;

	assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	SSL_set_bio(client, a, a);
	SSL_set_bio(server, b, b);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (int i = 0; i < 8; i++) {
		cr = SSL_do_handshake(client);
		sr = SSL_do_handshake(server);
	}
	SSL_free(client);
	SSL_free(server);
	return cr == 1 && sr == 1;
}

static void
test_handshakes(void **state)
{
	static const enum curve curves[] = { CURVE_P256, CURVE_P384, CURVE_P521,
		CURVE_ED25519, CURVE_ED448 };

	(void)state;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		struct elsewhere e;
		EVP_PKEY *key = NULL;
		SSL_CTX *c;

		elsewhere_new(&e, curves[i]);
		assert_int_equal(
		    signer_key_new(e.spki, sign_elsewhere, &e, &key, NULL), 0);
		c = context(&e, key);
		assert_true(handshake(c));
		assert_int_equal(e.signed_n, 2);
		e.other_bytes = true;
		assert_false(handshake(c));
		e.broken = true;
		assert_false(handshake(c));
		SSL_CTX_free(c);
		EVP_PKEY_free(key);
		privkey_free(&e.key);
		ERR_clear_error();
	}
}

/* ---- What it refuses, and what it leaves alone ---- */

static void
test_other_certificate(void **state)
{
	struct elsewhere a, b;
	EVP_PKEY *key = NULL;
	SSL_CTX *c = SSL_CTX_new(TLS_method());

	(void)state;
	elsewhere_new(&a, CURVE_P256);
	elsewhere_new(&b, CURVE_P256);
	assert_int_equal(
	    signer_key_new(a.spki, sign_elsewhere, &a, &key, NULL), 0);
	assert_int_equal(
	    SSL_CTX_use_certificate_ASN1(c, (int)b.cert.n, b.cert.p), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(c, key), 0);
	ERR_clear_error();
	SSL_CTX_free(c);
	EVP_PKEY_free(key);
	privkey_free(&a.key);
	privkey_free(&b.key);
}

static void
test_refused(void **state)
{
	struct seal_diag d = { 0 };
	struct elsewhere e;
	EVP_PKEY *key = NULL;

	(void)state;
	elsewhere_new(&e, CURVE_P256);
	assert_int_equal(
	    signer_key_new(span_of(NULL, 0), sign_elsewhere, &e, &key, &d),
	    SEAL_E_ARGUMENT);
	assert_int_equal(
	    signer_key_new(e.spki, NULL, &e, &key, NULL), SEAL_E_ARGUMENT);
	for (size_t n = 1; n < e.spki.n; n++)
		assert_int_equal(signer_key_new(span_of(e.spki.p, n),
				     sign_elsewhere, &e, &key, NULL),
		    SEAL_E_KEY);
	assert_null(key);
	assert_int_equal(ERR_peek_error(), 0);
	privkey_free(&e.key);
}

/* Keys of the application are nobody's business but its provider's. */
static void
test_others_untouched(void **state)
{
	struct elsewhere e;
	EVP_PKEY *key = NULL,
		 *own = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	(void)state;
	elsewhere_new(&e, CURVE_P256);
	assert_int_equal(
	    signer_key_new(e.spki, sign_elsewhere, &e, &key, NULL), 0);
	assert_non_null(own);
	assert_string_equal(
	    OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(own)), "default");
	assert_int_equal(OSSL_PROVIDER_available(NULL, "sealtls-signer"), 0);
	EVP_PKEY_free(own);
	EVP_PKEY_free(key);
	privkey_free(&e.key);
}

/* A secret that is elsewhere cannot leave through this key. */
static void
test_no_secret(void **state)
{
	struct elsewhere e;
	EVP_PKEY *key = NULL;
	unsigned char *der = NULL;

	(void)state;
	elsewhere_new(&e, CURVE_P256);
	assert_int_equal(
	    signer_key_new(e.spki, sign_elsewhere, &e, &key, NULL), 0);
	assert_true(i2d_PrivateKey(key, &der) <= 0);
	ERR_clear_error();
	EVP_PKEY_free(key);
	privkey_free(&e.key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshakes),
		cmocka_unit_test(test_other_certificate),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_others_untouched),
		cmocka_unit_test(test_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
