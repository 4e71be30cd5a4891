/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_CONFIG_ATTESTERS_H
#define LIB_CONFIG_ATTESTERS_H

#include <jansson.h>

#include "lib/ctx.h"

#define CONFIG_WHERE "configuration" /* in messages */

/* "attesters": an "optional" one that this machine lacks (SEAL_E_UNSUPPORTED)
 * is left out; fails so where none would be left. */
int config_attesters(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d);

/* SEAL_E_CONFIG: of key the value is another than expected. */
int config_type(const char *key, const char *expected, struct seal_diag *d);

#endif
