/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_PSA_RULES_H
#define APPRAISE_PSA_RULES_H

#include "appraise/appraiser.h"
#include "appraise/raw_key.h"
#include "format/psa.h"

/*
 * What PSA tokens and the platform part of CCA's have in common. Rules of an
 * entry:
 *   "software": [{"measurement": HEX, "signer_id": HEX?, "type": TEXT?}…]
 *                                   all that was measured, and no more
 *   "implementation_id": HEX        which hardware; any where not stated
 *   "instance_id": HEX              which device; likewise
 *   "profile": TEXT                 another one than those known
 */
#define PSA_RULE_KEYS "software", "implementation_id", "instance_id", "profile"
extern const char *const psa_software_keys[]; /* for the schema's test */

struct psa_software {
	char type[PSA_TEXT_MAX + 1]; /* "": any */
	uint8_t measurement[HASH_MAX], signer_id[HASH_MAX];
	size_t n_measurement, n_signer_id; /* the latter 0: any */
};

struct psa_rules {
	bool by_refs; /* a CoRIM has the values, none stands here */
	struct psa_software software[PSA_COMPONENTS_MAX];
	size_t n_software;
	bool has_implementation, has_instance;
	uint8_t implementation_id[PSA_IMPLEMENTATION_SIZE];
	uint8_t instance_id[PSA_INSTANCE_SIZE];
	char profile[PSA_TEXT_MAX + 1]; /* "": those known */
};

int psa_rules_load(
    const json_t *entry, struct psa_rules *ret, struct seal_diag *d);
void psa_rules_explain(const struct psa_rules *r, struct wr *out);
/* prefix is that of the checks. Lifecycle, profile, ids and software. */
bool psa_rules_match(const struct psa_rules *r, const struct psa_claims *c,
    bool known_profile, struct seal_verdict *v);
int psa_learn(const struct psa_claims *c, bool known_profile, json_t *entry);

/* Debug by its lifecycle. */
bool psa_debug(const struct psa_claims *c);
void psa_claim(const struct psa_claims *c, struct seal_verdict *v);
/* Which device: its instance id and key, as a digest. */
int psa_instance(const struct psa_claims *c, struct findings *ret);
/* {class {id: bytes of the implementation id, model}, instance: its UEID}. */
/* The class is a tagged implementation id, with a model unless that is NULL. */
int psa_put_env(const struct psa_claims *c, uint64_t class_tag,
    const char *model, struct wr *env);
/* One for each component: its type as mkey, its signer id as raw value.
 * Without the array's head. */
void psa_put_measurements(const struct psa_claims *c, struct wr *out);
/* By its size: SHA-256, SHA-384 or SHA-512. */
void psa_put_digest(struct wr *out, struct span value);
/* The key that signed: the step "psa.signature", and findings' signer. */
int psa_verify(const struct appraisal_in *in, const struct appraiser *by,
    const struct cose_sign1 *s, const struct psa_claims *c,
    struct findings *ret, struct seal_verdict *v);

#endif
