/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tls/session_parts.h"

/* ---- Beginning and end ---- */

static int
session_begin(struct session *s, int64_t now_ms)
{
	struct wr w;
	int r;

	wr_init_heap(&w, LIMIT_FRAME_HELLO);
	hello_write(&w, s->conf);
	if (w.error == 0)
		r = session_send(s, FRAME_HELLO, wr_view(&w), NULL);
	else
		r = w.error;
	wr_free(&w);
	if (r == 0 && s->conf->request)
		r = ask_send(s, now_ms, NULL);
	return r;
}

struct session *
session_new(const struct session_conf *conf, enum hash hash,
    exporter_fn exporter, void *exporter_ctx, int64_t now_ms)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->conf = conf;
	s->hash = hash;
	s->exporter = exporter;
	s->exporter_ctx = exporter_ctx;
	s->state = SESSION_OPENING;
	s->attest_ms = now_ms + conf->attest_ms;
	wr_init_heap(&s->out, SESSION_OUTPUT_MAX);
	if (session_begin(s, now_ms) != 0)
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
	frame_reader_free(&s->reader);
	wr_free(&s->out);
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
	frame_write(&s->out, FRAME_CLOSE, wr_view(&w));
}

void
session_abort(struct session *s, enum seal_outcome outcome, int error)
{
	if (s->state == SESSION_FAILED || s->state == SESSION_CLOSED)
		return;
	if (outcome <= SEAL_ACCEPTED || outcome > SEAL_CLOSED)
		outcome = SEAL_UNAVAILABLE; /* a fault of this side's own */
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
	frame_write(&s->out, type, body);
	if (s->out.error == 0)
		return 0;
	return seal_fail(d, s->out.error,
	    "session: expected at most %u unsent bytes", SESSION_OUTPUT_MAX);
}

static void
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
	/* What came before the end is still delivered. */
	if (s->state == SESSION_READY && s->read_ended &&
	    inbox_size(&s->data) == 0 && (s->write_ended || s->peer_closed))
		session_finish(s);
}

/* ---- Keys and serials ---- */

int
session_keys(struct session *s, enum ea_role sender, struct span context,
    struct session_job *job, struct seal_diag *d)
{
	struct span none = { NULL, 0 };
	size_t n = hash_size(s->hash);
	int r;

	job->keys.hash = s->hash;
	if ((r = s->exporter(s->exporter_ctx, ea_label_context(sender), none,
		 job->keys.handshake_context, n, d)) != 0 ||
	    (r = s->exporter(s->exporter_ctx, ea_label_finished(sender), none,
		 job->keys.finished_key, n, d)) != 0)
		return r;
	return s->exporter(s->exporter_ctx, "Attestation", context,
	    job->exporter, sizeof(job->exporter), d);
}

uint32_t
session_serial(struct session *s)
{
	if (++s->serials == 0)
		s->serials = 1;
	return s->serials;
}

/* ---- Frames that arrive ---- */

/* The agreed inner protocol, as it stands in this side's own list. */
static int
choose_alpn(struct session *s, const struct hello *h, struct seal_diag *d)
{
	const struct session_conf *c = s->conf;
	bool server = c->role == EA_SERVER;
	struct span chosen;
	int r;

	r = server ? hello_choose_alpn(
			 c->alpn, c->n_alpn, h->alpn, h->n_alpn, &chosen, d)
		   : hello_choose_alpn(
			 h->alpn, h->n_alpn, c->alpn, c->n_alpn, &chosen, d);
	if (r != 0)
		return r;
	for (size_t i = 0; i < c->n_alpn; i++) {
		if (span_equal(c->alpn[i], chosen))
			s->alpn = c->alpn[i];
	}
	return 0;
}

