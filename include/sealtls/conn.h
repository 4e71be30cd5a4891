/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALTLS_CONN_H
#define SEALTLS_CONN_H

#include <stddef.h>
#include <stdint.h>

#include <sealtls/stack.h>
#include <sealtls/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Configuration ---- */

/*
 * Attesters, policy, identity, deadlines. Counted by the connections made
 * from it. Immutable after the first connection or prepare; from then on
 * shared by any threads.
 */
struct seal_ctx;

SEAL_API struct seal_ctx *seal_ctx_new(void);      /* NULL when out of memory */
SEAL_API void seal_ctx_free(struct seal_ctx **cp); /* NULL is fine */

/*
 * Reads a configuration (JSON, doc/config.schema.json); relative file names
 * in it are relative to its folder. Opens the attesters that it names.
 */
SEAL_API int seal_ctx_load_file(
    struct seal_ctx *c, const char *path, struct seal_diag *d);
SEAL_API int seal_ctx_load(struct seal_ctx *c, const char *json,
    const char *base_dir, struct seal_diag *d);
/*
 * This side can attest with driver ("tpm2", "soft"); settings are pairs of
 * key and value that end with NULL, e.g. {"key", "dev.key", NULL}.
 */
SEAL_API int seal_ctx_add_attester(struct seal_ctx *c, const char *driver,
    const char *const *settings, struct seal_diag *d);
/* True where this side attests with software Evidence, which proves nothing
 * about a platform: say so to whoever runs it. */
SEAL_API int seal_ctx_insecure(const struct seal_ctx *c);
/* Why the i-th of the attesters that were left out was, in words: one that is
 * "optional" in the configuration, and that this machine lacks. NULL behind the
 * last. The context owns it. Tell whoever runs it: another one attests in its
 * place. */
SEAL_API const char *seal_ctx_left_out(const struct seal_ctx *c, size_t i);
/* The peer must attest, by the policy in this file. */
SEAL_API int seal_ctx_require_peer(
    struct seal_ctx *c, const char *policy_file, struct seal_diag *d);
/* The same, but a peer that does not attest is served: its verdict then says
 * what failed, and data flows. For migration only. */
SEAL_API int seal_ctx_request_peer(
    struct seal_ctx *c, const char *policy_file, struct seal_diag *d);
/* Inner protocols, by preference, as the peers' applications name them; n
 * names of 1 to 255 bytes. */
SEAL_API int seal_ctx_alpn(struct seal_ctx *c, const char *const *names,
    size_t n, struct seal_diag *d);
/* Replaces the clocks: milliseconds of a monotonic clock that counts sleep
 * (default CLOCK_BOOTTIME), and seconds since 1970 (default CLOCK_REALTIME).
 * Called from any thread. */
SEAL_API void seal_ctx_clock(struct seal_ctx *c, int64_t (*boot_ms)(void *),
    int64_t (*unix_s)(void *), void *arg);

/* ---- Connections ---- */

/* One attested connection; used by one thread at a time. */
struct seal_conn;

enum seal_step {
	SEAL_ERROR = -1, /* told in seal_conn_diag() */
	SEAL_READY = 0,  /* data may flow */
	SEAL_WANT_READ = 1,
	SEAL_WANT_WRITE = 2,
	SEAL_WANT_JOB = 3, /* take seal_conn_job(), run, give back */
	SEAL_EOF = 4       /* the peer has ended its side in order */
};

/* Around any stack; tls is handed to its calls. Borrows stack, and tls where
 * the stack has no release(), which otherwise the connection calls; the caller
 * does so where this fails. */
SEAL_API struct seal_conn *seal_conn_stack(struct seal_ctx *ctx,
    const struct seal_stack *stack, void *tls, enum seal_role role,
    struct seal_diag *d);
SEAL_API void seal_conn_free(struct seal_conn **cp); /* NULL is fine */

/*
 * Who the peer is on the network, as a struct sockaddr of n bytes, copied: what
 * the configuration's handshakes.per_source counts: connections of a server in
 * mode intra or both, from the first work of their handshake (Evidence, a
 * signature by a device, an appraisal) to its end. A server behind a proxy, or
 * over a transport of its own, says so before the first step; for a socket it
 * is known. Of a family other than IPv4 and IPv6, or where nobody said, only
 * handshakes.total counts. (PROTOCOL 9.)
 */
SEAL_API void seal_conn_source(
    struct seal_conn *c, const void *address, size_t n);

/*
 * Advances handshake, attestation, re-attestation and deadlines as far as the
 * transport allows; never blocks if the transport does not. Call it again
 * after the event it asks for or at seal_conn_deadline(). After READY it
 * keeps the lease: call it whenever the transport is readable.
 */
SEAL_API enum seal_step seal_conn_step(struct seal_conn *c);
/* Milliseconds of the ctx's boot clock; INT64_MAX: no deadline. */
SEAL_API int64_t seal_conn_deadline(const struct seal_conn *c);
/* The same as a poll() time-out from now: milliseconds, or -1. */
SEAL_API int seal_conn_timeout(const struct seal_conn *c);
/* Blocks until READY (0) or failure; runs jobs on this thread; waits with
 * poll() on fd, which the caller's stack reads and writes, and which is made
 * non-blocking. */
