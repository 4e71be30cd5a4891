/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_VERIFIER_H
#define LIB_VERIFIER_H

#include <pthread.h>

#include <sealtls/verifier.h>

#include "appraise/appraise.h"
#include "jose/key.h"

#define VERIFIER_LIFETIME_S 300u
#define VERIFIER_CORIM_ID_MAX 200u /* bytes */
#define VERIFIER_KEYS 1024         /* public keys kept imported */
#define VERIFIER_CERTS 1024        /* certificates kept parsed */

/* A policy in force, counted by the appraisals that use it. */
struct verifier_policy {
	unsigned refs; /* atomic */
	char *name;
	struct policy *policy;
};

struct seal_verifier {
	char *id, *anchors_dir;
	uint32_t lifetime_s;
	struct privkey *key;
	struct jwk jwk; /* its public half */
	struct key_cache *keys;
	struct cert_cache *certs;
	pthread_mutex_t lock;            /* guards current */
	struct verifier_policy *current; /* NULL: none yet */
	int64_t (*unix_s)(void *);
	void *clock_arg;
};

/* The one in force, for verifier_policy_unref(); NULL: there is none. */
struct verifier_policy *verifier_policy_ref(struct seal_verifier *v);
void verifier_policy_unref(struct verifier_policy **p);

/* What was judged, as claims for a result. subject: the SPKI that was proved,
 * or empty. */
struct verifier_finding {
	const struct seal_verdict *verdict;
	const char *policy; /* its name */
	struct span nonce, subject;
	int64_t now;
};

/* The signed result: *ret is a NUL-terminated JWT. */
int verifier_result(const struct seal_verifier *v,
    const struct verifier_finding *f, char **ret, struct seal_diag *d);

#endif
