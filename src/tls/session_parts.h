/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_SESSION_PARTS_H
#define TLS_SESSION_PARTS_H

#include "tls/carriage.h"
#include "tls/hello.h"
#include "tls/inbox.h"
#include "tls/outcome_msg.h"
#include "tls/session.h"

#define SESSION_HELD_MAX 262144u /* bytes of undelivered DATA, PROTOCOL 6.2 */
#define SESSION_OUTPUT_ENOUGH 65536u /* bytes unsent; no DATA is added */

/* This side as Relying Party: it asks, judges, and grants a lease. */
struct asker {
	bool outstanding; /* a REQUEST waits for its AUTHENTICATOR */
	bool late;        /* its answer is overdue, within an old lease */
	bool appraising;  /* an answer is to be judged, or is being judged */
	bool leased;      /* the last conclusive verdict accepted */
	uint32_t serial;  /* of the job that judges; 0: none is out */
	uint32_t asked;   /* REQUESTs so far */
	uint8_t context[SEAL_CONTEXT_SIZE];
	int64_t asked_ms, lease_ms, again_ms; /* lease_ms: when it ends */
	enum seal_outcome outcome; /* my verdict; SEAL_INVALID: none yet */
	uint8_t *answer;           /* waits for its job */
	size_t n_answer;
};

/* This side as Attester. */
struct answerer {
	uint8_t *request; /* waits for its job */
	size_t n_request;
	bool intra;     /* a VERDICT on the handshake's Evidence is due */
	bool answering; /* a REQUEST came, its AUTHENTICATOR has not left */
	bool awaiting;  /* an AUTHENTICATOR left, its VERDICT has not come */
	bool accepted;  /* by the peer, last time */
	bool answered;  /* at least once */
	uint32_t serial;
	uint8_t context[SEAL_CONTEXT_SIZE]; /* of request */
	uint8_t awaited[SEAL_CONTEXT_SIZE]; /* of the VERDICT that is due */
	int64_t answered_ms;
	struct ea_contexts seen;
};

struct session {
	const struct session_conf *conf;
	enum hash hash;
	exporter_fn exporter;
	void *exporter_ctx;
	enum session_state state;
	int error;
	enum seal_outcome peer_outcome;
	uint32_t serials;
	int64_t attest_ms; /* the end of OPENING */
	struct carriage way;
	/* From the peer's HELLO. */
	bool hello, peer_requires;
	bool can_produce; /* a scheme that the peer accepts */
	size_t produce;
	bool can_accept; /* a scheme that the peer produces */
	size_t accept;
	struct span alpn; /* in conf's list */
	struct asker ask;
	struct answerer answer;
	struct inbox data;
	size_t cut; /* of the datagram that was read last */
	bool read_ended, write_ended, peer_closed;
	bool gone; /* TLS has ended: there is nobody any more */
};

/* Ends the session: CLOSE with outcome, then nothing more. Returns error. */
int session_fail(struct session *s, int error);
/* Sends a frame; 0 or the error that ended the session. */
int session_send(struct session *s, enum frame_type type, struct span body,
    struct seal_diag *d);
/* READY as soon as what both sides require holds. */
void session_update(struct session *s);
/* The exporter values of sender's authenticators. */
int session_keys(struct session *s, enum ea_role sender, struct ea_keys *ret,
    struct seal_diag *d);
/* All that a job about one authenticator needs of the connection. */
int session_job_secrets(struct session *s, enum ea_role sender,
    const uint8_t context[SEAL_CONTEXT_SIZE], struct session_job *job,
    struct seal_diag *d);
uint32_t session_serial(struct session *s);
/* PROTOCOL 4: 65,536 contexts in a connection, counting both directions. */
int session_check_contexts(const struct session *s, struct seal_diag *d);
bool session_open(const struct session *s);
/* Both ends are done, in order. */
void session_finish(struct session *s);

/* ---- tls/session_hello.c ---- */
int session_hello(struct session *s, struct span body, struct seal_diag *d);

/* ---- tls/session_data.c ---- */
int session_data(struct session *s, struct span body, struct seal_diag *d);
/* DATA over datagrams: takes or drops it; 0. */
int session_datagram(struct session *s, struct span body);

/* ---- tls/session_ask.c ---- */
bool ask_wanted(const struct session *s);
int ask_send(struct session *s, int64_t now_ms, struct seal_diag *d);
/* The VERDICT on the handshake's Evidence: it answers no context. */
int ask_send_intra(
    struct session *s, const struct session_intra *intra, struct seal_diag *d);
int ask_authenticator(
    struct session *s, struct span body, int64_t now_ms, struct seal_diag *d);
int ask_job(struct session *s, struct session_job **ret, struct seal_diag *d);
int ask_job_done(struct session *s, const struct session_job *job,
    int64_t now_ms, struct seal_diag *d);
int ask_tick(struct session *s, int64_t now_ms, struct seal_diag *d);
int64_t ask_deadline(const struct session *s);
bool ask_live(const struct session *s, int64_t now_ms);

/* ---- tls/session_answer.c ---- */
int answer_request(struct session *s, struct span body, struct seal_diag *d);
int answer_job(struct session *s, int64_t now_ms, struct session_job **ret,
    struct seal_diag *d);
int answer_job_done(struct session *s, const struct session_job *job,
    int64_t now_ms, struct seal_diag *d);
int answer_verdict(struct session *s, struct span body, struct seal_diag *d);
int64_t answer_deadline(const struct session *s);

#endif
