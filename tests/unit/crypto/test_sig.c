/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "crypto/cert_parts.h"
#include "crypto/sig.h"
#include "fixture.h"

/* One key of each kind, made once; libcrypto's own encoders are the oracle. */
enum key_id { P256, P384, P521, ED25519, ED448, RSA2048, RSA1024, PSS, PSS256 };
#define KEYS (PSS256 + 1)

static struct privkey *keys[KEYS];
static struct pubkey *pubs[KEYS];
static char dir[] = "/tmp/seal-sig-XXXXXX";
static const struct span tbs = STR("what is signed");

static EVP_PKEY *
make_key(enum key_id id)
{
	switch (id) {
	case P256:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	case P384:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	case P521:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
	case ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case ED448:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	case RSA2048:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	case RSA1024:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	default:
		return make_pss(id == PSS256);
	}
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	for (enum key_id id = P256; id < KEYS; id++) {
		EVP_PKEY *pkey = make_key(id);
		struct span spki = { 0 };
		struct wr w;

		keys[id] = load_key(pkey);
		wr_init_heap(&w, LIMIT_SPKI);
		assert_int_equal(privkey_spki(keys[id], &w, NULL), 0);
		assert_int_equal(wr_finish(&w, &spki), 0);
		assert_int_equal(pubkey_from_spki(spki, &pubs[id], NULL), 0);
		wr_free(&w);
		EVP_PKEY_free(pkey);
	}
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (enum key_id id = P256; id < KEYS; id++) {
		privkey_free(&keys[id]);
		pubkey_unref(&pubs[id]);
	}
	return rmdir(dir);
}

struct fit_case {
	enum key_id key;
	uint16_t fits[8]; /* all that do; 0 ends */
};

static const struct fit_case fit_cases[] = {
	{ P256, { SIG_ECDSA_P256_SHA256 } },
	{ P384, { SIG_ECDSA_P384_SHA384 } },
	{ P521, { SIG_ECDSA_P521_SHA512 } },
	{ ED25519, { SIG_ED25519 } },
	{ ED448, { SIG_ED448 } },
	{ RSA2048, { SIG_RSA_PSS_RSAE_SHA256, SIG_RSA_PSS_RSAE_SHA384,
		       SIG_RSA_PSS_RSAE_SHA512, SIG_RSA_PKCS1_SHA256,
		       SIG_RSA_PKCS1_SHA384, SIG_RSA_PKCS1_SHA512 } },
	{ RSA1024, { 0 } },
	{ PSS, { SIG_RSA_PSS_PSS_SHA256, SIG_RSA_PSS_PSS_SHA384,
		   SIG_RSA_PSS_PSS_SHA512 } },
	{ PSS256, { SIG_RSA_PSS_PSS_SHA256 } },
};

static const uint16_t all_schemes[] = { SIG_NONE, SIG_RSA_PKCS1_SHA256,
	SIG_RSA_PKCS1_SHA384, SIG_RSA_PKCS1_SHA512, SIG_ECDSA_P256_SHA256,
	SIG_ECDSA_P384_SHA384, SIG_ECDSA_P521_SHA512, SIG_RSA_PSS_RSAE_SHA256,
	SIG_RSA_PSS_RSAE_SHA384, SIG_RSA_PSS_RSAE_SHA512, SIG_ED25519,
	SIG_ED448, SIG_RSA_PSS_PSS_SHA256, SIG_RSA_PSS_PSS_SHA384,
	SIG_RSA_PSS_PSS_SHA512, 0x0201 /* rsa_pkcs1_sha1 */,
	0x0203 /* ecdsa_sha1 */, 0xffff };

static bool
in_list(const uint16_t *list, uint16_t scheme)
{
	for (; *list != 0; list++)
		if (*list == scheme)
			return true;
	return false;
}

