/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/udp_peers.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <sealtls/error.h>

#include "base/wr.h"

/* ---- Addresses ---- */

bool
udp_address_set(
    struct udp_address *a, const struct sockaddr_storage *from, socklen_t n)
{
	const struct sockaddr_in *v4 = (const void *)from;
	const struct sockaddr_in6 *v6 = (const void *)from;
	struct wr w;

	*a = (struct udp_address){ .to = *from, .to_n = n };
	wr_init(&w, a->bytes, sizeof(a->bytes));
	wr_u8(&w, (uint8_t)from->ss_family);
	if (from->ss_family == AF_INET && n >= sizeof(*v4)) {
		wr_bytes(&w, span_of(&v4->sin_addr, sizeof(v4->sin_addr)));
		wr_u16(&w, ntohs(v4->sin_port));
	} else if (from->ss_family == AF_INET6 && n >= sizeof(*v6)) {
		wr_bytes(&w, span_of(&v6->sin6_addr, sizeof(v6->sin6_addr)));
		wr_u16(&w, ntohs(v6->sin6_port));
		wr_u32(&w, v6->sin6_scope_id);
	} else {
		return false;
	}
	a->n = wr_view(&w).n;
	return w.error == 0;
}

struct span
udp_address_span(const struct udp_address *a)
{
	return span_of(a->bytes, a->n);
}

/* ---- What waits for a peer ---- */

struct udp_packet {
	struct udp_packet *next;
	size_t n;
	uint8_t bytes[];
};

void
udp_peer_push(struct udp_peer *p, struct span datagram)
{
	struct udp_packet *k;

	if (p->queued >= UDP_QUEUE ||
	    p->queued_bytes + datagram.n > UDP_QUEUE_BYTES ||
	    (k = malloc(sizeof(*k) + datagram.n)) == NULL)
		return;
	k->next = NULL;
	k->n = datagram.n;
	if (datagram.n > 0)
		memcpy(k->bytes, datagram.p, datagram.n);
	if (p->last != NULL)
		p->last->next = k;
	else
		p->first = k;
	p->last = k;
	p->queued++;
	p->queued_bytes += k->n;
}

long
udp_peer_pop(struct udp_peer *p, void *buf, size_t cap)
{
	struct udp_packet *k = p->first;
	size_t n;

	if (k == NULL)
		return -1;
	p->first = k->next;
	if (p->first == NULL)
		p->last = NULL;
	p->queued--;
	p->queued_bytes -= k->n;
	n = k->n < cap ? k->n : cap;
	if (n > 0)
		memcpy(buf, k->bytes, n);
	free(k);
	return (long)n;
}

void
udp_peer_wipe(struct udp_peer *p)
{
	while (udp_peer_pop(p, NULL, 0) >= 0)
		continue;
}

/* ---- The table ---- */

/* FNV-1a from a seed, stirred at the end, since buckets are its low bits. */
static struct udp_peer **
bucket(const struct udp_peers *t, const struct udp_address *a)
{
	uint64_t h = 0xcbf29ce484222325u ^ t->seed;

	for (size_t i = 0; i < a->n; i++)
		h = (h ^ a->bytes[i]) * 0x100000001b3u;
	h ^= h >> 32;
	h *= t->seed | 1;
	h ^= h >> 29;
	return &t->buckets[h & (t->n_buckets - 1)];
}

int
udp_peers_init(struct udp_peers *t, size_t max, uint64_t seed)
{
	size_t n = 1;

	while (n < max && n <= SIZE_MAX / 4)
		n *= 2;
	*t = (struct udp_peers){ .n_buckets = n, .max = max, .seed = seed };
	t->buckets = calloc(n, sizeof(struct udp_peer *));
	return t->buckets != NULL ? 0 : SEAL_E_MEMORY;
}

void
udp_peers_free(struct udp_peers *t)
{
	free(t->buckets);
	*t = (struct udp_peers){ 0 };
}

struct udp_peer *
udp_peers_find(const struct udp_peers *t, const struct udp_address *a)
{
	struct udp_peer *p = *bucket(t, a);

	while (p != NULL &&
	       !span_equal(udp_address_span(&p->address), udp_address_span(a)))
		p = p->next;
	return p;
}

bool
udp_peers_add(struct udp_peers *t, struct udp_peer *p)
{
	struct udp_peer **b = bucket(t, &p->address);

	if (t->n >= t->max || udp_peers_find(t, &p->address) != NULL)
		return false;
	p->next = *b;
	*b = p;
	p->tabled = true;
	t->n++;
	return true;
}

void
udp_peers_remove(struct udp_peers *t, struct udp_peer *p)
{
	struct udp_peer **at;

	if (!p->tabled)
		return;
	for (at = bucket(t, &p->address); *at != p; at = &(*at)->next)
		continue;
	*at = p->next;
	p->tabled = false;
	t->n--;
}
