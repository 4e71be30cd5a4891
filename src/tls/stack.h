/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_STACK_H
#define TLS_STACK_H

#include <sealtls/stack.h>

#include "base/wr.h"
#include "crypto/x509.h"

/*
 * What the adapters of all stacks share: what is asked of the peer's
 * certificate, and, for stacks other than OpenSSL, its validation by
 * crypto/x509.h, so that they all accept the same.
 */

#define STACK_ALPN "seal/1" /* PROTOCOL 3 */
#define STACK_ALPN_WIRE "\006seal/1"
#define STACK_NAME_MAX 256 /* with NUL; a host name has at most 253 */

#define STACK_TLS12 0x0303u
#define STACK_TLS13 0x0304u

/* How the peer's certificate is verified. */
enum stack_verify {
	STACK_VERIFY_NONE = 0, /* shown, not judged; a client may have none */
	STACK_VERIFY_SHOWN,    /* must be shown; its key is judged above */
	STACK_VERIFY_PKIX,     /* chain to ca_file, or the system's anchors */
	STACK_VERIFY_PKIX_OPTIONAL, /* the same, if a client shows one */
};

/* For one connection; a value without anything to free. */
struct stack_rules {
	enum seal_role role; /* mine */
	enum stack_verify verify;
	bool verify_name;          /* PKIX: the chain must be for name */
	char name[STACK_NAME_MAX]; /* the peer's; "": none known */
	const struct trust *trust; /* PKIX: borrowed */
	int64_t (*unix_s)(void *arg);
	void *arg;
};

/* Refuses rules that would verify for no name. */
int stack_rules_check(const struct stack_rules *rules, struct seal_diag *d);
/* Is a certificate of the peer's to be asked for, and must it come? */
bool stack_asks_certificate(const struct stack_rules *rules);
bool stack_needs_certificate(const struct stack_rules *rules);
/* What a client sends as SNI; NULL: nothing (RFC 6066 s3: no addresses). */
const char *stack_server_name(const struct stack_rules *rules);

/* What is found of the peer. All zero: nothing, which is no identity. */
struct stack_peer {
	uint8_t spki[SEAL_SPKI_MAX]; /* as it stands in the leaf */
	size_t spki_n;
	bool verified;        /* PKIX */
	struct seal_diag why; /* else why not */
};

/*
 * Called within the handshake with the certificates that came (DER, leaf
 * first; n == 0: none), before this side shows its own. Where it fails, so
 * must the handshake, with ret->why: SEAL_E_IDENTITY, or why no key is found.
 */
int stack_judge(const struct stack_rules *rules, const struct span *chain,
    size_t n, struct stack_peer *ret);
/* Copies what was found to ret; its texts are borrowed from both. */
void stack_peer_facts(const struct stack_rules *rules,
    const struct stack_peer *peer, struct seal_stack_facts *ret);

/* ---- What ends of the transport mean ---- */

/* What a handshake returns for io: a peer that left has failed it. */
enum seal_io stack_handshake_io(enum seal_io io, struct seal_diag *d);
/* What a write does: nobody is there to write to. */
enum seal_io stack_write_io(enum seal_io io, struct seal_diag *d);

/* ---- Which stacks are built in ---- */

struct stack_kind {
	const char *name;
	/* Writes which version of the library is loaded. 0, or why it will
	 * not do. */
	int (*probe)(struct wr *ret_found, struct seal_diag *d);
};
extern const struct stack_kind *const stack_kinds[]; /* NULL ends */
extern const struct stack_kind stack_openssl_kind;
extern const struct stack_kind stack_nss_kind;
extern const struct stack_kind stack_gnutls_kind;
extern const struct stack_kind stack_wolfssl_kind;

#endif
