/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_UDP_PEERS_H
#define LIB_UDP_PEERS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/span.h"

/*
 * The peers of one UDP port by their addresses, and the datagrams that wait
 * for each. Only peers that have proved their address are put into the table.
 */
#define UDP_QUEUE 64u           /* datagrams that wait for one peer */
#define UDP_QUEUE_BYTES 131072u /* and their bytes; what is more is lost */
#define UDP_ADDRESS 24u         /* bytes of an address as compared */

/* The address of this machine that a peer speaks to; no part of who it is. */
struct udp_local {
	int family; /* 0: not known */
	struct in_addr v4;
	struct in6_addr v6;
	unsigned interface; /* of a link's own address; 0: any */
};

struct udp_address {
	struct sockaddr_storage to;
	socklen_t to_n;
	uint8_t bytes[UDP_ADDRESS]; /* family, address, port, scope */
	size_t n;
	struct udp_local local;
};

/* Its local is not known. False for what is neither IPv4 nor IPv6. */
bool udp_address_set(
    struct udp_address *a, const struct sockaddr_storage *from, socklen_t n);
struct span udp_address_span(const struct udp_address *a);

struct udp_packet;

struct udp_peer {
	struct udp_address address;
	struct udp_packet *first, *last;
	size_t queued, queued_bytes;
	struct udp_peer *next; /* in its bucket */
	bool tabled;
};

/* A copy, or it is lost. */
void udp_peer_push(struct udp_peer *p, struct span datagram);
/* The next one, cut to cap; -1: there is none. */
long udp_peer_pop(struct udp_peer *p, void *buf, size_t cap);
void udp_peer_wipe(struct udp_peer *p); /* what waits for it */

struct udp_peers {
	struct udp_peer **buckets;
	size_t n_buckets, n, max;
	uint64_t seed; /* so that nobody chooses who shares a bucket */
};

int udp_peers_init(struct udp_peers *t, size_t max, uint64_t seed);
void udp_peers_free(struct udp_peers *t); /* it is empty */
struct udp_peer *udp_peers_find(
    const struct udp_peers *t, const struct udp_address *a);
/* False where it is full, or somebody is at that address already. */
bool udp_peers_add(struct udp_peers *t, struct udp_peer *p);
void udp_peers_remove(struct udp_peers *t, struct udp_peer *p);

#endif
