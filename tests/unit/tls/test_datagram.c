/* SPDX-License-Identifier: Apache-2.0 */
/* What a datagram carriage makes of datagrams (PROTOCOL 8): messages, DATA,
 * acknowledgements, or a refusal. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "tls/carriage.h"

static void
carriage_open(struct carriage *c, uint32_t mtu)
{
	struct session_conf conf = { .mtu = mtu };

	c->row = &datagram_row;
	assert_int_equal(c->row->init(c, &conf, 0, NULL), 0);
}

/* All that comes of one datagram, as text: `type:bytes` of each frame. */
static int
take(struct carriage *c, struct span in, struct wr *ret, struct seal_diag *d)
{
	struct frame f;
	int r;

	while ((r = c->row->next(c, &in, &f, d)) == 1) {
		wr_printf(ret, "%s%u:", ret->n > 0 ? " " : "", f.type);
		wr_bytes(ret, f.body);
	}
	return r;
}

/* The ACKs that are owed, as text: `seq:offset+length` of each range. */
static void
owed(struct carriage *c, struct wr *ret)
{
	struct span out;
	struct ack a;

	while ((out = c->row->offer(c)).n > 0) {
		assert_int_equal(ack_parse(out, &a, NULL), 0);
		for (size_t i = 0; i < a.n; i++)
			wr_printf(ret, "%s%u:%u+%u", ret->n > 0 ? " " : "",
			    a.ranges[i].seq, a.ranges[i].offset, a.ranges[i].n);
		c->row->sent(c, out.n);
	}
}

static int
take_fragment(struct carriage *c, uint8_t type, uint16_t seq, uint32_t total,
    uint32_t offset, const char *bytes, struct wr *ret, struct seal_diag *d)
{
	struct fragment f = { type, seq, total, offset, span_str(bytes) };
	uint8_t buf[256];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	fragment_write(&w, &f);
	assert_int_equal(w.error, 0);
	return take(c, wr_view(&w), ret, d);
}

/* ---- Reassembly ---- */

struct piece {
	uint8_t type; /* 0 ends */
	uint16_t seq;
	uint32_t total, offset;
	const char *bytes;
};

#define PIECES_MAX 8
struct reassembly_case {
	const char *name;
	struct piece in[PIECES_MAX];
	const char *out, *acks;
	int want; /* of the last one */
	const char *says;
};

