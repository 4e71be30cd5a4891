/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/unwrap.h"

#include "appraise/verdict.h"
#include "format/tsm_report.h"

bool
unwrap(struct appraisal_in *in, struct wr *bytes, struct seal_verdict *v)
{
	struct tsm_report report = { 0 };
	struct seal_diag d = { 0 };
	int r;

	wr_init_heap(bytes, TSM_REPORT_MAX);
	if (!tsm_report_takes(in->media_type))
		return true;
	r = tsm_report_parse(in->evidence, in->media_type, &report, &d);
	if (r == 0) {
		tsm_report_evidence(&report, bytes);
		in->media_type = span_str(report.kind->media_type);
		in->evidence = wr_view(bytes);
		verdict_claim(v, "tsm.provider", "%s", report.kind->provider);
		tsm_report_wipe(&report);
		r = bytes->error;
	}
	return verdict_check(
	    v, "tsm.form", r == 0, r, "a report of configfs-tsm", d.text, NULL);
}
