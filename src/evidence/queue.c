/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/queue.h"

#include <time.h>

#include "evidence/driver.h"

/* On the stack of the thread that waits. */
struct queue_waiter {
	struct queue_waiter *next;
	pthread_cond_t woken;
	bool turn;
};

uint64_t
evidence_now_ms(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int
queue_init(struct queue *q)
{
	q->head = q->tail = NULL;
	q->busy = false;
	return pthread_mutex_init(&q->mutex, NULL) == 0 ? 0 : SEAL_E_MEMORY;
}

void
queue_destroy(struct queue *q)
{
	pthread_mutex_destroy(&q->mutex);
}

static int
cond_init(pthread_cond_t *c)
{
	pthread_condattr_t attr;
	int r;

	if (pthread_condattr_init(&attr) != 0)
		return SEAL_E_MEMORY;
	r = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (r == 0)
		r = pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
	return r == 0 ? 0 : SEAL_E_MEMORY;
}

static void
append(struct queue *q, struct queue_waiter *w)
{
	if (q->head == NULL)
		q->head = w;
	else
		q->tail->next = w;
	q->tail = w;
}

static void
unlink_waiter(struct queue *q, struct queue_waiter *w)
{
	struct queue_waiter *prev = NULL;

	for (struct queue_waiter *i = q->head; i != w; i = i->next)
		prev = i;
	if (prev == NULL)
		q->head = w->next;
	else
		prev->next = w->next;
	if (q->tail == w)
		q->tail = prev;
}

/* With the mutex held, and busy. */
static bool
wait_turn(struct queue *q, uint64_t deadline_ms)
{
	struct queue_waiter w = { 0 };
	struct timespec until = {
		.tv_sec = (time_t)(deadline_ms / 1000),
		.tv_nsec = (long)(deadline_ms % 1000) * 1000000,
	};
	int r = 0;

	if (cond_init(&w.woken) != 0)
		return false;
	append(q, &w);
	while (!w.turn && r == 0)
		r = pthread_cond_timedwait(&w.woken, &q->mutex, &until);
	if (!w.turn)
		unlink_waiter(q, &w);
	pthread_cond_destroy(&w.woken);
	return w.turn;
}

bool
queue_enter(struct queue *q, uint64_t deadline_ms)
{
	bool entered = true;

	pthread_mutex_lock(&q->mutex);
	if (q->busy)
		entered = wait_turn(q, deadline_ms);
	else
		q->busy = true;
	pthread_mutex_unlock(&q->mutex);
	return entered;
}

/* Hands over to the next in line, so that nobody can overtake. */
void
queue_leave(struct queue *q)
{
	struct queue_waiter *w;

	pthread_mutex_lock(&q->mutex);
	w = q->head;
	if (w == NULL) {
		q->busy = false;
	} else {
		unlink_waiter(q, w);
		w->turn = true;
		pthread_cond_signal(&w->woken);
	}
	pthread_mutex_unlock(&q->mutex);
}
