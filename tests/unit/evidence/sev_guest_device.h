/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SEV_GUEST_DEVICE_H
#define EVIDENCE_SEV_GUEST_DEVICE_H

#include "evidence/device_fixture.h"

/* /dev/sev-guest, its kernel and firmware. */

/* What the kernel does; the unsigned longs count down. */
struct sev_guest_play {
	int err; /* of the next n_err requests */
	unsigned n_err;
	uint32_t firmware, vmm;  /* beside err */
	bool silent;             /* errors in the message, none returned */
	uint32_t table, n_table; /* asked for, in bytes; lengths refused */
	bool no_table, bad_table, other, short_report, long_report;
	uint32_t status;
};

extern struct sev_guest_play sev_guest_now;
extern uint32_t sev_guest_vmpl; /* of the last request */

#endif
