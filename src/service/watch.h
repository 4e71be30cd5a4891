/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_WATCH_H
#define SERVICE_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

/*
 * A deadline for each connection, by which it must have had a whole request
 * answered: one that sends a byte now and then would never be idle. Safe for
 * any threads.
 */
struct watch;

int watch_new(
    size_t n, int64_t limit_s, struct watch **ret, struct seal_diag *d);
void watch_free(struct watch **wp); /* NULL is fine */
/* A place for a connection's socket, or -1: there is none free. */
long watch_begin(struct watch *w, int fd);
/* A request was answered: the next has as long again. */
void watch_again(struct watch *w, long place);
/* Before the socket is closed. */
void watch_end(struct watch *w, long place);

#endif
