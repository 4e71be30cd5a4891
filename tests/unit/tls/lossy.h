/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_TLS_LOSSY_H
#define UNIT_TLS_LOSSY_H

#include "fake/impair.h"
#include "sim.h"

struct lossy_packet;

/*
 * Two datagram sessions on either side of such a network, on a clock that
 * jumps from one event to the next. The same seed gives the same run.
 */
struct lossy {
	struct sim m;
	struct impair net; /* both ways; its mtu is the sessions' too */
	struct lossy_packet *packets;
	unsigned long sent, bytes;
	/* Sees what leaves; NULL: nobody does. */
	void (*tap)(
	    struct lossy *l, const struct sim_side *from, struct span s);
	void *tap_arg;
};

void lossy_open(struct lossy *l, unsigned settings,
    const struct impair_net *net, uint64_t seed);
void lossy_close(struct lossy *l);
/* Until neither side has anything to do any more, or for ms. */
void lossy_run(struct lossy *l, int64_t ms);
/* Until done() says so; false: it did not, within ms. */
bool lossy_until(
    struct lossy *l, bool (*done)(const struct lossy *l), int64_t ms);

#endif
