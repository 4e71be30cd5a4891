/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates for development, and the version. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sealtls/tools.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/x509.h"

#define PEM_MAX 16384u
#define DEV_DAYS 30

const char *
seal_version(void)
{
	return "0.1.0";
}

static int
write_key(const char *path, const struct privkey *key, struct seal_diag *d)
{
	struct wr pem;
	int r;

	wr_init_heap(&pem, PEM_MAX);
	if ((r = privkey_to_pem(key, &pem, d)) == 0)
		r = file_write(path, wr_view(&pem), 0600, d);
	wr_free(&pem);
	return r;
}

static int
key_digest(const struct privkey *key, char **ret, struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	char text[HEX_FULL];
	struct wr spki;
	int r;

	wr_init_heap(&spki, LIMIT_SPKI);
	if ((r = privkey_spki(key, &spki, d)) == 0 &&
	    (r = hash_one(HASH_SHA256, wr_view(&spki), digest, d)) == 0) {
		hex_full(span_of(digest, hash_size(HASH_SHA256)), text);
		if ((*ret = strdup(text)) == NULL)
			r = seal_fail(d, SEAL_E_MEMORY, "key digest");
	}
	wr_free(&spki);
	return r;
}

int
seal_soft_keygen(
    const char *key_file, char **ret_spki_sha256, struct seal_diag *d)
{
	struct privkey *key = NULL;
	int r;

	if ((r = privkey_generate(CURVE_P256, &key, d)) != 0)
		return r;
	if ((r = write_key(key_file, key, d)) == 0)
		r = key_digest(key, ret_spki_sha256, d);
	privkey_free(&key);
	return r;
}

static int
sign_with(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

static int
write_certificate(const char *path, struct privkey *key, const char *name,
    struct seal_diag *d)
{
	struct wr spki, der, pem;
	int r;

	wr_init_heap(&spki, LIMIT_SPKI);
	wr_init_heap(&der, LIMIT_CERTIFICATE);
	wr_init_heap(&pem, 2 * LIMIT_CERTIFICATE);
	if ((r = privkey_spki(key, &spki, d)) == 0 &&
	    (r = cert_self_sign(wr_view(&spki), name, time(NULL), DEV_DAYS,
		 SIG_ECDSA_P256_SHA256, sign_with, key, &der, d)) == 0 &&
	    (r = cert_to_pem(wr_view(&der), &pem, d)) == 0)
		r = file_write(path, wr_view(&pem), 0644, d);
	wr_free(&spki);
	wr_free(&der);
	wr_free(&pem);
	return r;
}

int
seal_dev_certificate(const char *name, const char *cert_file,
    const char *key_file, struct seal_diag *d)
{
	struct privkey *key = NULL;
	int r;

	if ((r = privkey_generate(CURVE_P256, &key, d)) != 0)
		return r;
	if ((r = write_key(key_file, key, d)) == 0)
		r = write_certificate(cert_file, key, name, d);
	privkey_free(&key);
	return r;
}
