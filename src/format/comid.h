/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_COMID_H
#define FORMAT_COMID_H

#include "cbor/cbor.h"
#include "crypto/hash.h"

/*
 * Concise Module Identifiers (draft-ietf-rats-corim-11 s5): what somebody says
 * about a module's measurements and keys. Views into the caller's bytes; lists
 * are walked, never copied. comid_parse() looks at all that the walkers below
 * return, so that on a parsed tag they end only where the list ends.
 *
 * Values that are only compared stay encoded: the reader takes one encoding of
 * each (cbor.h), so that equal values have equal bytes. Maps are compared
 * member by member.
 */

/* A text, or the 16 bytes of a UUID. */
struct comid_id {
	bool uuid;
	struct span value;
};

/* An array that is being walked, item by item. */
struct comid_list {
	struct rd r;
	size_t left, next; /* items to come; the index of the next one */
};

/* s5.1.4.2. Each stated field as its encoded item; no bytes: not stated. */
struct comid_env {
	struct span class_id, vendor, model, layer, index;
	struct span instance, group;
	bool other; /* has a field that is none of these */
};

/* Keys of the triples-map that we use; all others are counted. */
enum comid_kind {
	COMID_REFERENCE = 0,
	COMID_ENDORSED = 1,
	COMID_IDENTITY = 2,
	COMID_ATTEST_KEY = 3,
	COMID_KINDS = 4
};

struct comid {
	struct comid_id id;
	uint64_t version;
	struct span lang;                 /* empty: not stated */
	size_t n_triples[COMID_KINDS];    /* of each kind */
	struct span triples[COMID_KINDS]; /* encoded arrays */
	size_t n_unused; /* triples of kinds that are not used */
};

struct comid_triple {
	enum comid_kind kind;
	size_t index; /* among those of its kind */
	struct comid_env env;
	struct comid_list items; /* measurements, or keys of the key kinds */
	bool conditional;        /* keys with conditions attached */
};

#define COMID_TAG_SVN 552u     /* a security version, this one */
#define COMID_TAG_MIN_SVN 553u /* or newer */

/* Keys of the measurement-values-map (s5.1.4.5.2). */
enum comid_mval {
	COMID_VERSION = 0,
	COMID_SVN = 1,
	COMID_DIGESTS = 2,
	COMID_FLAGS = 3,
	COMID_RAW = 4,
	COMID_MASK = 5, /* of older drafts */
	COMID_NAME = 11,
	COMID_CRYPTO_KEYS = 13,
	COMID_REGISTERS = 14,
	COMID_RANGE = 15,
	COMID_MVALS = 16
};

struct comid_measurement {
	struct span mkey;                /* encoded; empty: not stated */
	struct span val[COMID_MVALS];    /* encoded; empty: not stated */
	bool other;                      /* has a value that is none of these */
	struct comid_list authorized_by; /* of keys */
};

/* Named Information hash algorithms that we compute. */
#define COMID_SHA256 1
#define COMID_SHA384 7
#define COMID_SHA512 8

struct comid_digest {
	int64_t alg;      /* 0: named by a text that we do not know */
	struct span name; /* then this */
	struct span value;
};

/* Tags of the ways to name a key (s5.1.4.1.4). */
enum comid_key_tag {
	COMID_KEY_PEM = 554,
	COMID_KEY_CERT_PEM = 555,
	COMID_KEY_PATH_PEM = 556,
	COMID_KEY_THUMBPRINT = 557,
	COMID_KEY_COSE = 558,
	COMID_KEY_CERT_THUMBPRINT = 559,
	COMID_KEY_BYTES = 560,
	COMID_KEY_PATH_THUMBPRINT = 561,
	COMID_KEY_CERT_DER = 562
};

struct comid_key {
	uint64_t tag;
	struct span value;          /* text, bytes, or an encoded COSE_Key */
	struct comid_digest digest; /* of the thumbprints */
};

/* One CoMID and nothing after it. */
int comid_parse(struct span in, struct comid *ret, struct seal_diag *d);
const char *comid_kind_name(enum comid_kind kind); /* "reference", … */

struct comid_list comid_triples(const struct comid *c, enum comid_kind kind);
bool comid_triple_next(
    struct comid_list *l, enum comid_kind kind, struct comid_triple *ret);
bool comid_measurement_next(
    struct comid_list *l, struct comid_measurement *ret);
bool comid_key_next(struct comid_list *l, struct comid_key *ret);

/* What stands in a value of comid_measurement. Each fails on another type. */
bool comid_digests(struct span value, struct comid_list *ret);
bool comid_digest_next(struct comid_list *l, struct comid_digest *ret);
/* Pairs of key and digests; n == 0 fails. */
bool comid_registers(struct span value, struct comid_list *ret);
bool comid_register_next(
    struct comid_list *l, struct span *ret_key, struct span *ret_digests);
/* Pairs of key and value; of any map that is not empty. */
bool comid_pairs(struct span value, struct comid_list *ret);
bool comid_pair_next(
    struct comid_list *l, struct span *ret_key, struct span *ret_value);
/* *ret_min: Evidence may have more (tag 553). */
bool comid_svn(struct span value, uint64_t *ret, bool *ret_min);
/* mask is empty where all bits count; old_mask is the value of key 5. */
bool comid_raw(struct span value, struct span old_mask, struct span *ret,
    struct span *ret_mask);
bool comid_range(struct span value, int64_t *ret_min, int64_t *ret_max);

/* One environment, for what does not stand in a tag. */
bool comid_env_parse(struct span in, struct comid_env *ret);
bool comid_list_open(struct span array, struct comid_list *ret);
/* A label of a map; INT64_MIN for a text, which is none of ours. */
bool comid_label(struct rd *r, int64_t *ret);
bool comid_id_read(struct rd *r, struct comid_id *ret);
void comid_id_text(const struct comid_id *id, struct wr *out); /* for people */

/* ---- Writing: core deterministic encoding ---- */

/* Alg of a hash, and the hash of an alg; 0 and HASH_NONE: none. */
int64_t comid_alg(enum hash h);
enum hash comid_hash(int64_t alg);
void comid_put_id(struct wr *w, const struct comid_id *id);
void comid_put_uuid(struct wr *w, struct span uuid);             /* tag 37 */
void comid_put_bytes(struct wr *w, uint64_t tag, struct span s); /* tagged */
void comid_put_thumbprint(
    struct wr *w, uint64_t tag, int64_t alg, struct span digest);
/* The stated fields, each an encoded item. */
void comid_put_env(struct wr *w, const struct comid_env *env);
/* {0: mkey, 1: {…}}; the stated values, each an encoded item. */
void comid_put_measurement(struct wr *w, const struct comid_measurement *m);
void comid_put_digest(struct wr *w, int64_t alg, struct span digest);

#endif
