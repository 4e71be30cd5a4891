/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "../appraise/svsm_fixture.h"
#include "cbor/cbor.h"
#include "format/svsm.h"
#include "format/tpm_credential.h"

static void
guids(void **state)
{
	static const char *const bad[] = { "",
		"c476f1eb-0123-45a5-9641-b4e7dde5bfe",
		"c476f1eb-0123-45a5-9641-b4e7dde5bfe33",
		"c476f1eb-0123-45a5-9641-b4e7dde5bfeg",
		"c476f1eb00123-45a5-9641-b4e7dde5bfe3",
		"c476f1e-b0123-45a5-9641-b4e7dde5bfe3",
		"{476f1eb-0123-45a5-9641-b4e7dde5bfe}",
		"c476f1eb012345a59641b4e7dde5bfe3    " };
	uint8_t bytes[SVSM_GUID];
	char text[SVSM_GUID_TEXT];

	(void)state;
	assert_true(svsm_guid_read(span_str(SVSM_FIXTURE_VTPM), bytes));
	assert_memory_equal(bytes, svsm_vtpm_guid, sizeof(bytes));
	assert_true(svsm_guid_read(
	    span_str("A4453A59-9E1B-4787-A033-1986D6ADBE55"), bytes));
	assert_memory_equal(bytes, svsm_uefi_guid, sizeof(bytes));
	assert_string_equal(svsm_guid_text(span_of(svsm_uefi_guid, 16), text),
	    SVSM_FIXTURE_UEFI);
	assert_string_equal(
	    svsm_service_name(span_of(svsm_vtpm_guid, 16)), "virtual TPM");
	assert_null(svsm_service_name(span_of(text, 16)));
	memset(bytes, 7, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (svsm_guid_read(span_str(bad[i]), bytes))
			fail_msg("'%s'", bad[i]);
	assert_int_equal(bytes[0], 7);
}

static void
report_data(void **state)
{
	uint8_t asked[64], want[64], got[64];

	(void)state;
	memset(asked, 3, sizeof(asked));
	svsm_data(asked, span_str("manifest"), want);
	assert_int_equal(
	    svsm_report_data(asked, span_str("manifest"), got, NULL), 0);
	assert_memory_equal(got, want, sizeof(got));
}

/* ---- The table ---- */

static size_t
make_table(uint8_t *buf, size_t cap)
{
	struct wr w;

	wr_init(&w, buf, cap);
	svsm_put_services(&w);
	assert_int_equal(w.error, 0);
	return w.n;
}

static void
the_table(void **state)
{
	struct svsm_services s;
	struct tpm_ek ek;
	uint8_t buf[1024];
	size_t n = make_table(buf, sizeof(buf));

	(void)state;
	assert_int_equal(svsm_services_parse(span_of(buf, n), &s, NULL), 0);
	assert_int_equal(s.n, 2);
	assert_memory_equal(s.of[0].guid.p, svsm_vtpm_guid, 16);
	assert_memory_equal(s.of[1].guid.p, svsm_uefi_guid, 16);
	assert_int_equal(s.of[1].manifest.n, 8);
	assert_int_equal(tpm_ek_parse(s.of[0].manifest, &ek, NULL), 0);
}

static void
no_table(void **state)
{
	static const struct {
		const char *name;
		size_t at;
		uint8_t value;
	} rows[] = {
		{ "another GUID at its head", 0, 0 },
		{ "a size one more", 16, 1 },
		{ "a huge size", 19, 1 },
		{ "a huge number of services", 23, 0x80 },
		{ "more services than there are", 20, 9 },
		{ "more services than we take", 20, 1 + SVSM_SERVICES_MAX },
		{ "a service in the head", 24 + 16, 0 },
		{ "in its own entry", 24 + 16, 71 },
		{ "behind the end", 24 + 17, 0x10 },
		{ "far behind the end", 24 + 19, 0xff },
		{ "longer than what is left", 24 + 21, 0x10 },
		{ "far longer", 24 + 23, 0xff },
	};
	struct svsm_services s = { .n = 77 };
	uint8_t buf[1024];
	size_t n = make_table(buf, sizeof(buf));

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_diag d = { 0 };
		uint8_t was = buf[rows[i].at];

		buf[rows[i].at] = rows[i].value;
		assert_int_not_equal(was, rows[i].value);
		if (svsm_services_parse(span_of(buf, n), &s, &d) !=
		    SEAL_E_DECODE)
			fail_msg("%s", rows[i].name);
		buf[rows[i].at] = was;
	}
	memcpy(buf + 48, buf + 24, 16);
	assert_int_equal(svsm_services_parse(span_of(buf, n), &s, NULL),
	    SEAL_E_DECODE); /* one twice */
	n = make_table(buf, sizeof(buf));
	for (size_t i = 0; i <= n + 1; i++)
		if (i != n &&
		    svsm_services_parse(span_of(buf, i), &s, NULL) == 0)
			fail_msg("%zu bytes", i);
	assert_int_equal(s.n, 77);
}

