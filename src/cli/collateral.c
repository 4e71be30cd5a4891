/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sealtls/collateral.h>

#include "base/diag.h"
#include "base/file.h"
#include "cli/offline.h"
#include "cli/opt.h"
#include "cli/out.h"

#define DAY_S 86400u
#define DAYS_MAX 3650
#define FILES_MAX 4096

/* What all of these commands have in common. */
struct common {
	const char *dir, *time;
	struct opt_list anchors;
	const char *files[OPT_LIST_MAX + 1];
	bool json;
};

#define COMMON(c)                                                           \
	{ "--dir", "DIR", "the folder of collateral", .text = &(c)->dir },  \
	    { "--anchors", "FILE", "roots (PEM) in place of the vendors'",  \
		    .list = &(c)->anchors },                                \
	    { "--time", "T", "seconds since 1970, or 2026-01-31T12:00:00Z", \
		    .text = &(c)->time },                                   \
	{                                                                   \
		"--json", NULL, "as JSON", .flag = &(c)->json               \
	}

/* Fills ret, which borrows from c. */
static int
common_take(struct common *c, struct seal_collateral *ret, struct seal_diag *d)
{
	struct offline o = { .time = c->time };
	struct seal_appraise_args times;
	int r;

	if (c->dir == NULL)
		return seal_fail(d, SEAL_E_ARGUMENT, "expected --dir");
	if ((r = offline_args(&o, &times, d)) != 0)
		return r;
	memcpy(c->files, c->anchors.values, sizeof(c->anchors.values));
	c->files[c->anchors.n] = NULL;
	*ret = (struct seal_collateral){ .dir = c->dir,
		.anchors = c->anchors.n > 0 ? c->files : NULL,
		.unix_s = times.unix_s,
		.as_json = c->json };
	return 0;
}

/* Some but not all: 4; else the gravest. */
static int
tally_exit(const struct seal_collateral_tally *t)
{
	if (t->refused + t->retry == 0)
		return EXIT_ACCEPTED;
	if (t->good > 0)
		return EXIT_SOME;
	return t->refused > 0 ? EXIT_REFUSED : EXIT_RETRY;
}

/* Checking is about the worst of them. */
static int
worst_exit(const struct seal_collateral_tally *t)
{
	return t->refused > 0 ? EXIT_REFUSED
	       : t->retry > 0 ? EXIT_RETRY
			      : EXIT_ACCEPTED;
}

static int
answer(char *text, int status)
{
	return out_text(stdout, text) == EXIT_ACCEPTED ? status : EXIT_USAGE;
}

/* ---- import ---- */

static int
run_import(int argc, char **argv)
{
	struct seal_collateral_tally tally = { 0 };
	struct common common = { NULL };
	struct seal_collateral c;
	struct seal_diag d = { 0 };
	struct operands args;
	const char **paths;
	char *text = NULL;
	int r;
	const struct opt opts[] = { COMMON(&common), { NULL } };
	enum opt_result o = opt_parse(
	    &cmd_collateral_import, opts, argc, argv, 1, FILES_MAX, &args);

	if (o != OPT_RUN)
		return opt_exit(o);
	if (common_take(&common, &c, &d) != 0)
		return out_diag(stdout, common.json, &d);
	if ((paths = calloc(args.n + 1, sizeof(*paths))) == NULL)
		return EXIT_USAGE;
	for (size_t i = 0; i < args.n; i++)
		paths[i] = args.v[i];
	r = seal_collateral_import(&c, paths, &text, &tally, &d);
	free(paths);
	return r != 0 ? out_diag(stdout, common.json, &d)
		      : answer(text, tally_exit(&tally));
}

/* ---- pack ---- */

static int
run_pack(int argc, char **argv)
{
	struct common common = { NULL };
	struct seal_collateral c;
	struct seal_diag d = { 0 };
	struct operands args;
	void *tar = NULL;
	size_t n = 0;
	int status;
	const struct opt opts[] = {
		{ "--dir", "DIR", "the folder of collateral",
		    .text = &common.dir },
		{ NULL },
	};
	enum opt_result o =
	    opt_parse(&cmd_collateral_pack, opts, argc, argv, 1, 1, &args);

	if (o != OPT_RUN)
		return opt_exit(o);
	if (common_take(&common, &c, &d) != 0 ||
	    seal_collateral_pack(&c, &tar, &n, &d) != 0)
		return out_diag(stdout, false, &d);
	status = file_write(args.v[0], span_of(tar, n), 0644, &d) == 0
		     ? EXIT_ACCEPTED
		     : out_diag(stdout, false, &d);
	free(tar);
	return status;
}

