/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/udp_socket.h"

#include <netinet/in.h>
#include <string.h>

#define SOCKET_BUFFER 1048576 /* bytes; for many peers that begin at once */

/* Of control messages; a union, for their alignment. */
union control {
	struct cmsghdr header;
	uint8_t v4[CMSG_SPACE(sizeof(struct in_pktinfo))];
	uint8_t v6[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

void
udp_socket_prepare(int fd)
{
	int size = SOCKET_BUFFER, on = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* A socket of IPv6 tells it of IPv4 by this one too. */
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) !=
	    0)
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
}

/* ---- Where a datagram came to ---- */

static void
take_v4(struct udp_address *a, const struct cmsghdr *c)
{
	struct in_pktinfo info;

	if (c->cmsg_len < CMSG_LEN(sizeof(info)))
		return;
	memcpy(&info, CMSG_DATA(c), sizeof(info));
	a->local.family = AF_INET;
	a->local.v4 = info.ipi_spec_dst;
}

static void
take_v6(struct udp_address *a, const struct cmsghdr *c)
{
	struct in6_pktinfo info;

	if (c->cmsg_len < CMSG_LEN(sizeof(info)))
		return;
	memcpy(&info, CMSG_DATA(c), sizeof(info));
	a->local.family = AF_INET6;
	a->local.v6 = info.ipi6_addr;
	/* Elsewhere the way back is the routing table's to choose. */
	if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
		a->local.interface = info.ipi6_ifindex;
}

static void
take_local(struct udp_address *a, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			take_v4(a, c);
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO)
			take_v6(a, c);
	}
}

ssize_t
udp_socket_receive(int fd, void *buf, size_t cap, struct udp_address *ret_from)
{
	struct sockaddr_storage from = { 0 };
	struct iovec part = { .iov_base = buf, .iov_len = cap };
	union control control;
	struct msghdr m = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);

	if (n <= 0)
		return n;
	if ((m.msg_flags & MSG_TRUNC) != 0 ||
	    !udp_address_set(ret_from, &from, m.msg_namelen))
		return 0;
	take_local(ret_from, &m);
	return n;
}

/* ---- Where its answer leaves ---- */

static void
put_control(struct msghdr *m, int level, int type, const void *info, size_t n)
{
	struct cmsghdr *c = m->msg_control;

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), info, n);
	m->msg_controllen = CMSG_SPACE(n);
}

static void
put_local(struct msghdr *m, const struct udp_address *a)
{
	struct in_pktinfo v4 = { .ipi_spec_dst = a->local.v4 };
	struct in6_pktinfo v6 = {
		.ipi6_addr = a->local.v6,
		.ipi6_ifindex = a->local.interface,
	};

	if (a->local.family == AF_INET)
		put_control(m, IPPROTO_IP, IP_PKTINFO, &v4, sizeof(v4));
	else if (a->local.family == AF_INET6)
		put_control(m, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof(v6));
}

ssize_t
udp_socket_send(int fd, const struct udp_address *to, const void *buf, size_t n)
{
	struct sockaddr_storage name = to->to;
	struct iovec part = { .iov_base = (void *)(uintptr_t)buf,
		.iov_len = n };
	union control control = { 0 };
	struct msghdr m = {
		.msg_name = &name,
		.msg_namelen = to->to_n,
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
	};

	put_local(&m, to);
	if (m.msg_controllen == 0)
		m.msg_control = NULL;
	return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}
