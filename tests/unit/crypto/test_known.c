/* SPDX-License-Identifier: Apache-2.0 */
/* What anchors remember of chains: signatures, never what the time says. */
#include "test.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/known.h"
#include "fixture.h"

enum who {
	ROOT,
	TWIN,        /* ROOT's name, another key */
	INTER,       /* under ROOT, for 30 days */
	TWIN_INTER,  /* INTER's name, another key, under TWIN */
	CONSTRAINED, /* may issue names of example.org only */
	FIRST,       /* under INTER, for a week: verified before the rows */
	LONG,        /* for longer than INTER */
	NEW,
	OVER,
	FUTURE,
	FORGED, /* by TWIN_INTER */
	WEAK,   /* RSA-1024 */
	BY_SHA1,
	CRITICAL, /* with an unknown extension that is critical */
	HARMLESS, /* with one that is not */
	OTHER_ID, /* whose issuer has another key id, it says */
	OWN_ID,   /* with INTER's */
	NAMED,    /* under CONSTRAINED, as it may */
	MISNAMED, /* under CONSTRAINED, as it may not */
	BY_LEAF,  /* under FIRST */
	OF_ROOT,
	OUTLIVING, /* under ROOT, for longer than that */
	SUB,       /* under INTER, for 20 days */
	TWIN_SUB,  /* SUB's name and issuer, another key */
	OF_SUB,
	OF_TWIN_SUB,
	STRANGE_SUB, /* by TWIN_INTER */
	OF_STRANGE_SUB,
	OVER_SUB,
	OF_OVER_SUB,
	NO_CA,
	OF_NO_CA,
	NO_SIGN, /* may not sign certificates */
	OF_NO_SIGN,
	WEAK_SUB, /* RSA-1024 */
	OF_WEAK_SUB,
	CRITICAL_SUB, /* with an unknown extension that is critical */
	OF_CRITICAL_SUB,
	STRICT_SUB, /* with one that is not, but might constrain */
	OF_STRICT_SUB,
	LIMITED, /* under ROOT, issues leaves alone */
	OF_LIMITED,
	BELOW_LIMITED,
	TOO_DEEP,
	ONE_BELOW, /* under ROOT, one issuer may stand below it */
	MIDDLE,
	OF_MIDDLE,
	LOWEST, /* under MIDDLE, which sets no limit itself */
	OF_LOWEST,
	BELOW_CONSTRAINED,
	MISNAMED_BELOW,
	OLD_ROOT, /* a root that says of itself that it is no CA */
	OF_OLD_ROOT,
	SELF_NAMED, /* under ROOT, with its name */
	PROXY,
	PLACED, /* RFC 3779: with addresses that its issuer has not */
	BAD_USAGE,
	BAD_USES,
	BAD_NAMES,
	BAD_ID,
	BAD_BASIC,
	BAD_PLACES,
	MASKED_SUB, /* its keyCertSign is a bit that does not count */
	OF_MASKED_SUB,
	WHO
};

