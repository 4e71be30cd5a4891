/* SPDX-License-Identifier: Apache-2.0 */
/* What NSS connections share, and how they are made of it. */
#include <stdlib.h>
#include <string.h>

#include <cert.h>
#include <keyhi.h>
#include <prerror.h>
#include <ssl.h>
#include <sslexp.h>

#include "tls/stack_nss_parts.h"

/* ---- What connections share ---- */

static int
check_conf(const struct nss_end_conf *conf, struct seal_diag *d)
{
	if (conf->mtu != 0 && conf->mtu < NSS_MTU_MIN)
		return seal_fail(d, SEAL_E_CONFIG,
		    "datagrams: expected a size of at least %u bytes, found %u",
		    NSS_MTU_MIN, conf->mtu);
	if ((conf->cert_file == NULL) != (conf->key_file == NULL) ||
	    (conf->cert_file == NULL && conf->role == SEAL_SERVER))
		return seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected a certificate and its key");
	return 0;
}

int
nss_end_new(
    const struct nss_end_conf *conf, struct nss_end **ret, struct seal_diag *d)
{
	struct nss_end *e;
	int r;

	if ((r = check_conf(conf, d)) != 0)
		return r;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "nss");
	e->role = conf->role;
	e->datagram = conf->datagram;
	e->mtu = conf->mtu != 0 ? conf->mtu : NSS_MTU;
	pthread_mutex_init(&e->lock, NULL);
	if ((r = nss_library_enter(d)) == 0) {
		e->counted = true;
		r = nss_configure(conf, e, d);
	}
	if (r != 0) {
		nss_end_free(&e);
		return r;
	}
	*ret = e;
	return 0;
}

void
nss_end_free(struct nss_end **ep)
{
	struct nss_end *e = *ep;

	*ep = NULL;
	if (e == NULL)
		return;
	if (e->model != NULL)
		PR_Close(e->model);
	nss_credentials_free(&e->own);
	if (e->counted)
		nss_library_leave();
	pthread_mutex_destroy(&e->lock);
	free(e);
}

/* ---- One connection's own ---- */

/* The certificates that came, to be judged by our own rules; an alert is sent
 * where they are refused. */
static SECStatus
on_certificate(void *arg, PRFileDesc *fd, PRBool check, PRBool is_server)
{
	struct nss_conn *c = arg;
	struct span chain[LIMIT_CHAIN];
	SECItemArray *items = NULL;
	size_t n = 0;
	bool good;
	int r;

	(void)check, (void)is_server;
	if (c == NULL || SSL_PeerCertificateChainDER(fd, &items) != SECSuccess)
		return SECFailure;
	for (; n < items->len && n < LIMIT_CHAIN; n++)
		chain[n] = span_of(items->items[n].data, items->items[n].len);
	r = stack_judge(&c->rules, chain, n, &c->peer);
	good = r == 0 && (n == 0 || nss_intra_judge(c, chain[0]));
	SECITEM_FreeArray(items, PR_TRUE);
	if (good)
		return SECSuccess;
	/* NSS's alerts for them are unknown_ca, and access_denied (PROTOCOL
	 * 3). */
	PR_SetError(
	    r != 0 ? SEC_ERROR_UNTRUSTED_ISSUER : SEC_ERROR_UNTRUSTED_CERT, 0);
	return SECFailure;
}

static SSLHelloRetryRequestAction
on_hello(PRBool first, const PRUint8 *token, unsigned token_n, PRUint8 *ret,
    unsigned *ret_n, unsigned max, void *arg)
{
	struct nss_conn *c = arg;
	struct span address = span_of(c->address, c->address_n);

	if (!first) {
		c->proved = dtls_cookie_holds(c->cookie_key, address,
		    nss_now_ms(), span_of(token, token_n));
		return c->proved ? ssl_hello_retry_accept
				 : ssl_hello_retry_fail;
	}
	if (max < DTLS_COOKIE_SIZE || dtls_cookie_make(c->cookie_key, address,
					  nss_now_ms(), ret, NULL) != 0)
		return ssl_hello_retry_fail;
	*ret_n = DTLS_COOKIE_SIZE;
	return ssl_hello_retry_request;
}

static void
on_alert(const PRFileDesc *fd, void *arg, const SSLAlert *alert)
{
	struct nss_conn *c = arg;

	(void)fd;
	if (alert->description == 0)
		c->closed = true;
	else
		c->alert = alert->description;
}

