/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wr.h"
#include "format/json_pull.h"
#include "format/tcb_info.h"

#define SVN16(n)                                                          \
	"[" n "," n "," n "," n "," n "," n "," n "," n "," n "," n "," n \
	"," n "," n "," n "," n "," n "]"
#define ONE "{\"svn\":3,\"category\":\"BIOS\"}"
#define MODULE                                                               \
	"\"mrsigner\":\"000000000000000000000000000000000000000000000000000" \
	"000000000000000000000000000000000000000000000\",\"attributes\":"    \
	"\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\""
#define REST                                                               \
	"\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"UpToDate\"," \
	"\"advisoryIDs\":[\"INTEL-SA-1\", \"INTEL-SA-2\"]"
#define LEVEL                                    \
	"{\"tcb\":{\"sgxtcbcomponents\":" SVN16( \
	    ONE) ",\"pcesvn\":11,"               \
		 "\"tdxtcbcomponents\":" SVN16(ONE) "}," REST "}"
#define INFO                                                                    \
	"{\"id\":\"TDX\",\"version\":3,\"issueDate\":\"2025-10-19T17:48:50Z\"," \
	"\"nextUpdate\":\"2025-11-18T17:48:50Z\",\"fmspc\":\"00806F050000\","   \
	"\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":17,"      \
	"\"tdxModule\":{" MODULE "},\"tdxModuleIdentities\":[{\"id\":"          \
	"\"TDX_01\"," MODULE ",\"tcbLevels\":[{\"tcb\":{\"isvsvn\":4}," REST    \
	"}]}],\"tcbLevels\":[" LEVEL "]}"
#define IDENTITY                                                               \
	"{\"id\":\"TD_QE\",\"version\":2,\"issueDate\":"                       \
	"\"2025-10-13T10:46:47Z\",\"nextUpdate\":\"2025-11-12T10:46:47Z\","    \
	"\"tcbEvaluationDataNumber\":17,\"miscselect\":\"00000001\","          \
	"\"miscselectMask\":\"FFFFFFFF\",\"attributes\":"                      \
	"\"11000000000000000000000000000000\",\"attributesMask\":"             \
	"\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":\"DC9E2A7C6F948F17" \
	"474E34A7FC43ED030F7C1563F1BABDDF6340C82E0E54A8C5\",\"isvprodid\":2,"  \
	"\"tcbLevels\":[{\"tcb\":{\"isvsvn\":4}," REST "}]}"
#define SIGNATURE                                                              \
	"00000000000000000000000000000000000000000000000000000000000000010000" \
	"000000000000000000000000000000000000000000000000000000000002"

/* What one change to a good document makes of it. */
struct change {
	const char *name, *from, *to;
	int want;
};

/* text with the first from replaced; the caller frees. */
static char *
changed(const char *text, const struct change *c)
{
	char *at = c->from == NULL ? NULL : strstr(text, c->from), *out;

	if (c->from == NULL)
		return strdup(text);
	if (at == NULL)
		fail_msg("%s: nothing to change", c->name);
	if (asprintf(&out, "%.*s%s%s", (int)(at - text), text, c->to,
		at + strlen(c->from)) < 0)
		fail();
	return out;
}

