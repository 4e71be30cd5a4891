/* SPDX-License-Identifier: Apache-2.0 */
/* An OpenSSL client that became attested; what was added is marked (*).
 * ./echo-client PORT NAME CONFIG */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/ssl.h>
#include <sealtls/openssl.h> /* (*) */

static int
connect_to(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		return -1;
	return fd;
}

static int
talk(struct seal_conn *c, int fd)
{
	static const char line[] = "hello, attested world\n";
	char buf[256], *verdict;
	long n;

	verdict = seal_verdict_text(seal_conn_verdict(c)); /* (*) */
	fputs(verdict != NULL ? verdict : "out of memory\n", stdout);
	free(verdict);
	if (seal_write_wait(c, fd, line, sizeof(line) - 1) == -1 ||
	    (n = seal_read_wait(c, fd, buf, sizeof(buf))) <= 0)
		return 1;
	printf("%.*s", (int)n, buf);
	seal_conn_close_wait(c, fd);
	return 0;
}

int
main(int argc, char **argv)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	struct seal_ctx *seal = seal_ctx_new(); /* (*) */
	struct seal_diag d = { 0 };
	struct seal_conn *c; /* (*) */
	SSL *ssl;
	int fd;

	if (argc != 4 || (fd = connect_to(atoi(argv[1]))) == -1 ||
	    seal_ctx_load_file(seal, argv[3], &d) != 0 ||            /* (*) */
	    seal_openssl_prepare(seal, tls, SEAL_CLIENT, &d) != 0 || /* (*) */
	    (ssl = SSL_new(tls)) == NULL)
		return fprintf(stderr, "cannot start: %s\n", d.text), 1;
	SSL_set_fd(ssl, fd);
	c = seal_conn_openssl(seal, ssl, SEAL_CLIENT, argv[2], &d); /* (*) */
	if (c == NULL || seal_conn_establish(c, fd) != 0) {         /* (*) */
		fprintf(stderr, "refused: %s\n",
		    c != NULL ? seal_conn_diag(c)->text : d.text);
		return 2;
	}
	return talk(c, fd);
}
