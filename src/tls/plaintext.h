/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_PLAINTEXT_H
#define TLS_PLAINTEXT_H

#include "base/diag.h"
#include "base/wr.h"

/*
 * What one direction of a TLS 1.3 stream says in the clear: the handshake
 * messages before the first protected record, ClientHello or ServerHello among
 * them. For a TLS library that shows its messages to nobody (RFC 8446 s5.1).
 */
#define PLAINTEXT_MESSAGE_MAX 131072u /* bytes, as NSS has it */
#define PLAINTEXT_HEADER 5u

struct plaintext {
	bool over; /* nothing more comes of it */
	uint8_t header[PLAINTEXT_HEADER];
	size_t n_header;
	size_t left;     /* bytes of the record at hand that have not come */
	struct wr bytes; /* of messages, from the beginning of one */
};

/* A whole message with its 4-byte header; what fails ends the reading. */
typedef int (*plaintext_fn)(
    void *arg, struct span message, struct seal_diag *d);

void plaintext_init(struct plaintext *p);
void plaintext_free(struct plaintext *p);
/* Takes the stream's next bytes, however they are cut. What is no record of
 * the clear ends the reading too, silently: it is TLS's to refuse. */
int plaintext_take(struct plaintext *p, struct span bytes, plaintext_fn fn,
    void *arg, struct seal_diag *d);

#endif
