/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <poll.h>

#include "lib/conn.h"

#define CLOSE_WAIT_MS 2000

/*
 * The same connection for programs that may wait: jobs run on the calling
 * thread, and poll() waits for the transport until the next deadline.
 */
static void
run_job(struct seal_conn *c)
{
	struct seal_job *j = seal_conn_job(c);

	if (j == NULL)
		return;
	seal_job_run(j);
	seal_conn_job_done(c, &j);
}

static bool
takes_input(const struct seal_conn *c)
{
	return c->phase == CONN_SESSION && session_wants_input(c->session);
}

/* Of two time-outs for poll(), of which -1 is none. */
static int
sooner(int a_ms, int b_ms)
{
	return b_ms < 0 || (a_ms >= 0 && a_ms < b_ms) ? a_ms : b_ms;
}

/* Does what step asks for, for most_ms at most. An interrupted wait is no
 * failure: the caller steps again. */
static void
wait_for(struct seal_conn *c, int fd, enum seal_step step, int most_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (step == SEAL_WANT_JOB) {
		run_job(c);
		return;
	}
	/* A side keeps reading while it writes (PROTOCOL 6.2), or two that
	 * write would wait for each other. */
	if (step == SEAL_WANT_WRITE)
		p.events = takes_input(c) ? POLLIN | POLLOUT : POLLOUT;
	poll(&p, 1, sooner(seal_conn_timeout(c), most_ms));
}

static bool
is_want(enum seal_step step)
{
	return step == SEAL_WANT_READ || step == SEAL_WANT_WRITE ||
	       step == SEAL_WANT_JOB;
}

/* A read that blocks would wait for a peer that waits for us. */
static void
nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags != -1)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int
seal_conn_establish(struct seal_conn *c, int fd)
{
	enum seal_step step;

	nonblocking(fd);
	while (is_want(step = seal_conn_step(c)))
		wait_for(c, fd, step, -1);
	if (step == SEAL_READY)
		return 0;
	return seal_conn_diag(c)->code != 0 ? seal_conn_diag(c)->code
					    : SEAL_E_CLOSED;
}

long
seal_read_wait(struct seal_conn *c, int fd, void *buf, size_t cap)
{
	enum seal_step step;
	size_t n = 0;

	while (is_want(step = seal_read(c, buf, cap, &n)))
		wait_for(c, fd, step, -1);
	if (step == SEAL_READY)
		return (long)n;
	return step == SEAL_EOF ? 0 : -1;
}

long
seal_write_wait(struct seal_conn *c, int fd, const void *buf, size_t n)
{
	const uint8_t *p = buf;
	size_t done = 0;

	while (done < n) {
		size_t put = 0;
		enum seal_step step = seal_write(c, p + done, n - done, &put);

		done += put;
		if (is_want(step))
			wait_for(c, fd, step, -1);
		else if (step != SEAL_READY)
			return -1;
	}
	return (long)n;
}

void
seal_conn_close_wait(struct seal_conn *c, int fd)
{
	int64_t end_ms = ctx_boot_ms(c->ctx) + CLOSE_WAIT_MS, left;
	enum seal_step step;

	seal_conn_close(c);
	while (is_want(step = seal_conn_step(c)) &&
	       (left = end_ms - ctx_boot_ms(c->ctx)) > 0)
		wait_for(c, fd, step, (int)left);
}
