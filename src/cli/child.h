/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <sealtls/error.h>

/*
 * Runs command with /bin/sh, with pipes to its stdin and from its stdout, and
 * this process's stderr. The caller closes both ends, and has the kernel reap
 * children (child_reap_none()).
 */
int child_start(
    const char *command, int *ret_in, int *ret_out, struct seal_diag *d);

/* Children leave no zombie behind. */
void child_reap_none(void);

#endif