static void
sign_and_verify(enum key_id id, uint16_t scheme)
{
	uint8_t sig[LIMIT_SIGNATURE], bad[LIMIT_SIGNATURE];
	struct seal_diag d = { 0 };
	struct span s = { 0 };
	struct wr w;

	wr_init(&w, sig, sizeof(sig));
	if (privkey_sign(keys[id], scheme, tbs, &w, &d) != 0 ||
	    wr_finish(&w, &s) != 0 ||
	    pubkey_verify(pubs[id], scheme, tbs, s, &d) != 0)
		fail_msg("key %d, %s: %s", id, sig_name(scheme), d.text);
	assert_int_equal(
	    pubkey_verify(pubs[id], scheme, span_of(tbs.p, tbs.n - 1), s, NULL),
	    SEAL_E_SIGNATURE);
	for (size_t i = 0; i < s.n; i++) {
		assert_int_equal(
		    pubkey_verify(pubs[id], scheme, tbs, span_of(sig, i), NULL),
		    SEAL_E_SIGNATURE);
		if (i % 7 != 0) /* flips are dear; a sample of bytes will do */
			continue;
		memcpy(bad, sig, s.n);
		bad[i] ^= 1;
		assert_int_equal(pubkey_verify(pubs[id], scheme, tbs,
				     span_of(bad, s.n), NULL),
		    SEAL_E_SIGNATURE);
	}
	memcpy(bad, sig, s.n);
	bad[s.n] = 0;
	assert_int_equal(
	    pubkey_verify(pubs[id], scheme, tbs, span_of(bad, s.n + 1), NULL),
	    SEAL_E_SIGNATURE);
}

/* Every key with every scheme: those that fit work, all others are refused. */
static void
every_scheme(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fit_cases) / sizeof(*fit_cases); i++) {
		const struct fit_case *c = &fit_cases[i];

		for (size_t j = 0;
		     j < sizeof(all_schemes) / sizeof(*all_schemes); j++) {
			uint16_t scheme = all_schemes[j];
			bool fits = in_list(c->fits, scheme);
			uint8_t buf[LIMIT_SIGNATURE] = { 0x30 };
			struct wr w;

			if (pubkey_fits(pubs[c->key], scheme) != fits)
				fail_msg("key %d, scheme %04x", c->key, scheme);
			if (fits) {
				sign_and_verify(c->key, scheme);
				continue;
			}
			wr_init(&w, buf, sizeof(buf));
			assert_int_equal(pubkey_verify(pubs[c->key], scheme,
					     tbs, span_of(buf, 70), NULL),
			    SEAL_E_KEY);
			assert_int_equal(
			    privkey_sign(keys[c->key], scheme, tbs, &w, NULL),
			    SEAL_E_KEY);
		}
	}
}

/* A key that is used again is kept ready, for one scheme: others, in turns with
 * it, are what they are called, and no scheme takes another's signature. */
static void
schemes_in_turns(void **state)
{
	static const uint16_t turns[] = { SIG_RSA_PSS_RSAE_SHA256,
		SIG_RSA_PSS_RSAE_SHA384, SIG_RSA_PKCS1_SHA256,
		SIG_RSA_PKCS1_SHA512 };
	uint8_t sig[LIMIT_SIGNATURE];
	const size_t n = sizeof(turns) / sizeof(*turns);

	(void)state;
	for (size_t i = 0; i < 3 * n * n; i++) {
		uint16_t made = turns[i % n], taken = turns[i / 3 % n];
		struct wr w;

		wr_init(&w, sig, sizeof(sig));
		assert_int_equal(
		    privkey_sign(keys[RSA2048], made, tbs, &w, NULL), 0);
		assert_int_equal(
		    pubkey_verify(pubs[RSA2048], taken, tbs, wr_view(&w), NULL),
		    made == taken ? 0 : SEAL_E_SIGNATURE);
	}
}

/* RFC 4055 s3.1: what an AlgorithmIdentifier says of the salt is what it is,
 * not the least. */
static void
pss_salt_stated(void **state)
{
	uint8_t buf[128];
	struct span id = { 0 };
	struct wr w;
	struct rd r;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	cert_put_algorithm(&w, scheme_find(SIG_RSA_PSS_RSAE_SHA256));
	rd_init(&r, wr_view(&w));
	assert_true(der_read(&r, DER_SEQ, &id));
	assert_int_equal(
	    scheme_of_algorithm(id, pubs[RSA2048]), SIG_RSA_PSS_RSAE_SHA256);
	assert_int_equal(buf[w.n - 1], 32);
	buf[w.n - 1] = 20;
	assert_int_equal(scheme_of_algorithm(id, pubs[RSA2048]), SIG_NONE);
}

#define THREADS 4

