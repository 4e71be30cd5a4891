/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_SVSM_H
#define APPRAISE_SVSM_H

#include "appraise/snp.h"
#include "format/svsm.h"

/*
 * Rules of an entry about a guest that attests through its SVSM: those of
 * SEV-SNP but for "vmpl", which is 0, and one of
 *   "manifest": HEX            SHA-256 of the manifest, whatever it is: of one
 *                              service, or the table of all
 *   "services": {GUID: HEX | "any", …}
 *                              the table has these services and no others,
 *                              with the SHA-256 of each one's own manifest
 */
struct svsm_expected {
	uint8_t guid[SVSM_GUID];
	bool any;
	uint8_t sha256[32];
};

struct svsm_rules {
	struct snp_rules snp; /* first: its appraiser reads it so */
	struct dcap_bytes manifest;
	struct svsm_expected services[SVSM_SERVICES_MAX];
	size_t n;
};

extern const char *const svsm_rule_keys[];
int svsm_rules_load(
    const json_t *entry, bool debug, void *rules, struct seal_diag *d);
int svsm_rules_explain(const void *rules, struct wr *out);
bool svsm_match(
    const void *rules, const struct findings *f, struct seal_verdict *v);
int svsm_learn(const struct findings *f, json_t *entry);

/* appraiser.verify; facts are those of SNP. */
int svsm_verify(const struct appraisal_in *in, struct findings *ret,
    struct seal_verdict *v);

#endif
