/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many handshakes at once whose Evidence takes its time, against one server
 * thread: intra_many SERVER-CONFIG CLIENT-CONFIG PEERS DELAY-MS. The clients
 * are a process of their own. Prints how long it took, the server's CPU, and
 * its memory while they wait; fails where one of them is not accepted.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sealtls/tools.h>

#define EVENTS 256

struct peer {
	struct seal_conn *conn;
	struct seal_job *job; /* that takes its time */
	int64_t due_ms;
	bool settled;
};

struct crowd {
	struct seal_endpoint *endpoint;
	struct peer *peers;
	size_t n, accepted, failed, waiting, most_waiting;
	int64_t delay_ms;
	struct peer **due; /* in the order in which they are */
	size_t due_at, due_n;
	long before, most; /* KiB of memory */
	int loop;
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
die(const char *what, const struct seal_diag *d)
{
	fprintf(stderr, "intra_many: %s: %s\n", what,
	    d != NULL ? d->text : strerror(errno));
	exit(1);
}

/* Anonymous memory of this process, in KiB. */
static long
memory(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kib = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kib;
}

/* ---- Peers ---- */

static void
finish_job(struct peer *p)
{
	seal_job_run(p->job);
	seal_conn_job_done(p->conn, &p->job);
}

/* True: it goes on at once. */
static bool
take_job(struct crowd *c, struct peer *p)
{
	if ((p->job = seal_conn_job(p->conn)) == NULL)
		return false;
	if (c->delay_ms == 0) {
		finish_job(p);
		return true;
	}
	p->due_ms = now_ms() + c->delay_ms;
	c->due[c->due_n++] = p;
	if (++c->waiting > c->most_waiting) {
		c->most_waiting = c->waiting;
		if (c->waiting % 64 == 0 || c->waiting == c->n)
			c->most = memory();
	}
	return false;
}

static void
settle(struct crowd *c, struct peer *p, bool good)
{
	p->settled = true;
	c->accepted += good;
	c->failed += !good;
	if (!good && c->failed < 5)
		fprintf(
		    stderr, "intra_many: %s\n", seal_conn_diag(p->conn)->text);
}

static void
step(struct crowd *c, struct peer *p)
{
	enum seal_step s;

	if (p->settled || p->job != NULL)
		return;
	do
		s = seal_conn_step(p->conn);
	while (s == SEAL_WANT_JOB && take_job(c, p));
	if (s == SEAL_READY)
		settle(c, p, seal_conn_outcome(p->conn) == SEAL_ACCEPTED);
	else if (s == SEAL_ERROR || s == SEAL_EOF)
		settle(c, p, false);
}

/* Those whose Evidence is there; how long until the next one's is. */
static int
step_due(struct crowd *c)
{
	while (c->due_at < c->due_n) {
		struct peer *p = c->due[c->due_at];
		int64_t left = p->due_ms - now_ms();

		if (left > 0)
			return (int)left;
		c->due_at++;
		c->waiting--;
		finish_job(p);
		step(c, p);
	}
	return -1;
}

static void
run(struct crowd *c)
{
	struct epoll_event events[EVENTS];

	c->before = memory();
	for (size_t i = 0; i < c->n; i++)
		step(c, &c->peers[i]);
	while (c->accepted + c->failed < c->n) {
		int timeout = step_due(c);
		int n = c->accepted + c->failed == c->n
			    ? 0
			    : epoll_wait(c->loop, events, EVENTS, timeout);

		for (int i = 0; i < n; i++)
			step(c, events[i].data.ptr);
	}
}

/* ---- Both sides ---- */

static void
crowd_open(struct crowd *c, enum seal_role role, const char *conf,
    const int *fds, size_t n)
{
	struct seal_tls_args args = { .role = role };
	struct seal_ctx *ctx = seal_ctx_new();
	struct seal_diag d = { 0 };

	c->n = n;
	c->peers = calloc(n, sizeof(*c->peers));
	c->due = calloc(n, sizeof(struct peer *));
	c->loop = epoll_create1(EPOLL_CLOEXEC);
	if (ctx == NULL || c->peers == NULL || c->due == NULL || c->loop == -1)
		die("start", NULL);
	if (seal_ctx_load_file(ctx, conf, &d) != 0 ||
	    seal_endpoint_new(ctx, &args, &c->endpoint, &d) != 0)
		die(conf, &d);
	for (size_t i = 0; i < n; i++) {
		struct epoll_event e = { .events =
					     EPOLLIN | EPOLLOUT | EPOLLET };

		e.data.ptr = &c->peers[i];
		c->peers[i].conn = seal_endpoint_conn(c->endpoint, fds[i], &d);
		if (c->peers[i].conn == NULL ||
		    epoll_ctl(c->loop, EPOLL_CTL_ADD, fds[i], &e) != 0)
			die("connection", d.code != 0 ? &d : NULL);
	}
	seal_ctx_free(&ctx);
}

static void
crowd_close(struct crowd *c)
{
	for (size_t i = 0; i < c->n; i++)
		seal_endpoint_release(c->endpoint, &c->peers[i].conn);
	seal_endpoint_free(&c->endpoint);
	free(c->peers);
	free(c->due);
	close(c->loop);
}

static void
open_pairs(int *clients, int *servers, size_t n)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (size_t i = 0; i < n; i++) {
		int fds[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) !=
		    0)
			die("sockets", NULL);
		clients[i] = fds[0];
		servers[i] = fds[1];
	}
}

