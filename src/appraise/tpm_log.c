/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event log against the quote, and the policy's rules about events.
 *
 * Whoever runs on the machine writes the log that we get, and may extend PCRs
 * further. What he cannot do is to remove a digest from a PCR, to change its
 * place, or to find other data for it. So rules look at digests, and at data
 * only where the digest is over it; types are free for the taking: a PE image
 * may be called an action, and the separator a thing of no interest.
 */
#include <stdio.h>
#include <string.h>

#include "appraise/appraiser.h"
#include "appraise/tpm_events.h"
#include "appraise/tpm_rules.h"
#include "base/text.h"

#define PCR_APPLICATIONS 4u
#define PCR_SECURE_BOOT 7u
#define TEXT 160

static uint32_t
selected(const struct tpm_selection *s, size_t n, uint16_t bank)
{
	for (size_t i = 0; i < n; i++)
		if (s[i].bank == bank)
			return s[i].pcrs;
	return 0;
}

/* ---- Replay ---- */

static const struct tpm_pcr_value *
quoted(const struct event_facts *f, uint16_t bank, uint32_t index)
{
	for (size_t i = 0; i < f->n_values; i++)
		if (f->values[i].bank == bank && f->values[i].index == index)
			return &f->values[i];
	return NULL;
}

bool
events_replay_to(const struct event_facts *f, const struct eventlog_pcrs *p,
    uint16_t bank, uint32_t mask, const char *check, struct seal_verdict *v)
{
	size_t size = hash_size(tpm_hash(bank));

	for (unsigned pcr = 0; pcr < TPM_EVENT_PCRS; pcr++) {
		const struct tpm_pcr_value *q = quoted(f, bank, pcr);
		char expected[TEXT], hex[HEX_SHORT];
		struct span got = span_of(p->value[pcr], size);

		if ((mask >> pcr & 1) == 0 || q == NULL ||
		    span_equal(q->value, got))
			continue;
		snprintf(expected, sizeof(expected),
		    "%s %u of %s, as quoted, %s", f->words->name,
		    pcr - (unsigned)f->words->first, hash_name(tpm_hash(bank)),
		    hex_short(q->value, hex));
		return verdict_check(v, check, false, SEAL_E_EVIDENCE, expected,
		    hex_short(got, hex),
		    "the log is not that of this boot, is incomplete or was "
		    "changed; if an event came just now, ask again");
	}
	return true;
}

struct event_facts
tpm_event_facts(const struct tpm_facts *f)
{
	return (struct event_facts){ .words = &tpm_event_words,
		.log = f->has_log ? &f->log : NULL,
		.selection = f->quote.selection,
		.n_selection = f->quote.n_selection,
		.values = f->e.pcrs,
		.n_values = f->e.n_pcrs };
}

bool
tpm_log_verify(struct tpm_facts *f, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	struct event_facts ef = tpm_event_facts(f);
	struct eventlog_pcrs p;
	int r;

	if (f->e.event_log.n == 0)
		return true;
	r = eventlog_parse(f->e.event_log, &f->log, &d);
	if (!verdict_check(v, "tpm.log.format", r == 0, r, "a TCG event log",
		r == 0 ? NULL : d.text, NULL))
		return false;
	for (size_t i = 0; i < f->quote.n_selection; i++) {
		uint16_t bank = f->quote.selection[i].bank;

		/* A bank that the log lacks is not covered by it. */
		if (eventlog_replay(&f->log, bank, &p, NULL) != 0)
			continue;
		if (!events_replay_to(
			&ef, &p, bank, p.touched, "tpm.log.replay", v))
			return false;
	}
	f->has_log = true;
	return verdict_check(v, "tpm.log.replay", true, 0, NULL, NULL, NULL);
}

/* ---- What is always allowed ---- */

