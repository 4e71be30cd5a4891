/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_TDX_GUEST_H
#define EVIDENCE_TDX_GUEST_H

/* What the driver shares with who plays kernel and host in its tests. */
#include <linux/ioctl.h>

#include "base/conf.h"
#include "evidence/device.h"
#include "format/qgs.h"

/*
 * /dev/tdx_guest (Documentation/virt/coco/tdx-guest.rst), as the interface has
 * been since Linux 6.2.
 */
#define TDX_DEVICE "/dev/tdx_guest"
#define TDX_DATA 64u
#define TDX_REPORT_DATA_AT 128u /* in a TDREPORT */

struct tdx_message {
	uint8_t data[TDX_DATA];
	uint8_t report[QGS_TD_REPORT];
};

#define TDX_GET_REPORT0 _IOWR('T', 1, struct tdx_message)

/* The host's quoting service: the kernel's way to it, or a test's. A connected
 * stream socket that does not block, or -1 and errno; connecting takes until
 * the deadline at most. */
typedef int (*tdx_connect)(uint32_t port, uint64_t deadline_ms);

/* The driver's open, on a device and a service that somebody plays. */
int tdx_guest_open_on(void *ctx, const struct device *dev, tdx_connect quoter,
    const struct conf *conf, struct seal_diag *d);

#endif
