/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/soft_rules.h"

#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"
#include "base/text.h"

const char *const soft_rule_keys[] = { "measurements", NULL };

/* Printable names only, so that what is shown is what is compared. */
static bool
name_valid(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return n > 0 && n < SOFT_NAME_MAX;
}

static int
load_measurements(json_t *list, struct soft_rules *rules, struct seal_diag *d)
{
	struct soft_rule *rule;
	const char *name;
	json_t *value;
	int r;

	if (list == NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: 'measurements' is missing (or 'corim')");
	if (!json_is_object(list) ||
	    json_object_size(list) > SOFT_MEASUREMENTS_MAX)
		return seal_fail(d, SEAL_E_CONFIG,
		    "measurements: must be an object of at most %d members",
		    SOFT_MEASUREMENTS_MAX);
	json_object_foreach(list, name, value)
	{
		if (!name_valid(name))
			return seal_fail(d, SEAL_E_CONFIG,
			    "measurements: a name must be 1 to %d printable "
			    "characters",
			    SOFT_NAME_MAX - 1);
		rule = &rules->measurements[rules->n_measurements++];
		memcpy(rule->name, name, strlen(name) + 1);
		if ((r = strict_hex_range(value, 1, HASH_MAX, "measurements",
			 rule->value, &rule->n_value, d)) != 0)
			return r;
	}
	return 0;
}

int
soft_rules_load(
    const json_t *entry, bool debug, void *rules, struct seal_diag *d)
{
	json_t *measurements = json_object_get(entry, "measurements");
	struct soft_rules *r = rules;

	if (!debug)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: 'debug' must be true, soft Evidence is always "
		    "that");
	r->by_refs = json_object_get(entry, "corim") != NULL;
	if (!r->by_refs)
		return load_measurements(measurements, r, d);
	if (measurements == NULL)
		return 0;
	return seal_fail(
	    d, SEAL_E_CONFIG, "accept: 'measurements' or 'corim', not both");
}

int
soft_rules_explain(const void *rules, struct wr *out)
{
	const struct soft_rules *r = rules;
	char hex[HEX_SHORT];

	for (size_t i = 0; i < r->n_measurements; i++)
		wr_printf(out, "    it says that '%s' measures %s\n",
		    r->measurements[i].name,
		    hex_short(span_of(r->measurements[i].value,
				  r->measurements[i].n_value),
			hex));
	if (!r->by_refs)
		wr_printf(out, "    it names no other measurement\n");
	wr_printf(out, "    INSECURE: whoever has the signer's key can say "
		       "all that; for development only\n");
	return out->error;
}
