/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_QUEUE_H
#define EVIDENCE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A lock that threads get in the order in which they asked (PROTOCOL 4:
 * Evidence is made first come first served), with a deadline.
 */
struct queue_waiter;

struct queue {
	pthread_mutex_t mutex;
	struct queue_waiter *head, *tail;
	bool busy;
};

int queue_init(struct queue *q); /* 0 or SEAL_E_MEMORY */
void queue_destroy(struct queue *q);
/* False, and not entered, when the turn has not come by the deadline. */
bool queue_enter(struct queue *q, uint64_t deadline_ms);
void queue_leave(struct queue *q);

#endif
