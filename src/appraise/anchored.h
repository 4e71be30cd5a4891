/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_ANCHORED_H
#define APPRAISE_ANCHORED_H

#include "appraise/policy.h"

/*
 * What an accept entry's anchors, the "ca" of its signers, vouch for besides
 * the signer of the Evidence.
 */

/* Does a chain (leaf first) end in one of them now, of which set of anchors,
 * and where among them? 0, or the first failure; SEAL_E_KEY where the entry has
 * none. */
int anchored_end(const struct accept_entry *e, const struct span *chain,
    size_t n, int64_t now, const struct trust **ret_ca, struct chain_end *ret,
    struct seal_diag *d);
/* Do those recall the chain, by chain_digest()? False says nothing. */
bool anchored_recalled(const struct accept_entry *e, const uint8_t digest[32],
    int64_t now, const struct trust **ret_ca, struct chain_end *ret);
/* The next anchor with this subject (a whole Name), DER, borrowed; *at starts
 * at 0 and moves on. False: no more. */
bool anchored_next(const struct accept_entry *e, struct span subject,
    size_t *at, struct span *ret);

#endif
