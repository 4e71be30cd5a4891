/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "crypto/crl.h"
#include "crypto/pem.h"
#include "fixture.h"

static struct issued ca, twin, other, no_right, leaf, rsa_ca;

static EVP_PKEY *
ec_key(void)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

/* What to put into a list; zero fields get what most tests want. */
struct list {
	const char *name;
	const struct issued *by;    /* NULL: ca */
	const struct issued *named; /* as issuer, if not by */
	int64_t from, to; /* relative to NOW; 0: a day before, after */
	const struct issued *revoked;
	int reason;         /* -1: none said */
	int nid;            /* an extension of the list */
	int entry_nid;      /* of the entry */
	struct span number; /* DER, in place of a NULL */
	bool critical;
	bool pss, sha1;
	bool v1;
	int want; /* of crl_parse() */
	int verify;
};

static X509_EXTENSION *
extension(int nid, bool critical, struct span number)
{
	static const unsigned char null[] = { 5, 0 };
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	if (number.n > 0)
		ASN1_OCTET_STRING_set(value, number.p, (int)number.n);
	else
		ASN1_OCTET_STRING_set(value, null, sizeof(null));
	e = X509_EXTENSION_create_by_NID(NULL, nid, critical, value);
	ASN1_OCTET_STRING_free(value);
	assert_non_null(e);
	return e;
}

static void
add_revoked(X509_CRL *crl, const struct list *l)
{
	X509_REVOKED *one = X509_REVOKED_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, NOW - 2 * DAY);
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
	X509_EXTENSION *e;

	X509_REVOKED_set_serialNumber(
	    one, X509_get_serialNumber(l->revoked->x));
	X509_REVOKED_set_revocationDate(one, when);
	if (l->reason >= 0) {
		ASN1_ENUMERATED_set(reason, l->reason);
		assert_true(X509_REVOKED_add1_ext_i2d(
		    one, NID_crl_reason, reason, 0, 0));
	}
	if (l->entry_nid != 0) {
		e = extension(l->entry_nid, l->critical, l->number);
		assert_true(X509_REVOKED_add_ext(one, e, -1));
		X509_EXTENSION_free(e);
	}
	assert_true(X509_CRL_add0_revoked(crl, one));
	ASN1_ENUMERATED_free(reason);
	ASN1_TIME_free(when);
}

static void
sign_list(X509_CRL *crl, const struct list *l, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	const EVP_MD *md = l->sha1 ? EVP_sha1() : EVP_sha256();

	assert_int_equal(EVP_DigestSignInit(ctx, &pctx, md, NULL, key), 1);
	if (l->pss) {
		assert_true(EVP_PKEY_CTX_set_rsa_padding(
				pctx, RSA_PKCS1_PSS_PADDING) > 0);
		assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(
				pctx, RSA_PSS_SALTLEN_DIGEST) > 0);
	}
	assert_true(X509_CRL_sign_ctx(crl, ctx) > 0);
	EVP_MD_CTX_free(ctx);
}

/* Made by libcrypto, which is the oracle; the caller frees with OPENSSL_free.
 */
static struct span
make(const struct list *l)
{
	const struct issued *by = l->by == NULL ? &ca : l->by;
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_new();
	unsigned char *der = NULL;
	X509_EXTENSION *e;
	int n;

	assert_true(X509_CRL_set_version(crl, l->v1 ? 0 : 1));
	assert_true(X509_CRL_set_issuer_name(crl,
	    X509_get_subject_name(l->named == NULL ? by->x : l->named->x)));
	ASN1_TIME_set(t, NOW + (l->from == 0 ? -DAY : l->from));
	X509_CRL_set1_lastUpdate(crl, t);
	ASN1_TIME_set(t, NOW + (l->to == 0 ? DAY : l->to));
	X509_CRL_set1_nextUpdate(crl, t);
	if (l->revoked != NULL)
		add_revoked(crl, l);
	if (l->nid != 0) {
		e = extension(l->nid, l->critical, l->number);
		assert_true(X509_CRL_add_ext(crl, e, -1));
		X509_EXTENSION_free(e);
	}
	sign_list(crl, l, by->key);
	assert_true((n = i2d_X509_CRL(crl, &der)) > 0);
	ASN1_TIME_free(t);
	X509_CRL_free(crl);
	return span_of(der, (size_t)n);
}

static void
unmake(struct span *s)
{
	OPENSSL_free((void *)(uintptr_t)s->p);
	*s = span_of(NULL, 0);
}

