/* SPDX-License-Identifier: Apache-2.0 */
#include "pair.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "test.h"

#define APP "00ff"

void
world_write(struct world *w, const char *name, const char *fmt, ...)
{
	char path[128];
	va_list ap;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fclose(f);
}

static void
make_signer(struct world *w, const char *name, char pin[65])
{
	struct seal_diag d = { 0 };
	char path[128], *text = NULL;

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	if (seal_soft_keygen(path, &text, &d) != 0)
		fail_msg("%s", d.text);
	snprintf(pin, 65, "%s", text);
	free(text);
}

static void
make_certificate(struct world *w, const char *who, const char *name)
{
	struct seal_diag d = { 0 };
	char cert[128], key[128];

	snprintf(cert, sizeof(cert), "%s/%s.pem", w->dir, who);
	snprintf(key, sizeof(key), "%s/%s.key", w->dir, who);
	if (seal_dev_certificate(name, cert, key, &d) != 0)
		fail_msg("%s", d.text);
}

int
world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	snprintf(w->dir, sizeof(w->dir), "/tmp/seal-lib-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	make_signer(w, "server.signer", w->server_pin);
	make_signer(w, "client.signer", w->client_pin);
	make_certificate(w, "server", "server.example");
	make_certificate(w, "client", "client.example");
	w->boot_ms = 1000000;
	w->unix_s = time(NULL);
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

void
world_policy(struct world *w, const char *name, const char *pin,
    const char *app, const char *identity, const char *extra)
{
	world_write(w, name,
	    "{\"version\":1,\"max_age_s\":60,%s\"identity\":%s,"
	    "\"accept\":[{\"scheme\":\"application/eat+cwt; "
	    "eat_profile=\\\"tag:sealtls,2026:soft\\\"\","
	    "\"signers\":[{\"spki_sha256\":\"%s\"}],\"debug\":true,"
	    "\"measurements\":{\"app\":\"%s\"}}]}",
	    extra, identity, pin, app);
}

static int64_t
boot_ms(void *arg)
{
	return ((struct world *)arg)->boot_ms;
}

static int64_t
unix_s(void *arg)
{
	return ((struct world *)arg)->unix_s;
}

struct seal_ctx *
world_ctx(struct world *w, const char *json)
{
	struct seal_ctx *c = seal_ctx_new();
	struct seal_diag d = { 0 };

	assert_non_null(c);
	seal_ctx_clock(c, boot_ms, unix_s, w);
	if (seal_ctx_load(c, json, w->dir, &d) != 0)
		fail_msg("%s: %s", json, d.text);
	return c;
}

/* ---- Two peers ---- */

static void
load_certificate(struct world *w, SSL_CTX *c, const char *who)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s.pem", w->dir, who);
	assert_int_equal(SSL_CTX_use_certificate_chain_file(c, path), 1);
	snprintf(path, sizeof(path), "%s/%s.key", w->dir, who);
	assert_int_equal(
	    SSL_CTX_use_PrivateKey_file(c, path, SSL_FILETYPE_PEM), 1);
}

static void
openssl_open(struct side *s, struct world *w, enum seal_role role,
    const char *cert, unsigned hash)
{
	struct seal_diag d = { 0 };

	s->tls = SSL_CTX_new(
	    role == SEAL_SERVER ? TLS_server_method() : TLS_client_method());
	if (cert != NULL)
		load_certificate(w, s->tls, cert);
	if (hash != 0)
		assert_int_equal(SSL_CTX_set_ciphersuites(s->tls,
				     hash == 384 ? "TLS_AES_256_GCM_SHA384"
						 : "TLS_AES_128_GCM_SHA256"),
		    1);
	if (seal_openssl_prepare(s->ctx, s->tls, role, &d) != 0)
		fail_msg("%s", d.text);
	s->ssl = SSL_new(s->tls);
	SSL_set_fd(s->ssl, s->fd);
	s->conn = seal_conn_openssl(s->ctx, s->ssl, role, "server.example", &d);
	if (s->conn == NULL)
		fail_msg("%s", d.text);
}

static void
openssl_close(struct side *s)
{
	SSL_free(s->ssl);
	SSL_CTX_free(s->tls);
}

