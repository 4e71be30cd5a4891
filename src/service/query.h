/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_QUERY_H
#define SERVICE_QUERY_H

#include "base/diag.h"
#include "base/span.h"
#include "service/store.h"

/* What requesters may write into paths and arguments, read strictly. */

#define NONCE_MIN 8u
#define NONCE_MAX 64u
#define NONCE_DEFAULT 32u

/* base64url of 8 to 64 bytes; padding, as Go's encoder adds it, is fine. */
int query_nonce(struct span text, uint8_t ret[NONCE_MAX], size_t *ret_n,
    struct seal_diag *d);
/* A decimal number from min to max without sign, blanks or leading zeros. */
int query_number(struct span text, const char *name, int64_t min, int64_t max,
    int64_t *ret, struct seal_diag *d);
/* A UUID in lower case, as we write them. */
bool query_uuid(struct span text, char ret[STORE_ID]);
/* Takes %XX out of a URL in place, for all but NUL; what is not well written
 * keeps its percent sign, and so is no path of ours. Returns the new length. */
size_t query_unescape(char *text);
/* "localhost:8080" and its like: what a Host field says on loopback. */
bool query_host_loopback(const char *host);
/* 1 to 63 of letters, digits, dot, dash and underscore; no leading dot. */
int query_name(struct span text, char ret[STORE_NAME_MAX], struct seal_diag *d);
/* Hex digits, at most 128, or nothing. */
bool query_hex(struct span text);
/* "Bearer TOKEN": the token; RFC 6750 s2.1. */
bool query_bearer(const char *authorization, struct span *ret);
/* A media type worth comparing: printable ASCII, at most 200 bytes. */
bool query_media_type(const char *type);

#endif
