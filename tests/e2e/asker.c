/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many requesters of one verifier on loopback, over plain HTTP:
 * asker PORT CLIENTS SECONDS CONFIG [JOURNAL [close]]. Each client opens a
 * session, makes Evidence over its nonce with CONFIG's attester, submits it,
 * and begins anew, on one connection, or with "close" on one for each request.
 * JOURNAL gets a line for each thing that was acknowledged: "open ID", "done
 * ID". A connection that breaks is made again; a client ends when its time is
 * up, SIGTERM has come or nobody listens any more. Prints rates and latencies;
 * fails where anything else was answered than what must be, or nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sealtls/tools.h>

#include "base/text.h"

#define CLIENTS_MAX 1024
#define STACK 262144
#define ANSWER_MAX 65536
#define ANSWER_S 60 /* after which a silent verifier counts as hung */
#define ID 36

struct ask {
	struct seal_ctx *ctx;
	int port, journal; /* a descriptor; -1: none */
	bool close;
	double until;
	pthread_mutex_t lock; /* guards what follows */
	long opened, done, cut, unavailable, wrong;
	double *took; /* of each result, seconds */
	size_t n_took, max_took;
};

struct client {
	struct ask *ask;
	int fd; /* -1: not connected */
	char answer[ANSWER_MAX];
	size_t n;
	int status;
	const char *body;
};

static volatile sig_atomic_t over;

static void
on_term(int signal)
{
	(void)signal;
	over = 1;
}

enum step { STEP_OK = 0, STEP_AGAIN, STEP_END };

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
count(struct ask *a, long *counter)
{
	pthread_mutex_lock(&a->lock);
	(*counter)++;
	pthread_mutex_unlock(&a->lock);
}

static void __attribute__((format(printf, 2, 3)))
complain(struct ask *a, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&a->lock);
	if (a->wrong++ < 10) {
		va_start(ap, fmt);
		fputs("asker: ", stderr);
		vfprintf(stderr, fmt, ap);
		fputc('\n', stderr);
		va_end(ap);
	}
	pthread_mutex_unlock(&a->lock);
}

/* A line is one write, so that those of many clients do not mix. */
static void
note(struct ask *a, const char *what, const char *id)
{
	char line[80];
	int n = snprintf(line, sizeof(line), "%s %s\n", what, id);

	if (a->journal != -1 && write(a->journal, line, (size_t)n) != n)
		complain(a, "journal: %s", strerror(errno));
}

/* ---- HTTP, as much as is needed ---- */

static enum step
cut(struct client *c)
{
	close(c->fd);
	c->fd = -1;
	count(c->ask, &c->ask->cut);
	return STEP_AGAIN;
}

