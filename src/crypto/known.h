/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_KNOWN_H
#define CRYPTO_KNOWN_H

/*
 * What one set of anchors has verified so far; private to src/crypto. Bounded,
 * thread-safe, keyed by SHA-256; what is not in it is verified. It keeps that
 * signatures, names and rights were right, which no time changes, and never
 * that a time was: an entry holds the dates of all that it rests on, and each
 * use holds its own time against them.
 */
#include "crypto/x509.h"

#define KNOWN_CHAINS 1024
#define KNOWN_ISSUERS 16
#define KNOWN_FACTS 256

/* A certificate of a verified path, and the dates of the path from it on. */
struct known_cert {
	struct span der;
	int64_t from, to; /* seconds since 1970 */
};

struct known;

struct kept; /* kept.h */

struct known *known_new(void);
void known_free(struct known **k);

/* A chain by its digest (known_digest() of KNOWN_CHAIN), verified before. */
#define KNOWN_CHAIN "chain"
bool known_recalled(struct known *k, const uint8_t digest[32], int64_t now,
    struct chain_end *ret);

struct known_question {
	const struct trust *anchors;
	int64_t now;
	bool by_anchors; /* also where none of its issuers is known */
};

/*
 * Was this chain verified before, or is what is new in it ordinary (path.h)?
 * Then that is verified here, under an issuer that is in the chain or among
 * the anchors, and was verified; or under an anchor that is a root, the only
 * one of its name. False says nothing: libcrypto has to judge.
 */
bool known_chain(struct known *k, const struct known_question *q,
    const struct span *chain, size_t n, struct chain_end *ret);
/* That chain, as it was given, was verified by this path: leaf first, anchor
 * last. anchor is its index. */
void known_add_chain(struct known *k, const struct span *chain, size_t n,
    const struct known_cert *path, size_t n_path, size_t anchor);
/* Those behind the leaf may vouch for others. */
void known_add_issuers(struct known *k, const struct known_cert *path,
    size_t n_path, size_t anchor);

/* For climb.c: the i-th known issuer, for kept_unref(); NULL behind the last.
 */
struct kept *known_issuer_at(struct known *k, size_t i);
/* For climb.c: it was of use; a new one is kept, with a reference of its own,
 * in place of the one whose use is longest ago. */
void known_use_issuer(struct known *k, struct kept *issuer);

/* A digest that stands for something that is true for ever. */
bool known_fact(struct known *k, const uint8_t digest[32]);
void known_add_fact(struct known *k, const uint8_t digest[32]);
/* SHA-256 of what, and of parts with their lengths; false: cannot. */
bool known_digest(
    const char *what, const struct span *parts, size_t n, uint8_t ret[32]);

#endif
