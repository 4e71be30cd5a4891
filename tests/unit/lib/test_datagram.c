/* SPDX-License-Identifier: Apache-2.0 */
/* Connections over datagrams (PROTOCOL 8), with real Evidence and verdicts. */
#include "test.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "end_datagram.h"
#include "ends.h"
#include "roles.h"

static const struct impair_net clean;
static const struct impair_net bad = {
	.loss = 15, .reorder = 25, .duplicate = 10
};

/* The carriage alone, and on DTLS 1.3 where there is a stack of it. */
static const struct end_stack *const stacks[] = { &end_datagram,
#ifdef SEAL_STACK_NSS
	&end_nss_dtls,
#endif
#ifdef SEAL_STACK_WOLFSSL_DTLS
	&end_wolfssl_dtls,
#endif
	NULL };

#define SOFT(key)                                                       \
	"{\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"" key \
	"\",\"measurements\":\"app=00ff\"}}]"

/* Every row of what is accepted and what is not, with either hash; NSS's are
 * test_stacks.c's. */
static void
roles(void **state)
{
	path_net(&clean, 1);
	roles_run(*state, &end_datagram, &end_datagram, 256);
	roles_run(*state, &end_datagram, &end_datagram, 384);
}

/* extra: further members of both configurations. */
static void
pair_ready(struct pair *p, struct world *w, const struct end_stack *stack,
    const char *extra)
{
	char client[512], server[512];

	world_policy(w, "of-server", w->server_pin, "00ff",
	    "{\"mode\":\"none\"}", "\"lease_s\":60,");
	world_policy(w, "of-client", w->client_pin, "00ff",
	    "{\"mode\":\"none\"}", "\"lease_s\":60,");
	snprintf(client, sizeof(client), "%s,\"policy\":\"of-server\"%s}",
	    SOFT("client.signer"), extra);
	snprintf(server, sizeof(server), "%s,\"policy\":\"of-client\"%s}",
	    SOFT("server.signer"), extra);
	pair_open_over(p, w, world_ctx(w, client), world_ctx(w, server), false,
	    stack, stack, 0);
	for (int i = 0;
	     i < 20 && (seal_conn_outcome(p->client.conn) != SEAL_ACCEPTED ||
			   seal_conn_outcome(p->server.conn) != SEAL_ACCEPTED);
	     i++)
		pair_run(p);
}

static void
both_accepted(const struct pair *p)
{
	const struct side *sides[] = { &p->client, &p->server };

	for (size_t i = 0; i < 2; i++) {
		if (seal_conn_outcome(sides[i]->conn) != SEAL_ACCEPTED)
			fail_msg("%s, %s: %s", sides[i]->stack->name,
			    i == 0 ? "client" : "server",
			    seal_conn_diag(sides[i]->conn)->text);
	}
}

/* Each test over every stack. */
static void
with_each(
    void **state, void (*test)(struct world *w, const struct end_stack *s))
{
	for (size_t i = 0; stacks[i] != NULL; i++)
		test(*state, stacks[i]);
}

/* Whatever the network does: accepted, or too late. */
static void
bad_network_row(struct world *w, const struct end_stack *stack)
{
	unsigned late = 0;

	for (uint64_t seed = 0; seed < 20; seed++) {
		enum seal_outcome client, server;
		struct pair p;

		path_net(&bad, seed);
		pair_ready(&p, w, stack, "");
		client = seal_conn_outcome(p.client.conn);
		server = seal_conn_outcome(p.server.conn);
		if (client == SEAL_TIMEOUT || server == SEAL_TIMEOUT)
			late++;
		else
			both_accepted(&p);
		pair_close(&p);
	}
	assert_true(late <= 1);
}

static void
bad_network(void **state)
{
	with_each(state, bad_network_row);
}

/* Of size bytes, each of which says which one it is. */
static void
say(struct side *s, uint8_t number, size_t size)
{
	uint8_t buf[4096];
	size_t n = 0;

	assert_true(size <= sizeof(buf));
	memset(buf, number, size);
	assert_int_equal(seal_write(s->conn, buf, size, &n), SEAL_READY);
	assert_int_equal(n, size);
}

static void
hear(struct side *s, uint8_t number, size_t size)
{
	uint8_t buf[4096];
	size_t n = 0;

	assert_int_equal(seal_read(s->conn, buf, sizeof(buf), &n), SEAL_READY);
	assert_int_equal(n, size);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(buf[i], number);
}

/* One call, one datagram, in the order in which they came; what is too large is
 * told, and does no harm. */