static void
openssl_p384(struct side *s)
{
	char groups[] = "P-384";

	assert_int_equal(SSL_set1_groups_list(s->ssl, groups), 1);
}

const struct end_stack end_openssl = {
	.name = "openssl",
	.open = openssl_open,
	.close = openssl_close,
	.p384 = openssl_p384,
};

static void
open_with(struct pair *p, struct world *w, struct seal_ctx *client,
    const char *client_cert, struct seal_ctx *server, const char *server_cert,
    const struct end_stack *client_stack, const struct end_stack *server_stack,
    unsigned hash)
{
	int fds[2];

	*p = (struct pair){ .w = w };
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	p->client.stack = client_stack;
	p->client.ctx = client;
	p->client.fd = fds[0];
	p->server.stack = server_stack;
	p->server.ctx = server;
	p->server.fd = fds[1];
	client_stack->open(&p->client, w, SEAL_CLIENT, client_cert, hash);
	server_stack->open(&p->server, w, SEAL_SERVER, server_cert, hash);
}

void
pair_open(struct pair *p, struct world *w, struct seal_ctx *client,
    struct seal_ctx *server, bool client_cert)
{
	pair_open_over(
	    p, w, client, server, client_cert, &end_openssl, &end_openssl, 0);
}

void
pair_open_over(struct pair *p, struct world *w, struct seal_ctx *client,
    struct seal_ctx *server, bool client_cert,
    const struct end_stack *client_stack, const struct end_stack *server_stack,
    unsigned hash)
{
	open_with(p, w, client, client_cert ? "client" : NULL, server, "server",
	    client_stack, server_stack, hash);
}

void
pair_open_bare(struct pair *p, struct world *w, struct seal_ctx *client,
    struct seal_ctx *server)
{
	pair_open_bare_over(
	    p, w, client, server, &end_openssl, &end_openssl, 0);
}

void
pair_open_bare_over(struct pair *p, struct world *w, struct seal_ctx *client,
    struct seal_ctx *server, const struct end_stack *client_stack,
    const struct end_stack *server_stack, unsigned hash)
{
	open_with(
	    p, w, client, NULL, server, NULL, client_stack, server_stack, hash);
}

void
pair_open_one(struct pair *p, struct world *w, struct seal_ctx *ctx,
    enum seal_role role, const struct end_stack *stack)
{
	struct side *s = role == SEAL_SERVER ? &p->server : &p->client;
	int fds[2];

	*p = (struct pair){ .w = w };
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	p->client.fd = fds[0];
	p->server.fd = fds[1];
	s->stack = stack;
	s->ctx = ctx;
	s->stack->open(s, w, role, NULL, 0);
}

void
pair_open_again(struct pair *p, struct world *w, struct seal_ctx *client,
    struct seal_ctx *server)
{
	pair_open(p, w, client, server, false);
	p->client.shared = true;
}

static void
side_close(struct side *s)
{
	seal_conn_free(&s->conn);
	if (s->stack != NULL)
		s->stack->close(s);
	if (!s->shared && s->ctx != NULL)
		seal_ctx_free(&s->ctx);
	close(s->fd);
}

void
pair_close(struct pair *p)
{
	side_close(&p->client);
	side_close(&p->server);
}

enum seal_step
side_step(struct side *s)
{
	enum seal_step step = seal_conn_step(s->conn);
	struct seal_job *job;

	if (step != SEAL_WANT_JOB || s->hold_jobs)
		return step;
	job = seal_conn_job(s->conn);
	seal_job_run(job);
	s->jobs++;
	seal_conn_job_done(s->conn, &job);
	return seal_conn_step(s->conn);
}

void
pair_run(struct pair *p)
{
	for (int i = 0; i < 40; i++) {
		side_step(&p->client);
		side_step(&p->server);
	}
}

/* ---- Calls of a stack that a test makes up ---- */

enum seal_io
stack_done(void *tls, struct seal_diag *d)
{
	(void)tls;
	(void)d;
	return SEAL_IO_DONE;
}

int
stack_exporter(void *tls, const char *label, const uint8_t *context,
    size_t context_n, uint8_t *ret, size_t n, struct seal_diag *d)
{
	(void)tls;
	(void)label;
	(void)context;
	(void)context_n;
	(void)d;
	memset(ret, 1, n);
	return 0;
}
