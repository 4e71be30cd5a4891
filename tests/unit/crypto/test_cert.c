/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/x509.h"
#include "fixture.h"

static EVP_PKEY *
new_key(const char *curve)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
}

struct cert_case {
	const char *test;
	struct made m;
	int want;
	bool may_sign;
};

static const struct cert_case cases[] = {
	{ "plain", { "a" }, 0, true },
	{ "critical usage", { "a", .usage = "critical,digitalSignature" }, 0,
	    true },
	{ "usage with others",
	    { "a", .usage = "keyAgreement,digitalSignature" }, 0, true },
	{ "two bytes of usage", { "a", .usage = "decipherOnly,keyAgreement" },
	    0, false },
	{ "no digitalSignature", { "a", .usage = "keyEncipherment" }, 0,
	    false },
	{ "CA usage only", { "a", .usage = "keyCertSign,cRLSign" }, 0, false },
	{ "four digits of the year", { "a", .to = 20000 * DAY }, 0, true },
	{ "names", { "a", .san = "DNS:a.example" }, 0, true },
	/* RFC 8446 s4.4.2.2: version 3 is required. */
	{ "version 1", { "a", .v1 = true }, SEAL_E_DECODE, false },
	{ NULL },
};

static void
parsing(void **state)
{
	(void)state;
	for (const struct cert_case *c = cases; c->test != NULL; c++) {
		struct made m = c->m;
		struct issued i;
		struct cert *cert = NULL;
		unsigned char *spki = NULL;
		int n;

		if (!m.v1 && m.usage == NULL && m.san == NULL)
			m.basic = "CA:FALSE";
		i = issue(&m, new_key("P-256"), NULL);
		if (cert_parse(i.der, &cert, NULL) != c->want)
			fail_msg("%s", c->test);
		if (c->want == 0) {
			n = i2d_PUBKEY(i.key, &spki);
			assert_true(span_equal(
			    cert_spki(cert), span_of(spki, (size_t)n)));
			assert_int_equal(cert_may_sign(cert), c->may_sign);
			assert_int_equal(cert_not_before(cert),
			    NOW + (m.from == 0 ? -DAY : m.from));
			assert_int_equal(cert_not_after(cert),
			    NOW + (m.to == 0 ? 365 * DAY : m.to));
			assert_true(
			    pubkey_fits(cert_key(cert), SIG_ECDSA_P256_SHA256));
			OPENSSL_free(spki);
		}
		cert_unref(&cert);
		issued_free(&i);
	}
}

static void
truncation_and_damage(void **state)
{
	const struct made m = { "a", .usage = "digitalSignature" };
	struct issued i = issue(&m, new_key("P-256"), NULL);
	struct cert *cert = NULL;
	uint8_t *buf = malloc(i.der.n + 1);

	(void)state;
	for (size_t n = 0; n < i.der.n; n++) {
		/* A copy of its own, so that ASan sees a read past the end. */
		uint8_t *cut = malloc(n + 1);

		memcpy(cut, i.der.p, n);
		assert_int_equal(
		    cert_parse(span_of(cut, n), &cert, NULL), SEAL_E_DECODE);
		free(cut);
	}
	memcpy(buf, i.der.p, i.der.n);
	buf[i.der.n] = 0;
	assert_int_equal(
	    cert_parse(span_of(buf, i.der.n + 1), &cert, NULL), SEAL_E_DECODE);
	assert_null(cert);
	/* Any outcome is fine for a flipped bit, but no crash or leak. */
	for (size_t n = 0; n < i.der.n * 8; n += 3) {
		buf[n / 8] ^= (uint8_t)(1 << n % 8);
		if (cert_parse(span_of(buf, i.der.n), &cert, NULL) == 0)
			cert_unref(&cert);
		buf[n / 8] ^= (uint8_t)(1 << n % 8);
	}
	free(buf);
	issued_free(&i);
}

/* Replaces the only occurrence of from, of the same length. */
static void
patch(struct issued *i, struct span from, struct span to, size_t which)
{
	uint8_t *p = memmem(i->der.p, i->der.n, from.p, from.n);

	assert_non_null(p);
	for (; which > 0; which--)
		assert_non_null(
		    p = memmem(p + 1, i->der.n - (size_t)(p + 1 - i->der.p),
			from.p, from.n));
	memcpy(p, to.p, to.n);
}

