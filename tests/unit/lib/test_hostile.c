/* SPDX-License-Identifier: Apache-2.0 */
/* Peers and callers that do what nobody should. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "pair.h"

#define SOFT(key, more)                                                 \
	"{\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"" key \
	"\"," more "\"measurements\":\"app=00ff\"}}]"
#define SERVER_ID "{\"mode\":\"pkix\",\"ca\":\"server.pem\"}"
#define SERVER SOFT("server.signer", "") "}"

/* ---- A peer that never stops sending ---- */

struct flood {
	bool begun;
	unsigned reads;
};

/* First a frame of no type that there is, then whatever. */
static enum seal_io
flood_read(void *tls, void *buf, size_t cap, size_t *ret_n, struct seal_diag *d)
{
	struct flood *f = tls;

	(void)d;
	memset(buf, 9, cap);
	*ret_n = cap;
	f->reads++;
	/* Without a bound in the library this test would not end. */
	return f->reads < 100000 ? SEAL_IO_DONE : SEAL_IO_ERROR;
}

static enum seal_io
flood_write(void *tls, const void *buf, size_t n, struct seal_diag *d)
{
	(void)tls;
	(void)buf;
	(void)n;
	(void)d;
	return SEAL_IO_DONE;
}

static int
flood_facts(void *tls, struct seal_stack_facts *ret, struct seal_diag *d)
{
	(void)tls;
	(void)d;
	*ret = (struct seal_stack_facts){
		.role = SEAL_SERVER,
		.version = 0x0304,
		.hash = 256,
		.group = 0x001d,
		.alpn = "seal/1",
	};
	return 0;
}

static const struct seal_stack flood_stack = { SEAL_STACK_ABI, "flood",
	stack_done, flood_read, flood_write, stack_done, stack_exporter,
	flood_facts };

/* Others have their turn while it is drained, and its time is short. */
static void
drain_is_bounded(void **state)
{
	struct world *w = *state;
	struct seal_ctx *ctx = world_ctx(w, SERVER);
	struct seal_diag d = { 0 };
	struct flood f = { 0 };
	struct seal_conn *c =
	    seal_conn_stack(ctx, &flood_stack, &f, SEAL_SERVER, &d);

	assert_non_null(c);
	assert_int_equal(seal_conn_step(c), SEAL_WANT_READ);
	assert_true(f.reads < 100);
	/* No event may tell of what was left unread. */
	assert_int_equal(seal_conn_timeout(c), 0);
	w->boot_ms += 2000;
	assert_int_equal(seal_conn_step(c), SEAL_ERROR);
	assert_int_equal(seal_conn_diag(c)->code, SEAL_E_PROTOCOL);
	seal_conn_free(&c);
	seal_ctx_free(&ctx);
}

/* ---- A record without data in front of data ---- */

static void
key_update_hides_no_data(void **state)
{
	struct world *w = *state;
	struct pair p;
	char buf[8];
	size_t n = 0;

	world_policy(w, "p", w->server_pin, "00ff", SERVER_ID, "");
	pair_open(&p, w, world_ctx(w, "{\"policy\":\"p\"}"),
	    world_ctx(w, SERVER), false);
	pair_run(&p);
	for (int i = 0; i < 3; i++)
		assert_int_equal(SSL_key_update(p.client.ssl,
				     SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
				     SSL_do_handshake(p.client.ssl) == 1,
		    1);
	seal_write(p.client.conn, "ping", 4, &n);
	assert_int_equal(n, 4);
	/* One call: at an edge there is no other. */
	assert_int_equal(
	    seal_read(p.server.conn, buf, sizeof(buf), &n), SEAL_READY);
	assert_int_equal(n, 4);
	pair_close(&p);
}

/* ---- A result that is given to another connection ---- */

static struct seal_job *
held_job(struct pair *p)
{
	p->client.hold_jobs = true;
	pair_run(p);
	return seal_conn_job(p->client.conn);
}

static void
job_of_another_connection(void **state)
{
	struct world *w = *state;
	struct pair good, bad;
	struct seal_job *mine, *other;

	world_policy(w, "p", w->server_pin, "00ff", SERVER_ID, "");
	pair_open(&good, w, world_ctx(w, "{\"policy\":\"p\"}"),
	    world_ctx(w, SERVER), false);
	other = held_job(&good);
	/* Signed by a key that the policy does not know; of the same ctx. */
	pair_open_again(&bad, w, good.client.ctx,
	    world_ctx(w, SOFT("client.signer", "") "}"));
	mine = held_job(&bad);
	assert_non_null(mine);
	assert_non_null(other);
	seal_job_run(other);
	assert_int_equal(
	    seal_conn_job_done(bad.client.conn, &other), SEAL_E_ARGUMENT);
	assert_null(other);
	assert_int_not_equal(seal_conn_outcome(bad.client.conn), SEAL_ACCEPTED);
	seal_job_run(mine);
	seal_conn_job_done(bad.client.conn, &mine);
	assert_int_not_equal(seal_conn_outcome(bad.client.conn), SEAL_ACCEPTED);
	pair_close(&bad);
	pair_close(&good);
}

/* ---- A client whose identity is the authenticator's certificate ---- */

static void
pin_of(struct world *w, const char *cert, char ret[65])
{
	unsigned char md[32], *der = NULL;
	char path[128];
	X509 *x;
	FILE *f;
	int n;

	snprintf(path, sizeof(path), "%s/%s", w->dir, cert);
	f = fopen(path, "r");
	assert_non_null(f);
	x = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(x);
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	assert_int_equal(
	    EVP_Digest(der, (size_t)n, md, NULL, EVP_sha256(), NULL), 1);
	for (size_t i = 0; i < sizeof(md); i++)
		snprintf(ret + 2 * i, 3, "%02x", md[i]);
	OPENSSL_free(der);
	X509_free(x);
}

struct name_case {
	const char *name;
	const char *identity;
	enum seal_outcome want;
};

static const struct name_case name_cases[] = {
	{ "any name", "{\"mode\":\"pkix\",\"ca\":\"client.pem\"}",
	    SEAL_ACCEPTED },
	{ "another's name",
	    "{\"mode\":\"pkix\",\"ca\":\"client.pem\","
	    "\"name\":\"other.example\"}",
	    SEAL_REFUSED_KEY },
	{ NULL },
};

static void
name_in_authenticator(void **state)
{
	struct world *w = *state;
	char pin[65];

	pin_of(w, "client.pem", pin);
	for (const struct name_case *c = name_cases; c->name != NULL; c++) {
		struct pair p;

		world_policy(w, "subject", pin, "00ff", c->identity,
		    "\"subject\":{\"ca\":\"client.pem\"},");
		pair_open(&p, w,
		    world_ctx(w,
			SOFT("client.key",
			    "\"subject_cert\":\"client.pem\",") ",\"identity\":" SERVER_ID
								"}"),
		    world_ctx(w, "{\"policy\":\"subject\"}"), false);
		pair_run(&p);
		if (seal_conn_outcome(p.server.conn) != c->want)
			fail_msg("%s: %s (%s)", c->name,
			    seal_outcome_name(seal_conn_outcome(p.server.conn)),
			    seal_conn_diag(p.server.conn)->text);
		pair_close(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drain_is_bounded),
		cmocka_unit_test(key_update_hides_no_data),
		cmocka_unit_test(job_of_another_connection),
		cmocka_unit_test(name_in_authenticator),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
