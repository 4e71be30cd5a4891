/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_CONN_H
#define LIB_CONN_H

#include "lib/job.h"

struct intra;
struct intra_stack;
struct conn_plain;

#define CONN_READ_SIZE 16384 /* bytes of plaintext taken from TLS at once */

enum conn_phase {
	CONN_FAILED = 0, /* for good; the story is in diag */
	CONN_HANDSHAKE,
	CONN_SESSION,
	CONN_PLAIN,    /* attested by the handshake alone */
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
	int64_t begun_ms;    /* the handshake; attest_ms counts from it */
	int64_t deadline_ms; /* of HANDSHAKE, then of SHUTDOWN */
	bool more;           /* SHUTDOWN can go on without waiting */
	enum carriage_kind carriage; /* known once the handshake is done */
	struct session *session;
	struct intra *intra; /* of HANDSHAKE, where it attests; or NULL */
	const struct intra_stack *intra_stack;
	struct session_conf intra_conf; /* what intra borrows */
	struct conn_plain *plain;       /* of PLAIN */
	int64_t lease_ms;               /* when PLAIN ends */
	struct session_intra attested;  /* what the handshake left */
	struct waits_source source;     /* whose handshake it is */
	bool waits;                     /* at place of ctx->waits */
	size_t place;
	struct peer_identity peer;
	struct seal_job *job; /* made, not yet taken */
	struct seal_verdict *first, *verdict;
	unsigned verdicts;
	char *learned;
	struct seal_diag *diag;       /* NULL until something fails */
	bool remark;                  /* diag tells of no failure of c's */
	struct seal_diag *unanswered; /* why I could not attest; or NULL */
	char *alpn;                   /* NULL until agreed */
};

/* Fills c->peer and c->carriage from the facts after the handshake; refuses
 * what PROTOCOL 2, 5.4 rule 6 and 5.5 rule 4 forbid. */
int conn_check_facts(struct seal_conn *c, enum hash *ret_hash,
    struct seal_diag *d); /* lib/facts.c */

/* The rule for who a peer of role's side must be; never UNSET. */
enum identity_mode identity_mode(const struct seal_ctx *c, enum seal_role role);
/* May the authenticator's chain serve as the peer's identity (PROTOCOL 5.4
 * rule 6)? */
bool identity_in_authenticator(const struct seal_ctx *c, enum seal_role role);

/* ---- lib/conn.c ---- */

/* Keeps the first story; a connection without memory for it still fails. */
void conn_tell(struct seal_conn *c, const struct seal_diag *d);
/* The same for what does the connection no harm; gives way to a failure. */
void conn_remark(struct seal_conn *c, const struct seal_diag *d);
/* Ends the connection; what the session still has to say is sent first. */
void conn_fail(struct seal_conn *c, int code, struct seal_diag *d);
void conn_end(struct seal_conn *c);
/* Notes what the transport waits for. */
void conn_io(struct seal_conn *c, enum seal_io io);
/* What to tell the caller to wait for. */
enum seal_step conn_answer(const struct seal_conn *c);

/* A connection in its first phase; intra: the stack can attest in it. */
struct seal_conn *conn_new(struct seal_ctx *ctx, const struct seal_stack *stack,
    const struct intra_stack *intra, void *tls, enum seal_role role,
    struct seal_diag *d);

/* ---- lib/conn_plain.c ---- */

int conn_begin_plain(struct seal_conn *c, struct seal_diag *d);
void conn_plain_free(struct seal_conn *c);
void conn_plain_step(struct seal_conn *c);
/* True when TLS has taken all, close_notify included. */
bool conn_plain_flush(struct seal_conn *c, struct seal_diag *d);
bool conn_plain_pending(const struct seal_conn *c);
enum seal_step conn_plain_read(
    struct seal_conn *c, void *buf, size_t cap, size_t *ret_n);
enum seal_step conn_plain_write(
    struct seal_conn *c, const void *buf, size_t n, size_t *ret_n);
int conn_plain_end(struct seal_conn *c);

/* ---- lib/conn_session.c ---- */

/* Once the handshake is done: checks its facts, then SESSION or PLAIN. */
int conn_begin(struct seal_conn *c, struct seal_diag *d);
/* Drives the session as far as it goes without waiting. */
void conn_session(struct seal_conn *c);
/* Sends what the session holds; true when it holds no more. */
bool conn_flush(struct seal_conn *c, struct seal_diag *d);
/* A session over datagrams answers its peer for a while after its end: does
 * so; false once that is over. */
bool conn_linger(struct seal_conn *c);
/* Follows the session's state, and what d tells, into the connection's. */
void conn_judge_state(struct seal_conn *c, struct seal_diag *d);
/* Keeps why this side could not attest, or that it could. */
void conn_note_answer(struct seal_conn *c, const struct session_job *work,
    const struct seal_diag *d);

#endif
