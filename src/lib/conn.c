/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/conn.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define READ_SIZE 16384 /* bytes of plaintext taken from TLS at once */
#define CLOSE_MS 2000   /* for CLOSE and close_notify to leave */
#define DRAIN_READS 16  /* in one step, before others have their turn */

struct seal_conn *
seal_conn_stack(struct seal_ctx *ctx, const struct seal_stack *stack, void *tls,
    enum seal_role role, struct seal_diag *d)
{
	struct seal_conn *c;

	if (stack == NULL || stack->abi != SEAL_STACK_ABI ||
	    (role != SEAL_CLIENT && role != SEAL_SERVER)) {
		seal_fail(d, SEAL_E_ARGUMENT,
		    "connection: expected a stack of ABI %u and a role",
		    SEAL_STACK_ABI);
		return NULL;
	}
	if (ctx_freeze(ctx, d) != 0)
		return NULL;
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		seal_fail(d, SEAL_E_MEMORY, "connection");
		return NULL;
	}
	c->ctx = ctx_ref(ctx);
	c->id = __atomic_add_fetch(&ctx->conns, 1, __ATOMIC_RELAXED);
	c->stack = stack;
	c->tls = tls;
	c->role = role;
	c->phase = CONN_HANDSHAKE;
	c->want = SEAL_WANT_READ;
	c->deadline_ms = ctx_boot_ms(ctx) + ctx->attest_ms;
	return c;
}

void
seal_conn_free(struct seal_conn **cp)
{
	struct seal_conn *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	session_free(&c->session);
	seal_job_free(&c->job);
	seal_verdict_free(&c->first);
	seal_verdict_free(&c->verdict);
	free(c->learned);
	free(c->alpn);
	free(c->diag);
	seal_ctx_free(&c->ctx);
	free(c);
}

/* ---- How it ends ---- */

/* Keeps the first story; a connection without memory for it still fails. */
static void
conn_tell(struct seal_conn *c, const struct seal_diag *d)
{
	if (c->diag == NULL && d->code != 0 &&
	    (c->diag = malloc(sizeof(*c->diag))) != NULL)
		*c->diag = *d;
}

/* Ends the connection; what the session still has to say is sent first. */
static void
conn_fail(struct seal_conn *c, int code, struct seal_diag *d)
{
	if (c->phase == CONN_FAILED || c->phase == CONN_SHUTDOWN)
		return;
	seal_fail(d, code, "connection: %s", seal_error_name(code));
	conn_tell(c, d);
	c->failing = true;
	c->phase = c->session != NULL ? CONN_SHUTDOWN : CONN_FAILED;
	c->deadline_ms = ctx_boot_ms(c->ctx) + CLOSE_MS;
}

static void
conn_end(struct seal_conn *c)
{
	c->phase = CONN_SHUTDOWN;
	c->deadline_ms = ctx_boot_ms(c->ctx) + CLOSE_MS;
}

/* ---- Handshake ---- */

static int
conn_exporter(void *arg, const char *label, struct span context, uint8_t *ret,
    size_t n, struct seal_diag *d)
{
	struct seal_conn *c = arg;

	return c->stack->exporter(
	    c->tls, label, context.p, context.n, ret, n, d);
}

static int
conn_begin_session(struct seal_conn *c, struct seal_diag *d)
{
	const struct ctx_profile *p;
	enum hash hash = HASH_NONE;
	int r;

	if ((r = conn_check_facts(c, &hash, d)) != 0)
		return r;
	if ((p = ctx_profile(c->ctx, c->role, hash)) == NULL)
		return seal_fail(d, SEAL_E_TLS, "tls: no profile for hash");
	c->session =
	    session_new(&p->conf, hash, conn_exporter, c, ctx_boot_ms(c->ctx));
	if (c->session == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "session");
	c->phase = CONN_SESSION;
	return 0;
}

/* Takes what the transport said; true where a step may go on at once. */
static bool
conn_io(struct seal_conn *c, enum seal_io io)
{
	if (io == SEAL_IO_WANT_WRITE)
		c->want = SEAL_WANT_WRITE;
	else if (io == SEAL_IO_WANT_READ)
		c->want = SEAL_WANT_READ;
	return io == SEAL_IO_DONE;
}

static void
conn_handshake(struct seal_conn *c)
{
	struct seal_diag d = { 0 };
	enum seal_io io = c->stack->handshake(c->tls, &d);
	int r = SEAL_E_TLS;

	if (io == SEAL_IO_WANT_READ || io == SEAL_IO_WANT_WRITE) {
		conn_io(c, io);
		return;
	}
	if (io != SEAL_IO_DONE)
		seal_fail(&d, r, "tls: the handshake ended early");
	else if ((r = conn_begin_session(c, &d)) == 0)
		return;
	conn_fail(c, r, &d);
}

