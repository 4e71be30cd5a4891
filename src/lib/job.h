/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_JOB_H
#define LIB_JOB_H

#include "lib/ctx.h"

/* Who the TLS certificate proved the peer to be, as a job needs to know. */
struct peer_identity {
	bool validated;
	bool has_key;
	uint8_t key[32]; /* SHA-256 of the TLS leaf's SPKI */
	char text[96];   /* "pkix:NAME", "pin:HEX", "none" */
};

/*
 * One piece of slow work of a connection, with copies of all it needs: a
 * session_job, and what the session does not know. Refers to ctx alone.
 */
struct seal_job {
	struct seal_ctx *ctx;
	uint64_t conn; /* whose it is */
	struct session_job *work;
	enum seal_role role; /* mine */
	struct peer_identity peer;
	struct cert *leaf; /* the peer's in the handshake that asks; or NULL */
	struct seal_verdict *first; /* for a re-attestation; or NULL */
	struct seal_diag diag;      /* why an answer could not be made */
	bool waits;                 /* shares place of ctx->waits */
	size_t place;
	/* Results of an appraisal. */
	struct seal_verdict *verdict;
	char *learned;
};

/* Takes ownership of *work. NULL when out of memory. */
struct seal_job *job_new(struct seal_ctx *ctx, enum seal_role role,
    struct session_job **work, const struct peer_identity *peer,
    struct seal_verdict *first);

/* My role, as RFC 9261 needs it. */
enum ea_role job_role(const struct seal_job *j);

/* The binder of what the job is about, for the subject key in spki. */
int job_binding(const struct seal_job *j, struct span spki,
    struct seal_binding *ret, struct seal_diag *d);

/* What is left of the time for the answer, in milliseconds; at least 1. */
uint32_t job_time_left(const struct seal_job *j);

void job_attest(struct seal_job *j);   /* lib/attest.c */
void job_refuse(struct seal_job *j);   /* the same, without an attester */
void job_sign(struct seal_job *j);     /* for a handshake */
void job_appraise(struct seal_job *j); /* lib/judge.c */

#endif