/* Told by digest: it is what was measured, whatever the event is called. */
static bool
is_harmless(uint16_t bank, struct span digest)
{
	static const struct span known[] = {
		{ (const uint8_t *)"\0\0\0\0", 4 }, /* the separator */
		{ (const uint8_t *)"Calling EFI Application from Boot Option",
		    40 },
		{ (const uint8_t *)"Returning from EFI Application from Boot "
				   "Option",
		    47 },
		{ (const uint8_t *)"Exit Boot Services Invocation", 29 },
		{ (const uint8_t *)"Exit Boot Services Returned with Success",
		    40 },
		{ (const uint8_t *)"Exit Boot Services Returned with Failure",
		    40 },
	};
	enum hash h = tpm_hash(bank);
	uint8_t got[HASH_MAX];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (hash_one(h, known[i], got, NULL) == 0 &&
		    span_equal(digest, span_of(got, hash_size(h))))
			return true;
	return false;
}

static bool
is_separator(uint16_t bank, struct span digest)
{
	enum hash h = tpm_hash(bank);
	uint8_t got[HASH_MAX];

	return hash_one(h, span_of("\0\0\0\0", 4), got, NULL) == 0 &&
	       span_equal(digest, span_of(got, hash_size(h)));
}

/* ---- Secure Boot ---- */

/*
 * NULL where the log proves that Secure Boot was on, else why not. PFP
 * s3.3.4.8: firmware measures its configuration, SecureBoot among it, before
 * PCR 7's separator, and what comes after the separator may come from anybody.
 * So up to the first event with the separator's digest everything must be
 * proved configuration: an event of unknown content may be a SecureBoot of 0.
 */
static const char *
why_not_secure(const struct eventlog *l, uint16_t bank)
{
	struct eventlog_event e;
	struct eventlog_iter it;
	size_t found = 0;

	eventlog_begin(l, &it);
	while (eventlog_next(l, &it, &e)) {
		struct eventlog_variable var;
		struct span digest = { 0 }, covered = { 0 };

		if (!eventlog_measured(&e) || e.pcr != PCR_SECURE_BOOT)
			continue;
		if (!eventlog_digest(l, &e, bank, &digest))
			return "no digests of this bank";
		if (is_separator(bank, digest))
			return found == 1 ? NULL : "SecureBoot not measured";
		if (e.type != EV_EFI_VARIABLE_DRIVER_CONFIG ||
		    eventlog_content(l, &e, bank, &covered) !=
			EVENTLOG_PROVED ||
		    !eventlog_variable_parse(covered, &var))
			return "an event whose content is not proved";
		if (!eventlog_variable_is_global(&var, "SecureBoot"))
			continue;
		if (found++ != 0)
			return "SecureBoot measured twice";
		if (!span_equal(var.value, span_of("\1", 1)))
			return "SecureBoot off";
	}
	return "no separator in PCR 7";
}

static bool
match_secure_boot(
    const struct event_facts *f, uint16_t bank, struct seal_verdict *v)
{
	const char *why = why_not_secure(f->log, bank);

	return verdict_check(v, "tpm.event.secure_boot", why == NULL,
	    SEAL_E_POLICY, "UEFI Secure Boot on", why,
	    "turn Secure Boot on in the firmware's setup and start again");
}

/* ---- Lists ---- */

static const struct tpm_event_rule *
find_rule(const struct tpm_event_list *list, uint32_t pcr, struct span digest)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct tpm_event_rule *r = &list->rules[i];

		for (size_t k = 0; r->pcr == pcr && k < r->n_digests; k++)
			if (span_equal(digest,
				span_of(r->digests[k].p, r->digests[k].n)))
				return r;
	}
	return NULL;
}

/* An event for people: its number, its type as claimed, and its digest. */
static const char *
event_text(const struct event_facts *f, const struct eventlog_event *e,
    struct span digest, char buf[TEXT])
{
	const char *name = eventlog_type_name(e->type);
	char hex[HEX_SHORT];

