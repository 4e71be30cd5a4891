/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake/http.h"

#define CONNS 256 /* over a server's life: enough for tests */

struct fake_conn {
	struct fake *fake;
	struct io io;
	pthread_t thread;
	bool running;
};

struct fake {
	struct fake_conf conf;
	SSL_CTX *tls;
	int listener;
	unsigned port;
	pthread_t acceptor;
	pthread_mutex_t lock; /* guards what follows */
	bool stopping;
	enum fake_lie lie;
	unsigned requests, sessions, looks;
	struct fake_conn conns[CONNS];
	size_t n_conns;
	struct {
		uint8_t nonce[64];
		size_t n;
		char *token;
	} session[CONNS];
};

static const char *const lies[FAKE_LIES] = {
	[FAKE_HONEST] = "honest",
	[FAKE_PROCESSING] = "processing",
	[FAKE_FAILED] = "failed",
	[FAKE_BUSY_TWICE] = "busy-twice",
	[FAKE_BUSY] = "busy",
	[FAKE_ERROR] = "error",
	[FAKE_REFUSES] = "refuses",
	[FAKE_UNKNOWN_TYPE] = "unknown-type",
	[FAKE_DENIES] = "denies",
	[FAKE_ABSENT] = "absent",
	[FAKE_REDIRECT] = "redirect",
	[FAKE_SLOW] = "slow",
	[FAKE_HANG] = "hang",
	[FAKE_DRIP] = "drip",
	[FAKE_TRUNCATED] = "truncated",
	[FAKE_HUGE] = "huge",
	[FAKE_CLOSES] = "closes",
	[FAKE_NOT_HTTP] = "not-http",
	[FAKE_NOT_JSON] = "not-json",
	[FAKE_NO_RESULT] = "no-result",
	[FAKE_OTHER_NONCE] = "other-nonce",
	[FAKE_ESCAPES] = "escapes",
};

const char *
fake_lie_name(enum fake_lie lie)
{
	return lie < FAKE_LIES ? lies[lie] : "unknown";
}

enum fake_lie
fake_lie_by_name(const char *name)
{
	unsigned i = 0;

	while (i < FAKE_LIES && strcmp(lies[i], name) != 0)
		i++;
	return (enum fake_lie)i;
}

static bool
stopping(struct fake *f)
{
	bool stop;

	pthread_mutex_lock(&f->lock);
	stop = f->stopping;
	pthread_mutex_unlock(&f->lock);
	return stop;
}

/* Until the server stops, or for ms. */
static void
rest(struct fake *f, int ms)
{
	for (int i = 0; (ms < 0 || i < ms) && !stopping(f); i += 10)
		poll(NULL, 0, 10);
}

/* ---- What goes wrong before there is an answer ---- */

/* True: the request has had what it gets. */
static bool
misbehave(struct fake *f, struct io *io, enum fake_lie lie, unsigned nth)
{
	static const char drip[] = "HTTP/1.1 200 OK\r\n"
				   "Content-Length: 200000\r\n\r\n";

	switch (lie) {
	case FAKE_SLOW:
		rest(f, FAKE_SLOW_MS);
		return false;
	case FAKE_BUSY_TWICE:
		if (nth > 2)
			return false;
		answer(io, 503, "text/plain", NULL, "busy");
		return true;
	case FAKE_BUSY:
		answer(io, 503, "text/plain", NULL, "busy");
		return true;
	case FAKE_ERROR:
		answer(io, 500, "text/plain", NULL, "out of order");
		return true;
	case FAKE_DENIES:
		answer(io, 401, "text/plain", NULL, "who are you?");
		return true;
	case FAKE_ABSENT:
		answer(io, 404, "text/plain", NULL, "nothing here");
		return true;
	case FAKE_REDIRECT:
		answer(io, 307, "text/plain", "/elsewhere", "");
		return true;
	case FAKE_HANG:
		rest(f, -1);
		break;
	case FAKE_DRIP:
		io_text(io, drip);
		while (!stopping(f) && io_text(io, "x"))
			rest(f, FAKE_PAUSE_MS);
		break;
	case FAKE_TRUNCATED:
		io_text(io, drip);
		io_text(io, "{\"sta");
		break;
	case FAKE_HUGE:
		io_text(io, "HTTP/1.1 200 OK\r\n\r\n");
		while (!stopping(f) && io_text(io, drip))
			;
		break;
	case FAKE_NOT_HTTP:
		io_text(io, "220 mail.example ESMTP\r\n");
		break;
	case FAKE_CLOSES:
		break;
	case FAKE_NOT_JSON:
		answer(io, 200, "text/html", NULL, "<html>it works</html>");
		return true;
	default:
		return false;
	}
	io->closed = true;
	return true;
}

