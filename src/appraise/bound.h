/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_BOUND_H
#define APPRAISE_BOUND_H

#include "appraise/appraiser.h"

/*
 * Holds what Evidence has signed against this connection: the binder, and the
 * key that its authenticator was signed with (PROTOCOL 5.4 rules 1 and 2). It
 * notes both in v, and each key's digest in f. The core calls it, once for
 * each piece of Evidence, and after the backend has verified all signatures.
 */
bool bound_check(const struct appraiser *by, const struct appraisal_in *in,
    struct findings *f, struct seal_verdict *v);

#endif
