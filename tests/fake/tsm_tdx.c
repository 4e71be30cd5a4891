/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "tsm_platform.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "appraise/dcap_fixture.h"
#include "appraise/folder_fixture.h"

/* Root certificates, and the collateral in a folder of its own. */
static void
tdx_start(const char *state)
{
	const struct dcap_recipe r = { .tee = QUOTE_TDX };
	struct endorsements *e;
	char path[256];

	fixture_clock = time(NULL);
	dcap_setup();
	platform_copy(state, "root.pem", dcap_root_file());
	platform_copy(state, "other.pem", dcap_twin_file());
	snprintf(path, sizeof(path), "%s/endorsements", state);
	e = dcap_given(&r);
	folder_put(path, e);
	endorse_free(&e);
}

static void
tdx_make(const uint8_t data[64], const struct tsm_wish *w, uint8_t **ret,
    size_t *ret_n)
{
	struct dcap_recipe r = { .tee = QUOTE_TDX,
		.version = 5,
		.td15 = true,
		.flags = w->debug ? 0x10000001 : 0,
		.mrtd = (uint8_t)w->measurement };
	struct wr out;

	memcpy(r.report_data, data, 64);
	dcap_quote(&r, &out);
	assert_int_equal(wr_take(&out, ret, ret_n), 0);
}

const struct tsm_platform tsm_tdx = { "tdx_guest", false, tdx_start,
	dcap_teardown, tdx_make, NULL };
