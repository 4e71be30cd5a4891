/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_QUOTA_H
#define SERVICE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"

#define QUOTA_SOURCE 8 /* bytes: an IPv4 address, or an IPv6 network */

/*
 * How much each source may ask for in a span of time. A table of fixed size:
 * sources that fall into the same place share what it allows, and which ones
 * do is anew at every start. Safe for any threads.
 */
struct quota;

int quota_new(
    uint32_t limit, int64_t window_s, struct quota **ret, struct seal_diag *d);
void quota_free(struct quota **qp); /* NULL is fine */
/* Takes one of what is left, or says in how many seconds there is more. */
bool quota_take(struct quota *q, const uint8_t source[QUOTA_SOURCE],
    int64_t now_s, unsigned *ret_wait_s);

#endif
