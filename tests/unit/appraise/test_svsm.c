/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that attests through its SVSM. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cbor/cbor.h"
#include "crypto/hash.h"
#include "format/svsm.h"
#include "snp_fixture.h"
#include "svsm_fixture.h"

#define RSA_SIZE 256 /* bytes of a signature of the test's CAs */
#define M32 "11111111111111111111111111111111"
#define SNP_RULES                                                              \
	"\"tcb\":{\"reported\":{\"boot_loader\":3,\"tee\":0,\"snp\":8,"        \
	"\"microcode\":115}},\"measurements\":{\"measurement\":\"" M32 M32 M32 \
	"\"},\"crl\":false"
#define UEFI_ANY "\"" SVSM_FIXTURE_UEFI "\":\"any\""
#define VTPM_ANY "\"" SVSM_FIXTURE_VTPM "\":\"any\""
#define BOTH_ANY VTPM_ANY "," UEFI_ANY
#define SERVICES(list) ",\"services\":{" list "}"

static uint8_t asked[64]; /* the binder, then zeros */
static uint8_t table[1024], ek[256];
static size_t n_table, n_ek;
static char ek_sha256[65], table_sha256[65];
static struct endorsements *endorse;

static void
sha256_text(struct span in, char ret[65])
{
	uint8_t digest[HASH_MAX];
	struct wr w;

	assert_int_equal(hash_one(HASH_SHA256, in, digest, NULL), 0);
	wr_init(&w, ret, 65);
	wr_hex(&w, span_of(digest, 32));
	wr_u8(&w, 0);
}

static int
set_up(void **state)
{
	const struct snp_given g = { VCEK, true, false, 0 };
	struct wr w;

	(void)state;
	snp_setup(RSA_SIZE);
	endorse = snp_endorse(&g);
	memset(asked, 0xb1, 32);
	wr_init(&w, table, sizeof(table));
	svsm_put_services(&w);
	n_table = w.n;
	wr_init(&w, ek, sizeof(ek));
	svsm_put_ek(&w);
	n_ek = w.n;
	sha256_text(span_of(ek, n_ek), ek_sha256);
	sha256_text(span_of(table, n_table), table_sha256);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	endorse_free(&endorse);
	snp_teardown();
	return 0;
}

static struct policy *
policy_of(const char *type, const char *rules, struct seal_diag *d)
{
	struct policy *p = NULL;
	char text[4096];

	snprintf(text, sizeof(text),
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"%s\",\"signers\":[{\"ca\":\"%s\"}],"
	    "\"debug\":false,%s}]}",
	    type, snp_root_file(), rules);
	(void)policy_load(span_str(text), "/", &p, d);
	return p;
}

static int
judge(const struct policy *p, const char *type, struct span evidence,
    char *ret_failed)
{
	struct seal_verdict *v = verdict_new();
	struct seal_binding b;
	struct appraisal_in in = { .media_type = span_str(type),
		.evidence = evidence,
		.expected = &b,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.binder_known = true,
		.endorse = endorse };
	int r;

	assert_int_equal(
	    binding_replay(span_of(asked, 32), span_of(NULL, 0), &b, NULL), 0);
	r = appraise(p, &in, v);
	ret_failed[0] = '\0';
	for (size_t i = 0; i < v->n_checks && ret_failed[0] == '\0'; i++)
		if (v->checks[i].status == SEAL_CHECK_FAILED)
			snprintf(ret_failed, 64, "%s", v->checks[i].name);
	assert_int_equal(r == 0, v->outcome == SEAL_ACCEPTED);
	seal_verdict_free(&v);
	return r;
}

/* Over these report data, at that level. */
static void
make(struct wr *w, const uint8_t data[64], unsigned vmpl, struct span manifest)
{
	struct snp_change c[9] = { { 0x30, { (uint8_t)vmpl }, 1 } };
	uint8_t rep[SNP_REPORT_SIZE];

	for (size_t i = 0; i < 8; i++) {
		c[i + 1].at = 0x50 + 8 * i;
		c[i + 1].n = 8;
		memcpy(c[i + 1].value, data + 8 * i, 8);
	}
	snp_make_report(rep, 3, c, 9);
	wr_init_heap(w, 131072);
	svsm_evidence_write(w, span_of(rep, sizeof(rep)), manifest);
}

