/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allocfail.h"
#include "base/file.h"
#include "base/limits.h"
#include "crypto/x509.h"
#include "evidence/driver.h"
#include "format/eat.h"

#define COLLECT_MS 5000u

static const struct span exporter = STR("0123456789abcdef0123456789abcdef");
static char dir[] = "/tmp/seal-soft-XXXXXX";
static char signer_file[64], subject_file[64], other_file[64], open_file[64],
    cert_file[64], measured_file[64];
static struct privkey *subject;

static void
path_of(char ret[64], const char *name)
{
	snprintf(ret, 64, "%s/%s", dir, name);
}

static void
put_key(const char *path, const struct privkey *k, unsigned mode)
{
	struct wr w;

	wr_init_heap(&w, LIMIT_FILE);
	assert_int_equal(privkey_to_pem(k, &w, NULL), 0);
	assert_int_equal(file_write(path, wr_view(&w), mode, NULL), 0);
	wr_free(&w);
}

static int
sign_soft(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

static void
put_cert(const char *path, struct privkey *k)
{
	struct wr spki, der, pem;

	wr_init_heap(&spki, LIMIT_SPKI);
	wr_init_heap(&der, LIMIT_CERTIFICATE);
	wr_init_heap(&pem, LIMIT_FILE);
	assert_int_equal(privkey_spki(k, &spki, NULL), 0);
	assert_int_equal(cert_self_sign(wr_view(&spki), "test", 1700000000, 30,
			     SIG_ECDSA_P384_SHA384, sign_soft, k, &der, NULL),
	    0);
	assert_int_equal(cert_to_pem(wr_view(&der), &pem, NULL), 0);
	assert_int_equal(file_write(path, wr_view(&pem), 0644, NULL), 0);
	wr_free(&spki);
	wr_free(&der);
	wr_free(&pem);
}

static int
set_up(void **state)
{
	struct privkey *k = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path_of(signer_file, "signer");
	path_of(subject_file, "subject");
	path_of(other_file, "other");
	path_of(open_file, "open");
	path_of(cert_file, "cert");
	path_of(measured_file, "app");
	assert_int_equal(privkey_generate(CURVE_P256, &k, NULL), 0);
	put_key(signer_file, k, 0600);
	put_key(open_file, k, 0644);
	privkey_free(&k);
	assert_int_equal(privkey_generate(CURVE_P384, &subject, NULL), 0);
	put_key(subject_file, subject, 0600);
	put_cert(cert_file, subject);
	assert_int_equal(privkey_generate(CURVE_P384, &k, NULL), 0);
	put_key(other_file, k, 0600);
	privkey_free(&k);
	assert_int_equal(
	    file_write(measured_file, span_str("abc"), 0644, NULL), 0);
	return 0;
}

static int
tear_down(void **state)
{
	const char *const files[] = { signer_file, subject_file, other_file,
		open_file, cert_file, measured_file };

	(void)state;
	privkey_free(&subject);
	for (size_t i = 0; i < 6; i++)
		unlink(files[i]);
	rmdir(dir);
	return 0;
}

/* Up to three settings, ended by NULL. */
static int
open_soft(const char *const *kv, struct attester **ret, struct seal_diag *d)
{
	struct conf_pair pairs[4];
	struct conf conf = { pairs, 0 };

	for (; kv[0] != NULL; kv += 2)
		pairs[conf.n++] = (struct conf_pair){ kv[0], kv[1] };
	return attester_open("soft", &conf, ret, d);
}

#define KV(...)                         \
	{                               \
		__VA_ARGS__, NULL, NULL \
	}

static void
test_open(void **state)
{
	const struct {
		const char *name;
		const char *kv[9];
		int want;
	} rows[] = {
		{ "a key", KV("key", signer_file), 0 },
		{ "with its certificate",
		    KV("key", subject_file, "subject_cert", cert_file), 0 },
		{ "measurements",
		    KV("key", signer_file, "measurements",
			"app=00ff,config=0123456789abcdef"),
		    0 },
		{ "measured file",
		    KV("key", signer_file, "measure", measured_file), 0 },
		{ "no key", { NULL }, SEAL_E_CONFIG },
		{ "no such file", KV("key", "/nonexistent"), SEAL_E_IO },
		{ "key that others may read", KV("key", open_file),
		    SEAL_E_CONFIG },
		{ "no key in the file", KV("key", cert_file), SEAL_E_CONFIG },
		{ "unknown setting", KV("key", signer_file, "keys", "x"),
		    SEAL_E_CONFIG },
		{ "certificate for another key",
		    KV("key", other_file, "subject_cert", cert_file),
		    SEAL_E_CONFIG },
		{ "certificate without its key",
		    KV("key", signer_file, "subject_cert", cert_file),
		    SEAL_E_CONFIG },
		{ "no hex", KV("key", signer_file, "measurements", "app=xy"),
		    SEAL_E_CONFIG },
		{ "odd hex", KV("key", signer_file, "measurements", "app=0"),
		    SEAL_E_CONFIG },
		{ "no value", KV("key", signer_file, "measurements", "app="),
		    SEAL_E_CONFIG },
		{ "no name", KV("key", signer_file, "measurements", "=00"),
		    SEAL_E_CONFIG },
		{ "no equals sign",
		    KV("key", signer_file, "measurements", "app"),
		    SEAL_E_CONFIG },
		{ "empty list", KV("key", signer_file, "measurements", ""),
		    SEAL_E_CONFIG },
		{ "trailing comma",
		    KV("key", signer_file, "measurements", "app=00,"),
		    SEAL_E_CONFIG },
		{ "space in a name",
		    KV("key", signer_file, "measurements", "a b=00"),
		    SEAL_E_CONFIG },
		{ "name twice",
		    KV("key", signer_file, "measurements", "app=00,app=01"),
		    SEAL_E_CONFIG },
		{ "name twice, once a file",
		    KV("key", signer_file, "measurements", "app=00", "measure",
			measured_file),
		    SEAL_E_CONFIG },
		{ "digest too long",
		    KV("key", signer_file, "measurements",
			"a=00000000000000000000000000000000000000000000000000000000"
			"00000000000000000000000000000000000000000000000000000000"
			"000000000000000000"),
		    SEAL_E_CONFIG },
		{ "seventeen",
		    KV("key", signer_file, "measurements",
			"a=0a,b=0a,c=0a,d=0a,e=0a,f=0a,g=0a,h=0a,i=0a,j=0a,k=0a,"
			"l=0a,m=0a,n=0a,o=0a,p=0a,q=0a"),
		    SEAL_E_CONFIG },
		{ "measured file missing",
		    KV("key", signer_file, "measure", "/nonexistent"),
		    SEAL_E_IO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct attester *a = NULL;
		struct seal_diag d = { 0 };
		int r = open_soft(rows[i].kv, &a, &d);

		if (r != rows[i].want || d.code != r || (r != 0) != (a == NULL))
			fail_msg("%s: got %d (%s)", rows[i].name, r, d.text);
		attester_free(&a);
	}
}

/* What PROTOCOL 5.3 and 5.6 say of it, read back. */
static void
test_collect(void **state)
{
	const char *const kv[] = { "key", signer_file, "measurements",
		"config=0102", "measure", measured_file, NULL };
	uint8_t signer_spki[LIMIT_SPKI], cnf[LIMIT_SPKI], digest[HASH_MAX];
	struct attester *a = NULL;
	struct privkey *signer_key = NULL;
	struct pubkey *signer = NULL;
	struct seal_diag d = { 0 };
	struct seal_binding b;
	struct eat_soft e = { 0 };
	struct wr s, w, c;

	(void)state;
	wr_init(&s, signer_spki, sizeof(signer_spki));
	wr_init(&c, cnf, sizeof(cnf));
	wr_init_heap(&w, LIMIT_CMW);
	if (open_soft(kv, &a, &d) != 0)
		fail_msg("%s", d.text);
	assert_true(attester_insecure(a));
	assert_int_equal(
	    binding_post(HASH_SHA384, attester_spki(a), exporter, &b, NULL), 0);
	if (attester_collect(a, &b, COLLECT_MS, &w, &d) != 0)
		fail_msg("%s", d.text);
	assert_int_equal(eat_soft_parse(wr_view(&w), &e, NULL), 0);
	assert_int_equal(privkey_load(signer_file, &signer_key, NULL), 0);
	assert_int_equal(privkey_spki(signer_key, &s, NULL), 0);
	assert_int_equal(pubkey_from_spki(wr_view(&s), &signer, NULL), 0);
	assert_int_equal(cose_sign1_verify(&e.sign1, signer, NULL), 0);
	assert_true(span_equal(e.claims.nonce, binding_value(&b)));
	assert_int_equal(cose_key_to_spki(e.claims.cnf_key, &c, NULL), 0);
	assert_true(span_equal(wr_view(&c), attester_spki(a)));
	assert_int_equal(e.n_measurements, 2);
	assert_int_equal(
	    hash_one(HASH_SHA256, span_str("abc"), digest, NULL), 0);
	for (size_t i = 0; i < 2; i++)
		assert_true(span_is(e.measurements[i].name, "app")
				? span_equal(e.measurements[i].digest,
				      span_of(digest, 32))
				: span_is(e.measurements[i].name, "config"));
	pubkey_unref(&signer);
	privkey_free(&signer_key);
	wr_free(&w);
	attester_free(&a);
}

static void
test_sign(void **state)
{
	const char *const kv[] = { "key", subject_file, NULL };
	struct attester *a = NULL;
	struct pubkey *key = NULL;
	uint8_t buf[LIMIT_SIGNATURE];
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	assert_int_equal(open_soft(kv, &a, NULL), 0);
	assert_int_equal(
	    attester_sign(a, SIG_ECDSA_P384_SHA384, exporter, &w, NULL), 0);
	assert_int_equal(pubkey_from_spki(attester_spki(a), &key, NULL), 0);
	assert_int_equal(pubkey_verify(key, SIG_ECDSA_P384_SHA384, exporter,
			     wr_view(&w), NULL),
	    0);
	assert_int_equal(
	    attester_sign(a, SIG_ECDSA_P256_SHA256, exporter, &w, NULL),
	    SEAL_E_KEY);
	pubkey_unref(&key);
	attester_free(&a);
}

/* Each allocation of ours fails in turn: told as such, and nothing leaks. */
static int
open_and_collect(struct wr *w)
{
	const char *const kv[] = { "key", signer_file, "measurements",
		"config=0102", "measure", measured_file, NULL };
	struct attester *a = NULL;
	struct seal_binding b;
	int r;

	if ((r = open_soft(kv, &a, NULL)) != 0)
		return r;
	r = binding_post(HASH_SHA256, attester_spki(a), exporter, &b, NULL);
	if (r == 0)
		r = attester_collect(a, &b, COLLECT_MS, w, NULL);
	attester_free(&a);
	return r;
}

static void
test_memory(void **state)
{
	bool hit = true;

	(void)state;
	for (size_t n = 1; hit && n < 1000; n++) {
		struct wr w;
		int r;

		wr_init_heap(&w, LIMIT_CMW);
		allocfail_at(n);
		r = open_and_collect(&w);
		hit = allocfail_hit();
		allocfail_off();
		/* What is only kept to be quicker next time may be missing. */
		if (r != 0 ? !hit || r != SEAL_E_MEMORY : wr_view(&w).n == 0)
			fail_msg("allocation %zu: got %d", n, r);
		wr_free(&w);
	}
	assert_false(hit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_collect),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
