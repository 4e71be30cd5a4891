/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_STAPLE_H
#define APPRAISE_STAPLE_H

#include "appraise/endorse.h"

/*
 * What a peer sends beside its Evidence in a CMW collection (PROTOCOL 5.3,
 * Collections): certificates, keys, revocation lists, collateral, or a pack of
 * them (TAR_COLLATERAL_TYPE). As untrusted as the peer: whoever uses a piece
 * verifies it up to the policy's own anchors.
 */
#define STAPLE_ITEMS_MAX 64u    /* parts, of all members */
#define STAPLE_BYTES_MAX 65536u /* of all parts */

/* Adds what a member of that type holds. SEAL_E_DECODE: no such thing, or a
 * pack that holds a name twice; SEAL_E_LIMIT. */
int staple_add(struct endorsements *e, struct span media_type,
    const char *label, struct span value, struct seal_diag *d);

#endif
