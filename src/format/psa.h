/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_PSA_H
#define FORMAT_PSA_H

#include "cose/cose.h"

/*
 * PSA attestation tokens (RFC 9783) and the platform part of Arm CCA's, which
 * has most claims in common. Nothing here verifies a signature.
 */
#define PSA_TYPE \
	"application/eat+cwt; eat_profile=\"tag:psacertified.org,2023:psa#tfm\""
#define PSA_LEGACY_TYPE         \
	"application/eat+cwt; " \
	"eat_profile=\"tag:psacertified.org,2019:psa#legacy\""
#define PSA_OLD_TYPE "application/psa-attestation-token"
bool psa_takes(struct span media_type); /* any of these */

#define PSA_TOKEN_MAX 16384u /* bytes of a token */
#define PSA_COMPONENTS_MAX 32u
#define PSA_INSTANCE_SIZE 33u /* a UEID of type 1 */
#define PSA_IMPLEMENTATION_SIZE 32u
#define PSA_TEXT_MAX 256u /* bytes of each text */

/* Software that was measured; absent texts are empty. */
struct psa_component {
	struct span type, version, description;
	struct span measurement, signer_id; /* 32, 48 or 64 bytes each */
};

/* RFC 9783 s4.3.1: the high byte of the lifecycle. */
enum psa_lifecycle {
	PSA_UNKNOWN = 0,
	PSA_ASSEMBLY,
	PSA_PROVISIONING,
	PSA_SECURED,
	PSA_OTHER_DEBUG,       /* of what is not the root of trust */
	PSA_RECOVERABLE_DEBUG, /* of the root of trust */
	PSA_DECOMMISSIONED,
	PSA_LIFECYCLES
};
const char *psa_lifecycle_name(enum psa_lifecycle l); /* static */

enum psa_kind {
	PSA_NONE = 0,
	PSA_TOKEN,
	PSA_CCA_PLATFORM,
};

/* Views into the payload; absent ones are empty. */
struct psa_claims {
	bool legacy; /* the claims of PSA_IOT_PROFILE_1 */
	struct span profile, nonce, instance_id, implementation_id, boot_seed;
	struct span certification, service; /* texts */
	struct span config, hash_alg;       /* of CCA */
	int64_t client_id;                  /* of PSA */
	uint64_t lifecycle;
	enum psa_lifecycle state; /* what it stands for */
	struct psa_component components[PSA_COMPONENTS_MAX];
	size_t n_components;
};

int psa_claims_parse(struct span payload, enum psa_kind kind,
    struct psa_claims *ret, struct seal_diag *d);

struct psa_token {
	struct cose_sign1 sign1;
	struct psa_claims claims;
};

/* To the last byte. SEAL_E_UNSUPPORTED for a COSE_Mac0. */
int psa_parse(struct span in, struct psa_token *ret, struct seal_diag *d);
/* Is this a profile whose claims mean what we take them for? */
bool psa_profile_known(const struct psa_claims *c);

#endif
