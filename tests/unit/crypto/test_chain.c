/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "crypto/x509.h"
#include "fixture.h"

/* A CA, what it issued, and a CA that nobody asked for. */
enum who {
	NOBODY,
	ROOT,
	OTHER_ROOT,
	OLD_ROOT,  /* expired */
	TWIN_ROOT, /* ROOT's name, another key */
	OLD_TWIN,  /* OLD_ROOT's name, another key */
	INTER,     /* under ROOT, may issue end-entity certificates only */
	BELOW,     /* a CA under INTER: one too deep */
	NOT_CA,    /* under ROOT, no CA */
	NO_SIGN,   /* a CA whose keyUsage forbids to issue */
	WEAK_CA,   /* RSA-1024 */
	LEAF,      /* under ROOT: host.example, 192.0.2.1 */
	DEEP,      /* under INTER */
	TOO_DEEP,  /* under BELOW */
	BY_NOT_CA,
	BY_NO_SIGN,
	BY_WEAK,
	BY_OLD,
	BY_TWIN,
	BY_OLD_TWIN,
	PAST,       /* expired */
	FUTURE,     /* not yet valid */
	PAST_OTHER, /* expired, and under OTHER_ROOT */
	CN_ONLY,    /* no subjectAltName */
	WILD,       /* *.host.example */
	BY_SHA1,    /* signed with SHA-1 */
	WEAK,       /* RSA-1024 */
	SELF,       /* self-signed */
	EVIL,       /* terminal escapes in its name */
	WHO
};

#define CA "critical,CA:TRUE"
#define SAN "DNS:host.example,IP:192.0.2.1,IP:2001:db8::1"

struct plan {
	struct made m;
	enum who by;
	size_t rsa; /* bits; 0: P-256 */
};

static const struct plan plans[WHO] = {
	[ROOT] = { { "root", .basic = CA, .usage = "keyCertSign" }, NOBODY },
	[OTHER_ROOT] = { { "other root", .basic = CA }, NOBODY },
	[OLD_ROOT] = { { "old root", .basic = CA, .to = -1, .from = -9 * DAY },
	    NOBODY },
	[TWIN_ROOT] = { { "root", .basic = CA }, NOBODY },
	[OLD_TWIN] = { { "old root", .basic = CA }, NOBODY },
	[INTER] = { { "inter", .basic = CA ",pathlen:0" }, ROOT },
	[BELOW] = { { "below", .basic = CA }, INTER },
	[NOT_CA] = { { "not a ca", .basic = "CA:FALSE" }, ROOT },
	[NO_SIGN] = { { "no sign", .basic = CA, .usage = "digitalSignature" },
	    ROOT },
	[WEAK_CA] = { { "weak ca", .basic = CA }, ROOT, 1024 },
	[LEAF] = { { "leaf", .san = SAN, .usage = "digitalSignature" }, ROOT },
	[DEEP] = { { "deep", .san = SAN }, INTER },
	[TOO_DEEP] = { { "too deep", .san = SAN }, BELOW },
	[BY_NOT_CA] = { { "by not ca" }, NOT_CA },
	[BY_NO_SIGN] = { { "by no sign" }, NO_SIGN },
	[BY_WEAK] = { { "by weak" }, WEAK_CA },
	[BY_OLD] = { { "by old" }, OLD_ROOT },
	[BY_TWIN] = { { "by twin" }, TWIN_ROOT },
	[BY_OLD_TWIN] = { { "by old twin" }, OLD_TWIN },
	[PAST] = { { "past", .to = -1, .from = -DAY, .san = SAN }, ROOT },
	[FUTURE] = { { "future", .from = 1, .san = SAN }, ROOT },
	[PAST_OTHER] = { { "past other", .to = -1, .from = -DAY }, OTHER_ROOT },
	[CN_ONLY] = { { "host.example" }, ROOT },
	[WILD] = { { "wild", .san = "DNS:*.host.example" }, ROOT },
	[BY_SHA1] = { { "sha1" }, ROOT },
	[WEAK] = { { "weak" }, ROOT, 1024 },
	[SELF] = { { "self", .san = SAN }, NOBODY },
	[EVIL] = { { "evil\x1b[31m\n", .to = -1, .from = -DAY }, ROOT },
};

