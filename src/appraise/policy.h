/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_POLICY_H
#define APPRAISE_POLICY_H

#include <stdbool.h>

#include <jansson.h>

#include "base/limits.h"
#include "base/wr.h"
#include "crypto/x509.h"
#include "jose/key.h"
#include "appraise/verdict.h"

/*
 * What a Relying Party accepts. JSON, doc/policy.schema.json:
 *
 * { "version": 1,
 *   "min_binding": "traffic" | "transcript" | "key",   default traffic
 *   "max_age_s": N,              required: age of dated Evidence
 *   "lease_s": N,                default 300, at least 30
 *   "identity": { "mode": "pkix", "name": TEXT?, "ca": FILE? }
 *             | { "mode": "pin", "spki_sha256": [HEX…] }
 *             | { "mode": "none" },                     default pkix
 *   "subject": "evidence" | "same-key" | { "ca": FILE } (pkix),
 *                                                       default evidence
 *   "rotate_subject": BOOL,      default false: re-attestation keeps the key
 *   "endorsements": FOLDER,      what vouches for platforms, untrusted until
 *                                verified (appraise/endorse_folder.h)
 *   "accept": [ENTRY…] }         required, not empty
 *
 * ENTRY of Evidence: { "scheme": MEDIA TYPE, "signers": [{"spki_sha256": HEX} |
 * {"ca": FILE} | {"corim": true}…], "debug": BOOL, … rules of the technology },
 * all required:
 *   TPM:  "pcrs": {"sha256": {"0": HEX…}}, "events": rules about the event
 *         log (appraise/tpm_events.h), either may be absent, not both;
 *         "key_policy": HEX or absent; debug false
 *   soft: "measurements": {NAME: HEX…}; debug true, since it is always that
 * ENTRY of Attestation Results, which alone have other signers:
 *   { "scheme": "ear", "signers": [{"jwks": FILE} | {"cert": FILE}…],
 *     "verifier": TEXT, … } (appraise/ear_rules.h)
 * ENTRY of a CMW collection (RFC 9999): all that it holds, by label:
 *   { "scheme": "application/cmw+cbor", "members": {LABEL: ENTRY of Evidence
 *     that may say "optional": true …}, "collection_type": TEXT or absent }
 *   A label inside a collection inside it is a path, "outer/inner". A member
 *   that has no rule is refused. Its signers may be {"member": LABEL}: the key
 *   that the signed bytes of that member name.
 *
 * In place of "pcrs" and of "measurements", CoRIM files may hold the values:
 *   "corim": [FILE…], "corim_signers": [{"key": FILE} | {"spki_sha256": HEX} |
 *   {"ca": FILE}…], "corim_unsigned": BOOL (default false; without signers it
 *   must be true); or "corim": "store": those that were provisioned to the
 *   verifier
 *
 * Unknown and duplicate keys are refused; a missing rule is a configuration
 * error. File names are relative to the policy's own folder.
 */
#define POLICY_LEASE_DEFAULT_S 300u
#define POLICY_LEASE_MIN_S 30u
#define POLICY_LEASE_MAX_S 86400u
#define POLICY_AGE_MAX_S 2592000u /* 30 days: no Evidence is for years */
#define POLICY_SIGNERS_MAX 16
#define POLICY_ENTRIES_MAX 16
#define POLICY_ENTRY_KEYS_MAX 24
#define POLICY_LABEL_MAX 128u /* bytes of a path of labels */

/* The keys of the objects above, for the schema's test; NULL ends. */
extern const char *const policy_keys[];
extern const char *const policy_entry_keys[];  /* without the technology's */
extern const char *const policy_signer_keys[]; /* of "signers" */
extern const char *const policy_result_keys[]; /* the same for results */
extern const char *const policy_collection_keys[]; /* and for collections */
extern const char *const policy_verifier_keys[];