#define CA "critical,CA:TRUE"
#define CERT_SIGN "critical,keyCertSign"
static const struct {
	struct made m;
	enum who by;
	size_t rsa;
} plans[WHO] = {
	[ROOT] = { { "root", .basic = CA }, ROOT },
	[TWIN] = { { "root", .basic = CA }, TWIN },
	[INTER] = { { "inter", .basic = CA, .to = 30 * DAY }, ROOT },
	[TWIN_INTER] = { { "inter", .basic = CA }, TWIN },
	[CONSTRAINED] = { { "constrained", .basic = CA }, ROOT },
	[FIRST] = { { "first", .to = 7 * DAY }, INTER },
	[LONG] = { { "long", .to = 90 * DAY }, INTER },
	[NEW] = { { "new", .usage = "critical,digitalSignature" }, INTER },
	[OVER] = { { "over", .from = -2 * DAY, .to = -1 }, INTER },
	[FUTURE] = { { "future", .from = DAY }, INTER },
	[FORGED] = { { "forged" }, TWIN_INTER },
	[WEAK] = { { "weak" }, INTER, 1024 },
	[BY_SHA1] = { { "sha1" }, INTER },
	[CRITICAL] = { { "critical" }, INTER },
	[HARMLESS] = { { "harmless" }, INTER },
	[OTHER_ID] = { { "other id" }, INTER },
	[OWN_ID] = { { "own id" }, INTER },
	[NAMED] = { { "named", .san = "DNS:a.example.org" }, CONSTRAINED },
	[MISNAMED] = { { "misnamed", .san = "DNS:a.example.com" },
	    CONSTRAINED },
	[BY_LEAF] = { { "by leaf" }, FIRST },
	[OF_ROOT] = { { "of root" }, ROOT },
	[OUTLIVING] = { { "outliving", .to = 500 * DAY }, ROOT },
	[SUB] = { { "sub", .basic = CA, .usage = CERT_SIGN, .to = 20 * DAY },
	    INTER },
	[TWIN_SUB] = { { "sub", .basic = CA }, INTER },
	[OF_SUB] = { { "of sub" }, SUB },
	[OF_TWIN_SUB] = { { "of twin sub" }, TWIN_SUB },
	[STRANGE_SUB] = { { "strange sub", .basic = CA }, TWIN_INTER },
	[OF_STRANGE_SUB] = { { "of strange sub" }, STRANGE_SUB },
	[OVER_SUB] = { { "over sub", .basic = CA, .from = -2 * DAY, .to = -1 },
	    INTER },
	[OF_OVER_SUB] = { { "of over sub" }, OVER_SUB },
	[NO_CA] = { { "no ca", .basic = "critical,CA:FALSE" }, INTER },
	[OF_NO_CA] = { { "of no ca" }, NO_CA },
	[NO_SIGN] = { { "no sign", .basic = CA,
			  .usage = "critical,digitalSignature" },
	    INTER },
	[OF_NO_SIGN] = { { "of no sign" }, NO_SIGN },
	[WEAK_SUB] = { { "weak sub", .basic = CA }, INTER, 1024 },
	[OF_WEAK_SUB] = { { "of weak sub" }, WEAK_SUB },
	[CRITICAL_SUB] = { { "critical sub", .basic = CA }, INTER },
	[OF_CRITICAL_SUB] = { { "of critical sub" }, CRITICAL_SUB },
	[STRICT_SUB] = { { "strict sub", .basic = CA }, INTER },
	[OF_STRICT_SUB] = { { "of strict sub" }, STRICT_SUB },
	[LIMITED] = { { "limited", .basic = CA ",pathlen:0" }, ROOT },
	[OF_LIMITED] = { { "of limited" }, LIMITED },
	[BELOW_LIMITED] = { { "below limited", .basic = CA }, LIMITED },
	[TOO_DEEP] = { { "too deep" }, BELOW_LIMITED },
	[ONE_BELOW] = { { "one below", .basic = CA ",pathlen:1" }, ROOT },
	[MIDDLE] = { { "middle", .basic = CA }, ONE_BELOW },
	[OF_MIDDLE] = { { "of middle" }, MIDDLE },
	[LOWEST] = { { "lowest", .basic = CA }, MIDDLE },
	[OF_LOWEST] = { { "of lowest" }, LOWEST },
	[BELOW_CONSTRAINED] = { { "below constrained", .basic = CA },
	    CONSTRAINED },
	[MISNAMED_BELOW] = { { "misnamed", .san = "DNS:a.example.com" },
	    BELOW_CONSTRAINED },
	[OLD_ROOT] = { { "old root", .basic = "critical,CA:FALSE" }, OLD_ROOT },
	[OF_OLD_ROOT] = { { "of old root" }, OLD_ROOT },
	[SELF_NAMED] = { { "root" }, ROOT },
	[PROXY] = { { "proxy" }, INTER },
	[PLACED] = { { "placed" }, INTER },
	[BAD_USAGE] = { { "bad usage" }, INTER },
	[BAD_USES] = { { "bad uses" }, INTER },
	[BAD_NAMES] = { { "bad names" }, INTER },
	[BAD_ID] = { { "bad id" }, INTER },
	[BAD_BASIC] = { { "bad basic" }, INTER },
	[BAD_PLACES] = { { "bad places" }, INTER },
	[MASKED_SUB] = { { "masked sub", .basic = CA }, INTER },
	[OF_MASKED_SUB] = { { "of masked sub" }, MASKED_SUB },
};
static struct issued made[WHO];

