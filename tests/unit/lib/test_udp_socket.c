/* SPDX-License-Identifier: Apache-2.0 */
/* A shared UDP socket: who asked, and from where the answer leaves. */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/udp_socket.h"

#define WAIT_MS 10000 /* of a datagram that would never come */

static socklen_t
address(struct sockaddr_storage *ret, const char *text, uint16_t port)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = port;
		return sizeof(*v4);
	}
	assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = port;
	return sizeof(*v6);
}

/* -1: this machine has no such address. */
static int
open_at(const char *text, uint16_t *ret_port)
{
	struct sockaddr_storage a;
	socklen_t n = address(&a, text, 0);
	int fd = socket(a.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&a, n) != 0) {
		close(fd);
		return -1;
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*ret_port = a.ss_family == AF_INET
			? ((struct sockaddr_in *)&a)->sin_port
			: ((struct sockaddr_in6 *)&a)->sin6_port;
	udp_socket_prepare(fd);
	return fd;
}

static int
asks(const char *text, uint16_t port)
{
	struct sockaddr_storage a;
	socklen_t n = address(&a, text, port);
	int fd = socket(a.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, n), 0);
	return fd;
}

static ssize_t
await(int fd, void *buf, size_t cap, struct udp_address *ret_from)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	poll(&p, 1, WAIT_MS);
	return udp_socket_receive(fd, buf, cap, ret_from);
}

/* A connected socket hears nobody but whom it asked. */
static void
answers(void **state)
{
	static const struct {
		const char *bound, *asked;
	} rows[] = {
		{ "127.0.0.1", "127.0.0.1" },
		{ "0.0.0.0", "127.0.0.1" },
		{ "0.0.0.0", "127.0.0.2" },
		{ "::1", "::1" },
		{ "::", "::1" },
		{ "::", "127.0.0.1" },
		{ "::", "127.0.0.2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct udp_address from, server;
		char buf[16] = "";
		uint16_t port = 0;
		int fd = open_at(rows[i].bound, &port), peer;

		if (fd == -1) {
			print_message("there is no %s here\n", rows[i].bound);
			continue;
		}
		peer = asks(rows[i].asked, port);
		assert_int_equal(send(peer, "ask", 3, 0), 3);
		assert_int_equal(await(fd, buf, sizeof(buf), &from), 3);
		assert_int_equal(udp_socket_send(fd, &from, "answer", 6), 6);
		if (await(peer, buf, sizeof(buf), &server) != 6)
			fail_msg("%s, asked as %s: no answer", rows[i].bound,
			    rows[i].asked);
		assert_memory_equal(buf, "answer", 6);
		close(peer);
		close(fd);
	}
}

static void
nothing_of_it(void **state)
{
	struct udp_address from = { 0 };
	char buf[4];
	uint16_t port = 0;
	int fd = open_at("127.0.0.1", &port), peer = asks("127.0.0.1", port);

	(void)state;
	errno = 0;
	assert_int_equal(udp_socket_receive(fd, buf, sizeof(buf), &from), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(send(peer, "", 0, 0), 0);
	assert_int_equal(await(fd, buf, sizeof(buf), &from), 0);
	assert_int_equal(send(peer, "12345", 5, 0), 5);
	assert_int_equal(await(fd, buf, sizeof(buf), &from), 0);
	assert_int_equal(send(peer, "1234", 4, 0), 4);
	assert_int_equal(await(fd, buf, sizeof(buf), &from), 4);
	close(peer);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(nothing_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
