/* SPDX-License-Identifier: Apache-2.0 */
/* wolfSSL over DTLS 1.3, on a path of datagrams; where it has that. */
#include "test.h"

#include "ends.h"

#include <arpa/inet.h>
#include <stdio.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfio.h>

#include <sealtls/wolfssl.h>

#include "path.h"

static int
end_recv(WOLFSSL *ssl, char *buf, int cap, void *arg)
{
	size_t n = 0;

	(void)ssl;
	return path_receive(arg, buf, (size_t)cap, &n)
		   ? (int)n
		   : WOLFSSL_CBIO_ERR_WANT_READ;
}

static int
end_send(WOLFSSL *ssl, char *buf, int n, void *arg)
{
	struct path *p = arg;

	p->established = wolfSSL_is_init_finished(ssl) &&
			 !wolfSSL_dtls13_has_pending_msg(ssl);
	path_send(p, buf, (size_t)n);
	return n;
}

static WOLFSSL_CTX *
make_ctx(struct side *s, struct world *w, enum seal_role role, const char *cert,
    unsigned hash)
{
	WOLFSSL_CTX *ctx =
	    wolfSSL_CTX_new(role == SEAL_SERVER ? wolfDTLSv1_3_server_method()
						: wolfDTLSv1_3_client_method());
	struct seal_diag d = { 0 };
	char path[128];

	assert_non_null(ctx);
	if (cert != NULL) {
		snprintf(path, sizeof(path), "%s/%s.pem", w->dir, cert);
		assert_int_equal(
		    wolfSSL_CTX_use_certificate_chain_file(ctx, path),
		    WOLFSSL_SUCCESS);
		snprintf(path, sizeof(path), "%s/%s.key", w->dir, cert);
		assert_int_equal(wolfSSL_CTX_use_PrivateKey_file(
				     ctx, path, WOLFSSL_FILETYPE_PEM),
		    WOLFSSL_SUCCESS);
	}
	if (hash != 0)
		assert_int_equal(wolfSSL_CTX_set_cipher_list(ctx,
				     hash == 384 ? "TLS13-AES256-GCM-SHA384"
						 : "TLS13-AES128-GCM-SHA256"),
		    WOLFSSL_SUCCESS);
	wolfSSL_CTX_SetIORecv(ctx, end_recv);
	wolfSSL_CTX_SetIOSend(ctx, end_send);
	if (seal_wolfssl_prepare(s->ctx, ctx, role, &d) != 0)
		fail_msg("%s", d.text);
	return ctx;
}

static void
wolfssl_dtls_open(struct side *s, struct world *w, enum seal_role role,
    const char *cert, unsigned hash)
{
	struct sockaddr_in peer = { .sin_family = AF_INET,
		.sin_port = htons(4433),
		.sin_addr.s_addr = htonl(0xc0000201) };
	struct path *p = path_of(role, w);
	struct seal_diag d = { 0 };
	WOLFSSL *ssl;

	s->end[1] = make_ctx(s, w, role, cert, hash);
	s->end[0] = ssl = wolfSSL_new(s->end[1]);
	assert_non_null(ssl);
	wolfSSL_SetIOReadCtx(ssl, p);
	wolfSSL_SetIOWriteCtx(ssl, p);
	wolfSSL_dtls_set_peer(ssl, &peer, sizeof(peer));
	s->conn = seal_conn_wolfssl(s->ctx, ssl, role, "server.example", &d);
	if (s->conn == NULL)
		fail_msg("%s", d.text);
}

static void
wolfssl_dtls_close(struct side *s)
{
	path_close(wolfSSL_GetIOReadCtx(s->end[0]));
	wolfSSL_free(s->end[0]);
	wolfSSL_CTX_free(s->end[1]);
}

const struct end_stack end_wolfssl_dtls = {
	.name = "wolfssl-dtls",
	.open = wolfssl_dtls_open,
	.close = wolfssl_dtls_close,
};
