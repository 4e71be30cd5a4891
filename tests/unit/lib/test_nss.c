/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of NSS's that an application hands over. */
#include "test.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nss.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <pk11pub.h>
#include <prerror.h>
#include <private/pprio.h>
#include <ssl.h>
#include <sslexp.h>
#include <sslproto.h>

#include <sealtls/nss.h>

#include "ends.h"
#include "evidence/driver.h"
#include "lib/conn.h"
#include "lib/ctx.h"

#define SOFT(key)                                                      \
	"\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"" key \
	"\",\"measurements\":\"app=00ff\"}}]"

static struct seal_ctx *
any_ctx(struct world *w)
{
	world_policy(
	    w, "any", w->server_pin, "00ff", "{\"mode\":\"none\"}", "");
	return world_ctx(w, "{\"policy\":\"any\"}");
}

/* ---- Who the peer is on the network ---- */

static int
accepted_by_tcp(int *ret_client)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int listening = socket(AF_INET, SOCK_STREAM, 0), fd;

	*ret_client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&a, &n), 0);
	assert_int_equal(connect(*ret_client, (struct sockaddr *)&a, n), 0);
	fd = accept(listening, NULL, NULL);
	assert_true(fd >= 0);
	close(listening);
	return fd;
}

static PRFileDesc *sound(PRFileDesc *bottom);

