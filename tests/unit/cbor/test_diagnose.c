/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "cbor/cbor.h"

struct text_case {
	const char *name;
	struct span in;
	const char *want; /* NULL: refused */
};

static const struct text_case cases[] = {
	{ "integer", HEX(0x18, 0x64), "100" },
	{ "-1", HEX(0x20), "-1" },
	{ "-2^64", HEX(0x3b, 255, 255, 255, 255, 255, 255, 255, 255),
	    "-18446744073709551616" },
	{ "bytes", HEX(0x42, 0xab, 0x01), "h'ab01'" },
	{ "text", HEX(0x63, 0x61, 0x22, 0x5c), "\"a\\\"\\\\\"" },
	{ "terminal escape", HEX(0x62, 0x1b, 0x5b), "\"\\u001b[\"" },
	{ "umlaut", HEX(0x62, 0xc3, 0xbc), "\"\\u00fc\"" },
	{ "outside the basic plane", HEX(0x64, 0xf0, 0x90, 0x85, 0x91),
	    "\"\\ud800\\udd51\"" },
	{ "simple", HEX(0x84, 0xf4, 0xf5, 0xf6, 0xf7),
	    "[\n  false,\n  true,\n  null,\n  undefined\n]" },
	{ "simple(255)", HEX(0xf8, 0xff), "simple(255)" },
	{ "half float", HEX(0xf9, 0x3c, 0x00), "float'3c00'" },
	{ "double float", HEX(0xfb, 0, 0, 0, 0, 0, 0, 0, 1),
	    "float'0000000000000001'" },
	{ "empty containers", HEX(0x82, 0x80, 0xa0), "[\n  [],\n  {}\n]" },
	{ "map", HEX(0xa2, 1, 0x20, 0x61, 0x62, 0xa1, 3, 4),
	    "{\n  1: -1,\n  \"b\": {\n    3: 4\n  }\n}" },
	{ "tags", HEX(0xd2, 0xc1, 0x81, 0x00), "18(1([\n      0\n    ]))" },
	{ "empty array in tag", HEX(0x82, 0xc1, 0x80, 1),
	    "[\n  1([]),\n  1\n]" },
	{ "trailing byte", HEX(0x00, 0x00), NULL },
	{ "cut", HEX(0x81), NULL },
	{ "nothing", { NULL, 0 }, NULL },
	{ NULL },
};

static void
notation(void **state)
{
	struct wr w;

	(void)state;
	for (const struct text_case *c = cases; c->name != NULL; c++) {
		int want = c->want != NULL ? 0 : SEAL_E_DECODE;

		wr_init_heap(&w, 4096);
		if (cbor_diagnose(c->in, &w, 0) != want)
			fail_msg("%s", c->name);
		if (!span_is(wr_view(&w), c->want != NULL ? c->want : ""))
			fail_msg(
			    "%s: %.*s", c->name, (int)w.n, (const char *)w.p);
		wr_free(&w);
	}
}

static void
shortened(void **state)
{
	uint8_t in[2 + 200] = { 0x58, 200 };
	struct wr w;

	(void)state;
	wr_init_heap(&w, 4096);
	assert_int_equal(cbor_diagnose(span_of(in, sizeof(in)), &w, 0), 0);
	assert_true(w.n < 100);
	wr_free(&w);
	in[0] = 0x78;
	for (size_t i = 2; i < sizeof(in); i++)
		in[i] = 'x';
	assert_int_equal(cbor_diagnose(span_of(in, sizeof(in)), &w, 0), 0);
	assert_true(w.n < 160);
	wr_free(&w);
}

static void
indented(void **state)
{
	static const uint8_t in[] = { 0x81, 0x01 };
	struct wr w;

	(void)state;
	wr_init_heap(&w, 64);
	assert_int_equal(cbor_diagnose(span_of(in, sizeof(in)), &w, 1), 0);
	assert_true(span_is(wr_view(&w), "[\n    1\n  ]"));
	wr_free(&w);
}

/* {1: [2, h'03'], "a": {}} */
static void
one_line(void **state)
{
	const struct span in = HEX(0xa2, 1, 0x82, 2, 0x41, 3, 0x61, 'a', 0xa0);
	char text[64] = "";
	struct wr w;

	(void)state;
	wr_init(&w, text, sizeof(text) - 1);
	assert_int_equal(cbor_diagnose_line(in, &w), 0);
	assert_string_equal(text, "{1: [2, h'03'], \"a\": {}}");
	assert_int_equal(
	    cbor_diagnose_line(span_of(in.p, in.n - 1), &w), SEAL_E_DECODE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line),
		cmocka_unit_test(notation),
		cmocka_unit_test(shortened),
		cmocka_unit_test(indented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
