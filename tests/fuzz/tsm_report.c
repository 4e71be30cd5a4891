/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/tsm_report.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct tsm_report r = { 0 };
	struct wr w;

	if (tsm_report_parse(span_of(p, n), span_of(NULL, 0), &r, NULL) != 0) {
		MUST(r.kind == NULL && r.outblob.n == 0);
		return 0;
	}
	MUST(r.kind != NULL && r.outblob.n > 0);
	MUST(r.auxblob.n == 0 || r.kind->table);
	MUST(r.outblob.n + r.auxblob.n <= n);
	wr_init_heap(&w, TSM_REPORT_MAX);
	tsm_report_evidence(&r, &w);
	MUST(w.error != 0 || w.n == r.outblob.n + r.auxblob.n);
	wr_free(&w);
	tsm_report_wipe(&r);
	return 0;
}