/* Of a socket that has no address nothing is known. */
static void
source(void **state)
{
	const struct sockaddr_in loopback = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct waits_source want = waits_source_of(&loopback, sizeof(loopback));

	NSS_NoDB_Init(NULL);
	for (int tcp = 0; tcp < 2; tcp++) {
		struct seal_ctx *ctx = any_ctx(*state);
		struct seal_diag d = { 0 };
		struct seal_conn *c;
		PRFileDesc *fd;
		int fds[2];

		if (tcp)
			fds[0] = accepted_by_tcp(&fds[1]);
		else
			assert_int_equal(
			    socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		fd = sound(PR_ImportTCPSocket(fds[0]));
		c = seal_conn_nss(ctx, fd, SEAL_SERVER, NULL, &d);
		if (c == NULL)
			fail_msg("%s", d.text);
		assert_int_equal(c->source.known, tcp);
		if (tcp)
			assert_memory_equal(
			    c->source.bytes, want.bytes, sizeof(want.bytes));
		seal_conn_free(&c);
		PR_Close(fd);
		close(fds[1]);
		seal_ctx_free(&ctx);
	}
}

/* ---- What is no socket for an attested connection ---- */

static PRFileDesc *
stream(PRFileDesc *bottom, bool blocks)
{
	PRSocketOptionData data = { .option = PR_SockOpt_Nonblocking,
		.value.non_blocking = !blocks };

	PR_SetSocketOption(bottom, &data);
	return SSL_ImportFD(NULL, bottom);
}

static PRFileDesc *
sound(PRFileDesc *bottom)
{
	return stream(bottom, false);
}

static PRFileDesc *
bare(PRFileDesc *bottom)
{
	return bottom;
}

static PRFileDesc *
blocking(PRFileDesc *bottom)
{
	return stream(bottom, true);
}

static PRFileDesc *
datagrams(PRFileDesc *bottom)
{
	return DTLS_ImportFD(NULL, bottom);
}

static PRFileDesc *
without_suites(PRFileDesc *bottom)
{
	PRFileDesc *fd = sound(bottom);

	SSL_CipherPrefSet(fd, TLS_AES_128_GCM_SHA256, PR_FALSE);
	SSL_CipherPrefSet(fd, TLS_AES_256_GCM_SHA384, PR_FALSE);
	SSL_CipherPrefSet(fd, TLS_CHACHA20_POLY1305_SHA256, PR_FALSE);
	return fd;
}

static const struct {
	const char *name;
	PRFileDesc *(*make)(PRFileDesc *bottom);
	int want;
	const char *says;
} sockets[] = {
	{ "a sound one", sound, 0, "" },
	{ "without NSS on it", bare, SEAL_E_CONFIG, "SSL_ImportFD" },
	{ "one that blocks", blocking, SEAL_E_CONFIG, "does not block" },
	{ "one of datagrams", datagrams, SEAL_E_CONFIG, "DTLS_ImportFD" },
	{ "without a suite of TLS 1.3", without_suites, SEAL_E_CONFIG,
	    "cipher suite" },
};

static void
refused(void **state)
{
	struct world *w = *state;

	NSS_NoDB_Init(NULL);
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		struct seal_ctx *ctx = any_ctx(w);
		struct seal_diag d = { 0 };
		struct seal_conn *c;
		PRFileDesc *fd;
		int fds[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		fd = sockets[i].make(PR_ImportTCPSocket(fds[0]));
		c = seal_conn_nss(ctx, fd, SEAL_CLIENT, "x.example", &d);
		if ((c == NULL) != (sockets[i].want != 0) ||
		    d.code != sockets[i].want ||
		    strstr(d.text, sockets[i].says) == NULL)
			fail_msg("%s: %s", sockets[i].name, d.text);
		seal_conn_free(&c);
		PR_Close(fd);
		close(fds[1]);
		seal_ctx_free(&ctx);
	}
}

/* ---- Pairs ---- */

static void
open_pair(struct pair *p, struct world *w)
{
	pair_open_over(p, w, any_ctx(w),
	    world_ctx(w, "{" SOFT("server.signer") "}"), false, &end_nss,
	    &end_nss, 0);
}

static void
handed_over_late(void **state)
{
	struct world *w = *state;
	struct seal_diag d = { 0 };
	struct seal_ctx *ctx;
	struct pair p;

	open_pair(&p, w);
	pair_run(&p);
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	ctx = any_ctx(w);
	assert_null(seal_conn_nss(ctx, p.client.end[0], SEAL_CLIENT, NULL, &d));
	assert_int_equal(d.code, SEAL_E_STATE);
	seal_ctx_free(&ctx);
	pair_close(&p);
}

static void
share_secret(PRFileDesc *fd)
{
	PRUint8 secret[32] = { 7 };
	SECItem item = { siBuffer, secret, sizeof(secret) };
	PK11SlotInfo *slot = PK11_GetInternalSlot();
	PK11SymKey *key = PK11_ImportSymKey(
	    slot, CKM_HKDF_KEY_GEN, PK11_OriginUnwrap, CKA_DERIVE, &item, NULL);

	assert_non_null(key);
	assert_int_equal(SSL_AddExternalPsk(fd, key, (const PRUint8 *)"us", 2,
			     ssl_hash_sha256),
	    SECSuccess);
	PK11_FreeSymKey(key);
	PK11_FreeSlot(slot);
}

/* What OpenSSL's client shares with it. */
static int
same_secret(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *n,
    SSL_SESSION **ret)
{
	static const unsigned char suite[] = { 0x13, 0x01 }, secret[32] = { 7 };
	SSL_SESSION *s = SSL_SESSION_new();

	(void)md;
	SSL_SESSION_set1_master_key(s, secret, sizeof(secret));
	SSL_SESSION_set_cipher(s, SSL_CIPHER_find(ssl, suite));
	SSL_SESSION_set_protocol_version(s, TLS1_3_VERSION);
	*id = (const unsigned char *)"us";
	*n = 2;
	*ret = s;
	return 1;
}

/* PROTOCOL 2: a PSK authenticates nobody's certificate, were it the
 * application's own. */
static void
shared_secret(void **state)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	const struct seal_diag *diag;
	struct pair p;
	SSL *ssl;

	open_pair(&p, *state);
	share_secret(p.server.end[0]);
	SSL_CTX_set_alpn_protos(tls, (const unsigned char *)"\006seal/1", 7);
	SSL_CTX_set_psk_use_session_callback(tls, same_secret);
	ssl = SSL_new(tls);
	SSL_set_fd(ssl, p.client.fd);
	SSL_set_connect_state(ssl);
	for (int i = 0; i < 5; i++) {
		SSL_do_handshake(ssl);
		side_step(&p.server);
	}
	assert_int_equal(SSL_session_reused(ssl), 1);
	diag = seal_conn_diag(p.server.conn);
	if (diag->code != SEAL_E_RESUMED)
		fail_msg("%s", diag->text);
	SSL_free(ssl);
	SSL_CTX_free(tls);
	pair_close(&p);
}

