/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "tls/session_parts.h"

#define RETRY_MS 1000 /* between askings that settle nothing */

/* To require an answer is to ask for it. */
bool
ask_wanted(const struct session *s)
{
	return s->conf->request || s->conf->require;
}

static int
ask_request(struct session *s, struct wr *w, struct seal_diag *d)
{
	return ea_request_write(w, s->conf->role,
	    span_of(s->ask.context, sizeof(s->ask.context)), s->conf->cmw_type,
	    d);
}

/* PROTOCOL 4: a fresh context for each REQUEST, directional by its role. */
int
ask_send(struct session *s, int64_t now_ms, struct seal_diag *d)
{
	struct asker *a = &s->ask;
	uint8_t buf[512];
	struct wr w;
	int r;

	a->context[0] = (uint8_t)s->conf->role;
	wr_init(&w, buf, sizeof(buf));
	if ((r = session_check_contexts(s, d)) != 0 ||
	    (r = random_bytes(a->context + 1, sizeof(a->context) - 1, d)) !=
		0 ||
	    (r = ask_request(s, &w, d)) != 0 ||
	    (r = session_send(s, FRAME_REQUEST, wr_view(&w), d)) != 0)
		return r;
	a->asked++;
	a->outstanding = true;
	a->late = false;
	a->asked_ms = now_ms;
	return 0;
}

/* Is there an accepting verdict whose lease runs? */
bool
ask_live(const struct session *s, int64_t now_ms)
{
	return s->ask.leased && now_ms < s->ask.lease_ms;
}

static int
ask_send_verdict(struct session *s, enum seal_outcome outcome, uint32_t lease_s,
    struct span context, struct seal_diag *d)
{
	struct verdict_msg m = {
		.outcome = outcome,
		.lease_s = lease_s,
		.context = context,
	};
	uint8_t buf[128];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	verdict_msg_write(&w, &m);
	return session_send(s, FRAME_VERDICT, wr_view(&w), d);
}

int
ask_send_intra(
    struct session *s, const struct session_intra *intra, struct seal_diag *d)
{
	return ask_send_verdict(
	    s, intra->outcome, intra->lease_s, span_of(NULL, 0), d);
}

static struct span
ask_context(const struct session *s)
{
	return span_of(s->ask.context, sizeof(s->ask.context));
}

/* The first AUTHENTICATOR that follows a REQUEST consumes it. */
int
ask_authenticator(
    struct session *s, struct span body, int64_t now_ms, struct seal_diag *d)
{
	struct asker *a = &s->ask;
	int r;

	if (!a->outstanding)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "authenticator: expected one only after a request");
	a->outstanding = false;
	if (a->late) {
		a->again_ms = now_ms;
		return ask_send_verdict(s, SEAL_TIMEOUT, 0, ask_context(s), d);
	}
	if ((r = span_dup(body, &a->answer)) != 0)
		return seal_fail(d, r, "authenticator");
	a->n_answer = body.n;
	a->appraising = true;
	return 0;
}

static int
ask_fill_job(struct session *s, struct session_job *job, struct seal_diag *d)
{
	struct asker *a = &s->ask;
	struct wr w;
	int r;

	wr_init_heap(&w, LIMIT_FRAME_REQUEST);
	if ((r = ask_request(s, &w, d)) == 0 &&
	    (r = wr_take(&w, &job->request, &job->n_request)) == 0)
		r = session_job_secrets(
		    s, ea_peer_of(s->conf->role), a->context, job, d);
	wr_free(&w);
	if (r != 0)
		return r;
	job->kind = SESSION_JOB_APPRAISE;
	job->scheme = s->accept;
	job->deadline_ms = a->asked_ms + s->conf->answer_ms;
	job->authenticator = a->answer;
	job->n_authenticator = a->n_answer;
	a->answer = NULL;
	job->serial = a->serial = session_serial(s);
	return 0;
}

