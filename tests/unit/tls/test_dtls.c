/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "test.h"
#include "tls/dtls_cookie.h"
#include "tls/dtls_guard.h"
#include "tls/dtls_record.h"

#define PLAIN(type, version, epoch, n) \
	type, 0xfe, version, 0, epoch, 0, 0, 0, 0, 0, 7, 0, n
#define CIPHER(epoch, n) 0x2c | (epoch), 0, 1, 0, n
/* The shortest that can be: a type and a tag. */
#define SHORT(a) a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#define ENTRY(epoch, sequence) \
	0, 0, 0, 0, 0, 0, 0, epoch, 0, 0, 0, 0, 0, 0, 0, sequence
#define RANDOM32                                                               \
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
	    21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32
/* A hello of n bytes, and what stands before its extensions. */
#define HELLO(n) 1, 0, 0, n, 0, 0, 0, 0, 0, 0, 0, n, 0xfe, 0xfd, RANDOM32
#define NONE 0, 0, 0, 2, 0x13, 1, 1, 0
#define HELLO_N 42 /* with NONE */

static void
opening(void **state)
{
	const struct {
		const char *name;
		struct span in;
		enum dtls_opening want;
	} rows[] = {
		{ "a hello",
		    HEX(PLAIN(22, 0xfd, 0, 12 + HELLO_N + 2),
			HELLO(HELLO_N + 2), NONE, 0, 0),
		    DTLS_HELLO },
		{ "of another version's record",
		    HEX(PLAIN(22, 0xff, 0, 12 + HELLO_N + 2),
			HELLO(HELLO_N + 2), NONE, 0, 0),
		    DTLS_HELLO },
		{ "with a cookie",
		    HEX(PLAIN(22, 0xfd, 0, 12 + HELLO_N + 14),
			HELLO(HELLO_N + 14), NONE, 0, 12, 0, 43, 0, 1, 9, 0, 44,
			0, 3, 0, 1, 7),
		    DTLS_HELLO_COOKIE },
		{ "an extension cut short",
		    HEX(PLAIN(22, 0xfd, 0, 12 + HELLO_N + 6),
			HELLO(HELLO_N + 6), NONE, 0, 4, 0, 44, 0, 1),
		    DTLS_NO_HELLO },
		{ "trailing bytes",
		    HEX(PLAIN(22, 0xfd, 0, 12 + HELLO_N + 3),
			HELLO(HELLO_N + 3), NONE, 0, 0, 0),
		    DTLS_NO_HELLO },
		{ "a message that follows",
		    HEX(PLAIN(22, 0xfd, 0, 12 + HELLO_N + 3),
			HELLO(HELLO_N + 2), NONE, 0, 0, 0),
		    DTLS_NO_HELLO },
		{ "another message",
		    HEX(PLAIN(22, 0xfd, 0, 14), 2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
			2, 0, 0),
		    DTLS_NO_HELLO },
		{ "part of a hello",
		    HEX(PLAIN(22, 0xfd, 0, 14), 1, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0,
			2, 0, 0),
		    DTLS_NO_HELLO },
		{ "its second part",
		    HEX(PLAIN(22, 0xfd, 0, 14), 1, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0,
			2, 0, 0),
		    DTLS_NO_HELLO },
		{ "a part that is not as long as it says",
		    HEX(PLAIN(22, 0xfd, 0, 12 + HELLO_N + 2), 1, 0, 0,
			HELLO_N + 2, 0, 0, 0, 0, 0, 0, 0, HELLO_N + 1, 0xfe,
			0xfd, RANDOM32, NONE, 0, 0),
		    DTLS_NO_HELLO },
		{ "another type", HEX(PLAIN(23, 0xfd, 0, 1), 1),
		    DTLS_NO_HELLO },
		{ "another epoch",
		    HEX(PLAIN(22, 0xfd, 1, 12 + HELLO_N + 2),
			HELLO(HELLO_N + 2), NONE, 0, 0),
		    DTLS_NO_HELLO },
		{ "TLS", HEX(22, 3, 1, 0, 2, 1, 0), DTLS_NO_HELLO },
		{ "ciphertext", HEX(CIPHER(2, 1), 1), DTLS_NO_HELLO },
		{ "nothing", { NULL, 0 }, DTLS_NO_HELLO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (dtls_opening(rows[i].in) != rows[i].want)
			fail_msg("%s", rows[i].name);
		/* No prefix of it is anything. */
		for (size_t n = 0; n < rows[i].in.n; n++)
			assert_int_equal(dtls_opening(span_of(rows[i].in.p, n)),
			    DTLS_NO_HELLO);
	}
}

static void
admitting(void **state)
{
	const struct {
		const char *name;
		struct span in;
		bool by_client, established;
		struct span want;
	} rows[] = {
		{ "handshake", HEX(PLAIN(22, 0xfd, 0, 1), 9), true, false,
		    HEX(PLAIN(22, 0xfd, 0, 1), 9) },
		{ "an alert", HEX(PLAIN(21, 0xfd, 0, 2), 2, 40), true, false,
		    HEX(PLAIN(21, 0xfd, 0, 2), 2, 40) },
		{ "an alert too late", HEX(PLAIN(21, 0xfd, 0, 2), 2, 40), true,
		    true, { NULL, 0 } },
		{ "ciphertext", HEX(CIPHER(3, 17), SHORT(1)), true, true,
		    HEX(CIPHER(3, 17), SHORT(1)) },
		{ "ciphertext without a length", HEX(0x28, 0, 1, SHORT(5)),
		    true, true, HEX(0x28, 0, 1, SHORT(5)) },
		{ "ciphertext of a connection ID",
		    HEX(0x3c, 0, 1, 0, 17, SHORT(5)), true, true, { NULL, 0 } },
		{ "between others",
		    HEX(CIPHER(2, 17), SHORT(1), PLAIN(21, 0xfd, 0, 1), 1,
			CIPHER(2, 17), SHORT(2)),
		    false, true,
		    HEX(CIPHER(2, 17), SHORT(1), CIPHER(2, 17), SHORT(2)) },
		{ "ciphertext that is too short",
		    HEX(CIPHER(3, 16), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
			13, 14, 15, 16),
		    true, true, { NULL, 0 } },
		{ "a cipher change", HEX(PLAIN(20, 0xfd, 0, 1), 1), false,
		    false, { NULL, 0 } },
		{ "data", HEX(PLAIN(23, 0xfd, 0, 1), 1), false, false,
		    { NULL, 0 } },
		{ "type zero", HEX(PLAIN(0, 0xfd, 0, 1), 1), false, false,
		    { NULL, 0 } },
		{ "an epoch", HEX(PLAIN(22, 0xfd, 1, 1), 1), false, false,
		    { NULL, 0 } },
		{ "a version", HEX(PLAIN(22, 0xfc, 0, 1), 1), false, false,
		    { NULL, 0 } },
		{ "cut short", HEX(PLAIN(22, 0xfd, 0, 2), 1), false, false,
		    { NULL, 0 } },
		{ "whole, then cut short",
		    HEX(PLAIN(22, 0xfd, 0, 1), 1, CIPHER(2, 9), 1), false,
		    false, HEX(PLAIN(22, 0xfd, 0, 1), 1) },
		{ "an ACK of the first flight",
		    HEX(PLAIN(26, 0xfd, 0, 18), 0, 16, ENTRY(0, 0)), true,
		    false, { NULL, 0 } },
		{ "an ACK to a client",
		    HEX(PLAIN(26, 0xfd, 0, 18), 0, 16, ENTRY(0, 0)), false,
		    false, HEX(PLAIN(26, 0xfd, 0, 18), 0, 16, ENTRY(0, 0)) },
		{ "an ACK of both",
		    HEX(PLAIN(26, 0xfd, 0, 50), 0, 48, ENTRY(0, 0), ENTRY(2, 1),
			ENTRY(0, 1), CIPHER(2, 17), SHORT(7)),
		    true, false,
		    HEX(PLAIN(26, 0xfd, 0, 18), 0, 16, ENTRY(2, 1),
			CIPHER(2, 17), SHORT(7)) },
		{ "a malformed ACK is the stack's",
		    HEX(PLAIN(26, 0xfd, 0, 3), 0, 1, 0), true, false,
		    HEX(PLAIN(26, 0xfd, 0, 3), 0, 1, 0) },
		{ "an empty ACK", HEX(PLAIN(26, 0xfd, 0, 2), 0, 0), true, false,
		    { NULL, 0 } },
	};
	uint8_t buf[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = rows[i].in.n;

		memcpy(buf, rows[i].in.p, n);
		n = dtls_admit(buf, n, rows[i].by_client, rows[i].established);
		if (!span_equal(span_of(buf, n), rows[i].want))
			fail_msg("%s: %zu bytes", rows[i].name, n);
		/* What is left of it stays when asked again. */
		assert_int_equal(
		    dtls_admit(buf, n, rows[i].by_client, rows[i].established),
		    n);
	}
}

static void
splitting(void **state)
{
	static const uint8_t three[] = { CIPHER(2, 3), 1, 2, 3, CIPHER(2, 1), 4,
		PLAIN(22, 0xfd, 0, 1), 9 };
	const struct {
		size_t limit, want;
	} rows[] = { { 100, sizeof(three) }, { sizeof(three), sizeof(three) },
		{ sizeof(three) - 1, 14 }, { 14, 14 }, { 13, 8 }, { 8, 8 },
		{ 7, 8 }, { 1, 8 } };
	struct span all = span_of(three, sizeof(three));

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    dtls_records_within(all, rows[i].limit), rows[i].want);
	/* What is no record goes whole, and is no endless loop. */
	assert_int_equal(
	    dtls_records_within(span_of("nothing known", 13), 4), 13);
	assert_int_equal(dtls_epoch(all), 2);
	assert_int_equal(dtls_epoch(span_of(three + 14, 14)), 0);
	assert_int_equal(dtls_epoch(span_of(three, 3)), -1);
	assert_int_equal(dtls_epoch(span_of(NULL, 0)), -1);
}

