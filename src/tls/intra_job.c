/* SPDX-License-Identifier: Apache-2.0 */
/* What a handshake waits for: Evidence made, judged, and signed for. */
#include "tls/intra_parts.h"

#include <stdlib.h>

static enum intra_step
wait_for(struct intra *i, struct work *w, struct seal_diag *d)
{
	if (i->cancelled) {
		seal_fail(d, SEAL_E_CLOSED,
		    "remoteAttestation: the connection is being ended");
		return INTRA_STOP;
	}
	if (w->state == WORK_IDLE)
		w->state = WORK_WANTED;
	return w->state == WORK_DONE ? INTRA_GO : INTRA_WAIT;
}

enum intra_step
intra_attest(struct intra *i, struct seal_diag *d)
{
	if (!i->mine.agreed)
		return INTRA_GO;
	return wait_for(i, &i->attest, d);
}

static enum intra_step
signed_or_not(struct intra *i, struct span *ret, struct seal_diag *d)
{
	i->sign.state = WORK_IDLE;
	if (i->n_signature == 0) {
		seal_fail(d, i->error, "tls: CertificateVerify: no signature");
		return INTRA_STOP;
	}
	*ret = span_of(i->signature, i->n_signature);
	return INTRA_GO;
}

enum intra_step
intra_sign(struct intra *i, uint16_t signature_scheme, struct span tbs,
    struct span *ret, struct seal_diag *d)
{
	enum intra_step step;
	int r;

	if (i->sign.state == WORK_IDLE) {
		free(i->signature);
		i->signature = NULL;
		i->n_signature = 0;
		free(i->tbs);
		if ((r = span_dup(tbs, &i->tbs)) != 0) {
			seal_fail(d, r, "tls: CertificateVerify");
			return INTRA_STOP;
		}
		i->n_tbs = tbs.n;
		i->signature_scheme = signature_scheme;
	}
	step = wait_for(i, &i->sign, d);
	return step == INTRA_GO ? signed_or_not(i, ret, d) : step;
}

/* A peer that does not attest: welcome where nothing is required of it. */
static enum intra_step
unattested(struct intra *i, struct seal_diag *d)
{
	if (!i->conf->require)
		return INTRA_GO;
	i->error = SEAL_E_UNSUPPORTED;
	seal_fail(d, i->error,
	    "remoteAttestation: this side requires the peer to attest; it %s",
	    i->peers.agreed ? "agreed to, and sent no Evidence" : "does not");
	seal_remedy(d, "does the peer speak the extension, and can it attest "
		       "with a scheme that the policy accepts?");
	intra_fail(i, ALERT_CERTIFICATE_REQUIRED, i->error);
	return INTRA_STOP;
}

static enum intra_step
judged(struct intra *i, struct seal_diag *d)
{
	if (i->outcome == SEAL_ACCEPTED || !i->conf->require)
		return INTRA_GO;
	intra_fail(i, ALERT_ACCESS_DENIED, i->error);
	seal_fail(d, i->error, "the peer is refused: %s",
	    seal_outcome_name(i->outcome));
	return INTRA_STOP;
}

enum intra_step
intra_appraise(struct intra *i, struct span leaf, struct seal_diag *d)
{
	enum intra_step step;
	int r;

	if (!i->peer_attests)
		return unattested(i, d);
	if (i->appraise.state == WORK_IDLE) {
		if ((r = span_dup(leaf, &i->leaf)) != 0) {
			seal_fail(d, r, "remoteAttestation");
			return INTRA_STOP;
		}
		i->n_leaf = leaf.n;
	}
	step = wait_for(i, &i->appraise, d);
	return step == INTRA_GO ? judged(i, d) : step;
}

static bool
pending(const struct work *w)
{
	return w->state == WORK_WANTED || w->state == WORK_OUT;
}

bool
intra_waiting(const struct intra *i)
{
	return pending(&i->attest) || pending(&i->appraise) ||
	       pending(&i->sign);
}

void
intra_cancel(struct intra *i)
{
	i->cancelled = true;
}

/* The transcript is complete, or there would be no Certificate yet. */
static struct session_job *
job_new_of(
    struct intra *i, struct work *w, enum session_job_kind kind, int64_t now_ms)
{
	struct session_job *job = calloc(1, sizeof(*job));

