/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "lib/ctx.h"

#define GET_TIMEOUT_MS 60000u

int
seal_passport_get(struct seal_ctx *ctx, char **ret, struct seal_diag *d)
{
	struct remote_result got = { 0 };
	size_t i = 0;
	int r;

	while (i < ctx->n_attesters && ctx->passports[i] == NULL)
		i++;
	if (i == ctx->n_attesters) {
		seal_fail(d, SEAL_E_CONFIG,
		    "passport: expected an attester with a 'passport', found "
		    "none");
		seal_remedy(d, "see doc/config.schema.json");
		return SEAL_E_CONFIG;
	}
	r = remote_attest(passport_via(ctx->passports[i]), ctx->attesters[i],
	    GET_TIMEOUT_MS, &got, d);
	if (r == 0 && (*ret = strndup((char *)got.token, got.n)) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "passport");
	remote_result_wipe(&got);
	return r;
}
