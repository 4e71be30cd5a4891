/* SPDX-License-Identifier: Apache-2.0 */
/* What the adapter refuses of a WOLFSSL, and what it makes of one. */
#include "test.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include "client_hello.h"
#include "tls/stack_wolfssl.h"

struct end {
	WOLFSSL_CTX *ctx;
	WOLFSSL *ssl;
	int fd, peer;
	bool bare; /* is not prepared */
};

static void
end_open(struct end *e, WOLFSSL_METHOD *method)
{
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	*e = (struct end){ wolfSSL_CTX_new(method), NULL, fds[0], fds[1] };
	assert_non_null(e->ctx);
}

static void
end_begin(struct end *e)
{
	e->ssl = wolfSSL_new(e->ctx);
	assert_non_null(e->ssl);
	wolfSSL_set_fd(e->ssl, e->fd);
}

static void
end_close(struct end *e)
{
	wolfSSL_free(e->ssl);
	wolfSSL_CTX_free(e->ctx);
	close(e->fd);
	close(e->peer);
}

static void
nothing(struct end *e)
{
	(void)e;
}

static void
of_tls12(struct end *e)
{
	end_close(e);
	end_open(e, wolfTLSv1_2_client_method());
}

static void
of_server(struct end *e)
{
	end_close(e);
	end_open(e, wolfTLSv1_3_server_method());
}

static void
not_prepared(struct end *e)
{
	e->bare = true;
}

static void
begun(struct end *e)
{
	wolfSSL_connect(e->ssl);
}

static int
verify_any(int ok, WOLFSSL_X509_STORE_CTX *store)
{
	(void)ok, (void)store;
	return 1;
}

static void
verify_its_own_way(struct end *e)
{
	wolfSSL_set_verify(e->ssl, WOLFSSL_VERIFY_PEER, verify_any);
}

static void
verify_nothing(struct end *e)
{
	wolfSSL_set_verify(e->ssl, WOLFSSL_VERIFY_NONE, NULL);
}

/* What is set on the connection before has not the last word. */
static void
ask_for_more(struct end *e)
{
	int groups[] = { WOLFSSL_FFDHE_2048, WOLFSSL_ECC_SECP256R1 };

	wolfSSL_set_groups(e->ssl, groups, 2);
	wolfSSL_SetMinVersion(e->ssl, WOLFSSL_TLSV1_2);
}

static const struct attach_case {
	const char *name;
	void (*before)(struct end *e); /* it is prepared */
	void (*after)(struct end *e);
	const char *host;
	int want;
} cases[] = {
	{ "as it should be", nothing, nothing, "host.test", 0 },
	{ "no name", nothing, nothing, "", SEAL_E_CONFIG },
	{ "asks for more", nothing, ask_for_more, "host.test", 0 },
	{ "a server's", of_server, nothing, "host.test", SEAL_E_CONFIG },
	{ "TLS 1.2", of_tls12, nothing, "host.test", SEAL_E_CONFIG },
	{ "not prepared", not_prepared, nothing, "host.test", SEAL_E_CONFIG },
	{ "another verification", nothing, verify_its_own_way, "host.test",
	    SEAL_E_CONFIG },
	{ "no verification", nothing, verify_nothing, "host.test",
	    SEAL_E_CONFIG },
	{ "begun", nothing, begun, "host.test", SEAL_E_STATE },
	{ NULL },
};

static int
attach(struct end *e, const struct attach_case *c, void **ret_tls,
    struct seal_diag *d)
{
	struct stack_rules rules = { .role = SEAL_CLIENT,
		.verify = STACK_VERIFY_PKIX,
		.verify_name = true };
	int r = 0;

	memcpy(rules.name, c->host, strlen(c->host) + 1);
	c->before(e);
	if (!e->bare)
		r = stack_wolfssl_prepare(e->ctx, d);
	if (r != 0)
		return r;
	end_begin(e);
	c->after(e);
	return stack_wolfssl_attach(e->ssl, &rules, ret_tls, d);
}

