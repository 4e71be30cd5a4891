/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "forge.h"

#include <stdlib.h>
#include <string.h>

#include "lib/conn.h"

static enum ea_role
role_of(const struct seal_job *j)
{
	return j->role == SEAL_CLIENT ? EA_CLIENT : EA_SERVER;
}

struct seal_job *
forge_job(struct side *s, enum session_job_kind kind)
{
	struct seal_job *j = seal_conn_job(s->conn);

	assert_non_null(j);
	assert_int_equal(j->work->kind, kind);
	return j;
}

void
forge_steal(const struct seal_job *j, struct wr *out)
{
	const struct session_job *w = j->work;
	enum ea_role requester = w->kind == SESSION_JOB_APPRAISE
				     ? role_of(j)
				     : ea_peer_of(role_of(j));
	struct seal_diag d = { 0 };
	struct ea_peer peer = { .leaf = NULL };
	struct ea_request req;

	if (ea_request_parse(span_of(w->request, w->n_request), requester,
		j->ctx->cmw_type, &req, &d) != 0 ||
	    ea_validate(span_of(w->authenticator, w->n_authenticator), &w->keys,
		&req, j->ctx->cmw_type, NULL, NULL, NULL, &peer, &d) != 0)
		fail_msg("steal: %s", d.text);
	assert_true(peer.cmw.n > 0);
	wr_bytes(out, peer.cmw);
	assert_int_equal(out->error, 0);
	cert_unref(&peer.leaf);
}

void
forge_answer_bytes(struct seal_job *j, struct span authenticator)
{
	uint8_t *copy = NULL;

	assert_int_equal(span_dup(authenticator, &copy), 0);
	free(j->work->authenticator);
	j->work->authenticator = copy;
	j->work->n_authenticator = authenticator.n;
}

void
forge_answer(struct seal_job *j, struct span cmw)
{
	struct attester *a = j->ctx->attesters[0];
	struct session_job *w = j->work;
	struct ea_identity id = {
		.cmw = cmw, .sign = attester_sign, .sign_ctx = a
	};
	struct seal_diag d = { 0 };
	struct ea_request req;
	struct wr out;

	id.n_chain = attester_chain(a, &id.chain);
	wr_init_heap(&out, LIMIT_FRAME_AUTHENTICATOR);
	if (ea_request_parse(span_of(w->request, w->n_request),
		ea_peer_of(role_of(j)), j->ctx->cmw_type, &req, &d) != 0 ||
	    ea_authenticate(&out, &w->keys, &req, j->ctx->cmw_type, &id, &d) !=
		0)
		fail_msg("answer: %s", d.text);
	forge_answer_bytes(j, wr_view(&out));
	wr_free(&out);
}

void
forge_done(struct side *s, struct seal_job **j)
{
	seal_conn_job_done(s->conn, j);
}

void
forge_genuine(struct world *w, const char *client_json, const char *server_json,
    struct wr *out)
{
	struct seal_job *j;
	struct pair p;

	pair_open(
	    &p, w, world_ctx(w, client_json), world_ctx(w, server_json), false);
	p.client.hold_jobs = true;
	pair_run(&p);
	j = forge_job(&p.client, SESSION_JOB_APPRAISE);
	forge_steal(j, out);
	seal_job_free(&j);
	pair_close(&p);
}

/* ---- What must come of it ---- */

static size_t
passes(struct pair *p, struct side *from, struct side *to)
{
	char buf[16];
	size_t n = 0;

	seal_write(from->conn, "ping", 4, &n);
	pair_run(p);
	seal_read(to->conn, buf, sizeof(buf), &n);
	return n;
}

static struct side *
other(struct pair *p, const struct side *s)
{
	return s == &p->client ? &p->server : &p->client;
}

void
expect_refused(struct pair *p, struct side *victim, const char *name,
    enum seal_outcome outcome, int code)
{
	enum seal_outcome got = seal_conn_outcome(victim->conn);
	const struct seal_diag *d = seal_conn_diag(victim->conn);

	if (got != outcome || d->code != code)
		fail_msg("%s: expected %s with %s, got %s with %s (%s)", name,
		    seal_outcome_name(outcome), seal_error_name(code),
		    seal_outcome_name(got), seal_error_name(d->code), d->text);
	if (passes(p, victim, other(p, victim)) != 0 ||
	    passes(p, other(p, victim), victim) != 0)
		fail_msg("%s: data passes", name);
}

void
expect_accepted(struct pair *p, struct side *victim, const char *name)
{
	if (seal_conn_outcome(victim->conn) != SEAL_ACCEPTED)
		fail_msg("%s: %s", name, seal_conn_diag(victim->conn)->text);
	if (passes(p, victim, other(p, victim)) != 4)
		fail_msg("%s: no data passes", name);
}
