/* SPDX-License-Identifier: Apache-2.0 */
/* Built without a stack for DTLS. */
#include "base/diag.h"
#include "lib/endpoint.h"

int
udp_new(struct seal_ctx *ctx, const struct seal_tls_args *args,
    struct udp **ret, struct seal_diag *d)
{
	(void)ctx, (void)args, (void)ret;
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    "udp: expected a stack for DTLS 1.3, found none built in");
	seal_remedy(d, "build with NSS 3.110 or later, -Dnss=enabled");
	return SEAL_E_UNSUPPORTED;
}

void
udp_free(struct udp **u)
{
	(void)u;
}

struct seal_conn *
udp_conn(struct udp *u, int fd, struct seal_diag *d)
{
	(void)u, (void)fd, (void)d;
	return NULL;
}

int
udp_bind(struct udp *u, int fd, size_t max, struct seal_diag *d)
{
	(void)u, (void)fd, (void)max, (void)d;
	return SEAL_E_UNSUPPORTED;
}

int
udp_receive(struct udp *u)
{
	(void)u;
	return 0;
}

struct seal_conn *
udp_accept(struct udp *u)
{
	(void)u;
	return NULL;
}

size_t
udp_peer_address(const struct seal_conn *c, void *ret, size_t cap)
{
	(void)c, (void)ret, (void)cap;
	return 0;
}
