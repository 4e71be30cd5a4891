/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/snp.h"

/* A view is of the input, whole. */
static void
inside(struct span in, struct span part)
{
	MUST(part.n == 0 || (part.p >= in.p && part.n <= in.n &&
				(size_t)(part.p - in.p) <= in.n - part.n));
}

static void
report(struct span in)
{
	struct snp_report r = { 0 };
	struct snp_tcb t;

	if (snp_report_parse(in, &r, NULL) != 0) {
		MUST(r.signed_bytes.p == NULL);
		return;
	}
	MUST(in.n == SNP_REPORT_SIZE && r.signed_bytes.n == 0x2a0);
	MUST(r.report_data.n == 64 && r.r.n == 48 && r.s.n == 48);
	inside(in, r.s);
	(void)snp_tcb_read(r.reported, SNP_TURIN, &t);
	(void)snp_tcb_read(r.reported, r.product, &t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span in = span_of(p, n), rep = { 0 };
	struct snp_table t = { .n = 0 };
	struct snp_cert c;

	report(in);
	if (snp_evidence_parse(in, &rep, &t, NULL) == 0) {
		inside(in, rep);
		report(rep);
		MUST(t.n <= SNP_TABLE_MAX);
		for (size_t i = 0; i < t.n; i++)
			inside(in, t.certs[i]);
	}
	if (snp_cert_parse(in, &c, NULL) == 0) {
		inside(in, c.chip_id);
		inside(in, c.csp_id);
		MUST((c.chip_id.n == 0) != (c.csp_id.n == 0));
	}
	return 0;
}
