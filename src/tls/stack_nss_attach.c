/* SPDX-License-Identifier: Apache-2.0 */
/* A connection on an NSS socket that the caller made. */
#include <stdlib.h>

#include <prerror.h>
#include <secerr.h>
#include <ssl.h>

#include "tls/stack_nss_parts.h"

/* NSS has no other call that tells what a socket is. */
static bool
is_datagram(PRFileDesc *fd)
{
	PRIntervalTime left;

	return DTLS_GetHandshakeTimeout(fd, &left) == SECSuccess ||
	       PR_GetError() != SEC_ERROR_INVALID_ARGS;
}

static bool
has_begun(PRFileDesc *fd)
{
	SSLPreliminaryChannelInfo info = { 0 };

	return SSL_GetPreliminaryChannelInfo(fd, &info, sizeof(info)) !=
		   SECSuccess ||
	       info.valuesSet != 0;
}

/* NSS itself waits for as long as its transport does. */
static bool
is_nonblocking(PRFileDesc *fd)
{
	PRSocketOptionData data = { .option = PR_SockOpt_Nonblocking };

	return PR_GetSocketOption(fd, &data) == PR_SUCCESS &&
	       data.value.non_blocking;
}

static int
attach_check(PRFileDesc *fd, struct seal_diag *d)
{
	PRInt32 value;

	if (SSL_OptionGet(fd, SSL_SECURITY, &value) != SECSuccess)
		return seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected a socket of SSL_ImportFD()");
	if (is_datagram(fd)) {
		seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected a stream, found a socket of "
		    "DTLS_ImportFD()");
		seal_remedy(d, "use seal_endpoint_new() for datagrams");
		return SEAL_E_CONFIG;
	}
	if (has_begun(fd))
		return seal_fail(d, SEAL_E_STATE,
		    "tls: expected a handshake that has not begun");
	if (is_nonblocking(fd))
		return 0;
	seal_fail(
	    d, SEAL_E_CONFIG, "tls: expected a socket that does not block");
	seal_remedy(d, "set PR_SockOpt_Nonblocking");
	return SEAL_E_CONFIG;
}

int
nss_conn_attach(struct PRFileDesc *fd, const struct stack_rules *rules,
    const struct nss_intra_conf *intra, struct nss_conn **ret,
    struct seal_diag *d)
{
	bool keep_alpn = intra != NULL && intra->keep_alpn;
	struct nss_conn *c;
	int r;

	if ((r = nss_library_check(d)) != 0 || (r = attach_check(fd, d)) != 0 ||
	    (r = stack_rules_check(rules, d)) != 0 ||
	    (r = nss_configure_socket(fd, rules->role, keep_alpn, d)) != 0)
		return r;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "connection");
	c->fd = fd;
	c->rules = *rules;
	c->alert = -1;
	if (!nss_layer_insert(c)) {
		free(c);
		return seal_fail(d, SEAL_E_MEMORY, "connection");
	}
	c->borrowed = true;
	if ((r = nss_conn_configure(c, d)) != 0 ||
	    (intra != NULL && (r = nss_intra_prepare(c, intra, d)) != 0)) {
		nss_conn_free(&c);
		return r;
	}
	*ret = c;
	return 0;
}