#define P SEAL_E_PROTOCOL
static const struct reassembly_case reassembly_cases[] = {
	{ "whole", { { 1, 0, 5, 0, "hello" } }, "1:hello", "0:0+5" },
	{ "two halves", { { 1, 0, 4, 0, "ab" }, { 1, 0, 4, 2, "cd" } },
	    "1:abcd", "0:0+4" },
	{ "backwards",
	    { { 1, 0, 6, 4, "ef" }, { 1, 0, 6, 2, "cd" },
		{ 1, 0, 6, 0, "ab" } },
	    "1:abcdef", "0:0+6" },
	{ "last missing", { { 1, 0, 6, 0, "ab" }, { 1, 0, 6, 2, "cd" } }, "",
	    "0:0+4" },
	{ "first missing", { { 1, 0, 6, 2, "cd" }, { 1, 0, 6, 4, "ef" } }, "",
	    "0:2+4" },
	{ "gap", { { 1, 0, 6, 0, "ab" }, { 1, 0, 6, 4, "ef" } }, "",
	    "0:0+2 0:4+2" },
	{ "gap filled by more than it takes",
	    { { 1, 0, 6, 0, "ab" }, { 1, 0, 6, 4, "ef" },
		{ 1, 0, 6, 1, "bcde" } },
	    "1:abcdef", "0:0+6" },
	{ "two gaps closed at once",
	    { { 1, 0, 9, 0, "a" }, { 1, 0, 9, 4, "e" }, { 1, 0, 9, 8, "i" },
		{ 1, 0, 9, 0, "abcdefghi" } },
	    "1:abcdefghi", "0:0+9" },
	{ "again, the same", { { 1, 0, 4, 0, "ab" }, { 1, 0, 4, 0, "ab" } }, "",
	    "0:0+2" },
	{ "overlap, the same", { { 1, 0, 4, 0, "abc" }, { 1, 0, 4, 1, "bcd" } },
	    "1:abcd", "0:0+4" },
	{ "within, the same", { { 1, 0, 5, 0, "abcd" }, { 1, 0, 5, 1, "bc" } },
	    "", "0:0+4" },
	{ "nothing at all", { { 3, 0, 0, 0, "" } }, "3:", "0:0+0" },
	{ "nothing at all, twice", { { 3, 0, 0, 0, "" }, { 3, 0, 0, 0, "" } },
	    "3:", "0:0+0" },

	{ "again, other bytes", { { 1, 0, 4, 0, "ab" }, { 1, 0, 4, 0, "ax" } },
	    "", "", P, "other content" },
	{ "overlap, other bytes",
	    { { 1, 0, 4, 0, "abc" }, { 1, 0, 4, 2, "xd" } }, "", "", P,
	    "other content" },
	{ "overlap before, other bytes",
	    { { 1, 0, 4, 2, "cd" }, { 1, 0, 4, 0, "abx" } }, "", "", P,
	    "other content" },
	{ "overlap with the second range, other bytes",
	    { { 1, 0, 6, 0, "a" }, { 1, 0, 6, 4, "e" },
		{ 1, 0, 6, 1, "bcdx" } },
	    "", "", P, "other content" },
	{ "complete, waits, other bytes",
	    { { 1, 1, 2, 0, "ab" }, { 1, 1, 2, 0, "xb" } }, "", "", P,
	    "other content" },
	{ "other total", { { 1, 0, 4, 0, "ab" }, { 1, 0, 5, 2, "cd" } }, "", "",
	    P, "expected type 1 of 4" },
	{ "other type", { { 1, 0, 4, 0, "ab" }, { 2, 0, 4, 2, "cd" } }, "", "",
	    P, "found type 2" },
	{ "nothing, then something",
	    { { 3, 1, 0, 0, "" }, { 3, 1, 1, 0, "a" } }, "", "", P,
	    "of 0 bytes, as before" },
	{ "total over the type's limit", { { 4, 0, 513, 0, "a" } }, "", "", P,
	    "at most 512 bytes, found 513" },
	{ "total as large as can be", { { 3, 0, 0xffffff, 0, "a" } }, "", "", P,
	    "at most 131072" },
	{ "behind the total", { { 1, 0, 4, 3, "ab" } }, "", "", P,
	    "within 4, found 2 at 3" },
	{ "far behind the total", { { 1, 0, 4, 0xffffff, "a" } }, "", "", P,
	    "within 4" },
	{ "at the total's end, nothing", { { 1, 0, 4, 4, "" } }, "", "", P,
	    "with bytes" },
	{ "no bytes", { { 1, 0, 4, 0, "" } }, "", "", P, "with bytes" },
	{ "bytes of nothing", { { 1, 0, 0, 0, "a" } }, "", "", P, "within 0" },
	{ "a completed message's, malformed",
	    { { 1, 0, 1, 0, "a" }, { 4, 0, 513, 0, "a" } }, "1:a", "", P,
	    "at most 512" },

	{ "in order", { { 1, 0, 1, 0, "a" }, { 2, 1, 1, 0, "b" } }, "1:a 2:b",
	    "0:0+1 1:0+1" },
	{ "out of order",
	    { { 2, 1, 1, 0, "b" }, { 3, 2, 1, 0, "c" }, { 1, 0, 1, 0, "a" } },
	    "1:a 2:b 3:c", "0:0+1 1:0+1 2:0+1" },
	{ "one waits for another",
	    { { 2, 1, 2, 0, "bb" }, { 1, 0, 2, 0, "a" } }, "", "0:0+1 1:0+2" },
	{ "the fourth is taken", { { 4, 3, 1, 0, "d" } }, "", "3:0+1" },
	{ "the fifth is not", { { 4, 4, 1, 0, "e" } }, "", "" },
	{ "the last of all is not", { { 4, 65535, 1, 0, "e" } }, "", "" },
	{ "the fifth, once the first is gone",
	    { { 1, 0, 1, 0, "a" }, { 4, 4, 1, 0, "e" } }, "1:a",
	    "0:0+1 4:0+1" },
	{ "a completed one's", { { 1, 0, 2, 0, "ab" }, { 1, 0, 2, 1, "b" } },
	    "1:ab", "0:0+2" },
	{ NULL },
};