static struct issued made[WHO];
static char dir[] = "/tmp/seal-chain-XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	for (enum who w = ROOT; w < WHO; w++) {
		const struct plan *p = &plans[w];
		struct made m = p->m;
		EVP_PKEY *key =
		    p->rsa != 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", p->rsa)
				: EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

		if (w == BY_SHA1)
			m.md = EVP_sha1();
		made[w] = issue(&m, key, p->by == NOBODY ? NULL : &made[p->by]);
	}
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (enum who w = ROOT; w < WHO; w++)
		issued_free(&made[w]);
	return rmdir(dir);
}

struct chain_case {
	const char *test;
	enum who anchors[3], chain[5]; /* NOBODY ends */
	const char *name;
	int want;
	const char *text; /* part of the message */
};

static const struct chain_case cases[] = {
	{ "leaf", { ROOT }, { LEAF }, NULL, 0, "" },
	{ "root sent along", { ROOT }, { LEAF, ROOT }, NULL, 0, "" },
	{ "intermediate", { ROOT }, { DEEP, INTER }, "host.example", 0, "" },
	{ "strangers in between", { ROOT }, { DEEP, SELF, INTER }, NULL, 0,
	    "" },
	{ "anchor is an intermediate", { INTER }, { DEEP }, NULL, 0, "" },
	{ "anchor is the leaf", { SELF }, { SELF }, "host.example", 0, "" },
	{ "two anchors", { OTHER_ROOT, ROOT }, { LEAF }, NULL, 0, "" },

	{ "no anchors", { NOBODY }, { LEAF }, NULL, SEAL_E_CHAIN,
	    "chain: no trust anchors" },
	{ "no certificates", { ROOT }, { NOBODY }, NULL, SEAL_E_CHAIN,
	    "0 certificates" },
	{ "wrong root", { OTHER_ROOT }, { LEAF }, NULL, SEAL_E_CHAIN,
	    "certificate 0: unable to get local issuer" },
	{ "wrong root sent along", { OTHER_ROOT }, { LEAF, ROOT }, NULL,
	    SEAL_E_CHAIN, "certificate 1: self" },
	{ "root of the same name", { ROOT }, { BY_TWIN }, NULL, SEAL_E_CHAIN,
	    "'CN=by twin'" },
	{ "intermediate missing", { ROOT }, { DEEP }, NULL, SEAL_E_CHAIN,
	    "certificate 0: unable" },
	{ "intermediate first", { ROOT }, { INTER, DEEP }, "host.example",
	    SEAL_E_CHAIN, "CN=inter" },
	{ "self-signed", { ROOT }, { SELF }, NULL, SEAL_E_CHAIN,
	    "certificate 0: self" },
	{ "path length", { ROOT }, { TOO_DEEP, BELOW, INTER }, NULL,
	    SEAL_E_CHAIN, "path length constraint exceeded" },
	{ "issuer is no CA", { ROOT }, { BY_NOT_CA, NOT_CA }, NULL,
	    SEAL_E_CHAIN, "certificate 1: invalid CA" },
	{ "issuer may not sign", { ROOT }, { BY_NO_SIGN, NO_SIGN }, NULL,
	    SEAL_E_CHAIN, "CN=" },
	{ "RSA-1024 leaf", { ROOT }, { WEAK }, NULL, SEAL_E_CHAIN,
	    "certificate 0: EE certificate key too weak" },
	{ "RSA-1024 issuer", { ROOT }, { BY_WEAK, WEAK_CA }, NULL, SEAL_E_CHAIN,
	    "CA certificate key too weak" },
	{ "SHA-1", { ROOT }, { BY_SHA1 }, NULL, SEAL_E_CHAIN,
	    "CA signature digest algorithm too weak" },

	{ "expired", { ROOT }, { PAST }, NULL, SEAL_E_STALE,
	    "certificate 0 expired at 2023-11-14 22:13:19 UTC: 'CN=past'" },
	{ "not yet valid", { ROOT }, { FUTURE }, NULL, SEAL_E_STALE,
	    "not valid before 2023-11-14 22:13:21 UTC: 'CN=future'" },
	{ "expired root", { OLD_ROOT }, { BY_OLD }, NULL, SEAL_E_STALE,
	    "certificate 1 expired" },
	{ "expired and wrong name", { ROOT }, { PAST }, "other.example",
	    SEAL_E_CHAIN, "expected the name 'other.example'" },
	{ "expired and wrong root", { ROOT }, { PAST_OTHER }, NULL,
	    SEAL_E_CHAIN, "unable to get local issuer" },
	/* The root's date comes to light before the signature does. */
	{ "expired root and wrong signature", { OLD_ROOT }, { BY_OLD_TWIN },
	    NULL, SEAL_E_CHAIN,
	    "certificate signature failure: 'CN=by old twin'" },
	{ "hostile name", { ROOT }, { EVIL }, NULL, SEAL_E_STALE,
	    "'CN=evil\\1B[31m\\0A'" },

	{ "host", { ROOT }, { LEAF }, "host.example", 0, "" },
	{ "host, folded", { ROOT }, { LEAF }, "HOST.Example", 0, "" },
	{ "IPv4", { ROOT }, { LEAF }, "192.0.2.1", 0, "" },
	{ "IPv6", { ROOT }, { LEAF }, "2001:db8::1", 0, "" },
	{ "wildcard", { ROOT }, { WILD }, "a.host.example", 0, "" },
	{ "wrong host", { ROOT }, { LEAF }, "host.example.org", SEAL_E_CHAIN,
	    "expected the name 'host.example.org'" },
	{ "wrong address", { ROOT }, { LEAF }, "192.0.2.2", SEAL_E_CHAIN,
	    "expected the name '192.0.2.2'" },
	{ "wildcard one deeper", { ROOT }, { WILD }, "a.b.host.example",
	    SEAL_E_CHAIN, "expected the name" },
	{ "common name only", { ROOT }, { CN_ONLY }, "host.example",
	    SEAL_E_CHAIN, "subjectAltName" },
	{ "empty name", { ROOT }, { LEAF }, "", SEAL_E_CHAIN, "name ''" },
	{ "leading dot", { ROOT }, { LEAF }, ".example", SEAL_E_CHAIN,
	    "name '.example'" },
	{ NULL },
};

