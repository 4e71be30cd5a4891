/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_INTRA_H
#define TLS_INTRA_H

#include "tls/session.h"

/*
 * The extension `remoteAttestation` of a handshake (PROTOCOL 9): what stands
 * in it, who may send it and when, and the transcript that its binder comes
 * from (PROTOCOL 5.2). Sans-IO: a TLS stack hands over its handshake's
 * messages and the extension's content. TLS libraries keep too little track
 * of what was offered, so that this does. Making and judging Evidence are
 * jobs, as in a session.
 */
struct intra;

#define INTRA_TYPE 0xff02u    /* PROTOCOL 3; settable per context */
#define INTRA_CMW_MAX 65528u  /* bytes (PROTOCOL 3) */
#define INTRA_OFFER_MAX 8192u /* bytes of the extension in ClientHello */
#define INTRA_CHOICE_MAX 512u /* bytes where one scheme stands */

/* Where it may stand, as TLS HandshakeType. */
enum intra_message {
	INTRA_CLIENT_HELLO = 1,
	INTRA_ENCRYPTED_EXTENSIONS = 8,
	INTRA_CERTIFICATE = 11, /* first entry */
	INTRA_CERTIFICATE_REQUEST = 13,
};

/* conf is borrowed and must outlive it. NULL: out of memory. */
struct intra *intra_new(const struct session_conf *conf);
void intra_free(struct intra **i);

/* A handshake message as sent or received, header and all; those behind
 * ServerHello are passed over. */
int intra_observe(struct intra *i, struct span message, struct seal_diag *d);

/* Writes the content for m; nothing: m goes without. Certificate has one only
 * after intra_attest() said INTRA_GO. */
int intra_write(
    struct intra *i, enum intra_message m, struct wr *out, struct seal_diag *d);
/* Takes what stood in the peer's m. */
int intra_read(struct intra *i, enum intra_message m, struct span content,
    struct seal_diag *d);
/* The alert that tells the peer of the first failure (PROTOCOL 3). */
uint8_t intra_alert(const struct intra *i);

/* ---- The slow parts: called again after a job, as often as one likes ---- */

enum intra_step {
	INTRA_STOP = 0, /* the handshake must fail: told */
	INTRA_WAIT,     /* for intra_job_done() */
	INTRA_GO,
};

/* Before this side's Certificate. */
enum intra_step intra_attest(struct intra *i, struct seal_diag *d);
/* For CertificateVerify, with the key that attests, where that is slow: GO with
 * the signature, a view that lives until the next call. */
enum intra_step intra_sign(struct intra *i, uint16_t signature_scheme,
    struct span tbs, struct span *ret, struct seal_diag *d);
/* Once the peer's Certificate (leaf, DER) has been read, with its identity
 * checked; GO: accepted, or not required. */
enum intra_step intra_appraise(
    struct intra *i, struct span leaf, struct seal_diag *d);
/* What a waiting step asks for, once; the caller owns it. */
struct session_job *intra_job_take(struct intra *i, int64_t now_ms);
/* Takes ownership; *job becomes NULL; a stray one is dropped. */
void intra_job_done(struct intra *i, struct session_job **job);
/* Waiting steps now say STOP. */
void intra_cancel(struct intra *i);
bool intra_waiting(const struct intra *i);

/* ---- After the handshake ---- */

/* The last word: fails where the peer had to attest and was not accepted. */
int intra_finish(const struct intra *i, struct seal_diag *d);
uint32_t intra_lease_s(const struct intra *i);
/* For the session that follows in mode both. */
struct session_intra intra_leaves(const struct intra *i);

/* ---- On a TLS stack ---- */

/* What a stack that carries the extension does besides; tls is the stack's. */
struct intra_stack {
	bool servers_alone; /* it carries no Evidence of a client's */
	/* Before the handshake; borrows i until detach. */
	int (*attach)(void *tls, struct intra *i, struct seal_diag *d);
	/* After the handshake, or to give it up; muted: without another word
	 * to the transport. */
	void (*detach)(void *tls, bool muted);
	/* Why the handshake failed, where it was for attestation's sake; or
	 * NULL. */
	const struct seal_diag *(*diag)(const void *tls);
	/* Was the peer's chain validated? For the job that judges, which runs
	 * before the handshake has ended. */
	bool (*verified)(const void *tls);
};

#endif
