/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/ratsd.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ratsd_token t;

	if (ratsd_token_parse(span_of(p, n), &t, NULL) != 0)
		return 0;
	MUST(t.cmw.n > 0 && t.cmw.items[0].kind == CMW_COLLECTION);
	MUST(t.nonce.n <= n);
	ratsd_token_wipe(&t);
	return 0;
}
