/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/diag.h"
#include "base/span.h"

/* Zero is no hash, and every function refuses it. */
enum hash {
	HASH_NONE = 0,
	HASH_SHA1, /* for reading TPM event logs and banks; never for trust */
	HASH_SHA256,
	HASH_SHA384,
	HASH_SHA512,
};

#define HASH_MAX 64 /* bytes */

size_t hash_size(enum hash h);      /* bytes; 0 for HASH_NONE */
const char *hash_name(enum hash h); /* "sha256", …; "none" */
enum hash hash_by_name(const char *name);

/*
 * The hash or HMAC of n parts taken as one string. ret has room for HASH_MAX
 * bytes, of which hash_size(h) are written.
 */
int hash_parts(enum hash h, const struct span *parts, size_t n, uint8_t *ret,
    struct seal_diag *d);
int hash_one(enum hash h, struct span in, uint8_t *ret, struct seal_diag *d);
/* SHAKE-256 (FIPS 202) of in, n bytes of it. */
int shake256(struct span in, uint8_t *ret, size_t n, struct seal_diag *d);
int hmac_parts(enum hash h, struct span key, const struct span *parts, size_t n,
    uint8_t *ret, struct seal_diag *d);

/*
 * HKDF-Expand-Label (RFC 8446 s7.1); prefix is "tls13 ", or "dtls13" for
 * DTLS 1.3 (RFC 9147 s5.9). Writes len bytes, at most 255.
 */
int hkdf_expand_label(enum hash h, struct span secret, const char *prefix,
    const char *label, struct span context, uint8_t *ret, size_t len,
    struct seal_diag *d);

int random_bytes(uint8_t *ret, size_t n, struct seal_diag *d);

#endif
