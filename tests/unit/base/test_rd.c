/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/rd.h"

struct vec_case {
	const char *name;
	struct span in;
	bool (*read)(struct rd *, struct span *);
	bool want;
};

static const struct vec_case vec_cases[] = {
	{ "vec8", HEX(2, 1, 1), rd_vec8, true },
	{ "vec8 empty", HEX(0), rd_vec8, true },
	{ "vec8 no length", STR(""), rd_vec8, false },
	{ "vec8 one short", HEX(2, 1), rd_vec8, false },
	{ "vec16", HEX(0, 1, 9), rd_vec16, true },
	{ "vec16 half a length", HEX(0), rd_vec16, false },
	{ "vec16 one short", HEX(0, 2, 9), rd_vec16, false },
	{ "vec24", HEX(0, 0, 1, 9), rd_vec24, true },
	{ "vec24 huge", HEX(255, 255, 255, 9), rd_vec24, false },
	{ NULL },
};

static void
vectors(void **state)
{
	(void)state;
	for (const struct vec_case *c = vec_cases; c->name != NULL; c++) {
		struct span out = { NULL, 77 };
		struct rd r;

		rd_init(&r, c->in);
		if ((c->read(&r, &out) && rd_end(&r)) != c->want)
			fail_msg("%s", c->name);
		if (!c->want && out.n != 77)
			fail_msg("%s: output touched", c->name);
	}
}

static void
little_endian(void **state)
{
	static const uint8_t in[] = { 2, 1, 6, 5, 4, 3, 14, 13, 12, 11, 10, 9,
		8, 7 };
	uint16_t v16 = 0;
	uint32_t v32 = 0;
	uint64_t v64 = 0;
	struct rd r;

	(void)state;
	for (size_t n = 0; n <= sizeof(in); n++) {
		rd_init(&r, span_of(in, n));
		v64 = 99;
		assert_int_equal(rd_u16le(&r, &v16) && rd_u32le(&r, &v32) &&
				     rd_u64le(&r, &v64) && rd_end(&r),
		    n == sizeof(in));
		assert_true(n == sizeof(in) || v64 == 99);
	}
	assert_int_equal(v16, 0x0102);
	assert_int_equal(v32, 0x03040506);
	assert_true(v64 == 0x0708090a0b0c0d0eu);
}

static void
failure_sticks(void **state)
{
	static const uint8_t in[] = { 1, 2, 3 };
	struct rd r;
	uint32_t v32 = 7;
	uint8_t v8 = 7;

	(void)state;
	rd_init(&r, span_of(in, sizeof(in)));
	assert_false(rd_u32(&r, &v32));
	assert_int_equal(v32, 7);
	assert_false(rd_u8(&r, &v8));
	assert_int_equal(v8, 7);
	assert_false(rd_end(&r));
	assert_int_equal(rd_left(&r), 0);
}

static void
trailing_bytes(void **state)
{
	static const uint8_t in[] = { 1, 2 };
	struct rd r;
	uint8_t v = 0;

	(void)state;
	rd_init(&r, span_of(in, sizeof(in)));
	assert_true(rd_u8(&r, &v));
	assert_false(rd_end(&r));
	assert_false(rd_u8(&r, &v));
	assert_int_equal(v, 1);
}

static void
integers(void **state)
{
	static const uint8_t in[] = { 1, 0, 2, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0,
		0, 0, 1, 5 };
	struct rd r;
	uint8_t a = 0;
	uint16_t b = 0;
	uint32_t c = 0, d = 0;
	uint64_t e = 0;

	(void)state;
	rd_init(&r, span_of(in, sizeof(in)));
	assert_true(rd_u8(&r, &a) && rd_u16(&r, &b) && rd_u24(&r, &c) &&
		    rd_u32(&r, &d) && rd_u64(&r, &e) && rd_end(&r));
	assert_int_equal(a, 1);
	assert_int_equal(b, 2);
	assert_int_equal(c, 3);
	assert_int_equal(d, 4);
	assert_int_equal(e, 261);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(failure_sticks),
		cmocka_unit_test(little_endian),
		cmocka_unit_test(trailing_bytes),
		cmocka_unit_test(integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
