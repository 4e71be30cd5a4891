/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "ends.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cert.h>
#include <keyhi.h>
#include <nss.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pk11pub.h>
#include <prerror.h>
#include <private/pprio.h>
#include <ssl.h>
#include <sslproto.h>

#include <sealtls/nss.h>

/* As an application has them: in NSS, before there is a connection. */
struct credentials {
	CERTCertificate *cert;
	SECKEYPrivateKey *key;
};

static FILE *
world_open(struct world *w, const char *who, const char *suffix)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.%s", w->dir, who, suffix);
	f = fopen(path, "r");
	assert_non_null(f);
	return f;
}

static void
load_certificate(struct credentials *c, struct world *w, const char *who)
{
	FILE *f = world_open(w, who, "pem");
	X509 *x = PEM_read_X509(f, NULL, NULL, NULL);
	SECItem item = { siBuffer, NULL, 0 };

	fclose(f);
	item.len = (unsigned)i2d_X509(x, &item.data);
	c->cert = CERT_NewTempCertificate(
	    CERT_GetDefaultCertDB(), &item, NULL, PR_FALSE, PR_TRUE);
	assert_non_null(c->cert);
	OPENSSL_free(item.data);
	X509_free(x);
}

static void
load_key(struct credentials *c, struct world *w, const char *who)
{
	FILE *f = world_open(w, who, "key");
	EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	SECItem item = { siBuffer, NULL, 0 };
	PK11SlotInfo *slot = PK11_GetInternalSlot();

	fclose(f);
	item.len = (unsigned)i2d_PKCS8_PRIV_KEY_INFO(info, &item.data);
	assert_int_equal(
	    PK11_ImportDERPrivateKeyInfoAndReturnKey(slot, &item, NULL, NULL,
		PR_FALSE, PR_TRUE, KU_ALL, &c->key, NULL),
	    SECSuccess);
	PK11_FreeSlot(slot);
	OPENSSL_free(item.data);
	PKCS8_PRIV_KEY_INFO_free(info);
	EVP_PKEY_free(key);
}

static SECStatus
show(void *arg, PRFileDesc *fd, CERTDistNames *names, CERTCertificate **ret,
    SECKEYPrivateKey **ret_key)
{
	struct credentials *c = arg;

	(void)fd, (void)names;
	if (c->cert == NULL)
		return SECFailure;
	*ret = CERT_DupCertificate(c->cert);
	*ret_key = SECKEY_CopyPrivateKey(c->key);
	return SECSuccess;
}

static void
use_credentials(PRFileDesc *fd, struct credentials *c, enum seal_role role)
{
	if (role == SEAL_CLIENT)
		assert_int_equal(
		    SSL_GetClientAuthDataHook(fd, show, c), SECSuccess);
	else if (c->cert != NULL)
		assert_int_equal(
		    SSL_ConfigServerCert(fd, c->cert, c->key, NULL, 0),
		    SECSuccess);
}

/* What applications have that trust anybody; nobody is to ask it. */
static SECStatus
accept_all(void *arg, PRFileDesc *fd)
{
	(void)arg, (void)fd;
	return SECSuccess;
}

/* ---- Wires that make it hard ---- */

PRFileDesc *(*end_nss_below)(PRFileDesc *bottom);
static PRIOMethods choking, dripping;

/* The same numbers each time, whose turn it ever is. */
static unsigned
draw(unsigned below)
{
	static unsigned x = 1;

	x = x * 1103515245u + 12345u;
	return (x >> 16) % below;
}

static PRInt32
blocked(void)
{
	PR_SetError(PR_WOULD_BLOCK_ERROR, 0);
	return -1;
}

static PRInt32
choke_send(PRFileDesc *fd, const void *buf, PRInt32 n, PRIntn flags,
    PRIntervalTime timeout)
{
	PRInt32 put;

	if (draw(3) != 0)
		return blocked();
	put = fd->lower->methods->send(
	    fd->lower, buf, n > 7 ? 7 : n, flags, timeout);
	if (put > 0) /* an error says nothing of what went well */
		PR_SetError(PR_CONNECT_RESET_ERROR, 0);
	return put;
}

