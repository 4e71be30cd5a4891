/* SPDX-License-Identifier: Apache-2.0 */
/* An NSS client that became attested; what was added is marked (*).
 * ./nss-client PORT NAME CONFIG */
#include <stdio.h>
#include <stdlib.h>

#include <nspr.h>
#include <nss.h>
#include <private/pprio.h> /* (*) for poll() on NSPR's socket */
#include <sealtls/nss.h>   /* (*) */
#include <ssl.h>

static PRFileDesc *
connect_to(int port)
{
	PRSocketOptionData option = { .option = PR_SockOpt_Nonblocking,
		.value.non_blocking = PR_TRUE };
	PRFileDesc *tcp = PR_OpenTCPSocket(PR_AF_INET);
	PRNetAddr address;

	if (tcp == NULL ||
	    PR_InitializeNetAddr(PR_IpAddrLoopback, (PRUint16)port, &address) !=
		PR_SUCCESS ||
	    PR_Connect(tcp, &address, PR_INTERVAL_NO_TIMEOUT) != PR_SUCCESS ||
	    PR_SetSocketOption(tcp, &option) != PR_SUCCESS)
		return NULL;
	return tcp;
}

int
main(int argc, char **argv)
{
	static const char line[] = "hello, attested world\n";
	struct seal_ctx *seal = seal_ctx_new(); /* (*) */
	struct seal_diag d = { 0 };
	struct seal_conn *c; /* (*) */
	PRFileDesc *tcp, *tls;
	char buf[256];
	int fd, status = 0;
	long n = 0;

	if (argc != 4 || NSS_NoDB_Init(NULL) != SECSuccess ||
	    (tcp = connect_to(atoi(argv[1]))) == NULL ||
	    (tls = SSL_ImportFD(NULL, tcp)) == NULL)
		return fprintf(stderr, "cannot start\n"), 1;
	fd = (int)PR_FileDesc2NativeHandle(tls);
	if (seal_ctx_load_file(seal, argv[3], &d) != 0 ||              /* (*) */
	    !(c = seal_conn_nss(seal, tls, SEAL_CLIENT, argv[2], &d))) /* (*) */
		return fprintf(stderr, "cannot start: %s\n", d.text), 1;
	if (seal_conn_establish(c, fd) != 0 || /* (*) */
	    seal_write_wait(c, fd, line, sizeof(line) - 1) == -1 ||
	    (n = seal_read_wait(c, fd, buf, sizeof(buf))) <= 0) {
		fprintf(stderr, "refused: %s\n", seal_conn_diag(c)->text);
		status = 2;
	} else {
		printf("%.*s", (int)n, buf);
		seal_conn_close_wait(c, fd);
	}
	seal_conn_free(&c); /* (*) */
	PR_Close(tls);
	seal_ctx_free(&seal); /* (*) */
	return status;
}
