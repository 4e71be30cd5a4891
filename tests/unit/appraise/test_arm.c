/* SPDX-License-Identifier: Apache-2.0 */
/* PSA and CCA tokens, made here in every state that real ones show. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sealtls/tools.h>

#include "appraise/appraise.h"
#include "appraise/verdict_fixture.h"
#include "arm_fixture.h"
#include "base/file.h"
#include "base/text.h"
#include "format/cca.h"
#include "format/corim.h"

#define NOW INT64_C(1700000000)
#define TOKEN_MAX 16384
#define TEXT_MAX 4096

/* Of the subject. */
static struct arm_key subject;
static struct seal_binding binding;
static const uint8_t exporter[32] = { 7 };

/* ---- Judging ---- */

static struct endorsements *given, *others, *all;

static struct appraisal_in
in_for(const char *type, struct span token)
{
	return (struct appraisal_in){ .media_type = span_str(type),
		.evidence = token,
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.endorse = given,
		.binder_known = true };
}

/* What is learned of a normal token. */
static char *
learn(const char *type)
{
	struct seal_verdict *v = verdict_new();
	struct seal_diag d = { 0 };
	struct appraisal_in in;
	char *text = NULL;
	struct wr w;

	arm_make(type, NORMAL, &w);
	in = in_for(type, wr_view(&w));
	if (appraise_observe(&in, NULL, v, &text, &d) != 0)
		fail_msg("%s", d.text);
	wr_free(&w);
	seal_verdict_free(&v);
	return text;
}

/* The same with another value of one key; NULL: without it. */
static struct policy *
policy_with(const char *type, const char *key, json_t *value)
{
	char *text = learn(type), *whole;
	json_t *j = json_loads(text, 0, NULL), *entry;
	struct policy *p = NULL;
	struct seal_diag d = { 0 };

	entry = json_array_get(json_object_get(j, "accept"), 0);
	if (value != NULL)
		json_object_set_new(entry, key, value);
	else if (key != NULL)
		json_object_del(entry, key);
	whole = json_dumps(j, 0);
	if (policy_load(span_str(whole), "", &p, &d) != 0)
		fail_msg("%s: %s", whole, d.text);
	free(whole);
	free(text);
	json_decref(j);
	return p;
}

static void
expect_in(const char *name, const struct policy *p,
    const struct appraisal_in *in, const char *check)
{
	struct seal_verdict *v = verdict_new();
	bool ok = appraise(p, in, v) == 0;

	if (ok != (check[0] == '\0') || strcmp(first_failed(v), check) != 0)
		fail_msg("%s: %s, check '%s', expected '%s' (%s)", name,
		    ok ? "accepted" : "refused", first_failed(v), check,
		    seal_verdict_diag(v)->text);
	if ((seal_verdict_outcome(v) == SEAL_ACCEPTED) != ok)
		fail_msg("%s: outcome %d", name, seal_verdict_outcome(v));
	seal_verdict_free(&v);
}

static void
expect(const char *type, const char *name, const struct policy *p,
    enum arm_shape s, const char *check)
{
	struct appraisal_in in;
	struct wr w;

	arm_make(type, s, &w);
	in = in_for(type, wr_view(&w));
	expect_in(name, p, &in, check);
	wr_free(&w);
}

struct row {
	const char *name;
	enum arm_shape shape;
	const char *check; /* that fails; "": accepted */
};

