/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_CORIM_JSON_H
#define LIB_CORIM_JSON_H

#include <jansson.h>

#include "format/corim.h"

/*
 * A CoRIM as people write it, doc/corim.schema.json. Unknown keys are refused;
 * the same text gives the same bytes, in core deterministic encoding.
 */
#define CORIM_JSON_TAGS 64
#define CORIM_JSON_ITEMS 4096 /* triples of a tag, measurements of a triple */

/* *ret_signer, the name of the first entity or NULL, points into j. */
int corim_json_write(const json_t *j, const char *base_dir, struct wr *out,
    const char **ret_signer, struct seal_diag *d);
/* One CoMID, the object of "tags". */
int comid_json_write(const json_t *j, const char *base_dir, const char *where,
    struct wr *out, struct seal_diag *d);
/* An array of reference or endorsed measurements. */
int comid_json_measurements(
    const json_t *j, const char *where, struct wr *out, struct seal_diag *d);
/* {"uuid": …} and the like, as its encoded item. */
int comid_json_name(
    const json_t *j, const char *where, struct wr *out, struct seal_diag *d);
/* The 16 bytes of a UUID in its usual spelling; false for other text. */
bool comid_json_uuid(const char *text, uint8_t ret[16]);
extern const char *const corim_json_keys[], *const comid_json_keys[],
						*const measurement_json_keys[];

#endif
