/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_TOKEN_H
#define REMOTE_TOKEN_H

#include "base/diag.h"
#include "base/span.h"

/*
 * What the holder of a result reads in it to pass it on: what it calls
 * itself, and how long it lasts. No signature is looked at: who relies on the
 * result verifies it.
 */
#define TOKEN_TYPE_MAX 200u

struct token_facts {
	char media_type[TOKEN_TYPE_MAX]; /* for a CMW, with its profile */
	int64_t iat, exp;                /* seconds since 1970 */
	bool has_exp;
};

/* SEAL_E_UNAVAILABLE: nothing that anybody could rely on. */
int token_peek(struct span token, struct token_facts *ret, struct seal_diag *d);

#endif
