/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "ends.h"

#include <stdio.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <sealtls/wolfssl.h>

static void
load_certificate(WOLFSSL_CTX *ctx, struct world *w, const char *who)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s.pem", w->dir, who);
	assert_int_equal(
	    wolfSSL_CTX_use_certificate_chain_file(ctx, path), WOLFSSL_SUCCESS);
	snprintf(path, sizeof(path), "%s/%s.key", w->dir, who);
	assert_int_equal(
	    wolfSSL_CTX_use_PrivateKey_file(ctx, path, WOLFSSL_FILETYPE_PEM),
	    WOLFSSL_SUCCESS);
}

static void
wolfssl_open(struct side *s, struct world *w, enum seal_role role,
    const char *cert, unsigned hash)
{
	WOLFSSL_CTX *ctx =
	    wolfSSL_CTX_new(role == SEAL_SERVER ? wolfSSLv23_server_method()
						: wolfSSLv23_client_method());
	struct seal_diag d = { 0 };
	WOLFSSL *ssl;

	assert_non_null(ctx);
	if (cert != NULL)
		load_certificate(ctx, w, cert);
	if (hash != 0)
		assert_int_equal(wolfSSL_CTX_set_cipher_list(ctx,
				     hash == 384 ? "TLS13-AES256-GCM-SHA384"
						 : "TLS13-AES128-GCM-SHA256"),
		    WOLFSSL_SUCCESS);
	if (seal_wolfssl_prepare(s->ctx, ctx, role, &d) != 0)
		fail_msg("%s", d.text);
	ssl = wolfSSL_new(ctx);
	assert_non_null(ssl);
	wolfSSL_set_fd(ssl, s->fd);
	s->end[0] = ssl;
	s->end[1] = ctx;
	s->conn = seal_conn_wolfssl(s->ctx, ssl, role, "server.example", &d);
	if (s->conn == NULL)
		fail_msg("%s", d.text);
}

static void
wolfssl_close(struct side *s)
{
	wolfSSL_free(s->end[0]);
	wolfSSL_CTX_free(s->end[1]);
}

const struct end_stack end_wolfssl = {
	.name = "wolfssl",
	.open = wolfssl_open,
	.close = wolfssl_close,
};
