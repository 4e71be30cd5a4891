/* SPDX-License-Identifier: Apache-2.0 */
#include <sealtls/nss.h>

#include <sys/socket.h>

#include "lib/conn_intra.h"
#include "lib/stack.h"
#include "tls/stack_nss.h"
#include "tls/stack_nss_intra.h"

/* ---- Attestation in the handshake ---- */

/* The attester whose key is to be TLS's: a server's, unless it reveals only
 * after its peer, as in mode both. */
static struct attester *
handshake_attester(const struct seal_ctx *c, enum seal_role role)
{
	const struct ctx_profile *p =
	    ctx_profile(c, role, HASH_SHA256, CARRIAGE_STREAM);

	return role == SEAL_SERVER && c->n_attesters > 0 &&
		       !p->conf.reveal_after_peer
		   ? c->attesters[0]
		   : NULL;
}

static int
intra_conf(const struct seal_ctx *c, enum seal_role role,
    struct nss_intra_conf *ret, struct seal_diag *d)
{
	struct attester *a = handshake_attester(c, role);

	*ret = (struct nss_intra_conf){
		.type = c->intra_type,
		.keep_alpn = c->mode == MODE_INTRA,
	};
	if (a == NULL)
		return 0;
	if ((ret->key = attester_key(a)) == NULL) {
		seal_fail(d, SEAL_E_CONFIG,
		    "mode: NSS signs its handshake with a key in memory, and "
		    "attester '%s' keeps its own elsewhere",
		    attester_name(a));
		seal_remedy(d, "use mode post, or seal_conn_openssl()");
		return SEAL_E_CONFIG;
	}
	ret->n_chain = attester_chain(a, &ret->chain);
	return 0;
}

/* ---- Around a socket ---- */

struct seal_conn *
seal_conn_nss(struct seal_ctx *ctx, struct PRFileDesc *fd, enum seal_role role,
    const char *peer_name, struct seal_diag *d)
{
	bool intra = false;
	const struct sockaddr_storage *source;
	struct nss_intra_conf conf;
	struct nss_conn *tls = NULL;
	struct stack_rules rules;
	struct seal_conn *c;

	if (stack_rules_make(ctx, role, peer_name, true, &rules, d) != 0)
		return NULL;
	intra = ctx->mode != MODE_POST;
	if ((intra && intra_conf(ctx, role, &conf, d) != 0) ||
	    nss_conn_attach(fd, &rules, intra ? &conf : NULL, &tls, d) != 0)
		return NULL;
	c = conn_new(ctx, &stack_nss, &intra_nss, tls, role, d);
	if (c == NULL)
		nss_conn_free(&tls);
	else if (role == SEAL_SERVER && (source = nss_conn_source(tls)) != NULL)
		seal_conn_source(c, source, sizeof(*source));
	return c;
}
