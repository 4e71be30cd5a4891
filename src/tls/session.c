/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "binding/binder.h"
#include "tls/session_parts.h"

/* ---- Beginning and end ---- */

static int
session_begin(struct session *s, const struct session_intra *intra,
    int64_t now_ms, struct seal_diag *d)
{
	struct wr w;
	struct span body;
	int r;

	wr_init_heap(&w, LIMIT_FRAME_HELLO);
	hello_write(&w, s->conf);
	if ((r = wr_finish(&w, &body)) != 0)
		seal_fail(d, r,
		    "hello: expected at most %u bytes of schemes "
		    "and protocols",
		    LIMIT_FRAME_HELLO);
	else
		r = session_send(s, FRAME_HELLO, body, d);
	wr_free(&w);
	if (r == 0 && intra != NULL && intra->outcome != SEAL_INVALID)
		r = ask_send_intra(s, intra, d);
	if (r == 0 && ask_wanted(s))
		r = ask_send(s, now_ms, d);
	return r;
}

struct session *
session_new(const struct session_conf *conf, enum hash hash,
    exporter_fn exporter, void *exporter_ctx, const struct session_intra *intra,
    int64_t begun_ms, int64_t now_ms, struct seal_diag *d)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		seal_fail(d, SEAL_E_MEMORY, "session");
		return NULL;
	}
	s->conf = conf;
	s->hash = hash;
	s->exporter = exporter;
	s->exporter_ctx = exporter_ctx;
	s->state = SESSION_OPENING;
	s->attest_ms = begun_ms + conf->attest_ms;
	s->answer.intra = intra != NULL && intra->attested;
	s->way.row =
	    conf->carriage == CARRIAGE_DATAGRAM ? &datagram_row : &stream_row;
	if (s->way.row->init(&s->way, conf, now_ms, d) != 0 ||
	    session_begin(s, intra, now_ms, d) != 0)
		session_free(&s);
	return s;
}

void
session_free(struct session **sp)
{
	struct session *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	s->way.row->free(&s->way);
	inbox_free(&s->data);
	ea_contexts_free(&s->answer.seen);
	free(s->answer.request);
	free(s->ask.answer);
	free(s);
}

static void
send_close(struct session *s, enum seal_outcome outcome)
{
	uint8_t buf[16];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	close_msg_write(&w, outcome);
	s->way.row->put(&s->way, FRAME_CLOSE, wr_view(&w));
	s->way.row->end(&s->way, false);
}

void
session_abort(struct session *s, enum seal_outcome outcome, int error)
{
	if (s->state == SESSION_FAILED || s->state == SESSION_CLOSED)
		return;
	if (outcome <= SEAL_ACCEPTED || outcome > SEAL_CLOSED)
		outcome = SEAL_UNAVAILABLE; /* a fault of this side's own */
	/* What was written for a peer that was good then stays here. */
	s->way.row->drop_data(&s->way);
	if (!s->peer_closed)
		send_close(s, outcome);
	s->state = SESSION_FAILED;
	s->error = error;
	inbox_free(&s->data);
}

int
session_fail(struct session *s, int error)
{
	enum seal_outcome outcome =
	    error == SEAL_E_REFUSED ? SEAL_CLOSED : seal_error_outcome(error);

	/* PROTOCOL 7: the peer hears what it got wrong, as `protocol`. */
	if (error == SEAL_E_DECODE || error == SEAL_E_LIMIT)
		outcome = SEAL_PROTOCOL;
	if (s->state != SESSION_FAILED && s->ask.outcome > SEAL_ACCEPTED &&
	    s->conf->require)
		outcome = s->ask.outcome;
	session_abort(s, outcome, error);
	return error;
}

int
session_send(struct session *s, enum frame_type type, struct span body,
    struct seal_diag *d)
{
	int r;

	if ((r = s->way.row->put(&s->way, type, body)) == 0)
		return 0;
	return seal_fail(
	    d, r, "session: expected at most %u unsent bytes", OUTBOX_MAX);
}

void
session_finish(struct session *s)
{
	if (s->state == SESSION_FAILED || s->state == SESSION_CLOSED)
		return;
	if (!s->peer_closed)
		send_close(s, SEAL_CLOSED);
	s->write_ended = true;
	s->state = SESSION_CLOSED;
}

void
session_close(struct session *s)
{
	session_finish(s);
	inbox_free(&s->data);
}

