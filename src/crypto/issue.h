/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_ISSUE_H
#define CRYPTO_ISSUE_H

#include "crypto/x509.h"

/*
 * A CA in this process that certifies attestation keys: its certificate with
 * those above it, leaf first, and its key.
 */
struct issuer;

/* Refused: a certificate that is not for the key, or not a CA's. */
int issuer_load(const char *chain_file, const char *key_file,
    struct issuer **ret, struct seal_diag *d);
void issuer_free(struct issuer **i);

/*
 * An end-entity certificate (DER) for an attestation key: CN=name, keyUsage
 * digitalSignature, extendedKeyUsage tcg-kp-AIKCertificate, valid from now
 * for seconds, but no longer than the issuer itself.
 */
int issuer_certify(const struct issuer *i, struct span spki, const char *name,
    int64_t now, uint32_t seconds, struct wr *out, struct seal_diag *d);
/* The issuer's own chain as PEM, appended. */
int issuer_put_chain(
    const struct issuer *i, struct wr *out, struct seal_diag *d);

/*
 * Is this certificate, whose chain and dates are chain_verify()'s, one of an
 * endorsement key by its form (TCG EK Credential Profile s3.2): an end entity
 * whose extendedKeyUsage holds tcg-kp-EKCertificate? 0 or SEAL_E_CHAIN.
 */
int ek_cert_check(struct span der, struct seal_diag *d);

/* The first DER element of bytes that may have padding behind it, as EK
 * certificates in a TPM's NV memory; empty where there is none. */
struct span der_trim(struct span in);

#endif
