/* SPDX-License-Identifier: Apache-2.0 */
#include "nss_pair.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/pem.h>

#include "../crypto/fixture.h"
#include "test.h"

#define NAMES_MAX 18500 /* bytes of a large certificate's names */
#define STREAM_IDLE 50
#define STUCK_MS 20000 /* more than any timer that a test waits for */

static char folder[] = "/tmp/seal-nss-XXXXXX";
static char path[256];

/* ---- Certificates ---- */

const char *
nss_pair_file(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static FILE *
open_file(const char *name)
{
	FILE *f = fopen(nss_pair_file(name), "w");

	assert_non_null(f);
	return f;
}

static void
put_certs(const char *name, const struct issued *list, size_t n)
{
	FILE *f = open_file(name);

	for (size_t i = 0; i < n; i++)
		assert_int_equal(PEM_write_X509(f, list[i].x), 1);
	fclose(f);
}

static void
put_key(const char *name, EVP_PKEY *key)
{
	FILE *f = open_file(name);

	assert_int_equal(
	    PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
	assert_int_equal(chmod(nss_pair_file(name), 0600), 0);
}

/* Within what one certificate may have; two are too much for DTLS. */
static void
put_large(const struct issued *ca)
{
	static char names[NAMES_MAX + 64] = "DNS:host.test";
	struct made m = { .cn = "large", .san = names, .basic = "CA:TRUE" };
	struct issued i[2];

	for (size_t n = strlen(names); n < NAMES_MAX; n = strlen(names))
		snprintf(names + n, sizeof(names) - n, ",DNS:%zu.host.test", n);
	i[1] = issue(&m, EVP_EC_gen("P-256"), ca);
	i[0] = issue(&m, EVP_EC_gen("P-256"), &i[1]);
	put_certs("large.pem", i, 2);
	put_key("large.key", i[0].key);
	issued_free(&i[0]);
	issued_free(&i[1]);
}

int
nss_pair_setup(void **state)
{
	static const struct made ca = { .cn = "ca", .basic = "CA:TRUE" };
	static const struct made upper = { .cn = "upper", .basic = "CA:TRUE" };
	static const struct made lower = { .cn = "lower", .basic = "CA:TRUE" };
	static const struct made host = { .cn = "host.test",
		.san = "DNS:host.test,IP:192.0.2.1" };
	static const struct made client = { .cn = "client.test",
		.san = "DNS:client.test" };
	struct issued i[4], one;

	(void)state;
	assert_non_null(mkdtemp(folder));
	fixture_clock = time(NULL);
	i[3] = issue(&ca, EVP_EC_gen("P-256"), NULL);
	put_certs("ca.pem", &i[3], 1);
	one = issue(&host, EVP_EC_gen("P-256"), &i[3]);
	put_certs("host.pem", &one, 1);
	put_key("host.key", one.key);
	issued_free(&one);
	i[2] = issue(&upper, EVP_RSA_gen(4096), &i[3]);
	i[1] = issue(&lower, EVP_RSA_gen(4096), &i[2]);
	i[0] = issue(&client, EVP_EC_gen("P-384"), &i[1]);
	put_certs("chain.pem", i, 3);
	put_key("chain.key", i[0].key);
	put_large(&i[3]);
	for (int k = 0; k < 4; k++)
		issued_free(&i[k]);
	return 0;
}

int
nss_pair_teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

/* ---- The path ---- */

static void
path_put(struct nss_path *q, const void *buf, size_t n)
{
	uint8_t *p = malloc(n);

	assert_non_null(p);
	memcpy(p, buf, n);
	q->given++;
	q->bytes += n;
	if (n > q->largest)
		q->largest = n;
	if (q->tail - q->head == NSS_QUEUE ||
	    (q->passes != NULL && !q->passes(q->arg, p, &n))) {
		q->lost++;
		free(p);
		return;
	}
	q->p[q->tail % NSS_QUEUE] = p;
	q->n[q->tail++ % NSS_QUEUE] = n;
}

static ssize_t
path_take(struct nss_path *q, void *buf, size_t cap)
{
	unsigned at = q->head % NSS_QUEUE;
	size_t n;

	if (q->head == q->tail && q->ended)
		return 0;
	if (q->head == q->tail) {
		errno = EAGAIN;
		return -1;
	}
	n = q->n[at] < cap ? q->n[at] : cap;
	memcpy(buf, q->p[at], n);
	if (q->stream && n < q->n[at]) {
		q->n[at] -= n;
		memmove(q->p[at], q->p[at] + n, q->n[at]);
		return (ssize_t)n;
	}
	free(q->p[at]);
	q->head++;
	return (ssize_t)n;
}

ssize_t
nss_pair_send_up(struct nss_pair *p, const void *buf, size_t n)
{
	path_put(&p->up, buf, n);
	return (ssize_t)n;
}

static ssize_t
client_send(void *arg, const void *buf, size_t n)
{
	return nss_pair_send_up(arg, buf, n);
}

static ssize_t
client_recv(void *arg, void *buf, size_t cap)
{
	return path_take(&((struct nss_pair *)arg)->down, buf, cap);
}

static ssize_t
server_send(void *arg, const void *buf, size_t n)
{
	path_put(&((struct nss_pair *)arg)->down, buf, n);
	return (ssize_t)n;
}

static ssize_t
server_recv(void *arg, void *buf, size_t cap)
{
	return path_take(&((struct nss_pair *)arg)->up, buf, cap);
}

/* ---- The pair ---- */

static int64_t
unix_now(void *arg)
{
	(void)arg;
	return time(NULL);
}

struct nss_end *
nss_pair_end(
    enum seal_role role, bool datagram, const char *who, uint16_t suite)
{
	char cert[300], key[300];
	struct nss_end_conf conf = {
		.role = role, .datagram = datagram, .suite = suite
	};
	struct nss_end *e = NULL;
	struct seal_diag d = { 0 };

	if (who != NULL) {
		snprintf(cert, sizeof(cert), "%s/%s.pem", folder, who);
		snprintf(key, sizeof(key), "%s/%s.key", folder, who);
		conf.cert_file = cert;
		conf.key_file = key;
	}
	if (nss_end_new(&conf, &e, &d) != 0)
		fail_msg("end: %s; %s", d.text, d.remedy);
	return e;
}

void
nss_pair_new(struct nss_pair *p, bool datagram)
{
	nss_pair_new_suite(p, datagram, 0);
}

void
nss_pair_new_suite(struct nss_pair *p, bool datagram, uint16_t suite)
{
	struct seal_diag d = { 0 };

	*p = (struct nss_pair){
		.datagram = datagram,
		.stack = datagram ? &stack_nss_dtls : &stack_nss,
		.trust = trust_new(),
	};
	assert_int_equal(
	    trust_add_pem_file(p->trust, nss_pair_file("ca.pem"), &d), 0);
	p->cr = (struct stack_rules){
		.role = SEAL_CLIENT,
		.verify = STACK_VERIFY_PKIX,
		.verify_name = true,
		.name = "host.test",
		.trust = p->trust,
		.unix_s = unix_now,
	};
	p->sr = (struct stack_rules){
		.role = SEAL_SERVER,
		.verify = STACK_VERIFY_PKIX,
		.trust = p->trust,
		.unix_s = unix_now,
	};
	p->up.stream = p->down.stream = !datagram;
	assert_int_equal(dtls_cookie_key_make(&p->key, &d), 0);
	p->ce = nss_pair_end(SEAL_CLIENT, datagram, "chain", suite);
	p->se = nss_pair_end(SEAL_SERVER, datagram, "host", suite);
}

void
nss_pair_server(struct nss_pair *p, const char *address)
{
	const struct nss_origin origin = { &p->key, span_str(address) };
	struct nss_wire down = {
		.recv = server_recv, .send = server_send, .arg = p
	};

	nss_conn_free(&p->s);
	if (nss_conn_new(p->se, &p->sr, &down, p->datagram ? &origin : NULL,
		&p->s, &p->sd) != 0)
		fail_msg("server: %s", p->sd.text);
}

void
nss_pair_join(struct nss_pair *p)
{
	struct nss_wire up = {
		.recv = client_recv, .send = client_send, .arg = p
	};

	if (p->client_send != NULL)
		up.send = p->client_send;
	if (nss_conn_new(p->ce, &p->cr, &up, NULL, &p->c, &p->cd) != 0)
		fail_msg("client: %s", p->cd.text);
	nss_pair_server(p, NSS_PAIR_ADDRESS);
}

static bool
going(enum seal_io io)
{
	return io == SEAL_IO_WANT_READ || io == SEAL_IO_WANT_WRITE;
}

/* A side that is done still owes its peer answers. */
static void
drive(struct nss_pair *p, struct nss_conn *c, enum seal_io *io,
    struct seal_diag *d)
{
	struct seal_diag ignored = { 0 };
	uint8_t buf[64];
	size_t n;

	if (going(*io))
		*io = p->stack->handshake(c, d);
	else if (*io == SEAL_IO_DONE)
		p->stack->read(c, buf, sizeof(buf), &n, &ignored);
}

void
nss_pair_handshake(struct nss_pair *p)
{
	int idle = 0;

	p->client = p->server = SEAL_IO_WANT_READ;
	while ((going(p->client) || going(p->server)) && idle < STUCK_MS) {
		unsigned before = p->up.given + p->down.given;

		drive(p, p->c, &p->client, &p->cd);
		drive(p, p->s, &p->server, &p->sd);
		if (p->up.given + p->down.given != before) {
			idle = 0;
			continue;
		}
		if ((!going(p->client) && p->client != SEAL_IO_DONE) ||
		    (!going(p->server) && p->server != SEAL_IO_DONE) ||
		    (!p->datagram && idle > STREAM_IDLE))
			break;
		if (p->datagram)
			poll(NULL, 0, 5);
		idle += 5;
	}
}

static void
path_free(struct nss_path *q)
{
	for (; q->head != q->tail; q->head++)
		free(q->p[q->head % NSS_QUEUE]);
}

void
nss_pair_free(struct nss_pair *p)
{
	nss_conn_free(&p->c);
	nss_conn_free(&p->s);
	nss_end_free(&p->ce);
	nss_end_free(&p->se);
	trust_free(&p->trust);
	path_free(&p->up);
	path_free(&p->down);
}