static void
close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

static double
cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
report(const struct crowd *c, int64_t took_ms, double cpu)
{
	printf(
	    "%zu handshakes whose Evidence takes %lld ms: %.2f s; the "
	    "server's one thread %.2f s of CPU; %zu waited at once, %.1f KiB "
	    "of memory each\n",
	    c->n, (long long)c->delay_ms, (double)took_ms / 1000, cpu,
	    c->most_waiting, (double)(c->most - c->before) / (double)c->n);
}

/* The server's side opens first, so that what it costs is not the time of the
 * handshakes; the clients wait for the word. */
static int
serve(const char *conf, const int *fds, size_t n, int64_t delay_ms, int go)
{
	struct crowd c = { .delay_ms = delay_ms };
	int64_t begun;
	double cpu;
	bool good;

	crowd_open(&c, SEAL_SERVER, conf, fds, n);
	if (write(go, "g", 1) != 1)
		die("go", NULL);
	begun = now_ms();
	cpu = cpu_s();
	run(&c);
	report(&c, now_ms() - begun, cpu_s() - cpu);
	good = c.accepted == n;
	crowd_close(&c);
	return good ? 0 : 1;
}

static int
connect_all(const char *conf, const int *fds, size_t n, int go)
{
	struct crowd c = { 0 };
	char word;
	bool good;

	crowd_open(&c, SEAL_CLIENT, conf, fds, n);
	if (read(go, &word, 1) != 1)
		die("go", NULL);
	run(&c);
	good = c.accepted == n;
	crowd_close(&c);
	return good ? 0 : 1;
}

int
main(int argc, char **argv)
{
	size_t n = argc == 5 ? (size_t)atoi(argv[3]) : 0;
	int *clients = calloc(n + 1, sizeof(int));
	int *servers = calloc(n + 1, sizeof(int));
	int go[2], status = 0, r;
	pid_t child;

	if (n == 0 || clients == NULL || servers == NULL || pipe(go) != 0) {
		fputs("usage: intra_many SERVER-CONFIG CLIENT-CONFIG PEERS "
		      "DELAY-MS\n",
		    stderr);
		return 1;
	}
	open_pairs(clients, servers, n);
	if ((child = fork()) == -1)
		die("fork", NULL);
	if (child == 0) {
		close_all(servers, n);
		r = connect_all(argv[2], clients, n, go[0]);
		free(clients);
		free(servers);
		return r;
	}
	close_all(clients, n);
	r = serve(argv[1], servers, n, atoi(argv[4]), go[1]);
	waitpid(child, &status, 0);
	free(clients);
	free(servers);
	return r != 0 || !WIFEXITED(status) ? 1 : WEXITSTATUS(status);
}
