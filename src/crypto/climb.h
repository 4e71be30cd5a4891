/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_CLIMB_H
#define CRYPTO_CLIMB_H

#include "crypto/known.h"

/*
 * Verifies what is new of a chain, from its leaf up to an issuer that is known
 * or to an anchor; known_chain() says when. Issuers that were found right are
 * known from then on. *ret_from: when the last of its certificates begins.
 * Private to src/crypto.
 */
bool climb_chain(struct known *k, const struct known_question *q,
    const struct span *chain, size_t n, int64_t *ret_from,
    struct chain_end *ret);

#endif
