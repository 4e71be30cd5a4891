/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sig.h"

#include <openssl/rsa.h>

#include "crypto/cert_parts.h"

/* RFC 8446 s4.2.3; PKCS#1 v1.5 serves TPM quotes and certificates only. */
static const struct scheme schemes[] = {
	{ SIG_ECDSA_P256_SHA256, "ecdsa_secp256r1_sha256", KEY_EC, CURVE_P256,
	    HASH_SHA256, false, true },
	{ SIG_ECDSA_P384_SHA384, "ecdsa_secp384r1_sha384", KEY_EC, CURVE_P384,
	    HASH_SHA384, false, true },
	{ SIG_ECDSA_P521_SHA512, "ecdsa_secp521r1_sha512", KEY_EC, CURVE_P521,
	    HASH_SHA512, false, true },
	{ SIG_ED25519, "ed25519", KEY_EDDSA, CURVE_ED25519, HASH_NONE, false,
	    true },
	{ SIG_ED448, "ed448", KEY_EDDSA, CURVE_ED448, HASH_NONE, false, true },
	{ SIG_RSA_PSS_RSAE_SHA256, "rsa_pss_rsae_sha256", KEY_RSA, CURVE_NONE,
	    HASH_SHA256, true, true },
	{ SIG_RSA_PSS_RSAE_SHA384, "rsa_pss_rsae_sha384", KEY_RSA, CURVE_NONE,
	    HASH_SHA384, true, true },
	{ SIG_RSA_PSS_RSAE_SHA512, "rsa_pss_rsae_sha512", KEY_RSA, CURVE_NONE,
	    HASH_SHA512, true, true },
	{ SIG_RSA_PSS_PSS_SHA256, "rsa_pss_pss_sha256", KEY_RSA_PSS, CURVE_NONE,
	    HASH_SHA256, true, true },
	{ SIG_RSA_PSS_PSS_SHA384, "rsa_pss_pss_sha384", KEY_RSA_PSS, CURVE_NONE,
	    HASH_SHA384, true, true },
	{ SIG_RSA_PSS_PSS_SHA512, "rsa_pss_pss_sha512", KEY_RSA_PSS, CURVE_NONE,
	    HASH_SHA512, true, true },
	{ SIG_RSA_PKCS1_SHA256, "rsa_pkcs1_sha256", KEY_RSA, CURVE_NONE,
	    HASH_SHA256, false, false },
	{ SIG_RSA_PKCS1_SHA384, "rsa_pkcs1_sha384", KEY_RSA, CURVE_NONE,
	    HASH_SHA384, false, false },
	{ SIG_RSA_PKCS1_SHA512, "rsa_pkcs1_sha512", KEY_RSA, CURVE_NONE,
	    HASH_SHA512, false, false },
	{ 0 },
};

/* Cheapest to verify first, within the common strength. */
const uint16_t sig_tls13_schemes[] = {
	SIG_ECDSA_P256_SHA256,
	SIG_ED25519,
	SIG_ECDSA_P384_SHA384,
	SIG_ECDSA_P521_SHA512,
	SIG_ED448,
	SIG_RSA_PSS_RSAE_SHA256,
	SIG_RSA_PSS_RSAE_SHA384,
	SIG_RSA_PSS_RSAE_SHA512,
	SIG_RSA_PSS_PSS_SHA256,
	SIG_RSA_PSS_PSS_SHA384,
	SIG_RSA_PSS_PSS_SHA512,
};
const size_t sig_tls13_count =
    sizeof(sig_tls13_schemes) / sizeof(sig_tls13_schemes[0]);

const struct scheme *
scheme_find(uint16_t id)
{
	for (const struct scheme *s = schemes; s->id != 0; s++)
		if (s->id == id)
			return s;
	return NULL;
}

bool
sig_is_tls13(uint16_t scheme)
{
	const struct scheme *s = scheme_find(scheme);

	return s != NULL && s->tls13;
}

enum hash
sig_hash(uint16_t scheme)
{
	const struct scheme *s = scheme_find(scheme);

	return s == NULL ? HASH_NONE : s->hash;
}

const char *
sig_name(uint16_t scheme)
{
	const struct scheme *s = scheme_find(scheme);

	return s == NULL ? "unknown" : s->name;
}

/* id-RSASSA-PSS, whose parameters can be written in two ways. */
static enum hash
pss_hash_of(struct span id)
{
	static const uint8_t pss[] = { 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
		1, 1, 0x0a };
	enum hash h = HASH_NONE;
	struct rd r;

	rd_init(&r, id);
	return rd_expect(&r, span_of(pss, sizeof(pss))) &&
		       pss_params_read(&r, true, &h)
		   ? h
		   : HASH_NONE;
}

/* The others can be written in one way only. */
static bool
algorithm_is(const struct scheme *s, struct span id)
{
	uint8_t buf[64];
	struct span want = { 0 };
	struct wr w;
	struct rd r;

	wr_init(&w, buf, sizeof(buf));
	cert_put_algorithm(&w, s);
	rd_init(&r, wr_view(&w));
	return w.error == 0 && der_read(&r, DER_SEQ, &want) &&
	       span_equal(want, id);
}

uint16_t
scheme_of_algorithm(struct span id, const struct pubkey *k)
{
	enum hash pss = pss_hash_of(id);

	for (const struct scheme *s = schemes; s->id != 0; s++)
		if (pubkey_fits(k, s->id) &&
		    (s->pss ? pss != HASH_NONE && pss == s->hash
			    : algorithm_is(s, id)))
			return s->id;
	return SIG_NONE;
}

bool
scheme_set_padding(const struct scheme *s, EVP_PKEY_CTX *ctx)
{
	if (s->kind != KEY_RSA && s->kind != KEY_RSA_PSS)
		return true;
	if (!s->pss)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	/* RFC 8446 s4.2.3: the salt is as long as the hash. MGF1 uses the same
	 * hash unless told otherwise. */
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) >
		   0;
}

int
ecdsa_raw_to_der(
    struct span r, struct span s, struct wr *out, struct seal_diag *d)
{
	size_t mark;

	if (span_is_zero(r) || span_is_zero(s) || r.n > 66 || s.n > 66)
		return seal_fail(
		    d, SEAL_E_DECODE, "ecdsa signature: r or s out of range");
	mark = der_begin(out, DER_SEQ);
	der_put_uint(out, r);
	der_put_uint(out, s);
	der_end(out, mark);
	return out->error == 0 ? 0
			       : seal_fail(d, out->error, "ecdsa signature");
}

static void
put_padded(struct wr *w, struct span s, size_t width)
{
	for (size_t i = s.n; i < width; i++)
		wr_u8(w, 0);
	wr_bytes(w, s);
}

int
ecdsa_der_to_raw(
    struct span der, size_t width, struct wr *out, struct seal_diag *d)
{
	struct span r = { 0 }, s = { 0 };
	struct rd in, seq;

	rd_init(&in, der);
	if (!der_enter(&in, DER_SEQ, &seq) || !rd_end(&in) ||
	    !der_uint(&seq, &r) || !der_uint(&seq, &s) || !rd_end(&seq))
		return seal_fail(d, SEAL_E_DECODE, "ecdsa signature: not DER");
	if (r.n == 0 || s.n == 0 || r.n > width || s.n > width)
		return seal_fail(
		    d, SEAL_E_DECODE, "ecdsa signature: r or s out of range");
	put_padded(out, r, width);
	put_padded(out, s, width);
	return out->error == 0 ? 0
			       : seal_fail(d, out->error, "ecdsa signature");
}
