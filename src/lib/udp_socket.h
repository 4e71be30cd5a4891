/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_UDP_SOCKET_H
#define LIB_UDP_SOCKET_H

#include <sys/types.h>

#include "lib/udp_peers.h"

/*
 * A UDP socket that many peers share. Where it is bound to a wildcard address,
 * an answer leaves from the address that was asked (RFC 8085 s5.1.5): a peer
 * hears no other one.
 */
void udp_socket_prepare(int fd);
/* As recv(2) on what does not block; *ret_from is whole where it returns more
 * than 0. 0: a datagram that is empty, cut, or of no address. */
ssize_t udp_socket_receive(
    int fd, void *buf, size_t cap, struct udp_address *ret_from);
ssize_t udp_socket_send(
    int fd, const struct udp_address *to, const void *buf, size_t n);

#endif
