/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tpm_credential.h"

#include <string.h>

#include "base/limits.h"
#include "base/rd.h"
#include "crypto/seed.h"

#define ALG_AES 0x0006u
#define ALG_CFB 0x0043u
#define RSA_EXPONENT 65537u

/* ---- The endorsement key ---- */

static enum curve
curve_of(uint16_t id)
{
	return id == 0x0003   ? CURVE_P256
	       : id == 0x0004 ? CURVE_P384
	       : id == 0x0005 ? CURVE_P521
			      : CURVE_NONE;
}

/* TPMT_SYM_DEF_OBJECT and the scheme, which a storage key has not. */
static bool
protection_parse(struct rd *r, struct tpm_ek *ek)
{
	uint16_t alg, mode, scheme;

	return rd_u16(r, &alg) && rd_u16(r, &ek->aes_bits) &&
	       rd_u16(r, &mode) && rd_u16(r, &scheme) && alg == ALG_AES &&
	       (ek->aes_bits == 128 || ek->aes_bits == 256) &&
	       mode == ALG_CFB && scheme == TPM_ALG_NULL;
}

static bool
rsa_parse(struct rd *r, struct tpm_ek *ek)
{
	if (!rd_u16(r, &ek->bits) || !rd_u32(r, &ek->exponent) ||
	    !rd_vec16(r, &ek->modulus))
		return false;
	if (ek->exponent == 0)
		ek->exponent = RSA_EXPONENT;
	return ek->bits >= 2048 && ek->bits <= 8192 && ek->bits % 8 == 0 &&
	       ek->modulus.n == ek->bits / 8u;
}

static bool
ecc_parse(struct rd *r, struct tpm_ek *ek)
{
	uint16_t id, kdf;
	size_t size;

	if (!rd_u16(r, &id) || !rd_u16(r, &kdf) || !rd_vec16(r, &ek->x) ||
	    !rd_vec16(r, &ek->y))
		return false;
	ek->curve = curve_of(id);
	size = curve_size(ek->curve);
	return kdf == TPM_ALG_NULL && ek->x.n > 0 && ek->x.n <= size &&
	       ek->y.n > 0 && ek->y.n <= size;
}

/* The secrets of a restricted storage key that never leaves its TPM. */
static bool
attributes_fit(uint32_t a)
{
	const uint32_t set = TPM_FIXED_TPM | TPM_FIXED_PARENT |
			     TPM_SENSITIVE_DATA_ORIGIN | TPM_RESTRICTED |
			     TPM_DECRYPT;

	return (a & set) == set && (a & TPM_SIGN) == 0;
}

int
tpm_ek_parse(struct span in, struct tpm_ek *ret, struct seal_diag *d)
{
	struct tpm_ek ek = { .whole = in };
	struct rd r;

	rd_init(&r, in);
	if (!rd_u16(&r, &ek.type) || !rd_u16(&r, &ek.name_alg) ||
	    !rd_u32(&r, &ek.attributes) || !rd_vec16(&r, &ek.auth_policy) ||
	    !protection_parse(&r, &ek) ||
	    !(ek.type == TPM_ALG_RSA     ? rsa_parse(&r, &ek)
		: ek.type == TPM_ALG_ECC ? ecc_parse(&r, &ek)
					 : false) ||
	    !rd_end(&r))
		return seal_fail(d, SEAL_E_DECODE,
		    "EK: expected the TPMT_PUBLIC of a storage key");
	if (hash_size(tpm_hash(ek.name_alg)) < 32)
		return seal_fail(d, SEAL_E_KEY,
		    "EK: name algorithm %04x, expected SHA-256 or stronger",
		    (unsigned)ek.name_alg);
	if (!attributes_fit(ek.attributes))
		return seal_fail(d, SEAL_E_KEY,
		    "EK: attributes 0x%08x, expected fixedTPM, fixedParent, "
		    "sensitiveDataOrigin, restricted, decrypt, and no sign",
		    (unsigned)ek.attributes);
	*ret = ek;
	return 0;
}

int
tpm_ek_spki(const struct tpm_ek *ek, struct wr *out, struct seal_diag *d)
{
	if (ek->type == TPM_ALG_RSA)
		return spki_from_rsa(ek->modulus, ek->exponent, out, d);
	return spki_from_ec(ek->curve, ek->x, ek->y, out, d);
}

/* ---- Key derivation ---- */

static struct span
be32(uint32_t v, uint8_t buf[4])
{
	for (unsigned i = 0; i < 4; i++)
		buf[i] = (uint8_t)(v >> 8 * (3 - i));
	return span_of(buf, 4);
}

/* SP 800-108 in counter mode: counter || label || 0 || U || V || bits. */
int
tpm_kdfa(enum hash h, struct span key, const char *label, struct span u,
    struct span v, size_t bits, uint8_t *ret, struct seal_diag *d)
{
	uint8_t counter[4], length[4], block[HASH_MAX];
	struct span parts[5] = { { counter, 4 },
		span_of(label, strlen(label) + 1), u, v,
		be32((uint32_t)bits, length) };
	size_t n = bits / 8;
	int r = 0;

	for (uint32_t i = 1; n > 0; i++) {
		size_t take = n < hash_size(h) ? n : hash_size(h);

		be32(i, counter);
		if ((r = hmac_parts(h, key, parts, 5, block, d)) != 0)
			break;
		memcpy(ret, block, take);
		ret += take;
		n -= take;
	}
	seal_wipe(block, sizeof(block));
	return r;
}

