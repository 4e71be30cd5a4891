/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_RAW_KEY_H
#define APPRAISE_RAW_KEY_H

#include "appraise/appraiser.h"
#include "cose/cose.h"

/*
 * Tokens that carry neither key nor certificate: which public key made their
 * signature? Those given beside the Evidence are tried (SPKI, PEM, JWK), then
 * those that attest-key triples of the policy's CoRIMs name for this
 * environment. To have found one says nothing of trust: the core holds it
 * against the policy's signers like any other.
 */
#define RAW_KEYS_MAX 32u /* that one Evidence may cost */

/* f: what by describes. 0 and the SPKI; SEAL_E_KEY where no key is there to
 * try, SEAL_E_SIGNATURE where none fits. */
int raw_key_find(const struct appraisal_in *in, const struct appraiser *by,
    const struct findings *f, const struct cose_sign1 *s, struct wr *ret,
    struct seal_diag *d);

#endif
