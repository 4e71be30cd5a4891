/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_REMOTE_H
#define LIB_REMOTE_H

#include "base/limits.h"
#include "base/wr.h"
#include "evidence/driver.h"

/*
 * The remote Verifiers of a configuration. Which of them judges what is
 * written there and nowhere else: no peer ever chooses (PROTOCOL 5.4 rule 3).
 * A library built without libcurl has none: see remote_none.c.
 */
#define REMOTE_MAX 8u           /* in one configuration */
#define REMOTE_TYPE_MAX 200u    /* bytes of a media type, with the NUL */
#define REMOTE_TIMEOUT_MS 5000u /* where the configuration says nothing */

struct remote_conf {
	const char *name;            /* here, for the configuration alone */
	const char *api;             /* "veraison" or "trustee" */
	const char *url;             /* https, or http to loopback */
	const char *id;              /* what the Verifier calls itself */
	const char *ca, *cert, *key; /* files; may be NULL */
	const char *token;           /* likewise */
	const char *tee, *policy_id; /* Trustee's; may be NULL */
	bool plain_http, raw_nonce;
	uint32_t timeout_ms;
};

struct remote;

int remote_new(
    const struct remote_conf *conf, struct remote **ret, struct seal_diag *d);
void remote_free(struct remote **r);
const char *remote_name(const struct remote *r);
const char *remote_id(const struct remote *r);

/* What a Verifier answered: bytes of which nothing has been verified. */
struct remote_result {
	uint8_t *token; /* owned */
	size_t n;
	char media_type[REMOTE_TYPE_MAX]; /* for a CMW */
	int64_t iat, exp;                 /* exp == 0: none */
};
void remote_result_wipe(struct remote_result *r);

/*
 * Gives the Verifier Evidence that was made over b, whose value it gets as
 * the nonce. At most timeout_ms and the configured time.
 */
int remote_appraise(struct remote *r, const char *media_type,
    struct span evidence, const struct seal_binding *b, uint32_t timeout_ms,
    struct remote_result *ret, struct seal_diag *d);
/*
 * Takes a nonce of the Verifier's, has a collect Evidence over it in its own
 * domain (PROTOCOL 5.5 rule 1), and gives that.
 */
int remote_attest(struct remote *r, struct attester *a, uint32_t timeout_ms,
    struct remote_result *ret, struct seal_diag *d);

#endif