static const struct row psa_rows[] = {
	{ "as it should be", NORMAL, "" },
	{ "legacy", LEGACY, "" },
	{ "legacy, unnamed", LEGACY_UNNAMED, "" },
	{ "an unknown profile", OTHER_PROFILE, "psa.profile" },
	{ "no profile", NO_PROFILE, "psa.form" },
	{ "two profiles", MIXED, "psa.form" },
	{ "a claim by two labels", SEED_TWICE, "psa.form" },
	{ "zeros", ZERO_NONCE, "binder" },
	{ "another nonce", OTHER_NONCE, "binder" },
	{ "a padded nonce", PADDED_NONCE, "binder" },
	{ "a short nonce", SHORT_NONCE, "psa.form" },
	{ "an empty nonce", EMPTY_NONCE, "psa.form" },
	{ "no nonce", NO_NONCE, "psa.form" },
	{ "another instance", OTHER_INSTANCE, "psa.instance_id" },
	{ "a UEID of another type", BAD_INSTANCE, "psa.form" },
	{ "other hardware", OTHER_IMPLEMENTATION, "psa.implementation_id" },
	{ "a short implementation id", SHORT_IMPLEMENTATION, "psa.form" },
	{ "debug", DEBUG_OTHER, "debug" },
	{ "debug of the root of trust", DEBUG_ROOT, "debug" },
	{ "assembly", ASSEMBLY, "psa.lifecycle" },
	{ "decommissioned", DECOMMISSIONED, "psa.lifecycle" },
	{ "no such lifecycle", BAD_LIFECYCLE, "psa.form" },
	{ "no lifecycle", NO_LIFECYCLE, "psa.form" },
	{ "another client", OTHER_CLIENT, "psa.client_id" },
	{ "no software", NO_SOFTWARE, "psa.form" },
	{ "less software", LESS_SOFTWARE, "psa.software" },
	{ "more software", MORE_SOFTWARE, "psa.software" },
	{ "other software", OTHER_SOFTWARE, "psa.software" },
	{ "another signer of it", OTHER_SIGNER_ID, "psa.software" },
	{ "software of another type", OTHER_TYPE, "psa.software" },
	{ "a short measurement", SHORT_MEASUREMENT, "psa.form" },
	{ "bytes behind the claims", TRAILING, "psa.form" },
	{ "by another key", BY_STRANGER, "psa.signature" },
	{ "a MAC", MAC, "psa.form" },
	{ NULL },
};

static const struct row cca_rows[] = {
	{ "as it should be", NORMAL, "" },
	{ "tag 907", TAG_907, "" },
	{ "tag 907, another content format", TAG_907_CF, "cca.form" },
	{ "another tag", TAG_400, "cca.form" },
	{ "the key as a point", RAW_RAK, "" },
	{ "the key by SHA-512", SHA512_RAK, "" },
	{ "the key by MD5", MD5_RAK, "cca.binding" },
	{ "another realm's token", OTHER_RAK, "cca.binding" },
	{ "a forged realm's token", REALM_FORGED, "cca.realm.signature" },
	{ "something behind the binder", CHALLENGE_REST, "binder" },
	{ "a short challenge", CHALLENGE_SHORT, "cca.form" },
	{ "another challenge", CHALLENGE_OTHER, "binder" },
	{ "a challenge of zeros", CHALLENGE_ZERO, "binder" },
	{ "a realm of another profile", REALM_PROFILE, "cca.realm.profile" },
	{ "a realm without profile", REALM_NO_PROFILE, "" },
	{ "another platform profile", OTHER_PROFILE, "psa.profile" },
	{ "another initial measurement", OTHER_RIM, "cca.measurement" },
	{ "another extensible one", OTHER_REM, "cca.measurement" },
	{ "another personalization", OTHER_PERSONALIZATION, "cca.measurement" },
	{ "three extensible ones", THREE_REMS, "cca.form" },
	{ "no initial measurement", NO_RIM, "cca.form" },
	{ "no platform config", NO_CONFIG, "cca.form" },
	{ "another platform", OTHER_INSTANCE, "psa.instance_id" },
	{ "other platform hardware", OTHER_IMPLEMENTATION,
	    "psa.implementation_id" },
	{ "platform debug", DEBUG_ROOT, "debug" },
	{ "platform at assembly", ASSEMBLY, "psa.lifecycle" },
	{ "other firmware", OTHER_SOFTWARE, "psa.software" },
	{ "more firmware", MORE_SOFTWARE, "psa.software" },
	{ "a stranger's platform", BY_STRANGER, "psa.signature" },
	{ "bytes behind", TRAILING, "cca.form" },
	{ NULL },
};

static void
every_shape(const char *type, const struct row *row)
{
	struct policy *p = policy_with(type, NULL, NULL);

	for (; row->name != NULL; row++)
		expect(type, row->name, p, row->shape, row->check);
	policy_free(&p);
}

static void
psa(void **state)
{
	(void)state;
	every_shape(PSA_TYPE, psa_rows);
}

static void
cca(void **state)
{
	(void)state;
	every_shape(CCA_TYPE, cca_rows);
}

