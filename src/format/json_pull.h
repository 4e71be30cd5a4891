/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_JSON_PULL_H
#define FORMAT_JSON_PULL_H

#include "base/rd.h"
#include "base/wr.h"

/*
 * JSON (RFC 8259) pulled from the bytes as they stand, in one pass, without
 * allocation: for documents whose signature covers some member's value as it
 * was sent. Strict; a failure empties the reader.
 *
 *	if (!json_pull_object(&r)) …
 *	for (bool first = true; json_pull_key(&r, &first, &key);)
 *		if (span_is(key, "svn")) json_pull_uint(&r, &svn);
 *		else json_pull_skip(&r, NULL);
 *	if (r.failed) …
 */
bool json_pull_object(struct rd *r); /* its { */
bool json_pull_array(struct rd *r);  /* its [ */
/* The next member's name, up to its value; false at the } or after failure.
 * Names with escapes are refused. */
bool json_pull_key(struct rd *r, bool *first, struct span *ret);
/* Which of n names key is, which is then seen; n: none of them. Fails at one
 * that was seen before, and is n. */
size_t json_pull_which(struct rd *r, struct span key, const char *const *names,
    size_t n, bool *seen);
/* Is there another element? False at the ] or after failure. */
bool json_pull_more(struct rd *r, bool *first);

/* A text without escapes. */
bool json_pull_text(struct rd *r, struct span *ret);
/* Any text, as UTF-8, appended to out. */
bool json_pull_unescape(struct rd *r, struct wr *out);
/* A number without sign, fraction and exponent. */
bool json_pull_uint(struct rd *r, uint32_t *ret);
/* Any value, nested at most LIMIT_DEPTH deep; ret, or NULL, is its bytes. */
bool json_pull_skip(struct rd *r, struct span *ret);
/* White space at most, to the end. */
bool json_pull_end(struct rd *r);
/* What may stand between values (s2). */
bool json_pull_is_space(uint8_t c);

#endif
