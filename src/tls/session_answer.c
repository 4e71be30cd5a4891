/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "tls/session_parts.h"

/* PROTOCOL 4: 33 bytes, the first of which is the role of who asks. */
static int
check_context(struct session *s, struct span context, struct seal_diag *d)
{
	enum ea_role peer = ea_peer_of(s->conf->role);
	int r;

	if ((r = session_check_contexts(s, d)) != 0)
		return r;
	if (context.n != SEAL_CONTEXT_SIZE || context.p[0] != peer)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "request: expected a context of %d bytes that begins with "
		    "its sender's role %d, found %zu bytes",
		    SEAL_CONTEXT_SIZE, peer, context.n);
	r = ea_contexts_mark(&s->answer.seen, context, d);
	return r;
}

int
answer_request(struct session *s, struct span body, struct seal_diag *d)
{
	struct answerer *a = &s->answer;
	struct ea_request req;
	int r;

	if (a->answering)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "request: expected at most one outstanding, found a "
		    "second");
	if ((r = ea_request_parse(body, ea_peer_of(s->conf->role),
		 s->conf->cmw_type, &req, d)) != 0 ||
	    (r = check_context(s, req.context, d)) != 0)
		return r;
	if ((r = span_dup(body, &a->request)) != 0)
		return seal_fail(d, r, "request");
	a->n_request = body.n;
	memcpy(a->context, req.context.p, sizeof(a->context));
	a->answering = true;
	return 0;
}

/* When the answer may be made, for PROTOCOL 4's spacing. */
static int64_t
answer_due(const struct session *s)
{
	return s->answer.answered ? s->answer.answered_ms + s->conf->spacing_ms
				  : INT64_MIN;
}

/* One answer at a time: the last one's VERDICT comes first. */
static bool
answer_waits(const struct session *s)
{
	return s->answer.answering && s->answer.serial == 0 &&
	       !s->answer.awaiting;
}

static int
answer_send(struct session *s, struct span authenticator, int64_t now_ms,
    struct seal_diag *d)
{
	struct answerer *a = &s->answer;
	int r;

	if ((r = session_send(s, FRAME_AUTHENTICATOR, authenticator, d)) != 0)
		return r;
	free(a->request);
	a->request = NULL;
	a->serial = 0;
	a->answering = false;
	a->awaiting = true;
	memcpy(a->awaited, a->context, sizeof(a->awaited));
	a->answered = true;
	a->answered_ms = now_ms;
	return 0;
}

/* What cannot be made is refused at once, and needs no job to find out. */
static int
answer_refuse(struct session *s, int64_t now_ms, struct seal_diag *d)
{
	const struct answerer *a = &s->answer;
	struct ea_keys keys = { 0 };
	struct ea_request req;
	uint8_t buf[4 + HASH_MAX];
	struct wr w;
	int r;

	wr_init(&w, buf, sizeof(buf));
	if ((r = session_keys(s, s->conf->role, &keys, d)) == 0 &&
	    (r = ea_request_parse(span_of(a->request, a->n_request),
		 ea_peer_of(s->conf->role), s->conf->cmw_type, &req, d)) == 0 &&
	    (r = ea_refuse(&w, &keys, &req, d)) == 0)
		r = answer_send(s, wr_view(&w), now_ms, d);
	seal_wipe(&keys, sizeof(keys));
	return r;
}

int
answer_job(struct session *s, int64_t now_ms, struct session_job **ret,
    struct seal_diag *d)
{
	struct answerer *a = &s->answer;
	struct session_job *job;
	int r;

	if (!answer_waits(s) || now_ms < answer_due(s))
		return 0;
	if (!s->can_produce)
		return answer_refuse(s, now_ms, d);
	/* PROTOCOL 6, order of disclosure: Evidence never goes to a peer
	 * that this side has not accepted. */
	if (s->conf->reveal_after_peer && !ask_live(s, now_ms))
		return 0;
	if ((job = calloc(1, sizeof(*job))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "job");
	job->kind = SESSION_JOB_ATTEST;
	job->scheme = s->produce;
	job->deadline_ms = now_ms + s->conf->answer_ms;
	if ((r = session_job_secrets(s, s->conf->role, a->context, job, d)) !=
	    0) {
		session_job_free(&job);
		return r;
	}
	job->request = a->request;
	job->n_request = a->n_request;
	a->request = NULL;
	job->serial = a->serial = session_serial(s);
	*ret = job;
	return 0;
}

int
answer_job_done(struct session *s, const struct session_job *job,
    int64_t now_ms, struct seal_diag *d)
{
	if (!s->answer.answering || job->serial != s->answer.serial)
		return 0; /* late, PROTOCOL 4: dropped */
	if (job->n_authenticator == 0)
		return seal_fail(d, SEAL_E_UNAVAILABLE,
		    "attest: neither an answer nor a refusal could be made");
	return answer_send(
	    s, span_of(job->authenticator, job->n_authenticator), now_ms, d);
}

/* Exactly one for each answer, and one for the handshake's Evidence, which
 * had no context and comes first. */
static int
verdict_due(
    struct answerer *a, const struct verdict_msg *m, struct seal_diag *d)
{
	bool *due = a->intra ? &a->intra : &a->awaiting;
	struct span context = span_of(a->awaited, sizeof(a->awaited));

	if (a->intra)
		context.n = 0;
	if (!*due || !span_equal(m->context, context))
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "verdict: expected one for %s, found one for %s",
		    a->intra      ? "the handshake's Evidence"
		    : a->awaiting ? "the last answer"
				  : "nothing",
		    m->context.n > 0 ? "another context"
				     : "Evidence in the handshake");
	*due = false;
	return 0;
}

/* An acceptance of the handshake's Evidence opens nothing: the session's own
 * answer does. */
int
answer_verdict(struct session *s, struct span body, struct seal_diag *d)
{
	struct answerer *a = &s->answer;
	bool intra = a->intra;
	struct verdict_msg m;
	int r;

	if ((r = verdict_msg_parse(body, &m, d)) != 0 ||
	    (r = verdict_due(a, &m, d)) != 0)
		return r;
	if (m.outcome == SEAL_ACCEPTED && m.lease_s < s->conf->lease_floor_s)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "verdict: expected a lease of at least %u s, found %u s",
		    s->conf->lease_floor_s, m.lease_s);
	if (m.outcome == SEAL_ACCEPTED) {
		a->accepted = !intra;
		s->peer_outcome = SEAL_INVALID;
		return 0;
	}
	if (a->accepted && outcome_inconclusive(m.outcome))
		return 0; /* the peer's old verdict stands */
	a->accepted = false;
	s->peer_outcome = m.outcome;
	if (!s->peer_requires)
		return 0;
	return seal_fail(d, SEAL_E_REFUSED, "the peer refused this side: %s",
	    seal_outcome_name(m.outcome));
}

int64_t
answer_deadline(const struct session *s)
{
	if (!answer_waits(s) || answer_due(s) == INT64_MIN)
		return INT64_MAX;
	return answer_due(s);
}
