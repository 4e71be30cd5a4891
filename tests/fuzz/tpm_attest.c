/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/tpm.h"

/* The structure has one form: written again it is the same bytes. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct tpm_attest a = { 0 };
	struct span in = span_of(p, n), again = { 0 };
	struct wr w;

	if (tpm_attest_parse(in, &a, NULL) != 0)
		return 0;
	MUST(a.magic == TPM_GENERATED && a.n_selection <= TPM_BANKS_MAX);
	wr_init_heap(&w, n);
	tpm_attest_write(&w, &a);
	MUST(wr_finish(&w, &again) == 0 && span_equal(in, again));
	wr_free(&w);
	return 0;
}