static void *
hammer(void *arg)
{
	uint8_t sig[LIMIT_SIGNATURE];
	uintptr_t wrong = 0;

	(void)arg;
	for (int i = 0; i < 100; i++) {
		struct wr w;

		wr_init(&w, sig, sizeof(sig));
		wrong += privkey_sign(keys[P256], SIG_ECDSA_P256_SHA256, tbs,
			     &w, NULL) != 0 ||
			 pubkey_verify(pubs[P256], SIG_ECDSA_P256_SHA256, tbs,
			     wr_view(&w), NULL) != 0;
	}
	return (void *)wrong;
}

/* Whichever thread makes it ready. */
static void
shared_between_threads(void **state)
{
	pthread_t threads[THREADS];
	void *wrong;

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, hammer, NULL), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
}

/* RFC 8446 s4.2.3: the salt is as long as the hash; another is refused. */
static void
pss_salt_length(void **state)
{
	EVP_PKEY *pkey = make_key(RSA2048);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	struct privkey *k = load_key(pkey);
	struct pubkey *pub = NULL;
	struct span spki = { 0 };
	uint8_t sig[512];
	struct wr w;

	(void)state;
	wr_init_heap(&w, LIMIT_SPKI);
	assert_int_equal(privkey_spki(k, &w, NULL), 0);
	assert_int_equal(wr_finish(&w, &spki), 0);
	assert_int_equal(pubkey_from_spki(spki, &pub, NULL), 0);
	for (int salt = 31; salt <= 33; salt++) {
		size_t n = sizeof(sig);

		assert_true(
		    EVP_DigestSignInit(ctx, &pctx, EVP_sha256(), NULL, pkey));
		EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt);
		assert_true(EVP_DigestSign(ctx, sig, &n, tbs.p, tbs.n));
		assert_int_equal(pubkey_verify(pub, SIG_RSA_PSS_RSAE_SHA256,
				     tbs, span_of(sig, n), NULL),
		    salt == 32 ? 0 : SEAL_E_SIGNATURE);
		EVP_MD_CTX_reset(ctx);
	}
	wr_free(&w);
	privkey_free(&k);
	pubkey_unref(&pub);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
}

static void
choices(void **state)
{
	static const uint16_t some[] = { 0xfafa, SIG_RSA_PKCS1_SHA256,
		SIG_RSA_PSS_RSAE_SHA512, SIG_ECDSA_P384_SHA384 };

	(void)state;
	assert_int_equal(
	    pubkey_choose(pubs[P256], NULL, 0), SIG_ECDSA_P256_SHA256);
	assert_int_equal(pubkey_choose(pubs[P256], some, 4), SIG_NONE);
	assert_int_equal(
	    pubkey_choose(pubs[P384], some, 4), SIG_ECDSA_P384_SHA384);
	assert_int_equal(pubkey_choose(pubs[P384], some, 0), SIG_NONE);
	assert_int_equal(
	    pubkey_choose(pubs[RSA2048], some, 4), SIG_RSA_PSS_RSAE_SHA512);
	assert_int_equal(pubkey_choose(pubs[RSA2048], some, 2), SIG_NONE);
	assert_int_equal(pubkey_choose(pubs[RSA1024], NULL, 0), SIG_NONE);
	assert_int_equal(
	    pubkey_choose(pubs[PSS256], NULL, 0), SIG_RSA_PSS_PSS_SHA256);
	assert_true(sig_tls13_count <= SIG_SCHEMES_MAX);
	for (size_t i = 0; i < sig_tls13_count; i++)
		assert_true(sig_is_tls13(sig_tls13_schemes[i]));
	assert_false(sig_is_tls13(SIG_RSA_PKCS1_SHA256));
	assert_false(sig_is_tls13(0x0203));
	assert_int_equal(sig_hash(SIG_ED25519), HASH_NONE);
	assert_int_equal(sig_hash(SIG_ECDSA_P384_SHA384), HASH_SHA384);
	assert_string_equal(sig_name(0xffff), "unknown");
}

static void
messages(void **state)
{
	struct seal_diag d = { 0 };

	(void)state;
	pubkey_verify(pubs[RSA1024], SIG_RSA_PSS_RSAE_SHA256, tbs, tbs, &d);
	assert_string_equal(d.text,
	    "signature: scheme rsa_pss_rsae_sha256 (0x0804) does not fit "
	    "an RSA key of 1024 bits");
	seal_diag_clear(&d);
	pubkey_verify(pubs[P256], SIG_ECDSA_P256_SHA256, tbs, tbs, &d);
	assert_string_equal(d.text,
	    "signature: ecdsa_secp256r1_sha256 under a key on P-256 does not "
	    "verify");
}

