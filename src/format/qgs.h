/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_QGS_H
#define FORMAT_QGS_H

#include "base/diag.h"
#include "base/wr.h"

/*
 * Messages of Intel's Quote Generation Service (version 1 of its protocol,
 * DCAP's qgs_msg_lib): what a TD sends to its host over a stream. Each has its
 * length before it, in 4 bytes, big endian; all else is little endian.
 */
#define QGS_PREFIX 4u /* bytes of that length */
#define QGS_PORT 4050u
#define QGS_TD_REPORT 1024u
#define QGS_MESSAGE_MAX 65536u

/* The request for a quote over a TDREPORT, with its prefix. */
void qgs_write_request(struct wr *out, struct span td_report);
/* Of a prefix: 0 where no message may be so long or so short. */
size_t qgs_message_size(struct span prefix);
/* The quote in an answer without its prefix, to the last byte; a view.
 * SEAL_E_DECODE; SEAL_E_UNAVAILABLE for one that is an error of the service. */
int qgs_parse_answer(
    struct span in, struct span *ret_quote, struct seal_diag *d);

#endif
