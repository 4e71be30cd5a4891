/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_REFS_JUDGE_H
#define APPRAISE_REFS_JUDGE_H

#include "appraise/appraiser.h"
#include "appraise/policy.h"

/* What the CoRIMs of an entry say of Evidence, as steps and claims of a
 * verdict. The core decides what follows. *until becomes less where what
 * matched ends before it. */

/* At least one of them is valid now. */
bool judge_refs_valid(
    const struct accept_entry *e, int64_t now, struct seal_verdict *v);
/* Its measurements match reference triples; sets the claims of the vector that
 * they stand for. */
bool judge_by_refs(const struct accept_entry *e, const struct findings *f,
    int64_t now, int64_t *until, struct seal_verdict *v);
/* Its signer is one that an attest-key triple names. Records no step. */
bool judge_refs_signer(const struct accept_entry *e, const struct findings *f,
    int64_t now, int64_t *until, struct seal_verdict *v);

#endif
