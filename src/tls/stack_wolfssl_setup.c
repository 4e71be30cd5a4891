/* SPDX-License-Identifier: Apache-2.0 */
/* What a WOLFSSL must be like, and how its peer's certificate is judged. */
#include "tls/stack_wolfssl_parts.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "base/limits.h"

static int
setup_fail(struct seal_diag *d, const char *what)
{
	return seal_fail(d, SEAL_E_CONFIG, "tls: %s: refused by wolfSSL", what);
}

/* ---- The peer's certificate ---- */

/*
 * What wolfSSL finds wrong for want of anchors and of a clock like ours is
 * judged by stack_judge(); anything else stays wrong. With its OpenSSL layer
 * built in, as in Debian's, it speaks in OpenSSL's numbers.
 */
static bool
is_for_us(int error)
{
	static const int ours[] = { ASN_NO_SIGNER_E, ASN_SELF_SIGNED_E,
		ASN_BEFORE_DATE_E, ASN_AFTER_DATE_E, 20 /* no issuer */,
		18 /* self-signed */, 9 /* not yet valid */,
		13 /* the same, by older ones */, 10 /* expired */ };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (ours[i] == error)
			return true;
	}
	return false;
}

static bool
judge(struct wolfssl_conn *c, const WOLFSSL_X509_STORE_CTX *store)
{
	struct span chain[LIMIT_CHAIN];

	if (store->totalCerts < 1 || store->totalCerts > (int)LIMIT_CHAIN) {
		seal_fail(&c->peer.why, SEAL_E_IDENTITY,
		    "tls: handshake: the peer shows %d certificates, expected "
		    "1 to %u",
		    store->totalCerts, LIMIT_CHAIN);
		return false;
	}
	for (int i = 0; i < store->totalCerts; i++)
		chain[i] =
		    span_of(store->certs[i].buffer, store->certs[i].length);
	return stack_judge(
		   &c->rules, chain, (size_t)store->totalCerts, &c->peer) == 0;
}

/* Called within the handshake for each certificate, the leaf's last, with
 * which the whole chain is judged; 0 ends it. */
static int
verify_peer(int ok, WOLFSSL_X509_STORE_CTX *store)
{
	struct wolfssl_conn *c = store->userCtx;

	if (c == NULL) /* it is gone */
		return 0;
	if (!ok && !is_for_us(store->error)) {
		seal_fail(&c->peer.why, SEAL_E_IDENTITY,
		    "tls: handshake: the peer's certificate %d: %s",
		    store->error_depth,
		    wolfSSL_ERR_reason_error_string(
			(unsigned long)store->error));
		c->refused = true;
	} else if (store->error_depth == 0) {
		c->refused = !judge(c, store);
	}
	return !c->refused;
}

static int
verify_mode(const struct stack_rules *rules)
{
	if (!stack_asks_certificate(rules))
		return WOLFSSL_VERIFY_NONE;
	if (rules->role == SEAL_SERVER && stack_needs_certificate(rules))
		return WOLFSSL_VERIFY_PEER |
		       WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	return WOLFSSL_VERIFY_PEER;
}

/* ---- Settings ---- */

#define TLS_1_3 0x0304

/* Those of PROTOCOL 5.5 rule 4 that the library was built with: it refuses a
 * list in which it misses one. */
static const int sound_groups[] = {
#ifdef HAVE_CURVE25519
	WOLFSSL_ECC_X25519,
#endif
	WOLFSSL_ECC_SECP256R1,
#ifdef HAVE_CURVE448
	WOLFSSL_ECC_X448,
#endif
#if defined(HAVE_ECC384) || defined(HAVE_ALL_CURVES)
	WOLFSSL_ECC_SECP384R1,
#endif
#if defined(HAVE_ECC521) || defined(HAVE_ALL_CURVES)
	WOLFSSL_ECC_SECP521R1,
#endif
};
#define GROUPS (sizeof(sound_groups) / sizeof(sound_groups[0]))

static void
copy_groups(int ret[GROUPS])
{
	memcpy(ret, sound_groups, sizeof(sound_groups));
}

int
stack_wolfssl_prepare(WOLFSSL_CTX *ctx, struct seal_diag *d)
{
	int groups[GROUPS];

	copy_groups(groups);
	if (wolfSSL_CTX_SetMinVersion(ctx, WOLFSSL_TLSV1_3) != WOLFSSL_SUCCESS)
		return setup_fail(d, "TLS 1.3");
	if (wolfSSL_CTX_set_groups(ctx, groups, GROUPS) != WOLFSSL_SUCCESS)
		return setup_fail(d, "key exchange groups");
	/* Fails on a client's, which gives none. */
	wolfSSL_CTX_no_ticket_TLSv13(ctx);
	wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_OFF);
	wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER, verify_peer);
	return 0;
}

