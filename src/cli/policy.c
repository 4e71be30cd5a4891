/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/opt.h"
#include "cli/out.h"
#include <sealtls/tools.h>

/* Both take one file, and --json. */
static enum opt_result
parse(const struct command *cmd, int argc, char **argv, const char **ret_file,
    bool *json)
{
	struct operands args;
	const struct opt opts[] = {
		{ "--json", NULL, "as JSON", .flag = json },
		{ NULL },
	};
	enum opt_result r = opt_parse(cmd, opts, argc, argv, 1, 1, &args);

	if (r == OPT_RUN)
		*ret_file = args.v[0];
	return r;
}

/* ---- lint ---- */

/* Each line of notes, which it takes apart. */
static void
put_notes(struct wr *w, char *notes, bool json)
{
	char *rest = NULL;

	for (char *line = strtok_r(notes, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (json) {
			wr_printf(w, "%s", line == notes ? "" : ",");
			out_json_text(w, line);
		} else {
			wr_printf(w, "\n  note: ");
			out_plain(w, line);
		}
	}
}

static int
say_good(const char *file, char *notes, bool json)
{
	struct wr w;

	wr_init_heap(&w, OUT_MAX);
	if (json) {
		wr_printf(&w, "{\"ok\":true");
		out_json_member(&w, "file", file);
		wr_printf(&w, ",\"notes\":[");
		put_notes(&w, notes, json);
		wr_printf(&w, "]}");
	} else {
		out_plain(&w, file);
		wr_printf(&w, ": no mistakes found");
		put_notes(&w, notes, json);
	}
	return out_line(stdout, &w);
}

static int
run_lint(int argc, char **argv)
{
	struct seal_diag d = { 0 };
	const char *file = NULL;
	char *notes = NULL;
	bool json = false;
	enum opt_result r = parse(&cmd_policy_lint, argc, argv, &file, &json);
	int status = EXIT_USAGE; /* any fault of it is the configuration's */

	if (r != OPT_RUN)
		return opt_exit(r);
	if (seal_policy_lint(file, &d) == 0 &&
	    seal_policy_notes(file, &notes, &d) == 0)
		status = say_good(file, notes, json);
	else
		out_diag(stdout, json, &d);
	free(notes);
	return status;
}

/* ---- explain ---- */

static int
print_explained(char *text, bool json)
{
	struct wr w;

	if (!json)
		return out_text(stdout, text);
	wr_init_heap(&w, OUT_MAX);
	wr_u8(&w, '{');
	out_json_member(&w, "text", text);
	wr_u8(&w, '}');
	free(text);
	return out_line(stdout, &w);
}

static int
run_explain(int argc, char **argv)
{
	struct seal_diag d = { 0 };
	const char *file = NULL;
	char *text = NULL;
	bool json = false;
	enum opt_result r =
	    parse(&cmd_policy_explain, argc, argv, &file, &json);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (seal_policy_explain(file, &text, &d) == 0)
		return print_explained(text, json);
	out_diag(stdout, json, &d);
	return EXIT_USAGE;
}

const struct command cmd_policy_lint = {
	.name = "policy lint",
	.operands = "FILE [--json]",
	.summary = "check a policy",
	.example = "  seal policy lint golden.json",
	.run = run_lint,
};

const struct command cmd_policy_explain = {
	.name = "policy explain",
	.operands = "FILE [--json]",
	.summary = "say in words what a policy accepts",
	.example = "  seal policy explain golden.json",
	.run = run_explain,
};
