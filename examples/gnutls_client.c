/* SPDX-License-Identifier: Apache-2.0 */
/* A GnuTLS client that became attested; what was added is marked (*).
 * ./gnutls-client PORT NAME CONFIG */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include <gnutls/gnutls.h>
#include <sealtls/gnutls.h> /* (*) */

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

int
main(int argc, char **argv)
{
	static const char line[] = "hello, attested world\n";
	struct seal_ctx *seal = seal_ctx_new(); /* (*) */
	struct seal_diag d = { 0 };
	struct seal_conn *c; /* (*) */
	gnutls_certificate_credentials_t cred;
	gnutls_session_t tls;
	char buf[256];
	long n;
	int fd;

	if (argc != 4 || (fd = connect_to(atoi(argv[1]))) == -1 ||
	    gnutls_certificate_allocate_credentials(&cred) != 0 ||
	    gnutls_init(&tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK) != 0)
		return fprintf(stderr, "cannot start\n"), 1;
	gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, cred);
	gnutls_transport_set_int(tls, fd);
	if (seal_ctx_load_file(seal, argv[3], &d) != 0 || /* (*) */
	    seal_gnutls_prepare(seal, tls, SEAL_CLIENT, NULL, &d) !=
		0 || /* (*) */
	    !(c = seal_conn_gnutls(
		  seal, tls, SEAL_CLIENT, argv[2], &d))) /* (*) */
		return fprintf(stderr, "cannot start: %s\n", d.text), 1;
	if (seal_conn_establish(c, fd) != 0 || /* (*) */
	    seal_write_wait(c, fd, line, sizeof(line) - 1) == -1 ||
	    (n = seal_read_wait(c, fd, buf, sizeof(buf))) <= 0)
		return fprintf(
			   stderr, "refused: %s\n", seal_conn_diag(c)->text),
		       2;
	printf("%.*s", (int)n, buf);
	seal_conn_close_wait(c, fd);
	return 0;
}
