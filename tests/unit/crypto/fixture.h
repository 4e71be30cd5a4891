/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_FIXTURE_H
#define CRYPTO_FIXTURE_H

#include <openssl/x509.h>

#include <stdbool.h>
#include <stdint.h>

#include "crypto/sig.h"

#define NOW INT64_C(1700000000) /* 2023-11-14, the clock of these tests */
#define DAY INT64_C(86400)
/* What everything made is relative to: NOW, unless a program says otherwise. */
extern int64_t fixture_clock;

/* What to put into a certificate; zero fields get what most tests want. */
struct made {
	const char *cn;
	const char *san;   /* as in openssl.cnf; NULL: none */
	const char *usage; /* keyUsage; NULL: none */
	const char *ext;   /* extendedKeyUsage; NULL: none */
	const char *basic; /* basicConstraints; NULL: none */
	int64_t from,
	    to; /* relative to the clock; 0: a day before, a year after */
	const EVP_MD *md; /* NULL: SHA-256 */
	bool eddsa;       /* the issuer's key takes no md */
	bool v1;
};

struct issued {
	EVP_PKEY *key;
	X509 *x;
	struct span der;
};

/* Made by libcrypto, which is the oracle of these tests. by == NULL: self
 * signed. Takes key over. */
struct issued issue(
    const struct made *m, EVP_PKEY *key, const struct issued *by);
void issued_free(struct issued *i);

/* An id-RSASSA-PSS key; restricted: to SHA-256 and its salt length. */
EVP_PKEY *make_pss(bool restricted);
/* Through a file, so that privkey_load() meets every kind of key. */
struct privkey *load_key(EVP_PKEY *pkey);

#endif
