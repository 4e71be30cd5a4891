/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_TPM_QUOTE_H
#define APPRAISE_TPM_QUOTE_H

#include "appraise/appraiser.h"
#include "appraise/tpm_rules.h"

/* tpm.c: the quote of *f is what must have been signed, rebuilt from the binder
 * (or, where a file is judged without one, from what came) and the values. */
bool tpm_check_quote(const struct appraisal_in *in, const struct tpm_facts *f,
    struct seal_verdict *v);

#endif