/* An error left behind looks like a failed connection to SSL_get_error(). */
static void
error_queue_stays_clean(void **state)
{
	static const uint8_t junk[] = { 0x30, 3, 2, 1, 1 };

	(void)state;
	ERR_clear_error();
	pubkey_verify(pubs[P256], SIG_ECDSA_P256_SHA256, tbs,
	    span_of(junk, sizeof(junk)), NULL);
	pubkey_verify(pubs[RSA2048], SIG_RSA_PSS_RSAE_SHA256, tbs,
	    span_of(junk, sizeof(junk)), NULL);
	assert_int_equal(ERR_peek_error(), 0);
	/* What the application had there stays. */
	ERR_raise(ERR_LIB_USER, 77);
	pubkey_verify(pubs[RSA2048], SIG_RSA_PSS_RSAE_SHA256, tbs,
	    span_of(junk, sizeof(junk)), NULL);
	assert_int_equal(ERR_GET_REASON(ERR_get_error()), 77);
	assert_int_equal(ERR_peek_error(), 0);
}

/* The key itself, and the same bytes each time. */
static void
key_in_der(void **state)
{
	(void)state;
	for (enum key_id id = P256; id < KEYS; id++) {
		struct span first = { 0 }, again = { 0 };
		const unsigned char *at;
		EVP_PKEY *read, *known;
		struct wr w;

		assert_int_equal(privkey_pkcs8(keys[id], &first, NULL), 0);
		assert_int_equal(privkey_pkcs8(keys[id], &again, NULL), 0);
		assert_ptr_equal(first.p, again.p);
		at = first.p;
		read = d2i_AutoPrivateKey(NULL, &at, (long)first.n);
		assert_non_null(read);
		assert_ptr_equal(at, first.p + first.n);
		wr_init_heap(&w, LIMIT_SPKI);
		assert_int_equal(privkey_spki(keys[id], &w, NULL), 0);
		at = wr_view(&w).p;
		known = d2i_PUBKEY(NULL, &at, (long)w.n);
		assert_int_equal(EVP_PKEY_eq(read, known), 1);
		EVP_PKEY_free(known);
		EVP_PKEY_free(read);
		wr_free(&w);
	}
}

static void
key_files(void **state)
{
	struct privkey *k = NULL, *again = NULL;
	struct seal_diag d = { 0 };
	struct span pem = { 0 }, a = { 0 }, b = { 0 };
	struct wr w, wa, wb;
	char path[64];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/pem", dir);
	wr_init_heap(&w, 4096);
	wr_init_heap(&wa, 4096);
	wr_init_heap(&wb, 4096);
	assert_int_equal(privkey_generate(CURVE_P384, &k, NULL), 0);
	assert_int_equal(privkey_to_pem(k, &w, NULL), 0);
	assert_int_equal(wr_finish(&w, &pem), 0);
	assert_memory_equal(pem.p, "-----BEGIN PRIVATE KEY-----", 27);
	assert_non_null(f = fopen(path, "w"));
	fwrite(pem.p, 1, pem.n, f);
	fclose(f);
	chmod(path, 0640);
	assert_int_equal(privkey_load(path, &again, &d), SEAL_E_CONFIG);
	assert_null(again);
	chmod(path, 0600);
	assert_int_equal(privkey_load(path, &again, NULL), 0);
	assert_int_equal(privkey_spki(k, &wa, NULL), 0);
	assert_int_equal(privkey_spki(again, &wb, NULL), 0);
	assert_int_equal(wr_finish(&wa, &a), 0);
	assert_int_equal(wr_finish(&wb, &b), 0);
	assert_true(span_equal(a, b));
	/* Cut short: refused, with advice, and nothing is asked for. */
	assert_int_equal(truncate(path, (off_t)pem.n / 2), 0);
	privkey_free(&again);
	seal_diag_clear(&d);
	assert_int_equal(privkey_load(path, &again, &d), SEAL_E_CONFIG);
	assert_non_null(strstr(d.remedy, "openssl pkcs8"));
	assert_null(again);
	assert_int_equal(
	    privkey_generate(CURVE_NONE, &again, NULL), SEAL_E_ARGUMENT);
	unlink(path);
	privkey_free(&k);
	wr_free(&w);
	wr_free(&wa);
	wr_free(&wb);
}

