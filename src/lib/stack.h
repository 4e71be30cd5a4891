/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_STACK_H
#define LIB_STACK_H

#include "lib/ctx.h"
#include "tls/stack.h"

/* What ctx's identity asks of a TLS stack, for peers of role's side. */
enum stack_verify stack_verify_mode(
    const struct seal_ctx *ctx, enum seal_role role);
/*
 * The rules of one connection. peer_name is what the caller connects to, or
 * NULL; a name in ctx's identity goes before it. Freezes ctx; loads its trust
 * anchors where own_chain says that the adapter validates with them. Borrows
 * from ctx.
 */
int stack_rules_make(struct seal_ctx *ctx, enum seal_role role,
    const char *peer_name, bool own_chain, struct stack_rules *ret,
    struct seal_diag *d);

#endif
