/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/sig.h"

#define RSA_BITS 4096
#define SIGNED 672 /* bytes that a signature is over: an SNP report's */

/* A key, what it signed, and its SPKI. */
static struct made_key {
	const char *type, *group;
	const EVP_MD *(*md)(void);
	EVP_PKEY *key;
	uint8_t signature[512], spki[1024];
	size_t n_signature, n_spki;
} keys[3] = {
	{ "EC", "P-256", EVP_sha256 },
	{ "EC", "P-384", EVP_sha384 },
	{ "RSA", NULL, EVP_sha384 },
};
static const uint8_t text[SIGNED];

static void
must(bool ok)
{
	if (ok)
		return;
	fprintf(stderr, "bench: the floor's own operations fail\n");
	exit(1);
}

static void
pad(const struct made_key *k, EVP_PKEY_CTX *p)
{
	must(k->group != NULL ||
	     (EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING) == 1 &&
		 EVP_PKEY_CTX_set_rsa_pss_saltlen(p, 48) == 1));
}

void
floor_setup(bool rsa)
{
	for (size_t i = 0; i < (rsa ? 3u : 2u); i++) {
		struct made_key *k = &keys[i];
		EVP_MD_CTX *c = EVP_MD_CTX_new();
		EVP_PKEY_CTX *p = NULL;
		unsigned char *spki = k->spki;

		k->key = k->group != NULL
			     ? EVP_PKEY_Q_keygen(NULL, NULL, k->type, k->group)
			     : EVP_PKEY_Q_keygen(
				   NULL, NULL, k->type, (size_t)RSA_BITS);
		k->n_signature = sizeof(k->signature);
		must(EVP_DigestSignInit(c, &p, k->md(), NULL, k->key) == 1);
		pad(k, p);
		must(EVP_DigestSign(
			 c, k->signature, &k->n_signature, text, SIGNED) == 1);
		k->n_spki = (size_t)i2d_PUBKEY(k->key, &spki);
		EVP_MD_CTX_free(c);
	}
}

static void
verify(const struct made_key *k)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY_CTX *p = NULL;

	must(EVP_DigestVerifyInit(c, &p, k->md(), NULL, k->key) == 1);
	pad(k, p);
	must(EVP_DigestVerify(c, k->signature, k->n_signature, text, SIGNED) ==
	     1);
	EVP_MD_CTX_free(c);
}

/* By the cheapest way that there is, ours: libcrypto's decoder costs more. */
static void
import(const struct made_key *k)
{
	struct pubkey *key = NULL;

	must(pubkey_from_spki(span_of(k->spki, k->n_spki), &key, NULL) == 0);
	pubkey_unref(&key);
}

void
floor_do(enum op op)
{
	if (op < IMPORT_P256)
		verify(&keys[op]);
	else
		import(&keys[op - IMPORT_P256]);
}

void
floor_run(const unsigned ops[OPS])
{
	for (int op = 0; op < OPS; op++)
		for (unsigned n = 0; n < ops[op]; n++)
			floor_do((enum op)op);
}