/* New keys in the midst of a session, at either side's wish. */
static void
key_update(void **state)
{
	struct pair p;

	open_pair(&p, *state);
	pair_run(&p);
	for (unsigned i = 0; i < 4; i++) {
		struct side *from = i % 2 == 0 ? &p.client : &p.server;
		struct side *to = i % 2 == 0 ? &p.server : &p.client;
		char buf[8];
		size_t n = 0;

		assert_int_equal(
		    SSL_KeyUpdate(from->end[0], i < 2), SECSuccess);
		seal_write(from->conn, "ping", 4, &n);
		assert_int_equal(n, 4);
		assert_int_equal(
		    seal_read(to->conn, buf, sizeof(buf), &n), SEAL_READY);
		assert_int_equal(n, 4);
	}
	pair_close(&p);
}

/* Nothing of the socket's after the connection's end: its close_notify would
 * look like an end in order. */
static void
silent_after(void **state)
{
	struct pair p;
	PRFileDesc *fd;
	char buf[8];

	open_pair(&p, *state);
	pair_run(&p);
	seal_conn_free(&p.client.conn);
	fd = p.client.end[0];
	PR_Shutdown(fd, PR_SHUTDOWN_SEND);
	/* The stream's end, and not a byte before it. */
	assert_int_equal(
	    recv(p.server.fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_PEEK), 0);
	assert_true(PR_Recv(fd, buf, sizeof(buf), 0, PR_INTERVAL_NO_WAIT) <= 0);
	pair_close(&p);
}

/* ---- In the handshake ---- */

#define TRANSCRIPT "\"min_binding\":\"transcript\","
#define NO_ID "{\"mode\":\"none\"}"
#define INTRA "\"mode\":\"intra\","
#define BOTH "\"mode\":\"both\","
#define SHOWN ",\"reveal_after_peer\":false"
#define ASKS "{" INTRA "\"policy\":\"server\"}"
#define ATTESTS "{" INTRA SOFT("server.signer") "}"

static void
policies(struct world *w)
{
	world_policy(w, "server", w->server_pin, "00ff", NO_ID, TRANSCRIPT);
	world_policy(w, "client", w->client_pin, "00ff", NO_ID, TRANSCRIPT);
	world_policy(w, "server-traffic", w->server_pin, "00ff", NO_ID, "");
	world_policy(w, "client-traffic", w->client_pin, "00ff", NO_ID, "");
}

/* What seal_conn_nss() says of config. */
static void
made(struct world *w, enum seal_role role, const char *config,
    struct seal_ctx *ctx, struct seal_diag *d)
{
	struct seal_conn *c;
	PRFileDesc *fd;
	int fds[2];

	NSS_NoDB_Init(NULL);
	if (ctx == NULL)
		ctx = world_ctx(w, config);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fd = sound(PR_ImportTCPSocket(fds[0]));
	c = seal_conn_nss(ctx, fd, role, "x.example", d);
	seal_conn_free(&c);
	PR_Close(fd);
	close(fds[1]);
	seal_ctx_free(&ctx);
}

/* NSS shows a server nothing of a client's Certificate but the certificates. */
static void
impossible(void **state)
{
	static const struct {
		enum seal_role role;
		const char *config;
		bool possible;
	} cases[] = {
		{ SEAL_SERVER,
		    "{" INTRA SOFT(
			"server.signer") ",\"policy\":\"client\"" SHOWN "}",
		    false },
		{ SEAL_SERVER, "{" INTRA "\"policy\":\"client\"}", false },
		{ SEAL_CLIENT,
		    "{" INTRA SOFT("client.signer") ",\"policy\":\"server\"}",
		    false },
		{ SEAL_SERVER, ATTESTS, true },
		{ SEAL_CLIENT, ASKS, true },
		{ SEAL_CLIENT,
		    "{" BOTH SOFT(
			"client.signer") ",\"policy\":\"server-traffic\"}",
		    true },
	};
	struct world *w = *state;

	policies(w);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seal_diag d = { 0 };

		made(w, cases[i].role, cases[i].config, NULL, &d);
		if (cases[i].possible
			? d.code != 0
			: d.code != SEAL_E_CONFIG ||
			      strstr(d.text, "client's Certificate") == NULL ||
			      strstr(d.remedy, "mode both") == NULL)
			fail_msg("%s: %s", cases[i].config, d.text);
	}
}

