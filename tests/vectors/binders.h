/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VECTORS_BINDERS_H
#define VECTORS_BINDERS_H

#include "crypto/hash.h"

/* What a TLS stack would compute for us: here from its secrets. */

#define EXPORT_MAX 255

/* RFC 8446 s7.5; prefix as in hkdf_expand_label(). */
int exporter(enum hash h, const char *prefix, struct span master,
    const char *label, struct span context, uint8_t ret[EXPORT_MAX], size_t n,
    struct seal_diag *d);

/* RFC 8446 s7.1 without hkdf_expand_label(): info is the whole HkdfLabel. */
int hkdf_expand(enum hash h, struct span secret, struct span info,
    uint8_t ret[EXPORT_MAX], size_t n, struct seal_diag *d);

/* Is this a ServerHello that is a HelloRetryRequest? */
bool is_retry(struct span message);

/* Hash of the messages (RFC 8446 s4.4.1): where the second one is a
 * HelloRetryRequest, the first counts as its message_hash. */
#define TRANSCRIPT_MAX 16 /* messages */
int transcript_hash(enum hash h, const struct span *messages, size_t n,
    uint8_t ret[HASH_MAX], struct seal_diag *d);

#endif
