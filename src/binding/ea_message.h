/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BINDING_EA_MESSAGE_H
#define BINDING_EA_MESSAGE_H

#include "base/rd.h"
#include "binding/ea.h"

/* Handshake types of the messages that RFC 9261 borrows from TLS. */
#define EA_CERTIFICATE 11
#define EA_CERTIFICATE_REQUEST 13
#define EA_CERTIFICATE_VERIFY 15
#define EA_CLIENT_CERTIFICATE_REQUEST 17
#define EA_FINISHED 20

#define EA_EXT_SIGNATURE_ALGORITHMS 13
#define EA_EXTENSIONS_MAX 32 /* in one extension list */

/* One message: type, 3-byte length, body; also over DTLS (RFC 9261 s4). */
struct ea_message {
	uint8_t type;
	struct span whole, body;
};

bool ea_message_read(struct rd *r, struct ea_message *ret);
size_t ea_message_begin(struct wr *w, uint8_t type); /* mark for the end */
void ea_message_end(struct wr *w, size_t mark);

/* The Certificate message of id; its signer is not used. */
void ea_certificate_write(struct wr *out, struct span context,
    const struct ea_identity *id, uint16_t cmw_type);

/* Hash(HandshakeContext || request || messages), RFC 9261 s5.2.2. */
int ea_transcript(const struct ea_keys *keys, struct span request,
    struct span messages, uint8_t ret[HASH_MAX], struct seal_diag *d);
/* 64 spaces, the context string, 0, and the transcript: what is signed, of at
 * most EA_SIGNED_MAX bytes. */
#define EA_SIGNED_MAX (64 + 22 + 1 + HASH_MAX)
void ea_signed_content(struct span transcript, struct wr *out);
int ea_finished(const struct ea_keys *keys, struct span request,
    struct span messages, uint8_t ret[HASH_MAX], struct seal_diag *d);
/* verify_data of the empty authenticator: over a Certificate that is not
 * sent, with the request's context and no entry. */
int ea_finished_empty(const struct ea_keys *keys, const struct ea_request *req,
    uint8_t ret[HASH_MAX], struct seal_diag *d);

/*
 * Walks an extension list: false at a malformed one or a type that comes
 * twice (RFC 8446 s4.2). Calls each for every extension until it fails.
 */
typedef bool (*ea_ext_fn)(void *ctx, uint16_t type, struct span body);
bool ea_extensions_walk(struct span list, ea_ext_fn each, void *ctx);
/* Is type in the list? */
bool ea_extensions_have(struct span list, uint16_t type);

#endif
