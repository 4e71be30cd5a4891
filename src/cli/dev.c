/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates for development. */
#include <stdlib.h>

#include <sealtls/tools.h>

#include "cli/opt.h"
#include "cli/out.h"

static enum opt_result
parse(const struct command *cmd, int argc, char **argv, size_t n,
    struct operands *ret, bool *json)
{
	const struct opt opts[] = {
		{ "--json", NULL, "as JSON", .flag = json },
		{ NULL },
	};

	return opt_parse(cmd, opts, argc, argv, n, n, ret);
}

/* ---- key ---- */

static int
print_key(const char *file, char *spki_sha256, bool json)
{
	struct wr w;

	wr_init_heap(&w, OUT_MAX);
	if (json) {
		wr_u8(&w, '{');
		out_json_member(&w, "key", file);
		out_json_member(&w, "spki_sha256", spki_sha256);
		wr_u8(&w, '}');
	} else {
		out_plain(&w, file);
		wr_printf(&w, ": spki_sha256 %s", spki_sha256);
	}
	free(spki_sha256);
	return out_line(stdout, &w);
}

static int
run_key(int argc, char **argv)
{
	struct seal_diag d = { 0 };
	struct operands args;
	char *digest = NULL;
	bool json = false;
	enum opt_result r = parse(&cmd_dev_key, argc, argv, 1, &args, &json);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (seal_soft_keygen(args.v[0], &digest, &d) != 0)
		return out_diag(stdout, json, &d);
	return print_key(args.v[0], digest, json);
}

/* ---- cert ---- */

static int
print_cert(const struct operands *args, bool json)
{
	struct wr w;

	wr_init_heap(&w, OUT_MAX);
	if (json) {
		wr_u8(&w, '{');
		out_json_member(&w, "name", args->v[0]);
		out_json_member(&w, "cert", args->v[1]);
		out_json_member(&w, "key", args->v[2]);
		wr_u8(&w, '}');
	} else {
		out_plain(&w, args->v[1]);
		wr_printf(&w, ": self-signed for ");
		out_plain(&w, args->v[0]);
		wr_printf(&w, ", valid 30 days; key in ");
		out_plain(&w, args->v[2]);
	}
	return out_line(stdout, &w);
}

static int
run_cert(int argc, char **argv)
{
	struct seal_diag d = { 0 };
	struct operands args;
	bool json = false;
	enum opt_result r = parse(&cmd_dev_cert, argc, argv, 3, &args, &json);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (seal_dev_certificate(args.v[0], args.v[1], args.v[2], &d) != 0)
		return out_diag(stdout, json, &d);
	return print_cert(&args, json);
}

const struct command cmd_dev_key = {
	.name = "dev key",
	.operands = "FILE [--json]",
	.summary = "make a key for software Evidence",
	.example = "  seal dev key signer.key",
	.details = "Replaces FILE. Software Evidence is for development: it "
		   "proves nothing about a\nplatform.",
	.run = run_key,
};

const struct command cmd_dev_cert = {
	.name = "dev cert",
	.operands = "NAME CERT-FILE KEY-FILE [--json]",
	.summary = "make a self-signed TLS certificate",
	.example = "  seal dev cert localhost cert.pem cert.key",
	.details = "Replaces both files. It is valid for 30 days.",
	.run = run_cert,
};