	snprintf(buf, TEXT, "event %zu, said to be %s, %s %u, digest %s",
	    e->number, name == NULL ? "of unknown type" : name, f->words->name,
	    (unsigned)(e->pcr - f->words->first), hex_short(digest, hex));
	return buf;
}

/* Every event of the PCRs that allowed closes, and none that is forbidden. */
static bool
match_each(const struct tpm_events *rules, const struct event_facts *f,
    uint16_t bank, uint32_t pcrs, struct seal_verdict *v)
{
	struct eventlog_event e;
	struct eventlog_iter it;
	struct span digest = { 0 };
	bool ok = true;

	eventlog_begin(f->log, &it);
	while (eventlog_next(f->log, &it, &e)) {
		char got[TEXT];

		if (!eventlog_measured(&e) || (pcrs >> e.pcr & 1) == 0 ||
		    !eventlog_digest(f->log, &e, bank, &digest))
			continue;
		if (find_rule(&rules->forbidden, e.pcr, digest) != NULL)
			ok = verdict_check(v, f->words->check.forbidden, false,
			    SEAL_E_POLICY, "no event that is forbidden",
			    event_text(f, &e, digest, got), NULL);
		if ((rules->allowed.pcrs >> e.pcr & 1) != 0 &&
		    find_rule(&rules->allowed, e.pcr, digest) == NULL &&
		    !is_harmless(bank, digest))
			ok = verdict_check(v, f->words->check.allowed, false,
			    SEAL_E_POLICY, "an event that is allowed",
			    event_text(f, &e, digest, got),
			    "if it is meant to run, add its digest to "
			    "'allowed'");
	}
	return ok;
}

static bool
was_measured(const struct event_facts *f, uint16_t bank,
    const struct tpm_event_rule *rule)
{
	struct tpm_event_list one = { (struct tpm_event_rule *)(uintptr_t)rule,
		1, 1u << rule->pcr };
	struct eventlog_event e;
	struct eventlog_iter it;
	struct span digest = { 0 };

	eventlog_begin(f->log, &it);
	while (eventlog_next(f->log, &it, &e))
		if (eventlog_measured(&e) &&
		    eventlog_digest(f->log, &e, bank, &digest) &&
		    find_rule(&one, e.pcr, digest) != NULL)
			return true;
	return false;
}

static bool
match_required(const struct tpm_events *rules, const struct event_facts *f,
    uint16_t bank, uint32_t pcrs, struct seal_verdict *v)
{
	bool ok = true;

	for (size_t i = 0; i < rules->required.n; i++) {
		const struct tpm_event_rule *r = &rules->required.rules[i];
		char expected[TEXT], hex[HEX_SHORT];

		if ((pcrs >> r->pcr & 1) == 0 || was_measured(f, bank, r))
			continue;
		snprintf(expected, sizeof(expected), "in %s %u digest %s",
		    f->words->name, (unsigned)(r->pcr - f->words->first),
		    hex_short(span_of(r->digests[0].p, r->digests[0].n), hex));
		ok = verdict_check(v, f->words->check.required, false,
		    SEAL_E_POLICY, expected, "no such event", NULL);
	}
	return ok;
}

/* ---- All rules ---- */

/* The rules, bank by bank: what holds in one bank says nothing of another. */
static bool
match_bank(const struct tpm_events *rules, const struct event_facts *f,
    const struct tpm_selection *s, struct seal_verdict *v)
{
	uint32_t spoken = rules->allowed.pcrs | rules->required.pcrs |
			  rules->forbidden.pcrs |
			  (rules->secure_boot ? 1u << PCR_SECURE_BOOT : 0) |
			  selected(rules->replayed, rules->n_replayed, s->bank);
	struct eventlog_pcrs p;
	bool ok;

	if ((spoken & s->pcrs) == 0)
		return true;
	if (!verdict_check(v, f->words->check.bank,
		eventlog_replay(f->log, s->bank, &p, NULL) == 0, SEAL_E_POLICY,
		"an event log with this bank's digests",
		hash_name(tpm_hash(s->bank)), NULL) ||
	    /* Also PCRs of which the log says nothing: they are as at reset. */
	    !events_replay_to(
		f, &p, s->bank, spoken & s->pcrs, f->words->check.replay, v))
		return false;
	ok = match_each(rules, f, s->bank, s->pcrs, v);
	ok = match_required(rules, f, s->bank, s->pcrs, v) && ok;
	if (rules->secure_boot && (s->pcrs >> PCR_SECURE_BOOT & 1) != 0)
		ok = match_secure_boot(f, s->bank, v) && ok;
	return ok;
}

