/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FIBRE_H
#define BASE_FIBRE_H

#include <stdbool.h>

/*
 * A function on a stack of its own, that can wait in the midst of its calls:
 * for libraries that call back and know no waiting. Used by one thread.
 */
struct fibre;

/* fn begins with the first resume. NULL: out of memory. */
struct fibre *fibre_new(void (*fn)(void *arg), void *arg);
void fibre_free(struct fibre **f); /* not begun, or ended; NULL is fine */
/* Lets it run until it pauses (false) or has ended (true). */
bool fibre_resume(struct fibre *f);
/* Called on it: goes back to whoever resumed it, and returns with the next
 * resume. */
void fibre_pause(struct fibre *f);

#endif
