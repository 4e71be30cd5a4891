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
static struct path ends[2];

void
path_net(const struct impair_net *n, uint64_t s)
{
	net = *n;
	seed = s;
}

struct path *
path_of(enum seal_role role, struct world *w)
{
	for (unsigned i = 0; role == SEAL_CLIENT && i < 2; i++) {
		ends[i] = (struct path){ .w = w, .other = &ends[!i] };
		impair_init(&ends[i].out, &net, seed * 2 + i);
	}
	return &ends[role == SEAL_SERVER];
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
	bool bad = p->established && p->other->established;
	unsigned copies =
	    bad ? impair_send(&p->out, n, p->w->boot_ms, at_ms) : 1;

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
