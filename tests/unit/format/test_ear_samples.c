/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results that others made (folder SEAL_EVIDENCE/ear; its PROVENANCE.md says
 * where they come from and what to expect of each).
 */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "format/ear.h"

struct sample {
	const char *file;
	int want; /* under veraison-test-key.jwk */
	enum ar4si_tier status;
};

static const struct sample tokens[] = {
	{ "veraison-pass.jwt", 0, AR4SI_TIER_AFFIRMING },
	{ "arc-full-vector.jwt", 0, AR4SI_TIER_AFFIRMING },
	{ "arc-jwk-header.jwt", 0, AR4SI_TIER_AFFIRMING },
	{ "veraison-fail-alg-hs256.jwt", SEAL_E_SIGNATURE },
	{ "veraison-fail-alg-none.jwt", SEAL_E_DECODE },
	{ "veraison-fail-malformed.jwt", SEAL_E_DECODE },
	{ "veraison-fail-empty-claims.jwt", SEAL_E_DECODE },
	{ "veraison-fail-trailing.jwt", SEAL_E_DECODE },
	{ "trustee-expired.jwt", SEAL_E_SIGNATURE },
	{ NULL },
};

static void
path_of(const char *file, char *path, size_t cap)
{
	const char *dir = getenv("SEAL_EVIDENCE");

	if (dir == NULL || *dir == '\0') {
		print_message("SEAL_EVIDENCE is not set: no real samples\n");
		skip();
	}
	snprintf(path, cap, "%s/ear/%s", dir, file);
}

static uint8_t *
load(const char *file, size_t *ret_n)
{
	struct seal_diag d = { 0 };
	uint8_t *p = NULL;
	char path[1024];

	path_of(file, path, sizeof(path));
	if (file_read(path, LIMIT_FILE, &p, ret_n, &d) != 0)
		fail_msg("%s", d.text);
	while (*ret_n > 0 && p[*ret_n - 1] == '\n')
		--*ret_n;
	return p;
}

static void
signed_samples(void **state)
{
	struct ear *e = calloc(1, sizeof(*e));
	struct jwk_set *set = NULL;
	char path[1024];

	(void)state;
	assert_non_null(e);
	path_of("veraison-test-key.jwk", path, sizeof(path));
	assert_int_equal(jwk_set_load(path, &set, NULL), 0);
	for (const struct sample *s = tokens; s->file != NULL; s++) {
		const struct jwk *by = NULL;
		struct seal_diag d = { 0 };
		size_t n = 0;
		uint8_t *p = load(s->file, &n);
		int r = ear_open_jwt(span_of(p, n), set, e, &by, &d);

		if (r != s->want ||
		    (r == 0 && ear_worst_status(e) != s->status))
			fail_msg("%s: got %d (%s)", s->file, r, d.text);
		free(p);
	}
	jwk_set_free(&set);
	free(e);
}

/* Its signature verifies under the key of its own header once somebody, here
 * this test, says that this key is to be trusted. */
static void
trustee(void **state)
{
	struct ear *e = calloc(1, sizeof(*e));
	const struct jwk *by = NULL;
	struct jwk_set *set = NULL;
	struct seal_diag d = { 0 };
	size_t n = 0;
	uint8_t *p = load("trustee-expired.jwt", &n);
	char *jwk;
	json_t *header;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 4096);
	assert_true(
	    b64url_decode(span_of(p, strcspn((const char *)p, ".")), &w));
	assert_non_null(header = json_loadb((const char *)w.p, w.n, 0, NULL));
	assert_non_null(jwk = json_dumps(json_object_get(header, "jwk"), 0));
	assert_int_equal(jwk_set_parse(span_str(jwk), &set, NULL), 0);
	if (ear_open_jwt(span_of(p, n), set, e, &by, &d) != 0)
		fail_msg("%s", d.text);
	assert_true(e->has_exp && e->exp == 1752059439);
	assert_int_equal(e->n_submods, 1);
	assert_string_equal(e->submods[0].name, "cpu0");
	assert_int_equal(e->submods[0].vector[AR4SI_CONFIGURATION], 3);
	jwk_set_free(&set);
	json_decref(header);
	free(jwk);
	wr_free(&w);
	free(p);
	free(e);
}

/* Claims without a signature; the .diag files that are JSON as well. */
static void
claims(void **state)
{
	static const struct sample files[] = {
		{ "draft-03/ear-json-1.diag", 0, AR4SI_TIER_CONTRAINDICATED },
		{ "draft-03/ear-json-2.diag", 0, AR4SI_TIER_AFFIRMING },
		{ "draft-03/ext-veraison-json-2.diag", 0,
		    AR4SI_TIER_AFFIRMING },
		{ "trustee-example-claims.json", 0,
		    AR4SI_TIER_CONTRAINDICATED },
		{ NULL },
	};
	struct ear *e = calloc(1, sizeof(*e));

	(void)state;
	assert_non_null(e);
	for (const struct sample *s = files; s->file != NULL; s++) {
		struct seal_diag d = { 0 };
		size_t n = 0;
		uint8_t *p = load(s->file, &n);

		if (ear_read_json(span_of(p, n), e, &d) != 0 ||
		    ear_worst_status(e) != s->status)
			fail_msg("%s: %s", s->file, d.text);
		free(p);
	}
	free(e);
}

/* Appraisals alone, put into a result of the profile they are made for. */
static void
appraisals(void **state)
{
	static const struct sample files[] = {
		{ "psa.good", 0, AR4SI_TIER_AFFIRMING },
		{ "psa.badcrypto", 0, AR4SI_TIER_CONTRAINDICATED },
		{ "psa.freshness-fail", 0, AR4SI_TIER_CONTRAINDICATED },
		{ "enacttrust.good", 0, AR4SI_TIER_AFFIRMING },
		{ "enacttrust.badnode", 0, AR4SI_TIER_CONTRAINDICATED },
		{ "cca.freshness-fail", 0, AR4SI_TIER_CONTRAINDICATED },
		{ NULL },
	};
	struct ear *e = calloc(1, sizeof(*e));

	(void)state;
	assert_non_null(e);
	for (const struct sample *s = files; s->file != NULL; s++) {
		struct seal_diag d = { 0 };
		char file[128], text[8192];
		size_t n = 0;
		uint8_t *p;

		snprintf(
		    file, sizeof(file), "veraison-results/%s.json", s->file);
		p = load(file, &n);
		snprintf(text, sizeof(text),
		    "{\"eat_profile\":\"tag:github.com,2023:veraison/ear\","
		    "\"iat\":1,\"ear.verifier-id\":{\"developer\":\"d\","
		    "\"build\":\"b\"},\"submods\":%.*s}",
		    (int)n, (const char *)p);
		if (ear_read_json(span_str(text), e, &d) != 0 ||
		    ear_worst_status(e) != s->status)
			fail_msg("%s: %s", s->file, d.text);
		free(p);
	}
	free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_samples),
		cmocka_unit_test(trustee),
		cmocka_unit_test(claims),
		cmocka_unit_test(appraisals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
