/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_REFS_H
#define APPRAISE_REFS_H

#include <jansson.h>

#include "base/limits.h"
#include "crypto/x509.h"
#include "format/corim.h"

/*
 * Reference values, endorsements and trusted keys out of CoRIMs, independent
 * of any technology. A technology describes its Evidence in CoMID's own terms,
 * an environment and measurements; here it is held against the triples.
 *
 * draft-ietf-rats-corim-11 s8: a triple's environment matches where each field
 * that it states is the Evidence's. A reference triple then matches as a
 * whole: each of its measurements equals one of the Evidence, in mkey and in
 * every stated value (digests: all common algorithms agree, and there is one;
 * svn of tag 553: at least that; raw values: where the mask has ones). Evidence
 * is accepted where triples match, and they leave none of its measurements
 * out: an extra one is unknown, and unknown is refused.
 */
#define REFS_FILES_MAX 16        /* that a policy names */
#define REFS_STORED_MAX 256      /* that a store provides */
#define REFS_MEASUREMENTS_MAX 64 /* of one Evidence */
#define REFS_SIGNERS_MAX 16
#define REFS_TEXT 512

/* Who may have signed a CoRIM: one of the three. */
struct refs_signer {
	bool pinned;
	uint8_t spki_sha256[32]; /* of the leaf that the CoRIM carries */
	struct pubkey *key;      /* from a file of the policy's */
	struct trust *ca;        /* of the chain that the CoRIM carries */
};

struct refs_trust {
	struct refs_signer signers[REFS_SIGNERS_MAX];
	size_t n_signers;
	bool unsigned_ok; /* the policy vouches for its files itself */
	/* Of the technology; NULL ends. A CoRIM that states no profile has the
	 * base meaning; of another profile it could mean anything. */
	const char *const *profiles;
	bool any_profile; /* only signatures matter */
};
void refs_trust_wipe(struct refs_trust *t);

/* Immutable once loaded; shared by threads. */
struct refs;

/* Takes *trust over, also when it fails. */
int refs_new(struct refs_trust *trust, struct refs **ret, struct seal_diag *d);
void refs_free(struct refs **rp);
/* Copies corim. Its signature is verified here; what time decides, its
 * periods and those of its certificates, at each appraisal. name is for
 * people. */
int refs_add(
    struct refs *r, const char *name, struct span corim, struct seal_diag *d);
/* The keys "corim", "corim_signers" and "corim_unsigned" of an accept entry;
 * *ret stays NULL where there is none of them. */
#define REFS_STORE "store" /* in place of files: a store provides them */
int refs_load(const json_t *entry, const char *base_dir, const char *where,
    const char *const *profiles, struct refs **ret, struct seal_diag *d);
extern const char *const refs_signer_keys[];
/* Does a store provide its CoRIMs? Until it does there are none, and nothing
 * matches. */
bool refs_from_store(const struct refs *r);
/* One of a store, before r is shared. *ret_used: is it of a signer whom these
 * trust, and of a profile that they know? If not it is left out, as if it were
 * not there: a store serves more than one policy. */
int refs_provide(struct refs *r, const char *name, struct span corim,
    bool *ret_used, struct seal_diag *d);
int refs_explain(const struct refs *r, struct wr *out);

/* SEAL_E_STALE, or another failure, of the first file that is not valid. */
int refs_valid(const struct refs *r, int64_t now, struct seal_diag *d);
/* The same where no file is: one that is will do. */
int refs_any_valid(const struct refs *r, int64_t now, struct seal_diag *d);

/* What a technology says of its Evidence, in the terms of one profile. */
struct refs_evidence {
	const char *profile; /* NULL: base meaning, and ours */
	/* Its class ids say which class alone: vendor and model of a triple are
	 * names for people, which Evidence does not have. */
	bool any_names;
	/* The first of the measurements: those that none may be left out of;
	 * the rest count where a triple states them. 0: all. */
	size_t n_must;
	struct span env;          /* encoded environment-map */
	struct span measurements; /* encoded array of measurement-maps */
	struct span signer_spki;
	struct span signer_cert; /* DER; empty: none */
};

struct refs_result {
	int code;                 /* 0: matched */
	char triple[REFS_TEXT];   /* that matched, or came nearest; "": none */
	char expected[REFS_TEXT]; /* by it */
	char got[REFS_TEXT];
	char endorsed[REFS_TEXT]; /* an endorsed triple of this environment */
	size_t n_matched;         /* reference triples */
	size_t n_files;           /* CoRIMs of the profile that are valid now */
	int64_t until;            /* their CoRIMs are valid; INT64_MAX: ever */
};

/* {class {model}, instance: thumbprint (557) of the signer's key}: what a
 * technology can say of itself and prove. */
int refs_put_env(struct wr *env, const char *model, struct span signer_spki);
/* The profile under which models and mkeys mean what ours mean. */
#define REFS_PROFILE "tag:sealtls,2026:corim"
extern const char *const refs_profiles[]; /* that one; NULL ends */

/* SEAL_E_STALE where no CoRIM is valid now, SEAL_E_POLICY where no triple
 * matches; the result tells. */
int refs_match(const struct refs *r, const struct refs_evidence *e, int64_t now,
    struct refs_result *ret);
/* Does an attest-key triple for this environment name the signer's key?
 * ret_triple says which; has REFS_TEXT bytes. */
bool refs_trusts(const struct refs *r, const struct refs_evidence *e,
    int64_t now, char *ret_triple, int64_t *ret_until);

/* The next key, as SPKI, of an attest-key triple for the environment of e; *at
 * starts at 0 and moves on. False: no more. Whether it is trusted now is
 * refs_trusts()'s to say. */
bool refs_key_next(const struct refs *r, const struct refs_evidence *e,
    size_t *at, struct wr *ret);

#endif
