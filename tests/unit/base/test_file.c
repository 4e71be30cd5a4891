/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static mode_t
kind(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & S_IFMT;
}

/* What is written takes a file's place, and that of nothing else. */
static void
write_replaces_files_alone(void **state)
{
	char dir[] = "/tmp/seal-file-XXXXXX", file[64], link[64], pipe[64];
	struct span text = span_str("text");
	struct seal_diag d = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/file", dir);
	snprintf(link, sizeof(link), "%s/link", dir);
	snprintf(pipe, sizeof(pipe), "%s/pipe", dir);
	assert_int_equal(file_write(file, text, 0600, &d), 0);
	assert_int_equal(file_write(file, text, 0600, &d), 0);
	assert_int_equal(symlink(file, link), 0);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(file_write(link, text, 0600, NULL), SEAL_E_CONFIG);
	assert_int_equal(file_write(pipe, text, 0600, NULL), SEAL_E_CONFIG);
	assert_int_equal(file_write(dir, text, 0600, NULL), SEAL_E_CONFIG);
	assert_int_equal(kind(file), S_IFREG);
	assert_int_equal(kind(link), S_IFLNK);
	assert_int_equal(kind(pipe), S_IFIFO);
	unlink(file);
	unlink(link);
	unlink(pipe);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(write_replaces_files_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
