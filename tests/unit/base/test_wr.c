/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>

#include "base/text.h"
#include "base/wr.h"

static void
vector_lengths(void **state)
{
	static const uint8_t want[] = { 0, 0, 4, 1, 7, 0, 9 };
	struct span got;
	size_t outer;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 64);
	outer = wr_vec_begin(&w, 3);
	wr_vec(&w, 1, span_of("\7", 1));
	wr_u16(&w, 9);
	wr_vec_end(&w, outer, 3);
	assert_int_equal(wr_finish(&w, &got), 0);
	assert_int_equal(got.n, sizeof(want));
	assert_memory_equal(got.p, want, sizeof(want));
	wr_free(&w);
}

static void
limit_sticks(void **state)
{
	uint8_t buf[3];
	struct span got = { NULL, 77 };
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	wr_u16(&w, 1);
	wr_u16(&w, 2);
	wr_u8(&w, 3);
	assert_int_equal(wr_finish(&w, &got), SEAL_E_LIMIT);
	assert_int_equal(got.n, 77);
	assert_int_equal(wr_view(&w).n, 0);
}

static void
vector_too_long(void **state)
{
	static const uint8_t long_body[256];
	struct span got;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 1024);
	wr_vec(&w, 1, span_of(long_body, sizeof(long_body)));
	assert_int_equal(wr_finish(&w, &got), SEAL_E_LIMIT);
	wr_free(&w);
}

struct text_case {
	const char *name;
	struct span in;
	bool (*decode)(struct span, struct wr *);
	bool want;
};

static const struct text_case text_cases[] = {
	{ "hex", STR("00fFa9"), hex_decode, true },
	{ "hex odd", STR("00f"), hex_decode, false },
	{ "hex space", STR("00 f"), hex_decode, false },
	{ "b64url", STR("-_8"), b64url_decode, true },
	{ "b64url padded", STR("-_8="), b64url_decode, false },
	{ "b64url plain alphabet", STR("+/8"), b64url_decode, false },
	{ "b64url spare bits set", STR("-_9"), b64url_decode, false },
	{ "b64url lone character", STR("AAAAA"), b64url_decode, false },
	{ "b64url NUL", STR("AA\0A"), b64url_decode, false },
	{ NULL },
};

static void
text_decoders(void **state)
{
	uint8_t buf[16];
	struct wr w;

	(void)state;
	for (const struct text_case *c = text_cases; c->name != NULL; c++) {
		wr_init(&w, buf, sizeof(buf));
		if (c->decode(c->in, &w) != c->want)
			fail_msg("%s", c->name);
	}
}

static void
media_types(void **state)
{
	(void)state;
	assert_true(media_type_equal(
	    span_str("Application/X; a=B"), span_str("application/x; a=B")));
	assert_false(media_type_equal(
	    span_str("application/x; a=B"), span_str("application/x; a=b")));
	assert_false(media_type_equal(span_str(""), span_str("")));
}

static void
utf8(void **state)
{
	(void)state;
	assert_true(utf8_valid(span_str("a\xc3\xa4\xe2\x82\xac")));
	assert_false(utf8_valid(span_str("\xc0\x80")));     /* overlong */
	assert_false(utf8_valid(span_str("\xed\xa0\x80"))); /* surrogate */
	assert_false(utf8_valid(span_str("\xe2\x82")));     /* cut */
	assert_false(utf8_valid(span_str("\xf4\x90\x80\x80")));
}

static void
drops(void **state)
{
	uint8_t buf[4];
	struct wr w;

	(void)state;
	for (int heap = 0; heap < 2; heap++) {
		if (heap)
			wr_init_heap(&w, sizeof(buf));
		else
			wr_init(&w, buf, sizeof(buf));
		wr_drop(&w, 1);
		wr_bytes(&w, span_str("abcd"));
		wr_drop(&w, 0);
		assert_true(span_is(wr_view(&w), "abcd"));
		wr_drop(&w, 3);
		assert_true(span_is(wr_view(&w), "d"));
		wr_bytes(&w, span_str("efg"));
		assert_true(span_is(wr_view(&w), "defg"));
		wr_drop(&w, 5);
		assert_int_equal(w.n, 0);
		wr_bytes(&w, span_str("hijk"));
		assert_true(span_is(wr_view(&w), "hijk"));
		/* A failure stays one. */
		wr_u8(&w, 'l');
		assert_true(w.error != 0);
		wr_drop(&w, 4);
		assert_true(w.error != 0);
		wr_free(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vector_lengths),
		cmocka_unit_test(limit_sticks),
		cmocka_unit_test(vector_too_long),
		cmocka_unit_test(text_decoders),
		cmocka_unit_test(media_types),
		cmocka_unit_test(utf8),
		cmocka_unit_test(drops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
