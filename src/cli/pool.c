/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/diag.h"

/* Jobs that wait, run, or are done and not yet fetched. More would be too late:
 * at a tenth of a second each these take most of answer_timeout. */
#define QUEUE 256
#define THREADS_MAX 64

struct item {
	struct seal_job *job;
	uint64_t owner;
};

struct ring {
	struct item items[QUEUE];
	size_t at, n;
};

struct pool {
	pthread_mutex_t lock; /* guards the rings and stop */
	pthread_cond_t work;
	struct ring todo, done;
	size_t taken; /* by the owner's thread alone: bounds both rings */
	bool stop;
	int event;
	pthread_t threads[THREADS_MAX];
	size_t n_threads;
};

static void
ring_put(struct ring *r, struct item item)
{
	r->items[(r->at + r->n++) % QUEUE] = item;
}

static struct item
ring_get(struct ring *r)
{
	struct item item = r->items[r->at];

	r->at = (r->at + 1) % QUEUE;
	r->n--;
	return item;
}

static void
ring_wipe(struct ring *r)
{
	while (r->n > 0) {
		struct item item = ring_get(r);

		seal_job_free(&item.job);
	}
}

/* ---- Threads ---- */

static void
tell_done(const struct pool *p)
{
	uint64_t one = 1;

	while (write(p->event, &one, sizeof(one)) == -1 && errno == EINTR)
		continue;
}

static void *
worker(void *arg)
{
	struct pool *p = arg;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct item item;

		while (p->todo.n == 0 && !p->stop)
			pthread_cond_wait(&p->work, &p->lock);
		if (p->stop)
			break;
		item = ring_get(&p->todo);
		pthread_mutex_unlock(&p->lock);
		seal_job_run(item.job);
		pthread_mutex_lock(&p->lock);
		ring_put(&p->done, item);
		tell_done(p);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void
start_threads(struct pool *p, size_t n)
{
	while (p->n_threads < n && p->n_threads < THREADS_MAX) {
		if (pthread_create(
			&p->threads[p->n_threads], NULL, worker, p) != 0)
			return;
		p->n_threads++;
	}
}

int
pool_new(size_t threads, struct pool **ret, struct seal_diag *d)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "workers");
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	p->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->event != -1)
		start_threads(p, threads);
	if (p->n_threads == 0) {
		pool_free(&p);
		return seal_fail(
		    d, SEAL_E_UNAVAILABLE, "workers: cannot start a thread");
	}
	*ret = p;
	return 0;
}

void
pool_free(struct pool **pp)
{
	struct pool *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	ring_wipe(&p->todo);
	ring_wipe(&p->done);
	if (p->event != -1)
		close(p->event);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* ---- The owner's side ---- */

bool
pool_has_room(struct pool *p)
{
	return p->taken < QUEUE;
}

void
pool_submit(struct pool *p, struct seal_job *job, uint64_t owner)
{
	p->taken++;
	pthread_mutex_lock(&p->lock);
	ring_put(&p->todo, (struct item){ job, owner });
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
}

void
pool_cancel(struct pool *p, uint64_t owner)
{
	pthread_mutex_lock(&p->lock);
	for (size_t left = p->todo.n; left > 0; left--) {
		struct item item = ring_get(&p->todo);

		if (item.owner == owner) {
			seal_job_free(&item.job);
			p->taken--;
		} else {
			ring_put(&p->todo, item);
		}
	}
	pthread_mutex_unlock(&p->lock);
}

int
pool_fd(const struct pool *p)
{
	return p->event;
}

struct seal_job *
pool_result(struct pool *p, uint64_t *ret_owner)
{
	struct item item = { NULL, 0 };
	uint64_t count;

	/* Only resets the event: what counts is what the ring holds. */
	while (read(p->event, &count, sizeof(count)) == -1 && errno == EINTR)
		continue;
	pthread_mutex_lock(&p->lock);
	if (p->done.n > 0) {
		item = ring_get(&p->done);
		p->taken--;
		*ret_owner = item.owner;
	}
	pthread_mutex_unlock(&p->lock);
	return item.job;
}
