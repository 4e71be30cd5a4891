/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLATERAL_ITEM_H
#define COLLATERAL_ITEM_H

#include "appraise/endorse.h"

/*
 * One piece of what vendors publish about their platforms: what it is, whom
 * it is about and until when it holds. Read from its bytes alone, nothing of
 * which is believed before coll_verify().
 */
enum coll_kind {
	COLL_NONE = 0,
	COLL_AMD_ARK,
	COLL_AMD_ASK, /* of chips' keys; its key says so for ASVKs */
	COLL_AMD_VCEK,
	COLL_AMD_VLEK,
	COLL_AMD_CRL,
	COLL_INTEL_ROOT,
	COLL_INTEL_CA, /* of PCKs */
	COLL_INTEL_PCK,
	COLL_INTEL_SIGNER, /* of TCB Info and identities */
	COLL_INTEL_ROOT_CRL,
	COLL_INTEL_PCK_CRL,
	COLL_TCB_INFO,
	COLL_QE_IDENTITY,
	COLL_CERT, /* of others */
	COLL_CRL,
	COLL_KINDS
};

enum coll_class { COLL_IS_CERT, COLL_IS_LIST, COLL_IS_DOCUMENT };

const char *coll_kind_name(enum coll_kind k); /* "amd-vcek"; in file names */
const char *coll_kind_text(enum coll_kind k); /* for people */
enum coll_class coll_class(enum coll_kind k);

#define COLL_KEY 160 /* bytes with the NUL */
#define COLL_NAME 224

struct coll_item {
	enum coll_kind kind;
	struct span bytes;        /* borrowed */
	char key[COLL_KEY];       /* what it is about; of [a-z0-9-] alone */
	int64_t from, until;      /* seconds since 1970 */
	struct span number;       /* of a list; borrowed; may be empty */
	uint32_t evaluation;      /* tcbEvaluationDataNumber of a document */
	unsigned char digest[32]; /* SHA-256 of bytes */
	unsigned char by[32];     /* SHA-256 of the SPKI of who vouches for it,
				     where it was verified; else zeros */
};

/* SEAL_E_UNSUPPORTED: nothing that is kept. */
int coll_read(
    const struct endorsement *e, struct coll_item *ret, struct seal_diag *d);

/*
 * The name of its file, without a folder: made of our own words, of hex and of
 * digits alone. A certificate's holds its digest, so that it stays for good; a
 * list's or document's holds who vouches for it, so that the next one takes
 * its place. ret has COLL_NAME bytes.
 */
void coll_name(const struct coll_item *item, char *ret);

/* Is b newer (> 0), the same age (0) or older (< 0) than a, of one name? */
int coll_compare(const struct coll_item *a, const struct coll_item *b);

/* The keys, as items have them. ret has COLL_KEY bytes. */
struct snp_cert;
void coll_key_chip(const struct snp_cert *c, char *ret);
void coll_key_lower(const char *text, char *ret);

/*
 * What in holds as single items: bundles taken apart, documents in the form
 * that the vendor's service has. What is nothing of the kind is passed over.
 */
int coll_split(const struct endorsements *in, struct endorsements *out,
    struct seal_diag *d);

#endif
