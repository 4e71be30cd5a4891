/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cli/offline.h"
#include "cli/out.h"

#define FILES_MAX 4096

struct appraise_opts {
	struct offline offline;
	struct seal_appraise_args args;
	bool json, several;
};

/* How many files ended in which way. */
struct tally {
	size_t accepted, refused, retry, unusable;
};

static void
count(struct tally *t, int status)
{
	if (status == EXIT_ACCEPTED)
		t->accepted++;
	else if (status == EXIT_RETRY)
		t->retry++;
	else if (status == EXIT_USAGE)
		t->unusable++;
	else
		t->refused++;
}

/* Some but not all: 4; else the gravest that there was (PROTOCOL 7). */
static int
tally_exit(const struct tally *t)
{
	size_t others = t->refused + t->retry + t->unusable;

	if (t->accepted > 0)
		return others > 0 ? EXIT_SOME : EXIT_ACCEPTED;
	if (t->refused > 0)
		return EXIT_REFUSED;
	return t->unusable > 0 ? EXIT_USAGE : EXIT_RETRY;
}

/* One verdict: the bare object; several: a line each, with the file. */
static int
print_json(const struct appraise_opts *o, const char *file, char *json)
{
	struct wr w;

	wr_init_heap(&w, OUT_MAX);
	if (o->several) {
		wr_u8(&w, '{');
		out_json_member(&w, "file", file);
		wr_printf(&w, ",\"verdict\":");
	}
	out_json_flat(&w, json != NULL ? json : "null");
	if (o->several)
		wr_u8(&w, '}');
	free(json);
	return out_line(stdout, &w);
}

/* No verdict; the same forms. */
static int
failed(
    const struct appraise_opts *o, const char *file, const struct seal_diag *d)
{
	struct wr w;

	if (!o->several || !o->json) {
		if (o->several)
			fprintf(stderr, "== %s\n", file);
		return out_diag(stdout, o->json, d);
	}
	wr_init_heap(&w, OUT_MAX);
	wr_u8(&w, '{');
	out_json_member(&w, "file", file);
	out_json_error(&w, d);
	wr_u8(&w, '}');
	out_line(stdout, &w);
	return out_exit(d->code);
}

static int
print(const struct appraise_opts *o, const char *file,
    const struct seal_verdict *v)
{
	if (o->json)
		return print_json(o, file, seal_verdict_json(v));
	if (o->several)
		printf("== %s\n", file);
	return out_text(stdout, seal_verdict_text(v));
}

static int
appraise(const struct appraise_opts *o, const char *file)
{
	struct seal_appraise_args args = o->args;
	struct seal_verdict *v = NULL;
	struct seal_diag d = { 0 };
	uint8_t *evidence = NULL;
	int status;

	if (offline_read(file, &evidence, &args.evidence_n, &d) != 0)
		return failed(o, file, &d);
	args.evidence = evidence;
	if (seal_appraise_offline(&args, &v, &d) != 0) {
		status = failed(o, file, &d);
	} else {
		status = seal_outcome_exit(seal_verdict_outcome(v));
		if (print(o, file, v) != EXIT_ACCEPTED)
			status = EXIT_USAGE;
	}
	seal_verdict_free(&v);
	free(evidence);
	return status;
}

static int
run(int argc, char **argv)
{
	struct appraise_opts o = { 0 };
	struct seal_diag d = { 0 };
	struct tally tally = { 0 };
	const char *policy = NULL;
	struct operands args;
	const struct opt opts[] = {
		{ "--policy", "FILE", "what is accepted", .text = &policy },
		OFFLINE_TIME(&o.offline),
		OFFLINE_BINDER(&o.offline),
		OFFLINE_NONCE(&o.offline),
		OFFLINE_TYPE(&o.offline),
		OFFLINE_ENDORSEMENTS(&o.offline),
		{ "--json", NULL, "verdicts as JSON", .flag = &o.json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_appraise, opts, argc, argv, 1, FILES_MAX, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (policy == NULL)
		return opt_usage(&cmd_appraise, "expected --policy");
	if (offline_args(&o.offline, &o.args, &d) != 0)
		return out_diag(stdout, o.json, &d);
	o.args.policy_file = policy;
	o.several = args.n > 1;
	for (size_t i = 0; i < args.n; i++)
		count(&tally, appraise(&o, args.v[i]));
	return tally_exit(&tally);
}

const struct command cmd_appraise = {
	.name = "appraise",
	.operands = "FILE... --policy FILE [--nonce HEX | --expect-binder "
		    "HEX] [--time T]",
	.summary = "judge Evidence from files",
	.example = "  seal appraise evidence.cmw --policy golden.json \\\n"
		   "      --nonce 00112233445566778899aabbccddeeff",
	.details =
	    "FILE is a CMW, or bare Evidence: binary, hex, base64 or PEM; - is "
	    "stdin. Without a\nnonce or a binder to expect, nothing is "
	    "accepted. Several files: exit status 4 where\nsome but not all "
	    "are.",
	.run = run,
};
