/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <jansson.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../crypto/fixture.h"
#include "appraise/appraise.h"
#include "base/file.h"
#include "format/snp.h"

#define RSA_SIZE 256 /* bytes of a signature of the test's CAs */
#define STEP 7

/* A root of this test's own, and what AMD would certify under it. */
enum who { ARK, ASK, OTHER_ARK, VCEK, VCEK_NEWER, VCEK_TURIN, VLEK, WHO };
static EVP_PKEY *rsa[3], *chip;
static X509 *x[WHO];
static struct span der[WHO];
static char ca[] = "/tmp/seal-snp-XXXXXX", other_ca[] = "/tmp/seal-snp-XXXXXX";
static uint8_t *crl[2]; /* empty, with the ASK on it */
static size_t n_crl[2];

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
	ASN1_TIME_set(X509_getm_notBefore(c), (time_t)(NOW - DAY));
	ASN1_TIME_set(X509_getm_notAfter(c), (time_t)(NOW + 365 * DAY));
	assert_int_equal(X509_set_pubkey(c, key), 1);
	return c;
}

static void
finish(enum who w, X509 *c, EVP_PKEY *by)
{
	EVP_MD_CTX *ctx = pss(by);
	uint8_t *p = NULL;
	int n;

	assert_true(X509_sign_ctx(c, ctx) > 0);
	EVP_MD_CTX_free(ctx);
	n = i2d_X509(c, &p);
	assert_true(n > 0);
	x[w] = c;
	der[w] = span_of(p, (size_t)n);
}

static void
make_ca(enum who w, long serial, const char *cn, const char *by, EVP_PKEY *key,
    EVP_PKEY *signer)
{
	static const uint8_t basic[] = { 0x30, 3, 1, 1, 0xff };
	X509 *c = start(serial, cn, by, key);

	put_extension(c, "2.5.29.19", basic, sizeof(basic));
	finish(w, c, signer);
}

/* The id of the chip is 7, 7, 7… */
static void
make_leaf(enum who w, const char *product, const uint8_t svn[5], bool vlek)
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

static void
make_crl(int i)
{
	X509_CRL *c = X509_CRL_new();
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(NOW - DAY));
	EVP_MD_CTX *ctx = pss(rsa[0]);
	int n;

	assert_int_equal(X509_CRL_set_version(c, 1), 1);
	X509_CRL_set_issuer_name(c, X509_get_subject_name(x[ARK]));
	X509_CRL_set1_lastUpdate(c, t);
	ASN1_TIME_set(t, (time_t)(NOW + 10 * DAY));
	X509_CRL_set1_nextUpdate(c, t);
	if (i == 1) {
		ASN1_TIME_set(t, (time_t)(NOW - DAY));
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
put_pem(char *path, enum who w)
{
	struct wr pem;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	wr_init_heap(&pem, 65536);
	assert_int_equal(cert_to_pem(der[w], &pem, NULL), 0);
	assert_int_equal(file_write(path, wr_view(&pem), 0600, NULL), 0);
	wr_free(&pem);
}

static int
set_up(void **state)
{
	static const uint8_t milan[] = { 3, 0, 8, 0x73, 0 },
			     newer[] = { 3, 0, 8, 0x74, 0 },
			     turin[] = { 1, 2, 3, 0xd9, 4 };

	(void)state;
	rsa[0] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_SIZE * 8);
	rsa[1] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_SIZE * 8);
	rsa[2] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_SIZE * 8);
	chip = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	make_ca(ARK, 1, "ARK-Milan", "ARK-Milan", rsa[0], rsa[0]);
	make_ca(ASK, 2, "SEV-Milan", "ARK-Milan", rsa[1], rsa[0]);
	make_ca(OTHER_ARK, 1, "ARK-Milan", "ARK-Milan", rsa[2], rsa[2]);
	make_leaf(VCEK, "Milan-B0", milan, false);
	make_leaf(VCEK_NEWER, "Milan-B0", newer, false);
	make_leaf(VCEK_TURIN, "Turin", turin, false);
	make_leaf(VLEK, "Milan", milan, true);
	make_crl(0);
	make_crl(1);
	put_pem(ca, ARK);
	put_pem(other_ca, OTHER_ARK);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < WHO; i++) {
		X509_free(x[i]);
		OPENSSL_free((void *)(uintptr_t)der[i].p);
	}
	for (int i = 0; i < 3; i++)
		EVP_PKEY_free(rsa[i]);
	EVP_PKEY_free(chip);
	OPENSSL_free(crl[0]);
	OPENSSL_free(crl[1]);
	unlink(ca);
	unlink(other_ca);
	return 0;
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

