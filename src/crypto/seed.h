/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SEED_H
#define CRYPTO_SEED_H

#include "crypto/sig.h"

/* How a secret travels to a TPM's storage key (TPM 2.0 part 1, annexes B and
 * C), as far as libcrypto does it. */

/* RSAES-OAEP with hash for both uses, label with its NUL included. */
int rsa_oaep_encrypt(struct span spki, enum hash h, struct span label,
    struct span in, struct wr *out, struct seal_diag *d);
/*
 * A fresh key on the curve and its shared secret with spki's point: all
 * coordinates are curve_size() bytes in buffers of 66. The caller wipes z.
 */
int ecdh_fresh(enum curve c, struct span spki, uint8_t ret_x[66],
    uint8_t ret_y[66], uint8_t ret_z[66], struct seal_diag *d);
/* AES-CFB with an IV of zeros; key of 16 or 32 bytes; ret has in.n bytes. */
int aes_cfb_encrypt(
    struct span key, struct span in, uint8_t *ret, struct seal_diag *d);

#endif
