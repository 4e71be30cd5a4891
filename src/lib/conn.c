/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/conn_intra.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define CLOSE_MS 2000  /* for CLOSE and close_notify to leave */
#define DRAIN_READS 16 /* in one step, before others have their turn */

/* Does role's side of ctx want Evidence of a client's? */
static bool
client_attests(const struct seal_ctx *ctx, enum seal_role role)
{
	return role == SEAL_SERVER ? ctx->policy != NULL : ctx->n_attesters > 0;
}

/* Only a stack with the extension attests in the handshake, and some only as
 * servers. */
static int
check_mode(const struct seal_ctx *ctx, const struct intra_stack *intra,
    enum seal_role role, struct seal_diag *d)
{
	if (ctx->mode == MODE_INTRA && intra != NULL && intra->servers_alone &&
	    client_attests(ctx, role)) {
		seal_fail(d, SEAL_E_CONFIG,
		    "mode: this TLS stack delivers no Evidence of a client's "
		    "in the handshake: it shows a server no extension of the "
		    "client's Certificate");
		seal_remedy(d, "use mode both, in which the client attests "
			       "after the handshake, or post; or "
			       "seal_conn_openssl()");
		return SEAL_E_CONFIG;
	}
	if (ctx->mode == MODE_POST || intra != NULL)
		return 0;
	seal_fail(d, SEAL_E_CONFIG,
	    "mode: this TLS stack cannot carry attestation in its handshake");
	seal_remedy(
	    d, "use mode post, or seal_conn_openssl(), or seal_conn_nss()");
	return SEAL_E_CONFIG;
}

struct seal_conn *
conn_new(struct seal_ctx *ctx, const struct seal_stack *stack,
    const struct intra_stack *intra, void *tls, enum seal_role role,
    struct seal_diag *d)
{
	struct seal_conn *c;

	if (stack == NULL || stack->abi != SEAL_STACK_ABI ||
	    (role != SEAL_CLIENT && role != SEAL_SERVER)) {
		seal_fail(d, SEAL_E_ARGUMENT,
		    "connection: expected a stack of ABI %u and a role",
		    SEAL_STACK_ABI);
		return NULL;
	}
	if (ctx_freeze(ctx, d) != 0 || check_mode(ctx, intra, role, d) != 0)
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
	c->begun_ms = ctx_boot_ms(ctx);
	c->deadline_ms = c->begun_ms + ctx->attest_ms;
	if (ctx->mode != MODE_POST && conn_intra_begin(c, intra, d) != 0) {
		c->tls = NULL; /* the caller's still */
		seal_conn_free(&c);
	}
	return c;
}

struct seal_conn *
seal_conn_stack(struct seal_ctx *ctx, const struct seal_stack *stack, void *tls,
    enum seal_role role, struct seal_diag *d)
{
	return conn_new(ctx, stack, NULL, tls, role, d);
}

void
seal_conn_free(struct seal_conn **cp)
{
	struct seal_conn *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	conn_intra_end(c, true);
	conn_plain_free(c);
	session_free(&c->session);
	if (c->stack->release != NULL && c->tls != NULL)
		c->stack->release(c->tls);
	seal_job_free(&c->job);
	seal_verdict_free(&c->first);
	seal_verdict_free(&c->verdict);
	free(c->learned);
	free(c->alpn);
	free(c->diag);
	free(c->unanswered);
	seal_ctx_free(&c->ctx);
	free(c);
}

/* ---- How it ends ---- */

void
conn_tell(struct seal_conn *c, const struct seal_diag *d)
{
	if (d->code == 0 || (c->diag != NULL && !c->remark))
		return;
	c->remark = false;
	if (c->diag != NULL || (c->diag = malloc(sizeof(*c->diag))) != NULL)
		*c->diag = *d;
}

void
conn_remark(struct seal_conn *c, const struct seal_diag *d)
{
	bool free_to_tell = c->diag == NULL || c->remark;

	conn_tell(c, d);
	c->remark = free_to_tell;
}

void
conn_fail(struct seal_conn *c, int code, struct seal_diag *d)
{
	if (c->phase == CONN_FAILED || c->phase == CONN_SHUTDOWN)
		return;
	/* What I could not prove says more than that the peer refused it. */
	if (code == SEAL_E_REFUSED && c->unanswered != NULL)
		conn_tell(c, c->unanswered);
	seal_fail(d, code, "connection: %s", seal_error_name(code));
	conn_tell(c, d);
	c->failing = true;
	c->phase = c->session != NULL || c->plain != NULL ? CONN_SHUTDOWN
							  : CONN_FAILED;
	c->deadline_ms = ctx_boot_ms(c->ctx) + CLOSE_MS;
}

void
conn_end(struct seal_conn *c)
{
	c->phase = CONN_SHUTDOWN;
	c->deadline_ms = ctx_boot_ms(c->ctx) + CLOSE_MS;
}

