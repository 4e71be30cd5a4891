/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "cbor/cbor.h"

struct int_case {
	int64_t v;
	struct span want;
};

static const struct int_case ints[] = {
	{ 0, HEX(0x00) },
	{ 23, HEX(0x17) },
	{ 24, HEX(0x18, 0x18) },
	{ 255, HEX(0x18, 0xff) },
	{ 256, HEX(0x19, 0x01, 0x00) },
	{ 65535, HEX(0x19, 0xff, 0xff) },
	{ 65536, HEX(0x1a, 0, 1, 0, 0) },
	{ 4294967295, HEX(0x1a, 255, 255, 255, 255) },
	{ 4294967296, HEX(0x1b, 0, 0, 0, 1, 0, 0, 0, 0) },
	{ INT64_MAX, HEX(0x1b, 0x7f, 255, 255, 255, 255, 255, 255, 255) },
	{ -1, HEX(0x20) },
	{ -24, HEX(0x37) },
	{ -25, HEX(0x38, 0x18) },
	{ -257, HEX(0x39, 0x01, 0x00) },
	{ INT64_MIN, HEX(0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255) },
};

static void
integers(void **state)
{
	uint8_t buf[16];
	struct rd r;
	struct wr w;
	int64_t got;

	(void)state;
	for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
		wr_init(&w, buf, sizeof(buf));
		cbor_put_int(&w, ints[i].v);
		if (!span_equal(wr_view(&w), ints[i].want))
			fail_msg("%lld", (long long)ints[i].v);
		rd_init(&r, wr_view(&w));
		assert_true(cbor_int(&r, &got) && rd_end(&r));
		assert_true(got == ints[i].v);
	}
}

static void
everything(void **state)
{
	static const uint8_t want[] = { 0xd2, 0x85, 0xa1, 0x01, 0x41, 0x07,
		0x61, 0x78, 0xf5, 0xf4, 0xf6 };
	uint8_t buf[16];
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	cbor_put_tag(&w, 18);
	cbor_put_array(&w, 5);
	cbor_put_map(&w, 1);
	cbor_put_uint(&w, 1);
	cbor_put_bytes(&w, span_of("\7", 1));
	cbor_put_text(&w, span_str("x"));
	cbor_put_bool(&w, true);
	cbor_put_bool(&w, false);
	cbor_put_null(&w);
	assert_true(span_equal(wr_view(&w), span_of(want, sizeof(want))));
	assert_true(cbor_deterministic(wr_view(&w)));
}

static void
no_room(void **state)
{
	uint8_t buf[3];
	struct span got;
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	cbor_put_bytes(&w, span_str("abc"));
	cbor_put_null(&w);
	assert_int_equal(wr_finish(&w, &got), SEAL_E_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(everything),
		cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
