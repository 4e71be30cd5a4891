/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of /dev/sev-guest, whose kernel and firmware are played here. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if __has_include(<linux/sev-guest.h>)
#include <linux/sev-guest.h>
#define HAVE_KERNEL 1
#endif

#include "base/limits.h"
#include "evidence/sev_guest.h"
#include "evidence/sev_guest_device.h"
#include "format/snp.h"

#define COLLECT_MS 60000u
#define SHORT_MS 200u
#define FOR_EVER 1000000000u

static const struct span exporter = STR("0123456789abcdef0123456789abcdef");

/* ---- Rows ---- */

static void
opening(void **state)
{
	static const struct played_row rows[] = {
		{ "as it is", NONE, 0, 0 },
		{ "a level", KV("privlevel", "3"), 0, 0 },
		{ "no such level", KV("privlevel", "4"), 0, SEAL_E_CONFIG },
		{ "an empty level", KV("privlevel", ""), 0, SEAL_E_CONFIG },
		{ "two digits", KV("privlevel", "11"), 0, SEAL_E_CONFIG },
		{ "neither yes nor no", KV("certificates", "1"), 0,
		    SEAL_E_CONFIG },
		{ "unknown setting", KV("dir", "/dev"), 0, SEAL_E_CONFIG },
		{ "no such key", KV("key", "/nonexistent"), 0, SEAL_E_IO },
		{ "no such device", NONE, ENOENT, SEAL_E_UNSUPPORTED },
		{ "not allowed", NONE, EACCES, SEAL_E_CONFIG },
		{ "held", NONE, EBUSY, SEAL_E_UNAVAILABLE },
		{ NULL },
	};

	(void)state;
	sev_guest_now = (struct sev_guest_play){ 0 };
	played_opening(&sev_guest_device, rows);
}

struct row {
	const char *name;
	struct sev_guest_play kernel;
	int want;
	size_t certificates;
	const char *says; /* in the story */
	bool without, until_deadline;
};

static const struct row rows[] = {
	{ "as it should be", { 0 }, 0, 2 },
	{ "without certificates", { 0 }, 0, 0, .without = true },
	{ "the host gave none", { .no_table = true }, 0, 0 },
	{ "a table of garbage", { .bad_table = true }, SEAL_E_DECODE, 0,
	    "certificate table" },
	{ "garbage that is not wanted", { .bad_table = true }, 0, 0,
	    .without = true },
	{ "interrupted", { .err = EINTR, .n_err = 3 }, 0, 2 },
	{ "throttled", { .err = EAGAIN, .n_err = 3 }, 0, 2 },
	{ "throttled by the host",
	    { .err = EIO, .n_err = 3, .vmm = SEV_VMM_BUSY }, 0, 2 },
	{ "plain, throttled", { .err = EAGAIN, .n_err = 3 }, 0, 0,
	    .without = true },
	{ "throttled for ever", { .err = EAGAIN, .n_err = FOR_EVER },
	    SEAL_E_UNAVAILABLE, .until_deadline = true },
	{ "throttled by the host for ever",
	    { .err = EIO, .n_err = FOR_EVER, .vmm = SEV_VMM_BUSY },
	    SEAL_E_UNAVAILABLE, 0, "hypervisor error 0x2",
	    .until_deadline = true },
	{ "interrupted for ever", { .err = EINTR, .n_err = FOR_EVER },
	    SEAL_E_UNAVAILABLE, .until_deadline = true },
	{ "larger table", { .table = 5 * SEV_PAGE, .n_table = 1 }, 0, 2 },
	{ "the largest", { .table = SEV_CERTS_MAX, .n_table = 2 }, 0, 2 },
	{ "larger than that",
	    { .table = SEV_CERTS_MAX + SEV_PAGE, .n_table = 1 }, SEAL_E_LIMIT,
	    0, "whole pages" },
	{ "no whole pages", { .table = 5 * SEV_PAGE + 1, .n_table = 1 },
	    SEAL_E_LIMIT, 0, "whole pages" },
	{ "refused by the firmware",
	    { .err = EIO, .n_err = 1, .firmware = 0x16 }, SEAL_E_UNAVAILABLE, 0,
	    "firmware error 0x16" },
	{ "the length refused, and none named",
	    { .err = EIO, .n_err = 1, .vmm = SEV_VMM_INVALID_LENGTH },
	    SEAL_E_UNAVAILABLE, 0, "hypervisor error 0x1" },
	{ "refused without an errno",
	    { .n_err = 1, .silent = true, .firmware = 1 }, SEAL_E_UNAVAILABLE,
	    0, "firmware error 0x1" },
	{ "an old kernel", { .err = ENOTTY, .n_err = 1 }, SEAL_E_UNSUPPORTED },
	{ "not allowed", { .err = EPERM, .n_err = 1 }, SEAL_E_CONFIG },
	{ "over other data", { .other = true }, SEAL_E_EVIDENCE, 0,
	    "report data" },
	{ "a status", { .status = 0x16 }, SEAL_E_EVIDENCE, 0, "status 0x16" },
	{ "a byte less", { .short_report = true }, SEAL_E_DECODE },
	{ "longer than the answer", { .long_report = true }, SEAL_E_EVIDENCE },
	{ NULL },
};

