/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_REPORT_H
#define EVIDENCE_REPORT_H

#include "base/wr.h"
#include "binding/binder.h"
#include "format/tsm_report.h"

/*
 * What confidential machines report of themselves, as Evidence: the report as
 * the platform wrote it, once it is seen to hold the data that was asked for.
 * Whether anything else in it is true is for appraisers.
 */
#define REPORT_DATA 64u /* bytes: the binder, then zeros (PROTOCOL 5.3) */

void report_data(const struct seal_binding *b, uint8_t ret[REPORT_DATA]);

/* beside is what came along: a table of certificates, or empty. SEAL_E_DECODE
 * where it is no such report; SEAL_E_EVIDENCE where it holds other data. */
typedef int (*report_fn)(struct span report, struct span beside,
    const uint8_t data[REPORT_DATA], struct wr *out, struct seal_diag *d);

int report_snp(struct span report, struct span beside,
    const uint8_t data[REPORT_DATA], struct wr *out, struct seal_diag *d);
int report_tdx(struct span report, struct span beside,
    const uint8_t data[REPORT_DATA], struct wr *out, struct seal_diag *d);
int report_cca(struct span report, struct span beside,
    const uint8_t data[REPORT_DATA], struct wr *out, struct seal_diag *d);
/* By way of an SVSM: over data and its manifest, as Evidence of both. */
int report_svsm(struct span report, struct span beside, struct span manifest,
    const uint8_t data[REPORT_DATA], struct wr *out, struct seal_diag *d);
/* Which of them is for reports of that kind. */
report_fn report_maker(const struct tsm_kind *kind);

#endif
