/* SPDX-License-Identifier: Apache-2.0 */
#include <sealtls/openssl.h>
#include <sealtls/tools.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/conn.h"
#include "lib/stack.h"
#include "tls/stack_openssl.h"

int
seal_openssl_prepare(struct seal_ctx *ctx, struct ssl_ctx_st *ssl_ctx,
    enum seal_role role, struct seal_diag *d)
{
	struct stack_openssl_conf conf = {
		.role = role,
		.ca_file = ctx_identity(ctx)->ca_file,
	};
	int r;

	if ((r = ctx_freeze(ctx, d)) != 0)
		return r;
	conf.verify = stack_verify_mode(ctx, role);
	return stack_openssl_prepare(ssl_ctx, &conf, d);
}

struct seal_conn *
seal_conn_openssl(struct seal_ctx *ctx, struct ssl_st *ssl, enum seal_role role,
    const char *peer_name, struct seal_diag *d)
{
	struct stack_rules rules;

	if (stack_rules_make(ctx, role, peer_name, false, &rules, d) != 0 ||
	    stack_openssl_attach(ssl, &rules, d) != 0)
		return NULL;
	return seal_conn_stack(ctx, &stack_openssl, ssl, role, d);
}

/* ---- Endpoints: for programs that have no SSL_CTX of their own ---- */

struct seal_endpoint {
	struct seal_ctx *ctx;
	struct ssl_ctx_st *tls;
	enum seal_role role;
	char *peer_name;
};

static int
endpoint_check(const struct seal_tls_args *args, struct seal_diag *d)
{
	if (args->role == SEAL_SERVER && args->cert_file == NULL) {
		seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected a certificate and a key for a server");
		seal_remedy(d, "seal dev cert NAME CERT KEY makes them for "
			       "development");
		return SEAL_E_CONFIG;
	}
	if ((args->cert_file == NULL) != (args->key_file == NULL))
		return seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected a certificate and its key, found one");
	return 0;
}

int
seal_endpoint_new(struct seal_ctx *ctx, const struct seal_tls_args *args,
    struct seal_endpoint **ret, struct seal_diag *d)
{
	struct seal_endpoint *e;
	int r;

	if ((r = endpoint_check(args, d)) != 0)
		return r;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "endpoint");
	e->ctx = ctx_ref(ctx);
	e->role = args->role;
	if (args->peer_name != NULL &&
	    (e->peer_name = strdup(args->peer_name)) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "endpoint");
	else if ((r = stack_openssl_ctx_new(args->role, args->cert_file,
		      args->key_file, &e->tls, d)) == 0)
		r = seal_openssl_prepare(ctx, e->tls, args->role, d);
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
	seal_ctx_free(&e->ctx);
	free(e->peer_name);
	free(e);
}

static int
nonblocking(int fd, struct seal_diag *d)
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

	if (nonblocking(fd, d) != 0 ||
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

	(void)e;
	if (*cp == NULL)
		return;
	ssl = (*cp)->tls;
	fd = stack_openssl_fd(ssl);
	seal_conn_free(cp);
	stack_openssl_free(&ssl);
	if (fd >= 0)
		close(fd);
}
