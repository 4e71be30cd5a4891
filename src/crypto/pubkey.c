/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "crypto/key.h"
#include "crypto/ossl.h"
#include "crypto/ready.h"

struct pubkey {
	atomic_uint refs;
	struct ready *ready;
	enum key_kind kind;
	enum curve curve;
	unsigned bits;
	enum hash pss_hash;
};

static EVP_PKEY *
import_params(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (ctx != NULL && params != NULL && EVP_PKEY_fromdata_init(ctx) > 0 &&
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/*
 * libcrypto decodes the point and refuses one that is not on the curve; the
 * curves have cofactor 1 and the form excludes infinity, so that this is
 * full validation (SP 800-56A s5.6.2.3.3).
 */
static EVP_PKEY *
import_ec(const struct spki *s)
{
	char group[16];
	uint8_t point[1 + 2 * 66];
	struct wr w;
	OSSL_PARAM params[3];

	snprintf(group, sizeof(group), "%s", curve_name(s->curve));
	wr_init(&w, point, sizeof(point));
	wr_bytes(&w, s->point);
	params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PUB_KEY, point, w.n);
	params[2] = OSSL_PARAM_construct_end();
	return import_params("EC", params);
}

static EVP_PKEY *
import_rsa(const struct spki *s)
{
	BIGNUM *n = BN_bin2bn(s->n.p, (int)s->n.n, NULL);
	BIGNUM *e = BN_bin2bn(s->e.p, (int)s->e.n, NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (n != NULL && e != NULL && bld != NULL &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
	    (params = OSSL_PARAM_BLD_to_param(bld)) != NULL)
		pkey = import_params(
		    s->kind == KEY_RSA ? "RSA" : "RSA-PSS", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_free(e);
	BN_free(n);
	return pkey;
}

static EVP_PKEY *
import(const struct spki *s)
{
	switch (s->kind) {
	case KEY_EC:
		return import_ec(s);
	case KEY_EDDSA:
		return EVP_PKEY_new_raw_public_key_ex(
		    NULL, curve_name(s->curve), NULL, s->point.p, s->point.n);
	case KEY_RSA:
	case KEY_RSA_PSS:
		return import_rsa(s);
	default:
		return NULL;
	}
}

static int
make_ready(const struct spki *s, struct ready **ret, struct seal_diag *d)
{
	EVP_PKEY *pkey;
	int r = 0;

	ossl_begin();
	if ((pkey = import(s)) == NULL)
		r = ossl_fail(d, SEAL_E_KEY, "key: not a valid %s key",
		    s->bits != 0 ? "RSA" : curve_name(s->curve));
	else if ((*ret = ready_new(pkey, READY_VERIFY)) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "key");
	EVP_PKEY_free(pkey);
	ossl_end();
	return r;
}

/*
 * Takes the key apart itself: libcrypto's decoder costs several times the
 * import, and accepts encodings that are not DER.
 */
int
pubkey_from_spki(struct span spki, struct pubkey **ret, struct seal_diag *d)
{
	struct spki s = { 0 };
	struct pubkey *k;
	int r;

	if ((r = spki_parse(spki, &s, d)) != 0)
		return r;
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "key");
	atomic_init(&k->refs, 1);
	k->kind = s.kind;
	k->curve = s.curve;
	k->bits = s.bits;
	k->pss_hash = s.pss_hash;
	if ((r = make_ready(&s, &k->ready, d)) != 0)
		pubkey_unref(&k);
	else
		*ret = k;
	return r;
}

struct pubkey *
pubkey_ref(struct pubkey *k)
{
	if (k != NULL)
		atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
	return k;
}

void
pubkey_unref(struct pubkey **kp)
{
	struct pubkey *k = *kp;

	*kp = NULL;
	if (k == NULL || atomic_fetch_sub(&k->refs, 1) != 1)
		return;
	ready_free(&k->ready);
	free(k);
}

bool
pubkey_fits(const struct pubkey *k, uint16_t scheme)
{
	const struct scheme *s = scheme_find(scheme);

	if (s == NULL || k->kind == KEY_NONE || s->kind != k->kind ||
	    s->curve != k->curve)
		return false;
	if (k->kind != KEY_RSA && k->kind != KEY_RSA_PSS)
		return true;
	return k->bits >= RSA_BITS_MIN &&
	       (k->pss_hash == HASH_NONE || k->pss_hash == s->hash);
}

static bool
listed(uint16_t scheme, const uint16_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == scheme)
			return true;
	return false;
}

uint16_t
pubkey_choose(const struct pubkey *k, const uint16_t *offered, size_t n)
{
	for (size_t i = 0; i < sig_tls13_count; i++)
		if (pubkey_fits(k, sig_tls13_schemes[i]) &&
		    (offered == NULL ||
			listed(sig_tls13_schemes[i], offered, n)))
			return sig_tls13_schemes[i];
	return SIG_NONE;
}

const char *
pubkey_describe(const struct pubkey *k, char *buf, size_t cap)
{
	if (k->bits != 0)
		snprintf(buf, cap, "an RSA%s key of %u bits",
		    k->kind == KEY_RSA_PSS ? "-PSS" : "", k->bits);
	else
		snprintf(buf, cap, "a key on %s", curve_name(k->curve));
	return buf;
}

int
pubkey_verify(const struct pubkey *k, uint16_t scheme, struct span tbs,
    struct span sig, struct seal_diag *d)
{
	const struct scheme *s = scheme_find(scheme);
	char what[64];
	int r = 0, good;

	if (!pubkey_fits(k, scheme))
		return seal_fail(d, SEAL_E_KEY,
		    "signature: scheme %s (0x%04x) does not fit %s",
		    sig_name(scheme), scheme,
		    pubkey_describe(k, what, sizeof(what)));
	if (sig.n == 0 || sig.n > LIMIT_SIGNATURE)
		return seal_fail(d, SEAL_E_SIGNATURE,
		    "signature: %s of %zu bytes", s->name, sig.n);
	ossl_begin();
	good = ready_verify(k->ready, s, tbs, sig);
	if (good < 0)
		r = ossl_fail(
		    d, SEAL_E_CRYPTO, "signature: cannot verify %s", s->name);
	else if (good != 1)
		r = seal_fail(d, SEAL_E_SIGNATURE,
		    "signature: %s under %s does not verify", s->name,
		    pubkey_describe(k, what, sizeof(what)));
	ossl_end();
	return r;
}
