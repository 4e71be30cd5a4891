/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/tdx_guest gives a TDREPORT alone, whose MAC nobody but this processor
 * can check. A quote is made of it by the host's quoting service, which the
 * kernel itself asks for configfs-tsm. So this only says what to use.
 */
#include "evidence/device.h"
#include "evidence/drivers.h"
#include "format/quote.h"

#define NAME "tdx_guest"
#define PATH "/dev/tdx_guest"

static int
tdx_guest_probe(const struct conf *conf, struct wr *out, struct seal_diag *d)
{
	int fd = -1, r;

	(void)conf;
	(void)out;
	if ((r = device_open(&device_kernel, NAME, PATH, &fd, d)) != 0)
		return r;
	device_kernel.close(fd);
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    NAME ": " PATH " gives no quote, only a report that no other "
		 "machine can check");
	seal_remedy(d, "use the driver tsm, with Linux 6.7 or newer and the "
		       "host's quoting service (QGS) running");
	return SEAL_E_UNSUPPORTED;
}

static int
tdx_guest_open(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	(void)ctx;
	(void)deadline_ms;
	return tdx_guest_probe(conf, NULL, d);
}

static void
tdx_guest_close(void *ctx)
{
	(void)ctx;
}

static const char *const tdx_guest_keys[] = { NULL };

/* Never open, so that nothing else is ever asked of it. */
const struct evidence_driver evidence_tdx_guest = {
	.abi = EVIDENCE_DRIVER_ABI,
	.name = NAME,
	.media_type = QUOTE_TDX_TYPE,
	.keys = tdx_guest_keys,
	.ctx_size = 1,
	.probe = tdx_guest_probe,
	.open = tdx_guest_open,
	.close = tdx_guest_close,
};
