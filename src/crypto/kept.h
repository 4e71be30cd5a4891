/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_KEPT_H
#define CRYPTO_KEPT_H

/* What known.h keeps: counted, and immutable but for used. */
#include <stdatomic.h>

#include "crypto/x509.h"

/* A chain, an issuer with its certificate, or a fact. */
struct kept {
	atomic_uint refs;
	int64_t from;
	struct chain_end end;
	struct cert *cert;
	unsigned room; /* issuers that may stand between it and a leaf */
	uint64_t used; /* when, under the lock of its owner */
	size_t n;
	uint8_t der[];
};

void *kept_ref(void *object);
void kept_unref(void *object); /* NULL: nothing */
struct kept *kept_new(int64_t from, struct chain_end end, struct span der);
/* An issuer of a verified path, with the key that cert_parse() imports; above:
 * what is left of what those above it allow. NULL: not to be read. */
struct kept *kept_issuer(
    struct span der, int64_t from, struct chain_end end, unsigned above);
/* The end itself is for libcrypto to judge. */
bool kept_in_time(const struct kept *k, int64_t now);

#endif
