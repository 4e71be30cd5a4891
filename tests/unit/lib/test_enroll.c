/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rd.h"
#include "format/enroll_msg.h"
#include "lib/enroll.h"

#include "../appraise/tpm_fixture.h"

#define EK_ATTRIBUTES 0x000300b2u
#define AK_ATTRIBUTES                                                   \
	(TPM_FIXED_TPM | TPM_FIXED_PARENT | TPM_SENSITIVE_DATA_ORIGIN | \
	    TPM_RESTRICTED | TPM_SIGN)
#define LIFE 60

static struct keyring ring;
static struct issued ca, other_ca;
static EVP_PKEY *ek_key;
static char dir[] = "/tmp/seal-enroll-XXXXXX";

/* ---- An EK, its certificate, and what its TPM would do ---- */

/* RSA-2048 by template L-1. */
static void
ek_write(struct wr *w, uint32_t attributes, uint16_t aes_bits)
{
	static const uint8_t policy[32];
	BIGNUM *n = NULL;
	uint8_t *room;

	wr_u16(w, TPM_ALG_RSA);
	wr_u16(w, TPM_ALG_SHA256);
	wr_u32(w, attributes);
	wr_vec(w, 2, span_of(policy, sizeof(policy)));
	wr_u16(w, 0x0006);
	wr_u16(w, aes_bits);
	wr_u16(w, 0x0043);
	wr_u16(w, TPM_ALG_NULL);
	wr_u16(w, 2048);
	wr_u32(w, 0);
	wr_u16(w, 256);
	assert_int_equal(EVP_PKEY_get_bn_param(ek_key, "n", &n), 1);
	assert_non_null(room = wr_room(w, 256));
	assert_int_equal(BN_bn2binpad(n, room, 256), 256);
	BN_free(n);
}

static void
extend(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* As manufacturers make them: no subject; usage NULL: without EKU. */
static struct span
ek_certificate(EVP_PKEY *key, const struct issued *by, const char *usage,
    const char *basic, int64_t to)
{
	X509 *x = X509_new();
	unsigned char *der = NULL;
	int n;

	assert_non_null(x);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	X509_set_issuer_name(x, X509_get_subject_name(by->x));
	ASN1_TIME_set(X509_getm_notBefore(x), NOW - 86400);
	ASN1_TIME_set(X509_getm_notAfter(x), NOW + to);
	X509_set_pubkey(x, key);
	if (usage != NULL)
		extend(x, NID_ext_key_usage, usage);
	extend(x, NID_basic_constraints, basic);
	extend(x, NID_key_usage, "critical,keyEncipherment");
	assert_true(X509_sign(x, by->key, EVP_sha256()) > 0);
	assert_true((n = i2d_X509(x, &der)) > 0);
	X509_free(x);
	return span_of(der, (size_t)n);
}

/* TPM2_ActivateCredential for an object of that name; false where the HMAC
 * says no. An independent reading of part 1 s24, but for KDFa. */
static bool
activate(struct span challenge, struct span name, uint8_t ret[32])
{
	struct enroll_challenge m = { 0 };
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek_key, NULL);
	uint8_t seed[256], key[16], mac_key[32], mac[HASH_MAX], plain[64];
	static const uint8_t iv[16];
	struct span hmac = { 0 }, sealed = { 0 }, none = { 0 }, parts[2];
	size_t n = sizeof(seed);
	EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
	struct rd r;
	int len = 0;
	bool ok;

	assert_int_equal(enroll_challenge_parse(challenge, &m, NULL), 0);
	assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
	EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING);
	EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256());
	EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_memdup("IDENTITY", 9), 9);
	assert_int_equal(
	    EVP_PKEY_decrypt(ctx, seed, &n, m.seed.p, m.seed.n), 1);
	assert_int_equal(n, 32);
	rd_init(&r, m.blob);
	assert_true(rd_vec16(&r, &hmac) && rd_bytes(&r, rd_left(&r), &sealed));
	assert_int_equal(tpm_kdfa(HASH_SHA256, span_of(seed, 32), "INTEGRITY",
			     none, none, 256, mac_key, NULL),
	    0);
	parts[0] = sealed;
	parts[1] = name;
	assert_int_equal(
	    hmac_parts(HASH_SHA256, span_of(mac_key, 32), parts, 2, mac, NULL),
	    0);
	ok = span_equal(hmac, span_of(mac, 32));
	assert_int_equal(tpm_kdfa(HASH_SHA256, span_of(seed, 32), "STORAGE",
			     name, none, 128, key, NULL),
	    0);
	EVP_DecryptInit_ex(aes, EVP_aes_128_cfb128(), NULL, key, iv);
	EVP_DecryptUpdate(aes, plain, &len, sealed.p, (int)sealed.n);
	if (ok) {
		assert_int_equal(len, 34);
		memcpy(ret, plain + 2, 32);
	}
	EVP_CIPHER_CTX_free(aes);
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* ---- Challenges ---- */

