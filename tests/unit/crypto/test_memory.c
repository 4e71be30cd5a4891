/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/err.h>

#include "allocfail.h"
#include "base/limits.h"
#include "crypto/x509.h"
#include "fixture.h"

#define MANY 20000 /* more allocations than any call here makes */

static const struct span text = STR("what is signed");
static struct issued root, leaf, stranger;
static struct privkey *key;
static uint8_t spki_buf[256], sig_buf[LIMIT_SIGNATURE];
static struct span spki, sig;
static struct trust *anchors;

static int
do_hash(void)
{
	uint8_t out[HASH_MAX];

	return hash_one(HASH_SHA256, text, out, NULL);
}

static int
do_expand(void)
{
	uint8_t out[64];

	return hkdf_expand_label(
	    HASH_SHA384, text, "tls13 ", "x", text, out, sizeof(out), NULL);
}

static int
do_import(void)
{
	struct pubkey *k = NULL;
	int r = pubkey_from_spki(spki, &k, NULL);

	assert_true((r == 0) == (k != NULL));
	pubkey_unref(&k);
	return r;
}

static int
verify_with(struct span message)
{
	struct pubkey *k = NULL;
	int r;

	if ((r = pubkey_from_spki(spki, &k, NULL)) == 0)
		r = pubkey_verify(k, SIG_ECDSA_P256_SHA256, message, sig, NULL);
	pubkey_unref(&k);
	return r;
}

static int
do_verify(void)
{
	return verify_with(text);
}

static int
do_verify_other(void)
{
	return verify_with(span_of(text.p, text.n - 1));
}

static int
do_sign(void)
{
	uint8_t out[LIMIT_SIGNATURE];
	struct wr w;

	wr_init(&w, out, sizeof(out));
	return privkey_sign(key, SIG_ECDSA_P256_SHA256, text, &w, NULL);
}

static int
do_generate(void)
{
	struct privkey *k = NULL;
	struct span der = { 0 };
	int r = privkey_generate(CURVE_P256, &k, NULL);

	assert_true((r == 0) == (k != NULL));
	if (r == 0)
		r = privkey_pkcs8(k, &der, NULL);
	assert_true((r == 0) == (der.n > 0));
	privkey_free(&k);
	return r;
}

static int
do_pem(void)
{
	struct wr w;
	int r;

	wr_init_heap(&w, 4096);
	if ((r = privkey_to_pem(key, &w, NULL)) == 0)
		r = spki_to_pem(spki, &w, NULL);
	wr_free(&w);
	return r;
}

static int
do_parse(void)
{
	struct cert_cache *cache = cert_cache_new(4);
	struct cert *c = NULL;
	int r = SEAL_E_MEMORY;

	if (cache != NULL)
		r = cert_cache_get(cache, leaf.der, &c, NULL);
	cert_unref(&c);
	cert_cache_free(&cache);
	return r;
}

static int
do_trust(void)
{
	struct trust *t = trust_new();
	int r = SEAL_E_MEMORY;

	if (t != NULL)
		r = trust_add_der(t, root.der, NULL);
	trust_free(&t);
	return r;
}

static int
do_chain(void)
{
	return chain_verify(anchors, &leaf.der, 1, NOW, "host.example", NULL);
}

static int
do_chain_name(void)
{
	return chain_verify(anchors, &leaf.der, 1, NOW, "other.example", NULL);
}

static int
do_chain_late(void)
{
	return chain_verify(anchors, &leaf.der, 1, NOW + 999 * DAY, NULL, NULL);
}

static int
do_chain_stranger(void)
{
	return chain_verify(anchors, &stranger.der, 1, NOW, NULL, NULL);
}

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

static int
do_self_sign(void)
{
	struct wr w;
	int r;

	wr_init_heap(&w, LIMIT_CERTIFICATE);
	r = cert_self_sign(
	    spki, "a", NOW, 1, SIG_ECDSA_P256_SHA256, sign, key, &w, NULL);
	wr_free(&w);
	return r;
}

struct memory_case {
	const char *name;
	int (*call)(void);
	int want; /* with all the memory that it asks for */
};

static const struct memory_case cases[] = {
	{ "hash", do_hash, 0 },
	{ "expand", do_expand, 0 },
	{ "import", do_import, 0 },
	{ "sign", do_sign, 0 },
	{ "generate", do_generate, 0 },
	{ "PEM", do_pem, 0 },
	{ "certificate", do_parse, 0 },
	{ "trust", do_trust, 0 },
	{ "self-sign", do_self_sign, 0 },
	{ "verify", do_verify, 0 },
	{ "chain", do_chain, 0 },
	{ "verify other bytes", do_verify_other, SEAL_E_SIGNATURE },
	{ "wrong name", do_chain_name, SEAL_E_CHAIN },
	{ "expired", do_chain_late, SEAL_E_STALE },
	{ "wrong root", do_chain_stranger, SEAL_E_CHAIN },
	{ NULL },
};

/*
 * Each allocation fails in turn, libcrypto's included. What was right may
 * fail, or pass where the library does without; what was wrong never passes;
 * nothing leaks (ASan looks) and the error queue stays as it was.
 */
static void
each_allocation_fails(void **state)
{
	(void)state;
	for (const struct memory_case *c = cases; c->name != NULL; c++) {
		size_t n = 1;
		int r = c->call(); /* lets libcrypto set itself up */

		for (; n < MANY; n++) {
			allocfail_at(n);
			r = c->call();
			if (!allocfail_hit())
				break;
			if (c->want != 0 && r == 0)
				fail_msg("%s: accepted at %zu", c->name, n);
			assert_int_equal(ERR_peek_error(), 0);
		}
		allocfail_off();
		if (r != c->want || n == 1 || n == MANY)
			fail_msg("%s: %zu allocations, %d", c->name, n, r);
	}
}

static int
set_up(void **state)
{
	const struct made ca = { "root", .basic = "critical,CA:TRUE" };
	const struct made ee = { "leaf", .san = "DNS:host.example" };
	const struct made odd = { "stranger", .basic = "CA:FALSE" };
	struct wr w;

	(void)state;
	root = issue(&ca, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), NULL);
	leaf = issue(&ee, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), &root);
	stranger =
	    issue(&odd, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), NULL);
	anchors = trust_new();
	assert_int_equal(trust_add_der(anchors, root.der, NULL), 0);
	assert_int_equal(privkey_generate(CURVE_P256, &key, NULL), 0);
	wr_init(&w, spki_buf, sizeof(spki_buf));
	assert_int_equal(privkey_spki(key, &w, NULL), 0);
	spki = wr_view(&w);
	wr_init(&w, sig_buf, sizeof(sig_buf));
	assert_int_equal(
	    privkey_sign(key, SIG_ECDSA_P256_SHA256, text, &w, NULL), 0);
	sig = wr_view(&w);
	ERR_clear_error();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	issued_free(&root);
	issued_free(&leaf);
	issued_free(&stranger);
	trust_free(&anchors);
	privkey_free(&key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_fails),
	};

	allocfail_include_libraries();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
