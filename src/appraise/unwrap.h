/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_UNWRAP_H
#define APPRAISE_UNWRAP_H

#include "appraise/appraise.h"

/*
 * Evidence that comes in another document: of a TSM report the outblob is
 * judged, as what its provider makes it. in becomes that, with views into
 * *bytes, which the caller frees; anything else is left as it is.
 */
bool unwrap(struct appraisal_in *in, struct wr *bytes, struct seal_verdict *v);

#endif
