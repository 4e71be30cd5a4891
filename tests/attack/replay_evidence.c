/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Genuine Evidence of the genuine server, recorded: yesterday's, that of a
 * connection a moment ago, and that of this connection's first request, each
 * in a fresh authenticator that is right in every other respect.
 */
#include "test.h"

#include "forge.h"

#include <stdlib.h>

#define VICTIM "{\"policy\":\"of-server\"}"
#define SERVER \
	"{" FORGE_SOFT("server.signer") ",\"deadlines_ms\":{\"spacing\":0}}"
#define DAY 86400

static void
policy(struct world *w)
{
	world_policy(w, "of-server", w->server_pin, "00ff",
	    "{\"mode\":\"pkix\",\"ca\":\"server.pem\"}", "");
}

static void
open_held(struct world *w, struct pair *p)
{
	pair_open(p, w, world_ctx(w, VICTIM), world_ctx(w, SERVER), false);
	p->server.hold_jobs = true;
	pair_run(p);
}

/* The held request is answered with recorded. */
static void
answer(struct pair *p, struct span recorded)
{
	struct seal_job *j = forge_job(&p->server, SESSION_JOB_ATTEST);

	forge_answer(j, recorded);
	forge_done(&p->server, &j);
	pair_run(p);
}

struct replay_case {
	const char *name;
	int64_t later_s;
};

static const struct replay_case cases[] = {
	{ "of a moment ago", 0 },
	{ "of half a minute ago", 30 },
	{ "yesterday's", DAY },
	{ "tomorrow's", -DAY },
	{ NULL },
};

static void
recorded_elsewhere(void **state)
{
	struct world *w = *state;

	policy(w);
	for (const struct replay_case *c = cases; c->name != NULL; c++) {
		struct pair p;
		struct wr cmw;

		wr_init_heap(&cmw, LIMIT_CMW);
		forge_genuine(w, VICTIM, SERVER, &cmw);
		w->unix_s += c->later_s;
		open_held(w, &p);
		answer(&p, wr_view(&cmw));
		expect_refused(&p, &p.client, c->name, SEAL_REFUSED_EVIDENCE,
		    SEAL_E_BINDER);
		pair_close(&p);
		w->unix_s -= c->later_s;
		wr_free(&cmw);
	}
}

/* First accepted, and then served again to the second request. */
static void
recorded_here(void **state)
{
	struct world *w = *state;
	struct seal_job *j;
	struct pair p;
	struct wr cmw;

	policy(w);
	wr_init_heap(&cmw, LIMIT_CMW);
	open_held(w, &p);
	j = forge_job(&p.server, SESSION_JOB_ATTEST);
	seal_job_run(j);
	forge_steal(j, &cmw);
	forge_done(&p.server, &j);
	pair_run(&p);
	expect_accepted(&p, &p.client, "control: the first answer");

	assert_int_equal(seal_conn_reattest(p.client.conn), 0);
	pair_run(&p);
	answer(&p, wr_view(&cmw));
	expect_refused(&p, &p.client, "the first answer's Evidence again",
	    SEAL_REFUSED_EVIDENCE, SEAL_E_BINDER);
	pair_close(&p);
	wr_free(&cmw);
}

/* The whole authenticator, byte for byte, to the second request. */
static void
authenticator_again(void **state)
{
	struct world *w = *state;
	struct seal_job *j;
	struct pair p;
	uint8_t *old = NULL;
	size_t old_n;

	policy(w);
	open_held(w, &p);
	j = forge_job(&p.server, SESSION_JOB_ATTEST);
	seal_job_run(j);
	old_n = j->work->n_authenticator;
	assert_int_equal(
	    span_dup(span_of(j->work->authenticator, old_n), &old), 0);
	forge_done(&p.server, &j);
	pair_run(&p);
	expect_accepted(&p, &p.client, "control: the first answer");

	assert_int_equal(seal_conn_reattest(p.client.conn), 0);
	pair_run(&p);
	j = forge_job(&p.server, SESSION_JOB_ATTEST);
	forge_answer_bytes(j, span_of(old, old_n));
	forge_done(&p.server, &j);
	pair_run(&p);
	expect_refused(&p, &p.client, "the first answer again", SEAL_PROTOCOL,
	    SEAL_E_EA_CONTEXT_MISMATCH);
	pair_close(&p);
	free(old);
}

/* The same with fresh Evidence, twice. */
static void
control(void **state)
{
	struct world *w = *state;
	struct pair p;

	policy(w);
	pair_open(&p, w, world_ctx(w, VICTIM), world_ctx(w, SERVER), false);
	pair_run(&p);
	expect_accepted(&p, &p.client, "control");
	assert_int_equal(seal_conn_reattest(p.client.conn), 0);
	pair_run(&p);
	expect_accepted(&p, &p.client, "control, again");
	assert_int_equal(seal_conn_verdict_count(p.client.conn), 2);
	pair_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    recorded_elsewhere, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    recorded_here, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    authenticator_again, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    control, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