	i->error = SEAL_E_MEMORY; /* until it is done */
	if (job == NULL || !transcript_hash(&i->transcript, &job->keys.hash,
			       job->transcript)) {
		free(job);
		w->state = WORK_DONE; /* with nothing made: fails closed */
		return NULL;
	}
	job->kind = kind;
	job->intra = true;
	job->deadline_ms = now_ms + i->conf->answer_ms;
	w->state = WORK_OUT;
	return job;
}

struct session_job *
intra_job_take(struct intra *i, int64_t now_ms)
{
	struct session_job *job = NULL;

	if (i->attest.state == WORK_WANTED) {
		job = job_new_of(i, &i->attest, SESSION_JOB_ATTEST, now_ms);
		if (job != NULL)
			job->scheme = i->mine.scheme;
	} else if (i->appraise.state == WORK_WANTED) {
		job = job_new_of(i, &i->appraise, SESSION_JOB_APPRAISE, now_ms);
		if (job == NULL)
			return NULL;
		job->scheme = i->peers.scheme;
		job->authenticator = i->peer_cmw;
		job->n_authenticator = i->n_peer_cmw;
		job->leaf = i->leaf;
		job->n_leaf = i->n_leaf;
		i->peer_cmw = i->leaf = NULL;
	} else if (i->sign.state == WORK_WANTED) {
		job = job_new_of(i, &i->sign, SESSION_JOB_SIGN, now_ms);
		if (job == NULL)
			return NULL;
		job->signature_scheme = i->signature_scheme;
		job->request = i->tbs;
		job->n_request = i->n_tbs;
		i->tbs = NULL;
	}
	return job;
}

/* Without Evidence the extension is left out: the peer decides. */
static void
attest_done(struct intra *i, struct session_job *job)
{
	i->attest.state = WORK_DONE;
	if (job->error != 0 || job->n_authenticator > INTRA_CMW_MAX)
		return;
	i->cmw = job->authenticator;
	i->n_cmw = job->n_authenticator;
	job->authenticator = NULL;
}

static void
sign_done(struct intra *i, struct session_job *job)
{
	i->sign.state = WORK_DONE;
	i->error = job->error != 0 ? job->error : SEAL_E_CRYPTO;
	if (job->error != 0)
		return;
	i->signature = job->authenticator;
	i->n_signature = job->n_authenticator;
	job->authenticator = NULL;
}

/* Zero and whatever is not known deny; so does an acceptance without lease. */
static void
appraise_done(struct intra *i, const struct session_job *job)
{
	i->appraise.state = WORK_DONE;
	i->outcome = job->outcome;
	i->lease_s = job->lease_s;
	i->error = job->error != 0 ? job->error : SEAL_E_POLICY;
	if (job->outcome == SEAL_ACCEPTED &&
	    (job->lease_s == 0 || job->error != 0))
		i->outcome = SEAL_STALE;
	if (job->outcome <= SEAL_INVALID || job->outcome > SEAL_TIMEOUT)
		i->outcome = SEAL_REFUSED_EVIDENCE;
}

void
intra_job_done(struct intra *i, struct session_job **jp)
{
	struct session_job *job = *jp;

	if (job != NULL && job->intra && !i->cancelled) {
		if (job->kind == SESSION_JOB_ATTEST &&
		    i->attest.state == WORK_OUT)
			attest_done(i, job);
		else if (job->kind == SESSION_JOB_APPRAISE &&
			 i->appraise.state == WORK_OUT)
			appraise_done(i, job);
		else if (job->kind == SESSION_JOB_SIGN &&
			 i->sign.state == WORK_OUT)
			sign_done(i, job);
	}
	session_job_free(jp);
}

/* ---- After the handshake ---- */

int
intra_finish(const struct intra *i, struct seal_diag *d)
{
	if (!i->conf->require || i->outcome == SEAL_ACCEPTED)
		return 0;
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    "remoteAttestation: expected the peer's Evidence in the "
	    "handshake, found %s",
	    i->peer_attests ? "it not accepted" : "none");
	return SEAL_E_UNSUPPORTED;
}

uint32_t
intra_lease_s(const struct intra *i)
{
	return i->outcome == SEAL_ACCEPTED ? i->lease_s : 0;
}

/* Each piece of Evidence has its verdict, also where it could not be judged. */
struct session_intra
intra_leaves(const struct intra *i)
{
	struct session_intra left = { .attested = i->attested };

	if (!i->peer_attests)
		return left;
	left.outcome =
	    i->outcome != SEAL_INVALID ? i->outcome : SEAL_UNAVAILABLE;
	left.lease_s = intra_lease_s(i);
	return left;
}
