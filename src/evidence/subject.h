/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SUBJECT_H
#define EVIDENCE_SUBJECT_H

#include <stddef.h>

#include "base/conf.h"
#include "base/limits.h"
#include "crypto/x509.h"

/*
 * A subject key in this process's memory, and its certificate chain. Evidence
 * commits to it through the binder, or names it; that it never leaves is a
 * property of the code that is measured (PROTOCOL 5.3).
 */
struct subject {
	const char *driver; /* in messages */
	struct privkey *key;
	uint8_t *spki;
	size_t n_spki;
	uint16_t scheme;
	struct span chain[LIMIT_CHAIN];
	size_t n_chain;
	uint8_t *chain_bytes;
};

#define SUBJECT_KEYS "key", "subject_cert" /* its settings */

/*
 * The key of the file 'key', or where the settings name none, and fresh, one
 * made now; with the chain of the file 'subject_cert', or a certificate that
 * it signs itself and that vouches for nothing. *s is zero before, and wiped
 * by its owner also after a failure. driver stays the caller's.
 */
int subject_open(struct subject *s, const char *driver, bool fresh,
    const struct conf *conf, struct seal_diag *d);
void subject_wipe(struct subject *s);
struct span subject_spki(const struct subject *s);
/* A sign_fn; ctx is the struct subject. */
int subject_sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d);

/*
 * The calls of a driver whose context begins with its struct subject, which
 * SUBJECT_FIRST() says of it at compile time.
 */
int subject_call_chain(void *ctx, struct wr *ret_chain, struct seal_diag *d);
int subject_call_sign(void *ctx, uint16_t scheme, struct span tbs,
    uint64_t deadline_ms, struct wr *out, struct seal_diag *d);
const struct privkey *subject_call_key(void *ctx);
#define SUBJECT_CALLS                                             \
	.subject = subject_call_chain, .sign = subject_call_sign, \
	.key = subject_call_key
#define SUBJECT_FIRST(type) \
	_Static_assert(     \
	    offsetof(type, subject) == 0, "SUBJECT_CALLS look for it there")

#endif
