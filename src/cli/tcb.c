/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/diag.h"
#include "cli/offline.h"
#include "cli/opt.h"
#include "cli/out.h"

#define DAYS_MAX 3650

static int
outlook_exit(const struct seal_tcb_outlook *l)
{
	return l->refused_now    ? EXIT_REFUSED
	       : l->refused_soon ? EXIT_RETRY
				 : EXIT_ACCEPTED;
}

static int
run_status(int argc, char **argv)
{
	struct seal_tcb_outlook outlook = { 0 };
	struct offline offline = { NULL };
	struct seal_appraise_args a;
	const char *policy = NULL;
	struct seal_diag d = { 0 };
	struct operands args;
	uint8_t *evidence = NULL;
	uint32_t days = 1;
	bool json = false;
	char *text = NULL;
	int status;
	const struct opt opts[] = {
		{ "--policy", "FILE", "whose rules", .text = &policy },
		OFFLINE_ENDORSEMENTS(&offline),
		OFFLINE_TIME(&offline),
		OFFLINE_TYPE(&offline),
		{ "--days", "N", "how far to look ahead (1)", .number = &days,
		    .max = DAYS_MAX },
		{ "--json", NULL, "as JSON", .flag = &json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_tcb_status, opts, argc, argv, 0, 1, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (policy == NULL)
		return opt_usage(&cmd_tcb_status, "expected --policy");
	if (offline_args(&offline, &a, &d) != 0)
		return out_diag(stdout, json, &d);
	a.policy_file = policy;
	if (args.n == 1 &&
	    offline_read(args.v[0], &evidence, &a.evidence_n, &d) != 0)
		return out_diag(stdout, json, &d);
	a.evidence = evidence;
	if (seal_tcb_status(&a, days, json, &text, &outlook, &d) != 0)
		status = out_diag(stdout, json, &d);
	else
		status = out_text(stdout, text) == EXIT_ACCEPTED
			     ? outlook_exit(&outlook)
			     : EXIT_USAGE;
	free(evidence);
	return status;
}

const struct command cmd_tcb_status = {
	.name = "tcb status",
	.operands = "[EVIDENCE] --policy FILE [--endorsements DIR] [--days N]",
	.summary = "say what refuses a platform now, and what soon will",
	.example = "  seal tcb status quote.bin --policy golden.json \\\n"
		   "      --endorsements collateral --days 7",
	.details =
	    "Without Evidence: each TCB level of Intel's TCB Info. The binder "
	    "and the age of the\nEvidence are left out. Exit status 0: nothing "
	    "refuses it within N days; 3: something\nwill; 2: something does.",
	.run = run_status,
};
