/* SPDX-License-Identifier: Apache-2.0 */
/* What the adapter refuses of a WOLFSSL, and what it makes of one. */
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <sealtls/tools.h>

#include "base/limits.h"
#include "client_hello.h"
#include "crypto/sig.h"
#include "crypto/x509.h"
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

static int
sign_with(void *arg, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(arg, scheme, tbs, out, d);
}

static void
give_certificate(WOLFSSL_CTX *ctx)
{
	char path[] = "/tmp/seal-wolfssl-key-XXXXXX", *pin = NULL;
	struct privkey *key = NULL;
	struct wr spki, der;

	close(mkstemp(path));
	unlink(path);
	assert_int_equal(seal_soft_keygen(path, &pin, NULL), 0);
	assert_int_equal(privkey_load(path, &key, NULL), 0);
	wr_init_heap(&spki, LIMIT_SPKI);
	wr_init_heap(&der, LIMIT_CERTIFICATE);
	assert_int_equal(privkey_spki(key, &spki, NULL), 0);
	assert_int_equal(
	    cert_self_sign(wr_view(&spki), "host.test", time(NULL), 1,
		SIG_ECDSA_P256_SHA256, sign_with, key, &der, NULL),
	    0);
	assert_int_equal(wolfSSL_CTX_use_certificate_buffer(
			     ctx, der.p, (long)der.n, WOLFSSL_FILETYPE_ASN1),
	    WOLFSSL_SUCCESS);
	assert_int_equal(
	    wolfSSL_CTX_use_PrivateKey_file(ctx, path, WOLFSSL_FILETYPE_PEM),
	    WOLFSSL_SUCCESS);
	unlink(path);
	free(pin);
	privkey_free(&key);
	wr_free(&spki);
	wr_free(&der);
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
	{ "a server's", of_server, nothing, "192.0.2.1", SEAL_E_CONFIG },
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

static void
share_key(struct end *e, enum seal_role role)
{
	if (role == SEAL_SERVER)
		wolfSSL_set_psk_server_callback(e->ssl, psk_server);
	else
		wolfSSL_set_psk_client_callback(e->ssl, psk_client);
}

/* RFC 9150: suites that do not encrypt, which wolfSSL has. */
static void
only_authenticate(struct end *e, enum seal_role role)
{
	static const uint8_t sha256_sha256[] = { 0xc0, 0xb4 };

	(void)role;
	assert_int_equal(wolfSSL_set_cipher_list_bytes(
			     e->ssl, sha256_sha256, sizeof(sha256_sha256)),
	    WOLFSSL_SUCCESS);
}

struct two {
	struct end client, server;
	void *ct, *st;
};

static void *
attached(struct end *e, enum seal_role role,
    void (*spoil)(struct end *e, enum seal_role role))
{
	const struct stack_rules rules = { .role = role };
	struct seal_diag d = { 0 };
	void *tls = NULL;

	assert_int_equal(stack_wolfssl_prepare(e->ctx, &d), 0);
	end_begin(e);
	spoil(e, role);
	if (stack_wolfssl_attach(e->ssl, &rules, &tls, &d) != 0)
		fail_msg("%s", d.text);
	return tls;
}

static void
two_open(struct two *t, void (*spoil)(struct end *e, enum seal_role role))
{
	end_open(&t->client, wolfTLSv1_3_client_method());
	end_open(&t->server, wolfTLSv1_3_server_method());
	give_certificate(t->server.ctx);
	t->ct = attached(&t->client, SEAL_CLIENT, spoil);
	t->st = attached(&t->server, SEAL_SERVER, spoil);
	wolfSSL_set_fd(t->server.ssl, t->client.peer);
}

static void
two_shake(struct two *t)
{
	enum seal_io c = SEAL_IO_WANT_READ, s = SEAL_IO_WANT_READ;
	struct seal_diag cd = { 0 }, sd = { 0 };

	for (int i = 0; i < 10 && (c != SEAL_IO_DONE || s != SEAL_IO_DONE);
	     i++) {
		if (c == SEAL_IO_WANT_READ)
			c = stack_wolfssl.handshake(t->ct, &cd);
		if (s == SEAL_IO_WANT_READ)
			s = stack_wolfssl.handshake(t->st, &sd);
	}
	if (c != SEAL_IO_DONE || s != SEAL_IO_DONE)
		fail_msg("client: %s; server: %s", cd.text, sd.text);
}

static void
two_close(struct two *t)
{
	stack_wolfssl.release(t->ct);
	stack_wolfssl.release(t->st);
	end_close(&t->client);
	end_close(&t->server);
}

/* An external PSK authenticates nobody's certificate: it counts as resumed. */
static void
external_psk(void **state)
{
	struct seal_stack_facts f;
	struct two t;

	(void)state;
	two_open(&t, share_key);
	two_shake(&t);
	assert_int_equal(stack_wolfssl.facts(t.ct, &f, NULL), 0);
	assert_int_equal(f.resumed, 1);
	assert_int_equal(f.peer_spki_n, 0);
	assert_int_equal(stack_wolfssl.facts(t.st, &f, NULL), 0);
	assert_int_equal(f.resumed, 1);
	two_close(&t);
}

/* No hash is told of a suite that does not encrypt, which lib refuses. */
static void
no_encryption(void **state)
{
	struct seal_stack_facts f;
	struct two t;

	(void)state;
	two_open(&t, only_authenticate);
	two_shake(&t);
	assert_int_equal(stack_wolfssl.facts(t.ct, &f, NULL), 0);
	assert_int_equal(f.hash, 0);
	assert_int_equal(stack_wolfssl.facts(t.st, &f, NULL), 0);
	assert_int_equal(f.hash, 0);
	two_close(&t);
}

/* ---- A session from before ---- */

static int
shake_bare(struct two *t)
{
	char buf[8];
	int c = 0, s = 0;

	for (int i = 0; i < 10 && (c != WOLFSSL_SUCCESS || s != c); i++) {
		c = wolfSSL_connect(t->client.ssl);
		s = wolfSSL_accept(t->server.ssl);
	}
	wolfSSL_read(t->client.ssl, buf, sizeof(buf)); /* the ticket */
	return c;
}

static void
session_to_resume(void **state)
{
	static const struct stack_rules rules = { .role = SEAL_CLIENT };
	struct seal_diag d = { 0 };
	WOLFSSL_SESSION *session;
	void *tls = NULL;
	struct two t;
	WOLFSSL *again;

	(void)state;
	end_open(&t.client, wolfTLSv1_3_client_method());
	end_open(&t.server, wolfTLSv1_3_server_method());
	give_certificate(t.server.ctx);
	wolfSSL_CTX_set_verify(t.client.ctx, WOLFSSL_VERIFY_NONE, NULL);
	end_begin(&t.client);
	end_begin(&t.server);
	wolfSSL_set_fd(t.server.ssl, t.client.peer);
	assert_int_equal(shake_bare(&t), WOLFSSL_SUCCESS);
	session = wolfSSL_get1_session(t.client.ssl);
	assert_non_null(session);
	assert_int_equal(stack_wolfssl_prepare(t.client.ctx, &d), 0);
	again = wolfSSL_new(t.client.ctx);
	assert_int_equal(wolfSSL_set_session(again, session), WOLFSSL_SUCCESS);
	assert_int_equal(
	    stack_wolfssl_attach(again, &rules, &tls, &d), SEAL_E_CONFIG);
	wolfSSL_free(again);
	wolfSSL_SESSION_free(session);
	end_close(&t.client);
	end_close(&t.server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attaching),
		cmocka_unit_test(external_psk),
		cmocka_unit_test(no_encryption),
		cmocka_unit_test(session_to_resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