struct patch_case {
	const char *test;
	struct span from, to;
	size_t which;
	int want;
};

static const struct patch_case patches[] = {
	{ "untouched", STR("231113221320Z"), STR("231113221320Z"), 0, 0 },
	{ "30th of February", STR("231113221320Z"), STR("230230221320Z"), 0,
	    SEAL_E_DECODE },
	{ "month 13", STR("231113221320Z"), STR("231313221320Z"), 0,
	    SEAL_E_DECODE },
	{ "month 0", STR("231113221320Z"), STR("230013221320Z"), 0,
	    SEAL_E_DECODE },
	{ "hour 24", STR("231113221320Z"), STR("231113241320Z"), 0,
	    SEAL_E_DECODE },
	{ "second 60", STR("231113221320Z"), STR("231113221360Z"), 0,
	    SEAL_E_DECODE },
	{ "no Z", STR("231113221320Z"), STR("231113221320+"), 0,
	    SEAL_E_DECODE },
	{ "not a digit", STR("231113221320Z"), STR("2311132213-0Z"), 0,
	    SEAL_E_DECODE },
	/* Outer and inner algorithm differ: ecdsa-with-SHA384 outside. */
	{ "two algorithms", HEX(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2),
	    HEX(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3), 1, SEAL_E_DECODE },
	{ "version 2", HEX(0xa0, 3, 2, 1, 2), HEX(0xa0, 3, 2, 1, 1), 0,
	    SEAL_E_DECODE },
	/* subjectAltName turned into a second basicConstraints. */
	{ "extension twice", HEX(0x55, 0x1d, 0x11), HEX(0x55, 0x1d, 0x13), 0,
	    SEAL_E_DECODE },
	{ "other extension", HEX(0x55, 0x1d, 0x11), HEX(0x55, 0x1d, 0x14), 0,
	    0 },
	{ "critical is not FF", HEX(0x55, 0x1d, 0x0f, 1, 1, 0xff),
	    HEX(0x55, 0x1d, 0x0f, 1, 1, 0x01), 0, SEAL_E_DECODE },
	{ "key usage of 8 unused bits", HEX(3, 2, 7, 0x80), HEX(3, 2, 8, 0x80),
	    0, SEAL_E_DECODE },
	{ "key usage is no bit string", HEX(3, 2, 7, 0x80), HEX(4, 2, 7, 0x80),
	    0, SEAL_E_DECODE },
	{ "unknown curve", HEX(0xce, 0x3d, 3, 1, 7), HEX(0xce, 0x3d, 3, 1, 6),
	    0, SEAL_E_KEY },
	{ NULL },
};

static void
patched(void **state)
{
	(void)state;
	for (const struct patch_case *c = patches; c->test != NULL; c++) {
		const struct made m = { "a", .san = "DNS:a",
			.basic = "CA:FALSE",
			.usage = "critical,digitalSignature" };
		struct issued i = issue(&m, new_key("P-256"), NULL);
		struct cert *cert = NULL;
		int r;

		patch(&i, c->from, c->to, c->which);
		if ((r = cert_parse(i.der, &cert, NULL)) != c->want)
			fail_msg("%s: got %d", c->test, r);
		cert_unref(&cert);
		issued_free(&i);
	}
}

static void
too_large(void **state)
{
	uint8_t *big = calloc(1, LIMIT_CERTIFICATE + 1);
	struct cert *cert = NULL;

	(void)state;
	assert_int_equal(
	    cert_parse(span_of(big, LIMIT_CERTIFICATE + 1), &cert, NULL),
	    SEAL_E_LIMIT);
	free(big);
}

