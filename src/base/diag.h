/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <sealtls/error.h>

/*
 * Records a failure and returns its code, so that it reads
 * `return seal_fail(d, SEAL_E_DECODE, "hello: key %d twice", key);`.
 * The first record wins; d may be NULL.
 */
int seal_fail(struct seal_diag *d, int code, const char *fmt, ...)
    SEAL_PRINTF(3, 4);

/*
 * Puts the name of what is being read, as a file's, before the story that an
 * inner call has just told; returns code.
 */
int seal_fail_in(struct seal_diag *d, int code, const char *name);

/* Says what to do about the recorded failure; the first remedy wins. */
void seal_remedy(struct seal_diag *d, const char *fmt, ...) SEAL_PRINTF(2, 3);

void seal_diag_clear(struct seal_diag *d);

#endif
