/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../crypto/fixture.h"
#include "appraise/anchored.h"
#include "appraise/endorse.h"
#include "base/file.h"
#include "base/limits.h"
#include "crypto/x509.h"

static struct issued root;
static uint8_t *crl_der;
static size_t crl_n;
static char dir[] = "/tmp/seal-endorse-XXXXXX";

static int
make_crl(void)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)NOW);
	int n = -1;

	if (crl != NULL && t != NULL && X509_CRL_set_version(crl, 1) == 1 &&
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(root.x)) == 1 &&
	    X509_CRL_set1_lastUpdate(crl, t) == 1 &&
	    X509_CRL_set1_nextUpdate(crl, t) == 1 &&
	    X509_CRL_sign(crl, root.key, EVP_sha256()) > 0)
		n = i2d_X509_CRL(crl, &crl_der);
	ASN1_TIME_free(t);
	X509_CRL_free(crl);
	crl_n = n > 0 ? (size_t)n : 0;
	return n > 0 ? 0 : -1;
}

static int
set_up(void **state)
{
	struct made m = { "root", .basic = "critical,CA:TRUE" };

	(void)state;
	root = issue(&m, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), NULL);
	return mkdtemp(dir) == NULL ? -1 : make_crl();
}

static int
tear_down(void **state)
{
	(void)state;
	issued_free(&root);
	OPENSSL_free(crl_der);
	return rmdir(dir);
}

static struct span
crl(void)
{
	return span_of(crl_der, crl_n);
}

/* PEM of both, and of a key, with text around it. */
static struct span
bundle(struct wr *w)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n;

	assert_true(PEM_write_bio(bio, "CERTIFICATE", "", root.der.p,
			(long)root.der.n) > 0);
	assert_true(PEM_write_bio(
			bio, "PRIVATE KEY", "", (const uint8_t *)"key", 3) > 0);
	assert_true(
	    PEM_write_bio(bio, "X509 CRL", "", crl_der, (long)crl_n) > 0);
	assert_true(PEM_write_bio(bio, "CERTIFICATE", "", root.der.p,
			(long)root.der.n) > 0);
	n = BIO_get_mem_data(bio, &text);
	wr_init_heap(w, 65536);
	wr_bytes(w, span_str("a title\n"));
	wr_bytes(w, span_of(text, (size_t)n));
	BIO_free(bio);
	return wr_view(w);
}

/* In DER and as PEM it is the same item. */
static void
public_keys(void **state)
{
	struct endorsements *e = endorse_new();
	struct cert *c = NULL;
	struct wr pem;

	(void)state;
	assert_int_equal(cert_parse(root.der, &c, NULL), 0);
	wr_init_heap(&pem, 4096);
	assert_int_equal(spki_to_pem(cert_spki(c), &pem, NULL), 0);
	assert_int_equal(endorse_add(e, "der", cert_spki(c), NULL), 0);
	assert_int_equal(endorse_add(e, "pem", wr_view(&pem), NULL), 0);
	assert_int_equal(e->n, 2);
	for (size_t i = 0; i < e->n; i++) {
		assert_int_equal(e->items[i].kind, ENDORSE_KEY);
		assert_true(span_equal(e->items[i].bytes, cert_spki(c)));
	}
	wr_free(&pem);
	cert_unref(&c);
	endorse_free(&e);
}

