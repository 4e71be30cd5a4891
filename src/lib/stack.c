/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/stack.h"

#include <string.h>

#include "lib/conn.h"

enum stack_verify
stack_verify_mode(const struct seal_ctx *ctx, enum seal_role role)
{
	if (ctx->observe)
		return role == SEAL_CLIENT ? STACK_VERIFY_SHOWN
					   : STACK_VERIFY_NONE;
	switch (identity_mode(ctx, role)) {
	case IDENTITY_PIN:
		return STACK_VERIFY_SHOWN;
	case IDENTITY_NONE:
		return STACK_VERIFY_NONE;
	case IDENTITY_UNSET:
	case IDENTITY_PKIX:
		break;
	}
	return identity_in_authenticator(ctx, role) ? STACK_VERIFY_PKIX_OPTIONAL
						    : STACK_VERIFY_PKIX;
}

static int
rules_name(struct stack_rules *rules, const char *name, struct seal_diag *d)
{
	if (name == NULL)
		return 0;
	if (name[0] == '\0' || strlen(name) >= sizeof(rules->name))
		return seal_fail(d, SEAL_E_CONFIG,
		    "identity: expected the peer's name in 1 to %zu bytes",
		    sizeof(rules->name) - 1);
	memcpy(rules->name, name, strlen(name) + 1);
	return 0;
}

int
stack_rules_make(struct seal_ctx *ctx, enum seal_role role,
    const char *peer_name, bool own_chain, struct stack_rules *ret,
    struct seal_diag *d)
{
	const struct identity *id = ctx_identity(ctx);
	struct stack_rules rules = {
		.role = role,
		.verify = stack_verify_mode(ctx, role),
		.verify_name = !ctx->observe &&
			       (role == SEAL_CLIENT || id->name != NULL) &&
			       identity_mode(ctx, role) == IDENTITY_PKIX,
		.unix_s = ctx->unix_s,
		.arg = ctx->clock_arg,
	};
	int r;

	if (id->name != NULL || role == SEAL_SERVER)
		peer_name = id->name;
	if ((r = ctx_freeze(ctx, d)) != 0 ||
	    (r = rules_name(&rules, peer_name, d)) != 0)
		return r;
	if (own_chain &&
	    (rules.verify == STACK_VERIFY_PKIX ||
		rules.verify == STACK_VERIFY_PKIX_OPTIONAL) &&
	    (r = ctx_anchors(ctx, &rules.trust, d)) != 0)
		return r;
	*ret = rules;
	return 0;
}
