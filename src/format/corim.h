/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_CORIM_H
#define FORMAT_CORIM_H

#include "base/limits.h"
#include "cose/cose.h"
#include "format/comid.h"

/*
 * Concise Reference Integrity Manifests (draft-ietf-rats-corim-11 s4): a
 * CoRIM carries tags, of which we read CoMIDs. Views into the caller's bytes.
 *
 * Unsigned, it is tag 501 around the corim-map. Signed, it is a COSE_Sign1
 * (tag 18) whose payload is that, or the bare map in older data, and whose
 * protected header says who signs and until when: corim-meta (8), claims of
 * a CWT (15), or both. Older data wraps either in tag 500, and the signed
 * form in tag 502.
 */
#define CORIM_MAX LIMIT_FILE /* bytes */
#define CORIM_TAGS 256u      /* tags in one CoRIM */

#define CORIM_CTY "application/rim+cbor"
#define CORIM_OLD_CTY "application/corim-unsigned+cbor"

/* Seconds since 1970; what is not stated bounds nothing. */
struct corim_validity {
	bool stated;
	int64_t not_before, not_after;
};

enum corim_tag_kind {
	CORIM_COMID = 506,
	CORIM_COSWID = 505,
	CORIM_COTL = 508,
	CORIM_UNKNOWN = 0,
};

struct corim_tag {
	enum corim_tag_kind kind;
	uint64_t number; /* of the CBOR tag */
	struct span value;
	size_t index;
};

struct corim_entity {
	struct span name, uri; /* empty: not stated */
	struct span roles;     /* encoded array */
};

struct corim {
	bool is_signed, bare, old; /* payload without tag; tag 500 or 502 */
	struct cose_sign1 sign1;   /* where signed; to be verified */
	struct comid_id id;
	struct comid_list tags, entities;
	size_t n_dependent;  /* dependent RIMs, which are not fetched */
	struct span profile; /* a URI, or .. */
	bool profile_is_oid; /* .. the bytes of an OID; empty: none */
	struct corim_validity validity;
	/* From the protected header. */
	struct span signer, signer_uri;
	struct corim_validity signature; /* of corim-meta */
	struct corim_validity claims;    /* of the CWT */
	struct span chain[LIMIT_CHAIN];  /* x5chain (33), DER */
	size_t n_chain;
};

/* One CoRIM and nothing after it; every tag that is a CoMID is looked at in
 * whole. No signature is verified, no clock asked. */
int corim_parse(struct span in, struct corim *ret, struct seal_diag *d);
bool corim_tag_next(struct comid_list *l, struct corim_tag *ret);
bool corim_entity_next(struct comid_list *l, struct corim_entity *ret);
/* SEAL_E_STALE, told, outside of any of the periods that it states. */
int corim_valid_at(const struct corim *c, int64_t now, struct seal_diag *d);

/* ---- Writing ---- */

struct corim_out {
	struct comid_id id;
	struct span profile; /* a URI; empty: none */
	struct corim_validity validity;
	const struct span *tags; /* CoMIDs */
	size_t n_tags;
	struct span entities; /* an encoded array; empty: none */
};

struct corim_signing {
	struct span signer; /* a name; must be stated */
	struct corim_validity validity;
	struct span kid;
	const struct span *chain; /* DER, leaf first */
	size_t n_chain;
	uint16_t scheme;
	sign_fn sign;
	void *sign_ctx;
};

/* Tag 501; core deterministic if the tags and entities are. */
void corim_put(struct wr *w, const struct corim_out *c);
/* Tag 18 around it. */
int corim_sign(struct wr *w, struct span corim, const struct corim_signing *s,
    struct seal_diag *d);

#endif
