/* SPDX-License-Identifier: Apache-2.0 */
#include "service/client.h"

#include <stdio.h>
#include <string.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/text.h"

#define NAME_SIZE 256 /* bytes of one name of a certificate, with its NUL */
#define NAMES_MAX 32u /* of one certificate that are looked at */

static bool
verified(gnutls_session_t session)
{
	gnutls_typed_vdata_st use = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT };
	unsigned status = ~0u;

	return gnutls_certificate_verify_peers(session, &use, 1, &status) ==
		   0 &&
	       status == 0;
}

/* Whole, to the byte: no wildcards, no NUL inside, no parts of names. */
static bool
listed(const struct conf_list *l, const char *name, size_t n)
{
	for (size_t i = 0; i < l->n; i++)
		if (strlen(l->v[i]) == n && memcmp(l->v[i], name, n) == 0)
			return true;
	return false;
}

/*
 * A subject alternative name that is listed; where there is none of these at
 * all, the common name (RFC 6125 s6.4.4).
 */
static bool
by_name(
    gnutls_x509_crt_t crt, const struct conf_list *l, char *shown, size_t cap)
{
	char name[NAME_SIZE];
	unsigned i;
	size_t n;

	for (i = 0; i < NAMES_MAX; i++) {
		int type;

		n = sizeof(name);
		type = gnutls_x509_crt_get_subject_alt_name(
		    crt, i, name, &n, NULL);

		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if ((type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_URI ||
			type == GNUTLS_SAN_RFC822NAME) &&
		    listed(l, name, n)) {
			text_safe(span_of(name, n), shown, cap);
			return true;
		}
	}
	if (i > 0)
		return false;
	n = sizeof(name);
	if (gnutls_x509_crt_get_dn_by_oid(
		crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &n) != 0 ||
	    !listed(l, name, n))
		return false;
	text_safe(span_of(name, n), shown, cap);
	return true;
}

static bool
by_pin(
    gnutls_x509_crt_t crt, const struct conf_list *l, char *shown, size_t cap)
{
	unsigned char id[32];
	size_t n = sizeof(id);
	char hex[65];
	struct wr w;

	if (gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, id, &n) !=
		0 ||
	    n != sizeof(id))
		return false;
	wr_init(&w, hex, sizeof(hex));
	wr_hex(&w, span_of(id, n));
	wr_u8(&w, 0);
	if (!listed(l, hex, strlen(hex)))
		return false;
	snprintf(shown, cap, "key %.16s", hex);
	return true;
}

bool
client_allowed(
    void *tls_session, const struct service_conf *conf, char *name, size_t cap)
{
	gnutls_session_t session = tls_session;
	const gnutls_datum_t *chain;
	gnutls_x509_crt_t crt;
	unsigned n = 0;
	bool ok;

	chain = gnutls_certificate_get_peers(session, &n);
	if (chain == NULL || n == 0 || !verified(session) ||
	    gnutls_x509_crt_init(&crt) != 0)
		return false;
	ok = gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER) == 0 &&
	     (by_name(crt, &conf->client_names, name, cap) ||
		 by_pin(crt, &conf->client_pins, name, cap));
	gnutls_x509_crt_deinit(crt);
	return ok;
}
