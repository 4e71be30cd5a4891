/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_AZURE_H
#define APPRAISE_AZURE_H

#include "appraise/appraiser.h"
#include "format/azure.h"

/* appraiser.verify of the hardware half of a confidential VM of Azure; facts
 * are those of the hardware's own appraiser. */
int azure_verify_snp(const struct appraisal_in *in, struct findings *ret,
    struct seal_verdict *v);
int azure_verify_tdx(const struct appraisal_in *in, struct findings *ret,
    struct seal_verdict *v);

#endif
