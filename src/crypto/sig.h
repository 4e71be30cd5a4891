/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SIG_H
#define CRYPTO_SIG_H

#include "base/wr.h"
#include "crypto/hash.h"

/* TLS SignatureScheme (RFC 8446 s4.2.3): our one name for an algorithm. */
enum sig_scheme {
	SIG_NONE = 0,
	SIG_RSA_PKCS1_SHA256 = 0x0401, /* TPM quotes only, never in TLS 1.3 */
	SIG_RSA_PKCS1_SHA384 = 0x0501,
	SIG_RSA_PKCS1_SHA512 = 0x0601,
	SIG_ECDSA_P256_SHA256 = 0x0403,
	SIG_ECDSA_P384_SHA384 = 0x0503,
	SIG_ECDSA_P521_SHA512 = 0x0603,
	SIG_RSA_PSS_RSAE_SHA256 = 0x0804,
	SIG_RSA_PSS_RSAE_SHA384 = 0x0805,
	SIG_RSA_PSS_RSAE_SHA512 = 0x0806,
	SIG_ED25519 = 0x0807,
	SIG_ED448 = 0x0808,
	SIG_RSA_PSS_PSS_SHA256 = 0x0809,
	SIG_RSA_PSS_PSS_SHA384 = 0x080a,
	SIG_RSA_PSS_PSS_SHA512 = 0x080b,
};

/* What we offer and accept in TLS 1.3, by preference. */
#define SIG_SCHEMES_MAX 16
extern const uint16_t sig_tls13_schemes[];
extern const size_t sig_tls13_count;
/* Legal in a TLS 1.3 CertificateVerify? True for unknown but legal ones that
 * this build knows, false for PKCS#1 v1.5, SHA-1 and unassigned. */
bool sig_is_tls13(uint16_t scheme);
enum hash sig_hash(uint16_t scheme); /* HASH_NONE for EdDSA and unknown */
const char *sig_name(uint16_t scheme);

/* A public key; immutable, counted, safe to share between threads. */
struct pubkey;

/* SEAL_E_DECODE if malformed, SEAL_E_KEY if well-formed but nothing we use:
 * unknown algorithm, point off its curve or compressed, RSA over 8192 bits.
 * A weak RSA key is imported, and fits no scheme. */
int pubkey_from_spki(
    struct span spki, struct pubkey **ret, struct seal_diag *d);
struct pubkey *pubkey_ref(struct pubkey *k);
void pubkey_unref(struct pubkey **k);
/* May this scheme be used with this key? TLS 1.3 rules: ECDSA bound to its
 * curve, RSA at least 2048 bits, rsaEncryption keys for RSAE and PKCS#1. */
bool pubkey_fits(const struct pubkey *k, uint16_t scheme);
/* The first scheme of sig_tls13_schemes that fits and that is in offered (n
 * values); SIG_NONE if none. offered == NULL: any. */
uint16_t pubkey_choose(
    const struct pubkey *k, const uint16_t *offered, size_t n);
/*
 * Verifies sig over tbs. ECDSA signatures are DER as in TLS. 0, or
 * SEAL_E_SIGNATURE, or SEAL_E_KEY where the scheme does not fit the key.
 */
int pubkey_verify(const struct pubkey *k, uint16_t scheme, struct span tbs,
    struct span sig, struct seal_diag *d);

/* SPKI bytes of bare key material (TPMT_PUBLIC, COSE_Key, JWK). */
enum curve {
	CURVE_NONE = 0,
	CURVE_P256,
	CURVE_P384,
	CURVE_P521,
	CURVE_ED25519,
	CURVE_ED448
};
size_t curve_size(enum curve c); /* bytes of a coordinate or EdDSA key */
/* y is empty for EdDSA. Coordinates may lack leading zeros. The point must be
 * on the curve. */
int spki_from_ec(enum curve c, struct span x, struct span y, struct wr *out,
    struct seal_diag *d);
/* The exponent as it is: a TPM's 0 for 65537 is the caller's to translate. */
int spki_from_rsa(struct span modulus, uint32_t exponent, struct wr *out,
    struct seal_diag *d);
/* The reverse; x and y have curve_size() bytes in buffers of 66. */
int spki_to_ec(struct span spki, enum curve *ret, uint8_t x[66], uint8_t y[66],
    struct seal_diag *d);
/* Modulus and exponent as views into spki; rsaEncryption keys alone. */
int spki_to_rsa(struct span spki, struct span *ret_n, struct span *ret_e,
    struct seal_diag *d);
/* The same of bytes, called name in messages. */
int spki_from_bytes(
    const char *name, struct span in, struct wr *out, struct seal_diag *d);
/* A PEM public key or certificate file, or DER, to SPKI bytes. */
int spki_from_file(const char *path, struct wr *out, struct seal_diag *d);
int spki_to_pem(struct span spki, struct wr *out, struct seal_diag *d);

/* ECDSA signatures between DER and fixed-width r || s. */
int ecdsa_raw_to_der(
    struct span r, struct span s, struct wr *out, struct seal_diag *d);
int ecdsa_der_to_raw(
    struct span der, size_t width, struct wr *out, struct seal_diag *d);

/* A private key in this process. Threads may sign with it at once. */
struct privkey;

/* PKCS#8 PEM, unencrypted; refused when group or others may read it. */
int privkey_load(const char *path, struct privkey **ret, struct seal_diag *d);
int privkey_generate(enum curve c, struct privkey **ret, struct seal_diag *d);
int privkey_to_pem(
    const struct privkey *k, struct wr *out, struct seal_diag *d);
/* The same in DER, a view that lives as long as k: made once and kept, since
 * libcrypto's encoder costs several signatures. */
int privkey_pkcs8(
    const struct privkey *k, struct span *ret, struct seal_diag *d);
void privkey_free(struct privkey **k); /* wipes */
int privkey_spki(const struct privkey *k, struct wr *out, struct seal_diag *d);
int privkey_sign(const struct privkey *k, uint16_t scheme, struct span tbs,
    struct wr *out, struct seal_diag *d);

/* Signs tbs with a key that may live outside this process. */
typedef int (*sign_fn)(void *ctx, uint16_t scheme, struct span tbs,
    struct wr *out, struct seal_diag *d);

#endif
