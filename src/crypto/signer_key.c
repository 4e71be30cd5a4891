/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider of libcrypto (provider(7)) with two operations: keys that are a
 * public key and a function, and signing by that function. It lives in a
 * library context of its own, so that nobody else's fetches ever find it, and
 * its signature algorithm has a name of its own, so that libcrypto, which
 * looks for a key's algorithm by name, asks no other provider to sign.
 */
#include "crypto/signer_key.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/key.h"
#include "crypto/ossl.h"

#define PROVIDER "sealtls-signer"
#define ALGORITHM "SEALTLS-SIGNER" /* of signatures */
#define PARAM_SIGNER "sealtls-signer"

/* ---- Keys ---- */

/* What a key is made of, passed by value through an OSSL_PARAM. */
struct signer {
	EVP_PKEY *pub; /* counted */
	sign_fn sign;
	void *sign_ctx;
};

static void *
key_new(void *provctx)
{
	(void)provctx;
	return calloc(1, sizeof(struct signer));
}

static void
key_free(void *keydata)
{
	struct signer *s = keydata;

	if (s == NULL)
		return;
	EVP_PKEY_free(s->pub);
	free(s);
}

static int
key_import(void *keydata, int selection, const OSSL_PARAM params[])
{
	struct signer *s = keydata;
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, PARAM_SIGNER);

	(void)selection;
	if (p == NULL || p->data_size != sizeof(*s) || s->pub != NULL)
		return 0;
	memcpy(s, p->data, sizeof(*s));
	return EVP_PKEY_up_ref(s->pub);
}

static const OSSL_PARAM *
key_import_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_octet_string(PARAM_SIGNER, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)selection;
	return types;
}

/* The public half alone leaves. */
static int
key_export(
    void *keydata, int selection, OSSL_CALLBACK *export_cb, void *export_arg)
{
	struct signer *s = keydata;

	return EVP_PKEY_export(s->pub,
	    selection & ~OSSL_KEYMGMT_SELECT_PRIVATE_KEY, export_cb,
	    export_arg);
}

static const OSSL_PARAM *
key_export_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_END,
	};

	return (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 ? types : NULL;
}

static int
key_has(const void *keydata, int selection)
{
	(void)selection; /* its private half is there, though not here */
	return ((const struct signer *)keydata)->pub != NULL;
}

static int
key_match(const void *a, const void *b, int selection)
{
	(void)selection;
	return EVP_PKEY_eq(((const struct signer *)a)->pub,
		   ((const struct signer *)b)->pub) == 1;
}

static int
key_get_params(void *keydata, OSSL_PARAM params[])
{
	return EVP_PKEY_get_params(((struct signer *)keydata)->pub, params);
}

static const OSSL_PARAM *
key_gettable(void *provctx)
{
	static const OSSL_PARAM gettable[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(
		    OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)provctx;
	return gettable;
}

static const char *
key_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? ALGORITHM : NULL;
}

/* libcrypto's tables hold functions of any type as void (*)(void). */
#define FUNCTION(id, f)                 \
	{                               \
		id, (void (*)(void))(f) \
	}

static const OSSL_DISPATCH key_functions[] = {
	FUNCTION(OSSL_FUNC_KEYMGMT_NEW, key_new),
	FUNCTION(OSSL_FUNC_KEYMGMT_FREE, key_free),
	FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, key_import),
	FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_import_types),
	FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT, key_export),
	FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, key_export_types),
	FUNCTION(OSSL_FUNC_KEYMGMT_HAS, key_has),
	FUNCTION(OSSL_FUNC_KEYMGMT_MATCH, key_match),
	FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get_params),
	FUNCTION(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable),
	FUNCTION(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, key_operation),
	{ 0, NULL },
};

/* ---- Signatures ---- */

struct signing {
	struct signer *key; /* borrowed: its EVP_PKEY outlives the operation */
	enum hash hash;     /* HASH_NONE: EdDSA */
	bool pss;
};

static void *
sign_new(void *provctx, const char *propq)
{
	(void)provctx;
	(void)propq;
	return calloc(1, sizeof(struct signing));
}

static void
sign_free(void *ctx)
{
	free(ctx);
}

static enum hash
hash_of_name(const char *name)
{
	static const enum hash hashes[] = { HASH_SHA256, HASH_SHA384,
		HASH_SHA512 };

	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (EVP_MD_is_a(ossl_md(hashes[i]), name))
			return hashes[i];
	return HASH_NONE;
}

static int
sign_init(
    void *vctx, const char *digest, void *keydata, const OSSL_PARAM params[])
{
	struct signing *ctx = vctx;

	(void)params;
	ctx->key = keydata;
	ctx->hash = digest != NULL && *digest != '\0' ? hash_of_name(digest)
						      : HASH_NONE;
	ctx->pss = false;
	return ctx->key != NULL && ctx->key->pub != NULL;
}

