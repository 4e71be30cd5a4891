/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attests with an Intel TDX quote where the kernel has no configfs-tsm yet
 * (Linux 6.2 to 6.6): /dev/tdx_guest gives a TDREPORT, whose MAC nobody but
 * this processor can check, and the host's quoting service (QGS) makes a quote
 * of it, over vsock.
 */
#include "evidence/tdx_guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "evidence/drivers.h"
#include "evidence/qgs_stream.h"
#include "evidence/report.h"
#include "evidence/subject.h"
#include "format/quote.h"

#define NAME "tdx_guest"
#define PORT_DIGITS 10u

struct tdx_guest {
	struct subject subject;
	const struct device *dev;
	tdx_connect quoter;
	uint32_t port;
	int fd; /* 0: not open */
};

static int
configure(struct tdx_guest *g, const struct conf *conf, struct seal_diag *d)
{
	const char *text = conf_get(conf, "port", NULL);
	unsigned long v;

	g->port = QGS_PORT;
	if (text == NULL)
		return 0;
	v = strtoul(text, NULL, 10);
	if (*text == '\0' || strspn(text, "0123456789") != strlen(text) ||
	    strlen(text) > PORT_DIGITS || v == 0 || v >= UINT32_MAX)
		return seal_fail(d, SEAL_E_CONFIG,
		    NAME ": port: expected a number of a vsock port, found "
			 "'%.40s'",
		    text);
	g->port = (uint32_t)v;
	return 0;
}

/* ---- Asking the processor ---- */

static int
refused(int err, struct seal_diag *d)
{
	int code = err == EACCES || err == EPERM    ? SEAL_E_CONFIG
		   : err == ENOTTY || err == EINVAL ? SEAL_E_UNSUPPORTED
						    : SEAL_E_UNAVAILABLE;

	seal_fail(d, code, NAME ": no report: %s", strerror(err));
	seal_remedy(d, "the kernel's log says more");
	return code;
}

static int
read_report(struct tdx_guest *g, const uint8_t data[REPORT_DATA],
    uint64_t deadline_ms, struct tdx_message *m, struct seal_diag *d)
{
	uint64_t pause = DEVICE_PAUSE_MS;
	int err;

	do {
		memset(m, 0, sizeof(*m));
		memcpy(m->data, data, TDX_DATA);
		err = g->dev->control(g->fd, TDX_GET_REPORT0, m) == -1 ? errno
								       : 0;
	} while (err != 0 && device_again(err, deadline_ms, &pause));
	if (err != 0)
		return refused(err, d);
	if (memcmp(m->report + TDX_REPORT_DATA_AT, data, TDX_DATA) != 0)
		return seal_fail(d, SEAL_E_EVIDENCE,
		    NAME ": the kernel's report is over other report data "
			 "than asked for");
	return 0;
}

/* ---- Asking the host ---- */

static int
connect_quoter(const struct tdx_guest *g, uint64_t deadline_ms, int *ret,
    struct seal_diag *d)
{
	if ((*ret = g->quoter(g->port, deadline_ms)) != -1)
		return 0;
	seal_fail(d, SEAL_E_UNAVAILABLE,
	    NAME ": no quoting service at the host's vsock port %u: %s",
	    (unsigned)g->port, strerror(errno));
	seal_remedy(d, "let the host run qgsd with that port, and give the VM "
		       "a vsock device; or set 'port'");
	return SEAL_E_UNAVAILABLE;
}

static int
quote_report(const struct tdx_guest *g, const struct tdx_message *m,
    uint64_t deadline_ms, struct wr *answer, struct span *ret_quote,
    struct seal_diag *d)
{
	uint8_t buf[QGS_TD_REPORT + 64];
	struct wr request;
	int fd = -1, r;

	wr_init(&request, buf, sizeof(buf));
	qgs_write_request(&request, span_of(m->report, sizeof(m->report)));
	if ((r = connect_quoter(g, deadline_ms, &fd, d)) != 0)
		return r;
	r = qgs_exchange(fd, wr_view(&request), deadline_ms, answer, d);
	close(fd);
	return r != 0 ? r : qgs_parse_answer(wr_view(answer), ret_quote, d);
}

static int
collect(struct tdx_guest *g, const uint8_t data[REPORT_DATA],
    uint64_t deadline_ms, struct wr *out, struct seal_diag *d)
{
	struct tdx_message m;
	struct span quote;
	struct wr answer;
	int r;

	if ((r = read_report(g, data, deadline_ms, &m, d)) != 0)
		return r;
	wr_init_heap(&answer, QGS_MESSAGE_MAX);
	r = quote_report(g, &m, deadline_ms, &answer, &quote, d);
	if (r == 0)
		r = report_tdx(quote, span_of(NULL, 0), data, out, d);
	wr_free(&answer);
	return r;
}

/* ---- The driver ---- */

static int
tdx_guest_probe(const struct conf *conf, struct wr *out, struct seal_diag *d)
{
	const char *path = conf_get(conf, "device", TDX_DEVICE);
	int fd = -1, r = device_open(&device_kernel, NAME, path, &fd, d);

	if (r != 0)
		return r;
	device_kernel.close(fd);
	wr_printf(out,
	    "Intel TDX (%s), with the host's quoting service over vsock; tsm "
	    "is the newer way",
	    path);
	return 0;
}

int
tdx_guest_open_on(void *ctx, const struct device *dev, tdx_connect quoter,
    const struct conf *conf, struct seal_diag *d)
{
	struct tdx_guest *g = ctx;
	int r;

	g->dev = dev;
	g->quoter = quoter;
	if ((r = configure(g, conf, d)) != 0 ||
	    (r = device_open(dev, NAME, conf_get(conf, "device", TDX_DEVICE),
		 &g->fd, d)) != 0)
		return r;
	return subject_open(&g->subject, NAME, true, conf, d);
}

static int
tdx_guest_open(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	(void)deadline_ms;
	return tdx_guest_open_on(ctx, &device_kernel, qgs_connect, conf, d);
}

static size_t
tdx_guest_binder_max(void *ctx)
{
	(void)ctx;
	return REPORT_DATA;
}

static int
tdx_guest_collect(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	uint8_t data[REPORT_DATA];

	report_data(b, data);
	return collect(ctx, data, deadline_ms, out, d);
}

static void
tdx_guest_close(void *ctx)
{
	struct tdx_guest *g = ctx;

	if (g->fd > 0)
		g->dev->close(g->fd);
	subject_wipe(&g->subject);
}

static const char *const tdx_guest_keys[] = { SUBJECT_KEYS, "device", "port",
	NULL };

SUBJECT_FIRST(struct tdx_guest);
const struct evidence_driver evidence_tdx_guest = {
	.abi = EVIDENCE_DRIVER_ABI,
	.name = NAME,
	.media_type = QUOTE_TDX_TYPE,
	.keys = tdx_guest_keys,
	.ctx_size = sizeof(struct tdx_guest),
	.probe = tdx_guest_probe,
	.open = tdx_guest_open,
	.binder_max = tdx_guest_binder_max,
	SUBJECT_CALLS,
	.collect = tdx_guest_collect,
	.close = tdx_guest_close,
};