static void
rules(void **state)
{
	struct policy *p;

	(void)state;
	p = policy_with(PSA_TYPE, "debug", json_true());
	expect(PSA_TYPE, "debug allowed", p, DEBUG_ROOT, "");
	expect(PSA_TYPE, "assembly never", p, ASSEMBLY, "psa.lifecycle");
	policy_free(&p);
	p = policy_with(
	    PSA_TYPE, "profile", json_string("tag:example.org,2026:psa"));
	expect(PSA_TYPE, "profile named", p, OTHER_PROFILE, "");
	expect(PSA_TYPE, "another profile named", p, NORMAL, "psa.profile");
	policy_free(&p);
	p = policy_with(PSA_TYPE, "instance_id", NULL);
	expect(PSA_TYPE, "any instance", p, OTHER_INSTANCE, "");
	policy_free(&p);
	p = policy_with(PSA_TYPE, "client_id", NULL);
	expect(PSA_TYPE, "any client", p, OTHER_CLIENT, "");
	policy_free(&p);
	p = policy_with(CCA_TYPE, "personalization", NULL);
	expect(CCA_TYPE, "any personalization", p, OTHER_PERSONALIZATION, "");
	policy_free(&p);
}

/* A key that comes beside the Evidence only finds out who signed. */
static void
keys(void **state)
{
	static const char *const types[] = { PSA_TYPE, CCA_TYPE };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct policy *p = policy_with(types[i], NULL, NULL);
		struct appraisal_in in;
		struct wr w;

		arm_make(types[i], BY_STRANGER, &w);
		in = in_for(types[i], wr_view(&w));
		in.endorse = others;
		expect_in("the stranger's own key", p, &in, "signer");
		in.endorse = NULL;
		expect_in("no key", p, &in, "psa.signature");
		wr_free(&w);
		arm_make(types[i], NORMAL, &w);
		in = in_for(types[i], wr_view(&w));
		in.endorse = others;
		expect_in("another key", p, &in, "psa.signature");
		in.endorse = all;
		expect_in("one of two", p, &in, "");
		wr_free(&w);
		policy_free(&p);
	}
}

/* Each bit of what is signed counts, and no part may be missing. */
static void
every_byte(void **state)
{
	static const char *const types[] = { PSA_TYPE, CCA_TYPE };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct policy *p = policy_with(types[k], NULL, NULL);
		struct wr w;

		arm_make(types[k], NORMAL, &w);
		for (size_t i = 0; i < w.n; i++) {
			struct appraisal_in in = in_for(types[k], wr_view(&w));
			struct seal_verdict *v = verdict_new();

			w.p[i] ^= 1;
			if (appraise(p, &in, v) == 0)
				fail_msg("%s: byte %zu", types[k], i);
			w.p[i] ^= 1;
			seal_verdict_free(&v);
		}
		for (size_t n = 0; n < w.n; n++) {
			struct psa_token t;
			struct cca_token c;

			assert_int_not_equal(
			    psa_parse(span_of(w.p, n), &t, NULL), 0);
			assert_int_not_equal(
			    cca_parse(span_of(w.p, n), &c, NULL), 0);
		}
		wr_free(&w);
		policy_free(&p);
	}
}

static void
config(void **state)
{
	static const char *const bad[] = {
		"\"scheme\":\"" CCA_TYPE "\"",
		"\"scheme\":\"" CCA_TYPE "\",\"software\":[]",
		"\"scheme\":\"" CCA_TYPE
		"\",\"software\":[{\"type\":\"no value\"}]",
		"\"scheme\":\"" CCA_TYPE
		"\",\"software\":[{\"measurement\":\"00\"}]",
		"\"scheme\":\"" PSA_OLD_TYPE "\",\"client_id\":1",
		"\"scheme\":\"" PSA_OLD_TYPE
		"\",\"instance_id\":\"00\",\"software\":[]",
	};
	char text[TEXT_MAX];
	struct policy *p = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text),
		    "{\"version\":1,\"max_age_s\":60,\"accept\":[{\"signers\":"
		    "[{\"spki_sha256\":\"%064d\"}],\"debug\":false,%s}]}",
		    0, bad[i]);
		if (policy_load(span_str(text), "", &p, NULL) != SEAL_E_CONFIG)
			fail_msg("%s", bad[i]);
	}
	/* A realm needs its own measurements as well. */
	snprintf(text, sizeof(text),
	    "{\"version\":1,\"max_age_s\":60,\"accept\":[{\"signers\":"
	    "[{\"spki_sha256\":\"%064d\"}],\"debug\":false,\"scheme\":"
	    "\"" CCA_TYPE "\",\"software\":[{\"measurement\":\"%064d\"}],"
	    "\"measurements\":{\"rem0\":\"%064d\"}}]}",
	    0, 0, 0);
	assert_int_equal(
	    policy_load(span_str(text), "", &p, NULL), SEAL_E_CONFIG);
}

