/* SPDX-License-Identifier: Apache-2.0 */
#include <sealtls/openssl.h>

#include <sys/socket.h>

#include "lib/conn_intra.h"
#include "lib/stack.h"
#include "tls/stack_openssl.h"
#include "tls/stack_openssl_intra.h"

/* ---- Attestation in the handshake ---- */

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
	ret->key = attester_key(a);
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

/* The address of a server's peer, as its socket has it. */
static void
note_source(struct seal_conn *c, const struct ssl_st *ssl)
{
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof(a);
	int fd = stack_openssl_fd(ssl);

	if (fd >= 0 && getpeername(fd, (struct sockaddr *)&a, &n) == 0)
		seal_conn_source(c, &a, n);
}

int
seal_openssl_message_callback(struct ssl_st *ssl,
    void (*callback)(
	int, int, int, const void *, size_t, struct ssl_st *, void *),
    void *arg, struct seal_diag *d)
{
	return stack_openssl_intra_message_callback(ssl, callback, arg, d);
}

struct seal_conn *
seal_conn_openssl(struct seal_ctx *ctx, struct ssl_st *ssl, enum seal_role role,
    const char *peer_name, struct seal_diag *d)
{
	struct stack_rules rules;
	struct seal_conn *c;

	if (stack_rules_make(ctx, role, peer_name, false, &rules, d) != 0 ||
	    stack_openssl_attach(ssl, &rules, d) != 0)
		return NULL;
	c = conn_new(ctx, &stack_openssl, &intra_openssl, ssl, role, d);
	if (c != NULL && c->intra != NULL && role == SEAL_SERVER)
		note_source(c, ssl);
	return c;
}