static int
run(const struct chain_case *c, int64_t now, struct seal_diag *d)
{
	struct trust *t = trust_new();
	struct span chain[5];
	size_t n = 0;
	int r;

	assert_non_null(t);
	for (size_t i = 0; c->anchors[i] != NOBODY; i++)
		assert_int_equal(
		    trust_add_der(t, made[c->anchors[i]].der, NULL), 0);
	for (; c->chain[n] != NOBODY; n++)
		chain[n] = made[c->chain[n]].der;
	r = chain_verify(t, chain, n, now, c->name, d);
	trust_free(&t);
	return r;
}

static void
chains(void **state)
{
	(void)state;
	ERR_clear_error();
	for (const struct chain_case *c = cases; c->test != NULL; c++) {
		struct seal_diag d = { 0 };
		int r = run(c, NOW, &d);

		if (r != c->want || d.code != c->want)
			fail_msg("%s: got %d (%s)", c->test, r, d.text);
		if (strstr(d.text, c->text) == NULL)
			fail_msg("%s: says '%s'", c->test, d.text);
		if (c->want == SEAL_E_STALE)
			assert_true(d.remedy[0] != '\0');
		assert_int_equal(ERR_peek_error(), 0);
	}
}

/* The caller's clock decides, to the second, not the machine's. */
static void
clock_is_the_callers(void **state)
{
	static const struct chain_case c = { "clock", { ROOT }, { LEAF } };

	(void)state;
	assert_int_equal(run(&c, NOW - DAY, NULL), 0);
	assert_int_equal(run(&c, NOW - DAY - 1, NULL), SEAL_E_STALE);
	assert_int_equal(run(&c, NOW + 365 * DAY - 1, NULL), 0);
	assert_int_equal(run(&c, NOW + 365 * DAY, NULL), SEAL_E_STALE);
}

