/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_EAR_RULES_H
#define APPRAISE_EAR_RULES_H

#include <jansson.h>

#include "base/diag.h"
#include "format/ear.h"

/*
 * What a policy demands of an Attestation Result:
 *   "verifier": TEXT,      required: ear_verifier_id.developer, and the name
 *                          that HELLO offers
 *   "vector": {CLAIM: "affirming" | "warning"…},   required: each of these
 *                          claims is present and no worse; may be empty
 *   "submods": "each" | "one",   default each: where a result has several
 *                          submodules, each states the claims of "vector"; or
 *                          one alone states them all, and no other says worse
 *   "status": "affirming" | "warning",     default affirming: no status and no
 *                          claim anywhere is worse
 *   "profiles": [URI…],    default the newest alone
 *   "max_lifetime_s": N,   default a day: from iat to exp
 *   "cnf": BOOL            default true: the result names the subject key
 *   "exp": BOOL            default true: it says when it ends
 * The last two may be false for Verifiers that never say so. What a result
 * then lacks, this connection's binder as its nonce makes up for: it commits
 * to the key, and "max_age_s" ends it; a cached result is refused.
 */
#define EAR_LIFETIME_S 86400u
#define EAR_PROFILES_MAX 4u

struct ear_rules {
	char verifier[EAR_TEXT_MAX];
	enum ar4si_tier vector[AR4SI_CLAIMS]; /* TIER_NONE: not asked for */
	enum ar4si_tier status;
	const struct ear_profile *profiles[EAR_PROFILES_MAX];
	size_t n_profiles;
	uint32_t max_lifetime_s;
	bool cnf, exp;
	bool one_submod; /* that has the whole vector will do */
};

extern const char *const ear_rule_keys[]; /* NULL ends */
int ear_rules_load(
    const json_t *entry, bool debug, void *rules, struct seal_diag *d);
int ear_rules_explain(const void *rules, struct wr *out);

#endif
