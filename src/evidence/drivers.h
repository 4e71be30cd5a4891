/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_DRIVERS_H
#define EVIDENCE_DRIVERS_H

#include "evidence/driver.h"

/* Each driver's table; others find it by name. */
extern const struct evidence_driver evidence_tpm2;
extern const struct evidence_driver evidence_tsm, evidence_sev_guest;
extern const struct evidence_driver evidence_tdx_guest, evidence_nitro;
extern const struct evidence_driver evidence_azure, evidence_psa;
extern const struct evidence_driver evidence_ratsd;
extern const struct evidence_driver evidence_soft;

#endif
