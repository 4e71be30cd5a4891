/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_TRANSCRIPT_H
#define TLS_TRANSCRIPT_H

#include "base/wr.h"
#include "crypto/hash.h"

/*
 * ClientHello..ServerHello of a handshake (RFC 8446 s4.4.1), kept whole until
 * ServerHello names the hash. After a HelloRetryRequest the first ClientHello
 * is replaced by its own hash.
 */
struct transcript {
	bool complete, retried;
	unsigned hellos; /* of the client, also those that were refused */
	enum hash hash;
	uint8_t digest[HASH_MAX];
	struct wr messages;
};

/* Of a cipher suite of TLS 1.3; HASH_NONE: it is none. */
enum hash transcript_suite_hash(uint16_t suite);

void transcript_init(struct transcript *t);
void transcript_free(struct transcript *t);
/* A whole message with its 4-byte header, in the order of the wire; those
 * that are neither ClientHello nor ServerHello, and all behind ServerHello,
 * are passed over. What is out of order fails: where a HelloRetryRequest was
 * not seen, the hash would be another than the peer's. */
int transcript_add(
    struct transcript *t, struct span message, struct seal_diag *d);
/* hash_size() bytes of ret; false before ServerHello. */
bool transcript_hash(
    const struct transcript *t, enum hash *ret_hash, uint8_t ret[HASH_MAX]);

#endif
