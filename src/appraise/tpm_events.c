/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/tpm_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"
#include "appraise/tpm_rules.h"
#include "base/text.h"

#define WHERE 48

static const char *const tpm_keys[] = { "pcrs", "secure_boot", "allowed",
	"required", "forbidden", NULL };
static const char *const tpm_event_rule_keys[] = { "pcr", "digest", "text",
	NULL };
static const char *const tdx_keys[] = { "rtmrs", "allowed", "required",
	"forbidden", NULL };
static const char *const tdx_rule_keys[] = { "rtmr", "digest", "text", NULL };

const struct event_words tpm_event_words = { "pcrs", "pcr", "PCR", 0, 0,
	TPM_EVENT_PCRS, tpm_keys, tpm_event_rule_keys,
	"set the attester's 'event_log'",
	{ "tpm.event.bank", "tpm.event.replay", "tpm.event.forbidden",
	    "tpm.event.allowed", "tpm.event.required", "tpm.event.log",
	    "tpm.events" } };

/*
 * No "secure_boot": RTMR 0 also takes what the host feeds to the firmware
 * (hand-off block, configuration, ACPI tables), before the separator. So it
 * could have its own bytes measured, to be shown as the variable.
 */
const struct event_words tdx_event_words = { "rtmrs", "rtmr", "RTMR",
	TPM_ALG_SHA384, EVENTLOG_CC_RTMR0, EVENTLOG_CC_RTMRS, tdx_keys,
	tdx_rule_keys, "give the TD's CCEL event log (--endorsements)",
	{ "tdx.event.bank", "tdx.event.replay", "tdx.event.forbidden",
	    "tdx.event.allowed", "tdx.event.required", "tdx.event.log",
	    "tdx.events" } };

void
tpm_events_free(struct tpm_events **ep)
{
	struct tpm_events *e = *ep;

	*ep = NULL;
	if (e == NULL)
		return;
	free(e->allowed.rules);
	free(e->required.rules);
	free(e->forbidden.rules);
	free(e);
}

/* ---- PCRs to replay ---- */

static uint32_t
selected(const struct tpm_selection *s, size_t n, uint16_t bank)
{
	for (size_t i = 0; i < n; i++)
		if (s[i].bank == bank)
			return s[i].pcrs;
	return 0;
}

static int
load_registers(const struct event_words *words, const char *where,
    const json_t *list, uint32_t pinned, struct tpm_selection *s,
    struct seal_diag *d)
{
	json_t *value;
	size_t i;
	int r;

	if ((r = strict_array(list, 1, words->n, where, d)) != 0)
		return r;
	json_array_foreach(list, i, value)
	{
		json_int_t pcr = json_integer_value(value);

		if (!json_is_integer(value) || pcr < 0 || pcr >= words->n)
			return seal_fail(d, SEAL_E_CONFIG,
			    "%s: expected %ss 0 to %u", where, words->name,
			    (unsigned)words->n - 1);
		if (((s->pcrs | pinned) >> (pcr + words->first) & 1) != 0)
			return seal_fail(d, SEAL_E_CONFIG,
			    "%s: %s %d is listed twice, or has a value too",
			    where, words->name, (int)pcr);
		s->pcrs |= 1u << (pcr + words->first);
	}
	return 0;
}

static int
load_replayed(json_t *banks, const struct tpm_selection *pinned,
    size_t n_pinned, struct tpm_events *e, struct seal_diag *d)
{
	char where[WHERE];
	const char *name;
	json_t *list;
	int r;

	if (banks == NULL)
		return 0;
	if (e->words->bank != 0) {
		snprintf(where, sizeof(where), "events.%s", e->words->list);
		e->replayed[0].bank = e->words->bank;
		e->n_replayed = 1;
		return load_registers(e->words, where, banks,
		    selected(pinned, n_pinned, e->words->bank), &e->replayed[0],
		    d);
	}
	if (!json_is_object(banks) || json_object_size(banks) == 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "events.pcrs: must be an object that is not empty");
	json_object_foreach(banks, name, list)
	{
		struct tpm_selection *s = &e->replayed[e->n_replayed];

		*s = (struct tpm_selection){ .bank = tpm_hash_alg(
						 hash_by_name(name)) };
		/* PROTOCOL 5.3: the bank is not SHA-1. */
		if (tpm_pcr_name(s->bank, 0) == NULL)
			return seal_fail(d, SEAL_E_CONFIG,
			    "events.pcrs: bank '%.16s' is not sha256, sha384 "
			    "or sha512",
			    name);
		snprintf(where, sizeof(where), "events.pcrs.%.16s", name);
		if ((r = load_registers(e->words, where, list,
			 selected(pinned, n_pinned, s->bank), s, d)) != 0)
			return r;
		e->n_replayed++;
	}
	return 0;
}

