/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

/* What the files about keys share; private to src/crypto. */
#include <openssl/evp.h>

#include "base/rd.h"
#include "crypto/sig.h"

#define RSA_BITS_MIN 2048u /* for any signature that we accept */
#define RSA_BITS_MAX 8192u /* bounds what one verification may cost */

/* Zero is no key, and fits nothing. */
enum key_kind {
	KEY_NONE = 0,
	KEY_EC,
	KEY_EDDSA,
	KEY_RSA,     /* rsaEncryption */
	KEY_RSA_PSS, /* id-RSASSA-PSS */
};

/* A SubjectPublicKeyInfo taken apart; spans point into it. */
struct spki {
	enum key_kind kind;
	enum curve curve;   /* EC and EdDSA */
	struct span point;  /* EC: 4 || x || y; EdDSA: the key */
	struct span n, e;   /* RSA, without leading zeros */
	unsigned bits;      /* RSA: of the modulus */
	enum hash pss_hash; /* the only one allowed; HASH_NONE: any */
};

/* Strict; checks everything but whether the point is on its curve. */
int spki_parse(struct span der, struct spki *ret, struct seal_diag *d);
const char *curve_name(enum curve c); /* "P-256", as libcrypto knows it */

struct scheme {
	uint16_t id; /* 0 ends the table */
	const char *name;
	enum key_kind kind;
	enum curve curve;
	enum hash hash;
	bool pss, tls13;
};
const struct scheme *scheme_find(uint16_t id); /* NULL: unknown */
/* Readies a signing or verifying context's padding for this scheme. */
bool scheme_set_padding(const struct scheme *s, EVP_PKEY_CTX *ctx);

/*
 * The scheme of a signature with this AlgorithmIdentifier (its content) under
 * this key, as certificates and revocation lists have it; SIG_NONE: none that
 * we use, SHA-1 among them.
 */
uint16_t scheme_of_algorithm(struct span id, const struct pubkey *k);
/* RSASSA-PSS-params with one SHA-2 hash all through, of spki.c. of_signature:
 * the salt is as long as the hash, no less, and the only trailerField may
 * stand there, which DER leaves out and AMD writes. */
bool pss_params_read(struct rd *r, bool of_signature, enum hash *ret);

/* What a pubkey is, for messages: "an RSA key of 1024 bits". */
const char *pubkey_describe(const struct pubkey *k, char *buf, size_t cap);

#endif