static const struct list lists[] = {
	{ "empty", .reason = -1 },
	{ "one entry", .revoked = &leaf, .reason = 1 },
	{ "no reason", .revoked = &leaf, .reason = -1 },
	{ "number", .nid = NID_crl_number, .number = HEX(2, 1, 7) },
	{ "long number", .nid = NID_crl_number,
	    .number = HEX(2, 20, 127, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
		14, 15, 16, 17, 18, 19, 20) },
	{ "number of too many bytes", .nid = NID_crl_number,
	    .number = HEX(2, 21, 127, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
		14, 15, 16, 17, 18, 19, 20, 21),
	    .want = SEAL_E_DECODE },
	{ "negative number", .nid = NID_crl_number, .number = HEX(2, 1, 0x80),
	    .want = SEAL_E_DECODE },
	{ "number and more", .nid = NID_crl_number,
	    .number = HEX(2, 1, 7, 5, 0), .want = SEAL_E_DECODE },
	{ "number that is none", .nid = NID_crl_number, .want = SEAL_E_DECODE },
	{ "PKCS#1", .by = &rsa_ca },
	{ "PSS", .by = &rsa_ca, .pss = true },
	{ "SHA-1", .by = &rsa_ca, .sha1 = true, .verify = SEAL_E_SIGNATURE },
	{ "version 1", .v1 = true, .want = SEAL_E_DECODE },
	{ "critical extension", .nid = NID_crl_number, .critical = true,
	    .want = SEAL_E_DECODE },
	{ "delta", .nid = NID_delta_crl, .critical = true,
	    .want = SEAL_E_DECODE },
	{ "delta that is not critical", .nid = NID_delta_crl,
	    .want = SEAL_E_DECODE },
	{ "of a part", .nid = NID_issuing_distribution_point, .critical = true,
	    .want = SEAL_E_DECODE },
	{ "of a part, not critical", .nid = NID_issuing_distribution_point,
	    .want = SEAL_E_DECODE },
	{ "of others' certificates", .revoked = &leaf, .reason = -1,
	    .entry_nid = NID_certificate_issuer, .critical = true,
	    .want = SEAL_E_DECODE },
	{ "of others' certificates, not critical", .revoked = &leaf,
	    .reason = -1, .entry_nid = NID_certificate_issuer,
	    .want = SEAL_E_DECODE },
	{ "critical in an entry", .revoked = &leaf, .reason = -1,
	    .entry_nid = NID_invalidity_date, .critical = true,
	    .want = SEAL_E_DECODE },
	{ "unknown reason", .revoked = &leaf, .reason = 11,
	    .want = SEAL_E_DECODE },
	{ "another key of this name", .by = &twin, .verify = SEAL_E_SIGNATURE },
	{ "another issuer", .by = &other, .verify = SEAL_E_CHAIN },
	{ "of this name, signed by a stranger", .by = &other, .named = &ca,
	    .verify = SEAL_E_SIGNATURE },
	{ "no right to sign lists", .by = &no_right, .verify = SEAL_E_CHAIN },
	{ NULL },
};

static const struct issued *
issuer_of(const struct list *l)
{
	if (l->by == &rsa_ca || l->by == &no_right)
		return l->by;
	return &ca;
}

static void
form_and_signature(void **state)
{
	(void)state;
	for (const struct list *l = lists; l->name != NULL; l++) {
		struct span der = make(l);
		struct seal_diag d = { 0 };
		struct crl c = { 0 };
		int r;

		if ((r = crl_parse(der, &c, &d)) != l->want)
			fail_msg("%s: got %d %s", l->name, r, d.text);
		if (r == 0 &&
		    (r = crl_verify(&c, issuer_of(l)->der, &d)) != l->verify)
			fail_msg("%s: verify got %d %s", l->name, r, d.text);
		unmake(&der);
	}
}

