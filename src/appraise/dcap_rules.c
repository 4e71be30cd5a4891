/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/dcap.h"

#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"
#include "base/text.h"

static const char *const tcb_keys[] = { "status", "advisories", "grace_s",
	"max_age_s", "min_evaluation", "crl", NULL };

static int
load_statuses(const json_t *list, unsigned *ret, struct seal_diag *d)
{
	unsigned mask = 0;
	const json_t *one;
	size_t i;
	int r;

	if (list == NULL) {
		*ret = 1u << TCB_UP_TO_DATE;
		return 0;
	}
	if ((r = strict_array(list, 1, TCB_STATUSES, "tcb.status", d)) != 0)
		return r;
	json_array_foreach(list, i, one)
	{
		enum tcb_status s =
		    json_is_string(one)
			? tcb_status_by_name(span_str(json_string_value(one)))
			: TCB_UNKNOWN;

		/* Revoked is no status that a policy could take. */
		if (s == TCB_UNKNOWN || s == TCB_REVOKED)
			return seal_fail(d, SEAL_E_CONFIG,
			    "tcb.status[%zu]: expected UpToDate, "
			    "SWHardeningNeeded, ConfigurationNeeded, "
			    "ConfigurationAndSWHardeningNeeded, OutOfDate or "
			    "OutOfDateConfigurationNeeded",
			    i);
		mask |= 1u << s;
	}
	*ret = mask;
	return 0;
}

static int
load_advisories(
    const json_t *list, struct dcap_rules *rules, struct seal_diag *d)
{
	const json_t *one;
	size_t i;
	int r;

	if (list == NULL)
		return 0;
	if (json_is_string(list) &&
	    strcmp(json_string_value(list), "any") == 0) {
		rules->any_advisory = true;
		return 0;
	}
	if ((r = strict_array(
		 list, 0, DCAP_ADVISORIES_MAX, "tcb.advisories", d)) != 0)
		return r;
	rules->advisories =
	    calloc(json_array_size(list) + 1, DCAP_ADVISORY_TEXT);
	if (rules->advisories == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "tcb.advisories");
	json_array_foreach(list, i, one)
	{
		const char *id = json_string_value(one);

		if (id == NULL || id[0] == '\0' ||
		    strlen(id) >= DCAP_ADVISORY_TEXT)
			return seal_fail(d, SEAL_E_CONFIG,
			    "tcb.advisories[%zu]: expected an identifier such "
			    "as \"INTEL-SA-00615\"",
			    i);
		memcpy(rules->advisories[rules->n_advisories++], id,
		    strlen(id) + 1);
	}
	return 0;
}

static int
load_tcb(const json_t *j, struct dcap_rules *rules, struct seal_diag *d)
{
	int r;

	rules->need_lists = true;
	rules->statuses = 1u << TCB_UP_TO_DATE;
	if (j == NULL)
		return 0; /* the strictest */
	if ((r = strict_object(j, tcb_keys, "tcb", d)) != 0 ||
	    (r = load_statuses(
		 json_object_get(j, "status"), &rules->statuses, d)) != 0 ||
	    (r = load_advisories(json_object_get(j, "advisories"), rules, d)) !=
		0 ||
	    (r = strict_uint(j, "grace_s", false, 0, DCAP_GRACE_MAX_S, "tcb",
		 &rules->grace_s, d)) != 0 ||
	    (r = strict_uint(j, "max_age_s", false, 1, POLICY_AGE_MAX_S, "tcb",
		 &rules->max_age_s, d)) != 0 ||
	    (r = strict_uint(j, "min_evaluation", false, 0, UINT32_MAX, "tcb",
		 &rules->min_evaluation, d)) != 0)
		return r;
	return strict_bool(j, "crl", false, "tcb", &rules->need_lists, d);
}

