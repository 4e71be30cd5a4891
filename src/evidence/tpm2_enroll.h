/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_TPM2_ENROLL_H
#define EVIDENCE_TPM2_ENROLL_H

#include "base/wr.h"

/* Endorsement keys by the TCG's templates. */
enum tpm2_ek {
	TPM2_EK_ANY = 0, /* the first below that has a certificate */
	TPM2_EK_RSA2048, /* L-1 */
	TPM2_EK_P256,    /* L-2 */
	TPM2_EK_P384,    /* H-3 */
};

struct tpm2_enroll_conf {
	const char *tcti;     /* NULL: device:/dev/tpmrm0 */
	const char *lock_dir; /* NULL: a default */
	uint32_t srk, ak;     /* handles; 0: 0x81010010, 11 */
	enum tpm2_ek ek;
	bool no_certificate; /* the caller has one: do not look in the TPM */
	uint32_t timeout_ms; /* 0: 60 s */
};

/* "rsa2048", "p256", "p384"; TPM2_EK_ANY for what is none of them. */
enum tpm2_ek tpm2_ek_by_name(const char *name);

/*
 * What a request is made of: the EK's certificate (DER, from NV memory; empty
 * with no_certificate) and the public areas of EK and AK.
 */
int tpm2_enroll_read(const struct tpm2_enroll_conf *conf, struct wr *ret_cert,
    struct wr *ret_ek, struct wr *ret_ak, struct seal_diag *d);

/* TPM2_ActivateCredential: the secret that was sealed to this TPM's EK for
 * its AK. Nothing stays loaded. */
int tpm2_enroll_activate(const struct tpm2_enroll_conf *conf, struct span blob,
    struct span seed, struct wr *ret_secret, struct seal_diag *d);

#endif
