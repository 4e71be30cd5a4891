/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/stack_wolfssl.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "base/diag.h"
#include "base/limits.h"
#include "base/span.h"
#include "tls/stack_wolfssl_dtls.h"

#define ALERT_NO_APPLICATION_PROTOCOL 120

struct wolfssl_conn {
	WOLFSSL *ssl;
	struct stack_rules rules;
	struct stack_peer peer;
	bool refused; /* the peer's certificate, as peer.why tells */
	bool shut;    /* close_notify is out */
	bool datagram;
	struct wolfssl_timer timer; /* of datagrams */
};

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
#define DRAIN_READS 16 /* in one step, before others have their turn */

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

static void
my_release(void *tls)
{
	struct wolfssl_conn *c = tls;

	wolfSSL_SetCertCbCtx(c->ssl, NULL);
	free(c);
}

/* ---- Errors ---- */

static bool
peer_gone(int error)
{
	return error == SOCKET_PEER_CLOSED_E || error == WOLFSSL_ERROR_SYSCALL;
}

static enum seal_io
io_result(struct wolfssl_conn *c, int r, const char *what, struct seal_diag *d)
{
	int error = wolfSSL_get_error(c->ssl, r);

	switch (error) {
	case WOLFSSL_ERROR_WANT_READ:
		return SEAL_IO_WANT_READ;
	case WOLFSSL_ERROR_WANT_WRITE:
		return SEAL_IO_WANT_WRITE;
	case WOLFSSL_ERROR_ZERO_RETURN:
		return SEAL_IO_EOF;
	default:
		break;
	}
	if (peer_gone(error))
		return SEAL_IO_TRUNCATED;
	seal_fail(d, error == SOCKET_ERROR_E ? SEAL_E_IO : SEAL_E_TLS,
	    "tls: %s: %s (%d)", what,
	    wolfSSL_ERR_reason_error_string((unsigned long)error), error);
	return SEAL_IO_ERROR;
}

/* ---- The calls of a stack ---- */

/* What a person, and PROTOCOL 7, make of wolfSSL's error. */
static void
handshake_meaning(struct wolfssl_conn *c, int error, struct seal_diag *d)
{
	WOLFSSL_ALERT_HISTORY alerts = { 0 };

	wolfSSL_get_alert_history(c->ssl, &alerts);
	if (c->refused) {
		seal_fail(d, c->peer.why.code, "%s", c->peer.why.text);
		if (c->peer.why.remedy[0] != '\0')
			seal_remedy(d, "%s", c->peer.why.remedy);
	} else if (error == NO_PEER_CERT) {
		seal_fail(d, SEAL_E_IDENTITY,
		    "tls: handshake: expected a certificate of the peer, found "
		    "none");
	} else if (error == UNKNOWN_ALPN_PROTOCOL_NAME_E ||
		   alerts.last_rx.code == ALERT_NO_APPLICATION_PROTOCOL) {
		seal_fail(d, SEAL_E_UNSUPPORTED,
		    "tls: handshake: no application protocol in common");
		seal_remedy(d, "the peer does not speak seal/1");
	}
}

/* The peer has finished before this side has heard so: what it says is lost,
 * like any datagram. */
static enum seal_io
drop_early(struct wolfssl_conn *c)
{
	uint8_t buf[2048];

	for (int i = 0; i < DRAIN_READS; i++)
		if (wolfSSL_read(c->ssl, buf, sizeof(buf)) <= 0)
			break;
	return SEAL_IO_WANT_READ;
}

static enum seal_io
my_handshake(void *tls, struct seal_diag *d)
{
	struct wolfssl_conn *c = tls;
	struct seal_diag plain = { 0 };
	enum seal_io io;
	int r;

	wolfssl_timer_tick(&c->timer, c->ssl);
	r = c->rules.role == SEAL_SERVER ? wolfSSL_accept(c->ssl)
					 : wolfSSL_connect(c->ssl);
	if (c->datagram)
		wolfssl_timer_set(&c->timer, c->ssl, r != WOLFSSL_SUCCESS);
	if (r == WOLFSSL_SUCCESS)
		return SEAL_IO_DONE;
	if (c->datagram && wolfSSL_get_error(c->ssl, r) == APP_DATA_READY)
		return drop_early(c);
	io = io_result(c, r, "handshake", &plain);
	if (io != SEAL_IO_ERROR)
		return stack_handshake_io(io, d);
	handshake_meaning(c, wolfSSL_get_error(c->ssl, r), d);
	seal_fail(d, plain.code, "%s", plain.text);
	return io;
}

static enum seal_io
my_read(void *tls, void *buf, size_t cap, size_t *ret_n, struct seal_diag *d)
{
	struct wolfssl_conn *c = tls;
	int r;

	wolfssl_timer_tick(&c->timer, c->ssl);
	r = wolfSSL_read(c->ssl, buf, (int)cap);
	if (c->datagram)
		wolfssl_timer_set(&c->timer, c->ssl, false);
	*ret_n = r > 0 ? (size_t)r : 0;
	return r > 0 ? SEAL_IO_DONE : io_result(c, r, "read", d);
}

