/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_STACK_WOLFSSL_H
#define TLS_STACK_WOLFSSL_H

#include "tls/stack.h"

struct WOLFSSL;
struct WOLFSSL_CTX;

/* wolfSSL as a TLS stack, and as one for DTLS 1.3; the tls of either is what
 * stack_wolfssl_attach() makes. */
extern const struct seal_stack stack_wolfssl, stack_wolfssl_dtls;

/* What every connection asks of a WOLFSSL_CTX; see <sealtls/wolfssl.h>. */
int stack_wolfssl_prepare(struct WOLFSSL_CTX *ctx, struct seal_diag *d);
/* Checks that the settings hold on ssl, before its handshake; copies rules.
 * *ret_tls is for stack_wolfssl, whose release() frees it. */
int stack_wolfssl_attach(struct WOLFSSL *ssl, const struct stack_rules *rules,
    void **ret_tls, struct seal_diag *d);

#endif