/* As many as may be, and one more. */
static void
how_many(void **state)
{
	struct svsm_part parts[SVSM_SERVICES_MAX + 1];
	uint8_t guids[SVSM_SERVICES_MAX + 1][16] = { { 0 } }, buf[1024];
	struct svsm_services s;
	struct wr w;

	(void)state;
	for (size_t i = 0; i <= SVSM_SERVICES_MAX; i++) {
		guids[i][0] = (uint8_t)i;
		parts[i] = (struct svsm_part){ guids[i], STR("m") };
	}
	for (size_t n = 0; n <= SVSM_SERVICES_MAX + 1; n++) {
		int want = n > SVSM_SERVICES_MAX ? SEAL_E_DECODE : 0;

		wr_init(&w, buf, sizeof(buf));
		svsm_put_table(&w, parts, n);
		assert_int_equal(
		    svsm_services_parse(wr_view(&w), &s, NULL), want);
	}
}

/* ---- Evidence ---- */

static void
put_evidence(struct wr *w, size_t snp, size_t manifest)
{
	static const uint8_t bytes[SVSM_MANIFEST_MAX + 1];

	wr_init_heap(w, 131072);
	svsm_evidence_write(w, span_of(bytes, snp), span_of(bytes, manifest));
	assert_int_equal(w->error, 0);
}

static void
evidence(void **state)
{
	static const struct {
		size_t snp, manifest;
		int want;
	} rows[] = { { 1184, 1, 0 }, { 1, SVSM_MANIFEST_MAX, 0 },
		{ 0, 1, SEAL_E_DECODE }, { 1184, 0, SEAL_E_DECODE },
		{ 1184, SVSM_MANIFEST_MAX + 1, SEAL_E_LIMIT },
		{ 32769, 32768, SEAL_E_DECODE } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct svsm_evidence e = { { NULL, 0 }, { NULL, 0 } };
		struct wr w;
		int r;

		put_evidence(&w, rows[i].snp, rows[i].manifest);
		r = svsm_evidence_parse(wr_view(&w), &e, NULL);
		if (r != rows[i].want)
			fail_msg("row %zu: %d", i, r);
		assert_int_equal(e.snp.n, r == 0 ? rows[i].snp : 0);
		assert_int_equal(e.manifest.n, r == 0 ? rows[i].manifest : 0);
		for (size_t n = 0; r == 0 && n < w.n; n += 1 + n / 8)
			assert_int_equal(
			    svsm_evidence_parse(span_of(w.p, n), &e, NULL),
			    SEAL_E_DECODE);
		wr_free(&w);
	}
}

static void
no_evidence(void **state)
{
	static const struct span rows[] = {
		STR("\xa2\x01\x41s\x02\x41m\x00"),      /* more behind */
		STR("\xa2\x02\x41m\x01\x41s"),          /* another order */
		STR("\xa2\x01\x41s\x03\x41m"),          /* another key */
		STR("\xa3\x01\x41s\x02\x41m\x03\x41x"), /* and one more */
		STR("\xa1\x01\x41s"),
		STR("\xa2\x01\x61s\x02\x41m"), /* text */
		STR("\xbf\x01\x41s\x02\x41m\xff"),
		STR("\xa2\x01\x58\x01s\x02\x41m"), /* a longer head */
		STR("\x82\x41s\x41m"),
	};
	const struct span good = STR("\xa2\x01\x41s\x02\x41m");
	struct svsm_evidence e;

	(void)state;
	assert_int_equal(svsm_evidence_parse(good, &e, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (svsm_evidence_parse(rows[i], &e, NULL) != SEAL_E_DECODE)
			fail_msg("row %zu", i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guids),
		cmocka_unit_test(report_data),
		cmocka_unit_test(the_table),
		cmocka_unit_test(no_table),
		cmocka_unit_test(how_many),
		cmocka_unit_test(evidence),
		cmocka_unit_test(no_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