/* A socket that was refused for its configuration can be used with another. */
static void
second_try(void **state)
{
	struct world *w = *state;
	struct seal_diag d = { 0 };
	struct seal_ctx *wrong;
	struct pair p;

	policies(w);
	pair_open_bare_over(&p, w, world_ctx(w, ASKS), world_ctx(w, ATTESTS),
	    &end_nss, &end_nss, 0);
	wrong = world_ctx(
	    w, "{" INTRA SOFT("client.signer") ",\"policy\":\"server\"}");
	for (int i = 0; i < 3; i++) {
		seal_conn_free(&p.client.conn);
		assert_null(seal_conn_nss(
		    wrong, p.client.end[0], SEAL_CLIENT, NULL, &d));
		p.client.conn = seal_conn_nss(p.client.ctx, p.client.end[0],
		    SEAL_CLIENT, "server.example", &d);
		assert_non_null(p.client.conn);
	}
	pair_run(&p);
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	assert_int_equal(seal_conn_outcome(p.server.conn), SEAL_ACCEPTED);
	pair_close(&p);
	seal_ctx_free(&wrong);
}

static void
over_datagrams(void **state)
{
	static const struct {
		const char *config;
		int want;
	} cases[] = {
		{ ASKS, SEAL_E_CONFIG },
		{ "{" BOTH "\"policy\":\"server-traffic\"}", SEAL_E_CONFIG },
		{ "{\"policy\":\"server-traffic\"}", 0 },
	};
	struct world *w = *state;

	policies(w);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seal_tls_args args = {
			.role = SEAL_CLIENT, .peer_name = "x.example", .udp = 1
		};
		struct seal_ctx *ctx = world_ctx(w, cases[i].config);
		struct seal_endpoint *e = NULL;
		struct seal_diag d = { 0 };

		if (seal_endpoint_new(ctx, &args, &e, &d) != cases[i].want)
			fail_msg("%s: %s", cases[i].config, d.text);
		if (cases[i].want != 0)
			assert_non_null(strstr(d.text, "post over DTLS"));
		seal_endpoint_free(&e);
		seal_ctx_free(&ctx);
	}
}

/* As a TPM has it. */
static const struct privkey *
no_key(void *ctx)
{
	(void)ctx;
	return NULL;
}

static void
key_in_a_device(void **state)
{
	struct conf_pair pair = { "key", "" };
	struct conf conf = { &pair, 1 };
	struct evidence_driver driver = *evidence_driver_find("soft");
	struct seal_ctx *ctx = world_ctx(*state, ATTESTS);
	struct seal_diag d = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/server.signer",
	    ((struct world *)*state)->dir);
	pair.value = path;
	driver.key = no_key;
	attester_free(&ctx->attesters[0]);
	assert_int_equal(
	    attester_open_driver(&driver, &conf, &ctx->attesters[0], &d), 0);
	made(*state, SEAL_SERVER, NULL, ctx, &d);
	assert_int_equal(d.code, SEAL_E_CONFIG);
	assert_non_null(strstr(d.text, "key in memory"));
}

/* Mode both asks a client twice, and one over NSS answers once. */
static void
half(void **state)
{
	struct world *w = *state;
	struct pair p;

	policies(w);
	pair_open_bare_over(&p, w,
	    world_ctx(
		w, "{" BOTH SOFT(
		       "client.signer") ",\"policy\":\"server-traffic\"}"),
	    world_ctx(w,
		"{" BOTH SOFT(
		    "server.signer") ",\"policy\":\"client-traffic\"" SHOWN
				     "}"),
	    &end_nss, &end_openssl, 0);
	pair_run(&p);
	assert_int_equal(seal_conn_outcome(p.server.conn), SEAL_UNSUPPORTED);
	assert_int_not_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	pair_close(&p);
}

/* In dir: rsa.pem and rsa.key. */
static void
rsa_certificate(struct world *w)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *x = X509_new();
	char path[128];
	FILE *f;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	snprintf(path, sizeof(path), "%s/rsa.pem", w->dir);
	assert_non_null(f = fopen(path, "w"));
	PEM_write_X509(f, x);
	fclose(f);
	snprintf(path, sizeof(path), "%s/rsa.key", w->dir);
	assert_non_null(f = fopen(path, "w"));
	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	X509_free(x);
	EVP_PKEY_free(key);
}