static void
boundaries_row(struct world *w, const struct end_stack *stack)
{
	static uint8_t buf[4096];
	struct pair p;
	size_t n, max;

	path_net(&clean, 1);
	pair_ready(&p, w, stack, ",\"mtu\":600");
	both_accepted(&p);
	max = seal_write_max(p.client.conn);
	assert_int_equal(max, 600 - 23);
	assert_int_equal(
	    seal_write(p.client.conn, buf, max + 1, &n), SEAL_ERROR);
	assert_int_equal(n, 0);
	assert_int_equal(seal_conn_diag(p.client.conn)->code, SEAL_E_LIMIT);
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	for (uint8_t i = 0; i < 40; i++) {
		say(&p.client, i, i % 2 == 0 ? max : 1u + i);
		say(&p.server, i, i % 3 == 0 ? max : 2u + i);
	}
	for (uint8_t i = 0; i < 40; i++) {
		hear(&p.server, i, i % 2 == 0 ? max : 1u + i);
		hear(&p.client, i, i % 3 == 0 ? max : 2u + i);
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

static void
boundaries(void **state)
{
	with_each(state, boundaries_row);
}

/* Half of each lease brings a new verdict, for as long as the peer attests. */
static void
leases_row(struct world *w, const struct end_stack *stack)
{
	unsigned before;
	struct pair p;

	path_net(&bad, 3);
	pair_ready(&p, w, stack, "");
	both_accepted(&p);
	before = seal_conn_verdict_count(p.client.conn);
	for (int i = 0; i < 100; i++) {
		w->boot_ms += 2000;
		pair_run(&p);
	}
	both_accepted(&p);
	assert_true(seal_conn_verdict_count(p.client.conn) >= before + 4);
	pair_close(&p);
}

static void
leases(void **state)
{
	with_each(state, leases_row);
}

/* A peer that attests no more: its lease runs out, and with it what it says. */
static void
lapses_row(struct world *w, const struct end_stack *stack)
{
	uint8_t buf[8];
	struct pair p;
	size_t n = 0;

	path_net(&clean, 4);
	pair_ready(&p, w, stack, "");
	both_accepted(&p);
	p.server.hold_jobs = true;
	for (int i = 0; i < 100; i++) {
		w->boot_ms += 1000;
		pair_run(&p);
	}
	assert_int_not_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	assert_int_not_equal(
	    seal_write(p.client.conn, "late", 4, &n), SEAL_READY);
	assert_int_equal(n, 0);
	assert_int_not_equal(
	    seal_read(p.client.conn, buf, sizeof(buf), &n), SEAL_READY);
	pair_close(&p);
}

static void
lapses(void **state)
{
	with_each(state, lapses_row);
}

/* CLOSE is acknowledged, and the other side stays in case that was lost. */
static void
ends_in_order_row(struct world *w, const struct end_stack *stack)
{
	struct pair p;

	for (uint64_t seed = 0; seed < 10; seed++) {
		path_net(&bad, seed);
		pair_ready(&p, w, stack, "");
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

static void
ends_in_order(void **state)
{
	with_each(state, ends_in_order_row);
}

/* ---- An hour ---- */

#define HOUR_S 3600
#define HELD_MORE 65536 /* bytes, for what moves by chance */

static size_t
held(void)
{
	return mallinfo2().uordblks;
}

/* As many as come; they are a beat of the clock, and its echo. */
static unsigned
drain(struct side *s, bool echo)
{
	uint8_t buf[64];
	unsigned came = 0;
	size_t n = 0;

	while (seal_read(s->conn, buf, sizeof(buf), &n) == SEAL_READY) {
		assert_int_equal(n, 40);
		came++;
		if (echo)
			say(s, buf[0], n);
	}
	return came;
}

/* Data all the time and a verdict each half lease, over a bad network: both
 * stay, and hold no more at the end than after the first minutes. */
static void
hour_row(struct world *w, const struct end_stack *stack)
{
	size_t early = 0;
	unsigned sent = 0, back = 0;
	int64_t begun;
	struct pair p;

	path_net(&bad, 5);
	pair_ready(&p, w, stack, "");
	both_accepted(&p);
	begun = w->boot_ms;
	for (int64_t s = 0; s < HOUR_S; s = (w->boot_ms - begun) / 1000) {
		if (early == 0 && s > HOUR_S / 6)
			early = held();
		say(&p.client, (uint8_t)sent++, 40);
		pair_run(&p);
		drain(&p.server, true);
		pair_run(&p);
		back += drain(&p.client, false);
	}
	both_accepted(&p);
	print_message("%s: %u datagrams, %u came back, %u and %u verdicts, "
		      "%zu bytes held early, %zu at the end\n",
	    stack->name, sent, back, seal_conn_verdict_count(p.client.conn),
	    seal_conn_verdict_count(p.server.conn), early, held());
	assert_true(seal_conn_verdict_count(p.client.conn) >= 60);
	assert_true(seal_conn_verdict_count(p.server.conn) >= 60);
	assert_true(back > sent / 2 && back < 2 * sent);
	assert_true(held() <= early + HELD_MORE);
	pair_close(&p);
}

static void
hour(void **state)
{
	with_each(state, hour_row);
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
		    lapses, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    ends_in_order, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    hour, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
