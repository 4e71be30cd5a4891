/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "lib/conn.h"
#include "roles.h"

#define SOFT(key, app)                                                 \
	"\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"" key \
	"\",\"measurements\":\"app=" app "\"}}]"
#define SERVER_ID "{\"mode\":\"pkix\",\"ca\":\"server.pem\"}"
#define CLIENT_ID "{\"mode\":\"pkix\",\"ca\":\"client.pem\"}"
#define NO_ID "{\"mode\":\"none\"}"

/* The policies that the rows name. */
static void
policies(struct world *w)
{
	world_policy(w, "of-server", w->server_pin, "00ff", SERVER_ID, "");
	world_policy(w, "of-server-none", w->server_pin, "00ff", NO_ID, "");
	world_policy(
	    w, "of-server-other", w->server_pin, "00fe", SERVER_ID, "");
	world_policy(w, "of-client", w->client_pin, "00ff", NO_ID, "");
	world_policy(w, "of-client-pkix", w->client_pin, "00ff", CLIENT_ID, "");
	world_policy(w, "of-client-signer", w->server_pin, "00ff", NO_ID, "");
	world_policy(w, "of-server-pin", w->server_pin, "00ff",
	    "{\"mode\":\"pin\",\"spki_sha256\":[\"00000000000000000000000000"
	    "00000000000000000000000000000000000000\"]}",
	    "");
	world_policy(w, "of-server-same-key", w->server_pin, "00ff", SERVER_ID,
	    "\"subject\":\"same-key\",");
	world_policy(w, "of-server-name", w->server_pin, "00ff",
	    "{\"mode\":\"pkix\",\"ca\":\"server.pem\",\"name\":\"x.example\"}",
	    "");
	world_policy(w, "of-server-ca", w->server_pin, "00ff",
	    "{\"mode\":\"pkix\",\"ca\":\"client.pem\"}", "");
}

struct role_case {
	const char *name;
	const char *client, *server; /* configurations */
	bool client_cert;
	enum seal_outcome client_says, server_says; /* of the connection */
	unsigned verdicts;                          /* of both sides */
};