static enum seal_io
my_write(void *tls, const void *buf, size_t n, struct seal_diag *d)
{
	struct wolfssl_conn *c = tls;
	int r = wolfSSL_write(c->ssl, buf, (int)n);

	if (r > 0 && (size_t)r == n)
		return SEAL_IO_DONE;
	return stack_write_io(io_result(c, r, "write", d), d);
}

static enum seal_io
my_shutdown(void *tls, struct seal_diag *d)
{
	struct wolfssl_conn *c = tls;
	int r;

	if (c->shut)
		return SEAL_IO_DONE;
	r = wolfSSL_shutdown(c->ssl);
	if (r != WOLFSSL_SUCCESS && r != WOLFSSL_SHUTDOWN_NOT_DONE)
		return io_result(c, r, "shutdown", d);
	c->shut = true;
	return SEAL_IO_DONE;
}

static int
my_exporter(void *tls, const char *label, const uint8_t *context,
    size_t context_n, uint8_t *ret, size_t n, struct seal_diag *d)
{
	struct wolfssl_conn *c = tls;

	if (wolfSSL_is_init_finished(c->ssl) &&
	    wolfSSL_export_keying_material(c->ssl, ret, n, label, strlen(label),
		context_n > 0 ? context : (const uint8_t *)"", context_n,
		1) == WOLFSSL_SUCCESS)
		return 0;
	return seal_fail(d, SEAL_E_TLS, "tls: exporter: refused by wolfSSL");
}

/* ---- Facts ---- */

static uint16_t
negotiated_group(WOLFSSL *ssl)
{
	static const struct {
		const char *name;
		uint16_t group;
	} groups[] = {
		{ "SECP256R1", 0x0017 },
		{ "SECP384R1", 0x0018 },
		{ "SECP521R1", 0x0019 },
		{ "X25519", 0x001d },
		{ "X448", 0x001e },
	};
	const char *name = wolfSSL_get_curve_name(ssl);

	for (size_t i = 0;
	     name != NULL && i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (strcmp(groups[i].name, name) == 0)
			return groups[i].group;
	}
	return 0;
}

/* The suites of RFC 8446 alone: wolfSSL has others, of which some do not
 * encrypt (RFC 9150). */
static uint16_t
suite_hash(WOLFSSL *ssl)
{
	switch (wolfSSL_get_current_cipher_suite(ssl)) {
	case 0x1301: /* AES_128_GCM */
	case 0x1303: /* CHACHA20_POLY1305 */
	case 0x1304: /* AES_128_CCM */
	case 0x1305: /* AES_128_CCM_8 */
		return 256;
	case 0x1302: /* AES_256_GCM */
		return 384;
	default:
		return 0;
	}
}

static bool
used_psk(WOLFSSL *ssl)
{
#ifdef NO_PSK
	(void)ssl;
	return false;
#else
	const char *identity = wolfSSL_get_psk_identity(ssl);

	return identity != NULL && identity[0] != '\0';
#endif
}

static int
my_facts(void *tls, struct seal_stack_facts *ret, struct seal_diag *d)
{
	struct wolfssl_conn *c = tls;
	struct seal_stack_facts f = { 0 };
	unsigned short n = 0;
	char *alpn = NULL;

	(void)d;
	f.role = wolfSSL_GetSide(c->ssl) == WOLFSSL_SERVER_END ? SEAL_SERVER
							       : SEAL_CLIENT;
	f.version = (uint16_t)wolfSSL_version(c->ssl);
	f.hash = suite_hash(c->ssl);
	f.group = negotiated_group(c->ssl);
	/* A PSK of any kind authenticates nobody's certificate. */
	f.resumed = wolfSSL_session_reused(c->ssl) != 0 || used_psk(c->ssl);
	if (wolfSSL_ALPN_GetProtocol(c->ssl, &alpn, &n) == WOLFSSL_SUCCESS &&
	    n < sizeof(f.alpn))
		memcpy(f.alpn, alpn, n);
	stack_peer_facts(&c->rules, &c->peer, &f);
	*ret = f;
	return 0;
}

/* Of datagrams alone: a stack with a timer has one. */
static int
my_timeout(void *tls)
{
	return wolfssl_timer_left(&((struct wolfssl_conn *)tls)->timer);
}

#define WOLFSSL_CALLS                                                        \
	.abi = SEAL_STACK_ABI, .handshake = my_handshake, .read = my_read,   \
	.write = my_write, .shutdown = my_shutdown, .exporter = my_exporter, \
	.facts = my_facts, .release = my_release

const struct seal_stack stack_wolfssl = {
	WOLFSSL_CALLS,
	.name = "wolfssl",
};

const struct seal_stack stack_wolfssl_dtls = {
	WOLFSSL_CALLS,
	.name = "wolfssl-dtls",
	.timeout_ms = my_timeout,
};

#ifdef WOLFSSL_DTLS13
#define SPEAKS "TLS 1.3, DTLS 1.3"
#else
#define SPEAKS "TLS 1.3"
#endif

static int
my_probe(struct wr *ret_found, struct seal_diag *d)
{
	(void)d;
	wr_printf(ret_found, "wolfSSL %s; " SPEAKS, wolfSSL_lib_version());
	return 0;
}

const struct stack_kind stack_wolfssl_kind = {
	.name = "wolfssl",
	.probe = my_probe,
};
