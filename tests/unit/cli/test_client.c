/* SPDX-License-Identifier: Apache-2.0 */
/* What `seal serve` does with one connection where something is short. */
#include "test.h"

#include <unistd.h>

#include "cli/client.h"
#include "cli/loop.h"
#include "lib/pair.h"

#define SOFT(key)                                                      \
	"\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"" key \
	"\",\"measurements\":\"app=00ff\"}}]"
#define SERVER_ID "{\"mode\":\"pkix\",\"ca\":\"server.pem\"}"

/* ---- A pool of one place, without threads ---- */

struct pool {
	bool room;
	struct seal_job *job;
	unsigned submitted;
};

bool
pool_has_room(struct pool *p)
{
	return p->room;
}

void
pool_submit(struct pool *p, struct seal_job *job, uint64_t owner)
{
	(void)owner;
	assert_null(p->job);
	p->job = job;
	p->submitted++;
}

void
pool_cancel(struct pool *p, uint64_t owner)
{
	(void)owner;
	seal_job_free(&p->job);
}

/* ---- The server's side of a pair, driven as `seal serve` drives it ---- */

struct desk {
	struct pair pair;
	struct server_conf conf;
	struct hall hall;
	struct pool pool;
	struct client client;
};

static void
desk_open(
    struct desk *k, struct world *w, const char *client, const char *server)
{
	*k = (struct desk){ .conf = { .service = SERVICE_ECHO },
		.hall = { .loop = -1 },
		.pool = { .room = true } };
	k->hall.conf = &k->conf;
	k->hall.pool = &k->pool;
	pair_open(
	    &k->pair, w, world_ctx(w, client), world_ctx(w, server), false);
	k->client = (struct client){ .id = 1,
		.conn = k->pair.server.conn,
		.pump = { .from = -1, .to = -1 },
		.name = "test" };
}

static void
desk_close(struct desk *k)
{
	pump_free(&k->client.pump);
	seal_job_free(&k->pool.job);
	pair_close(&k->pair);
}

static void
desk_run(struct desk *k)
{
	for (int i = 0; i < 40; i++) {
		side_step(&k->pair.client);
		client_step(&k->client, &k->hall, 0);
		if (k->pool.job == NULL)
			continue;
		seal_job_run(k->pool.job);
		client_job_done(&k->client, &k->pool.job);
	}
}

/* ---- A full pool ---- */

/* PROTOCOL 4: Evidence that finds the queue full is refused, at once. */
static void
evidence_is_refused(void **state)
{
	struct world *w = *state;
	struct desk k;

	world_policy(w, "of-server", w->server_pin, "00ff", SERVER_ID, "");
	desk_open(
	    &k, w, "{\"policy\":\"of-server\"}", "{" SOFT("server.signer") "}");
	k.pool.room = false;
	desk_run(&k);
	assert_int_equal(k.pool.submitted, 0);
	assert_int_equal(
	    seal_conn_outcome(k.pair.client.conn), SEAL_UNAVAILABLE);
	/* The server tells why, not that it was refused. */
	assert_int_equal(
	    seal_conn_diag(k.client.conn)->code, SEAL_E_UNAVAILABLE);
	desk_close(&k);
}

/* On a connection that is up it leaves the old verdict alone. */
static void
lease_outlives_refusal(void **state)
{
	struct world *w = *state;
	struct desk k;

	world_policy(w, "of-server", w->server_pin, "00ff", SERVER_ID,
	    "\"lease_s\":60,");
	desk_open(
	    &k, w, "{\"policy\":\"of-server\"}", "{" SOFT("server.signer") "}");
	desk_run(&k);
	assert_int_equal(k.pool.submitted, 1);
	k.pool.room = false;
	w->boot_ms += 30000;
	desk_run(&k);
	assert_int_equal(k.pool.submitted, 1);
	assert_int_equal(seal_conn_outcome(k.pair.client.conn), SEAL_ACCEPTED);
	/* Room again, and past the spacing of answers. */
	k.pool.room = true;
	w->boot_ms += 11000;
	desk_run(&k);
	assert_int_equal(k.pool.submitted, 2);
	assert_int_equal(seal_conn_verdict_count(k.pair.client.conn), 2);
	desk_close(&k);
}

static void
appraisal_waits(void **state)
{
	struct world *w = *state;
	struct desk k;

	world_policy(
	    w, "of-client", w->client_pin, "00ff", "{\"mode\":\"none\"}", "");
	desk_open(&k, w,
	    "{" SOFT("client.signer") ",\"identity\":" SERVER_ID "}",
	    "{\"policy\":\"of-client\"}");
	k.pool.room = false;
	desk_run(&k);
	assert_int_equal(k.client.step, SEAL_WANT_JOB);
	k.pool.room = true;
	desk_run(&k);
	assert_int_equal(k.pool.submitted, 1);
	assert_int_equal(seal_conn_outcome(k.client.conn), SEAL_ACCEPTED);
	desk_close(&k);
}

/* ---- stdin and stdout that cannot be watched ---- */

static void
stdio_stays_free(void **state)
{
	struct world *w = *state;
	struct desk k;

	desk_open(&k, w, "{\"identity\":" SERVER_ID "}", "{}");
	k.conf.service = SERVICE_STDIO;
	desk_run(&k);
	assert_false(k.client.joined);
	assert_true(k.client.closing);
	assert_false(k.hall.stdio_taken);
	desk_close(&k);
}

/* What is watched a second time is reported as the new tag. */
static void
watched_again(void **state)
{
	uint64_t tags[LOOP_EVENTS] = { 0 };
	struct seal_diag d = { 0 };
	int loop = -1, fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(loop_new(&loop, &d), 0);
	assert_int_equal(loop_watch(loop, fds[1], 7, &d), 0);
	assert_int_equal(loop_watch(loop, fds[1], 8, &d), 0);
	assert_int_equal(loop_wait(loop, 0, tags), 1);
	assert_int_equal(tags[0], 8);
	close(loop);
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    evidence_is_refused, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    lease_outlives_refusal, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    appraisal_waits, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    stdio_stays_free, world_setup, world_teardown),
		cmocka_unit_test(watched_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