int
ask_job(struct session *s, struct session_job **ret, struct seal_diag *d)
{
	struct session_job *job;
	int r;

	if (s->ask.answer == NULL)
		return 0;
	if ((job = calloc(1, sizeof(*job))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "job");
	if ((r = ask_fill_job(s, job, d)) != 0) {
		session_job_free(&job);
		return r;
	}
	*ret = job;
	return 0;
}

/* A lease runs from the sending of the REQUEST (PROTOCOL 6.2). */
static int64_t
ask_lease_end(const struct session *s, const struct session_job *job)
{
	return s->ask.asked_ms + (int64_t)job->lease_s * 1000;
}

static void
ask_grant(struct session *s, const struct session_job *job)
{
	struct asker *a = &s->ask;

	a->leased = true;
	a->outcome = SEAL_ACCEPTED;
	a->lease_ms = ask_lease_end(s, job);
	a->again_ms = a->asked_ms + (int64_t)job->lease_s * 500;
}

/* PROTOCOL 6.2: `unavailable` and `timeout` leave the old lease running. */
static bool
ask_settles(const struct session *s, enum seal_outcome outcome, int64_t now_ms)
{
	return !outcome_inconclusive(outcome) || !ask_live(s, now_ms);
}

static int
ask_refuse(struct session *s, enum seal_outcome outcome, int error,
    int64_t now_ms, struct seal_diag *d)
{
	struct asker *a = &s->ask;

	a->again_ms = now_ms + RETRY_MS;
	if (!ask_settles(s, outcome, now_ms))
		return 0; /* the old lease runs on */
	a->leased = false;
	a->outcome = outcome;
	if (!s->conf->require)
		return 0;
	inbox_free(&s->data);
	return seal_fail(
	    d, error, "the peer is refused: %s", seal_outcome_name(outcome));
}

/* Zero and whatever is not known deny; so does an acceptance without lease. */
static enum seal_outcome
outcome_sound(
    const struct session *s, const struct session_job *job, int64_t now_ms)
{
	if (job->outcome == SEAL_ACCEPTED &&
	    (job->lease_s == 0 || job->error != 0))
		return SEAL_STALE;
	/* Judged so slowly that the lease is over before it is granted. */
	if (job->outcome == SEAL_ACCEPTED && now_ms >= ask_lease_end(s, job))
		return SEAL_TIMEOUT;
	if (job->outcome <= SEAL_INVALID || job->outcome > SEAL_TIMEOUT)
		return SEAL_REFUSED_EVIDENCE;
	return job->outcome;
}

bool
session_job_settles(
    const struct session *s, const struct session_job *job, int64_t now_ms)
{
	return ask_settles(s, outcome_sound(s, job, now_ms), now_ms);
}

int
ask_job_done(struct session *s, const struct session_job *job, int64_t now_ms,
    struct seal_diag *d)
{
	enum seal_outcome outcome = outcome_sound(s, job, now_ms);
	int error = outcome == SEAL_TIMEOUT ? SEAL_E_TIMEOUT : SEAL_E_POLICY;
	int r;

	if (!s->ask.appraising || job->serial != s->ask.serial)
		return 0;
	s->ask.appraising = false;
	s->ask.serial = 0;
	if ((r = ask_send_verdict(
		 s, outcome, job->lease_s, ask_context(s), d)) != 0)
		return r;
	if (outcome == SEAL_ACCEPTED) {
		ask_grant(s, job);
		return 0;
	}
	return ask_refuse(
	    s, outcome, job->error != 0 ? job->error : error, now_ms, d);
}

static bool
ask_may_send(const struct session *s)
{
	return ask_wanted(s) && !s->peer_closed && !s->ask.outstanding &&
	       !s->ask.appraising;
}

static int
ask_check_answer(struct session *s, int64_t now_ms, struct seal_diag *d)
{
	struct asker *a = &s->ask;

	if (!a->outstanding || a->late ||
	    now_ms < a->asked_ms + s->conf->answer_ms)
		return 0;
	a->late = true;
	if (ask_live(s, now_ms) || !s->conf->require)
		return 0;
	return seal_fail(d, SEAL_E_TIMEOUT,
	    "attestation: no answer within %u ms", s->conf->answer_ms);
}

static int
ask_check_lease(struct session *s, int64_t now_ms, struct seal_diag *d)
{
	struct asker *a = &s->ask;

	if (!a->leased || now_ms < a->lease_ms)
		return 0;
	a->leased = false;
	a->outcome = SEAL_TIMEOUT;
	if (!s->conf->require)
		return 0;
	inbox_free(&s->data);
	seal_fail(d, SEAL_E_LEASE,
	    "lease: ended without a new verdict; data is refused");
	seal_remedy(d, "the peer's log says why it did not attest again");
	return SEAL_E_LEASE;
}

int
ask_tick(struct session *s, int64_t now_ms, struct seal_diag *d)
{
	int r;

	if ((r = ask_check_lease(s, now_ms, d)) != 0 ||
	    (r = ask_check_answer(s, now_ms, d)) != 0)
		return r;
	if (ask_may_send(s) && s->ask.leased && now_ms >= s->ask.again_ms)
		return ask_send(s, now_ms, d);
	return 0;
}

int64_t
ask_deadline(const struct session *s)
{
	const struct asker *a = &s->ask;
	int64_t at = INT64_MAX, answer = a->asked_ms + s->conf->answer_ms;

	if (a->leased)
		at = a->lease_ms;
	if (a->leased && ask_may_send(s) && a->again_ms < at)
		at = a->again_ms;
	if (a->outstanding && !a->late && answer < at)
		at = answer;
	return at;
}

int
session_reattest(struct session *s, int64_t now_ms, struct seal_diag *d)
{
	int r;

	if (s->state != SESSION_READY || !ask_wanted(s))
		return seal_fail(d, SEAL_E_STATE,
		    "reattest: expected a ready connection whose peer is "
		    "asked to attest");
	if (!ask_may_send(s))
		return 0; /* it is being asked already */
	if ((r = ask_send(s, now_ms, d)) != 0)
		return session_fail(s, r);
	return 0;
}
