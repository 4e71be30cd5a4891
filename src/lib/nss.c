/* SPDX-License-Identifier: Apache-2.0 */
#include <sealtls/nss.h>

#include "lib/conn.h"
#include "lib/stack.h"
#include "tls/stack_nss.h"

struct seal_conn *
seal_conn_nss(struct seal_ctx *ctx, struct PRFileDesc *fd, enum seal_role role,
    const char *peer_name, struct seal_diag *d)
{
	struct nss_conn *tls = NULL;
	struct stack_rules rules;
	struct seal_conn *c;

	if (stack_rules_make(ctx, role, peer_name, true, &rules, d) != 0 ||
	    nss_conn_attach(fd, &rules, &tls, d) != 0)
		return NULL;
	if ((c = seal_conn_stack(ctx, &stack_nss, tls, role, d)) == NULL)
		nss_conn_free(&tls);
	return c;
}