/* ---- Handshake ---- */

void
conn_io(struct seal_conn *c, enum seal_io io)
{
	if (io == SEAL_IO_WANT_WRITE)
		c->want = SEAL_WANT_WRITE;
	else if (io == SEAL_IO_WANT_READ)
		c->want = SEAL_WANT_READ;
}

static void
conn_handshake(struct seal_conn *c)
{
	struct seal_diag d = { 0 };
	enum seal_io io;
	int r = SEAL_E_TLS;

	do
		io = c->stack->handshake(c->tls, &d);
	while ((io == SEAL_IO_WANT_READ || io == SEAL_IO_WANT_WRITE) &&
	       conn_intra_job(c, &d));
	if (io == SEAL_IO_WANT_READ || io == SEAL_IO_WANT_WRITE) {
		conn_io(c, io);
		if (d.code == 0)
			return;
	} else if (io != SEAL_IO_DONE) {
		conn_intra_story(c, &d);
		seal_fail(&d, r, "tls: the handshake ended early");
	} else if ((r = conn_begin(c, &d)) == 0) {
		return;
	}
	conn_fail(c, d.code != 0 ? d.code : r, &d);
	conn_intra_end(c, false);
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
	uint8_t buf[CONN_READ_SIZE];
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
	if (conn_linger(c))
		return;
	if (!(c->plain != NULL ? conn_plain_flush(c, &d) : conn_flush(c, &d)))
		io = d.code == 0 ? SEAL_IO_WANT_WRITE : SEAL_IO_ERROR;
	else if ((io = c->stack->shutdown(c->tls, &d)) == SEAL_IO_DONE &&
		 c->carriage == CARRIAGE_STREAM)
		io = conn_drain(c);
	if ((io == SEAL_IO_WANT_READ || io == SEAL_IO_WANT_WRITE) &&
	    ctx_boot_ms(c->ctx) < c->deadline_ms) {
		conn_io(c, io);
		return;
	}
	c->phase = c->failing ? CONN_FAILED : CONN_CLOSED;
}

/* ---- Step ---- */

/* PROTOCOL 6.2: the attestation deadline nests every other one; once there is
 * a session, it is that which keeps it. */
static void
conn_check_deadline(struct seal_conn *c)
{
	struct seal_diag d = { 0 };

	if (c->phase != CONN_HANDSHAKE || ctx_boot_ms(c->ctx) < c->deadline_ms)
		return;
	seal_fail(&d, SEAL_E_TIMEOUT,
	    "tls handshake: not finished within %u ms", c->ctx->attest_ms);
	conn_fail(c, SEAL_E_TIMEOUT, &d);
	conn_intra_end(c, true);
}

enum seal_step
conn_answer(const struct seal_conn *c)
{
	switch (c->phase) {
	case CONN_FAILED:
		return SEAL_ERROR;
	case CONN_CLOSED:
		return SEAL_EOF;
	case CONN_HANDSHAKE:
		return c->job != NULL ? SEAL_WANT_JOB : c->want;
	case CONN_SHUTDOWN:
		return c->want;
	case CONN_PLAIN:
		return conn_plain_pending(c) ? c->want : SEAL_READY;
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
	if (c->phase == CONN_PLAIN)
		conn_plain_step(c);
	if (c->phase == CONN_SHUTDOWN)
		conn_shutdown(c);
	return conn_answer(c);
}

/* What the stack itself waits for, as to send a flight again. */
static int64_t
stack_deadline(const struct seal_conn *c)
{
	int left_ms = -1;

	if (c->stack->timeout_ms != NULL)
		left_ms = c->stack->timeout_ms(c->tls);
	return left_ms < 0 ? INT64_MAX : ctx_boot_ms(c->ctx) + left_ms;
}

static int64_t
phase_deadline(const struct seal_conn *c)
{
	switch (c->phase) {
	case CONN_FAILED:
	case CONN_CLOSED:
		return INT64_MAX;
	case CONN_SHUTDOWN:
		if (c->more)
			return ctx_boot_ms(c->ctx);
		if (c->session != NULL && session_lingers(c->session))
			return session_deadline(c->session, false);
		return c->deadline_ms;
	case CONN_HANDSHAKE:
		return c->deadline_ms;
	case CONN_PLAIN:
		return c->lease_ms;
	case CONN_SESSION:
		break;
	}
	return session_deadline(c->session, c->job == NULL);
}

int64_t
seal_conn_deadline(const struct seal_conn *c)
{
	int64_t own = phase_deadline(c), of_stack;

	if (c->phase == CONN_FAILED || c->phase == CONN_CLOSED)
		return INT64_MAX;
	of_stack = stack_deadline(c);
	return of_stack < own ? of_stack : own;
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
