/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_LIB_PATH_H
#define UNIT_LIB_PATH_H

#include "fake/impair.h"
#include "pair.h"

struct packet;

/* One end of a path of datagrams, on a bad network and the world's clock. */
struct path {
	struct world *w;
	struct path *other;
	struct packet *inbox; /* by time */
	struct impair out;
	/* Until it is true of both ends the network does no harm: a stack's own
	 * timers are no clock of the world's. */
	bool established;
};

/* What the network of the paths to come does. */
void path_net(const struct impair_net *net, uint64_t seed);
/* Of the pair to come, whose client is opened first: that makes the path. */
struct path *path_of(enum seal_role role, struct world *w);
/* The next one, cut to cap; false: none yet, and the clock has gone on. */
bool path_receive(struct path *p, void *buf, size_t cap, size_t *ret_n);
void path_send(struct path *p, const void *buf, size_t n);
void path_close(struct path *p); /* what waits there */

#endif
