/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "format/cmw.h"
#include "lib/job.h"

/* What a presents in place of its Evidence; NULL: that itself. */
static struct passport *
job_passport(const struct seal_job *j, const struct attester *a)
{
	for (size_t i = 0; i < j->ctx->n_attesters; i++)
		if (j->ctx->attesters[i] == a)
			return j->ctx->passports[i];
	return NULL;
}

/* Evidence over this connection's binder, as a CMW (PROTOCOL 5, 5.6). */
static int
attest_collect(
    struct seal_job *j, struct attester *a, struct wr *cmw, struct seal_diag *d)
{
	struct passport *passport = job_passport(j, a);
	struct seal_binding binding;
	struct wr evidence;
	int r;

	if ((r = job_binding(j, attester_spki(a), &binding, d)) != 0)
		return r;
	if (passport != NULL)
		return passport_present(passport, &binding, ctx_unix_s(j->ctx),
		    job_time_left(j), cmw, d);
	wr_init_heap(&evidence, LIMIT_CMW);
	if ((r = attester_collect(
		 a, &binding, job_time_left(j), &evidence, d)) == 0)
		attester_write_cmw(a, wr_view(&evidence), cmw);
	wr_free(&evidence);
	if (r == 0 && cmw->error != 0)
		r = seal_fail(d, cmw->error,
		    "evidence: expected at most %u bytes as a CMW", LIMIT_CMW);
	return r;
}

/* The authenticator that answers the peer's request; or why there is none. */
typedef int (*answer_fn)(struct seal_job *j, const struct ea_request *req,
    struct wr *out, struct seal_diag *d);

static int
answer_with_evidence(struct seal_job *j, const struct ea_request *req,
    struct wr *out, struct seal_diag *d)
{
	/* What it can make is the same for either carriage. */
	const struct ctx_profile *p =
	    ctx_profile(j->ctx, j->role, j->work->keys.hash, CARRIAGE_STREAM);
	struct attester *a;
	struct ea_identity id = { 0 };
	struct wr cmw;
	int r;

	if (p == NULL || j->work->scheme >= p->conf.n_produce)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "attest: no attester for the agreed scheme");
	a = j->ctx->attesters[p->attester[j->work->scheme]];
	wr_init_heap(&cmw, LIMIT_CMW);
	if ((r = attest_collect(j, a, &cmw, d)) == 0) {
		id.n_chain = attester_chain(a, &id.chain);
		id.leaf = attester_leaf(a);
		id.cmw = wr_view(&cmw);
		id.sign = attester_sign;
		id.sign_ctx = a;
		r = ea_authenticate(
		    out, &j->work->keys, req, j->ctx->cmw_type, &id, d);
	}
	wr_free(&cmw);
	return r;
}

static int
answer_busy(struct seal_job *j, const struct ea_request *req, struct wr *out,
    struct seal_diag *d)
{
	(void)j;
	(void)req;
	(void)out;
	seal_fail(d, SEAL_E_UNAVAILABLE,
	    "attest: expected room in the queue for Evidence, found it full");
	seal_remedy(d, "the peer may ask again; fewer connections at once are "
		       "answered sooner");
	return SEAL_E_UNAVAILABLE;
}

/* After a failure the answer is the empty authenticator, which says no. */
static int
attest(
    struct seal_job *j, answer_fn answer, struct wr *out, struct seal_diag *d)
{
	struct session_job *w = j->work;
	struct ea_request req;
	int r;

	if ((r = ea_request_parse(span_of(w->request, w->n_request),
		 ea_peer_of(job_role(j)), j->ctx->cmw_type, &req, d)) != 0)
		return r;
	if ((r = answer(j, &req, out, d)) == 0)
		return 0;
	wr_free(out);
	if (ea_refuse(out, &w->keys, &req, d) != 0)
		wr_free(out);
	return r;
}

static void
run(struct seal_job *j, answer_fn answer)
{
	struct session_job *w = j->work;
	struct wr out;

	wr_init_heap(&out, LIMIT_FRAME_AUTHENTICATOR);
	w->error = attest(j, answer, &out, &j->diag);
	if (out.n > 0 &&
	    wr_take(&out, &w->authenticator, &w->n_authenticator) != 0)
		w->error = SEAL_E_MEMORY;
	wr_free(&out);
}

/* For the handshake: the bare CMW, made with the attester whose key is TLS's.
 * Indices are those of the profile that the handshake began with. */
static int
attest_handshake(struct seal_job *j, struct wr *out, struct seal_diag *d)
{
	const struct ctx_profile *p =
	    ctx_profile(j->ctx, j->role, HASH_SHA256, CARRIAGE_STREAM);
	struct attester *a;

	if (j->work->scheme >= p->conf.n_produce)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "attest: no attester for the agreed scheme");
	a = j->ctx->attesters[p->attester[j->work->scheme]];
	if (!attester_fits(a, j->work->keys.hash))
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "attest: a binder of this suite's hash is longer than "
		    "what the attester signs");
	return attest_collect(j, a, out, d);
}

static void
run_handshake(struct seal_job *j)
{
	struct session_job *w = j->work;
	struct wr out;

	wr_init_heap(&out, LIMIT_CMW);
	if ((w->error = attest_handshake(j, &out, &j->diag)) == 0 &&
	    wr_take(&out, &w->authenticator, &w->n_authenticator) != 0)
		w->error = SEAL_E_MEMORY;
	wr_free(&out);
}

/* With TLS's key, which is that of the one attester that there is. */
void
job_sign(struct seal_job *j)
{
	struct session_job *w = j->work;
	struct wr out;

	wr_init_heap(&out, LIMIT_SIGNATURE);
	w->error = attester_sign(j->ctx->attesters[0], w->signature_scheme,
	    span_of(w->request, w->n_request), &out, &j->diag);
	if (w->error == 0 &&
	    wr_take(&out, &w->authenticator, &w->n_authenticator) != 0)
		w->error = SEAL_E_MEMORY;
	wr_free(&out);
}

void
job_attest(struct seal_job *j)
{
	if (j->work->intra)
		run_handshake(j);
	else
		run(j, answer_with_evidence);
}

/* PROTOCOL 4: a full queue answers with an empty authenticator; PROTOCOL 9: or
 * leaves the extension out. */
void
job_refuse(struct seal_job *j)
{
	if (j->work->intra)
		j->work->error = answer_busy(j, NULL, NULL, &j->diag);
	else
		run(j, answer_busy);
}
