/* SPDX-License-Identifier: Apache-2.0 */
/* What anchors remember of chains: signatures, never what the time says. */
#include "test.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/x509.h"
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
	WHO
};

#define CA "critical,CA:TRUE"
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
	{ NULL },
};

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
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
