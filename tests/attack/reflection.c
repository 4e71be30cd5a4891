/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutual attestation against a peer that has no Evidence of its own, and
 * shows this side what is this side's: its key, its authenticator, its
 * frames. PROTOCOL 5.5 rule 2.
 */
#include "test.h"

#include "forge.h"

#include <stdlib.h>

#include <openssl/ssl.h>

#define NO_ID "{\"mode\":\"none\"}"
#define MUTUAL(key, policy)                               \
	"{" FORGE_SOFT(key) ",\"policy\":\"" policy "\"," \
			    "\"reveal_after_peer\":false}"

static void
policies(struct world *w)
{
	world_policy(w, "of-server", w->server_pin, "00ff", NO_ID, "");
	world_policy(w, "of-client", w->client_pin, "00ff", NO_ID, "");
}

/* Both sides run with one key file: each would accept the other's Evidence,
 * which its own could pass for. Only the victim judges. */
static void
one_key_refused(struct world *w, bool by_client)
{
	struct seal_job *j;
	struct side *peer;
	struct pair p;

	pair_open(&p, w, world_ctx(w, MUTUAL("client.signer", "of-client")),
	    world_ctx(w, MUTUAL("client.signer", "of-client")), false);
	peer = by_client ? &p.server : &p.client;
	peer->hold_jobs = true;
	pair_run(&p);
	j = forge_job(peer, SESSION_JOB_ATTEST);
	seal_job_run(j);
	forge_done(peer, &j);
	pair_run(&p);
	expect_refused(&p, by_client ? &p.client : &p.server, "one key",
	    SEAL_REFUSED_KEY, SEAL_E_KEY);
	pair_close(&p);
}

static void
one_key(void **state)
{
	policies(*state);
	one_key_refused(*state, true);
	one_key_refused(*state, false);
}

/* What the client has just sent as its own answer comes back as the
 * server's. */
static void
authenticator_back(void **state)
{
	struct world *w = *state;
	struct seal_job *theirs, *mine;
	struct pair p;

	policies(w);
	pair_open(&p, w, world_ctx(w, MUTUAL("client.signer", "of-client")),
	    world_ctx(w, MUTUAL("client.signer", "of-client")), false);
	p.server.hold_jobs = true;
	pair_run(&p);
	mine = forge_job(&p.server, SESSION_JOB_ATTEST);
	pair_run(&p);
	theirs = forge_job(&p.server, SESSION_JOB_APPRAISE);
	forge_answer_bytes(mine, span_of(theirs->work->authenticator,
				     theirs->work->n_authenticator));
	forge_done(&p.server, &mine);
	pair_run(&p);
	expect_refused(&p, &p.client, "authenticator back", SEAL_PROTOCOL,
	    SEAL_E_EA_CONTEXT_MISMATCH);
	seal_job_free(&theirs);
	pair_close(&p);
}

/* The client's Evidence comes back in an authenticator that is right. */
static void
evidence_back(void **state)
{
	struct world *w = *state;
	struct seal_job *theirs, *mine;
	struct pair p;
	struct wr cmw;

	policies(w);
	wr_init_heap(&cmw, LIMIT_CMW);
	pair_open(&p, w, world_ctx(w, MUTUAL("client.signer", "of-client")),
	    world_ctx(w, MUTUAL("server.signer", "of-client")), false);
	p.server.hold_jobs = true;
	pair_run(&p);
	mine = forge_job(&p.server, SESSION_JOB_ATTEST);
	pair_run(&p);
	theirs = forge_job(&p.server, SESSION_JOB_APPRAISE);
	forge_steal(theirs, &cmw);
	forge_answer(mine, wr_view(&cmw));
	forge_done(&p.server, &mine);
	pair_run(&p);
	expect_refused(&p, &p.client, "Evidence back", SEAL_REFUSED_EVIDENCE,
	    SEAL_E_BINDER);
	seal_job_free(&theirs);
	pair_close(&p);
	wr_free(&cmw);
}

/* Every byte comes back. */
static void
echo(struct pair *p)
{
	SSL *ssl = (SSL *)p->server.ssl;
	char buf[16384];
	int n;

	for (int i = 0; i < 40; i++) {
		side_step(&p->client);
		if (!SSL_is_init_finished(ssl))
			SSL_do_handshake(ssl);
		else if ((n = SSL_read(ssl, buf, sizeof(buf))) > 0)
			SSL_write(ssl, buf, n);
	}
}

static void
echoed(void **state)
{
	struct world *w = *state;
	struct pair p;

	policies(w);
	pair_open(&p, w, world_ctx(w, MUTUAL("client.signer", "of-client")),
	    world_ctx(w, MUTUAL("server.signer", "of-client")), false);
	echo(&p);
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_PROTOCOL);
	assert_null(seal_conn_verdict(p.client.conn));
	pair_close(&p);
}

static void
control(void **state)
{
	struct world *w = *state;
	struct pair p;

	policies(w);
	pair_open(&p, w, world_ctx(w, MUTUAL("client.signer", "of-server")),
	    world_ctx(w, MUTUAL("server.signer", "of-client")), false);
	pair_run(&p);
	expect_accepted(&p, &p.client, "control");
	expect_accepted(&p, &p.server, "control");
	pair_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    one_key, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    authenticator_back, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    evidence_back, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    echoed, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    control, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
