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

#include "appraise/snp_fixture.h"
#include "base/limits.h"
#include "evidence/device_fixture.h"
#include "evidence/drivers.h"
#include "evidence/sev_guest.h"

#define COLLECT_MS 60000u
#define SHORT_MS 200u
#define RSA_SIZE 256
#define FOR_EVER 1000000000u

static const struct span exporter = STR("0123456789abcdef0123456789abcdef");

/* What the kernel does; the unsigned longs count down. */
struct kernel {
	int err; /* of the next n_err requests */
	unsigned n_err;
	uint32_t firmware, vmm;  /* beside err */
	bool silent;             /* errors in the message, none returned */
	uint32_t table, n_table; /* asked for, in bytes; lengths refused */
	bool no_table, bad_table, other, short_report, long_report;
	uint32_t status;
};

static struct kernel now;
static unsigned requests;
static uint32_t last_vmpl;

static void
put_le32(uint8_t *to, uint32_t v)
{
	for (size_t i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> 8 * i);
}

static void
respond(const struct sev_report_request *q, struct sev_response *out)
{
	static const uint8_t zeros[28];
	uint32_t size = SNP_REPORT_SIZE;
	struct snp_change changes[9];

	assert_memory_equal(q->reserved, zeros, sizeof(zeros));
	last_vmpl = q->vmpl;
	for (size_t i = 0; i < 8; i++) {
		changes[i] = (struct snp_change){ .at = 0x50 + 8 * i, .n = 8 };
		memcpy(changes[i].value, q->data + 8 * i, 8);
	}
	changes[8] = (struct snp_change){ 0x30, { (uint8_t)q->vmpl }, 1 };
	if (now.other)
		changes[0].value[0] ^= 1;
	snp_make_report(out->data + SEV_RESPONSE_HEAD, 3, changes, 9);
	put_le32(out->data, now.status);
	put_le32(out->data + 4, now.short_report  ? size - 1
				: now.long_report ? SEV_RESPONSE
						  : size);
}

static int
fail_with(struct sev_message *m, int err)
{
	m->firmware_error = now.firmware;
	m->vmm_error = now.vmm;
	if (err == 0)
		return 0;
	errno = err;
	return -1;
}

/* Wants the table's length in whole pages, and says how many it takes. */
static int
put_table(struct sev_message *m, struct sev_ext_request *q)
{
	uint8_t *to = (uint8_t *)(uintptr_t)q->certs;

	assert_int_equal(q->certs % SEV_PAGE, 0);
	assert_int_equal(q->n_certs % SEV_PAGE, 0);
	if (now.n_table > 0 && q->n_certs < now.table) {
		now.n_table--;
		q->n_certs = now.table;
		m->vmm_error = SEV_VMM_INVALID_LENGTH;
		errno = EIO;
		return -1;
	}
	if (now.bad_table)
		memset(to, 0xff, q->n_certs);
	else if (!now.no_table)
		(void)snp_certificates(to, q->n_certs);
	return 0;
}

static int
fake_control(int fd, unsigned long what, void *argument)
{
	struct sev_message *m = argument;
	struct sev_response *out =
	    (struct sev_response *)(uintptr_t)m->response;
	void *q = (void *)(uintptr_t)m->request;

	assert_int_equal(fd, PLAYED_FD);
	assert_int_equal(m->version, 1);
	assert_int_equal(m->firmware_error | m->vmm_error, 0);
	requests++;
	if (now.n_err > 0) {
		now.n_err--;
		return fail_with(m, now.silent ? 0 : now.err);
	}
	if (what == SEV_GET_EXT_REPORT) {
		struct sev_ext_request *ext = q;

		if (put_table(m, ext) != 0)
			return -1;
		respond(&ext->report, out);
		return 0;
	}
	assert_int_equal(what, SEV_GET_REPORT);
	respond(q, out);
	return 0;
}

static const struct device fake = { played_open, fake_control, played_close };

static int
open_on_fake(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	(void)deadline_ms;
	return sev_guest_open_on(ctx, &fake, conf, d);
}

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
	now = (struct kernel){ 0 };
	played_opening(&evidence_sev_guest, open_on_fake, rows);
}

struct row {
	const char *name;
	struct kernel kernel;
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
	assert_int_equal(last_vmpl, 2);
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

			now = (struct kernel){ 0 };
			assert_int_equal(
			    played_attester(&evidence_sev_guest, open_on_fake,
				row->without ? without : with, &a, &d),
			    0);
			assert_int_equal(
			    binding_post(h == 0 ? HASH_SHA256 : HASH_SHA384,
				attester_spki(a), exporter, &b, NULL),
			    0);
			now = row->kernel;
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
	snp_setup(RSA_SIZE);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	snp_teardown();
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
