/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client.h"

#include <sys/socket.h>
#include <unistd.h>

#include "cli/child.h"
#include "cli/loop.h"

bool
client_begin(
    struct client *c, const struct hall *h, int fd, uint64_t id, uint64_t tag)
{
	struct seal_diag d = { 0 };

	*c = (struct client){ .id = id, .pump = { .from = -1, .to = -1 } };
	net_peer_name(fd, c->name);
	if (loop_watch(h->loop, fd, tag, &d) == 0)
		c->conn = seal_endpoint_conn(h->endpoint, fd, &d);
	if (c->conn != NULL)
		return true;
	log_failure(&h->conf->log, c->name, &d);
	close(fd);
	*c = (struct client){ 0 };
	return false;
}

void
client_begin_udp(
    struct client *c, const struct hall *h, struct seal_conn *conn, uint64_t id)
{
	struct sockaddr_storage a = { 0 };
	size_t n = seal_endpoint_peer(h->endpoint, conn, &a, sizeof(a));

	*c = (struct client){
		.id = id,
		.conn = conn,
		.pump = { .from = -1, .to = -1 },
	};
	net_name_of((const struct sockaddr *)&a, n, c->name);
}

int
client_timeout(const struct client *c)
{
	return c->joined ? pump_timeout(&c->pump) : seal_conn_timeout(c->conn);
}

/* ---- Ready: where its data goes ---- */

static bool
join_child(struct client *c, struct hall *h, uint64_t tag)
{
	struct seal_diag d = { 0 };
	int in = -1, out = -1;

	if (child_start(h->conf->exec, &in, &out, &d) == 0) {
		pump_init(&c->pump, c->conn, out, in, false);
		if (loop_watch(h->loop, in, tag, &d) == 0 &&
		    loop_watch(h->loop, out, tag, &d) == 0)
			return true;
	}
	log_failure(&h->conf->log, c->name, &d);
	return false;
}

static bool
join_stdio(struct client *c, struct hall *h, uint64_t tag)
{
	struct seal_diag d = { 0 };

	if (h->stdio_taken) /* another one was ready before it */
		return false;
	pump_init(&c->pump, c->conn, STDIN_FILENO, STDOUT_FILENO, false);
	if (loop_watch(h->loop, STDIN_FILENO, tag, &d) == 0 &&
	    loop_watch(h->loop, STDOUT_FILENO, tag, &d) == 0) {
		h->stdio_taken = true;
		return true;
	}
	log_failure(&h->conf->log, c->name, &d);
	return false;
}

static void
join(struct client *c, struct hall *h, uint64_t tag)
{
	bool joined = false;

	c->joined = true;
	switch (h->conf->service) {
	case SERVICE_ECHO:
		pump_init(&c->pump, c->conn, -1, -1, true);
		joined = true;
		break;
	case SERVICE_EXEC:
		joined = join_child(c, h, tag);
		break;
	case SERVICE_STDIO:
		joined = join_stdio(c, h, tag);
		break;
	}
	if (joined) {
		log_ready(&h->conf->log, c->name, c->conn);
		return;
	}
	pump_free(&c->pump);
	c->joined = false;
	c->closing = true;
}

/* ---- Step ---- */

static void
tell_verdict(struct client *c, const struct hall *h)
{
	const struct seal_verdict *v = seal_conn_verdict(c->conn);
	unsigned n = seal_conn_verdict_count(c->conn);

	if (v == NULL || n == c->verdicts)
		return;
	c->verdicts = n;
	log_verdict(&h->conf->log, c->name, v);
}

/* PROTOCOL 4: Evidence that finds no room is refused. An appraisal stays with
 * its connection until there is some. */
static void
hand_out_job(struct client *c, struct hall *h)
{
	struct seal_job *job;

	if (pool_has_room(h->pool)) {
		if ((job = seal_conn_job(c->conn)) == NULL)
			return;
		pool_submit(h->pool, job, c->id);
	} else if (seal_conn_job_refuse(c->conn) == 0) {
		return;
	}
	c->step = seal_conn_step(c->conn);
}

static bool
is_over(const struct client *c)
{
	if (c->step == SEAL_ERROR)
		return true;
	return c->step == SEAL_EOF &&
	       (c->pump.in_n == 0 || c->pump.to < 0 || c->pump.echo);
}

bool
client_step(struct client *c, struct hall *h, uint64_t tag)
{
	c->more = false;
	if (!c->joined)
		c->step = seal_conn_step(c->conn);
	if (!c->joined && !c->closing && c->step == SEAL_READY)
		join(c, h, tag);
	if (c->joined)
		c->step = pump_step(&c->pump, &c->more);
	tell_verdict(c, h);
	if (c->step == SEAL_WANT_JOB)
		hand_out_job(c, h);
	if (c->closing && pump_idle(&c->pump)) {
		seal_conn_close(c->conn);
		c->step = seal_conn_step(c->conn);
	}
	return !is_over(c);
}

void
client_job_done(struct client *c, struct seal_job **job)
{
	seal_conn_job_done(c->conn, job);
	c->more = true;
}

void
client_close(struct client *c)
{
	c->closing = true;
	c->more = true;
}

int
client_end(struct client *c, struct hall *h)
{
	int status = conn_exit(c->conn);

	tell_verdict(c, h);
	log_end(&h->conf->log, c->name, c->conn);
	if (c->joined && h->conf->service == SERVICE_STDIO)
		h->stdio_taken = false;
	pump_free(&c->pump);
	pool_cancel(h->pool, c->id);
	seal_endpoint_release(h->endpoint, &c->conn);
	*c = (struct client){ 0 };
	return status;
}