static enum step
connected(struct client *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)c->ask->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval wait = { .tv_sec = ANSWER_S };
	int on = 1;

	if (c->fd != -1)
		return STEP_OK;
	if ((c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return STEP_END;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return STEP_OK;
	close(c->fd);
	c->fd = -1;
	return STEP_END;
}

static bool
send_all(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

/* The value of a header field, or NULL. */
static const char *
header(const struct client *c, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = c->answer; at != NULL && at < c->body;
	     at = strstr(at, "\r\n")) {
		at += at[0] == '\r' ? 2 : 0;
		if (strncasecmp(at, name, n) == 0 && at[n] == ':')
			return at + n + 1 + strspn(at + n + 1, " ");
	}
	return NULL;
}

/* Whether the whole answer is there. */
static bool
complete(struct client *c)
{
	const char *end = strstr(c->answer, "\r\n\r\n"), *length;

	if (end == NULL)
		return false;
	c->body = end + 4;
	if (sscanf(c->answer, "HTTP/1.1 %d", &c->status) != 1)
		return false;
	length = header(c, "Content-Length");
	return (size_t)(c->body - c->answer) +
		   (length != NULL ? strtoul(length, NULL, 10) : 0) <=
	       c->n;
}

static enum step
answer(struct client *c)
{
	const char *how;

	c->n = 0;
	c->status = 0;
	c->answer[0] = '\0';
	while (!complete(c)) {
		ssize_t got = c->n < ANSWER_MAX - 1
				  ? recv(c->fd, c->answer + c->n,
					ANSWER_MAX - 1 - c->n, 0)
				  : 0;

		if (got == -1 && errno == EAGAIN)
			complain(c->ask, "no answer in %d s", ANSWER_S);
		if (got <= 0)
			return cut(c);
		c->n += (size_t)got;
		c->answer[c->n] = '\0';
	}
	how = header(c, "Connection");
	if (how != NULL && strncasecmp(how, "close", 5) == 0) {
		close(c->fd);
		c->fd = -1;
	}
	return STEP_OK;
}

static enum step
exchange(struct client *c, const char *path, const void *body, size_t n)
{
	char head[512];
	enum step s = connected(c);

	if (s != STEP_OK)
		return s;
	snprintf(head, sizeof(head),
	    "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Type: "
	    "application/cmw+cbor\r\nContent-Length: %zu\r\n\r\n",
	    path, c->ask->close ? "Connection: close\r\n" : "", n);
	if (!send_all(c->fd, head, strlen(head)) || !send_all(c->fd, body, n))
		return cut(c);
	return answer(c);
}

/* ---- A session ---- */

/* Is it what must be? A verifier may say that it cannot now. */
static enum step
must_be(struct client *c, int status, const char *what)
{
	if (c->status == status)
		return STEP_OK;
	if (c->status == 503)
		count(c->ask, &c->ask->unavailable);
	else
		complain(c->ask, "%s: expected %d, found %d: %s", what, status,
		    c->status, c->body);
	return STEP_AGAIN;
}

/* "nonce":"…", in base64 with padding. */
static bool
nonce_of(const struct client *c, struct wr *ret)
{
	const char *at = strstr(c->body, "\"nonce\":\"");
	char text[128];
	size_t n;

	if (at == NULL)
		return false;
	at += 9;
	if ((n = strcspn(at, "\"=")) >= sizeof(text))
		return false;
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(at[i] == '+'   ? '-'
				 : at[i] == '/' ? '_'
						: at[i]);
	return b64url_decode(span_of(text, n), ret);
}

static enum step
open_session(struct client *c, char path[128], struct wr *nonce)
{
	enum step s = exchange(c, "/challenge-response/v1/newSession", NULL, 0);
	const char *at;
	size_t n;

	if (s != STEP_OK || (s = must_be(c, 201, "new session")) != STEP_OK)
		return s;
	at = header(c, "Location");
	n = at != NULL ? strcspn(at, "\r\n") : 0;
	if (n <= ID || n >= 128 || !nonce_of(c, nonce)) {
		complain(c->ask, "new session: %s", c->answer);
		return STEP_AGAIN;
	}
	memcpy(path, at, n);
	path[n] = '\0';
	count(c->ask, &c->ask->opened);
	note(c->ask, "open", path + n - ID);
	return STEP_OK;
}

static bool
evidence(struct client *c, struct span nonce, void **ret, size_t *ret_n)
{
	struct seal_diag d = { 0 };

	if (seal_evidence_offline(
		c->ask->ctx, nonce.p, nonce.n, ret, ret_n, &d) == 0)
		return true;
	complain(c->ask, "evidence: %s", d.text);
	return false;
}

static void
result(struct client *c, const char *path, double took)
{
	struct ask *a = c->ask;

	if (strstr(c->body, "\"status\":\"complete\"") == NULL ||
	    strstr(c->body, "\"result\":\"") == NULL) {
		complain(a, "no result: %s", c->body);
		return;
	}
	note(a, "done", path + strlen(path) - ID);
	pthread_mutex_lock(&a->lock);
	a->done++;
	if (a->n_took < a->max_took)
		a->took[a->n_took++] = took;
	pthread_mutex_unlock(&a->lock);
}

static enum step
one(struct client *c)
{
	uint8_t buf[64];
	char path[128];
	void *cmw = NULL;
	size_t n = 0;
	double start;
	struct wr nonce;
	enum step s;

	wr_init(&nonce, buf, sizeof(buf));
	if ((s = open_session(c, path, &nonce)) != STEP_OK ||
	    !evidence(c, wr_view(&nonce), &cmw, &n))
		return s;
	start = seconds();
	if ((s = exchange(c, path, cmw, n)) == STEP_OK &&
	    (s = must_be(c, 200, path)) == STEP_OK)
		result(c, path, seconds() - start);
	free(cmw);
	return s;
}

static void *
client(void *arg)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->ask = arg;
	c->fd = -1;
	while (!over && seconds() < c->ask->until && one(c) != STEP_END)
		;
	if (c->fd != -1)
		close(c->fd);
	free(c);
	return NULL;
}

/* ---- All of them ---- */

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
report(struct ask *a, int clients, double took)
{
	size_t n = a->n_took;

	qsort(a->took, n, sizeof(a->took[0]), by_size);
	printf("%d clients: %ld sessions, %ld results, %ld cut off, %ld "
	       "unavailable, %ld wrong; %.0f results/s",
	    clients, a->opened, a->done, a->cut, a->unavailable, a->wrong,
	    (double)a->done / took);
	if (n > 0)
		printf("; ms: p50 %.1f p99 %.1f max %.1f", a->took[n / 2] * 1e3,
		    a->took[n * 99 / 100] * 1e3, a->took[n - 1] * 1e3);
	putchar('\n');
}

static int
run(struct ask *a, int clients)
{
	pthread_t threads[CLIENTS_MAX];
	pthread_attr_t small;
	int n = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	while (
	    n < clients && pthread_create(&threads[n], &small, client, a) == 0)
		n++;
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	pthread_attr_destroy(&small);
	return n == clients ? 0 : -1;
}

static int
prepare(struct ask *a, char **argv, int argc)
{
	struct seal_diag d = { 0 };

	a->port = atoi(argv[1]);
	a->until = seconds() + atof(argv[3]);
	a->journal =
	    argc > 5
		? open(argv[5], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)
		: -1;
	a->close = argc > 6;
	a->max_took = 1u << 20;
	a->took = malloc(a->max_took * sizeof(a->took[0]));
	if ((a->ctx = seal_ctx_new()) == NULL || a->took == NULL ||
	    (argc > 5 && a->journal == -1) ||
	    seal_ctx_load_file(a->ctx, argv[4], &d) != 0) {
		fprintf(stderr, "asker: %s\n", d.text);
		return -1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct ask a = { .lock = PTHREAD_MUTEX_INITIALIZER };
	int clients = argc > 2 ? atoi(argv[2]) : 0;
	double start;

	if (argc < 5 || clients < 1 || clients > CLIENTS_MAX) {
		fprintf(stderr, "asker PORT CLIENTS SECONDS CONFIG [JOURNAL "
				"[close]]\n");
		return 1;
	}
	if (prepare(&a, argv, argc) != 0)
		return 1;
	signal(SIGTERM, on_term);
	start = seconds();
	if (run(&a, clients) != 0)
		complain(&a, "cannot start %d threads", clients);
	report(&a, clients, seconds() - start);
	seal_ctx_free(&a.ctx);
	free(a.took);
	return a.wrong == 0 ? 0 : 1;
}
