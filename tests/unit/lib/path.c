/* SPDX-License-Identifier: Apache-2.0 */
#include "path.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

#define STEP_MS 50 /* of a read that finds nothing */

struct packet {
	struct packet *next;
	int64_t at_ms;
	size_t n;
	uint8_t bytes[];
};

static struct impair_net net;
static uint64_t seed;

void
path_net(const struct impair_net *n, uint64_t s)
{
	net = *n;
	seed = s;
}

void
path_open(struct path ends[2], struct world *w)
{
	for (unsigned i = 0; i < 2; i++) {
		ends[i] = (struct path){ .w = w, .other = &ends[!i] };
		impair_init(&ends[i].out, &net, seed * 2 + i);
	}
}

bool
path_receive(struct path *p, void *buf, size_t cap, size_t *ret_n)
{
	struct packet *k = p->inbox;

	if (k == NULL || k->at_ms > p->w->boot_ms) {
		p->w->boot_ms += STEP_MS;
		return false;
	}
	*ret_n = k->n < cap ? k->n : cap;
	memcpy(buf, k->bytes, *ret_n);
	p->inbox = k->next;
	free(k);
	return true;
}

static void
arrive(struct path *to, const void *buf, size_t n, int64_t at_ms)
{
	struct packet **at = &to->inbox, *k = malloc(sizeof(*k) + n);

	assert_non_null(k);
	k->at_ms = at_ms;
	k->n = n;
	memcpy(k->bytes, buf, n);
	while (*at != NULL && (*at)->at_ms <= at_ms)
		at = &(*at)->next;
	k->next = *at;
	*at = k;
}

void
path_send(struct path *p, const void *buf, size_t n)
{
	int64_t at_ms[2] = { p->w->boot_ms };
	unsigned copies =
	    p->whole ? 1 : impair_send(&p->out, n, p->w->boot_ms, at_ms);

	for (unsigned i = 0; i < copies; i++)
		arrive(p->other, buf, n, at_ms[i]);
}

void
path_close(struct path *p)
{
	while (p->inbox != NULL) {
		struct packet *k = p->inbox;

		p->inbox = k->next;
		free(k);
	}
}
