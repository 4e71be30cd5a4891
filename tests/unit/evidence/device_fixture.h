/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_DEVICE_FIXTURE_H
#define EVIDENCE_DEVICE_FIXTURE_H

#include "appraise/endorse.h"
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

/*
 * A driver, and a test in place of its device and of who made that. How the
 * device may fail is in its own header.
 */
struct played {
	const struct evidence_driver *driver;
	/* In place of the driver's own, which opens what there is. */
	int (*open)(void *ctx, const struct conf *conf, uint64_t deadline_ms,
	    struct seal_diag *d);
	const char *kv[3];    /* settings that it wants */
	void (*set_up)(void); /* keys and roots, as of fixture_clock */
	void (*tear_down)(void);
	/* Its maker, or a stranger, as one of a policy's signers. */
	void (*put_signer)(bool stranger, struct wr *out);
	/* What vouches for it and does not come with the Evidence; NULL:
	 * nothing. */
	struct endorsements *(*endorse)(void);
};
extern const struct played nitro_device, psa_device, sev_guest_device,
    tdx_guest_device;

/* A signer that a policy names by the file of its root. */
void played_put_ca(const char *path, struct wr *out);
/* What devices were asked to sign last, with the zeros behind it, and how
 * often they were asked. */
extern struct played_asked {
	uint8_t bytes[64];
	size_t n;
	unsigned times;
} played_asked;
void played_ask(struct span challenge);

/* The driver as it is, but for who opens the device. */
int played_attester(const struct played *p, const char *const *kv,
    struct attester **ret, struct seal_diag *d);

struct played_row {
	const char *name;
	const char *kv[5];
	int err, want; /* of opening the device; of opening the driver */
};

/* Opens the driver as each row says, up to one without a name, and sees that
 * what was opened is closed again. */
void played_opening(const struct played *p, const struct played_row *rows);

#endif
