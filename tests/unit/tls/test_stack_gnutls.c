/* SPDX-License-Identifier: Apache-2.0 */
/* What the adapter refuses of a GnuTLS session, and what it makes of one. */
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <sealtls/tools.h>

#include "client_hello.h"
#include "tls/stack_gnutls.h"
#include "tls_pair.h"

struct end {
	gnutls_session_t session;
	gnutls_certificate_credentials_t cred;
	gnutls_psk_client_credentials_t psk;
	int fd, peer;
	const char *keywords;
	unsigned flags;
	bool bare; /* is not prepared */
};

static void
end_open(struct end *e)
{
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	e->fd = fds[0];
	e->peer = fds[1];
	gnutls_certificate_allocate_credentials(&e->cred);
	assert_int_equal(
	    gnutls_init(&e->session,
		GNUTLS_NONBLOCK |
		    (e->flags != 0 ? e->flags : (unsigned)GNUTLS_CLIENT)),
	    0);
	gnutls_credentials_set(e->session, GNUTLS_CRD_CERTIFICATE, e->cred);
	gnutls_transport_set_int(e->session, e->fd);
}

static void
end_close(struct end *e)
{
	gnutls_deinit(e->session);
	gnutls_certificate_free_credentials(e->cred);
	if (e->psk != NULL)
		gnutls_psk_free_client_credentials(e->psk);
	close(e->fd);
	close(e->peer);
}

/* ---- Spoiled before it is prepared ---- */

static void
nothing(struct end *e)
{
	(void)e;
}

static void
of_server(struct end *e)
{
	end_close(e);
	*e = (struct end){ .flags = GNUTLS_SERVER };
	end_open(e);
}

static void
with_database(struct end *e)
{
	gnutls_db_set_ptr(e->session, e);
}

static void
with_older(struct end *e)
{
	e->keywords = "+VERS-TLS1.2:+GROUP-FFDHE2048:+CTYPE-RAWPK:+DHE-PSK";
}

static void
with_nonsense(struct end *e)
{
	e->keywords = "+NO-SUCH-THING";
}

static void
with_too_much(struct end *e)
{
	static char text[2000];

	memset(text, ':', sizeof(text) - 1);
	e->keywords = text;
}

static void
not_prepared(struct end *e)
{
	e->bare = true;
}

static void
begun(struct end *e)
{
	gnutls_set_default_priority(e->session);
	gnutls_handshake(e->session);
}

/* ---- Spoiled afterwards ---- */

static void
with_psk(struct end *e)
{
	gnutls_datum_t key = { (unsigned char *)(uintptr_t) "0123", 4 };

	gnutls_psk_allocate_client_credentials(&e->psk);
	gnutls_psk_set_client_credentials(
	    e->psk, "me", &key, GNUTLS_PSK_KEY_RAW);
	gnutls_credentials_set(e->session, GNUTLS_CRD_PSK, e->psk);
}

static void
without_credentials(struct end *e)
{
	gnutls_credentials_clear(e->session);
}

static void
begun_meanwhile(struct end *e)
{
	gnutls_handshake(e->session);
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
	{ "asks for more", with_older, nothing, "host.test", 0 },
	{ "a server's", of_server, nothing, "192.0.2.1", SEAL_E_CONFIG },
	{ "a database", with_database, nothing, "host.test", SEAL_E_CONFIG },
	{ "unknown keywords", with_nonsense, nothing, "host.test",
	    SEAL_E_CONFIG },
	{ "long keywords", with_too_much, nothing, "host.test", SEAL_E_CONFIG },
	{ "not prepared", not_prepared, nothing, "host.test", SEAL_E_CONFIG },
	{ "begun", begun, nothing, "host.test", SEAL_E_STATE },
	{ "PSK", nothing, with_psk, "host.test", SEAL_E_CONFIG },
	{ "no credentials", nothing, without_credentials, "host.test",
	    SEAL_E_CONFIG },
	{ "begun meanwhile", nothing, begun_meanwhile, "host.test",
	    SEAL_E_STATE },
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
		r = stack_gnutls_prepare(
		    e->session, SEAL_CLIENT, e->keywords, d);
	if (r != 0)
		return r;
	c->after(e);
	return stack_gnutls_attach(e->session, &rules, ret_tls, d);
}

static void
attaching(void **state)
{
	(void)state;
	for (const struct attach_case *c = cases; c->name != NULL; c++) {
		struct seal_diag d = { 0 };
		struct client_hello h;
		void *tls = NULL;
		struct end e = { 0 };
		int r;

		end_open(&e);
		r = attach(&e, c, &tls, &d);
		if (r != c->want || (r != 0 && d.code != r))
			fail_msg("%s: %d (%s)", c->name, r, d.text);
		if (r == 0) {
			assert_int_equal(
			    stack_gnutls.handshake(tls, &d), SEAL_IO_WANT_READ);
			client_hello_read(&h, e.peer);
			client_hello_check(&h, c->name);
			stack_gnutls.release(tls);
		}
		end_close(&e);
	}
}

