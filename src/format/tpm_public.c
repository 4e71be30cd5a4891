/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tpm.h"

#include "base/rd.h"
#include "crypto/x509.h"

#define RSA_MIN_BITS 1024u
#define RSA_MAX_BITS 8192u
#define RSA_EXPONENT 65537u /* what 0 stands for, part 2 s12.2.3.5 */

static enum curve
curve_of(uint16_t id)
{
	switch (id) {
	case 0x0003:
		return CURVE_P256;
	case 0x0004:
		return CURVE_P384;
	case 0x0005:
		return CURVE_P521;
	default:
		return CURVE_NONE;
	}
}

/* TPMT_SYM_DEF_OBJECT: a signing key has none. */
static bool
symmetric_parse(struct rd *r)
{
	uint16_t alg;

	return rd_u16(r, &alg) && (alg == TPM_ALG_NULL || rd_fail(r));
}

/* TPMT_RSA_SCHEME or TPMT_ECC_SCHEME, as far as they sign. */
static bool
scheme_parse(struct rd *r, struct tpm_public *p)
{
	bool ecc = p->type == TPM_ALG_ECC;

	if (!rd_u16(r, &p->scheme))
		return false;
	p->scheme_hash = TPM_ALG_NULL;
	if (p->scheme == TPM_ALG_NULL)
		return true;
	if (ecc ? p->scheme != TPM_ALG_ECDSA
		: p->scheme != TPM_ALG_RSASSA && p->scheme != TPM_ALG_RSAPSS)
		return rd_fail(r);
	return rd_u16(r, &p->scheme_hash) &&
	       (tpm_hash(p->scheme_hash) != HASH_NONE || rd_fail(r));
}

static bool
rsa_parse(struct rd *r, struct tpm_public *p)
{
	if (!symmetric_parse(r) || !scheme_parse(r, p) ||
	    !rd_u16(r, &p->bits) || !rd_u32(r, &p->exponent) ||
	    !rd_vec16(r, &p->modulus))
		return false;
	if (p->exponent == 0)
		p->exponent = RSA_EXPONENT;
	return p->bits >= RSA_MIN_BITS && p->bits <= RSA_MAX_BITS &&
	       p->bits % 8 == 0 && p->modulus.n == p->bits / 8;
}

static bool
ecc_parse(struct rd *r, struct tpm_public *p)
{
	uint16_t id, kdf;
	size_t size;

	if (!symmetric_parse(r) || !scheme_parse(r, p) || !rd_u16(r, &id) ||
	    !rd_u16(r, &kdf) || !rd_vec16(r, &p->x) || !rd_vec16(r, &p->y))
		return false;
	p->curve = curve_of(id);
	size = curve_size(p->curve);
	return kdf == TPM_ALG_NULL && p->x.n > 0 && p->x.n <= size &&
	       p->y.n > 0 && p->y.n <= size;
}

int
tpm_public_parse(struct span in, struct tpm_public *ret, struct seal_diag *d)
{
	struct tpm_public p = { .whole = in };
	struct rd r;

	rd_init(&r, in);
	if (!rd_u16(&r, &p.type) || !rd_u16(&r, &p.name_alg))
		return seal_fail(d, SEAL_E_DECODE, "TPMT_PUBLIC: too short");
	if (p.type != TPM_ALG_RSA && p.type != TPM_ALG_ECC)
		return seal_fail(d, SEAL_E_DECODE,
		    "TPMT_PUBLIC: expected an RSA or ECC key, found type %04x",
		    (unsigned)p.type);
	if (tpm_hash(p.name_alg) == HASH_NONE)
		return seal_fail(d, SEAL_E_DECODE,
		    "TPMT_PUBLIC: unknown name algorithm %04x",
		    (unsigned)p.name_alg);
	if (!rd_u32(&r, &p.attributes) || !rd_vec16(&r, &p.auth_policy) ||
	    (p.auth_policy.n != 0 &&
		p.auth_policy.n != hash_size(tpm_hash(p.name_alg))) ||
	    !(p.type == TPM_ALG_RSA ? rsa_parse(&r, &p) : ecc_parse(&r, &p)) ||
	    !rd_end(&r))
		return seal_fail(
		    d, SEAL_E_DECODE, "TPMT_PUBLIC: not a signing key");
	*ret = p;
	return 0;
}

int
tpm_public_name(const struct tpm_public *p, struct wr *out, struct seal_diag *d)
{
	enum hash h = tpm_hash(p->name_alg);
	uint8_t digest[HASH_MAX];
	int r;

	if ((r = hash_one(h, p->whole, digest, d)) != 0)
		return r;
	wr_u16(out, p->name_alg);
	wr_bytes(out, span_of(digest, hash_size(h)));
	return out->error == 0 ? 0 : seal_fail(d, out->error, "TPM name");
}

int
tpm_public_spki(const struct tpm_public *p, struct wr *out, struct seal_diag *d)
{
	return tpm_public_spki_known(p, NULL, out, d);
}

int
tpm_public_spki_known(const struct tpm_public *p, struct key_cache *cache,
    struct wr *out, struct seal_diag *d)
{
	if (p->type == TPM_ALG_RSA)
		return spki_import_rsa(
		    p->modulus, p->exponent, out, cache, NULL, d);
	return spki_import_ec(p->curve, p->x, p->y, out, cache, NULL, d);
}
