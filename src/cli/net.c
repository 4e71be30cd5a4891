/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/net.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/diag.h"

#define BACKLOG 128

/* ---- Addresses ---- */

bool
net_split(const char *text, char host[NET_HOST], char port[NET_PORT])
{
	const char *colon = strrchr(text, ':');
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;
	const char *number = colon != NULL ? colon + 1 : text;

	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	} else if (memchr(text, ':', n) != NULL) {
		return false; /* an IPv6 address without its brackets */
	}
	if (n >= NET_HOST || number[0] == '\0' || strlen(number) >= NET_PORT)
		return false;
	snprintf(host, NET_HOST, "%.*s", (int)n, text);
	snprintf(port, NET_PORT, "%s", number);
	return true;
}

/* getaddrinfo() takes 70000 for 4464. */
static bool
port_in_range(const char *port)
{
	char *end;
	unsigned long n = strtoul(port, &end, 10);

	return *end != '\0' || n <= 65535;
}

static int
resolve(
    const char *address, bool udp, struct addrinfo **ret, struct seal_diag *d)
{
	struct addrinfo hints = {
		.ai_socktype = udp ? SOCK_DGRAM : SOCK_STREAM,
	};
	char host[NET_HOST], port[NET_PORT];
	int r;

	if (!net_split(address, host, port)) {
		seal_fail(d, SEAL_E_CONFIG,
		    "address: expected HOST:PORT, found '%s'", address);
		seal_remedy(d, "an IPv6 address stands in brackets: [::1]:443");
		return SEAL_E_CONFIG;
	}
	if (!port_in_range(port))
		return seal_fail(d, SEAL_E_CONFIG,
		    "address '%s': expected a port up to 65535", address);
	r = getaddrinfo(
	    host[0] != '\0' ? host : "127.0.0.1", port, &hints, ret);
	if (r == 0)
		return 0;
	return seal_fail(d, r == EAI_AGAIN ? SEAL_E_UNAVAILABLE : SEAL_E_CONFIG,
	    "address '%s': %s", address, gai_strerror(r));
}

void
net_name_of(const struct sockaddr *a, size_t n, char name[NET_NAME])
{
	char host[NET_HOST], port[NET_PORT];

	if (n == 0 || getnameinfo(a, (socklen_t)n, host, sizeof(host), port,
			  sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(name, NET_NAME, "?");
	else if (a->sa_family == AF_INET6)
		snprintf(name, NET_NAME, "[%s]:%s", host, port);
	else
		snprintf(name, NET_NAME, "%s:%s", host, port);
}

void
net_peer_name(int fd, char name[NET_NAME])
{
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof(a);

	snprintf(name, NET_NAME, "?");
	if (getpeername(fd, (struct sockaddr *)&a, &n) == 0)
		net_name_of((const struct sockaddr *)&a, n, name);
}

void
net_own_name(int fd, char name[NET_NAME])
{
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof(a);

	snprintf(name, NET_NAME, "?");
	if (getsockname(fd, (struct sockaddr *)&a, &n) == 0)
		net_name_of((const struct sockaddr *)&a, n, name);
}

/* ---- Listening ---- */

static int
socket_for(const struct addrinfo *a)
{
	return socket(a->ai_family,
	    a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
}

static int
try_listen(const struct addrinfo *a)
{
	int fd = socket_for(a), on = 1, saved;

	if (fd == -1)
		return -1;
	/* With UDP it would let others share the port. */
	if (a->ai_socktype == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 &&
	    (a->ai_socktype == SOCK_DGRAM || listen(fd, BACKLOG) == 0))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
net_listen(const char *address, bool udp, int *ret_fd, struct seal_diag *d)
{
	struct addrinfo *list = NULL;
	int fd = -1, r;

	if ((r = resolve(address, udp, &list, d)) != 0)
		return r;
	for (struct addrinfo *a = list; a != NULL && fd == -1; a = a->ai_next)
		fd = try_listen(a);
	freeaddrinfo(list);
	if (fd == -1) {
		seal_fail(d, SEAL_E_CONFIG, "listen on '%s': %s", address,
		    strerror(errno));
		seal_remedy(d, "choose another port; 0 takes any free one");
		return SEAL_E_CONFIG;
	}
	*ret_fd = fd;
	return 0;
}

/* ---- Connecting ---- */

/* What became of a connect() under way: 0 or an errno. */
static int
await(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t n = sizeof(int);
	int error = 0, r;

	do
		r = poll(&p, 1, timeout_ms);
	while (r == -1 && errno == EINTR);
	if (r == 0)
		return ETIMEDOUT;
	if (r == -1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		return errno;
	return error;
}

/* Leaves the reason in errno. */
static int
try_connect(const struct addrinfo *a, int timeout_ms)
{
	int fd = socket_for(a), error = 0;

	if (fd == -1)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) == -1)
		error = errno == EINPROGRESS ? await(fd, timeout_ms) : errno;
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

int
net_connect(const char *address, bool udp, int timeout_ms, int *ret_fd,
    struct seal_diag *d)
{
	struct addrinfo *list = NULL;
	int fd = -1, r;

	if ((r = resolve(address, udp, &list, d)) != 0)
		return r;
	for (struct addrinfo *a = list; a != NULL && fd == -1; a = a->ai_next)
		fd = try_connect(a, timeout_ms);
	freeaddrinfo(list);
	if (fd == -1) {
		r = errno == ETIMEDOUT ? SEAL_E_TIMEOUT : SEAL_E_UNAVAILABLE;
		seal_fail(
		    d, r, "connect to '%s': %s", address, strerror(errno));
		seal_remedy(d, "is the server listening there? then retry");
		return r;
	}
	*ret_fd = fd;
	return 0;
}
