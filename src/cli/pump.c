/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pump.h"

#include "cli/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER 65536  /* bytes each way, while there are any */
#define QUIET_MS 1000 /* of silence, after which datagrams have ended */
#define ROUNDS 16     /* before others have their turn */

/* ---- Descriptors ---- */

static bool
shared(int fd)
{
	return fd <= STDERR_FILENO;
}

static short
poll_now(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) == 1 ? p.revents : 0;
}

/* What blocks is asked first. */
static bool
ready(int fd, short events)
{
	return !shared(fd) || poll_now(fd, events) != 0;
}

static void
nonblocking(int fd)
{
	int flags = fd >= 0 && !shared(fd) ? fcntl(fd, F_GETFL) : -1;

	if (flags != -1)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static void
end(int *fd)
{
	if (*fd >= 0 && !shared(*fd))
		close(*fd);
	*fd = -1;
}

void
pump_init(struct pump *p, struct seal_conn *conn, int from, int to, bool echo)
{
	*p =
	    (struct pump){ .conn = conn, .from = from, .to = to, .echo = echo };
	nonblocking(from);
	nonblocking(to);
}

void
pump_free(struct pump *p)
{
	end(&p->from);
	end(&p->to);
	free(p->out);
	free(p->in);
	*p = (struct pump){ .from = -1, .to = -1 };
}

/* ---- Buffers, which live only while they hold something ---- */

static bool
hold(char **b)
{
	return *b != NULL || (*b = malloc(BUFFER)) != NULL;
}

static void
drop_if_empty(char **b, size_t *at, size_t *n)
{
	if (*at < *n)
		return;
	free(*b);
	*b = NULL;
	*at = *n = 0;
}

bool
pump_idle(const struct pump *p)
{
	return p->out_n == 0 && p->in_n == 0;
}

/* ---- Each of these moves some bytes, and says whether it did ---- */

static bool
read_local(struct pump *p)
{
	ssize_t n;

	if (p->from < 0 || p->out_n > 0 || !ready(p->from, POLLIN) ||
	    !hold(&p->out))
		return false;
	n = read(p->from, p->out, BUFFER);
	if (n > 0)
		p->out_n = (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		end(&p->from);
	drop_if_empty(&p->out, &p->out_at, &p->out_n);
	return n > 0;
}

/* Over UDP no more than a datagram takes. */
static size_t
portion(const struct pump *p)
{
	size_t n = p->out_n - p->out_at, max = seal_write_max(p->conn);

	return max > 0 && n > max ? max : n;
}

static bool
send_out(struct pump *p)
{
	size_t n = 0;

	if (p->out_n == 0)
		return false;
	seal_write(p->conn, p->out + p->out_at, portion(p), &n);
	p->out_at += n;
	drop_if_empty(&p->out, &p->out_at, &p->out_n);
	return n > 0;
}

static bool
receive(struct pump *p)
{
	enum seal_step step;
	size_t n = 0;

	if (p->in_n > 0 || !hold(&p->in))
		return false;
	step = seal_read(p->conn, p->in, BUFFER, &n);
	p->in_n = n;
	p->peer_ended = p->peer_ended || step == SEAL_EOF;
	if (n > 0 && p->quiet_at != 0)
		p->quiet_at = loop_now_ms() + QUIET_MS;
	drop_if_empty(&p->in, &p->in_at, &p->in_n);
	return n > 0;
}

static bool
write_local(struct pump *p)
{
	size_t n = p->in_n - p->in_at;
	ssize_t put = -1;

	if (p->in_n == 0 || p->echo)
		return false;
	if (p->to >= 0) {
		if (!ready(p->to, POLLOUT))
			return false;
		/* What poll() promises of a pipe, and no more. */
		if (shared(p->to) && n > PIPE_BUF)
			n = PIPE_BUF;
		put = write(p->to, p->in + p->in_at, n);
		if (put == -1 && (errno == EAGAIN || errno == EINTR))
			return false;
	}
	if (put == -1) { /* nobody reads it any more */
		end(&p->to);
		put = (ssize_t)n;
	}
	p->in_at += (size_t)put;
	drop_if_empty(&p->in, &p->in_at, &p->in_n);
	return true;
}

/* Echo: one buffer changes hands. */
static bool
turn_around(struct pump *p)
{
	if (!p->echo || p->in_n == 0 || p->out_n > 0)
		return false;
	p->out = p->in;
	p->out_at = p->in_at;
	p->out_n = p->in_n;
	p->in = NULL;
	p->in_at = p->in_n = 0;
	return true;
}

/* ---- Ends ---- */

/* Datagrams have no end, and nobody would know that no more will come: what
 * comes within a while is waited for, and then the connection ends. */
static void
end_data(struct pump *p)
{
	p->sent_end = true;
	if (seal_write_max(p->conn) > 0)
		p->quiet_at = loop_now_ms() + QUIET_MS;
	else
		p->sent_end = seal_conn_shutdown_write(p->conn) == 0;
}

int
pump_timeout(const struct pump *p)
{
	int timeout = seal_conn_timeout(p->conn);
	int64_t left;

	if (p->quiet_at == 0)
		return timeout;
	left = p->quiet_at - loop_now_ms();
	if (left < 0)
		left = 0;
	return timeout >= 0 && timeout < left ? timeout : (int)left;
}

static void
pass_ends(struct pump *p)
{
	bool ended = p->echo ? p->peer_ended && p->in_n == 0 : p->from < 0;

	/* The program sees the end of its input. */
	if (p->peer_ended && p->in_n == 0)
		end(&p->to);
	/* Half a pair is left: does anybody still read what arrives? */
	if (!p->echo && p->from < 0 && p->to >= 0 &&
	    (poll_now(p->to, 0) & POLLERR) != 0)
		end(&p->to);
	if (ended && !p->sent_end && p->out_n == 0)
		end_data(p);
	if (p->quiet_at != 0 && loop_now_ms() >= p->quiet_at) {
		p->quiet_at = 0;
		seal_conn_close(p->conn);
	}
	/* Neither end of it is left: the connection serves no one. */
	if (!p->echo && p->from < 0 && p->to < 0 && p->sent_end &&
	    !p->peer_ended)
		seal_conn_close(p->conn);
}

enum seal_step
pump_step(struct pump *p, bool *ret_more)
{
	bool moved = true;
	int round;

	for (round = 0; moved && round < ROUNDS; round++) {
		moved = receive(p);
		moved = turn_around(p) || moved;
		moved = write_local(p) || moved;
		moved = send_out(p) || moved;
		moved = read_local(p) || moved;
	}
	*ret_more = moved;
	if (!moved)
		pass_ends(p);
	return seal_conn_step(p->conn);
}
