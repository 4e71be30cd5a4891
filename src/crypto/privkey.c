/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "crypto/key.h"
#include "crypto/ossl.h"
#include "crypto/ready.h"
#include "crypto/signer_key.h"

#define PRIVKEY_FILE_MAX 65536u /* bytes */

/* A secret; nothing of it changes. */
struct pkcs8 {
	size_t n;
	uint8_t der[];
};

struct privkey {
	EVP_PKEY *pkey;
	struct ready *ready;
	struct pubkey *pub;
	uint8_t *spki;
	size_t spki_n;
	_Atomic(struct pkcs8 *) *pkcs8; /* NULL in it until it is asked for */
};

static void
pkcs8_free(struct pkcs8 *p)
{
	if (p == NULL)
		return;
	seal_wipe(p->der, p->n);
	free(p);
}

void
privkey_free(struct privkey **kp)
{
	struct privkey *k = *kp;

	*kp = NULL;
	if (k == NULL)
		return;
	ready_free(&k->ready);
	EVP_PKEY_free(k->pkey); /* wipes the secret */
	pubkey_unref(&k->pub);
	if (k->pkcs8 != NULL)
		pkcs8_free(atomic_load(k->pkcs8));
	free(k->pkcs8);
	free(k->spki);
	free(k);
}

/* Owns pkey from here on, also when it fails. */
static int
privkey_wrap(EVP_PKEY *pkey, struct privkey **ret, struct seal_diag *d)
{
	struct privkey *k = calloc(1, sizeof(*k));
	unsigned char *der = NULL;
	int n, r;

	if (k == NULL) {
		EVP_PKEY_free(pkey);
		return seal_fail(d, SEAL_E_MEMORY, "key");
	}
	k->pkey = pkey;
	k->pkcs8 = calloc(1, sizeof(*k->pkcs8));
	k->ready = ready_new(pkey, READY_SIGN);
	if (k->pkcs8 == NULL || k->ready == NULL) {
		r = seal_fail(d, SEAL_E_MEMORY, "key");
		goto out;
	}
	if ((n = i2d_PUBKEY(pkey, &der)) <= 0) {
		r = ossl_fail(d, SEAL_E_KEY, "key: has no public half");
		goto out;
	}
	if ((r = span_dup(span_of(der, (size_t)n), &k->spki)) != 0) {
		r = seal_fail(d, r, "key");
		goto out;
	}
	k->spki_n = (size_t)n;
	r = pubkey_from_spki(span_of(k->spki, k->spki_n), &k->pub, d);
out:
	OPENSSL_free(der);
	if (r != 0)
		privkey_free(&k);
	else
		*ret = k;
	return r;
}

/* Without this, libcrypto asks for a passphrase on the terminal. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static int
privkey_parse(const char *path, struct span pem, struct privkey **ret,
    struct seal_diag *d)
{
	EVP_PKEY *pkey = NULL;
	BIO *bio;
	int r;

	ossl_begin();
	bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (bio != NULL)
		pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (pkey == NULL) {
		r = ossl_fail(d, SEAL_E_CONFIG,
		    "key '%s': expected an unencrypted PKCS#8 PEM key", path);
		seal_remedy(d, "openssl pkcs8 -topk8 -nocrypt -in '%s'", path);
	} else {
		r = privkey_wrap(pkey, ret, d);
	}
	BIO_free(bio);
	ossl_end();
	return r;
}

int
privkey_load(const char *path, struct privkey **ret, struct seal_diag *d)
{
	uint8_t *buf = NULL;
	size_t n = 0;
	int r;

	if ((r = file_read_secret(path, PRIVKEY_FILE_MAX, &buf, &n, d)) != 0)
		return r;
	r = privkey_parse(path, span_of(buf, n), ret, d);
	seal_wipe(buf, n);
	free(buf);
	return r;
}

int
privkey_generate(enum curve c, struct privkey **ret, struct seal_diag *d)
{
	EVP_PKEY *pkey = NULL;
	int r;

	if (curve_size(c) == 0)
		return seal_fail(d, SEAL_E_ARGUMENT, "key: unknown curve");
	ossl_begin();
	if (c == CURVE_ED25519 || c == CURVE_ED448)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, curve_name(c));
	else
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve_name(c));
	if (pkey == NULL)
		r = ossl_fail(d, SEAL_E_CRYPTO, "key: cannot make a %s key",
		    curve_name(c));
	else
		r = privkey_wrap(pkey, ret, d);
	ossl_end();
	return r;
}

int
privkey_to_pem(const struct privkey *k, struct wr *out, struct seal_diag *d)
{
	char *pem = NULL;
	BIO *bio;
	long n;
	int r = 0;

	ossl_begin();
	bio = BIO_new(BIO_s_mem()); /* wipes its buffer when freed */
	if (bio == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(
		bio, k->pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
	    (n = BIO_get_mem_data(bio, &pem)) <= 0) {
		r = ossl_fail(d, SEAL_E_CRYPTO, "key: cannot write as PEM");
	} else {
		wr_bytes(out, span_of(pem, (size_t)n));
		if (out->error != 0)
			r = seal_fail(d, out->error, "key: no room for PEM");
	}
	BIO_free(bio);
	ossl_end();
	return r;
}

