/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real attestation documents of Nitro Enclaves, which others made (folder
 * aws-nitro of SEAL_EVIDENCE; its PROVENANCE.md says what to expect). They are
 * not part of this project, so without them this test skips.
 */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/appraise.h"
#include "appraise/verdict_fixture.h"
#include "base/file.h"
#include "format/nitro.h"

#define HOUR 3600

struct row {
	const char *name, *file;
	int64_t now;        /* seconds since 1970 */
	const char *failed; /* the first check that fails; NULL: accepted */
	bool debug;         /* does the policy allow it? */
};

/* A nonce that can be no binder, or none, still binds nothing. */
#define UNBOUND "binder.known"

static const struct row rows[] = {
	{ "Veracruz", "veracruz.cbor", INT64_C(1668034320), NULL },
	{ "Veracruz, an hour later", "veracruz.cbor",
	    INT64_C(1668034320) + HOUR, "age" },
	{ "Veracruz, before", "veracruz.cbor", INT64_C(1668034320) - HOUR,
	    "signer" },
	{ "Veracruz, after its leaf", "veracruz.cbor",
	    INT64_C(1668034320) + 4 * HOUR, "signer" },
	{ "Veracruz, bad signature", "veracruz-bad-sig.cbor",
	    INT64_C(1668034320), "nitro.signature" },
	{ "Blocky, production", "blocky-production.cbor", INT64_C(1725719859),
	    UNBOUND },
	{ "Blocky, debug", "blocky-debug.cbor", INT64_C(1725719886), "debug" },
	{ "Blocky, debug allowed", "blocky-debug.cbor", INT64_C(1725719886),
	    UNBOUND, .debug = true },
	{ "Fortanix, debug", "fortanix.cbor", INT64_C(1631182760), "debug" },
	{ "Fortanix, debug allowed", "fortanix.cbor", INT64_C(1631182760),
	    UNBOUND, .debug = true },
	{ "Fortanix, bad signature", "fortanix-tampered-signature.cbor",
	    INT64_C(1631182760), "nitro.signature", .debug = true },
	{ "Mysten, debug", "mysten-debug.cbor", INT64_C(1731627989), "debug" },
	{ "Mysten, debug allowed", "mysten-debug.cbor", INT64_C(1731627989),
	    UNBOUND, .debug = true },
	{ "Mysten, three hours later", "mysten-debug.cbor",
	    INT64_C(1731627989) + 3 * HOUR, "signer", .debug = true },
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

	snprintf(path, sizeof(path), "%s/aws-nitro/%s", dir, name);
	if (file_read(path, LIMIT_FILE, &p, &n, &d) != 0)
		fail_msg("%s", d.text);
	return span_of(p, n);
}

/* What learning wrote, with AWS's root in place of the pin; or, where nothing
 * can be learned, any image. */
static struct policy *
policy_for(const struct row *row, const char *learned)
{
	struct seal_diag d = { 0 };
	struct policy *p = NULL;
	char text[512], zeros[2 * NITRO_PCR_SIZE + 1], *whole;
	json_t *j, *entry;

	memset(zeros, '0', sizeof(zeros) - 1);
	zeros[sizeof(zeros) - 1] = '\0';
	if (learned != NULL)
		j = json_loads(learned, 0, NULL);
	else
		j = json_pack("{s:i, s:i, s:{s:s}, s:[{s:s, s:{s:{s:s}}}]}",
		    "version", 1, "max_age_s", 60, "identity", "mode", "none",
		    "accept", "scheme", NITRO_TYPE, "pcrs", "sha384", "0",
		    zeros);
	assert_non_null(j);
	entry = json_array_get(json_object_get(j, "accept"), 0);
	snprintf(text, sizeof(text), "%s/aws-nitro/aws-nitro-root-g1.pem", dir);
	json_object_set_new(entry, "signers", json_pack("[{s:s}]", "ca", text));
	json_object_set_new(entry, "debug", json_boolean(row->debug));
	whole = json_dumps(j, 0);
	if (policy_load(span_str(whole), "/", &p, &d) != 0)
		fail_msg("%s: %s", row->name, d.text);
	free(whole);
	json_decref(j);
	return p;
}

static void
judge(const struct row *row, const struct appraisal_in *in, const char *learned)
{
	const char *want = row->failed == NULL ? "" : row->failed;
	struct policy *p = policy_for(row, learned);
	struct seal_verdict *v = verdict_new();
	int r = appraise(p, in, v);

	if ((r == 0) != (row->failed == NULL) ||
	    strcmp(first_failed(v), want) != 0)
		fail_msg("%s: %d, '%s' failed, expected '%s': %s", row->name, r,
		    first_failed(v), want,
		    v->diag == NULL ? "" : v->diag->text);
	seal_verdict_free(&v);
	policy_free(&p);
}

static void
every_sample(void **state)
{
	static const uint8_t none[32];

	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++) {
		struct span bytes = load(row->file);
		struct seal_verdict *v = verdict_new();
		struct seal_binding b;
		struct nitro n;
		struct appraisal_in in = {
			.media_type = span_str(NITRO_TYPE),
			.evidence = bytes,
			.expected = &b,
			.carrier = SEAL_LEVEL_TRAFFIC,
			.now = row->now,
		};
		char *learned = NULL;

		assert_int_equal(nitro_parse(bytes, &n, NULL), 0);
		assert_int_equal(n.n_chain, 5);
		in.binder_known =
		    binding_replay(n.nonce, span_of(NULL, 0), &b, NULL) == 0;
		if (!in.binder_known)
			assert_int_equal(binding_replay(span_of(none, 32),
					     span_of(NULL, 0), &b, NULL),
			    0);
		(void)appraise_observe(&in, NULL, v, &learned, NULL);
		judge(row, &in, learned);
		free(learned);
		seal_verdict_free(&v);
		free((void *)(uintptr_t)bytes.p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_sample) };

	dir = getenv("SEAL_EVIDENCE");
	if (dir == NULL || dir[0] == '\0') {
		puts("SEAL_EVIDENCE is not set: no real samples");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
