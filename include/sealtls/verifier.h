/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALTLS_VERIFIER_H
#define SEALTLS_VERIFIER_H

#include <stddef.h>
#include <stdint.h>

#include <sealtls/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A Verifier (RFC 9334) as a library: appraises Evidence by a policy and
 * signs what it found as an Attestation Result (EAR, a JWT). Any threads may
 * use one at a time. Strings it returns are the caller's, for free().
 */
struct seal_verifier;

struct seal_verifier_args {
	const char *id; /* its name: who speaks in results; 1 to 128 bytes */
	const char *key_file;    /* PEM; signs results: P-256, P-384, Ed25519 */
	const char *anchors_dir; /* "ca" of a policy names files in it; NULL:
				    policies may name none */
	uint32_t lifetime_s;     /* of a result at most; 0: 300 */
	int64_t (*unix_s)(void *); /* NULL: the system's clock */
	void *clock_arg;
};

SEAL_API int seal_verifier_new(const struct seal_verifier_args *args,
    struct seal_verifier **ret, struct seal_diag *d);
SEAL_API void seal_verifier_free(struct seal_verifier **vp);

/*
 * From now on appraises by this policy (JSON, doc/policy.schema.json), which
 * results call name. Appraisals under way keep theirs; a policy that is
 * refused changes nothing. File names in it are plain names within
 * anchors_dir, since a policy may come from the network.
 */
SEAL_API int seal_verifier_set_policy(struct seal_verifier *v, const char *name,
    const void *json, size_t n, struct seal_diag *d);
/*
 * The same, with the CoRIMs that entries of "corim": "store" judge by. Each
 * entry takes those of its own signers ("corim_signers"), and leaves the
 * others out. Policy and CoRIMs come into force together, or neither.
 */
struct seal_verifier_corim {
	const char *name; /* for people */
	const void *corim;
	size_t corim_n;
	int used; /* out: is there an entry that takes it? */
};
SEAL_API int seal_verifier_set_policy_corims(struct seal_verifier *v,
    const char *name, const void *json, size_t n,
    struct seal_verifier_corim *corims, size_t n_corims, struct seal_diag *d);
/* Is it a CoRIM, all of it? Who signed it is for policies to judge. *ret_id:
 * its id, UTF-8. */
SEAL_API int seal_verifier_check_corim(const void *corim, size_t n,
    int *ret_signed, char **ret_id, struct seal_diag *d);
/* The same check of a policy, without a Verifier. anchors_dir may be NULL. */
SEAL_API int seal_verifier_check_policy(
    const char *anchors_dir, const void *json, size_t n, struct seal_diag *d);

/* Media types that the policy accepts, a line each, and the CMW's two. */
SEAL_API char *seal_verifier_media_types(struct seal_verifier *v);

/* Its public key as a JWK (RFC 7517); and the same of any PEM file. */
SEAL_API int seal_verifier_jwk(
    struct seal_verifier *v, char **ret, struct seal_diag *d);
SEAL_API int seal_jwk_of_pem(const char *file, char **ret, struct seal_diag *d);

/* SHA-256 of any bytes, in hex, with its NUL. */
SEAL_API int seal_verifier_digest(
    const void *p, size_t n, char ret[65], struct seal_diag *d);

/* Who chose the nonce, and so what the Evidence must have signed. Zero denies
 * (PROTOCOL 5.5 rule 1). */
enum seal_nonce_origin {
	SEAL_NONCE_NONE = 0,
	/* The requester's: the binder of its connection, as it stands. */
	SEAL_NONCE_BINDER = 1,
	/* This Verifier's own: SHA-256("SEAL verifier nonce v1" || id and
	 * nonce, each with its length), that of seal_evidence_offline(), or,
	 * from attesters that know neither, the nonce itself. */
	SEAL_NONCE_FRESH = 2
};

struct seal_verifier_ask {
	const void *evidence;
	size_t evidence_n;
	const char *type; /* media type; NULL, or that of a CMW: a CMW */
	const void *nonce;
	size_t nonce_n;
	enum seal_nonce_origin origin;
};

struct seal_verifier_answer {
	struct seal_verdict *verdict;
	char *result;      /* the signed EAR; NULL: nothing could be said */
	char attester[65]; /* which platform or, where none is named, key; ""
			      where neither was proved */
	char evidence[65]; /* SHA-256 of the Evidence, hex */
	char *policy;      /* the name that was given */
};

/* *ret is an answer also where it refuses; the return value says whether an
 * appraisal took place. SEAL_E_UNSUPPORTED: no policy takes this type. */
SEAL_API int seal_verifier_appraise(struct seal_verifier *v,
    const struct seal_verifier_ask *ask, struct seal_verifier_answer *ret,
    struct seal_diag *d);
SEAL_API void seal_verifier_answer_wipe(struct seal_verifier_answer *a);

#ifdef __cplusplus
}
#endif
#endif
