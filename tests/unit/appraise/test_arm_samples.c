/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real PSA and Arm CCA tokens, which others made (folders psa and arm-cca of
 * SEAL_EVIDENCE; their PROVENANCE.md say what to expect). They are not part of
 * this project, so without them this test skips.
 */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/appraise.h"
#include "appraise/verdict_fixture.h"
#include "base/file.h"
#include "format/cca.h"

#define PSA PSA_TYPE
#define CCA CCA_TYPE
#define NOW INT64_C(1790000000) /* no token has a date */

struct row {
	const char *name, *type, *token, *key;
	const char *failed; /* the first check that fails; NULL: accepted */
};

static const struct row rows[] = {
	{ "TF-M", PSA, "psa/tf-m/psa-2_0_0_sign1.bin", "psa/tf-m/iak.pub.pem" },
	{ "TF-M, as Veraison calls it", PSA_OLD_TYPE,
	    "psa/tf-m/psa-2_0_0_sign1.bin", "psa/tf-m/iak.pub.pem" },
	{ "TF-M, legacy", PSA_LEGACY_TYPE, "psa/tf-m/psa-iot-1_sign1.bin",
	    "psa/tf-m/iak.pub.pem" },
	{ "TF-M, another key", PSA, "psa/tf-m/psa-2_0_0_sign1.bin",
	    "psa/tf-m-tools/iak.pub.pem", "psa.signature" },
	{ "TF-M, no key", PSA, "psa/tf-m/psa-2_0_0_sign1.bin", NULL,
	    "psa.signature" },
	{ "TF-M, a MAC", PSA, "psa/tf-m/psa-2_0_0_mac0.bin",
	    "psa/tf-m/iak.pub.pem", "psa.form" },
	{ "TF-M, legacy, a MAC", PSA, "psa/tf-m/psa-iot-1_mac0.bin",
	    "psa/tf-m/iak.pub.pem", "psa.form" },
	{ "Veraison, a JWK", PSA, "psa/veraison/psa-evidence.cbor",
	    "psa/veraison/iak.jwk" },
	{ "the tools', legacy, of its own profile", PSA,
	    "psa/tf-m-tools/iat.cbor", "psa/tf-m-tools/iak.pub.pem" },
	{ "the tools', wrong key", PSA, "psa/tf-m-tools/iat.cbor",
	    "psa/tf-m-tools/wrong-iak.pub.pem", "psa.signature" },
	{ "malformed", PSA, "psa/tf-m-tools/malformed.cbor",
	    "psa/tf-m-tools/iak.pub.pem", "psa.form" },
	{ "a claim missing", PSA, "psa/tf-m-tools/missing-claim.cbor",
	    "psa/tf-m-tools/iak.pub.pem", "psa.form" },
	{ "TF-RMM: a bare point", CCA, "arm-cca/tf-rmm/cca_token.cbor",
	    "arm-cca/tf-rmm/cpak.pub" },
	{ "TF-RMM, as Veraison calls it", CCA_VERAISON_TYPE,
	    "arm-cca/tf-rmm/cca_token.cbor", "arm-cca/tf-rmm/cpak.pub" },
	{ "TF-RMM, another key", CCA, "arm-cca/tf-rmm/cca_token.cbor",
	    "arm-cca/veraison/cpak-p256.jwk", "psa.signature" },
	{ "tag 907", CCA, "arm-cca/tfm-907/cca_example_token.cbor",
	    "arm-cca/tfm-907/cpak.pub.pem" },
	{ "Veraison", CCA, "arm-cca/veraison/cca-good.cbor",
	    "arm-cca/veraison/cpak-p256.jwk" },
	{ "Veraison, SHA-512 of the key", CCA, "arm-cca/e2e/cca-evidence.cbor",
	    "arm-cca/e2e/cpak-p256.json" },
	{ "a PSA token called CCA", CCA, "psa/tf-m/psa-2_0_0_sign1.bin",
	    "psa/tf-m/iak.pub.pem", "cca.form" },
	{ NULL },
};

