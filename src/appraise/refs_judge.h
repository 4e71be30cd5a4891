/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_REFS_JUDGE_H
#define APPRAISE_REFS_JUDGE_H

#include "appraise/appraiser.h"
#include "appraise/policy.h"
#include "appraise/refs.h"

/* Evidence in the terms of CoMID: ours (view -1), or those of the view-th
 * profile of by. SEAL_E_CLOSED: there is no such view. The caller wipes it
 * whatever is returned. */
struct refs_description {
	struct wr env, measurements;
	struct refs_evidence e;
};
int refs_describe(const struct appraiser *by, int view,
    const struct findings *f, struct refs_description *ret);
void refs_description_wipe(struct refs_description *x);

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
