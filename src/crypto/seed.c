/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/seed.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/key.h"
#include "crypto/ossl.h"

/* spki was checked by pubkey_from_spki() before. */
static EVP_PKEY *
import(struct span spki, struct seal_diag *d)
{
	const unsigned char *p = spki.p;
	struct pubkey *checked = NULL;

	if (pubkey_from_spki(spki, &checked, d) != 0)
		return NULL;
	pubkey_unref(&checked);
	return d2i_PUBKEY(NULL, &p, (long)spki.n);
}

/* The context takes over the label's copy. */
static bool
oaep_prepare(EVP_PKEY_CTX *ctx, enum hash h, struct span label)
{
	void *copy = OPENSSL_memdup(label.p, label.n);

	if (copy == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, ossl_md(h)) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, ossl_md(h)) != 1 ||
	    EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, copy, (int)label.n) != 1) {
		OPENSSL_free(copy);
		return false;
	}
	return true;
}

int
rsa_oaep_encrypt(struct span spki, enum hash h, struct span label,
    struct span in, struct wr *out, struct seal_diag *d)
{
	uint8_t buf[RSA_BITS_MAX / 8];
	size_t n = sizeof(buf);
	EVP_PKEY_CTX *ctx = NULL;
	EVP_PKEY *pkey;
	int r = 0;

	ossl_begin();
	if ((pkey = import(spki, d)) != NULL)
		ctx = EVP_PKEY_CTX_new(pkey, NULL);
	if (ctx == NULL || !oaep_prepare(ctx, h, label) ||
	    EVP_PKEY_encrypt(ctx, buf, &n, in.p, in.n) != 1)
		r = ossl_fail(d, SEAL_E_CRYPTO, "seed: cannot encrypt by RSA");
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	ossl_end();
	if (r != 0)
		return r;
	wr_bytes(out, span_of(buf, n));
	return out->error == 0 ? 0 : seal_fail(d, out->error, "seed: no room");
}

/* The x coordinate, with its leading zeros. */
static bool
derive(EVP_PKEY *own, EVP_PKEY *peer, size_t size, uint8_t ret[66])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	size_t n = 66;
	bool ok;

	ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	     EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
	     EVP_PKEY_derive(ctx, ret, &n) == 1 && n == size;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool
public_point(EVP_PKEY *own, enum curve c, uint8_t x[66], uint8_t y[66])
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(own, &der);
	enum curve got = CURVE_NONE;
	bool ok = n > 0 &&
		  spki_to_ec(span_of(der, (size_t)n), &got, x, y, NULL) == 0 &&
		  got == c;

	OPENSSL_free(der);
	return ok;
}

int
ecdh_fresh(enum curve c, struct span spki, uint8_t ret_x[66], uint8_t ret_y[66],
    uint8_t ret_z[66], struct seal_diag *d)
{
	EVP_PKEY *peer, *own = NULL;
	int r = 0;

	ossl_begin();
	if ((peer = import(spki, d)) != NULL)
		own = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve_name(c));
	if (own == NULL || !public_point(own, c, ret_x, ret_y) ||
	    !derive(own, peer, curve_size(c), ret_z))
		r = ossl_fail(d, SEAL_E_CRYPTO, "seed: cannot agree by ECDH");
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
	ossl_end();
	return r;
}

int
aes_cfb_encrypt(
    struct span key, struct span in, uint8_t *ret, struct seal_diag *d)
{
	static const uint8_t zeros[16];
	const EVP_CIPHER *cipher = key.n == 16   ? EVP_aes_128_cfb128()
				   : key.n == 32 ? EVP_aes_256_cfb128()
						 : NULL;
	EVP_CIPHER_CTX *ctx;
	int n = 0, r = 0;

	if (cipher == NULL)
		return seal_fail(d, SEAL_E_ARGUMENT, "seed: AES key size");
	ossl_begin();
	ctx = EVP_CIPHER_CTX_new();
	if (ctx == NULL ||
	    EVP_EncryptInit_ex(ctx, cipher, NULL, key.p, zeros) != 1 ||
	    EVP_EncryptUpdate(ctx, ret, &n, in.p, (int)in.n) != 1 ||
	    (size_t)n != in.n)
		r = ossl_fail(d, SEAL_E_CRYPTO, "seed: AES fails");
	EVP_CIPHER_CTX_free(ctx);
	ossl_end();
	return r;
}