static const char *dir;

static struct span
load(const char *name)
{
	struct seal_diag d = { 0 };
	char path[512];
	uint8_t *p = NULL;
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (file_read(path, LIMIT_FILE, &p, &n, &d) != 0)
		fail_msg("%s", d.text);
	return span_of(p, n);
}

/* What learning wrote; or, where nothing can be learned, anything. */
static struct policy *
policy_for(const struct row *row, const char *learned)
{
	static const char zero[] = "00000000000000000000000000000000"
				   "00000000000000000000000000000000";
	struct seal_diag d = { 0 };
	struct policy *p = NULL;
	json_t *j, *entry;
	char *whole;

	if (learned != NULL) {
		if (policy_load(span_str(learned), "", &p, &d) != 0)
			fail_msg("%s: %s", row->name, d.text);
		return p;
	}
	j = json_pack("{s:i, s:i, s:{s:s}, s:[{s:s, s:b, s:[{s:s}], "
		      "s:[{s:s}]}]}",
	    "version", 1, "max_age_s", 60, "identity", "mode", "none", "accept",
	    "scheme", row->type, "debug", 0, "signers", "spki_sha256", zero,
	    "software", "measurement", zero);
	assert_non_null(j);
	entry = json_array_get(json_object_get(j, "accept"), 0);
	if (cca_takes(span_str(row->type)))
		json_object_set_new(
		    entry, "measurements", json_pack("{s:s}", "rim", zero));
	whole = json_dumps(j, 0);
	if (policy_load(span_str(whole), "", &p, &d) != 0)
		fail_msg("%s: %s", row->name, d.text);
	free(whole);
	json_decref(j);
	return p;
}

static void
judge(const struct row *row, const struct appraisal_in *in, const char *learned)
{
	/* A nonce of zeros binds nothing; all else can still be right. */
	const char *want = row->failed != NULL ? row->failed
			   : in->binder_known  ? ""
					       : "binder.known";
	struct policy *p = policy_for(row, learned);
	struct seal_verdict *v = verdict_new();
	int r = appraise(p, in, v);

	if ((r == 0) != (strcmp(want, "") == 0) ||
	    strcmp(first_failed(v), want) != 0)
		fail_msg("%s: %d, '%s' failed, expected '%s': %s", row->name, r,
		    first_failed(v), want,
		    v->diag == NULL ? "" : v->diag->text);
	seal_verdict_free(&v);
	policy_free(&p);
}

/* The nonce that stands in it; another where it cannot be read. False: it is
 * all zeros. */
static bool
bind(struct span token, struct seal_binding *ret)
{
	static const uint8_t any[32] = { 1 };
	struct span nonce = span_of(any, sizeof(any));
	struct psa_token p;
	struct cca_token c;

	if (cca_parse(token, &c, NULL) == 0)
		nonce = c.r.challenge;
	else if (psa_parse(token, &p, NULL) == 0)
		nonce = p.claims.nonce;
	assert_int_equal(binding_replay(nonce, span_of(NULL, 0), ret, NULL), 0);
	for (size_t i = 0; i < nonce.n; i++)
		if (nonce.p[i] != 0)
			return true;
	return false;
}

static void
every_sample(void **state)
{
	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++) {
		struct span token = load(row->token);
		struct endorsements *given = endorse_new();
		struct seal_verdict *v = verdict_new();
		struct seal_binding b;
		struct appraisal_in in = { .media_type = span_str(row->type),
			.evidence = token,
			.expected = &b,
			.carrier = SEAL_LEVEL_TRAFFIC,
			.now = NOW,
			.endorse = given };
		char *learned = NULL;

		if (row->key != NULL) {
			struct span key = load(row->key);

			assert_int_equal(
			    endorse_add(given, row->key, key, NULL), 0);
			free((void *)(uintptr_t)key.p);
		}
		in.binder_known = bind(token, &b);
		(void)appraise_observe(&in, NULL, v, &learned, NULL);
		judge(row, &in, learned);
		free(learned);
		seal_verdict_free(&v);
		endorse_free(&given);
		free((void *)(uintptr_t)token.p);
	}
}

