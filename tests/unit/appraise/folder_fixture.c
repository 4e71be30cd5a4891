/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "folder_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

void
folder_clear(const char *dir)
{
	DIR *in = opendir(dir);
	struct dirent *entry;

	while (in != NULL && (entry = readdir(in)) != NULL)
		(void)unlinkat(dirfd(in), entry->d_name, 0);
	if (in != NULL)
		closedir(in);
}

void
folder_remove(const char *dir)
{
	folder_clear(dir);
	(void)rmdir(dir);
}

void
folder_put(const char *dir, const struct endorsements *e)
{
	char path[256];

	assert_true(mkdir(dir, 0700) == 0 || errno == EEXIST);
	folder_clear(dir);
	for (size_t i = 0; i < e->n; i++) {
		snprintf(path, sizeof(path), "%s/%02zu", dir, i);
		assert_int_equal(
		    file_write(path, e->items[i].bytes, 0600, NULL), 0);
	}
}