/* A ClientHello was made, or has come. */
static bool
has_begun(WOLFSSL *ssl)
{
	static const uint8_t none[32];
	uint8_t random[32] = { 0 };

	wolfSSL_get_client_random(ssl, random, sizeof(random));
	return memcmp(random, none, sizeof(none)) != 0 ||
	       wolfSSL_is_init_finished(ssl);
}

static int
attach_check(WOLFSSL *ssl, enum seal_role role, struct seal_diag *d)
{
	if (wolfSSL_get_verify_callback(ssl) != verify_peer) {
		seal_fail(d, SEAL_E_CONFIG, "tls: expected a prepared WOLFSSL");
		seal_remedy(d, "make it from a WOLFSSL_CTX that went through "
			       "seal_wolfssl_prepare()");
		return SEAL_E_CONFIG;
	}
	if (wolfSSL_GetSide(ssl) !=
	    (role == SEAL_SERVER ? WOLFSSL_SERVER_END : WOLFSSL_CLIENT_END))
		return seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected a WOLFSSL of a %s",
		    role == SEAL_SERVER ? "server" : "client");
	if (wolfSSL_session_reused(ssl))
		return seal_fail(
		    d, SEAL_E_CONFIG, "tls: expected no session to resume");
	if (has_begun(ssl))
		return seal_fail(d, SEAL_E_STATE,
		    "tls: expected a handshake that has not begun");
	return 0;
}

static int
attach_version(WOLFSSL *ssl, struct seal_diag *d)
{
	/* A method of TLS 1.2 alone takes any minimum. */
	if (wolfSSL_SetMinVersion(ssl, WOLFSSL_TLSV1_3) != WOLFSSL_SUCCESS ||
	    wolfSSL_version(ssl) != TLS_1_3)
		return setup_fail(d, "TLS 1.3");
	return 0;
}

/* On the connection itself: it may have been changed since it was made. */
static int
attach_settings(struct wolfssl_conn *c, struct seal_diag *d)
{
	const char *sni = stack_server_name(&c->rules);
	char alpn[] = STACK_ALPN;
	bool server = c->rules.role == SEAL_SERVER;
	int groups[GROUPS], r;

	copy_groups(groups);
	r = c->datagram ? wolfssl_datagram_settings(c->ssl, server, d)
			: attach_version(c->ssl, d);
	if (r != 0)
		return r;
	if (wolfSSL_set_groups(c->ssl, groups, GROUPS) != WOLFSSL_SUCCESS)
		return setup_fail(d, "key exchange groups");
	if (wolfSSL_UseALPN(c->ssl, alpn, sizeof(alpn) - 1,
		WOLFSSL_ALPN_FAILED_ON_MISMATCH) != WOLFSSL_SUCCESS)
		return setup_fail(d, "ALPN");
	if (sni != NULL && wolfSSL_UseSNI(c->ssl, WOLFSSL_SNI_HOST_NAME, sni,
			       (unsigned short)strlen(sni)) != WOLFSSL_SUCCESS)
		return setup_fail(d, "server name");
	if (server && wolfSSL_no_ticket_TLSv13(c->ssl) != 0)
		return setup_fail(d, "no session tickets");
	/* The exporter needs what is otherwise freed after the handshake. */
	wolfSSL_KeepArrays(c->ssl);
	wolfSSL_set_verify(c->ssl, verify_mode(&c->rules), verify_peer);
	wolfSSL_SetCertCbCtx(c->ssl, c);
	return 0;
}

int
stack_wolfssl_attach(WOLFSSL *ssl, const struct stack_rules *rules,
    void **ret_tls, struct seal_diag *d)
{
	struct wolfssl_conn *c;
	int r;

	if ((r = attach_check(ssl, rules->role, d)) != 0 ||
	    (r = stack_rules_check(rules, d)) != 0)
		return r;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "tls: connection");
	c->ssl = ssl;
	c->rules = *rules;
	c->datagram = wolfssl_is_datagram(ssl);
	if ((r = attach_settings(c, d)) != 0) {
		free(c);
		return r;
	}
	*ret_tls = c;
	return 0;
}