static const struct role_case role_cases[] = {
	{ "server attests", "{\"policy\":\"of-server\"}",
	    "{" SOFT("server.signer", "00ff") "}", false, SEAL_ACCEPTED,
	    SEAL_ACCEPTED, 1 },
	{ "server attests, identity none", "{\"policy\":\"of-server-none\"}",
	    "{" SOFT("server.signer", "00ff") "}", false, SEAL_ACCEPTED,
	    SEAL_ACCEPTED, 1 },
	{ "client attests",
	    "{" SOFT("client.signer", "00ff") ",\"identity\":" SERVER_ID "}",
	    "{\"policy\":\"of-client\"}", false, SEAL_ACCEPTED, SEAL_ACCEPTED,
	    1 },
	{ "client attests, with a certificate",
	    "{" SOFT("client.signer", "00ff") ",\"identity\":" SERVER_ID "}",
	    "{\"policy\":\"of-client-pkix\"}", true, SEAL_ACCEPTED,
	    SEAL_ACCEPTED, 1 },
	{ "mutual without client certificate",
	    "{" SOFT("client.signer", "00ff") ",\"policy\":\"of-server\"}",
	    "{" SOFT("server.signer", "00ff") ",\"policy\":\"of-client\"}",
	    false, SEAL_ACCEPTED, SEAL_ACCEPTED, 2 },
	{ "mutual",
	    "{" SOFT("client.signer", "00ff") ",\"policy\":\"of-server\"}",
	    "{" SOFT("server.signer", "00ff") ",\"policy\":\"of-client-pkix\"}",
	    true, SEAL_ACCEPTED, SEAL_ACCEPTED, 2 },
	{ "inner protocol agreed",
	    "{\"policy\":\"of-server\",\"alpn\":[\"h2\",\"x\"]}",
	    "{" SOFT("server.signer", "00ff") ",\"alpn\":[\"y\",\"x\"]}", false,
	    SEAL_ACCEPTED, SEAL_ACCEPTED, 1 },

	{ "other measurement", "{\"policy\":\"of-server-other\"}",
	    "{" SOFT("server.signer", "00ff") "}", false, SEAL_REFUSED_POLICY,
	    SEAL_REFUSED_POLICY, 1 },
	{ "other signer",
	    "{" SOFT("client.signer", "00ff") ",\"identity\":" SERVER_ID "}",
	    "{\"policy\":\"of-client-signer\"}", false, SEAL_REFUSED_KEY,
	    SEAL_REFUSED_KEY, 1 },
	{ "server cannot attest", "{\"policy\":\"of-server\"}", "{}", false,
	    SEAL_UNSUPPORTED, SEAL_UNSUPPORTED, 0 },
	{ "client cannot attest", "{\"identity\":" SERVER_ID "}",
	    "{\"policy\":\"of-client\"}", false, SEAL_UNSUPPORTED,
	    SEAL_UNSUPPORTED, 0 },
	{ "no inner protocol in common",
	    "{\"policy\":\"of-server\",\"alpn\":[\"h2\"]}",
	    "{" SOFT("server.signer", "00ff") ",\"alpn\":[\"y\"]}", false,
	    SEAL_UNSUPPORTED, SEAL_UNSUPPORTED, 0 },
	{ "other pin", "{\"policy\":\"of-server-pin\"}",
	    "{" SOFT("server.signer", "00ff") "}", false, SEAL_REFUSED_KEY,
	    SEAL_INVALID, 0 },
	{ "other name", "{\"policy\":\"of-server-name\"}",
	    "{" SOFT("server.signer", "00ff") "}", false, SEAL_REFUSED_KEY,
	    SEAL_INVALID, 0 },
	{ "other ca", "{\"policy\":\"of-server-ca\"}",
	    "{" SOFT("server.signer", "00ff") "}", false, SEAL_REFUSED_KEY,
	    SEAL_INVALID, 0 },
	{ "subject is not the TLS key", "{\"policy\":\"of-server-same-key\"}",
	    "{" SOFT("server.signer", "00ff") "}", false, SEAL_REFUSED_KEY,
	    SEAL_REFUSED_KEY, 1 },
	{ "own key on the other side",
	    "{" SOFT("server.signer", "00ff") ",\"policy\":\"of-server\"}",
	    "{" SOFT(
		"server.signer", "00ff") ",\"policy\":\"of-client-signer\"}",
	    false, SEAL_REFUSED_KEY, SEAL_REFUSED_KEY, 1 },
	{ "client without the certificate asked for",
	    "{" SOFT("client.signer", "00ff") ",\"policy\":\"of-server\"}",
	    "{" SOFT("server.signer", "00ff") ",\"policy\":\"of-client-pkix\"}",
	    false, SEAL_INVALID, SEAL_INVALID, 0 },
	{ "both reveal after the other",
	    "{" SOFT("client.signer",
		"00ff") ",\"policy\":\"of-server\",\"reveal_after_peer\":true}",
	    "{" SOFT("server.signer", "00ff") ",\"policy\":\"of-client\"}",
	    false, SEAL_UNSUPPORTED, SEAL_UNSUPPORTED, 0 },
	{ NULL },
};

static void
check_outcome(const struct role_case *c, const char *who,
    struct seal_conn *conn, enum seal_outcome want)
{
	enum seal_outcome got = seal_conn_outcome(conn);

	if (want == SEAL_INVALID && got != SEAL_ACCEPTED)
		return; /* not accepted, for a reason of TLS's own */
	if (got != want)
		fail_msg("%s: %s: expected %s, got %s (%s)", c->name, who,
		    seal_outcome_name(want), seal_outcome_name(got),
		    seal_conn_diag(conn)->text);
}

