/* SPDX-License-Identifier: Apache-2.0 */
#include "format/corim_profile.h"

/* How measurements may be named. */
enum mkeys {
	MKEY_ANY = 0,
	MKEY_UINT,
	MKEY_TEXT, /* one of the names of the row */
};

/* Fields of an environment that a triple must state. */
#define CLASS_ID 1u
#define VENDOR 2u
#define MODEL 4u
#define INSTANCE 8u

#define NAMES_MAX 8

struct rule {
	const char *profile;
	unsigned reference, key; /* fields of these triples' environments */
	enum mkeys mkeys;
	const char *names[NAMES_MAX]; /* NULL ends */
	const char *must;             /* a name that each triple has; NULL */
	uint64_t key_tag;             /* of the one key of a triple; 0: any */
};

static const struct rule rules[] = {
	/* Arm CCA: the platform's software by its implementation id, and the
	 * bare key of an instance. */
	{ "tag:arm.com,2025:cca_platform#1.0.0", CLASS_ID, CLASS_ID | INSTANCE,
	    MKEY_TEXT, { "cca.software-component", "cca.platform-config" },
	    NULL, COMID_KEY_PEM },
	/* A realm is its initial measurement; the rest may be stated. */
	{ "tag:arm.com,2025:cca_realm#1.0.0", CLASS_ID, 0, MKEY_TEXT,
	    { "cca.rim", "cca.rem0", "cca.rem1", "cca.rem2", "cca.rem3",
		"cca.rpv" },
	    "cca.rim", 0 },
	/* PSA: components by the implementation id, the bare key of an
	 * instance (draft-fdb-rats-psa-endorsements). */
	{ "tag:arm.com,2025:psa#1.0.0", CLASS_ID, CLASS_ID | INSTANCE,
	    MKEY_TEXT, { "psa.software-component" }, NULL, COMID_KEY_PEM },
	/* AMD SEV-SNP: fields of the report by number; roots by product. */
	{ "tag:amd.com,2024:snp-corim-profile", CLASS_ID, VENDOR | MODEL,
	    MKEY_UINT, { NULL }, NULL, 0 },
};

static const struct rule *
find_rule(const struct corim *c)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (!c->profile_is_oid && span_is(c->profile, rules[i].profile))
			return &rules[i];
	return NULL;
}

bool
corim_profile_known(const struct corim *c)
{
	return find_rule(c) != NULL;
}

/* The first field that is asked for and not stated; NULL: none. */
static const char *
missing(unsigned fields, const struct comid_env *e)
{
	if ((fields & CLASS_ID) != 0 && e->class_id.n == 0)
		return "class id";
	if ((fields & VENDOR) != 0 && e->vendor.n == 0)
		return "vendor";
	if ((fields & MODEL) != 0 && e->model.n == 0)
		return "model";
	if ((fields & INSTANCE) != 0 && e->instance.n == 0)
		return "instance";
	return NULL;
}

static bool
text_is(struct span item, const char *want)
{
	struct span text;
	struct rd r;

	rd_init(&r, item);
	return cbor_text(&r, &text) && rd_end(&r) && span_is(text, want);
}

static bool
mkey_allowed(const struct rule *rule, struct span mkey)
{
	uint64_t number = 0;
	struct rd r;

	rd_init(&r, mkey);
	if (rule->mkeys == MKEY_UINT)
		return cbor_uint(&r, &number) && rd_end(&r);
	for (size_t i = 0; i < NAMES_MAX && rule->names[i] != NULL; i++)
		if (text_is(mkey, rule->names[i]))
			return true;
	return rule->mkeys == MKEY_ANY;
}

/* NULL: kept; else the rule that is broken. */
static const char *
check_measurements(const struct rule *rule, struct comid_list l)
{
	bool found = rule->must == NULL;
	struct comid_measurement m;

	while (comid_measurement_next(&l, &m)) {
		if (!mkey_allowed(rule, m.mkey))
			return "a measurement has a key that the profile does "
			       "not know";
		found = found || text_is(m.mkey, rule->must);
	}
	return found ? NULL : "the measurement that identifies it is missing";
}

static const char *
check_keys(const struct rule *rule, struct comid_list l)
{
	struct comid_key k = { .tag = 0 };

	if (rule->key_tag == 0)
		return NULL;
	if (l.left != 1 || !comid_key_next(&l, &k))
		return "there is not exactly one key";
	return k.tag == rule->key_tag ? NULL : "the key is of another kind";
}

static int
check_triple(
    const struct rule *rule, const struct comid_triple *t, struct seal_diag *d)
{
	bool keys = t->kind == COMID_ATTEST_KEY;
	const char *field =
	    missing(keys ? rule->key : rule->reference, &t->env);
	const char *why = keys ? check_keys(rule, t->items)
			       : check_measurements(rule, t->items);

	if (field != NULL)
		return seal_fail(d, SEAL_E_DECODE,
		    "corim: profile %s: %s[%zu]: its environment states no %s",
		    rule->profile, comid_kind_name(t->kind), t->index, field);
	if (why != NULL)
		return seal_fail(d, SEAL_E_DECODE,
		    "corim: profile %s: %s[%zu]: %s", rule->profile,
		    comid_kind_name(t->kind), t->index, why);
	return 0;
}

int
corim_profile_check(const struct corim *c, struct seal_diag *d)
{
	static const enum comid_kind kinds[] = { COMID_REFERENCE,
		COMID_ATTEST_KEY };
	const struct rule *rule = find_rule(c);
	struct comid_list tags = c->tags;
	struct corim_tag tag;
	int r;

	while (rule != NULL && corim_tag_next(&tags, &tag)) {
		struct comid_triple t;
		struct comid comid;

		if (tag.kind != CORIM_COMID ||
		    comid_parse(tag.value, &comid, NULL) != 0)
			continue;
		for (size_t k = 0; k < 2; k++) {
			struct comid_list l = comid_triples(&comid, kinds[k]);

			while (comid_triple_next(&l, kinds[k], &t))
				if ((r = check_triple(rule, &t, d)) != 0)
					return r;
		}
	}
	return 0;
}
