/* SPDX-License-Identifier: Apache-2.0 */
/* Connections over datagrams (PROTOCOL 8), with real Evidence and verdicts. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "end_datagram.h"
#include "roles.h"

static const struct impair_net clean;
static const struct impair_net bad = {
	.loss = 15, .reorder = 25, .duplicate = 10
};

#define SOFT(key)                                                       \
	"{\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"" key \
	"\",\"measurements\":\"app=00ff\"}}]"

/* Every row of what is accepted and what is not, with either hash. */
static void
roles(void **state)
{
	end_datagram_net(&clean, 1);
	roles_run(*state, &end_datagram, &end_datagram, 256);
	roles_run(*state, &end_datagram, &end_datagram, 384);
}

static void
pair_ready(struct pair *p, struct world *w, const char *client_extra)
{
	char client[512];

	world_policy(w, "of-server", w->server_pin, "00ff",
	    "{\"mode\":\"none\"}", "\"lease_s\":60,");
	world_policy(w, "of-client", w->client_pin, "00ff",
	    "{\"mode\":\"none\"}", "\"lease_s\":60,");
	snprintf(client, sizeof(client), "%s,\"policy\":\"of-server\"%s}",
	    SOFT("client.signer"), client_extra);
	pair_open_over(p, w, world_ctx(w, client),
	    world_ctx(w, SOFT("server.signer") ",\"policy\":\"of-client\"}"),
	    false, &end_datagram, &end_datagram, 0);
	for (int i = 0;
	     i < 20 && (seal_conn_outcome(p->client.conn) != SEAL_ACCEPTED ||
			   seal_conn_outcome(p->server.conn) != SEAL_ACCEPTED);
	     i++)
		pair_run(p);
}

/* Whatever the network does: accepted, or too late. */
static void
bad_network(void **state)
{
	unsigned late = 0;

	for (uint64_t seed = 0; seed < 20; seed++) {
		enum seal_outcome client, server;
		struct pair p;

		end_datagram_net(&bad, seed);
		pair_ready(&p, *state, "");
		client = seal_conn_outcome(p.client.conn);
		server = seal_conn_outcome(p.server.conn);
		if (client == SEAL_TIMEOUT || server == SEAL_TIMEOUT)
			late++;
		else if (client != SEAL_ACCEPTED || server != SEAL_ACCEPTED)
			fail_msg("seed %lu: client %s, server %s",
			    (unsigned long)seed,
			    seal_conn_diag(p.client.conn)->text,
			    seal_conn_diag(p.server.conn)->text);
		pair_close(&p);
	}
	assert_true(late <= 1);
}

/* One call, one datagram; what is too large is told, and does no harm. */
static void
boundaries(void **state)
{
	static uint8_t buf[4096];
	struct pair p;
	size_t n, max;

	end_datagram_net(&clean, 1);
	pair_ready(&p, *state, ",\"mtu\":600");
	max = seal_write_max(p.client.conn);
	assert_int_equal(max, 600 - 23);
	assert_int_equal(
	    seal_write(p.client.conn, buf, max + 1, &n), SEAL_ERROR);
	assert_int_equal(n, 0);
	assert_int_equal(seal_conn_diag(p.client.conn)->code, SEAL_E_LIMIT);
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	for (size_t size = 1; size <= max; size += 100) {
		assert_int_equal(
		    seal_write(p.client.conn, buf, size, &n), SEAL_READY);
		assert_int_equal(n, size);
	}
	for (size_t size = 1; size <= max; size += 100) {
		assert_int_equal(
		    seal_read(p.server.conn, buf, sizeof(buf), &n), SEAL_READY);
		assert_int_equal(n, size);
	}
	assert_int_equal(
	    seal_read(p.server.conn, buf, sizeof(buf), &n), SEAL_WANT_READ);
	seal_write(p.client.conn, buf, 100, &n);
	assert_int_equal(seal_read(p.server.conn, buf, 30, &n), SEAL_READY);
	assert_int_equal(n, 30);
	assert_int_equal(seal_read_cut(p.server.conn), 70);
	assert_int_equal(
	    seal_conn_shutdown_write(p.client.conn), SEAL_E_UNSUPPORTED);
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	pair_close(&p);
}

/* Half of each lease brings a new verdict, for as long as the peer attests. */
static void
leases(void **state)
{
	struct world *w = *state;
	unsigned before;
	struct pair p;

	end_datagram_net(&bad, 3);
	pair_ready(&p, w, "");
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	before = seal_conn_verdict_count(p.client.conn);
	for (int i = 0; i < 100; i++) {
		w->boot_ms += 2000;
		pair_run(&p);
	}
	if (seal_conn_outcome(p.client.conn) != SEAL_ACCEPTED)
		fail_msg("%s", seal_conn_diag(p.client.conn)->text);
	assert_true(seal_conn_verdict_count(p.client.conn) >= before + 4);
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	assert_int_equal(seal_conn_outcome(p.server.conn), SEAL_ACCEPTED);
	pair_close(&p);
}

/* CLOSE is acknowledged, and the other side stays in case that was lost. */
static void
ends_in_order(void **state)
{
	struct world *w = *state;
	struct pair p;

	for (uint64_t seed = 0; seed < 10; seed++) {
		end_datagram_net(&bad, seed);
		pair_ready(&p, w, "");
		seal_conn_close(p.client.conn);
		for (int i = 0; i < 20; i++)
			pair_run(&p);
		assert_int_equal(seal_conn_step(p.client.conn), SEAL_EOF);
		assert_int_equal(seal_conn_step(p.server.conn), SEAL_EOF);
		assert_int_equal(seal_conn_outcome(p.server.conn), SEAL_CLOSED);
		assert_int_equal(seal_conn_deadline(p.server.conn), INT64_MAX);
		pair_close(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    roles, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    bad_network, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    boundaries, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    leases, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    ends_in_order, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
