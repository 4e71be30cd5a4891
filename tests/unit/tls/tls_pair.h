/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_TLS_PAIR_H
#define UNIT_TLS_PAIR_H

#include <openssl/ssl.h>

#include "tls/stack_openssl.h"

/* Two real libssl connections, joined by memory. */
struct tls_pair {
	SSL_CTX *cc, *sc;
	SSL *c, *s;
	enum seal_io client, server; /* how the handshakes ended */
	struct seal_diag cd, sd;
};

/* A P-256 key and its own certificate, for host.test and 192.0.2.1, which
 * tls_pair_cert_file() leaves in a file, for use as a CA. */
void tls_pair_setup(void);
void tls_pair_teardown(void);
const char *tls_pair_cert_file(void);
void tls_pair_use_cert(SSL_CTX *ctx);

/* Bare contexts with libssl's settings; the server has the certificate. */
void tls_pair_new(struct tls_pair *p);
/* Prepares both sides, or one. */
void tls_pair_prepare(
    struct tls_pair *p, enum seal_role role, enum stack_verify verify);
/* Makes the connections and joins them. */
void tls_pair_join(struct tls_pair *p);
/* To verify name, unless it is NULL. */
struct stack_rules tls_pair_rules(enum seal_role role, const char *name);
void tls_pair_attach(struct tls_pair *p, enum seal_role role, const char *name);
void tls_pair_handshake(struct tls_pair *p);
void tls_pair_free(struct tls_pair *p);

#endif
