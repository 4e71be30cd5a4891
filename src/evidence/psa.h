/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_PSA_H
#define EVIDENCE_PSA_H

/* What the driver shares with who plays the device in its tests. */
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/diag.h"

/* The PSA Attestation API (Arm IHI 0085), of whoever is linked in; both NULL
 * where nobody is. */
struct psa_api {
	int32_t (*token_size)(size_t n_challenge, size_t *ret_n);
	int32_t (*token)(const uint8_t *challenge, size_t n_challenge,
	    uint8_t *to, size_t cap, size_t *ret_n);
};

#define PSA_API_SUCCESS 0
#define PSA_API_NOT_SUPPORTED (-134)

/* The driver's open, on a device that somebody plays. */
int psa_open_on(void *ctx, const struct psa_api *api, const struct conf *conf,
    struct seal_diag *d);

#endif