static void
damage(void **state)
{
	struct trust *t = trust_new();
	uint8_t buf[2048];
	size_t n = made[LEAF].der.n;
	struct span der;

	(void)state;
	assert_int_equal(trust_add_der(t, made[ROOT].der, NULL), 0);
	assert_true(n < sizeof(buf));
	for (size_t i = 0; i < n; i++) {
		der = span_of(made[LEAF].der.p, i);
		assert_int_equal(
		    chain_verify(t, &der, 1, NOW, NULL, NULL), SEAL_E_CHAIN);
		if (i % 5 != 0)
			continue;
		memcpy(buf, made[LEAF].der.p, n);
		buf[i] ^= 1;
		der = span_of(buf, n);
		assert_int_not_equal(
		    chain_verify(t, &der, 1, NOW, NULL, NULL), 0);
	}
	memcpy(buf, made[LEAF].der.p, n);
	buf[n] = 0;
	der = span_of(buf, n + 1);
	assert_int_equal(
	    chain_verify(t, &der, 1, NOW, NULL, NULL), SEAL_E_CHAIN);
	assert_int_equal(trust_add_der(t, der, NULL), SEAL_E_CONFIG);
	trust_free(&t);
}

static void
limits(void **state)
{
	struct trust *t = trust_new();
	struct span chain[LIMIT_CHAIN + 1];

	(void)state;
	assert_int_equal(trust_add_der(t, made[ROOT].der, NULL), 0);
	for (size_t i = 0; i < LIMIT_CHAIN + 1; i++)
		chain[i] = made[LEAF].der;
	assert_int_equal(
	    chain_verify(t, chain, LIMIT_CHAIN, NOW, NULL, NULL), 0);
	assert_int_equal(
	    chain_verify(t, chain, LIMIT_CHAIN + 1, NOW, NULL, NULL),
	    SEAL_E_CHAIN);
	assert_int_equal(
	    chain_verify(NULL, chain, 1, NOW, NULL, NULL), SEAL_E_CHAIN);
	trust_free(&t);
	trust_free(&t);
}

static void
write_pem(const char *path, const enum who *who, bool with_key, const char *end)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs("a note before\n", f);
	if (with_key)
		PEM_write_PUBKEY(f, made[LEAF].key);
	for (; *who != NOBODY; who++)
		assert_true(PEM_write_X509(f, made[*who].x));
	fputs(end, f);
	fclose(f);
}

static void
files(void **state)
{
	static const enum who two[] = { DEEP, INTER, NOBODY };
	static const enum who none[] = { NOBODY };
	enum who nine[LIMIT_CHAIN + 2] = { NOBODY };
	struct trust *t = trust_new();
	struct span der[LIMIT_CHAIN] = { { 0 } };
	struct seal_diag d = { 0 };
	uint8_t *buf = NULL;
	char path[64];
	size_t n = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/chain.pem", dir);
	write_pem(path, two, true, "and after\n");
	assert_int_equal(chain_load(path, der, &n, &buf, NULL), 0);
	assert_int_equal(n, 2);
	assert_true(span_equal(der[0], made[DEEP].der));
	assert_true(span_equal(der[1], made[INTER].der));
	assert_int_equal(trust_add_pem_file(t, path, NULL), 0);
	assert_int_equal(chain_verify(t, der, 1, NOW, NULL, NULL), 0);
	free(buf);
	buf = NULL;

	write_pem(path, none, true, "");
	assert_int_equal(chain_load(path, der, &n, &buf, &d), SEAL_E_CONFIG);
	assert_non_null(strstr(d.text, "found none"));
	assert_int_equal(trust_add_pem_file(t, path, NULL), SEAL_E_CONFIG);
	write_pem(path, two, false,
	    "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n");
	assert_int_equal(chain_load(path, der, &n, &buf, NULL), SEAL_E_CONFIG);
	assert_int_equal(trust_add_pem_file(t, path, NULL), SEAL_E_CONFIG);
	for (size_t i = 0; i < LIMIT_CHAIN + 1; i++)
		nine[i] = LEAF;
	write_pem(path, nine, false, "");
	assert_int_equal(chain_load(path, der, &n, &buf, NULL), SEAL_E_LIMIT);
	assert_null(buf);
	assert_int_equal(n, 2);
	unlink(path);
	assert_int_equal(chain_load(path, der, &n, &buf, NULL), SEAL_E_IO);
	trust_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains),
		cmocka_unit_test(clock_is_the_callers),
		cmocka_unit_test(damage),
		cmocka_unit_test(limits),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
