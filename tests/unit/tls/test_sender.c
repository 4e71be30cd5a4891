/* SPDX-License-Identifier: Apache-2.0 */
/* How messages leave, and leave again (PROTOCOL 8), on the test's clock. */
#include "test.h"

#include <string.h>

#include "allocfail.h"
#include "tls/sender.h"

#define ROOM 10 /* bytes of a fragment */

static const uint8_t bytes[LIMIT_FRAME_AUTHENTICATOR];

static void
put(struct sender *s, size_t n)
{
	assert_int_equal(
	    sender_put(s, FRAME_AUTHENTICATOR, span_of(bytes, n)), 0);
}

/* How many fragments leave now; *last is the last. */
static unsigned
leave(struct sender *s, int64_t now_ms, struct fragment *last)
{
	struct fragment f;
	unsigned n = 0;

	for (; sender_next(s, now_ms, &f); n++) {
		if (last != NULL)
			*last = f;
		assert_true(n < 1000);
	}
	return n;
}

static void
ack(struct sender *s, uint16_t seq, uint32_t offset, uint32_t n, int64_t now_ms)
{
	struct ack a = { .ranges = { { seq, offset, n } }, .n = 1 };

	sender_ack(s, &a, now_ms);
}

/* PROTOCOL 8: after 250 ms, then twice as long each time, up to 4 s. */
static void
retransmission(void **state)
{
	static const int64_t at_ms[] = { 250, 750, 1750, 3750, 7750, 11750,
		15750, 19750, 23750, 27750 };
	struct seal_diag d = { 0 };
	struct sender s;

	(void)state;
	sender_init(&s, ROOM);
	put(&s, 5);
	assert_int_equal(leave(&s, 0, NULL), 1);
	for (size_t i = 0; i < sizeof(at_ms) / sizeof(at_ms[0]); i++) {
		assert_int_equal(sender_deadline(&s), at_ms[i]);
		assert_int_equal(sender_tick(&s, at_ms[i] - 1, &d), 0);
		assert_int_equal(leave(&s, at_ms[i] - 1, NULL), 0);
		assert_int_equal(sender_tick(&s, at_ms[i], &d), 0);
		assert_int_equal(leave(&s, at_ms[i], NULL), 1);
	}
	assert_int_equal(sender_deadline(&s), 30000);
	assert_int_equal(sender_tick(&s, 29999, &d), 0);
	assert_int_equal(sender_tick(&s, 30000, &d), SEAL_E_TIMEOUT);
	assert_non_null(strstr(d.text, "not acknowledged within 30000 ms"));
	sender_free(&s);
	assert_int_equal(sender_deadline(&s), INT64_MAX);
}

/* What comes through between two losses shows that the way is open: only
 * silence is met with patience (RFC 9002 6.2.1). */
static void
open_way(void **state)
{
	static const int64_t silent_ms[] = { 2250, 3250, 5250, 9250, 13250 };
	struct sender s;

	(void)state;
	sender_init(&s, ROOM);
	put(&s, 5);
	assert_int_equal(leave(&s, 0, NULL), 1);
	ack(&s, 0, 0, 5, 20);
	put(&s, 5);
	assert_int_equal(leave(&s, 1000, NULL), 1);
	assert_int_equal(sender_tick(&s, 1250, NULL), 0);
	put(&s, 5);
	assert_int_equal(leave(&s, 1250, NULL), 2);
	ack(&s, 2, 0, 5, 1270);
	assert_int_equal(sender_deadline(&s), 1750);
	/* Its third time: as after its first loss; then nothing comes. */
	for (size_t i = 0; i < sizeof(silent_ms) / sizeof(silent_ms[0]); i++) {
		int64_t now_ms = sender_deadline(&s);

		assert_int_equal(sender_tick(&s, now_ms, NULL), 0);
		assert_int_equal(leave(&s, now_ms, NULL), 1);
		assert_int_equal(sender_deadline(&s), silent_ms[i]);
	}
	sender_free(&s);
}