/* ---- Veraison ---- */

static void
new_session(struct fake *f, struct io *io, const struct request *q)
{
	const char *asked = strstr(q->path, "?nonce=");
	uint8_t nonce[64] = "a nonce that the verifier chooses";
	char shown[128] = "", body[512], location[160];
	enum fake_lie lie;
	size_t n = 32;
	struct wr w;
	unsigned id;

	wr_init(&w, nonce, sizeof(nonce));
	if (asked != NULL &&
	    b64url_decode(span_str(asked + strlen("?nonce=")), &w))
		n = w.n;
	pthread_mutex_lock(&f->lock);
	lie = f->lie;
	nonce[0] ^= lie == FAKE_OTHER_NONCE;
	id = f->sessions++ % CONNS;
	memcpy(f->session[id].nonce, nonce, sizeof(nonce));
	f->session[id].n = n;
	pthread_mutex_unlock(&f->lock);
	wr_init(&w, shown, sizeof(shown) - 1);
	b64url_encode(span_of(nonce, n), &w);
	/* Some write a Location from the root, some beside this one. */
	snprintf(location, sizeof(location), "%s%u",
	    lie == FAKE_ESCAPES ? "http://203.0.113.1/session/"
	    : id % 2 == 0       ? "/challenge-response/v1/session/"
				: "session/",
	    id);
	snprintf(body, sizeof(body),
	    "{\"nonce\":\"%s%s\",\"expiry\":\"2030-01-01T00:00:00Z\","
	    "\"accept\":[\"" FAKE_TYPE "\"],\"status\":\"waiting\"}",
	    shown,
	    n % 3 == 2   ? "="
	    : n % 3 == 1 ? "=="
			 : "");
	answer(io, 201, SESSION_TYPE, location, body);
}

static void
show_session(struct fake *f, struct io *io, unsigned id)
{
	char body[32768];
	unsigned look;
	enum fake_lie lie;

	pthread_mutex_lock(&f->lock);
	lie = f->lie;
	look = f->looks++;
	if (lie == FAKE_PROCESSING && look % 3 != 2)
		snprintf(body, sizeof(body), "{\"%s\":\"processing\"}",
		    look % 2 == 0 ? "state" : "status");
	else if (lie == FAKE_FAILED)
		snprintf(body, sizeof(body), "{\"status\":\"failed\"}");
	else if (lie == FAKE_NO_RESULT)
		snprintf(body, sizeof(body), "{\"status\":\"complete\"}");
	else
		snprintf(body, sizeof(body),
		    "{\"status\":\"complete\",\"result\":\"%s\"}",
		    f->session[id].token == NULL ? "" : f->session[id].token);
	pthread_mutex_unlock(&f->lock);
	answer(io, lie == FAKE_PROCESSING && look % 3 == 0 ? 202 : 200,
	    SESSION_TYPE, NULL, body);
}

static bool
issue(struct fake *f, struct io *io, struct fake_question *q,
    const struct request *r, char **ret)
{
	struct wr w;
	bool ok;

	q->authorization = r->authorization[0] ? r->authorization : NULL;
	q->client_cert = io->client_cert;
	wr_init_heap(&w, 32000);
	ok = f->conf.issue(f->conf.arg, q, &w) && wr_take_text(&w, ret) == 0;
	wr_free(&w);
	if (!ok)
		answer(io, 400, "application/problem+json", NULL,
		    "{\"title\":\"Bad Request\",\"detail\":\"no\"}");
	return ok;
}

