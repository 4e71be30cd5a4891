/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_CONFIG_VERIFIERS_H
#define LIB_CONFIG_VERIFIERS_H

#include <jansson.h>

#include "lib/ctx.h"

/* The configuration's keys "verifiers", and "passport" of an attester. */
int config_verifiers(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d);
int config_passport(
    struct seal_ctx *c, const json_t *j, size_t attester, struct seal_diag *d);
struct remote *config_verifier_find(const struct seal_ctx *c, const char *name);

/* For the schema's test; NULL ends. */
extern const char *const config_verifier_keys[];
extern const char *const config_passport_keys[];

#endif
