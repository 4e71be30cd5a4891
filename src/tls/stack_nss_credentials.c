/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates of NSS, which live in memory alone. */
#include <cert.h>
#include <keyhi.h>
#include <pk11pub.h>
#include <prerror.h>
#include <ssl.h>
#include <stdlib.h>

#include "crypto/pem.h"
#include "crypto/sig.h"
#include "crypto/x509.h"
#include "tls/stack_nss_parts.h"

static SECItem
item_of(struct span s)
{
	return (SECItem){ siBuffer, (unsigned char *)(uintptr_t)s.p,
		(unsigned)s.n };
}

/* ---- Certificates ---- */

static int
take_chain(const char *what, const struct span *der, size_t n,
    struct nss_credentials *c, struct seal_diag *d)
{
	for (; c->n_certs < n; c->n_certs++) {
		SECItem item = item_of(der[c->n_certs]);

		c->certs[c->n_certs] = CERT_NewTempCertificate(
		    CERT_GetDefaultCertDB(), &item, NULL, PR_FALSE, PR_TRUE);
		if (c->certs[c->n_certs] == NULL)
			return nss_fail(d, SEAL_E_CONFIG, what);
	}
	return 0;
}

static int
check_size(const char *path, const struct span *der, size_t n, size_t max,
    struct seal_diag *d)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += der[i].n;
	if (total <= max)
		return 0;
	seal_fail(d, SEAL_E_LIMIT,
	    "certificate file '%s': expected at most %zu bytes of DER for DTLS, "
	    "found %zu",
	    path, max, total);
	seal_remedy(d, "leave the root, and what nobody needs, out");
	return SEAL_E_LIMIT;
}

static int
load_chain(const char *path, size_t max, struct nss_credentials *c,
    struct seal_diag *d)
{
	struct span der[LIMIT_CHAIN];
	uint8_t *buf = NULL;
	size_t n = 0;
	int r;

	if ((r = chain_load(path, der, &n, &buf, d)) != 0)
		return r;
	if ((r = check_size(path, der, n, max, d)) == 0)
		r = take_chain(path, der, n, c, d);
	free(buf);
	return r;
}

/* ---- Keys ---- */

static int
import_key(struct span der, struct nss_credentials *c, struct seal_diag *d)
{
	SECItem item = item_of(der);
	PK11SlotInfo *slot = PK11_GetInternalSlot();
	SECStatus r;

	/* Not the key slot, which asks for a database. */
	r = PK11_ImportDERPrivateKeyInfoAndReturnKey(
	    slot, &item, NULL, NULL, PR_FALSE, PR_TRUE, KU_ALL, &c->key, NULL);
	PK11_FreeSlot(slot);
	return r == SECSuccess ? 0 : nss_fail(d, SEAL_E_CONFIG, "private key");
}

/* NSS would find out in the middle of a handshake, and blame the peer. */
static int
check_pair(const char *what, const struct privkey *key,
    const struct nss_credentials *c, struct seal_diag *d)
{
	const SECItem *leaf = &c->certs[0]->derCert;
	struct span want = { 0 };
	struct wr spki;
	int r;

	if (!cert_spki_read(span_of(leaf->data, leaf->len), &want))
		return seal_fail(d, SEAL_E_DECODE,
		    "key '%s': its certificate is not well-formed", what);
	wr_init_heap(&spki, LIMIT_SPKI);
	if ((r = privkey_spki(key, &spki, d)) == 0 &&
	    !span_equal(wr_view(&spki), want))
		r = seal_fail(d, SEAL_E_CONFIG,
		    "key '%s': expected that of the certificate, found another",
		    what);
	wr_free(&spki);
	return r;
}

static int
take_key(const char *what, const struct privkey *key, struct nss_credentials *c,
    struct seal_diag *d)
{
	struct span der = { 0 };
	int r;

	if ((r = check_pair(what, key, c, d)) != 0 ||
	    (r = privkey_pkcs8(key, &der, d)) != 0)
		return r;
	return import_key(der, c, d);
}

/* ---- Both ---- */

int
nss_credentials_load(const char *cert_file, const char *key_file, size_t max,
    struct nss_credentials *c, struct seal_diag *d)
{
	struct privkey *key = NULL;
	int r;

	/* Through libcrypto, which knows every form that a key file may have.
	 */
	if ((r = load_chain(cert_file, max, c, d)) == 0 &&
	    (r = privkey_load(key_file, &key, d)) == 0)
		r = take_key(key_file, key, c, d);
	privkey_free(&key);
	return r;
}

int
nss_credentials_take(const struct span *chain, size_t n,
    const struct privkey *key, struct nss_credentials *c, struct seal_diag *d)
{
	int r = take_chain("attester's certificate", chain, n, c, d);

	return r != 0 ? r : take_key("attester's", key, c, d);
}

/* The chain as it was given, rather than what NSS would look for. */
int
nss_credentials_serve(
    struct PRFileDesc *fd, const struct nss_credentials *c, struct seal_diag *d)
{
	SSLExtraServerCertData extra = { .authType = ssl_auth_null };
	SECItem items[LIMIT_CHAIN];
	CERTCertificateList list = { items, (int)c->n_certs, NULL };

	for (size_t i = 0; i < c->n_certs; i++)
		items[i] = c->certs[i]->derCert;
	extra.certChain = &list;
	if (SSL_ConfigServerCert(
		fd, c->certs[0], c->key, &extra, sizeof(extra)) == SECSuccess)
		return 0;
	nss_fail(d, SEAL_E_CONFIG, "certificate and key");
	seal_remedy(d, "are they a pair, of ECDSA or RSA?");
	return SEAL_E_CONFIG;
}

void
nss_credentials_free(struct nss_credentials *c)
{
	for (size_t i = 0; i < c->n_certs; i++)
		CERT_DestroyCertificate(c->certs[i]);
	if (c->key != NULL)
		SECKEY_DestroyPrivateKey(c->key);
	*c = (struct nss_credentials){ 0 };
}