/* ---- Session ---- */

/* Sends what the session holds; true when it holds no more. */
static bool
conn_flush(struct seal_conn *c, struct seal_diag *d)
{
	struct span out;

	while ((out = session_output(c->session)).n > 0) {
		enum seal_io io = c->stack->write(c->tls, out.p, out.n, d);

		if (io == SEAL_IO_DONE) {
			session_output_done(c->session, out.n);
			continue;
		}
		if (io != SEAL_IO_WANT_READ && io != SEAL_IO_WANT_WRITE)
			seal_fail(d, SEAL_E_IO, "tls: cannot write");
		conn_io(c, io);
		return false;
	}
	return true;
}

/* One read from TLS; true where more may be there. */
static bool
conn_take(struct seal_conn *c, struct seal_diag *d)
{
	uint8_t buf[READ_SIZE];
	size_t n = 0;
	enum seal_io io;
	bool more = false;

	if (!session_wants_input(c->session))
		return false;
	io = c->stack->read(c->tls, buf, sizeof(buf), &n, d);
	switch (io) {
	case SEAL_IO_DONE:
		more = session_input(c->session, span_of(buf, n),
			   ctx_boot_ms(c->ctx), d) == 0;
		break;
	case SEAL_IO_EOF:
	case SEAL_IO_TRUNCATED:
		session_input_end(c->session, io == SEAL_IO_EOF, d);
		break;
	case SEAL_IO_ERROR:
		seal_fail(d, SEAL_E_IO, "tls: cannot read");
		break;
	case SEAL_IO_WANT_READ:
	case SEAL_IO_WANT_WRITE:
		conn_io(c, io);
		break;
	}
	seal_wipe(buf, n);
	return more;
}

static void
conn_pick_job(struct seal_conn *c, struct seal_diag *d)
{
	struct session_job *work;

	if (c->job != NULL)
		return;
	work = session_job_take(c->session, ctx_boot_ms(c->ctx));
	if (work == NULL)
		return;
	c->job = job_new(c->ctx, c->role, &work, &c->peer, c->first);
	if (c->job == NULL) {
		session_job_free(&work);
		seal_fail(d, SEAL_E_MEMORY, "job");
		return;
	}
	c->job->conn = c->id;
}

/* A refusal of this side's own, with the story that the verdict tells. */
static void
conn_tell_verdict(struct seal_conn *c, struct seal_diag *d)
{
	if (c->verdict != NULL && c->verdict->diag != NULL &&
	    session_outcome(c->session) != SEAL_ACCEPTED &&
	    (c->ctx->require || c->ctx->observe)) {
		seal_diag_clear(d);
		*d = *c->verdict->diag;
	}
}

/* The agreed inner protocol, as a text that outlives the session's view. */
static void
conn_keep_alpn(struct seal_conn *c, struct seal_diag *d)
{
	struct span name = session_alpn(c->session);

	if (c->alpn != NULL || name.n == 0)
		return;
	c->alpn = strndup((const char *)name.p, name.n);
	if (c->alpn == NULL)
		seal_fail(d, SEAL_E_MEMORY, "alpn");
}

static void
conn_judge_state(struct seal_conn *c, struct seal_diag *d)
{
	int r;

	switch (session_state(c->session)) {
	case SESSION_OPENING:
		if (d->code != 0)
			conn_fail(c, d->code, d);
		return;
	case SESSION_READY:
		conn_keep_alpn(c, d);
		if (d->code != 0)
			conn_fail(c, d->code, d);
		return;
	case SESSION_CLOSED:
		conn_end(c);
		return;
	case SESSION_FAILED:
		break;
	}
	conn_tell_verdict(c, d);
	r = session_error(c->session);
	if (r == SEAL_E_REFUSED)
		seal_fail(d, r, "the peer refused: %s",
		    seal_outcome_name(session_peer_outcome(c->session)));
	conn_fail(c, d->code != 0 ? d->code : r != 0 ? r : SEAL_E_PROTOCOL, d);
}

/*
 * Sends, then takes; true where more may be there. A peer that refuses may be
 * gone before this side has written: the alert or CLOSE that it left behind
 * tells why, the failed write does not.
 */
static bool
conn_exchange(struct seal_conn *c, struct seal_diag *d)
{
	struct seal_diag unsent = { 0 };
	bool more;

	conn_flush(c, &unsent);
	more = d->code == 0 && conn_take(c, d);
	if (!more && d->code == 0 && unsent.code != 0 &&
	    session_state(c->session) != SESSION_FAILED)
		*d = unsent;
	return more;
}

