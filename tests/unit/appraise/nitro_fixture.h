/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_NITRO_FIXTURE_H
#define APPRAISE_NITRO_FIXTURE_H

#include "base/wr.h"

/*
 * AWS's part played by the test: a root, and attestation documents in every
 * state that a genuine or forged one may be in. Times are relative to
 * fixture_clock.
 */
enum nitro_shape {
	NORMAL,
	NO_KEY,      /* public_key is null */
	EMPTY_KEY,   /* … or no bytes */
	OTHER_KEY,   /* another one */
	RAW_KEY,     /* bytes that are no key */
	NO_NONCE,    /* null */
	EMPTY_NONCE, /* no bytes */
	ZERO_NONCE,  /* as many zeros */
	SHORT_NONCE, /* its last byte is missing */
	LONG_NONCE,  /* one too many */
	OTHER_NONCE, /* its last bit */
	USER_NONCE,  /* the binder is in the user data instead */
	DEBUG,       /* PCR 0 to 2 are zero */
	ZERO_PCR0,   /* PCR 0 alone is */
	NO_PCR0,
	PCR_TWICE,
	PCR_SHORT,
	PCR_HIGH,
	OTHER_PCR8,
	SHA256_DIGEST,
	NO_MODULE,
	NO_TIMESTAMP,
	NO_BUNDLE,
	LEAF_LAST,   /* the bundle in the order of a chain */
	OTHER_CHAIN, /* genuine, under a stranger's root */
	GRAFTED,     /* … and AWS's bundle behind its leaf */
	OTHER_LEAF,  /* signed by a key that is not the certificate's */
	NO_USAGE,    /* a CA's certificate as leaf */
	P256,        /* ES256 */
	UNKNOWN_FIELD,
	TRAILING,
	TAGGED,
	IN_THE_PAST,
	IN_THE_FUTURE,
};

void nitro_setup(void);
void nitro_teardown(void);
const char *nitro_root_file(void);  /* PEM */
const char *nitro_other_file(void); /* of a stranger's root */
struct span nitro_stranger(void);   /* SPKI of the stranger's leaf */
/* What documents answer from now on. */
void nitro_answer(struct span nonce, struct span key);
/* From now on a chain of five, as AWS's: root, region, zone, machine, leaf. A
 * call makes another machine. */
void nitro_next_machine(void);
void nitro_make(enum nitro_shape s, struct wr *w);

#endif