SEAL_API int seal_conn_establish(struct seal_conn *c, int fd);

/* Up to cap bytes; *ret_n is 0 unless SEAL_READY is returned. SEAL_EOF once
 * the peer ended its side. Over DTLS: one datagram, as the peer wrote it; what
 * buf has no room for is gone (see seal_read_cut()), and of datagrams that
 * nobody reads 256 KiB are kept. */
SEAL_API enum seal_step seal_read(
    struct seal_conn *c, void *buf, size_t cap, size_t *ret_n);
/* Over DTLS: bytes at the end of the last datagram that seal_read() had no room
 * for, as recvmsg() tells by MSG_TRUNC; otherwise 0. 16,380 bytes of room are
 * always enough. */
SEAL_API size_t seal_read_cut(const struct seal_conn *c);
/* Takes up to n bytes, says how many; may want a step to be flushed. Over DTLS
 * all n bytes are one datagram, which may be lost on its way, like any: none
 * of it or all of it is taken, and more than seal_write_max() is SEAL_ERROR,
 * told as SEAL_E_LIMIT, which does the connection no harm. n == 0 sends
 * nothing. (PROTOCOL 8.) */
SEAL_API enum seal_step seal_write(
    struct seal_conn *c, const void *buf, size_t n, size_t *ret_n);
/* Over DTLS: bytes of the largest datagram that seal_write() takes: what is
 * left of the configuration's `mtu` (default 1,200 bytes of UDP payload). 0
 * over TLS, which has no such limit, and before the handshake. */
SEAL_API size_t seal_write_max(const struct seal_conn *c);
/* Blocking forms for simple programs; run jobs on this thread. Return bytes
 * (0 at the end for read; all n for write) or -1. */
SEAL_API long seal_read_wait(
    struct seal_conn *c, int fd, void *buf, size_t cap);
SEAL_API long seal_write_wait(
    struct seal_conn *c, int fd, const void *buf, size_t n);
/* CLOSE, close_notify, and waits, at most 2 seconds, for the peer's; over DTLS
 * for its acknowledgement of CLOSE, or, where the peer closed first, in case it
 * missed ours. */
SEAL_API void seal_conn_close_wait(struct seal_conn *c, int fd);
/* Ends this side's data; the peer may go on sending. Over DTLS there is no such
 * thing: SEAL_E_UNSUPPORTED, and nothing happens. */
SEAL_API int seal_conn_shutdown_write(struct seal_conn *c);
/* Asks for the close in order; step until SEAL_EOF or an error to finish. Over
 * DTLS that takes until the peer has acknowledged CLOSE, or, where the peer
 * closed, the 8 seconds in which it may ask again. */
SEAL_API void seal_conn_close(struct seal_conn *c);
/* Asks the peer to attest again now. */
SEAL_API int seal_conn_reattest(struct seal_conn *c);

/* The newest verdict about the peer, borrowed until the next call with c;
 * seal_verdict_ref() keeps it. NULL before there is one, where the peer is not
 * asked to attest, and, on a connection that goes on without (`require`
 * false), once its lease ended. In mode both an acceptance in the handshake is
 * none yet: the session's is, which binds to the traffic keys. */
SEAL_API struct seal_verdict *seal_conn_verdict(struct seal_conn *c);
/* Counts verdicts, so that a re-attestation can be noticed. */
SEAL_API unsigned seal_conn_verdict_count(const struct seal_conn *c);
SEAL_API const struct seal_diag *seal_conn_diag(const struct seal_conn *c);
/* What the peer said about us; SEAL_INVALID: nothing. */
SEAL_API enum seal_outcome seal_conn_peer_outcome(const struct seal_conn *c);
/* The outcome of the connection as a whole: SEAL_ACCEPTED while it is ready,
 * SEAL_CLOSED after an orderly end, else why not. */
SEAL_API enum seal_outcome seal_conn_outcome(const struct seal_conn *c);
/* The agreed inner protocol, NUL-terminated; "" for none. */
SEAL_API const char *seal_conn_alpn(const struct seal_conn *c);

/* ---- Jobs ---- */

/* Evidence to make or to judge; owns copies of its inputs and a reference to
 * the ctx, none to the connection. */
struct seal_job;

/* The job behind SEAL_WANT_JOB; NULL if none. The caller owns it. */
SEAL_API struct seal_job *seal_conn_job(struct seal_conn *c);
SEAL_API void seal_job_run(struct seal_job *j); /* blocks; on any one thread */
/* Where there is no room for the job behind SEAL_WANT_JOB: one that would make
 * Evidence is answered with an empty authenticator, which tells the peer to
 * ask again, and 1 is returned. An appraisal is not to be had without its
 * job, which stays; 0. Step afterwards. */
SEAL_API int seal_conn_job_refuse(struct seal_conn *c);
/* Gives it back on the connection's thread; frees it. */
SEAL_API int seal_conn_job_done(struct seal_conn *c, struct seal_job **jp);
/* For a job whose connection is gone. */
SEAL_API void seal_job_free(struct seal_job **jp);

#ifdef __cplusplus
}
#endif
#endif
