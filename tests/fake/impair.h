/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_IMPAIR_H
#define FAKE_IMPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a network does to datagrams; chances are in percent. */
struct impair_net {
	unsigned loss, burst; /* burst: datagrams lost in a row; 0: one */
	unsigned reorder;     /* come up to IMPAIR_LATE_MS late */
	unsigned duplicate;
	int64_t delay_ms; /* one way */
	uint32_t mtu;     /* larger ones are lost; 0: none is too large */
	uint32_t rate;    /* kilobits a second; 0: no limit */
};

#define IMPAIR_LATE_MS 50
#define IMPAIR_QUEUE_MS 500 /* what would wait longer for the rate is lost */

/* One direction of it, whose whims follow from a seed. */
struct impair {
	struct impair_net net;
	uint64_t random;
	unsigned losing; /* so many more of the burst */
	int64_t free_us; /* when the line is free again */
	unsigned long lost, too_large;
};

void impair_init(struct impair *i, const struct impair_net *net, uint64_t seed);
uint32_t impair_random(struct impair *i, uint32_t below);
/* What becomes of a datagram of n bytes: how many of it arrive, and when. */
unsigned impair_send(
    struct impair *i, size_t n, int64_t now_ms, int64_t ret_at_ms[2]);

#endif
