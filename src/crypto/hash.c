/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

#include "base/wr.h"
#include "crypto/ossl.h"

#define HASH_BLOCK_MAX 128 /* bytes; of SHA-384 and SHA-512 */
#define HKDF_LABEL_MAX (2 + 1 + 255 + 1 + 255)

struct hash_info {
	enum hash h;
	const char *name;
	size_t size, block; /* bytes */
	const EVP_MD *(*md)(void);
};

static const struct hash_info hashes[] = {
	{ HASH_SHA1, "sha1", 20, 64, EVP_sha1 },
	{ HASH_SHA256, "sha256", 32, 64, EVP_sha256 },
	{ HASH_SHA384, "sha384", 48, 128, EVP_sha384 },
	{ HASH_SHA512, "sha512", 64, 128, EVP_sha512 },
	{ 0 },
};

static const struct hash_info *
hash_find(enum hash h)
{
	for (const struct hash_info *i = hashes; i->name != NULL; i++)
		if (i->h == h)
			return i;
	return NULL;
}

size_t
hash_size(enum hash h)
{
	const struct hash_info *i = hash_find(h);

	return i == NULL ? 0 : i->size;
}

const char *
hash_name(enum hash h)
{
	const struct hash_info *i = hash_find(h);

	return i == NULL ? "none" : i->name;
}

enum hash
hash_by_name(const char *name)
{
	for (const struct hash_info *i = hashes; i->name != NULL; i++)
		if (name != NULL && strcmp(i->name, name) == 0)
			return i->h;
	return HASH_NONE;
}

const EVP_MD *
ossl_md(enum hash h)
{
	const struct hash_info *i = hash_find(h);

	return i == NULL ? NULL : i->md();
}

/*
 * The same, fetched once: libcrypto looks an algorithm up at each use of one
 * that was not, which costs more than the hash of a few hundred bytes. NULL
 * where there was no memory then: looked up as before.
 */
#define HASHES (sizeof(hashes) / sizeof(hashes[0]))
static EVP_MD *fetched[HASHES];
static pthread_once_t fetched_once = PTHREAD_ONCE_INIT;

static void
fetch_all(void)
{
	ossl_begin();
	for (size_t i = 0; hashes[i].name != NULL; i++)
		fetched[i] = EVP_MD_fetch(NULL, hashes[i].name, NULL);
	ossl_end();
}

static const EVP_MD *
md_of(const struct hash_info *i)
{
	const EVP_MD *md;

	pthread_once(&fetched_once, fetch_all);
	md = fetched[i - hashes];
	return md != NULL ? md : i->md();
}

static bool
feed(EVP_MD_CTX *ctx, const struct span *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (parts[i].n > 0 &&
		    EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) != 1)
			return false;
	return true;
}

int
hash_parts(enum hash h, const struct span *parts, size_t n, uint8_t *ret,
    struct seal_diag *d)
{
	const struct hash_info *info = hash_find(h);
	uint8_t out[HASH_MAX];
	EVP_MD_CTX *ctx;
	int r = 0;

	if (info == NULL)
		return seal_fail(d, SEAL_E_ARGUMENT, "hash: none chosen");
	ossl_begin();
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL || EVP_DigestInit_ex(ctx, md_of(info), NULL) != 1 ||
	    !feed(ctx, parts, n) || EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		r = ossl_fail(d, SEAL_E_CRYPTO, "hash: %s failed", info->name);
	else
		memcpy(ret, out, info->size);
	EVP_MD_CTX_free(ctx);
	ossl_end();
	seal_wipe(out, sizeof(out));
	return r;
}

int
hash_one(enum hash h, struct span in, uint8_t *ret, struct seal_diag *d)
{
	return hash_parts(h, &in, 1, ret, d);
}

int
shake256(struct span in, uint8_t *ret, size_t n, struct seal_diag *d)
{
	EVP_MD_CTX *ctx;
	bool ok;
	int r;

	ossl_begin();
	ctx = EVP_MD_CTX_new();
	ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_shake256(), NULL) == 1 &&
	     feed(ctx, &in, 1) && EVP_DigestFinalXOF(ctx, ret, n) == 1;
	r = ok ? 0 : ossl_fail(d, SEAL_E_CRYPTO, "hash: shake256 failed");
	EVP_MD_CTX_free(ctx);
	ossl_end();
	return r;
}

/*
 * One pass of HMAC (RFC 2104): Hash(key ^ pad || parts). A NULL md keeps the
 * algorithm that ctx has, which saves a second fetch.
 */
