/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_VERAISON_H
#define REMOTE_VERAISON_H

#include "remote/verifier.h"

/*
 * Veraison's challenge-response API, which `seal verifier` speaks too. Where
 * its documentation and its code differ (`state`, `status`; base64 with and
 * without padding; where a session's Location starts), both are understood.
 */
int veraison_appraise(struct http *h, const struct verifier_ask *ask,
    uint8_t **ret, size_t *ret_n, struct seal_diag *d);
int veraison_challenge(struct http *h, int64_t deadline_ms,
    struct verifier_challenge *ret, struct seal_diag *d);
int veraison_answer(struct http *h, const struct verifier_challenge *c,
    const struct verifier_ask *ask, uint8_t **ret, size_t *ret_n,
    struct seal_diag *d);

#endif