static void
exchange(const struct role_case *c, struct pair *p)
{
	char buf[64];
	size_t n = 0;

	seal_write(p->client.conn, "ping", 4, &n);
	assert_int_equal(n, 4);
	if (seal_read(p->server.conn, buf, sizeof(buf), &n) != SEAL_READY ||
	    n != 4 || memcmp(buf, "ping", 4) != 0)
		fail_msg("%s: no data (%s)", c->name,
		    seal_conn_diag(p->server.conn)->text);
	seal_write(p->server.conn, "pong", 4, &n);
	assert_int_equal(
	    seal_read(p->client.conn, buf, sizeof(buf), &n), SEAL_READY);
	assert_int_equal(n, 4);
}

/* What both sides derive from the connection (PROTOCOL 4 and 5.1). */
static void
equal_binders(const struct role_case *c, struct pair *p, unsigned hash)
{
	static const struct {
		const char *label;
		size_t context_n, n;
	} rows[] = {
		{ "Attestation", 33, 32 },
		{ "EXPORTER-client authenticator finished key", 0, 48 },
		{ "EXPORTER-server authenticator handshake context", 0, 48 },
	};
	const struct seal_conn *a = p->client.conn, *b = p->server.conn;
	static const uint8_t context[33] = { 2, 7 };
	struct seal_stack_facts fa, fb;
	uint8_t ka[48], kb[48];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(ka, 1, sizeof(ka));
		memset(kb, 2, sizeof(kb));
		if (a->stack->exporter(a->tls, rows[i].label, context,
			rows[i].context_n, ka, rows[i].n, NULL) != 0 ||
		    b->stack->exporter(b->tls, rows[i].label, context,
			rows[i].context_n, kb, rows[i].n, NULL) != 0 ||
		    memcmp(ka, kb, rows[i].n) != 0)
			fail_msg("%s: %s over %s: %s differs", c->name,
			    a->stack->name, b->stack->name, rows[i].label);
	}
	assert_int_equal(a->stack->facts(a->tls, &fa, NULL), 0);
	assert_int_equal(b->stack->facts(b->tls, &fb, NULL), 0);
	assert_int_equal(fa.hash, fb.hash);
	assert_int_equal(fa.group, fb.group);
	if (hash != 0)
		assert_int_equal(fa.hash, hash);
}

/* Nothing gets through a connection that was not accepted. */
static void
no_exchange(const struct role_case *c, struct pair *p)
{
	char buf[64];
	size_t n = 0;

	seal_write(p->client.conn, "ping", 4, &n);
	if (n != 0)
		fail_msg("%s: data was taken", c->name);
	seal_read(p->server.conn, buf, sizeof(buf), &n);
	if (n != 0)
		fail_msg("%s: data was delivered", c->name);
}

static void
role_row(const struct role_case *c, struct world *w,
    const struct end_stack *client, const struct end_stack *server,
    unsigned hash)
{
	struct pair p;

	pair_open_over(&p, w, world_ctx(w, c->client), world_ctx(w, c->server),
	    c->client_cert, client, server, hash);
	pair_run(&p);
	w->boot_ms += 3000; /* past the time for closing */
	pair_run(&p);
	check_outcome(c, client->name, p.client.conn, c->client_says);
	check_outcome(c, server->name, p.server.conn, c->server_says);
	if (seal_conn_verdict_count(p.client.conn) +
		seal_conn_verdict_count(p.server.conn) !=
	    c->verdicts)
		fail_msg("%s: verdicts", c->name);
	if (c->client_says == SEAL_ACCEPTED) {
		equal_binders(c, &p, hash);
		exchange(c, &p);
	} else {
		no_exchange(c, &p);
	}
	pair_close(&p);
}

void
roles_run(struct world *w, const struct end_stack *client,
    const struct end_stack *server, unsigned hash)
{
	policies(w);
	for (const struct role_case *c = role_cases; c->name != NULL; c++)
		role_row(c, w, client, server, hash);
}
