/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "fixture.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int64_t fixture_clock = NOW;

static void
extend(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e;

	if (value == NULL)
		return;
	assert_non_null(e = X509V3_EXT_conf_nid(NULL, NULL, nid, value));
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

struct issued
issue(const struct made *m, EVP_PKEY *key, const struct issued *by)
{
	static long serial = 1000;
	struct issued i = { .key = key, .x = X509_new() };
	const unsigned char *cn = (const unsigned char *)m->cn;
	const EVP_MD *md = m->md == NULL ? EVP_sha256() : m->md;
	X509_NAME *name = X509_get_subject_name(i.x);
	unsigned char *der = NULL;
	int n;

	assert_true(X509_set_version(i.x, m->v1 ? 0 : 2));
	ASN1_INTEGER_set(X509_get_serialNumber(i.x), serial++);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, cn, -1, -1, 0);
	assert_true(X509_set_issuer_name(
	    i.x, by == NULL ? name : X509_get_subject_name(by->x)));
	ASN1_TIME_set(X509_getm_notBefore(i.x),
	    fixture_clock + (m->from == 0 ? -DAY : m->from));
	ASN1_TIME_set(X509_getm_notAfter(i.x),
	    fixture_clock + (m->to == 0 ? 365 * DAY : m->to));
	assert_true(X509_set_pubkey(i.x, key));
	extend(i.x, NID_basic_constraints, m->basic);
	extend(i.x, NID_key_usage, m->usage);
	extend(i.x, NID_subject_alt_name, m->san);
	extend(i.x, NID_ext_key_usage, m->ext);
	assert_true(X509_sign(i.x, by == NULL ? key : by->key,
			m->eddsa ? NULL : md) > 0);
	assert_true((n = i2d_X509(i.x, &der)) > 0);
	i.der = span_of(der, (size_t)n);
	return i;
}

void
issued_free(struct issued *i)
{
	void *der = (void *)(uintptr_t)i->der.p;

	EVP_PKEY_free(i->key);
	X509_free(i->x);
	OPENSSL_free(der);
	*i = (struct issued){ 0 };
}

EVP_PKEY *
make_pss(bool restricted)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *pkey = NULL;

	assert_true(EVP_PKEY_keygen_init(ctx) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) > 0);
	if (restricted) {
		assert_true(
		    EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx, EVP_sha256()) > 0);
		assert_true(EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(
				ctx, EVP_sha256()) > 0);
		assert_true(
		    EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx, 32) > 0);
	}
	assert_true(EVP_PKEY_keygen(ctx, &pkey) > 0);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

struct privkey *
load_key(EVP_PKEY *pkey)
{
	char path[] = "/tmp/seal-key-XXXXXX";
	struct seal_diag d = { 0 };
	struct privkey *k = NULL;
	FILE *f = fdopen(mkstemp(path), "w"); /* mode 0600 */

	assert_non_null(f);
	assert_true(
	    PEM_write_PKCS8PrivateKey(f, pkey, NULL, NULL, 0, NULL, NULL));
	fclose(f);
	if (privkey_load(path, &k, &d) != 0)
		fail_msg("%s", d.text);
	unlink(path);
	return k;
}
