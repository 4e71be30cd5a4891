/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What attestation in the handshake costs a server over NSS: CPU of it and of
 * its client, which is OpenSSL's, over a socket pair in one process. As in
 * handshake.c the yardstick is the same handshake without Evidence, in the same
 * round, with one signature made and verified. nss DIR [ROUNDS]; DIR is made by
 * bench/run.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cert.h>
#include <keyhi.h>
#include <nss.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pk11pub.h>
#include <prnetdb.h>
#include <private/pprio.h>
#include <ssl.h>
#include <sslproto.h>

#include <sealtls/conn.h>
#include <sealtls/nss.h>
#include <sealtls/openssl.h>

#include "figures.h"
#include "signature.h"

#define PER_ROUND 8 /* connections of each kind in a round */
#define PATH 512
#define NAME "bench.example"

static const char *dir;
static SSL_CTX *client_ctx[2]; /* plain, attested */
static struct seal_ctx *client_seal, *server_seal;
static CERTCertificate *cert;
static SECKEYPrivateKey *key;

static void
die(const char *what, const struct seal_diag *d)
{
	fprintf(stderr, "bench-nss: %s: %s\n", what, d != NULL ? d->text : "");
	exit(1);
}

static FILE *
open_file(const char *name)
{
	char path[PATH];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "r")) == NULL)
		die(path, NULL);
	return f;
}

/* ---- What both kinds of connection have ---- */

static void
load_certificate(void)
{
	FILE *f = open_file("server.pem");
	X509 *x = PEM_read_X509(f, NULL, NULL, NULL);
	SECItem item = { siBuffer, NULL, 0 };

	fclose(f);
	item.len = (unsigned)i2d_X509(x, &item.data);
	cert = CERT_NewTempCertificate(
	    CERT_GetDefaultCertDB(), &item, NULL, PR_FALSE, PR_TRUE);
	OPENSSL_free(item.data);
	X509_free(x);
	if (cert == NULL)
		die("server.pem", NULL);
}

static void
load_key(void)
{
	FILE *f = open_file("server.key");
	EVP_PKEY *pkey = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
	SECItem item = { siBuffer, NULL, 0 };
	PK11SlotInfo *slot = PK11_GetInternalSlot();

	fclose(f);
	item.len = (unsigned)i2d_PKCS8_PRIV_KEY_INFO(info, &item.data);
	if (PK11_ImportDERPrivateKeyInfoAndReturnKey(slot, &item, NULL, NULL,
		PR_FALSE, PR_TRUE, KU_ALL, &key, NULL) != SECSuccess)
		die("server.key", NULL);
	PK11_FreeSlot(slot);
	OPENSSL_free(item.data);
	PKCS8_PRIV_KEY_INFO_free(info);
	EVP_PKEY_free(pkey);
}

static SSL_CTX *
client_new(void)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());
	char path[PATH];

	snprintf(path, sizeof(path), "%s/ca.pem", dir);
	if (SSL_CTX_load_verify_locations(c, path, NULL) != 1)
		die("ca.pem", NULL);
	SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set1_groups_list(c, "X25519");
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	return c;
}

static struct seal_ctx *
seal_new(const char *name)
{
	struct seal_ctx *c = seal_ctx_new();
	struct seal_diag d = { 0 };
	char path[PATH];

	snprintf(path, sizeof(path), "%s/%s.json", dir, name);
	if (seal_ctx_load_file(c, path, &d) != 0)
		die(name, &d);
	return c;
}

static void
prepare(void)
{
	struct seal_diag d = { 0 };

	if (NSS_NoDB_Init(NULL) != SECSuccess)
		die("NSS", NULL);
	load_certificate();
	load_key();
	client_ctx[false] = client_new();
	client_ctx[true] = client_new();
	client_seal = seal_new("c-intra");
	server_seal = seal_new("s-nss");
	if (seal_openssl_prepare(
		client_seal, client_ctx[true], SEAL_CLIENT, &d) != 0)
		die("c-intra", &d);
}

/* ---- One connection ---- */

struct pair {
	int fds[2];
	SSL *client;
	PRFileDesc *server;
	struct seal_conn *c, *s; /* NULL: plain */
};

static SECStatus
accept_any(void *arg, PRFileDesc *fd)
{
	(void)arg, (void)fd;
	return SECSuccess;
}

/* NSS asks for one, and NSPR has none for a socket pair. */
static PRStatus
peer_name(PRFileDesc *fd, PRNetAddr *ret)
{
	(void)fd;
	return PR_InitializeNetAddr(PR_IpAddrLoopback, 1, ret);
}

static PRFileDesc *
socket_of(int fd)
{
	static PRIOMethods methods;
	static PRDescIdentity id;
	PRFileDesc *bottom = PR_ImportTCPSocket(fd), *named;

	if (methods.getpeername != peer_name) {
		methods = *PR_GetDefaultIOMethods();
		methods.getpeername = peer_name;
		id = PR_GetUniqueIdentity("named");
	}
	named = PR_CreateIOLayerStub(id, &methods);
	if (bottom == NULL || named == NULL ||
	    PR_PushIOLayer(bottom, PR_TOP_IO_LAYER, named) != PR_SUCCESS)
		die("NSPR socket", NULL);
	return bottom;
}