/* ---- Events ---- */

/* Text of the policy as UTF-16LE; it is UTF-8 already, since it is JSON. */
static bool
put_utf16(struct wr *w, const char *text)
{
	for (; *text != '\0'; text++) {
		if ((uint8_t)*text >= 0x80)
			return false;
		wr_u8(w, (uint8_t)*text);
		wr_u8(w, 0);
	}
	return true;
}

static int
add_digests(struct tpm_event_rule *rule, struct span in, struct seal_diag *d)
{
	static const enum hash banks[TPM_EVENT_BANKS] = { HASH_SHA256,
		HASH_SHA384, HASH_SHA512 };
	int r;

	for (size_t i = 0; i < TPM_EVENT_BANKS; i++) {
		struct tpm_event_digest *t = &rule->digests[rule->n_digests++];

		t->n = (uint8_t)hash_size(banks[i]);
		if ((r = hash_one(banks[i], in, t->p, d)) != 0)
			return r;
	}
	return 0;
}

static int
load_text(const char *text, const char *where, struct tpm_event_rule *rule,
    struct seal_diag *d)
{
	uint8_t buf[2 * TPM_EVENT_TEXT_MAX + 2];
	size_t n = strlen(text);
	struct wr w;
	int r;

	if (n == 0 || n > TPM_EVENT_TEXT_MAX)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: text must have 1 to %u bytes", where,
		    TPM_EVENT_TEXT_MAX);
	if ((r = add_digests(rule, span_of(text, n), d)) != 0 ||
	    (r = add_digests(rule, span_of(text, n + 1), d)) != 0)
		return r;
	wr_init(&w, buf, sizeof(buf));
	if (!put_utf16(&w, text))
		return 0;
	if ((r = add_digests(rule, wr_view(&w), d)) != 0)
		return r;
	wr_u16(&w, 0);
	return add_digests(rule, wr_view(&w), d);
}

static int
load_hex(const json_t *value, const char *where, struct tpm_event_rule *rule,
    struct seal_diag *d)
{
	struct tpm_event_digest *t = &rule->digests[0];
	size_t n = 0;
	int r;

	r = strict_hex_range(value, 32, HASH_MAX, where, t->p, &n, d);
	if (r != 0)
		return r;
	if (n != 32 && n != 48 && n != 64)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: a digest of %zu bytes, expected 32, 48 or 64", where,
		    n);
	t->n = (uint8_t)n;
	rule->n_digests = 1;
	return 0;
}

static int
load_rule(const struct event_words *words, const json_t *j, const char *where,
    struct tpm_event_rule *rule, struct seal_diag *d)
{
	const json_t *digest = json_object_get(j, "digest");
	const char *text = NULL;
	uint32_t pcr = 0;
	int r;

	if ((r = strict_object(j, words->rule_keys, where, d)) != 0 ||
	    (r = strict_uint(
		 j, words->one, true, 0, words->n - 1, where, &pcr, d)) != 0 ||
	    (r = strict_text(j, "text", false, where, &text, d)) != 0)
		return r;
	if ((digest == NULL) == (text == NULL))
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: expected 'digest' or 'text', one of them", where);
	rule->pcr = (uint8_t)(pcr + words->first);
	return digest != NULL ? load_hex(digest, where, rule, d)
			      : load_text(text, where, rule, d);
}

static int
load_list(const struct event_words *words, const json_t *events,
    const char *key, struct tpm_event_list *ret, struct seal_diag *d)
{
	const json_t *list = json_object_get(events, key);
	char where[WHERE];
	json_t *value;
	size_t i;
	int r;

	if (list == NULL)
		return 0;
	snprintf(where, sizeof(where), "events.%s", key);
	if ((r = strict_array(list, 1, TPM_EVENTS_MAX, where, d)) != 0)
		return r;
	ret->rules = calloc(json_array_size(list), sizeof(*ret->rules));
	if (ret->rules == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "events");
	json_array_foreach(list, i, value)
	{
		snprintf(where, sizeof(where), "events.%s[%zu]", key, i);
		if ((r = load_rule(words, value, where, &ret->rules[i], d)) !=
		    0)
			return r;
		ret->pcrs |= 1u << ret->rules[i].pcr;
		ret->n++;
	}
	return 0;
}

/* ---- The whole ---- */

static unsigned
first_of(uint32_t pcrs)
{
	unsigned i = 0;

	while ((pcrs >> i & 1) == 0)
		i++;
	return i;
}

/* Every rule speaks of a PCR that is quoted, and every PCR without value has
 * a rule that says what it must hold: else it would prove nothing. */
