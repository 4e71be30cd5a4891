/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_INTRA_SCHEME_H
#define TLS_INTRA_SCHEME_H

#include "base/rd.h"
#include "base/wr.h"
#include "tls/session.h"

/*
 * Attestation schemes as the extension `remoteAttestation` has them
 * (PROTOCOL 9): mechanism(1), then for Evidence type_encoding(1) and a media
 * type, for an Attestation Result the Verifier's identity.
 */

/* A peer's, as views into its message. Those whose encoding names nothing
 * that this side knows (CoAP content formats) have kind SCHEME_OTHER. */
#define SCHEME_OTHER 2u
struct scheme_list {
	size_t n;
	struct scheme items[LIMIT_SCHEMES];
};

void scheme_put(struct wr *out, const struct scheme *s);
void scheme_put_list(struct wr *out, const struct scheme *s, size_t n);
bool scheme_read(struct rd *in, struct scheme *ret);
/* A vector of them; false where malformed or more than LIMIT_SCHEMES. */
bool scheme_read_list(struct rd *in, struct scheme_list *ret);

/* The first of mine (n, by preference) that theirs holds; its index. */
bool scheme_choose(const struct scheme *mine, size_t n,
    const struct scheme_list *theirs, size_t *ret);

#endif
