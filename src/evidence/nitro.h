/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_NITRO_H
#define EVIDENCE_NITRO_H

/* What the driver shares with who plays the kernel in its tests. */
#include <linux/ioctl.h>

#include "base/conf.h"
#include "evidence/device.h"

/*
 * /dev/nsm, the Nitro Secure Module: CBOR in both directions, a map whose one
 * key says what is asked or answered.
 */
#define NSM_DEVICE "/dev/nsm"
#define NSM_REQUEST_MAX 0x1000u  /* bytes */
#define NSM_RESPONSE_MAX 0x3000u /* bytes */

struct nsm_part {
	uint64_t at, n;
};

struct nsm_message {
	struct nsm_part request,
	    response; /* n of the answer becomes its size */
};

#define NSM_RAW _IOWR(0x0a, 0, struct nsm_message)

/* The driver's open, on a device that somebody plays. */
int nitro_open_on(void *ctx, const struct device *dev, const struct conf *conf,
    struct seal_diag *d);

#endif
