/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_ENROLL_H
#define LIB_ENROLL_H

#include "base/wr.h"
#include "crypto/issue.h"

/*
 * The Verifier's side of enrolment as pure functions of their arguments and
 * of random bytes. The state, secret included, stays with the Verifier; who
 * keeps it removes it before judging an answer, so that it serves once.
 */
#define ENROLL_CHALLENGE_S 120u /* life of a challenge by default */
#define ENROLL_CERT_S 86400u    /* life of an AK certificate by default */

int enroll_challenge_make(const struct trust *ek_anchors, struct span request,
    int64_t now, uint32_t challenge_s, struct wr *ret_challenge,
    struct wr *ret_state, struct seal_diag *d);
int enroll_certify(const struct issuer *issuer, struct span state,
    struct span answer, int64_t now, uint32_t cert_s, struct wr *ret_pem,
    struct seal_diag *d);

#endif
