/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_SESSION_H
#define TLS_SESSION_H

#include "base/limits.h"
#include "binding/ea.h"

/*
 * The session machine (PROTOCOL 6, 8): sans-IO, between an established TLS 1.3
 * or DTLS 1.3 connection and the application. It moves frames,
 * keeps the order of disclosure, the leases and the deadlines, and decides
 * when DATA may flow. Evidence is opaque to it: making and judging it are
 * jobs, done elsewhere on copies. Times are milliseconds of the caller's
 * monotonic clock.
 */
struct session;

/* `[0, media type]` (Evidence) or `[1, verifier id]` (Attestation Result). */
struct scheme {
	uint8_t kind; /* 0 or 1 */
	struct span name;
};

/* How it travels: in the byte stream of TLS, or in the datagrams of DTLS. */
enum carriage_kind { CARRIAGE_STREAM = 0, CARRIAGE_DATAGRAM };

/* Borrowed by the session, which it must outlive; immutable. */
struct session_conf {
	enum ea_role role; /* mine */
	bool require;      /* no DATA before I accepted the peer */
	bool request;      /* I ask the peer to attest; implied by require */
	const struct scheme *produce; /* what I can attest with, by order */
	size_t n_produce;
	const struct scheme *accept; /* what I accept, by preference */
	size_t n_accept;
	const struct span *alpn; /* inner protocols; n_alpn == 0: none */
	size_t n_alpn;
	bool reveal_after_peer; /* attest only to an accepted peer */
	uint16_t cmw_type;      /* extension code point */
	uint32_t attest_ms;     /* accept to last required VERDICT; 30,000 */
	uint32_t answer_ms;     /* REQUEST to AUTHENTICATOR; 30,000 */
	uint32_t spacing_ms;    /* least time between my answers; 10,000 */
	uint32_t lease_floor_s; /* shortest lease that I accept; 30 */
	enum carriage_kind carriage;
	uint32_t mtu; /* DATAGRAM: bytes of a UDP payload; 0: 1,200 */
};

/* What a handshake that attested leaves to its session (PROTOCOL 6, 9). */
struct session_intra {
	bool attested; /* this side did: the peer's VERDICT on it comes first */
	enum seal_outcome outcome; /* mine, told to the peer; INVALID: none */
	uint32_t lease_s;          /* of an acceptance */
};

/* TLS-Exporter of the connection; 0 or SEAL_E_*. */
typedef int (*exporter_fn)(void *ctx, const char *label, struct span context,
    uint8_t *ret, size_t n, struct seal_diag *d);

/* intra: NULL where the handshake attested nothing. begun_ms: when the
 * connection was accepted or made; attest_ms counts from there. NULL: told. */
struct session *session_new(const struct session_conf *conf, enum hash hash,
    exporter_fn exporter, void *exporter_ctx, const struct session_intra *intra,
    int64_t begun_ms, int64_t now_ms, struct seal_diag *d);
void session_free(struct session **s);

/* ---- Bytes of the TLS stream, or records of DTLS ---- */

/* Takes what TLS delivered, or one record of DTLS; all of in is consumed. 0,
 * or the error that ends the session (a CLOSE is then in the output). */
int session_input(
    struct session *s, struct span in, int64_t now_ms, struct seal_diag *d);
/* EOF from TLS: orderly (close_notify) or not. */
int session_input_end(struct session *s, bool orderly, struct seal_diag *d);
/* May more input be taken, or is too much DATA undelivered? */
bool session_wants_input(const struct session *s);
/* Bytes to send: a view, at most one record's worth, valid until the next
 * call, and the same bytes until session_output_done() says how many were
 * sent. Empty: nothing to send. Over datagrams it is one whole record, which
 * may be lost on its way; it is sent whole. */
struct span session_output(struct session *s);
void session_output_done(struct session *s, size_t n);

/* Over datagrams a session that has ended is still there for its peer: until
 * its CLOSE is acknowledged, or, where the peer closed, for 8 s, go on with
 * input, output and tick. */
bool session_lingers(const struct session *s);

/* ---- Jobs: at most one of each kind is out at a time ---- */

enum session_job_kind {
	SESSION_JOB_NONE = 0,
	SESSION_JOB_ATTEST,   /* make the answer to request */
	SESSION_JOB_APPRAISE, /* judge answer */
	SESSION_JOB_SIGN,     /* of a handshake: with a key in a device */
};

