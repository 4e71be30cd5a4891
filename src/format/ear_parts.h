/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_EAR_PARTS_H
#define FORMAT_EAR_PARTS_H

/* What the two spellings of an EAR share; private to src/format/ear*. */
#include "format/ear.h"

#define EAR_CLAIMS_MAX 49152u /* bytes of claims that we write */

/* Claims (draft-ietf-rats-ear-04 s4, RFC 8392 s4, RFC 8747, RFC 9711). */
#define EAR_EXP 4
#define EAR_NBF 5
#define EAR_IAT 6
#define EAR_CNF 8
#define EAR_NONCE 10
#define EAR_PROFILE 265
#define EAR_SUBMODS 266
#define EAR_STATUS 1000
#define EAR_VECTOR 1001
#define EAR_RAW_EVIDENCE 1002
#define EAR_POLICY_IDS 1003
#define EAR_VERIFIER_ID 1004

/* At least one appraisal, and no status better than what it sums up. */
int ear_check(const struct ear *e, struct seal_diag *d);
/* The same of what is about to be written, with its times, nonce and counts. */
int ear_check_written(const struct ear *e, struct seal_diag *d);

#endif
