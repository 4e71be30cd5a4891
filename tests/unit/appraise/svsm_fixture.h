/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_SVSM_FIXTURE_H
#define APPRAISE_SVSM_FIXTURE_H

#include "base/wr.h"

/* An SVSM's manifests, played by the test; numbers written out here, and not
 * with the code that reads them. */
#define SVSM_FIXTURE_VTPM "c476f1eb-0123-45a5-9641-b4e7dde5bfe3"
#define SVSM_FIXTURE_UEFI "a4453a59-9e1b-4787-a033-1986d6adbe55"
extern const uint8_t svsm_vtpm_guid[16], svsm_uefi_guid[16];

/* TPMT_PUBLIC of an endorsement key over P-256, whose point is the generator.
 */
void svsm_put_ek(struct wr *w);

struct svsm_part {
	const uint8_t *guid;
	struct span manifest;
};
void svsm_put_table(struct wr *w, const struct svsm_part *parts, size_t n);
/* The table of both services: that key, and 8 bytes of UEFI's. */
void svsm_put_services(struct wr *w);

/* SHA-512 of 64 bytes and a manifest. */
void svsm_data(const uint8_t asked[64], struct span manifest, uint8_t ret[64]);

#endif