/* Changed bytes, signed afterwards or not. */
struct change {
	size_t at;
	uint8_t value[8];
	size_t n;
};

static void
make_report(uint8_t rep[SNP_REPORT_SIZE], uint8_t version,
    const struct change *changes, size_t n)
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

/* ---- Judging ---- */

#define TCB(a, b, c, d)                                      \
	"{\"boot_loader\":" #a ",\"tee\":" #b ",\"snp\":" #c \
	",\"microcode\":" #d "}"
#define REPORTED "\"tcb\":{\"reported\":" TCB(3, 0, 8, 115) "}"
#define M32 "11111111111111111111111111111111"
#define MEASURED "\"measurements\":{\"measurement\":\"" M32 M32 M32 "\"}"

static struct policy *
policy_of(
    const char *rules, const char *anchor, bool debug, struct seal_diag *d)
{
	struct policy *p = NULL;
	char text[4096];

	snprintf(text, sizeof(text),
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"%s\",\"signers\":[{\"ca\":\"%s\"}],"
	    "\"debug\":%s,%s}]}",
	    SNP_TYPE, anchor, debug ? "true" : "false", rules);
	(void)policy_load(span_str(text), "/", &p, d);
	return p;
}

struct given {
	enum who leaf;
	bool ask, other_ark;
	int list; /* 0: none, 1: empty, 2: with the ASK */
};

static struct endorsements *
endorse(const struct given *g)
{
	struct endorsements *e = endorse_new();

	assert_int_equal(endorse_add(e, "leaf", der[g->leaf], NULL), 0);
	if (g->ask)
		assert_int_equal(endorse_add(e, "ask", der[ASK], NULL), 0);
	if (g->other_ark)
		assert_int_equal(
		    endorse_add(e, "ark", der[OTHER_ARK], NULL), 0);
	if (g->list > 0)
		assert_int_equal(
		    endorse_add(e, "crl",
			span_of(crl[g->list - 1], n_crl[g->list - 1]), NULL),
		    0);
	return e;
}

static int
judge(const struct policy *p, struct span evidence, struct endorsements *e,
    int64_t now, char *ret_failed)
{
	struct seal_verdict *v = verdict_new();
	uint8_t binder[32];
	struct seal_binding b;
	struct appraisal_in in = { .media_type = span_str(SNP_TYPE),
		.evidence = evidence,
		.expected = &b,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = now,
		.binder_known = true,
		.endorse = e };
	int r;

	memset(binder, 0xb1, sizeof(binder));
	assert_int_equal(binding_replay(span_of(binder, sizeof(binder)),
			     span_of(NULL, 0), &b, NULL),
	    0);
	r = appraise(p, &in, v);
	ret_failed[0] = '\0';
	for (size_t i = 0; i < v->n_checks && ret_failed[0] == '\0'; i++)
		if (v->checks[i].status == SEAL_CHECK_FAILED)
			snprintf(ret_failed, 64, "%s", v->checks[i].name);
	assert_int_equal(r == 0, v->outcome == SEAL_ACCEPTED);
	seal_verdict_free(&v);
	return r;
}

