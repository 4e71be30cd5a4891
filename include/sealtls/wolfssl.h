/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALTLS_WOLFSSL_H
#define SEALTLS_WOLFSSL_H

#include <sealtls/conn.h>
#include <sealtls/stack.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * In libraries that were built with `-Dwolfssl=enabled`: sealtls.pc says which
 * stacks there are in its variable `stacks`. wolfSSL must have been built with
 * HAVE_KEYING_MATERIAL, as Debian's is. It is under the GPL.
 */

/* wolfSSL's own types, forward-declared: its headers are not needed here. */
struct WOLFSSL;
struct WOLFSSL_CTX;

/*
 * Prepares a WOLFSSL_CTX, once, for attested connections by ctx: TLS 1.3
 * alone, sound groups (PROTOCOL 5.5 rule 4), no session tickets or cache.
 * Certificate and key, where role needs them, and a choice of ciphers are the
 * caller's. 0, or SEAL_E_* with a reason.
 */
SEAL_API int seal_wolfssl_prepare(struct seal_ctx *ctx,
    struct WOLFSSL_CTX *wolfssl_ctx, enum seal_role role, struct seal_diag *d);

/*
 * An attested connection around ssl, made from a prepared WOLFSSL_CTX, with
 * its transport set and its handshake not yet begun. peer_name is what a pkix
 * identity must name (also sent as SNI by a client); NULL: the policy's own.
 * The peer's chain is validated by this library, at ctx's time and up to the
 * anchors of ctx's identity, within the handshake. Takes over the verify
 * callback and ALPN of ssl. Borrows ssl, which must outlive the connection;
 * NULL with d on failure.
 *
 * Where wolfSSL was built with WOLFSSL_DTLS13, a WOLFSSL of DTLS 1.3 will do
 * as well: its records are datagrams (PROTOCOL 8), and step it when
 * seal_conn_deadline() has come. A server demands a cookie, bound to the
 * address that the caller told it (wolfSSL_dtls_set_peer()).
 */
SEAL_API struct seal_conn *seal_conn_wolfssl(struct seal_ctx *ctx,
    struct WOLFSSL *ssl, enum seal_role role, const char *peer_name,
    struct seal_diag *d);

#ifdef __cplusplus
}
#endif
#endif
