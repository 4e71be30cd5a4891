/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "format/cca.h"
#include "format/quote.h"
#include "format/snp.h"
#include "format/svsm.h"

void
report_data(const struct seal_binding *b, uint8_t ret[REPORT_DATA])
{
	struct span binder = binding_value(b);

	memset(ret, 0, REPORT_DATA);
	memcpy(ret, binder.p,
	    binder.n < REPORT_DATA ? binder.n : (size_t)REPORT_DATA);
}

static int
check_data(const char *what, struct span got, const uint8_t want[REPORT_DATA],
    struct seal_diag *d)
{
	char e[HEX_SHORT], g[HEX_SHORT];

	if (span_equal_ct(got, span_of(want, REPORT_DATA)))
		return 0;
	seal_fail(d, SEAL_E_EVIDENCE,
	    "%s: expected report data %s, the platform returned %s", what,
	    hex_short(span_of(want, REPORT_DATA), e), hex_short(got, g));
	seal_remedy(d, "the report answers somebody else's request: look for "
		       "what else uses this interface");
	return SEAL_E_EVIDENCE;
}

/* ---- AMD SEV-SNP ---- */

/* Newer versions than we can judge are for appraisers to refuse: where the
 * data stands is the same in all. */
#define SNP_DATA_AT 0x50u

/* The table without what pads it to whole pages. */
static int
put_table(struct span table, struct wr *out, struct seal_diag *d)
{
	struct snp_table t = { .n = 0 };
	int r;

	if (table.n == 0)
		return 0;
	if ((r = snp_table_parse(table, &t, d)) != 0) {
		seal_remedy(d, "mend the certificate table that the host gives "
			       "to the guest, or set certificates=no");
		return r;
	}
	if (t.n > 0)
		wr_bytes(out, span_of(table.p, t.used));
	return 0;
}

int
report_snp(struct span report, struct span beside,
    const uint8_t data[REPORT_DATA], struct wr *out, struct seal_diag *d)
{
	int r;

	if (report.n != SNP_REPORT_SIZE)
		return seal_fail(d, SEAL_E_DECODE,
		    "SNP report: expected %u bytes, found %zu", SNP_REPORT_SIZE,
		    report.n);
	if ((r = check_data("SNP report",
		 span_of(report.p + SNP_DATA_AT, REPORT_DATA), data, d)) != 0)
		return r;
	wr_bytes(out, report);
	return put_table(beside, out, d);
}

/* ---- AMD SEV-SNP by way of an SVSM ---- */

static int
check_manifest(struct span manifest, struct seal_diag *d)
{
	if (manifest.n > 0)
		return 0;
	seal_fail(d, SEAL_E_EVIDENCE,
	    "SVSM: expected a manifest beside the report, found none");
	seal_remedy(d, "ask for a service that has one, or for all of them: "
		       "leave service_guid out");
	return SEAL_E_EVIDENCE;
}

int
report_svsm(struct span report, struct span beside, struct span manifest,
    const uint8_t data[REPORT_DATA], struct wr *out, struct seal_diag *d)
{
	uint8_t signed_data[REPORT_DATA];
	struct wr snp;
	int r;

	wr_init_heap(&snp, LIMIT_CMW);
	if ((r = check_manifest(manifest, d)) == 0 &&
	    (r = svsm_report_data(data, manifest, signed_data, d)) == 0 &&
	    (r = report_snp(report, beside, signed_data, &snp, d)) == 0 &&
	    ((r = wr_finish(&snp, &report)) != 0 ||
		(r = svsm_evidence_write(out, report, manifest)) != 0))
		seal_fail(d, r, "SVSM Evidence");
	wr_free(&snp);
	return r;
}

/* ---- Intel TDX ---- */

int
report_tdx(struct span report, struct span beside,
    const uint8_t data[REPORT_DATA], struct wr *out, struct seal_diag *d)
{
	struct td_report td;
	struct quote q;
	int r;

	(void)beside;
	if ((r = quote_parse(report, &q, d)) != 0)
		return r;
	if (q.tee != QUOTE_TDX || !td_report_read(&q, &td))
		return seal_fail(d, SEAL_E_DECODE,
		    "TD quote: expected one of a TD, found another");
	if ((r = check_data("TD quote", td.report_data, data, d)) != 0)
		return r;
	wr_bytes(out, report);
	return 0;
}

/* ---- Arm CCA ---- */

int
report_cca(struct span report, struct span beside,
    const uint8_t data[REPORT_DATA], struct wr *out, struct seal_diag *d)
{
	struct cca_token *t = NULL;
	int r;

	(void)beside;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "CCA token");
	if ((r = cca_parse(report, t, d)) == 0 &&
	    (r = check_data("CCA token", t->r.challenge, data, d)) == 0)
		wr_bytes(out, report);
	free(t);
	return r;
}

report_fn
report_maker(const struct tsm_kind *kind)
{
	static const report_fn makers[] = { report_snp, report_tdx,
		report_cca }; /* by the order of tsm_kinds */

	return makers[kind - tsm_kinds];
}
