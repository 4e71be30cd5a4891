/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_CONN_INTRA_H
#define LIB_CONN_INTRA_H

#include "lib/conn.h"
#include "tls/intra.h"

/* Before the handshake begins. */
int conn_intra_begin(
    struct seal_conn *c, const struct intra_stack *stack, struct seal_diag *d);
/* Lets go of the handshake, finished or not; muted: nothing more is said. */
void conn_intra_end(struct seal_conn *c, bool muted);
/* The work that the handshake waits for, if any, becomes c->job; d tells where
 * it cannot. True: it was refused, and the handshake can go on at once. */
bool conn_intra_job(struct seal_conn *c, struct seal_diag *d);
void conn_intra_job_done(struct seal_conn *c, struct seal_job *j);
/* Why a handshake failed, where it was for attestation's sake: into d. */
void conn_intra_story(const struct seal_conn *c, struct seal_diag *d);
/* Once the handshake is done and its facts are sound: the last word on the
 * peer's attestation; keeps verdict and lease. */
int conn_intra_finish(struct seal_conn *c, struct seal_diag *d);

#endif