static const struct change infos[] = {
	{ "as it is", NULL, NULL, 0 },
	{ "white space", "{\"id\"", " {\n\t\"id\" ", 0 },
	{ "an unknown member", "\"tcbType\":0", "\"x\":[{\"y\":null}]", 0 },
	{ "without tcbType", "\"tcbType\":0,", "", 0 },
	{ "lower case", "00806F050000", "00806f050000", 0 },
	{ "version 2", "\"version\":3", "\"version\":2", SEAL_E_UNSUPPORTED },
	{ "version as text", "\"version\":3", "\"version\":\"3\"",
	    SEAL_E_DECODE },
	{ "no version", "\"version\":3,", "", SEAL_E_DECODE },
	{ "SGX with a module", "\"TDX\"", "\"SGX\"", SEAL_E_DECODE },
	{ "no id", "\"id\":\"TDX\",", "", SEAL_E_DECODE },
	{ "FMSPC twice", "\"tcbType\":0", "\"fmspc\":\"00806F050000\"",
	    SEAL_E_DECODE },
	{ "short FMSPC", "00806F050000", "00806F0500", SEAL_E_DECODE },
	{ "FMSPC of no hex", "00806F050000", "00806G050000", SEAL_E_DECODE },
	{ "no PCE id", "\"pceId\":\"0000\",", "", SEAL_E_DECODE },
	{ "30 February", "2025-10-19", "2025-02-30", SEAL_E_DECODE },
	{ "hour 24", "T17:48", "T24:48", SEAL_E_DECODE },
	{ "another zone", "17:48:50Z", "17:48:50+01:00", SEAL_E_DECODE },
	{ "no nextUpdate", "\"nextUpdate\":\"2025-11-18T17:48:50Z\",", "",
	    SEAL_E_DECODE },
	{ "15 components", "[" ONE ",", "[", SEAL_E_DECODE },
	{ "17 components", "[" ONE ",", "[" ONE "," ONE ",", SEAL_E_DECODE },
	{ "component over 255", "\"svn\":3", "\"svn\":256", SEAL_E_DECODE },
	{ "component below 0", "\"svn\":3", "\"svn\":-1", SEAL_E_DECODE },
	{ "component of parts", "\"svn\":3", "\"svn\":3.0", SEAL_E_DECODE },
	{ "component with leading zero", "\"svn\":3", "\"svn\":03",
	    SEAL_E_DECODE },
	{ "component without SVN", "\"svn\":3,", "", SEAL_E_DECODE },
	{ "component with two", "\"svn\":3", "\"svn\":3,\"svn\":3",
	    SEAL_E_DECODE },
	{ "no PCE SVN", "\"pcesvn\":11,", "", SEAL_E_DECODE },
	{ "status of its own", "\"tcbStatus\":\"UpToDate\"",
	    "\"tcbStatus\":\"uptodate\"", SEAL_E_DECODE },
	{ "no status", "\"tcbStatus\":\"UpToDate\",", "", SEAL_E_DECODE },
	{ "no date", "\"tcbDate\":\"2024-03-13T00:00:00Z\",", "",
	    SEAL_E_DECODE },
	{ "advisory that is no text", "\"INTEL-SA-1\"", "1", SEAL_E_DECODE },
	{ "empty advisory", "\"INTEL-SA-1\"", "\"\"", SEAL_E_DECODE },
	{ "advisory with an escape", "INTEL-SA-1", "INTEL\\u002dSA-1",
	    SEAL_E_DECODE },
	{ "advisories as text", "[\"INTEL-SA-1\", \"INTEL-SA-2\"]", "\"\"",
	    SEAL_E_DECODE },
	{ "no levels", "[" LEVEL "]", "[]", SEAL_E_DECODE },
	{ "levels before their kind", "\"version\":3",
	    "\"tcbLevels\":[],\"version\":3", SEAL_E_DECODE },
	{ "short mask", "FFFFFFFFFFFFFFFF", "FFFFFFFF", SEAL_E_DECODE },
	{ "comma too many", "\"tcbType\":0,", "\"tcbType\":0,,",
	    SEAL_E_DECODE },
	{ "NUL", "\"tcbType\":0", "\"a\\u0000\":0", SEAL_E_DECODE },
	{ NULL },
};

