/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_HTTP_H
#define SERVICE_HTTP_H

#include "service/service.h"

/*
 * The service on a socket: HTTP/1.1, in TLS 1.3 where the configuration has a
 * certificate. Takes over fd, a listening socket, also where it fails.
 */
struct http;

int http_start(const struct service_conf *conf, struct service *s, int fd,
    struct http **ret, struct seal_diag *d);
/* Ends what is under way; NULL is fine. */
void http_stop(struct http **hp);

#endif
