/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_ENDORSE_FOLDER_H
#define APPRAISE_ENDORSE_FOLDER_H

#include "appraise/endorse.h"
#include "base/wr.h"

/*
 * A folder of endorsements that a policy names. Collateral ages, and a
 * process outlives it: the folder is looked at again as appraisals go on, and
 * what it holds is read anew where its files changed. Thread-safe; one thread
 * reads while the others go on with what there was.
 */
#define ENDORSE_LOOK_S 10 /* seconds of the appraisals' clock between looks */

struct endorse_folder;

/* Reads it. SEAL_E_CONFIG: no folder, or a file in it that cannot be read. */
int endorse_folder_open(
    const char *path, struct endorse_folder **ret, struct seal_diag *d);
void endorse_folder_close(struct endorse_folder **f);
/*
 * What it holds at now (seconds since 1970), a reference that the caller
 * frees. Where a change cannot be read, what there was before, which its own
 * dates end, and *why says why; otherwise why->code is 0.
 */
struct endorsements *endorse_folder_get(
    struct endorse_folder *f, int64_t now, struct seal_diag *why);
/* For people: where it is and what it holds. */
void endorse_folder_explain(struct endorse_folder *f, struct wr *out);

#endif
