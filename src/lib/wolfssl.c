/* SPDX-License-Identifier: Apache-2.0 */
#include <sealtls/wolfssl.h>

#include "lib/conn.h"
#include "lib/stack.h"
#include "tls/stack_wolfssl.h"
#include "tls/stack_wolfssl_dtls.h"

int
seal_wolfssl_prepare(struct seal_ctx *ctx, struct WOLFSSL_CTX *wolfssl_ctx,
    enum seal_role role, struct seal_diag *d)
{
	int r = ctx_freeze(ctx, d);

	(void)role; /* each WOLFSSL knows its own, which is checked there */
	return r != 0 ? r : stack_wolfssl_prepare(wolfssl_ctx, d);
}

struct seal_conn *
seal_conn_wolfssl(struct seal_ctx *ctx, struct WOLFSSL *ssl,
    enum seal_role role, const char *peer_name, struct seal_diag *d)
{
	const struct seal_stack *stack =
	    wolfssl_is_datagram(ssl) ? &stack_wolfssl_dtls : &stack_wolfssl;
	struct stack_rules rules;
	struct seal_conn *c;
	void *tls = NULL;

	if (stack_rules_make(ctx, role, peer_name, true, &rules, d) != 0 ||
	    stack_wolfssl_attach(ssl, &rules, &tls, d) != 0)
		return NULL;
	if ((c = seal_conn_stack(ctx, stack, tls, role, d)) == NULL)
		stack->release(tls);
	return c;
}
