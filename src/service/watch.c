/* SPDX-License-Identifier: Apache-2.0 */
#include "service/watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>

#define TICK_NS 250000000L

struct place {
	int fd; /* -1: free */
	int64_t until_ms;
};

struct watch {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	pthread_t thread;
	bool over;
	int64_t limit_ms;
	size_t n;
	struct place *places;
};

static int64_t
now_ms(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The HTTP library then finds the connection at its end, and closes it. */
static void
cut_late_ones(struct watch *w)
{
	int64_t now = now_ms();

	for (size_t i = 0; i < w->n; i++)
		if (w->places[i].fd >= 0 && w->places[i].until_ms <= now)
			shutdown(w->places[i].fd, SHUT_RDWR);
}

static void *
watcher(void *arg)
{
	struct watch *w = arg;
	struct timespec ts;

	pthread_mutex_lock(&w->lock);
	while (!w->over) {
		cut_late_ones(w);
		clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_nsec += TICK_NS;
		ts.tv_sec += ts.tv_nsec / 1000000000;
		ts.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&w->ended, &w->lock, &ts);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int
watch_new(size_t n, int64_t limit_s, struct watch **ret, struct seal_diag *d)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL || (w->places = calloc(n, sizeof(*w->places))) == NULL) {
		free(w);
		return seal_fail(d, SEAL_E_MEMORY, "watch");
	}
	w->n = n;
	w->limit_ms = limit_s * 1000;
	for (size_t i = 0; i < n; i++)
		w->places[i].fd = -1;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->ended, NULL);
	if (pthread_create(&w->thread, NULL, watcher, w) != 0) {
		pthread_cond_destroy(&w->ended);
		pthread_mutex_destroy(&w->lock);
		free(w->places);
		free(w);
		return seal_fail(d, SEAL_E_UNAVAILABLE, "watch: no thread");
	}
	*ret = w;
	return 0;
}

void
watch_free(struct watch **wp)
{
	struct watch *w = *wp;

	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->over = true;
	pthread_cond_signal(&w->ended);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->ended);
	pthread_mutex_destroy(&w->lock);
	free(w->places);
	free(w);
	*wp = NULL;
}

long
watch_begin(struct watch *w, int fd)
{
	long found = -1;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; found == -1 && i < w->n; i++) {
		if (w->places[i].fd >= 0)
			continue;
		w->places[i].fd = fd;
		w->places[i].until_ms = now_ms() + w->limit_ms;
		found = (long)i;
	}
	pthread_mutex_unlock(&w->lock);
	return found;
}

void
watch_again(struct watch *w, long place)
{
	if (place < 0)
		return;
	pthread_mutex_lock(&w->lock);
	w->places[place].until_ms = now_ms() + w->limit_ms;
	pthread_mutex_unlock(&w->lock);
}

void
watch_end(struct watch *w, long place)
{
	if (place < 0)
		return;
	pthread_mutex_lock(&w->lock);
	w->places[place].fd = -1;
	pthread_mutex_unlock(&w->lock);
}