/* Parts of a ClientHello of four bytes, from which its record is made. */
static void
joining(void **state)
{
	const uint8_t head[] = { PLAIN(22, 0xfd, 0, 14), 1, 0, 0, 4, 0, 1, 0, 0,
		0, 0, 0, 2, 'a', 'b' };
	const uint8_t tail[] = { PLAIN(22, 0xfd, 0, 14), 1, 0, 0, 4, 0, 1, 0, 0,
		2, 0, 0, 2, 'c', 'd' };
	const uint8_t over[] = { PLAIN(22, 0xfd, 0, 15), 1, 0, 0, 4, 0, 1, 0, 0,
		2, 0, 0, 3, 'c', 'd', 'e' };
	const uint8_t whole[] = { PLAIN(22, 0xfd, 0, 16), 1, 0, 0, 4, 0, 1, 0,
		0, 0, 0, 0, 4, 'a', 'b', 'c', 'd' };
	/* Another message's, which ends before this part would begin. */
	const uint8_t less[] = { PLAIN(22, 0xfd, 0, 13), 1, 0, 0, 2, 0, 1, 0, 0,
		3, 0, 0, 1, 'd' };
	const uint8_t other[] = { PLAIN(22, 0xfd, 0, 14), 1, 0, 0, 5, 0, 1, 0,
		0, 2, 0, 0, 2, 'c', 'd' };
	struct span first = span_of(head, sizeof(head));
	struct span second = span_of(tail, sizeof(tail));
	uint8_t buf[64];
	size_t n = 0;

	(void)state;
	assert_true(dtls_hello_part(first));
	assert_true(dtls_hello_part(second));
	assert_false(dtls_hello_part(span_of(whole, sizeof(whole))));
	assert_false(dtls_hello_part(span_of(head, 20)));
	assert_false(dtls_hello_part(span_of(over, sizeof(over))));
	assert_false(dtls_hello_part(span_of(less, sizeof(less))));
	/* Not in order; too much; too large for the buffer. */
	assert_false(dtls_hello_join(buf, sizeof(buf), &n, second));
	assert_false(dtls_hello_join(buf, sizeof(buf), &n, first));
	assert_false(
	    dtls_hello_join(buf, sizeof(buf), &n, span_of(over, sizeof(over))));
	assert_int_equal(n, 0);
	assert_false(dtls_hello_join(buf, sizeof(buf), &n, first));
	assert_false(dtls_hello_join(
	    buf, sizeof(buf), &n, span_of(other, sizeof(other))));
	assert_int_equal(n, 0);
	assert_false(dtls_hello_join(buf, 28, &n, first));
	assert_int_equal(n, 0);
	/* Begun anew, and whole. */
	assert_false(dtls_hello_join(buf, sizeof(buf), &n, first));
	assert_false(dtls_hello_join(buf, sizeof(buf), &n, first));
	assert_true(dtls_hello_join(buf, sizeof(buf), &n, second));
	assert_int_equal(n, sizeof(whole));
	assert_memory_equal(buf, whole, n);
}

