/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_STACK_GNUTLS_H
#define TLS_STACK_GNUTLS_H

#include "tls/stack.h"

struct gnutls_session_int;

/* GnuTLS as a TLS stack; its tls is what stack_gnutls_attach() makes. */
extern const struct seal_stack stack_gnutls;

/* What every connection asks of a session; see <sealtls/gnutls.h>. */
int stack_gnutls_prepare(struct gnutls_session_int *session,
    enum seal_role role, const char *keywords, struct seal_diag *d);
/* Checks that the settings hold on a prepared session, before its handshake;
 * copies rules. *ret_tls is for stack_gnutls, whose release() frees it. */
int stack_gnutls_attach(struct gnutls_session_int *session,
    const struct stack_rules *rules, void **ret_tls, struct seal_diag *d);

#endif