/* Adds an extension, and has it signed again. */
static void
extend(enum who w, const char *oid, bool critical, const void *value, int n)
{
	ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;
	unsigned char *der = NULL;
	int len;

	ASN1_OCTET_STRING_set(s, value, n);
	e = X509_EXTENSION_create_by_OBJ(NULL, o, critical, s);
	assert_true(X509_add_ext(made[w].x, e, -1));
	assert_true(
	    X509_sign(made[w].x, made[plans[w].by].key, EVP_sha256()) > 0);
	assert_true((len = i2d_X509(made[w].x, &der)) > 0);
	OPENSSL_free((void *)(uintptr_t)made[w].der.p);
	made[w].der = span_of(der, (size_t)len);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(s);
	ASN1_OBJECT_free(o);
}

/* What libcrypto reads in an extension that is not critical. */
static const struct {
	enum who who;
	const char *oid;
	uint8_t n, value[14];
} told[] = {
	{ PROXY, "1.3.6.1.5.5.7.1.14", 14,
	    { 0x30, 12, 0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 0x15, 1 } },
	{ PLACED, "1.3.6.1.5.5.7.1.7", 14,
	    { 0x30, 12, 0x30, 10, 4, 2, 0, 1, 0x30, 4, 3, 2, 0, 10 } },
	{ BAD_USAGE, "2.5.29.15", 3, { 3, 1, 0 } },
	{ BAD_USES, "2.5.29.37", 2, { 5, 0 } },
	{ BAD_NAMES, "2.5.29.17", 2, { 0x30, 3 } },
	{ BAD_ID, "2.5.29.14", 2, { 5, 0 } },
	{ BAD_BASIC, "2.5.29.19", 2, { 5, 0 } },
	{ BAD_PLACES, "2.5.29.31", 2, { 5, 0 } },
	{ MASKED_SUB, "2.5.29.15", 4, { 3, 2, 3, 4 } },
};

static int
set_up(void **state)
{
	static const uint8_t null[] = { 5, 0 }, ski[] = { 4, 3, 1, 2, 3 },
			     own[] = { 0x30, 5, 0x80, 3, 1, 2, 3 },
			     other[] = { 0x30, 5, 0x80, 3, 1, 2, 4 },
			     names[] = { 0x30, 0x11, 0xa0, 0x0f, 0x30, 0x0d,
				     0x82, 0x0b, 'e', 'x', 'a', 'm', 'p', 'l',
				     'e', '.', 'o', 'r', 'g' };

	(void)state;
	for (enum who w = 0; w < WHO; w++) {
		struct made m = plans[w].m;
		EVP_PKEY *key =
		    plans[w].rsa != 0
			? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", plans[w].rsa)
			: EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

		m.md = w == BY_SHA1 ? EVP_sha1() : NULL;
		made[w] = issue(
		    &m, key, plans[w].by == w ? NULL : &made[plans[w].by]);
	}
	extend(INTER, "2.5.29.14", false, ski, sizeof(ski));
	extend(OWN_ID, "2.5.29.35", false, own, sizeof(own));
	extend(OTHER_ID, "2.5.29.35", false, other, sizeof(other));
	extend(CONSTRAINED, "2.5.29.30", true, names, sizeof(names));
	extend(CRITICAL, "1.2.3.4", true, null, sizeof(null));
	extend(HARMLESS, "1.2.3.4", false, null, sizeof(null));
	extend(CRITICAL_SUB, "1.2.3.4", true, null, sizeof(null));
	extend(STRICT_SUB, "1.2.3.4", false, null, sizeof(null));
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		extend(
		    told[i].who, told[i].oid, false, told[i].value, told[i].n);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (enum who w = 0; w < WHO; w++)
		issued_free(&made[w]);
	return 0;
}

