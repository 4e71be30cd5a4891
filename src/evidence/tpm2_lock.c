/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "evidence/driver.h"

#define POLL_FIRST_MS 1
#define POLL_LAST_MS 8

enum lock_byte { LOCK_HELD, LOCK_NEXT };

static const char *
lock_dir(const struct tpm2_where *where)
{
	if (where->lock_dir != NULL)
		return where->lock_dir;
	return access("/run/lock", W_OK | X_OK) == 0 ? "/run/lock" : "/tmp";
}

/* One file per TPM: its name is a hash, since a TCTI may contain slashes. */
static int
lock_path(
    const struct tpm2_where *where, char *ret, size_t cap, struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	char hex[HEX_FULL];
	int n, r;

	r = hash_one(HASH_SHA256, span_str(where->tcti), digest, d);
	if (r != 0)
		return r;
	n = snprintf(ret, cap, "%s/seal-tpm-%s.lock", lock_dir(where),
	    hex_full(span_of(digest, 16), hex));
	if (n < 0 || (size_t)n >= cap)
		return seal_fail(
		    d, SEAL_E_CONFIG, "tpm2: lock_dir: name too long");
	return 0;
}

/*
 * The directory may be one where anybody may write. So no link is followed,
 * and the file must be ours or root's: whoever owns it could keep us waiting.
 */
static int
lock_open(const char *path, int *ret_fd, struct seal_diag *d)
{
	struct stat st = { 0 };
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd == -1 && errno == ENOENT)
		fd = open(path,
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		    0600);
	if (fd == -1) {
		seal_fail(d, SEAL_E_CONFIG,
		    "tpm2: lock file '%s': cannot open: %s", path,
		    strerror(errno));
		seal_remedy(d, "set lock_dir to a directory of your own");
		return SEAL_E_CONFIG;
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (st.st_uid != geteuid() && st.st_uid != 0)) {
		close(fd);
		seal_fail(d, SEAL_E_CONFIG,
		    "tpm2: lock file '%s': not a regular file of ours", path);
		seal_remedy(d, "set lock_dir to a directory of your own");
		return SEAL_E_CONFIG;
	}
	*ret_fd = fd;
	return 0;
}

static void
sleep_ms(unsigned ms)
{
	struct timespec ts = { .tv_nsec = (long)ms * 1000000 };

	nanosleep(&ts, NULL);
}

/* A byte of the file is a lock of its own. */
static int
byte_lock(int fd, enum lock_byte byte, short type)
{
	struct flock l = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};

	return fcntl(fd, F_OFD_SETLK, &l);
}

static bool
byte_wait(int fd, enum lock_byte byte, unsigned last_ms, uint64_t deadline_ms)
{
	unsigned delay = 1;

	while (byte_lock(fd, byte, F_WRLCK) == -1) {
		if ((errno != EAGAIN && errno != EACCES && errno != EINTR) ||
		    evidence_now_ms() >= deadline_ms)
			return false;
		sleep_ms(delay);
		delay = delay * 2 < last_ms ? delay * 2 : last_ms;
	}
	return true;
}

/*
 * A process that asks again the moment it is done would shut out all that
 * poll in between. So there is a turnstile: one waiter at a time holds NEXT
 * while it waits for the TPM, and whoever comes back must get past it.
 */
int
tpm2_lock(const struct tpm2_where *where, uint64_t deadline_ms, int *ret_fd,
    struct seal_diag *d)
{
	char path[4096];
	int fd = -1, r;

	if ((r = lock_path(where, path, sizeof(path), d)) != 0 ||
	    (r = lock_open(path, &fd, d)) != 0)
		return r;
	if (!byte_wait(fd, LOCK_NEXT, POLL_LAST_MS, deadline_ms) ||
	    !byte_wait(fd, LOCK_HELD, POLL_FIRST_MS, deadline_ms)) {
		close(fd);
		return seal_fail(d, SEAL_E_UNAVAILABLE,
		    "tpm2: lock file '%s': another process still holds the "
		    "TPM at the deadline",
		    path);
	}
	byte_lock(fd, LOCK_NEXT, F_UNLCK);
	*ret_fd = fd;
	return 0;
}
