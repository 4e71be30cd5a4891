/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_ENDPOINT_H
#define LIB_ENDPOINT_H

#include <sealtls/tools.h>

/* The DTLS half of a seal_endpoint: lib/udp.c, or, where it is not built in,
 * lib/udp_none.c, which refuses to make one. */
struct udp;

int udp_new(struct seal_ctx *ctx, const struct seal_tls_args *args,
    struct udp **ret, struct seal_diag *d);
void udp_free(struct udp **u); /* after its connections */
/* On a connected socket of its own, which is closed with it. */
struct seal_conn *udp_conn(struct udp *u, int fd, struct seal_diag *d);
/* As seal_endpoint_bind() and what follows it in <sealtls/tools.h>. */
int udp_bind(struct udp *u, int fd, size_t max, struct seal_diag *d);
int udp_receive(struct udp *u);
struct seal_conn *udp_accept(struct udp *u);
size_t udp_peer_address(const struct seal_conn *c, void *ret, size_t cap);

/* lib/endpoint.c */
int endpoint_nonblocking(int fd, struct seal_diag *d);

#endif
