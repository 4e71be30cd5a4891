/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_VERIFIER_H
#define REMOTE_VERIFIER_H

#include "remote/http.h"

/*
 * A remote Verifier: Evidence goes in, a signed Attestation Result comes out.
 * What comes out is bytes from outside: nothing here trusts it or has looked
 * at its signature.
 */
#define VERIFIER_NONCE_MIN 8u /* bytes of a nonce (formats of the API) */
#define VERIFIER_NONCE_MAX 64u
#define VERIFIER_RESULT_MAX 65529u /* bytes; it has to fit into a CMW */

enum verifier_api {
	VERIFIER_NONE = 0,
	VERIFIER_VERAISON, /* the challenge-response API */
	VERIFIER_TRUSTEE,  /* CoCo Trustee's attestation service */
};

struct verifier_conf {
	enum verifier_api api;
	const char *url;
	struct http_conf http;
	const char *tee;       /* Trustee: what it calls the Evidence */
	const char *policy_id; /* Trustee: NULL: its default */
};

/* Immutable, shared by threads. */
struct verifier;

int verifier_new(const struct verifier_conf *conf, struct verifier **ret,
    struct seal_diag *d);
void verifier_free(struct verifier **v);
const char *verifier_url(const struct verifier *v);
/* "veraison", "trustee"; VERIFIER_NONE for another name. */
enum verifier_api verifier_api_by_name(const char *name);

struct verifier_ask {
	struct span media_type, evidence;
	struct span nonce; /* that the Evidence was made over */
	int64_t deadline_ms;
};

/*
 * Has Evidence judged that was made over a nonce of ours. *ret is the text of
 * a JWT, for the caller to verify and free. SEAL_E_UNAVAILABLE may be retried;
 * SEAL_E_EVIDENCE and SEAL_E_UNSUPPORTED are the Verifier's refusals.
 */
int verifier_appraise(struct verifier *v, const struct verifier_ask *ask,
    uint8_t **ret, size_t *ret_n, struct seal_diag *d);

/* A nonce that the Verifier chose, and the session to answer it in. */
#define VERIFIER_SESSION_MAX 64u
struct verifier_challenge {
	uint8_t nonce[VERIFIER_NONCE_MAX];
	size_t n_nonce;
	char session[VERIFIER_SESSION_MAX + 1];
};

/* SEAL_E_UNSUPPORTED where the API has no such thing. */
int verifier_challenge(struct verifier *v, int64_t deadline_ms,
    struct verifier_challenge *ret, struct seal_diag *d);
/* ask->nonce is not used: the session knows its own. */
int verifier_answer(struct verifier *v, const struct verifier_challenge *c,
    const struct verifier_ask *ask, uint8_t **ret, size_t *ret_n,
    struct seal_diag *d);

#endif
