/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/file.h"
#include "cli/offline.h"
#include "cli/opt.h"
#include "cli/out.h"

/* ---- create ---- */

static int
put_bytes(const char *out, struct span bytes)
{
	struct seal_diag d = { 0 };

	if (out != NULL)
		return file_write(out, bytes, 0644, &d) == 0
			   ? EXIT_ACCEPTED
			   : out_diag(stdout, false, &d);
	if (fwrite(bytes.p, 1, bytes.n, stdout) == bytes.n &&
	    fflush(stdout) == 0)
		return EXIT_ACCEPTED;
	seal_fail(&d, SEAL_E_IO, "stdout: cannot write");
	return out_diag(stdout, false, &d);
}

static int
run_create(int argc, char **argv)
{
	struct seal_corim_args a = { NULL };
	const char *out = NULL;
	struct seal_diag d = { 0 };
	struct operands args;
	void *corim = NULL;
	size_t n = 0;
	int status;
	const struct opt opts[] = {
		{ "-o", "FILE", "where to (stdout)", .text = &out },
		{ "--sign", "FILE", "private key that signs it (PEM)",
		    .text = &a.key_file },
		{ "--cert", "FILE", "its certificates, to carry (PEM)",
		    .text = &a.cert_file },
		{ "--signer", "NAME", "who signs (the first entity)",
		    .text = &a.signer },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_corim_create, opts, argc, argv, 1, 1, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (out == NULL && isatty(STDOUT_FILENO))
		return opt_usage(&cmd_corim_create,
		    "a CoRIM is binary: expected -o or a pipe");
	a.json_file = args.v[0];
	if (seal_corim_create(&a, &corim, &n, &d) != 0)
		return out_diag(stdout, false, &d);
	status = put_bytes(out, span_of(corim, n));
	free(corim);
	return status;
}

/* ---- from-policy ---- */

static int
run_from_policy(int argc, char **argv)
{
	const char *out = NULL, *id = NULL, *until = NULL;
	struct seal_diag d = { 0 };
	struct operands args;
	char *json = NULL;
	struct wr w;
	int status;
	const struct opt opts[] = {
		{ "-o", "FILE", "where to (stdout)", .text = &out },
		{ "--id", "TEXT", "of the CoRIM (from the policy's hash)",
		    .text = &id },
		{ "--not-after", "T", "as 2026-01-31T12:00:00Z (no end)",
		    .text = &until },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_corim_from_policy, opts, argc, argv, 1, 1, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (seal_corim_from_policy(args.v[0], id, until, &json, &d) != 0)
		return out_diag(stdout, false, &d);
	if (out == NULL)
		return out_text(stdout, json);
	wr_init_heap(&w, OUT_MAX);
	wr_bytes(&w, span_str(json));
	wr_u8(&w, '\n');
	status = w.error == 0 && file_write(out, wr_view(&w), 0644, &d) == 0
		     ? EXIT_ACCEPTED
		     : out_diag(stdout, false, &d);
	wr_free(&w);
	free(json);
	return status;
}

/* ---- show ---- */

static int
run_show(int argc, char **argv)
{
	struct seal_diag d = { 0 };
	struct operands args;
	uint8_t *in = NULL;
	char *text = NULL;
	bool json = false;
	size_t n = 0;
	int status;
	const struct opt opts[] = {
		{ "--json", NULL, "as JSON", .flag = &json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_corim_show, opts, argc, argv, 1, 1, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (offline_read(args.v[0], &in, &n, &d) != 0)
		return out_diag(stdout, json, &d);
	status = seal_inspect(in, n, "corim", json, &text, &d) == 0
		     ? out_text(stdout, text)
		     : out_diag(stdout, json, &d);
	free(in);
	return status;
}

/* ---- verify ---- */

static int
verify(const char *file, struct seal_corim_check *c, struct seal_diag *d)
{
	uint8_t *in = NULL;
	char *text = NULL;
	size_t n = 0;
	int status;

	if (offline_read(file, &in, &n, d) != 0)
		return out_diag(stdout, false, d);
	c->corim = in;
	c->corim_n = n;
	if (seal_corim_verify(c, &text, d) == 0) {
		status = out_text(stdout, text);
	} else {
		out_diag(stdout, false, d);
		status = d->code == SEAL_E_IO || d->code == SEAL_E_ARGUMENT ||
				 d->code == SEAL_E_CONFIG
			     ? EXIT_USAGE
			     : EXIT_REFUSED;
	}
	free(in);
	return status;
}

static int
run_verify(int argc, char **argv)
{
	struct opt_bytes pin = { .n = 0 };
	struct seal_appraise_args times;
	struct seal_corim_check c = { NULL };
	struct offline o = { NULL };
	struct seal_diag d = { 0 };
	struct operands args;
	const struct opt opts[] = {
		{ "--key", "FILE", "of its signer, or a certificate",
		    .text = &c.key_file },
		{ "--spki-sha256", "HEX", "of the signer that it carries",
		    .bytes = &pin },
		{ "--ca", "FILE", "of the chain that it carries",
		    .text = &c.ca_file },
		OFFLINE_TIME(&o),
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_corim_verify, opts, argc, argv, 1, 1, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if ((c.key_file != NULL) + (c.ca_file != NULL) + (pin.n > 0) != 1 ||
	    (pin.n != 0 && pin.n != 32))
		return opt_usage(&cmd_corim_verify,
		    "expected one of --key, --ca and --spki-sha256 (32 bytes)");
	if (offline_args(&o, &times, &d) != 0)
		return out_diag(stdout, false, &d);
	c.unix_s = times.unix_s;
	c.spki_sha256 = pin.n > 0 ? pin.p : NULL;
	return verify(args.v[0], &c, &d);
}

const struct command cmd_corim_create = {
	.name = "corim create",
	.operands = "FILE.json [-o FILE] [--sign KEY [--cert FILE]]",
	.summary = "write a CoRIM: reference values and keys",
	.example = "  seal corim create values.json --sign maker.key \\\n"
		   "      --signer 'ACME Ltd' -o values.corim",
	.details =
	    "doc/corim.schema.json describes the file. A signature needs a "
	    "name; a policy finds\nits key by itself, or the CoRIM carries it "
	    "in a certificate.",
	.run = run_create,
};

const struct command cmd_corim_from_policy = {
	.name = "corim from-policy",
	.operands = "POLICY.json [-o FILE.json] [--id TEXT] [--not-after T]",
	.summary = "turn what a policy pins into a CoRIM's JSON",
	.example = "  seal corim from-policy golden.json -o values.json",
	.details = "Its values become reference triples, its pinned signers "
		   "attest-key triples. Certificate\nauthorities and key "
		   "policies stay in policies.",
	.run = run_from_policy,
};

const struct command cmd_corim_show = {
	.name = "corim show",
	.operands = "FILE|- [--json]",
	.summary = "show what a CoRIM says",
	.example = "  seal corim show values.corim",
	.details = "Nothing in it is verified.",
	.run = run_show,
};

const struct command cmd_corim_verify = {
	.name = "corim verify",
	.operands = "FILE|- (--key FILE | --ca FILE | --spki-sha256 HEX)",
	.summary = "verify who signed a CoRIM, and that it is valid",
	.example = "  seal corim verify values.corim --key maker.pub",
	.run = run_verify,
};
