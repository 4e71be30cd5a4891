/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_OSSL_H
#define CRYPTO_OSSL_H

/* How this room treats libcrypto; private to src/crypto, and to src/jose for
 * the library that it calls. */
#include <openssl/evp.h>

#include "base/diag.h"
#include "crypto/hash.h"

/*
 * Every call into libcrypto that can fail stands between these two, because
 * an error left on the thread's queue makes SSL_get_error() report a failed
 * connection. What the application had on the queue before stays.
 */
void ossl_begin(void);
void ossl_end(void);

/* seal_fail() with the library's own short reason appended; before
 * ossl_end(). */
int ossl_fail(struct seal_diag *d, int code, const char *fmt, ...)
    SEAL_PRINTF(3, 4);

/* NULL for HASH_NONE. Static: costs no fetch and no reference. */
const EVP_MD *ossl_md(enum hash h);

#endif