static const struct change identities[] = {
	{ "as it is", NULL, NULL, 0 },
	{ "version 1", "\"version\":2", "\"version\":1", SEAL_E_UNSUPPORTED },
	{ "no MRSIGNER",
	    "\"mrsigner\":\"DC9E2A7C6F948F17474E34A7FC43ED030F7C1"
	    "563F1BABDDF6340C82E0E54A8C5\",",
	    "", SEAL_E_DECODE },
	{ "no product", "\"isvprodid\":2,", "", SEAL_E_DECODE },
	{ "short attributes", "11000000000000000000000000000000", "11",
	    SEAL_E_DECODE },
	{ "no SVN in a level", "\"isvsvn\":4", "\"svn\":4", SEAL_E_DECODE },
	{ "twice", "\"isvprodid\":2", "\"isvprodid\":2,\"isvprodid\":2",
	    SEAL_E_DECODE },
	{ NULL },
};

static void
tcb_info(void **state)
{
	struct tcb_info *t = calloc(1, sizeof(*t));

	(void)state;
	for (const struct change *c = infos; c->name != NULL; c++) {
		char *text = changed(INFO, c);
		struct span body = span_str(text);
		struct seal_diag d = { 0 };
		int r = tcb_info_parse(body, span_str(SIGNATURE), t, &d);

		if (r != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		for (size_t n = 0; c->want == 0 && n < body.n; n++)
			assert_int_not_equal(tcb_info_parse(span_of(body.p, n),
						 span_str(SIGNATURE), t, NULL),
			    0);
		free(text);
	}
	assert_int_equal(
	    tcb_info_parse(span_str(INFO), span_str(SIGNATURE), t, NULL), 0);
	assert_true(t->tdx && t->has_module && t->n_modules == 1);
	assert_int_equal(t->issued_at, 1760896130);
	assert_int_equal(t->levels[0].sgx[15], 3);
	assert_int_equal(t->levels[0].pce_svn, 11);
	assert_int_equal(t->levels[0].status, TCB_UP_TO_DATE);
	assert_int_equal(t->signature[63], 2);
	assert_int_equal(t->modules[0].levels[0].isv_svn, 4);
	/* The signature: 128 digits. */
	assert_int_equal(tcb_info_parse(span_str(INFO), span_str(""), t, NULL),
	    SEAL_E_DECODE);
	assert_int_equal(
	    tcb_info_parse(span_str(INFO), span_str(SIGNATURE "00"), t, NULL),
	    SEAL_E_DECODE);
	free(t);
}

static void
qe_identity(void **state)
{
	struct qe_identity *q = calloc(1, sizeof(*q));

	(void)state;
	for (const struct change *c = identities; c->name != NULL; c++) {
		char *text = changed(IDENTITY, c);
		struct seal_diag d = { 0 };
		int r = qe_identity_parse(
		    span_str(text), span_str(SIGNATURE), q, &d);

		if (r != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		free(text);
	}
	assert_int_equal(
	    qe_identity_parse(span_str(IDENTITY), span_str(SIGNATURE), q, NULL),
	    0);
	/* An integer there, bytes from the low end in a REPORT. */
	assert_int_equal(q->misc_select[0], 1);
	assert_int_equal(q->misc_select[3], 0);
	free(q);
}

static void
advisories(void **state)
{
	struct tcb_info *t = calloc(1, sizeof(*t));
	struct tcb_level none = { .status = TCB_UP_TO_DATE };
	struct tcb_advisories it;
	struct span id;

	(void)state;
	assert_int_equal(
	    tcb_info_parse(span_str(INFO), span_str(SIGNATURE), t, NULL), 0);
	tcb_advisories_begin(&t->levels[0], &it);
	assert_true(tcb_advisories_next(&it, &id));
	assert_true(span_is(id, "INTEL-SA-1"));
	assert_true(tcb_advisories_next(&it, &id));
	assert_true(span_is(id, "INTEL-SA-2"));
	assert_false(tcb_advisories_next(&it, &id));
	tcb_advisories_begin(&none, &it);
	assert_false(tcb_advisories_next(&it, &id));
	free(t);
}

struct document {
	const char *name, *text;
	int want;
	const char *info, *qe; /* what it holds */
};

static const struct document documents[] = {
	{ "TCB Info", "{\"tcbInfo\": {\"a\" : 1} ,\"signature\":\"00\"}\n", 0,
	    "{\"a\" : 1}" },
	{ "identity", "{\"signature\":\"00\",\"enclaveIdentity\":{}}", 0, NULL,
	    "{}" },
	{ "bundle",
	    "{\"tcb_info\":\"{\\\"a\\\":1}\",\"qe_identity\":\"\\u007b}"
	    "\",\"root_ca_crl\":\"3000\"}",
	    0, "{\"a\":1}", "{}" },
	{ "something else", "{\"vcekCert\":\"\"}", SEAL_E_UNSUPPORTED },
	{ "both kinds", "{\"tcbInfo\":{},\"enclaveIdentity\":{}}",
	    SEAL_E_DECODE },
	{ "both forms", "{\"tcbInfo\":{},\"tcb_info\":\"{}\"}", SEAL_E_DECODE },
	{ "twice", "{\"tcbInfo\":{},\"tcbInfo\":{}}", SEAL_E_DECODE },
	{ "array", "[]", SEAL_E_DECODE },
	{ "two", "{\"tcbInfo\":{}}{}", SEAL_E_DECODE },
	{ "list of no hex", "{\"tcb_info\":\"{}\",\"pck_crl\":\"3\"}",
	    SEAL_E_DECODE },
	{ "bundle of other types", "{\"tcb_info\":{}}", SEAL_E_DECODE },
	{ "half a surrogate", "{\"tcb_info\":\"\\ud800\"}", SEAL_E_DECODE },
	{ "unknown escape", "{\"tcb_info\":\"\\x\"}", SEAL_E_DECODE },
	{ "seventeen deep", "{\"x\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}",
	    SEAL_E_DECODE },
	{ NULL },
};

static void
bundles(void **state)
{
	(void)state;
	for (const struct document *c = documents; c->name != NULL; c++) {
		struct span in = span_str(c->text);
		struct tcb_bundle b = { 0 };
		struct seal_diag d = { 0 };
		int r = tcb_bundle_parse(in, &b, &d);

		if (r != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		if (r == 0 &&
		    (!span_is(b.tcb_info, c->info == NULL ? "" : c->info) ||
			!span_is(b.qe_identity, c->qe == NULL ? "" : c->qe)))
			fail_msg("%s: other content", c->name);
		tcb_bundle_free(&b);
		for (size_t n = 0; c->want == 0 && n + 1 < in.n; n++)
			assert_int_not_equal(
			    tcb_bundle_parse(span_of(in.p, n), &b, NULL), 0);
	}
}

struct value {
	const char *text;
	bool good;
};

static const struct value values[] = {
	{ "0", true },
	{ "-0.5e+7", true },
	{ "[]", true },
	{ "{\"a\":[true,false,null,\"\\n\"]}", true },
	{ "\"\xc3\xa4\"", true },
	{ "", false },
	{ "01", false },
	{ "1.", false },
	{ "-", false },
	{ "1e", false },
	{ "+1", false },
	{ "[1,]", false },
	{ "[1 2]", false },
	{ "{\"a\"}", false },
	{ "{\"a\":1,}", false },
	{ "{1:1}", false },
	{ "tru", false },
	{ "\"\x01\"", false },
	{ "\"\xff\"", false },
	{ "\"\\q\"", false },
	{ "\"a", false },
	{ "[1}", false },
	{ NULL, false },
};

static void
any_value(void **state)
{
	(void)state;
	for (const struct value *v = values; v->text != NULL; v++) {
		struct span got = { 0 };
		struct rd r;

		rd_init(&r, span_str(v->text));
		if ((json_pull_skip(&r, &got) && json_pull_end(&r)) != v->good)
			fail_msg("%s", v->text);
		if (v->good)
			assert_true(span_is(got, v->text));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcb_info),
		cmocka_unit_test(qe_identity),
		cmocka_unit_test(advisories),
		cmocka_unit_test(bundles),
		cmocka_unit_test(any_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
