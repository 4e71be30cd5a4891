/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tpm.h"

#include "base/limits.h"
#include "base/rd.h"

#define COORDINATE_MAX 66u /* bytes: P-521 */

/* TPM signing scheme and hash as one TLS SignatureScheme. */
static const struct {
	uint16_t alg, hash, scheme;
} schemes[] = {
	{ TPM_ALG_ECDSA, TPM_ALG_SHA256, SIG_ECDSA_P256_SHA256 },
	{ TPM_ALG_ECDSA, TPM_ALG_SHA384, SIG_ECDSA_P384_SHA384 },
	{ TPM_ALG_ECDSA, TPM_ALG_SHA512, SIG_ECDSA_P521_SHA512 },
	{ TPM_ALG_RSASSA, TPM_ALG_SHA256, SIG_RSA_PKCS1_SHA256 },
	{ TPM_ALG_RSASSA, TPM_ALG_SHA384, SIG_RSA_PKCS1_SHA384 },
	{ TPM_ALG_RSASSA, TPM_ALG_SHA512, SIG_RSA_PKCS1_SHA512 },
	{ TPM_ALG_RSAPSS, TPM_ALG_SHA256, SIG_RSA_PSS_RSAE_SHA256 },
	{ TPM_ALG_RSAPSS, TPM_ALG_SHA384, SIG_RSA_PSS_RSAE_SHA384 },
	{ TPM_ALG_RSAPSS, TPM_ALG_SHA512, SIG_RSA_PSS_RSAE_SHA512 },
};
#define N_SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

static bool
between(size_t n, size_t max)
{
	return n > 0 && n <= max;
}

static bool
values_parse(struct rd *r, struct tpm_signature *s)
{
	if (s->alg == TPM_ALG_ECDSA)
		return rd_vec16(r, &s->r) && between(s->r.n, COORDINATE_MAX) &&
		       rd_vec16(r, &s->s) && between(s->s.n, COORDINATE_MAX);
	return rd_vec16(r, &s->sig) && between(s->sig.n, LIMIT_SIGNATURE);
}

int
tpm_signature_parse(
    struct span in, struct tpm_signature *ret, struct seal_diag *d)
{
	struct tpm_signature s = { 0 };
	struct rd r;

	rd_init(&r, in);
	if (!rd_u16(&r, &s.alg) || !rd_u16(&r, &s.hash))
		return seal_fail(d, SEAL_E_DECODE, "TPMT_SIGNATURE: too short");
	if (s.alg != TPM_ALG_RSASSA && s.alg != TPM_ALG_RSAPSS &&
	    s.alg != TPM_ALG_ECDSA)
		return seal_fail(d, SEAL_E_DECODE,
		    "TPMT_SIGNATURE: expected RSASSA, RSAPSS or ECDSA, "
		    "found algorithm %04x",
		    (unsigned)s.alg);
	if (tpm_hash(s.hash) == HASH_NONE)
		return seal_fail(d, SEAL_E_DECODE,
		    "TPMT_SIGNATURE: unknown hash %04x", (unsigned)s.hash);
	if (!values_parse(&r, &s) || !rd_end(&r))
		return seal_fail(d, SEAL_E_DECODE, "TPMT_SIGNATURE: malformed");
	*ret = s;
	return 0;
}

void
tpm_signature_write(struct wr *out, const struct tpm_signature *s)
{
	wr_u16(out, s->alg);
	wr_u16(out, s->hash);
	if (s->alg == TPM_ALG_ECDSA) {
		wr_vec(out, 2, s->r);
		wr_vec(out, 2, s->s);
	} else {
		wr_vec(out, 2, s->sig);
	}
}

int
tpm_signature_to_tls(const struct tpm_signature *s, uint16_t *ret_scheme,
    struct wr *out, struct seal_diag *d)
{
	uint16_t scheme = SIG_NONE;
	int r;

	for (size_t i = 0; i < N_SCHEMES; i++)
		if (schemes[i].alg == s->alg && schemes[i].hash == s->hash)
			scheme = schemes[i].scheme;
	/* SHA-1 has no row, so that nothing signed with it is ever accepted. */
	if (scheme == SIG_NONE)
		return seal_fail(d, SEAL_E_SIGNATURE,
		    "TPMT_SIGNATURE: algorithm %04x with hash %04x is not "
		    "accepted",
		    (unsigned)s->alg, (unsigned)s->hash);
	if (s->alg == TPM_ALG_ECDSA) {
		if ((r = ecdsa_raw_to_der(s->r, s->s, out, d)) != 0)
			return r;
	} else {
		wr_bytes(out, s->sig);
	}
	if (out->error != 0)
		return seal_fail(d, out->error, "TPMT_SIGNATURE: no room");
	*ret_scheme = scheme;
	return 0;
}

/* Bytes of r and of s; the TPM pads both to the size of the curve. */
static size_t
scheme_width(uint16_t scheme)
{
	switch (scheme) {
	case SIG_ECDSA_P256_SHA256:
		return curve_size(CURVE_P256);
	case SIG_ECDSA_P384_SHA384:
		return curve_size(CURVE_P384);
	default:
		return curve_size(CURVE_P521);
	}
}

int
tpm_signature_from_tls(
    uint16_t scheme, struct span sig, struct wr *out, struct seal_diag *d)
{
	struct tpm_signature s = { .sig = sig };
	uint8_t raw[2 * COORDINATE_MAX];
	size_t width = scheme_width(scheme);
	struct wr w;
	int r;

	for (size_t i = 0; i < N_SCHEMES; i++) {
		if (schemes[i].scheme == scheme) {
			s.alg = schemes[i].alg;
			s.hash = schemes[i].hash;
		}
	}
	if (s.alg == 0)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "TPMT_SIGNATURE: no form for scheme %s", sig_name(scheme));
	if (s.alg == TPM_ALG_ECDSA) {
		wr_init(&w, raw, sizeof(raw));
		if ((r = ecdsa_der_to_raw(sig, width, &w, d)) != 0)
			return r;
		s.r = span_of(raw, width);
		s.s = span_of(raw + width, width);
	}
	tpm_signature_write(out, &s);
	return out->error == 0
		   ? 0
		   : seal_fail(d, out->error, "TPMT_SIGNATURE: no room");
}
