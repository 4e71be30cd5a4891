/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "tsm_platform.h"

#include <stdio.h>

#include "appraise/arm_fixture.h"
#include "format/cca.h"

/* A CoRIM with the platform's key and the values of a normal token, and one
 * with a stranger's key. */
static void
cca_start(const char *state)
{
	char path[256];

	arm_setup();
	snprintf(path, sizeof(path), "%s/root.corim", state);
	arm_write_corim(path, &arm_iak, NORMAL, true);
	snprintf(path, sizeof(path), "%s/other.corim", state);
	arm_write_corim(path, &arm_stranger, NORMAL, true);
}

static void
cca_make(const uint8_t data[64], const struct tsm_wish *w, uint8_t **ret,
    size_t *ret_n)
{
	struct wr out;

	arm_answer(span_of(data, 64));
	arm_make(CCA_TYPE,
	    w->debug              ? DEBUG_ROOT
	    : w->measurement != 0 ? OTHER_RIM
				  : TAG_907,
	    &out);
	assert_int_equal(wr_take(&out, ret, ret_n), 0);
}

const struct tsm_platform tsm_cca = { "arm_cca_guest", false, cca_start,
	arm_teardown, cca_make, NULL };