static void
encrypted_key_file(void **state)
{
	EVP_PKEY *pkey = make_key(P256);
	struct privkey *k = NULL;
	struct seal_diag d = { 0 };
	char path[64];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/enc", dir);
	assert_non_null(f = fopen(path, "w"));
	fchmod(fileno(f), 0600);
	assert_true(PEM_write_PKCS8PrivateKey(
	    f, pkey, EVP_aes_256_cbc(), "secret", 6, NULL, NULL));
	fclose(f);
	assert_int_equal(privkey_load(path, &k, &d), SEAL_E_CONFIG);
	assert_null(k);
	unlink(path);
	EVP_PKEY_free(pkey);
}

struct ecdsa_case {
	const char *name;
	struct span der;
	int want;
};

static const struct ecdsa_case ecdsa_cases[] = {
	{ "good", HEX(0x30, 6, 2, 1, 1, 2, 1, 2), 0 },
	{ "sign byte", HEX(0x30, 7, 2, 2, 0, 0x80, 2, 1, 2), 0 },
	{ "trailing byte", HEX(0x30, 6, 2, 1, 1, 2, 1, 2, 0), SEAL_E_DECODE },
	{ "trailing inside", HEX(0x30, 7, 2, 1, 1, 2, 1, 2, 0), SEAL_E_DECODE },
	{ "long length", HEX(0x30, 0x81, 6, 2, 1, 1, 2, 1, 2), SEAL_E_DECODE },
	{ "indefinite", HEX(0x30, 0x80, 2, 1, 1, 2, 1, 2, 0, 0),
	    SEAL_E_DECODE },
	{ "negative", HEX(0x30, 6, 2, 1, 0x81, 2, 1, 2), SEAL_E_DECODE },
	{ "padded", HEX(0x30, 7, 2, 2, 0, 1, 2, 1, 2), SEAL_E_DECODE },
	{ "zero r", HEX(0x30, 6, 2, 1, 0, 2, 1, 2), SEAL_E_DECODE },
	{ "zero s", HEX(0x30, 6, 2, 1, 1, 2, 1, 0), SEAL_E_DECODE },
	{ "empty integer", HEX(0x30, 5, 2, 0, 2, 1, 2), SEAL_E_DECODE },
	{ "wider than asked", HEX(0x30, 8, 2, 3, 1, 1, 1, 2, 1, 2),
	    SEAL_E_DECODE },
	{ NULL },
};

static void
ecdsa_forms(void **state)
{
	(void)state;
	for (const struct ecdsa_case *c = ecdsa_cases; c->name != NULL; c++) {
		uint8_t raw[4], der[16];
		struct span a = { 0 }, b = { 0 };
		struct wr w;

		wr_init(&w, raw, sizeof(raw));
		if (ecdsa_der_to_raw(c->der, 2, &w, NULL) != c->want)
			fail_msg("%s", c->name);
		if (c->want != 0)
			continue;
		assert_int_equal(wr_finish(&w, &a), 0);
		assert_int_equal(a.n, 4);
		wr_init(&w, der, sizeof(der));
		assert_int_equal(ecdsa_raw_to_der(span_of(raw, 2),
				     span_of(raw + 2, 2), &w, NULL),
		    0);
		assert_int_equal(wr_finish(&w, &b), 0);
		assert_true(span_equal(b, c->der));
		for (size_t n = 0; n < c->der.n; n++) {
			wr_init(&w, raw, sizeof(raw));
			assert_int_equal(
			    ecdsa_der_to_raw(span_of(c->der.p, n), 2, &w, NULL),
			    SEAL_E_DECODE);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_between_threads),
		cmocka_unit_test(schemes_in_turns),
		cmocka_unit_test(every_scheme),
		cmocka_unit_test(pss_salt_length),
		cmocka_unit_test(pss_salt_stated),
		cmocka_unit_test(choices),
		cmocka_unit_test(messages),
		cmocka_unit_test(error_queue_stays_clean),
		cmocka_unit_test(key_in_der),
		cmocka_unit_test(key_files),
		cmocka_unit_test(encrypted_key_file),
		cmocka_unit_test(ecdsa_forms),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
