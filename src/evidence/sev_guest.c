/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attests with an AMD SEV-SNP report from /dev/sev-guest, where the kernel has
 * no configfs-tsm yet (Linux 5.19 to 6.6).
 */
#include "evidence/sev_guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/rd.h"
#include "evidence/drivers.h"
#include "evidence/report.h"
#include "evidence/subject.h"
#include "format/snp.h"

#define NAME "sev_guest"
#define LENGTHS_MAX 3u /* certificate lengths tried */

struct sev_guest {
	struct subject subject;
	const struct device *dev;
	int fd; /* 0: not open */
	uint32_t vmpl;
	bool certificates;
	uint8_t *certs; /* whole pages */
	uint32_t n_certs;
};

/* ---- Settings ---- */

static int
configure(struct sev_guest *g, const struct conf *conf, struct seal_diag *d)
{
	const char *level = conf_get(conf, "privlevel", "0");

	if (level[0] < '0' || level[0] > '0' + (int)SEV_VMPL_MAX ||
	    level[1] != '\0')
		return seal_fail(d, SEAL_E_CONFIG,
		    NAME ": privlevel: expected 0, 1, 2 or 3, found '%.40s'",
		    level);
	g->vmpl = (uint32_t)(level[0] - '0');
	return conf_yes(conf, NAME, "certificates", &g->certificates, d);
}

/* ---- Asking ---- */

static bool
room_for_certs(struct sev_guest *g, uint32_t n)
{
	uint8_t *p;

	if (n <= g->n_certs)
		return true;
	if (n > SEV_CERTS_MAX || n % SEV_PAGE != 0 ||
	    (p = aligned_alloc(SEV_PAGE, n)) == NULL)
		return false;
	free(g->certs);
	g->certs = p;
	g->n_certs = n;
	return true;
}

static int
refused(const struct sev_message *m, int err, struct seal_diag *d)
{
	int code = err == EACCES || err == EPERM    ? SEAL_E_CONFIG
		   : err == ENOTTY || err == EINVAL ? SEAL_E_UNSUPPORTED
						    : SEAL_E_UNAVAILABLE;

	seal_fail(d, code,
	    NAME ": no report: %s (firmware error 0x%x, hypervisor error 0x%x)",
	    strerror(err), (unsigned)m->firmware_error, (unsigned)m->vmm_error);
	seal_remedy(d, m->firmware_error != 0
			   ? "the firmware refuses, e.g. a 'privlevel' below "
			     "this guest's own, or a key that was disabled"
			   : "the kernel's log says more");
	return code;
}

/* One request, repeated while guest or host are busy: 0 or an errno. */
static int
request_once(struct sev_guest *g, unsigned long what, void *request,
    uint64_t deadline_ms, struct sev_message *ret, struct sev_response *out)
{
	uint64_t pause = DEVICE_PAUSE_MS;
	int err;

	do {
		memset(out, 0, sizeof(*out));
		*ret = (struct sev_message){ .version = 1,
			.request = (uint64_t)(uintptr_t)request,
			.response = (uint64_t)(uintptr_t)out };
		err = g->dev->control(g->fd, what, ret) == -1 ? errno : 0;
		if (err != 0 && ret->vmm_error == SEV_VMM_BUSY)
			err = EBUSY;
	} while (err != 0 && device_again(err, deadline_ms, &pause));
	/* What it counted as no failure, though the firmware did. */
	return err == 0 && (ret->firmware_error | ret->vmm_error) != 0 ? EIO
								       : err;
}

/* With the host's certificates, in as much room as they take. */
static int
request_with_certs(struct sev_guest *g, const struct sev_report_request *report,
    uint64_t deadline_ms, struct sev_response *out, struct seal_diag *d)
{
	struct sev_ext_request request = { .report = *report,
		.n_certs = SEV_CERTS_MIN };
	struct sev_message m;
	int err = EIO;

	for (unsigned i = 0; i < LENGTHS_MAX; i++) {
		if (!room_for_certs(g, request.n_certs))
			return seal_fail(d, SEAL_E_LIMIT,
			    NAME ": certificates: expected whole pages, at "
				 "most %u bytes, the host asks for %u",
			    SEV_CERTS_MAX, (unsigned)request.n_certs);
		request.certs = (uint64_t)(uintptr_t)g->certs;
		request.n_certs = g->n_certs;
		memset(g->certs, 0, g->n_certs);
		err = request_once(
		    g, SEV_GET_EXT_REPORT, &request, deadline_ms, &m, out);
		if (err == 0 || m.vmm_error != SEV_VMM_INVALID_LENGTH ||
		    request.n_certs <= g->n_certs)
			break;
	}
	return err == 0 ? 0 : refused(&m, err, d);
}

