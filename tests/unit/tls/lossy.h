/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_TLS_LOSSY_H
#define UNIT_TLS_LOSSY_H

#include "sim.h"

/* What a network does to datagrams; chances are in percent. */
struct lossy_net {
	unsigned loss, burst; /* burst: datagrams lost in a row; 0: one */
	unsigned reorder;     /* come up to 50 ms late, behind others */
	unsigned duplicate;
	int64_t delay_ms; /* one way */
	uint32_t mtu;     /* of a UDP payload; 0: 1,200 */
};

struct lossy_packet;

/*
 * Two datagram sessions on either side of such a network, on a clock that
 * jumps from one event to the next. The same seed gives the same run.
 */
struct lossy {
	struct sim m;
	struct lossy_net net;
	uint64_t random;
	unsigned losing; /* so many more of the burst */
	struct lossy_packet *packets;
	unsigned long sent, lost, delivered, bytes;
};

void lossy_open(struct lossy *l, unsigned settings, const struct lossy_net *net,
    uint64_t seed);
void lossy_close(struct lossy *l);
/* Until neither side has anything to do any more, or for ms. */
void lossy_run(struct lossy *l, int64_t ms);
/* Until done() says so; false: it did not, within ms. */
bool lossy_until(
    struct lossy *l, bool (*done)(const struct lossy *l), int64_t ms);
uint32_t lossy_random(struct lossy *l, uint32_t below);

#endif
