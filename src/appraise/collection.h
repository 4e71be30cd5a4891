/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_COLLECTION_H
#define APPRAISE_COLLECTION_H

#include "appraise/core.h"
#include "appraise/signer.h"
#include "format/cmw.h"

/*
 * Evidence of several parts of one platform (CPU, GPU, vTPM) in one CMW
 * collection (RFC 9999). Each part is verified by its own appraiser and
 * compared with the binder by the core, as if it had come alone; or it is
 * linked to one that was (findings.linked). One part that is neither refuses
 * the whole (PROTOCOL 5.3, Collections).
 */
struct collection_member {
	char label[POLICY_LABEL_MAX + 1]; /* path of labels, parted by '/' */
	struct span type, value;
	struct wr opened; /* what value views, of a TSM report */
	const struct appraiser *by;
	struct findings f;
	bool bound; /* the core compared its binder */
};

struct collection {
	struct cmw cmw;
	struct endorsements *stapled; /* staple.h; NULL: nothing */
	struct collection_member members[CMW_ITEMS];
	size_t n;
};

/* Takes in's Evidence apart. c is zeroed by the caller; freeing it is
 * appraiser_collection's. */
bool collection_open(const struct appraisal_in *in, struct collection *c,
    struct seal_verdict *v);
/* Under that path of labels; NULL where there is none. */
const struct collection_member *collection_find(
    const struct collection *c, const char *label);
/* Of Evidence that appraiser_collection verified: is each part bound to the
 * binder, or linked to one that is? */
bool collection_bound(const struct findings *f);
/* Holds the parts against the rules for them: each required one is there, none
 * is that has no rule, and all rules of each hold. */
bool collection_judge(const struct policy *p, const struct accept_entry *e,
    const struct findings *f, int64_t now, struct rests *ret,
    struct seal_verdict *v);

#endif
