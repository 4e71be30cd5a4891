/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_STACK_OPENSSL_H
#define TLS_STACK_OPENSSL_H

#include "base/diag.h"
#include "crypto/sig.h"
#include "tls/stack.h"

struct ssl_st;
struct ssl_ctx_st;

/* OpenSSL as a TLS stack; its tls is an SSL *. */
extern const struct seal_stack stack_openssl;

/* For attestation in the handshake. */
struct stack_openssl_intra {
	uint16_t type;  /* extension code point */
	bool asks;      /* the peer to attest: a client needs a certificate */
	bool requires;  /* it to */
	bool keep_alpn; /* the application's, in place of seal/1 */
	/* The key to attest with, which is then TLS's; n_chain == 0: none. */
	const struct span *chain; /* DER, leaf first */
	size_t n_chain;
	struct span spki;
	/* In memory, where libssl can use it; NULL: it is in a device, which
	 * may be busy, and signing is a job of the handshake's. */
	const struct privkey *key;
};

struct stack_openssl_conf {
	enum seal_role role;
	enum stack_verify verify;
	const char *ca_file;                     /* PEM; NULL: the system's */
	const struct stack_openssl_intra *intra; /* NULL: none */
};

/* PROTOCOL 2, 3, 5.5 rule 4: what an attested connection asks of a ctx. */
int stack_openssl_prepare(struct ssl_ctx_st *ctx,
    const struct stack_openssl_conf *conf, struct seal_diag *d);
/* Checks that the settings hold on ssl, before its handshake; sets role, and
 * for a client SNI and the name to verify. */
int stack_openssl_attach(
    struct ssl_st *ssl, const struct stack_rules *rules, struct seal_diag *d);

/* ERR_clear_error(), at less cost where there is none. */
void stack_openssl_forget(void);

/* For programs without an SSL_CTX of their own. alpn is in TLS's form, names
 * with their lengths, borrowed for as long as ctx lives. */
int stack_openssl_alpn(
    struct ssl_ctx_st *ctx, const struct span *alpn, struct seal_diag *d);
int stack_openssl_ctx_new(enum seal_role role, const char *cert_file,
    const char *key_file, struct ssl_ctx_st **ret, struct seal_diag *d);
void stack_openssl_ctx_free(struct ssl_ctx_st **ctx);
int stack_openssl_on_fd(
    struct ssl_ctx_st *ctx, int fd, struct ssl_st **ret, struct seal_diag *d);
int stack_openssl_fd(const struct ssl_st *ssl); /* or -1 */
void stack_openssl_free(struct ssl_st **ssl);   /* not its fd */

#endif
