/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/diag.h"

int
loop_new(int *ret_loop, struct seal_diag *d)
{
	int loop = epoll_create1(EPOLL_CLOEXEC);

	if (loop == -1)
		return seal_fail(
		    d, SEAL_E_UNAVAILABLE, "epoll: %s", strerror(errno));
	*ret_loop = loop;
	return 0;
}

int
loop_watch(int loop, int fd, uint64_t tag, struct seal_diag *d)
{
	struct epoll_event e = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.u64 = tag,
	};

	if (fd < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, fd, &e) == 0 ||
	    errno == EPERM) /* a regular file, always ready */
		return 0;
	/* Watched already: stdout that is stdin, or for another connection. */
	if (errno == EEXIST && epoll_ctl(loop, EPOLL_CTL_MOD, fd, &e) == 0)
		return 0;
	return seal_fail(d, SEAL_E_UNAVAILABLE, "epoll: %s", strerror(errno));
}

int64_t
loop_now_ms(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
loop_wait(int loop, int timeout_ms, uint64_t *tags)
{
	struct epoll_event events[LOOP_EVENTS];
	int n = epoll_wait(loop, events, LOOP_EVENTS, timeout_ms);

	if (n == -1)
		return errno == EINTR ? 0 : -1;
	for (int i = 0; i < n; i++)
		tags[i] = events[i].data.u64;
	return n;
}
