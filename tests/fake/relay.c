/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bad network in user space, between two hosts or network namespaces:
 *
 *	fake-relay LISTEN:PORT SERVER:PORT [SETTING=NUMBER...]
 *
 * takes UDP datagrams on LISTEN:PORT, and hands them on to SERVER:PORT, each
 * client from a port of its own, and the answers back; some late, some twice,
 * some never. Settings: loss, burst, reorder, duplicate (percent, but burst,
 * which counts datagrams), delay (ms, one way), rate (kbit/s), mtu (bytes of
 * UDP payload), seed. The same seed and the same datagrams in the same order
 * meet the same fate: each direction of each client draws from a row of its
 * own. Says "ready" once it listens, and what became of all on SIGTERM.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fake/impair.h"

#define PEERS_MAX 1024
#define DATAGRAM_MAX 65535
#define QUEUE_MAX 65536u /* datagrams under way */

/* A client, and the socket by which the server knows it. */
struct peer {
	struct sockaddr_storage addr;
	socklen_t addr_n;
	int fd;
	struct impair to_server, to_client;
};

struct packet {
	struct packet *next;
	int64_t at_ms;
	struct peer *peer;
	bool to_server;
	size_t n;
	uint8_t bytes[];
};

struct relay {
	int fd;
	struct sockaddr_storage server;
	socklen_t server_n;
	struct impair_net net;
	unsigned long seed;
	struct peer *peers[PEERS_MAX];
	size_t n_peers;
	struct packet *queue; /* by time */
	unsigned queued;
	unsigned long taken, handed_on;
};

static volatile sig_atomic_t stopped;

static void
stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
complain(const char *what, const char *why)
{
	fprintf(stderr, "fake-relay: %s: %s\n", what, why);
	return -1;
}

/* ---- Addresses ---- */

