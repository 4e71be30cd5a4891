/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cbor/cbor.h"
#include "format/cca.h"
#include "format/quote.h"
#include "format/snp.h"
#include "format/tsm_report.h"

#define NO_TYPE ""

/* ---- JSON ---- */

struct row {
	const char *name, *text;
	int want;
	const char *type; /* of the Evidence */
	const char *out;  /* its bytes, in hex */
	const char *media_type;
};

static const struct row json_rows[] = {
	{ "SEV-SNP", "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest\"}", 0,
	    SNP_TYPE, "000102" },
	{ "the kernel's newline",
	    "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest\\n\"}", 0, SNP_TYPE,
	    "000102" },
	{ "a table behind the report",
	    "{\"auxblob\":\"_w\",\"outblob\":\"AAEC\",\"provider\":"
	    "\"sev_guest\"}",
	    0, SNP_TYPE, "000102ff" },
	{ "an empty table",
	    "{\"outblob\":\"AAEC\",\"auxblob\":\"\",\"provider\":"
	    "\"sev_guest\"}",
	    0, SNP_TYPE, "000102" },
	{ "white space",
	    "\n { \"outblob\" : \"AAEC\" ,\n\"provider\" : \"tdx_guest\" } \n",
	    0, QUOTE_TDX_TYPE, "000102" },
	{ "Arm CCA", "{\"provider\":\"arm_cca_guest\",\"outblob\":\"AAEC\"}", 0,
	    CCA_TYPE, "000102" },
	{ "a table where there is none",
	    "{\"auxblob\":\"_w\",\"outblob\":\"AAEC\",\"provider\":"
	    "\"tdx_guest\"}",
	    SEAL_E_DECODE },
	{ "no report", "{\"provider\":\"sev_guest\"}", SEAL_E_DECODE },
	{ "an empty report", "{\"outblob\":\"\",\"provider\":\"sev_guest\"}",
	    SEAL_E_DECODE },
	{ "nothing", "{ }", SEAL_E_UNSUPPORTED },
	{ "no provider", "{\"outblob\":\"AAEC\"}", SEAL_E_UNSUPPORTED },
	{ "an empty provider", "{\"outblob\":\"AAEC\",\"provider\":\"\"}",
	    SEAL_E_UNSUPPORTED },
	{ "an unknown provider", "{\"outblob\":\"AAEC\",\"provider\":\"sev\"}",
	    SEAL_E_UNSUPPORTED },
	{ "a longer provider",
	    "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest2\"}",
	    SEAL_E_UNSUPPORTED },
	{ "two newlines",
	    "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest\\n\\n\"}",
	    SEAL_E_UNSUPPORTED },
	{ "an unknown member",
	    "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest\",\"x\":\"\"}",
	    SEAL_E_DECODE },
	{ "a member twice",
	    "{\"outblob\":\"AAEC\",\"outblob\":\"AAEC\",\"provider\":"
	    "\"sev_guest\"}",
	    SEAL_E_DECODE },
	{ "the provider twice",
	    "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest\",\"provider\":"
	    "\"sev_guest\"}",
	    SEAL_E_DECODE },
	{ "padding", "{\"outblob\":\"AA==\",\"provider\":\"sev_guest\"}",
	    SEAL_E_DECODE },
	{ "other base64", "{\"outblob\":\"AA+/\",\"provider\":\"sev_guest\"}",
	    SEAL_E_DECODE },
	{ "unused bits", "{\"outblob\":\"AB\",\"provider\":\"sev_guest\"}",
	    SEAL_E_DECODE },
	{ "a number", "{\"outblob\":1,\"provider\":\"sev_guest\"}",
	    SEAL_E_DECODE },
	{ "null", "{\"outblob\":null,\"provider\":\"sev_guest\"}",
	    SEAL_E_DECODE },
	{ "a list", "[\"AAEC\",\"sev_guest\"]", SEAL_E_DECODE },
	{ "more behind it",
	    "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest\"}x",
	    SEAL_E_DECODE },
	{ "two of them", "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest\"}{}",
	    SEAL_E_DECODE },
	{ "a type that names it",
	    "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest\"}", 0, SNP_TYPE,
	    "000102", TSM_REPORT_JSON_TYPE "; provider=sev_guest" },
	{ "… in quotes", "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest\"}", 0,
	    SNP_TYPE, "000102",
	    TSM_REPORT_JSON_TYPE ";provider=\"sev_guest\"" },
	{ "a type that names another",
	    "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest\"}", SEAL_E_DECODE,
	    NULL, NULL, TSM_REPORT_JSON_TYPE "; provider=tdx_guest" },
	{ "a type that names none",
	    "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest\"}", SEAL_E_DECODE,
	    NULL, NULL, TSM_REPORT_JSON_TYPE "; provider=" },
	{ "a type that names more",
	    "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest\"}", SEAL_E_DECODE,
	    NULL, NULL, TSM_REPORT_JSON_TYPE "; provider=sev_guest; x=y" },
	{ "a type with something else",
	    "{\"outblob\":\"AAEC\",\"provider\":\"sev_guest\"}", SEAL_E_DECODE,
	    NULL, NULL, TSM_REPORT_JSON_TYPE "; charset=utf-8" },
	{ NULL },
};

