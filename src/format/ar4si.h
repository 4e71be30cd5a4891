/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_AR4SI_H
#define FORMAT_AR4SI_H

#include "base/span.h"

/*
 * Attestation Results for Secure Interactions (draft-ietf-rats-ar4si): eight
 * claims on trustworthiness, each a number whose range says its tier.
 */
enum ar4si {
	AR4SI_INSTANCE_IDENTITY,
	AR4SI_CONFIGURATION,
	AR4SI_EXECUTABLES,
	AR4SI_FILE_SYSTEM,
	AR4SI_HARDWARE,
	AR4SI_RUNTIME_OPAQUE,
	AR4SI_STORAGE_OPAQUE,
	AR4SI_SOURCED_DATA,
	AR4SI_CLAIMS
};

/* Values of a claim that we write ourselves. */
#define AR4SI_AFFIRMING 2
#define AR4SI_UNEXPECTED 1
#define AR4SI_WARNING 32
#define AR4SI_CONTRAINDICATED 96
#define AR4SI_UNRECOGNISED 97
#define AR4SI_CRYPTO_FAILED 99

/* The numbers are those of a status in CBOR. Zero affirms nothing. */
enum ar4si_tier {
	AR4SI_TIER_NONE = 0,
	AR4SI_TIER_AFFIRMING = 2,
	AR4SI_TIER_WARNING = 32,
	AR4SI_TIER_CONTRAINDICATED = 96,
};

const char *ar4si_name(enum ar4si claim); /* "hardware"; static */
bool ar4si_find(struct span name, enum ar4si *ret);
enum ar4si_tier ar4si_tier(int8_t value);
const char *ar4si_tier_name(enum ar4si_tier tier); /* "affirming"; static */
bool ar4si_tier_find(struct span name, enum ar4si_tier *ret);
bool ar4si_tier_known(int64_t number, enum ar4si_tier *ret);

/* The worst tier that any claim has; claims that say nothing do not count. */
enum ar4si_tier ar4si_worst(const int8_t vector[AR4SI_CLAIMS]);
/* Does any claim say something? */
bool ar4si_any(const int8_t vector[AR4SI_CLAIMS]);
/* Is a worse than b? Affirming, none, warning, contraindicated: from good to
 * bad, and what is unknown is worst. */
bool ar4si_worse(enum ar4si_tier a, enum ar4si_tier b);
/*
 * Is a status no better than what it sums up? A status of none claims less
 * than affirming does, but may not hide a warning or worse.
 */
bool ar4si_honest(enum ar4si_tier status, enum ar4si_tier worst);

#endif
