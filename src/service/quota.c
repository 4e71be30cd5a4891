/* SPDX-License-Identifier: Apache-2.0 */
#include "service/quota.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PLACES 8192u /* a power of two */

struct place {
	int64_t since_s;
	uint32_t taken;
};

struct quota {
	pthread_mutex_t lock;
	uint64_t seed;
	uint32_t limit;
	int64_t window_s;
	struct place places[PLACES];
};

int
quota_new(
    uint32_t limit, int64_t window_s, struct quota **ret, struct seal_diag *d)
{
	struct quota *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "quota");
	if (getrandom(&q->seed, sizeof(q->seed), 0) !=
	    (ssize_t)sizeof(q->seed)) {
		free(q);
		return seal_fail(d, SEAL_E_UNAVAILABLE, "no random bytes: %s",
		    strerror(errno));
	}
	pthread_mutex_init(&q->lock, NULL);
	q->limit = limit;
	q->window_s = window_s;
	*ret = q;
	return 0;
}

void
quota_free(struct quota **qp)
{
	struct quota *q = *qp;

	if (q == NULL)
		return;
	pthread_mutex_destroy(&q->lock);
	free(q);
	*qp = NULL;
}

/* FNV-1a from a secret start: nobody can tell who shares a place. */
static struct place *
place_of(struct quota *q, const uint8_t source[QUOTA_SOURCE])
{
	uint64_t h = q->seed;

	for (size_t i = 0; i < QUOTA_SOURCE; i++)
		h = (h ^ source[i]) * 0x100000001b3u;
	h ^= h >> 32;
	return &q->places[(h ^ h >> 13) & (PLACES - 1)];
}

bool
quota_take(struct quota *q, const uint8_t source[QUOTA_SOURCE], int64_t now_s,
    unsigned *ret_wait_s)
{
	struct place *p;
	bool ok;

	pthread_mutex_lock(&q->lock);
	p = place_of(q, source);
	/* Also where the clock was set back. */
	if (now_s < p->since_s || now_s - p->since_s >= q->window_s)
		*p = (struct place){ .since_s = now_s };
	ok = p->taken < q->limit;
	if (ok)
		p->taken++;
	else
		*ret_wait_s = (unsigned)(p->since_s + q->window_s - now_s);
	pthread_mutex_unlock(&q->lock);
	return ok;
}