static struct trust *
trust_of(enum who w)
{
	struct trust *t = trust_new();

	assert_non_null(t);
	assert_int_equal(trust_add_der(t, made[w].der, NULL), 0);
	return t;
}

static int
verify(const struct trust *t, const enum who *who, size_t n, int64_t now)
{
	struct span chain[4];

	for (size_t i = 0; i < n; i++)
		chain[i] = made[who[i]].der;
	return chain_verify(t, chain, n, now, NULL, NULL);
}

static bool
is_known(const struct trust *t, const enum who *who, size_t n, int64_t now)
{
	struct span chain[4];
	struct chain_end end;

	for (size_t i = 0; i < n; i++)
		chain[i] = made[who[i]].der;
	return chain_known(t, chain, n, now, &end);
}

/* Both of which were verified before each row. */
static const enum who first[] = { FIRST, INTER },
		      named[] = { NAMED, CONSTRAINED };

static struct trust *
warm(void)
{
	struct trust *t = trust_of(ROOT);

	assert_false(is_known(t, first, 2, NOW));
	assert_int_equal(verify(t, first, 2, NOW), 0);
	assert_int_equal(verify(t, named, 2, NOW), 0);
	return t;
}

static const struct row {
	const char *name;
	enum who chain[4];
	size_t n;
	bool known;
	int want;
	int64_t later;
} rows[] = {
	{ "again", { FIRST, INTER }, 2, true, 0 },
	{ "its root beside it", { FIRST, INTER, ROOT }, 3, true, 0 },
	{ "again, its leaf over", { FIRST, INTER }, 2, false, SEAL_E_STALE,
	    8 * DAY },
	{ "again, not valid yet", { FIRST, INTER }, 2, false, SEAL_E_STALE,
	    -2 * DAY },
	{ "new leaf", { NEW, INTER }, 2, true, 0 },
	{ "new leaf, its issuer over", { LONG, INTER }, 2, false, SEAL_E_STALE,
	    31 * DAY },
	{ "new leaf, over", { OVER, INTER }, 2, false, SEAL_E_STALE },
	{ "new leaf, not valid yet", { FUTURE, INTER }, 2, false,
	    SEAL_E_STALE },
	{ "new leaf by another key", { FORGED, INTER }, 2, false,
	    SEAL_E_CHAIN },
	{ "… and its own issuer", { FORGED, TWIN_INTER, TWIN }, 3, false,
	    SEAL_E_CHAIN },
	{ "RSA-1024", { WEAK, INTER }, 2, false, SEAL_E_CHAIN },
	{ "SHA-1", { BY_SHA1, INTER }, 2, false, SEAL_E_CHAIN },
	{ "critical extension", { CRITICAL, INTER }, 2, false, SEAL_E_CHAIN },
	{ "extension", { HARMLESS, INTER }, 2, true, 0 },
	{ "another key id", { OTHER_ID, INTER }, 2, false, SEAL_E_CHAIN },
	{ "its key id", { OWN_ID, INTER }, 2, true, 0 },
	{ "issuer that is not there", { NEW }, 1, false, SEAL_E_CHAIN },
	{ "name that its issuer may not", { MISNAMED, CONSTRAINED }, 2, false,
	    SEAL_E_CHAIN },
	{ "by a leaf", { BY_LEAF, FIRST, INTER }, 3, false, SEAL_E_CHAIN },
	{ "under the anchor itself", { OF_ROOT }, 1, true, 0 },
	{ "new issuer", { OF_SUB, SUB, INTER }, 3, true, 0 },
	{ "new issuer, over", { OF_SUB, SUB, INTER }, 3, false, SEAL_E_STALE,
	    21 * DAY },
	{ "new issuer of a name that may not",
	    { MISNAMED_BELOW, BELOW_CONSTRAINED, CONSTRAINED }, 3, false,
	    SEAL_E_CHAIN },
	{ NULL },
};

