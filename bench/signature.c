/* SPDX-License-Identifier: Apache-2.0 */
#include "signature.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

bool
sign_and_verify(void)
{
	static const unsigned char tbs[200];
	static EVP_PKEY *signer;
	unsigned char sig[128];
	size_t n = sizeof(sig);
	EVP_MD_CTX *c = EVP_MD_CTX_new(), *v = EVP_MD_CTX_new();
	bool ok;

	if (signer == NULL)
		signer = EVP_EC_gen("P-256");
	ok = EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, signer) == 1 &&
	     EVP_DigestSign(c, sig, &n, tbs, sizeof(tbs)) == 1 &&
	     EVP_DigestVerifyInit(v, NULL, EVP_sha256(), NULL, signer) == 1 &&
	     EVP_DigestVerify(v, sig, n, tbs, sizeof(tbs)) == 1;
	EVP_MD_CTX_free(c);
	EVP_MD_CTX_free(v);
	return ok;
}