static void
take_evidence(struct fake *f, struct io *io, const struct request *r)
{
	struct fake_question q = { .media_type = span_str(r->content_type),
		.evidence = span_of(r->body, r->n_body) };
	unsigned id = CONNS;
	uint8_t nonce[64];
	char *token = NULL;
	enum fake_lie lie;

	if (sscanf(strrchr(r->path, '/') + 1, "%3u", &id) != 1 || id >= CONNS)
		return answer(io, 404, "text/plain", NULL, "no such session");
	pthread_mutex_lock(&f->lock);
	lie = f->lie;
	memcpy(nonce, f->session[id].nonce, sizeof(nonce));
	q.nonce = span_of(nonce, f->session[id].n);
	pthread_mutex_unlock(&f->lock);
	if (lie == FAKE_UNKNOWN_TYPE)
		return answer(io, 415, SESSION_TYPE, NULL,
		    "{\"accept\":[\"application/a\",\"application/b\"]}");
	if (lie == FAKE_REFUSES)
		return answer(io, 400, "application/problem+json", NULL,
		    "{\"title\":\"Bad Request\",\"detail\":\"not mine\"}");
	if (!issue(f, io, &q, r, &token))
		return;
	pthread_mutex_lock(&f->lock);
	free(f->session[id].token);
	f->session[id].token = token;
	pthread_mutex_unlock(&f->lock);
	show_session(f, io, id);
}

/* ---- Trustee ---- */

/* The base64url between prefix and the next quotation mark. */
static bool
member(const struct request *r, const char *prefix, struct wr *out)
{
	const char *at = strstr((const char *)r->body, prefix), *end;

	if (at == NULL)
		return false;
	at += strlen(prefix);
	end = strchr(at, '"');
	return end != NULL && b64url_decode(span_of(at, end - at), out);
}

static void
attestation(struct fake *f, struct io *io, const struct request *r)
{
	struct fake_question q = { .trustee = true };
	uint8_t nonce[64];
	char tee[32] = "", *token = NULL;
	struct wr w, evidence;
	enum fake_lie lie;
	const char *at;

	pthread_mutex_lock(&f->lock);
	lie = f->lie;
	pthread_mutex_unlock(&f->lock);
	wr_init(&w, nonce, sizeof(nonce));
	wr_init_heap(&evidence, 65536);
	at = strstr((const char *)r->body, "\"tee\":\"");
	if (at != NULL)
		sscanf(at, "\"tee\":\"%31[a-z-]", tee);
	if (lie == FAKE_REFUSES || lie == FAKE_UNKNOWN_TYPE || tee[0] == '\0' ||
	    !member(r, "\"raw\":\"", &w) ||
	    !member(r, "\"evidence\":\"", &evidence)) {
		answer(io, 500, "text/plain", NULL, "InternalError(refused)");
		wr_free(&evidence);
		return;
	}
	q.media_type = span_str(tee);
	q.evidence = wr_view(&evidence);
	q.nonce = wr_view(&w);
	if (lie == FAKE_NO_RESULT)
		answer(io, 200, "text/plain", NULL, "");
	else if (issue(f, io, &q, r, &token))
		answer(io, 200, "text/plain", NULL, token);
	free(token);
	wr_free(&evidence);
}

/* ---- Connections ---- */

static void
serve(struct fake *f, struct io *io, const struct request *r)
{
	enum fake_lie lie;
	unsigned nth, id = 0;

	pthread_mutex_lock(&f->lock);
	lie = f->lie;
	nth = ++f->requests;
	pthread_mutex_unlock(&f->lock);
	if (misbehave(f, io, lie, nth))
		return;
	if (strncmp(r->path, "/challenge-response/v1/newSession?", 34) == 0)
		new_session(f, io, r);
	else if (strncmp(r->path, "/challenge-response/v1/session/", 31) == 0 &&
		 strcmp(r->method, "POST") == 0)
		take_evidence(f, io, r);
	else if (sscanf(r->path, "/challenge-response/v1/session/%3u", &id) ==
		     1 &&
		 id < CONNS)
		show_session(f, io, id);
	else if (strcmp(r->path, "/attestation") == 0)
		attestation(f, io, r);
	else
		answer(io, 404, "text/plain", NULL, "nothing here");
}

