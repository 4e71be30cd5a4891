/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/waits.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

/* Counts for its source while it is held, and until its time is over. */
struct place {
	struct waits_source from;
	unsigned holders; /* 0: free */
	int64_t until_ms;
	uint32_t older, newer; /* of those that are free */
	uint32_t next;         /* in the bucket of its source */
};

struct waits {
	pthread_mutex_t lock;
	uint32_t per_source, n;
	uint32_t oldest, newest; /* free, by until_ms; NONE: none is */
	uint32_t *buckets;       /* n of them: known sources that count */
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

/* ---- The places that are free ---- */

static uint32_t *
newer_of(struct waits *w, uint32_t i)
{
	return i == NONE ? &w->oldest : &w->places[i].newer;
}

static uint32_t *
older_of(struct waits *w, uint32_t i)
{
	return i == NONE ? &w->newest : &w->places[i].older;
}

/* By when they began, so that what began lately is remembered for as long as
 * there is room. */
static void
free_put(struct waits *w, uint32_t i)
{
	struct place *p = &w->places[i];
	uint32_t after = w->newest;

	while (after != NONE && w->places[after].until_ms > p->until_ms)
		after = w->places[after].older;
	p->older = after;
	p->newer = *newer_of(w, after);
	*newer_of(w, after) = i;
	*older_of(w, p->newer) = i;
}

/* The one whose use is longest ago. */
static struct place *
free_take(struct waits *w)
{
	struct place *p = &w->places[w->oldest];

	w->oldest = p->newer;
	*older_of(w, p->newer) = NONE;
	return p;
}

/* ---- The sources that count ---- */

static uint32_t *
bucket_of(struct waits *w, const struct waits_source *from)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

	for (size_t i = 0; i < WAITS_SOURCE; i++)
		h = (h ^ from->bytes[i]) * 0x100000001b3u;
	return &w->buckets[(h ^ h >> 32) % w->n];
}

/* How many count for a source. What counts no more leaves the bucket. */
static uint32_t
count(struct waits *w, const struct waits_source *from, int64_t now_ms)
{
	uint32_t *at, same = 0;

	if (!from->known)
		return 0;
	for (at = bucket_of(w, from); *at != NONE;) {
		struct place *p = &w->places[*at];

		if (p->holders == 0 && now_ms >= p->until_ms) {
			p->from.known = false;
			*at = p->next;
			continue;
		}
		same += memcmp(p->from.bytes, from->bytes, WAITS_SOURCE) == 0;
		at = &p->next;
	}
	return same;
}

/* Of the source that it had before. */
static void
forget(struct waits *w, struct place *p)
{
	uint32_t *at, i = (uint32_t)(p - w->places);

	if (!p->from.known)
		return;
	for (at = bucket_of(w, &p->from); *at != i;)
		at = &w->places[*at].next;
	*at = p->next;
}

static void
remember(struct waits *w, struct place *p)
{
	uint32_t *at;

	if (!p->from.known)
		return;
	at = bucket_of(w, &p->from);
	p->next = *at;
	*at = (uint32_t)(p - w->places);
}

static size_t
take(struct waits *w, const struct waits_source *from, int64_t now_ms)
{
	struct place *p = free_take(w);

	forget(w, p);
	p->from = *from;
	p->holders = 1;
	p->until_ms = now_ms + WAITS_WINDOW_MS;
	remember(w, p);
	return (size_t)(p - w->places);
}

/* ---- In and out ---- */

struct waits *
waits_new(uint32_t per_source, uint32_t total)
{
	struct waits *w = calloc(1, sizeof(*w) + total * sizeof(w->places[0]));

	if (w == NULL ||
	    (w->buckets = calloc(total, sizeof(uint32_t))) == NULL) {
		free(w);
		return NULL;
	}
	pthread_mutex_init(&w->lock, NULL);
	w->per_source = per_source;
	w->n = total;
	w->oldest = w->newest = NONE;
	for (uint32_t i = 0; i < total; i++) {
		w->buckets[i] = NONE;
		free_put(w, i);
	}
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
	free(w->buckets);
	free(w);
}

int
waits_enter(struct waits *w, const struct waits_source *from, int64_t now_ms,
    size_t *ret_place, struct seal_diag *d)
{
	int r = 0;

	pthread_mutex_lock(&w->lock);
	if (w->oldest == NONE) {
		r = seal_fail(d, SEAL_E_UNAVAILABLE,
		    "handshakes.total: expected fewer than %u that wait at "
		    "once",
		    w->n);
		seal_remedy(d, "raise handshakes.total, if memory allows: each "
			       "takes about 56 KiB");
	} else if (count(w, from, now_ms) >= w->per_source) {
		r = seal_fail(d, SEAL_E_UNAVAILABLE,
		    "handshakes.per_source: expected fewer than %u of one "
		    "source that wait, or began within a second",
		    w->per_source);
		seal_remedy(d, "raise handshakes.per_source, if many peers "
			       "stand behind one address");
	} else {
		*ret_place = take(w, from, now_ms);
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
	if (--w->places[place].holders == 0)
		free_put(w, (uint32_t)place);
	pthread_mutex_unlock(&w->lock);
}
