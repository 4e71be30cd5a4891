/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of /dev/tdx_guest, whose kernel and quoting service are played
 * here. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "evidence/tdx_guest_device.h"
#include "format/quote.h"

#define COLLECT_MS 60000u
#define SHORT_MS 200u
#define FOR_EVER 1000000000u

static const struct span exporter = STR("0123456789abcdef0123456789abcdef");

static void
opening(void **state)
{
	static const struct played_row rows[] = {
		{ "as it is", NONE, 0, 0 },
		{ "a port", KV("port", "4294967294"), 0, 0 },
		{ "port 0", KV("port", "0"), 0, SEAL_E_CONFIG },
		{ "any port", KV("port", "4294967295"), 0, SEAL_E_CONFIG },
		{ "a long port", KV("port", "00000000001"), 0, SEAL_E_CONFIG },
		{ "no port", KV("port", ""), 0, SEAL_E_CONFIG },
		{ "a word", KV("port", "12x"), 0, SEAL_E_CONFIG },
		{ "less than none", KV("port", "-1"), 0, SEAL_E_CONFIG },
		{ "unknown setting", KV("dir", "/dev"), 0, SEAL_E_CONFIG },
		{ "no such key", KV("key", "/nonexistent"), 0, SEAL_E_IO },
		{ "no such device", NONE, ENOENT, SEAL_E_UNSUPPORTED },
		{ "not allowed", NONE, EACCES, SEAL_E_CONFIG },
		{ "held", NONE, EBUSY, SEAL_E_UNAVAILABLE },
		{ NULL },
	};

	(void)state;
	tdx_guest_now = (struct tdx_guest_play){ 0 };
	played_opening(&tdx_guest_device, rows);
}

static const struct row {
	const char *name;
	struct tdx_guest_play w;
	int want;
	const char *says; /* in the story */
	bool until_deadline;
} rows[] = {
	{ "as it should be", { 0 }, 0 },
	{ "interrupted", { .err = EINTR, .n_err = 3 }, 0 },
	{ "busy", { .err = EBUSY, .n_err = 3 }, 0 },
	{ "busy for ever", { .err = EBUSY, .n_err = FOR_EVER },
	    SEAL_E_UNAVAILABLE, "no report", true },
	{ "broken", { .err = EIO, .n_err = 1 }, SEAL_E_UNAVAILABLE,
	    "no report" },
	{ "an old kernel", { .err = ENOTTY, .n_err = 1 }, SEAL_E_UNSUPPORTED },
	{ "not allowed", { .err = EPERM, .n_err = 1 }, SEAL_E_CONFIG },
	{ "over other data", { .other_report = true }, SEAL_E_EVIDENCE,
	    "the kernel's report" },
	{ "no service", { .connect_err = ECONNRESET }, SEAL_E_UNAVAILABLE,
	    "vsock port 1234" },
	{ "no vsock", { .connect_err = EAFNOSUPPORT }, SEAL_E_UNAVAILABLE,
	    "vsock port 1234" },
	{ "in bytes", { .pieces = 1 }, 0 },
	{ "in pieces", { .pieces = 7 }, 0 },
	{ "with an id", { .id = 16 }, 0 },
	{ "no answer", { .hangs = true }, SEAL_E_UNAVAILABLE, "receiving",
	    true },
	{ "nobody reads", { .deaf = true }, SEAL_E_UNAVAILABLE, "QGS", true },
	{ "ends early", { .cut = true }, SEAL_E_UNAVAILABLE, "ended" },
	{ "another's quote", { .other = true }, SEAL_E_EVIDENCE,
	    "report data" },
	{ "an error", { .error = 0x12001 }, SEAL_E_UNAVAILABLE,
	    "error 0x12001" },
	{ "another type", { .type = 3 }, SEAL_E_DECODE, "type 3" },
	{ "another version", { .major = 2 }, SEAL_E_DECODE, "version 2" },
	{ "another size inside", { .size_more = 1 }, SEAL_E_DECODE },
	{ "too long", { .long_prefix = true }, SEAL_E_DECODE, "length" },
	{ "too short", { .short_prefix = true }, SEAL_E_DECODE, "length" },
	{ "a byte more", { .tail = true }, SEAL_E_DECODE, "end" },
	{ "no quote", { .empty = true }, SEAL_E_DECODE },
	{ NULL },
};

static void
expect_quote(struct span evidence, const struct seal_binding *b)
{
	uint8_t want[64] = { 0 };
	struct td_report td;
	struct quote q;

	memcpy(want, b->binder, b->size);
	assert_int_equal(quote_parse(evidence, &q, NULL), 0);
	assert_true(td_report_read(&q, &td));
	assert_true(span_equal(td.report_data, span_of(want, 64)));
}

static void
collecting(void **state)
{
	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++)
		for (int h = 0; h < 2; h++) {
			struct attester *a = NULL;
			struct seal_diag d = { 0 };
			struct seal_binding b;
			struct wr w;
			int r;

			tdx_guest_now = (struct tdx_guest_play){ 0 };
			assert_int_equal(played_attester(&tdx_guest_device,
					     tdx_guest_device.kv, &a, &d),
			    0);
			assert_int_equal(
			    binding_post(h == 0 ? HASH_SHA256 : HASH_SHA384,
				attester_spki(a), exporter, &b, NULL),
			    0);
			tdx_guest_now = row->w;
			wr_init_heap(&w, LIMIT_CMW);
			r = attester_collect(a, &b,
			    row->until_deadline ? SHORT_MS : COLLECT_MS, &w,
			    &d);
			if (r != row->want ||
			    (row->says != NULL &&
				strstr(d.text, row->says) == NULL))
				fail_msg("%s: %d (%s)", row->name, r, d.text);
			if (r == 0)
				expect_quote(wr_view(&w), &b);
			else
				assert_int_equal(w.n, 0);
			tdx_guest_end_service();
			wr_free(&w);
			attester_free(&a);
		}
}

static int
set_up(void **state)
{
	(void)state;
	tdx_guest_device.set_up();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tdx_guest_device.tear_down();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(collecting),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
