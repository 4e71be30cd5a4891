/* SPDX-License-Identifier: Apache-2.0 */
/* The settings that an attested connection asks of NSS. */
#include <stdint.h>

#include <cert.h>
#include <keyhi.h>
#include <prerror.h>
#include <ssl.h>
#include <sslexp.h>
#include <sslproto.h>

#include "tls/stack_nss_parts.h"

/* Bytes that are no plaintext, of which the type is one (RFC 8449 s4). */
#define RECORD_OVERHEAD (5u + 16u)
#define RECORD_LIMIT_MAX 16385u
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* PROTOCOL 5.5 rule 4, preferred first. */
static const SSLNamedGroup stream_groups[] = {
	ssl_grp_kem_mlkem768x25519,
	ssl_grp_ec_curve25519,
	ssl_grp_ec_secp256r1,
	ssl_grp_ec_secp384r1,
	ssl_grp_ec_secp521r1,
};
/* A share of the hybrid would make the ClientHello two datagrams, and so ask
 * for state before the cookie. */
#define DATAGRAM_GROUPS (stream_groups + 1)
#define N_DATAGRAM_GROUPS (COUNT(stream_groups) - 1)

static const PRUint16 suites[] = { TLS_AES_128_GCM_SHA256,
	TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 };

static const SSLSignatureScheme schemes[] = {
	ssl_sig_ecdsa_secp256r1_sha256,
	ssl_sig_ecdsa_secp384r1_sha384,
	ssl_sig_ecdsa_secp521r1_sha512,
	ssl_sig_rsa_pss_rsae_sha256,
	ssl_sig_rsa_pss_rsae_sha384,
	ssl_sig_rsa_pss_rsae_sha512,
	ssl_sig_rsa_pss_pss_sha256,
	ssl_sig_rsa_pss_pss_sha384,
	ssl_sig_rsa_pss_pss_sha512,
};

/* PROTOCOL 2: nothing resumed, nothing early, nothing renegotiated. */
static const struct {
	PRInt32 option, value;
} options[] = {
	{ SSL_SECURITY, PR_TRUE },
	{ SSL_NO_CACHE, PR_TRUE },
	{ SSL_ENABLE_SESSION_TICKETS, PR_FALSE },
	{ SSL_ENABLE_0RTT_DATA, PR_FALSE },
	{ SSL_ENABLE_FALSE_START, PR_FALSE },
	{ SSL_ENABLE_RENEGOTIATION, SSL_RENEGOTIATE_NEVER },
	{ SSL_ENABLE_POST_HANDSHAKE_AUTH, PR_FALSE },
	{ SSL_ENABLE_ALPN, PR_TRUE },
	{ SSL_ENABLE_GREASE, PR_FALSE },
	{ SSL_ENABLE_OCSP_STAPLING, PR_FALSE },
	{ SSL_ENABLE_SIGNED_CERT_TIMESTAMPS, PR_FALSE },
	{ SSL_ENABLE_DELEGATED_CREDENTIALS, PR_FALSE },
};

/* ---- Settings ---- */

static SECStatus
set_suites(PRFileDesc *fd, uint16_t only)
{
	const PRUint16 *all = SSL_GetImplementedCiphers();

	for (PRUint16 i = 0; i < SSL_GetNumImplementedCiphers(); i++) {
		if (SSL_CipherPrefSet(fd, all[i], PR_FALSE) != SECSuccess)
			return SECFailure;
	}
	for (size_t i = 0; i < COUNT(suites); i++) {
		if ((only == 0 || suites[i] == only) &&
		    SSL_CipherPrefSet(fd, suites[i], PR_TRUE) != SECSuccess)
			return SECFailure;
	}
	return SECSuccess;
}

/* Of what the caller chose, what is sound. */
static SECStatus
keep_suites(PRFileDesc *fd)
{
	const PRUint16 *all = SSL_GetImplementedCiphers();
	unsigned kept = 0;

	for (PRUint16 i = 0; i < SSL_GetNumImplementedCiphers(); i++) {
		PRInt32 on = PR_FALSE;
		bool sound = false;

		for (size_t k = 0; k < COUNT(suites); k++)
			sound = sound || suites[k] == all[i];
		if (sound && SSL_CipherPrefGet(fd, all[i], &on) != SECSuccess)
			return SECFailure;
		if (on)
			kept++;
		else if (SSL_CipherPrefSet(fd, all[i], PR_FALSE) != SECSuccess)
			return SECFailure;
	}
	return kept > 0 ? SECSuccess : SECFailure;
}

static SECStatus
set_groups(PRFileDesc *fd, bool datagram)
{
	if (datagram)
		return SSL_NamedGroupConfig(
		    fd, DATAGRAM_GROUPS, N_DATAGRAM_GROUPS);
	/* A share of X25519 too, for peers without the hybrid. */
	if (SSL_NamedGroupConfig(fd, stream_groups, COUNT(stream_groups)) !=
	    SECSuccess)
		return SECFailure;
	return SSL_SendAdditionalKeyShares(fd, 1);
}

/* Records that fit a datagram, in either direction where the peer minds it. */
static SECStatus
set_sizes(PRFileDesc *fd, const struct nss_end *e)
{
	PRInt32 limit = (PRInt32)(e->mtu - RECORD_OVERHEAD);

	if (!e->datagram || limit > (PRInt32)RECORD_LIMIT_MAX)
		return SECSuccess;
	return SSL_OptionSet(fd, SSL_RECORD_SIZE_LIMIT, limit);
}