/* ---- Rows ---- */

enum forged {
	AS_IT_IS,
	OTHER_NONCE,   /* the SVSM was asked for another */
	SHORT_NONCE,   /* 32 bytes of it, no zeros behind */
	PLAIN,         /* the report data are what was asked */
	TURNED,        /* hashed the other way round */
	MANIFEST_ONLY, /* hashed without what was asked */
	CHANGED,       /* one byte of the manifest since */
	LONGER,        /* one byte more */
	SHORTER,
};

static void
hash_as(enum forged how, struct span manifest, uint8_t ret[64])
{
	const struct span all[] = { span_of(asked, 64), manifest },
			  turned[] = { manifest, span_of(asked, 64) },
			  less[] = { span_of(asked, 32), manifest };
	uint8_t other[64];
	const struct span another[] = { span_of(other, 64), manifest };
	const struct span *parts = how == TURNED          ? turned
				   : how == SHORT_NONCE   ? less
				   : how == OTHER_NONCE   ? another
				   : how == MANIFEST_ONLY ? &all[1]
							  : all;

	memcpy(other, asked, 64);
	other[31] ^= 1;
	if (how == PLAIN)
		memcpy(ret, asked, 64);
	else
		assert_int_equal(hash_parts(HASH_SHA512, parts,
				     how == MANIFEST_ONLY ? 1 : 2, ret, NULL),
		    0);
}

static void
make_as(struct wr *w, enum forged how, unsigned vmpl, struct span manifest)
{
	uint8_t data[64], bytes[2048] = { 0 };
	size_t n = manifest.n;

	hash_as(how, manifest, data);
	memcpy(bytes, manifest.p, n);
	if (how == CHANGED)
		bytes[n - 1] ^= 1;
	n += how == LONGER ? 1 : 0;
	n -= how == SHORTER ? 1 : 0;
	make(w, data, vmpl, span_of(bytes, n));
}

static const struct row {
	const char *name;
	enum forged how;
	const char *rules;
	const char *failed; /* NULL: accepted */
	bool single;        /* the manifest of the virtual TPM alone */
	unsigned vmpl;
} rows[] = {
	{ "the table, whatever is in it", AS_IT_IS, SERVICES(BOTH_ANY) },
	{ "the table, this key", AS_IT_IS,
	    SERVICES("\"" SVSM_FIXTURE_VTPM "\":\"$EK\"," UEFI_ANY) },
	{ "the table by its digest", AS_IT_IS, ",\"manifest\":\"$TABLE\"" },
	{ "one service by its digest", AS_IT_IS, ",\"manifest\":\"$EK\"", NULL,
	    true },
	{ "another key", AS_IT_IS,
	    SERVICES("\"" SVSM_FIXTURE_VTPM "\":\"$TABLE\"," UEFI_ANY),
	    "svsm.manifest" },
	{ "a service that no rule names", AS_IT_IS, SERVICES(VTPM_ANY),
	    "svsm.services" },
	{ "a service that is not there", AS_IT_IS,
	    SERVICES(
		BOTH_ANY ","
			 "\"00000000-0000-0000-0000-000000000001\":\"any\""),
	    "svsm.services" },
	{ "another service than the one named", AS_IT_IS,
	    SERVICES(
		VTPM_ANY ","
			 "\"00000000-0000-0000-0000-000000000001\":\"any\""),
	    "svsm.services" },
	{ "one service in place of all", AS_IT_IS, SERVICES(BOTH_ANY),
	    "svsm.services", true },
	{ "the same by itself", AS_IT_IS, SERVICES(VTPM_ANY), "svsm.services",
	    true },
	{ "another table", AS_IT_IS, ",\"manifest\":\"$EK\"", "svsm.manifest" },
	{ "another service", AS_IT_IS, ",\"manifest\":\"$TABLE\"",
	    "svsm.manifest", true },
	{ "another nonce", OTHER_NONCE, ",\"manifest\":\"$TABLE\"", "binder" },
	{ "a nonce without zeros", SHORT_NONCE, ",\"manifest\":\"$TABLE\"",
	    "binder" },
	{ "a plain report in its place", PLAIN, ",\"manifest\":\"$TABLE\"",
	    "binder" },
	{ "hashed the other way round", TURNED, ",\"manifest\":\"$TABLE\"",
	    "binder" },
	{ "the manifest alone", MANIFEST_ONLY, ",\"manifest\":\"$TABLE\"",
	    "binder" },
	{ "a changed manifest", CHANGED, SERVICES(BOTH_ANY), "binder" },
	{ "a longer one", LONGER, SERVICES(BOTH_ANY), "binder" },
	{ "a shorter one", SHORTER, SERVICES(BOTH_ANY), "binder" },
	{ "of the guest's own level", AS_IT_IS, ",\"manifest\":\"$TABLE\"",
	    "svsm.vmpl", false, 1 },
	{ "of the least level", AS_IT_IS, ",\"manifest\":\"$TABLE\"",
	    "svsm.vmpl", false, 3 },
};

