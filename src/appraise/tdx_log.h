/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_TDX_LOG_H
#define APPRAISE_TDX_LOG_H

#include "appraise/dcap.h"
#include "appraise/tpm_events.h"

/*
 * The CCEL event log of a TD, given beside its quote (an endorsement): it is
 * believed as far as it replays to the quoted RTMRs. Logs of other TDs may lie
 * in the same folder.
 */

/* Takes the log that explains most RTMRs into f, if any does, and claims
 * which. SEAL_E_MEMORY or a failing hash refuse. */
int tdx_log_find(struct dcap_facts *f, struct seal_verdict *v);
/* "events" of an entry; NULL: it has none. */
bool tdx_log_match(const struct tpm_events *rules, const struct dcap_facts *f,
    struct seal_verdict *v);

#endif
