/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "ends.h"

#include <stdio.h>

#include <gnutls/gnutls.h>
#include <sealtls/gnutls.h>

static void
load_certificate(
    gnutls_certificate_credentials_t cred, struct world *w, const char *who)
{
	char cert[128], key[128];

	snprintf(cert, sizeof(cert), "%s/%s.pem", w->dir, who);
	snprintf(key, sizeof(key), "%s/%s.key", w->dir, who);
	assert_int_equal(gnutls_certificate_set_x509_key_file(
			     cred, cert, key, GNUTLS_X509_FMT_PEM),
	    0);
}

static void
gnutls_open(struct side *s, struct world *w, enum seal_role role,
    const char *cert, unsigned hash)
{
	gnutls_certificate_credentials_t cred;
	gnutls_session_t session;
	struct seal_diag d = { 0 };

	assert_int_equal(gnutls_certificate_allocate_credentials(&cred), 0);
	if (cert != NULL)
		load_certificate(cred, w, cert);
	assert_int_equal(
	    gnutls_init(&session,
		GNUTLS_NONBLOCK |
		    (role == SEAL_SERVER ? GNUTLS_SERVER : GNUTLS_CLIENT)),
	    0);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, cred);
	gnutls_transport_set_int(session, s->fd);
	s->end[0] = session;
	s->end[1] = cred;
	if (seal_gnutls_prepare(s->ctx, session, role,
		hash == 384   ? "-CIPHER-ALL:+AES-256-GCM"
		: hash == 256 ? "-CIPHER-ALL:+AES-128-GCM"
			      : NULL,
		&d) != 0)
		fail_msg("%s", d.text);
	s->conn = seal_conn_gnutls(s->ctx, session, role, "server.example", &d);
	if (s->conn == NULL)
		fail_msg("%s", d.text);
}

static void
gnutls_close(struct side *s)
{
	gnutls_deinit(s->end[0]);
	gnutls_certificate_free_credentials(s->end[1]);
}

const struct end_stack end_gnutls = {
	.name = "gnutls",
	.open = gnutls_open,
	.close = gnutls_close,
};