#define CHANGE(at, ...)                                                       \
	{                                                                     \
		at, { __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}
#define NO_CRL REPORTED "," MEASURED ",\"crl\":false"
#define WITH_CRL REPORTED "," MEASURED
#define ZEROS8 0, 0, 0, 0, 0, 0, 0, 0
#define HIDDEN                                                               \
	CHANGE(0x1a0, ZEROS8), CHANGE(0x1a8, ZEROS8), CHANGE(0x1b0, ZEROS8), \
	    CHANGE(0x1b8, ZEROS8), CHANGE(0x1c0, ZEROS8),                    \
	    CHANGE(0x1c8, ZEROS8), CHANGE(0x1d0, ZEROS8),                    \
	    CHANGE(0x1d8, ZEROS8)

struct row {
	const char *name;
	uint8_t version;
	struct change changes[12];
	struct given given;
	const char *rules;
	const char *failed; /* NULL: accepted */
	bool other_root, debug;
	int64_t later;
};

static const struct row rows[] = {
	{ "version 2", 2, { { 0 } }, { VCEK, true }, NO_CRL },
	{ "version 3", 3, { { 0 } }, { VCEK, true }, NO_CRL },
	{ "version 5", 5, { CHANGE(0x1f8, 9) }, { VCEK, true }, NO_CRL },
	{ "version 6", 6, { CHANGE(0x220, 9) }, { VCEK, true }, NO_CRL },
	{ "version 1", 1, { { 0 } }, { VCEK, true }, NO_CRL, "snp.form" },
	{ "version 7", 7, { { 0 } }, { VCEK, true }, NO_CRL, "snp.form" },
	{ "mitigations in version 3", 3, { CHANGE(0x1f8, 9) }, { VCEK, true },
	    NO_CRL, "snp.form" },
	{ "reserved field", 2, { CHANGE(0x4c, 1) }, { VCEK, true }, NO_CRL,
	    "snp.form" },
	{ "CPUID in version 2", 2, { CHANGE(0x188, 0x19) }, { VCEK, true },
	    NO_CRL, "snp.form" },
	{ "policy without its one", 2, { CHANGE(0x0a, 0) }, { VCEK, true },
	    NO_CRL, "snp.form" },
	{ "algorithm", 2, { CHANGE(0x34, 2) }, { VCEK, true }, NO_CRL,
	    "snp.form" },
	{ "unknown processor", 3, { CHANGE(0x188, 0x1b) }, { VCEK, true },
	    NO_CRL, "snp.form" },
	{ "unsigned", 2, { CHANGE(0x48, 7 << 2) }, { VCEK, true }, NO_CRL,
	    "snp.signer" },
	{ "VLEK called for", 2, { CHANGE(0x48, 1 << 2) }, { VCEK, true },
	    NO_CRL, "snp.certificate" },
	{ "VLEK", 3, { CHANGE(0x48, 1 << 2), HIDDEN }, { VLEK, true }, NO_CRL },
	{ "VLEK for a VCEK", 3, { { 0 } }, { VLEK, true }, NO_CRL,
	    "snp.certificate" },
	{ "hidden chip, told so", 3, { CHANGE(0x48, 2), HIDDEN },
	    { VCEK, true }, NO_CRL },
	{ "hidden chip, not told so", 3, { HIDDEN }, { VCEK, true }, NO_CRL,
	    "snp.chip" },
	{ "another chip", 3, { CHANGE(0x1a0, 8) }, { VCEK, true }, NO_CRL,
	    "snp.chip" },
	{ "another product", 3, { CHANGE(0x189, 0x11) }, { VCEK, true }, NO_CRL,
	    "snp.product" },
	{ "certificate of another TCB", 2, { { 0 } }, { VCEK_NEWER, true },
	    NO_CRL, "snp.tcb.certified" },
	{ "bytes between the TCB's parts", 2, { CHANGE(0x182, 1) },
	    { VCEK, true }, NO_CRL, "snp.tcb.certified" },
	{ "Turin", 5,
	    { CHANGE(0x180, 4, 1, 2, 3, 0, 0, 0, 0xd9), CHANGE(0x188, 0x1a, 2),
		CHANGE(0x1a8, ZEROS8), CHANGE(0x1b0, ZEROS8),
		CHANGE(0x1b8, ZEROS8), CHANGE(0x1c0, ZEROS8),
		CHANGE(0x1c8, ZEROS8), CHANGE(0x1d0, ZEROS8),
		CHANGE(0x1d8, ZEROS8) },
	    { VCEK_TURIN, true },
	    "\"tcb\":{\"reported\":" TCB(
		1, 2, 3, 217) "},\"crl\":false," MEASURED },
	{ "Turin, more behind its 8 bytes", 5,
	    { CHANGE(0x180, 4, 1, 2, 3, 0, 0, 0, 0xd9),
		CHANGE(0x188, 0x1a, 2) },
	    { VCEK_TURIN, true }, NO_CRL, "snp.chip" },
	{ "no issuer", 2, { { 0 } }, { VCEK, false }, NO_CRL, "signer" },
	{ "other root", 2, { { 0 } }, { VCEK, true }, NO_CRL, "signer",
	    .other_root = true },
	{ "a year later", 2, { { 0 } }, { VCEK, true }, NO_CRL, "signer",
	    .later = 366 * DAY },
	{ "debug", 2, { CHANGE(0x0a, 0x0a) }, { VCEK, true }, NO_CRL, "debug" },
	{ "debug allowed", 2, { CHANGE(0x0a, 0x0a) }, { VCEK, true }, NO_CRL,
	    .debug = true },
	{ "migration agent", 2, { CHANGE(0x0a, 0x06) }, { VCEK, true }, NO_CRL,
	    "snp.policy" },
	{ "migration agent wanted", 2, { CHANGE(0x0a, 0x06) }, { VCEK, true },
	    NO_CRL ",\"policy\":{\"migration_agent\":true}" },
	{ "SMT", 2, { CHANGE(0x0a, 0x03) }, { VCEK, true },
	    NO_CRL ",\"policy\":{\"smt\":false}", "snp.policy" },
	{ "VMPL", 2, { CHANGE(0x30, 1) }, { VCEK, true }, NO_CRL, "snp.vmpl" },
	{ "VMPL allowed", 2, { CHANGE(0x30, 1) }, { VCEK, true },
	    NO_CRL ",\"vmpl\":1" },
	{ "another measurement", 2, { CHANGE(0x90, 0x12) }, { VCEK, true },
	    NO_CRL, "snp.measurement" },
	{ "another binder", 2, { CHANGE(0x50, 0xb2) }, { VCEK, true }, NO_CRL,
	    "binder" },
	{ "more behind the binder", 2, { CHANGE(0x8f, 1) }, { VCEK, true },
	    NO_CRL, "binder" },
	{ "reported TCB", 2, { { 0 } }, { VCEK, true },
	    "\"tcb\":{\"reported\":" TCB(
		3, 0, 8, 116) "},\"crl\":false," MEASURED,
	    "snp.tcb.reported" },
	{ "committed TCB", 2, { CHANGE(0x1e0, 2) }, { VCEK, true },
	    "\"tcb\":{\"reported\":" TCB(3, 0, 8, 115) ",\"committed\":" TCB(
		3, 0, 8, 115) "},\"crl\":false," MEASURED,
	    "snp.tcb.committed" },
	{ "launch TCB", 2, { CHANGE(0x1f6, 7) }, { VCEK, true },
	    "\"tcb\":{\"reported\":" TCB(3, 0, 8, 115) ",\"launch\":" TCB(
		3, 0, 8, 115) "},\"crl\":false," MEASURED,
	    "snp.tcb.launch" },
	{ "image id", 2, { { 0 } }, { VCEK, true },
	    NO_CRL ",\"image_id\":\"" M32 "\"", "snp.image_id" },
	{ "family id", 2, { { 0 } }, { VCEK, true },
	    NO_CRL ",\"family_id\":\"" M32 "\"", "snp.family_id" },
	{ "host data", 2, { { 0 } }, { VCEK, true },
	    NO_CRL ",\"host_data\":\"" M32 M32 "\"", "snp.host_data" },
	{ "chip id", 2, { { 0 } }, { VCEK, true },
	    NO_CRL ",\"chip_id\":\"" M32 M32 M32 M32 "\"", "snp.chip_id" },
	{ "processor", 2, { { 0 } }, { VCEK, true },
	    NO_CRL ",\"product\":\"Turin\"", "snp.processor" },
	{ "a list", 2, { { 0 } }, { VCEK, true, .list = 1 }, WITH_CRL },
	{ "no list", 2, { { 0 } }, { VCEK, true }, WITH_CRL, "snp.crl" },
	{ "an old list", 2, { { 0 } }, { VCEK, true, .list = 1 }, WITH_CRL,
	    "snp.crl", .later = 11 * DAY },
	{ "on the list", 2, { { 0 } }, { VCEK, true, .list = 2 }, WITH_CRL,
	    "snp.crl" },
	{ "another root of that name beside it", 2, { { 0 } },
	    { VCEK, true, true, 1 }, WITH_CRL },
	{ NULL },
};

static void
every_state(void **state)
{
	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++) {
		struct endorsements *e = endorse(&row->given);
		struct seal_diag d = { 0 };
		struct policy *p = policy_of(row->rules,
		    row->other_root ? other_ca : ca, row->debug, &d);
		uint8_t rep[SNP_REPORT_SIZE];
		char failed[64];
		int r;

		if (p == NULL)
			fail_msg("%s: %s", row->name, d.text);
		make_report(rep, row->version, row->changes, 12);
		r = judge(
		    p, span_of(rep, sizeof(rep)), e, NOW + row->later, failed);
		if (strcmp(failed, row->failed == NULL ? "" : row->failed) !=
			0 ||
		    (r == 0) != (row->failed == NULL))
			fail_msg("%s: %d, '%s' failed", row->name, r, failed);
		policy_free(&p);
		endorse_free(&e);
	}
}

