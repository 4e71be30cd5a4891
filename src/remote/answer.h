/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_ANSWER_H
#define REMOTE_ANSWER_H

#include <jansson.h>

#include "base/wr.h"
#include "remote/http.h"

/* What Verifiers write into their answers, read strictly where it matters. */

/* An answer's body as one JSON object; the caller decrefs. Anything else is
 * SEAL_E_UNAVAILABLE: a Verifier that does not work. */
int answer_object(const struct http *h, const struct http_answer *a,
    json_t **ret, struct seal_diag *d);
/* The text member key; NULL where there is none. Borrowed from j. */
const char *answer_text(const json_t *j, const char *key);
/* base64 in either alphabet, with or without padding. */
bool answer_base64(const char *text, struct wr *out);
/* A signed token in compact form, copied out; with blanks around it cut. */
int answer_token(const struct http *h, struct span text, uint8_t **ret,
    size_t *ret_n, struct seal_diag *d);

#endif
