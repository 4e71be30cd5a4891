/* SPDX-License-Identifier: Apache-2.0 */
/* What Intel's tool fetches for a cache, piece by piece. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/wr.h"
#include "format/platform_json.h"

#define WHOLE(members) "{\"platforms\":[],\"collaterals\":{" members "}}"

static const struct row {
	const char *name, *json;
	int want;
	const char *pieces; /* each behind '|' */
} rows[] = {
	{ "nothing in it", WHOLE(""), 0, "" },
	{ "as the tool writes it",
	    "{\"platforms\": [{\"qe_id\": \"00\"}], \"collaterals\": "
	    "{\"version\": 4, \"pck_certs\": [{\"qe_id\": \"00\", \"certs\": "
	    "[{\"tcbm\": \"01\", \"cert\": \"A%0A\"}, {\"cert\": \"Not "
	    "available\"}]}], \"tcbinfos\": [{\"fmspc\": \"00\", "
	    "\"sgx_tcbinfo\": {\"tcbInfo\": {\"id\": \"S G\\\"X\", \"a\": [1, "
	    "2]}, \"signature\": \"00\"}, \"tdx_tcbinfo\": {\"b\": true}}], "
	    "\"pckcacrl\": {\"processorCrl\": \"4142\", \"platformCrl\": "
	    "\"43\"}, \"qeidentity\": \"{\\\"c\\\": 1}\", \"tdqeidentity\": "
	    "\"{}\", \"qveidentity\": \"{\\\"q\\\":1}\", \"certificates\": "
	    "{\"SGX-PCK-Certificate-Issuer-Chain\": {\"PLATFORM\": \"D%2B\"}, "
	    "\"TCB-Info-Issuer-Chain\": \"E\"}, \"rootcacrl_cdp\": \"x\", "
	    "\"rootcacrl\": \"44\"}}\n",
	    0,
	    "|A\n\n|{\"tcbInfo\":{\"id\":\"S G\\\"X\",\"a\":[1,2]},"
	    "\"signature\":\"00\"}|{\"b\":true}|AB|C|{\"c\": 1}|{}|D+|E|D" },
	{ "the older names", WHOLE("\"tcbinfos\":[{\"tcbinfo\":{\"a\":1}}]"), 0,
	    "|{\"a\":1}" },
	{ "an early update", WHOLE("\"tcbinfos\":[{\"sgx_tcbinfo_early\":{}}]"),
	    0, "" },
	{ "a document as it is", WHOLE("\"qeidentity\":{\"a\": \"\\\\\"}"), 0,
	    "|{\"a\":\"\\\\\"}" },
	{ "lists as PEM", WHOLE("\"rootcacrl\":\"-----B\\nx\""), 0,
	    "|-----B\nx" },
	{ "nothing where something may be",
	    WHOLE("\"qeidentity\":\"\",\"rootcacrl\":\"\",\"certificates\":{"
		  "\"a\":\"\",\"b\":{}},\"pck_certs\":[{\"certs\":[ ]}]"),
	    0, "" },
	{ "others beside", WHOLE("\"x\":[{}],\"version\":4"), 0, "" },
	{ "no collaterals", "{\"platforms\":[]}", SEAL_E_UNSUPPORTED },
	{ "inside of something else", "{\"x\":{\"collaterals\":{}}}",
	    SEAL_E_UNSUPPORTED },
	{ "a list", "[{\"collaterals\":{}}]", SEAL_E_UNSUPPORTED },
	{ "nothing", "", SEAL_E_UNSUPPORTED },
	{ "twice", "{\"collaterals\":{},\"collaterals\":{}}", SEAL_E_DECODE },
	{ "no object", "{\"collaterals\":[]}", SEAL_E_DECODE },
	{ "a member twice", WHOLE("\"rootcacrl\":\"\",\"rootcacrl\":\"\""),
	    SEAL_E_DECODE },
	{ "a document twice",
	    WHOLE("\"tcbinfos\":[{\"tcbinfo\":{},\"tcbinfo\":{}}]"),
	    SEAL_E_DECODE },
	{ "certs twice", WHOLE("\"pck_certs\":[{\"certs\":[],\"certs\":[]}]"),
	    SEAL_E_DECODE },
	{ "a good piece before a bad one",
	    WHOLE("\"rootcacrl\":\"41\",\"pckcacrl\":{\"a\":\"4\"}"),
	    SEAL_E_DECODE },
	{ "no hex", WHOLE("\"rootcacrl\":\"4x\""), SEAL_E_DECODE },
	{ "a bad escape", WHOLE("\"certificates\":{\"a\":\"%4\"}"),
	    SEAL_E_DECODE },
	{ "a number for a document", WHOLE("\"qeidentity\":1"), SEAL_E_DECODE },
	{ "a list for a document", WHOLE("\"qeidentity\":[]"), SEAL_E_DECODE },
	{ "null for a list", WHOLE("\"rootcacrl\":null"), SEAL_E_DECODE },
	{ "certificates deeper", WHOLE("\"certificates\":{\"a\":{\"b\":{}}}"),
	    SEAL_E_DECODE },
	{ "certificates that are none", WHOLE("\"certificates\":\"A\""),
	    SEAL_E_DECODE },
	{ "pckcacrl that is text", WHOLE("\"pckcacrl\":\"41\""),
	    SEAL_E_DECODE },
	{ "certs of something else",
	    WHOLE("\"pck_certs\":[{\"certs\":[{\"x\":\"A\"}]}]"),
	    SEAL_E_DECODE },
	{ "certs that are an object", WHOLE("\"pck_certs\":[{\"certs\":{}}]"),
	    SEAL_E_DECODE },
	{ "infos that are an object", WHOLE("\"tcbinfos\":{}"), SEAL_E_DECODE },
	{ "trailing", WHOLE("\"rootcacrl\":\"41\"") "}", SEAL_E_DECODE },
	{ "cut", "{\"collaterals\":{\"rootcacrl\":\"41\"}", SEAL_E_DECODE },
};