static void
cert_caching(void **state)
{
	const struct made m = { "a", .basic = "CA:FALSE" };
	struct cert_cache *cache = cert_cache_new(8);
	struct issued first = issue(&m, new_key("P-256"), NULL);
	struct cert *a = NULL, *b = NULL;

	(void)state;
	assert_non_null(cache);
	assert_int_equal(cert_cache_get(cache, first.der, &a, NULL), 0);
	assert_int_equal(cert_cache_get(cache, first.der, &b, NULL), 0);
	assert_ptr_equal(a, b);
	cert_unref(&b);
	/* Without a cache it just parses. */
	assert_int_equal(cert_cache_get(NULL, first.der, &b, NULL), 0);
	assert_ptr_not_equal(a, b);
	cert_unref(&b);
	/* Failures are not remembered as successes. */
	assert_int_equal(cert_cache_get(cache,
			     span_of(first.der.p, first.der.n - 1), &b, NULL),
	    SEAL_E_DECODE);
	assert_null(b);
	/* Many others push it out; who holds it keeps it. */
	for (int i = 0; i < 100; i++) {
		struct issued other = issue(&m, new_key("P-256"), NULL);

		assert_int_equal(cert_cache_get(cache, other.der, &b, NULL), 0);
		cert_unref(&b);
		issued_free(&other);
	}
	assert_int_equal(cert_cache_get(cache, first.der, &b, NULL), 0);
	assert_ptr_not_equal(a, b);
	assert_true(span_equal(cert_spki(a), cert_spki(b)));
	cert_cache_free(&cache);
	assert_true(pubkey_fits(cert_key(a), SIG_ECDSA_P256_SHA256));
	cert_unref(&a);
	cert_unref(&b);
	issued_free(&first);
	assert_null(cert_cache_new(0));
	assert_null(cert_cache_new((size_t)-1));
	cert_cache_free(&cache);
}

static void *
hammer(void *arg)
{
	struct key_cache *cache = arg;
	uint8_t buf[8][128];
	struct span spki[8];

	for (int i = 0; i < 8; i++) {
		struct privkey *k = NULL;
		struct wr w;

		wr_init(&w, buf[i], sizeof(buf[i]));
		if (privkey_generate(CURVE_P256, &k, NULL) != 0 ||
		    privkey_spki(k, &w, NULL) != 0)
			return arg;
		spki[i] = wr_view(&w);
		privkey_free(&k);
	}
	for (int i = 0; i < 400; i++) {
		struct pubkey *k = NULL;

		if (key_cache_get(cache, spki[i % 8], &k, NULL) != 0)
			return arg;
		pubkey_unref(&k);
	}
	return NULL;
}

static void
key_caching_by_threads(void **state)
{
	struct key_cache *cache = key_cache_new(4);
	pthread_t thread[4];
	void *failed = NULL;

	(void)state;
	assert_non_null(cache);
	for (int i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&thread[i], NULL, hammer, cache), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], &failed), 0);
		assert_null(failed);
	}
	key_cache_free(&cache);
}

/* Keys for self-signing live outside, behind the callback. */
struct signer {
	struct privkey *k;
	bool refuse, damage;
};

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	struct signer *s = ctx;
	int r;

	if (s->refuse)
		return seal_fail(d, SEAL_E_UNAVAILABLE, "tpm: gone");
	r = privkey_sign(s->k, scheme, tbs, out, d);
	if (r == 0 && s->damage)
		out->p[out->n - 1] ^= 1;
	return r;
}

static int
self_sign(struct signer *s, uint16_t scheme, const char *name, int64_t now,
    unsigned days, struct wr *out, struct seal_diag *d)
{
	uint8_t spki[LIMIT_SPKI];
	struct wr w;

	wr_init(&w, spki, sizeof(spki));
	assert_int_equal(privkey_spki(s->k, &w, NULL), 0);
	return cert_self_sign(
	    wr_view(&w), name, now, days, scheme, sign, s, out, d);
}

struct self_case {
	const char *type; /* as libcrypto names it */
	uint16_t scheme;
};

static const struct self_case self_cases[] = {
	{ "P-256", SIG_ECDSA_P256_SHA256 },
	{ "P-384", SIG_ECDSA_P384_SHA384 },
	{ "P-521", SIG_ECDSA_P521_SHA512 },
	{ "ED25519", SIG_ED25519 },
	{ "ED448", SIG_ED448 },
	{ "RSA", SIG_RSA_PSS_RSAE_SHA256 },
	{ "RSA", SIG_RSA_PSS_RSAE_SHA384 },
	{ "RSA", SIG_RSA_PSS_RSAE_SHA512 },
	{ "RSA", SIG_RSA_PKCS1_SHA256 },
	{ "RSA", SIG_RSA_PKCS1_SHA384 },
	{ "RSA", SIG_RSA_PKCS1_SHA512 },
	{ "PSS", SIG_RSA_PSS_PSS_SHA384 },
	{ "PSS256", SIG_RSA_PSS_PSS_SHA256 },
	{ NULL },
};

