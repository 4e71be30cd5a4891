/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOSE_JSON_H
#define JOSE_JSON_H

#include <jansson.h>

#include "base/diag.h"
#include "base/span.h"

/*
 * One JSON object that came from a peer, and nothing after it: nested at most
 * LIMIT_DEPTH deep (the parser recurses, so that is counted before it runs),
 * no key twice, no NUL in a text. max bounds its bytes. where names it in
 * messages.
 */
int json_read_object(struct span text, size_t max, const char *where,
    json_t **ret, struct seal_diag *d);

/* Each returns false, and leaves *ret alone, where j (which may be NULL) is of
 * another type. A real is no integer, whatever its value (RFC 9711 s4). */
bool json_read_int(const json_t *j, int64_t *ret);
/* Into buf as a string with its NUL; false also where it does not fit. */
bool json_read_text(const json_t *j, char *buf, size_t cap);

#endif
