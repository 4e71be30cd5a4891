/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "appraise/policy.h"
#include "appraise/refs.h"
#include "appraise/soft_rules.h"
#include "appraise/strict.h"
#include "appraise/tpm_rules.h"
#include "base/file.h"
#include "base/text.h"

/* What a policy pins in its own words, as the JSON of a CoRIM. It has been
 * loaded before, so that it is known to be well-formed. */

/* Bytes of hex that a digest of an algorithm has. */
static const char *
digest_name(size_t hex)
{
	return hex == 64    ? "sha256"
	       : hex == 96  ? "sha384"
	       : hex == 128 ? "sha512"
			    : NULL;
}

static json_t *
measurement(json_t *key, const char *hex)
{
	const char *alg = digest_name(strlen(hex));

	if (alg != NULL)
		return json_pack(
		    "{s:o, s:{s:s}}", "key", key, "digests", alg, hex);
	return json_pack("{s:o, s:s}", "key", key, "raw", hex);
}

static json_t *
soft_measurements(json_t *rules)
{
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach(rules, name, value) json_array_append_new(
	    list, measurement(json_string(name), json_string_value(value)));
	return list;
}

/* One measurement for each PCR, with its value in each bank. */
static json_t *
tpm_measurements(json_t *banks)
{
	json_t *list = json_array(), *bank;
	const char *name;

	for (int i = 0; i < TPM_PCRS; i++) {
		json_t *digests = json_object();
		char index[12];

		snprintf(index, sizeof(index), "%d", i);
		json_object_foreach(banks, name, bank)
		{
			json_t *v = json_object_get(bank, index);

			if (v != NULL)
				json_object_set(digests, name, v);
		}
		if (json_object_size(digests) == 0)
			json_decref(digests);
		else
			json_array_append_new(
			    list, json_pack("{s:i, s:o}", "key", i, "digests",
				      digests));
	}
	return list;
}

static json_t *
environment(const char *model)
{
	return json_pack("{s:{s:s}}", "class", "model", model);
}

/* Its pinned signers; a CA has no place in a triple and stays in policies. */
static json_t *
attest_keys(const json_t *signers, const char *model)
{
	json_t *keys = json_array();

	for (size_t i = 0; i < json_array_size(signers); i++) {
		json_t *pin =
		    json_object_get(json_array_get(signers, i), "spki_sha256");

		if (pin != NULL)
			json_array_append_new(
			    keys, json_pack("{s:O}", "spki_sha256", pin));
	}
	if (json_array_size(keys) > 0)
		return json_pack("[{s:o, s:o}]", "environment",
		    environment(model), "keys", keys);
	json_decref(keys);
	return NULL;
}

/* NULL where the entry has no values of its own, or memory is out. */
static json_t *
tag_of(const json_t *entry, const char *id, size_t i)
{
	json_t *pcrs = json_object_get(entry, "pcrs");
	json_t *soft = json_object_get(entry, "measurements");
	const char *model = pcrs != NULL ? TPM_MODEL : SOFT_MODEL;
	json_t *tag, *keys, *list;

	if (pcrs == NULL && soft == NULL)
		return NULL;
	list = pcrs != NULL ? tpm_measurements(pcrs) : soft_measurements(soft);
	if (json_array_size(list) == 0) {
		json_decref(list);
		return NULL;
	}
	tag = json_pack("{s:o, s:[{s:o, s:o}]}", "id",
	    json_sprintf("%s.%zu", id, i), "reference", "environment",
	    environment(model), "measurements", list);
	keys = attest_keys(json_object_get(entry, "signers"), model);
	if (tag != NULL && keys != NULL)
		json_object_set_new(tag, "attest_keys", keys);
	else
		json_decref(keys);
	return tag;
}

static json_t *
corim_of(const json_t *policy, const char *id, const char *not_after)
{
	const json_t *accept = json_object_get(policy, "accept");
	json_t *tags = json_array(), *tag;

	for (size_t i = 0; i < json_array_size(accept); i++)
		if ((tag = tag_of(json_array_get(accept, i), id, i)) != NULL)
			json_array_append_new(tags, tag);
	return json_pack("{s:s, s:s, s:s*, s:o}", "id", id, "profile",
	    REFS_PROFILE, "not_after", not_after, "tags", tags);
}

/* A name that says where it comes from, and is the same each time. */
static int
name_policy(struct span text, char ret[40], struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	struct wr w;
	int r;

	if ((r = hash_one(HASH_SHA256, text, digest, d)) != 0)
		return r;
	wr_init(&w, ret, 40);
	wr_bytes(&w, span_str("policy-"));
	wr_hex(&w, span_of(digest, 8));
	wr_u8(&w, 0);
	return 0;
}

static int
convert(struct span text, const char *id, const char *not_after, char **ret,
    struct seal_diag *d)
{
	json_t *policy = NULL, *corim;
	char name[40];
	int r;

	if ((r = strict_load(text, "policy", &policy, d)) != 0)
		return r;
	if ((r = name_policy(text, name, d)) == 0) {
		corim = corim_of(policy, id != NULL ? id : name, not_after);
		if (json_array_size(json_object_get(corim, "tags")) == 0)
			r = seal_fail(d, SEAL_E_CONFIG,
			    "policy: expected values to take over, found "
			    "none");
		else if ((*ret = json_dumps(corim, JSON_INDENT(2))) == NULL)
			r = seal_fail(d, SEAL_E_MEMORY, "policy");
		json_decref(corim);
	}
	json_decref(policy);
	return r;
}

int
seal_corim_from_policy(const char *policy_file, const char *id,
    const char *not_after, char **ret, struct seal_diag *d)
{
	struct policy *p = NULL;
	uint8_t *text = NULL;
	size_t n = 0;
	int r;

	if ((r = policy_load_file(policy_file, &p, d)) != 0)
		return r;
	policy_free(&p);
	if ((r = file_read(policy_file, LIMIT_JSON, &text, &n, d)) == 0)
		r = convert(span_of(text, n), id, not_after, ret, d);
	free(text);
	return r;
}