static void
truncation_and_damage(void **state)
{
	const struct list l = { "one", .revoked = &leaf, .reason = 1 };
	struct span der = make(&l);
	uint8_t *buf = malloc(der.n + 1);
	struct trust *memory = trust_new(); /* of the sound one */
	struct crl c = { 0 };

	(void)state;
	for (size_t n = 0; n < der.n; n++) {
		uint8_t *cut = malloc(n + 1);

		memcpy(cut, der.p, n);
		assert_int_equal(
		    crl_parse(span_of(cut, n), &c, NULL), SEAL_E_DECODE);
		free(cut);
	}
	memcpy(buf, der.p, der.n);
	buf[der.n] = 0;
	assert_int_equal(
	    crl_parse(span_of(buf, der.n + 1), &c, NULL), SEAL_E_DECODE);
	assert_int_equal(crl_parse(der, &c, NULL), 0);
	assert_int_equal(crl_verify_once(&c, ca.der, memory, NULL), 0);
	/* No flipped bit may leave a list that verifies. */
	for (size_t n = 0; n < der.n * 8; n++) {
		buf[n / 8] ^= (uint8_t)(1 << n % 8);
		if (crl_parse(span_of(buf, der.n), &c, NULL) == 0)
			assert_int_not_equal(
			    crl_verify_once(&c, ca.der, memory, NULL), 0);
		buf[n / 8] ^= (uint8_t)(1 << n % 8);
	}
	trust_free(&memory);
	free(buf);
	unmake(&der);
}

static void
time_of_a_list(void **state)
{
	const struct list l = { "week", .from = -DAY, .to = 7 * DAY };
	struct span der = make(&l);
	struct crl c = { 0 };

	(void)state;
	assert_int_equal(crl_parse(der, &c, NULL), 0);
	assert_int_equal(c.this_update, NOW - DAY);
	assert_int_equal(c.next_update, NOW + 7 * DAY);
	assert_int_equal(crl_current(&c, NOW - DAY - 1, NULL), SEAL_E_STALE);
	assert_int_equal(crl_current(&c, NOW - DAY, NULL), 0);
	assert_int_equal(crl_current(&c, NOW + 7 * DAY, NULL), 0);
	assert_int_equal(
	    crl_current(&c, NOW + 7 * DAY + 1, NULL), SEAL_E_STALE);
	unmake(&der);
}

static void
revoked_or_not(void **state)
{
	const struct list on = { "on", .revoked = &leaf, .reason = 1 };
	const struct list off = { "off", .revoked = &twin, .reason = -1 };
	const struct list hold = { "hold", .revoked = &leaf, .reason = 8 };
	struct crl_entry e = { 0 };
	struct seal_diag d = { 0 };
	struct crl c = { 0 };
	struct span der = make(&on);

	(void)state;
	assert_int_equal(crl_parse(der, &c, NULL), 0);
	assert_int_equal(c.n_revoked, 1);
	assert_int_equal(crl_check(&c, leaf.der, &e, &d), SEAL_E_KEY);
	assert_int_equal(e.at, NOW - 2 * DAY);
	assert_string_equal(e.reason, "key compromise");
	assert_non_null(strstr(d.text, "key compromise"));
	/* Of another issuer: the list says nothing. */
	assert_int_equal(crl_check(&c, other.der, NULL, NULL), SEAL_E_CHAIN);
	unmake(&der);
	der = make(&off);
	assert_int_equal(crl_parse(der, &c, NULL), 0);
	assert_int_equal(crl_check(&c, leaf.der, &e, NULL), 0);
	unmake(&der);
	/* Only a delta list takes a certificate off; so it is on this one. */
	der = make(&hold);
	assert_int_equal(crl_parse(der, &c, NULL), 0);
	assert_int_equal(crl_check(&c, leaf.der, &e, NULL), SEAL_E_KEY);
	unmake(&der);
}

static void
number_and_entries(void **state)
{
	const struct list l = { "numbered", .revoked = &leaf, .reason = 1,
		.nid = NID_crl_number, .number = HEX(2, 2, 0, 0x80) };
	const struct list plain = { "plain", .reason = -1 };
	const uint8_t want[] = { 0x80 };
	struct crl_iter at = { .begun = false };
	struct span der = make(&l);
	struct crl_entry e;
	struct crl c = { 0 };

	(void)state;
	assert_int_equal(crl_parse(der, &c, NULL), 0);
	assert_true(span_equal(c.number, span_of(want, 1)));
	assert_true(crl_next(&c, &at, &e));
	assert_int_equal(e.at, NOW - 2 * DAY);
	assert_string_equal(e.reason, "key compromise");
	assert_false(crl_next(&c, &at, &e));
	assert_false(crl_next(&c, &at, &e));
	unmake(&der);
	der = make(&plain);
	assert_int_equal(crl_parse(der, &c, NULL), 0);
	assert_int_equal(c.number.n, 0);
	at = (struct crl_iter){ .begun = false };
	assert_false(crl_next(&c, &at, &e));
	unmake(&der);
}

