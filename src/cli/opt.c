/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/opt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define NAME_MAX_SEEN 32 /* letters of an option that likeness looks at */

/* ---- Telling ---- */

int
opt_usage(const struct command *cmd, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "seal %s: ", cmd->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr,
	    "\nusage: seal %s %s\nseal %s --help shows its options and an "
	    "example\n",
	    cmd->name, cmd->operands, cmd->name);
	return EXIT_USAGE;
}

static void
help(const struct command *cmd, const struct opt *opts)
{
	char left[64];

	printf("seal %s: %s\n\nusage: seal %s %s\n", cmd->name, cmd->summary,
	    cmd->name, cmd->operands);
	if (opts->name != NULL)
		printf("\noptions:\n");
	for (; opts->name != NULL; opts++) {
		snprintf(left, sizeof(left), "%s%s%s", opts->name,
		    opts->meta != NULL ? " " : "",
		    opts->meta != NULL ? opts->meta : "");
		printf("  %-22s %s\n", left, opts->help);
	}
	if (cmd->details != NULL)
		printf("\n%s\n", cmd->details);
	printf("\nexample:\n%s\n", cmd->example);
}

/* ---- The option that was probably meant ---- */

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* How many letters must change to make a into b (Levenshtein). */
static size_t
distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_SEEN + 1], n = strnlen(b, NAME_MAX_SEEN);

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0' && i < NAME_MAX_SEEN; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= n; j++) {
			size_t up = row[j];

			row[j] = least(up + 1, row[j - 1] + 1,
			    diagonal + (a[i] != b[j - 1]));
			diagonal = up;
		}
	}
	return row[n];
}

static enum opt_result
unknown(const struct command *cmd, const struct opt *opts, const char *name)
{
	const char *best = "--help";
	size_t least_d = distance(name, best);

	for (; opts->name != NULL; opts++) {
		size_t d = distance(name, opts->name);

		if (d < least_d) {
			least_d = d;
			best = opts->name;
		}
	}
	opt_usage(cmd, "unknown option '%s'; the nearest is '%s'", name, best);
	return OPT_BAD;
}

/* ---- Values ---- */

static enum opt_result
take_number(const struct command *cmd, const struct opt *o, const char *value)
{
	unsigned long long v;
	char *end = NULL;

	errno = 0;
	v = strtoull(value, &end, 0);
	if (errno != 0 || end == value || *end != '\0' || value[0] < '0' ||
	    value[0] > '9' || v < o->min || v > o->max) {
		opt_usage(cmd,
		    "%s: expected a number from %u to %u, found '%s'", o->name,
		    o->min, o->max, value);
		return OPT_BAD;
	}
	*o->number = (uint32_t)v;
	return OPT_RUN;
}

static enum opt_result
take_bytes(const struct command *cmd, const struct opt *o, const char *value)
{
	struct wr w;

	wr_init(&w, o->bytes->p, sizeof(o->bytes->p));
	if (!hex_decode(span_str(value), &w) || w.error != 0 || w.n == 0) {
		opt_usage(cmd, "%s: expected 1 to %d bytes in hex, found '%s'",
		    o->name, OPT_BYTES_MAX, value);
		return OPT_BAD;
	}
	o->bytes->n = w.n;
	return OPT_RUN;
}

static enum opt_result
take_list(const struct command *cmd, const struct opt *o, const char *value)
{
	if (o->list->n == OPT_LIST_MAX) {
		opt_usage(cmd, "%s: expected at most %d of them", o->name,
		    OPT_LIST_MAX);
		return OPT_BAD;
	}
	o->list->values[o->list->n++] = value;
	return OPT_RUN;
}

static enum opt_result
take_value(const struct command *cmd, const struct opt *o, const char *value)
{
	if (o->number != NULL)
		return take_number(cmd, o, value);
	if (o->bytes != NULL)
		return take_bytes(cmd, o, value);
	if (o->list != NULL)
		return take_list(cmd, o, value);
	*o->text = value;
	return OPT_RUN;
}

/* ---- The command line ---- */

/* "--name" and "--name=value" both name the option. */
static const struct opt *
find(const struct opt *opts, const char *arg, const char **ret_value)
{
	for (; opts->name != NULL; opts++) {
		size_t n = strlen(opts->name);

		if (strncmp(arg, opts->name, n) != 0)
			continue;
		if (arg[n] == '\0' || (arg[n] == '=' && opts->meta != NULL)) {
			*ret_value = arg[n] == '=' ? arg + n + 1 : NULL;
			return opts;
		}
	}
	return NULL;
}

/* Takes argv[*i] and, where it has one, its value. */
static enum opt_result
take(const struct command *cmd, const struct opt *opts, int argc, char **argv,
    int *i)
{
	const char *value = NULL;
	const struct opt *o = find(opts, argv[*i], &value);

	if (strcmp(argv[*i], "--help") == 0 || strcmp(argv[*i], "-h") == 0) {
		help(cmd, opts);
		return OPT_DONE;
	}
	if (o == NULL)
		return unknown(cmd, opts, argv[*i]);
	if (o->meta == NULL) {
		*o->flag = true;
		return OPT_RUN;
	}
	if (value == NULL && *i + 1 == argc) {
		opt_usage(cmd, "%s: expected %s after it", o->name, o->meta);
		return OPT_BAD;
	}
	return take_value(cmd, o, value != NULL ? value : argv[++*i]);
}

enum opt_result
opt_parse(const struct command *cmd, const struct opt *opts, int argc,
    char **argv, size_t min, size_t max, struct operands *ret)
{
	struct operands left = { argv, 0 };
	bool options = true;
	enum opt_result r;

	for (int i = 0; i < argc; i++) {
		if (!options || argv[i][0] != '-' || argv[i][1] == '\0')
			left.v[left.n++] = argv[i];
		else if (strcmp(argv[i], "--") == 0)
			options = false;
		else if ((r = take(cmd, opts, argc, argv, &i)) != OPT_RUN)
			return r;
	}
	if (left.n < min || left.n > max) {
		opt_usage(cmd,
		    left.n < min ? "too few operands: found %zu"
				 : "too many operands: found %zu",
		    left.n);
		return OPT_BAD;
	}
	*ret = left;
	return OPT_RUN;
}

int
opt_exit(enum opt_result r)
{
	return r == OPT_DONE ? EXIT_ACCEPTED : EXIT_USAGE;
}