static void *
conn_run(void *arg)
{
	struct fake_conn *c = arg;
	struct request r;

	if (c->fake->tls == NULL || io_tls(&c->io, c->fake->tls)) {
		while (!c->io.closed && request_read(&c->io, &r)) {
			serve(c->fake, &c->io, &r);
			free(r.body);
		}
	}
	io_end(&c->io);
	return NULL;
}

static void *
accept_run(void *arg)
{
	struct fake *f = arg;
	struct fake_conn *c;
	int fd;

	while ((fd = accept(f->listener, NULL, NULL)) != -1) {
		pthread_mutex_lock(&f->lock);
		if (f->stopping || f->n_conns == CONNS) {
			close(fd);
			pthread_mutex_unlock(&f->lock);
			break;
		}
		c = &f->conns[f->n_conns++];
		c->fake = f;
		c->io.fd = fd;
		c->running = pthread_create(&c->thread, NULL, conn_run, c) == 0;
		pthread_mutex_unlock(&f->lock);
	}
	return NULL;
}

static SSL_CTX *
tls_new(const struct fake_conf *conf)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());

	if (c == NULL ||
	    SSL_CTX_use_certificate_chain_file(c, conf->cert_file) != 1 ||
	    SSL_CTX_use_PrivateKey_file(c, conf->key_file, SSL_FILETYPE_PEM) !=
		1)
		goto fail;
	if (conf->client_ca != NULL) {
		if (SSL_CTX_load_verify_locations(c, conf->client_ca, NULL) !=
		    1)
			goto fail;
		SSL_CTX_set_verify(
		    c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	return c;
fail:
	SSL_CTX_free(c);
	return NULL;
}

static bool
listen_on(struct fake *f)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)f->conf.port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof(a);
	int one = 1;

	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(f->listener, (struct sockaddr *)&a, n) != 0 ||
	    listen(f->listener, 64) != 0 ||
	    getsockname(f->listener, (struct sockaddr *)&a, &n) != 0)
		return false;
	f->port = ntohs(a.sin_port);
	return true;
}

struct fake *
fake_start(const struct fake_conf *conf)
{
	struct fake *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	signal(SIGPIPE, SIG_IGN);
	pthread_mutex_init(&f->lock, NULL);
	f->conf = *conf;
	f->lie = conf->lie;
	f->listener = -1;
	if (conf->cert_file != NULL && (f->tls = tls_new(conf)) == NULL)
		goto fail;
	if (!listen_on(f) ||
	    pthread_create(&f->acceptor, NULL, accept_run, f) != 0)
		goto fail;
	return f;
fail:
	SSL_CTX_free(f->tls);
	free(f);
	return NULL;
}

unsigned
fake_port(const struct fake *f)
{
	return f->port;
}

unsigned
fake_requests(struct fake *f)
{
	unsigned n;

	pthread_mutex_lock(&f->lock);
	n = f->requests;
	pthread_mutex_unlock(&f->lock);
	return n;
}

unsigned
fake_connections(struct fake *f)
{
	unsigned n;

	pthread_mutex_lock(&f->lock);
	n = (unsigned)f->n_conns;
	pthread_mutex_unlock(&f->lock);
	return n;
}

void
fake_tell(struct fake *f, enum fake_lie lie)
{
	pthread_mutex_lock(&f->lock);
	f->lie = lie;
	f->requests = 0;
	f->looks = 0;
	pthread_mutex_unlock(&f->lock);
}

void
fake_stop(struct fake **fp)
{
	struct fake *f = *fp;

	*fp = NULL;
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	for (size_t i = 0; i < f->n_conns; i++)
		shutdown(f->conns[i].io.fd, SHUT_RDWR);
	pthread_mutex_unlock(&f->lock);
	shutdown(f->listener, SHUT_RDWR);
	pthread_join(f->acceptor, NULL);
	for (size_t i = 0; i < f->n_conns; i++) {
		if (f->conns[i].running)
			pthread_join(f->conns[i].thread, NULL);
		close(f->conns[i].io.fd);
	}
	for (size_t i = 0; i < CONNS; i++)
		free(f->session[i].token);
	close(f->listener);
	SSL_CTX_free(f->tls);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
