/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "cbor/cbor.h"

enum what { UINT, INT, BYTES, TEXT, BOOL, NIL, TAG, ARRAY, MAP, UNIQUE };

/* What a read gave; u also holds counts, booleans and int64_t bits. */
struct value {
	uint64_t u;
	struct span s;
};

static bool
read_as(enum what what, struct rd *r, struct value *v)
{
	int64_t i = (int64_t)v->u;
	size_t n = v->u;
	bool b = v->u != 0, ok = false;

	switch (what) {
	case UINT:
		return cbor_uint(r, &v->u);
	case INT:
		ok = cbor_int(r, &i);
		v->u = (uint64_t)i;
		return ok;
	case BYTES:
		return cbor_bytes(r, &v->s);
	case TEXT:
		return cbor_text(r, &v->s);
	case BOOL:
		if ((ok = cbor_bool(r, &b)))
			v->u = b;
		return ok;
	case NIL:
		return cbor_null(r);
	case TAG:
		return cbor_tag(r, &v->u);
	case ARRAY:
		ok = cbor_array(r, &n);
		break;
	case MAP:
		ok = cbor_map(r, &n);
		break;
	case UNIQUE:
		ok = cbor_map_unique(r, &n);
		break;
	}
	v->u = n;
	return ok;
}

struct good_case {
	const char *name;
	struct span in;
	enum what what;
	uint64_t u;
	struct span s;
};

/* RFC 8949 appendix A, as far as our subset goes. */
static const struct good_case good[] = {
	{ "0", HEX(0x00), UINT, 0 },
	{ "1", HEX(0x01), UINT, 1 },
	{ "10", HEX(0x0a), UINT, 10 },
	{ "23", HEX(0x17), UINT, 23 },
	{ "24", HEX(0x18, 0x18), UINT, 24 },
	{ "25", HEX(0x18, 0x19), UINT, 25 },
	{ "100", HEX(0x18, 0x64), UINT, 100 },
	{ "1000", HEX(0x19, 0x03, 0xe8), UINT, 1000 },
	{ "1000000", HEX(0x1a, 0x00, 0x0f, 0x42, 0x40), UINT, 1000000 },
	{ "1000000000000",
	    HEX(0x1b, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00), UINT,
	    1000000000000 },
	{ "2^64 - 1", HEX(0x1b, 255, 255, 255, 255, 255, 255, 255, 255), UINT,
	    UINT64_MAX },
	{ "int 10", HEX(0x0a), INT, 10 },
	{ "-1", HEX(0x20), INT, (uint64_t)-1 },
	{ "-10", HEX(0x29), INT, (uint64_t)-10 },
	{ "-100", HEX(0x38, 0x63), INT, (uint64_t)-100 },
	{ "-1000", HEX(0x39, 0x03, 0xe7), INT, (uint64_t)-1000 },
	{ "least int64", HEX(0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255),
	    INT, (uint64_t)INT64_MIN },
	{ "greatest int64", HEX(0x1b, 0x7f, 255, 255, 255, 255, 255, 255, 255),
	    INT, INT64_MAX },
	{ "false", HEX(0xf4), BOOL, 0 },
	{ "true", HEX(0xf5), BOOL, 1 },
	{ "null", HEX(0xf6), NIL, 0 },
	{ "h''", HEX(0x40), BYTES, 0, STR("") },
	{ "h'01020304'", HEX(0x44, 1, 2, 3, 4), BYTES, 0, HEX(1, 2, 3, 4) },
	{ "\"\"", HEX(0x60), TEXT, 0, STR("") },
	{ "\"a\"", HEX(0x61, 0x61), TEXT, 0, STR("a") },
	{ "\"IETF\"", HEX(0x64, 0x49, 0x45, 0x54, 0x46), TEXT, 0, STR("IETF") },
	{ "quote and backslash", HEX(0x62, 0x22, 0x5c), TEXT, 0, STR("\"\\") },
	{ "u umlaut", HEX(0x62, 0xc3, 0xbc), TEXT, 0, STR("\xc3\xbc") },
	{ "water", HEX(0x63, 0xe6, 0xb0, 0xb4), TEXT, 0, STR("\xe6\xb0\xb4") },
	{ "two surrogates' worth", HEX(0x64, 0xf0, 0x90, 0x85, 0x91), TEXT, 0,
	    STR("\xf0\x90\x85\x91") },
	{ "tag 0", HEX(0xc0), TAG, 0 },
	{ "tag 1", HEX(0xc1), TAG, 1 },
	{ "tag 23", HEX(0xd7), TAG, 23 },
	{ "tag 24", HEX(0xd8, 0x18), TAG, 24 },
	{ "tag 32", HEX(0xd8, 0x20), TAG, 32 },
	{ "[]", HEX(0x80), ARRAY, 0 },
	{ "{}", HEX(0xa0), MAP, 0 },
	{ "{} unique", HEX(0xa0), UNIQUE, 0 },
	{ NULL },
};

