/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/stack_wolfssl_parts.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#define ALERT_NO_APPLICATION_PROTOCOL 120
#define DRAIN_READS 16 /* in one step, before others have their turn */

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
