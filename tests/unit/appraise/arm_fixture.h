/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_ARM_FIXTURE_H
#define APPRAISE_ARM_FIXTURE_H

#include "base/limits.h"
#include "base/wr.h"
#include "crypto/sig.h"

/*
 * PSA and CCA tokens, in every state that real ones show, by a device whose
 * key a CoRIM names.
 */
struct arm_key {
	struct privkey *key;
	uint8_t spki[LIMIT_SPKI];
	size_t n;
	uint16_t scheme;
};

/* Of the device, of the realm, of somebody else. */
extern struct arm_key arm_iak, arm_rak, arm_stranger;

void arm_setup(void);
void arm_teardown(void);
void arm_key_make(enum curve c, uint16_t scheme, struct arm_key *ret);
struct span arm_spki(const struct arm_key *k);

enum arm_shape {
	NORMAL,
	LEGACY,
	LEGACY_UNNAMED, /* without a profile */
	OTHER_PROFILE,
	NO_PROFILE,
	MIXED, /* one claim of the other profile */
	SEED_TWICE,
	ZERO_NONCE,
	OTHER_NONCE,
	PADDED_NONCE, /* 64 bytes: the binder, then zeros */
	SHORT_NONCE,
	EMPTY_NONCE,
	NO_NONCE,
	OTHER_INSTANCE,
	BAD_INSTANCE, /* a UEID of another type */
	OTHER_IMPLEMENTATION,
	SHORT_IMPLEMENTATION,
	DEBUG_OTHER,
	DEBUG_ROOT,
	ASSEMBLY,
	DECOMMISSIONED,
	BAD_LIFECYCLE,
	NO_LIFECYCLE,
	OTHER_CLIENT,
	NO_SOFTWARE,
	LESS_SOFTWARE,
	MORE_SOFTWARE,
	OTHER_SOFTWARE,
	OTHER_SIGNER_ID,
	OTHER_TYPE,
	SHORT_MEASUREMENT,
	TRAILING,
	BY_STRANGER,
	MAC,
	/* Of CCA alone: */
	TAG_907,
	TAG_907_CF, /* of another content format */
	TAG_400,
	RAW_RAK,
	OTHER_RAK,      /* the realm's token is another realm's */
	REALM_FORGED,   /* it names the key, but that did not sign it */
	CHALLENGE_REST, /* something behind the binder */
	CHALLENGE_SHORT,
	CHALLENGE_OTHER,
	CHALLENGE_ZERO,
	REALM_PROFILE,
	REALM_NO_PROFILE,
	OTHER_RIM,
	OTHER_REM,
	OTHER_PERSONALIZATION,
	SHA512_RAK,
	MD5_RAK,
	THREE_REMS,
	NO_RIM,
	NO_CONFIG,
};

/* What tokens answer from now on: a nonce, or up to 64 bytes before the zeros
 * of a challenge. */
void arm_answer(struct span value);
void arm_make(const char *type, enum arm_shape s, struct wr *ret);
/* The key of the device, and the values of what runs on it (realm: in it too).
 */
void arm_write_corim(
    const char *path, const struct arm_key *k, enum arm_shape s, bool realm);

/* The same in the terms of that profile of Arm's: of PSA, of PSA in the old
 * form, of CCA platforms, of CCA realms, with the first of their registers. */
void arm_write_profile(const char *path, const char *profile,
    const struct arm_key *k, int registers);

#endif