/* ---- CoRIM ---- */

struct corim_row {
	const char *name;
	const struct arm_key *key; /* that the CoRIM names */
	enum arm_shape corim, token;
	const char *check;
};

static const struct corim_row corim_rows[] = {
	{ "key and values", &arm_iak, NORMAL, NORMAL, "" },
	{ "another key", &arm_stranger, NORMAL, NORMAL, "psa.signature" },
	{ "a key of another device", &arm_iak, OTHER_INSTANCE, NORMAL,
	    "psa.signature" },
	{ "other software", &arm_iak, NORMAL, OTHER_SOFTWARE,
	    "corim.reference" },
	{ "more software", &arm_iak, NORMAL, MORE_SOFTWARE, "corim.reference" },
	{ "debug", &arm_iak, NORMAL, DEBUG_OTHER, "debug" },
	{ NULL },
};

/* Both the key to verify with and the values come from a CoRIM. */
static void
by_corim(void **state)
{
	static const char *const types[] = { PSA_OLD_TYPE, CCA_TYPE };
	char path[] = "/tmp/seal-arm-XXXXXX", text[TEXT_MAX];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd != -1);
	close(fd);
	for (size_t i = 0; i < 2; i++)
		for (const struct corim_row *row = corim_rows;
		     row->name != NULL; row++) {
			struct appraisal_in in;
			struct policy *p = NULL;
			struct seal_diag d = { 0 };
			struct wr w;

			arm_write_corim(path, row->key, row->corim, i == 1);
			snprintf(text, sizeof(text),
			    "{\"version\":1,\"max_age_s\":60,\"accept\":[{"
			    "\"scheme\":\"%s\",\"signers\":[{\"corim\":true}],"
			    "\"debug\":false,\"corim\":[\"%s\"],"
			    "\"corim_unsigned\":true}]}",
			    types[i], path);
			if (policy_load(span_str(text), "", &p, &d) != 0)
				fail_msg("%s", d.text);
			arm_make(types[i], row->token, &w);
			in = in_for(types[i], wr_view(&w));
			in.endorse = NULL;
			expect_in(row->name, p, &in, row->check);
			wr_free(&w);
			policy_free(&p);
		}
	unlink(path);
}

/* CoRIMs in the terms of Arm's own profiles. */
#define PSA_RIM "tag:arm.com,2025:psa#1.0.0"
#define PSA_OLD_RIM "http://arm.com/psa/iot/1"
#define PLATFORM_RIM "tag:arm.com,2025:cca_platform#1.0.0"
#define REALM_RIM "tag:arm.com,2025:cca_realm#1.0.0"

