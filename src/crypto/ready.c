/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ready.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "crypto/ossl.h"

/* Of one scheme; nothing of it changes once it stands in a struct ready. */
struct prepared {
	const struct scheme *scheme;
	EVP_PKEY_CTX *ctx;
};

struct ready {
	EVP_PKEY *pkey;
	enum ready_for what;
	atomic_bool used; /* once before: keys of one use are many */
	_Atomic(struct prepared *) kept;
};

struct ready *
ready_new(EVP_PKEY *pkey, enum ready_for what)
{
	struct ready *r = calloc(1, sizeof(*r));

	if (r == NULL || EVP_PKEY_up_ref(pkey) != 1) {
		free(r);
		return NULL;
	}
	r->pkey = pkey;
	r->what = what;
	return r;
}

static void
prepared_free(struct prepared *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_CTX_free(k->ctx);
	free(k);
}

void
ready_free(struct ready **rp)
{
	struct ready *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	prepared_free(atomic_load(&r->kept));
	EVP_PKEY_free(r->pkey);
	free(r);
}

static EVP_PKEY_CTX *
prepare(const struct ready *r, const struct scheme *s)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, r->pkey, NULL);

	if (ctx != NULL &&
	    (r->what == READY_SIGN ? EVP_PKEY_sign_init(ctx)
				   : EVP_PKEY_verify_init(ctx)) > 0 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, ossl_md(s->hash)) > 0 &&
	    scheme_set_padding(s, ctx))
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

/* The first that comes stays: a key has one scheme, but for RSA's. */
static void
keep(struct ready *r, const struct scheme *s, const EVP_PKEY_CTX *ctx)
{
	struct prepared *none = NULL, *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return;
	k->scheme = s;
	k->ctx = EVP_PKEY_CTX_dup(ctx);
	if (k->ctx == NULL ||
	    !atomic_compare_exchange_strong(&r->kept, &none, k))
		prepared_free(k);
}

/* The caller frees it. */
static EVP_PKEY_CTX *
context(struct ready *r, const struct scheme *s)
{
	const struct prepared *k = atomic_load(&r->kept);
	EVP_PKEY_CTX *ctx = NULL;

	if (k != NULL && k->scheme == s &&
	    (ctx = EVP_PKEY_CTX_dup(k->ctx)) != NULL)
		return ctx;
	if ((ctx = prepare(r, s)) != NULL && k == NULL &&
	    atomic_exchange(&r->used, true))
		keep(r, s, ctx);
	return ctx;
}

/* EdDSA signs the message itself. */
static bool
sign_whole(const struct ready *r, struct span tbs, uint8_t *ret, size_t *ret_n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL &&
		  EVP_DigestSignInit(ctx, NULL, NULL, NULL, r->pkey) == 1 &&
		  EVP_DigestSign(ctx, ret, ret_n, tbs.p, tbs.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

bool
ready_sign(struct ready *r, const struct scheme *s, struct span tbs,
    uint8_t *ret, size_t *ret_n)
{
	uint8_t digest[HASH_MAX];
	EVP_PKEY_CTX *ctx;
	bool ok;

	if (s->hash == HASH_NONE)
		return sign_whole(r, tbs, ret, ret_n);
	if (hash_one(s->hash, tbs, digest, NULL) != 0)
		return false;
	ctx = context(r, s);
	ok = ctx != NULL &&
	     EVP_PKEY_sign(ctx, ret, ret_n, digest, hash_size(s->hash)) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static int
verify_whole(const struct ready *r, struct span tbs, struct span sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = -1;

	if (ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, r->pkey) == 1)
		ok = EVP_DigestVerify(ctx, sig.p, sig.n, tbs.p, tbs.n) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

int
ready_verify(
    struct ready *r, const struct scheme *s, struct span tbs, struct span sig)
{
	uint8_t digest[HASH_MAX];
	EVP_PKEY_CTX *ctx;
	int ok = -1;

	if (s->hash == HASH_NONE)
		return verify_whole(r, tbs, sig);
	if (hash_one(s->hash, tbs, digest, NULL) != 0)
		return -1;
	if ((ctx = context(r, s)) != NULL)
		ok = EVP_PKEY_verify(
			 ctx, sig.p, sig.n, digest, hash_size(s->hash)) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}