static struct privkey *
self_key(const char *type)
{
	struct privkey *k;
	EVP_PKEY *pkey;

	if (strncmp(type, "PSS", 3) == 0)
		pkey = make_pss(type[3] != '\0');
	else if (type[0] == 'P')
		pkey = new_key(type);
	else if (type[0] == 'R')
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)2048);
	else
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, type);
	k = load_key(pkey);
	EVP_PKEY_free(pkey);
	return k;
}

/* libcrypto must agree with every byte that we wrote. */
static void
check_self_signed(struct span der, const char *name)
{
	const unsigned char *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);
	unsigned char *again = NULL;
	struct cert *cert = NULL;
	struct trust *t = trust_new();
	char cn[80] = "";
	int n;

	assert_non_null(x);
	assert_int_equal(X509_verify(x, X509_get0_pubkey(x)), 1);
	X509_NAME_get_text_by_NID(
	    X509_get_subject_name(x), NID_commonName, cn, sizeof(cn));
	assert_string_equal(cn, name);
	assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE);
	assert_int_equal(X509_get_version(x), 2);
	n = i2d_re_X509_tbs(x, &again);
	assert_true(n > 0);
	assert_non_null(memmem(der.p, der.n, again, (size_t)n));
	assert_int_equal(cert_parse(der, &cert, NULL), 0);
	assert_int_equal(cert_not_before(cert), NOW);
	assert_int_equal(cert_not_after(cert), NOW + 10000 * DAY);
	assert_true(cert_may_sign(cert));
	assert_int_equal(trust_add_der(t, der, NULL), 0);
	assert_int_equal(chain_verify(t, &der, 1, NOW + 1, NULL, NULL), 0);
	trust_free(&t);
	cert_unref(&cert);
	OPENSSL_free(again);
	X509_free(x);
}

struct host_case {
	const char *name;
	const char *dns, *address; /* what it must hold for; or NULL */
};

static const struct host_case host_cases[] = {
	{ "host.example", "host.example", NULL },
	{ "localhost", "localhost", NULL },
	{ "127.0.0.1", NULL, "127.0.0.1" },
	{ "::1", NULL, "::1" },
	{ "SEAL subject key", NULL, NULL },
	{ "a_b.example", NULL, NULL },
	{ NULL },
};

