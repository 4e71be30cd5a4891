/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_CLIENT_H
#define SERVICE_CLIENT_H

#include "service/conf.h"

/*
 * May the client of this TLS session (GnuTLS's) provision? Its certificate is
 * valid now, for clients, under the CA that the session was given, and one of
 * its names or its key is listed. Then who, for the log, is in name.
 */
bool client_allowed(
    void *tls_session, const struct service_conf *conf, char *name, size_t cap);

#endif
