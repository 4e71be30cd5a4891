/* SPDX-License-Identifier: Apache-2.0 */
#include <sealtls/gnutls.h>

#include "lib/conn.h"
#include "lib/stack.h"
#include "tls/stack_gnutls.h"

int
seal_gnutls_prepare(struct seal_ctx *ctx, struct gnutls_session_int *session,
    enum seal_role role, const char *keywords, struct seal_diag *d)
{
	int r = ctx_freeze(ctx, d);

	return r != 0 ? r : stack_gnutls_prepare(session, role, keywords, d);
}

struct seal_conn *
seal_conn_gnutls(struct seal_ctx *ctx, struct gnutls_session_int *session,
    enum seal_role role, const char *peer_name, struct seal_diag *d)
{
	struct stack_rules rules;
	struct seal_conn *c;
	void *tls = NULL;

	if (stack_rules_make(ctx, role, peer_name, true, &rules, d) != 0 ||
	    stack_gnutls_attach(session, &rules, &tls, d) != 0)
		return NULL;
	if ((c = seal_conn_stack(ctx, &stack_gnutls, tls, role, d)) == NULL)
		stack_gnutls.release(tls);
	return c;
}
