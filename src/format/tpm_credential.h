/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_TPM_CREDENTIAL_H
#define FORMAT_TPM_CREDENTIAL_H

#include "format/tpm.h"

#define TPM_CREDENTIAL_SECRET_MAX 32u /* bytes; fits every nameAlg */

/* TPMT_PUBLIC of an endorsement key: a restricted storage key. */
struct tpm_ek {
	struct span whole;
	uint16_t type, name_alg;
	uint32_t attributes;
	struct span auth_policy;
	uint16_t aes_bits; /* 128 or 256, CFB */
	uint16_t bits;
	uint32_t exponent;
	struct span modulus;
	enum curve curve;
	struct span x, y;
};

/* Refuses what no EK template of the TCG makes: a key that signs, that may
 * leave its TPM, or that protects by other than AES-CFB. */
int tpm_ek_parse(struct span in, struct tpm_ek *ret, struct seal_diag *d);
int tpm_ek_spki(const struct tpm_ek *ek, struct wr *out, struct seal_diag *d);

/* KDFa of TPM 2.0 part 1 s11.4.10.2; label without its NUL. */
int tpm_kdfa(enum hash h, struct span key, const char *label,
    struct span context_u, struct span context_v, size_t bits, uint8_t *ret,
    struct seal_diag *d);

/*
 * TPM2_MakeCredential in software (part 1 s24): secret, so that only the TPM
 * of ek gives it out, and only where it holds the object of this name. blob
 * is the content of a TPM2B_ID_OBJECT, seed that of a TPM2B_ENCRYPTED_SECRET.
 */
int tpm_credential_make(const struct tpm_ek *ek, struct span name,
    struct span secret, struct wr *ret_blob, struct wr *ret_seed,
    struct seal_diag *d);

#endif
