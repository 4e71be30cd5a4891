/* SPDX-License-Identifier: Apache-2.0 */
/* An OpenSSL echo server that became attested; what was added is marked (*).
 * ./echo-server PORT CERT KEY CONFIG */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/ssl.h>
#include <sealtls/openssl.h> /* (*) */

static int
listen_on(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (s == -1 || bind(s, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(s, 16) != 0)
		return -1;
	return s;
}

static void
echo(struct seal_ctx *seal, SSL *ssl, int fd)
{
	struct seal_diag d = { 0 };
	struct seal_conn *c; /* (*) */
	char buf[4096];
	long n;

	SSL_set_fd(ssl, fd);
	c = seal_conn_openssl(seal, ssl, SEAL_SERVER, NULL, &d); /* (*) */
	if (c == NULL || seal_conn_establish(c, fd) != 0) {      /* (*) */
		fprintf(stderr, "refused: %s\n",
		    c != NULL ? seal_conn_diag(c)->text : d.text);
	} else {
		while ((n = seal_read_wait(c, fd, buf, sizeof(buf))) > 0)
			seal_write_wait(c, fd, buf, (size_t)n);
		seal_conn_close_wait(c, fd);
	}
	seal_conn_free(&c); /* (*) */
}

int
main(int argc, char **argv)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	struct seal_ctx *seal = seal_ctx_new(); /* (*) */
	struct seal_diag d = { 0 };
	int fd, s;

	if (argc != 5 || (s = listen_on(atoi(argv[1]))) == -1 ||
	    SSL_CTX_use_certificate_chain_file(tls, argv[2]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, argv[3], SSL_FILETYPE_PEM) != 1 ||
	    seal_ctx_load_file(seal, argv[4], &d) != 0 ||          /* (*) */
	    seal_openssl_prepare(seal, tls, SEAL_SERVER, &d) != 0) /* (*) */
		return fprintf(stderr, "cannot start: %s\n", d.text), 1;
	while ((fd = accept(s, NULL, NULL)) != -1) {
		SSL *ssl = SSL_new(tls);

		echo(seal, ssl, fd);
		SSL_free(ssl);
		close(fd);
	}
	return 1;
}