static int
check_schemes(struct session *s, const struct hello *h, struct seal_diag *d)
{
	const struct session_conf *c = s->conf;
	char shown[96] = "none";

	if (c->require && !s->can_accept) {
		if (h->n_produce > 0)
			text_safe(h->produce[0].name, shown, sizeof(shown));
		seal_fail(d, SEAL_E_UNSUPPORTED,
		    "hello: the peer can attest with nothing that this side's "
		    "policy accepts: it offers %s",
		    shown);
		seal_remedy(d, "give the peer an attester, or add its scheme "
			       "to the policy");
		return SEAL_E_UNSUPPORTED;
	}
	if (h->require && !s->can_produce) {
		if (h->n_accept > 0)
			text_safe(h->accept[0].name, shown, sizeof(shown));
		seal_fail(d, SEAL_E_UNSUPPORTED,
		    "hello: the peer requires attestation and accepts %s, "
		    "which this side cannot make",
		    shown);
		seal_remedy(d, "configure an attester");
		return SEAL_E_UNSUPPORTED;
	}
	return 0;
}

static int
on_hello(struct session *s, struct span body, struct seal_diag *d)
{
	const struct session_conf *c = s->conf;
	struct hello h;
	int r;

	if (s->hello)
		return seal_fail(
		    d, SEAL_E_PROTOCOL, "hello: expected once, found again");
	if ((r = hello_parse(body, &h, d)) != 0)
		return r;
	if (h.reveal_after_peer && c->reveal_after_peer)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "hello: both sides reveal only after the other");
	s->can_produce = hello_choose(h.accept, h.n_accept, c->produce,
			     c->n_produce, &s->produce) &&
			 hello_choose(c->produce, c->n_produce,
			     h.accept + s->produce, 1, &s->produce);
	s->can_accept = hello_choose(
	    c->accept, c->n_accept, h.produce, h.n_produce, &s->accept);
	if ((r = check_schemes(s, &h, d)) != 0 ||
	    (r = choose_alpn(s, &h, d)) != 0)
		return r;
	s->peer_requires = h.require;
	s->hello = true;
	return 0;
}

/* PROTOCOL 6: a side delivers no DATA before it accepted the peer. */
static int
on_data(struct session *s, struct span body, struct seal_diag *d)
{
	int r;

	if (s->conf->require && !s->ask.leased)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "data: expected none before this side's verdict");
	if (s->read_ended)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "data: expected none after the end of data");
	if (body.n == 0) {
		s->read_ended = true;
		return 0;
	}
	if ((r = inbox_put(&s->data, body)) != 0)
		return seal_fail(d, r, "data");
	return 0;
}

static int
on_close(struct session *s, struct span body, struct seal_diag *d)
{
	enum seal_outcome outcome;
	int r;

	if ((r = close_msg_parse(body, &outcome, d)) != 0)
		return r;
	s->peer_closed = true;
	if (outcome == SEAL_CLOSED && s->state == SESSION_READY) {
		s->read_ended = true;
		s->write_ended = true;
		return 0;
	}
	if (s->peer_outcome == SEAL_INVALID)
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
	if (!s->hello && f->type != FRAME_HELLO && f->type != FRAME_CLOSE)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "frame: expected HELLO first, found type %u", f->type);
	switch ((enum frame_type)f->type) {
	case FRAME_HELLO:
		return on_hello(s, f->body, d);
	case FRAME_REQUEST:
		return answer_request(s, f->body, d);
	case FRAME_AUTHENTICATOR:
		return ask_authenticator(s, f->body, now_ms, d);
	case FRAME_VERDICT:
		return answer_verdict(s, f->body, d);
	case FRAME_DATA:
		return on_data(s, f->body, d);
	case FRAME_CLOSE:
		return on_close(s, f->body, d);
	}
	return seal_fail(d, SEAL_E_PROTOCOL, "frame: unknown type");
}

