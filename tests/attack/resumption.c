/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second connection that tries to live off the first one's verdict: by a
 * session that a client has kept, against a server that gives none away; and
 * by one that both have, where somebody has switched tickets back on.
 */
#include "test.h"

#include "forge.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "lib/conn.h"

/* The carriers; in the handshake the attester's key is TLS's. */
static const struct carrier {
	const char *victim, *server, *identity, *extra;
	bool bare;
} carriers[] = {
	{ "{\"policy\":\"of-server\"}", "{" FORGE_SOFT("server.signer") "}",
	    "{\"mode\":\"pkix\",\"ca\":\"server.pem\"}", "", false },
	{ "{\"mode\":\"intra\",\"policy\":\"of-server\"}",
	    "{\"mode\":\"intra\"," FORGE_SOFT("server.signer") "}",
	    "{\"mode\":\"none\"}", "\"min_binding\":\"transcript\",", true },
	{ "{\"mode\":\"both\",\"policy\":\"of-server\"}",
	    "{\"mode\":\"both\"," FORGE_SOFT("server.signer") "}",
	    "{\"mode\":\"none\"}", "", true },
};
#define CARRIERS (sizeof(carriers) / sizeof(carriers[0]))

/* Both of p once more, from the same SSL_CTXs, so that they share ticket
 * keys. */
static void
again(const struct pair *p, struct pair *q)
{
	struct seal_diag d = { 0 };
	int fds[2];

	*q = *p;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	for (int i = 0; i < 2; i++) {
		struct side *s = i == 0 ? &q->client : &q->server;

		ctx_ref(s->ctx);
		SSL_CTX_up_ref(s->tls);
		s->ssl = SSL_new(s->tls);
		s->fd = fds[i];
		SSL_set_fd(s->ssl, s->fd);
		s->conn = seal_conn_openssl(s->ctx, s->ssl,
		    i == 0 ? SEAL_CLIENT : SEAL_SERVER, "server.example", &d);
		if (s->conn == NULL)
			fail_msg("%s", d.text);
	}
}

/* What no prepared SSL_CTX does: gives tickets. */
static void
give_tickets(struct side *server)
{
	SSL_clear_options(server->ssl, SSL_OP_NO_TICKET);
	SSL_set_num_tickets(server->ssl, 2);
}

/* A first connection, accepted; the session that its client can keep. */
static SSL_SESSION *
first(struct world *w, struct pair *p, const struct carrier *by, bool tickets)
{
	struct seal_ctx *victim, *server;
	char buf[8];
	size_t n;

	world_policy(
	    w, "of-server", w->server_pin, "00ff", by->identity, by->extra);
	victim = world_ctx(w, by->victim);
	server = world_ctx(w, by->server);
	if (by->bare)
		pair_open_bare(p, w, victim, server);
	else
		pair_open(p, w, victim, server, false);
	if (tickets)
		give_tickets(&p->server);
	pair_run(p);
	seal_read(p->client.conn, buf, sizeof(buf), &n); /* tickets */
	expect_accepted(p, &p->client, "first");
	return SSL_get1_session(p->client.ssl);
}

static void
no_session_to_keep(struct world *w, const struct carrier *by)
{
	struct pair p, q;
	SSL_SESSION *kept = first(w, &p, by, false);

	assert_int_equal(SSL_SESSION_is_resumable(kept), 0);
	again(&p, &q);
	SSL_set_session(q.client.ssl, kept);
	pair_run(&q);
	assert_int_equal(SSL_session_reused(q.client.ssl), 0);
	assert_int_equal(seal_conn_verdict_count(q.client.conn), 1);
	expect_accepted(&q, &q.client, "a full handshake, and fresh Evidence");
	SSL_SESSION_free(kept);
	pair_close(&q);
	pair_close(&p);
}

static void
ticket_redeemed(struct world *w, const struct carrier *by)
{
	struct pair p, q;
	SSL_SESSION *kept = first(w, &p, by, true);

	assert_int_equal(SSL_SESSION_is_resumable(kept), 1);
	again(&p, &q);
	give_tickets(&q.server);
	SSL_set_session(q.client.ssl, kept);
	pair_run(&q);
	assert_int_equal(SSL_session_reused(q.client.ssl), 1);
	expect_refused(&q, &q.client, "resumed, says the client", SEAL_PROTOCOL,
	    SEAL_E_RESUMED);
	expect_refused(&q, &q.server, "resumed, says the server", SEAL_PROTOCOL,
	    SEAL_E_RESUMED);
	assert_null(seal_conn_verdict(q.client.conn));
	SSL_SESSION_free(kept);
	pair_close(&q);
	pair_close(&p);
}

/* The same two connections, but the second does not use the ticket. */
static void
control(struct world *w, const struct carrier *by)
{
	struct pair p, q;
	SSL_SESSION *kept = first(w, &p, by, true);

	again(&p, &q);
	give_tickets(&q.server);
	pair_run(&q);
	expect_accepted(&q, &q.client, "control");
	SSL_SESSION_free(kept);
	pair_close(&q);
	pair_close(&p);
}

/* ---- */

static void
over_carriers(
    struct world *w, void (*attack)(struct world *, const struct carrier *))
{
	for (size_t i = 0; i < CARRIERS; i++)
		attack(w, &carriers[i]);
}

static void
test_no_session(void **state)
{
	over_carriers(*state, no_session_to_keep);
}

static void
test_redeemed(void **state)
{
	over_carriers(*state, ticket_redeemed);
}

static void
test_control(void **state)
{
	over_carriers(*state, control);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_no_session, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    test_redeemed, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    test_control, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