static void
conn_session(struct seal_conn *c)
{
	struct seal_diag d = { 0 }, again = { 0 };
	bool more;

	do {
		session_tick(c->session, ctx_boot_ms(c->ctx), &d);
		conn_pick_job(c, &d);
		more = conn_exchange(c, &d);
		conn_judge_state(c, &d);
	} while (more && c->phase == CONN_SESSION);
	if (c->phase == CONN_SESSION) {
		conn_flush(c, &again); /* what fails does so again, above */
		conn_pick_job(c, &d);
		conn_judge_state(c, &d);
	}
}

/* ---- Shutdown ---- */

/*
 * Reads and discards until the peer has closed too: a socket closed over
 * unread bytes would reset the connection, and with it what was just said.
 */
static enum seal_io
conn_drain(struct seal_conn *c)
{
	struct seal_diag d = { 0 };
	uint8_t buf[READ_SIZE];
	enum seal_io io = SEAL_IO_DONE;
	size_t n;

	for (int i = 0; io == SEAL_IO_DONE && i < DRAIN_READS; i++)
		io = c->stack->read(c->tls, buf, sizeof(buf), &n, &d);
	seal_wipe(buf, sizeof(buf));
	c->more = io == SEAL_IO_DONE;
	return c->more ? SEAL_IO_WANT_READ : io;
}

static void
conn_shutdown(struct seal_conn *c)
{
	struct seal_diag d = { 0 };
	enum seal_io io = SEAL_IO_ERROR;

	c->more = false;
	if (!conn_flush(c, &d))
		io = d.code == 0 ? SEAL_IO_WANT_WRITE : SEAL_IO_ERROR;
	else if ((io = c->stack->shutdown(c->tls, &d)) == SEAL_IO_DONE)
		io = conn_drain(c);
	if ((io == SEAL_IO_WANT_READ || io == SEAL_IO_WANT_WRITE) &&
	    ctx_boot_ms(c->ctx) < c->deadline_ms) {
		conn_io(c, io);
		return;
	}
	c->phase = c->failing ? CONN_FAILED : CONN_CLOSED;
}

/* ---- Step ---- */

/* PROTOCOL 6.2: the attestation deadline nests every other one. */
static void
conn_check_deadline(struct seal_conn *c)
{
	struct seal_diag d = { 0 };

	if (ctx_boot_ms(c->ctx) < c->deadline_ms)
		return;
	if (c->phase != CONN_HANDSHAKE &&
	    (c->phase != CONN_SESSION ||
		session_state(c->session) != SESSION_OPENING))
		return;
	seal_fail(&d, SEAL_E_TIMEOUT, "%s: not finished within %u ms",
	    c->phase == CONN_HANDSHAKE ? "tls handshake" : "attestation",
	    c->ctx->attest_ms);
	if (c->session != NULL)
		session_abort(c->session, SEAL_TIMEOUT, SEAL_E_TIMEOUT);
	conn_fail(c, SEAL_E_TIMEOUT, &d);
}

static enum seal_step
conn_answer(const struct seal_conn *c)
{
	switch (c->phase) {
	case CONN_FAILED:
		return SEAL_ERROR;
	case CONN_CLOSED:
		return SEAL_EOF;
	case CONN_HANDSHAKE:
	case CONN_SHUTDOWN:
		return c->want;
	case CONN_SESSION:
		break;
	}
	if (c->job != NULL)
		return SEAL_WANT_JOB;
	if (session_output(c->session).n > 0)
		return c->want == SEAL_WANT_READ ? SEAL_WANT_READ
						 : SEAL_WANT_WRITE;
	return session_state(c->session) == SESSION_READY ? SEAL_READY
							  : SEAL_WANT_READ;
}

enum seal_step
seal_conn_step(struct seal_conn *c)
{
	conn_check_deadline(c);
	if (c->phase == CONN_HANDSHAKE)
		conn_handshake(c);
	if (c->phase == CONN_SESSION)
		conn_session(c);
	if (c->phase == CONN_SHUTDOWN)
		conn_shutdown(c);
	return conn_answer(c);
}

int64_t
seal_conn_deadline(const struct seal_conn *c)
{
	int64_t at;

	switch (c->phase) {
	case CONN_FAILED:
	case CONN_CLOSED:
		return INT64_MAX;
	case CONN_SHUTDOWN:
		if (c->more)
			return ctx_boot_ms(c->ctx);
		return c->deadline_ms;
	case CONN_HANDSHAKE:
		return c->deadline_ms;
	case CONN_SESSION:
		break;
	}
	at = session_deadline(c->session);
	if (session_state(c->session) == SESSION_OPENING && c->deadline_ms < at)
		at = c->deadline_ms;
	return at;
}

