/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/appraiser.h"
#include "appraise/soft_rules.h"

#include <stdlib.h>

static int
soft_verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	(void)in;
	(void)ret;
	(void)v;
	return SEAL_E_UNSUPPORTED;
}

static bool
soft_match(const void *rules, const struct findings *f, struct seal_verdict *v)
{
	(void)rules;
	(void)f;
	(void)v;
	return false;
}

static int
soft_learn(const struct findings *f, json_t *entry)
{
	(void)f;
	(void)entry;
	return SEAL_E_UNSUPPORTED;
}

const struct appraiser appraiser_soft = {
	.media_type =
	    "application/eat+cwt; eat_profile=\"tag:sealtls,2026:soft\"",
	.name = "soft",
	.rules = soft_rule_keys,
	.rules_load = soft_rules_load,
	.rules_free = free,
	.rules_explain = soft_rules_explain,
	.verify = soft_verify,
	.match = soft_match,
	.learn = soft_learn,
	.facts_free = free,
};