static const struct profile_row {
	const char *name, *type, *profiles[2];
	enum arm_shape token;
	const char *check;
	bool stranger; /* whose key the CoRIM has */
	const char *told;
	int registers; /* that the CoRIM states; 0: all */
} profile_rows[] = {
	{ "PSA", PSA_TYPE, { PSA_RIM }, NORMAL, "", .told = "reference[0]" },
	{ "PSA, the old form", PSA_TYPE, { PSA_OLD_RIM }, NORMAL, "" },
	{ "CCA", CCA_TYPE, { PLATFORM_RIM, REALM_RIM }, NORMAL, "" },
	{ "CCA, the realm first", CCA_TYPE, { REALM_RIM, PLATFORM_RIM }, NORMAL,
	    "" },
	{ "PSA, another key", PSA_TYPE, { PSA_RIM }, NORMAL, "psa.signature",
	    true },
	{ "CCA, another key", CCA_TYPE, { PLATFORM_RIM, REALM_RIM }, NORMAL,
	    "psa.signature", true },
	{ "PSA, another device", PSA_TYPE, { PSA_RIM }, OTHER_INSTANCE,
	    "psa.signature" },
	{ "PSA, old, another device", PSA_TYPE, { PSA_OLD_RIM }, OTHER_INSTANCE,
	    "psa.signature" },
	{ "CCA, another device", CCA_TYPE, { PLATFORM_RIM, REALM_RIM },
	    OTHER_INSTANCE, "psa.signature" },
	{ "PSA, another implementation", PSA_TYPE, { PSA_RIM },
	    OTHER_IMPLEMENTATION, "psa.signature" },
	{ "PSA, another measurement", PSA_TYPE, { PSA_RIM }, OTHER_SOFTWARE,
	    "corim.reference", .told = "sha384" },
	{ "PSA, old, another measurement", PSA_TYPE, { PSA_OLD_RIM },
	    OTHER_SOFTWARE, "corim.reference", .told = "sha384" },
	{ "CCA, another measurement", CCA_TYPE, { PLATFORM_RIM, REALM_RIM },
	    OTHER_SOFTWARE, "corim.reference", .told = "sha384" },
	{ "PSA, another signer", PSA_TYPE, { PSA_RIM }, OTHER_SIGNER_ID,
	    "corim.reference", .told = "crypto keys" },
	{ "PSA, old, another signer", PSA_TYPE, { PSA_OLD_RIM },
	    OTHER_SIGNER_ID, "corim.reference", .told = "a measurement" },
	{ "CCA, another signer", CCA_TYPE, { PLATFORM_RIM, REALM_RIM },
	    OTHER_SIGNER_ID, "corim.reference", .told = "crypto keys" },
	{ "PSA, another type", PSA_TYPE, { PSA_RIM }, OTHER_TYPE,
	    "corim.reference", .told = "name" },
	{ "PSA, one more", PSA_TYPE, { PSA_RIM }, MORE_SOFTWARE,
	    "corim.reference" },
	{ "PSA, old, one more", PSA_TYPE, { PSA_OLD_RIM }, MORE_SOFTWARE,
	    "corim.reference" },
	{ "PSA, one less", PSA_TYPE, { PSA_RIM }, LESS_SOFTWARE,
	    "corim.reference" },
	{ "CCA, one more", CCA_TYPE, { PLATFORM_RIM, REALM_RIM }, MORE_SOFTWARE,
	    "corim.reference" },
	{ "CCA, another realm", CCA_TYPE, { PLATFORM_RIM, REALM_RIM },
	    OTHER_RIM, "corim.reference", .told = "environment" },
	{ "CCA, the realm extended otherwise", CCA_TYPE,
	    { PLATFORM_RIM, REALM_RIM }, OTHER_REM, "corim.reference",
	    .told = "cca.rem" },
	{ "CCA, a register that nobody vouches for", CCA_TYPE,
	    { PLATFORM_RIM, REALM_RIM }, NORMAL, "corim.reference",
	    .told = "cca.rem3", .registers = 4 },
	{ "CCA, the platform alone", CCA_TYPE, { PLATFORM_RIM }, NORMAL,
	    "corim.reference" },
	{ "PSA, debug", PSA_TYPE, { PSA_RIM }, DEBUG_OTHER, "debug" },
	{ NULL },
};

static void
write_profile_policy(
    const struct profile_row *row, char (*paths)[64], struct policy **ret)
{
	struct seal_diag d = { 0 };
	char text[TEXT_MAX];
	int n = row->profiles[1] == NULL ? 1 : 2;

	for (int i = 0; i < n; i++)
		arm_write_profile(paths[i], row->profiles[i],
		    row->stranger ? &arm_stranger : &arm_iak,
		    row->registers == 0 ? 5 : row->registers);
	snprintf(text, sizeof(text),
	    "{\"version\":1,\"max_age_s\":60,\"accept\":[{\"scheme\":\"%s\","
	    "\"signers\":[{\"corim\":true}],\"debug\":false,\"corim\":["
	    "\"%s\"%s%s%s],\"corim_unsigned\":true}]}",
	    strcmp(row->type, PSA_TYPE) == 0 ? PSA_OLD_TYPE : row->type,
	    paths[0], n > 1 ? ",\"" : "", n > 1 ? paths[1] : "",
	    n > 1 ? "\"" : "");
	if (policy_load(span_str(text), "", ret, &d) != 0)
		fail_msg("%s: %s", row->name, d.text);
}