static void
good_values(void **state)
{
	(void)state;
	for (const struct good_case *c = good; c->name != NULL; c++) {
		struct value v = { 77, { NULL, 0 } };
		struct rd r;

		rd_init(&r, c->in);
		if (!read_as(c->what, &r, &v) || !rd_end(&r))
			fail_msg("%s: refused", c->name);
		if (c->what != NIL && c->what != BYTES && c->what != TEXT &&
		    v.u != c->u)
			fail_msg("%s: %llu", c->name, (unsigned long long)v.u);
		if (!span_equal(v.s, c->s))
			fail_msg("%s: other string", c->name);
		/* No prefix of a good item may pass. */
		for (size_t n = 0; n < c->in.n; n++) {
			rd_init(&r, span_of(c->in.p, n));
			if (read_as(c->what, &r, &v))
				fail_msg("%s: passes cut at %zu", c->name, n);
		}
	}
}

struct bad_case {
	const char *name;
	struct span in;
	enum what what;
};

static const struct bad_case bad[] = {
	{ "0 in two bytes", HEX(0x18, 0x00), UINT },
	{ "23 in two bytes", HEX(0x18, 0x17), UINT },
	{ "255 in three bytes", HEX(0x19, 0x00, 0xff), UINT },
	{ "65535 in five bytes", HEX(0x1a, 0x00, 0x00, 0xff, 0xff), UINT },
	{ "2^32 - 1 in nine bytes", HEX(0x1b, 0, 0, 0, 0, 255, 255, 255, 255),
	    UINT },
	{ "-1 in two bytes", HEX(0x38, 0x00), INT },
	{ "string length in two bytes", HEX(0x58, 0x01, 0xaa), BYTES },
	{ "array count in two bytes", HEX(0x98, 0x01, 0x00), ARRAY },
	{ "map count in two bytes", HEX(0xb8, 0x01, 0x00, 0x00), MAP },
	{ "tag 18 in two bytes", HEX(0xd8, 0x12, 0x00), TAG },
	{ "true in two bytes", HEX(0xf8, 0x15), BOOL },
	{ "null in two bytes", HEX(0xf8, 0x16), NIL },

	{ "reserved 28", HEX(0x1c, 0, 0, 0, 0), UINT },
	{ "reserved 29", HEX(0x5d, 0), BYTES },
	{ "reserved 30", HEX(0x9e, 0), ARRAY },
	{ "indefinite uint", HEX(0x1f), UINT },
	{ "indefinite bytes", HEX(0x5f, 0x41, 0xaa, 0xff), BYTES },
	{ "indefinite text", HEX(0x7f, 0x61, 0x61, 0xff), TEXT },
	{ "indefinite array", HEX(0x9f, 0xff), ARRAY },
	{ "indefinite map", HEX(0xbf, 0xff), MAP },
	{ "indefinite unique map", HEX(0xbf, 0xff), UNIQUE },
	{ "break", HEX(0xff), NIL },

	{ "huge byte string", HEX(0x5b, 255, 255, 255, 255, 255, 255, 255, 255),
	    BYTES },
	{ "huge text", HEX(0x7a, 255, 255, 255, 255), TEXT },
	{ "huge array", HEX(0x9b, 255, 255, 255, 255, 255, 255, 255, 255, 0),
	    ARRAY },
	{ "map of 2^63 pairs", HEX(0xbb, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	    MAP },
	{ "array of one item too many", HEX(0x82, 0), ARRAY },
	{ "map with half a pair", HEX(0xa1, 0), MAP },
	{ "map of two with three items", HEX(0xa2, 0, 0, 1), MAP },

	{ "int above int64", HEX(0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0), INT },
	{ "int below int64", HEX(0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0), INT },
	{ "negative as uint", HEX(0x20), UINT },
	{ "text as bytes", HEX(0x61, 0x61), BYTES },
	{ "bytes as text", HEX(0x41, 0x61), TEXT },
	{ "map as array", HEX(0xa0), ARRAY },
	{ "array as map", HEX(0x80), MAP },
	{ "null as bool", HEX(0xf6), BOOL },
	{ "undefined as null", HEX(0xf7), NIL },
	{ "zero as null", HEX(0x00), NIL },
	{ "false as null", HEX(0xf4), NIL },
	{ "half float as bool", HEX(0xf9, 0x00, 0x15), BOOL },
	{ "half float as null", HEX(0xf9, 0x00, 0x16), NIL },
	{ "float as uint", HEX(0xf9, 0x3c, 0x00), UINT },
	{ "float as int", HEX(0xfa, 0x47, 0xc3, 0x50, 0x00), INT },

	{ "text: lone continuation", HEX(0x61, 0x80), TEXT },
	{ "text: overlong", HEX(0x62, 0xc0, 0x80), TEXT },
	{ "text: surrogate", HEX(0x63, 0xed, 0xa0, 0x80), TEXT },
	{ "text: cut sequence", HEX(0x62, 0xe2, 0x82), TEXT },
	{ "text: past U+10FFFF", HEX(0x64, 0xf4, 0x90, 0x80, 0x80), TEXT },
	{ NULL },
};

static void
bad_values(void **state)
{
	(void)state;
	for (const struct bad_case *c = bad; c->name != NULL; c++) {
		struct value v = { 1, { NULL, 77 } };
		uint8_t left;
		struct rd r;

		rd_init(&r, c->in);
		if (read_as(c->what, &r, &v))
			fail_msg("%s: accepted", c->name);
		if (v.u != 1 || v.s.n != 77)
			fail_msg("%s: output touched", c->name);
		if (rd_end(&r) || rd_peek(&r, &left))
			fail_msg("%s: reader lives on", c->name);
	}
}

static const struct bad_case duplicates[] = {
	{ "same integer", HEX(0xa2, 1, 0, 1, 1), UNIQUE },
	{ "first and last of three", HEX(0xa3, 1, 0, 2, 0, 1, 0), UNIQUE },
	{ "same text", HEX(0xa2, 0x61, 0x61, 0, 0x61, 0x61, 0), UNIQUE },
	{ "same array", HEX(0xa2, 0x81, 0x01, 0, 0x81, 0x01, 0), UNIQUE },
	{ "same map", HEX(0xa2, 0xa1, 1, 2, 0, 0xa1, 1, 2, 0), UNIQUE },
	{ "same map in another order",
	    HEX(0xa2, 0xa2, 1, 2, 3, 4, 0, 0xa2, 3, 4, 1, 2, 0), UNIQUE },
	{ "same map in another order inside an array",
	    HEX(0xa2, 0x81, 0xa2, 1, 2, 3, 4, 0, 0x81, 0xa2, 3, 4, 1, 2, 0),
	    UNIQUE },
	{ "1.0 in two widths",
	    HEX(0xa2, 0xf9, 0x3c, 0, 0, 0xfa, 0x3f, 0x80, 0, 0, 0), UNIQUE },
	{ "past a nested value", HEX(0xa2, 1, 0xa1, 2, 0x81, 3, 1, 0), UNIQUE },
	{ "a key in a longer head", HEX(0xa2, 1, 0, 0x18, 1, 0), UNIQUE },
	{ "value missing", HEX(0xa2, 1, 0, 2), UNIQUE },
	{ "value malformed", HEX(0xa1, 1, 0x1c), UNIQUE },
	{ NULL },
};

static void
duplicate_keys(void **state)
{
	(void)state;
	for (const struct bad_case *c = duplicates; c->name != NULL; c++) {
		struct value v = { 1, { NULL, 77 } };
		struct rd r;

		rd_init(&r, c->in);
		if (read_as(c->what, &r, &v) || v.u != 1 || rd_end(&r))
			fail_msg("%s", c->name);
	}
}

static const struct bad_case distinct[] = {
	{ "1 and \"1\"", HEX(0xa2, 1, 0, 0x61, 0x31, 0), UNIQUE },
	{ "1 and -2", HEX(0xa2, 1, 0, 0x21, 0), UNIQUE },
	{ "h'61' and \"a\"", HEX(0xa2, 0x41, 0x61, 0, 0x61, 0x61, 0), UNIQUE },
	{ "outer and inner map", HEX(0xa1, 1, 0xa1, 1, 0), UNIQUE },
	{ "[1] and 1", HEX(0xa2, 0x81, 1, 0, 1, 0), UNIQUE },
	{ "unsorted", HEX(0xa2, 2, 0, 1, 0), UNIQUE },
	{ NULL },
};

static void
distinct_keys(void **state)
{
	(void)state;
	for (const struct bad_case *c = distinct; c->name != NULL; c++) {
		struct rd r, before;
		size_t n = 0;

		rd_init(&r, c->in);
		if (!cbor_map_unique(&r, &n) || n != (c->in.p[0] & 31))
			fail_msg("%s", c->name);
		/* The reader stands at the first key. */
		assert_int_equal(rd_left(&r), c->in.n - 1);
		for (size_t i = 0; i < c->in.n; i++) {
			rd_init(&before, span_of(c->in.p, i));
			if (cbor_map_unique(&before, &n))
				fail_msg("%s: passes cut at %zu", c->name, i);
		}
	}
}

static void
map_limit(void **state)
{
	uint8_t in[2 + 2 * 65] = { 0xb8, 64 };
	struct rd r;
	size_t n = 0;

	(void)state;
	/* 24 small integers, 24 small negative ones, 16 simple values. */
	for (uint8_t i = 0; i < 64; i++)
		in[2 + 2 * i] = (uint8_t)(i < 24   ? i
					  : i < 48 ? 0x20 + i - 24
						   : 0xe0 + i - 48);
	in[2 + 2 * 64] = 0xf4;
	rd_init(&r, span_of(in, 2 + 2 * 64));
	assert_true(cbor_map_unique(&r, &n));
	assert_int_equal(n, 64);
	in[1] = 65;
	rd_init(&r, span_of(in, sizeof(in)));
	assert_false(cbor_map_unique(&r, &n));
	/* The limit is that of the map walked with a look ahead alone. */
	rd_init(&r, span_of(in, sizeof(in)));
	assert_true(cbor_map(&r, &n));
}

static void
peeking(void **state)
{
	static const uint8_t in[] = { 0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0,
		0xe0 };
	struct rd r;

	(void)state;
	for (unsigned i = 0; i < sizeof(in); i++) {
		rd_init(&r, span_of(&in[i], 1));
		assert_int_equal(cbor_peek(&r), i);
	}
	rd_init(&r, span_of(NULL, 0));
	assert_int_equal(cbor_peek(&r), CBOR_NONE);
	rd_init(&r, span_of(in, sizeof(in)));
	rd_fail(&r);
	assert_int_equal(cbor_peek(&r), CBOR_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_values),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(duplicate_keys),
		cmocka_unit_test(distinct_keys),
		cmocka_unit_test(map_limit),
		cmocka_unit_test(peeking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
