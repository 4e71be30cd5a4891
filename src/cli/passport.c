/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/diag.h"
#include "base/file.h"
#include "cli/out.h"
#include "cli/setup.h"

struct passport_opts {
	struct setup setup;
	const char *out;
};

static int
get(const struct passport_opts *o)
{
	struct seal_ctx *ctx = NULL;
	struct seal_diag d = { 0 };
	char *token = NULL;
	int status;

	if (setup_ctx(&o->setup, &ctx, &d) != 0 ||
	    seal_passport_get(ctx, &token, &d) != 0)
		status = out_diag(stdout, false, &d);
	else if (o->out == NULL)
		status = puts(token) >= 0 && fflush(stdout) == 0 ? EXIT_ACCEPTED
								 : EXIT_USAGE;
	else
		status = file_write(o->out, span_str(token), 0644, &d) == 0
			     ? EXIT_ACCEPTED
			     : out_diag(stdout, false, &d);
	free(token);
	seal_ctx_free(&ctx);
	return status;
}

static int
run(int argc, char **argv)
{
	struct passport_opts o = { 0 };
	struct operands args;
	const struct opt opts[] = {
		SETUP_CONFIG(&o.setup),
		{ "-o", "FILE", "where to (stdout)", .text = &o.out },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_passport_get, opts, argc, argv, 0, 0, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (o.setup.config == NULL)
		return opt_usage(&cmd_passport_get, "expected --config");
	return get(&o);
}

const struct command cmd_passport_get = {
	.name = "passport get",
	.operands = "--config FILE [-o FILE]",
	.summary = "get a signed result about this machine from its Verifier",
	.example = "  seal passport get --config attester.json -o result.jwt",
	.details = "The configuration's first attester with a 'passport' "
		   "attests over a nonce of that\nVerifier's. The result is "
		   "a JWT as the Verifier wrote it: nothing here has "
		   "verified it.",
	.run = run,
};
