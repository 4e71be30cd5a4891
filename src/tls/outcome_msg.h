/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_OUTCOME_MSG_H
#define TLS_OUTCOME_MSG_H

#include "base/diag.h"
#include "base/limits.h"
#include "base/wr.h"

/* The bodies of VERDICT and CLOSE, PROTOCOL 6. */
struct verdict_msg {
	enum seal_outcome outcome; /* unknown codes: SEAL_REFUSED_POLICY */
	uint32_t lease_s;          /* 0: absent */
	struct span context;       /* that it answers */
};

void verdict_msg_write(struct wr *out, const struct verdict_msg *m);
/* Refuses an accepting verdict without a lease. */
int verdict_msg_parse(
    struct span body, struct verdict_msg *ret, struct seal_diag *d);

/* PROTOCOL 6.2: settles nothing, and leaves the last verdict as it is. */
bool outcome_inconclusive(enum seal_outcome outcome);

void close_msg_write(struct wr *out, enum seal_outcome outcome);
int close_msg_parse(
    struct span body, enum seal_outcome *ret, struct seal_diag *d);

#endif