/* Owns all that it points to; refers to nothing of the session. */
struct session_job {
	enum session_job_kind kind;
	uint32_t serial; /* so that a late result is recognised */
	uint8_t *request;
	size_t n_request;
	struct ea_keys keys;  /* of who sends the authenticator */
	uint8_t exporter[32]; /* TLS-Exporter("Attestation", context) */
	/* The agreed scheme: index in my produce or accept list. For APPRAISE
	 * any that I accept and the peer's HELLO offered may come. */
	size_t scheme;
	int64_t deadline_ms;
	/* ATTEST: made by the job; after an error the empty authenticator, and
	 * without even that the session ends. APPRAISE: input. */
	uint8_t *authenticator;
	size_t n_authenticator;
	/* Result. ATTEST: error (0 or SEAL_E_*). APPRAISE: outcome and, where
	 * accepted, the lease; with an error nothing is accepted. */
	int error;
	enum seal_outcome outcome;
	uint32_t lease_s;
	/* Of a handshake (tls/intra.h) rather than a session: there is no
	 * request, authenticator is the bare CMW, and the binder comes of the
	 * transcript (PROTOCOL 5.2), by keys.hash. */
	bool intra;
	uint8_t transcript[HASH_MAX];
	uint8_t *leaf; /* APPRAISE: the peer's certificate, DER */
	size_t n_leaf;
	uint16_t signature_scheme; /* SIGN: of what stands in request; the
				    * signature becomes the authenticator */
};

/* The next job to be done, or NULL; the caller owns it. Where one cannot be
 * made the session ends: told. */
struct session_job *session_job_take(
    struct session *s, int64_t now_ms, struct seal_diag *d);
/* Gives it back done, in any order; takes ownership; *job becomes NULL. A
 * late or unknown one is dropped silently and returns 0. */
int session_job_done(struct session *s, struct session_job **job,
    int64_t now_ms, struct seal_diag *d);
void session_job_free(struct session_job **job);
/* Would the verdict of an APPRAISE job take the old one's place? An
 * inconclusive one leaves an acceptance alone whose lease runs. */
bool session_job_settles(
    const struct session *s, const struct session_job *job, int64_t now_ms);

/* ---- State ---- */

enum session_state {
	SESSION_FAILED = 0,
	SESSION_OPENING, /* DATA may not flow yet */
	SESSION_READY,
	SESSION_CLOSED, /* both ends are done, in order */
};

enum session_state session_state(const struct session *s);
/* Why it failed: 0 or SEAL_E_*. */
int session_error(const struct session *s);
/* What the peer told us in its last VERDICT, or refusing CLOSE; SEAL_INVALID:
 * it told nothing. */
enum seal_outcome session_peer_outcome(const struct session *s);
/* My verdict about the peer; SEAL_INVALID: none. */
enum seal_outcome session_outcome(const struct session *s);
/* The agreed inner protocol; empty: none. Valid once HELLO has come. */
struct span session_alpn(const struct session *s);
/* When to call session_tick() at the latest, and, where can_take says that the
 * caller has room for a job, session_job_take(); INT64_MAX: never. */
int64_t session_deadline(const struct session *s, bool can_take);
int session_tick(struct session *s, int64_t now_ms, struct seal_diag *d);

/* ---- Application data ---- */

/* Copies up to cap bytes of DATA. *ret_n == 0: none yet, or, where
 * session_read_ended(), the peer has ended its side. Fails once the lease
 * has ended. Over datagrams: of one datagram, whose rest is gone. */
int session_read(struct session *s, void *buf, size_t cap, int64_t now_ms,
    size_t *ret_n, struct seal_diag *d);
bool session_read_ended(const struct session *s);
/* Bytes that session_read() has, at least; over datagrams: of the next one. */
size_t session_read_ready(const struct session *s);
/* Bytes for which the last session_read() had no room: over datagrams alone. */
size_t session_read_cut(const struct session *s);
/* Bytes that one DATA takes at most. */
size_t session_write_max(const struct session *s);
/* Frames up to session_write_max() bytes of in, or, over datagrams, all of
 * them in one: with more it returns SEAL_E_LIMIT, and nothing is harmed.
 * *ret_n == 0 while the output still holds too much. Fails before READY,
 * after end and after the lease. */
int session_write(struct session *s, struct span in, int64_t now_ms,
    size_t *ret_n, struct seal_diag *d);
/* Half-close: the zero-length DATA; there is none over datagrams. */
int session_write_end(struct session *s, struct seal_diag *d);
/* CLOSE with SEAL_CLOSED. */
void session_close(struct session *s);
/* CLOSE with an outcome: the layers above found a reason. */
void session_abort(struct session *s, enum seal_outcome outcome, int error);
/* Asks the peer to attest again now, rather than at half the lease. */
int session_reattest(struct session *s, int64_t now_ms, struct seal_diag *d);

#endif
