/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_TRUSTEE_H
#define REMOTE_TRUSTEE_H

#include "remote/verifier.h"

/*
 * CoCo Trustee's attestation service over HTTP: one request, one token. tee
 * is its name for the kind of Evidence, as "snp" or "sample"; the Evidence
 * is the JSON that it takes for that kind. policy_id may be NULL.
 */
int trustee_appraise(struct http *h, const char *tee, const char *policy_id,
    const struct verifier_ask *ask, uint8_t **ret, size_t *ret_n,
    struct seal_diag *d);
/* Does it know this name? */
bool trustee_tee_known(const char *tee);

#endif