static void
kinds_by_content(void **state)
{
	struct {
		const char *name;
		struct span in;
		enum endorse_kind want;
	} cases[] = {
		{ "certificate", root.der, ENDORSE_CERT },
		{ "revocation list", crl(), ENDORSE_CRL },
		{ "cut certificate", { root.der.p, root.der.n - 1 },
		    ENDORSE_OTHER },
		{ "cut list", { crl_der, crl_n - 1 }, ENDORSE_OTHER },
		{ "object", STR(" \r\n\t{\"a\":1}"), ENDORSE_JSON },
		{ "array", STR("[]"), ENDORSE_JSON },
		{ "JSON that holds PEM", STR("{\"x\":\"-----BEGIN X-----\"}"),
		    ENDORSE_JSON },
		{ "text", STR("hello"), ENDORSE_OTHER },
		{ "white space", STR("  "), ENDORSE_OTHER },
		{ "nothing", { NULL, 0 }, ENDORSE_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct endorsements *e = endorse_new();
		struct seal_diag d = { 0 };

		assert_int_equal(endorse_add(e, "x", cases[i].in, &d), 0);
		if (cases[i].want == ENDORSE_NONE) {
			assert_int_equal(e->n, 0);
		} else if (e->n != 1 || e->items[0].kind != cases[i].want ||
			   !span_equal(e->items[0].bytes, cases[i].in)) {
			fail_msg("%s: kind %d of %zu", cases[i].name,
			    e->n > 0 ? (int)e->items[0].kind : 0, e->n);
		}
		endorse_free(&e);
	}
}

static void
pem_by_its_blocks(void **state)
{
	static const enum endorse_kind want[] = { ENDORSE_CERT, ENDORSE_CRL,
		ENDORSE_CERT };
	struct endorsements *e = endorse_new();
	struct seal_diag d = { 0 };
	size_t at = 0;
	struct wr w;

	(void)state;
	assert_int_equal(endorse_add(e, "bundle", bundle(&w), &d), 0);
	assert_int_equal(e->n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(e->items[i].kind, want[i]);
		assert_string_equal(e->items[i].name, "bundle");
		assert_true(span_equal(e->items[i].bytes,
		    want[i] == ENDORSE_CRL ? crl() : root.der));
	}
	assert_ptr_equal(endorse_next(e, ENDORSE_CERT, &at), &e->items[0]);
	assert_ptr_equal(endorse_next(e, ENDORSE_CERT, &at), &e->items[2]);
	assert_null(endorse_next(e, ENDORSE_CERT, &at));
	at = 0;
	assert_null(endorse_next(NULL, ENDORSE_CERT, &at));
	endorse_free(&e);
	wr_free(&w);
}

static void
pem_that_lies(void **state)
{
	static const char *const texts[] = {
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct endorsements *e = endorse_new();
		struct seal_diag d = { 0 };

		assert_int_not_equal(
		    endorse_add(e, "lie", span_str(texts[i]), &d), 0);
		assert_non_null(strstr(d.text, "lie"));
		endorse_free(&e);
	}
}

/* Many parts, and much in few, are refused before memory is taken. */
static void
limits_hold(void **state)
{
	static uint8_t big[1u << 20];
	struct endorsements *e = endorse_new();
	struct seal_diag d = { 0 };

	(void)state;
	for (size_t i = 0; i < ENDORSE_ITEMS_MAX; i++)
		assert_int_equal(endorse_add(e, "x", span_str("y"), &d), 0);
	assert_int_equal(endorse_add(e, "x", span_str("y"), &d), SEAL_E_LIMIT);
	endorse_free(&e);
	e = endorse_new();
	seal_diag_clear(&d);
	for (size_t n = 0; n < ENDORSE_BYTES_MAX; n += sizeof(big))
		assert_int_equal(
		    endorse_add(e, "x", span_of(big, sizeof(big)), &d), 0);
	assert_int_equal(endorse_add(e, "x", span_str("y"), &d), SEAL_E_LIMIT);
	endorse_free(&e);
}

static void
put(const char *name, struct span content, char *path, size_t cap)
{
	snprintf(path, cap, "%s/%s", dir, name);
	assert_int_equal(file_write(path, content, 0644, NULL), 0);
}

static void
folder_in_order(void **state)
{
	char a[96], b[96], hidden[96], sub[96], pipe[96];
	struct endorsements *e = NULL;
	struct seal_diag d = { 0 };

	(void)state;
	put("b.json", span_str("{}"), b, sizeof(b));
	put("a.der", root.der, a, sizeof(a));
	put(".hidden", span_str("{}"), hidden, sizeof(hidden));
	snprintf(sub, sizeof(sub), "%s/folder", dir);
	snprintf(pipe, sizeof(pipe), "%s/pipe", dir);
	assert_int_equal(mkdir(sub, 0755), 0);
	assert_int_equal(mkfifo(pipe, 0644), 0);
	assert_int_equal(endorse_load(dir, &e, &d), 0);
	assert_int_equal(e->n, 2);
	assert_int_equal(e->items[0].kind, ENDORSE_CERT);
	assert_string_equal(e->items[0].name, a);
	assert_int_equal(e->items[1].kind, ENDORSE_JSON);
	endorse_free(&e);
	assert_int_equal(endorse_load(b, &e, &d), 0);
	assert_int_equal(e->n, 1);
	endorse_free(&e);
	assert_int_equal(rmdir(sub), 0);
	unlink(a);
	unlink(b);
	unlink(hidden);
	unlink(pipe);
	assert_int_equal(endorse_load(a, &e, &d), SEAL_E_IO);
	assert_non_null(strstr(d.text, a));
	assert_null(e);
}

static void
too_many_files(void **state)
{
	struct endorsements *e = NULL;
	struct seal_diag d = { 0 };
	char path[96];

	(void)state;
	for (unsigned i = 0; i <= ENDORSE_FILES_MAX; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%u", dir, i);
		f = fopen(path, "w");
		assert_non_null(f);
		fclose(f);
	}
	assert_int_equal(endorse_load(dir, &e, &d), SEAL_E_LIMIT);
	for (unsigned i = 0; i <= ENDORSE_FILES_MAX; i++) {
		snprintf(path, sizeof(path), "%s/%u", dir, i);
		unlink(path);
	}
}

/* The root by itself, as a chain. */
static int
root_anchored(const struct accept_entry *e, int64_t now, struct seal_diag *d)
{
	const struct trust *ca;
	struct chain_end end;

	return anchored_end(e, &root.der, 1, now, &ca, &end, d);
}

/* An anchor of any signer will do, and a pin is none. */
static void
anchors_of_an_entry(void **state)
{
	struct made m = { "other", .basic = "critical,CA:TRUE" };
	struct issued other =
	    issue(&m, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), NULL);
	struct signer signers[3] = { { .pinned = true } };
	struct accept_entry e = { .signers = signers, .n_signers = 1 };
	struct cert_parts p, q;
	struct seal_diag d = { 0 };
	struct span got = { 0 };
	size_t at = 0;

	(void)state;
	assert_true(cert_parts_read(root.der, &p));
	assert_true(cert_parts_read(other.der, &q));
	assert_int_equal(root_anchored(&e, NOW, &d), SEAL_E_KEY);
	assert_non_null(strstr(d.remedy, "ca"));
	assert_false(anchored_next(&e, p.subject, &at, &got));
	for (size_t i = 1; i < 3; i++)
		assert_non_null(signers[i].ca = trust_new());
	assert_int_equal(trust_add_der(signers[1].ca, other.der, &d), 0);
	e.n_signers = 2;
	assert_int_equal(root_anchored(&e, NOW, NULL), SEAL_E_CHAIN);
	assert_int_equal(trust_add_der(signers[2].ca, root.der, &d), 0);
	e.n_signers = 3;
	assert_int_equal(root_anchored(&e, NOW, NULL), 0);
	assert_int_equal(
	    root_anchored(&e, NOW + 400 * DAY, NULL), SEAL_E_CHAIN);
	assert_true(anchored_next(&e, p.subject, &at, &got));
	assert_true(span_equal(got, root.der));
	assert_false(anchored_next(&e, p.subject, &at, &got));
	at = 0;
	assert_true(anchored_next(&e, q.subject, &at, &got));
	assert_true(span_equal(got, other.der));
	trust_free(&signers[1].ca);
	trust_free(&signers[2].ca);
	issued_free(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_by_content),
		cmocka_unit_test(public_keys),
		cmocka_unit_test(pem_by_its_blocks),
		cmocka_unit_test(pem_that_lies),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(folder_in_order),
		cmocka_unit_test(too_many_files),
		cmocka_unit_test(anchors_of_an_entry),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
