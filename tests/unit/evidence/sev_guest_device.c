/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "evidence/sev_guest_device.h"

#include <errno.h>
#include <string.h>

#include "appraise/snp_fixture.h"
#include "evidence/drivers.h"
#include "evidence/sev_guest.h"

#define RSA_SIZE 256

struct sev_guest_play sev_guest_now;
uint32_t sev_guest_vmpl;

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
	sev_guest_vmpl = q->vmpl;
	played_ask(span_of(q->data, sizeof(q->data)));
	for (size_t i = 0; i < 8; i++) {
		changes[i] = (struct snp_change){ .at = 0x50 + 8 * i, .n = 8 };
		memcpy(changes[i].value, q->data + 8 * i, 8);
	}
	changes[8] = (struct snp_change){ 0x30, { (uint8_t)q->vmpl }, 1 };
	if (sev_guest_now.other)
		changes[0].value[0] ^= 1;
	snp_make_report(out->data + SEV_RESPONSE_HEAD, 3, changes, 9);
	put_le32(out->data, sev_guest_now.status);
	put_le32(out->data + 4, sev_guest_now.short_report  ? size - 1
				: sev_guest_now.long_report ? SEV_RESPONSE
							    : size);
}

static int
fail_with(struct sev_message *m, int err)
{
	m->firmware_error = sev_guest_now.firmware;
	m->vmm_error = sev_guest_now.vmm;
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
	if (sev_guest_now.n_table > 0 && q->n_certs < sev_guest_now.table) {
		sev_guest_now.n_table--;
		q->n_certs = sev_guest_now.table;
		m->vmm_error = SEV_VMM_INVALID_LENGTH;
		errno = EIO;
		return -1;
	}
	if (sev_guest_now.bad_table)
		memset(to, 0xff, q->n_certs);
	else if (!sev_guest_now.no_table)
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
	if (sev_guest_now.n_err > 0) {
		sev_guest_now.n_err--;
		return fail_with(
		    m, sev_guest_now.silent ? 0 : sev_guest_now.err);
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

static void
set_up(void)
{
	snp_setup(RSA_SIZE);
}

static void
put_signer(bool stranger, struct wr *out)
{
	played_put_ca(stranger ? snp_other_root_file() : snp_root_file(), out);
}

const struct played sev_guest_device = {
	.driver = &evidence_sev_guest,
	.open = open_on_fake,
	.set_up = set_up,
	.tear_down = snp_teardown,
	.put_signer = put_signer,
};