static PRInt32
drip_recv(
    PRFileDesc *fd, void *buf, PRInt32 n, PRIntn flags, PRIntervalTime timeout)
{
	PRInt32 most = 1 + (PRInt32)draw(13);

	if (draw(2) == 0)
		return blocked();
	return fd->lower->methods->recv(
	    fd->lower, buf, n < most ? n : most, flags, timeout);
}

static PRFileDesc *
push(PRFileDesc *bottom, const char *name, const PRIOMethods *methods)
{
	PRFileDesc *fd =
	    PR_CreateIOLayerStub(PR_GetUniqueIdentity(name), methods);

	assert_non_null(fd);
	assert_int_equal(
	    PR_PushIOLayer(bottom, PR_TOP_IO_LAYER, fd), PR_SUCCESS);
	return bottom;
}

PRFileDesc *
end_nss_choke(PRFileDesc *bottom)
{
	choking = *PR_GetDefaultIOMethods();
	choking.send = choke_send;
	return push(bottom, "choke", &choking);
}

PRFileDesc *
end_nss_drip(PRFileDesc *bottom)
{
	dripping = *PR_GetDefaultIOMethods();
	dripping.recv = drip_recv;
	return push(bottom, "drip", &dripping);
}

/* ---- An end ---- */

static PRFileDesc *
socket_on(int fd)
{
	PRSocketOptionData data = { .option = PR_SockOpt_Nonblocking,
		.value.non_blocking = PR_TRUE };
	PRFileDesc *bottom = PR_ImportTCPSocket(fd), *top;

	assert_non_null(bottom);
	assert_int_equal(PR_SetSocketOption(bottom, &data), PR_SUCCESS);
	if (end_nss_below != NULL)
		bottom = end_nss_below(bottom);
	top = SSL_ImportFD(NULL, bottom);
	assert_non_null(top);
	SSL_BadCertHook(top, accept_all, NULL);
	return top;
}

static void
one_suite(PRFileDesc *fd, unsigned hash)
{
	static const PRUint16 suites[] = { TLS_AES_128_GCM_SHA256,
		TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 };

	for (size_t i = 0; hash != 0 && i < 3; i++)
		SSL_CipherPrefSet(fd, suites[i], i == (hash == 384));
}

static void
nss_open(struct side *s, struct world *w, enum seal_role role, const char *cert,
    unsigned hash)
{
	struct credentials *c = calloc(1, sizeof(*c));
	struct seal_diag d = { 0 };
	PRFileDesc *fd;

	if (!NSS_IsInitialized())
		assert_int_equal(NSS_NoDB_Init(NULL), SECSuccess);
	/* Its own number: PR_Close() closes it, and the pair closes s->fd. */
	fd = socket_on(dup(s->fd));
	if (cert != NULL) {
		load_certificate(c, w, cert);
		load_key(c, w, cert);
	}
	use_credentials(fd, c, role);
	one_suite(fd, hash);
	s->end[0] = fd;
	s->end[1] = c;
	s->conn = seal_conn_nss(s->ctx, fd, role, "server.example", &d);
	if (s->conn == NULL)
		fail_msg("%s", d.text);
}

static void
nss_close(struct side *s)
{
	struct credentials *c = s->end[1];

	PR_Close(s->end[0]);
	if (c->cert != NULL) {
		CERT_DestroyCertificate(c->cert);
		SECKEY_DestroyPrivateKey(c->key);
	}
	free(c);
}

static void
nss_p384(struct side *s)
{
	const SSLNamedGroup group = ssl_grp_ec_secp384r1;

	assert_int_equal(
	    SSL_NamedGroupConfig(s->end[0], &group, 1), SECSuccess);
}

const struct end_stack end_nss = {
	.name = "nss",
	.open = nss_open,
	.close = nss_close,
	.p384 = nss_p384,
};