/* ---- list ---- */

static int
run_list(int argc, char **argv)
{
	struct common common = { NULL };
	struct seal_collateral c;
	struct seal_diag d = { 0 };
	struct operands args;
	char *text = NULL;
	const struct opt opts[] = { COMMON(&common), { NULL } };
	enum opt_result o =
	    opt_parse(&cmd_collateral_list, opts, argc, argv, 0, 0, &args);

	if (o != OPT_RUN)
		return opt_exit(o);
	if (common_take(&common, &c, &d) != 0 ||
	    seal_collateral_list(&c, &text, &d) != 0)
		return out_diag(stdout, common.json, &d);
	return answer(text, EXIT_ACCEPTED);
}

/* ---- Whose ---- */

struct whose {
	const char *evidence, *type, *product, *fmspc, *ca;
	bool vlek, sgx;
	uint8_t *bytes;
};

#define WHOSE(w)                                                            \
	{ "--for", "FILE", "the platform of this Evidence",                 \
		.text = &(w)->evidence },                                   \
	    { "--type", "MEDIA-TYPE", "of Evidence that is no CMW",         \
		    .text = &(w)->type },                                   \
	    { "--product", "NAME", "of AMD's: Milan, Genoa or Turin",       \
		    .text = &(w)->product },                                \
	    { "--vlek", NULL, "for keys of providers, not of chips",        \
		    .flag = &(w)->vlek },                                   \
	    { "--fmspc", "HEX", "of Intel's: a kind of platform",           \
		    .text = &(w)->fmspc },                                  \
	    { "--ca", "NAME", "of its PCKs: platform (usual) or processor", \
		    .text = &(w)->ca },                                     \
	{                                                                   \
		"--sgx", NULL, "for SGX, not TDX, with --fmspc",            \
		    .flag = &(w)->sgx                                       \
	}

static bool
whose_given(const struct whose *w)
{
	return w->evidence != NULL || w->product != NULL || w->fmspc != NULL;
}

static int
whose_take(
    struct whose *w, struct seal_collateral_for *ret, struct seal_diag *d)
{
	*ret = (struct seal_collateral_for){ .type = w->type,
		.product = w->product,
		.vlek = w->vlek,
		.fmspc = w->fmspc,
		.tdx = !w->sgx,
		.ca = w->ca };
	if (w->evidence == NULL)
		return 0;
	if (offline_read(w->evidence, &w->bytes, &ret->evidence_n, d) != 0)
		return d->code;
	ret->evidence = w->bytes;
	return 0;
}

/* ---- check ---- */

static int
run_check(int argc, char **argv)
{
	struct seal_collateral_tally tally = { 0 };
	struct seal_collateral_check check = { 0 };
	struct seal_collateral_for what;
	struct common common = { NULL };
	struct whose whose = { NULL };
	struct seal_collateral c;
	struct seal_diag d = { 0 };
	struct operands args;
	uint32_t within = 0, age = 0;
	char *text = NULL;
	int status;
	const struct opt opts[] = {
		COMMON(&common),
		{ "--within", "DAYS", "tell what ends so soon",
		    .number = &within, .max = DAYS_MAX },
		{ "--max-age", "DAYS", "of lists and documents", .number = &age,
		    .min = 1, .max = DAYS_MAX },
		WHOSE(&whose),
		{ NULL },
	};
	enum opt_result o =
	    opt_parse(&cmd_collateral_check, opts, argc, argv, 0, 0, &args);

	if (o != OPT_RUN)
		return opt_exit(o);
	check.within_s = within * DAY_S;
	check.max_age_s = age * DAY_S;
	check.what = whose_given(&whose) ? &what : NULL;
	if (common_take(&common, &c, &d) != 0 ||
	    whose_take(&whose, &what, &d) != 0 ||
	    seal_collateral_check(&c, &check, &text, &tally, &d) != 0)
		status = out_diag(stdout, common.json, &d);
	else
		status = answer(text, worst_exit(&tally));
	free(whose.bytes);
	return status;
}

