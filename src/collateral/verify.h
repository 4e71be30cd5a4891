/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLATERAL_VERIFY_H
#define COLLATERAL_VERIFY_H

#include "collateral/item.h"
#include "crypto/x509.h"

/*
 * Who may vouch for what is stored. This keeps the store clean, and is not
 * what trust rests on: who appraises verifies it all again, up to the anchors
 * of its own policy.
 */
struct coll_trust {
	struct trust *anchors;
	const struct endorsements *pools[2]; /* issuers; may be NULL */
};

/* Roots of files (PEM; NULL ends). None: the vendors' own, whose keys are
 * known by their digests, wherever the pools have their certificates. */
int coll_trust_load(
    struct coll_trust *t, const char *const *files, struct seal_diag *d);
void coll_trust_wipe(struct coll_trust *t);

/*
 * Does it come from an anchor, is it signed as its kind has to be, and does it
 * hold at now? Fills item->by. 0, SEAL_E_CHAIN, SEAL_E_SIGNATURE, or
 * SEAL_E_STALE.
 */
int coll_verify(const struct coll_trust *t, int64_t now, struct coll_item *item,
    struct seal_diag *d);

#endif
