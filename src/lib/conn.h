/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_CONN_H
#define LIB_CONN_H

#include "lib/job.h"

enum conn_phase {
	CONN_FAILED = 0, /* for good; the story is in diag */
	CONN_HANDSHAKE,
	CONN_SESSION,
	CONN_SHUTDOWN, /* the session is over; TLS is being closed */
	CONN_CLOSED,
};

struct seal_conn {
	struct seal_ctx *ctx;
	uint64_t id; /* among all of ctx, so that its jobs are known */
	const struct seal_stack *stack;
	void *tls;
	enum seal_role role;
	enum conn_phase phase;
	bool failing;        /* FAILED follows SHUTDOWN */
	enum seal_step want; /* what the transport last asked for */
	int64_t deadline_ms; /* for READY, then for SHUTDOWN */
	bool more;           /* SHUTDOWN can go on without waiting */
	struct session *session;
	struct peer_identity peer;
	struct seal_job *job; /* made, not yet taken */
	struct seal_verdict *first, *verdict;
	unsigned verdicts;
	char *learned;
	struct seal_diag *diag; /* NULL until something fails */
	char *alpn;             /* NULL until agreed */
};

/* Fills c->peer from the facts after the handshake; refuses what PROTOCOL 2,
 * 5.4 rule 6 and 5.5 rule 4 forbid. */
int conn_check_facts(struct seal_conn *c, enum hash *ret_hash,
    struct seal_diag *d); /* lib/identity.c */

#endif
