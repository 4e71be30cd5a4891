/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_NET_H
#define CLI_NET_H

#include <stdbool.h>
#include <stddef.h>

#include <sealtls/error.h>

#define NET_HOST 256
#define NET_PORT 16
#define NET_NAME 300

/* "HOST:PORT", "[::1]:PORT", or "PORT" and ":PORT" (host: ""). */
bool net_split(const char *text, char host[NET_HOST], char port[NET_PORT]);
/* TCP sockets, or UDP ones, for an address as above; without a host it is this
 * machine's loopback. What listens does not block. */
int net_listen(const char *address, bool udp, int *ret_fd, struct seal_diag *d);
/* Gives up after timeout_ms for each of the host's addresses. */
int net_connect(const char *address, bool udp, int timeout_ms, int *ret_fd,
    struct seal_diag *d);
struct sockaddr;
/* The same as net_peer_name(), of an address of n bytes. */
void net_name_of(const struct sockaddr *a, size_t n, char name[NET_NAME]);
/* "127.0.0.1:4433": of the peer, or of this end; "?" where there is none. */
void net_peer_name(int fd, char name[NET_NAME]);
void net_own_name(int fd, char name[NET_NAME]);

#endif