/* What a request is made of; zero fields are the good ones. */
struct recipe_ek {
	const char *name;
	uint32_t ek_clear, ek_set, ak_clear, ak_set;
	uint16_t aes_bits, ak_name_alg;
	bool other_ca, other_key, no_usage, is_ca;
	const char *usage;
	int64_t to;
	int want;
};

static const struct recipe_ek recipes[] = {
	{ .name = "as it is" },
	{ .name = "EK certificate of another CA",
	    .other_ca = true,
	    .want = SEAL_E_CHAIN },
	{ .name = "EK certificate of another key",
	    .other_key = true,
	    .want = SEAL_E_KEY },
	{ .name = "EK certificate expired", .to = -10, .want = SEAL_E_STALE },
	{ .name = "EK certificate without EKU",
	    .no_usage = true,
	    .want = SEAL_E_CHAIN },
	{ .name = "a certificate for TLS",
	    .usage = "serverAuth,clientAuth",
	    .want = SEAL_E_CHAIN },
	{ .name = "an AK's certificate",
	    .usage = "2.23.133.8.3",
	    .want = SEAL_E_CHAIN },
	{ .name = "a CA's certificate", .is_ca = true, .want = SEAL_E_CHAIN },
	{ .name = "EK not restricted",
	    .ek_clear = TPM_RESTRICTED,
	    .want = SEAL_E_KEY },
	{ .name = "EK signs", .ek_set = TPM_SIGN, .want = SEAL_E_KEY },
	{ .name = "EK not fixedTPM",
	    .ek_clear = TPM_FIXED_TPM,
	    .want = SEAL_E_KEY },
	{ .name = "EK of AES-192", .aes_bits = 192, .want = SEAL_E_DECODE },
	{ .name = "AK not restricted",
	    .ak_clear = TPM_RESTRICTED,
	    .want = SEAL_E_KEY },
	{ .name = "AK does not sign",
	    .ak_clear = TPM_SIGN,
	    .want = SEAL_E_KEY },
	{ .name = "AK not fixedTPM",
	    .ak_clear = TPM_FIXED_TPM,
	    .want = SEAL_E_KEY },
	{ .name = "AK not fixedParent",
	    .ak_clear = TPM_FIXED_PARENT,
	    .want = SEAL_E_KEY },
	{ .name = "AK imported",
	    .ak_clear = TPM_SENSITIVE_DATA_ORIGIN,
	    .want = SEAL_E_KEY },
	{ .name = "AK decrypts", .ak_set = TPM_DECRYPT, .want = SEAL_E_KEY },
	{ .name = "AK named by SHA-1",
	    .ak_name_alg = TPM_ALG_SHA1,
	    .want = SEAL_E_KEY },
};

static void
ak_write(struct wr *w, const struct recipe_ek *c)
{
	public_write(w, &ring.ak, (AK_ATTRIBUTES & ~c->ak_clear) | c->ak_set,
	    c->ak_name_alg != 0 ? c->ak_name_alg : TPM_ALG_SHA256,
	    span_of(NULL, 0), ring.ak.scheme, ring.ak.hash);
}

