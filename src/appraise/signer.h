/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_SIGNER_H
#define APPRAISE_SIGNER_H

#include "appraise/appraiser.h"
#include "base/text.h"

/* What an acceptance rests on that ends at a time. */
struct rests {
	bool ca;       /* the signer's chain, rather than a pin */
	int64_t until; /* seconds since 1970; INT64_MAX: no end */
};

/* Is the key that signed one of the entry's signers now? Records the step;
 * *ret tells what that rests on. */
bool signer_judge(const struct accept_entry *e, const struct findings *f,
    int64_t now, struct rests *ret, struct seal_verdict *v);
/* SHA-256 of the SPKI of the last certificate that came along, once the chain
 * was verified up to it: what to pin where the signer's own key is brief. */
int signer_root(const struct findings *f, int64_t now, uint8_t ret[32],
    struct seal_diag *d);

#endif
