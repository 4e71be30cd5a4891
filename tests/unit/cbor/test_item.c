/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "cbor/cbor.h"

struct item_case {
	const char *name;
	struct span in;
	bool item, deterministic;
};

static const struct item_case cases[] = {
	{ "integer", HEX(0x18, 0x18), true, true },
	{ "[1, [2, 3], [4, 5]]", HEX(0x83, 1, 0x82, 2, 3, 0x82, 4, 5), true,
	    true },
	{ "{\"a\": 1, \"b\": [2, 3]}",
	    HEX(0xa2, 0x61, 0x61, 1, 0x61, 0x62, 0x82, 2, 3), true, true },
	{ "[\"a\", {\"b\": \"c\"}]",
	    HEX(0x82, 0x61, 0x61, 0xa1, 0x61, 0x62, 0x61, 0x63), true, true },
	{ "tagged", HEX(0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0), true, true },
	{ "tag in tag", HEX(0xd8, 0x18, 0xd8, 0x20, 0x41, 0), true, true },
	{ "simple(16)", HEX(0xf0), true, true },
	{ "simple(255)", HEX(0xf8, 0xff), true, true },
	{ "undefined", HEX(0xf7), true, true },
	{ "empty containers", HEX(0x82, 0x80, 0xa0), true, true },

	{ "half float", HEX(0xf9, 0x3c, 0), true, false },
	{ "single float", HEX(0xfa, 0x47, 0xc3, 0x50, 0), true, false },
	{ "double float",
	    HEX(0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a), true,
	    false },
	{ "float inside", HEX(0x81, 0xf9, 0x3c, 0), true, false },
	{ "keys unsorted", HEX(0xa2, 2, 0, 1, 0), true, false },
	{ "keys twice", HEX(0xa2, 1, 0, 1, 0), true, false },
	{ "inner keys unsorted", HEX(0x81, 0xa2, 2, 0, 1, 0), true, false },
	{ "inner keys twice", HEX(0xa1, 1, 0xa2, 1, 0, 1, 0), true, false },
	{ "unsorted inside a key", HEX(0xa1, 0xa2, 2, 0, 1, 0, 0), true,
	    false },
	{ "third key unsorted", HEX(0xa3, 1, 0, 3, 0, 2, 0), true, false },
	{ "unsorted after a nested value", HEX(0xa2, 2, 0xa1, 9, 0x80, 1, 0),
	    true, false },
	{ "bytewise, not length first", HEX(0xa2, 0x18, 0x18, 0, 0x20, 0), true,
	    true },
	{ "length first", HEX(0xa2, 0x20, 0, 0x18, 0x18, 0), true, false },
	{ "values need no order", HEX(0xa2, 1, 9, 2, 3), true, true },
	{ "map keys in order", HEX(0xa2, 0xa1, 1, 1, 0, 0xa1, 1, 2, 0), true,
	    true },

	{ "nothing", { NULL, 0 }, false, false },
	{ "long head inside", HEX(0x81, 0x18, 1), false, false },
	{ "indefinite array", HEX(0x9f, 1, 0xff), false, false },
	{ "indefinite string inside", HEX(0x81, 0x5f, 0x40, 0xff), false,
	    false },
	{ "break inside", HEX(0x81, 0xff), false, false },
	{ "reserved simple", HEX(0xf8, 0x1f), false, false },
	{ "reserved additional information", HEX(0xfc), false, false },
	{ "invalid UTF-8 inside", HEX(0xa1, 0, 0x61, 0xff), false, false },
	{ "invalid UTF-8 in a key", HEX(0xa1, 0x61, 0xff, 0), false, false },
	{ "array too short", HEX(0x83, 1, 2), false, false },
	{ "inner array eats the outer", HEX(0x82, 0x82, 1), false, false },
	{ "huge inner count",
	    HEX(0x81, 0x9b, 255, 255, 255, 255, 255, 255, 255, 255, 0), false,
	    false },
	{ "2^63 pairs inside", HEX(0x81, 0xbb, 0x80, 0, 0, 0, 0, 0, 0, 0, 0),
	    false, false },
	{ "huge inner string",
	    HEX(0x81, 0x5b, 255, 255, 255, 255, 255, 255, 255, 255, 0), false,
	    false },
	{ "tag of nothing", HEX(0xc1), false, false },
	{ NULL },
};

static void
items(void **state)
{
	(void)state;
	for (const struct item_case *c = cases; c->name != NULL; c++) {
		struct span got = { NULL, 77 };
		struct rd r;

		rd_init(&r, c->in);
		if ((cbor_item(&r, &got) && rd_end(&r)) != c->item)
			fail_msg("%s: item", c->name);
		if (c->item && !span_equal(got, c->in))
			fail_msg("%s: other bytes", c->name);
		if (!c->item && got.n != 77)
			fail_msg("%s: output touched", c->name);
		if (cbor_deterministic(c->in) != c->deterministic)
			fail_msg("%s: deterministic", c->name);
		for (size_t n = 0; n < c->in.n; n++) {
			rd_init(&r, span_of(c->in.p, n));
			if (cbor_item(&r, NULL) ||
			    cbor_deterministic(span_of(c->in.p, n)))
				fail_msg("%s: passes cut at %zu", c->name, n);
		}
	}
}

static void
trailing_bytes(void **state)
{
	static const uint8_t in[] = { 0x81, 0x01, 0x00 };
	struct span got;
	struct rd r;

	(void)state;
	assert_false(cbor_deterministic(span_of(in, sizeof(in))));
	rd_init(&r, span_of(in, sizeof(in)));
	assert_true(cbor_item(&r, &got));
	assert_int_equal(got.n, 2);
	assert_int_equal(rd_left(&r), 1);
}

/* Nested n deep, by repeating these bytes, around a zero. */
static bool
nested(struct span opening, size_t n)
{
	static uint8_t in[2 * 100000 + 1];
	struct rd r;
	struct wr w;

	wr_init(&w, in, sizeof(in));
	for (size_t i = 0; i < n; i++)
		wr_bytes(&w, opening);
	wr_u8(&w, 0);
	rd_init(&r, wr_view(&w));
	return cbor_item(&r, NULL) && rd_end(&r);
}

struct bomb_case {
	const char *name;
	struct span opening;
	size_t levels; /* that one opening adds */
};

static const struct bomb_case bombs[] = {
	{ "array", HEX(0x81), 1 },
	{ "map", HEX(0xa1, 0x00), 1 },
	{ "tag", HEX(0xc1), 1 },
	{ "array in tag", HEX(0xc1, 0x81), 2 },
	{ NULL },
};

static void
depth_bombs(void **state)
{
	(void)state;
	for (const struct bomb_case *c = bombs; c->name != NULL; c++) {
		size_t fits = LIMIT_DEPTH / c->levels;

		if (!nested(c->opening, fits))
			fail_msg("%s: refused at the limit", c->name);
		if (nested(c->opening, fits + 1))
			fail_msg("%s: accepted past it", c->name);
		if (nested(c->opening, 100000))
			fail_msg("%s: bomb accepted", c->name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items),
		cmocka_unit_test(trailing_bytes),
		cmocka_unit_test(depth_bombs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