/* Of the report, signature and padding included, no byte may change. */
static void
every_byte_of_the_report(void **state)
{
	const struct given g = { VCEK, true, false, 0 };
	struct endorsements *e = endorse(&g);
	struct policy *p = policy_of(NO_CRL, ca, false, NULL);
	uint8_t rep[SNP_REPORT_SIZE], longer[SNP_REPORT_SIZE + 1] = { 0 };
	char failed[64];

	(void)state;
	make_report(rep, 3, NULL, 0);
	assert_int_equal(
	    judge(p, span_of(rep, sizeof(rep)), e, NOW, failed), 0);
	for (size_t i = 0; i < sizeof(rep); i++) {
		rep[i] ^= 1;
		if (judge(p, span_of(rep, sizeof(rep)), e, NOW, failed) == 0)
			fail_msg("byte %zx", i);
		rep[i] ^= 1;
	}
	for (size_t n = 0; n < sizeof(rep); n += 37)
		assert_int_not_equal(
		    judge(p, span_of(rep, n), e, NOW, failed), 0);
	memcpy(longer, rep, sizeof(rep));
	assert_int_not_equal(
	    judge(p, span_of(longer, sizeof(longer)), e, NOW, failed), 0);
	policy_free(&p);
	endorse_free(&e);
}

