/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "allocfail.h"
#include "tls/plaintext.h"

/* What was handed on, one after the other. */
struct seen {
	uint8_t bytes[4096];
	size_t n;
	unsigned messages;
	int says; /* what the reader returns */
};

static int
see(void *arg, struct span message, struct seal_diag *d)
{
	struct seen *s = arg;

	(void)d;
	assert_true(message.n >= 4 && s->n + message.n <= sizeof(s->bytes));
	memcpy(s->bytes + s->n, message.p, message.n);
	s->n += message.n;
	s->messages++;
	return s->says;
}

#define RECORD(...) 22, 3, 3, 0, __VA_ARGS__
#define CCS 20, 3, 3, 0, 1, 1
#define DATA 23, 3, 3, 0, 2, 9, 9

static const struct row {
	const char *name;
	struct span in;
	unsigned messages;
	struct span out;
} rows[] = {
	{ "a message", HEX(RECORD(6, 1, 0, 0, 2, 7, 8)), 1,
	    HEX(1, 0, 0, 2, 7, 8) },
	{ "an empty one", HEX(RECORD(4, 1, 0, 0, 0)), 1, HEX(1, 0, 0, 0) },
	{ "two in a record", HEX(RECORD(9, 1, 0, 0, 1, 7, 2, 0, 0, 0)), 2,
	    HEX(1, 0, 0, 1, 7, 2, 0, 0, 0) },
	{ "one in two records", HEX(RECORD(5, 1, 0, 0, 2, 7), RECORD(1, 8)), 1,
	    HEX(1, 0, 0, 2, 7, 8) },
	{ "a header in two records", HEX(RECORD(2, 1, 0), RECORD(3, 0, 1, 8)),
	    1, HEX(1, 0, 0, 1, 8) },
	{ "ChangeCipherSpec between",
	    HEX(RECORD(4, 1, 0, 0, 0), CCS, RECORD(4, 2, 0, 0, 0)), 2,
	    HEX(1, 0, 0, 0, 2, 0, 0, 0) },
	{ "nothing behind protected ones",
	    HEX(RECORD(4, 1, 0, 0, 0), DATA, RECORD(4, 2, 0, 0, 0)), 1,
	    HEX(1, 0, 0, 0) },
	{ "nothing behind an alert",
	    HEX(21, 3, 3, 0, 2, 2, 40, RECORD(4, 2, 0, 0, 0)), 0, { NULL, 0 } },
	{ "an empty record", HEX(RECORD(0), RECORD(4, 2, 0, 0, 0)), 0,
	    { NULL, 0 } },
	{ "a record too large", HEX(22, 3, 3, 0x40, 1, 1, 0, 0, 0), 0,
	    { NULL, 0 } },
	{ "not all of a message", HEX(RECORD(5, 1, 0, 0, 2, 7)), 0,
	    { NULL, 0 } },
	{ "HTTP", STR("GET / HTTP/1.1\r\n\r\n"), 0, { NULL, 0 } },
};

/* However the stream is cut. */
static void
messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t step = 1; step <= rows[i].in.n; step++) {
			struct seen seen = { .says = 0 };
			struct plaintext p;

			plaintext_init(&p);
			for (size_t at = 0; at < rows[i].in.n; at += step) {
				size_t left = rows[i].in.n - at;

				assert_int_equal(
				    plaintext_take(&p,
					span_of(rows[i].in.p + at,
					    left < step ? left : step),
					see, &seen, NULL),
				    0);
			}
			if (seen.messages != rows[i].messages ||
			    !span_equal(
				span_of(seen.bytes, seen.n), rows[i].out))
				fail_msg("%s, by %zu", rows[i].name, step);
			plaintext_free(&p);
		}
	}
}

static void
refused(void **state)
{
	static const uint8_t large[] = { RECORD(5, 1, 2, 0, 1, 7) };
	static const uint8_t good[] = { RECORD(4, 1, 0, 0, 0) };
	struct seen seen = { .says = SEAL_E_PROTOCOL };
	struct seal_diag d = { 0 };
	struct plaintext p;

	(void)state;
	plaintext_init(&p);
	assert_int_equal(
	    plaintext_take(&p, span_of(large, sizeof(large)), see, &seen, &d),
	    SEAL_E_LIMIT);
	assert_int_equal(seen.messages, 0);
	plaintext_free(&p);
	/* The reader's own failure ends it. */
	plaintext_init(&p);
	assert_int_equal(
	    plaintext_take(&p, span_of(good, sizeof(good)), see, &seen, &d),
	    SEAL_E_PROTOCOL);
	assert_int_equal(
	    plaintext_take(&p, span_of(good, sizeof(good)), see, &seen, &d), 0);
	assert_int_equal(seen.messages, 1);
	plaintext_free(&p);
}

/* The largest message, in the largest records. */
static void
largest(void **state)
{
	static uint8_t record[5 + 16384] = { 22, 3, 3, 0x40, 0 };
	struct seen seen = { .says = 0 };
	struct plaintext p;

	(void)state;
	plaintext_init(&p);
	record[5] = 1;
	record[6] = 2; /* 131,072 bytes */
	for (int i = 0; i < 8; i++) {
		assert_int_equal(
		    plaintext_take(
			&p, span_of(record, sizeof(record)), see, &seen, NULL),
		    0);
		record[5] = record[6] = 0;
	}
	assert_int_equal(p.bytes.n, 131072);
	assert_true(p.bytes.error == 0 && !p.over);
	plaintext_free(&p);
}

/* Each allocation fails in turn, and ends the reading. */
static void
without_memory(void **state)
{
	const struct span in = rows[3].in; /* in two records */
	size_t n;

	(void)state;
	for (n = 1; n < 100; n++) {
		struct seen seen = { .says = 0 };
		struct seal_diag d = { 0 };
		struct plaintext p;
		int r;

		plaintext_init(&p);
		allocfail_at(n);
		r = plaintext_take(&p, in, see, &seen, &d);
		if (!allocfail_hit()) {
			plaintext_free(&p);
			break;
		}
		assert_int_equal(r, SEAL_E_MEMORY);
		assert_true(p.over);
		assert_int_equal(plaintext_take(&p, in, see, &seen, &d), 0);
		assert_true(seen.messages <= 1);
		plaintext_free(&p);
	}
	assert_true(n > 1 && n < 100);
	allocfail_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(refused),
		cmocka_unit_test(largest),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
