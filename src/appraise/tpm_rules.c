/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/tpm_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"
#include "base/text.h"

#define WHERE 48 /* bytes of the name of a place in the policy */
#define KEY_POLICY_MIN 32

const char *const tpm_rule_keys[] = { "pcrs", "events", "ima", "key_policy",
	NULL };

void
tpm_rules_wipe(void *rules)
{
	struct tpm_rules *r = rules;

	free(r->pcrs);
	tpm_events_free(&r->events);
	tpm_ima_free(&r->ima);
}

/* "0" to "23" as TPMs count, in one spelling each; so that no PCR can stand
 * twice in a bank. */
static bool
pcr_index(const char *text, uint8_t *ret)
{
	char again[4];

	for (uint8_t i = 0; i < TPM_PCRS; i++) {
		snprintf(again, sizeof(again), "%u", i);
		if (strcmp(text, again) == 0)
			return *ret = i, true;
	}
	return false;
}

static int
load_pcr(const char *bank_name, enum hash bank, const char *key,
    const json_t *value, struct tpm_rules *rules, struct seal_diag *d)
{
	struct tpm_rule_pcr *p = &rules->pcrs[rules->n_pcrs];
	char where[WHERE];

	if (!pcr_index(key, &p->index))
		return seal_fail(d, SEAL_E_CONFIG,
		    "pcrs.%s: '%.16s' is not a PCR, 0 to %u", bank_name, key,
		    TPM_PCRS - 1);
	p->bank = tpm_hash_alg(bank);
	rules->n_pcrs++;
	snprintf(where, sizeof(where), "pcrs.%s.%s", bank_name, key);
	return strict_hex(value, hash_size(bank), where, p->value, d);
}

/* PROTOCOL 5.3: the bank is not SHA-1. */
static int
load_bank(const char *name, json_t *bank, struct tpm_rules *rules,
    struct seal_diag *d)
{
	enum hash h = hash_by_name(name);
	const char *key;
	json_t *value;
	int r;

	if (h == HASH_NONE || h == HASH_SHA1)
		return seal_fail(d, SEAL_E_CONFIG,
		    "pcrs: bank '%.16s' is not sha256, sha384 or sha512", name);
	if (!json_is_object(bank) || json_object_size(bank) == 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "pcrs.%s: must be an object that is not empty", name);
	json_object_foreach(bank, key, value)
	{
		if (rules->n_pcrs == TPM_RULES_PCRS_MAX)
			return seal_fail(d, SEAL_E_CONFIG, "pcrs: too many");
		if ((r = load_pcr(name, h, key, value, rules, d)) != 0)
			return r;
	}
	return 0;
}

/* Values stand in one place. */
static int
load_by_refs(const json_t *pcrs, struct tpm_rules *rules, struct seal_diag *d)
{
	rules->by_refs = true;
	return pcrs == NULL ? 0
			    : seal_fail(d, SEAL_E_CONFIG,
				  "accept: 'pcrs' or 'corim', not both");
}

static int
load_pcrs(json_t *banks, struct tpm_rules *rules, struct seal_diag *d)
{
	const char *name;
	json_t *bank;
	int r;

	if (banks == NULL)
		return 0;
	if (!json_is_object(banks) || json_object_size(banks) == 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "pcrs: must be an object that is not empty");
	rules->pcrs = calloc(TPM_RULES_PCRS_MAX, sizeof(*rules->pcrs));
	if (rules->pcrs == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "pcrs");
	json_object_foreach(banks, name, bank)
	{
		if ((r = load_bank(name, bank, rules, d)) != 0)
			return r;
	}
	return 0;
}

