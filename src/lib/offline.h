/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_OFFLINE_H
#define LIB_OFFLINE_H

#include <sealtls/tools.h>

#include "appraise/appraise.h"
#include "base/wr.h"
#include "format/cmw.h"

#define OFFLINE_TYPE_MAX 128 /* bytes of a result's media type */

/* Evidence found in a file: its bytes, what they are, and what came along.
 * Starts as zeros. */
struct offline_item {
	struct span type, value;
	struct cmw cmw;                 /* what type and value may point into */
	char guessed[OFFLINE_TYPE_MAX]; /* likewise */
	struct endorsements *endorse;
	struct wr decoded; /* where the file is text */
	struct wr opened;  /* where it is JSON of others: our form of it */
};

/* bytes as they stand in the file; type: of bare Evidence, or NULL: found. */
int offline_item_find(struct span bytes, const char *type,
    struct offline_item *ret, struct seal_diag *d);
void offline_item_wipe(struct offline_item *item);

/* What appraise() needs for args; *ret borrows from item, which the caller
 * wipes in any case, and from binding. */
int offline_prepare(const struct seal_appraise_args *args,
    struct offline_item *item, struct seal_binding *binding,
    struct appraisal_in *ret, struct seal_diag *d);

#endif