/* Of the leaf what AMD wrote, which starts with the first of its extensions;
 * the rest of both certificates at every few bytes. */
static size_t
step_from(enum who w, size_t i)
{
	static const uint8_t amd[] = { 0x2b, 6, 1, 4, 1, 0x9c, 0x78, 1 };
	const uint8_t *first = memmem(der[w].p, der[w].n, amd, sizeof(amd));
	size_t signature = der[w].n - RSA_SIZE;

	return first != NULL && i >= (size_t)(first - der[w].p) && i < signature
		   ? 1
		   : STEP;
}

static void
bytes_of_the_certificates(void **state)
{
	static const enum who which[] = { VCEK, ASK };
	struct policy *p = policy_of(NO_CRL, ca, false, NULL);
	const struct given g = { VCEK, true, false, 0 };
	uint8_t rep[SNP_REPORT_SIZE];
	char failed[64];

	(void)state;
	make_report(rep, 3, NULL, 0);
	for (size_t w = 0; w < 2; w++)
		for (size_t i = 0; i < der[which[w]].n;
		     i += step_from(which[w], i)) {
			uint8_t *byte =
			    (uint8_t *)(uintptr_t)&der[which[w]].p[i];
			struct endorsements *e;

			*byte ^= 1;
			e = endorse(&g);
			if (judge(p, span_of(rep, sizeof(rep)), e, NOW,
				failed) == 0)
				fail_msg("certificate %zu, byte %zu", w, i);
			endorse_free(&e);
			*byte ^= 1;
		}
	policy_free(&p);
}

