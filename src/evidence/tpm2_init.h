/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_TPM2_INIT_H
#define EVIDENCE_TPM2_INIT_H

#include "base/wr.h"

struct tpm2_init_conf {
	const char *tcti;          /* NULL: device:/dev/tpmrm0 */
	const char *lock_dir;      /* NULL: a default */
	uint32_t srk, ak, subject; /* handles; 0: 0x81010010, 11, 12 */
	const char *out_dir; /* of ak.pub, ak.pem, subject.pem; NULL: "." */
	uint32_t timeout_ms; /* 0: 60 s, since hardware makes keys slowly */
};

/*
 * Makes the keys of the tpm2 driver where their handles are empty, keeps them
 * where they are its own, and refuses, before it changes anything, where a
 * handle holds something else. Safe to repeat. The report says what was done
 * and how to undo it.
 */
int tpm2_init(
    const struct tpm2_init_conf *conf, struct wr *report, struct seal_diag *d);

#endif