enum identity_mode {
	IDENTITY_UNSET = 0,
	IDENTITY_PKIX,
	IDENTITY_PIN,
	IDENTITY_NONE,
};

enum subject_mode {
	SUBJECT_UNSET = 0,
	SUBJECT_EVIDENCE,
	SUBJECT_SAME_KEY,
	SUBJECT_PKIX,
};

/* Who the TLS certificate must be. */
struct identity {
	enum identity_mode mode;
	char *name;          /* NULL: the name connected to */
	char *ca_file;       /* NULL: the system's anchors */
	uint8_t (*pins)[32]; /* SHA-256 of SPKI */
	size_t n_pins;
};

int identity_parse(const json_t *j, const char *base_dir, struct identity *ret,
    struct seal_diag *d);
void identity_wipe(struct identity *id);

/* Where the first root of a pinned key is kept, with what it led to: apart
 * from its signer, since it is written while policies are read. */
struct signer_root {
	struct trust *kept;
};

struct signer {
	bool pinned;
	bool by_root; /* the root that came along has the pinned key */
	struct signer_root *root; /* of by_root */
	char *member; /* the key that this member of the collection names */
	bool by_refs; /* an attest-key triple of the entry's CoRIMs */
	uint8_t spki_sha256[32];
	struct trust *ca;
	struct jwk_set *keys; /* of a Verifier */
	/* Where a certificate holds the one key: seconds since 1970. */
	bool by_cert;
	int64_t not_before, not_after;
	char *file; /* of ca or keys */
};

struct appraiser;
struct endorse_folder;
struct refs;

/* Of an entry of by, without those of the technology; NULL ends. */
const char *const *policy_keys_of(const struct appraiser *by);

struct accept_entry {
	const struct appraiser *by;
	struct signer *signers;
	size_t n_signers;
	bool debug;        /* of Evidence */
	struct refs *refs; /* NULL: the rules hold the values */
	void *rules;       /* of the technology; of by->rules_size bytes */
	/* Of a collection, which has none of the above but by. */
	struct member_rule *members;
	size_t n_members;
	char *collection_type; /* NULL: any */
};

/* What one member of a collection must be. */
struct member_rule {
	char *label; /* labels of collections inside it parted by '/' */
	bool optional;
	struct accept_entry entry;
};

/* Immutable once loaded, but for what a folder holds; shared by threads. */
struct policy {
	enum seal_level min_binding;
	uint32_t max_age_s, lease_s;
	struct identity identity;
	enum subject_mode subject;
	struct trust *subject_ca;
	bool rotate_subject;
	struct endorse_folder *endorse; /* NULL: none is named */
	struct accept_entry *accept;
	size_t n_accept;
};

/* Refuses a policy whose values are in a store: only a verifier has one. */
int policy_load_file(
    const char *path, struct policy **ret, struct seal_diag *d);
int policy_load(struct span json, const char *base_dir, struct policy **ret,
    struct seal_diag *d);
void policy_free(struct policy **p);
/* A CoRIM of the store, for the entries that say "corim": "store"; before the
 * policy is shared. *ret_used: does any take it (refs_provide())? */
int policy_provide(struct policy *p, const char *name, struct span corim,
    bool *ret_used, struct seal_diag *d);
/* What a peer may attest with: Evidence of a media type, or the results of a
 * Verifier. */
struct policy_scheme {
	bool result;
	struct span name;
};
/* The distinct ones that policy accepts, by its order; borrowed. */
size_t policy_schemes(
    const struct policy *p, struct policy_scheme *ret, size_t max);
/* Those of Evidence alone: what a Verifier can be given. */
size_t policy_media_types(const struct policy *p, struct span *ret, size_t max);
/* For people: what the policy accepts, and what that leaves unproved. */
int policy_explain(const struct policy *p, struct wr *out);
/* What it gives away on purpose, a line each; none where nothing. */
int policy_notes(const struct policy *p, struct wr *out);

#endif
