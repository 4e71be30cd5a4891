/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_CMW_H
#define FORMAT_CMW_H

#include "cbor/cbor.h"

/*
 * Conceptual Message Wrapper (RFC 9999): records, tags and collections in
 * CBOR, records and collections in JSON, taken apart into one flat list. In
 * CBOR lengths are definite, as everywhere here.
 */
/* A collection, where it is named as Evidence is; and the same in JSON. */
#define CMW_TYPE "application/cmw+cbor"
#define CMW_TYPE_JSON "application/cmw+json"

#define CMW_DEPTH 3u  /* collections inside each other */
#define CMW_ITEMS 16u /* records and collections inside a collection */

#define CMW_IND_REFERENCE_VALUES 1u
#define CMW_IND_ENDORSEMENTS 2u
#define CMW_IND_EVIDENCE 4u
#define CMW_IND_RESULTS 8u
#define CMW_IND_POLICY 16u

enum cmw_form {
	CMW_FORM_NONE = 0,
	CMW_CBOR_RECORD,
	CMW_CBOR_TAG,
	CMW_CBOR_COLLECTION,
	CMW_JSON_RECORD,
	CMW_JSON_COLLECTION,
};

enum cmw_kind { CMW_KIND_NONE = 0, CMW_RECORD, CMW_COLLECTION };

struct cmw_item {
	enum cmw_kind kind;
	unsigned depth;       /* 0: the CMW itself */
	struct span label;    /* in the collection that it stands in */
	bool numbered;        /* the label is a number, and has no text */
	int64_t label_number; /* CBOR only */

	/* Of a record. media_type is as written, or that of the content
	 * format; empty where we know none for the number. */
	struct span media_type;
	bool has_content_format;
	uint16_t content_format;
	struct span value;
	uint32_t ind; /* CMW_IND_*; 0: absent */

	/* Of a collection: "__cmwc_t"; empty: absent. */
	struct span collection_type;
};

/* items[0] is the whole; what a collection holds follows it at once. */
struct cmw {
	enum cmw_form form;
	struct cmw_item items[1 + CMW_ITEMS];
	size_t n;
	uint8_t *owned; /* what JSON was decoded into; otherwise NULL */
	size_t owned_n;
};

/* Items are views into the input (CBOR) or into *ret (JSON), which the caller
 * frees. A collection inside a record or tag is not opened. */
int cmw_parse(struct span in, struct cmw *ret, struct seal_diag *d);
void cmw_free(struct cmw *c); /* the content; NULL is fine */
/* What to judge of in, which c was parsed from: a collection as it stands, or
 * what a record holds. */
void cmw_whole(const struct cmw *c, struct span in, struct span *ret_type,
    struct span *ret_value);

/* The CBOR record [media type, value], as we send it (PROTOCOL 5.6). */
void cmw_write_record(
    struct wr *out, struct span media_type, struct span value);
/* The other forms. SEAL_E_ARGUMENT where the form cannot say it. */
int cmw_write_tag(struct wr *out, uint16_t content_format, struct span value);
/* Any list as cmw_parse() gives it; in CBOR a content format where known. */
int cmw_write_cbor(struct wr *out, const struct cmw_item *items, size_t n);
int cmw_write_json(struct wr *out, const struct cmw_item *items, size_t n);

/* The tag of a content format and back; 0, or false, where there is none. */
uint64_t cmw_tag_from_content_format(uint16_t content_format);
bool cmw_tag_to_content_format(uint64_t tag, uint16_t *ret);
/* Empty where we know none. */
struct span cmw_content_format_type(uint16_t content_format);

#endif
