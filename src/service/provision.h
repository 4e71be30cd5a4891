/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_PROVISION_H
#define SERVICE_PROVISION_H

#include "service/store.h"

#define PROVISION_POLICY "application/vnd.sealtls.policy+json"

/*
 * Checks what is to be provisioned and stores it: a policy, which the
 * verifiers that use its name apply from then on. by says who did it.
 */
int provision(struct store *store, const char *anchors_dir, const char *type,
    const char *name, struct span body, const char *by, int64_t *ret_id,
    struct seal_diag *d);

#endif
