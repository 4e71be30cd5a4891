/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The genuine server makes Evidence for anybody's nonce, offline. Whatever of
 * the victim's connection the attacker has it sign, the result is no answer
 * to the victim's request (PROTOCOL 5.5 rule 1).
 */
#include "test.h"

#include "forge.h"

#include <stdlib.h>

#define VICTIM "{\"policy\":\"of-server\"}"
#define SERVER "{" FORGE_SOFT("server.signer") "}"

static void
offline(struct world *w, struct span nonce, struct wr *out)
{
	struct seal_ctx *c = world_ctx(w, SERVER);
	struct seal_diag d = { 0 };
	void *cmw = NULL;
	size_t n = 0;

	if (seal_evidence_offline(c, nonce.p, nonce.n, &cmw, &n, &d) != 0)
		fail_msg("%s", d.text);
	wr_bytes(out, span_of(cmw, n));
	free(cmw);
	seal_ctx_free(&c);
}

/* What the attacker knows of the connection that he ends himself. */
enum what { BINDER, EXPORTER, CONTEXT };

static void
nonce_of(const struct seal_job *j, enum what what, struct wr *out)
{
	const struct session_job *w = j->work;
	struct seal_binding b;
	struct seal_diag d = { 0 };
	struct ea_request req;

	assert_int_equal(ea_request_parse(span_of(w->request, w->n_request),
			     EA_CLIENT, j->ctx->cmw_type, &req, &d),
	    0);
	assert_int_equal(
	    binding_post(w->keys.hash, attester_spki(j->ctx->attesters[0]),
		span_of(w->exporter, sizeof(w->exporter)), &b, &d),
	    0);
	wr_bytes(out, what == BINDER ? binding_value(&b)
		      : what == EXPORTER
			  ? span_of(w->exporter, sizeof(w->exporter))
			  : req.context);
}

static void
run(struct world *w, enum what what, bool attack, struct pair *p)
{
	struct wr nonce, cmw;
	struct seal_job *j;

	world_policy(
	    w, "of-server", w->server_pin, "00ff", "{\"mode\":\"none\"}", "");
	wr_init_heap(&nonce, 128);
	wr_init_heap(&cmw, LIMIT_CMW);
	pair_open(p, w, world_ctx(w, VICTIM), world_ctx(w, SERVER), false);
	p->server.hold_jobs = true;
	pair_run(p);
	j = forge_job(&p->server, SESSION_JOB_ATTEST);
	nonce_of(j, what, &nonce);
	if (attack) {
		offline(w, wr_view(&nonce), &cmw);
	} else {
		seal_job_run(j);
		forge_steal(j, &cmw);
	}
	forge_answer(j, wr_view(&cmw));
	forge_done(&p->server, &j);
	pair_run(p);
	wr_free(&nonce);
	wr_free(&cmw);
}

static void
oracle(void **state)
{
	static const char *const names[] = { "its binder as nonce",
		"its exporter value as nonce", "its context as nonce" };
	struct pair p;

	for (int what = BINDER; what <= CONTEXT; what++) {
		run(*state, (enum what)what, true, &p);
		expect_refused(&p, &p.client, names[what],
		    SEAL_REFUSED_EVIDENCE, SEAL_E_BINDER);
		pair_close(&p);
	}
}

static void
control(void **state)
{
	struct pair p;

	run(*state, BINDER, false, &p);
	expect_accepted(&p, &p.client, "made for the connection");
	pair_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    oracle, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    control, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