/* ---- Lists that others made ---- */

static struct span
load(const char *name)
{
	const char *dir = getenv("SEAL_EVIDENCE");
	struct seal_diag d = { 0 };
	char path[512];
	uint8_t *p = NULL;
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (file_read(path, LIMIT_FILE, &p, &n, &d) != 0)
		fail_msg("%s", d.text);
	return span_of(p, n);
}

#define PKITS "x509-revocation/"

struct sample {
	const char *list, *issuer, *cert;
	int parse, verify, check;
};

static const struct sample samples[] = {
	{ PKITS "crls/TrustAnchorRootCRL.crl",
	    PKITS "certs/TrustAnchorRootCertificate.crt",
	    PKITS "certs/GoodCACert.crt", 0, 0, 0 },
	{ PKITS "crls/GoodCACRL.crl", PKITS "certs/GoodCACert.crt",
	    PKITS "certs/InvalidRevokedEETest3EE.crt", 0, 0, SEAL_E_KEY },
	{ PKITS "crls/GoodCACRL.crl", PKITS "certs/GoodCACert.crt",
	    PKITS "certs/RevokedsubCACert.crt", 0, 0, SEAL_E_KEY },
	{ PKITS "crls/RevokedsubCACRL.crl", PKITS "certs/RevokedsubCACert.crt",
	    PKITS "certs/InvalidRevokedCATest2EE.crt", 0, 0, 0 },
	/* The list of the certificate's neighbour. */
	{ PKITS "crls/TrustAnchorRootCRL.crl",
	    PKITS "certs/TrustAnchorRootCertificate.crt",
	    PKITS "certs/InvalidRevokedEETest3EE.crt", 0, 0, SEAL_E_CHAIN },
	/* Bad by a bit that says that the signature is no whole bytes. */
	{ PKITS "crls/BadCRLSignatureCACRL.crl", PKITS "certs/GoodCACert.crt",
	    PKITS "certs/GoodCACert.crt", SEAL_E_DECODE },
	{ NULL },
};

static void
real_lists(void **state)
{
	const char *dir = getenv("SEAL_EVIDENCE");

	(void)state;
	if (dir == NULL || dir[0] == '\0') {
		print_message("SEAL_EVIDENCE is not set: no real samples\n");
		skip();
	}
	for (const struct sample *s = samples; s->list != NULL; s++) {
		struct span list = load(s->list), issuer = load(s->issuer),
			    cert = load(s->cert);
		struct seal_diag d = { 0 };
		struct crl c = { 0 };

		if (crl_parse(list, &c, &d) != s->parse ||
		    (s->parse == 0 &&
			(crl_verify(&c, issuer, NULL) != s->verify ||
			    crl_check(&c, cert, NULL, NULL) != s->check)))
			fail_msg("%s: %s", s->list, d.text);
		free((void *)(uintptr_t)list.p);
		free((void *)(uintptr_t)issuer.p);
		free((void *)(uintptr_t)cert.p);
	}
}

static int
setup(void **state)
{
	const struct made root = { "CA", .basic = "critical,CA:TRUE",
		.usage = "critical,keyCertSign,cRLSign" };
	const struct made plain = { "CA" };
	const struct made mute = { "mute", .basic = "critical,CA:TRUE",
		.usage = "critical,keyCertSign" };
	const struct made end = { "leaf", .basic = "CA:FALSE" };
	const struct made another = { "other", .basic = "critical,CA:TRUE" };
	const struct made rsa = { "rsa", .basic = "critical,CA:TRUE" };

	(void)state;
	ca = issue(&root, ec_key(), NULL);
	twin = issue(&plain, ec_key(), NULL);
	other = issue(&another, ec_key(), NULL);
	no_right = issue(&mute, ec_key(), NULL);
	leaf = issue(&end, ec_key(), &ca);
	rsa_ca = issue(
	    &rsa, EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), NULL);
	return 0;
}

static int
teardown(void **state)
{
	struct issued *all[] = { &ca, &twin, &other, &no_right, &leaf,
		&rsa_ca };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		issued_free(all[i]);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(form_and_signature),
		cmocka_unit_test(truncation_and_damage),
		cmocka_unit_test(time_of_a_list),
		cmocka_unit_test(revoked_or_not),
		cmocka_unit_test(number_and_entries),
		cmocka_unit_test(real_lists),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