/* A socket that shows another certificate than the attester's: its Evidence
 * would be for nobody's key. */
static void
certificate_beside(void **state)
{
	char schemes[] = "rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256";
	struct world *w = *state;
	struct pair p;

	policies(w);
	rsa_certificate(w);
	pair_open_one(&p, w, world_ctx(w, ASKS), SEAL_CLIENT, &end_openssl);
	assert_int_equal(SSL_set1_sigalgs_list(p.client.ssl, schemes), 1);
	p.server.stack = &end_nss;
	p.server.ctx = world_ctx(w, ATTESTS);
	end_nss.open(&p.server, w, SEAL_SERVER, "rsa", 0);
	pair_run(&p);
	assert_int_equal(seal_conn_diag(p.server.conn)->code, SEAL_E_CONFIG);
	assert_non_null(strstr(seal_conn_diag(p.server.conn)->text, "beside"));
	assert_int_not_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	pair_close(&p);
}

/* ---- A wire that takes little, and seldom ---- */

/* Offers, and asks for nothing: no work stands between ServerHello and what
 * follows it. */
#define OFFERS "{" INTRA SOFT("client.signer") ",\"identity\":" NO_ID "}"

/* ServerHello, or a request for another hello, leaves in parts, in its place.
 */
static void
choked(void **state)
{
	struct world *w = *state;

	policies(w);
	for (unsigned i = 0; i < 6; i++) {
		struct pair p;

		end_nss_below = end_nss_choke;
		pair_open_bare_over(&p, w, world_ctx(w, i < 4 ? ASKS : OFFERS),
		    world_ctx(w, ATTESTS), i < 2 ? &end_nss : &end_openssl,
		    &end_nss, 0);
		end_nss_below = NULL;
		if (i % 2 != 0)
			end_nss.p384(&p.server);
		for (int k = 0; k < 100 && seal_conn_outcome(p.client.conn) !=
					       SEAL_ACCEPTED;
		     k++)
			pair_run(&p);
		if (seal_conn_outcome(p.client.conn) != SEAL_ACCEPTED)
			fail_msg("%u: %s; %s", i,
			    seal_conn_diag(p.client.conn)->text,
			    seal_conn_diag(p.server.conn)->text);
		pair_close(&p);
	}
}

/* ---- A peer that is gone once its hello has left ---- */

#define BOTH_ATTESTS "{" BOTH SOFT("server.signer") "}"

/* It costs the server a few steps, and no Evidence, unless the wire says so
 * only after it took nothing. */
static void
gone(void **state)
{
	struct world *w = *state;

	policies(w);
	for (unsigned i = 0; i < 16; i++) {
		bool choked = i >= 2;
		enum seal_step s;
		unsigned steps = 0;
		struct pair p;

		end_nss_below = choked ? end_nss_choke : NULL;
		pair_open_bare_over(&p, w, world_ctx(w, ASKS),
		    world_ctx(w, i % 2 == 0 ? ATTESTS : BOTH_ATTESTS),
		    &end_openssl, &end_nss, 0);
		end_nss_below = NULL;
		seal_conn_step(p.client.conn);
		shutdown(p.client.fd, SHUT_RDWR);
		do
			s = side_step(&p.server);
		while ((s == SEAL_WANT_READ || s == SEAL_WANT_WRITE) &&
		       ++steps < 100);
		if (steps == 100)
			fail_msg("%u: it goes on", i);
		assert_int_equal(
		    seal_conn_diag(p.server.conn)->code, SEAL_E_TLS);
		if (strstr(seal_conn_diag(p.server.conn)->text,
			"the peer closed the connection") == NULL)
			fail_msg(
			    "%u: %s", i, seal_conn_diag(p.server.conn)->text);
		assert_true(choked || (p.server.jobs == 0 && steps < 4));
		pair_close(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    impossible, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    second_try, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    over_datagrams, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    key_in_a_device, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    half, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    certificate_beside, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    choked, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    source, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    gone, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    refused, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    handed_over_late, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    shared_secret, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    key_update, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    silent_after, world_setup, world_teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
