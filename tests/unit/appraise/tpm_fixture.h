/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_TPM_FIXTURE_H
#define APPRAISE_TPM_FIXTURE_H

#include "appraise/appraise.h"
#include "format/tpm_evidence.h"

#include "crypto/fixture.h"

/* A key of a TPM made in software: what a TPM would hold, and its secret. */
struct soft_key {
	EVP_PKEY *pkey;
	struct privkey *key;
	uint8_t spki[LIMIT_SPKI];
	size_t n_spki;
	uint16_t scheme, hash; /* how it signs, in TPM numbers */
};

enum key_type { KEY_P256, KEY_P384, KEY_RSASSA, KEY_RSAPSS, KEY_TYPES };

/* Keys of one type; made once. stranger is of no consequence to anybody. */
struct keyring {
	struct soft_key ak, subject, stranger;
};

void keyring_make(enum key_type type, struct keyring *ret);
void keyring_free(struct keyring *k);
struct span key_spki(const struct soft_key *k);

/*
 * What to make Evidence of. recipe_init() gives the good one; tests change
 * it before or, through the hooks, between the steps of evidence_make().
 */
struct recipe {
	const struct keyring *keys;
	/* Public areas */
	const struct soft_key *subject, *ak;
	uint32_t ak_attributes, subject_attributes;
	uint16_t ak_name_alg, subject_name_alg;
	uint16_t ak_scheme, ak_scheme_hash;
	struct span auth_policy; /* of the subject */
	/* Attests; pcr_digest and name are computed where empty */
	struct tpm_attest quote, certify;
	struct tpm_pcr_value pcrs[TPM_BANKS_MAX * TPM_PCRS];
	size_t n_pcrs;
	enum hash digest_hash;
	struct span named; /* public area that certify names; empty: subject */
	/* Flips bits of the byte before signing; SIZE_MAX: none */
	size_t flip_quote, flip_certify;
	/* Signatures */
	const struct soft_key *quote_signer, *certify_signer;
	struct span ak_chain[LIMIT_CHAIN];
	size_t n_ak_chain;
};

/* Evidence and all that it points into. */
struct evidence {
	struct wr ak_public, subject_public, quote, certify, quote_signature,
	    certify_signature, whole;
};

extern const uint8_t pcr_values[TPM_PCRS][HASH_MAX];

void recipe_init(
    struct recipe *r, const struct keyring *k, const struct seal_binding *b);
/* edit, which may be NULL, changes the parts before they are put together. */
void evidence_make(const struct recipe *r, void (*edit)(struct tpm_evidence *e),
    struct evidence *ret);
void evidence_free(struct evidence *e);
void public_write(struct wr *w, const struct soft_key *k, uint32_t attributes,
    uint16_t name_alg, struct span policy, uint16_t scheme, uint16_t hash);

#endif
