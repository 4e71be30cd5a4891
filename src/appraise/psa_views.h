/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_PSA_VIEWS_H
#define APPRAISE_PSA_VIEWS_H

#include "appraise/psa_rules.h"

/*
 * Tokens of PSA and of CCA platforms as the CoRIM profiles of Arm name them:
 * draft-fdb-rats-psa-endorsements (and the form before it, which Veraison
 * calls http://arm.com/psa/iot/1), and the profile of CCA platforms.
 */
#define PSA_PROFILE_CORIM "tag:arm.com,2025:psa#1.0.0"
#define PSA_PROFILE_CORIM_OLD "http://arm.com/psa/iot/1"
#define CCA_PROFILE_CORIM_PLATFORM "tag:arm.com,2025:cca_platform#1.0.0"
#define CCA_PROFILE_CORIM_REALM "tag:arm.com,2025:cca_realm#1.0.0"

/* Components by this mkey, type as name, signer id as key; then, where there
 * is one, the platform's configuration. */
int psa_view(const struct psa_claims *c, const char *mkey,
    const char *config_mkey, struct wr *env, struct wr *measurements,
    size_t *ret_must);
/* Components by a structured mkey of type, version and signer id. */
int psa_view_old(const struct psa_claims *c, struct wr *env,
    struct wr *measurements, size_t *ret_must);
/* Of one digest: by the number of its algorithm, and by its name. */
void psa_put_digests(struct wr *out, struct span value);

#endif
