/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <prerror.h>
#include <ssl.h>
#include <sslerr.h>

#include "base/rd.h"
#include "tls/stack_nss_parts.h"

#define DTLS13 0xfefcu

#define ALERT_UNKNOWN_CA 48
#define ALERT_NO_ALPN 120

/* ---- Failures ---- */

/* What a person, and PROTOCOL 7, make of it: a certificate that is refused is
 * a question of identity, and a peer without seal/1 is not supported. */
static int
meaning(const struct nss_conn *c, PRErrorCode e)
{
	if (c->alert == ALERT_NO_ALPN ||
	    e == SSL_ERROR_NEXT_PROTOCOL_NO_PROTOCOL)
		return SEAL_E_UNSUPPORTED;
	return SEAL_E_TLS;
}

static enum seal_io
handshake_failed(const struct nss_conn *c, struct seal_diag *d)
{
	PRErrorCode e = PR_GetError();
	int code = meaning(c, e);

	if (c->peer.why.code != 0 && e == SEC_ERROR_UNTRUSTED_ISSUER) {
		seal_fail(d, c->peer.why.code, "%s", c->peer.why.text);
		seal_remedy(d, "%s", c->peer.why.remedy);
		return SEAL_IO_ERROR;
	}
	if (e == SSL_ERROR_NO_CERTIFICATE) {
		seal_fail(d, SEAL_E_IDENTITY,
		    "tls: handshake: expected a certificate of the peer, found "
		    "none");
		return SEAL_IO_ERROR;
	}
	if (e == PR_END_OF_FILE_ERROR || e == PR_CONNECT_RESET_ERROR)
		seal_fail(
		    d, code, "tls: handshake: the peer closed the connection");
	else
		nss_fail(d, code, "handshake");
	if (code == SEAL_E_UNSUPPORTED)
		seal_remedy(d, "the peer does not speak seal/1");
	else if (c->alert >= 0)
		seal_remedy(d, "the peer refused with TLS alert %d", c->alert);
	return SEAL_IO_ERROR;
}

/* What the transport waits for, where that is all. */
static bool
would_block(const struct nss_conn *c, enum seal_io *ret)
{
	if (PR_GetError() != PR_WOULD_BLOCK_ERROR)
		return false;
	*ret = c->blocked ? SEAL_IO_WANT_WRITE : SEAL_IO_WANT_READ;
	return true;
}

/* ---- The calls of a stack ---- */

static enum seal_io
handshake_step(struct nss_conn *c, struct seal_diag *d)
{
	enum seal_io io;

	c->begun = true;
	c->blocked = false;
	/* What the wire did not take of it leaves with the next read or write.
	 */
	if (SSL_ForceHandshake(c->fd) == SECSuccess) {
		c->established = true;
		return SEAL_IO_DONE;
	}
	return would_block(c, &io) ? io : handshake_failed(c, d);
}

static enum seal_io
nss_handshake(void *tls, struct seal_diag *d)
{
	struct nss_conn *c = tls;

	return c->attached != NULL ? nss_intra_handshake(c, handshake_step, d)
				   : handshake_step(c, d);
}

static enum seal_io
nss_read(void *tls, void *buf, size_t cap, size_t *ret_n, struct seal_diag *d)
{
	struct nss_conn *c = tls;
	enum seal_io io;
	PRInt32 n;

	*ret_n = 0;
	c->blocked = false;
	n = PR_Recv(c->fd, buf, cap > INT_MAX ? INT_MAX : (PRInt32)cap, 0,
	    PR_INTERVAL_NO_WAIT);
	if (n > 0) {
		c->guard.closed = true;
		*ret_n = (size_t)n;
		return SEAL_IO_DONE;
	}
	if (n == 0)
		return c->closed ? SEAL_IO_EOF : SEAL_IO_TRUNCATED;
	if (would_block(c, &io))
		return io;
	nss_fail(d, SEAL_E_TLS, "read");
	return SEAL_IO_ERROR;
}

/* A peer that takes smaller records than we send would see no frame whole. */
static enum seal_io
one_record(const struct nss_conn *c, struct seal_diag *d)
{
	if (!c->datagram || c->records <= 1)
		return SEAL_IO_DONE;
	seal_fail(d, SEAL_E_CONFIG,
	    "dtls: the peer takes smaller datagrams than %u bytes",
	    c->end->mtu);
	seal_remedy(d, "configure the same 'mtu' at both ends");
	return SEAL_IO_ERROR;
}

/* NSS may take a part, and hold bytes of it back; it is the same bytes that
 * come again then. */