static void
expect(const struct row *row, struct span in)
{
	struct span type =
	    span_str(row->media_type == NULL ? NO_TYPE : row->media_type);
	struct tsm_report rep = { 0 };
	struct seal_diag d = { 0 };
	uint8_t buf[64];
	char hex[HEX_FULL];
	struct wr w;
	int r = tsm_report_parse(in, type, &rep, &d);

	if (r != row->want || (r != 0 && d.text[0] == '\0'))
		fail_msg("%s: %d (%s)", row->name, r, d.text);
	if (r != 0) {
		assert_null(rep.kind);
		return;
	}
	wr_init(&w, buf, sizeof(buf));
	tsm_report_evidence(&rep, &w);
	assert_string_equal(rep.kind->media_type, row->type);
	assert_string_equal(hex_full(wr_view(&w), hex), row->out);
	tsm_report_wipe(&rep);
	/* No part of it is enough. */
	for (size_t n = 0; n < in.n && in.p[n] != '\n'; n++)
		if (tsm_report_parse(span_of(in.p, n), type, &rep, NULL) == 0)
			fail_msg("%s: %zu bytes", row->name, n);
}

static void
json(void **state)
{
	(void)state;
	for (const struct row *row = json_rows; row->name != NULL; row++)
		expect(row, span_str(row->text));
}

/* ---- CBOR ---- */

static void
put_text(struct wr *w, const char *key, const char *value)
{
	cbor_put_text(w, span_str(key));
	cbor_put_text(w, span_str(value));
}

static void
put_bytes(struct wr *w, const char *key, struct span value)
{
	cbor_put_text(w, span_str(key));
	cbor_put_bytes(w, value);
}

static void
cbor(void **state)
{
	const struct span report = HEX(0, 1, 2), table = HEX(0xff);
	static const struct {
		struct row row;
		const char *provider; /* NULL: none */
		bool aux, twice, unknown, blob_is_text, trailing;
	} rows[] = {
		{ { "SEV-SNP", NULL, 0, SNP_TYPE, "000102ff" }, "sev_guest\n",
		    .aux = true },
		{ { "without a table", NULL, 0, SNP_TYPE, "000102" },
		    "sev_guest" },
		{ { "TDX", NULL, 0, QUOTE_TDX_TYPE, "000102" }, "tdx_guest" },
		{ { "CCA", NULL, 0, CCA_TYPE, "000102" }, "arm_cca_guest" },
		{ { "a table of TDX", NULL, SEAL_E_DECODE }, "tdx_guest",
		    .aux = true },
		{ { "no provider", NULL, SEAL_E_UNSUPPORTED }, NULL },
		{ { "another provider", NULL, SEAL_E_UNSUPPORTED }, "svsm" },
		{ { "a member twice", NULL, SEAL_E_DECODE }, "sev_guest",
		    .twice = true },
		{ { "an unknown member", NULL, SEAL_E_DECODE }, "sev_guest",
		    .unknown = true },
		{ { "a report as text", NULL, SEAL_E_DECODE }, "sev_guest",
		    .blob_is_text = true },
		{ { "more behind it", NULL, SEAL_E_DECODE }, "sev_guest",
		    .trailing = true },
		{ { "a type of another", NULL, SEAL_E_DECODE, NULL, NULL,
		      TSM_REPORT_TYPE ";provider=tdx_guest" },
		    "sev_guest" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t buf[256];
		struct wr w;

		wr_init(&w, buf, sizeof(buf));
		cbor_put_map(&w, 1 + rows[i].aux + rows[i].twice +
				     rows[i].unknown +
				     (rows[i].provider != NULL));
		if (rows[i].aux)
			put_bytes(&w, "auxblob", table);
		for (int k = 0; k < 1 + rows[i].twice; k++)
			if (rows[i].blob_is_text)
				put_text(&w, "outblob", "abc");
			else
				put_bytes(&w, "outblob", report);
		if (rows[i].provider != NULL)
			put_text(&w, "provider", rows[i].provider);
		if (rows[i].unknown)
			put_text(&w, "generation", "1");
		if (rows[i].trailing)
			cbor_put_null(&w);
		expect(&rows[i].row, wr_view(&w));
	}
}

/* ---- Media types ---- */

static void
types(void **state)
{
	static const struct {
		const char *type, *base;
	} rows[] = {
		{ TSM_REPORT_TYPE, TSM_REPORT_TYPE },
		{ TSM_REPORT_TYPE "; provider=sev_guest", TSM_REPORT_TYPE },
		{ TSM_REPORT_TYPE " ;provider=x", TSM_REPORT_TYPE },
		{ TSM_REPORT_JSON_TYPE "; provider=x", TSM_REPORT_JSON_TYPE },
		{ SNP_TYPE, SNP_TYPE },
		{ SNP_TYPE "; a=b", SNP_TYPE "; a=b" },
		{ TSM_REPORT_TYPE "x; a=b", TSM_REPORT_TYPE "x; a=b" },
		{ "", "" },
		{ ";", ";" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(span_is(
		    tsm_report_base(span_str(rows[i].type)), rows[i].base));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json),
		cmocka_unit_test(cbor),
		cmocka_unit_test(types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
