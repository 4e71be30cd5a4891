/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SIGNER_KEY_H
#define CRYPTO_SIGNER_KEY_H

#include "crypto/sig.h"

struct evp_pkey_st;

/*
 * A key for libssl whose private half lives elsewhere, in a TPM for example:
 * signatures come from sign, everything else from spki. EC, RSA (PSS) and
 * EdDSA, for TLS 1.3. sign may be called by any thread that handshakes with
 * the key, and with sign_ctx must outlive it. Free it with EVP_PKEY_free().
 */
int signer_key_new(struct span spki, sign_fn sign, void *sign_ctx,
    struct evp_pkey_st **ret, struct seal_diag *d);

/* The same for a key in memory, which libssl uses as it is; counted. */
int signer_key_of(
    const struct privkey *k, struct evp_pkey_st **ret, struct seal_diag *d);

#endif
