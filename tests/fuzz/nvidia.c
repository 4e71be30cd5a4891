/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/nvidia.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct nvidia_report r;
	struct wr report, chain;
	char text[64];

	if (nvidia_parse(span_of(p, n), &r, NULL) == 0) {
		MUST(n <= NVIDIA_REPORT_MAX && r.nonce.n == NVIDIA_NONCE);
		MUST(r.signed_bytes.p == p && r.signed_bytes.n + 96 == n);
		MUST(r.r.n == 48 && r.s.n == 48 && r.s.p + 48 == p + n);
		MUST(r.measurement[0].n == 0);
		for (size_t i = 0; i < NVIDIA_BLOCKS; i++)
			MUST(r.measurement[i].n == 0 ||
			     (r.measurement[i].p > p &&
				 r.measurement[i].p + r.measurement[i].n <
				     p + n));
		(void)nvidia_vbios_text(r.vbios, text, sizeof(text));
	}
	wr_init_heap(&report, NVIDIA_REPORT_MAX);
	wr_init_heap(&chain, NVIDIA_JSON_MAX);
	(void)nvidia_json_read(span_of(p, n), &report, &chain, NULL);
	wr_free(&report);
	wr_free(&chain);
	return 0;
}
