/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation in the handshake on a wire that makes it hard: large Evidence,
 * small records, bytes that drip in, retries, long chains. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "ends.h"
#include "lib/job.h"
#include "tls/intra.h"

#define SOFT(key)                                                      \
	"\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"" key \
	"\",\"measurements\":\"app=00ff\"}}]"
#define INTRA "\"mode\":\"intra\","
#define SERVER "{" INTRA SOFT("server.signer") "}"
#define CLIENT "{" INTRA "\"policy\":\"server\"}"
#define MUTUAL_SERVER                                             \
	"{" INTRA SOFT("server.signer") ",\"policy\":\"client\"," \
					"\"reveal_after_peer\":false}"
#define MUTUAL_CLIENT "{" INTRA SOFT("client.signer") ",\"policy\":\"server\"}"

static void
policies(struct world *w)
{
	static const char id[] = "{\"mode\":\"none\"}";
	static const char extra[] = "\"min_binding\":\"transcript\",";

	world_policy(w, "server", w->server_pin, "00ff", id, extra);
	world_policy(w, "client", w->client_pin, "00ff", id, extra);
}

/* ---- A transport whose bytes drip in ---- */

static int
drip_read(BIO *b, char *buf, int n)
{
	unsigned *turn = BIO_get_data(b);
	int r, most = 1 + (int)(*turn * 7 % 13);

	BIO_clear_retry_flags(b);
	if (++*turn % 2 == 0) {
		BIO_set_retry_read(b);
		return -1;
	}
	r = BIO_read(BIO_next(b), buf, n < most ? n : most);
	BIO_copy_next_retry(b);
	return r;
}

static int
drip_write(BIO *b, const char *buf, int n)
{
	int r = BIO_write(BIO_next(b), buf, n);

	BIO_clear_retry_flags(b);
	BIO_copy_next_retry(b);
	return r;
}

static long
drip_ctrl(BIO *b, int cmd, long larg, void *parg)
{
	return BIO_ctrl(BIO_next(b), cmd, larg, parg);
}

static BIO_METHOD *
drip_method(void)
{
	BIO_METHOD *m = BIO_meth_new(
	    BIO_get_new_index() | BIO_TYPE_FILTER, "bytes that drip in");

	assert_non_null(m);
	BIO_meth_set_read(m, drip_read);
	BIO_meth_set_write(m, drip_write);
	BIO_meth_set_ctrl(m, drip_ctrl);
	return m;
}

static void
drip(struct side *s, BIO_METHOD *m, unsigned *turn)
{
	BIO *b = BIO_new(m);

	assert_non_null(b);
	BIO_set_data(b, turn);
	BIO_set_init(b, 1);
	SSL_set0_rbio(s->ssl, BIO_push(b, BIO_new_socket(s->fd, BIO_NOCLOSE)));
}

/* ---- Evidence of any size, judged by its bytes ---- */

static uint8_t
pattern(size_t i)
{
	return (uint8_t)(i * 31 ^ i >> 8);
}

