/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/device.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "evidence/driver.h"

#define PAUSE_MAX_MS 500u

/* ---- The kernel's ---- */

/* Never 0: drivers hold that as "not open". */
static int
kernel_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd != 0)
		return fd;
	fd = fcntl(0, F_DUPFD_CLOEXEC, 1);
	close(0);
	return fd;
}

static int
kernel_control(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument);
}

static void
kernel_close(int fd)
{
	close(fd);
}

const struct device device_kernel = { kernel_open, kernel_control,
	kernel_close };

/* ---- Opening ---- */

int
device_open(const struct device *dev, const char *driver, const char *path,
    int *ret_fd, struct seal_diag *d)
{
	int fd, err, code;

	do
		fd = dev->open(path);
	while (fd == -1 && errno == EINTR);
	if (fd != -1) {
		*ret_fd = fd;
		return 0;
	}
	err = errno;
	code = err == EACCES || err == EPERM ? SEAL_E_CONFIG
	       : err == EBUSY                ? SEAL_E_UNAVAILABLE
					     : SEAL_E_UNSUPPORTED;
	seal_fail(
	    d, code, "%s: cannot open '%s': %s", driver, path, strerror(err));
	seal_remedy(d, "%s",
	    code == SEAL_E_CONFIG
		? "run as root, or give this user the right to open it"
	    : code == SEAL_E_UNAVAILABLE
		? "something else holds it: stop that"
		: "this machine is no such guest, or its kernel module is not "
		  "loaded");
	return code;
}

/* ---- Waiting ---- */

static void
wait_ms(uint64_t ms)
{
	struct timespec ts = { (time_t)(ms / 1000),
		(long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

bool
device_again(int err, uint64_t deadline_ms, uint64_t *pause_ms)
{
	uint64_t now = evidence_now_ms();

	if ((err != EINTR && err != EBUSY && err != EAGAIN) ||
	    now >= deadline_ms)
		return false;
	if (err == EINTR)
		return true;
	wait_ms(*pause_ms < deadline_ms - now ? *pause_ms : deadline_ms - now);
	*pause_ms = 2 * *pause_ms < PAUSE_MAX_MS ? 2 * *pause_ms : PAUSE_MAX_MS;
	return true;
}