static struct pkcs8 *
encode(EVP_PKEY *pkey)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
	int n = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : -1;
	struct pkcs8 *p = n > 0 ? malloc(sizeof(*p) + (size_t)n) : NULL;
	unsigned char *at;

	if (p != NULL) {
		at = p->der;
		p->n = (size_t)i2d_PKCS8_PRIV_KEY_INFO(info, &at);
	}
	PKCS8_PRIV_KEY_INFO_free(info); /* wipes */
	return p;
}

int
privkey_pkcs8(const struct privkey *k, struct span *ret, struct seal_diag *d)
{
	struct pkcs8 *p = atomic_load(k->pkcs8), *none = NULL;

	if (p == NULL) {
		ossl_begin();
		p = encode(k->pkey);
		ossl_end();
		if (p == NULL)
			return seal_fail(d, SEAL_E_MEMORY,
			    "key: cannot be written as PKCS#8");
		/* Another thread's may stand there by now. */
		if (!atomic_compare_exchange_strong(k->pkcs8, &none, p)) {
			pkcs8_free(p);
			p = none;
		}
	}
	*ret = span_of(p->der, p->n);
	return 0;
}

int
privkey_spki(const struct privkey *k, struct wr *out, struct seal_diag *d)
{
	wr_bytes(out, span_of(k->spki, k->spki_n));
	return out->error == 0 ? 0 : seal_fail(d, out->error, "key: no room");
}

int
privkey_sign(const struct privkey *k, uint16_t scheme, struct span tbs,
    struct wr *out, struct seal_diag *d)
{
	const struct scheme *s = scheme_find(scheme);
	uint8_t sig[LIMIT_SIGNATURE];
	size_t n = sizeof(sig);
	char what[64];
	int r = 0;

	if (!pubkey_fits(k->pub, scheme))
		return seal_fail(d, SEAL_E_KEY,
		    "signature: scheme %s (0x%04x) does not fit %s",
		    sig_name(scheme), scheme,
		    pubkey_describe(k->pub, what, sizeof(what)));
	ossl_begin();
	if (!ready_sign(k->ready, s, tbs, sig, &n))
		r = ossl_fail(
		    d, SEAL_E_CRYPTO, "signature: cannot make %s", s->name);
	ossl_end();
	if (r != 0)
		return r;
	wr_bytes(out, span_of(sig, n));
	return out->error == 0 ? 0
			       : seal_fail(d, out->error, "signature: no room");
}

int
signer_key_of(
    const struct privkey *k, struct evp_pkey_st **ret, struct seal_diag *d)
{
	ossl_begin();
	*ret = EVP_PKEY_up_ref(k->pkey) == 1 ? k->pkey : NULL;
	ossl_end();
	return *ret != NULL ? 0 : seal_fail(d, SEAL_E_CRYPTO, "key: in use");
}
