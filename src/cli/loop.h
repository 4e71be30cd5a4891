/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LOOP_H
#define CLI_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include <sealtls/error.h>

#define LOOP_EVENTS 64 /* at once */

/*
 * epoll, edge-triggered: whoever is told must try all it can do, until it
 * would block. A descriptor is forgotten when it is closed.
 */
int loop_new(int *ret_loop, struct seal_diag *d);
/* Changes of fd are reported as tag. A regular file needs no watching, and
 * that is no failure. */
int loop_watch(int loop, int fd, uint64_t tag, struct seal_diag *d);
/* Milliseconds of the clock that connections' deadlines are on. */
int64_t loop_now_ms(void);
/* Fills tags, of LOOP_EVENTS, and returns how many; -1: cannot go on. */
int loop_wait(int loop, int timeout_ms, uint64_t *tags);

#endif
