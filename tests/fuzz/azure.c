/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/azure.h"
#include "format/cmw.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span in = span_of(p, n);
	uint8_t spki[LIMIT_SPKI];
	struct azure_member m;
	struct hcl_report h;
	struct cmw cmw;
	struct wr w;

	if (hcl_parse(in, &h, NULL) == 0) {
		MUST(h.report.n == HCL_HARDWARE && h.json.n > 0);
		MUST(h.json.p + h.json.n <= p + n);
		wr_init(&w, spki, sizeof(spki));
		(void)hcl_ak(h.json, &w, NULL);
	}
	if (azure_member_parse(in, &m, NULL) == 0)
		MUST((m.td_quote.n > 0) == (m.report.hardware == HCL_TDX));
	wr_init_heap(&w, LIMIT_FILE);
	if (azure_coco_read(in, &w, NULL) == 0) {
		MUST(cmw_parse(wr_view(&w), &cmw, NULL) == 0);
		MUST(cmw.form == CMW_CBOR_COLLECTION && cmw.n >= 3);
		cmw_free(&cmw);
	}
	wr_free(&w);
	return 0;
}