/* Nothing is known: what our own reader finds under ROOT, or leaves, against
 * what libcrypto says. */
static const struct row paths[] = {
	{ "leaf", { OF_ROOT }, 1, true, 0 },
	{ "leaf and root", { OF_ROOT, ROOT }, 2, true, 0 },
	{ "one issuer", { FIRST, INTER }, 2, true, 0 },
	{ "two", { OF_SUB, SUB, INTER }, 3, true, 0 },
	{ "two, the other way round", { OF_SUB, INTER, SUB }, 3, true, 0 },
	{ "two, with the root", { OF_SUB, ROOT, INTER, SUB }, 4, true, 0 },
	{ "one is missing", { OF_SUB, SUB }, 2, false, SEAL_E_CHAIN },
	{ "two of a name", { OF_SUB, SUB, TWIN_SUB, INTER }, 4, false, 0 },
	{ "leaf by another key", { OF_TWIN_SUB, SUB, INTER }, 3, false,
	    SEAL_E_CHAIN },
	{ "issuer by another key", { OF_STRANGE_SUB, STRANGE_SUB, INTER }, 3,
	    false, SEAL_E_CHAIN },
	{ "another root's", { OF_STRANGE_SUB, STRANGE_SUB, TWIN_INTER, TWIN },
	    4, false, SEAL_E_CHAIN },
	{ "leaf that is over", { OVER, INTER }, 2, false, SEAL_E_STALE },
	{ "leaf, not valid yet", { FUTURE, INTER }, 2, false, SEAL_E_STALE },
	{ "issuer that is over", { OF_OVER_SUB, OVER_SUB, INTER }, 3, false,
	    SEAL_E_STALE },
	{ "root that is over", { OUTLIVING }, 1, false, SEAL_E_STALE,
	    400 * DAY },
	{ "root, not valid yet", { OUTLIVING }, 1, false, SEAL_E_STALE,
	    -2 * DAY },
	{ "issuer that is no CA", { OF_NO_CA, NO_CA, INTER }, 3, false,
	    SEAL_E_CHAIN },
	{ "issuer that says nothing of it", { BY_LEAF, FIRST, INTER }, 3, false,
	    SEAL_E_CHAIN },
	{ "issuer that may not sign", { OF_NO_SIGN, NO_SIGN, INTER }, 3, false,
	    SEAL_E_CHAIN },
	{ "issuer of leaves", { OF_LIMITED, LIMITED }, 2, true, 0 },
	{ "… that issued another", { TOO_DEEP, BELOW_LIMITED, LIMITED }, 3,
	    false, SEAL_E_CHAIN },
	{ "weak leaf", { WEAK, INTER }, 2, false, SEAL_E_CHAIN },
	{ "weak issuer", { OF_WEAK_SUB, WEAK_SUB, INTER }, 3, false,
	    SEAL_E_CHAIN },
	{ "SHA-1", { BY_SHA1, INTER }, 2, false, SEAL_E_CHAIN },
	{ "critical extension", { CRITICAL, INTER }, 2, false, SEAL_E_CHAIN },
	{ "… of an issuer", { OF_CRITICAL_SUB, CRITICAL_SUB, INTER }, 3, false,
	    SEAL_E_CHAIN },
	{ "extension of an issuer", { OF_STRICT_SUB, STRICT_SUB, INTER }, 3,
	    false, 0 },
	{ "another key id", { OTHER_ID, INTER }, 2, false, SEAL_E_CHAIN },
	{ "name as constrained", { NAMED, CONSTRAINED }, 2, false, 0 },
	{ "another", { MISNAMED, CONSTRAINED }, 2, false, SEAL_E_CHAIN },
	{ "its issuer's name", { SELF_NAMED }, 1, false, SEAL_E_CHAIN },
	{ "proxy", { PROXY, INTER }, 2, false, SEAL_E_CHAIN },
	{ "addresses", { PLACED, INTER }, 2, false, SEAL_E_CHAIN },
	{ "no usage", { BAD_USAGE, INTER }, 2, false, SEAL_E_CHAIN },
	{ "malformed uses", { BAD_USES, INTER }, 2, false, SEAL_E_CHAIN },
	{ "… names", { BAD_NAMES, INTER }, 2, false, SEAL_E_CHAIN },
	{ "… key id", { BAD_ID, INTER }, 2, false, SEAL_E_CHAIN },
	{ "… constraints", { BAD_BASIC, INTER }, 2, false, SEAL_E_CHAIN },
	{ "… CRL's places", { BAD_PLACES, INTER }, 2, false, SEAL_E_CHAIN },
	{ "usage beyond its bits", { OF_MASKED_SUB, MASKED_SUB, INTER }, 3,
	    false, SEAL_E_CHAIN },
	{ NULL },
};

