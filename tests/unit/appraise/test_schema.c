/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/appraiser.h"
#include "appraise/ear_rules.h"
#include "appraise/refs.h"
#include "appraise/tpm_events.h"
#include "appraise/tpm_ima.h"
#include "base/text.h"

#define KEYS_MAX 32

/* doc/policy.schema.json says what policy_load() does: every key that is
 * accepted stands in it, and every key in it is known. */
static json_t *schema;

static int
setup(void **state)
{
	const char *root = getenv("SEAL_SOURCE_ROOT");
	char path[1024];

	(void)state;
	snprintf(path, sizeof(path), "%s/doc/policy.schema.json",
	    root == NULL ? "." : root);
	schema = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	return schema == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(schema);
	return 0;
}

static json_t *
def(const char *name)
{
	json_t *d = json_object_get(json_object_get(schema, "$defs"), name);

	if (d == NULL)
		fail_msg("no $defs.%s", name);
	return d;
}

static bool
listed(const char *const *keys, const char *key)
{
	for (; *keys != NULL; keys++)
		if (strcmp(*keys, key) == 0)
			return true;
	return false;
}

/* An object's properties are exactly keys, and it allows no others. */
static void
same_keys(const char *what, json_t *object, const char *const *keys)
{
	json_t *props = json_object_get(object, "properties"), *value;
	const char *key;

	if (!json_is_false(json_object_get(object, "additionalProperties")))
		fail_msg("%s allows more", what);
	json_object_foreach(props, key, value)
	{
		if (!listed(keys, key))
			fail_msg("%s: '%s' is only in the schema", what, key);
	}
	for (; *keys != NULL; keys++)
		if (json_object_get(props, *keys) == NULL)
			fail_msg("%s: '%s' is not in the schema", what, *keys);
}

static void
top(void **state)
{
	(void)state;
	same_keys("policy", schema, policy_keys);
}

/* Each technology has a definition of its name, which accept refers to. */
static void
entries(void **state)
{
	json_t *one_of = json_object_get(
	    json_object_get(
		json_object_get(
		    json_object_get(schema, "properties"), "accept"),
		"items"),
	    "oneOf");
	size_t n = 0;

	(void)state;
	for (size_t a = 0; appraisers[a] != NULL; a++) {
		const struct appraiser *by = appraisers[a];
		const char *keys[KEYS_MAX] = { NULL };
		char ref[64];
		json_t *d = def(by->name);
		size_t k = 0;

		const char *const *own = policy_keys_of(by);

		for (size_t i = 0; own[i] != NULL; i++)
			keys[k++] = own[i];
		for (size_t i = 0; by->rules[i] != NULL; i++)
			keys[k++] = by->rules[i];
		assert_true(k <= POLICY_ENTRY_KEYS_MAX);
		same_keys(by->name, d, keys);
		d = json_object_get(json_object_get(d, "properties"), "scheme");
		assert_string_equal(
		    json_string_value(json_object_get(d, "const")),
		    by->media_type);
		if (by->member_only)
			continue;
		snprintf(ref, sizeof(ref), "#/$defs/%s", by->name);
		assert_string_equal(json_string_value(json_object_get(
					json_array_get(one_of, n), "$ref")),
		    ref);
		n++;
	}
	assert_int_equal(json_array_size(one_of), n);
}

/* Members of a collection are all that is no collection and no result. */
static void
members(void **state)
{
	json_t *one_of = json_object_get(
	    json_object_get(json_object_get(json_object_get(def("collection"),
						"properties"),
				"members"),
		"additionalProperties"),
	    "oneOf");
	size_t n = 0;
	char ref[64];

	(void)state;
	for (size_t i = 0; appraisers[i] != NULL; i++) {
		if (appraisers[i]->collection ||
		    appraisers[i]->verifier != NULL)
			continue;
		snprintf(ref, sizeof(ref), "#/$defs/%s", appraisers[i]->name);
		assert_string_equal(json_string_value(json_object_get(
					json_array_get(one_of, n), "$ref")),
		    ref);
		n++;
	}
	assert_int_equal(json_array_size(one_of), n);
}

