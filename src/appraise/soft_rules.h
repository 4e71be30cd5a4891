/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_SOFT_RULES_H
#define APPRAISE_SOFT_RULES_H

#include <jansson.h>

#include "appraise/verdict.h"
#include "base/wr.h"
#include "crypto/hash.h"

#define SOFT_MEASUREMENTS_MAX 16
#define SOFT_NAME_MAX 64 /* bytes of a measurement's name, with its NUL */

#define SOFT_MODEL "soft" /* in the environment of a CoMID */

/* What one accept entry demands of soft Evidence: these measurements. */
struct soft_rule {
	char name[SOFT_NAME_MAX];
	uint8_t value[HASH_MAX];
	size_t n_value;
};

struct soft_rules {
	bool by_refs; /* a CoRIM has the values, none stands here */
	struct soft_rule measurements[SOFT_MEASUREMENTS_MAX];
	size_t n_measurements;
};

extern const char *const soft_rule_keys[];

int soft_rules_load(
    const json_t *entry, bool debug, void *rules, struct seal_diag *d);
struct findings;
/* In the terms of CoMID, for reference triples. */
int soft_describe(
    const struct findings *f, struct wr *env, struct wr *measurements);
int soft_rules_explain(const void *rules, struct wr *out);

#endif