static bool
own_path(const struct trust *t, const struct row *c, struct chain_end *ret)
{
	const struct known_question q = { t, NOW + c->later, true };
	struct known *k = known_new();
	struct span chain[4];
	bool ok;

	for (size_t i = 0; i < c->n; i++)
		chain[i] = made[c->chain[i]].der;
	ok = known_chain(k, &q, chain, c->n, ret);
	known_free(&k);
	return ok;
}

/* With the system's anchors beside, which may not be looked through. */
static int
by_libcrypto(const struct row *c, struct chain_end *ret)
{
	struct trust *t = trust_of(ROOT);
	struct span chain[4];
	int r;

	assert_int_equal(trust_add_system(t, NULL), 0);
	for (size_t i = 0; i < c->n; i++)
		chain[i] = made[c->chain[i]].der;
	r = chain_verify_end(t, chain, c->n, NOW + c->later, ret, NULL);
	trust_free(&t);
	return r;
}

static void
own_paths(void **state)
{
	struct trust *t = trust_of(ROOT);

	(void)state;
	for (const struct row *c = paths; c->name != NULL; c++) {
		struct chain_end got = { 0 }, want = { 0 };
		bool own = own_path(t, c, &got);
		int r = by_libcrypto(c, &want);

		if (own != c->known || r != c->want ||
		    (own && (r != 0 || got.until != want.until ||
				got.anchor != want.anchor)))
			fail_msg("%s: own %d, libcrypto %d", c->name, own, r);
	}
	trust_free(&t);
}

/* Anchors and issuers that libcrypto has to choose among, whichever it takes,
 * and anchors that are no roots. */
