/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/ear_rules.h"

#include <stdlib.h>
#include <string.h>

#include "appraise/policy.h"
#include "appraise/strict.h"
#include "base/text.h"

#define WHERE "accept (ear)"

const char *const ear_rule_keys[] = { "verifier", "vector", "submods", "status",
	"profiles", "max_lifetime_s", "cnf", "exp", NULL };

/* A tier that can be demanded: one that says something, and no refusal. */
static int
load_tier(const json_t *value, const char *what, enum ar4si_tier *ret,
    struct seal_diag *d)
{
	const char *text = json_string_value(value);
	enum ar4si_tier tier = AR4SI_TIER_NONE;

	if (text == NULL || !ar4si_tier_find(span_str(text), &tier) ||
	    (tier != AR4SI_TIER_AFFIRMING && tier != AR4SI_TIER_WARNING))
		return seal_fail(d, SEAL_E_CONFIG,
		    WHERE ": '%.40s' must be 'affirming' or 'warning'", what);
	*ret = tier;
	return 0;
}

static int
load_vector(json_t *list, struct ear_rules *rules, struct seal_diag *d)
{
	const char *name;
	json_t *value;
	enum ar4si claim;
	int r;

	if (!json_is_object(list))
		return seal_fail(d, SEAL_E_CONFIG,
		    WHERE ": 'vector' is missing, or no object of claims and "
			  "tiers");
	json_object_foreach(list, name, value)
	{
		if (!ar4si_find(span_str(name), &claim))
			return seal_fail(d, SEAL_E_CONFIG,
			    WHERE ": vector: unknown claim '%.40s'", name);
		if ((r = load_tier(value, name, &rules->vector[claim], d)) != 0)
			return r;
	}
	return 0;
}

static int
load_submods(const json_t *entry, struct ear_rules *rules, struct seal_diag *d)
{
	const char *text = "each";
	int r;

	if ((r = strict_text(entry, "submods", false, WHERE, &text, d)) != 0)
		return r;
	rules->one_submod = strcmp(text, "one") == 0;
	if (!rules->one_submod && strcmp(text, "each") != 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    WHERE ": 'submods' must be 'each' or 'one'");
	return 0;
}

static int
load_profiles(const json_t *list, struct ear_rules *rules, struct seal_diag *d)
{
	const struct ear_profile *p;
	const char *uri;
	int r;

	if (list == NULL) {
		rules->profiles[rules->n_profiles++] =
		    ear_profile_find(span_str(EAR_PROFILE_04));
		return 0;
	}
	if ((r = strict_array(
		 list, 1, EAR_PROFILES_MAX, WHERE ": profiles", d)) != 0)
		return r;
	for (size_t i = 0; i < json_array_size(list); i++) {
		uri = json_string_value(json_array_get(list, i));
		if (uri == NULL ||
		    (p = ear_profile_find(span_str(uri))) == NULL)
			return seal_fail(d, SEAL_E_CONFIG,
			    WHERE ": profiles: unknown profile '%.100s'",
			    uri == NULL ? "" : uri);
		rules->profiles[rules->n_profiles++] = p;
	}
	return 0;
}

static int
load_verifier_id(
    const json_t *entry, struct ear_rules *rules, struct seal_diag *d)
{
	const char *id = NULL;
	int r;

	if ((r = strict_text(entry, "verifier", true, WHERE, &id, d)) != 0)
		return r;
	if (strlen(id) >= sizeof(rules->verifier))
		return seal_fail(d, SEAL_E_CONFIG,
		    WHERE ": 'verifier' must be at most %u bytes",
		    EAR_TEXT_MAX - 1);
	memcpy(rules->verifier, id, strlen(id) + 1);
	return 0;
}

int
ear_rules_load(
    const json_t *entry, bool debug, void *rules, struct seal_diag *d)
{
	const json_t *status = json_object_get(entry, "status");
	struct ear_rules *r = rules;
	int code;

	(void)debug; /* no claim of a result says it */
	r->status = AR4SI_TIER_AFFIRMING;
	r->max_lifetime_s = EAR_LIFETIME_S;
	r->cnf = r->exp = true;
	if ((code = load_verifier_id(entry, r, d)) != 0 ||
	    (code = load_vector(json_object_get(entry, "vector"), r, d)) != 0 ||
	    (code = load_submods(entry, r, d)) != 0 ||
	    (code = load_profiles(json_object_get(entry, "profiles"), r, d)) !=
		0 ||
	    (code = strict_uint(entry, "max_lifetime_s", false, 1,
		 POLICY_AGE_MAX_S, WHERE, &r->max_lifetime_s, d)) != 0 ||
	    (code = strict_bool(entry, "cnf", false, WHERE, &r->cnf, d)) != 0 ||
	    (code = strict_bool(entry, "exp", false, WHERE, &r->exp, d)) != 0)
		return code;
	return status == NULL ? 0 : load_tier(status, "status", &r->status, d);
}

int
ear_rules_explain(const void *rules, struct wr *out)
{
	const struct ear_rules *r = rules;

	wr_printf(out,
	    "    it is a result of the Verifier '%s', valid for at most %u s\n",
	    r->verifier, (unsigned)r->max_lifetime_s);
	for (size_t i = 0; i < r->n_profiles; i++)
		wr_printf(out, "    %s %s\n",
		    i == 0 ? "written as" : "or as    ", r->profiles[i]->uri);
	wr_printf(out, "    nothing in it is worse than '%s'\n",
	    ar4si_tier_name(r->status));
	for (size_t i = 0; i < AR4SI_CLAIMS; i++)
		if (r->vector[i] != AR4SI_TIER_NONE)
			wr_printf(out, "    %s says '%s' or better of %s\n",
			    r->one_submod ? "one submodule" : "each submodule",
			    ar4si_tier_name(r->vector[i]),
			    ar4si_name((enum ar4si)i));
	wr_printf(
	    out, r->cnf ? "    it names the attested key\n"
			: "    it need not name the attested key: then only a "
			  "result about this very connection counts\n");
	if (!r->exp)
		wr_printf(out, "    it need not say when it ends: likewise\n");
	wr_printf(out, "    not proved here: what the Verifier looked at; its "
		       "policy decided\n");
	return out->error;
}
