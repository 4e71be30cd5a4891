/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_TCB_SIGNER_H
#define APPRAISE_TCB_SIGNER_H

#include "base/limits.h"
#include "crypto/x509.h"

/* Who signs Intel's collateral, and that it did. */
#define TCB_SIGNER "Intel SGX TCB Signing"

/*
 * Is this certificate (DER) the signer's, under one of these roots now? 0 with
 * *ret, which is cert_unref()'s; SEAL_E_UNSUPPORTED, untold: some other
 * certificate; else chain_verify()'s.
 */
int tcb_signer_check(const struct trust *roots, struct span der, int64_t now,
    struct cert **ret, struct seal_diag *d);
/* The same, under the anchor of ca with this number. certs may be NULL. */
int tcb_signer_check_under(const struct trust *ca, size_t anchor,
    struct span der, int64_t now, struct cert_cache *certs, struct cert **ret,
    struct seal_diag *d);
/* A signature r || s over the bytes of a document. */
int tcb_signer_verify(const struct cert *signer, struct span body,
    const uint8_t raw[64], struct seal_diag *d);
/* What stands for a document and its signature together. */
int tcb_signer_digest(struct span body, const uint8_t raw[64], uint8_t ret[32],
    struct seal_diag *d);
/* tcb_signer_verify(), which ca remembers by tcb_signer_digest(). */
int tcb_signer_verify_once(const struct cert *signer, struct span body,
    const uint8_t raw[64], const uint8_t digest[32], const struct trust *ca,
    struct seal_diag *d);

#endif