static int
take(void *ctx, struct span piece, struct seal_diag *d)
{
	(void)d;
	assert_true(piece.n > 0);
	wr_u8(ctx, '|');
	wr_bytes(ctx, piece);
	return 0;
}

static int
refuse(void *ctx, struct span piece, struct seal_diag *d)
{
	(void)piece;
	return ++*(int *)ctx == 2 ? seal_fail(d, SEAL_E_LIMIT, "enough") : 0;
}

static void
table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in = span_str(rows[i].json);
		struct seal_diag d = { 0 };
		struct wr w;
		int r;

		wr_init_heap(&w, LIMIT_FILE);
		r = platform_json_read(in, take, &w, &d);
		if (r != rows[i].want || (r != 0) != (d.code != 0) ||
		    !span_is(wr_view(&w),
			rows[i].pieces == NULL ? "" : rows[i].pieces))
			fail_msg("%s: %d (%s), '%.*s'", rows[i].name, r, d.text,
			    (int)w.n, (const char *)w.p);
		/* No prefix is whole, and of none is anything taken. */
		w.n = 0;
		for (size_t n = 0; r == 0 && n + 2 < in.n; n++)
			if (platform_json_read(
				span_of(in.p, n), take, &w, NULL) == 0 ||
			    w.n > 0)
				fail_msg("%s: %zu bytes", rows[i].name, n);
		wr_free(&w);
	}
}

static void
what_take_says(void **state)
{
	struct seal_diag d = { 0 };
	int n = 0;

	(void)state;
	assert_int_equal(
	    platform_json_read(span_str(rows[1].json), refuse, &n, &d),
	    SEAL_E_LIMIT);
	assert_int_equal(n, 2);
	assert_string_equal(d.text, "enough");
}

static void
too_large(void **state)
{
	uint8_t *big = calloc(1, LIMIT_FILE + 1);

	(void)state;
	assert_non_null(big);
	memset(big, ' ', LIMIT_FILE + 1);
	assert_int_equal(
	    platform_json_read(span_of(big, LIMIT_FILE + 1), take, NULL, NULL),
	    SEAL_E_LIMIT);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(what_take_says),
		cmocka_unit_test(too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
