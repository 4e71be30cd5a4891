/* SPDX-License-Identifier: Apache-2.0 */
/* An application that changes the SSL_CTX under a handshake, by the name that
 * the client asks for: nothing is accepted that was not attested. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ssl.h>

#include "pair.h"

#define SOFT(key)                                                      \
	"\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"" key \
	"\",\"measurements\":\"app=00ff\"}}]"
#define INTRA "\"mode\":\"intra\","
#define BOTH "\"mode\":\"both\","
#define SHOWN ",\"reveal_after_peer\":false"

static void
policies(struct world *w)
{
	static const char id[] = "{\"mode\":\"none\"}";
	static const char extra[] = "\"min_binding\":\"transcript\",";

	world_policy(w, "server", w->server_pin, "00ff", id, extra);
	world_policy(w, "client", w->client_pin, "00ff", id, extra);
}

/* What the name leads to. */
enum other {
	OTHER_PREPARED, /* for the same context */
	OTHER_ATTESTER, /* for one that has another attester */
	OTHER_PLAIN,    /* not by this library: it takes any chain */
};

struct switch_case {
	const char *name;
	const char *client, *server;
	enum other other;
	enum seal_outcome client_says, server_says; /* INVALID: not accepted */
};

#define CLIENT_ASKS "{" INTRA "\"policy\":\"server\"}"
#define CLIENT_BOTH "{" INTRA SOFT("client.signer") ",\"policy\":\"server\"}"
#define CLIENT_ATTESTS                                             \
	"{" INTRA SOFT("client.signer") ",\"identity\":{\"mode\":" \
					"\"pkix\",\"ca\":\"server.pem\"}}"
#define SERVER "{" INTRA SOFT("server.signer") "}"

static const struct switch_case switch_cases[] = {
	{ "prepared likewise", CLIENT_ASKS, SERVER, OTHER_PREPARED,
	    SEAL_ACCEPTED, SEAL_ACCEPTED },
	{ "prepared likewise, mutual", CLIENT_BOTH,
	    "{" INTRA SOFT("server.signer") ",\"policy\":\"client\"" SHOWN "}",
	    OTHER_PREPARED, SEAL_ACCEPTED, SEAL_ACCEPTED },
	{ "the key of another attester", CLIENT_ASKS, SERVER, OTHER_ATTESTER,
	    SEAL_REFUSED_EVIDENCE, SEAL_INVALID },
	{ "plain, the server attests", CLIENT_ASKS, SERVER, OTHER_PLAIN,
	    SEAL_UNSUPPORTED, SEAL_INVALID },
	{ "plain, the server asks", CLIENT_ATTESTS,
	    "{" INTRA "\"policy\":\"client\"}", OTHER_PLAIN, SEAL_ACCEPTED,
	    SEAL_UNSUPPORTED },
	{ "plain, both carriers", "{" BOTH "\"policy\":\"server\"}",
	    "{" BOTH SOFT("server.signer") "}", OTHER_PLAIN, SEAL_INVALID,
	    SEAL_INVALID },
};

static int
any_chain(X509_STORE_CTX *store, void *arg)
{
	(void)store, (void)arg;
	return 1;
}

static SSL_CTX *
plain(struct world *w)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());
	char path[128];

	snprintf(path, sizeof(path), "%s/server.pem", w->dir);
	assert_int_equal(SSL_CTX_use_certificate_chain_file(c, path), 1);
	snprintf(path, sizeof(path), "%s/server.key", w->dir);
	assert_int_equal(
	    SSL_CTX_use_PrivateKey_file(c, path, SSL_FILETYPE_PEM), 1);
	SSL_CTX_set_cert_verify_callback(c, any_chain, NULL);
	return c;
}

static SSL_CTX *
prepared(struct seal_ctx *ctx)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());
	struct seal_diag d = { 0 };

	if (seal_openssl_prepare(ctx, c, SEAL_SERVER, &d) != 0)
		fail_msg("%s", d.text);
	return c;
}

static int
on_name(SSL *ssl, int *al, void *arg)
{
	(void)al;
	assert_string_equal(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name),
	    "server.example");
	assert_ptr_equal(SSL_set_SSL_CTX(ssl, arg), arg);
	return SSL_TLSEXT_ERR_OK;
}

/* The server's SSL was made already, and asks the SSL_CTX that it is of. */
static void
switch_to(struct pair *p, SSL_CTX *other)
{
	int (*callback)(SSL *, int *, void *) = on_name;

	SSL_CTX_callback_ctrl(p->server.tls, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
	    (void (*)(void))callback);
	SSL_CTX_ctrl(
	    p->server.tls, SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, other);
}

static void
check(const struct switch_case *c, const char *who, struct seal_conn *conn,
    enum seal_outcome want)
{
	enum seal_outcome got = seal_conn_outcome(conn);
	size_t n = 0;

	if (got != want && (want != SEAL_INVALID || got == SEAL_ACCEPTED))
		fail_msg("%s: %s: expected %s, got %s (%s)", c->name, who,
		    seal_outcome_name(want), seal_outcome_name(got),
		    seal_conn_diag(conn)->text);
	if (want != SEAL_ACCEPTED) {
		assert_int_not_equal(seal_write(conn, "x", 1, &n), SEAL_READY);
		assert_int_equal(n, 0);
	}
}

static void
run_case(struct world *w, const struct switch_case *c)
{
	struct seal_ctx *another =
	    world_ctx(w, "{" INTRA SOFT("client.signer") "}");
	struct pair p;
	SSL_CTX *other;

	pair_open_bare(&p, w, world_ctx(w, c->client), world_ctx(w, c->server));
	other = c->other == OTHER_PLAIN      ? plain(w)
		: c->other == OTHER_PREPARED ? prepared(p.server.ctx)
					     : prepared(another);
	switch_to(&p, other);
	pair_run(&p);
	assert_ptr_equal(SSL_get_SSL_CTX(p.server.ssl), other);
	/* An alert of the server's comes where data would. */
	if (c->server_says != SEAL_ACCEPTED) {
		char buf[8];
		size_t n;

		seal_read(p.client.conn, buf, sizeof(buf), &n);
	}
	check(c, "server", p.server.conn, c->server_says);
	check(c, "client", p.client.conn, c->client_says);
	pair_close(&p);
	SSL_CTX_free(other);
	seal_ctx_free(&another);
}

static void
test_switch(void **state)
{
	struct world *w = *state;

	policies(w);
	for (size_t i = 0; i < sizeof(switch_cases) / sizeof(switch_cases[0]);
	     i++)
		run_case(w, &switch_cases[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_switch, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
