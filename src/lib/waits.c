/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/waits.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct place {
	struct waits_source from;
	unsigned holders; /* 0: free */
	int64_t begun_ms;
};

struct waits {
	pthread_mutex_t lock;
	uint32_t per_source;
	size_t n;
	struct place places[];
};

/* ---- Sources ---- */

/* Behind what is no IPv6 network of a host's. */
static struct waits_source
source_v4(const void *bytes)
{
	struct waits_source s = { true, { 0xff, 0xff, 0xff, 0xff } };

	memcpy(s.bytes + 4, bytes, 4);
	return s;
}

/* One host may have a whole network of 64 bits for itself. */
static struct waits_source
source_v6(const void *bytes)
{
	struct waits_source s = { .known = true };

	memcpy(s.bytes, bytes, WAITS_SOURCE);
	return s;
}

struct waits_source
waits_source_of(const void *address, size_t n)
{
	struct sockaddr_storage a = { 0 };
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)&a;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&a;

	memcpy(&a, address, n < sizeof(a) ? n : sizeof(a));
	if (a.ss_family == AF_INET && n >= sizeof(*in4))
		return source_v4(&in4->sin_addr);
	if (a.ss_family != AF_INET6 || n < sizeof(*in6))
		return (struct waits_source){ .known = false };
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return source_v4(in6->sin6_addr.s6_addr + 12);
	return source_v6(&in6->sin6_addr);
}

/* ---- The places ---- */

struct waits *
waits_new(uint32_t per_source, uint32_t total)
{
	struct waits *w = calloc(1, sizeof(*w) + total * sizeof(w->places[0]));

	if (w == NULL)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	w->per_source = per_source;
	w->n = total;
	for (size_t i = 0; i < w->n; i++)
		w->places[i].begun_ms = -WAITS_WINDOW_MS;
	return w;
}

void
waits_free(struct waits **wp)
{
	struct waits *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static bool
counts(const struct place *p, const struct waits_source *from, int64_t now_ms)
{
	return from->known && p->from.known &&
	       memcmp(p->from.bytes, from->bytes, WAITS_SOURCE) == 0 &&
	       (p->holders > 0 || now_ms - p->begun_ms < WAITS_WINDOW_MS);
}

/* The free place whose last use is longest ago, so that what began lately is
 * remembered for as long as there is room; NULL: all are taken. */
static struct place *
find(struct waits *w, const struct waits_source *from, int64_t now_ms,
    uint32_t *ret_same)
{
	struct place *best = NULL;

	*ret_same = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct place *p = &w->places[i];

		*ret_same += counts(p, from, now_ms);
		if (p->holders == 0 &&
		    (best == NULL || p->begun_ms < best->begun_ms))
			best = p;
	}
	return best;
}

int
waits_enter(struct waits *w, const struct waits_source *from, int64_t now_ms,
    size_t *ret_place, struct seal_diag *d)
{
	struct place *p;
	uint32_t same;
	int r = 0;

	pthread_mutex_lock(&w->lock);
	p = find(w, from, now_ms, &same);
	if (p == NULL) {
		r = seal_fail(d, SEAL_E_UNAVAILABLE,
		    "handshakes.total: expected fewer than %zu that wait at "
		    "once",
		    w->n);
		seal_remedy(d, "raise handshakes.total, if memory allows: each "
			       "takes about 56 KiB");
	} else if (same >= w->per_source) {
		r = seal_fail(d, SEAL_E_UNAVAILABLE,
		    "handshakes.per_source: expected fewer than %u of one "
		    "source that wait, or began within a second",
		    w->per_source);
		seal_remedy(d, "raise handshakes.per_source, if many peers "
			       "stand behind one address");
	} else {
		*p = (struct place){ *from, 1, now_ms };
		*ret_place = (size_t)(p - w->places);
	}
	pthread_mutex_unlock(&w->lock);
	return r;
}

void
waits_share(struct waits *w, size_t place)
{
	pthread_mutex_lock(&w->lock);
	w->places[place].holders++;
	pthread_mutex_unlock(&w->lock);
}

void
waits_leave(struct waits *w, size_t place)
{
	pthread_mutex_lock(&w->lock);
	w->places[place].holders--;
	pthread_mutex_unlock(&w->lock);
}
