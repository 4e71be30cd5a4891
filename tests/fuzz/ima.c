/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/ima.h"

/* Two banks agree on how many entries there are. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ima_replay a = { 0 }, b = { 0 };
	struct span in = span_of(p, n);

	MUST((ima_replay(in, TPM_ALG_SHA1, &a, NULL) == 0) ==
	     (ima_replay(in, TPM_ALG_SHA256, &b, NULL) == 0));
	MUST(a.n_entries == b.n_entries && a.n_violations == b.n_violations);
	MUST(a.n_entries <= n);
	return 0;
}
