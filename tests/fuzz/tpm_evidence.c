/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/tpm_evidence.h"

/* Deterministic encoding: written again it is the same bytes. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct tpm_evidence e = { 0 };
	struct span in = span_of(p, n), again = { 0 };
	struct wr w;

	if (tpm_evidence_parse(in, &e, NULL) != 0)
		return 0;
	MUST(e.n_pcrs > 0 && e.n_pcrs <= TPM_BANKS_MAX * TPM_PCRS);
	MUST(e.n_ak_chain <= LIMIT_CHAIN);
	wr_init_heap(&w, n);
	MUST(tpm_evidence_write(&w, &e) == 0);
	MUST(wr_finish(&w, &again) == 0 && span_equal(in, again));
	wr_free(&w);
	return 0;
}
