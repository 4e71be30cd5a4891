/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOSE_TOKEN_H
#define JOSE_TOKEN_H

#include "jose/key.h"

/*
 * JSON Web Signatures (RFC 7515) in compact form, with the payload inside:
 * ES256, ES384, ES512 and EdDSA. Any other algorithm is refused before a key
 * is looked for, and the key, which is always the caller's, fixes which one it
 * may be. What a header says of keys (jwk, jku, x5c, x5u) is never used;
 * extensions (crit, b64) are refused.
 */
#define JWS_MAX LIMIT_CMW      /* bytes of a token */
#define JWS_HEADER_MAX 16384u  /* bytes of a decoded header */
#define JWS_SIGNATURE_MAX 132u /* ES512 */
#define JWS_TYPE_MAX 64u       /* bytes of typ, with the NUL */

struct jws {
	/* As they stand in the token. */
	struct span protected_text, payload_text, signature_text;
	struct span tbs;                          /* what is signed */
	const char *alg;                          /* static */
	uint16_t scheme;                          /* a TLS SignatureScheme */
	char kid[JWK_KID_MAX], typ[JWS_TYPE_MAX]; /* empty: none */
	uint8_t signature[JWS_SIGNATURE_MAX];
	size_t n_signature;
	uint8_t *payload; /* owned */
	size_t n_payload;
};

/* Form alone: whoever uses the payload verifies first. */
int jws_parse(struct span token, struct jws *ret, struct seal_diag *d);
void jws_wipe(struct jws *j);
/* 0, SEAL_E_SIGNATURE, or SEAL_E_KEY where the algorithm is not the key's. */
int jws_verify(const struct jws *j, const struct jwk *key, struct seal_diag *d);
/* By the key of this set with the token's kid; a token without one, or with
 * one that no key has, is tried against all that fit. *ret_key is borrowed. */
int jws_verify_set(const struct jws *j, const struct jwk_set *set,
    const struct jwk **ret_key, struct seal_diag *d);

/* A token signed through sign. The private key stays where it is: that is why
 * this does not go through the library. typ and kid may be NULL. */
int jws_sign(struct wr *out, uint16_t scheme, const char *typ, const char *kid,
    struct span payload, sign_fn sign, void *sign_ctx, struct seal_diag *d);

#endif
