/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <sealtls/tools.h>

#include "cli/opt.h"
#include "cli/out.h"

#define PERSISTENT_FIRST 0x81000000u
#define PERSISTENT_LAST 0x81ffffffu

/* ---- init ---- */

static int
print_report(char *report, bool json)
{
	struct wr w;

	if (!json)
		return out_text(stdout, report);
	wr_init_heap(&w, OUT_MAX);
	wr_u8(&w, '{');
	out_json_member(&w, "report", report);
	wr_u8(&w, '}');
	free(report);
	return out_line(stdout, &w);
}

static int
run_init(int argc, char **argv)
{
	struct seal_tpm_args tpm = { .out_dir = "." };
	struct seal_diag d = { 0 };
	struct operands args;
	char *report = NULL;
	bool json = false;
	const struct opt opts[] = {
		{ "--tcti", "TCTI", "the TPM (device:/dev/tpmrm0)",
		    .text = &tpm.tcti },
		{ "--out", "DIR", "for ak.pub, ak.pem, subject.pem (.)",
		    .text = &tpm.out_dir },
		{ "--srk", "HANDLE", "0x81010010", .number = &tpm.srk,
		    .min = PERSISTENT_FIRST, .max = PERSISTENT_LAST },
		{ "--ak", "HANDLE", "0x81010011", .number = &tpm.ak,
		    .min = PERSISTENT_FIRST, .max = PERSISTENT_LAST },
		{ "--subject", "HANDLE", "0x81010012", .number = &tpm.subject,
		    .min = PERSISTENT_FIRST, .max = PERSISTENT_LAST },
		{ "--json", NULL, "as JSON", .flag = &json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_tpm_init, opts, argc, argv, 0, 0, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (seal_tpm_init(&tpm, &report, &d) != 0)
		return out_diag(stdout, json, &d);
	return print_report(report, json);
}

/* ---- status ---- */

/* Opening it as an attester is the whole truth: the TPM answers, and its
 * keys are there and of the form that they need. */
static int
open_attester(const char *tcti, struct seal_diag *d)
{
	const char *settings[] = { NULL, NULL, NULL };
	struct seal_ctx *ctx = seal_ctx_new();
	int r;

	if (ctx == NULL)
		return SEAL_E_MEMORY;
	if (tcti != NULL) {
		settings[0] = "tcti";
		settings[1] = tcti;
	}
	r = seal_ctx_add_attester(ctx, "tpm2", settings, d);
	seal_ctx_free(&ctx);
	return r;
}

static int
run_status(int argc, char **argv)
{
	struct seal_diag d = { 0 };
	const char *tcti = NULL;
	struct operands args;
	bool json = false;
	const struct opt opts[] = {
		{ "--tcti", "TCTI", "the TPM (device:/dev/tpmrm0)",
		    .text = &tcti },
		{ "--json", NULL, "as JSON", .flag = &json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_tpm_status, opts, argc, argv, 0, 0, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (open_attester(tcti, &d) != 0)
		return out_diag(stdout, json, &d);
	printf(json ? "{\"ready\":true}\n"
		    : "ready: the TPM answers, and holds its keys\n");
	return EXIT_ACCEPTED;
}

const struct command cmd_tpm_init = {
	.name = "tpm init",
	.operands = "[--tcti TCTI] [--out DIR] ...",
	.summary = "provision the TPM's keys, once",
	.example = "  seal tpm init --out tpm\n"
		   "  seal tpm init --tcti swtpm:host=127.0.0.1,port=2321",
	.details =
	    "Safe to repeat; touches no key that it did not make. The report "
	    "says how to undo it.",
	.run = run_init,
};

const struct command cmd_tpm_status = {
	.name = "tpm status",
	.operands = "[--tcti TCTI]",
	.summary = "say whether the TPM can attest",
	.example = "  seal tpm status --tcti swtpm:host=127.0.0.1,port=2321",
	.run = run_status,
};