static void
signers(void **state)
{
	static const char *const pin[] = { "spki_sha256", NULL },
				 *const ca[] = { "ca", NULL },
				 *const corim[] = { "corim", NULL },
				 *const root[] = { "root_sha256", NULL },
				 *const member[] = { "member", NULL },
				 *const key[] = { "key", NULL };
	json_t *of;

	(void)state;
	same_keys("events", def("events"), tpm_event_words.keys);
	same_keys("tdx_events", def("tdx_events"), tdx_event_words.keys);
	same_keys("ima", def("ima"), tpm_ima_keys);
	same_keys("ima_files", json_object_get(def("ima_files"), "items"),
	    tpm_ima_file_keys);
	same_keys("ima.forbidden",
	    json_object_get(
		json_object_get(
		    json_object_get(def("ima"), "properties"), "forbidden"),
		"items"),
	    tpm_ima_file_keys);
	same_keys("pin", def("pin"), pin);
	same_keys("ca", def("ca"), ca);
	assert_string_equal(policy_signer_keys[0], pin[0]);
	assert_string_equal(policy_signer_keys[1], ca[0]);
	assert_string_equal(policy_signer_keys[2], corim[0]);
	assert_string_equal(policy_signer_keys[3], root[0]);
	assert_string_equal(policy_signer_keys[4], member[0]);
	assert_null(policy_signer_keys[5]);
	of = json_object_get(json_object_get(def("signers"), "items"), "oneOf");
	assert_int_equal(json_array_size(of), 5);
	same_keys("signers", json_array_get(of, 2), corim);
	same_keys("signers", json_array_get(of, 3), root);
	same_keys("signers", json_array_get(of, 4), member);
	same_keys("verifiers", json_object_get(def("verifiers"), "items"),
	    policy_verifier_keys);
	of = json_object_get(
	    json_object_get(def("corim_signers"), "items"), "oneOf");
	assert_int_equal(json_array_size(of), 3);
	same_keys("corim_signers", json_array_get(of, 2), key);
	assert_string_equal(refs_signer_keys[0], pin[0]);
	assert_string_equal(refs_signer_keys[1], ca[0]);
	assert_string_equal(refs_signer_keys[2], key[0]);
	assert_null(refs_signer_keys[3]);
}

/* The words of an entry for results are those of the code. */
static void
results(void **state)
{
	json_t *p = json_object_get(def("ear"), "properties"), *list;
	json_t *vector =
	    json_object_get(json_object_get(p, "vector"), "properties");

	(void)state;
	assert_int_equal(json_object_size(vector), AR4SI_CLAIMS);
	for (size_t i = 0; i < AR4SI_CLAIMS; i++)
		assert_non_null(
		    json_object_get(vector, ar4si_name((enum ar4si)i)));
	list = json_object_get(
	    json_object_get(json_object_get(p, "profiles"), "items"), "enum");
	for (size_t i = 0; i < json_array_size(list); i++)
		assert_string_equal(json_string_value(json_array_get(list, i)),
		    ear_profiles[i].uri);
	assert_null(ear_profiles[json_array_size(list)].uri);
	assert_int_equal(json_integer_value(json_object_get(
			     json_object_get(p, "max_lifetime_s"), "default")),
	    EAR_LIFETIME_S);
}

/* The bounds that the schema states are those that the code has. */
static void
bounds(void **state)
{
	json_t *p = json_object_get(schema, "properties");
	json_t *lease = json_object_get(p, "lease_s");
	json_t *age = json_object_get(p, "max_age_s");
	json_t *accept = json_object_get(p, "accept");

	(void)state;
#define IS(object, key, value) \
	assert_int_equal(      \
	    json_integer_value(json_object_get(object, key)), value)
	IS(lease, "minimum", POLICY_LEASE_MIN_S);
	IS(lease, "maximum", POLICY_LEASE_MAX_S);
	IS(lease, "default", POLICY_LEASE_DEFAULT_S);
	IS(age, "minimum", 1);
	IS(age, "maximum", POLICY_AGE_MAX_S);
	IS(accept, "minItems", 1);
	IS(accept, "maxItems", POLICY_ENTRIES_MAX);
	IS(def("signers"), "maxItems", POLICY_SIGNERS_MAX);
	IS(def("ima_files"), "maxItems", TPM_IMA_FILES_MAX);
	p = json_object_get(def("ima"), "properties");
	IS(json_object_get(p, "forbidden"), "maxItems", TPM_IMA_FILES_MAX);
	IS(json_object_get(p, "banks"), "maxItems", TPM_IMA_BANKS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(top),
		cmocka_unit_test(entries),
		cmocka_unit_test(members),
		cmocka_unit_test(signers),
		cmocka_unit_test(results),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
