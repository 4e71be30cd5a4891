/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_TPM2_STATUS_H
#define EVIDENCE_TPM2_STATUS_H

#include "evidence/tpm2.h"

#define TPM2_HANDLES_MAX 64

/* What a TPM says about itself; for `seal doctor` and for open. */
struct tpm2_status {
	char manufacturer[5]; /* printable, as are the others */
	char vendor[17];
	uint32_t firmware[2];
	size_t max_digest; /* bytes of its largest hash */
	uint16_t banks[8]; /* with at least one PCR */
	size_t n_banks;
	size_t transients, sessions; /* loaded now, by anybody */
	uint32_t persistent[TPM2_HANDLES_MAX];
	size_t n_persistent;
};

int tpm2_status(const struct tpm2_where *where, uint64_t deadline_ms,
    struct tpm2_status *ret, struct seal_diag *d);
/* The same within a job; arg is a struct tpm2_status. */
int tpm2_status_job(struct tpm2_conn *c, void *arg, struct seal_diag *d);
/* One line for people. */
void tpm2_status_write(const struct tpm2_status *s, struct wr *out);

#endif
