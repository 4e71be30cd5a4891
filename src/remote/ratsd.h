/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_RATSD_H
#define REMOTE_RATSD_H

#include "base/wr.h"
#include "remote/http.h"

/* ratsd's HTTP interface (veraison/ratsd, docs/api/ratsd.yaml). */
#define RATSD_URL "http://127.0.0.1:8895"

/*
 * Its answer to a challenge, a token of either version, until deadline_ms
 * (http_now_ms()), as http_ask() does. attesters: which of its attesters, names
 * with commas between; NULL: as it is set.
 */
int ratsd_challenge(struct http *h, struct span nonce, const char *attesters,
    int64_t deadline_ms, struct wr *out, struct seal_diag *d);
/* The names of its attesters, with commas between. */
int ratsd_attesters(
    struct http *h, int64_t deadline_ms, struct wr *out, struct seal_diag *d);

#endif
