/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that reports over attested DTLS 1.3:
 * dtls-device ADDRESS PORT NAME CONFIG. CONFIG (doc/config.schema.json) says
 * with what it attests, and what the server must prove. Sends one reading, and
 * prints what comes back. Built with -Dremote=disabled -Dverifier=disabled it
 * needs neither libcurl nor a database.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sealtls/tools.h>

static int
socket_to(const char *address, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((unsigned short)atoi(port)) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (inet_pton(AF_INET, address, &a.sin_addr) != 1 || fd == -1 ||
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		return -1;
	return fd;
}

/* A reading may be lost, and so may its answer: a device says it again. */
static int
report(struct seal_conn *c, int fd)
{
	static const char reading[] = "temperature 21.5";
	char answer[1500];
	long n;

	if (seal_write_wait(c, fd, reading, sizeof(reading) - 1) < 0 ||
	    (n = seal_read_wait(c, fd, answer, sizeof(answer))) < 0)
		return 1;
	printf("%.*s\n", (int)n, answer);
	return 0;
}

static int
talk(struct seal_endpoint *e, int fd, struct seal_diag *d)
{
	struct seal_conn *c = seal_endpoint_conn(e, fd, d);
	int status = 1;

	if (c == NULL) {
		close(fd);
		return 1;
	}
	if (seal_conn_establish(c, fd) == 0)
		status = report(c, fd);
	if (status != 0)
		*d = *seal_conn_diag(c);
	seal_conn_close_wait(c, fd);
	seal_endpoint_release(e, &c);
	return status;
}

int
main(int argc, char **argv)
{
	struct seal_tls_args tls = { .role = SEAL_CLIENT, .udp = 1 };
	struct seal_ctx *ctx = seal_ctx_new();
	struct seal_endpoint *e = NULL;
	struct seal_diag d = { 0 };
	int status = 1, fd;

	if (argc != 5 || (fd = socket_to(argv[1], argv[2])) == -1) {
		fprintf(stderr, "dtls-device ADDRESS PORT NAME CONFIG\n");
		return 1;
	}
	tls.peer_name = argv[3];
	if (ctx == NULL || seal_ctx_load_file(ctx, argv[4], &d) != 0 ||
	    seal_endpoint_new(ctx, &tls, &e, &d) != 0)
		close(fd);
	else
		status = talk(e, fd, &d);
	if (status != 0)
		fprintf(stderr, "%s\n%s\n", d.text, d.remedy);
	if (e != NULL)
		seal_endpoint_free(&e);
	seal_ctx_free(&ctx);
	return status;
}
