/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_TPM_RULES_H
#define APPRAISE_TPM_RULES_H

#include <jansson.h>

#include "appraise/tpm_events.h"
#include "appraise/tpm_ima.h"
#include "appraise/verdict.h"
#include "format/tpm_evidence.h"

#define TPM_RULES_PCRS_MAX (TPM_BANKS_MAX * TPM_PCRS)

struct findings;

#define TPM_MODEL "tpm2" /* in the environment of a CoMID */

/* What one accept entry demands of TPM Evidence. */
struct tpm_rule_pcr {
	uint16_t bank;
	uint8_t index;
	uint8_t value[HASH_MAX];
};

struct tpm_rules {
	bool by_refs; /* a CoRIM has the values, none stands here */
	struct tpm_rule_pcr *pcrs;
	size_t n_pcrs;
	struct tpm_events *events; /* NULL: no rules about the log */
	struct tpm_ima *ima;       /* NULL: none about the IMA list */
	bool has_key_policy;
	uint8_t key_policy[HASH_MAX];
	size_t n_key_policy;
};

/* What verify read, for match and learn; views into the Evidence. */
struct tpm_facts {
	struct tpm_evidence e;
	struct tpm_attest quote, certify;
	struct tpm_signature quote_sig, certify_sig;
	struct tpm_public ak, subject;
	struct eventlog log; /* where has_log: it replays to the quote */
	bool has_log;
	bool has_ima; /* the list replays to the quote */
};

/* The quoted value of a PCR; NULL where it is not in the quote. */
const struct tpm_pcr_value *tpm_quoted(
    const struct tpm_facts *facts, uint16_t bank, uint32_t index);

extern const char *const tpm_rule_keys[];

int tpm_rules_load(
    const json_t *entry, bool debug, void *rules, struct seal_diag *d);
void tpm_rules_wipe(void *rules);
int tpm_rules_explain(const void *rules, struct wr *out);
bool tpm_match(
    const void *rules, const struct findings *f, struct seal_verdict *v);
/* In the terms of CoMID, for reference triples. */
int tpm_describe(
    const struct findings *f, struct wr *env, struct wr *measurements);
/* The PCRs of which rules knows the value; banks by their numbers. */
size_t tpm_rules_pinned(
    const struct tpm_rules *r, struct tpm_selection ret[TPM_EVENT_BANKS]);
/* The policy's PCRs as a selection: those with values, and those that a log is
 * to explain. */
size_t tpm_rules_quoted(
    const struct tpm_rules *r, struct tpm_selection ret[TPM_BANKS_MAX]);
int tpm_learn(const struct findings *f, json_t *entry);

/* "tpm.pcr.sha256.7" as a static string; NULL for what we do not accept. */
const char *tpm_pcr_name(uint16_t bank, uint8_t index);
/* "sha256:0,1,7" for people. */
void tpm_selection_text(const struct tpm_selection *s, size_t n, struct wr *w);

#endif
