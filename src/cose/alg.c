/* SPDX-License-Identifier: Apache-2.0 */
#include "cose/cose.h"

struct alg {
	int64_t alg;
	uint16_t scheme;
};

/*
 * The COSE registry of algorithms against TLS's of schemes. A scheme is
 * written as its first row, an algorithm read as any of its rows that fits
 * the key: EdDSA serves two curves, PS256 two kinds of RSA key. TLS binds
 * ECDSA hashes to curves, so that ES256 means what ESP256 does (RFC 9864).
 */
static const struct alg algs[] = {
	{ -7, SIG_ECDSA_P256_SHA256 },    /* ES256 */
	{ -35, SIG_ECDSA_P384_SHA384 },   /* ES384 */
	{ -36, SIG_ECDSA_P521_SHA512 },   /* ES512 */
	{ -8, SIG_ED25519 },              /* EdDSA */
	{ -8, SIG_ED448 },                /* EdDSA */
	{ -37, SIG_RSA_PSS_RSAE_SHA256 }, /* PS256 */
	{ -37, SIG_RSA_PSS_PSS_SHA256 },  /* PS256 */
	{ -38, SIG_RSA_PSS_RSAE_SHA384 }, /* PS384 */
	{ -38, SIG_RSA_PSS_PSS_SHA384 },  /* PS384 */
	{ -39, SIG_RSA_PSS_RSAE_SHA512 }, /* PS512 */
	{ -39, SIG_RSA_PSS_PSS_SHA512 },  /* PS512 */
	{ -9, SIG_ECDSA_P256_SHA256 },    /* ESP256 */
	{ -51, SIG_ECDSA_P384_SHA384 },   /* ESP384 */
	{ -52, SIG_ECDSA_P521_SHA512 },   /* ESP512 */
	{ -19, SIG_ED25519 },             /* Ed25519 */
	{ -53, SIG_ED448 },               /* Ed448 */
	{ 0 },
};

uint16_t
cose_alg_to_scheme(int64_t alg)
{
	for (const struct alg *a = algs; a->alg != 0; a++) {
		if (a->alg == alg)
			return a->scheme;
	}
	return SIG_NONE;
}

int64_t
cose_alg_from_scheme(uint16_t scheme)
{
	for (const struct alg *a = algs; a->alg != 0; a++) {
		if (a->scheme == scheme)
			return a->alg;
	}
	return 0;
}

uint16_t
cose_alg_for_key(int64_t alg, const struct pubkey *key)
{
	for (const struct alg *a = algs; a->alg != 0; a++) {
		if (a->alg == alg && pubkey_fits(key, a->scheme))
			return a->scheme;
	}
	return SIG_NONE;
}

size_t
cose_ecdsa_width(uint16_t scheme)
{
	switch (scheme) {
	case SIG_ECDSA_P256_SHA256:
		return curve_size(CURVE_P256);
	case SIG_ECDSA_P384_SHA384:
		return curve_size(CURVE_P384);
	case SIG_ECDSA_P521_SHA512:
		return curve_size(CURVE_P521);
	default:
		return 0;
	}
}
