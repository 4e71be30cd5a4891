/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_TRUST_H
#define CRYPTO_TRUST_H

/* What a set of anchors is made of; private to src/crypto. */
#include <openssl/x509.h>
#include <pthread.h>

#include "crypto/x509.h"

struct anchor {
	uint8_t *der;
	size_t n;
};

struct trust {
	X509_STORE *store;
	struct anchor *anchors;
	size_t n;
	bool system; /* the system's count too; they are found when needed */
	pthread_mutex_t lock;
	struct known *known; /* what was verified; made when first wanted */
};

/* NULL unless der is one certificate and nothing after it. */
X509 *trust_x509_parse(struct span der);
/* NULL: out of memory, and nothing is remembered. */
struct known *trust_known(const struct trust *t);

#endif
