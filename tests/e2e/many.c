/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many connections from one process: many PORT NAME TOTAL AT-ONCE CONFIG
 * OUTCOME [udp]. Each is to end with OUTCOME ("accepted", "refused_policy");
 * those that are accepted send a line and want it back. With AT-ONCE above 1
 * all of a round are established before the first goes on. Prints the rate;
 * fails where a single one ends otherwise.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sealtls/tools.h>

#define AT_ONCE_MAX 512
#define AGAIN_MS 1000 /* until a line counts as lost */
#define TRIES 60

struct many {
	struct seal_endpoint *endpoint;
	const char *outcome;
	int port, total, at_once, udp;
	pthread_barrier_t all_there;
	pthread_mutex_t lock; /* guards wrong */
	int wrong;
};

static int
connect_to(int port, int udp)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int kind = udp ? SOCK_DGRAM : SOCK_STREAM, on = 1;
	int s = socket(AF_INET, kind | SOCK_CLOEXEC, 0);

	if (!udp)
		setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (s != -1 && connect(s, (struct sockaddr *)&a, sizeof(a)) != 0) {
		close(s);
		s = -1;
	}
	return s;
}

static void
complain(struct many *m, const char *what, const char *text)
{
	pthread_mutex_lock(&m->lock);
	if (m->wrong++ < 10)
		fprintf(stderr, "many: %s: %s\n", what, text);
	pthread_mutex_unlock(&m->lock);
}

static const char line[] = "there and back again\n";

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* 1: it came back; 0: not in time; -1: the connection is over. */
static int
await_echo(struct seal_conn *c, int fd)
{
	double end = seconds() + AGAIN_MS / 1e3;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[sizeof(line)];
	enum seal_step step;
	size_t n = 0;

	do {
		step = seal_read(c, buf, sizeof(buf), &n);
		if (step == SEAL_READY)
			return n == sizeof(line) && memcmp(buf, line, n) == 0
				   ? 1
				   : -1;
		if (step == SEAL_ERROR || step == SEAL_EOF)
			return -1;
		poll(&p, 1, 50);
	} while (seconds() < end);
	return 0;
}

/* Datagrams of many at once are lost on loopback, too. */
static int
echoes_datagram(struct seal_conn *c, int fd)
{
	int came = 0;

	for (int i = 0; i < TRIES && came == 0; i++) {
		if (seal_write_wait(c, fd, line, sizeof(line)) != sizeof(line))
			return 0;
		came = await_echo(c, fd);
	}
	return came == 1;
}

static int
echoes(struct seal_conn *c, int fd)
{
	char buf[sizeof(line)];
	size_t n = 0;
	long got;

	if (seal_write_wait(c, fd, line, sizeof(line)) != sizeof(line))
		return 0;
	while (n < sizeof(line)) {
		got = seal_read_wait(c, fd, buf + n, sizeof(buf) - n);
		if (got <= 0)
			return 0;
		n += (size_t)got;
	}
	return memcmp(buf, line, sizeof(line)) == 0;
}

static void
one(struct many *m)
{
	struct seal_diag d = { 0 };
	int fd = connect_to(m->port, m->udp);
	struct seal_conn *c = seal_endpoint_conn(m->endpoint, fd, &d);
	const char *outcome;
	int r = c != NULL ? seal_conn_establish(c, fd) : -1;

	if (m->at_once > 1)
		pthread_barrier_wait(&m->all_there);
	if (c == NULL) {
		complain(m, "no connection", d.text);
		return;
	}
	outcome = seal_outcome_name(seal_conn_outcome(c));
	if (strcmp(outcome, m->outcome) != 0 ||
	    (r == 0) != (strcmp(outcome, "accepted") == 0))
		complain(m, outcome, seal_conn_diag(c)->text);
	else if (r == 0 && !(m->udp ? echoes_datagram : echoes)(c, fd))
		complain(m, "no echo", seal_conn_diag(c)->text);
	if (r == 0)
		seal_conn_close_wait(c, fd);
	seal_endpoint_release(m->endpoint, &c);
}

static void *
worker(void *arg)
{
	struct many *m = arg;

	for (int i = 0; i < m->total / m->at_once; i++)
		one(m);
	return NULL;
}

static int
run(struct many *m)
{
	pthread_t threads[AT_ONCE_MAX];
	int n = 0;

	while (
	    n < m->at_once && pthread_create(&threads[n], NULL, worker, m) == 0)
		n++;
	if (n < m->at_once) {
		fprintf(stderr, "many: cannot start %d threads\n", m->at_once);
		exit(1); /* those that did start wait for the others */
	}
	while (n > 0)
		pthread_join(threads[--n], NULL);
	return m->wrong;
}

static int
prepare(struct many *m, const char *config, const char *name,
    struct seal_ctx **ret_ctx)
{
	struct seal_tls_args tls = {
		.role = SEAL_CLIENT,
		.peer_name = name,
		.udp = m->udp,
	};
	struct seal_diag d = { 0 };

	*ret_ctx = seal_ctx_new();
	if (*ret_ctx == NULL || seal_ctx_load_file(*ret_ctx, config, &d) != 0 ||
	    seal_endpoint_new(*ret_ctx, &tls, &m->endpoint, &d) != 0) {
		fprintf(stderr, "many: %s\n", d.text);
		return -1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct many m = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct seal_ctx *ctx = NULL;
	double start, took;
	int wrong;

	if (argc != 7 && argc != 8) {
		fprintf(stderr,
		    "many PORT NAME TOTAL AT-ONCE CONFIG OUTCOME [udp]\n");
		return 1;
	}
	m.port = atoi(argv[1]);
	m.total = atoi(argv[3]);
	m.at_once = atoi(argv[4]);
	m.outcome = argv[6];
	m.udp = argc == 8;
	if (m.at_once < 1 || m.at_once > AT_ONCE_MAX ||
	    prepare(&m, argv[5], argv[2], &ctx) != 0)
		return 1;
	pthread_barrier_init(&m.all_there, NULL, (unsigned)m.at_once);
	start = seconds();
	wrong = run(&m);
	took = seconds() - start;
	printf("%d connections, %d at once, %s: %d wrong, %.1f s, %.1f/s\n",
	    m.total, m.at_once, m.outcome, wrong, took, m.total / took);
	seal_endpoint_free(&m.endpoint);
	seal_ctx_free(&ctx);
	return wrong == 0 ? 0 : 1;
}
