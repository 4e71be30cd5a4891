/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_TDX_GUEST_DEVICE_H
#define EVIDENCE_TDX_GUEST_DEVICE_H

#include "evidence/device_fixture.h"

/* /dev/tdx_guest, its kernel, and the host's quoting service. */

/* What kernel and host do; the unsigned counts down. */
struct tdx_guest_play {
	int err; /* of the next n_err requests */
	unsigned n_err;
	bool other_report; /* over other data */
	/* The quoting service. */
	int connect_err;
	size_t pieces;    /* bytes at a time; 0: all */
	bool hangs, deaf; /* answers never; reads never */
	bool cut, other;  /* ends early; quotes other data */
	bool long_prefix, short_prefix, tail, empty;
	uint32_t error, type, major, size_more, id;
};

extern struct tdx_guest_play tdx_guest_now;
/* The next connection does so too. */
void tdx_guest_end_service(void);

#endif