static void
run_reassembly(const struct reassembly_case *c)
{
	struct wr out, acks;
	struct seal_diag d = { 0 };
	struct carriage way;
	int r = 0;

	carriage_open(&way, 0);
	wr_init_heap(&out, 1024);
	wr_init_heap(&acks, 1024);
	for (const struct piece *p = c->in; p->type != 0; p++) {
		assert_int_equal(r, 0);
		r = take_fragment(&way, p->type, p->seq, p->total, p->offset,
		    p->bytes, &out, &d);
	}
	if (r != c->want ||
	    (c->says != NULL && strstr(d.text, c->says) == NULL))
		fail_msg("%s: got %d (%s)", c->name, r, d.text);
	if (!span_is(wr_view(&out), c->out))
		fail_msg("%s: came '%.*s'", c->name, (int)out.n, out.p);
	if (r == 0)
		owed(&way, &acks);
	if (!span_is(wr_view(&acks), c->acks))
		fail_msg(
		    "%s: acknowledged '%.*s'", c->name, (int)acks.n, acks.p);
	wr_free(&acks);
	wr_free(&out);
	way.row->free(&way);
}

static void
reassembly(void **state)
{
	(void)state;
	for (const struct reassembly_case *c = reassembly_cases;
	     c->name != NULL; c++)
		run_reassembly(c);
}

/* What has been acknowledged is owed no longer, until it comes again. */
static void
acknowledged_once(void **state)
{
	struct wr out, acks;
	struct carriage way;

	(void)state;
	carriage_open(&way, 0);
	wr_init_heap(&out, 1024);
	wr_init_heap(&acks, 1024);
	for (int i = 0; i < 3; i++) {
		take_fragment(&way, 1, 0, 2, 0, "ab", &out, NULL);
		acks.n = 0;
		owed(&way, &acks);
		assert_true(span_is(wr_view(&acks), "0:0+2"));
		acks.n = 0;
		owed(&way, &acks);
		assert_int_equal(acks.n, 0);
	}
	assert_true(span_is(wr_view(&out), "1:ab"));
	wr_free(&acks);
	wr_free(&out);
	way.row->free(&way);
}

/* msg_seq never wraps: after 65,535 there is no 0 again. */
static void
no_wrap(void **state)
{
	struct wr out, acks;
	struct carriage way;

	(void)state;
	carriage_open(&way, 0);
	wr_init_heap(&out, 1024);
	wr_init_heap(&acks, 1024);
	way.datagram->receiver.next = 65533;
	take_fragment(&way, 1, 65535, 1, 0, "c", &out, NULL);
	take_fragment(&way, 1, 0, 1, 0, "x", &out, NULL);
	take_fragment(&way, 1, 65534, 1, 0, "b", &out, NULL);
	take_fragment(&way, 1, 65533, 1, 0, "a", &out, NULL);
	take_fragment(&way, 1, 0, 1, 0, "x", &out, NULL);
	take_fragment(&way, 1, 1, 1, 0, "x", &out, NULL);
	assert_true(span_is(wr_view(&out), "1:a 1:b 1:c"));
	/* They are of completed messages, and acknowledged as such. */
	owed(&way, &acks);
	assert_true(span_is(
	    wr_view(&acks), "0:0+1 65533:0+1 65534:0+1 65535:0+1 1:0+1"));
	wr_free(&acks);
	wr_free(&out);
	way.row->free(&way);
}

/* A peer that leaves more gaps than any sender's window makes them is heard
 * again once they are filled. */
static void
too_many_gaps(void **state)
{
	char text[256];
	struct wr out, acks;
	struct carriage way;

	(void)state;
	carriage_open(&way, 0);
	wr_init_heap(&out, 1024);
	wr_init_heap(&acks, 4096);
	for (uint32_t i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%c", 'a' + (int)(2 * i % 26));
		take_fragment(&way, 1, 0, 200, 2 * i, text, &out, NULL);
	}
	owed(&way, &acks);
	assert_non_null(memmem(acks.p, acks.n, "0:62+1", 6));
	assert_null(memmem(acks.p, acks.n, "0:64+1", 6));
	for (uint32_t i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "%c", 'a' + (int)(i % 26));
		take_fragment(&way, 1, 0, 200, i, text, &out, NULL);
	}
	assert_int_equal(out.n, 2 + 200);
	wr_free(&acks);
	wr_free(&out);
	way.row->free(&way);
}