int
dcap_rules_load(
    const json_t *entry, struct dcap_rules *ret, struct seal_diag *d)
{
	const json_t *root = json_object_get(entry, "root_sha256");
	int r;

	ret->stapled = true;
	if ((r = load_tcb(json_object_get(entry, "tcb"), ret, d)) != 0 ||
	    (r = strict_bool(
		 entry, "stapled", false, "accept", &ret->stapled, d)) != 0)
		return r;
	ret->has_root = root != NULL;
	return root == NULL ? 0
			    : strict_hex(root, sizeof(ret->root_sha256),
				  "root_sha256", ret->root_sha256, d);
}

void
dcap_rules_wipe(struct dcap_rules *r)
{
	free(r->advisories);
	memset(r, 0, sizeof(*r));
}

void
dcap_rules_explain(const struct dcap_rules *r, struct wr *out)
{
	char hex[HEX_SHORT];

	wr_printf(out, "    Intel's collateral, signed under the same root, "
		       "rates its TCB");
	for (unsigned i = 1, n = 0; i < TCB_STATUSES; i++)
		if ((r->statuses & 1u << i) != 0)
			wr_printf(out, "%s %s", n++ > 0 ? " or" : "",
			    tcb_status_name((enum tcb_status)i));
	wr_printf(out, "\n");
	if (r->grace_s > 0)
		wr_printf(out,
		    "    (or it went out of date less than %u s "
		    "ago)\n",
		    r->grace_s);
	if (r->any_advisory)
		wr_printf(out, "    with any advisory open\n");
	else
		wr_printf(out, "    with no advisory open%s\n",
		    r->n_advisories > 0 ? " but:" : "");
	for (size_t i = 0; i < r->n_advisories; i++)
		wr_printf(out, "      %s\n", r->advisories[i]);
	if (r->max_age_s > 0)
		wr_printf(out, "    the collateral is at most %u s old\n",
		    r->max_age_s);
	if (r->min_evaluation > 0)
		wr_printf(
		    out, "    of evaluation %u or later\n", r->min_evaluation);
	wr_printf(out, r->need_lists
			   ? "    current revocation lists name none of its "
			     "certificates\n"
			   : "    revocation lists, where there are any, name "
			     "none of its certificates\n");
	if (r->stapled)
		wr_printf(out,
		    "    from this side's folder, or sent along by the peer, "
		    "no older and of the last %u s (the root's list: until "
		    "its nextUpdate)\n",
		    r->max_age_s > 0 ? r->max_age_s : DCAP_STAPLED_AGE_S);
	else
		wr_printf(out, "    from this side's folder alone\n");
	if (r->has_root)
		wr_printf(out, "    the root has key %s\n",
		    hex_short(span_of(r->root_sha256, 32), hex));
}

int
dcap_learn(const struct findings *f, json_t *entry)
{
	const struct dcap_facts *facts = f->facts;
	uint8_t digest[HASH_MAX];
	char hex[2 * HASH_MAX + 1];
	struct cert *root = NULL;
	struct wr w;
	int r;

	if ((r = cert_parse(facts->chain[DCAP_CHAIN - 1], &root, NULL)) != 0)
		return r;
	r = hash_one(HASH_SHA256, cert_spki(root), digest, NULL);
	cert_unref(&root);
	if (r != 0)
		return r;
	wr_init(&w, hex, sizeof(hex));
	wr_hex(&w, span_of(digest, 32));
	wr_u8(&w, 0);
	if (w.error != 0 ||
	    json_object_set_new(entry, "root_sha256", json_string(hex)) != 0 ||
	    json_object_set_new(entry, "tcb",
		json_pack("{s:[s], s:b}", "status",
		    tcb_status_name(TCB_UP_TO_DATE), "crl", 1)) != 0)
		return SEAL_E_MEMORY;
	return 0;
}

const struct dcap_rules *
dcap_rules_of(const struct accept_entry *e, bool *ret_tdx)
{
	*ret_tdx = e->by == &appraiser_tdx;
	return *ret_tdx || e->by == &appraiser_sgx ? e->rules : NULL;
}
