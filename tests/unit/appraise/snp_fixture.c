/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "snp_fixture.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

/* ---- Who signs ---- */

static EVP_PKEY *rsa[3], *chip;
static X509 *x[SNP_WHO];
struct span snp_der[SNP_WHO];
static char ca[] = "/tmp/seal-snp-XXXXXX", other_ca[] = "/tmp/seal-snp-XXXXXX";
/* By the numbers of snp_given.list, less one. */
static const struct {
	int64_t from, to; /* from fixture_clock */
	bool has_ask;
} lists[] = {
	{ -DAY, 10 * DAY, false },
	{ -DAY, 10 * DAY, true },
	{ -20 * DAY, 10 * DAY, false },
	{ -2 * DAY, -60, false },
};
#define LISTS ((int)(sizeof(lists) / sizeof(lists[0])))
static uint8_t *crl[sizeof(lists) / sizeof(lists[0])];
static size_t n_crl[sizeof(lists) / sizeof(lists[0])];

static void
put_name(X509_NAME *n, const char *cn)
{
	assert_int_equal(X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC,
			     (const uint8_t *)cn, -1, -1, 0),
	    1);
}

static EVP_MD_CTX *
pss(EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *p = NULL;

	assert_int_equal(
	    EVP_DigestSignInit(ctx, &p, EVP_sha384(), NULL, key), 1);
	assert_int_equal(
	    EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(p, 48), 1);
	return ctx;
}