/* However many are owed, an ACK holds 32 ranges, and all are told in turn. */
static void
many_acks(void **state)
{
	struct wr out;
	struct carriage way;
	size_t told = 0;
	struct span s;
	struct ack a;

	(void)state;
	carriage_open(&way, DATAGRAM_MTU_MIN);
	wr_init_heap(&out, 1024);
	for (uint16_t seq = 0; seq < 4; seq++) {
		for (uint32_t i = 0; i < 20; i++)
			take_fragment(&way, 3, seq, 35000, 30000 + 2 * i, "x",
			    &out, NULL);
	}
	while ((s = way.row->offer(&way)).n > 0) {
		assert_true(s.n <= ACK_SIZE);
		assert_int_equal(ack_parse(s, &a, NULL), 0);
		told += a.n;
		way.row->sent(&way, s.n);
	}
	assert_int_equal(told, 80);
	wr_free(&out);
	way.row->free(&way);
}

/* Four datagrams do not ask for four times the largest message. */
static void
held(void **state)
{
	const struct receiver *r;
	struct wr out, acks;
	struct carriage way;

	(void)state;
	carriage_open(&way, 0);
	r = &way.datagram->receiver;
	wr_init_heap(&out, 1024);
	wr_init_heap(&acks, 1024);
	for (uint16_t seq = 1; seq < 4; seq++)
		take_fragment(&way, 3, seq, 131072, 0, "x", &out, NULL);
	assert_int_equal(r->held, 131072);
	owed(&way, &acks);
	assert_true(span_is(wr_view(&acks), "1:0+1"));
	/* Small ones, and the next in order, still go. */
	acks.n = 0;
	take_fragment(&way, 4, 2, 512, 0, "x", &out, NULL);
	take_fragment(&way, 3, 0, 131072, 0, "x", &out, NULL);
	assert_int_equal(r->held, 2 * 131072 + 512);
	owed(&way, &acks);
	assert_true(span_is(wr_view(&acks), "0:0+1 2:0+1"));
	wr_free(&acks);
	wr_free(&out);
	way.row->free(&way);
}

/* ---- Other datagrams ---- */

struct datagram_case {
	const char *name;
	struct span in;
	int want;
	const char *out, *says;
};

static const struct datagram_case datagram_cases[] = {
	{ "empty", { NULL, 0 }, 0, "" },
	{ "data", HEX(5, 'h', 'i'), 0, "5:hi" },
	{ "data without bytes", HEX(5), 0, "5:" },
	{ "type 0", HEX(0, 0, 0, 0, 0, 1, 0, 0, 0, 'a'), P, "", "found 0" },
	{ "type 8", HEX(8, 0, 0, 0, 0, 1, 0, 0, 0, 'a'), P, "", "found 8" },
	{ "type 255", HEX(255, 0, 0, 0, 0, 1, 0, 0, 0, 'a'), P, "",
	    "found 255" },
	{ "type alone", HEX(1), P, "", "at least 9" },
	{ "header cut", HEX(1, 0, 0, 0, 0, 1, 0, 0), P, "", "at least 9" },
	{ "ack of nothing", HEX(7, 0x80), 0, "" },
	{ "ack of what was never sent", HEX(7, 0x81, 0x83, 9, 0, 1), 0, "" },
	{ "ack of no bytes", HEX(7, 0x81, 0x83, 0, 0, 0), 0, "" },
	{ "ack without list", HEX(7), P, "", "ack" },
	{ "ack: a map", HEX(7, 0xa0), P, "", "ack" },
	{ "ack: cut", HEX(7, 0x82, 0x83, 0, 0, 1), P, "", "ack" },
	{ "ack: trailing byte", HEX(7, 0x80, 0), P, "", "ack" },
	{ "ack: a range of two", HEX(7, 0x81, 0x82, 0, 0), P, "", "ack" },
	{ "ack: a range of four", HEX(7, 0x81, 0x84, 0, 0, 0, 0), P, "",
	    "ack" },
	{ "ack: a negative number", HEX(7, 0x81, 0x83, 0x20, 0, 1), P, "",
	    "ack" },
	{ "ack: msg_seq 65536", HEX(7, 0x81, 0x83, 0x1a, 0, 1, 0, 0, 0, 1), P,
	    "", "ack" },
	{ "ack: a range that wraps",
	    HEX(7, 0x81, 0x83, 0, 0x1a, 255, 255, 255, 255, 1), P, "", "ack" },
	{ "ack: a large offset",
	    HEX(7, 0x81, 0x83, 0, 0x1b, 1, 0, 0, 0, 0, 0, 0, 0, 1), P, "",
	    "ack" },
	{ "ack: longer head than needed", HEX(7, 0x81, 0x83, 0x18, 0, 0, 1), P,
	    "", "ack" },
	{ "ack: indefinite length", HEX(7, 0x9f, 0xff), P, "", "ack" },
	{ NULL },
};

