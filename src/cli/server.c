/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/diag.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/loop.h"
#include "cli/out.h"

#define FDS_OWN 64    /* descriptors that are no connection's */
#define DRAIN_MS 2000 /* after SIGTERM */
#define ACCEPT_MS 100 /* between attempts while descriptors are short */
#define ACCEPT_BATCH 16

/* Tags of the loop; from TAG_CLIENT on, places of clients. */
enum { TAG_LISTENER = 0, TAG_POOL, TAG_SIGNALS, TAG_CLIENT };

struct server {
	struct hall hall;
	int listener, signals;
	struct client *clients;
	size_t n_places, n_clients; /* n_clients: places in use */
	size_t turn;                /* whose job is handed out first */
	uint64_t last_id;
	bool knocking; /* somebody waits to be accepted */
	bool short_of_fds;
	bool finished;       /* the service has had its last connection */
	int64_t drain_until; /* 0: not draining */
	int status;
};

/* ---- Accepting ---- */

static struct client *
free_place(struct server *s)
{
	for (size_t i = 0; i < s->n_places; i++) {
		if (s->clients[i].id == 0)
			return &s->clients[i];
	}
	return NULL;
}

static bool
may_accept(const struct server *s)
{
	const struct server_conf *conf = s->hall.conf;

	return s->drain_until == 0 && !s->finished &&
	       s->n_clients < s->n_places && !s->hall.stdio_taken &&
	       !(conf->once && s->n_clients > 0);
}

/* The kernel keeps who cannot be taken now. */
static void
accept_failed(struct server *s)
{
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM)
		s->short_of_fds = true;
	else if (errno == EAGAIN)
		s->knocking = false;
}

/* Those that proved their addresses have all come by the port. */
static void
accept_udp(struct server *s)
{
	struct seal_conn *conn;

	while (may_accept(s) &&
	       (conn = seal_endpoint_accept(s->hall.endpoint)) != NULL) {
		struct client *c = free_place(s);

		client_begin_udp(c, &s->hall, conn, ++s->last_id);
		c->more = true;
		s->n_clients++;
	}
}

static void
accept_some(struct server *s)
{
	for (int i = 0; i < ACCEPT_BATCH && may_accept(s); i++) {
		struct client *c = free_place(s);
		uint64_t tag = TAG_CLIENT + (uint64_t)(c - s->clients);
		int fd = accept4(
		    s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd == -1) {
			accept_failed(s);
			return;
		}
		if (!client_begin(c, &s->hall, fd, ++s->last_id, tag))
			continue;
		c->more = true;
		s->n_clients++;
	}
}

/* ---- Clients ---- */

static void
end_client(struct server *s, struct client *c)
{
	bool joined = c->joined;
	int status = client_end(c, &s->hall);

	s->n_clients--;
	s->short_of_fds = false;
	if (!s->hall.conf->once &&
	    !(joined && s->hall.conf->service == SERVICE_STDIO))
		return;
	s->finished = true;
	s->status = status;
}

static void
step_client(struct server *s, size_t place)
{
	struct client *c = &s->clients[place];

	if (c->id != 0 && !client_step(c, &s->hall, TAG_CLIENT + place))
		end_client(s, c);
}

static void
take_results(struct server *s)
{
	struct seal_job *job;
	uint64_t owner = 0;

	while ((job = pool_result(s->hall.pool, &owner)) != NULL) {
		for (size_t i = 0; job != NULL && i < s->n_places; i++) {
			if (s->clients[i].id == owner)
				client_job_done(&s->clients[i], &job);
		}
		seal_job_free(&job); /* its connection is gone */
	}
}

/* Those that can go on; jobs in turn, so that none waits for ever. */
static void
step_ready(struct server *s)
{
	for (size_t i = 0; i < s->n_places; i++) {
		size_t place = (s->turn + i) % s->n_places;
		struct client *c = &s->clients[place];

		if (c->id == 0)
			continue;
		if (c->more || c->step == SEAL_WANT_JOB ||
		    client_timeout(c) == 0)
			step_client(s, place);
	}
	if (++s->turn >= s->n_places)
		s->turn = 0;
}

/* ---- The loop ---- */

static int
sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Milliseconds until something is due; -1: wait for an event. */
static int
next_timeout(const struct server *s)
{
	int timeout = -1;

	for (size_t i = 0; i < s->n_places; i++) {
		const struct client *c = &s->clients[i];

		if (c->id == 0)
			continue;
		if (c->more)
			return 0;
		timeout = sooner(timeout, client_timeout(c));
	}
	if (s->knocking && (s->hall.conf->udp || may_accept(s)))
		timeout = sooner(timeout, s->short_of_fds ? ACCEPT_MS : 0);
	if (s->drain_until != 0) {
		int64_t left = s->drain_until - loop_now_ms();

		timeout = sooner(timeout, left > 0 ? (int)left : 0);
	}
	return timeout;
}

static void
start_draining(struct server *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info))
		continue;
	/* A second signal does not wait for anybody. */
	s->drain_until = s->drain_until == 0 ? loop_now_ms() + DRAIN_MS : 1;
	for (size_t i = 0; i < s->n_places; i++) {
		if (s->clients[i].id != 0)
			client_close(&s->clients[i]);
	}
}