int
seal_conn_timeout(const struct seal_conn *c)
{
	int64_t at = seal_conn_deadline(c), left;

	if (at == INT64_MAX)
		return -1;
	left = at - ctx_boot_ms(c->ctx);
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

/* ---- Jobs ---- */

struct seal_job *
seal_conn_job(struct seal_conn *c)
{
	struct seal_job *j = c->job;

	c->job = NULL;
	return j;
}

static void
conn_take_verdict(struct seal_conn *c, struct seal_job *j)
{
	if (j->verdict == NULL)
		return;
	/* An inconclusive re-appraisal leaves the running verdict alone. */
	if (c->verdict == NULL || j->verdict->outcome != SEAL_UNAVAILABLE) {
		seal_verdict_free(&c->verdict);
		c->verdict = j->verdict;
		j->verdict = NULL;
		c->verdicts++;
	}
	if (c->first == NULL && c->verdict->outcome == SEAL_ACCEPTED)
		c->first = seal_verdict_ref(c->verdict);
	if (c->learned == NULL) {
		c->learned = j->learned;
		j->learned = NULL;
	}
}

int
seal_conn_job_done(struct seal_conn *c, struct seal_job **jp)
{
	struct seal_job *j = *jp;
	struct seal_diag d = { 0 };
	int r = 0;

	*jp = NULL;
	if (j == NULL)
		return 0;
	/* Serials are unique within a connection alone. */
	if (j->ctx != c->ctx || j->conn != c->id) {
		seal_job_free(&j);
		return SEAL_E_ARGUMENT;
	}
	if (c->phase == CONN_SESSION) {
		conn_take_verdict(c, j);
		if (j->work->kind == SESSION_JOB_ATTEST && j->diag.code != 0)
			conn_tell(c, &j->diag);
		r = session_job_done(
		    c->session, &j->work, ctx_boot_ms(c->ctx), &d);
		if (r != 0) {
			conn_tell_verdict(c, &d);
			conn_tell(c, &d);
		}
	}
	seal_job_free(&j);
	return r;
}

/* ---- Data ---- */

enum seal_step
seal_read(struct seal_conn *c, void *buf, size_t cap, size_t *ret_n)
{
	struct seal_diag d = { 0 };
	enum seal_step step;

	*ret_n = 0;
	step = seal_conn_step(c);
	if (c->phase != CONN_SESSION ||
	    session_state(c->session) != SESSION_READY)
		return step;
	if (session_read(
		c->session, buf, cap, ctx_boot_ms(c->ctx), ret_n, &d) != 0) {
		conn_judge_state(c, &d);
		return seal_conn_step(c);
	}
	if (*ret_n > 0)
		return SEAL_READY;
	if (session_read_ended(c->session))
		return SEAL_EOF;
	return step == SEAL_READY ? SEAL_WANT_READ : step;
}

enum seal_step
seal_write(struct seal_conn *c, const void *buf, size_t n, size_t *ret_n)
{
	struct seal_diag d = { 0 };
	enum seal_step step;
	size_t put = 1;

	*ret_n = 0;
	(void)seal_conn_step(c); /* its state says what came of it */
	while (*ret_n < n && put > 0 && c->phase == CONN_SESSION &&
	       session_state(c->session) == SESSION_READY) {
		put = 0;
		if (session_write(c->session,
			span_of((const uint8_t *)buf + *ret_n, n - *ret_n),
			ctx_boot_ms(c->ctx), &put, &d) != 0) {
			conn_judge_state(c, &d);
			return seal_conn_step(c);
		}
		*ret_n += put;
		if (!conn_flush(c, &d))
			break;
	}
	if (d.code != 0)
		conn_judge_state(c, &d);
	if (*ret_n > 0)
		return SEAL_READY;
	step = conn_answer(c);
	return step == SEAL_READY && n > 0 ? SEAL_WANT_WRITE : step;
}

int
seal_conn_shutdown_write(struct seal_conn *c)
{
	struct seal_diag d = { 0 };
	int r;

	if (c->phase != CONN_SESSION)
		return SEAL_E_STATE;
	if ((r = session_write_end(c->session, &d)) == 0)
		conn_flush(c, &d);
	return r;
}

void
seal_conn_close(struct seal_conn *c)
{
	if (c->phase == CONN_HANDSHAKE)
		c->phase = CONN_CLOSED;
	else if (c->phase == CONN_SESSION)
		session_close(c->session);
}

int
seal_conn_reattest(struct seal_conn *c)
{
	struct seal_diag d = { 0 };

	if (c->phase != CONN_SESSION)
		return SEAL_E_STATE;
	return session_reattest(c->session, ctx_boot_ms(c->ctx), &d);
}
