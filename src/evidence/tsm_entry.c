/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of configfs-tsm: made, read, written, removed. */
#include "evidence/tsm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evidence/device.h"
#include "evidence/driver.h"

#define NAMES_MAX 8u    /* tried for a free one */
#define REMOVALS_MAX 8u /* tries to remove one that is busy */
#define REMOVAL_MS 500u /* waits that long for each */

/* ---- Failures ---- */

static const struct {
	int err, code;
	const char *remedy;
} reasons[] = {
	{ EACCES, SEAL_E_CONFIG,
	    "run as root, or give this user the right to write there" },
	{ EPERM, SEAL_E_CONFIG,
	    "run as root, or give this user the right to write there" },
	{ ENOENT, SEAL_E_UNSUPPORTED,
	    "with Linux 6.7 or newer: mount -t configfs none "
	    "/sys/kernel/config; modprobe sev-guest or tdx-guest; with an "
	    "older: driver sev_guest or tdx_guest" },
	{ ENXIO, SEAL_E_UNSUPPORTED,
	    "load the driver of the platform: modprobe sev-guest, tdx-guest "
	    "or arm-cca-guest" },
	{ ENOTTY, SEAL_E_UNSUPPORTED,
	    "the platform's driver is gone: load it" },
	{ EINVAL, SEAL_E_CONFIG,
	    "the kernel takes no such value here; compare 'privlevel'" },
	{ EFBIG, SEAL_E_LIMIT, NULL },
	{ ENOMEM, SEAL_E_MEMORY, NULL },
	{ 0, SEAL_E_UNAVAILABLE, "the kernel's log says more" },
};

static int
failed(const struct tsm_entry *e, const char *attribute, const char *doing,
    int err, struct seal_diag *d)
{
	size_t i = 0;

	while (reasons[i].err != 0 && reasons[i].err != err)
		i++;
	seal_fail(d, reasons[i].code, "tsm: cannot %s '%s%s%s%s%s': %s", doing,
	    e->dir, e->name[0] == '\0' ? "" : "/", e->name,
	    attribute[0] == '\0' ? "" : "/", attribute, strerror(err));
	if (reasons[i].remedy != NULL)
		seal_remedy(d, "%s", reasons[i].remedy);
	return reasons[i].code;
}

/* ---- The entry ---- */

/* A name that nobody else takes; what a dead process left behind differs. */
static int
choose_name(struct tsm_entry *e, struct seal_diag *d)
{
	uint8_t random[8];
	int r = random_bytes(random, sizeof(random), d);

	if (r == 0)
		snprintf(e->name, sizeof(e->name),
		    "seal-%02x%02x%02x%02x%02x%02x%02x%02x", random[0],
		    random[1], random[2], random[3], random[4], random[5],
		    random[6], random[7]);
	return r;
}

static int
make_folder(struct tsm_entry *e, struct seal_diag *d)
{
	uint64_t pause = DEVICE_PAUSE_MS;
	int r, err;

	for (unsigned names = 1;; names++) {
		if ((r = choose_name(e, d)) != 0)
			return r;
		while (
		    (err = mkdirat(e->root, e->name, 0700) == 0 ? 0 : errno) !=
			0 &&
		    device_again(err, e->deadline_ms, &pause))
			;
		if (err == 0)
			return 0;
		if (err == EEXIST && names < NAMES_MAX)
			continue;
		e->name[0] = '\0'; /* not ours: nothing to remove */
		return failed(e, "", "make an entry in", err, d);
	}
}

int
tsm_entry_make(const char *dir, uint64_t deadline_ms, struct tsm_entry *ret,
    struct seal_diag *d)
{
	struct tsm_entry e = {
		.dir = dir, .root = -1, .at = -1, .deadline_ms = deadline_ms
	};
	int r;