static void
put_extension(X509 *to, const char *oid, const void *value, int n)
{
	ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	assert_int_equal(ASN1_OCTET_STRING_set(s, value, n), 1);
	e = X509_EXTENSION_create_by_OBJ(NULL, o, 0, s);
	assert_int_equal(X509_add_ext(to, e, -1), 1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(s);
	ASN1_OBJECT_free(o);
}

static void
put_svn(X509 *to, int arc, uint8_t svn)
{
	uint8_t value[4] = { 2, 1, svn };
	char oid[40];

	if (svn >= 0x80)
		memcpy(value, (const uint8_t[]){ 2, 2, 0, svn }, 4);
	snprintf(oid, sizeof(oid), "1.3.6.1.4.1.3704.1.3.%d", arc);
	put_extension(to, oid, value, svn >= 0x80 ? 4 : 3);
}

static X509 *
start(long serial, const char *cn, const char *by, EVP_PKEY *key)
{
	X509 *c = X509_new();

	assert_int_equal(X509_set_version(c, 2), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(c), serial);
	put_name(X509_get_subject_name(c), cn);
	put_name(X509_get_issuer_name(c), by);
	ASN1_TIME_set(X509_getm_notBefore(c), (time_t)(fixture_clock - DAY));
	ASN1_TIME_set(
	    X509_getm_notAfter(c), (time_t)(fixture_clock + 365 * DAY));
	assert_int_equal(X509_set_pubkey(c, key), 1);
	return c;
}

static void
finish(enum snp_who w, X509 *c, EVP_PKEY *by)
{
	EVP_MD_CTX *ctx = pss(by);
	uint8_t *p = NULL;
	int n;

	assert_true(X509_sign_ctx(c, ctx) > 0);
	EVP_MD_CTX_free(ctx);
	n = i2d_X509(c, &p);
	assert_true(n > 0);
	x[w] = c;
	snp_der[w] = span_of(p, (size_t)n);
}

static void
make_ca(enum snp_who w, long serial, const char *cn, const char *by,
    EVP_PKEY *key, EVP_PKEY *signer)
{
	static const uint8_t basic[] = { 0x30, 3, 1, 1, 0xff };
	X509 *c = start(serial, cn, by, key);

	put_extension(c, "2.5.29.19", basic, sizeof(basic));
	finish(w, c, signer);
}

/* The id of the chip is 7, 7, 7… */
static void
make_leaf(enum snp_who w, const char *product, const uint8_t svn[5], bool vlek)
{
	X509 *c = start(0, vlek ? "SEV-VLEK" : "SEV-VCEK", "SEV-Milan", chip);
	bool turin = strcmp(product, "Turin") == 0;
	uint8_t id[SNP_CHIP_ID], text[32] = { 0x16, (uint8_t)strlen(product) };

	memcpy(text + 2, product, strlen(product));
	put_extension(c, "1.3.6.1.4.1.3704.1.2", text, text[1] + 2);
	put_svn(c, 1, svn[0]);
	put_svn(c, 2, svn[1]);
	put_svn(c, 3, svn[2]);
	put_svn(c, 8, svn[3]);
	if (turin)
		put_svn(c, 9, svn[4]);
	memset(id, 7, sizeof(id));
	if (vlek)
		put_extension(c, "1.3.6.1.4.1.3704.1.5",
		    "\x16\x03"
		    "csp",
		    5);
	else
		put_extension(
		    c, "1.3.6.1.4.1.3704.1.4", id, turin ? 8 : SNP_CHIP_ID);
	finish(w, c, rsa[1]);
}

void
snp_next_chip(void)
{
	static const uint8_t milan[] = { 3, 0, 8, 0x73, 0 };

	EVP_PKEY_free(chip);
	X509_free(x[VCEK]);
	OPENSSL_free((void *)(uintptr_t)snp_der[VCEK].p);
	chip = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	make_leaf(VCEK, "Milan-B0", milan, false);
}

static void
make_crl(int i)
{
	X509_CRL *c = X509_CRL_new();
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *t =
	    ASN1_TIME_set(NULL, (time_t)(fixture_clock + lists[i].from));
	EVP_MD_CTX *ctx = pss(rsa[0]);
	int n;

	assert_int_equal(X509_CRL_set_version(c, 1), 1);
	X509_CRL_set_issuer_name(c, X509_get_subject_name(x[ARK]));
	X509_CRL_set1_lastUpdate(c, t);
	ASN1_TIME_set(t, (time_t)(fixture_clock + lists[i].to));
	X509_CRL_set1_nextUpdate(c, t);
	if (lists[i].has_ask) {
		ASN1_TIME_set(t, (time_t)(fixture_clock - DAY));
		X509_REVOKED_set_serialNumber(
		    entry, X509_get_serialNumber(x[ASK]));
		X509_REVOKED_set_revocationDate(entry, t);
		assert_int_equal(X509_CRL_add0_revoked(c, entry), 1);
	} else {
		X509_REVOKED_free(entry);
	}
	assert_true(X509_CRL_sign_ctx(c, ctx) > 0);
	n = i2d_X509_CRL(c, &crl[i]);
	assert_true(n > 0);
	n_crl[i] = (size_t)n;
	EVP_MD_CTX_free(ctx);
	ASN1_TIME_free(t);
	X509_CRL_free(c);
}

static void
put_pem(char *path, enum snp_who w)
{
	struct wr pem;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	wr_init_heap(&pem, 65536);
	assert_int_equal(cert_to_pem(snp_der[w], &pem, NULL), 0);
	assert_int_equal(file_write(path, wr_view(&pem), 0600, NULL), 0);
	wr_free(&pem);
}

void
snp_setup(size_t rsa_size)
{
	static const uint8_t milan[] = { 3, 0, 8, 0x73, 0 },
			     newer[] = { 3, 0, 8, 0x74, 0 },
			     turin[] = { 1, 2, 3, 0xd9, 4 };

	rsa[0] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", rsa_size * 8);
	rsa[1] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", rsa_size * 8);
	rsa[2] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", rsa_size * 8);
	chip = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	make_ca(ARK, 1, "ARK-Milan", "ARK-Milan", rsa[0], rsa[0]);
	make_ca(ASK, 2, "SEV-Milan", "ARK-Milan", rsa[1], rsa[0]);
	make_ca(OTHER_ARK, 1, "ARK-Milan", "ARK-Milan", rsa[2], rsa[2]);
	make_leaf(VCEK, "Milan-B0", milan, false);
	make_leaf(VCEK_NEWER, "Milan-B0", newer, false);
	make_leaf(VCEK_TURIN, "Turin", turin, false);
	make_leaf(VLEK, "Milan", milan, true);
	for (int i = 0; i < LISTS; i++)
		make_crl(i);
	put_pem(ca, ARK);
	put_pem(other_ca, OTHER_ARK);
}

void
snp_teardown(void)
{
	for (int i = 0; i < SNP_WHO; i++) {
		X509_free(x[i]);
		OPENSSL_free((void *)(uintptr_t)snp_der[i].p);
	}
	for (int i = 0; i < 3; i++)
		EVP_PKEY_free(rsa[i]);
	EVP_PKEY_free(chip);
	for (int i = 0; i < LISTS; i++)
		OPENSSL_free(crl[i]);
	unlink(ca);
	unlink(other_ca);
}

const char *
snp_root_file(void)
{
	return ca;
}

const char *
snp_other_root_file(void)
{
	return other_ca;
}

/* ---- Reports ---- */

static void
put_scalar(const BIGNUM *n, uint8_t *to)
{
	assert_int_equal(BN_bn2lebinpad(n, to, 48), 48);
}

static void
sign(uint8_t rep[SNP_REPORT_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[256];
	const uint8_t *p = sig;
	size_t n = sizeof(sig);
	ECDSA_SIG *s;

	assert_int_equal(
	    EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, chip), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &n, rep, 0x2a0), 1);
	s = d2i_ECDSA_SIG(NULL, &p, (long)n);
	put_scalar(ECDSA_SIG_get0_r(s), rep + 0x2a0);
	put_scalar(ECDSA_SIG_get0_s(s), rep + 0x2a0 + 72);
	ECDSA_SIG_free(s);
	EVP_MD_CTX_free(ctx);
}

