/* SPDX-License-Identifier: Apache-2.0 */
/* The settings that an attested connection asks of OpenSSL. */

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/limits.h"
#include "crypto/signer_key.h"
#include "tls/stack_openssl.h"
#include "tls/stack_openssl_intra.h"

/* PROTOCOL 3 */
static const struct span alpn_seal = { (const uint8_t *)STACK_ALPN_WIRE,
	sizeof(STACK_ALPN_WIRE) - 1 };

/* Preferred first. A libssl that lacks the hybrids takes the second. */
static const char *const group_lists[] = {
	/* OpenSSL 3.5: key shares of the first two, so that a peer without
	 * the hybrid needs no HelloRetryRequest. */
	"*X25519MLKEM768:*X25519:P-256:X448:P-384:P-521:"
	"SecP256r1MLKEM768:SecP384r1MLKEM1024",
	"X25519MLKEM768:X25519:P-256:X448:P-384:P-521:"
	"SecP256r1MLKEM768:SecP384r1MLKEM1024",
	"X25519:P-256:X448:P-384:P-521",
};

/* OpenSSL 3.2 and newer: RFC 8879. An older one passes them over. */
#ifndef SSL_OP_NO_TX_CERTIFICATE_COMPRESSION
#define SSL_OP_NO_TX_CERTIFICATE_COMPRESSION SSL_OP_BIT(32)
#define SSL_OP_NO_RX_CERTIFICATE_COMPRESSION SSL_OP_BIT(33)
#endif

static int
setup_fail(struct seal_diag *d, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	seal_fail(d, SEAL_E_CONFIG, "tls: %s: %s", what,
	    reason != NULL ? reason : "refused by libssl");
	ERR_clear_error();
	return SEAL_E_CONFIG;
}

/* A client that offers none of arg's is turned away in the handshake. */
static int
select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *in, unsigned int in_n, void *arg)
{
	const struct span *mine = arg;

	(void)ssl;
	if (SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_n,
		mine->p, (unsigned)mine->n, in, in_n) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	return SSL_TLSEXT_ERR_OK;
}

int
stack_openssl_alpn(
    struct ssl_ctx_st *ctx, const struct span *alpn, struct seal_diag *d)
{
	SSL_CTX_set_alpn_select_cb(ctx, select_alpn, (void *)(uintptr_t)alpn);
	/* Zero is success here, unlike everywhere else in libssl. */
	if (SSL_CTX_set_alpn_protos(ctx, alpn->p, (unsigned)alpn->n) != 0)
		return setup_fail(d, "ALPN");
	return 0;
}

/* Takes any chain: its key is judged by the policy's identity later. */
static int
accept_shown(X509_STORE_CTX *store, void *arg)
{
	(void)arg;
	X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
	return 1;
}

static int
setup_groups(SSL_CTX *ctx, struct seal_diag *d)
{
	for (size_t i = 0; i < sizeof(group_lists) / sizeof(group_lists[0]);
	     i++) {
		/* libssl's macro casts const away: it only reads the list. */
		void *list = (void *)(uintptr_t)group_lists[i];

		if (SSL_CTX_ctrl(ctx, SSL_CTRL_SET_GROUPS_LIST, 0, list) == 1) {
			ERR_clear_error();
			return 0;
		}
	}
	return setup_fail(d, "key exchange groups");
}

static int
setup_verify(
    SSL_CTX *ctx, const struct stack_openssl_conf *c, struct seal_diag *d)
{
	int mode = SSL_VERIFY_PEER;
	int r;

	/* Nobody else's callback may have the last word. */
	SSL_CTX_set_cert_verify_callback(ctx, NULL, NULL);
	/* RFC 9525 s2: a subject's common name names no host. */
	X509_VERIFY_PARAM_set_hostflags(
	    SSL_CTX_get0_param(ctx), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
					 X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* Evidence in the handshake stands in a Certificate. */
	if (c->verify == STACK_VERIFY_NONE && c->role == SEAL_SERVER &&
	    (c->intra == NULL || !c->intra->asks)) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
		return 0;
	}
	if (c->verify == STACK_VERIFY_NONE || c->verify == STACK_VERIFY_SHOWN)
		SSL_CTX_set_cert_verify_callback(ctx, accept_shown, NULL);
	if (c->verify == STACK_VERIFY_SHOWN || c->verify == STACK_VERIFY_PKIX ||
	    (c->intra != NULL && c->intra->requires))
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(ctx, mode, NULL);
	if (c->verify != STACK_VERIFY_PKIX &&
	    c->verify != STACK_VERIFY_PKIX_OPTIONAL)
		return 0;
	r = c->ca_file != NULL
		? SSL_CTX_load_verify_locations(ctx, c->ca_file, NULL)
		: SSL_CTX_set_default_verify_paths(ctx);
	if (r == 1)
		return 0;
	setup_fail(d, "trust anchors");
	seal_remedy(d, "is '%s' a PEM file of CA certificates?",
	    c->ca_file != NULL ? c->ca_file : "the system's store");
	return SEAL_E_CONFIG;
}

