/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_CCA_H
#define FORMAT_CCA_H

#include "base/limits.h"
#include "format/psa.h"

/*
 * Arm CCA attestation tokens (draft-ffm-rats-cca-token): a platform token,
 * signed by the CPU's key, whose challenge is the hash of the key that signed
 * the realm token beside it. Nothing here verifies a signature.
 */
#define CCA_TYPE "application/vnd.sealtls.cca+cbor"
/* What Veraison calls it. */
#define CCA_VERAISON_TYPE \
	"application/eat-collection; profile=\"http://arm.com/CCA-SSD/1.0.0\""
bool cca_takes(struct span media_type);

#define CCA_TOKEN_MAX 32768u /* bytes of both */
#define CCA_CHALLENGE 64u
#define CCA_REMS 4u

struct cca_realm {
	struct span profile;   /* empty: not stated */
	struct span challenge; /* 64 bytes */
	struct span personalization;
	struct span hash_alg, rak_hash_alg;
	struct span rak; /* content of its byte string */
	struct span rim, rem[CCA_REMS];
};

/* Views into the input. */
struct cca_token {
	uint64_t tag;
	struct cose_sign1 platform, realm;
	struct psa_claims claims; /* of the platform */
	struct cca_realm r;
};

int cca_parse(struct span in, struct cca_token *ret, struct seal_diag *d);
bool cca_profile_known(const struct psa_claims *c);
bool cca_realm_profile_known(const struct cca_realm *r);
/* SPKI of the RAK: a COSE_Key, or the point on P-384 that older ones have. */
int cca_rak_spki(
    const struct cca_token *t, struct wr *out, struct seal_diag *d);
/* What the platform's challenge must be. ret has HASH_MAX bytes. */
int cca_rak_digest(const struct cca_token *t, uint8_t *ret, size_t *ret_n,
    struct seal_diag *d);

#endif
