/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_HELLO_H
#define TLS_HELLO_H

#include "tls/session.h"

/* The first frame of each side, PROTOCOL 6.1. Views into the body. */
struct hello {
	struct scheme produce[LIMIT_SCHEMES], accept[LIMIT_SCHEMES];
	size_t n_produce, n_accept;
	bool require, reveal_after_peer;
	struct span alpn[LIMIT_ALPN];
	size_t n_alpn;
};

void hello_write(struct wr *out, const struct session_conf *conf);
/* SEAL_E_PROTOCOL, or SEAL_E_UNSUPPORTED for another version. */
int hello_parse(struct span body, struct hello *ret, struct seal_diag *d);

/* The first of want (by preference) that is in have; its index in want. */
bool hello_choose(const struct scheme *want, size_t n_want,
    const struct scheme *have, size_t n_have, size_t *ret);
/* The inner protocol: the first of the server's list that the client lists.
 * Both absent: none, and empty; none in common: SEAL_E_UNSUPPORTED. */
int hello_choose_alpn(const struct span *server, size_t n_server,
    const struct span *client, size_t n_client, struct span *ret,
    struct seal_diag *d);

#endif
