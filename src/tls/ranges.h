/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_RANGES_H
#define TLS_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sender has at most 16 fragments under way (PROTOCOL 8), so what came of
 * its message lies in at most 17 pieces; a peer that makes more of them is
 * heard again once the gaps are filled. */
#define RANGES_MAX 32u

struct range {
	uint32_t from, to; /* to is the first that does not belong to it */
};

/* What is here of a row of bytes: ascending, with a gap between each two. */
struct ranges {
	struct range v[RANGES_MAX];
	size_t n;
};

/* from < to. False, and nothing is added, where it would take one too many. */
bool ranges_add(struct ranges *r, uint32_t from, uint32_t to);

#endif
