/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BINDING_BINDER_H
#define BINDING_BINDER_H

#include "base/span.h"
#include "crypto/hash.h"

#define BINDER_EXPORTER_LABEL "Attestation" /* PROTOCOL 3 */
#define BINDER_EXPORTER_SIZE 32             /* bytes */
#define BINDER_NONCE_MIN 8                  /* bytes of an offline nonce */
#define BINDER_NONCE_MAX 64
#define BINDER_VERIFIER_ID_MAX 128 /* bytes of a Verifier's name */

/* Where the value comes from. Zero is no binding and denies everywhere. */
enum binding_kind {
	BINDING_NONE = 0,
	BINDING_POST,     /* PROTOCOL 5.1, level `traffic` */
	BINDING_INTRA,    /* PROTOCOL 5.2, level `transcript` */
	BINDING_OFFLINE,  /* PROTOCOL 5.5.1: diagnostics, domain-separated */
	BINDING_VERIFIER, /* PROTOCOL 5.5.1: a Verifier's nonce */
	BINDING_REPLAY, /* a recorded value, to appraise with, never to sign */
	BINDING_RAW_NONCE, /* a Verifier's nonce as it is; see below */
};

/*
 * The value that signed Evidence must contain, and the subject key that it
 * commits to. Only the functions below fill one, so that none is ever empty:
 * PROTOCOL 5.4 rule 2. spki is borrowed from the caller.
 */
struct seal_binding {
	enum binding_kind kind;
	enum hash hash;
	size_t size; /* bytes of binder */
	uint8_t binder[HASH_MAX];
	struct span spki;
};

/* Hash(SPKI || exporter), PROTOCOL 5.1. exporter has 32 bytes. */
int binding_post(enum hash h, struct span spki, struct span exporter,
    struct seal_binding *ret, struct seal_diag *d);
/* PROTOCOL 5.2; transcript_hash is Hash(ClientHello..ServerHello). */
int binding_intra(enum hash h, struct span spki, struct span transcript_hash,
    bool dtls, struct seal_binding *ret, struct seal_diag *d);
/* SHA-256("SEAL offline evidence v1" || nonce), PROTOCOL 5.5 rule 1. */
int binding_offline(struct span nonce, struct span spki,
    struct seal_binding *ret, struct seal_diag *d);
/* SHA-256("SEAL verifier nonce v1" || len16(id) || id || len16(nonce) ||
 * nonce), PROTOCOL 5.5 rule 1: what Evidence for a cached passport carries,
 * for the nonce that the Verifier called id gave. */
int binding_verifier(struct span id, struct span nonce, struct span spki,
    struct seal_binding *ret, struct seal_diag *d);
/* A Verifier's nonce of 32, 48 or 64 bytes as it is. Who chooses it could
 * choose a connection's binder: only for a Verifier that the configuration
 * calls raw_nonce (PROTOCOL 5.5 rule 1). */
int binding_raw_nonce(struct span nonce, struct span spki,
    struct seal_binding *ret, struct seal_diag *d);
/* A binder of 32, 48 or 64 bytes from a record; spki may be empty if it is
 * not known. Drivers refuse to sign it. */
int binding_replay(struct span binder, struct span spki,
    struct seal_binding *ret, struct seal_diag *d);

/* Is it one that the functions above made? */
bool binding_valid(const struct seal_binding *b);
struct span binding_value(const struct seal_binding *b);
/* Is spki hashed into the value? Then who signed the value signed the key. */
bool binding_commits(const struct seal_binding *b);

#endif