	e.root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = e.root == -1 ? failed(&e, "", "open", errno, d)
			 : make_folder(&e, d);
	if (r == 0) {
		e.at = openat(e.root, e.name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (e.at == -1)
			r = failed(&e, "", "open", errno, d);
	}
	*ret = e;
	if (r != 0)
		tsm_entry_remove(ret);
	return r;
}

void
tsm_entry_remove(struct tsm_entry *e)
{
	uint64_t pause = DEVICE_PAUSE_MS;

	if (e->at != -1)
		close(e->at);
	/* Past the deadline too: an entry left behind stays until reboot. */
	for (unsigned i = 0; e->name[0] != '\0' && i < REMOVALS_MAX; i++)
		if (unlinkat(e->root, e->name, AT_REMOVEDIR) == 0 ||
		    !device_again(
			errno, evidence_now_ms() + REMOVAL_MS, &pause))
			break;
	if (e->root != -1)
		close(e->root);
	e->at = e->root = -1;
	e->name[0] = '\0';
}

/* ---- Attributes ---- */

/* All of it, in however many pieces it comes; 0 or an errno. */
static int
read_once(const struct tsm_entry *e, const char *attribute, struct wr *out)
{
	int fd = openat(e->at, attribute, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	uint8_t buf[4096];
	int err = fd == -1 ? errno : 0;
	ssize_t n = 1;

	while (err == 0 && n > 0) {
		n = read(fd, buf, sizeof(buf));
		if (n == -1 && errno == EINTR &&
		    evidence_now_ms() < e->deadline_ms)
			n = 1; /* nothing was read; go on */
		else if (n == -1)
			err = errno;
		else
			wr_bytes(out, span_of(buf, (size_t)n));
	}
	if (fd != -1)
		close(fd);
	return err;
}

int
tsm_read_blob(struct tsm_entry *e, const char *attribute, bool optional,
    struct wr *out, struct seal_diag *d)
{
	uint64_t pause = DEVICE_PAUSE_MS;
	size_t before = out->n;
	int err;

	do {
		out->n = before;
		err = read_once(e, attribute, out);
	} while (err != 0 && device_again(err, e->deadline_ms, &pause));
	if (err == ENOENT && optional)
		return 0;
	if (err != 0)
		return failed(e, attribute, "read", err, d);
	return out->error == 0
		   ? 0
		   : seal_fail(d, out->error,
			 "tsm: %s: expected at most %zu bytes, found more",
			 attribute, out->max);
}

int
tsm_read_text(struct tsm_entry *e, const char *attribute, bool optional,
    char ret[TSM_TEXT_MAX], struct seal_diag *d)
{
	struct wr w;
	int r;

	wr_init(&w, ret, TSM_TEXT_MAX - 1);
	if ((r = tsm_read_blob(e, attribute, optional, &w, d)) != 0)
		return r;
	while (w.n > 0 && ret[w.n - 1] == '\n')
		w.n--;
	ret[w.n] = '\0';
	return 0;
}

int
tsm_read_number(struct tsm_entry *e, const char *attribute, uint64_t *ret,
    struct seal_diag *d)
{
	char text[TSM_TEXT_MAX], *end = NULL;
	int r;

	if ((r = tsm_read_text(e, attribute, false, text, d)) != 0)
		return r;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0'
		   ? 0
		   : seal_fail(d, SEAL_E_DECODE,
			 "tsm: %s: expected a number, found '%s'", attribute,
			 text);
}

bool
tsm_has(const struct tsm_entry *e, const char *attribute)
{
	return faccessat(e->at, attribute, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
write_once(const struct tsm_entry *e, const char *attribute, struct span value)
{
	int fd = openat(e->at, attribute, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int err = fd == -1 ? errno : 0;
	size_t done = 0;

	while (err == 0 && done < value.n) {
		ssize_t n = write(fd, value.p + done, value.n - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR || evidence_now_ms() >= e->deadline_ms)
			err = errno;
	}
	if (fd != -1 && close(fd) == -1 && err == 0 && errno != EINTR)
		err = errno;
	return err;
}

int
tsm_write(struct tsm_entry *e, const char *attribute, struct span value,
    struct seal_diag *d)
{
	uint64_t pause = DEVICE_PAUSE_MS;
	int err;

	do
		err = write_once(e, attribute, value);
	while (err != 0 && device_again(err, e->deadline_ms, &pause));
	return err == 0 ? 0 : failed(e, attribute, "write", err, d);
}
