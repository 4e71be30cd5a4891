/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_CTX_H
#define LIB_CTX_H

#include <pthread.h>

#include <sealtls/conn.h>

#include "appraise/policy.h"
#include "evidence/driver.h"
#include "lib/passport.h"
#include "lib/waits.h"
#include "tls/session.h"

#define CTX_ATTESTERS_MAX 4
#define CTX_ALPN_MAX LIMIT_ALPN
#define CTX_CACHE 256 /* certificates, and as many keys */

#define CTX_JUDGES_MAX 8u /* Evidence types that remote Verifiers judge */
#define CTX_PASSPORT_AGE_S 3600u

#define CTX_WAITS_PER_SOURCE 16u /* handshakes that wait for work */
#define CTX_WAITS_TOTAL 1024u
#define CTX_WAITS_MAX 65536u /* that a configuration may ask for */

#define CTX_CMW_TYPE 0xff00u /* PROTOCOL 3; settable per context */

/* Where attestation stands (PROTOCOL 2). */
enum ctx_mode {
	MODE_POST = 0, /* after the handshake */
	MODE_INTRA,    /* in it, by the extension */
	MODE_BOTH,     /* in it, and then again: lifts the binding */
};

/* What a session needs for one role, one hash and one carriage, and which
 * attester stands behind each scheme that it offers. */
struct ctx_profile {
	struct session_conf conf;
	struct scheme produce[CTX_ATTESTERS_MAX];
	size_t attester[CTX_ATTESTERS_MAX];
};

/* Which remote Verifier judges which Evidence. */
struct ctx_judge {
	char *media_type;
	struct remote *by; /* one of the ctx's verifiers */
};

struct seal_ctx {
	unsigned refs;        /* atomic */
	uint64_t conns;       /* atomic: connections made so far */
	pthread_mutex_t lock; /* guards frozen and anchors */
	bool frozen;
	struct trust *anchors; /* of ctx_identity(); NULL: not needed so far */

	struct attester *attesters[CTX_ATTESTERS_MAX];
	struct passport *passports[CTX_ATTESTERS_MAX]; /* NULL: Evidence */
	size_t n_attesters;
	char *left_out[CTX_ATTESTERS_MAX]; /* why; owned */
	size_t n_left_out;
	struct remote *verifiers[REMOTE_MAX];
	size_t n_verifiers;
	struct ctx_judge judges[CTX_JUDGES_MAX];
	size_t n_judges;
	struct policy *policy;
	bool require, observe;
	struct identity identity; /* where no policy says */
	struct scheme accept[LIMIT_SCHEMES];
	size_t n_accept;
	char *alpn_names[CTX_ALPN_MAX];
	struct span alpn[CTX_ALPN_MAX];
	size_t n_alpn;
	int reveal_after_peer; /* -1: servers that require attestation do */
	enum ctx_mode mode;
	uint16_t cmw_type, intra_type;
	uint32_t attest_ms, answer_ms, spacing_ms, lease_floor_s;
	uint32_t mtu; /* 0: the carriage's own */
	uint32_t waits_per_source, waits_total;
	struct waits *waits; /* of servers; NULL in mode post */
	/* Role, hash, carriage: filled once frozen. */
	struct ctx_profile profiles[2][2][2];

	struct cert_cache *certs;
	struct key_cache *keys;

	int64_t (*boot_ms)(void *);
	int64_t (*unix_s)(void *);
	void *clock_arg;
};

struct seal_ctx *ctx_ref(struct seal_ctx *c);
/* Ends configuration: checks that it is whole, builds the profiles. Repeated
 * calls are cheap. */
int ctx_freeze(struct seal_ctx *c, struct seal_diag *d);
/* One more attester, opened elsewhere, whom *c takes over where it succeeds. */
int ctx_add_attester(
    struct seal_ctx *c, struct attester *a, struct seal_diag *d);
/* Keeps a copy of why, in words, for seal_ctx_left_out(). */
int ctx_leave_out(struct seal_ctx *c, const char *why, struct seal_diag *d);
/* Fails once frozen. */
int ctx_mutable(struct seal_ctx *c, struct seal_diag *d);
/* Borrowed; only after ctx_freeze(). NULL for a hash that TLS 1.3 has not. */
const struct ctx_profile *ctx_profile(const struct seal_ctx *c,
    enum seal_role role, enum hash hash, enum carriage_kind carriage);
/* Who the peer's TLS certificate must be. */
const struct identity *ctx_identity(const struct seal_ctx *c);
/* What a peer's TLS certificate is validated up to: borrowed, immutable. */
int ctx_anchors(
    struct seal_ctx *c, const struct trust **ret, struct seal_diag *d);
/* The remote Verifier of this Evidence; NULL: it is judged here. */
struct remote *ctx_judge(const struct seal_ctx *c, struct span media_type);
int64_t ctx_boot_ms(const struct seal_ctx *c);
int64_t ctx_unix_s(const struct seal_ctx *c);

#endif