static void
request_write(const struct recipe_ek *c, struct wr *out)
{
	struct enroll_request m = { .n_chain = 1 };
	uint8_t ek[1024], ak[1024];
	struct wr w_ek, w_ak;

	wr_init(&w_ek, ek, sizeof(ek));
	wr_init(&w_ak, ak, sizeof(ak));
	ek_write(&w_ek, (EK_ATTRIBUTES & ~c->ek_clear) | c->ek_set,
	    c->aes_bits != 0 ? c->aes_bits : 128);
	ak_write(&w_ak, c);
	m.chain[0] = ek_certificate(c->other_key ? ring.ak.pkey : ek_key,
	    c->other_ca ? &other_ca : &ca,
	    c->no_usage        ? NULL
	    : c->usage != NULL ? c->usage
			       : "2.23.133.8.1",
	    c->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE",
	    c->to != 0 ? c->to : 86400);
	m.ek_public = wr_view(&w_ek);
	m.ak_public = wr_view(&w_ak);
	enroll_request_write(out, &m);
	assert_int_equal(out->error, 0);
	OPENSSL_free((void *)(uintptr_t)m.chain[0].p);
}

static struct trust *
anchors(void)
{
	struct trust *t = trust_new();

	assert_non_null(t);
	assert_int_equal(trust_add_der(t, ca.der, NULL), 0);
	return t;
}

static void
challenges(void **state)
{
	struct trust *t = anchors();

	(void)state;
	for (size_t i = 0; i < sizeof(recipes) / sizeof(recipes[0]); i++) {
		struct seal_diag d = { 0 };
		struct wr request, challenge, kept;
		int r;

		wr_init_heap(&request, ENROLL_MESSAGE_MAX);
		wr_init_heap(&challenge, ENROLL_MESSAGE_MAX);
		wr_init_heap(&kept, ENROLL_MESSAGE_MAX);
		request_write(&recipes[i], &request);
		r = enroll_challenge_make(
		    t, wr_view(&request), NOW, LIFE, &challenge, &kept, &d);
		if (r != recipes[i].want)
			fail_msg("%s: got %d (%s)", recipes[i].name, r, d.text);
		if (r != 0)
			assert_true(challenge.n == 0 && kept.n == 0);
		/* No prefix of a good request passes. */
		for (size_t n = 0; r == 0 && n < request.n; n++)
			assert_int_not_equal(
			    enroll_challenge_make(t, span_of(request.p, n), NOW,
				LIFE, &challenge, &kept, NULL),
			    0);
		wr_free(&request);
		wr_free(&challenge);
		wr_free(&kept);
	}
	trust_free(&t);
}

/* ---- The whole way ---- */

static struct issuer *
issuer_of(const struct issued *who)
{
	struct issuer *i = NULL;
	struct seal_diag d = { 0 };
	char cert[128], key[128];
	FILE *f;

	snprintf(cert, sizeof(cert), "%s/ca.pem", dir);
	snprintf(key, sizeof(key), "%s/ca.key", dir);
	assert_non_null(f = fopen(cert, "w"));
	assert_int_equal(PEM_write_X509(f, who->x), 1);
	fclose(f);
	unlink(key);
	assert_non_null(f = fopen(key, "w"));
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	assert_int_equal(
	    PEM_write_PKCS8PrivateKey(f, who->key, NULL, NULL, 0, NULL, NULL),
	    1);
	fclose(f);
	if (issuer_load(cert, key, &i, &d) != 0)
		fail_msg("%s", d.text);
	return i;
}

static void
ak_name(struct wr *w)
{
	uint8_t buf[1024];
	struct tpm_public ak = { 0 };
	struct wr pub;

	wr_init(&pub, buf, sizeof(buf));
	ak_write(&pub, &recipes[0]);
	assert_int_equal(tpm_public_parse(wr_view(&pub), &ak, NULL), 0);
	assert_int_equal(tpm_public_name(&ak, w, NULL), 0);
}

