/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_READY_H
#define CRYPTO_READY_H

#include "crypto/key.h"

/*
 * A key made ready to sign or to verify. OpenSSL 3.0 looks keys, algorithms and
 * hashes up by name for each signature, which costs a tenth of one on P-256; a
 * key that is used again keeps what was found, and copies it. Safe to share
 * between threads. Between ossl_begin() and ossl_end().
 */
struct ready;

enum ready_for { READY_VERIFY = 0, READY_SIGN };

/* Takes a reference to pkey. NULL: out of memory. */
struct ready *ready_new(EVP_PKEY *pkey, enum ready_for what);
void ready_free(struct ready **r);
/* Signs tbs into ret, of *ret_n bytes, of which *ret_n are used then; false:
 * libcrypto says why. */
bool ready_sign(struct ready *r, const struct scheme *s, struct span tbs,
    uint8_t *ret, size_t *ret_n);
/* 1: sig is good; 0: it is not; -1: this key does not verify by s. */
int ready_verify(
    struct ready *r, const struct scheme *s, struct span tbs, struct span sig);

#endif