static void
datagrams(void **state)
{
	(void)state;
	for (const struct datagram_case *c = datagram_cases; c->name != NULL;
	     c++) {
		struct seal_diag d = { 0 };
		struct carriage way;
		struct wr out;
		int r;

		carriage_open(&way, 0);
		wr_init_heap(&out, 1024);
		r = take(&way, c->in, &out, &d);
		if (r != c->want ||
		    (c->says != NULL && strstr(d.text, c->says) == NULL))
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		if (!span_is(wr_view(&out), c->out))
			fail_msg("%s: came '%.*s'", c->name, (int)out.n, out.p);
		wr_free(&out);
		way.row->free(&way);
	}
}

static void
ack_ranges(void **state)
{
	uint8_t buf[256];
	struct ack a;
	struct wr w;

	(void)state;
	for (size_t n = ACK_RANGES; n <= ACK_RANGES + 1; n++) {
		wr_init(&w, buf, sizeof(buf));
		wr_u8(&w, ACK_TYPE);
		wr_u8(&w, 0x98);
		wr_u8(&w, (uint8_t)n);
		for (size_t i = 0; i < n; i++)
			wr_bytes(&w, span_str("\x83\1\2\3"));
		assert_int_equal(ack_parse(wr_view(&w), &a, NULL),
		    n <= ACK_RANGES ? 0 : SEAL_E_PROTOCOL);
	}
	assert_int_equal(a.n, ACK_RANGES);
	assert_int_equal(a.ranges[31].seq, 1);
	assert_int_equal(a.ranges[31].offset, 2);
	assert_int_equal(a.ranges[31].n, 3);
}

/* The longest ACK fits the smallest datagram, whatever it says. */
static void
ack_size(void **state)
{
	struct ack a = { .n = ACK_RANGES };
	uint8_t buf[ACK_SIZE];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < ACK_RANGES; i++)
		a.ranges[i] =
		    (struct ack_range){ 65535, 0xffffffff - 66000, 66000 };
	wr_init(&w, buf, sizeof(buf));
	ack_write(&w, &a);
	assert_int_equal(w.error, 0);
	assert_int_equal(w.n, ACK_SIZE);
	assert_true(ACK_SIZE <= DATAGRAM_MTU_MIN - DATAGRAM_RECORD);
}

static void
large_data(void **state)
{
	static uint8_t buf[2 + LIMIT_FRAME_DATA];
	struct seal_diag d = { 0 };
	struct carriage way;
	struct span in;
	struct frame f;

	(void)state;
	carriage_open(&way, 0);
	buf[0] = FRAME_DATA;
	in = span_of(buf, 1 + LIMIT_FRAME_DATA);
	assert_int_equal(way.row->next(&way, &in, &f, &d), 1);
	assert_int_equal(f.body.n, LIMIT_FRAME_DATA);
	in = span_of(buf, sizeof(buf));
	assert_int_equal(way.row->next(&way, &in, &f, &d), SEAL_E_PROTOCOL);
	way.row->free(&way);
}

static void
mtu(void **state)
{
	static const struct {
		uint32_t mtu;
		int want;
		size_t data;
	} rows[] = {
		{ 0, 0, 1200 - 23 },
		{ 512, 0, 512 - 23 },
		{ 511, SEAL_E_CONFIG, 0 },
		{ 1, SEAL_E_CONFIG, 0 },
		{ 16384 + 22, 0, LIMIT_FRAME_DATA },
		{ 16384 + 23, SEAL_E_CONFIG, 0 },
		{ UINT32_MAX, SEAL_E_CONFIG, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session_conf conf = { .mtu = rows[i].mtu };
		struct carriage c = { .row = &datagram_row };
		struct seal_diag d = { 0 };
		int r = c.row->init(&c, &conf, 0, &d);

		if (r != rows[i].want)
			fail_msg("mtu %u: %s", rows[i].mtu, d.text);
		if (r == 0)
			assert_int_equal(c.row->data_max(&c), rows[i].data);
		c.row->free(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reassembly),
		cmocka_unit_test(acknowledged_once),
		cmocka_unit_test(no_wrap),
		cmocka_unit_test(too_many_gaps),
		cmocka_unit_test(many_acks),
		cmocka_unit_test(held),
		cmocka_unit_test(datagrams),
		cmocka_unit_test(ack_ranges),
		cmocka_unit_test(ack_size),
		cmocka_unit_test(large_data),
		cmocka_unit_test(mtu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
