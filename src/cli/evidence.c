/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/out.h"
#include "cli/setup.h"

struct evidence_opts {
	struct setup setup;
	struct opt_bytes nonce;
	const char *out;
	bool json;
};

static int
print_json(const struct evidence_opts *o, struct span cmw)
{
	struct wr w;

	wr_init_heap(&w, OUT_MAX);
	wr_printf(&w, "{\"nonce\":\"");
	wr_hex(&w, span_of(o->nonce.p, o->nonce.n));
	wr_printf(&w, "\",\"cmw\":\"");
	b64url_encode(cmw, &w);
	wr_printf(&w, "\"}");
	return out_line(stdout, &w);
}

static int
deliver(const struct evidence_opts *o, struct span cmw)
{
	struct seal_diag d = { 0 };

	if (o->out != NULL)
		return file_write(o->out, cmw, 0644, &d) == 0
			   ? EXIT_ACCEPTED
			   : out_diag(stdout, o->json, &d);
	if (o->json)
		return print_json(o, cmw);
	if (fwrite(cmw.p, 1, cmw.n, stdout) == cmw.n && fflush(stdout) == 0)
		return EXIT_ACCEPTED;
	seal_fail(&d, SEAL_E_IO, "stdout: cannot write");
	return out_diag(stdout, false, &d);
}

static int
collect(const struct evidence_opts *o)
{
	struct seal_ctx *ctx = NULL;
	struct seal_diag d = { 0 };
	void *cmw = NULL;
	size_t n = 0;
	int status;

	if (setup_ctx(&o->setup, &ctx, &d) == 0 &&
	    seal_evidence_offline(ctx, o->nonce.p, o->nonce.n, &cmw, &n, &d) ==
		0)
		status = deliver(o, span_of(cmw, n));
	else
		status = out_diag(stdout, o->json, &d);
	free(cmw);
	seal_ctx_free(&ctx);
	return status;
}

static int
run(int argc, char **argv)
{
	struct evidence_opts o = { 0 };
	struct operands args;
	const struct opt opts[] = {
		SETUP_CONFIG(&o.setup),
		SETUP_ATTEST(&o.setup),
		{ "--nonce", "HEX", "8 to 64 bytes of your choice",
		    .bytes = &o.nonce },
		{ "-o", "FILE", "where to (stdout)", .text = &o.out },
		{ "--json", NULL, "as JSON, in base64url", .flag = &o.json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_evidence, opts, argc, argv, 0, 0, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (o.setup.config == NULL && o.setup.attest.n == 0)
		return opt_usage(
		    &cmd_evidence, "expected --config or --attest");
	if (o.nonce.n < 8)
		return opt_usage(
		    &cmd_evidence, "expected --nonce with 8 to 64 bytes");
	if (o.out == NULL && !o.json && isatty(STDOUT_FILENO))
		return opt_usage(&cmd_evidence,
		    "Evidence is binary: expected -o, --json or a pipe");
	return collect(&o);
}

const struct command cmd_evidence = {
	.name = "evidence",
	.operands = "(--config FILE | --attest SPEC) --nonce HEX [-o FILE]",
	.summary = "make Evidence without a connection, to look at",
	.example =
	    "  seal evidence --attest 'soft:key=signer.key' \\\n"
	    "      --nonce 00112233445566778899aabbccddeeff -o evidence.cmw",
	.details = "It can never pass for a connection's: it signs "
		   "SHA-256(\"SEAL offline evidence v1\" ||\nnonce).",
	.run = run,
};
