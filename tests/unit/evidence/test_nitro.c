/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of /dev/nsm, whose kernel and module are played here. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "evidence/nitro_device.h"
#include "format/nitro.h"

#define COLLECT_MS 60000u
#define SHORT_MS 200u
#define FOR_EVER 1000000000u

static const struct span exporter = STR("0123456789abcdef0123456789abcdef");

static void
opening(void **state)
{
	static const struct played_row rows[] = {
		{ "as it is", NONE, 0, 0 },
		{ "unknown setting", KV("pcrs", "0"), 0, SEAL_E_CONFIG },
		{ "no such key", KV("key", "/nonexistent"), 0, SEAL_E_IO },
		{ "no such device", NONE, ENOENT, SEAL_E_UNSUPPORTED },
		{ "not allowed", NONE, EACCES, SEAL_E_CONFIG },
		{ NULL },
	};

	(void)state;
	nitro_now = (struct nitro_play){ 0 };
	played_opening(&nitro_device, rows);
}

struct row {
	const char *name;
	struct nitro_play module;
	int want;
	const char *says;
	bool until_deadline;
};

static const struct row rows[] = {
	{ "as it should be", { 0 }, 0 },
	{ "interrupted", { .err = EINTR, .n_err = 3 }, 0 },
	{ "busy", { .err = EBUSY, .n_err = 3 }, 0 },
	{ "busy for ever", { .err = EBUSY, .n_err = FOR_EVER },
	    SEAL_E_UNAVAILABLE, .until_deadline = true },
	{ "interrupted for ever", { .err = EINTR, .n_err = FOR_EVER },
	    SEAL_E_UNAVAILABLE, .until_deadline = true },
	{ "broken", { .err = EIO, .n_err = 1 }, SEAL_E_UNAVAILABLE },
	{ "no module behind it", { .err = ENOTTY, .n_err = 1 },
	    SEAL_E_UNSUPPORTED },
	{ "an error", { .answer = ERROR }, SEAL_E_UNAVAILABLE,
	    "InternalError" },
	{ "an error that is a number", { .answer = ERROR_NUMBER },
	    SEAL_E_DECODE },
	{ "another answer", { .answer = OTHER_WORD }, SEAL_E_DECODE },
	{ "two answers", { .answer = TWO_WORDS }, SEAL_E_DECODE },
	{ "no document", { .answer = NO_DOCUMENT }, SEAL_E_DECODE },
	{ "cut off", { .answer = TRUNCATED }, SEAL_E_DECODE },
	{ "more behind it", { .answer = TRAILING_BYTE }, SEAL_E_DECODE },
	{ "nothing", { .answer = EMPTY }, SEAL_E_DECODE },
	{ "garbage", { .answer = GARBAGE }, SEAL_E_DECODE },
	{ "longer than its room", { .answer = TOO_LONG }, SEAL_E_LIMIT },
	{ "no nonce", { .shape = NO_NONCE }, SEAL_E_EVIDENCE },
	{ "zeros for a nonce", { .shape = ZERO_NONCE }, SEAL_E_EVIDENCE },
	{ "a short nonce", { .shape = SHORT_NONCE }, SEAL_E_EVIDENCE },
	{ "another nonce", { .shape = OTHER_NONCE }, SEAL_E_EVIDENCE },
	{ "the nonce as user data", { .shape = USER_NONCE }, SEAL_E_EVIDENCE },
	{ "no key", { .shape = NO_KEY }, SEAL_E_EVIDENCE },
	{ "another key", { .shape = OTHER_KEY }, SEAL_E_EVIDENCE },
	{ "no PCR 0", { .shape = NO_PCR0 }, SEAL_E_DECODE },
	{ "a debug enclave is for the peer to refuse", { .shape = DEBUG }, 0 },
	{ NULL },
};

static void
collecting(void **state)
{
	static const char *const none[] = NONE;

	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++)
		for (int h = 0; h < 2; h++) {
			struct attester *a = NULL;
			struct seal_diag d = { 0 };
			struct seal_binding b;
			struct wr w;
			int r;

			nitro_now = (struct nitro_play){ 0 };
			assert_int_equal(
			    played_attester(&nitro_device, none, &a, &d), 0);
			assert_false(attester_insecure(a));
			assert_int_equal(
			    binding_post(h == 0 ? HASH_SHA256 : HASH_SHA384,
				attester_spki(a), exporter, &b, NULL),
			    0);
			nitro_now = row->module;
			wr_init_heap(&w, LIMIT_CMW);
			r = attester_collect(a, &b,
			    row->until_deadline ? SHORT_MS : COLLECT_MS, &w,
			    &d);
			if (r != row->want ||
			    (row->says != NULL &&
				strstr(d.text, row->says) == NULL))
				fail_msg("%s: %d (%s)", row->name, r, d.text);
			if (r == 0) {
				struct nitro n;

				assert_int_equal(
				    nitro_parse(wr_view(&w), &n, NULL), 0);
				assert_true(span_equal(
				    span_of(played_asked.bytes, played_asked.n),
				    binding_value(&b)));
				assert_true(span_equal(
				    nitro_asked_key(), attester_spki(a)));
			} else {
				assert_int_equal(w.n, 0);
			}
			wr_free(&w);
			attester_free(&a);
		}
}

static int
set_up(void **state)
{
	(void)state;
	nitro_setup();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	nitro_teardown();
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