static void
cookies(void **state)
{
	const struct span here = STR("here");
	struct dtls_cookie_key a, b;
	uint8_t c[DTLS_COOKIE_SIZE] = { 0 };
	struct span all = span_of(c, sizeof(c));
	struct seal_diag d = { 0 };

	(void)state;
	assert_int_equal(dtls_cookie_key_make(&a, &d), 0);
	assert_int_equal(dtls_cookie_key_make(&b, &d), 0);
	assert_int_equal(dtls_cookie_make(&a, here, 1000, c, &d), 0);
	assert_true(dtls_cookie_holds(&a, here, 1000, all));
	assert_true(dtls_cookie_holds(&a, here, 1000 + DTLS_COOKIE_MS, all));
	assert_false(dtls_cookie_holds(&a, here, 1001 + DTLS_COOKIE_MS, all));
	assert_false(dtls_cookie_holds(&a, here, 999, all));
	assert_false(dtls_cookie_holds(&b, here, 1000, all));
	assert_false(dtls_cookie_holds(&a, span_str("her"), 1000, all));
	assert_false(dtls_cookie_holds(&a, span_str("there"), 1000, all));
	assert_false(dtls_cookie_holds(&a, span_of(NULL, 0), 1000, all));
	assert_int_equal(
	    dtls_cookie_make(&a, span_of(NULL, 0), 1, c, &d), SEAL_E_ARGUMENT);
	for (size_t n = 0; n < sizeof(c); n++) {
		assert_false(dtls_cookie_holds(&a, here, 1000, span_of(c, n)));
		c[n] ^= 1;
		assert_false(dtls_cookie_holds(&a, here, 1000, all));
		c[n] ^= 1;
	}
	assert_true(dtls_cookie_holds(&a, here, 1000, all));
}