static int
request_plain(struct sev_guest *g, struct sev_report_request *report,
    uint64_t deadline_ms, struct sev_response *out, struct seal_diag *d)
{
	struct sev_message m;
	int err = request_once(g, SEV_GET_REPORT, report, deadline_ms, &m, out);

	return err == 0 ? 0 : refused(&m, err, d);
}

/* The report in the firmware's answer (MSG_REPORT_RSP). */
static int
read_response(
    const struct sev_response *in, struct span *ret, struct seal_diag *d)
{
	uint32_t status = 0, size = 0;
	struct span reserved = { 0 };
	struct rd r;

	rd_init(&r, span_of(in->data, sizeof(in->data)));
	if (!rd_u32le(&r, &status) || !rd_u32le(&r, &size) ||
	    !rd_bytes(&r, SEV_RESPONSE_HEAD - 8, &reserved) || status != 0 ||
	    !rd_bytes(&r, size, ret))
		return seal_fail(d, SEAL_E_EVIDENCE,
		    NAME ": expected status 0 and a report, found status 0x%x "
			 "and %u bytes",
		    (unsigned)status, (unsigned)size);
	return 0;
}

static int
collect(struct sev_guest *g, const uint8_t data[REPORT_DATA],
    uint64_t deadline_ms, struct wr *out, struct seal_diag *d)
{
	struct sev_report_request request = { .vmpl = g->vmpl };
	struct span report = { 0 }, certs = { 0 };
	struct sev_response response;
	int r;

	memcpy(request.data, data, SEV_DATA);
	r = g->certificates
		? request_with_certs(g, &request, deadline_ms, &response, d)
		: request_plain(g, &request, deadline_ms, &response, d);
	if (r != 0 || (r = read_response(&response, &report, d)) != 0)
		return r;
	if (g->certificates)
		certs = span_of(g->certs, g->n_certs);
	return report_snp(report, certs, data, out, d);
}

/* ---- The driver ---- */

static int
sev_guest_probe(const struct conf *conf, struct wr *out, struct seal_diag *d)
{
	const char *path = conf_get(conf, "device", SEV_DEVICE);
	int fd = -1, r = device_open(&device_kernel, NAME, path, &fd, d);

	if (r != 0)
		return r;
	device_kernel.close(fd);
	wr_printf(out, "AMD SEV-SNP (%s); tsm is the newer way", path);
	return 0;
}

int
sev_guest_open_on(void *ctx, const struct device *dev, const struct conf *conf,
    struct seal_diag *d)
{
	struct sev_guest *g = ctx;
	int r;

	g->dev = dev;
	if ((r = configure(g, conf, d)) != 0 ||
	    (r = device_open(dev, NAME, conf_get(conf, "device", SEV_DEVICE),
		 &g->fd, d)) != 0)
		return r;
	return subject_open(&g->subject, NAME, true, conf, d);
}

static int
sev_guest_open(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	(void)deadline_ms;
	return sev_guest_open_on(ctx, &device_kernel, conf, d);
}

static size_t
sev_guest_binder_max(void *ctx)
{
	(void)ctx;
	return REPORT_DATA;
}

static int
sev_guest_collect(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	uint8_t data[REPORT_DATA];

	report_data(b, data);
	return collect(ctx, data, deadline_ms, out, d);
}

static void
sev_guest_close(void *ctx)
{
	struct sev_guest *g = ctx;

	if (g->fd > 0)
		g->dev->close(g->fd);
	subject_wipe(&g->subject);
	free(g->certs);
}

static const char *const sev_guest_keys[] = { SUBJECT_KEYS, "device",
	"privlevel", "certificates", NULL };

SUBJECT_FIRST(struct sev_guest);
const struct evidence_driver evidence_sev_guest = {
	.abi = EVIDENCE_DRIVER_ABI,
	.name = NAME,
	.media_type = SNP_TYPE,
	.keys = sev_guest_keys,
	.ctx_size = sizeof(struct sev_guest),
	.probe = sev_guest_probe,
	.open = sev_guest_open,
	.binder_max = sev_guest_binder_max,
	SUBJECT_CALLS,
	.collect = sev_guest_collect,
	.close = sev_guest_close,
};