bool
events_match(const struct tpm_events *rules, const struct event_facts *f,
    struct seal_verdict *v)
{
	bool ok = true;

	if (rules == NULL)
		return true;
	if (!verdict_check(v, f->words->check.log, f->log != NULL,
		SEAL_E_POLICY, "an event log", f->log != NULL ? NULL : "none",
		f->words->no_log))
		return false;
	for (size_t i = 0; i < f->n_selection; i++)
		ok = match_bank(rules, f, &f->selection[i], v) && ok;
	return verdict_check(v, f->words->check.events, ok, SEAL_E_POLICY,
	    "events by the policy", ok ? NULL : "others", NULL);
}

/* ---- Learning ---- */

static bool
append_rule(json_t *list, uint32_t pcr, struct span digest)
{
	char hex[HEX_FULL];
	json_t *seen;
	size_t i;

	hex_full(digest, hex);
	json_array_foreach(list, i, seen)
	{
		if (strcmp(json_string_value(json_object_get(seen, "digest")),
			hex) == 0)
			return true;
	}
	return json_array_append_new(list, json_pack("{s:i, s:s}", "pcr",
					       (int)pcr, "digest", hex)) == 0;
}

/* The boot applications of one bank. */
static int
learn_applications(const struct tpm_facts *f, uint16_t bank, json_t *list)
{
	struct eventlog_event e;
	struct eventlog_iter it;
	struct span digest = { 0 };

	eventlog_begin(&f->log, &it);
	while (eventlog_next(&f->log, &it, &e)) {
		if (!eventlog_measured(&e) || e.pcr != PCR_APPLICATIONS ||
		    !eventlog_digest(&f->log, &e, bank, &digest) ||
		    is_harmless(bank, digest))
			continue;
		if (!append_rule(list, e.pcr, digest))
			return SEAL_E_MEMORY;
	}
	return 0;
}

int
tpm_log_learn(const struct tpm_facts *f, json_t *entry)
{
	json_t *events = json_object(), *allowed = json_array();
	bool secure = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->quote.n_selection; i++) {
		const struct tpm_selection *s = &f->quote.selection[i];
		struct eventlog_pcrs p;

		if (!f->has_log ||
		    eventlog_replay(&f->log, s->bank, &p, NULL) != 0)
			continue;
		if ((s->pcrs & p.touched & 1u << PCR_SECURE_BOOT) != 0)
			secure =
			    secure || why_not_secure(&f->log, s->bank) == NULL;
		if ((s->pcrs & p.touched & 1u << PCR_APPLICATIONS) != 0)
			r = learn_applications(f, s->bank, allowed);
	}
	if (r == 0 && secure &&
	    json_object_set_new(events, "secure_boot", json_true()) != 0)
		r = SEAL_E_MEMORY;
	if (r == 0 && json_array_size(allowed) > 0 &&
	    json_array_size(allowed) <= TPM_EVENTS_MAX &&
	    json_object_set(events, "allowed", allowed) != 0)
		r = SEAL_E_MEMORY;
	if (r == 0 && json_object_size(events) > 0 &&
	    json_object_set(entry, "events", events) != 0)
		r = SEAL_E_MEMORY;
	json_decref(allowed);
	json_decref(events);
	return r;
}