static bool
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

	/* Frames after CLOSE are discarded. */
	while (session_open(s) && !s->peer_closed) {
		if ((r = frame_next(&s->reader, &in, &f, d)) == 0)
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
session_wants_input(const struct session *s)
{
	return session_open(s) && !s->peer_closed &&
	       inbox_size(&s->data) + LIMIT_FRAME_DATA <= SESSION_HELD_MAX;
}

struct span
session_output(const struct session *s)
{
	size_t left = s->out.n - s->sent;

	if (left > FRAME_HEADER + LIMIT_FRAME_DATA)
		left = FRAME_HEADER + LIMIT_FRAME_DATA;
	return left == 0 ? span_of(NULL, 0) : span_of(s->out.p + s->sent, left);
}

void
session_output_done(struct session *s, size_t n)
{
	s->sent += n;
	if (s->sent < s->out.n || s->out.error != 0)
		return;
	wr_free(&s->out);
	s->sent = 0;
}

/* ---- Jobs ---- */

struct session_job *
session_job_take(struct session *s, int64_t now_ms)
{
	struct session_job *job = NULL;
	int r;

	if (!session_open(s))
		return NULL;
	if ((r = answer_job(s, now_ms, &job, NULL)) == 0 && job == NULL)
		r = ask_job(s, &job, NULL);
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

	if (job != NULL && session_open(s)) {
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

bool
session_peer_requires(const struct session *s)
{
	return s->peer_requires;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
session_deadline(const struct session *s)
{
	int64_t at;

	if (!session_open(s))
		return INT64_MAX;
	at = earlier(ask_deadline(s), answer_deadline(s));
	return s->state == SESSION_OPENING ? earlier(at, s->attest_ms) : at;
}

int
session_tick(struct session *s, int64_t now_ms, struct seal_diag *d)
{
	int r = 0;

	if (!session_open(s))
		return 0;
	if (s->state == SESSION_OPENING && now_ms >= s->attest_ms)
		r = seal_fail(d, SEAL_E_TIMEOUT,
		    "attestation: not complete within %u ms",
		    s->conf->attest_ms);
	if (r == 0)
		r = ask_tick(s, now_ms, d);
	return r != 0 ? session_fail(s, r) : 0;
}

/* ---- Application data ---- */

/* The gate: READY, and a lease that runs at this very moment. */
static int
check_gate(struct session *s, int64_t now_ms, struct seal_diag *d)
{
	int r;

	if ((r = session_tick(s, now_ms, d)) != 0)
		return r;
	if (s->state != SESSION_READY ||
	    (s->conf->require && !ask_live(s, now_ms)))
		return seal_fail(
		    d, SEAL_E_STATE, "data: expected a ready connection");
	return 0;
}

int
session_read(struct session *s, void *buf, size_t cap, int64_t now_ms,
    size_t *ret_n, struct seal_diag *d)
{
	int r;

	if ((r = check_gate(s, now_ms, d)) != 0)
		return r;
	*ret_n = inbox_get(&s->data, buf, cap);
	session_update(s);
	return 0;
}

bool
session_read_ended(const struct session *s)
{
	return s->read_ended && inbox_size(&s->data) == 0;
}

size_t
session_read_ready(const struct session *s)
{
	return inbox_size(&s->data);
}

int
session_write(struct session *s, struct span in, int64_t now_ms, size_t *ret_n,
    struct seal_diag *d)
{
	int r;

	if ((r = check_gate(s, now_ms, d)) != 0)
		return r;
	if (s->write_ended)
		return seal_fail(d, SEAL_E_STATE,
		    "data: expected none after the end of data");
	*ret_n = 0;
	if (in.n == 0 || s->out.n - s->sent > SESSION_OUTPUT_ENOUGH)
		return 0;
	if (in.n > LIMIT_FRAME_DATA)
		in.n = LIMIT_FRAME_DATA;
	if ((r = session_send(s, FRAME_DATA, in, d)) != 0)
		return session_fail(s, r);
	*ret_n = in.n;
	return 0;
}

int
session_write_end(struct session *s, struct seal_diag *d)
{
	int r;

	if (s->state != SESSION_READY)
		return seal_fail(
		    d, SEAL_E_STATE, "data: expected a ready connection");
	if (s->write_ended)
		return 0;
	if ((r = session_send(s, FRAME_DATA, span_of(NULL, 0), d)) != 0)
		return session_fail(s, r);
	s->write_ended = true;
	session_update(s);
	return 0;
}