/* HOST:PORT; a host of IPv6 stands in brackets. */
static int
resolve(const char *text, bool passive, struct sockaddr_storage *ret,
    socklen_t *ret_n)
{
	struct addrinfo want = { .ai_socktype = SOCK_DGRAM }, *found;
	const char *colon = strrchr(text, ':');
	char host[256];
	int r;

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		return complain(text, "expected HOST:PORT");
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	want.ai_flags = passive ? AI_PASSIVE : 0;
	if ((r = getaddrinfo(host, colon + 1, &want, &found)) != 0)
		return complain(text, gai_strerror(r));
	memcpy(ret, found->ai_addr, found->ai_addrlen);
	*ret_n = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int
open_socket(const struct sockaddr_storage *addr, socklen_t n, bool listens)
{
	int fd = socket(addr->ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return complain("socket", strerror(errno));
	if ((listens ? bind(fd, (const struct sockaddr *)addr, n)
		     : connect(fd, (const struct sockaddr *)addr, n)) == 0)
		return fd;
	complain(listens ? "bind" : "connect", strerror(errno));
	close(fd);
	return -1;
}

static struct peer *
find_peer(struct relay *r, const struct sockaddr_storage *addr, socklen_t n)
{
	struct peer *p;

	for (size_t i = 0; i < r->n_peers; i++) {
		p = r->peers[i];
		if (p->addr_n == n && memcmp(&p->addr, addr, n) == 0)
			return p;
	}
	if (r->n_peers == PEERS_MAX || (p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	memcpy(&p->addr, addr, n);
	p->addr_n = n;
	if ((p->fd = open_socket(&r->server, r->server_n, false)) == -1) {
		free(p);
		return NULL;
	}
	impair_init(&p->to_server, &r->net, r->seed + 2 * r->n_peers);
	impair_init(&p->to_client, &r->net, r->seed + 2 * r->n_peers + 1);
	r->peers[r->n_peers++] = p;
	return p;
}

/* ---- Datagrams ---- */

static void
enqueue(struct relay *r, struct peer *peer, bool to_server,
    const uint8_t *bytes, size_t n, int64_t at_ms)
{
	struct packet **at = &r->queue, *p;

	if (r->queued == QUEUE_MAX || (p = malloc(sizeof(*p) + n)) == NULL)
		return;
	*p = (struct packet){
		.at_ms = at_ms, .peer = peer, .to_server = to_server, .n = n
	};
	memcpy(p->bytes, bytes, n);
	while (*at != NULL && (*at)->at_ms <= at_ms)
		at = &(*at)->next;
	p->next = *at;
	*at = p;
	r->queued++;
}

static void
carry(struct relay *r, struct peer *peer, bool to_server, const uint8_t *bytes,
    size_t n)
{
	int64_t at_ms[2];
	unsigned copies =
	    impair_send(to_server ? &peer->to_server : &peer->to_client, n,
		now_ms(), at_ms);

	r->taken++;
	for (unsigned i = 0; i < copies; i++)
		enqueue(r, peer, to_server, bytes, n, at_ms[i]);
}

static void
take_from_clients(struct relay *r)
{
	static uint8_t buf[DATAGRAM_MAX];
	struct sockaddr_storage from = { 0 };
	socklen_t from_n = sizeof(from);
	struct peer *peer;
	ssize_t n;

	while ((n = recvfrom(r->fd, buf, sizeof(buf), 0,
		    (struct sockaddr *)&from, &from_n)) >= 0) {
		peer = find_peer(r, &from, from_n);
		if (peer != NULL)
			carry(r, peer, true, buf, (size_t)n);
		from_n = sizeof(from);
	}
}

static void
take_from_server(struct relay *r, struct peer *peer)
{
	static uint8_t buf[DATAGRAM_MAX];
	ssize_t n;

	while ((n = recv(peer->fd, buf, sizeof(buf), 0)) >= 0)
		carry(r, peer, false, buf, (size_t)n);
}

/* What does not get away is lost, as on any network. */
static void
deliver(struct relay *r)
{
	int64_t now = now_ms();

	while (r->queue != NULL && r->queue->at_ms <= now) {
		struct packet *p = r->queue;
		ssize_t put;

		put = p->to_server
			  ? send(p->peer->fd, p->bytes, p->n, 0)
			  : sendto(r->fd, p->bytes, p->n, 0,
				(const struct sockaddr *)&p->peer->addr,
				p->peer->addr_n);
		if (put >= 0)
			r->handed_on++;
		r->queue = p->next;
		r->queued--;
		free(p);
	}
}

static int
wait_ms(const struct relay *r)
{
	int64_t left;

	if (r->queue == NULL)
		return -1;
	left = r->queue->at_ms - now_ms();
	return left > 0 ? (int)left : 0;
}

static void
run(struct relay *r)
{
	static struct pollfd fds[1 + PEERS_MAX];

	while (!stopped) {
		size_t n = r->n_peers;

		fds[0] = (struct pollfd){ .fd = r->fd, .events = POLLIN };
		for (size_t i = 0; i < n; i++)
			fds[1 + i] = (struct pollfd){ .fd = r->peers[i]->fd,
				.events = POLLIN };
		if (poll(fds, 1 + n, wait_ms(r)) > 0) {
			if (fds[0].revents != 0)
				take_from_clients(r);
			for (size_t i = 0; i < n; i++)
				if (fds[1 + i].revents != 0)
					take_from_server(r, r->peers[i]);
		}
		deliver(r);
	}
}

static void
report(struct relay *r)
{
	unsigned long lost = 0, too_large = 0;

	for (size_t i = 0; i < r->n_peers; i++) {
		const struct peer *p = r->peers[i];

		lost += p->to_server.lost + p->to_client.lost;
		too_large += p->to_server.too_large + p->to_client.too_large;
	}
	printf("clients %zu taken %lu handed_on %lu lost %lu too_large %lu\n",
	    r->n_peers, r->taken, r->handed_on, lost, too_large);
}

/* ---- Settings ---- */

static int
setting(struct relay *r, const char *text)
{
	const char *equals = strchr(text, '=');
	char *end = NULL;
	unsigned long v;
	size_t n;

	if (equals == NULL || equals[1] < '0' || equals[1] > '9')
		return complain(text, "expected SETTING=NUMBER");
	v = strtoul(equals + 1, &end, 10);
	n = (size_t)(equals - text);
	if (*end != '\0' || v > 10000000)
		return complain(text, "expected a number up to 10000000");
	struct {
		const char *name;
		unsigned *at;
	} const whole[] = { { "loss", &r->net.loss },
		{ "burst", &r->net.burst }, { "reorder", &r->net.reorder },
		{ "duplicate", &r->net.duplicate }, { "mtu", &r->net.mtu },
		{ "rate", &r->net.rate } };

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		if (strlen(whole[i].name) == n &&
		    strncmp(text, whole[i].name, n) == 0) {
			*whole[i].at = (unsigned)v;
			return 0;
		}
	}
	if (strncmp(text, "delay=", 6) == 0)
		r->net.delay_ms = (int64_t)v;
	else if (strncmp(text, "seed=", 5) == 0)
		r->seed = v;
	else
		return complain(text, "unknown setting");
	return 0;
}

static void
relay_free(struct relay *r)
{
	while (r->queue != NULL) {
		struct packet *p = r->queue;

		r->queue = p->next;
		free(p);
	}
	for (size_t i = 0; i < r->n_peers; i++) {
		close(r->peers[i]->fd);
		free(r->peers[i]);
	}
	close(r->fd);
}

int
main(int argc, char **argv)
{
	static struct relay r;
	struct sigaction act = { .sa_handler = stop };
	struct sockaddr_storage listen;
	socklen_t n;

	if (argc < 3) {
		complain("usage", "LISTEN:PORT SERVER:PORT [SETTING=N...]");
		return 1;
	}
	for (int i = 3; i < argc; i++)
		if (setting(&r, argv[i]) != 0)
			return 1;
	if (resolve(argv[1], true, &listen, &n) != 0 ||
	    resolve(argv[2], false, &r.server, &r.server_n) != 0 ||
	    (r.fd = open_socket(&listen, n, true)) == -1)
		return 1;
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	puts("ready");
	fflush(stdout);
	run(&r);
	report(&r);
	relay_free(&r);
	return 0;
}
