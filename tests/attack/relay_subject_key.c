/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A man in the middle who holds the server's TLS key and its subject key, but
 * not what makes Evidence. He signs the authenticator for the victim's
 * connection himself, around genuine Evidence that the server makes for his
 * own, at that moment. (With `soft` one key does both; he does not use it for
 * Evidence.) PROTOCOL 5.1: the signed binder belongs to the other connection.
 */
#include "test.h"

#include "forge.h"

#define VICTIM "{\"policy\":\"of-server\"}"
#define SERVER "{" FORGE_SOFT("server.signer") "}"
#define NO_ID "{\"mode\":\"none\"}"
#define BY_CA "{\"mode\":\"pkix\",\"ca\":\"server.pem\"}"

/* The victim connects to the attacker, who relays or is honest. */
static void
run(struct world *w, const char *identity, bool relay, struct pair *p)
{
	struct seal_job *j;
	struct wr cmw;

	world_policy(w, "of-server", w->server_pin, "00ff", identity, "");
	wr_init_heap(&cmw, LIMIT_CMW);
	pair_open(p, w, world_ctx(w, VICTIM), world_ctx(w, SERVER), false);
	p->server.hold_jobs = true;
	pair_run(p);
	j = forge_job(&p->server, SESSION_JOB_ATTEST);
	if (relay) {
		forge_genuine(w, VICTIM, SERVER, &cmw);
	} else {
		seal_job_run(j);
		forge_steal(j, &cmw);
	}
	forge_answer(j, wr_view(&cmw));
	forge_done(&p->server, &j);
	pair_run(p);
	wr_free(&cmw);
}

static void
relayed(void **state)
{
	struct world *w = *state;
	struct pair p;

	run(w, BY_CA, true, &p);
	expect_refused(&p, &p.client, "relayed Evidence", SEAL_REFUSED_EVIDENCE,
	    SEAL_E_BINDER);
	pair_close(&p);
	run(w, NO_ID, true, &p);
	expect_refused(&p, &p.client, "relayed Evidence, identity none",
	    SEAL_REFUSED_EVIDENCE, SEAL_E_BINDER);
	pair_close(&p);
}

/* The same authenticator, but for what the Evidence was made for. */
static void
control(void **state)
{
	struct world *w = *state;
	struct pair p;

	run(w, BY_CA, false, &p);
	expect_accepted(&p, &p.client, "Evidence over the right binder");
	pair_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    relayed, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    control, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