/* ---- fetch ---- */

static int
run_fetch(int argc, char **argv)
{
	struct seal_collateral_tally tally = { 0 };
	struct seal_collateral_fetch f = { .timeout_ms = 0 };
	struct common common = { NULL };
	struct whose whose = { NULL };
	struct seal_collateral c;
	struct seal_diag d = { 0 };
	struct operands args;
	uint32_t within = 1, age = 7, timeout_s = 60;
	bool force = false;
	char *text = NULL;
	int status;
	const struct opt opts[] = {
		COMMON(&common),
		WHOSE(&whose),
		{ "--kds", "URL", "AMD's service, or a cache of it",
		    .text = &f.kds },
		{ "--pcs", "URL", "Intel's service, or a PCCS",
		    .text = &f.pcs },
		{ "--root-crl", "URL", "where Intel's IntelSGXRootCA.der is",
		    .text = &f.root_crl },
		{ "--ca-file", "FILE", "of the services' TLS (the system's)",
		    .text = &f.ca_file },
		{ "--timeout", "S", "over all (60)", .number = &timeout_s,
		    .min = 1, .max = 3600 },
		{ "--within", "DAYS", "renew what ends so soon (1)",
		    .number = &within, .max = DAYS_MAX },
		{ "--max-age", "DAYS", "renew what is older (7)",
		    .number = &age, .min = 1, .max = DAYS_MAX },
		{ "--force", NULL, "renew all but certificates",
		    .flag = &force },
		{ NULL },
	};
	enum opt_result o =
	    opt_parse(&cmd_collateral_fetch, opts, argc, argv, 0, 0, &args);

	if (o != OPT_RUN)
		return opt_exit(o);
	f.timeout_ms = timeout_s * 1000;
	f.within_s = within * DAY_S;
	f.max_age_s = age * DAY_S;
	f.force = force;
	if (common_take(&common, &c, &d) != 0 ||
	    whose_take(&whose, &f.what, &d) != 0 ||
	    seal_collateral_fetch(&c, &f, &text, &tally, &d) != 0)
		status = out_diag(stdout, common.json, &d);
	else
		status = answer(text, tally_exit(&tally));
	free(whose.bytes);
	return status;
}

const struct command cmd_collateral_fetch = {
	.name = "collateral fetch",
	.operands = "--dir DIR (--for FILE | --product NAME | --fmspc HEX)",
	.summary = "get what is missing or ends from AMD or Intel",
	.example = "  seal collateral fetch --dir collateral --for report.bin",
	.details =
	    "Each answer is verified before it is stored. This is the one "
	    "command that asks vendors\nover the network. Exit status 4: some "
	    "but not all; 3: none, try again; 2: refused.",
	.run = run_fetch,
};

const struct command cmd_collateral_import = {
	.name = "collateral import",
	.operands = "FILE|DIR... --dir DIR [--anchors FILE]",
	.summary = "take collateral from files, verified first",
	.example = "  seal collateral import carried.tar --dir collateral",
	.details = "PEM, DER, JSON as Intel's service gives it, bundles of "
		   "it, and what `seal collateral\npack` wrote. Nothing older "
		   "takes the place of what is there.",
	.run = run_import,
};

const struct command cmd_collateral_pack = {
	.name = "collateral pack",
	.operands = "FILE.tar --dir DIR",
	.summary = "write all of it as one file, to carry",
	.example = "  seal collateral pack carried.tar --dir collateral",
	.run = run_pack,
};

const struct command cmd_collateral_check = {
	.name = "collateral check",
	.operands = "--dir DIR [--within DAYS] [--for FILE]",
	.summary = "say what has ended, ends soon, or is missing",
	.example = "  seal collateral check --dir collateral --within 7",
	.details = "Exit status 2: something has ended, is not verified or "
		   "missing; 3: something ends\nwithin DAYS or is older than "
		   "--max-age: fetch.",
	.run = run_check,
};

const struct command cmd_collateral_list = {
	.name = "collateral list",
	.operands = "--dir DIR [--json]",
	.summary = "say what is there, and until when it holds",
	.example = "  seal collateral list --dir collateral",
	.run = run_list,
};
