/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_PASSPORT_H
#define LIB_PASSPORT_H

#include "lib/remote.h"

/*
 * An Attestation Result that an attester presents instead of its Evidence.
 * Interactive: made for each request, over its binder. Cached: made over a
 * nonce of the Verifier's, kept, and presented to many until it ends or is
 * too old; one job renews it, early, while others present what there is. The
 * library starts no thread, so that the job which finds it old does that.
 */
struct passport;

#define PASSPORT_RETRY_S 10 /* after a renewal that failed */

/* Borrows via and a, which outlive it. max_age_s bounds a cached one. */
int passport_new(struct remote *via, struct attester *a, bool cached,
    uint32_t max_age_s, struct passport **ret, struct seal_diag *d);
void passport_free(struct passport **p);
bool passport_cached(const struct passport *p);
struct remote *passport_via(const struct passport *p);
const char *passport_verifier(const struct passport *p); /* its id */

/* The result for one request, as a CMW record. b is that request's binding;
 * now_s is on the caller's clock. */
int passport_present(struct passport *p, const struct seal_binding *b,
    int64_t now_s, uint32_t timeout_ms, struct wr *cmw, struct seal_diag *d);

#endif
