/* SPDX-License-Identifier: Apache-2.0 */
#include <sealtls/tools.h>

#include "cli/opt.h"
#include "cli/out.h"

static int
run(int argc, char **argv)
{
	struct seal_diag d = { 0 };
	const char *tcti = NULL;
	struct operands args;
	char *report = NULL;
	bool json = false;
	const struct opt opts[] = {
		{ "--tcti", "TCTI", "the TPM to look at (device:/dev/tpmrm0)",
		    .text = &tcti },
		{ "--json", NULL, "as JSON", .flag = &json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_doctor, opts, argc, argv, 0, 0, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (seal_probe(tcti, json, &report, &d) != 0)
		return out_diag(stdout, json, &d);
	return out_text(stdout, report);
}

const struct command cmd_doctor = {
	.name = "doctor",
	.operands = "[--tcti TCTI] [--json]",
	.summary = "say what this machine can attest with, and why not",
	.example = "  seal doctor",
	.run = run,
};
