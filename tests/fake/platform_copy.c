/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "tsm_platform.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"

/* Found by tests/checks/development_root.sh, here and nowhere else. */
const char fake_tsm_mark[] = "DEVELOPMENT ROOT";

void
platform_copy(const char *state, const char *name, const char *from)
{
	uint8_t *content = NULL;
	char path[256];
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/%s", state, name);
	assert_int_equal(file_read(from, LIMIT_FILE, &content, &n, NULL), 0);
	assert_int_equal(file_write(path, span_of(content, n), 0644, NULL), 0);
	free(content);
}
