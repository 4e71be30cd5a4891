/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "test.h"

static EVP_PKEY *key;
static X509 *cert;
static char cert_file[] = "/tmp/seal-test-cert-XXXXXX";

static void
add_names(X509 *x)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL,
	    NID_subject_alt_name, "DNS:host.test,DNS:w*.test,IP:192.0.2.1");

	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

void
tls_pair_setup(void)
{
	int fd = mkstemp(cert_file);
	FILE *f;

	assert_true(fd >= 0);
	key = EVP_EC_gen("P-256");
	cert = X509_new();
	assert_non_null(key);
	assert_non_null(cert);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
	    MBSTRING_ASC, (const unsigned char *)"host.test", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	add_names(cert);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	f = fdopen(fd, "w");
	assert_int_equal(PEM_write_X509(f, cert), 1);
	fclose(f);
}

void
tls_pair_teardown(void)
{
	EVP_PKEY_free(key);
	X509_free(cert);
	unlink(cert_file);
}

const char *
tls_pair_cert_file(void)
{
	return cert_file;
}

void
tls_pair_use_cert(SSL_CTX *ctx)
{
	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
}

void
tls_pair_new(struct tls_pair *p)
{
	*p = (struct tls_pair){ .cc = SSL_CTX_new(TLS_client_method()),
		.sc = SSL_CTX_new(TLS_server_method()) };
	assert_non_null(p->cc);
	assert_non_null(p->sc);
	tls_pair_use_cert(p->sc);
}

void
tls_pair_prepare(
    struct tls_pair *p, enum seal_role role, enum stack_verify verify)
{
	struct stack_openssl_conf conf = { role, verify, cert_file };
	SSL_CTX *ctx = role == SEAL_CLIENT ? p->cc : p->sc;
	struct seal_diag d = { 0 };

	if (stack_openssl_prepare(ctx, &conf, &d) != 0)
		fail_msg("prepare: %s", d.text);
}

void
tls_pair_join(struct tls_pair *p)
{
	BIO *c = NULL, *s = NULL;

	assert_int_equal(BIO_new_bio_pair(&c, 65536, &s, 65536), 1);
	p->c = SSL_new(p->cc);
	p->s = SSL_new(p->sc);
	assert_non_null(p->c);
	assert_non_null(p->s);
	SSL_set_bio(p->c, c, c);
	SSL_set_bio(p->s, s, s);
	SSL_set_connect_state(p->c);
	SSL_set_accept_state(p->s);
}

struct stack_rules
tls_pair_rules(enum seal_role role, const char *name)
{
	struct stack_rules rules = { .role = role };

	rules.verify_name = name != NULL;
	if (name != NULL)
		snprintf(rules.name, sizeof(rules.name), "%s", name);
	return rules;
}

void
tls_pair_attach(struct tls_pair *p, enum seal_role role, const char *name)
{
	SSL *ssl = role == SEAL_CLIENT ? p->c : p->s;
	struct stack_rules rules = tls_pair_rules(role, name);
	struct seal_diag d = { 0 };

	if (stack_openssl_attach(ssl, &rules, &d) != 0)
		fail_msg("attach: %s", d.text);
}

static bool
going(enum seal_io io)
{
	return io == SEAL_IO_WANT_READ || io == SEAL_IO_WANT_WRITE;
}

void
tls_pair_handshake(struct tls_pair *p)
{
	p->client = p->server = SEAL_IO_WANT_READ;
	for (int i = 0; i < 20 && (going(p->client) || going(p->server)); i++) {
		if (going(p->client))
			p->client = stack_openssl.handshake(p->c, &p->cd);
		if (going(p->server))
			p->server = stack_openssl.handshake(p->s, &p->sd);
	}
}

void
tls_pair_free(struct tls_pair *p)
{
	SSL_free(p->c);
	SSL_free(p->s);
	SSL_CTX_free(p->cc);
	SSL_CTX_free(p->sc);
}