static PRFileDesc *
server_on(int fd)
{
	const SSLNamedGroup group = ssl_grp_ec_curve25519;
	PRFileDesc *top = SSL_ImportFD(NULL, socket_of(fd));
	PRSocketOptionData data = { .option = PR_SockOpt_Nonblocking,
		.value.non_blocking = PR_TRUE };
	SSLVersionRange tls13 = { SSL_LIBRARY_VERSION_TLS_1_3,
		SSL_LIBRARY_VERSION_TLS_1_3 };

	if (top == NULL || PR_SetSocketOption(top, &data) != PR_SUCCESS ||
	    SSL_VersionRangeSet(top, &tls13) != SECSuccess ||
	    SSL_NamedGroupConfig(top, &group, 1) != SECSuccess ||
	    SSL_OptionSet(top, SSL_NO_CACHE, PR_TRUE) != SECSuccess ||
	    SSL_OptionSet(top, SSL_ENABLE_SESSION_TICKETS, PR_FALSE) !=
		SECSuccess)
		die("NSS socket", NULL);
	SSL_BadCertHook(top, accept_any, NULL);
	return top;
}

static void
open_plain(struct pair *p)
{
	SSL_set_connect_state(p->client);
	SSL_set1_host(p->client, NAME);
	SSL_set_tlsext_host_name(p->client, NAME);
	if (SSL_ConfigServerCert(p->server, cert, key, NULL, 0) != SECSuccess ||
	    SSL_OptionSet(p->server, SSL_HANDSHAKE_AS_SERVER, PR_TRUE) !=
		SECSuccess ||
	    SSL_ResetHandshake(p->server, PR_TRUE) != SECSuccess)
		die("NSS server", NULL);
}

static void
open_attested(struct pair *p)
{
	struct seal_diag d = { 0 };

	p->c = seal_conn_openssl(client_seal, p->client, SEAL_CLIENT, NAME, &d);
	p->s = seal_conn_nss(server_seal, p->server, SEAL_SERVER, NULL, &d);
	if (p->c == NULL || p->s == NULL)
		die("attested", &d);
}

static bool
step(struct seal_conn *c)
{
	enum seal_step s = seal_conn_step(c);

	if (s == SEAL_ERROR)
		die("attested", seal_conn_diag(c));
	if (s == SEAL_WANT_JOB) {
		struct seal_job *j = seal_conn_job(c);

		seal_job_run(j);
		seal_conn_job_done(c, &j);
	}
	return s == SEAL_READY;
}

static void
establish(struct pair *p)
{
	bool c = false, s = false;

	for (int i = 0; !(c && s); i++) {
		if (i > 1000)
			die("handshake", NULL);
		if (p->c != NULL) {
			c = step(p->c);
			s = step(p->s);
		} else {
			c = SSL_do_handshake(p->client) == 1;
			s = SSL_ForceHandshake(p->server) == SECSuccess;
		}
	}
}

static void
connect_once(bool attested)
{
	struct pair p = { 0 };

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, p.fds) != 0 ||
	    fcntl(p.fds[0], F_SETFL, O_NONBLOCK) != 0)
		die("socketpair", NULL);
	p.client = SSL_new(client_ctx[attested]);
	SSL_set_fd(p.client, p.fds[0]);
	p.server = server_on(p.fds[1]);
	(attested ? open_attested : open_plain)(&p);
	establish(&p);
	seal_conn_free(&p.c);
	seal_conn_free(&p.s);
	SSL_free(p.client);
	close(p.fds[0]);
	PR_Close(p.server); /* and p.fds[1] */
}

/* ---- Figures ---- */

static double
round_us(bool attested)
{
	double start = cpu_us();

	for (int i = 0; i < PER_ROUND; i++)
		connect_once(attested);
	return (cpu_us() - start) / PER_ROUND;
}

static double
signature_us(void)
{
	double start, sum = 0;

	for (int i = 0; i < PER_ROUND; i++) {
		connect_once(false);
		start = cpu_us();
		if (!sign_and_verify())
			die("signature", NULL);
		sum += cpu_us() - start;
	}
	return sum / PER_ROUND;
}

int
main(int argc, char **argv)
{
	size_t rounds = argc > 2 ? (size_t)atoi(argv[2]) : 60;
	double *ratio = calloc(rounds, sizeof(*ratio)), plain = 0, attested = 0;

	if (argc < 2 || rounds == 0 || ratio == NULL)
		return fprintf(stderr, "nss DIR [ROUNDS]\n"), 1;
	dir = argv[1];
	prepare();
	round_us(false);
	round_us(true);
	for (size_t r = 0; r < rounds; r++) {
		double p = round_us(false), a = round_us(true);

		ratio[r] = a / (p + signature_us());
		plain += p / (double)rounds;
		attested += a / (double)rounds;
	}
	sort_figures(ratio, rounds);
	printf("server over NSS, client over OpenSSL: plain %.0f us, attested "
	       "in the handshake %.0f us\n%.3fx  (%.3f-%.3f)  of plain and 1 "
	       "signature made and verified\n",
	    plain, attested, ratio[rounds / 2], ratio[rounds / 4],
	    ratio[rounds * 3 / 4]);
	free(ratio);
	return 0;
}