static enum seal_io
nss_write(void *tls, const void *buf, size_t n, struct seal_diag *d)
{
	struct rd r;
	struct nss_conn *c = tls;
	struct span left;
	PRInt32 put = 0;

	c->records = 0;
	rd_init(&r, span_of(buf, n));
	if (n > INT_MAX || !rd_bytes(&r, c->put, &left))
		return SEAL_IO_ERROR;
	while (rd_left(&r) > 0) {
		put = PR_Send(
		    c->fd, r.p, (PRInt32)rd_left(&r), 0, PR_INTERVAL_NO_WAIT);
		if (put <= 0)
			break;
		c->put += (size_t)put;
		rd_bytes(&r, (size_t)put, &left);
	}
	if (rd_left(&r) == 0) {
		c->put = 0;
		return one_record(c, d);
	}
	if (PR_GetError() == PR_WOULD_BLOCK_ERROR)
		return SEAL_IO_WANT_WRITE;
	nss_fail(d, SEAL_E_IO, "write");
	return SEAL_IO_ERROR;
}

static enum seal_io
nss_shutdown(void *tls, struct seal_diag *d)
{
	struct nss_conn *c = tls;

	(void)d; /* the peer may be gone, which is no matter any more */
	PR_Shutdown(c->fd, PR_SHUTDOWN_SEND);
	return SEAL_IO_DONE;
}

static int
nss_exporter(void *tls, const char *label, const uint8_t *context,
    size_t context_n, uint8_t *ret, size_t n, struct seal_diag *d)
{
	struct nss_conn *c = tls;

	/* NSS refuses a context of no bytes; none is the same in TLS 1.3 (RFC
	 * 8446 s7.5). */
	if (SSL_ExportKeyingMaterial(c->fd, label, (unsigned)strlen(label),
		context_n > 0, context_n > 0 ? context : NULL,
		(unsigned)context_n, ret, (unsigned)n) == SECSuccess)
		return 0;
	return nss_fail(d, SEAL_E_TLS, "exporter");
}

/* ---- Facts ---- */

static uint16_t
suite_hash(uint16_t suite)
{
	SSLCipherSuiteInfo info = { 0 };

	if (SSL_GetCipherSuiteInfo(suite, &info, sizeof(info)) != SECSuccess)
		return 0;
	switch (info.kdfHash) {
	case ssl_hash_sha256:
		return 256;
	case ssl_hash_sha384:
		return 384;
	default:
		return 0;
	}
}

static int
facts_alpn(const struct nss_conn *c, struct seal_stack_facts *f)
{
	SSLNextProtoState state = SSL_NEXT_PROTO_NO_SUPPORT;
	unsigned n = 0;

	if (SSL_GetNextProto(c->fd, &state, (unsigned char *)f->alpn, &n,
		sizeof(f->alpn) - 1) != SECSuccess)
		return SEAL_E_TLS;
	if (state != SSL_NEXT_PROTO_NEGOTIATED &&
	    state != SSL_NEXT_PROTO_SELECTED)
		n = 0;
	f->alpn[n] = '\0';
	return 0;
}

static int
nss_facts(void *tls, struct seal_stack_facts *ret, struct seal_diag *d)
{
	struct seal_stack_facts f = { 0 };
	struct nss_conn *c = tls;
	SSLChannelInfo info = { 0 };

	if (SSL_GetChannelInfo(c->fd, &info, sizeof(info)) != SECSuccess ||
	    facts_alpn(c, &f) != 0)
		return nss_fail(d, SEAL_E_TLS, "facts");
	f.role = c->rules.role;
	f.version = info.protocolVersion;
	if (c->datagram && f.version == STACK_TLS13)
		f.version = DTLS13;
	f.hash = suite_hash(info.cipherSuite);
	if (info.keaGroup > 0 && info.keaGroup < UINT16_MAX)
		f.group = (uint16_t)info.keaGroup;
	/* A PSK of any kind authenticates nobody's certificate. */
	f.resumed = info.resumed || info.earlyDataAccepted ||
		    info.pskType != ssl_psk_none;
	stack_peer_facts(&c->rules, &c->peer, &f);
	*ret = f;
	return 0;
}

/* ---- Datagrams ---- */

static int
nss_timeout(void *tls)
{
	struct nss_conn *c = tls;
	PRIntervalTime left = 0;

	if (c->wire.pending != NULL && c->wire.pending(c->wire.arg))
		return 0;
	if (DTLS_GetHandshakeTimeout(c->fd, &left) != SECSuccess)
		return -1;
	return left > 0 ? (int)PR_IntervalToMilliseconds(left) + 1 : 0;
}

static void
nss_release(void *tls)
{
	struct nss_conn *c = tls;

	nss_conn_free(&c);
}

#define NSS_CALLS                                                            \
	.abi = SEAL_STACK_ABI, .handshake = nss_handshake, .read = nss_read, \
	.write = nss_write, .shutdown = nss_shutdown,                        \
	.exporter = nss_exporter, .facts = nss_facts, .release = nss_release

const struct seal_stack stack_nss = {
	NSS_CALLS,
	.name = "nss",
};

const struct seal_stack stack_nss_dtls = {
	NSS_CALLS,
	.name = "nss-dtls",
	.timeout_ms = nss_timeout,
};
