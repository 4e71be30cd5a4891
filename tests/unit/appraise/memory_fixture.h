/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_MEMORY_FIXTURE_H
#define APPRAISE_MEMORY_FIXTURE_H

#include "tpm_fixture.h"

#define TURNS 5000 /* more allocations than any call makes */

/* Good Evidence, and the policy learned from it. Making them also wakes up
 * libcrypto and jansson before anything is counted. */
extern char *memory_policy;

int memory_setup(void **state);
int memory_teardown(void **state);
struct appraisal_in memory_input(void);

#endif
