/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_PSA_DEVICE_H
#define EVIDENCE_PSA_DEVICE_H

#include "appraise/arm_fixture.h"
#include "evidence/device_fixture.h"

/* A PSA root of trust, behind its API. */
struct psa_play {
	int32_t size_status, token_status;
	enum arm_shape shape;
	bool no_size, huge, more; /* sizes that it names */
};

extern struct psa_play psa_now;

#endif