/* The secret is for the AK by its name, and for no other object. */
static void
enrols(void **state)
{
	struct issuer *issuer = issuer_of(&ca);
	struct trust *t = anchors();
	struct wr request, challenge, kept, pem, name;
	struct enroll_challenge m = { 0 };
	struct enroll_answer a;
	uint8_t secret[32], name_buf[66], buf[256];
	struct span chain[LIMIT_CHAIN];
	uint8_t *chain_bytes = NULL;
	struct cert *leaf = NULL;
	size_t n_chain = 0;
	char path[128];
	struct wr w;

	(void)state;
	wr_init_heap(&request, ENROLL_MESSAGE_MAX);
	wr_init_heap(&challenge, ENROLL_MESSAGE_MAX);
	wr_init_heap(&kept, ENROLL_MESSAGE_MAX);
	wr_init_heap(&pem, ENROLL_MESSAGE_MAX);
	wr_init(&name, name_buf, sizeof(name_buf));
	request_write(&recipes[0], &request);
	assert_int_equal(enroll_challenge_make(t, wr_view(&request), NOW, LIFE,
			     &challenge, &kept, NULL),
	    0);
	ak_name(&name);
	name_buf[5] ^= 1;
	assert_false(activate(wr_view(&challenge), wr_view(&name), secret));
	name_buf[5] ^= 1;
	assert_true(activate(wr_view(&challenge), wr_view(&name), secret));
	assert_int_equal(
	    enroll_challenge_parse(wr_view(&challenge), &m, NULL), 0);
	a = (struct enroll_answer){ m.id, span_of(secret, 32) };
	wr_init(&w, buf, sizeof(buf));
	enroll_answer_write(&w, &a);
	for (size_t n = 0; n < w.n; n++)
		assert_int_not_equal(
		    enroll_certify(issuer, wr_view(&kept), span_of(buf, n), NOW,
			3600, &pem, NULL),
		    0);
	assert_int_equal(enroll_certify(issuer, wr_view(&kept), wr_view(&w),
			     NOW, 3600, &pem, NULL),
	    0);
	snprintf(path, sizeof(path), "%s/ak.pem", dir);
	assert_int_equal(file_write(path, wr_view(&pem), 0644, NULL), 0);
	assert_int_equal(
	    chain_load(path, chain, &n_chain, &chain_bytes, NULL), 0);
	assert_int_equal(n_chain, 2);
	assert_int_equal(cert_parse(chain[0], &leaf, NULL), 0);
	assert_true(span_equal(cert_spki(leaf), key_spki(&ring.ak)));
	assert_int_equal(cert_not_after(leaf), NOW + 3600);
	assert_int_equal(chain_verify(t, chain, 1, NOW + 1, NULL, NULL), 0);
	assert_int_equal(
	    chain_verify(t, chain, 1, NOW + 3601, NULL, NULL), SEAL_E_STALE);
	/* An AK's certificate is none of an EK's. */
	assert_int_equal(ek_cert_check(chain[0], NULL), SEAL_E_CHAIN);
	cert_unref(&leaf);
	free(chain_bytes);
	issuer_free(&issuer);
	trust_free(&t);
	wr_free(&request);
	wr_free(&challenge);
	wr_free(&kept);
	wr_free(&pem);
}

/* ---- Answers ---- */

