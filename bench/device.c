/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client as a device would be, for bench/size: it connects to a port of this
 * machine, attests, sends a line, gets it back and ends. Linked statically, so
 * that its size is what a device would carry.
 * bench-device PORT CONFIG NAME
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include <sealtls/tools.h>

static int
connect_to(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd != -1 && connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		return -1;
	return fd;
}

static int
talk(struct seal_endpoint *e, int fd)
{
	struct seal_diag d = { 0 };
	struct seal_conn *c = seal_endpoint_conn(e, fd, &d);
	char buf[64];
	int r = 1;

	if (c == NULL)
		return fprintf(stderr, "%s\n", d.text), 1;
	if (seal_conn_establish(c, fd) != 0)
		fprintf(stderr, "%s\n", seal_conn_diag(c)->text);
	else if (seal_write_wait(c, fd, "hello\n", 6) == 6 &&
		 seal_read_wait(c, fd, buf, sizeof(buf)) == 6)
		r = 0;
	if (r == 0)
		seal_conn_close_wait(c, fd);
	seal_endpoint_release(e, &c);
	return r;
}

int
main(int argc, char **argv)
{
	struct seal_tls_args args = { .role = SEAL_CLIENT };
	struct seal_ctx *ctx = seal_ctx_new();
	struct seal_endpoint *e = NULL;
	struct seal_diag d = { 0 };
	int fd = -1, r = 1;

	if (argc == 4) {
		args.peer_name = argv[3];
		fd = connect_to(atoi(argv[1]));
	}
	if (fd != -1 && seal_ctx_load_file(ctx, argv[2], &d) == 0 &&
	    seal_endpoint_new(ctx, &args, &e, &d) == 0)
		r = talk(e, fd);
	else
		fprintf(stderr, "cannot start: %s\n", d.text);
	seal_endpoint_free(&e);
	seal_ctx_free(&ctx);
	return r;
}
