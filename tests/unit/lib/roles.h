/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_LIB_ROLES_H
#define UNIT_LIB_ROLES_H

#include "pair.h"

/*
 * Every combination of roles and identities, accepted or refused as its row
 * says, between a client over one TLS stack and a server over another; hash
 * is the suite's: 256, 384, or 0 for either.
 */
void roles_run(struct world *w, const struct end_stack *client,
    const struct end_stack *server, unsigned hash);

#endif
