/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_EAR_H
#define FORMAT_EAR_H

#include "base/limits.h"
#include "cose/cose.h"
#include "format/ar4si.h"
#include "format/eat.h"
#include "jose/key.h"

/*
 * EAT Attestation Results (draft-ietf-rats-ear): what a Verifier found, in one
 * form for all spellings. JSON (in a JWT) and CBOR (in a CWT) are read; the
 * names in JSON and some types depend on eat_profile, see ear_profiles. What
 * is written is draft -04.
 *
 * Times are integers; eat_nonce is exactly one value; cnf is a whole public
 * key; no key stands twice; a status better than its worst claim, or than the
 * worst submodule, is refused. Unknown claims are ignored, submodules that are
 * tokens of their own are refused, since nothing here would verify them.
 */
#define EAR_TYPE_JWT "application/eat+jwt"
#define EAR_TYPE_CWT "application/eat+cwt"
#define EAR_PROFILE_04 "tag:ietf.org,2026:rats/ear#04"
/* As they stand in a CMW. */
#define EAR_MEDIA_JWT EAR_TYPE_JWT "; eat_profile=\"" EAR_PROFILE_04 "\""
#define EAR_MEDIA_CWT EAR_TYPE_CWT "; eat_profile=\"" EAR_PROFILE_04 "\""

#define EAR_SUBMODS_MAX 16u
#define EAR_NAME_MAX 64u    /* bytes of a submodule's name, with the NUL */
#define EAR_TEXT_MAX 200u   /* of developer, build, policy id, likewise */
#define EAR_POLICIES_MAX 4u /* ids that one appraisal keeps */
#define EAR_NONCE_TEXT_MAX 89u

enum ear_spelling {
	EAR_UNDERSCORE, /* ear_status: draft -03 and later */
	EAR_DOTTED,     /* ear.status: deployed before that */
};

struct ear_profile {
	const char *uri;
	enum ear_spelling spelling;
	bool raw_is_cmw;    /* ear_raw_evidence is a record CMW, not bytes */
	bool one_policy_id; /* a text instead of an array */
	/* No eat_nonce: the report data that it found in the Evidence, which
	 * it states among the annotations, stands for it. */
	bool nonce_in_report_data;
};
extern const struct ear_profile ear_profiles[];              /* uri NULL ends */
const struct ear_profile *ear_profile_find(struct span uri); /* NULL: none */
/* The profile that a media type names in its parameter eat_profile, quoted or
 * not, if its type is one of the two above; NULL otherwise. */
const struct ear_profile *ear_media_type(struct span type, bool *ret_cwt);

/* The Appraisal of one submodule. */
struct ear_appraisal {
	char name[EAR_NAME_MAX];
	enum ar4si_tier status;
	bool has_vector;
	int8_t vector[AR4SI_CLAIMS]; /* 0: no such claim */
	char policies[EAR_POLICIES_MAX][EAR_TEXT_MAX];
	size_t n_policies;
};

/* Large (about 20 KB): stands on the heap. */
struct ear {
	const struct ear_profile *profile;
	int64_t iat;
	bool has_exp, has_nbf, has_status, has_raw_evidence;
	int64_t exp, nbf;
	enum ar4si_tier status; /* of the whole, if it has one */
	char developer[EAR_TEXT_MAX], build[EAR_TEXT_MAX]; /* the Verifier */
	/* eat_nonce: its bytes; in JSON base64url of them. A JSON nonce that
	 * is no base64url has only its text. */
	uint8_t nonce[EAT_NONCE_MAX];
	size_t n_nonce;
	bool nonce_padded; /* report data: 64 bytes, the nonce and zeros */
	char nonce_text[EAR_NONCE_TEXT_MAX];
	/* cnf: the SPKI of the subject key; n_spki == 0: none. */
	uint8_t spki[LIMIT_SPKI];
	size_t n_spki;
	struct ear_appraisal submods[EAR_SUBMODS_MAX];
	size_t n_submods; /* at least one */
};

/* The claims of a JWT's or a CWT's payload. *ret changes only on success. */
int ear_read_json(struct span claims, struct ear *ret, struct seal_diag *d);
int ear_read_cbor(struct span claims, struct ear *ret, struct seal_diag *d);
/* The worst tier of all statuses; the worst value a claim has anywhere. */
enum ar4si_tier ear_worst_status(const struct ear *e);
void ear_vector(const struct ear *e, int8_t ret[AR4SI_CLAIMS]);

/* Draft -04 claims, whatever e->profile says; refused are results that the
 * readers above would refuse. */
int ear_write_json(const struct ear *e, struct wr *out, struct seal_diag *d);
int ear_write_cbor(const struct ear *e, struct wr *out, struct seal_diag *d);

/* Who signs results. */
struct ear_signer {
	uint16_t scheme; /* P-256, P-384, P-521 ECDSA, or Ed25519 */
	const char *kid; /* NULL: none, which CWT does not allow */
	sign_fn sign;
	void *ctx;
};

/* The whole token: a JWT (typ eat+jwt), or a tagged COSE_Sign1. */
int ear_sign_jwt(const struct ear *e, const struct ear_signer *by,
    struct wr *out, struct seal_diag *d);
int ear_sign_cwt(const struct ear *e, const struct ear_signer *by,
    struct wr *out, struct seal_diag *d);

/*
 * Verifies a token under trusted keys, and only then reads its claims.
 * *ret_key is the key that verified it, borrowed from set.
 */
int ear_open_jwt(struct span token, const struct jwk_set *set, struct ear *ret,
    const struct jwk **ret_key, struct seal_diag *d);
int ear_open_cwt(struct span token, const struct jwk_set *set, struct ear *ret,
    const struct jwk **ret_key, struct seal_diag *d);
/* The claims without a look at the signature: for showing, and for a holder
 * that passes its own result on. */
int ear_peek(struct span token, bool cwt, struct ear *ret, struct seal_diag *d);

#endif
