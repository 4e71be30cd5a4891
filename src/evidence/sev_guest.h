/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SEV_GUEST_H
#define EVIDENCE_SEV_GUEST_H

/* What the driver shares with who plays the kernel in its tests. */
#include <linux/ioctl.h>

#include "base/conf.h"
#include "evidence/device.h"

/*
 * /dev/sev-guest (Documentation/virt/coco/sev-guest.rst), as the interface
 * has been since Linux 5.19. Little endian, of 64-bit guests alone.
 */
#define SEV_DEVICE "/dev/sev-guest"
#define SEV_DATA 64u
#define SEV_RESPONSE 4000u
#define SEV_RESPONSE_HEAD 32u /* status, size, reserved; then the report */
#define SEV_PAGE 4096u
#define SEV_CERTS_MIN (4 * SEV_PAGE)  /* asked for first */
#define SEV_CERTS_MAX (16 * SEV_PAGE) /* no host's table is larger */
#define SEV_VMPL_MAX 3u

struct sev_report_request {
	uint8_t data[SEV_DATA];
	uint32_t vmpl;
	uint8_t reserved[28];
};

struct sev_ext_request {
	struct sev_report_request report;
	uint64_t certs; /* address of whole pages */
	uint32_t n_certs;
};

struct sev_response {
	uint8_t data[SEV_RESPONSE];
};

struct sev_message {
	uint8_t version; /* 1 */
	uint64_t request, response;
	uint32_t firmware_error, vmm_error;
};

#define SEV_VMM_INVALID_LENGTH 1u /* n_certs then says what it takes */
#define SEV_VMM_BUSY 2u

#define SEV_GET_REPORT _IOWR('S', 0, struct sev_message)
#define SEV_GET_EXT_REPORT _IOWR('S', 2, struct sev_message)

/* The driver's open, on a device that somebody plays. */
int sev_guest_open_on(void *ctx, const struct device *dev,
    const struct conf *conf, struct seal_diag *d);

#endif
