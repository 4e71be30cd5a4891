/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer that stops: connects to PORT on loopback, goes on as far as PHASE,
 * and then neither says anything nor goes away. stall PORT PHASE prints
 * "stalled" once it has stopped, and "ended" when the other side has had
 * enough. Phases: tcp, clienthello, tls, frame, request.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

static int
connect_to(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM, 0);

	return s != -1 && connect(s, (struct sockaddr *)&a, sizeof(a)) == 0
		   ? s
		   : -1;
}

/* Never freed: it lasts as long as the process. */
static SSL *ssl;

static void
client(void)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());

	ssl = SSL_new(c);
	SSL_CTX_free(c);
	SSL_set_alpn_protos(ssl, (const unsigned char *)"\006seal/1", 7);
	SSL_set_connect_state(ssl);
}

static int
half_a_client_hello(int fd)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *p;
	long n;

	client();
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
	SSL_do_handshake(ssl);
	n = BIO_get_mem_data(out, &p);
	return n > 2 && write(fd, p, (size_t)n / 2) == n / 2;
}

/* HELLO: version 1, attests with `soft`, accepts and requires nothing. */
static int
hello(size_t cut)
{
	static const char scheme[] =
	    "application/eat+cwt; eat_profile=\"tag:sealtls,2026:soft\"";
	unsigned char f[128] = { 1, 0, 0, 0, 0xa4, 1, 1, 2, 0x81, 0x82, 0, 0x78,
		sizeof(scheme) - 1 };
	size_t n = 13;

	memcpy(f + n, scheme, sizeof(scheme) - 1);
	n += sizeof(scheme) - 1;
	memcpy(f + n, "\x03\x80\x04\xf4", 4);
	n += 4;
	f[3] = (unsigned char)(n - 4);
	return SSL_write(ssl, f, (int)(n - cut)) > 0;
}

static int
reach(int fd, const char *phase)
{
	if (strcmp(phase, "tcp") == 0)
		return 1;
	if (strcmp(phase, "clienthello") == 0)
		return half_a_client_hello(fd);
	client();
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		return 0;
	if (strcmp(phase, "tls") == 0)
		return 1;
	if (strcmp(phase, "frame") == 0)
		return hello(10);
	return strcmp(phase, "request") == 0 && hello(0);
}

int
main(int argc, char **argv)
{
	char buf[4096];
	int fd;

	if (argc != 3 || (fd = connect_to(atoi(argv[1]))) == -1 ||
	    !reach(fd, argv[2])) {
		fprintf(stderr, "stall: cannot get as far\n");
		return 1;
	}
	puts("stalled");
	fflush(stdout);
	while (read(fd, buf, sizeof(buf)) > 0)
		continue;
	puts("ended");
	return 0;
}
