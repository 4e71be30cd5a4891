/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "lib/conn_intra.h"

/* The session between a handshake and the end: what it says goes to TLS, what
 * TLS brings goes to it, and its slow work leaves as jobs. */

static int
conn_exporter(void *arg, const char *label, struct span context, uint8_t *ret,
    size_t n, struct seal_diag *d)
{
	struct seal_conn *c = arg;

	return c->stack->exporter(
	    c->tls, label, context.p, context.n, ret, n, d);
}

static int
begin_session(struct seal_conn *c, enum hash hash, struct seal_diag *d)
{
	const struct ctx_profile *p;

	if ((p = ctx_profile(c->ctx, c->role, hash, c->carriage)) == NULL)
		return seal_fail(d, SEAL_E_TLS, "tls: no profile for hash");
	c->session = session_new(&p->conf, hash, conn_exporter, c, &c->attested,
	    c->begun_ms, ctx_boot_ms(c->ctx), d);
	if (c->session == NULL)
		return d->code;
	c->phase = CONN_SESSION;
	return 0;
}

int
conn_begin(struct seal_conn *c, struct seal_diag *d)
{
	enum hash hash = HASH_NONE;
	int r;

	if ((r = conn_check_facts(c, &hash, d)) != 0 ||
	    (r = conn_intra_finish(c, d)) != 0)
		return r;
	return c->ctx->mode == MODE_INTRA ? conn_begin_plain(c, d)
					  : begin_session(c, hash, d);
}

/* ---- Bytes in and out ---- */

bool
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
	uint8_t buf[CONN_READ_SIZE];
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

bool
conn_linger(struct seal_conn *c)
{
	struct seal_diag d = { 0 };
	bool more = true;

	while (more && c->session != NULL && session_lingers(c->session)) {
		session_tick(c->session, ctx_boot_ms(c->ctx), &d);
		more = conn_flush(c, &d) && conn_take(c, &d);
	}
	return d.code == 0 && c->session != NULL && session_lingers(c->session);
}

static void
conn_pick_job(struct seal_conn *c, struct seal_diag *d)
{
	struct session_job *work;

	if (c->job != NULL)
		return;
	work = session_job_take(c->session, ctx_boot_ms(c->ctx), d);
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

/* An acceptance ends with its lease, also where none is required. */
static void
conn_drop_verdict(struct seal_conn *c)
{
	if (c->verdict != NULL && c->verdict->outcome == SEAL_ACCEPTED &&
	    session_outcome(c->session) != SEAL_ACCEPTED)
		seal_verdict_free(&c->verdict);
}

void
conn_judge_state(struct seal_conn *c, struct seal_diag *d)
{
	int r;

	switch (session_state(c->session)) {
	case SESSION_OPENING:
		if (d->code != 0)
			conn_fail(c, d->code, d);
		return;
	case SESSION_READY:
		conn_drop_verdict(c);
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

void
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

/* ---- Jobs ---- */

struct seal_job *
seal_conn_job(struct seal_conn *c)
{
	struct seal_job *j = c->job;

	c->job = NULL;
	return j;
}

static void
conn_take_verdict(struct seal_conn *c, struct seal_job *j, int64_t now_ms)
{
	if (j->verdict == NULL)
		return;
	if (c->verdict == NULL ||
	    session_job_settles(c->session, j->work, now_ms)) {
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

/* The newest answer counts: one that was made leaves nothing to explain. */
void
conn_note_answer(struct seal_conn *c, const struct session_job *work,
    const struct seal_diag *d)
{
	if (work->kind == SESSION_JOB_APPRAISE ||
	    (work->kind == SESSION_JOB_SIGN && d->code == 0))
		return;
	free(c->unanswered);
	c->unanswered = NULL;
	if (d->code != 0 &&
	    (c->unanswered = malloc(sizeof(*c->unanswered))) != NULL)
		*c->unanswered = *d;
}

int
seal_conn_job_done(struct seal_conn *c, struct seal_job **jp)
{
	struct seal_job *j = *jp;
	int64_t now_ms = ctx_boot_ms(c->ctx);
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
		conn_take_verdict(c, j, now_ms);
		conn_note_answer(c, j->work, &j->diag);
		r = session_job_done(c->session, &j->work, now_ms, &d);
		if (r != 0) {
			conn_tell_verdict(c, &d);
			conn_tell(c, &d);
		}
	} else if (c->phase == CONN_HANDSHAKE) {
		conn_note_answer(c, j->work, &j->diag);
		conn_intra_job_done(c, j);
	}
	seal_job_free(&j);
	return r;
}

int
seal_conn_job_refuse(struct seal_conn *c)
{
	struct seal_job *j = c->job;

	if (j == NULL || j->work->kind != SESSION_JOB_ATTEST)
		return 0;
	c->job = NULL;
	job_refuse(j);
	seal_conn_job_done(c, &j);
	return 1;
}
