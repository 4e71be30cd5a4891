/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_QGS_STREAM_H
#define EVIDENCE_QGS_STREAM_H

#include "base/wr.h"

/* The host's quoting service over vsock: a tdx_connect (tdx_guest.h). */
int qgs_connect(uint32_t port, uint64_t deadline_ms);
/* Sends the request and reads one answer, without its prefix, on a connected
 * stream that does not block. SEAL_E_UNAVAILABLE past the deadline, and where
 * the stream ends or breaks; SEAL_E_DECODE for a length that none may have. */
int qgs_exchange(int fd, struct span request, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d);

#endif