static void
expect_evidence(
    const struct row *row, struct span evidence, const struct seal_binding *b)
{
	uint8_t want[64] = { 0 };
	struct snp_report rep;
	struct snp_table t;
	struct span part;

	memcpy(want, b->binder, b->size);
	assert_int_equal(snp_evidence_parse(evidence, &part, &t, NULL), 0);
	assert_int_equal(snp_report_parse(part, &rep, NULL), 0);
	if (!span_equal(rep.report_data, span_of(want, sizeof(want))) ||
	    t.n != row->certificates ||
	    evidence.n != SNP_REPORT_SIZE + (t.n > 0 ? t.used : 0))
		fail_msg("%s: %zu bytes, %zu certificates", row->name,
		    evidence.n, t.n);
	assert_int_equal(rep.vmpl, 2);
	assert_int_equal(sev_guest_vmpl, 2);
}

static void
collecting(void **state)
{
	static const char *const with[] = KV("privlevel", "2");
	static const char *const without[] =
	    KV("certificates", "no", "privlevel", "2");

	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++)
		for (int h = 0; h < 2; h++) {
			struct attester *a = NULL;
			struct seal_diag d = { 0 };
			struct seal_binding b;
			struct wr w;
			int r;

			sev_guest_now = (struct sev_guest_play){ 0 };
			assert_int_equal(
			    played_attester(&sev_guest_device,
				row->without ? without : with, &a, &d),
			    0);
			assert_int_equal(
			    binding_post(h == 0 ? HASH_SHA256 : HASH_SHA384,
				attester_spki(a), exporter, &b, NULL),
			    0);
			sev_guest_now = row->kernel;
			wr_init_heap(&w, LIMIT_CMW);
			r = attester_collect(a, &b,
			    row->until_deadline ? SHORT_MS : COLLECT_MS, &w,
			    &d);
			if (r != row->want ||
			    (row->says != NULL &&
				strstr(d.text, row->says) == NULL))
				fail_msg("%s: %d (%s)", row->name, r, d.text);
			if (r == 0)
				expect_evidence(row, wr_view(&w), &b);
			else
				assert_int_equal(w.n, 0);
			wr_free(&w);
			attester_free(&a);
		}
}

/* The structures that this driver has of its own are the kernel's. */
static void
interface(void **state)
{
	(void)state;
#ifdef HAVE_KERNEL
	assert_int_equal(SEV_GET_REPORT, SNP_GET_REPORT);
	assert_int_equal(SEV_GET_EXT_REPORT, SNP_GET_EXT_REPORT);
	assert_int_equal(
	    sizeof(struct sev_ext_request), sizeof(struct snp_ext_report_req));
	assert_int_equal(offsetof(struct sev_ext_request, certs),
	    offsetof(struct snp_ext_report_req, certs_address));
	assert_int_equal(
	    sizeof(struct sev_response), sizeof(struct snp_report_resp));
#else
	print_message("skipped: no <linux/sev-guest.h> here\n");
#endif
}

static int
set_up(void **state)
{
	(void)state;
	sev_guest_device.set_up();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sev_guest_device.tear_down();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(collecting),
		cmocka_unit_test(interface),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
