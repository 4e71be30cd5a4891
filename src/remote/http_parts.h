/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_HTTP_PARTS_H
#define REMOTE_HTTP_PARTS_H

/* What http.c and http_ask.c share; for these files only. */
#include <curl/curl.h>

#include "remote/http.h"

/* A handle with the fixed settings, for one thread; NULL: out of memory. */
CURL *http_handle_take(struct http *h);
void http_handle_put(struct http *h, CURL *c);
const char *http_socket(const struct http *h); /* NULL: none of the kind */
int http_token_header(const struct http *h, char **ret, struct seal_diag *d);

#endif