/* PKCS#1 v1.5 is no TLS 1.3; libssl says which padding it means. */
static int
sign_set_params(void *vctx, const OSSL_PARAM params[])
{
	struct signing *ctx = vctx;
	const OSSL_PARAM *p =
	    OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	int mode = 0;

	if (p == NULL)
		return 1;
	if (p->data_type == OSSL_PARAM_UTF8_STRING)
		ctx->pss = strcmp(p->data, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
	else
		ctx->pss = OSSL_PARAM_get_int(p, &mode) == 1 &&
			   mode == RSA_PKCS1_PSS_PADDING;
	return ctx->pss;
}

static const OSSL_PARAM *
sign_settable(void *vctx, void *provctx)
{
	static const OSSL_PARAM settable[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(
		    OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_utf8_string(
		    OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)vctx;
	(void)provctx;
	return settable;
}

/* The scheme that key, hash and padding make; SIG_NONE: none of TLS 1.3. */
static uint16_t
signing_scheme(const struct signing *ctx)
{
	static const struct {
		const char *key, *group;
		enum hash hash;
		uint16_t scheme;
	} rows[] = {
		{ "EC", "P-256", HASH_SHA256, SIG_ECDSA_P256_SHA256 },
		{ "EC", "P-384", HASH_SHA384, SIG_ECDSA_P384_SHA384 },
		{ "EC", "P-521", HASH_SHA512, SIG_ECDSA_P521_SHA512 },
		{ "RSA", NULL, HASH_SHA256, SIG_RSA_PSS_RSAE_SHA256 },
		{ "RSA", NULL, HASH_SHA384, SIG_RSA_PSS_RSAE_SHA384 },
		{ "RSA", NULL, HASH_SHA512, SIG_RSA_PSS_RSAE_SHA512 },
		{ "ED25519", NULL, HASH_NONE, SIG_ED25519 },
		{ "ED448", NULL, HASH_NONE, SIG_ED448 },
	};
	const EVP_PKEY *pub = ctx->key->pub;
	char group[32] = "";
	size_t n;

	EVP_PKEY_get_group_name(pub, group, sizeof(group), &n);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *want = rows[i].group;

		if (!EVP_PKEY_is_a(pub, rows[i].key) ||
		    rows[i].hash != ctx->hash)
			continue;
		if (want == NULL ||
		    EC_curve_nist2nid(want) == OBJ_sn2nid(group))
			return rows[i].scheme;
	}
	return SIG_NONE;
}

static int
sign_message(void *vctx, unsigned char *sig, size_t *n, size_t cap,
    const unsigned char *tbs, size_t tbs_n)
{
	struct signing *ctx = vctx;
	uint16_t scheme = signing_scheme(ctx);
	struct wr out;

	if (sig == NULL) {
		*n = (size_t)EVP_PKEY_get_size(ctx->key->pub);
		return scheme != SIG_NONE;
	}
	if (scheme == SIG_NONE ||
	    (EVP_PKEY_is_a(ctx->key->pub, "RSA") && !ctx->pss))
		return 0;
	wr_init(&out, sig, cap);
	if (ctx->key->sign(ctx->key->sign_ctx, scheme, span_of(tbs, tbs_n),
		&out, NULL) != 0 ||
	    out.error != 0)
		return 0;
	*n = out.n;
	return 1;
}

static const OSSL_DISPATCH sign_functions[] = {
	FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, sign_new),
	FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, sign_free),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, sign_init),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, sign_message),
	FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, sign_set_params),
	FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, sign_settable),
	{ 0, NULL },
};

/* ---- The provider ---- */

static const OSSL_ALGORITHM keymgmts[] = {
	{ "EC:id-ecPublicKey:1.2.840.10045.2.1", "", key_functions, NULL },
	{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", "", key_functions, NULL },
	{ "ED25519:1.3.101.112", "", key_functions, NULL },
	{ "ED448:1.3.101.113", "", key_functions, NULL },
	{ NULL, NULL, NULL, NULL },
};

static const OSSL_ALGORITHM signatures[] = {
	{ ALGORITHM, "", sign_functions, NULL },
	{ NULL, NULL, NULL, NULL },
};

static const OSSL_ALGORITHM *
provider_query(void *provctx, int operation, int *no_cache)
{
	(void)provctx;
	*no_cache = 0;
	if (operation == OSSL_OP_KEYMGMT)
		return keymgmts;
	return operation == OSSL_OP_SIGNATURE ? signatures : NULL;
}

static const OSSL_DISPATCH provider_functions[] = {
	FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, provider_query),
	{ 0, NULL },
};

static int
provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provctx)
{
	(void)core;
	(void)in;
	*out = provider_functions;
	*provctx = NULL;
	return 1;
}

/* One for the process: keys of it may outlive any context of ours. */
static OSSL_LIB_CTX *signer_ctx;
static pthread_once_t signer_once = PTHREAD_ONCE_INIT;

static void
signer_load(void)
{
	OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();

	if (ctx != NULL &&
	    OSSL_PROVIDER_add_builtin(ctx, PROVIDER, provider_init) == 1 &&
	    OSSL_PROVIDER_load(ctx, PROVIDER) != NULL)
		signer_ctx = ctx;
	else
		OSSL_LIB_CTX_free(ctx);
}

/* ---- Making one ---- */

static EVP_PKEY *
signer_wrap(const struct signer *s)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_octet_string(
		    PARAM_SIGNER, (void *)(uintptr_t)s, sizeof(*s)),
		OSSL_PARAM_END,
	};
	const char *name = OBJ_nid2sn(EVP_PKEY_get_base_id(s->pub));
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(signer_ctx, name, NULL);

	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

int
signer_key_new(struct span spki, sign_fn sign, void *sign_ctx,
    struct evp_pkey_st **ret, struct seal_diag *d)
{
	struct signer s = { .sign = sign, .sign_ctx = sign_ctx };
	const unsigned char *p = spki.p;
	int r = 0;

	if (spki.n == 0 || spki.n > LIMIT_SPKI || sign == NULL)
		return seal_fail(
		    d, SEAL_E_ARGUMENT, "signer: expected a key and a signer");
	pthread_once(&signer_once, signer_load);
	ossl_begin();
	s.pub = d2i_PUBKEY(NULL, &p, (long)spki.n);
	if (signer_ctx == NULL || s.pub == NULL || p != spki.p + spki.n ||
	    (*ret = signer_wrap(&s)) == NULL)
		r = ossl_fail(
		    d, SEAL_E_KEY, "signer: libcrypto takes no such key");
	EVP_PKEY_free(s.pub);
	ossl_end();
	return r;
}