static bool
hmac_pass(EVP_MD_CTX *ctx, const EVP_MD *md, const uint8_t *key, size_t block,
    uint8_t pad, const struct span *parts, size_t n, uint8_t *ret)
{
	uint8_t padded[HASH_BLOCK_MAX];
	bool ok;

	for (size_t i = 0; i < block; i++)
		padded[i] = key[i] ^ pad;
	ok = EVP_DigestInit_ex(ctx, md, NULL) == 1 &&
	     EVP_DigestUpdate(ctx, padded, block) == 1 && feed(ctx, parts, n) &&
	     EVP_DigestFinal_ex(ctx, ret, NULL) == 1;
	seal_wipe(padded, sizeof(padded));
	return ok;
}

/*
 * HMAC over the digest interface: EVP_MAC fetches and copies so much in
 * OpenSSL 3.0 that a short HMAC costs several times its two hashes.
 */
int
hmac_parts(enum hash h, struct span key, const struct span *parts, size_t n,
    uint8_t *ret, struct seal_diag *d)
{
	const struct hash_info *info = hash_find(h);
	uint8_t block[HASH_BLOCK_MAX] = { 0 }, inner[HASH_MAX], out[HASH_MAX];
	EVP_MD_CTX *ctx;
	struct span in;
	int r = 0;

	if (info == NULL)
		return seal_fail(d, SEAL_E_ARGUMENT, "hmac: no hash chosen");
	if (key.n > info->block) {
		if ((r = hash_one(h, key, block, d)) != 0)
			return r;
	} else if (key.n > 0) {
		memcpy(block, key.p, key.n);
	}
	in = span_of(inner, info->size);
	ossl_begin();
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL ||
	    !hmac_pass(
		ctx, md_of(info), block, info->block, 0x36, parts, n, inner) ||
	    !hmac_pass(ctx, NULL, block, info->block, 0x5c, &in, 1, out))
		r = ossl_fail(d, SEAL_E_CRYPTO, "hmac: %s failed", info->name);
	else
		memcpy(ret, out, info->size);
	EVP_MD_CTX_free(ctx);
	ossl_end();
	seal_wipe(block, sizeof(block));
	seal_wipe(inner, sizeof(inner));
	seal_wipe(out, sizeof(out));
	return r;
}

/* HKDF-Expand (RFC 5869 s2.3): T(i) = HMAC(secret, T(i-1) || info || i). */
static int
hkdf_expand(enum hash h, struct span secret, struct span info, uint8_t *ret,
    size_t len, struct seal_diag *d)
{
	uint8_t t[HASH_MAX], i = 0;
	size_t size = hash_size(h), prev = 0, take;
	int r = 0;

	for (size_t done = 0; done < len; done += take) {
		i++;
		const struct span parts[] = { span_of(t, prev), info,
			span_of(&i, 1) };

		if ((r = hmac_parts(h, secret, parts, 3, t, d)) != 0)
			break;
		prev = size;
		take = len - done < size ? len - done : size;
		memcpy(ret + done, t, take);
	}
	seal_wipe(t, sizeof(t));
	return r;
}

int
hkdf_expand_label(enum hash h, struct span secret, const char *prefix,
    const char *label, struct span context, uint8_t *ret, size_t len,
    struct seal_diag *d)
{
	uint8_t buf[HKDF_LABEL_MAX], out[255];
	struct span info;
	struct wr w;
	size_t mark;
	int r;

	if (hash_size(h) == 0 || len == 0 || len > sizeof(out))
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "hkdf '%s': no hash, or %zu bytes wanted", label, len);
	/* RFC 8446 s7.1: struct HkdfLabel. */
	wr_init(&w, buf, sizeof(buf));
	wr_u16(&w, (uint16_t)len);
	mark = wr_vec_begin(&w, 1);
	wr_bytes(&w, span_str(prefix));
	wr_bytes(&w, span_str(label));
	wr_vec_end(&w, mark, 1);
	wr_vec(&w, 1, context);
	if ((r = wr_finish(&w, &info)) != 0)
		return seal_fail(
		    d, r, "hkdf '%s': label or context too long", label);
	if ((r = hkdf_expand(h, secret, info, out, len, d)) == 0)
		memcpy(ret, out, len);
	seal_wipe(out, sizeof(out));
	return r;
}

int
random_bytes(uint8_t *ret, size_t n, struct seal_diag *d)
{
	int r = 0;

	if (n > INT32_MAX)
		return seal_fail(d, SEAL_E_LIMIT, "random: too many bytes");
	ossl_begin();
	if (n > 0 && RAND_bytes(ret, (int)n) != 1)
		r = ossl_fail(d, SEAL_E_CRYPTO, "random: generator failed");
	ossl_end();
	return r;
}
