/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "allocfail.h"
#include "tls/outbox.h"

#define FULL LIMIT_FRAME_DATA

static uint8_t bytes[LIMIT_FRAME_AUTHENTICATOR];

static void
put(struct outbox *o, enum frame_type type, size_t n)
{
	assert_int_equal(outbox_put(o, type, span_of(bytes, n)), 0);
}

/* A row: what is put, and how many bytes each offer then has. */
struct offer_case {
	const char *name;
	size_t control, data[3]; /* bodies; 0: none */
	size_t offers[6];        /* until 0 */
};

static const struct offer_case offer_cases[] = {
	{ "nothing", 0, { 0 }, { 0 } },
	{ "a full frame fills a record", 0, { FULL }, { FULL + 4 } },
	{ "two full ones take two", 0, { FULL, FULL }, { FULL + 4, FULL + 4 } },
	{ "small ones share", 10, { 20, 30 }, { 14 + 24 + 34 } },
	{ "what does not fit waits whole", 10, { FULL, FULL },
	    { 14, FULL + 4, FULL + 4 } },
	{ "a large one is cut", 40000, { 0 }, { 16384, 16384, 40004 - 32768 } },
	{ "its end shares", 40000, { 20, FULL },
	    { 16384, 16384, 40004 - 32768 + 24, FULL + 4 } },
};

static void
offers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(offer_cases) / sizeof(offer_cases[0]);
	     i++) {
		const struct offer_case *c = &offer_cases[i];
		struct outbox o;
		size_t n = 0;

		outbox_init(&o);
		if (c->control > 0)
			put(&o, FRAME_AUTHENTICATOR, c->control);
		for (size_t k = 0; k < 3 && c->data[k] > 0; k++)
			put(&o, FRAME_DATA, c->data[k]);
		do {
			if (outbox_offer(&o).n != c->offers[n])
				fail_msg("%s: offer %zu: %zu", c->name, n,
				    outbox_offer(&o).n);
			outbox_sent(&o, c->offers[n]);
		} while (c->offers[n++] > 0);
		assert_int_equal(outbox_size(&o), 0);
		assert_null(o.w.p); /* nothing is held while empty */
		outbox_free(&o);
	}
}

/* A stack that could not write is offered the same bytes again. */
static void
offer_stays(void **state)
{
	struct outbox o;

	(void)state;
	outbox_init(&o);
	put(&o, FRAME_DATA, 10);
	assert_int_equal(outbox_offer(&o).n, 14);
	put(&o, FRAME_DATA, 10);
	assert_int_equal(outbox_offer(&o).n, 14);
	outbox_sent(&o, 4);
	assert_int_equal(outbox_offer(&o).n, 24);
	outbox_free(&o);
}

static void
data_is_dropped(void **state)
{
	struct outbox o;

	(void)state;
	outbox_init(&o);
	put(&o, FRAME_DATA, FULL); /* offered: it may have left in part */
	assert_int_equal(outbox_offer(&o).n, FULL + 4);
	put(&o, FRAME_DATA, 7);
	put(&o, FRAME_VERDICT, 5);
	put(&o, FRAME_DATA, 0);
	put(&o, FRAME_DATA, FULL);
	put(&o, FRAME_CLOSE, 3);
	outbox_drop_data(&o);
	assert_int_equal(outbox_offer(&o).n, FULL + 4);
	outbox_sent(&o, FULL + 4);
	assert_int_equal(outbox_offer(&o).n, 9 + 7);
	assert_int_equal(outbox_offer(&o).p[0], FRAME_VERDICT);
	assert_int_equal(outbox_offer(&o).p[9], FRAME_CLOSE);
	outbox_free(&o);

	/* The rest of a frame that left in part stays. */
	put(&o, FRAME_DATA, FULL);
	put(&o, FRAME_DATA, FULL);
	outbox_offer(&o);
	outbox_sent(&o, 100);
	outbox_drop_data(&o);
	assert_int_equal(outbox_size(&o), FULL + 4 - 100);
	outbox_free(&o);

	outbox_drop_data(&o);
	assert_int_equal(outbox_size(&o), 0);
}

/* Never empty, it still takes whatever comes, in bounded memory. */
static void
never_empty(void **state)
{
	uint8_t next = 0;
	struct outbox o;

	(void)state;
	outbox_init(&o);
	put(&o, FRAME_DATA, FULL);
	for (int i = 0; i < 200; i++) {
		struct span out;

		memset(bytes, i + 1, sizeof(bytes));
		put(&o, FRAME_DATA, FULL);
		out = outbox_offer(&o);
		assert_int_equal(out.n, FULL + 4);
		assert_int_equal(out.p[0], FRAME_DATA);
		assert_int_equal(out.p[4], next++);
		outbox_sent(&o, out.n);
		assert_true(o.w.cap <= 262144);
	}
	outbox_free(&o);
}

static void
failures_stick(void **state)
{
	struct outbox o;
	size_t n = 0;

	(void)state;
	outbox_init(&o);
	while (outbox_put(
		   &o, FRAME_AUTHENTICATOR, span_of(bytes, sizeof(bytes))) == 0)
		n++;
	assert_int_equal(n, OUTBOX_MAX / (sizeof(bytes) + 4));
	assert_int_equal(
	    outbox_put(&o, FRAME_CLOSE, span_of(bytes, 1)), SEAL_E_LIMIT);
	/* No half frame. */
	assert_int_equal(outbox_size(&o), n * (sizeof(bytes) + 4));
	while (outbox_offer(&o).n > 0)
		outbox_sent(&o, outbox_offer(&o).n);
	outbox_free(&o);

	allocfail_at(1);
	assert_int_equal(
	    outbox_put(&o, FRAME_CLOSE, span_of(bytes, 1)), SEAL_E_MEMORY);
	allocfail_off();
	assert_int_equal(outbox_offer(&o).n, 0);
	outbox_drop_data(&o);
	outbox_free(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offers),
		cmocka_unit_test(offer_stays),
		cmocka_unit_test(data_is_dropped),
		cmocka_unit_test(never_empty),
		cmocka_unit_test(failures_stick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
