/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/stack_openssl.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/span.h"
#include "tls/stack_openssl_intra.h"
#include "tls/transcript.h"

#define READS_MAX 32 /* records without data that one read passes over */

/* ---- Errors: the queue is left empty, so that none is taken for another's */

/* Clearing goes through the whole queue, which mostly is empty. */
void
stack_openssl_forget(void)
{
	if (ERR_peek_error() != 0)
		ERR_clear_error();
}

static int
ssl_fail(struct seal_diag *d, int code, const char *what)
{
	unsigned long e = ERR_peek_error();
	const char *reason = ERR_reason_error_string(e);

	seal_fail(d, code, "tls: %s: %s", what,
	    reason != NULL ? reason : "no reason given");
	ERR_clear_error();
	return code;
}

static enum seal_io
io_result(SSL *ssl, int r, const char *what, struct seal_diag *d)
{
	int sys = errno;

	switch (SSL_get_error(ssl, r)) {
	case SSL_ERROR_NONE:
		return SEAL_IO_DONE;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_ASYNC: /* tls/stack_openssl_intra.h */
		return SEAL_IO_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return SEAL_IO_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return SEAL_IO_EOF;
	case SSL_ERROR_SYSCALL:
		ERR_clear_error();
		if (sys == 0)
			return SEAL_IO_TRUNCATED;
		seal_fail(d, SEAL_E_IO, "tls: %s: %s", what, strerror(sys));
		return SEAL_IO_ERROR;
	default:
		break;
	}
	if (ERR_GET_REASON(ERR_peek_error()) ==
	    SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		ERR_clear_error();
		return SEAL_IO_TRUNCATED;
	}
	ssl_fail(d, SEAL_E_TLS, what);
	return SEAL_IO_ERROR;
}

/* ---- The calls of a stack ---- */

/* What a person, and PROTOCOL 7, make of libssl's reason: a chain that fails
 * is a question of identity, and a peer without seal/1 is not supported. */
static int
handshake_meaning(SSL *ssl, int reason, const char **ret_remedy)
{
	switch (reason) {
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
		*ret_remedy =
		    X509_verify_cert_error_string(SSL_get_verify_result(ssl));
		return SEAL_E_IDENTITY;
	case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
	case SSL_R_NO_APPLICATION_PROTOCOL:
		*ret_remedy = "the peer does not speak seal/1";
		return SEAL_E_UNSUPPORTED;
	default:
		return SEAL_E_TLS;
	}
}

static enum seal_io
openssl_handshake(void *tls, struct seal_diag *d)
{
	SSL *ssl = tls;
	const char *remedy = NULL;
	enum seal_io io;
	int r, reason, code;

	stack_openssl_forget();
	errno = 0;
	r = stack_openssl_intra_handshake(ssl);
	reason = ERR_GET_REASON(ERR_peek_error());
	io = io_result(ssl, r, "handshake", d);
	if (io != SEAL_IO_ERROR)
		return stack_handshake_io(io, d);
	code = handshake_meaning(ssl, reason, &remedy);
	if (d != NULL && d->code == SEAL_E_TLS)
		d->code = code;
	if (code == SEAL_E_IDENTITY)
		seal_remedy(d,
		    "the peer's certificate: %s; check the identity's ca and "
		    "name",
		    remedy);
	else if (remedy != NULL)
		seal_remedy(d, "%s", remedy);
	return io;
}

/*
 * A record without data (KeyUpdate) ends SSL_read_ex() as if the transport had
 * no more; a caller that waits for an edge would never hear of the rest. So
 * this goes on while bytes come, though not for ever.
 */
static enum seal_io
openssl_read(
    void *tls, void *buf, size_t cap, size_t *ret_n, struct seal_diag *d)
{
	BIO *bio = SSL_get_rbio(tls);
	enum seal_io io = SEAL_IO_WANT_READ;
	uint64_t before = 0;
	size_t n = 0;
	int r;

	for (int i = 0; io == SEAL_IO_WANT_READ && i < READS_MAX &&
			(i == 0 || BIO_number_read(bio) != before);
	     i++) {
		before = BIO_number_read(bio);
		stack_openssl_forget();
		errno = 0;
		r = SSL_read_ex(tls, buf, cap, &n);
		io = r == 1 ? SEAL_IO_DONE : io_result(tls, r, "read", d);
	}
	*ret_n = n;
	return io;
}

static enum seal_io
openssl_write(void *tls, const void *buf, size_t n, struct seal_diag *d)
{
	size_t put = 0;
	int r;

	stack_openssl_forget();
	errno = 0;
	r = SSL_write_ex(tls, buf, n, &put);
	if (r == 1)
		return SEAL_IO_DONE;
	return stack_write_io(io_result(tls, r, "write", d), d);
}

/* close_notify goes out; the peer's is not waited for. */
static enum seal_io
openssl_shutdown(void *tls, struct seal_diag *d)
{
	int r;

	stack_openssl_forget();
	errno = 0;
	if ((SSL_get_shutdown(tls) & SSL_SENT_SHUTDOWN) != 0)
		return SEAL_IO_DONE;
	r = SSL_shutdown(tls);
	return r >= 0 ? SEAL_IO_DONE : io_result(tls, r, "shutdown", d);
}

