/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_POOL_H
#define CLI_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sealtls/conn.h>

/*
 * A bounded set of threads that run jobs. All calls come from one thread, and
 * results come back to it; what does not fit stays with its connection.
 */
struct pool;

int pool_new(size_t threads, struct pool **ret, struct seal_diag *d);
void pool_free(struct pool **pp); /* waits for the jobs that run */

bool pool_has_room(struct pool *p);
/* Takes the job; owner says whose it is. Only where there is room. */
void pool_submit(struct pool *p, struct seal_job *job, uint64_t owner);
/* The owner is gone: its jobs that no thread has begun are dropped. */
void pool_cancel(struct pool *p, uint64_t owner);
/* Readable (edge or level) when there are results. */
int pool_fd(const struct pool *p);
/* A job that is done, and whose; NULL: no more of them. */
struct seal_job *pool_result(struct pool *p, uint64_t *ret_owner);

#endif