/* $EK and $TABLE become digests. */
static void
rules_of(const char *rules, char *ret, size_t cap)
{
	static const struct {
		const char *word, *value;
	} words[] = { { "$EK", ek_sha256 }, { "$TABLE", table_sha256 } };
	struct wr w;

	wr_init(&w, ret, cap - 1);
	wr_printf(&w, "%s", SNP_RULES);
	while (*rules != '\0') {
		size_t n = 0;

		for (size_t i = 0; i < 2 && n == 0; i++)
			if (strncmp(rules, words[i].word,
				strlen(words[i].word)) == 0) {
				n = strlen(words[i].word);
				wr_printf(&w, "%s", words[i].value);
			}
		if (n == 0)
			wr_u8(&w, (uint8_t)*rules);
		rules += n == 0 ? 1 : n;
	}
	assert_int_equal(w.error, 0);
	ret[w.n] = '\0';
}

static struct policy *
policy_with(const char *rules)
{
	struct seal_diag d = { 0 };
	struct policy *p;
	char text[2048];

	rules_of(rules, text, sizeof(text));
	if ((p = policy_of(SVSM_TYPE, text, &d)) == NULL)
		fail_msg("%s: %s", rules, d.text);
	return p;
}

static void
every_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct policy *p = policy_with(row->rules);
		char failed[64];
		struct wr w;
		int r;

		make_as(&w, row->how, row->vmpl,
		    row->single ? span_of(ek, n_ek) : span_of(table, n_table));
		r = judge(p, SVSM_TYPE, wr_view(&w), failed);
		if (strcmp(failed, row->failed == NULL ? "" : row->failed) !=
			0 ||
		    (r == 0) != (row->failed == NULL))
			fail_msg("%s: %d, '%s' failed", row->name, r, failed);
		wr_free(&w);
		policy_free(&p);
	}
}

/* Of report, manifest and what holds them, no byte may change. */
static void
every_byte(void **state)
{
	struct policy *p = policy_with(SERVICES(BOTH_ANY));
	char failed[64];
	struct wr w;

	(void)state;
	make_as(&w, AS_IT_IS, 0, span_of(table, n_table));
	assert_int_equal(judge(p, SVSM_TYPE, wr_view(&w), failed), 0);
	for (size_t i = 0; i < w.n; i++) {
		w.p[i] ^= 1;
		if (judge(p, SVSM_TYPE, wr_view(&w), failed) == 0)
			fail_msg("byte %zu", i);
		w.p[i] ^= 1;
	}
	for (size_t n = 0; n < w.n; n += 13)
		if (judge(p, SVSM_TYPE, span_of(w.p, n), failed) == 0)
			fail_msg("%zu bytes", n);
	wr_free(&w);
	policy_free(&p);
}

