/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints: for programs that have no TLS stack of their own. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sealtls/openssl.h>

#include "lib/conn.h"
#include "lib/endpoint.h"
#include "tls/stack_openssl.h"

struct seal_endpoint {
	struct seal_ctx *ctx;
	struct ssl_ctx_st *tls;
	struct udp *udp; /* in tls's place, or NULL */
	enum seal_role role;
	char *peer_name;
	struct wr alpn_names;
	struct span alpn; /* of mode intra, as TLS has it */
};

/*
 * A server's binder needs its ServerHello before its Certificate is made, and
 * over DTLS NSS shows either to nobody before it sends both.
 */
static int
endpoint_check_mode(const struct seal_ctx *ctx,
    const struct seal_tls_args *args, struct seal_diag *d)
{
	if (!args->udp || ctx->mode == MODE_POST)
		return 0;
	seal_fail(d, SEAL_E_CONFIG,
	    "mode: expected post over DTLS: NSS shows nobody the ServerHello, "
	    "which Evidence in the handshake is bound to, before that is made");
	seal_remedy(d, "use mode post, which binds more; or TLS");
	return SEAL_E_CONFIG;
}

static int
endpoint_check(const struct seal_ctx *ctx, const struct seal_tls_args *args,
    struct seal_diag *d)
{
	bool attester_has_one = ctx->mode != MODE_POST && ctx->n_attesters > 0;

	if (args->role == SEAL_SERVER && args->cert_file == NULL &&
	    !attester_has_one) {
		seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected a certificate and a key for a server");
		seal_remedy(d, "seal dev cert NAME CERT KEY makes them for "
			       "development");
		return SEAL_E_CONFIG;
	}
	if ((args->cert_file == NULL) != (args->key_file == NULL))
		return seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected a certificate and its key, found one");
	return endpoint_check_mode(ctx, args, d);
}

/* In mode intra the application's protocols are TLS's own. */
static int
endpoint_alpn(struct seal_endpoint *e, struct seal_diag *d)
{
	if (e->ctx->mode != MODE_INTRA || e->ctx->n_alpn == 0)
		return 0;
	for (size_t i = 0; i < e->ctx->n_alpn; i++)
		wr_vec(&e->alpn_names, 1, e->ctx->alpn[i]);
	if (e->alpn_names.error != 0)
		return seal_fail(d, e->alpn_names.error, "alpn");
	e->alpn = wr_view(&e->alpn_names);
	return stack_openssl_alpn(e->tls, &e->alpn, d);
}

int
seal_endpoint_new(struct seal_ctx *ctx, const struct seal_tls_args *args,
    struct seal_endpoint **ret, struct seal_diag *d)
{
	struct seal_endpoint *e;
	int r;

	if ((r = endpoint_check(ctx, args, d)) != 0)
		return r;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "endpoint");
	e->ctx = ctx_ref(ctx);
	e->role = args->role;
	wr_init_heap(&e->alpn_names, LIMIT_ALPN * 256);
	if (args->peer_name != NULL &&
	    (e->peer_name = strdup(args->peer_name)) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "endpoint");
	else if (args->udp)
		r = udp_new(ctx, args, &e->udp, d);
	else if ((r = stack_openssl_ctx_new(args->role, args->cert_file,
		      args->key_file, &e->tls, d)) == 0)
		r = seal_openssl_prepare(ctx, e->tls, args->role, d);
	if (r == 0 && e->tls != NULL)
		r = endpoint_alpn(e, d);
	if (r != 0) {
		seal_endpoint_free(&e);
		return r;
	}
	*ret = e;
	return 0;
}

void
seal_endpoint_free(struct seal_endpoint **ep)
{
	struct seal_endpoint *e = *ep;

	*ep = NULL;
	if (e == NULL)
		return;
	stack_openssl_ctx_free(&e->tls);
	udp_free(&e->udp);
	wr_free(&e->alpn_names);
	seal_ctx_free(&e->ctx);
	free(e->peer_name);
	free(e);
}

int
endpoint_nonblocking(int fd, struct seal_diag *d)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return seal_fail(d, SEAL_E_IO, "socket: %s", strerror(errno));
	return 0;
}

/* Frames leave when they are written. What is no TCP socket has no such
 * option, and no such delay. */
static void
undelayed(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

struct seal_conn *
seal_endpoint_conn(struct seal_endpoint *e, int fd, struct seal_diag *d)
{
	struct ssl_st *ssl = NULL;
	struct seal_conn *c;

	if (e->udp != NULL)
		return udp_conn(e->udp, fd, d);
	if (endpoint_nonblocking(fd, d) != 0 ||
	    stack_openssl_on_fd(e->tls, fd, &ssl, d) != 0)
		return NULL;
	undelayed(fd);
	c = seal_conn_openssl(e->ctx, ssl, e->role, e->peer_name, d);
	if (c == NULL)
		stack_openssl_free(&ssl);
	return c;
}

void
seal_endpoint_release(struct seal_endpoint *e, struct seal_conn **cp)
{
	struct ssl_st *ssl;
	int fd;

	if (*cp == NULL)
		return;
	if (e->udp != NULL) { /* its socket goes with it */
		seal_conn_free(cp);
		return;
	}
	ssl = (*cp)->tls;
	fd = stack_openssl_fd(ssl);
	seal_conn_free(cp);
	stack_openssl_free(&ssl);
	if (fd >= 0)
		close(fd);
}

/* ---- Servers of datagrams ---- */

int
seal_endpoint_bind(
    struct seal_endpoint *e, int fd, size_t max_peers, struct seal_diag *d)
{
	if (e->udp == NULL)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "endpoint: expected one for UDP, to give a port to");
	return udp_bind(e->udp, fd, max_peers, d);
}

int
seal_endpoint_receive(struct seal_endpoint *e)
{
	return e->udp != NULL ? udp_receive(e->udp) : 0;
}

struct seal_conn *
seal_endpoint_accept(struct seal_endpoint *e)
{
	return e->udp != NULL ? udp_accept(e->udp) : NULL;
}

size_t
seal_endpoint_peer(const struct seal_endpoint *e, const struct seal_conn *c,
    void *ret, size_t cap)
{
	return e->udp != NULL ? udp_peer_address(c, ret, cap) : 0;
}
