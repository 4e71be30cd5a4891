/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COSE_COSE_H
#define COSE_COSE_H

#include "cbor/cbor.h"
#include "crypto/x509.h"

/* COSE_Sign1 (RFC 9052 s4.2) with its parts as views into the input. */
struct cose_sign1 {
	bool tagged; /* with CBOR tag 18 */
	struct span protected_bytes;
	int64_t alg;              /* 0: absent */
	struct span kid;          /* from the protected header; empty: absent */
	struct span content_type; /* text cty, if protected */
	struct span unprotected;  /* the encoded map */
	struct span payload;
	struct span signature;
};

/* The whole input must be one COSE_Sign1, tagged or not, with its payload
 * inside; critical headers are refused. Nothing unprotected is used. */
int cose_sign1_parse(
    struct span in, struct cose_sign1 *ret, struct seal_diag *d);
/* 0, SEAL_E_SIGNATURE, SEAL_E_KEY. The algorithm must fit the key. */
int cose_sign1_verify(
    const struct cose_sign1 *s, const struct pubkey *key, struct seal_diag *d);
/* Writes a tagged COSE_Sign1 with alg and kid protected, signed through
 * sign; scheme is a TLS SignatureScheme that COSE has too. */
int cose_sign1_write(struct wr *out, uint16_t scheme, struct span kid,
    struct span payload, sign_fn sign, void *sign_ctx, struct seal_diag *d);

/* Protected parameters beside alg; empty ones are left out. */
struct cose_headers {
	struct span content_type; /* text */
	struct span kid;
	struct span
	    more;      /* encoded labels and values, in order, labels from 5 */
	size_t n_more; /* pairs */
};
int cose_sign1_write_with(struct wr *out, uint16_t scheme,
    const struct cose_headers *headers, struct span payload, sign_fn sign,
    void *sign_ctx, struct seal_diag *d);

/* TLS scheme of a COSE algorithm and back; SIG_NONE and 0 where none. EdDSA
 * gives SIG_ED25519, PS256 its RSAE scheme: the key decides, see below. */
uint16_t cose_alg_to_scheme(int64_t alg);
int64_t cose_alg_from_scheme(uint16_t scheme);
/* The scheme under which this key makes signatures of alg; SIG_NONE: none. */
uint16_t cose_alg_for_key(int64_t alg, const struct pubkey *key);
/* Bytes of r and of s in COSE's signatures; 0 where it is not ECDSA. */
size_t cose_ecdsa_width(uint16_t scheme);

/* COSE_Key (RFC 9052 s7) of a public key, and its SPKI. Nothing but kty, kid,
 * alg and the public parts may stand in it. */
int cose_key_to_spki(struct span key, struct wr *out, struct seal_diag *d);
/* The same, and the key itself, through a cache; both may be NULL. */
int cose_key_import(struct span key, struct wr *out, struct key_cache *cache,
    struct pubkey **ret_key, struct seal_diag *d);
int cose_key_from_spki(struct span spki, struct wr *out, struct seal_diag *d);

#endif
