/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_REFS_PARTS_H
#define APPRAISE_REFS_PARTS_H

/* What the files of refs share. */
#include "appraise/refs.h"

#define REFS_KEYS_MAX 4096 /* keys of attest-key triples, of all files */

struct refs_file {
	char *name;
	uint8_t *bytes;
	size_t n;
	struct corim corim; /* views into bytes */
	bool by_ca;         /* then its chain counts, now */
};

/* A key of an attest-key triple, as a digest of its SPKI or certificate. */
struct refs_key {
	size_t file;
	struct comid_id tag; /* view */
	size_t triple;
	struct comid_env env; /* views */
	struct comid_key as;  /* as it stands; views */
	bool of_cert;
	enum hash hash;
	uint8_t digest[HASH_MAX];
};

struct refs {
	struct refs_trust trust;
	struct refs_file *files;
	size_t n_files;
	bool from_store;
	struct refs_key *keys;
	size_t n_keys;
	size_t n_unused_keys; /* of kinds that name no key by itself */
};

/* Of one file: all keys of its attest-key triples. */
int refs_keys_add(struct refs *r, size_t file, struct seal_diag *d);
/* One key in that form. SEAL_E_UNSUPPORTED: of a kind that is not used. */
int refs_key_digest(
    const struct comid_key *k, struct refs_key *ret, struct seal_diag *d);
bool refs_key_is(const struct refs_key *k, const struct refs_evidence *e);

/* Is it valid now, its signer's chain too? */
int refs_file_valid(const struct refs *r, const struct refs_file *f,
    int64_t now, struct seal_diag *d);
/* Its last second; INT64_MAX: it has none. */
int64_t refs_file_until(const struct refs_file *f);
/* "CoRIM 'id' tag 'id' reference[0] (file)". */
void refs_triple_name(const struct refs_file *f, const struct comid_id *tag,
    enum comid_kind kind, size_t index, char ret[REFS_TEXT]);
/* Is it of the profile that e speaks of? */
bool refs_file_speaks(const struct refs_file *f, const struct refs_evidence *e);
bool refs_env_match(
    const struct comid_env *want, const struct comid_env *got, bool any_names);

/* Where a measurement differs, for people. */
struct refs_difference {
	char expected[REFS_TEXT], got[REFS_TEXT];
	int agree; /* values that do not differ */
};
/* Holds want against one measurement. d may be NULL. */
bool refs_values_match(const struct comid_measurement *want,
    const struct comid_measurement *got, struct refs_difference *d);
const char *refs_value_name(size_t i); /* of enum comid_mval */
/* An encoded item, for people. */
void refs_item_text(struct span item, char *buf, size_t cap);

#endif
