/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/qgs_stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "evidence/driver.h"
#include "format/qgs.h"

/* ---- Connecting ---- */

/* False at the deadline; errno is then ETIMEDOUT. */
static bool
wait_for(int fd, short events, uint64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	uint64_t now;
	int r;

	do {
		now = evidence_now_ms();
		r = now < deadline_ms ? poll(&p, 1, (int)(deadline_ms - now))
				      : 0;
	} while (r == -1 && errno == EINTR);
	if (r == 0)
		errno = ETIMEDOUT;
	return r > 0;
}

static bool
connected(int fd, uint32_t port, uint64_t deadline_ms)
{
	const struct sockaddr_vm a = { .svm_family = AF_VSOCK,
		.svm_port = port,
		.svm_cid = VMADDR_CID_HOST };
	socklen_t n = sizeof(int);
	int err = 0;

	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return true;
	if ((errno != EINPROGRESS && errno != EINTR) ||
	    !wait_for(fd, POLLOUT, deadline_ms) ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &n) != 0)
		return false;
	errno = err;
	return err == 0;
}

int
qgs_connect(uint32_t port, uint64_t deadline_ms)
{
	int fd, err;

	fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || connected(fd, port, deadline_ms))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* ---- Exchanging ---- */

static int
broken(const char *what, const char *found, struct seal_diag *d)
{
	seal_fail(d, SEAL_E_UNAVAILABLE, "QGS: %s: %s", what, found);
	seal_remedy(
	    d, "see that the host's quoting service (qgsd) runs and answers");
	return SEAL_E_UNAVAILABLE;
}

static bool
again(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static int
send_all(int fd, struct span s, uint64_t deadline_ms, struct seal_diag *d)
{
	while (s.n > 0) {
		ssize_t n = wait_for(fd, POLLOUT, deadline_ms)
				? send(fd, s.p, s.n, MSG_NOSIGNAL)
				: -1;

		if (n == -1 && again())
			continue;
		if (n <= 0)
			return broken("sending", strerror(errno), d);
		s = span_of(s.p + n, s.n - (size_t)n);
	}
	return 0;
}

static int
receive_all(
    int fd, uint8_t *to, size_t want, uint64_t deadline_ms, struct seal_diag *d)
{
	while (want > 0) {
		ssize_t n = wait_for(fd, POLLIN, deadline_ms)
				? recv(fd, to, want, 0)
				: -1;

		if (n == -1 && again())
			continue;
		if (n == -1)
			return broken("receiving", strerror(errno), d);
		if (n == 0)
			return broken("receiving", "the stream ended", d);
		to += n;
		want -= (size_t)n;
	}
	return 0;
}

int
qgs_exchange(int fd, struct span request, uint64_t deadline_ms, struct wr *out,
    struct seal_diag *d)
{
	uint8_t prefix[QGS_PREFIX], *room;
	size_t n;
	int r;

	if ((r = send_all(fd, request, deadline_ms, d)) != 0 ||
	    (r = receive_all(fd, prefix, sizeof(prefix), deadline_ms, d)) != 0)
		return r;
	if ((n = qgs_message_size(span_of(prefix, sizeof(prefix)))) == 0)
		return seal_fail(d, SEAL_E_DECODE,
		    "QGS: expected an answer of at most %u bytes, found "
		    "another length",
		    QGS_MESSAGE_MAX);
	if ((room = wr_room(out, n)) == NULL)
		return seal_fail(d, out->error, "QGS: answer");
	return receive_all(fd, room, n, deadline_ms, d);
}