static unsigned
let_through(struct dtls_guard *g, int64_t from, int64_t to)
{
	unsigned n = 0;

	for (int64_t t = from; t < to; t++) {
		for (int k = 0; k < 10; k++)
			n += dtls_guard_allows(g, 2, t);
	}
	return n;
}

static void
guarding(void **state)
{
	struct dtls_guard g = { 0 };
	unsigned n;

	(void)state;
	/* A storm, of 10 a millisecond, dies down. */
	assert_int_equal(let_through(&g, 0, 50), DTLS_GUARD_BURST);
	n = let_through(&g, 50, 10050);
	assert_true(n >= DTLS_GUARD_BURST && n <= 10 * DTLS_GUARD_BURST);
	/* What is no part of it passes. */
	assert_true(dtls_guard_allows(&g, 0, 10050));
	assert_true(dtls_guard_allows(&g, 3, 10050));
	assert_true(dtls_guard_allows(&g, -1, 10050));
	/* After a pause there is a whole window again. */
	assert_true(let_through(&g, 100000, 100001) == 10);
	/* The peer has all that it wants. */
	g.closed = true;
	assert_false(dtls_guard_allows(&g, 2, 200000));
	assert_true(dtls_guard_allows(&g, 3, 200000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(admitting),
		cmocka_unit_test(splitting),
		cmocka_unit_test(joining),
		cmocka_unit_test(cookies),
		cmocka_unit_test(guarding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
