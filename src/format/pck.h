/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_PCK_H
#define FORMAT_PCK_H

#include "base/diag.h"
#include "base/span.h"

/*
 * What Intel's extension 1.2.840.113741.1.13.1 of a PCK certificate says of
 * the platform whose quoting enclave it certifies.
 */
struct pck {
	uint8_t ppid[16], cpu_svn[16], fmspc[6], pce_id[2];
	uint8_t components[16]; /* SVNs */
	uint32_t pce_svn;
	uint32_t sgx_type; /* 0 standard, 1 scalable, 2 with integrity */
};

/* Of a certificate (DER). SEAL_E_DECODE: it has none, or a malformed one. */
int pck_read(struct span cert, struct pck *ret, struct seal_diag *d);

#endif