void
session_update(struct session *s)
{
	bool mine = !s->conf->require || s->ask.leased;
	bool theirs = !s->peer_requires || s->answer.accepted;

	if (s->state == SESSION_OPENING && s->hello && mine && theirs)
		s->state = SESSION_READY;
	/* What came before the end is still delivered; what was written is
	 * still sent, for as long as a slow peer and the lease allow. */
	if (s->state == SESSION_READY && s->read_ended &&
	    inbox_size(&s->data) == 0 &&
	    (s->peer_closed ||
		(s->write_ended && s->way.row->unsent(&s->way) == 0)))
		session_finish(s);
}

/* ---- Keys and serials ---- */

int
session_keys(struct session *s, enum ea_role sender, struct ea_keys *ret,
    struct seal_diag *d)
{
	struct span none = { NULL, 0 };
	size_t n = hash_size(s->hash);
	int r;

	ret->hash = s->hash;
	if ((r = s->exporter(s->exporter_ctx, ea_label_context(sender), none,
		 ret->handshake_context, n, d)) != 0)
		return r;
	return s->exporter(s->exporter_ctx, ea_label_finished(sender), none,
	    ret->finished_key, n, d);
}

int
session_job_secrets(struct session *s, enum ea_role sender,
    const uint8_t context[SEAL_CONTEXT_SIZE], struct session_job *job,
    struct seal_diag *d)
{
	int r;

	if ((r = session_keys(s, sender, &job->keys, d)) != 0)
		return r;
	return s->exporter(s->exporter_ctx, BINDER_EXPORTER_LABEL,
	    span_of(context, SEAL_CONTEXT_SIZE), job->exporter,
	    sizeof(job->exporter), d);
}

uint32_t
session_serial(struct session *s)
{
	if (++s->serials == 0)
		s->serials = 1;
	return s->serials;
}

int
session_check_contexts(const struct session *s, struct seal_diag *d)
{
	if (s->ask.asked + s->answer.seen.n < LIMIT_CONTEXTS)
		return 0;
	return seal_fail(d, SEAL_E_LIMIT,
	    "context: more than %u on one connection", LIMIT_CONTEXTS);
}

/* ---- Frames that arrive ---- */

static int
on_close(struct session *s, struct span body, struct seal_diag *d)
{
	enum seal_outcome outcome;
	int r;

	if ((r = close_msg_parse(body, &outcome, d)) != 0)
		return r;
	s->peer_closed = true;
	s->way.row->end(&s->way, true);
	if (outcome == SEAL_CLOSED && s->state == SESSION_READY) {
		s->read_ended = true;
		s->write_ended = true;
		return 0;
	}
	s->peer_outcome = outcome;
	if (outcome == SEAL_CLOSED)
		return seal_fail(d, SEAL_E_CLOSED,
		    "the peer closed before attestation was complete");
	return seal_fail(d, SEAL_E_REFUSED, "the peer closed: %s",
	    seal_outcome_name(outcome));
}

static int
on_frame(struct session *s, const struct frame *f, int64_t now_ms,
    struct seal_diag *d)
{
	if (f->type == FRAME_DATA && s->way.row->datagrams)
		return session_datagram(s, f->body);
	if (!s->hello && f->type != FRAME_HELLO && f->type != FRAME_CLOSE)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "frame: expected HELLO first, found type %u", f->type);
	if (s->hello && s->answer.intra && f->type != FRAME_VERDICT &&
	    f->type != FRAME_CLOSE)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "frame: expected VERDICT on the handshake's Evidence right "
		    "after HELLO, found type %u",
		    f->type);
	switch ((enum frame_type)f->type) {
	case FRAME_HELLO:
		return session_hello(s, f->body, d);
	case FRAME_REQUEST:
		return answer_request(s, f->body, d);
	case FRAME_AUTHENTICATOR:
		return ask_authenticator(s, f->body, now_ms, d);
	case FRAME_VERDICT:
		return answer_verdict(s, f->body, d);
	case FRAME_DATA:
		return session_data(s, f->body, d);
	case FRAME_CLOSE:
		return on_close(s, f->body, d);
	}
	return seal_fail(d, SEAL_E_PROTOCOL, "frame: unknown type");
}

bool
session_open(const struct session *s)
{
	return s->state == SESSION_OPENING || s->state == SESSION_READY;
}

int
session_input(
    struct session *s, struct span in, int64_t now_ms, struct seal_diag *d)
{
	struct frame f;
	int r;

