/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sealtls/error.h>

#include "cli/cli.h"

#define OPT_LIST_MAX 8   /* times that one option may be repeated */
#define OPT_BYTES_MAX 64 /* bytes that an option may give in hex */

struct opt_list {
	const char *values[OPT_LIST_MAX];
	size_t n;
};

struct opt_bytes {
	uint8_t p[OPT_BYTES_MAX];
	size_t n; /* 0: not given */
};

/*
 * One option: what it is called, and the one place its value goes to. The
 * table of a command drives parsing, usage and --help alike, and ends with a
 * row that has no name.
 */
struct opt {
	const char *name; /* with its dashes */
	const char *meta; /* what the value is called; NULL: a flag */
	const char *help;
	bool *flag;
	const char **text;
	struct opt_list *list;
	struct opt_bytes *bytes;
	uint32_t *number; /* from min to max */
	uint32_t min, max;
};

/* What is left of argv: at most max operands. */
struct operands {
	char **v;
	size_t n;
};

enum opt_result {
	OPT_RUN,  /* go on */
	OPT_DONE, /* --help was answered: exit with EXIT_ACCEPTED */
	OPT_BAD,  /* told on stderr: exit with EXIT_USAGE */
};

/*
 * Fills what the rows point to; everything after "--" is an operand. Expects
 * min to max operands. Changes the order of argv.
 */
enum opt_result opt_parse(const struct command *cmd, const struct opt *opts,
    int argc, char **argv, size_t min, size_t max, struct operands *ret);

/* The exit status of a parse that does not go on. */
int opt_exit(enum opt_result r);

/* Tells what is wrong with the command line; returns EXIT_USAGE. */
int opt_usage(const struct command *cmd, const char *fmt, ...)
    SEAL_PRINTF(2, 3);

#endif
