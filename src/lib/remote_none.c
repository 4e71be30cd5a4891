/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include <sealtls/collateral.h>
#include <sealtls/tools.h>

#include "base/diag.h"
#include "lib/remote.h"

/* A library without libcurl: no remote Verifier can be configured, so that
 * none is ever asked. */

static int
none(struct seal_diag *d)
{
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    "verifiers: expected a build with the option 'remote', found one "
	    "without");
	seal_remedy(d, "build with -Dremote=enabled, which needs libcurl");
	return SEAL_E_UNSUPPORTED;
}

int
remote_new(
    const struct remote_conf *conf, struct remote **ret, struct seal_diag *d)
{
	(void)conf;
	(void)ret;
	return none(d);
}

void
remote_free(struct remote **r)
{
	*r = NULL;
}

const char *
remote_name(const struct remote *r)
{
	(void)r;
	return "";
}

const char *
remote_id(const struct remote *r)
{
	(void)r;
	return "";
}

void
remote_result_wipe(struct remote_result *r)
{
	r->token = NULL;
}

int
remote_appraise(struct remote *r, const char *media_type, struct span evidence,
    const struct seal_binding *b, uint32_t timeout_ms,
    struct remote_result *ret, struct seal_diag *d)
{
	(void)r;
	(void)media_type;
	(void)evidence;
	(void)b;
	(void)timeout_ms;
	(void)ret;
	return none(d);
}

int
remote_attest(struct remote *r, struct attester *a, uint32_t timeout_ms,
    struct remote_result *ret, struct seal_diag *d)
{
	(void)r;
	(void)a;
	(void)timeout_ms;
	(void)ret;
	return none(d);
}

int
seal_enroll_remote(const struct seal_enroll_attester *a,
    const struct seal_enroll_remote *v, char **ret_pem, struct seal_diag *d)
{
	(void)a;
	(void)v;
	(void)ret_pem;
	return none(d);
}

int
seal_collateral_fetch(const struct seal_collateral *c,
    const struct seal_collateral_fetch *f, char **ret,
    struct seal_collateral_tally *tally, struct seal_diag *d)
{
	(void)c;
	(void)f;
	(void)ret;
	(void)tally;
	return none(d);
}