/* n bytes, that the other side must find whole. */
static void
do_job(struct side *s, size_t n)
{
	struct seal_job *j = seal_conn_job(s->conn);
	struct session_job *w = j->work;

	s->jobs++;
	if (w->kind == SESSION_JOB_ATTEST) {
		w->authenticator = malloc(n);
		assert_non_null(w->authenticator);
		w->n_authenticator = n;
		for (size_t i = 0; i < n; i++)
			w->authenticator[i] = pattern(i);
	} else {
		assert_int_equal(w->n_authenticator, n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(w->authenticator[i], pattern(i));
		w->outcome = SEAL_ACCEPTED;
		w->lease_s = 60;
	}
	seal_conn_job_done(s->conn, &j);
}

static bool
settled(const struct side *s)
{
	return seal_conn_outcome(s->conn) != SEAL_INVALID;
}

/* A job is as likely to be done when the next byte has come already. */
static void
run(struct pair *p, size_t n)
{
	for (int i = 0; i < 400000; i++) {
		struct side *s = i % 2 == 0 ? &p->client : &p->server;

		if (settled(&p->client) && settled(&p->server))
			return;
		if (seal_conn_step(s->conn) == SEAL_WANT_JOB)
			do_job(s, n);
	}
}

struct wire_case {
	const char *name;
	size_t n; /* bytes of each Evidence */
	bool mutual, drips, retry;
	int fragment; /* bytes of a record; 0: as it comes */
	enum seal_outcome client_says;
};

static const struct wire_case wire_cases[] = {
	{ "60 KB of the server's", 61440, false, false, false, 0,
	    SEAL_ACCEPTED },
	{ "60 KB each way", 61440, true, false, false, 0, SEAL_ACCEPTED },
	{ "60 KB each way, after a retry", 61440, true, false, true, 0,
	    SEAL_ACCEPTED },
	{ "all that there is room for", INTRA_CMW_MAX, true, false, false, 0,
	    SEAL_ACCEPTED },
	{ "a byte more than there is room for", INTRA_CMW_MAX + 1, false, false,
	    false, 0, SEAL_UNSUPPORTED },
	{ "small records", 61440, true, false, false, 512, SEAL_ACCEPTED },
	{ "small records of a server", 61440, false, false, true, 512,
	    SEAL_ACCEPTED },
	{ "drops for a server", 2000, false, true, true, 512, SEAL_ACCEPTED },
	{ "drops", 2000, true, true, false, 512, SEAL_ACCEPTED },
	{ "drops, after a retry", 2000, true, true, true, 0, SEAL_ACCEPTED },
	{ "60 KB in drops and small records", 61440, false, true, false, 512,
	    SEAL_ACCEPTED },
};

/* Over which stacks; NSS carries no Evidence of clients. */
static const struct way {
	const struct end_stack *client, *server;
} ways[] = {
	{ &end_openssl, &end_openssl },
#ifdef SEAL_STACK_NSS
	{ &end_nss, &end_nss },
	{ &end_nss, &end_openssl },
	{ &end_openssl, &end_nss },
#endif
};

static void
make_hard(struct side *s, const struct wire_case *c, BIO_METHOD *dripping,
    unsigned *turn)
{
	if (s->stack != &end_openssl)
		return;
	if (c->fragment > 0)
		SSL_set_max_send_fragment(s->ssl, c->fragment);
	if (c->drips)
		drip(s, dripping, turn);
}

static void
open_case(struct pair *p, struct world *w, const struct wire_case *c,
    const struct way *way)
{
#ifdef SEAL_STACK_NSS
	end_nss_below = c->drips ? end_nss_drip : NULL;
#endif
	pair_open_bare_over(p, w,
	    world_ctx(w, c->mutual ? MUTUAL_CLIENT : CLIENT),
	    world_ctx(w, c->mutual ? MUTUAL_SERVER : SERVER), way->client,
	    way->server, 0);
#ifdef SEAL_STACK_NSS
	end_nss_below = NULL;
#endif
}

static void
run_case(struct world *w, const struct wire_case *c, const struct way *way,
    BIO_METHOD *dripping)
{
	unsigned turns[2] = { 0, 5 };
	enum seal_outcome got;
	struct pair p;

	open_case(&p, w, c, way);
	make_hard(&p.client, c, dripping, &turns[0]);
	make_hard(&p.server, c, dripping, &turns[1]);
	if (c->retry)
		way->server->p384(&p.server);
	run(&p, c->n);
	got = seal_conn_outcome(p.client.conn);
	if (got != c->client_says)
		fail_msg("%s over %s: %s: expected %s, got %s (%s; %s)",
		    way->client->name, way->server->name, c->name,
		    seal_outcome_name(c->client_says), seal_outcome_name(got),
		    seal_conn_diag(p.client.conn)->text,
		    seal_conn_diag(p.server.conn)->text);
	if (got == SEAL_ACCEPTED) {
		assert_int_equal(
		    seal_conn_outcome(p.server.conn), SEAL_ACCEPTED);
		assert_int_equal(
		    p.client.jobs + p.server.jobs, c->mutual ? 4 : 2);
	}
	pair_close(&p);
}

static void
test_wire(void **state)
{
	struct world *w = *state;
	BIO_METHOD *dripping = drip_method();

	policies(w);
	for (size_t i = 0; i < sizeof(wire_cases) / sizeof(wire_cases[0]); i++)
		for (size_t k = 0; k < sizeof(ways) / sizeof(ways[0]); k++)
			if (k == 0 || !wire_cases[i].mutual)
				run_case(w, &wire_cases[i], &ways[k], dripping);
	BIO_meth_free(dripping);
}

/* ---- Chains ---- */

/* Evidence is in the first entry, of those that there are. */
static void
test_chain(void **state)
{
	struct world *w = *state;
	struct pair p;

	policies(w);
	pair_open_bare(
	    &p, w, world_ctx(w, MUTUAL_CLIENT), world_ctx(w, MUTUAL_SERVER));
	for (int i = 0; i < 3; i++) {
		X509 *other = SSL_get_certificate(p.client.ssl);
		X509 *own = SSL_get_certificate(p.server.ssl);

		assert_int_equal(SSL_add1_chain_cert(p.server.ssl, other), 1);
		assert_int_equal(SSL_add1_chain_cert(p.client.ssl, own), 1);
	}
	pair_run(&p);
	if (seal_conn_outcome(p.client.conn) != SEAL_ACCEPTED)
		fail_msg("%s", seal_conn_diag(p.client.conn)->text);
	if (seal_conn_outcome(p.server.conn) != SEAL_ACCEPTED)
		fail_msg("%s", seal_conn_diag(p.server.conn)->text);
	assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(p.client.ssl)), 4);
	pair_close(&p);
}

/* ---- Who else listens to the messages ---- */

struct heard {
	unsigned hellos, certificates;
};

static void
hear(int sent, int version, int type, const void *buf, size_t n,
    struct ssl_st *ssl, void *arg)
{
	struct heard *h = arg;
	const uint8_t *p = buf;

	(void)sent, (void)version, (void)ssl;
	if (type != SSL3_RT_HANDSHAKE || n < 4)
		return;
	h->hellos += p[0] == SSL3_MT_CLIENT_HELLO;
	h->certificates += p[0] == SSL3_MT_CERTIFICATE;
}

static void
test_listener(void **state)
{
	struct world *w = *state;
	struct heard client = { 0, 0 }, server = { 0, 0 };
	struct pair p;

	policies(w);
	pair_open_bare(
	    &p, w, world_ctx(w, MUTUAL_CLIENT), world_ctx(w, MUTUAL_SERVER));
	/* Once more: the last one counts. */
	assert_int_equal(
	    seal_openssl_message_callback(p.client.ssl, NULL, NULL, NULL), 0);
	assert_int_equal(
	    seal_openssl_message_callback(p.client.ssl, hear, &client, NULL),
	    0);
	assert_int_equal(
	    seal_openssl_message_callback(p.server.ssl, hear, &server, NULL),
	    0);
	pair_run(&p);
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	assert_int_equal(seal_conn_outcome(p.server.conn), SEAL_ACCEPTED);
	assert_int_equal(client.hellos, 1);
	assert_int_equal(server.hellos, 1);
	assert_int_equal(client.certificates, 2);
	assert_int_equal(server.certificates, 2);
	pair_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_wire, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    test_chain, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    test_listener, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