static int
check_covered(const struct tpm_events *e, const struct tpm_selection *pinned,
    size_t n_pinned, struct seal_diag *d)
{
	const struct event_words *w = e->words;
	uint32_t quoted = 0, replayed = 0,
		 secure = e->secure_boot ? 1u << 7 : 0;
	uint32_t says = e->allowed.pcrs | e->required.pcrs | secure;
	uint32_t spoken = says | e->forbidden.pcrs;

	for (size_t i = 0; i < n_pinned; i++)
		quoted |= pinned[i].pcrs;
	for (size_t i = 0; i < e->n_replayed; i++)
		replayed |= e->replayed[i].pcrs;
	quoted |= replayed;
	if (spoken == 0)
		return seal_fail(
		    d, SEAL_E_CONFIG, "events: expected a rule, found none");
	if ((spoken & ~quoted) != 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "events: a rule speaks of %s %u, which has no value and is "
		    "not in 'events.%s'",
		    w->name, first_of(spoken & ~quoted) - w->first, w->list);
	if ((replayed & ~says) == 0)
		return 0;
	seal_fail(d, SEAL_E_CONFIG, "events.%s: %s %u has no value and no rule",
	    w->list, w->name, first_of(replayed & ~says) - w->first);
	seal_remedy(d, "say what it may hold ('allowed', 'required', or for "
		       "PCR 7 'secure_boot'), or give its value");
	return SEAL_E_CONFIG;
}

static int
load_secure_boot(const json_t *j, bool *ret, struct seal_diag *d)
{
	int r = strict_bool(j, "secure_boot", false, "events", ret, d);

	if (r == 0 && json_object_get(j, "secure_boot") != NULL && !*ret)
		return seal_fail(d, SEAL_E_CONFIG,
		    "events.secure_boot: must be true, or left out");
	return r;
}

int
tpm_events_load(const json_t *j, const struct event_words *words,
    const struct tpm_selection *pinned, size_t n_pinned,
    struct tpm_events **ret, struct seal_diag *d)
{
	struct tpm_events *e;
	int r;

	if ((r = strict_object(j, words->keys, "events", d)) != 0)
		return r;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "events");
	e->words = words;
	if ((r = load_replayed(json_object_get(j, words->list), pinned,
		 n_pinned, e, d)) == 0 &&
	    (r = load_secure_boot(j, &e->secure_boot, d)) == 0 &&
	    (r = load_list(words, j, "allowed", &e->allowed, d)) == 0 &&
	    (r = load_list(words, j, "required", &e->required, d)) == 0 &&
	    (r = load_list(words, j, "forbidden", &e->forbidden, d)) == 0)
		r = check_covered(e, pinned, n_pinned, d);
	if (r == 0) {
		*ret = e;
		e = NULL;
	}
	tpm_events_free(&e);
	return r;
}

static void
explain_list(const struct event_words *words, const struct tpm_event_list *list,
    const char *what, struct wr *out)
{
	char hex[HEX_SHORT];

	for (size_t i = 0; i < list->n; i++) {
		const struct tpm_event_digest *t = &list->rules[i].digests[0];

		wr_printf(out, "    %s in %s %u: an event of digest %s%s\n",
		    what, words->name,
		    (unsigned)(list->rules[i].pcr - words->first),
		    hex_short(span_of(t->p, t->n), hex),
		    list->rules[i].n_digests > 1 ? " (a text)" : "");
	}
}

/* "sha256:4,7", or just "0,1" where there is one bank. */
static void
put_replayed(const struct tpm_events *e, struct wr *w)
{
	const struct event_words *words = e->words;
	const char *between = "";

	if (words->bank == 0) {
		tpm_selection_text(e->replayed, e->n_replayed, w);
		return;
	}
	for (unsigned i = 0; i < words->n; i++)
		if ((e->replayed[0].pcrs >> (i + words->first) & 1) != 0) {
			wr_printf(w, "%s%u", between, i);
			between = ",";
		}
}

void
tpm_events_explain(const struct tpm_events *e, struct wr *out)
{
	char text[256];
	struct wr w;

	if (e->n_replayed > 0) {
		wr_init(&w, text, sizeof(text) - 1);
		put_replayed(e, &w);
		text[w.n] = '\0';
		wr_printf(out, "    %s %s hold what the event log replays to\n",
		    e->words->name, text);
	}
	if (e->secure_boot)
		wr_printf(out,
		    "    UEFI Secure Boot was on; not proved: by whose keys, "
		    "unless rules name\n    the events of PK, KEK and db\n");
	explain_list(e->words, &e->allowed, "allowed", out);
	if (e->allowed.n > 0)
		wr_printf(out,
		    "    no other event in these %ss but separators and calls "
		    "of boot options\n",
		    e->words->name);
	explain_list(e->words, &e->required, "required", out);
	explain_list(e->words, &e->forbidden, "forbidden", out);
}
