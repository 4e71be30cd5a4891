/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BINDING_EA_H
#define BINDING_EA_H

#include "base/limits.h"
#include "crypto/x509.h"

/*
 * Exported authenticators (RFC 9261) with the cmw_attestation extension, as
 * pure functions from exporter bytes to bytes. They take no part in TLS.
 */
enum ea_role {
	EA_CLIENT = 1,
	EA_SERVER = 2,
};

enum ea_role ea_peer_of(enum ea_role role);

/* The two exporter values of one sender (RFC 9261 s5.1), hash_size() each. */
struct ea_keys {
	enum hash hash;
	uint8_t handshake_context[HASH_MAX];
	uint8_t finished_key[HASH_MAX];
};

/* "EXPORTER-client authenticator handshake context", …: static strings. */
const char *ea_label_context(enum ea_role sender);
const char *ea_label_finished(enum ea_role sender);

/* ---- Requests (s4): type 13 from a server, 17 from a client ---- */

struct ea_request {
	enum ea_role requester;
	struct span message; /* with its 4-byte header */
	struct span context;
	uint16_t schemes[SIG_SCHEMES_MAX]; /* those that this build knows */
	size_t n_schemes;
	struct span offered; /* the extensions vector, to check answers with */
	bool cmw_offered;
};

/*
 * Writes a request that offers sig_tls13_schemes and, where cmw_type is not
 * 0, an empty extension of that type.
 */
int ea_request_write(struct wr *out, enum ea_role requester,
    struct span context, uint16_t cmw_type, struct seal_diag *d);
/* Views into message. requester is who must have sent it. */
int ea_request_parse(struct span message, enum ea_role requester,
    uint16_t cmw_type, struct ea_request *ret, struct seal_diag *d);

/* ---- Authenticators (s5) ---- */

/* Who answers: a chain (DER, leaf first), its key, and the CMW to carry. */
struct ea_identity {
	const struct span *chain;
	size_t n_chain;
	struct cert *leaf; /* chain[0] parsed, borrowed; NULL: not yet */
	struct span cmw;   /* empty: no cmw_attestation extension */
	sign_fn sign;
	void *sign_ctx;
};

/*
 * Answers req. The scheme is the first of ours that req offers and that fits
 * the leaf's key; without one SEAL_E_EA_SCHEME_NOT_OFFERED, and the polite
 * answer is ea_refuse(). A CMW that req did not offer is an error.
 */
int ea_authenticate(struct wr *out, const struct ea_keys *keys,
    const struct ea_request *req, uint16_t cmw_type,
    const struct ea_identity *id, struct seal_diag *d);
/* The empty authenticator (s5.2.3 form: Finished alone). */
int ea_refuse(struct wr *out, const struct ea_keys *keys,
    const struct ea_request *req, struct seal_diag *d);

/* What a valid authenticator proves; views into it, but for leaf. */
struct ea_peer {
	struct span chain[LIMIT_CHAIN]; /* DER, leaf first */
	size_t n_chain;
	struct cert *leaf; /* the caller drops it with cert_unref() */
	struct span cmw;   /* empty: none carried */
	uint16_t scheme;
};

/* Judges the chain; called last, after every check of possession. */
typedef int (*ea_chain_fn)(
    void *ctx, const struct ea_peer *peer, struct seal_diag *d);

/*
 * Validates an authenticator that answers req and was sent with keys. Without
 * a req (NULL) it is refused: SEAL_E_EA_SPONTANEOUS, or _EMPTY_WITHOUT_REQUEST
 * if it is an empty one, which nobody can tell from a forged one. Checks
 * in this order: framing, Certificate, context, extensions, scheme, key
 * usage, CertificateVerify, Finished, then chain (may be NULL: not judged).
 * A well-formed empty authenticator is SEAL_E_EA_EMPTY, never success.
 * cache may be NULL.
 */
int ea_validate(struct span authenticator, const struct ea_keys *keys,
    const struct ea_request *req, uint16_t cmw_type, struct cert_cache *cache,
    ea_chain_fn chain, void *chain_ctx, struct ea_peer *ret,
    struct seal_diag *d);

/* "get context" of RFC 9261 s7.2 and s7.3; an empty authenticator has none. */
int ea_get_context(struct span message, struct span *ret, struct seal_diag *d);

/* ---- Contexts: each is used once in a connection (s4, s5.2) ---- */

struct ea_contexts {
	uint8_t (*seen)[16]; /* sorted digests */
	size_t n, cap;
};

/* Marks context; SEAL_E_EA_CONTEXT_REUSED if it was marked already, and
 * SEAL_E_LIMIT after LIMIT_CONTEXTS. */
int ea_contexts_mark(
    struct ea_contexts *c, struct span context, struct seal_diag *d);
void ea_contexts_free(struct ea_contexts *c);

#endif
