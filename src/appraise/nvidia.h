/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_NVIDIA_H
#define APPRAISE_NVIDIA_H

#include "appraise/appraiser.h"
#include "appraise/refs.h"
#include "format/nvidia.h"

#define NVIDIA_RULE_TEXT_MAX 64 /* bytes, with the NUL */

/*
 * Rules of an entry:
 *   "measurements": {"1": HEX, …}   by index, 48 bytes each; those not named
 *                                   may be anything; or CoRIMs
 *   "driver": TEXT, "vbios": TEXT   "550.90.07", "96.00.9F.00.01"
 *
 * A report says nothing of the machine that the GPU is in: whoever has one gets
 * reports over any nonce. In a collection the subject key, which lives with the
 * CPU's Evidence, signs for what stands beside it.
 */
struct nvidia_rules {
	bool by_refs;
	bool set[NVIDIA_BLOCKS];
	uint8_t value[NVIDIA_BLOCKS][NVIDIA_DIGEST];
	char driver[NVIDIA_RULE_TEXT_MAX],
	    vbios[NVIDIA_RULE_TEXT_MAX]; /* empty: any */
};

struct nvidia_facts {
	struct nvidia_report report; /* views into the Evidence or opened */
	struct wr opened;            /* of JSON */
	struct endorsements *carried;
};

extern const char *const nvidia_rule_keys[]; /* NULL ends */
int nvidia_rules_load(
    const json_t *entry, bool debug, void *rules, struct seal_diag *d);
int nvidia_rules_explain(const void *rules, struct wr *out);
bool nvidia_match(
    const void *rules, const struct findings *f, struct seal_verdict *v);
int nvidia_describe(
    const struct findings *f, struct wr *env, struct wr *measurements);
int nvidia_learn(const struct findings *f, json_t *entry);

#endif