/* One is never taken for the other, whoever says so. */
static void
neither_as_the_other(void **state)
{
	struct policy *svsm = policy_with(",\"manifest\":\"$TABLE\""), *plain;
	uint8_t rep[SNP_REPORT_SIZE], data[64];
	const struct span report = span_of(rep, sizeof(rep));
	char failed[64];
	struct wr w;

	(void)state;
	plain = policy_of(SNP_TYPE, SNP_RULES, NULL);
	assert_non_null(plain);
	make_as(&w, AS_IT_IS, 0, span_of(table, n_table));
	(void)judge(plain, SVSM_TYPE, wr_view(&w), failed);
	assert_string_equal(failed, "scheme");
	(void)judge(plain, SNP_TYPE, wr_view(&w), failed);
	assert_string_equal(failed, "snp.form");
	wr_free(&w);

	/* What the SVSM signed, without its manifest. */
	svsm_data(asked, span_of(table, n_table), data);
	snp_make_report_over(rep, span_of(data, sizeof(data)));
	(void)judge(plain, SNP_TYPE, report, failed);
	assert_string_equal(failed, "binder");
	(void)judge(svsm, SVSM_TYPE, report, failed);
	assert_string_equal(failed, "svsm.form");
	(void)judge(svsm, SNP_TYPE, report, failed);
	assert_string_equal(failed, "scheme");

	wr_init_heap(&w, 4096);
	svsm_evidence_write(&w, report, span_of(NULL, 0));
	(void)judge(svsm, SVSM_TYPE, wr_view(&w), failed);
	assert_string_equal(failed, "svsm.form");
	wr_free(&w);
	policy_free(&svsm);
	policy_free(&plain);
}

/* ---- Rules ---- */

static void
rules_that_are_none(void **state)
{
	static const char *const bad[] = {
		"",
		",\"manifest\":\"\"",
		",\"manifest\":\"any\"",
		",\"manifest\":\"" M32 "\"",
		",\"manifest\":\"" M32 M32 "11\"",
		",\"manifest\":null",
		",\"services\":{}",
		",\"services\":[]",
		",\"services\":\"any\"",
		SERVICES("\"virtual TPM\":\"any\""),
		SERVICES("\"" SVSM_FIXTURE_VTPM "\":\"\""),
		SERVICES("\"" SVSM_FIXTURE_VTPM "\":\"all\""),
		SERVICES("\"" SVSM_FIXTURE_VTPM "\":true"),
		SERVICES("\"" SVSM_FIXTURE_VTPM "\":\"" M32 "\""),
		SERVICES(VTPM_ANY
		    ","
		    "\"C476F1EB-0123-45A5-9641-B4E7DDE5BFE3\":\"any\""),
		SERVICES(VTPM_ANY) ",\"manifest\":\"" M32 M32 "\"",
		",\"vmpl\":1,\"manifest\":\"" M32 M32 "\"",
		",\"vmpl\":0,\"manifest\":\"" M32 M32 "\"",
	};
	char text[2048];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct seal_diag d = { 0 };
		struct policy *p;

		rules_of(bad[i], text, sizeof(text));
		p = policy_of(SVSM_TYPE, text, &d);
		if (p != NULL || d.code != SEAL_E_CONFIG)
			fail_msg("%s: %s", bad[i], d.text);
	}
	wr_init(&w, text, sizeof(text));
	wr_printf(&w, "%s,\"services\":{", SNP_RULES);
	for (size_t i = 0; i <= SVSM_SERVICES_MAX; i++)
		wr_printf(&w,
		    "%s\"00000000-0000-0000-0000-0000000000%02zx\":\"any\"",
		    i == 0 ? "" : ",", i);
	wr_printf(&w, "}%c", '\0');
	assert_int_equal(w.error, 0);
	assert_null(policy_of(SVSM_TYPE, text, NULL)); /* one too many */
	/* Nor are they rules of a plain report. */
	assert_null(policy_of(
	    SNP_TYPE, SNP_RULES ",\"manifest\":\"" M32 M32 "\"", NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(neither_as_the_other),
		cmocka_unit_test(rules_that_are_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
