/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/ranges.h"

#include <string.h>

bool
ranges_add(struct ranges *r, uint32_t from, uint32_t to)
{
	size_t first = 0, end;

	while (first < r->n && r->v[first].to < from)
		first++;
	/* Those that it touches, [first, end), become one with it. */
	for (end = first; end < r->n && r->v[end].from <= to; end++) {
		if (r->v[end].from < from)
			from = r->v[end].from;
		if (r->v[end].to > to)
			to = r->v[end].to;
	}
	if (first == end && r->n == RANGES_MAX)
		return false;
	memmove(&r->v[first + 1], &r->v[end], (r->n - end) * sizeof(r->v[0]));
	r->n = r->n - (end - first) + 1;
	r->v[first] = (struct range){ from, to };
	return true;
}
