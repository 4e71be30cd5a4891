/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_STACK_OPENSSL_INTRA_H
#define TLS_STACK_OPENSSL_INTRA_H

#include "tls/intra.h"

struct ssl_st;
struct ssl_ctx_st;

/*
 * The extension `remoteAttestation` on OpenSSL. Handshakes of a connection
 * with an intra run on a fibre of libcrypto's (ASYNC_start_job(3)), the only
 * thing that can wait between ServerHello and Certificate; SSL_do_handshake()
 * then says SSL_ERROR_WANT_ASYNC while intra_waiting(), and all calls must
 * come from one thread.
 */

/* Registers the extension, and the verification that judges Evidence once the
 * chain stands; shown: chains are shown, not validated. Once per ctx. */
int stack_openssl_intra_prepare(
    struct ssl_ctx_st *ctx, uint16_t type, bool shown, struct seal_diag *d);
/* Borrows intra until stack_openssl_intra_detach(). */
int stack_openssl_intra_attach(
    struct ssl_st *ssl, struct intra *intra, struct seal_diag *d);
/* After the handshake, or to give it up: a fibre that waits is ended, since
 * SSL_free() would leak it; muted: without another word to the transport. */
void stack_openssl_intra_detach(struct ssl_st *ssl, bool muted);
/* Why the handshake failed, where it was for attestation's sake; or NULL. */
const struct seal_diag *stack_openssl_intra_diag(const struct ssl_st *ssl);
/* Was the peer's chain validated, and for which name? For the job that
 * judges, which runs before the handshake has ended. */
bool stack_openssl_intra_verified(const struct ssl_st *ssl);

#endif
