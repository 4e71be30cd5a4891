/* SPDX-License-Identifier: Apache-2.0 */
/* A connection on an NSS socket that the caller made. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

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

/* Asked before our layer gives NSS an address where there is none. */
static void
note_source(struct nss_conn *c)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	PRNetAddr a = { .raw.family = PR_AF_UNSPEC };

	if (PR_GetPeerName(c->fd, &a) != PR_SUCCESS)
		return;
	if (a.raw.family == PR_AF_INET) {
		in4.sin_addr.s_addr = a.inet.ip;
		memcpy(&c->source, &in4, sizeof(in4));
	} else if (a.raw.family == PR_AF_INET6) {
		memcpy(&in6.sin6_addr, &a.ipv6.ip, sizeof(in6.sin6_addr));
		memcpy(&c->source, &in6, sizeof(in6));
	}
}

const struct sockaddr_storage *
nss_conn_source(const struct nss_conn *c)
{
	return c->source.ss_family != AF_UNSPEC ? &c->source : NULL;
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
	note_source(c);
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
