/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_RATSD_H
#define FORMAT_RATSD_H

#include "format/cmw.h"

/*
 * What ratsd (Veraison's daemon, which asks the attesters of its machine)
 * answers: a collection of their Evidence and, beside it, the nonce that it
 * was asked with. Nothing here is signed by ratsd; what counts is in the
 * members.
 *
 * Version 2 is a COSE_Sign1, whose signature says nothing so far, over a CMW
 * collection in CBOR with claims in its member "__ratsd"; version 1 claims in
 * JSON with a collection in JSON as text.
 */
#define RATSD_PROFILE "tag:github.com,2026:veraison/ratsd/v2"
#define RATSD_PROFILE_1 "tag:github.com,2024:veraison/ratsd"
#define RATSD_TYPE "application/cmw+cbor; cmwct=\"" RATSD_PROFILE "\""
#define RATSD_TYPE_1 \
	"application/eat-ucs+json; eat_profile=\"" RATSD_PROFILE_1 "\""
/* The collection, so called. A member that signs 64 bytes of report data signs
 * what it was asked with, or SHAKE-256 of that. */
#define RATSD_COLLECTION "tag:github.com,2025:veraison/ratsd/cmw/v2"
#define RATSD_CLAIMS_LABEL "__ratsd"
#define RATSD_TOKEN_MAX 262144u /* bytes */

struct ratsd_token {
	struct cmw cmw; /* a collection; RATSD_CLAIMS_LABEL may be in it */
	struct span nonce;
	struct wr decoded; /* what they view, of version 1 */
};

/* By its first byte. *ret views in, and is to be wiped after success. */
int ratsd_token_parse(
    struct span in, struct ratsd_token *ret, struct seal_diag *d);
void ratsd_token_wipe(struct ratsd_token *t);

#endif
