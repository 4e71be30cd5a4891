/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALTLS_NSS_H
#define SEALTLS_NSS_H

#include <sealtls/conn.h>
#include <sealtls/stack.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * In libraries that were built with `-Dnss=enabled`: sealtls.pc says which
 * stacks there are in its variable `stacks`. For TLS 1.3; DTLS 1.3 goes through
 * seal_endpoint_new() (<sealtls/tools.h>), which makes its own sockets.
 */

/* NSPR's own type, forward-declared: its headers are not needed here. */
struct PRFileDesc;

/*
 * An attested connection around fd, which SSL_ImportFD() gave, over a stream
 * that does not block and with its handshake not yet begun. Sets on it what an
 * attested connection asks: TLS 1.3 alone, sound groups (PROTOCOL 5.5 rule 4),
 * ALPN "seal/1" alone, no session tickets, cache or 0-RTT, and of the cipher
 * suites that the caller enabled those of TLS 1.3. Certificate and key are the
 * caller's (SSL_ConfigServerCert(), SSL_GetClientAuthDataHook()), as is NSS's
 * initialisation. peer_name is what a pkix identity must name (also sent as SNI
 * by a client); NULL: the policy's own.
 *
 * In modes intra and both (doc/config.schema.json, PROTOCOL 9) a server's
 * attester's key and certificate become TLS's: fd must have none of its own
 * then, and the attester its key in memory, which a TPM has not. NSS shows a
 * server no extension of a client's Certificate: a client attests over it after
 * the handshake alone, and what asks for more in mode intra is refused with
 * SEAL_E_CONFIG. The handshake runs on a stack of its own, and all calls on the
 * connection must come from one thread until it is done; jobs may run on any.
 * A peer that is refused for its Evidence, or for having none, sees the alert
 * access_denied. In mode intra the caller's ALPN stays as it is.
 *
 * The peer's chain is validated by this library, at ctx's time and up to the
 * anchors of ctx's identity, within the handshake: no database of NSS's is
 * asked. Takes over the hooks for the peer's certificate and for alerts, and
 * puts a layer of its own below NSS's, which stays. Borrows fd, which must
 * outlive the connection; once that is freed nothing more leaves fd, not even
 * the alert that PR_Close() sends. NULL with d on failure, after which fd is
 * good for another try alone: its hooks are gone.
 */
SEAL_API struct seal_conn *seal_conn_nss(struct seal_ctx *ctx,
    struct PRFileDesc *fd, enum seal_role role, const char *peer_name,
    struct seal_diag *d);

#ifdef __cplusplus
}
#endif
#endif