static void
attaching(void **state)
{
	(void)state;
	for (const struct attach_case *c = cases; c->name != NULL; c++) {
		struct seal_diag d = { 0 };
		struct client_hello h;
		void *tls = NULL;
		struct end e;
		int r;

		end_open(&e, wolfSSLv23_client_method());
		r = attach(&e, c, &tls, &d);
		if (r != c->want || (r != 0 && d.code != r))
			fail_msg("%s: %d (%s)", c->name, r, d.text);
		if (r == 0) {
			assert_int_equal(stack_wolfssl.handshake(tls, &d),
			    SEAL_IO_WANT_READ);
			client_hello_read(&h, e.peer);
			client_hello_check(&h, c->name);
			stack_wolfssl.release(tls);
		}
		end_close(&e);
	}
}

/* ---- A key that was shared before ---- */

static unsigned int
psk_server(
    WOLFSSL *ssl, const char *identity, unsigned char *psk, unsigned int psk_n)
{
	(void)ssl, (void)identity, (void)psk_n;
	memset(psk, 7, 32);
	return 32;
}

static unsigned int
psk_client(WOLFSSL *ssl, const char *hint, char *identity,
    unsigned int identity_n, unsigned char *psk, unsigned int psk_n)
{
	(void)ssl, (void)hint, (void)identity_n, (void)psk_n;
	memcpy(identity, "me", 3);
	memset(psk, 7, 32);
	return 32;
}

static void *
attached(struct end *e, enum seal_role role)
{
	const struct stack_rules rules = { .role = role };
	struct seal_diag d = { 0 };
	void *tls = NULL;

	assert_int_equal(stack_wolfssl_prepare(e->ctx, &d), 0);
	end_begin(e);
	if (role == SEAL_SERVER)
		wolfSSL_set_psk_server_callback(e->ssl, psk_server);
	else
		wolfSSL_set_psk_client_callback(e->ssl, psk_client);
	if (stack_wolfssl_attach(e->ssl, &rules, &tls, &d) != 0)
		fail_msg("%s", d.text);
	return tls;
}

/* An external PSK authenticates nobody's certificate: it counts as resumed. */
static void
external_psk(void **state)
{
	enum seal_io c = SEAL_IO_WANT_READ, s = SEAL_IO_WANT_READ;
	struct seal_diag cd = { 0 }, sd = { 0 };
	struct seal_stack_facts f;
	struct end client, server;
	void *ct, *st;

	(void)state;
	end_open(&client, wolfTLSv1_3_client_method());
	end_open(&server, wolfTLSv1_3_server_method());
	ct = attached(&client, SEAL_CLIENT);
	st = attached(&server, SEAL_SERVER);
	wolfSSL_set_fd(server.ssl, client.peer);
	for (int i = 0; i < 10 && (c != SEAL_IO_DONE || s != SEAL_IO_DONE);
	     i++) {
		if (c == SEAL_IO_WANT_READ)
			c = stack_wolfssl.handshake(ct, &cd);
		if (s == SEAL_IO_WANT_READ)
			s = stack_wolfssl.handshake(st, &sd);
	}
	if (c != SEAL_IO_DONE || s != SEAL_IO_DONE)
		fail_msg("client: %s; server: %s", cd.text, sd.text);
	assert_int_equal(stack_wolfssl.facts(ct, &f, NULL), 0);
	assert_int_equal(f.resumed, 1);
	assert_int_equal(f.peer_spki_n, 0);
	assert_int_equal(stack_wolfssl.facts(st, &f, NULL), 0);
	assert_int_equal(f.resumed, 1);
	stack_wolfssl.release(ct);
	stack_wolfssl.release(st);
	end_close(&client);
	end_close(&server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attaching),
		cmocka_unit_test(external_psk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
