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
/* SSL_do_handshake(), for an SSL that attests or one that does not. */
int stack_openssl_intra_handshake(struct ssl_st *ssl);
/* A sign_fn for keys in devices: the handshake that this thread is in waits
 * for the job that signs. */
int stack_openssl_intra_sign(void *ctx, uint16_t scheme, struct span tbs,
    struct wr *out, struct seal_diag *d);
/* The caller's own message callback; see sealtls/openssl.h. */
int stack_openssl_intra_message_callback(struct ssl_st *ssl,
    void (*callback)(
	int, int, int, const void *, size_t, struct ssl_st *, void *),
    void *arg, struct seal_diag *d);
/* tls is the SSL. A fibre that waits is ended by detach: SSL_free() would leak
 * it. */
extern const struct intra_stack intra_openssl;

#endif