	if ((r = session_tick(s, now_ms, d)) != 0)
		return r;
	/* Frames after CLOSE are discarded. */
	if (!session_open(s) || s->peer_closed)
		s->way.row->late(&s->way, in);
	while (session_open(s) && !s->peer_closed) {
		if ((r = s->way.row->next(&s->way, &in, &f, d)) == 0)
			break;
		if (r == 1)
			r = on_frame(s, &f, now_ms, d);
		if (r != 0)
			return session_fail(s, r);
		session_update(s);
	}
	return 0;
}

int
session_input_end(struct session *s, bool orderly, struct seal_diag *d)
{
	s->gone = true;
	if (!session_open(s))
		return 0;
	s->peer_closed = true; /* nobody is left to read a CLOSE */
	if (s->state == SESSION_READY && s->read_ended) {
		s->write_ended = true;
		session_update(s);
		return 0;
	}
	seal_fail(d, SEAL_E_TRUNCATED,
	    "connection: cut by %s, without the end of data",
	    orderly ? "close_notify" : "EOF");
	return session_fail(s, SEAL_E_TRUNCATED);
}

bool
session_lingers(const struct session *s)
{
	return !s->gone && s->way.row->lingers(&s->way);
}

/* Room for all the DATA that one more record can complete. */
bool
session_wants_input(const struct session *s)
{
	size_t held = inbox_size(&s->data) + s->way.row->expects(&s->way);

	if (s->way.row->datagrams)
		return session_open(s) || session_lingers(s);
	return session_open(s) && !s->peer_closed && held <= SESSION_HELD_MAX;
}

struct span
session_output(struct session *s)
{
	return s->way.row->offer(&s->way);
}

void
session_output_done(struct session *s, size_t n)
{
	s->way.row->sent(&s->way, n);
	session_update(s);
}

/* ---- Jobs ---- */

struct session_job *
session_job_take(struct session *s, int64_t now_ms, struct seal_diag *d)
{
	struct session_job *job = NULL;
	int r;

	if (!session_open(s))
		return NULL;
	if ((r = answer_job(s, now_ms, &job, d)) == 0 && job == NULL)
		r = ask_job(s, &job, d);
	if (r != 0)
		session_fail(s, r);
	return job;
}

int
session_job_done(struct session *s, struct session_job **jp, int64_t now_ms,
    struct seal_diag *d)
{
	struct session_job *job = *jp;
	int r = 0;

	if (job != NULL && job->serial != 0)
		r = session_tick(s, now_ms, d);
	if (job != NULL && job->serial != 0 && session_open(s)) {
		r = job->kind == SESSION_JOB_ATTEST
			? answer_job_done(s, job, now_ms, d)
			: ask_job_done(s, job, now_ms, d);
		if (r != 0)
			session_fail(s, r);
		session_update(s);
	}
	session_job_free(jp);
	return r;
}

void
session_job_free(struct session_job **jp)
{
	struct session_job *job = *jp;

	*jp = NULL;
	if (job == NULL)
		return;
	free(job->request);
	free(job->authenticator);
	free(job->leaf);
	seal_wipe(job, sizeof(*job));
	free(job);
}

/* ---- State ---- */

enum session_state
session_state(const struct session *s)
{
	return s->state;
}

int
session_error(const struct session *s)
{
	return s->error;
}

enum seal_outcome
session_peer_outcome(const struct session *s)
{
	if (s->peer_outcome != SEAL_INVALID)
		return s->peer_outcome;
	return s->answer.accepted ? SEAL_ACCEPTED : SEAL_INVALID;
}

enum seal_outcome
session_outcome(const struct session *s)
{
	return s->ask.outcome;
}

struct span
session_alpn(const struct session *s)
{
	return s->alpn;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
session_deadline(const struct session *s, bool can_take)
{
	int64_t at = s->way.row->deadline(&s->way);

	if (!session_open(s))
		return at;
	at = earlier(at, ask_deadline(s));
	if (can_take)
		at = earlier(at, answer_deadline(s));
	return s->state == SESSION_OPENING ? earlier(at, s->attest_ms) : at;
}

int
session_tick(struct session *s, int64_t now_ms, struct seal_diag *d)
{
	int r = s->way.row->tick(&s->way, now_ms, d);

	if (!session_open(s))
		return 0;
	if (r == 0 && s->state == SESSION_OPENING && now_ms >= s->attest_ms)
		r = seal_fail(d, SEAL_E_TIMEOUT,
		    "attestation: not finished within %u ms",
		    s->conf->attest_ms);
	if (r == 0)
		r = ask_tick(s, now_ms, d);
	return r != 0 ? session_fail(s, r) : 0;
}
