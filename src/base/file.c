/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads until EOF into *w-like growth bounded by max. */
static int
fd_read(int fd, const char *path, size_t max, uint8_t **ret, size_t *ret_n,
    struct seal_diag *d)
{
	uint8_t *buf = NULL, *more;
	size_t n = 0, cap = 0;
	ssize_t got;

	for (;;) {
		if (n == cap) {
			cap = cap == 0 ? 4096 : cap * 2;
			if ((more = malloc(cap + 1)) == NULL)
				goto memory;
			if (n > 0)
				memcpy(more, buf, n);
			seal_wipe(buf, n);
			free(buf);
			buf = more;
		}
		got = read(fd, buf + n, cap - n);
		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if ((n += (size_t)got) > max)
			break;
	}
	if (got == -1 || n > max) {
		seal_wipe(buf, n);
		free(buf);
		return n > max
			   ? seal_fail(d, SEAL_E_LIMIT,
				 "file '%s': larger than %zu bytes", path, max)
			   : seal_fail(d, SEAL_E_IO,
				 "file '%s': cannot read: %s", path,
				 strerror(errno));
	}
	buf[n] = '\0';
	*ret = buf;
	*ret_n = n;
	return 0;
memory:
	seal_wipe(buf, n);
	free(buf);
	return seal_fail(d, SEAL_E_MEMORY, "file '%s'", path);
}

static int
file_open(const char *path, bool secret, int *ret_fd, struct seal_diag *d)
{
	struct stat st = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return seal_fail(d, SEAL_E_IO, "file '%s': cannot open: %s",
		    path, strerror(errno));
	if (secret && (fstat(fd, &st) == -1 || (st.st_mode & 077) != 0)) {
		close(fd);
		seal_fail(d, SEAL_E_CONFIG,
		    "file '%s': expected readable by its owner only, "
		    "found mode %03o",
		    path, (unsigned)st.st_mode & 0777);
		seal_remedy(d, "chmod 600 '%s'", path);
		return SEAL_E_CONFIG;
	}
	*ret_fd = fd;
	return 0;
}

static int
file_read_mode(const char *path, bool secret, size_t max, uint8_t **ret,
    size_t *ret_n, struct seal_diag *d)
{
	int fd = -1, r;

	if ((r = file_open(path, secret, &fd, d)) != 0)
		return r;
	r = fd_read(fd, path, max, ret, ret_n, d);
	close(fd);
	return r;
}

int
file_read(const char *path, size_t max, uint8_t **ret, size_t *ret_n,
    struct seal_diag *d)
{
	return file_read_mode(path, false, max, ret, ret_n, d);
}

int
file_read_stdin(size_t max, uint8_t **ret, size_t *ret_n, struct seal_diag *d)
{
	return fd_read(STDIN_FILENO, "-", max, ret, ret_n, d);
}

int
file_read_secret(const char *path, size_t max, uint8_t **ret, size_t *ret_n,
    struct seal_diag *d)
{
	return file_read_mode(path, true, max, ret, ret_n, d);
}

static int
fd_write(int fd, struct span s)
{
	for (size_t n = 0; n < s.n;) {
		ssize_t put = write(fd, s.p + n, s.n - n);

		if (put == -1 && errno == EINTR)
			continue;
		if (put == -1)
			return -1;
		n += (size_t)put;
	}
	return fsync(fd);
}

/* The new file takes the name's place: a device, a pipe or a link that had it
 * (/dev/stdout is one) would be gone. */
static int
check_target(const char *path, struct seal_diag *d)
{
	struct stat st;

	if (lstat(path, &st) == -1 || S_ISREG(st.st_mode))
		return 0;
	return seal_fail(d, SEAL_E_CONFIG,
	    "file '%s': expected a regular file or none, found another kind",
	    path);
}

int
file_write(
    const char *path, struct span content, unsigned mode, struct seal_diag *d)
{
	char temp[4096];
	int fd, n, r;

	if ((r = check_target(path, d)) != 0)
		return r;
	n = snprintf(temp, sizeof(temp), "%s.XXXXXX", path);
	if (n < 0 || (size_t)n >= sizeof(temp))
		return seal_fail(d, SEAL_E_LIMIT, "file name too long");
	if ((fd = mkostemp(temp, O_CLOEXEC)) == -1)
		return seal_fail(d, SEAL_E_IO, "file '%s': cannot create: %s",
		    path, strerror(errno));
	if (fchmod(fd, mode) == -1 || fd_write(fd, content) == -1 ||
	    rename(temp, path) == -1) {
		seal_fail(d, SEAL_E_IO, "file '%s': cannot write: %s", path,
		    strerror(errno));
		unlink(temp);
		close(fd);
		return SEAL_E_IO;
	}
	close(fd);
	return 0;
}

char *
file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup("");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}