static void
own_anchors(void **state)
{
	const struct row under = { "", { FIRST, INTER }, 2, false, 0 },
			 old = { "", { OF_OLD_ROOT }, 1, false, 0 },
			 two = { "", { OF_SUB, TWIN_SUB, SUB, INTER }, 4, false,
				 0 };
	struct trust *t = trust_of(ROOT);
	struct chain_end end;

	(void)state;
	assert_true(own_path(t, &under, &end));
	assert_false(own_path(t, &two, &end));
	assert_int_equal(trust_add_der(t, made[TWIN].der, NULL), 0);
	assert_false(own_path(t, &under, &end));
	assert_int_equal(verify(t, under.chain, 2, NOW), 0);
	trust_free(&t);
	t = trust_of(TWIN);
	assert_int_equal(trust_add_der(t, made[ROOT].der, NULL), 0);
	assert_false(own_path(t, &under, &end));
	trust_free(&t);
	t = trust_of(INTER);
	assert_false(own_path(t, &under, &end));
	assert_int_equal(verify(t, under.chain, 2, NOW), 0);
	assert_int_equal(trust_add_der(t, made[ROOT].der, NULL), 0);
	assert_false(own_path(t, &under, &end));
	trust_free(&t);
	t = trust_of(OLD_ROOT);
	assert_false(own_path(t, &old, &end));
	assert_int_equal(verify(t, old.chain, 1, NOW), SEAL_E_CHAIN);
	trust_free(&t);
}

/* An issuer that was verified in one place may not stand in another. */
static void
room_of_issuers(void **state)
{
	static const enum who leaf[] = { OF_LIMITED, LIMITED },
			      deep[] = { TOO_DEEP, BELOW_LIMITED, LIMITED },
			      middle[] = { OF_MIDDLE, MIDDLE, ONE_BELOW },
			      lowest[] = { OF_LOWEST, LOWEST, MIDDLE,
				      ONE_BELOW };
	struct trust *t = trust_of(ROOT);

	(void)state;
	assert_int_equal(verify(t, leaf, 2, NOW), 0);
	assert_int_equal(verify(t, deep, 3, NOW), SEAL_E_CHAIN);
	assert_false(is_known(t, deep, 3, NOW));
	assert_int_equal(verify(t, middle, 3, NOW), 0);
	assert_int_equal(verify(t, lowest, 4, NOW), SEAL_E_CHAIN);
	assert_false(is_known(t, lowest, 4, NOW));
	trust_free(&t);
}

/* More issuers than are kept, and that of all of them stays. */
static void
many_issuers(void **state)
{
	static const enum who sub[] = { OF_SUB, SUB, INTER };
	struct made m = { .basic = CA }, of = { "leaf" };
	struct trust *t = trust_of(ROOT);
	struct chain_end end;

	(void)state;
	assert_int_equal(verify(t, sub, 3, NOW), 0);
	for (int i = 0; i < 2 * KNOWN_ISSUERS; i++) {
		char cn[16];
		struct issued ca, leaf;
		struct span chain[3];

		snprintf(cn, sizeof(cn), "ca %d", i);
		m.cn = cn;
		ca = issue(&m, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"),
		    &made[INTER]);
		leaf = issue(
		    &of, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), &ca);
		chain[0] = leaf.der;
		chain[1] = ca.der;
		chain[2] = made[INTER].der;
		assert_true(chain_known(t, chain, 3, NOW, &end));
		issued_free(&leaf);
		issued_free(&ca);
	}
	trust_free(&t);
}

static void
every_row(void **state)
{
	(void)state;
	for (const struct row *c = rows; c->name != NULL; c++) {
		struct trust *t = warm();
		bool known = is_known(t, c->chain, c->n, NOW + c->later);
		int r = verify(t, c->chain, c->n, NOW + c->later);

		/* And the same when asked again. */
		if (known != c->known || r != c->want ||
		    verify(t, c->chain, c->n, NOW + c->later) != r)
			fail_msg("%s: known %d, %d", c->name, known, r);
		trust_free(&t);
	}
}

/* One that was a new leaf is held to its issuer's dates from then on. */
static void
new_leaf_ages(void **state)
{
	static const enum who chain[] = { LONG, INTER };
	struct trust *t = warm();

	(void)state;
	assert_int_equal(verify(t, chain, 2, NOW), 0);
	assert_true(is_known(t, chain, 2, NOW + 29 * DAY));
	assert_false(is_known(t, chain, 2, NOW + 30 * DAY));
	assert_int_equal(verify(t, chain, 2, NOW + 31 * DAY), SEAL_E_STALE);
	assert_false(is_known(t, chain, 2, NOW - 2 * DAY));
	trust_free(&t);
}

