/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_EAT_H
#define FORMAT_EAT_H

#include "cose/cose.h"

/*
 * Entity Attestation Tokens (RFC 9711) in CBOR, as far as a session needs
 * them. Times are integers (a float iat is refused); eat_nonce is exactly one
 * byte string (an array of nonces is refused: a verifier could not say which
 * of them its peer meant).
 */
#define EAT_NONCE_MIN 8u
#define EAT_NONCE_MAX 64u

/* Views into the claims; an absent claim has no bytes. */
struct eat_claims {
	size_t n; /* claims of any kind */
	bool has_iat;
	int64_t iat;              /* 6: seconds since 1970, not negative */
	struct span cnf_key;      /* 8: encoded COSE_Key of {1: COSE_Key} */
	struct span nonce;        /* 10 */
	struct span profile;      /* 265: a URI; bytes of an OID if .. */
	bool profile_is_oid;      /* .. this is set */
	struct span measurements; /* 273: the encoded array */
};

/* A claims set, such as the payload of a CWT. Unknown claims are ignored, as
 * RFC 9711 demands; labels are unique. */
int eat_claims_parse(
    struct span in, struct eat_claims *ret, struct seal_diag *d);

/*
 * Our software Evidence (PROTOCOL 5.6), for development: it proves nothing of
 * a platform. A tagged COSE_Sign1 whose protected header is exactly {1: alg,
 * 4: kid} with the SHA-256 of the signer's SPKI as kid, whose unprotected
 * header is empty, and whose payload is exactly the claims 6, 8, 10, 265 and
 * 273 in deterministic encoding. Claim 273 is [[60, bstr]]: one measurement
 * of content format application/cbor, a deterministic map of at most
 * EAT_SOFT_MEASUREMENTS names (text) to digests (bstr).
 */
#define EAT_SOFT_PROFILE "tag:sealtls,2026:soft"
#define EAT_SOFT_TYPE \
	"application/eat+cwt; eat_profile=\"" EAT_SOFT_PROFILE "\""
#define EAT_SOFT_MEASUREMENTS 16u
#define EAT_SOFT_NAME_MAX 63u /* printable ASCII without space */
#define EAT_SOFT_KID 32u

struct eat_measurement {
	struct span name;
	struct span digest; /* 1 to HASH_MAX bytes */
};

struct eat_soft {
	struct cose_sign1 sign1; /* to be verified by the caller */
	struct eat_claims claims;
	struct eat_measurement measurements[EAT_SOFT_MEASUREMENTS];
	size_t n_measurements;
};

/* Checks the form alone: no signature, no key, no clock. */
int eat_soft_parse(struct span in, struct eat_soft *ret, struct seal_diag *d);

struct eat_soft_in {
	int64_t iat;
	struct span nonce;
	struct span subject_spki;                   /* becomes cnf */
	struct span signer_spki;                    /* becomes kid */
	const struct eat_measurement *measurements; /* in any order */
	size_t n_measurements;
};

/* The whole message, signed through sign under a scheme that COSE has. */
int eat_soft_write(struct wr *out, const struct eat_soft_in *in,
    uint16_t scheme, sign_fn sign, void *sign_ctx, struct seal_diag *d);

#endif