static void
answers(void **state)
{
	static const struct {
		const char *name;
		uint8_t id, secret;
		size_t secret_n;
		int64_t now;
		uint32_t ak_clear;
		int want;
	} rows[] = {
		{ "as it is", 1, 2, 32, NOW, 0, 0 },
		{ "at the last second", 1, 2, 32, NOW + LIFE - 1, 0, 0 },
		{ "expired", 1, 2, 32, NOW + LIFE, 0, SEAL_E_STALE },
		{ "before time", 1, 2, 32, -1, 0, SEAL_E_STALE },
		{ "another challenge's", 9, 2, 32, NOW, 0, SEAL_E_PROTOCOL },
		{ "another secret", 1, 9, 32, NOW, 0, SEAL_E_KEY },
		{ "half the secret", 1, 2, 16, NOW, 0, SEAL_E_KEY },
		{ "a state with an AK that may sign anything", 1, 2, 32, NOW,
		    TPM_RESTRICTED, SEAL_E_KEY },
	};
	struct issuer *issuer = issuer_of(&ca);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct recipe_ek c = { .ak_clear = rows[i].ak_clear };
		uint8_t id[16], secret[32], ak[1024], kept[2048], text[256];
		struct enroll_answer a = { span_of(id, 16),
			span_of(secret, rows[i].secret_n) };
		struct enroll_state s = { span_of(id, 16), span_of(secret, 32),
			{ 0 }, NOW + LIFE };
		struct seal_diag d = { 0 };
		struct wr w_ak, w_state, w_answer, pem;
		int r;

		wr_init(&w_ak, ak, sizeof(ak));
		wr_init(&w_state, kept, sizeof(kept));
		wr_init(&w_answer, text, sizeof(text));
		wr_init_heap(&pem, ENROLL_MESSAGE_MAX);
		ak_write(&w_ak, &c);
		s.ak_public = wr_view(&w_ak);
		memset(id, 1, sizeof(id));
		memset(secret, 2, sizeof(secret));
		enroll_state_write(&w_state, &s);
		id[15] = rows[i].id;
		secret[31] = secret[15] = rows[i].secret;
		enroll_answer_write(&w_answer, &a);
		r = enroll_certify(issuer, wr_view(&w_state),
		    wr_view(&w_answer), rows[i].now, 3600, &pem, &d);
		if (r != rows[i].want)
			fail_msg("%s: got %d (%s)", rows[i].name, r, d.text);
		if (r != 0)
			assert_int_equal(pem.n, 0);
		wr_free(&pem);
	}
	issuer_free(&issuer);
}

/* ---- Issuers ---- */

static void
issuers(void **state)
{
	struct issued leaf =
	    issue(&(struct made){ .cn = "leaf", .basic = "critical,CA:FALSE" },
		EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), &ca);
	struct issuer *i = issuer_of(&ca);
	char cert[128], key[128];
	struct seal_diag d = { 0 };
	struct wr out;
	FILE *f;

	(void)state;
	wr_init_heap(&out, LIMIT_CERTIFICATE);
	assert_int_equal(issuer_certify(i, key_spki(&ring.ak), "AK",
			     NOW + 400 * 86400ll, 60, &out, NULL),
	    SEAL_E_STALE);
	issuer_free(&i);
	wr_free(&out);
	snprintf(cert, sizeof(cert), "%s/ca.pem", dir);
	snprintf(key, sizeof(key), "%s/ca.key", dir);
	assert_non_null(f = fopen(cert, "w"));
	PEM_write_X509(f, other_ca.x);
	fclose(f);
	assert_int_equal(issuer_load(cert, key, &i, &d), SEAL_E_CONFIG);
	assert_non_null(strstr(d.text, "its key is not"));
	assert_non_null(f = fopen(cert, "w"));
	PEM_write_X509(f, leaf.x);
	fclose(f);
	assert_non_null(f = fopen(key, "w"));
	PEM_write_PKCS8PrivateKey(f, leaf.key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	seal_diag_clear(&d);
	assert_int_equal(issuer_load(cert, key, &i, &d), SEAL_E_CONFIG);
	assert_non_null(strstr(d.text, "CA:TRUE"));
	assert_null(i);
	issued_free(&leaf);
}

static int
setup(void **state)
{
	const struct made m = { .cn = "EK CA",
		.basic = "critical,CA:TRUE",
		.usage = "critical,keyCertSign" };
	const struct made o = { .cn = "other CA",
		.basic = "critical,CA:TRUE",
		.usage = "critical,keyCertSign" };

	(void)state;
	keyring_make(KEY_P256, &ring);
	ca = issue(&m, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), NULL);
	other_ca =
	    issue(&o, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), NULL);
	ek_key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	return ek_key == NULL || mkdtemp(dir) == NULL;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "ca.pem", "ca.key", "ak.pem" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
	EVP_PKEY_free(ek_key);
	issued_free(&ca);
	issued_free(&other_ca);
	keyring_free(&ring);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(challenges),
		cmocka_unit_test(enrols),
		cmocka_unit_test(answers),
		cmocka_unit_test(issuers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
