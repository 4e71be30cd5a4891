/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_DEVICE_FIXTURE_H
#define EVIDENCE_DEVICE_FIXTURE_H

#include "evidence/driver.h"

#define PLAYED_FD 7 /* that it opens as */

/* Settings of a driver, name and value in turn, ended by NULL. */
#define KV(...)                         \
	{                               \
		__VA_ARGS__, NULL, NULL \
	}
#define NONE         \
	{            \
		NULL \
	}

/* Opening and closing of a device that a test plays. */
int played_open(const char *path);
void played_close(int fd);

/* The driver as it is, but for who opens the device. */
int played_attester(const struct evidence_driver *driver,
    int (*open)(void *ctx, const struct conf *conf, uint64_t deadline_ms,
	struct seal_diag *d),
    const char *const *kv, struct attester **ret, struct seal_diag *d);

struct played_row {
	const char *name;
	const char *kv[5];
	int err, want; /* of opening the device; of opening the driver */
};

/* Opens the driver as each row says, up to one without a name, and sees that
 * what was opened is closed again. */
void played_opening(const struct evidence_driver *driver,
    int (*open)(void *ctx, const struct conf *conf, uint64_t deadline_ms,
	struct seal_diag *d),
    const struct played_row *rows);

#endif