static void
fragments(void **state)
{
	struct fragment f;
	struct sender s;

	(void)state;
	sender_init(&s, ROOM);
	put(&s, 25);
	put(&s, 0);
	for (uint32_t at = 0; at < 25; at += ROOM) {
		assert_true(sender_next(&s, 0, &f));
		assert_int_equal(f.type, FRAME_AUTHENTICATOR);
		assert_int_equal(f.seq, 0);
		assert_int_equal(f.total, 25);
		assert_int_equal(f.offset, at);
		assert_int_equal(f.bytes.n, at < 20 ? ROOM : 5);
	}
	assert_true(sender_next(&s, 0, &f));
	assert_int_equal(f.seq, 1);
	assert_int_equal(f.total, 0);
	assert_int_equal(f.bytes.n, 0);
	assert_false(sender_next(&s, 0, &f));
	ack(&s, 0, 0, 25, 1);
	assert_false(sender_idle(&s));
	ack(&s, 1, 0, 0, 1);
	assert_true(sender_idle(&s));
	assert_int_equal(s.held, 0);
	assert_int_equal(s.flying, 0);
	sender_free(&s);
}

/* At most 16 are under way, whatever is acknowledged. */
static void
window(void **state)
{
	struct sender s;
	uint32_t at = 0;

	(void)state;
	sender_init(&s, ROOM);
	put(&s, 10000);
	leave(&s, 0, NULL);
	for (int i = 0; i < 100; i++, at += ROOM) {
		ack(&s, 0, at, ROOM, i);
		leave(&s, i, NULL);
		assert_true(s.flying <= SENDER_FLYING_MAX);
	}
	assert_int_equal(s.flying, SENDER_FLYING_MAX);
	sender_free(&s);
}

/* A round with losses halves what is under way, once. */
static void
losses(void **state)
{
	struct seal_diag d = { 0 };
	struct fragment f;
	struct sender s;

	(void)state;
	sender_init(&s, ROOM);
	put(&s, 10000);
	for (uint32_t at = 0; s.window < SENDER_FLYING_MAX; at += ROOM) {
		leave(&s, 0, NULL);
		ack(&s, 0, at, ROOM, 0);
	}
	leave(&s, 0, NULL);
	assert_int_equal(s.flying, 16);
	assert_int_equal(sender_tick(&s, 250, &d), 0);
	assert_int_equal(s.lost, 16);
	assert_int_equal(leave(&s, 250, &f), 8);
	assert_int_equal(sender_tick(&s, 750, &d), 0);
	assert_int_equal(leave(&s, 750, &f), 4);
	for (int64_t ms = 1000; ms < 29000; ms += 250) {
		assert_int_equal(sender_tick(&s, ms, &d), 0);
		leave(&s, ms, &f);
		assert_true(s.flying <= 4);
	}
	/* None that is new went before those that are lost. */
	assert_int_equal(s.flying + s.lost, 16);
	sender_free(&s);
}

/* The peer takes the next four messages: no other leaves. */
static void
messages_in_window(void **state)
{
	struct fragment f = { 0 };
	struct sender s;

	(void)state;
	sender_init(&s, ROOM);
	for (int i = 0; i < 6; i++)
		put(&s, 1);
	assert_int_equal(leave(&s, 0, &f), 4);
	assert_int_equal(f.seq, 3);
	ack(&s, 2, 0, 1, 0);
	assert_int_equal(leave(&s, 0, &f), 0);
	ack(&s, 0, 0, 1, 0);
	assert_int_equal(leave(&s, 0, &f), 1);
	assert_int_equal(f.seq, 4);
	sender_free(&s);
}

struct ack_case {
	const char *name;
	uint32_t offset, n;
	unsigned flying; /* of 3 pieces, of 10, 10 and 5 bytes */
};