static int
openssl_exporter(void *tls, const char *label, const uint8_t *context,
    size_t context_n, uint8_t *ret, size_t n, struct seal_diag *d)
{
	if (SSL_export_keying_material(tls, ret, n, label, strlen(label),
		context_n > 0 ? context : (const uint8_t *)"", context_n,
		1) == 1)
		return 0;
	return ssl_fail(d, SEAL_E_TLS, "exporter");
}

static uint16_t
suite_hash(const SSL *ssl)
{
	const SSL_CIPHER *c = SSL_get_current_cipher(ssl);
	uint16_t suite = c != NULL ? SSL_CIPHER_get_protocol_id(c) : 0;

	return (uint16_t)(hash_size(transcript_suite_hash(suite)) * 8);
}

/* TLS NamedGroup of what was negotiated. Groups that libssl has no NID for
 * are reported with their code point and a mark. */
static uint16_t
negotiated_group(SSL *ssl)
{
	static const struct {
		int nid;
		uint16_t group;
	} groups[] = {
		{ NID_X9_62_prime256v1, 0x0017 },
		{ NID_secp384r1, 0x0018 },
		{ NID_secp521r1, 0x0019 },
		{ NID_X25519, 0x001d },
		{ NID_X448, 0x001e },
	};
	long nid = SSL_get_negotiated_group(ssl);

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (groups[i].nid == nid)
			return groups[i].group;
	}
	if ((nid & TLSEXT_nid_unknown) != 0)
		return (uint16_t)(nid & 0xffff);
	return 0;
}

/* PROTOCOL 1: the key as it stands in the certificate. libssl has decoded it;
 * what it would encode otherwise (BER) is no key that anyone pinned. */
static bool
stands_in(X509 *leaf, struct span spki)
{
	uint8_t *der = NULL;
	int n = i2d_X509(leaf, &der);
	bool found = n > 0 && memmem(der, (size_t)n, spki.p, spki.n) != NULL;

	OPENSSL_free(der);
	return found;
}

static int
facts_peer(SSL *ssl, struct seal_stack_facts *f)
{
	X509 *leaf = SSL_get0_peer_certificate(ssl);
	long verify = SSL_get_verify_result(ssl);
	X509_PUBKEY *key;
	uint8_t *der = f->peer_spki;
	int n;

	if (leaf == NULL)
		return 0;
	key = X509_get_X509_PUBKEY(leaf);
	n = i2d_X509_PUBKEY(key, NULL);
	if (n <= 0 || (size_t)n > sizeof(f->peer_spki))
		return SEAL_E_LIMIT;
	f->peer_spki_n = (size_t)i2d_X509_PUBKEY(key, &der);
	if (!stands_in(leaf, span_of(f->peer_spki, f->peer_spki_n)))
		return SEAL_E_DECODE;
	f->peer_verified =
	    verify == X509_V_OK && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE;
	if (f->peer_verified)
		f->verified_name = SSL_get0_peername(ssl);
	if (verify != X509_V_OK)
		f->verify_error = X509_verify_cert_error_string(verify);
	return 0;
}

static int
openssl_facts(void *tls, struct seal_stack_facts *ret, struct seal_diag *d)
{
	const unsigned char *alpn;
	unsigned int alpn_n = 0;
	SSL *ssl = tls;
	int r;

	*ret = (struct seal_stack_facts){
		.role = SSL_is_server(ssl) ? SEAL_SERVER : SEAL_CLIENT,
		.version = (uint16_t)SSL_version(ssl),
		.hash = suite_hash(ssl),
		.group = negotiated_group(ssl),
		.resumed =
		    SSL_session_reused(ssl) != 0 ||
		    SSL_get_early_data_status(ssl) == SSL_EARLY_DATA_ACCEPTED,
	};
	SSL_get0_alpn_selected(ssl, &alpn, &alpn_n);
	if (alpn_n < sizeof(ret->alpn))
		memcpy(
		    ret->alpn, alpn_n > 0 ? alpn : (const uint8_t *)"", alpn_n);
	stack_openssl_forget();
	if ((r = facts_peer(ssl, ret)) == 0)
		return 0;
	ERR_clear_error();
	return seal_fail(d, r,
	    "tls: peer certificate: expected a key in DER, of at most %zu "
	    "bytes",
	    sizeof(ret->peer_spki));
}

const struct seal_stack stack_openssl = {
	.abi = SEAL_STACK_ABI,
	.name = "openssl",
	.handshake = openssl_handshake,
	.read = openssl_read,
	.write = openssl_write,
	.shutdown = openssl_shutdown,
	.exporter = openssl_exporter,
	.facts = openssl_facts,
};

static int
openssl_probe(struct wr *ret_found, struct seal_diag *d)
{
	(void)d;
	wr_printf(ret_found, "%s; TLS 1.3", OpenSSL_version(OPENSSL_VERSION));
	return 0;
}

const struct stack_kind stack_openssl_kind = {
	.name = "openssl",
	.probe = openssl_probe,
};
