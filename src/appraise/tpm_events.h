/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_TPM_EVENTS_H
#define APPRAISE_TPM_EVENTS_H

#include <jansson.h>

#include "appraise/verdict.h"
#include "format/eventlog.h"
#include "format/tpm_evidence.h"

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
 *
 * Where registers are no PCRs, other words stand for "pcrs" and "pcr", and
 * what needs PCR 7 is not there: struct event_words.
 */
#define TPM_EVENTS_MAX 128
#define TPM_EVENT_TEXT_MAX 4096u
#define TPM_EVENT_PCRS 16u /* those that only a reset of the machine resets */
#define TPM_EVENT_SHAPES 4 /* UTF-8 and UTF-16, without NUL and with */
#define TPM_EVENT_BANKS 3

/* How one technology calls its registers, and what it checks of them. */
struct event_words {
	const char *list, *one; /* "pcrs", "pcr" */
	const char *name;       /* for people: "PCR" */
	uint16_t bank;          /* list is one of this bank; 0: by banks */
	uint32_t first, n;      /* what the log calls register 0; how many */
	const char *const *keys, *const *rule_keys; /* NULL ends */
	const char *no_log;                         /* what to do then */
	struct {
		const char *bank, *replay, *forbidden, *allowed, *required,
		    *log, *events;
	} check;
};
extern const struct event_words tpm_event_words, tdx_event_words;

struct tpm_event_digest {
	uint8_t n; /* bytes */
	uint8_t p[HASH_MAX];
};

/* One event by every digest that it may have; n_digests is 1 for HEX. */
struct tpm_event_rule {
	uint8_t pcr; /* as the log counts */
	size_t n_digests;
	struct tpm_event_digest digests[TPM_EVENT_SHAPES * TPM_EVENT_BANKS];
};

struct tpm_event_list {
	struct tpm_event_rule *rules;
	size_t n;
	uint32_t pcrs; /* those that the rules speak of */
};

struct tpm_events {
	const struct event_words *words;
	bool secure_boot;
	struct tpm_selection replayed[TPM_EVENT_BANKS];
	size_t n_replayed;
	struct tpm_event_list allowed, required, forbidden;
};

/* pinned is the PCRs that have values, of which the rules may speak too. */
int tpm_events_load(const json_t *j, const struct event_words *words,
    const struct tpm_selection *pinned, size_t n_pinned,
    struct tpm_events **ret, struct seal_diag *d);
void tpm_events_free(struct tpm_events **e);
void tpm_events_explain(const struct tpm_events *e, struct wr *out);

/* ---- tpm_log.c ---- */

struct tpm_facts;

/* What is quoted, as the log counts, and the log that is to explain it. */
struct event_facts {
	const struct event_words *words;
	const struct eventlog *log; /* NULL: none */
	const struct tpm_selection *selection;
	size_t n_selection;
	const struct tpm_pcr_value *values;
	size_t n_values;
};
struct event_facts tpm_event_facts(const struct tpm_facts *f);
/* Each register of mask that is quoted in bank has the value that the log
 * makes, which is in p. */
bool events_replay_to(const struct event_facts *f,
    const struct eventlog_pcrs *p, uint16_t bank, uint32_t mask,
    const char *check, struct seal_verdict *v);

/* Parses the log, where there is one, and holds it against the quoted PCRs
 * that it speaks of; a log that does not replay refuses the Evidence. */
bool tpm_log_verify(struct tpm_facts *f, struct seal_verdict *v);
/* The rules; NULL: there are none. */
bool events_match(const struct tpm_events *rules, const struct event_facts *f,
    struct seal_verdict *v);
/* Adds "events" to entry: what the log proves and is worth a rule. */
int tpm_log_learn(const struct tpm_facts *f, json_t *entry);

#endif
