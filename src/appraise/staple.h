/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_STAPLE_H
#define APPRAISE_STAPLE_H

#include "appraise/endorse.h"
#include "crypto/crl.h"

/*
 * What a peer sends beside its Evidence in a CMW collection (PROTOCOL 5.3,
 * Collections): certificates, keys, revocation lists, collateral, or a pack of
 * them (TAR_COLLATERAL_TYPE). As untrusted as the peer: whoever uses a piece
 * verifies it up to the policy's own anchors.
 */
#define STAPLE_ITEMS_MAX 64u    /* parts, of all members */
#define STAPLE_BYTES_MAX 65536u /* of all parts */
#define STAPLE_LISTS_MAX 4u     /* revocation lists tried, of one issuer */
#define STAPLE_SIGNERS_MAX 4u   /* certificates of a name that do not verify */
#define STAPLE_TRIES_MAX 24u    /* pieces whose signature is verified */

/* Adds what a member of that type holds. SEAL_E_DECODE: no such thing, or a
 * pack that holds a name twice; SEAL_E_LIMIT. */
int staple_add(struct endorsements *e, struct span media_type,
    const char *label, struct span value, struct seal_diag *d);

/* What one entry of a policy has spent on the peer's pieces; starts as zeros.
 * Each call is asked before a signature is verified: 0, or SEAL_E_LIMIT. */
struct staple_spent {
	unsigned tries;
};
int staple_try(struct staple_spent *s, struct seal_diag *d);
/* of_issuer counts the lists of one issuer; of_name a signer's certificates
 * that failed, each in a chain of its own. */
int staple_try_list(
    struct staple_spent *s, unsigned *of_issuer, struct seal_diag *d);
int staple_try_signer(
    struct staple_spent *s, unsigned *of_name, struct seal_diag *d);

/*
 * May a genuine list of the peer's say that nothing newer was revoked? An older
 * one would hide what a newer one names. held is the newest of this side's,
 * also one that has ended, or without issuer; most is how old it may be in
 * seconds, 0 any age. SEAL_E_UNAVAILABLE: the policy takes none from the peer
 * (taken is false), so that this side lacks one; SEAL_E_STALE: it is too old.
 * Against a certificate every genuine list counts, whatever this says.
 */
int staple_list_counts(bool taken, const struct crl *held,
    const struct crl *list, int64_t now, uint32_t most, struct seal_diag *d);

#endif
