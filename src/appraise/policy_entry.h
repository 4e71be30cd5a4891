/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_POLICY_ENTRY_H
#define APPRAISE_POLICY_ENTRY_H

#include "appraise/policy.h"

/* One element of a policy's "accept", the i-th; *e is zeroed by the caller,
 * who wipes it whatever is returned. */
int entry_load(const json_t *j, size_t i, const char *base_dir,
    struct accept_entry *e, struct seal_diag *d);
void entry_wipe(struct accept_entry *e);
/* The entry itself and, behind it, those of its members; NULL: no more. */
struct accept_entry *entry_part(struct accept_entry *e, size_t i);
/* A file of anchors, and its path, which the caller frees. */
int entry_load_ca(const char *base_dir, const char *file, struct trust **ret,
    char **ret_path, struct seal_diag *d);

#endif