static SECStatus
ask_certificate(const struct nss_conn *c)
{
	bool asks = stack_asks_certificate(&c->rules);
	bool needs = stack_needs_certificate(&c->rules);

	if (c->rules.role == SEAL_CLIENT)
		return SECSuccess;
	if (SSL_OptionSet(c->fd, SSL_REQUEST_CERTIFICATE, asks) != SECSuccess)
		return SECFailure;
	return SSL_OptionSet(c->fd, SSL_REQUIRE_CERTIFICATE,
	    needs ? SSL_REQUIRE_ALWAYS : SSL_REQUIRE_NEVER);
}

int
nss_conn_configure(struct nss_conn *c, struct seal_diag *d)
{
	const char *sni = stack_server_name(&c->rules);

	if (SSL_AuthCertificateHook(c->fd, on_certificate, c) != SECSuccess ||
	    SSL_AlertReceivedCallback(c->fd, on_alert, c) != SECSuccess ||
	    ask_certificate(c) != SECSuccess ||
	    (sni != NULL && SSL_SetURL(c->fd, sni) != SECSuccess) ||
	    (c->cookie_key != NULL && SSL_HelloRetryRequestCallback(
					  c->fd, on_hello, c) != SECSuccess) ||
	    SSL_ResetHandshake(c->fd, c->rules.role == SEAL_SERVER) !=
		SECSuccess)
		return nss_fail(d, SEAL_E_TLS, "connection");
	return 0;
}

/* NSS changes what lies below it only when it succeeds. */
static int
conn_import(struct nss_conn *c, struct nss_end *e, struct seal_diag *d)
{
	PRFileDesc *bottom = nss_layer_new(c);

	if (bottom == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "connection");
	pthread_mutex_lock(&e->lock);
	c->fd = e->datagram ? DTLS_ImportFD(e->model, bottom)
			    : SSL_ImportFD(e->model, bottom);
	pthread_mutex_unlock(&e->lock);
	if (c->fd != NULL)
		return nss_conn_configure(c, d);
	nss_fail(d, SEAL_E_TLS, "connection");
	PR_Close(bottom);
	return SEAL_E_TLS;
}

static int
conn_check(const struct nss_end *e, const struct stack_rules *rules,
    const struct nss_origin *origin, struct seal_diag *d)
{
	bool asks = e->datagram && e->role == SEAL_SERVER;

	if (rules->role != e->role || asks != (origin != NULL) ||
	    (origin != NULL && (origin->address.n == 0 ||
				   origin->address.n > DTLS_COOKIE_ADDRESS)))
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "connection: expected the endpoint's role, and an address "
		    "of a peer that a server of datagrams asks");
	return stack_rules_check(rules, d);
}

int
nss_conn_new(struct nss_end *e, const struct stack_rules *rules,
    const struct nss_wire *wire, const struct nss_origin *origin,
    struct nss_conn **ret, struct seal_diag *d)
{
	struct nss_conn *c;
	int r;

	if ((r = conn_check(e, rules, origin, d)) != 0)
		return r;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "connection");
	c->end = e;
	c->rules = *rules;
	c->wire = *wire;
	c->datagram = e->datagram;
	c->alert = -1;
	if (origin != NULL) {
		c->cookie_key = origin->key;
		c->address_n = origin->address.n;
		memcpy(c->address, origin->address.p, origin->address.n);
	}
	if ((r = conn_import(c, e, d)) != 0) {
		c->wire.close = NULL; /* the caller's still */
		nss_conn_free(&c);
		return r;
	}
	*ret = c;
	return 0;
}

/* The socket may outlive c, and asks after it no more. */
static void
conn_let_go(struct nss_conn *c)
{
	SSL_AuthCertificateHook(c->fd, on_certificate, NULL);
	SSL_AlertReceivedCallback(c->fd, NULL, NULL);
	nss_intra_leave(c);
	nss_layer_leave(c);
}

void
nss_conn_free(struct nss_conn **cp)
{
	struct nss_conn *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	/* A close_notify that nobody asked for would look like an end in
	 * order. */
	c->muted = true;
	if (c->borrowed)
		conn_let_go(c);
	else if (c->fd != NULL)
		PR_Close(c->fd);
	if (c->wire.close != NULL)
		c->wire.close(c->wire.arg);
	nss_credentials_free(&c->own);
	seal_wipe(&c->peer, sizeof(c->peer));
	free(c);
}

void *
nss_conn_wire(const struct nss_conn *c)
{
	return c->wire.arg;
}

bool
nss_conn_proved(const struct nss_conn *c)
{
	return c->proved;
}

bool
nss_conn_established(const struct nss_conn *c)
{
	return c->established;
}
