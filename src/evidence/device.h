/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_DEVICE_H
#define EVIDENCE_DEVICE_H

#include "base/diag.h"

#include <stdbool.h>
#include <stdint.h>

/* A character device and who plays it: the kernel, or a test. As the system
 * calls; a failure is -1 and errno. */
struct device {
	int (*open)(const char *path);
	int (*control)(int fd, unsigned long request, void *argument);
	void (*close)(int fd);
};
extern const struct device device_kernel;

/* Tells why it cannot be opened, and what to do, for driver. */
int device_open(const struct device *dev, const char *driver, const char *path,
    int *ret_fd, struct seal_diag *d);

/* May what failed with err (EINTR, EBUSY, EAGAIN) be tried again before the
 * deadline? Waits, but for EINTR, a time that grows; *pause_ms starts at
 * DEVICE_PAUSE_MS. */
#define DEVICE_PAUSE_MS 5u
bool device_again(int err, uint64_t deadline_ms, uint64_t *pause_ms);

#endif
