/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_TPM_EVENTS_H
#define APPRAISE_TPM_EVENTS_H

#include <jansson.h>

#include "appraise/verdict.h"
#include "format/eventlog.h"

/*
 * Rules about the event log, "events" of an accept entry:
 *
 * { "pcrs": {"sha256": [4, 7]},    PCRs with no fixed value: the log must
 *                                  replay to them
 *   "secure_boot": true,           UEFI Secure Boot was on (PCR 7)
 *   "allowed": [EVENT…],           a PCR that stands here holds these events
 *                                  and no others, in any order and number
 *   "required": [EVENT…],          each of these was measured
 *   "forbidden": [EVENT…] }        none of these was
 *
 * EVENT: {"pcr": N, "digest": HEX} or {"pcr": N, "text": TEXT}, a text being
 * what GRUB, systemd and others measure as text, such as a command line.
 *
 * Rules speak of digests, never of event types, since nothing authenticates
 * a type. Separators, and the texts by which firmware tells that it starts a
 * boot option, are always allowed.
 */
#define TPM_EVENTS_MAX 128
#define TPM_EVENT_TEXT_MAX 4096u
#define TPM_EVENT_PCRS 16u /* those that only a reset of the machine resets */
#define TPM_EVENT_SHAPES 4 /* UTF-8 and UTF-16, without NUL and with */
#define TPM_EVENT_BANKS 3

struct tpm_event_digest {
	uint8_t n; /* bytes */
	uint8_t p[HASH_MAX];
};

/* One event by every digest that it may have; n_digests is 1 for HEX. */
struct tpm_event_rule {
	uint8_t pcr;
	size_t n_digests;
	struct tpm_event_digest digests[TPM_EVENT_SHAPES * TPM_EVENT_BANKS];
};

struct tpm_event_list {
	struct tpm_event_rule *rules;
	size_t n;
	uint32_t pcrs; /* those that the rules speak of */
};

struct tpm_events {
	bool secure_boot;
	struct tpm_selection replayed[TPM_EVENT_BANKS];
	size_t n_replayed;
	struct tpm_event_list allowed, required, forbidden;
};

extern const char *const tpm_event_keys[];

/* pinned is the PCRs that have values, of which the rules may speak too. */
int tpm_events_load(const json_t *j, const struct tpm_selection *pinned,
    size_t n_pinned, struct tpm_events **ret, struct seal_diag *d);
void tpm_events_free(struct tpm_events **e);
void tpm_events_explain(const struct tpm_events *e, struct wr *out);

/* ---- tpm_log.c ---- */

struct tpm_facts;

/* Parses the log, where there is one, and holds it against the quoted PCRs
 * that it speaks of; a log that does not replay refuses the Evidence. */
bool tpm_log_verify(struct tpm_facts *f, struct seal_verdict *v);
bool tpm_log_match(const struct tpm_events *e, const struct tpm_facts *f,
    struct seal_verdict *v);
/* Adds "events" to entry: what the log proves and is worth a rule. */
int tpm_log_learn(const struct tpm_facts *f, json_t *entry);

#endif
