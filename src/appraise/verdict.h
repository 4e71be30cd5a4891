/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_VERDICT_H
#define APPRAISE_VERDICT_H

#include <stdbool.h>

#include <sealtls/verdict.h>

#include "base/diag.h"
#include "base/span.h"
#include "format/ar4si.h"

#define VERDICT_CHECKS_MAX 512  /* of all members of a collection */
#define VERDICT_CLAIMS_MAX 1024 /* likewise */

/* One block: a verdict has many, and most end with it (verdict_brief). */
struct verdict_detail {
	const char *expected, *got, *remedy; /* in text; NULL: empty */
	char text[];
};

struct verdict_check {
	const char *name; /* static, or owned */
	char *owned;      /* name with the member's label before it; or NULL */
	enum seal_check_status status;
	struct verdict_detail *detail; /* owned; NULL: nothing to tell */
};

struct verdict_claim {
	char *name, *value; /* owned */
};

/* Starts as refused with nothing passed; only appraise/core.c accepts. Kept
 * small: an idle connection holds one. */
struct seal_verdict {
	unsigned refs; /* atomic */
	enum seal_outcome outcome;
	enum seal_level level;
	uint32_t lease_s;
	bool failed;       /* some step did; then never accepted */
	bool insecure;     /* soft Evidence */
	bool host_trusted; /* any software with the TPM can quote any value */
	bool key_attested; /* the technology proves where the key lives */
	bool diversion_excluded; /* the TLS identity was validated */
	bool observed;           /* policy learn: never accepts */
	bool binder_compared;
	bool cached; /* a result without this binder: bound by its key */
	bool key_compared;
	char *scheme;        /* media type; NULL: none */
	char *identity;      /* NULL: none */
	const char *subject; /* "evidence", "same-key", "pkix"; static */
	int8_t ar4si[AR4SI_CLAIMS];
	uint8_t subject_key[32]; /* SHA-256 of the SPKI */
	bool has_instance;
	uint8_t instance[32]; /* which platform, where Evidence names one */
	struct verdict_check *checks;
	size_t n_checks;
	struct verdict_claim *claims;
	size_t n_claims;
	struct seal_diag *diag; /* NULL until something fails */
};

const char *level_name(enum seal_level level); /* "traffic", …; static */
struct seal_verdict *verdict_new(void);        /* NULL when out of memory */
/* Records one step and returns status == passed, so that steps chain with &&.
 * expected and got may be NULL. A failed step keeps its strings; the first
 * one also becomes the diag with code. Memory failure makes it fail. */
bool verdict_check(struct seal_verdict *v, const char *name, bool passed,
    int code, const char *expected, const char *got, const char *remedy);
/* The vector says that a signature, or what it was made over, is wrong. */
void verdict_crypto_failed(struct seal_verdict *v);
/* Lets go of what steps that passed expected and got: a connection holds its
 * accepting verdict for as long as it lives. */
void verdict_brief(struct seal_verdict *v);
void verdict_skip(struct seal_verdict *v, const char *name, const char *why);
/* Moves the checks, claims, vector and failure of *from, which is left to be
 * freed, behind those of *v. */
void verdict_take(struct seal_verdict *v, struct seal_verdict *from);
/* The same for what was found of one member of a collection, under its label:
 * the names of checks and claims become LABEL/NAME, and of two claims of the
 * vector the worse one counts. */
void verdict_take_member(
    struct seal_verdict *v, struct seal_verdict *from, const char *label);
int verdict_claim(struct seal_verdict *v, const char *name, const char *fmt,
    ...) SEAL_PRINTF(3, 4);
int verdict_claim_hex(
    struct seal_verdict *v, const char *name, struct span value);

#endif
