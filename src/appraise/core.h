/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_CORE_H
#define APPRAISE_CORE_H

#include "appraise/appraiser.h"

/*
 * The steps that judging and observing share. Each records what it finds and
 * returns whether to go on; none accepts.
 */

/* Notes the media type. */
bool appraise_scheme(const struct appraisal_in *in, struct seal_verdict *v);
/* There is a value to expect, or openly none. */
bool appraise_binding(const struct appraisal_in *in, struct seal_verdict *v);
/* The backend's verification, then bound_check(): binder and subject key. *f is
 * new, or zeroed, by the caller, who passes it to findings_wipe() whatever is
 * returned. */
bool appraise_verify(const struct appraiser *by, const struct appraisal_in *in,
    struct findings *f, struct seal_verdict *v);
/* One entry's rules, all of them, so that every failed one is named. *ret says
 * what an acceptance would rest on. */
struct rests;
bool appraise_entry(const struct policy *p, const struct accept_entry *e,
    const struct findings *f, int64_t now, struct rests *ret,
    struct seal_verdict *v);
struct findings *findings_new(void); /* NULL: out of memory */
void findings_wipe(struct findings *f, const struct appraiser *by);

#endif