/* As the kernel hands it over: behind the report, here as DER. */
static void
certificate_table(void **state)
{
	static const uint8_t vcek[16] = { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64,
		0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd },
			     ask[16] = { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac,
				     0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3,
				     0x27, 0xc7, 0x82 };
	struct policy *p = policy_of(NO_CRL, ca, false, NULL);
	uint8_t rep[SNP_REPORT_SIZE], all[8192] = { 0 };
	size_t at = 72, n_leaf = der[VCEK].n, n_ask = der[ASK].n, n;
	uint8_t *t = all + SNP_REPORT_SIZE;
	char failed[64];

	(void)state;
	make_report(rep, 3, NULL, 0);
	memcpy(all, rep, sizeof(rep));
	memcpy(t, vcek, 16);
	t[16] = (uint8_t)at;
	t[20] = (uint8_t)n_leaf;
	t[21] = (uint8_t)(n_leaf >> 8);
	memcpy(t + 24, ask, 16);
	t[40] = (uint8_t)(at + n_leaf);
	t[41] = (uint8_t)((at + n_leaf) >> 8);
	t[44] = (uint8_t)n_ask;
	t[45] = (uint8_t)(n_ask >> 8);
	memcpy(t + at, der[VCEK].p, n_leaf);
	memcpy(t + at + n_leaf, der[ASK].p, n_ask);
	n = sizeof(rep) + at + n_leaf + n_ask;
	assert_int_equal(judge(p, span_of(all, n), NULL, NOW, failed), 0);
	/* Padding up to a page is fine, a part that is cut off is not. */
	assert_int_equal(judge(p, span_of(all, n + 100), NULL, NOW, failed), 0);
	for (size_t i = sizeof(rep); i < n; i += 29)
		assert_int_not_equal(
		    judge(p, span_of(all, i), NULL, NOW, failed), 0);
	policy_free(&p);
}

static void
rules_that_are_none(void **state)
{
	static const char *const bad[] = {
		MEASURED,
		REPORTED,
		REPORTED ",\"measurements\":{}",
		REPORTED ",\"measurements\":{\"measurement\":\"\"}",
		REPORTED ",\"measurements\":{\"id_key\":\"" M32 M32 M32 "\"}",
		REPORTED ",\"measurements\":{\"measurement\":\"" M32 M32 "\"}",
		REPORTED ",\"measurements\":{\"measurement\":\"" M32 M32 M32
			 "11\"}",
		"\"tcb\":{}," MEASURED,
		"\"tcb\":{\"reported\":{}}," MEASURED,
		"\"tcb\":{\"reported\":{\"boot_loader\":1,\"tee\":0,"
		"\"snp\":256,\"microcode\":1}}," MEASURED,
		NO_CRL ",\"vmpl\":4",
		NO_CRL ",\"policy\":{\"debug\":true}",
		NO_CRL ",\"product\":\"Rome\"",
		NO_CRL ",\"host_data\":\"\"",
		NO_CRL ",\"chip_id\":\"" M32 "\"",
		REPORTED "," MEASURED ",\"crl\":0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct seal_diag d = { 0 };
		struct policy *p = policy_of(bad[i], ca, false, &d);

		if (p != NULL || d.code != SEAL_E_CONFIG)
			fail_msg("%s: %s", bad[i], d.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state),
		cmocka_unit_test(every_byte_of_the_report),
		cmocka_unit_test(bytes_of_the_certificates),
		cmocka_unit_test(certificate_table),
		cmocka_unit_test(rules_that_are_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