void
snp_make_report(uint8_t rep[SNP_REPORT_SIZE], uint8_t version,
    const struct snp_change *changes, size_t n)
{
	static const uint8_t tcb[8] = { 3, 0, 0, 0, 0, 0, 8, 0x73 };

	memset(rep, 0, SNP_REPORT_SIZE);
	rep[0] = version;
	rep[0x0a] = 2; /* the bit that is always set */
	rep[0x34] = 1;
	memcpy(rep + 0x38, tcb, 8);
	memset(rep + 0x50, 0xb1, 32);
	memset(rep + 0x90, 0x11, 48);
	memset(rep + 0xc0, 0x22, 32);
	memcpy(rep + 0x180, tcb, 8);
	if (version >= 3)
		memcpy(rep + 0x188, (const uint8_t[]){ 0x19, 1, 1 }, 3);
	memset(rep + 0x1a0, 7, SNP_CHIP_ID);
	memcpy(rep + 0x1e0, tcb, 8);
	memcpy(rep + 0x1f0, tcb, 8);
	for (size_t i = 0; i < n; i++)
		memcpy(rep + changes[i].at, changes[i].value, changes[i].n);
	sign(rep);
}

void
snp_make_report_over(uint8_t rep[SNP_REPORT_SIZE], struct span data)
{
	snp_make_report(rep, 3, NULL, 0);
	memset(rep + 0x50, 0, 64);
	memcpy(rep + 0x50, data.p, data.n);
	sign(rep);
}

struct endorsements *
snp_endorse(const struct snp_given *g)
{
	struct endorsements *e = endorse_new();

	assert_int_equal(endorse_add(e, "leaf", snp_der[g->leaf], NULL), 0);
	if (g->ask)
		assert_int_equal(endorse_add(e, "ask", snp_der[ASK], NULL), 0);
	if (g->other_ark)
		assert_int_equal(
		    endorse_add(e, "ark", snp_der[OTHER_ARK], NULL), 0);
	if (g->list > 0)
		assert_int_equal(
		    endorse_add(e, "crl",
			span_of(crl[g->list - 1], n_crl[g->list - 1]), NULL),
		    0);
	return e;
}

/* ---- The table of the hypervisor ---- */

#define TABLE_ENTRY 24u

static void
put_le32(uint8_t *to, size_t v)
{
	for (size_t i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> 8 * i);
}

size_t
snp_certificates(uint8_t *to, size_t cap)
{
	static const uint8_t guids[][16] = {
		{ 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5,
		    0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd },
		{ 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f,
		    0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 },
	};
	static const enum snp_who which[] = { VCEK, ASK };
	size_t at = 3 * TABLE_ENTRY;

	memset(to, 0, cap);
	for (size_t i = 0; i < 2; i++) {
		struct span c = snp_der[which[i]];

		assert_true(at + c.n <= cap);
		memcpy(to + i * TABLE_ENTRY, guids[i], 16);
		put_le32(to + i * TABLE_ENTRY + 16, at);
		put_le32(to + i * TABLE_ENTRY + 20, c.n);
		memcpy(to + at, c.p, c.n);
		at += c.n;
	}
	return at;
}

void
snp_extend(const uint8_t rep[SNP_REPORT_SIZE], struct wr *out)
{
	uint8_t table[8192];
	size_t n = snp_certificates(table, sizeof(table));

	wr_bytes(out, span_of(rep, SNP_REPORT_SIZE));
	wr_bytes(out, span_of(table, n));
}