static void
on_event(struct server *s, uint64_t tag)
{
	switch (tag) {
	case TAG_LISTENER:
		s->knocking = true;
		break;
	case TAG_POOL:
		take_results(s);
		break;
	case TAG_SIGNALS:
		start_draining(s);
		break;
	default:
		if (tag - TAG_CLIENT < s->n_places)
			s->clients[tag - TAG_CLIENT].more = true;
	}
}

static bool
goes_on(const struct server *s)
{
	if (s->drain_until != 0)
		return s->n_clients > 0 && loop_now_ms() < s->drain_until;
	return !s->finished;
}

static int
server_loop(struct server *s)
{
	uint64_t tags[LOOP_EVENTS];

	while (goes_on(s)) {
		int n = loop_wait(s->hall.loop, next_timeout(s), tags);

		if (n == -1)
			return EXIT_RETRY;
		for (int i = 0; i < n; i++)
			on_event(s, tags[i]);
		if (s->hall.conf->udp && s->knocking)
			s->knocking =
			    seal_endpoint_receive(s->hall.endpoint) != 0;
		step_ready(s);
		if (s->hall.conf->udp)
			accept_udp(s);
		else if (s->knocking)
			accept_some(s);
	}
	return s->drain_until != 0 ? EXIT_ACCEPTED : s->status;
}

/* ---- Start and end ---- */

/* Fewer connections rather than descriptors that run out in the middle. */
static void
count_descriptors(struct server *s)
{
	const struct server_conf *conf = s->hall.conf;
	size_t each =
	    (conf->service == SERVICE_EXEC ? 2 : 0) + (conf->udp ? 0 : 1);
	rlim_t need = FDS_OWN + each * s->n_places;
	struct seal_diag d = { 0 };
	struct rlimit limit, more;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
		return;
	more = limit;
	more.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		limit = more;
	if (limit.rlim_cur >= need)
		return;
	if (each > 0)
		s->n_places = limit.rlim_cur > FDS_OWN + each
				  ? (limit.rlim_cur - FDS_OWN) / each
				  : 1;
	seal_fail(&d, SEAL_E_LIMIT,
	    "at most %zu connections: the system allows %llu descriptors",
	    s->n_places, (unsigned long long)limit.rlim_cur);
	seal_remedy(&d, "raise `ulimit -n`, or lower --max-connections");
	log_failure(&conf->log, NULL, &d);
}

static int
catch_signals(int *ret_fd, struct seal_diag *d)
{
	sigset_t set;

	child_reap_none();
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (*ret_fd == -1)
		return seal_fail(
		    d, SEAL_E_UNAVAILABLE, "signals: %s", strerror(errno));
	return 0;
}

/* The endpoint closes it from here on. */
static int
give_port(struct server *s, struct seal_diag *d)
{
	int r =
	    seal_endpoint_bind(s->hall.endpoint, s->listener, s->n_places, d);

	if (r == 0)
		s->listener = -1;
	return r;
}

static int
server_start(struct server *s, struct seal_diag *d)
{
	const struct server_conf *conf = s->hall.conf;
	char name[NET_NAME];
	int r;

	count_descriptors(s);
	s->clients = calloc(s->n_places, sizeof(*s->clients));
	if (s->clients == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "serve");
	if ((r = catch_signals(&s->signals, d)) != 0 ||
	    (r = net_listen(conf->address, conf->udp, &s->listener, d)) != 0 ||
	    (r = loop_new(&s->hall.loop, d)) != 0 ||
	    (r = pool_new(conf->workers, &s->hall.pool, d)) != 0 ||
	    (r = loop_watch(s->hall.loop, s->listener, TAG_LISTENER, d)) != 0 ||
	    (r = loop_watch(
		 s->hall.loop, pool_fd(s->hall.pool), TAG_POOL, d)) != 0 ||
	    (r = loop_watch(s->hall.loop, s->signals, TAG_SIGNALS, d)) != 0)
		return r;
	net_own_name(s->listener, name);
	if (conf->udp && (r = give_port(s, d)) != 0)
		return r;
	log_listening(&conf->log, name);
	return 0;
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void
server_wipe(struct server *s)
{
	/* Nobody new waits in vain while the jobs that run come to an end. */
	close_fd(s->listener);
	for (size_t i = 0; s->clients != NULL && i < s->n_places; i++) {
		if (s->clients[i].id != 0)
			client_end(&s->clients[i], &s->hall);
	}
	pool_free(&s->hall.pool);
	free(s->clients);
	close_fd(s->hall.loop);
	close_fd(s->signals);
}

int
server_run(const struct server_conf *conf, struct seal_endpoint *endpoint)
{
	struct server s = {
		.hall = { .conf = conf, .endpoint = endpoint, .loop = -1 },
		.listener = -1,
		.signals = -1,
		.n_places = conf->max_connections,
	};
	struct seal_diag d = { 0 };
	int status;

	if (server_start(&s, &d) == 0) {
		status = server_loop(&s);
	} else {
		log_failure(&conf->log, NULL, &d);
		status = out_exit(d.code);
	}
	server_wipe(&s);
	return status;
}