/*
 * PROTOCOL 2: nothing older, nothing resumed, nothing early. And nothing
 * compressed: no number of a peer's says how much a message is.
 */
static int
setup_protocol(SSL_CTX *ctx, struct seal_diag *d)
{
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1)
		return setup_fail(d, "TLS 1.3");
	if (SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
	    SSL_CTX_set_max_early_data(ctx, 0) != 1 ||
	    SSL_CTX_set_recv_max_early_data(ctx, 0) != 1)
		return setup_fail(d, "tickets and early data");
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
				     SSL_OP_NO_TX_CERTIFICATE_COMPRESSION |
				     SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_post_handshake_auth(ctx, 0);
	SSL_CTX_set_psk_find_session_callback(ctx, NULL);
	SSL_CTX_set_psk_use_session_callback(ctx, NULL);
	return 0;
}

/* ---- Attestation in the handshake ---- */

static int
use_chain(SSL_CTX *ctx, const struct span *chain, size_t n)
{
	int r = SSL_CTX_use_certificate_ASN1(ctx, (int)chain[0].n, chain[0].p);

	for (size_t i = 1; r == 1 && i < n; i++) {
		const unsigned char *p = chain[i].p;
		X509 *x = d2i_X509(NULL, &p, (long)chain[i].n);

		r = x != NULL ? SSL_CTX_add1_chain_cert(ctx, x) == 1 : 0;
		X509_free(x);
	}
	return r;
}

/* The TLS key is the one that is attested. */
static int
setup_signer(
    SSL_CTX *ctx, const struct stack_openssl_intra *i, struct seal_diag *d)
{
	EVP_PKEY *key = NULL;
	int r;

	if (SSL_CTX_get0_certificate(ctx) != NULL) {
		seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected no certificate of its own: in the "
		    "handshake the attester's key is TLS's");
		seal_remedy(d, "give the attester the certificate, as its "
			       "subject_cert, or use mode post");
		return SEAL_E_CONFIG;
	}
	r = i->key != NULL ? signer_key_of(i->key, &key, d)
			   : signer_key_new(i->spki, stack_openssl_intra_sign,
				 NULL, &key, d);
	if (r != 0)
		return r;
	if (use_chain(ctx, i->chain, i->n_chain) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1)
		r = setup_fail(d, "the attester's key and certificate");
	EVP_PKEY_free(key);
	return r;
}

static int
setup_intra(
    SSL_CTX *ctx, const struct stack_openssl_conf *c, struct seal_diag *d)
{
	bool shown =
	    c->verify == STACK_VERIFY_NONE || c->verify == STACK_VERIFY_SHOWN;
	int r;

	if (c->intra->n_chain > 0 && (r = setup_signer(ctx, c->intra, d)) != 0)
		return r;
	return stack_openssl_intra_prepare(ctx, c->intra->type, shown, d);
}

int
stack_openssl_prepare(struct ssl_ctx_st *ctx,
    const struct stack_openssl_conf *conf, struct seal_diag *d)
{
	int r;

	ERR_clear_error();
	if ((r = setup_protocol(ctx, d)) != 0 ||
	    (r = setup_groups(ctx, d)) != 0 ||
	    (r = setup_verify(ctx, conf, d)) != 0)
		return r;
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN |
				  SSL_MODE_RELEASE_BUFFERS |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_clear_mode(
	    ctx, SSL_MODE_AUTO_RETRY | SSL_MODE_ENABLE_PARTIAL_WRITE);
	SSL_CTX_set_max_cert_list(ctx, LIMIT_FRAME_AUTHENTICATOR);
	if ((conf->intra == NULL || !conf->intra->keep_alpn) &&
	    (r = stack_openssl_alpn(ctx, &alpn_seal, d)) != 0)
		return r;
	return conf->intra != NULL ? setup_intra(ctx, conf, d) : 0;
}

