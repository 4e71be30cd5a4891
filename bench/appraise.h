/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_APPRAISE_H
#define BENCH_APPRAISE_H

#include "appraise/appraise.h"

/* ---- appraise_floor.c: operations with public keys, by OpenSSL ---- */

enum op {
	VERIFY_P256,
	VERIFY_P384,
	VERIFY_PSS, /* RSA of 4096 bits */
	IMPORT_P256,
	IMPORT_P384,
	IMPORT_RSA,
	OPS
};

void floor_setup(bool rsa);              /* making an RSA key takes long */
void floor_do(enum op op);               /* once */
void floor_run(const unsigned ops[OPS]); /* each as often as that */

struct kind;

/* ---- appraise_parse.c ---- */

/* Prints what reading the Evidence and what vouches for it costs; given may be
 * NULL. */
void parse_report(const struct kind *k, struct span evidence,
    const struct endorsements *given, double p256_us);

/* ---- appraise_make.c: Evidence of machines that are played ---- */

enum way { COLD, PINNED, CACHED, WAYS };

struct kind {
	const char *name, *type;
	unsigned floor[WAYS][OPS]; /* what it cannot do without */
	/* Evidence of a machine of its own with each call, over the binder;
	 * and, if it needs any, what vouches for it, the same for all. */
	void (*make)(struct wr *out);
	struct endorsements *(*given)(void); /* NULL: none */
	void (*rules)(struct wr *out);       /* of the policy's entry */
};

extern const struct kind kinds[]; /* name NULL ends */
void make_setup(bool rsa);
void make_teardown(void);
extern struct seal_binding make_binding;

#endif
