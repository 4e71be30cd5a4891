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

#include "lib/conn_intra.h"
#include "lib/stack.h"
#include "tls/stack_openssl.h"
#include "tls/stack_openssl_intra.h"

/* ---- Attestation in the handshake ---- */

static int
attach_intra(void *tls, struct intra *i, struct seal_diag *d)
{
	return stack_openssl_intra_attach(tls, i, d);
}

static void
detach_intra(void *tls, bool muted)
{
	stack_openssl_intra_detach(tls, muted);
}

static const struct seal_diag *
diag_intra(const void *tls)
{
	return stack_openssl_intra_diag(tls);
}

static bool
verified_intra(const void *tls)
{
	return stack_openssl_intra_verified(tls);
}

static const struct intra_stack intra_openssl = {
	.attach = attach_intra,
	.detach = detach_intra,
	.diag = diag_intra,
	.verified = verified_intra,
};

/* PROTOCOL 6: a server that reveals only after the client cannot attest in
 * the handshake, where it comes first. In mode intra that is all there is. */
static int
check_reveal(const struct seal_ctx *c, enum seal_role role, struct seal_diag *d)
{
	const struct ctx_profile *p =
	    ctx_profile(c, role, HASH_SHA256, CARRIAGE_STREAM);

	if (c->mode != MODE_INTRA || c->n_attesters == 0 ||
	    !p->conf.reveal_after_peer)
		return 0;
	seal_fail(d, SEAL_E_CONFIG,
	    "mode: in the handshake a server attests before it knows the "
	    "client, and this one reveals only after the peer");
	seal_remedy(d, "set reveal_after_peer to false if its Evidence may go "
		       "to strangers; or use mode post or both");
	return SEAL_E_CONFIG;
}

static void
intra_conf(
    struct seal_ctx *c, enum seal_role role, struct stack_openssl_intra *ret)
{
	const struct ctx_profile *p =
	    ctx_profile(c, role, HASH_SHA256, CARRIAGE_STREAM);
	struct attester *a = c->n_attesters > 0 ? c->attesters[0] : NULL;

	*ret = (struct stack_openssl_intra){
		.type = c->intra_type,
		.asks = p->conf.request || p->conf.require,
		.requires = p->conf.require,
		.keep_alpn = c->mode == MODE_INTRA,
	};
	if (a == NULL || p->conf.reveal_after_peer)
		return;
	ret->n_chain = attester_chain(a, &ret->chain);
	ret->spki = attester_spki(a);
	ret->sign = attester_sign;
	ret->sign_ctx = a;
}

/* ---- Around an SSL ---- */

int
seal_openssl_prepare(struct seal_ctx *ctx, struct ssl_ctx_st *ssl_ctx,
    enum seal_role role, struct seal_diag *d)
{
	struct stack_openssl_conf conf = {
		.role = role,
		.ca_file = ctx_identity(ctx)->ca_file,
	};
	struct stack_openssl_intra intra;
	int r;

	if ((r = ctx_freeze(ctx, d)) != 0 ||
	    (r = check_reveal(ctx, role, d)) != 0)
		return r;
	conf.verify = stack_verify_mode(ctx, role);
	if (ctx->mode != MODE_POST) {
		intra_conf(ctx, role, &intra);
		conf.intra = &intra;
	}
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
	return conn_new(ctx, &stack_openssl, &intra_openssl, ssl, role, d);
}

/* ---- Endpoints: for programs that have no SSL_CTX of their own ---- */

struct seal_endpoint {
	struct seal_ctx *ctx;
	struct ssl_ctx_st *tls;
	enum seal_role role;
	char *peer_name;
	struct wr alpn_names;
	struct span alpn; /* of mode intra, as TLS has it */
};

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
	return 0;
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
	else if ((r = stack_openssl_ctx_new(args->role, args->cert_file,
		      args->key_file, &e->tls, d)) == 0)
		r = seal_openssl_prepare(ctx, e->tls, args->role, d);
	if (r == 0)
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
	wr_free(&e->alpn_names);
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