/* ---- One connection ---- */

static int
attach_check(SSL *ssl, struct seal_diag *d)
{
	if (SSL_get_min_proto_version(ssl) != TLS1_3_VERSION ||
	    SSL_get_max_proto_version(ssl) != TLS1_3_VERSION) {
		seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected an SSL that speaks TLS 1.3 alone");
		seal_remedy(d, "make it from an SSL_CTX that went through "
			       "seal_openssl_prepare()");
		return SEAL_E_CONFIG;
	}
	if (SSL_get_state(ssl) != TLS_ST_BEFORE)
		return seal_fail(d, SEAL_E_STATE,
		    "tls: expected a handshake that has not begun");
	if (SSL_get_session(ssl) != NULL || SSL_get_num_tickets(ssl) != 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected no session to resume, and no tickets");
	if (SSL_get_verify_callback(ssl) != NULL ||
	    SSL_get_verify_mode(ssl) !=
		SSL_CTX_get_verify_mode(SSL_get_SSL_CTX(ssl)))
		return seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected an SSL that verifies as its SSL_CTX does");
	return 0;
}

static int
attach_name(SSL *ssl, const struct stack_rules *rules, struct seal_diag *d)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	const char *sni = stack_server_name(rules);
	bool address = sni == NULL &&
		       X509_VERIFY_PARAM_set1_ip_asc(param, rules->name) == 1;

	stack_openssl_forget();
	if (sni != NULL &&
	    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
		TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)sni) != 1)
		return setup_fail(d, "server name");
	if (!rules->verify_name) {
		X509_VERIFY_PARAM_set1_ip(param, NULL, 0);
		return 0;
	}
	if (!address && SSL_set1_host(ssl, rules->name) != 1)
		return setup_fail(d, "name to verify");
	return 0;
}

int
stack_openssl_attach(
    struct ssl_st *ssl, const struct stack_rules *rules, struct seal_diag *d)
{
	int r;

	stack_openssl_forget();
	if ((r = attach_check(ssl, d)) != 0 ||
	    (r = stack_rules_check(rules, d)) != 0)
		return r;
	if (rules->role == SEAL_SERVER)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return rules->name[0] != '\0' ? attach_name(ssl, rules, d) : 0;
}

/* ---- For programs without an SSL_CTX of their own ---- */

static int
load_credentials(SSL_CTX *ctx, const char *cert_file, const char *key_file,
    struct seal_diag *d)
{
	if (cert_file == NULL)
		return 0;
	if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1)
		return setup_fail(d, "certificate file");
	if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		return setup_fail(d, "key file");
	return 0;
}

int
stack_openssl_ctx_new(enum seal_role role, const char *cert_file,
    const char *key_file, struct ssl_ctx_st **ret, struct seal_diag *d)
{
	SSL_CTX *ctx = SSL_CTX_new(
	    role == SEAL_SERVER ? TLS_server_method() : TLS_client_method());
	int r;

	if (ctx == NULL)
		return setup_fail(d, "context");
	if ((r = load_credentials(ctx, cert_file, key_file, d)) != 0) {
		SSL_CTX_free(ctx);
		return r;
	}
	*ret = ctx;
	return 0;
}

void
stack_openssl_ctx_free(struct ssl_ctx_st **ctx)
{
	SSL_CTX_free(*ctx);
	*ctx = NULL;
}

int
stack_openssl_on_fd(
    struct ssl_ctx_st *ctx, int fd, struct ssl_st **ret, struct seal_diag *d)
{
	SSL *ssl = SSL_new(ctx);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return setup_fail(d, "connection");
	}
	*ret = ssl;
	return 0;
}

int
stack_openssl_fd(const struct ssl_st *ssl)
{
	return SSL_get_fd(ssl);
}

void
stack_openssl_free(struct ssl_st **ssl)
{
	SSL_free(*ssl);
	*ssl = NULL;
}
