/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/tpm_rules.h"

#include <stdio.h>
#include <string.h>

#include "appraise/appraiser.h"
#include "base/text.h"

#define SELECTION_TEXT 512

/* The same banks with the same PCRs, no more and no fewer; the order of the
 * banks is the attester's choice. A bank stands once in either. */
static bool
same_selection(const struct tpm_selection *a, size_t n_a,
    const struct tpm_selection *b, size_t n_b)
{
	size_t found = 0;

	for (size_t i = 0; i < n_a; i++)
		for (size_t k = 0; k < n_b; k++)
			if (a[i].bank == b[k].bank && a[i].pcrs == b[k].pcrs)
				found++;
	return n_a == n_b && found == n_a;
}

static const char *
selection_text(const struct tpm_selection *s, size_t n, char *buf)
{
	struct wr w;

	wr_init(&w, buf, SELECTION_TEXT - 1);
	tpm_selection_text(s, n, &w);
	buf[w.error == 0 ? w.n : 0] = '\0';
	return buf;
}

static bool
match_selection(const struct tpm_rules *r, const struct tpm_facts *facts,
    struct seal_verdict *v)
{
	char expected[SELECTION_TEXT], got[SELECTION_TEXT];
	struct tpm_selection want[TPM_BANKS_MAX] = { { 0 } };
	const struct tpm_attest *q = &facts->quote;
	size_t n = tpm_rules_quoted(r, want);

	return verdict_check(v, "tpm.pcr.selection",
	    same_selection(want, n, q->selection, q->n_selection),
	    SEAL_E_POLICY, selection_text(want, n, expected),
	    selection_text(q->selection, q->n_selection, got),
	    "quote exactly the PCRs of the policy (attester setting 'pcrs'), "
	    "or learn the policy again");
}

const struct tpm_pcr_value *
tpm_quoted(const struct tpm_facts *facts, uint16_t bank, uint32_t index)
{
	for (size_t i = 0; i < facts->e.n_pcrs; i++)
		if (facts->e.pcrs[i].bank == bank &&
		    facts->e.pcrs[i].index == index)
			return &facts->e.pcrs[i];
	return NULL;
}

/* One value against one rule; only a difference gets a row of its own. */
static bool
match_pcr(const struct tpm_rule_pcr *rule, const struct tpm_facts *facts,
    struct seal_verdict *v)
{
	const struct tpm_pcr_value *got =
	    tpm_quoted(facts, rule->bank, rule->index);
	struct span want =
	    span_of(rule->value, hash_size(tpm_hash(rule->bank)));
	char e[HEX_FULL], g[HEX_FULL];

	if (got != NULL && span_equal(got->value, want))
		return true;
	return verdict_check(v, tpm_pcr_name(rule->bank, rule->index), false,
	    SEAL_E_POLICY, hex_full(want, e),
	    got == NULL ? "not quoted" : hex_full(got->value, g),
	    "find out what was measured (event log); if it is meant to be, "
	    "learn the policy again");
}

static bool
match_pcrs(const struct tpm_rules *r, const struct tpm_facts *facts,
    struct seal_verdict *v)
{
	bool ok = r->n_pcrs > 0;

	/* No reference value: nothing is proved, but by the logs. */
	if (!ok && (r->events != NULL || r->ima != NULL))
		return true;
	for (size_t i = 0; i < r->n_pcrs; i++)
		ok = match_pcr(&r->pcrs[i], facts, v) && ok;
	return verdict_check(v, "tpm.pcr.values", ok, SEAL_E_POLICY,
	    "the values of the policy", ok ? NULL : "others", NULL);
}

/*
 * PROTOCOL 5.3: the key can be used only under this policy, and never by
 * password alone; without the rule, whoever uses the TPM is trusted.
 */
static bool
match_key_policy(const struct tpm_rules *r, const struct tpm_facts *facts,
    struct seal_verdict *v)
{
	struct span want = span_of(r->key_policy, r->n_key_policy);
	const struct tpm_public *key = &facts->subject;
	char e[HEX_SHORT], g[HEX_SHORT];
	bool ok, password;

	if (!r->has_key_policy) {
		v->host_trusted = true;
		verdict_skip(v, "tpm.subject.policy",
		    "no key_policy in the policy: host-trusted");
		(void)verdict_claim(v, "tpm.host_trusted", "true");
		return true;
	}
	ok = verdict_check(v, "tpm.subject.policy",
	    span_equal_ct(key->auth_policy, want), SEAL_E_POLICY,
	    hex_short(want, e), hex_short(key->auth_policy, g),
	    "create the subject key under this policy");
	password = (key->attributes & TPM_USER_WITH_AUTH) != 0;
	return verdict_check(v, "tpm.subject.no_password", !password,
		   SEAL_E_POLICY, "userWithAuth clear",
		   password ? "userWithAuth set" : NULL,
		   "create the subject key without userWithAuth") &&
	       ok;
}

bool
tpm_match(const void *rules, const struct findings *f, struct seal_verdict *v)
{
	const struct tpm_rules *r = rules;
	const struct tpm_facts *facts = f->facts;
	struct event_facts logged = tpm_event_facts(facts);
	bool selection, values, events, ima, key;
	int8_t level;

	if (r->by_refs) /* the reference triples decide on the rest */
		return match_key_policy(r, facts, v);
	selection = match_selection(r, facts, v);
	values = match_pcrs(r, facts, v);
	events = events_match(r->events, &logged, v);
	ima = tpm_ima_match(r->ima, facts, v);
	key = match_key_policy(r, facts, v);
	level = selection && values && events && ima ? AR4SI_AFFIRMING
						     : AR4SI_CONTRAINDICATED;
	v->ar4si[AR4SI_EXECUTABLES] = level;
	v->ar4si[AR4SI_CONFIGURATION] = level;
	return selection && values && events && ima && key;
}

static int
learn_pcr(json_t *banks, const struct tpm_pcr_value *p)
{
	const char *name = hash_name(tpm_hash(p->bank));
	json_t *bank = json_object_get(banks, name);
	char key[4], hex[HEX_FULL];

	if (bank == NULL) {
		if (json_object_set_new(banks, name, json_object()) != 0)
			return SEAL_E_MEMORY;
		bank = json_object_get(banks, name);
	}
	snprintf(key, sizeof(key), "%u", p->index);
	hex_full(p->value, hex);
	return json_object_set_new(bank, key, json_string(hex)) == 0
		   ? 0
		   : SEAL_E_MEMORY;
}

int
tpm_learn(const struct findings *f, json_t *entry)
{
	const struct tpm_facts *facts = f->facts;
	const struct tpm_public *key = &facts->subject;
	char hex[HEX_FULL];
	json_t *banks = json_object();
	int r;

	if (json_object_set_new(entry, "pcrs", banks) != 0)
		return SEAL_E_MEMORY;
	for (size_t i = 0; i < facts->e.n_pcrs; i++)
		if ((r = learn_pcr(banks, &facts->e.pcrs[i])) != 0)
			return r;
	if ((r = tpm_log_learn(facts, entry)) != 0 ||
	    (r = tpm_ima_learn(facts, entry)) != 0)
		return r;
	/* A key that obeys a policy and no password: pin that too. */
	if (key->auth_policy.n == 0 ||
	    (key->attributes & TPM_USER_WITH_AUTH) != 0)
		return 0;
	hex_full(key->auth_policy, hex);
	return json_object_set_new(entry, "key_policy", json_string(hex)) == 0
		   ? 0
		   : SEAL_E_MEMORY;
}
