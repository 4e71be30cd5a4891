/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_APPRAISER_H
#define APPRAISE_APPRAISER_H

#include "appraise/appraise.h"

#define FINDINGS_BINDERS 2

/*
 * What a backend read and verified, for the core to judge. Views into the
 * Evidence unless said otherwise.
 */
struct findings {
	/* Every signature-covered field that must equal the binder. */
	struct span signed_binder[FINDINGS_BINDERS];
	size_t n_signed_binder;
	bool binder_padded; /* these are 64 bytes: the binder, then zeros */
	/* Or, where this is not empty, the SHA-512 of those 64 bytes and of
	 * this, which came beside them (PROTOCOL 5.3, SVSM). */
	struct span hashed_with;
	/* Of subject_spki: the key that the signed bytes name as subject. */
	size_t n_subject_spki;
	/* They have no room for a key: the binder alone commits to it
	 * (PROTOCOL 5.3). subject_spki is empty then, and the core fills it
	 * once it has compared the binder. */
	bool subject_by_binder;
	/* Evidence without a binder, of use only as a member of a collection:
	 * its one signed field is the SHA-256 of these bytes, then zeros, and
	 * in them stands the key that signed another member (PROTOCOL 5.3,
	 * Collections). Empty: the signed field is the binder. */
	struct span linked;
	size_t n_linked_spki;
	/* The label of the member that names the signer's key so; borrowed. */
	const char *named_by;
	/* Of signer_spki: the key that the signatures verified under. */
	size_t n_signer_spki;
	struct span
	    signer_chain[LIMIT_CHAIN]; /* DER, untrusted until checked */
	size_t n_signer_chain;
	uint8_t signer_digest[32]; /* chain_digest() of it, by the core */
	bool has_signer_digest;
	int64_t issued_at;  /* seconds since 1970, judged unless undated */
	bool undated;       /* fresh by its binder alone */
	int64_t expires_at; /* seconds since 1970; 0: its age alone counts */
	bool debug, insecure, key_attested;
	bool has_instance;
	uint8_t instance[32];
	void *facts; /* of the technology; freed by by->facts_free */
	/* The core's: SHA-256 of subject_spki and of signer_spki. */
	uint8_t subject_key[32], signer_key[32];
	/* Owned. They are most of all this, and nothing is read of them beyond
	 * n: findings_new() leaves them as they were allocated. */
	uint8_t subject_spki[LIMIT_SPKI], linked_spki[LIMIT_SPKI];
	uint8_t signer_spki[LIMIT_SPKI];
};

/*
 * The terms of a profile of CoRIM that others made: part of the Evidence, or
 * all of it, as that profile names environments and measurements.
 */
struct appraiser_view {
	const char *profile; /* NULL ends a list */
	const char *part;    /* in claims; NULL: all of the Evidence */
	unsigned covers;     /* bits of appraiser.parts */
	bool any_names;      /* refs_evidence */
	/* *ret_must: refs_evidence.n_must */
	int (*describe)(const struct findings *f, struct wr *env,
	    struct wr *measurements, size_t *ret_must);
};

/*
 * Judges one format. verify parses, checks signatures under the keys that the
 * Evidence itself names, and reports; match holds the facts against one
 * entry's rules. Neither decides: appraise/bound.c compares the binders and
 * the key; appraise/core.c judges the signer, and alone accepts (PROTOCOL 5.4
 * rule 1).
 *
 * An appraiser of Attestation Results (verifier != NULL) differs in this:
 * which keys may sign stands in the policy, not in what came, and a result
 * without this connection's binder, a cached passport, is bound by the subject
 * key in it, where policy accepts that level.
 */
struct appraiser {
	/* A collection of Evidence (collection.h): of what follows it has only
	 * media type, name, takes and rules. */
	bool collection;
	bool member_only;       /* its findings are linked */
	const char *media_type; /* also what a policy calls the scheme */
	const char *name;       /* prefix of its checks and claims */
	bool (*takes)(struct span media_type); /* NULL: media_type alone */
	bool tsm; /* a TSM report may hold it (unwrap.h) */
	const char *(*verifier)(const void *rules); /* who signs; or NULL */
	const char *const *rules; /* keys of an accept entry; NULL ends */
	/* Where CoRIMs may hold the values: profiles of CoRIM that it knows
	 * (NULL ends), the claims of the vector that its measurements stand
	 * for, as bits, and what it says of Evidence in the terms of CoMID. */
	const char *const *profiles;
	/* Those of the profiles that are not ours: Evidence is accepted where
	 * each part, as a bit of parts, is by one of them; or all by ours. */
	const struct appraiser_view *views;
	unsigned parts;
	unsigned measures;
	int (*describe)(
	    const struct findings *f, struct wr *env, struct wr *measurements);
	/* Fills rules, of rules_size bytes, all zero; whose they are calls
	 * rules_wipe, also where this fails, unless it is NULL: they own
	 * nothing then. */
	size_t rules_size;
	int (*rules_load)(
	    const json_t *entry, bool debug, void *rules, struct seal_diag *d);
	void (*rules_wipe)(void *rules);
	int (*rules_explain)(const void *rules, struct wr *out);
	int (*verify)(const struct appraisal_in *in, struct findings *ret,
	    struct seal_verdict *v);
	bool (*match)(const void *rules, const struct findings *f,
	    struct seal_verdict *v);
	/* Judges, now, what was endorsed for f, each part verified to an anchor
	 * of e (anchored.h): revocation lists, TCB levels. *until becomes less
	 * where that ends earlier. Called after match; NULL: nothing is. */
	bool (*endorsed)(const struct accept_entry *e, const struct findings *f,
	    int64_t now, int64_t *until, struct seal_verdict *v);
	/* The signer's key lives for hours: learn pins the root that came
	 * along in its place. */
	bool brief_signer;
	/* Adds this technology's rules, pinning f, to entry. */
	int (*learn)(const struct findings *f, json_t *entry);
	void (*facts_free)(void *facts);
};

extern const struct appraiser appraiser_tpm, appraiser_soft, appraiser_ear;
extern const struct appraiser appraiser_tdx, appraiser_sgx;
extern const struct appraiser appraiser_snp, appraiser_svsm;
extern const struct appraiser appraiser_nitro, appraiser_psa, appraiser_cca;
extern const struct appraiser appraiser_nvidia, appraiser_nvidia_json;
extern const struct appraiser appraiser_tpm_quote;
extern const struct appraiser appraiser_azure_snp, appraiser_azure_tdx;
extern const struct appraiser appraiser_collection;
extern const struct appraiser *const appraisers[]; /* NULL ends */
/* By media type, or by what a policy calls the scheme. */
const struct appraiser *appraiser_find(struct span media_type);
bool appraiser_takes(const struct appraiser *by, struct span media_type);

#endif