static void
by_profile(void **state)
{
	char paths[2][64] = { "/tmp/seal-arm-XXXXXX", "/tmp/seal-arm-XXXXXX" };

	(void)state;
	for (int i = 0; i < 2; i++)
		close(mkstemp(paths[i]));
	for (const struct profile_row *row = profile_rows; row->name != NULL;
	     row++) {
		struct appraisal_in in;
		struct policy *p = NULL;
		struct wr w;

		write_profile_policy(row, paths, &p);
		arm_make(row->type, row->token, &w);
		in = in_for(
		    strcmp(row->type, PSA_TYPE) == 0 ? PSA_OLD_TYPE : row->type,
		    wr_view(&w));
		in.endorse = NULL;
		expect_in(row->name, p, &in, row->check);
		if (row->told != NULL) {
			struct seal_verdict *v = verdict_new();
			char *text;

			(void)appraise(p, &in, v);
			text = seal_verdict_text(v);
			if (strstr(text, row->told) == NULL)
				fail_msg("%s: no '%s' in %s", row->name,
				    row->told, text);
			free(text);
			seal_verdict_free(&v);
		}
		wr_free(&w);
		policy_free(&p);
	}
	for (int i = 0; i < 2; i++)
		unlink(paths[i]);
}

static void
shown(void **state)
{
	static const char *const words[][6] = {
		{ "PSA attestation token", "0x3003 (secured)",
		    "-1 (non-secure side)", "type: PRoT", "not checked here",
		    NULL },
		{ "Arm CCA attestation token", "NOT the hash", "rem3: 23",
		    "platform config", "tag: 399", NULL },
		{ "PSA attestation token", "0x3003 (secured)",
		    "signature: none: a MAC", "MAC: ", NULL },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char *text = NULL;
		struct wr w;

		arm_make(i == 1 ? CCA_TYPE : PSA_TYPE,
		    i == 1 ? OTHER_RAK : NORMAL, &w);
		if (i == 2) /* of the same shape, by another tag */
			w.p[0] = 0xd1;
		assert_int_equal(
		    seal_inspect(w.p, w.n, NULL, 0, &text, NULL), 0);
		for (size_t k = 0; words[i][k] != NULL; k++)
			if (strstr(text, words[i][k]) == NULL)
				fail_msg("no '%s' in\n%s", words[i][k], text);
		free(text);
		wr_free(&w);
	}
}

/* ---- All ---- */

static int
setup(void **state)
{
	struct wr pem;

	(void)state;
	arm_setup();
	arm_key_make(CURVE_P256, SIG_ECDSA_P256_SHA256, &subject);
	given = endorse_new();
	others = endorse_new();
	all = endorse_new();
	wr_init_heap(&pem, TEXT_MAX);
	assert_int_equal(spki_to_pem(arm_spki(&arm_iak), &pem, NULL), 0);
	assert_int_equal(endorse_add(given, "iak", wr_view(&pem), NULL), 0);
	wr_free(&pem);
	assert_int_equal(
	    endorse_add(others, "other", arm_spki(&arm_stranger), NULL), 0);
	assert_int_equal(
	    endorse_add(all, "other", arm_spki(&arm_stranger), NULL), 0);
	assert_int_equal(endorse_add(all, "iak", arm_spki(&arm_iak), NULL), 0);
	assert_int_equal(binding_post(HASH_SHA256, arm_spki(&subject),
			     span_of(exporter, 32), &binding, NULL),
	    0);
	arm_answer(binding_value(&binding));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arm_teardown();
	privkey_free(&subject.key);
	endorse_free(&given);
	endorse_free(&others);
	endorse_free(&all);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(psa),
		cmocka_unit_test(cca),
		cmocka_unit_test(rules),
		cmocka_unit_test(keys),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(config),
		cmocka_unit_test(by_corim),
		cmocka_unit_test(by_profile),
		cmocka_unit_test(shown),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
