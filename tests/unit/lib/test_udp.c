/* SPDX-License-Identifier: Apache-2.0 */
/* One port for many peers, over real sockets, on a clock that the test moves.
 */
#include "test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pair.h"

#define ROUNDS 2000 /* of ten ms, at most, until something holds */
#define PEERS 8

struct port {
	struct world *w;
	struct seal_ctx *sc, *cc;
	struct seal_endpoint *server, *client;
	struct sockaddr_in at;
	int fd;
	struct seal_conn *conns[PEERS]; /* of the server */
};

static void
port_open(struct port *p, struct world *w, size_t max)
{
	struct seal_tls_args args = { .role = SEAL_SERVER, .udp = 1 };
	char cert[128], key[128];
	struct seal_diag d = { 0 };
	socklen_t n = sizeof(p->at);

	*p = (struct port){ .w = w, .at.sin_family = AF_INET };
	p->at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(cert, sizeof(cert), "%s/server.pem", w->dir);
	snprintf(key, sizeof(key), "%s/server.key", w->dir);
	args.cert_file = cert;
	args.key_file = key;
	world_policy(w, "of-server", w->server_pin, "00ff",
	    "{\"mode\":\"none\"}", "\"lease_s\":3600,");
	p->sc = world_ctx(w,
	    "{\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":"
	    "\"server.signer\",\"measurements\":\"app=00ff\"}}]}");
	p->cc = world_ctx(w, "{\"policy\":\"of-server\"}");
	if (seal_endpoint_new(p->sc, &args, &p->server, &d) != 0)
		fail_msg("%s", d.text);
	args = (struct seal_tls_args){
		.role = SEAL_CLIENT, .udp = 1, .peer_name = "server.example"
	};
	if (seal_endpoint_new(p->cc, &args, &p->client, &d) != 0)
		fail_msg("%s", d.text);
	p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(p->fd, (struct sockaddr *)&p->at, sizeof(p->at)), 0);
	assert_int_equal(getsockname(p->fd, (struct sockaddr *)&p->at, &n), 0);
	assert_int_equal(seal_endpoint_bind(p->server, p->fd, max, &d), 0);
}

static void
port_close(struct port *p)
{
	for (size_t i = 0; i < PEERS; i++)
		seal_endpoint_release(p->server, &p->conns[i]);
	seal_endpoint_free(&p->server);
	seal_endpoint_free(&p->client);
	seal_ctx_free(&p->sc);
	seal_ctx_free(&p->cc);
}

static struct seal_conn *
dial(struct port *p)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct seal_diag d = { 0 };
	struct seal_conn *c;

	assert_int_equal(
	    connect(fd, (struct sockaddr *)&p->at, sizeof(p->at)), 0);
	if ((c = seal_endpoint_conn(p->client, fd, &d)) == NULL)
		fail_msg("%s", d.text);
	return c;
}

static enum seal_step
step(struct seal_conn *c)
{
	enum seal_step s = seal_conn_step(c);
	struct seal_job *job;

	if (s != SEAL_WANT_JOB)
		return s;
	job = seal_conn_job(c);
	seal_job_run(job);
	seal_conn_job_done(c, &job);
	return seal_conn_step(c);
}

/* Takes what came, and lets everybody of the server go on; the connections
 * that are over make room. Returns how many there are. */
static size_t
serve(struct port *p)
{
	struct seal_conn *c;
	size_t n = 0;

	while (seal_endpoint_receive(p->server) != 0)
		continue;
	while ((c = seal_endpoint_accept(p->server)) != NULL) {
		size_t i = 0;

		while (i < PEERS && p->conns[i] != NULL)
			i++;
		assert_true(i < PEERS);
		p->conns[i] = c;
	}
	for (size_t i = 0; i < PEERS; i++) {
		if (p->conns[i] == NULL)
			continue;
		if (step(p->conns[i]) == SEAL_ERROR)
			seal_endpoint_release(p->server, &p->conns[i]);
		else
			n++;
	}
	return n;
}

static bool
established(struct port *p, struct seal_conn *c, int rounds)
{
	struct pollfd fd = { .fd = p->fd, .events = POLLIN };

	for (int i = 0; i < rounds; i++) {
		serve(p);
		if (step(c) == SEAL_READY)
			return true;
		poll(&fd, 1, 10);
	}
	return false;
}

/* Until nobody waits for an acknowledgement. */
static void
settle(struct port *p, struct seal_conn *c)
{
	int64_t later = p->w->boot_ms + 10000;

	for (int i = 0; i < ROUNDS; i++) {
		serve(p);
		step(c);
		if (seal_conn_deadline(c) > later &&
		    seal_conn_deadline(p->conns[0]) > later)
			return;
		poll(NULL, 0, 10);
	}
	fail_msg("they never rest");
}

/* Where its lease has run out meanwhile, once the server has attested again. */
static bool
heard(struct port *p, struct seal_conn *c)
{
	char buf[8] = "";
	size_t n = 0, sent = 0;

	for (int i = 0; i < ROUNDS; i++) {
		serve(p);
		if (step(c) == SEAL_READY && sent == 0)
			seal_write(c, "alive", 5, &sent);
		if (seal_read(p->conns[0], buf, sizeof(buf), &n) == SEAL_READY)
			return n == 5 && memcmp(buf, "alive", 5) == 0;
		poll(NULL, 0, 10);
	}
	return false;
}

/* Who says nothing for five minutes has gone, and its place is another's; who
 * says something now and then stays. */
static void
idle(void **state)
{
	struct world *w = *state;
	struct seal_conn *first, *second;
	struct port p;

	port_open(&p, w, 1);
	first = dial(&p);
	assert_true(established(&p, first, ROUNDS));
	settle(&p, first);
	for (int minute = 0; minute < 12; minute += 4) {
		w->boot_ms += 4 * 60000;
		assert_int_equal(serve(&p), 1);
		assert_true(heard(&p, first));
		settle(&p, first);
	}
	/* There is one place, and it is taken. */
	second = dial(&p);
	assert_false(established(&p, second, 20));
	assert_int_equal(serve(&p), 1);
	w->boot_ms += 4 * 60000;
	assert_int_equal(serve(&p), 1);
	w->boot_ms += 61000;
	serve(&p);
	assert_int_equal(serve(&p), 0);
	seal_endpoint_release(p.client, &second);
	second = dial(&p);
	assert_true(established(&p, second, ROUNDS));
	assert_true(heard(&p, second));
	seal_endpoint_release(p.client, &first);
	seal_endpoint_release(p.client, &second);
	port_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    idle, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
