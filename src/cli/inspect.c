/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/offline.h"
#include "cli/out.h"

static bool
known_type(const char *type)
{
	const char *const *t;

	for (t = seal_inspect_types(); *t != NULL; t++) {
		if (strcmp(*t, type) == 0)
			return true;
	}
	return false;
}

static int
bad_type(const char *type)
{
	char list[512] = "";
	size_t n = 0;

	for (const char *const *t = seal_inspect_types();
	     *t != NULL && n < sizeof(list); t++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, " %s", *t);
	return opt_usage(
	    &cmd_inspect, "--type: expected one of%s; found '%s'", list, type);
}

static int
inspect(const char *file, const char *type, bool json)
{
	struct seal_diag d = { 0 };
	uint8_t *in = NULL;
	char *text = NULL;
	size_t n = 0;
	int status;

	if (offline_read(file, &in, &n, &d) != 0)
		return out_diag(stdout, json, &d);
	if (seal_inspect(in, n, type, json, &text, &d) == 0)
		status = out_text(stdout, text);
	else
		status = out_diag(stdout, json, &d);
	free(in);
	return status;
}

static int
run(int argc, char **argv)
{
	const char *type = NULL;
	struct operands args;
	bool json = false;
	const struct opt opts[] = {
		{ "--type", "TYPE", "what it is, rather than a guess",
		    .text = &type },
		{ "--json", NULL, "as JSON", .flag = &json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_inspect, opts, argc, argv, 1, 1, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (type != NULL && !known_type(type))
		return bad_type(type);
	return inspect(args.v[0], type, json);
}

const struct command cmd_inspect = {
	.name = "inspect",
	.operands = "FILE|- [--type TYPE] [--json]",
	.summary = "show what a file holds",
	.example = "  seal inspect evidence.cmw",
	.details = "The file may be binary, hex, base64url or PEM. Nothing in "
		   "it is verified.",
	.run = run,
};
