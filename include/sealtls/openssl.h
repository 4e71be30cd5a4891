/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALTLS_OPENSSL_H
#define SEALTLS_OPENSSL_H

#include <sealtls/conn.h>
#include <sealtls/stack.h>

#ifdef __cplusplus
extern "C" {
#endif

/* OpenSSL's own types, forward-declared: its headers are not needed here. */
struct ssl_st;
struct ssl_ctx_st;

/*
 * Prepares an SSL_CTX, once, for attested connections by ctx: TLS 1.3 alone,
 * sound groups (PROTOCOL 5.5 rule 4), ALPN "seal/1" alone, no session
 * tickets, cache, PSK, 0-RTT or post-handshake authentication, no automatic
 * chain, released buffers, and verification as ctx's identity rule asks.
 * Certificate and key, where role needs them, are the caller's. Refuses, with
 * a reason, settings that contradict. ctx must outlive ssl_ctx.
 *
 * In modes intra and both (doc/config.schema.json, PROTOCOL 9) it also adds the
 * extension remoteAttestation, sets the certificate verification callback,
 * and takes the attester's key and certificate for TLS's: ssl_ctx must have
 * none of its own then. In mode intra the caller's ALPN stays as it is. A
 * server that changes the SSL_CTX by name, in its servername callback, prepares
 * each of them, for the same ctx: with another one it does not attest, and
 * what it requires of clients is refused after the handshake.
 */
SEAL_API int seal_openssl_prepare(struct seal_ctx *ctx,
    struct ssl_ctx_st *ssl_ctx, enum seal_role role, struct seal_diag *d);

/*
 * An attested connection around ssl, made from a prepared SSL_CTX, with its
 * transport set and its handshake not yet begun. peer_name is what a pkix
 * identity must name (also sent as SNI by a client); NULL: the policy's own.
 * Borrows ssl, which must outlive the connection; NULL with d on failure.
 * In modes intra and both the handshake takes ssl's message callback and its
 * mode SSL_MODE_ASYNC for itself, and all calls on the connection must come
 * from one thread until it is done; jobs may run on any. A message callback of
 * the caller's own is called too, where seal_openssl_message_callback() has it:
 * libssl has one place for them, and does not say who is in it.
 */
SEAL_API struct seal_conn *seal_conn_openssl(struct seal_ctx *ctx,
    struct ssl_st *ssl, enum seal_role role, const char *peer_name,
    struct seal_diag *d);

/*
 * In place of SSL_set_msg_callback() and SSL_set_msg_callback_arg(), which
 * would keep each other out: callback (or NULL) is called with arg for each of
 * ssl's protocol messages, as SSL_CTX_set_msg_callback(3) says, also while its
 * handshake attests. Call it before seal_conn_openssl(); it counts until the
 * next call. 0 or SEAL_E_MEMORY.
 */
SEAL_API int seal_openssl_message_callback(struct ssl_st *ssl,
    void (*callback)(int sent, int version, int content_type, const void *buf,
	size_t n, struct ssl_st *ssl, void *arg),
    void *arg, struct seal_diag *d);

#ifdef __cplusplus
}
#endif
#endif
