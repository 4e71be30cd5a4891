/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/job.h"

#include <stdlib.h>

struct seal_job *
job_new(struct seal_ctx *ctx, enum seal_role role, struct session_job **work,
    const struct peer_identity *peer, struct seal_verdict *first)
{
	struct seal_job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->ctx = ctx_ref(ctx);
	j->role = role;
	j->work = *work;
	*work = NULL;
	j->peer = *peer;
	if (first != NULL)
		j->first = seal_verdict_ref(first);
	return j;
}

enum ea_role
job_role(const struct seal_job *j)
{
	return j->role == SEAL_CLIENT ? EA_CLIENT : EA_SERVER;
}

/* PROTOCOL 5.1, 5.2 */
int
job_binding(const struct seal_job *j, struct span spki,
    struct seal_binding *ret, struct seal_diag *d)
{
	const struct session_job *w = j->work;
	enum hash h = w->keys.hash;

	if (w->intra)
		return binding_intra(h, spki,
		    span_of(w->transcript, hash_size(h)), false, ret, d);
	return binding_post(
	    h, spki, span_of(w->exporter, sizeof(w->exporter)), ret, d);
}

uint32_t
job_time_left(const struct seal_job *j)
{
	int64_t left = j->work->deadline_ms - ctx_boot_ms(j->ctx);

	if (left < 1)
		return 1;
	return left > 600000 ? 600000 : (uint32_t)left;
}

void
seal_job_run(struct seal_job *j)
{
	switch (j->work->kind) {
	case SESSION_JOB_ATTEST:
		job_attest(j);
		break;
	case SESSION_JOB_APPRAISE:
		job_appraise(j);
		break;
	case SESSION_JOB_SIGN:
		job_sign(j);
		break;
	case SESSION_JOB_NONE:
		break;
	}
}

void
seal_job_free(struct seal_job **jp)
{
	struct seal_job *j = *jp;

	*jp = NULL;
	if (j == NULL)
		return;
	if (j->waits)
		waits_leave(j->ctx->waits, j->place);
	session_job_free(&j->work);
	cert_unref(&j->leaf);
	seal_verdict_free(&j->first);
	seal_verdict_free(&j->verdict);
	free(j->learned);
	seal_ctx_free(&j->ctx);
	free(j);
}