/* CoRIMs that others made, in the terms of Arm's profiles, for such tokens:
 * keys and values both come out of them. */
static const struct rim_row {
	const char *name, *type, *token, *corims[2];
	const char *failed, *told; /* told: part of the verdict's text */
} rim_rows[] = {
	{ "PSA, Veraison", PSA_OLD_TYPE, "psa/veraison/psa-evidence.cbor",
	    { "psa/veraison/psa-endorsements.cbor" }, "",
	    "corim.reference  CoRIM '00000000-0000-0001-p5a1-000000000001'" },
	{ "PSA, TF-M: of another device", PSA_OLD_TYPE,
	    "psa/tf-m/psa-2_0_0_sign1.bin",
	    { "psa/veraison/psa-endorsements.cbor" }, "psa.signature" },
	{ "CCA, Veraison: of another signer", CCA_TYPE,
	    "arm-cca/veraison/cca-good.cbor",
	    { "arm-cca/veraison/corim-cca-platform-valid.cbor",
		"arm-cca/veraison/corim-cca-realm-valid.cbor" },
	    "corim.reference", "crypto keys" },
	{ "CCA, Veraison: the realm alone", CCA_TYPE,
	    "arm-cca/veraison/cca-good.cbor",
	    { "arm-cca/veraison/corim-cca-realm-valid.cbor" },
	    "psa.signature" },
	{ NULL },
};

static struct policy *
rim_policy(const struct rim_row *row)
{
	json_t *j, *files = json_array();
	struct policy *p = NULL;
	struct seal_diag d = { 0 };
	char path[512], *text;

	for (int i = 0; i < 2 && row->corims[i] != NULL; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, row->corims[i]);
		json_array_append_new(files, json_string(path));
	}
	j = json_pack("{s:i, s:i, s:{s:s}, s:[{s:s, s:b, s:[{s:b}], s:o, "
		      "s:b}]}",
	    "version", 1, "max_age_s", 60, "identity", "mode", "none", "accept",
	    "scheme", row->type, "debug", 0, "signers", "corim", 1, "corim",
	    files, "corim_unsigned", 1);
	text = json_dumps(j, 0);
	if (policy_load(span_str(text), "", &p, &d) != 0)
		fail_msg("%s: %s", row->name, d.text);
	free(text);
	json_decref(j);
	return p;
}

static void
by_corim(void **state)
{
	(void)state;
	for (const struct rim_row *row = rim_rows; row->name != NULL; row++) {
		struct span token = load(row->token);
		struct policy *p = rim_policy(row);
		struct seal_verdict *v = verdict_new();
		struct seal_binding b;
		struct appraisal_in in = { .media_type = span_str(row->type),
			.evidence = token,
			.expected = &b,
			.carrier = SEAL_LEVEL_TRAFFIC,
			.now = NOW };
		char *text;

		in.binder_known = bind(token, &b);
		(void)appraise(p, &in, v);
		text = seal_verdict_text(v);
		if (strcmp(first_failed(v), row->failed) != 0 ||
		    (row->told != NULL && strstr(text, row->told) == NULL))
			fail_msg("%s: '%s' failed\n%s", row->name,
			    first_failed(v), text);
		free(text);
		seal_verdict_free(&v);
		policy_free(&p);
		free((void *)(uintptr_t)token.p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_sample),
		cmocka_unit_test(by_corim) };

	dir = getenv("SEAL_EVIDENCE");
	if (dir == NULL || dir[0] == '\0') {
		puts("SEAL_EVIDENCE is not set: no real samples");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