static void
self_signed_names(void **state)
{
	(void)state;
	for (const struct host_case *c = host_cases; c->name != NULL; c++) {
		struct signer s = { .k = self_key("P-256") };
		uint8_t der[2048];
		const unsigned char *p = der;
		struct wr out;
		X509 *x;

		wr_init(&out, der, sizeof(der));
		assert_int_equal(self_sign(&s, SIG_ECDSA_P256_SHA256, c->name,
				     NOW, 1, &out, NULL),
		    0);
		x = d2i_X509(NULL, &p, (long)out.n);
		if ((X509_check_host(x, c->name, 0,
			 X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1) !=
			(c->dns != NULL) ||
		    (X509_check_ip_asc(x, c->name, 0) == 1) !=
			(c->address != NULL))
			fail_msg("%s", c->name);
		X509_free(x);
		privkey_free(&s.k);
	}
}

static void
self_signing(void **state)
{
	static const char name[] = "subj\xc3\xa9t";

	(void)state;
	for (const struct self_case *c = self_cases; c->type != NULL; c++) {
		struct signer s = { .k = self_key(c->type) };
		struct seal_diag d = { 0 };
		struct wr out;

		wr_init_heap(&out, LIMIT_CERTIFICATE);
		if (self_sign(&s, c->scheme, name, NOW, 10000, &out, &d) != 0)
			fail_msg("%s: %s", sig_name(c->scheme), d.text);
		check_self_signed(wr_view(&out), name);
		wr_free(&out);
		privkey_free(&s.k);
	}
}

static void
self_signing_refused(void **state)
{
	struct signer s = { 0 };
	struct seal_diag d = { 0 };
	uint16_t p256 = SIG_ECDSA_P256_SHA256;
	char long_name[66];
	uint8_t buf[100];
	struct wr out, tiny;

	(void)state;
	memset(long_name, 'x', 65);
	long_name[65] = '\0';
	wr_init_heap(&out, LIMIT_CERTIFICATE);
	assert_int_equal(privkey_generate(CURVE_P256, &s.k, NULL), 0);
	assert_int_equal(
	    self_sign(&s, SIG_ED25519, "a", NOW, 1, &out, NULL), SEAL_E_KEY);
	assert_int_equal(
	    self_sign(&s, p256, "", NOW, 1, &out, NULL), SEAL_E_ARGUMENT);
	assert_int_equal(self_sign(&s, p256, long_name, NOW, 1, &out, NULL),
	    SEAL_E_ARGUMENT);
	assert_int_equal(
	    self_sign(&s, p256, "\xff", NOW, 1, &out, NULL), SEAL_E_ARGUMENT);
	assert_int_equal(
	    self_sign(&s, p256, "a", NOW, 0, &out, NULL), SEAL_E_ARGUMENT);
	assert_int_equal(
	    self_sign(&s, p256, "a", NOW, 36501, &out, NULL), SEAL_E_ARGUMENT);
	assert_int_equal(
	    self_sign(&s, p256, "a", INT64_C(1) << 50, 1, &out, NULL),
	    SEAL_E_LIMIT);
	assert_int_equal(
	    self_sign(&s, p256, "a", -INT64_C(99999) * DAY, 1, &out, NULL),
	    SEAL_E_LIMIT);
	s.refuse = true;
	assert_int_equal(
	    self_sign(&s, p256, "a", NOW, 1, &out, &d), SEAL_E_UNAVAILABLE);
	assert_string_equal(d.text, "tpm: gone");
	s.refuse = false;
	s.damage = true;
	assert_int_equal(
	    self_sign(&s, p256, "a", NOW, 1, &out, NULL), SEAL_E_SIGNATURE);
	s.damage = false;
	assert_int_equal(out.n, 0);
	wr_init(&tiny, buf, sizeof(buf));
	assert_int_equal(
	    self_sign(&s, p256, "a", NOW, 1, &tiny, NULL), SEAL_E_LIMIT);
	assert_int_equal(self_sign(&s, p256, "a", NOW, 1, &out, NULL), 0);
	wr_free(&out);
	privkey_free(&s.k);
}

/* ---- A Name's common name: the only one, or none ---- */

#define CN(c) 0x31, 10, 0x30, 8, 6, 3, 0x55, 4, 3, 12, 1, (c)
#define ORG 0x31, 10, 0x30, 8, 6, 3, 0x55, 4, 10, 12, 1, 'o'

static const struct {
	struct span name;
	char want; /* 0: none */
} common_names[] = {
	{ HEX(0x30, 12, CN('a')), 'a' },
	{ HEX(0x30, 24, ORG, CN('a')), 'a' },
	{ HEX(0x30, 0), 0 },
	{ HEX(0x30, 12, ORG), 0 },
	{ HEX(0x30, 24, CN('a'), CN('b')), 0 },
	{ HEX(0x30, 12, 0x31, 10, 0x30, 8, 6, 3, 0x55, 4, 3, 12, 9, 'a'), 0 },
	{ HEX(0x31, 12, CN('a')), 0 },
};

static void
common_name(void **state)
{
	struct span got;

	(void)state;
	for (size_t i = 0; i < sizeof(common_names) / sizeof(common_names[0]);
	     i++) {
		bool found = cert_common_name(common_names[i].name, &got);

		assert_int_equal(found, common_names[i].want != 0);
		if (found)
			assert_true(got.n == 1 &&
				    got.p[0] == (uint8_t)common_names[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(common_name),
		cmocka_unit_test(parsing),
		cmocka_unit_test(truncation_and_damage),
		cmocka_unit_test(patched),
		cmocka_unit_test(too_large),
		cmocka_unit_test(cert_caching),
		cmocka_unit_test(key_caching_by_threads),
		cmocka_unit_test(self_signed_names),
		cmocka_unit_test(self_signing),
		cmocka_unit_test(self_signing_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
