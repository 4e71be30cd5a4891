/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOSE_KEY_H
#define JOSE_KEY_H

#include <jansson.h>

#include "base/limits.h"
#include "crypto/x509.h"

/*
 * JSON Web Keys (RFC 7517, RFC 8037): public keys on P-256, P-384, P-521 and
 * Ed25519, since these are what results are signed with.
 */
#define JWK_SPKI_MAX 160u /* bytes; P-521 needs 158 */
#define JWK_KID_MAX 128u  /* bytes, with the NUL */
#define JWK_SET_MAX 32u   /* keys in one set */

/* A key with the one algorithm that it may be used with. */
struct jwk {
	uint8_t spki[JWK_SPKI_MAX];
	size_t n_spki;
	uint16_t scheme; /* a TLS SignatureScheme */
	struct pubkey *key;
	char kid[JWK_KID_MAX]; /* empty: none */
};

/* A key as it stands in JSON. Refused: private parts, symmetric and RSA keys,
 * an alg that is not the curve's, a use that is not for signatures. */
int jwk_read(const json_t *j, struct jwk *ret, struct seal_diag *d);
/* Neither secret nor wrong, but of another kind or use than ours. */
bool jwk_for_others(const json_t *j);
/* The SPKI of a public key that need not sign results: RSA as well. */
int jwk_to_spki(const json_t *j, struct wr *out, struct seal_diag *d);
/* What jwk_read() gives, of a key that we have already. */
int jwk_from_spki(
    struct span spki, const char *kid, struct jwk *ret, struct seal_diag *d);
void jwk_wipe(struct jwk *k);

/* The key alone as a new JSON object, RSA too; NULL where JOSE has no name for
 * it, or out of memory. */
json_t *jwk_json(struct span spki);
/* For publishing: with kid, alg and use as well. */
json_t *jwk_json_public(const struct jwk *k);
/* RFC 7638, SHA-256, in base64url: 43 characters and a NUL. */
#define JWK_THUMBPRINT 44u
int jwk_thumbprint(
    struct span spki, char ret[JWK_THUMBPRINT], struct seal_diag *d);

/*
 * Keys that an operator trusts. In a set, keys of a kind or use that is not
 * ours are passed over (RFC 7517 s5) as long as one remains; a private key, a
 * malformed one and a kid twice are refused.
 */
struct jwk_set {
	struct jwk keys[JWK_SET_MAX];
	size_t n;
};

/* {"keys": [JWK…]}, or one JWK. */
int jwk_set_parse(struct span text, struct jwk_set **ret, struct seal_diag *d);
int jwk_set_load(const char *path, struct jwk_set **ret, struct seal_diag *d);
void jwk_set_free(struct jwk_set **s);

#endif
