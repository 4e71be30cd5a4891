/* SPDX-License-Identifier: Apache-2.0 */
/* A library without libcurl: no service beside this machine's own devices can
 * be asked. */
#include "remote/imds.h"
#include "remote/ratsd.h"

static int
none(struct seal_diag *d)
{
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    "attester: expected a build with the option 'remote', found one "
	    "without");
	seal_remedy(d, "build with -Dremote=enabled, which needs libcurl");
	return SEAL_E_UNSUPPORTED;
}

int
http_new(const char *url, const struct http_conf *conf, struct http **ret,
    struct seal_diag *d)
{
	(void)url;
	(void)conf;
	(void)ret;
	return none(d);
}

void
http_free(struct http **h)
{
	*h = NULL;
}

int
imds_td_quote(struct http *h, struct span td_report, int64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	(void)h;
	(void)td_report;
	(void)deadline_ms;
	(void)out;
	return none(d);
}

int
imds_certificates(
    struct http *h, int64_t deadline_ms, struct wr *out, struct seal_diag *d)
{
	(void)h;
	(void)deadline_ms;
	(void)out;
	return none(d);
}

int
ratsd_challenge(struct http *h, struct span nonce, const char *attesters,
    int64_t deadline_ms, struct wr *out, struct seal_diag *d)
{
	(void)h;
	(void)nonce;
	(void)attesters;
	(void)deadline_ms;
	(void)out;
	return none(d);
}

int
ratsd_attesters(
    struct http *h, int64_t deadline_ms, struct wr *out, struct seal_diag *d)
{
	(void)h;
	(void)deadline_ms;
	(void)out;
	return none(d);
}
