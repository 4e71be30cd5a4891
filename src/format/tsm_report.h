/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_TSM_REPORT_H
#define FORMAT_TSM_REPORT_H

#include "base/wr.h"

/*
 * What Linux's configfs-tsm gives a confidential guest, and the document into
 * which others (ratsd) put it: a map of outblob, auxblob and provider, as CBOR
 * or, with base64url, as JSON. Nothing here verifies a signature.
 */
#define TSM_REPORT_TYPE "application/vnd.veraison.tsm-report+cbor"
#define TSM_REPORT_JSON_TYPE "application/vnd.veraison.tsm-report+json"
#define TSM_REPORT_MAX 131072u /* bytes of both blobs, decoded */

/* Whose report an outblob is, by the kernel's name for it. */
struct tsm_kind {
	const char *provider;
	const char *what, *media_type; /* of the Evidence */
	bool table; /* auxblob is a certificate table that follows it */
};
extern const struct tsm_kind tsm_kinds[]; /* provider NULL ends */
/* NULL: none that we know. The kernel's text may end in a newline. */
const struct tsm_kind *tsm_kind_find(struct span provider);

bool tsm_report_takes(struct span media_type);
/* The media type without `provider`, where it is one of the two; any other as
 * it stands. */
struct span tsm_report_base(struct span media_type);

struct tsm_report {
	const struct tsm_kind *kind;
	struct span outblob, auxblob; /* auxblob may be empty */
	struct wr decoded;            /* what they view, of JSON */
};

/* By its first byte, CBOR or JSON, to the last one; no member twice, and none
 * that is unknown. Of a media type that names a provider it is that one's.
 * *ret is to be wiped after success. */
int tsm_report_parse(struct span in, struct span media_type,
    struct tsm_report *ret, struct seal_diag *d);
void tsm_report_wipe(struct tsm_report *r);
/* The Evidence of kind->media_type that is in it. */
void tsm_report_evidence(const struct tsm_report *r, struct wr *out);

#endif
