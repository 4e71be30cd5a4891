/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_TCB_STATUS_H
#define LIB_TCB_STATUS_H

#include <jansson.h>

#include <sealtls/tools.h>

#include "appraise/appraise.h"

/* The checks of v that failed and have to do with the platform, as an array;
 * empty: none. */
json_t *tcb_refusals(const struct seal_verdict *v);

/* Of each level of the TCB Infos in e; an object. NULL: out of memory. */
json_t *tcb_levels(const struct policy *p, const struct endorsements *e,
    int64_t now, uint32_t days, struct seal_tcb_outlook *ret);

#endif