/* What every connection has, whoever made its socket. */
static int
set_common(
    PRFileDesc *fd, enum seal_role role, bool datagram, struct seal_diag *d)
{
	static const SSLVersionRange only13 = { SSL_LIBRARY_VERSION_TLS_1_3,
		SSL_LIBRARY_VERSION_TLS_1_3 };
	bool server = role == SEAL_SERVER;

	for (size_t i = 0; i < COUNT(options); i++) {
		if (SSL_OptionSet(fd, options[i].option, options[i].value) !=
		    SECSuccess)
			return nss_fail(d, SEAL_E_TLS, "option");
	}
	if (SSL_OptionSet(fd, SSL_HANDSHAKE_AS_SERVER, server) != SECSuccess ||
	    SSL_OptionSet(fd, SSL_HANDSHAKE_AS_CLIENT, !server) != SECSuccess ||
	    SSL_VersionRangeSet(fd, &only13) != SECSuccess)
		return nss_fail(d, SEAL_E_TLS, "version 1.3");
	if (set_groups(fd, datagram) != SECSuccess)
		return nss_fail(d, SEAL_E_TLS, "key exchange groups");
	if (SSL_SignatureSchemePrefSet(fd, schemes, COUNT(schemes)) !=
	    SECSuccess)
		return nss_fail(d, SEAL_E_TLS, "signature schemes");
	return 0;
}

static int
set_alpn(PRFileDesc *fd, struct seal_diag *d)
{
	if (SSL_SetNextProtoNego(fd, (const unsigned char *)STACK_ALPN_WIRE,
		sizeof(STACK_ALPN_WIRE) - 1) != SECSuccess)
		return nss_fail(d, SEAL_E_TLS, "ALPN");
	return 0;
}

static int
set_model(PRFileDesc *fd, const struct nss_end_conf *conf, struct nss_end *e,
    struct seal_diag *d)
{
	int r;

	if ((r = set_common(fd, e->role, e->datagram, d)) != 0 ||
	    (r = set_alpn(fd, d)) != 0)
		return r;
	if (set_suites(fd, conf->suite) != SECSuccess)
		return nss_fail(d, SEAL_E_TLS, "cipher suites");
	if (set_sizes(fd, e) != SECSuccess)
		return nss_fail(d, SEAL_E_TLS, "record size");
	return 0;
}

int
nss_configure_socket(struct PRFileDesc *fd, enum seal_role role, bool keep_alpn,
    struct seal_diag *d)
{
	int r;

	if ((r = set_common(fd, role, false, d)) != 0 ||
	    (!keep_alpn && (r = set_alpn(fd, d)) != 0))
		return r;
	if (keep_suites(fd) != SECSuccess)
		return seal_fail(d, SEAL_E_CONFIG,
		    "nss: expected a cipher suite of TLS 1.3 among those that "
		    "are enabled");
	/* It could let in whom on_certificate() refuses. */
	if (SSL_BadCertHook(fd, NULL, NULL) != SECSuccess)
		return nss_fail(d, SEAL_E_TLS, "certificate hook");
	return 0;
}

/* ---- Credentials ---- */

/* The connection's name in certificates is of no use here: SSL_SetURL() is
 * given it for SNI alone. */
static SECStatus
client_credentials(void *arg, PRFileDesc *fd, CERTDistNames *names,
    CERTCertificate **ret_cert, SECKEYPrivateKey **ret_key)
{
	const struct nss_end *e = arg;

	(void)fd, (void)names;
	if (e->own.n_certs == 0)
		return SECFailure;
	*ret_cert = CERT_DupCertificate(e->own.certs[0]);
	*ret_key = SECKEY_CopyPrivateKey(e->own.key);
	return SECSuccess;
}

static int
set_credentials(PRFileDesc *fd, const struct nss_end_conf *conf,
    struct nss_end *e, struct seal_diag *d)
{
	size_t max = e->datagram ? NSS_DTLS_MESSAGE_MAX : SIZE_MAX;
	int r;

	if (SSL_GetClientAuthDataHook(fd, client_credentials, e) != SECSuccess)
		return nss_fail(d, SEAL_E_TLS, "client credentials");
	if (conf->cert_file == NULL)
		return 0;
	if ((r = nss_credentials_load(
		 conf->cert_file, conf->key_file, max, &e->own, d)) != 0)
		return r;
	return e->role == SEAL_SERVER ? nss_credentials_serve(fd, &e->own, d)
				      : 0;
}

int
nss_configure(
    const struct nss_end_conf *conf, struct nss_end *e, struct seal_diag *d)
{
	PRFileDesc *bottom = nss_layer_new(NULL);
	int r;

	if (bottom == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "nss");
	e->model = e->datagram ? DTLS_ImportFD(NULL, bottom)
			       : SSL_ImportFD(NULL, bottom);
	if (e->model == NULL) {
		r = nss_fail(d, SEAL_E_TLS, "socket");
		PR_Close(bottom);
		return r;
	}
	if ((r = set_model(e->model, conf, e, d)) != 0)
		return r;
	return set_credentials(e->model, conf, e, d);
}
