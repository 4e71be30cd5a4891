/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_NITRO_DEVICE_H
#define EVIDENCE_NITRO_DEVICE_H

#include "appraise/nitro_fixture.h"
#include "evidence/device_fixture.h"

/* /dev/nsm, its kernel and module. */
enum nitro_says {
	DOCUMENT = 0,
	ERROR,        /* {"Error": "InternalError"} */
	ERROR_NUMBER, /* … a number */
	OTHER_WORD,   /* another key than Attestation */
	TWO_WORDS,    /* a second pair */
	NO_DOCUMENT,  /* null in its place */
	TRUNCATED,
	TRAILING_BYTE,
	EMPTY,
	GARBAGE,
	TOO_LONG, /* more than the room that it was given */
};

struct nitro_play {
	int err;
	unsigned n_err;
	enum nitro_says answer;
	enum nitro_shape shape;
};

extern struct nitro_play nitro_now;
/* The public key of the last request. */
struct span nitro_asked_key(void);

#endif
