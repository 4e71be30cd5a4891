/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_STRICT_H
#define APPRAISE_STRICT_H

#include <stdbool.h>

#include <jansson.h>

#include "base/diag.h"
#include "base/span.h"

/*
 * Strict reading of configuration JSON: duplicate and unknown keys, wrong
 * types and values out of range are refused with SEAL_E_CONFIG and a story
 * that names the place. where is such a place, as "policy" or "accept[1]".
 */

/* One object and nothing else, at most LIMIT_JSON bytes. */
int strict_load(
    struct span text, const char *where, json_t **ret, struct seal_diag *d);
/* j is an object whose keys are all in keys (NULL ends). */
int strict_object(const json_t *j, const char *const *keys, const char *where,
    struct seal_diag *d);
/* An array of min to max elements. */
int strict_array(const json_t *j, size_t min, size_t max, const char *where,
    struct seal_diag *d);

/* The member key of j. Absent: refused if must, else *ret is unchanged. */
int strict_text(const json_t *j, const char *key, bool must, const char *where,
    const char **ret, struct seal_diag *d);
int strict_uint(const json_t *j, const char *key, bool must, uint32_t min,
    uint32_t max, const char *where, uint32_t *ret, struct seal_diag *d);
int strict_bool(const json_t *j, const char *key, bool must, const char *where,
    bool *ret, struct seal_diag *d);

/* A text value of 2 * n hex digits for exactly n bytes. */
int strict_hex(const json_t *value, size_t n, const char *where, uint8_t *ret,
    struct seal_diag *d);
/* The same for min to max bytes; *ret_n says how many. */
int strict_hex_range(const json_t *value, size_t min, size_t max,
    const char *where, uint8_t *ret, size_t *ret_n, struct seal_diag *d);

/* file, or base_dir/file where file is relative; the caller frees. */
int strict_path(
    const char *base_dir, const char *file, char **ret, struct seal_diag *d);

#endif