static const struct ack_case ack_cases[] = {
	{ "all", 0, 25, 0 },
	{ "more than all", 0, 0x7fffffff, 0 },
	{ "first", 0, 10, 2 },
	{ "second", 10, 10, 2 },
	{ "last", 20, 5, 2 },
	{ "last two", 10, 15, 1 },
	{ "half of one", 0, 9, 3 },
	{ "half of two", 5, 10, 3 },
	{ "one and two halves", 5, 19, 2 },
	{ "nothing", 0, 0, 3 },
	{ "nothing, at the end", 25, 0, 3 },
	{ "behind the end", 30, 10, 3 },
	{ "far behind the end", 0xfffffff0, 15, 3 },
	{ NULL },
};

static void
acknowledgements(void **state)
{
	(void)state;
	for (const struct ack_case *c = ack_cases; c->name != NULL; c++) {
		struct sender s;

		sender_init(&s, ROOM);
		put(&s, 25);
		leave(&s, 0, NULL);
		for (int i = 0; i < 2; i++) {
			ack(&s, 0, c->offset, c->n, 0);
			ack(&s, 1, c->offset, c->n, 0);
			ack(&s, 65535, c->offset, c->n, 0);
			if (s.flying != c->flying)
				fail_msg("%s: %u under way", c->name, s.flying);
		}
		assert_int_equal(sender_idle(&s), c->flying == 0);
		sender_free(&s);
	}
}

/* What was not sent cannot be acknowledged. */
static void
acknowledged_early(void **state)
{
	struct fragment f;
	struct sender s;

	(void)state;
	sender_init(&s, ROOM);
	put(&s, 25);
	assert_true(sender_next(&s, 0, &f));
	ack(&s, 0, 0, 25, 0);
	assert_false(sender_idle(&s));
	assert_int_equal(leave(&s, 0, NULL), 2);
	sender_free(&s);
}

/* A long way takes a longer time to wait: no more than a few go twice. */
static void
round_trip(void **state)
{
	struct seal_diag d = { 0 };
	unsigned again = 0;
	struct sender s;

	(void)state;
	sender_init(&s, ROOM);
	for (uint16_t i = 0; i < 100; i++) {
		int64_t begun = i * 2000, ms;

		put(&s, 1);
		leave(&s, begun, NULL);
		for (ms = begun; ms < begun + 600; ms += 50) {
			assert_int_equal(sender_tick(&s, ms, &d), 0);
			again += leave(&s, ms, NULL);
		}
		ack(&s, i, 0, 1, ms);
	}
	assert_true(again <= 4);
	sender_free(&s);
}

static void
limits(void **state)
{
	struct sender s;

	(void)state;
	sender_init(&s, ROOM);
	for (int i = 0; i < 4; i++)
		put(&s, sizeof(bytes));
	assert_int_equal(
	    sender_put(&s, FRAME_VERDICT, span_str("x")), SEAL_E_LIMIT);
	sender_free(&s);

	/* msg_seq never wraps. */
	sender_init(&s, ROOM);
	s.next = MSG_SEQS - 1;
	put(&s, 1);
	assert_int_equal(
	    sender_put(&s, FRAME_VERDICT, span_str("x")), SEAL_E_LIMIT);
	sender_free(&s);
}

static void
no_memory(void **state)
{
	struct sender s;

	(void)state;
	sender_init(&s, ROOM);
	for (size_t n = 1; n <= 2; n++) {
		allocfail_at(n);
		assert_int_equal(sender_put(&s, FRAME_VERDICT, span_str("x")),
		    SEAL_E_MEMORY);
		assert_true(allocfail_hit());
	}
	allocfail_off();
	assert_true(sender_idle(&s));
	assert_int_equal(s.next, 0);
	sender_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retransmission),
		cmocka_unit_test(open_way),
		cmocka_unit_test(fragments),
		cmocka_unit_test(window),
		cmocka_unit_test(losses),
		cmocka_unit_test(messages_in_window),
		cmocka_unit_test(acknowledgements),
		cmocka_unit_test(acknowledged_early),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(limits),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