size_t
tpm_rules_pinned(
    const struct tpm_rules *r, struct tpm_selection ret[TPM_EVENT_BANKS])
{
	static const uint16_t banks[TPM_EVENT_BANKS] = { TPM_ALG_SHA256,
		TPM_ALG_SHA384, TPM_ALG_SHA512 };
	size_t n = 0;

	for (size_t b = 0; b < TPM_EVENT_BANKS; b++) {
		struct tpm_selection s = { .bank = banks[b] };

		for (size_t i = 0; i < r->n_pcrs; i++)
			if (r->pcrs[i].bank == s.bank)
				s.pcrs |= 1u << r->pcrs[i].index;
		if (s.pcrs != 0)
			ret[n++] = s;
	}
	return n;
}

static void
add_pcrs(uint16_t bank, uint32_t pcrs, struct tpm_selection ret[TPM_BANKS_MAX],
    size_t *n)
{
	size_t at = 0;

	while (at < *n && ret[at].bank != bank)
		at++;
	if (at == *n)
		ret[(*n)++] = (struct tpm_selection){ .bank = bank };
	ret[at].pcrs |= pcrs;
}

size_t
tpm_rules_quoted(
    const struct tpm_rules *r, struct tpm_selection ret[TPM_BANKS_MAX])
{
	size_t n = tpm_rules_pinned(r, ret);

	for (size_t i = 0; r->events != NULL && i < r->events->n_replayed; i++)
		add_pcrs(r->events->replayed[i].bank,
		    r->events->replayed[i].pcrs, ret, &n);
	for (size_t i = 0; r->ima != NULL && i < r->ima->n_banks; i++)
		add_pcrs(r->ima->banks[i], 1u << IMA_PCR, ret, &n);
	return n;
}

static int
load_events(const json_t *events, struct tpm_rules *rules, struct seal_diag *d)
{
	struct tpm_selection pinned[TPM_EVENT_BANKS];
	size_t n = tpm_rules_pinned(rules, pinned);
	int r;

	/* Reference triples decide on all PCRs together. */
	if (rules->by_refs)
		return events == NULL
			   ? 0
			   : seal_fail(d, SEAL_E_CONFIG,
				 "accept: 'events' or 'corim', not both");
	if (events != NULL && (r = tpm_events_load(events, &tpm_event_words,
				   pinned, n, &rules->events, d)) != 0)
		return r;
	return 0;
}

/* A PCR has a value, or a log explains it: never both. */
static int
load_ima(json_t *ima, struct tpm_rules *rules, struct seal_diag *d)
{
	struct tpm_selection taken[TPM_BANKS_MAX] = { { 0 } };
	size_t n = tpm_rules_quoted(rules, taken);
	int r;

	if (ima == NULL)
		return 0;
	if (rules->by_refs)
		return seal_fail(
		    d, SEAL_E_CONFIG, "accept: 'ima' or 'corim', not both");
	if ((r = tpm_ima_load(ima, &rules->ima, d)) != 0)
		return r;
	for (size_t i = 0; i < rules->ima->n_banks; i++)
		for (size_t k = 0; k < n; k++)
			if (taken[k].bank == rules->ima->banks[i] &&
			    (taken[k].pcrs >> IMA_PCR & 1) != 0)
				return seal_fail(d, SEAL_E_CONFIG,
				    "ima.banks: PCR %u of %s has a value, or "
				    "'events' speak of it, too",
				    IMA_PCR,
				    hash_name(tpm_hash(taken[k].bank)));
	return 0;
}

/* PROTOCOL 5.4 rule 5: each PCR that is quoted has a value or a rule, and
 * there is one at least. */
static int
check_quoted(const struct tpm_rules *rules, struct seal_diag *d)
{
	struct tpm_selection quoted[TPM_BANKS_MAX] = { { 0 } };

	if (rules->by_refs || tpm_rules_quoted(rules, quoted) > 0)
		return 0;
	return seal_fail(d, SEAL_E_CONFIG,
	    "accept: 'pcrs' is missing (or 'corim', 'events.pcrs' or 'ima')");
}

