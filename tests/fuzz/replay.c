/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>

#include "base/file.h"
#include "base/limits.h"

/* Each input, and each of its prefixes up to a length that keeps this quick. */
#define PREFIXES 256

static int
replay_file(const char *path)
{
	struct seal_diag d = { 0 };
	uint8_t *p = NULL;
	size_t n = 0;

	if (file_read(path, LIMIT_FILE, &p, &n, &d) != 0) {
		fprintf(stderr, "%s: %s\n", path, d.text);
		return -1;
	}
	for (size_t i = 0; i < n && i < PREFIXES; i++) {
		/* On the heap at its exact size, so that ASan sees the end. */
		uint8_t *prefix = NULL;

		if (span_dup(span_of(p, i), &prefix) != 0)
			break;
		LLVMFuzzerTestOneInput(prefix, i);
		free(prefix);
	}
	LLVMFuzzerTestOneInput(p, n);
	free(p);
	return 0;
}

int
main(int argc, char **argv)
{
	struct dirent *entry;
	char path[4096];
	int count = 0, bad = 0;
	DIR *dir;

	if (argc != 2 || (dir = opendir(argv[1])) == NULL) {
		fprintf(stderr, "usage: replay DIRECTORY\n");
		return 1;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		if (replay_file(path) != 0)
			bad++;
		count++;
	}
	closedir(dir);
	printf("%d inputs\n", count);
	return count == 0 || bad != 0;
}
