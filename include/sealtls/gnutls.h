/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALTLS_GNUTLS_H
#define SEALTLS_GNUTLS_H

#include <sealtls/conn.h>
#include <sealtls/stack.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * In libraries that were built with `-Dgnutls=enabled`: sealtls.pc says which
 * stacks there are in its variable `stacks`.
 */

/* GnuTLS's own type, forward-declared: `gnutls_session_t` points to it. */
struct gnutls_session_int;

/*
 * Prepares one session for an attested connection by ctx: TLS 1.3 alone, sound
 * groups (PROTOCOL 5.5 rule 4), ALPN "seal/1" alone, X.509 alone, no session
 * tickets, database, PSK or 0-RTT. session comes from gnutls_init(), with the
 * side that role says, without GNUTLS_ENABLE_EARLY_START, and with certificate
 * credentials; its own key and certificate in them are the caller's. keywords
 * are put into the priority string before ours, as to choose among ciphers
 * ("-CIPHER-ALL:+AES-256-GCM"); or NULL. 0, or SEAL_E_* with a reason.
 */
SEAL_API int seal_gnutls_prepare(struct seal_ctx *ctx,
    struct gnutls_session_int *session, enum seal_role role,
    const char *keywords, struct seal_diag *d);

/*
 * An attested connection around a prepared session, with its transport set and
 * its handshake not yet begun. peer_name is what a pkix identity must name
 * (also sent as SNI by a client); NULL: the policy's own. The peer's chain is
 * validated by this library, at ctx's time and up to the anchors of ctx's
 * identity, within the handshake: verification functions and anchors of the
 * credentials are not asked. Takes over the session's verify function and
 * database pointer. Borrows session, which must outlive the connection; NULL
 * with d on failure.
 */
SEAL_API struct seal_conn *seal_conn_gnutls(struct seal_ctx *ctx,
    struct gnutls_session_int *session, enum seal_role role,
    const char *peer_name, struct seal_diag *d);

#ifdef __cplusplus
}
#endif
#endif