int
tpm_rules_load(
    const json_t *entry, bool debug, void *rules, struct seal_diag *d)
{
	json_t *pcrs = json_object_get(entry, "pcrs");
	const json_t *key_policy = json_object_get(entry, "key_policy");
	struct tpm_rules *r = rules;
	int code;

	if (debug)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: 'debug' must be false, a TPM has no debug mode");
	code = json_object_get(entry, "corim") != NULL
		   ? load_by_refs(pcrs, r, d)
		   : load_pcrs(pcrs, r, d);
	if (code != 0 ||
	    (code = load_events(json_object_get(entry, "events"), r, d)) != 0 ||
	    (code = load_ima(json_object_get(entry, "ima"), r, d)) != 0 ||
	    (code = check_quoted(r, d)) != 0)
		return code;
	r->has_key_policy = key_policy != NULL;
	return key_policy == NULL
		   ? 0
		   : strict_hex_range(key_policy, KEY_POLICY_MIN, HASH_MAX,
			 "key_policy", r->key_policy, &r->n_key_policy, d);
}

int
tpm_rules_explain(const void *rules, struct wr *out)
{
	const struct tpm_rules *r = rules;
	char hex[HEX_SHORT];

	for (size_t i = 0; i < r->n_pcrs; i++) {
		const struct tpm_rule_pcr *p = &r->pcrs[i];
		enum hash h = tpm_hash(p->bank);

		wr_printf(out, "    PCR %s:%u is %s\n", hash_name(h), p->index,
		    hex_short(span_of(p->value, hash_size(h)), hex));
	}
	if (r->events != NULL)
		tpm_events_explain(r->events, out);
	if (r->ima != NULL)
		tpm_ima_explain(r->ima, out);
	if (!r->by_refs)
		wr_printf(out, "    no other PCR is quoted\n");
	if (r->has_key_policy)
		wr_printf(out,
		    "    the subject key obeys policy %s, never a password\n",
		    hex_short(span_of(r->key_policy, r->n_key_policy), hex));
	else
		wr_printf(out,
		    "    not proved: that the peer's own software holds the "
		    "key; any software\n    that can use that TPM can quote "
		    "any value (tpm: host-trusted).\n    A 'key_policy' "
		    "proves it.\n");
	return out->error;
}

#define PCR(bank, n) "tpm.pcr." bank "." #n
#define PCR_NAMES(b)                                                       \
	{                                                                  \
		PCR(b, 0), PCR(b, 1), PCR(b, 2), PCR(b, 3), PCR(b, 4),     \
		    PCR(b, 5), PCR(b, 6), PCR(b, 7), PCR(b, 8), PCR(b, 9), \
		    PCR(b, 10), PCR(b, 11), PCR(b, 12), PCR(b, 13),        \
		    PCR(b, 14), PCR(b, 15), PCR(b, 16), PCR(b, 17),        \
		    PCR(b, 18), PCR(b, 19), PCR(b, 20), PCR(b, 21),        \
		    PCR(b, 22), PCR(b, 23),                                \
	}

const char *
tpm_pcr_name(uint16_t bank, uint8_t index)
{
	static const char *const names[][TPM_PCRS] = {
		PCR_NAMES("sha256"),
		PCR_NAMES("sha384"),
		PCR_NAMES("sha512"),
	};

	if (index >= TPM_PCRS)
		return NULL;
	switch (tpm_hash(bank)) {
	case HASH_SHA256:
		return names[0][index];
	case HASH_SHA384:
		return names[1][index];
	case HASH_SHA512:
		return names[2][index];
	default:
		return NULL;
	}
}

void
tpm_selection_text(const struct tpm_selection *s, size_t n, struct wr *w)
{
	for (size_t i = 0; i < n; i++) {
		const char *sep = ":";

		wr_printf(w, "%s%s", i == 0 ? "" : "+",
		    hash_name(tpm_hash(s[i].bank)));
		for (unsigned k = 0; k < TPM_PCRS; k++) {
			if ((s[i].pcrs >> k & 1) == 0)
				continue;
			wr_printf(w, "%s%u", sep, k);
			sep = ",";
		}
	}
	if (n == 0)
		wr_printf(w, "no PCR");
}