/* ---- A ticket that a client has from elsewhere ---- */

/* A bare server at e's other end gives a ticket; its data, to be freed. */
static gnutls_datum_t
ticket(struct end *e)
{
	gnutls_datum_t data = { NULL, 0 };
	struct tls_pair p;
	char buf[8];

	tls_pair_new(&p);
	p.s = SSL_new(p.sc);
	SSL_set_fd(p.s, e->peer);
	gnutls_set_default_priority(e->session);
	gnutls_session_set_verify_function(e->session, NULL);
	for (int i = 0; i < 20; i++) {
		if (gnutls_handshake(e->session) == 0 && SSL_accept(p.s) == 1)
			break;
		SSL_accept(p.s);
	}
	gnutls_record_recv(e->session, buf, sizeof(buf));
	assert_true((gnutls_session_get_flags(e->session) &
			GNUTLS_SFLAGS_SESSION_TICKET) != 0);
	assert_int_equal(gnutls_session_get_data2(e->session, &data), 0);
	tls_pair_free(&p);
	return data;
}

static bool
offers_psk(struct end *e)
{
	struct client_hello h;
	struct span body;

	client_hello_read(&h, e->peer);
	return client_hello_extension(&h, 41, &body);
}

static void
session_to_resume(void **state)
{
	static const struct stack_rules rules = { .role = SEAL_CLIENT };
	struct seal_diag d = { 0 };
	gnutls_datum_t data;
	struct end e = { 0 };
	void *tls;

	(void)state;
	end_open(&e);
	data = ticket(&e);
	end_close(&e);

	/* A bare client offers it, */
	e = (struct end){ 0 };
	end_open(&e);
	gnutls_set_default_priority(e.session);
	assert_int_equal(
	    gnutls_session_set_data(e.session, data.data, data.size), 0);
	gnutls_handshake(e.session);
	assert_true(offers_psk(&e));
	end_close(&e);

	/* a prepared one does not. */
	e = (struct end){ 0 };
	end_open(&e);
	assert_int_equal(
	    stack_gnutls_prepare(e.session, SEAL_CLIENT, NULL, &d), 0);
	gnutls_session_set_data(e.session, data.data, data.size);
	assert_int_equal(stack_gnutls_attach(e.session, &rules, &tls, &d), 0);
	stack_gnutls.handshake(tls, &d);
	assert_false(offers_psk(&e));
	stack_gnutls.release(tls);
	end_close(&e);
	gnutls_free(data.data);
}

/* ---- A server that would not wait for the client's Finished ---- */

static void
early_start(void **state)
{
	static const struct stack_rules rules = { .role = SEAL_SERVER };
	static const unsigned char alpn[] = "\006seal/1";
	char cert[] = "/tmp/seal-gnutls-cert-XXXXXX";
	char key[] = "/tmp/seal-gnutls-key-XXXXXX";
	enum seal_io io = SEAL_IO_WANT_READ;
	struct seal_diag d = { 0 };
	struct tls_pair p;
	struct end e = { .flags = GNUTLS_SERVER | GNUTLS_ENABLE_EARLY_START };
	void *tls;

	(void)state;
	close(mkstemp(cert));
	close(mkstemp(key));
	unlink(cert);
	unlink(key);
	assert_int_equal(seal_dev_certificate("host.test", cert, key, &d), 0);
	end_open(&e);
	assert_int_equal(gnutls_certificate_set_x509_key_file(
			     e.cred, cert, key, GNUTLS_X509_FMT_PEM),
	    0);
	assert_int_equal(
	    stack_gnutls_prepare(e.session, SEAL_SERVER, NULL, &d), 0);
	assert_int_equal(stack_gnutls_attach(e.session, &rules, &tls, &d), 0);
	tls_pair_new(&p);
	SSL_CTX_set_alpn_protos(p.cc, alpn, sizeof(alpn) - 1);
	p.c = SSL_new(p.cc);
	SSL_set_fd(p.c, e.peer);
	for (int i = 0; i < 10 && io == SEAL_IO_WANT_READ; i++) {
		SSL_connect(p.c);
		io = stack_gnutls.handshake(tls, &d);
	}
	assert_int_equal(io, SEAL_IO_ERROR);
	assert_int_equal(d.code, SEAL_E_CONFIG);
	stack_gnutls.release(tls);
	tls_pair_free(&p);
	end_close(&e);
	unlink(cert);
	unlink(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attaching),
		cmocka_unit_test(session_to_resume),
		cmocka_unit_test(early_start),
	};

	int r;

	tls_pair_setup();
	r = cmocka_run_group_tests(tests, NULL, NULL);
	tls_pair_teardown();
	return r;
}