/* Other anchors, and the same with one more, know nothing of it. */
static void
anchors_by_themselves(void **state)
{
	struct trust *t = warm(), *other = trust_of(TWIN);

	(void)state;
	assert_false(is_known(other, first, 2, NOW));
	assert_int_equal(verify(other, first, 2, NOW), SEAL_E_CHAIN);
	assert_int_equal(trust_add_der(t, made[TWIN].der, NULL), 0);
	assert_false(is_known(t, first, 2, NOW));
	assert_int_equal(verify(t, first, 2, NOW), 0);
	trust_free(&t);
	trust_free(&other);
}

/* Where it ends, found out and remembered. */
static void
ends(void **state)
{
	const struct span chain[] = { made[FIRST].der, made[INTER].der },
			  longer[] = { made[LONG].der, made[INTER].der };
	struct trust *t = trust_of(CONSTRAINED);
	struct chain_end end = { 0 };

	(void)state;
	assert_int_equal(trust_add_der(t, made[ROOT].der, NULL), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    chain_verify_end(t, chain, 2, NOW, &end, NULL), 0);
		assert_int_equal(end.until, NOW + 7 * DAY);
		assert_int_equal(end.anchor, 1);
		assert_int_equal(
		    chain_verify_end(t, longer, 2, NOW, &end, NULL), 0);
		assert_int_equal(end.until, NOW + 30 * DAY);
		assert_int_equal(end.anchor, 1);
	}
	trust_free(&t);
}

/* The same bytes, parted elsewhere, are another chain. */
static void
lengths_count(void **state)
{
	struct span a = made[FIRST].der, b = made[INTER].der, one;
	uint8_t *both = malloc(a.n + b.n), digest[32];
	const struct span parts[] = { STR("ab"), STR("c") },
			  moved[] = { STR("a"), STR("bc") };
	struct trust *t = warm();
	struct chain_end end;

	(void)state;
	assert_non_null(both);
	memcpy(both, a.p, a.n);
	memcpy(both + a.n, b.p, b.n);
	one = span_of(both, a.n + b.n);
	assert_false(chain_known(t, &one, 1, NOW, &end));
	assert_int_not_equal(chain_verify(t, &one, 1, NOW, NULL, NULL), 0);
	assert_false(trust_recalls(t, "x", parts, 2, digest));
	trust_remember(t, digest);
	assert_true(trust_recalls(t, "x", parts, 2, digest));
	assert_false(trust_recalls(t, "y", parts, 2, digest));
	assert_false(trust_recalls(t, "x", moved, 2, digest));
	assert_false(trust_recalls(t, "x", parts, 1, digest));
	free(both);
	trust_free(&t);
}

/* A name and a use are asked for anew. */
static void
names_and_uses(void **state)
{
	const struct span chain[] = { made[NAMED].der, made[CONSTRAINED].der };
	const struct chain_question use = { NOW, NULL, CHAIN_TLS_SERVER };
	struct trust *t = warm();

	(void)state;
	assert_int_equal(
	    chain_verify(t, chain, 2, NOW, "a.example.org", NULL), 0);
	assert_int_equal(chain_verify(t, chain, 2, NOW, "b.example.org", NULL),
	    SEAL_E_CHAIN);
	assert_int_equal(chain_verify_for(t, chain, 2, &use, NULL), 0);
	trust_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(new_leaf_ages),
		cmocka_unit_test(anchors_by_themselves),
		cmocka_unit_test(ends),
		cmocka_unit_test(lengths_count),
		cmocka_unit_test(names_and_uses),
		cmocka_unit_test(own_paths),
		cmocka_unit_test(own_anchors),
		cmocka_unit_test(room_of_issuers),
		cmocka_unit_test(many_issuers),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
