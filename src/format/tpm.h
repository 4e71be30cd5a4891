/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_TPM_H
#define FORMAT_TPM_H

#include "crypto/sig.h"

/*
 * The TPM 2.0 structures that Evidence is made of (TPM 2.0 Library part 2),
 * marshalled big endian, without the size field of their TPM2B forms. Parsed
 * structures are views into the input; the whole input must be used up.
 */
#define TPM_GENERATED 0xff544347u
#define TPM_ST_CERTIFY 0x8017u
#define TPM_ST_QUOTE 0x8018u

#define TPM_ALG_RSA 0x0001u
#define TPM_ALG_SHA1 0x0004u
#define TPM_ALG_SHA256 0x000bu
#define TPM_ALG_SHA384 0x000cu
#define TPM_ALG_SHA512 0x000du
#define TPM_ALG_NULL 0x0010u
#define TPM_ALG_RSASSA 0x0014u
#define TPM_ALG_RSAPSS 0x0016u
#define TPM_ALG_ECDSA 0x0018u
#define TPM_ALG_ECC 0x0023u

/* TPMA_OBJECT bits that appraisal and provisioning care about. */
#define TPM_FIXED_TPM 0x00000002u
#define TPM_FIXED_PARENT 0x00000010u
#define TPM_SENSITIVE_DATA_ORIGIN 0x00000020u
#define TPM_USER_WITH_AUTH 0x00000040u
#define TPM_NO_DA 0x00000400u
#define TPM_ENCRYPTED_DUPLICATION 0x00000800u
#define TPM_RESTRICTED 0x00010000u
#define TPM_DECRYPT 0x00020000u
#define TPM_SIGN 0x00040000u

#define TPM_BANKS_MAX 4
#define TPM_PCRS 24 /* of one bank */

enum hash tpm_hash(uint16_t alg); /* HASH_NONE for what we do not know */
uint16_t tpm_hash_alg(enum hash h);

struct tpm_selection {
	uint16_t bank;
	uint32_t pcrs; /* bit n selects PCR n */
};

/* TPMS_ATTEST of a Quote or a Certify. */
struct tpm_attest {
	uint32_t magic;
	uint16_t type;
	struct span qualified_signer, extra_data;
	uint64_t clock;
	uint32_t reset_count, restart_count;
	uint8_t safe;
	uint64_t firmware;
	/* TPM_ST_QUOTE */
	struct tpm_selection selection[TPM_BANKS_MAX];
	size_t n_selection;
	struct span pcr_digest;
	/* TPM_ST_CERTIFY */
	struct span name, qualified_name;
};

/* Refuses another magic or type, selections over TPM_BANKS_MAX banks or of
 * other than 3 octets, a bank twice, and trailing bytes. */
int tpm_attest_parse(
    struct span in, struct tpm_attest *ret, struct seal_diag *d);
void tpm_attest_write(struct wr *out, const struct tpm_attest *a);

/* TPMT_SIGNATURE: sig for RSA, r and s for ECDSA. */
struct tpm_signature {
	uint16_t alg, hash;
	struct span sig, r, s;
};

int tpm_signature_parse(
    struct span in, struct tpm_signature *ret, struct seal_diag *d);
void tpm_signature_write(struct wr *out, const struct tpm_signature *s);
/* As a TLS SignatureScheme and signature bytes for pubkey_verify(). The curve
 * of an ECDSA scheme follows the hash (RFC 8446), so P-256 with SHA-256. */
int tpm_signature_to_tls(const struct tpm_signature *s, uint16_t *ret_scheme,
    struct wr *out, struct seal_diag *d);
int tpm_signature_from_tls(
    uint16_t scheme, struct span sig, struct wr *out, struct seal_diag *d);

/* TPMT_PUBLIC of an RSA or ECC signing key. */
struct tpm_public {
	struct span whole; /* as received: what the Name is computed over */
	uint16_t type, name_alg;
	uint32_t attributes;
	struct span auth_policy;
	uint16_t scheme, scheme_hash; /* TPM_ALG_NULL: none fixed */
	/* RSA */
	uint16_t bits;
	uint32_t exponent; /* 65537 where the structure says 0 */
	struct span modulus;
	/* ECC */
	enum curve curve;
	struct span x, y;
};

int tpm_public_parse(
    struct span in, struct tpm_public *ret, struct seal_diag *d);
/* Name = nameAlg || H(TPMT_PUBLIC), part 1 s16; out gets at most 66 bytes. */
int tpm_public_name(
    const struct tpm_public *p, struct wr *out, struct seal_diag *d);
int tpm_public_spki(
    const struct tpm_public *p, struct wr *out, struct seal_diag *d);
/* The same; that it is a key at all, a point of its curve, is then known of
 * those in the cache, which may be NULL. */
struct key_cache;
int tpm_public_spki_known(const struct tpm_public *p, struct key_cache *cache,
    struct wr *out, struct seal_diag *d);

#endif