/* KDFe, part 1 s11.4.10.3, for one block: a seed is as long as the hash. */
static int
kdfe(enum hash h, struct span z, const char *label, struct span u,
    struct span v, uint8_t ret[HASH_MAX], struct seal_diag *d)
{
	uint8_t counter[4];
	struct span parts[5] = { be32(1, counter), z,
		span_of(label, strlen(label) + 1), u, v };

	return hash_parts(h, parts, 5, ret, d);
}

/* ---- The seed ---- */

static int
seed_by_rsa(const struct tpm_ek *ek, struct span spki, uint8_t seed[HASH_MAX],
    struct wr *out, struct seal_diag *d)
{
	enum hash h = tpm_hash(ek->name_alg);
	int r;

	if ((r = random_bytes(seed, hash_size(h), d)) != 0)
		return r;
	/* Annex B.4: the label's NUL is part of it. */
	return rsa_oaep_encrypt(spki, h, span_of("IDENTITY", 9),
	    span_of(seed, hash_size(h)), out, d);
}

static int
seed_by_ecdh(const struct tpm_ek *ek, struct span spki, uint8_t seed[HASH_MAX],
    struct wr *out, struct seal_diag *d)
{
	uint8_t x[66], y[66], z[66], ek_x[66], ek_y[66];
	size_t size = curve_size(ek->curve);
	enum curve c = CURVE_NONE;
	int r;

	if ((r = ecdh_fresh(ek->curve, spki, x, y, z, d)) != 0 ||
	    (r = spki_to_ec(spki, &c, ek_x, ek_y, d)) != 0 ||
	    (r = kdfe(tpm_hash(ek->name_alg), span_of(z, size), "IDENTITY",
		 span_of(x, size), span_of(ek_x, size), seed, d)) != 0)
		goto out;
	wr_vec(out, 2, span_of(x, size));
	wr_vec(out, 2, span_of(y, size));
	if ((r = out->error) != 0)
		seal_fail(d, r, "credential: no room");
out:
	seal_wipe(z, sizeof(z));
	return r;
}

static int
seed_make(const struct tpm_ek *ek, uint8_t seed[HASH_MAX], struct wr *out,
    struct seal_diag *d)
{
	uint8_t buf[LIMIT_SPKI];
	struct wr spki;
	int r;

	wr_init(&spki, buf, sizeof(buf));
	if ((r = tpm_ek_spki(ek, &spki, d)) != 0)
		return r;
	return ek->type == TPM_ALG_RSA
		   ? seed_by_rsa(ek, wr_view(&spki), seed, out, d)
		   : seed_by_ecdh(ek, wr_view(&spki), seed, out, d);
}

/* ---- The credential ---- */

/* Outer protection, part 1 s24.4: encrypt, then HMAC with the name. */
static int
protect(const struct tpm_ek *ek, struct span seed, struct span name,
    struct span secret, struct wr *out, struct seal_diag *d)
{
	enum hash h = tpm_hash(ek->name_alg);
	uint8_t key[32], mac_key[HASH_MAX], mac[HASH_MAX];
	uint8_t plain[2 + TPM_CREDENTIAL_SECRET_MAX], sealed[sizeof(plain)];
	struct span none = { 0 }, parts[2];
	struct wr w;
	int r;

	wr_init(&w, plain, sizeof(plain));
	wr_vec(&w, 2, secret);
	if ((r = w.error) != 0)
		return seal_fail(d, r, "credential: secret too long");
	if ((r = tpm_kdfa(
		 h, seed, "STORAGE", name, none, ek->aes_bits, key, d)) != 0 ||
	    (r = aes_cfb_encrypt(span_of(key, ek->aes_bits / 8u), wr_view(&w),
		 sealed, d)) != 0 ||
	    (r = tpm_kdfa(h, seed, "INTEGRITY", none, none, 8 * hash_size(h),
		 mac_key, d)) != 0)
		goto out;
	parts[0] = span_of(sealed, w.n);
	parts[1] = name;
	if ((r = hmac_parts(
		 h, span_of(mac_key, hash_size(h)), parts, 2, mac, d)) != 0)
		goto out;
	wr_vec(out, 2, span_of(mac, hash_size(h)));
	wr_bytes(out, parts[0]);
	if ((r = out->error) != 0)
		seal_fail(d, r, "credential: no room");
out:
	seal_wipe(plain, sizeof(plain));
	seal_wipe(key, sizeof(key));
	seal_wipe(mac_key, sizeof(mac_key));
	return r;
}

int
tpm_credential_make(const struct tpm_ek *ek, struct span name,
    struct span secret, struct wr *ret_blob, struct wr *ret_seed,
    struct seal_diag *d)
{
	uint8_t seed[HASH_MAX];
	int r;

	if (name.n == 0 || secret.n == 0)
		return seal_fail(
		    d, SEAL_E_ARGUMENT, "credential: no name or no secret");
	r = seed_make(ek, seed, ret_seed, d);
	if (r == 0)
		r = protect(ek,
		    span_of(seed, hash_size(tpm_hash(ek->name_alg))), name,
		    secret, ret_blob, d);
	seal_wipe(seed, sizeof(seed));
	return r;
}
