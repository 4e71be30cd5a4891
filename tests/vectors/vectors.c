/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vectors FILE: replays a file of authenticators or binders through the
 * library. Prints a line for each mismatch, then the count; the exit status
 * is 0 if there is something and all of it passes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "row.h"

static json_t *
load(const char *path)
{
	struct seal_diag d = { 0 };
	uint8_t *text = NULL;
	json_error_t error;
	json_t *file;
	size_t n = 0;

	if (file_read(path, LIMIT_FILE, &text, &n, &d) != 0) {
		fprintf(stderr, "vectors: %s\n", d.text);
		return NULL;
	}
	file =
	    json_loadb((const char *)text, n, JSON_REJECT_DUPLICATES, &error);
	free(text);
	if (file == NULL)
		fprintf(stderr, "vectors: %s: line %d: %s\n", path, error.line,
		    error.text);
	return file;
}

int
main(int argc, char **argv)
{
	struct tally tally = { 0 };
	json_t *file;

	if (argc != 2) {
		fprintf(stderr, "usage: vectors FILE\n");
		return 1;
	}
	if ((file = load(argv[1])) == NULL)
		return 1;
	replay_authenticators(file, &tally);
	replay_binders(file, &tally);
	json_decref(file);
	if (tally.passed + tally.failed == 0)
		fprintf(stderr,
		    "vectors: %s: expected vectors of authenticators or "
		    "binders, found none\n",
		    argv[1]);
	printf("%zu passed, %zu failed\n", tally.passed, tally.failed);
	return tally.failed == 0 && tally.passed > 0 ? 0 : 1;
}
