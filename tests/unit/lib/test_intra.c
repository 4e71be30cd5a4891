/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation in the handshake, over real peers of each stack that can. */
#include "test.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "ends.h"
#include "evidence/drivers.h"
#include "lib/ctx.h"
#include "lib/job.h"
#include "tls/intra.h"

#define SOFT(key, app)                                                 \
	"\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"" key \
	"\",\"measurements\":\"app=" app "\"}}]"
#define SERVER_ID "{\"mode\":\"pkix\",\"ca\":\"server.pem\"}"
#define NO_ID "{\"mode\":\"none\"}"
#define INTRA "\"mode\":\"intra\","
#define BOTH "\"mode\":\"both\","
#define TRANSCRIPT "\"min_binding\":\"transcript\","
#define SHOWN ",\"reveal_after_peer\":false"

/* The stacks that the tests run over, in turn. */
static const struct way {
	const char *name;
	const struct end_stack *client, *server;
} ways[] = {
	{ "OpenSSL with OpenSSL", &end_openssl, &end_openssl },
#ifdef SEAL_STACK_NSS
	{ "NSS with NSS", &end_nss, &end_nss },
	{ "NSS with OpenSSL", &end_nss, &end_openssl },
	{ "OpenSSL with NSS", &end_openssl, &end_nss },
#endif
};
static const struct way *way;

/* Can a client's Evidence go in the handshake? */
static bool
both_openssl(void)
{
	return way->client == &end_openssl && way->server == &end_openssl;
}

static void
open_bare(struct pair *p, struct world *w, struct seal_ctx *client,
    struct seal_ctx *server)
{
	pair_open_bare_over(p, w, client, server, way->client, way->server, 0);
}

static void
policies(struct world *w)
{
	world_policy(
	    w, "server-pkix", w->server_pin, "00ff", SERVER_ID, TRANSCRIPT);
	world_policy(w, "server", w->server_pin, "00ff", NO_ID, TRANSCRIPT);
	world_policy(w, "client", w->client_pin, "00ff", NO_ID, TRANSCRIPT);
	world_policy(
	    w, "server-other", w->server_pin, "00fe", NO_ID, TRANSCRIPT);
	world_policy(
	    w, "client-other", w->client_pin, "00fe", NO_ID, TRANSCRIPT);
	world_policy(
	    w, "server-signer", w->client_pin, "00ff", NO_ID, TRANSCRIPT);
	world_policy(w, "server-traffic", w->server_pin, "00ff", NO_ID, "");
	world_policy(w, "client-traffic", w->client_pin, "00ff", NO_ID, "");
	world_policy(w, "server-same-key", w->server_pin, "00ff", NO_ID,
	    TRANSCRIPT "\"subject\":\"same-key\",");
	world_policy(w, "server-brief", w->server_pin, "00ff", NO_ID,
	    TRANSCRIPT "\"lease_s\":30,");
}

/* ---- Roles, suites, outcomes ---- */

struct row {
	const char *name;
	const char *client, *server; /* configurations */
	enum seal_outcome client_says, server_says;
	unsigned verdicts; /* of both sides */
	enum seal_level level;
	bool client_attests; /* in the handshake */
	bool client_twice; /* there, where the server can take it, and after */
};

#define SERVER_ATTESTS "{" INTRA SOFT("server.signer", "00ff") "}"
#define CLIENT_ATTESTS                  \
	"{" INTRA SOFT("client.signer", \
	    "00ff") ",\"identity\":{\"mode\":\"pin\",\"spki_sha256\":[\"%s\"]}}"

static const struct row rows[] = {
	{ "server attests", "{" INTRA "\"policy\":\"server\"}", SERVER_ATTESTS,
	    SEAL_ACCEPTED, SEAL_ACCEPTED, 1, SEAL_LEVEL_TRANSCRIPT },
	{ "server attests, with the TLS key",
	    "{" INTRA "\"policy\":\"server-same-key\"}", SERVER_ATTESTS,
	    SEAL_ACCEPTED, SEAL_ACCEPTED, 1, SEAL_LEVEL_TRANSCRIPT },
	{ "mutual without client authentication",
	    "{" INTRA SOFT("client.signer", "00ff") ",\"policy\":\"server\"}",
	    "{" INTRA SOFT(
		"server.signer", "00ff") ",\"policy\":\"client\"" SHOWN "}",
	    SEAL_ACCEPTED, SEAL_ACCEPTED, 2, SEAL_LEVEL_TRANSCRIPT, true },
	{ "both carriers, server attests",
	    "{" BOTH "\"policy\":\"server-traffic\"}",
	    "{" BOTH SOFT("server.signer", "00ff") "}", SEAL_ACCEPTED,
	    SEAL_ACCEPTED, 1, SEAL_LEVEL_TRAFFIC },
	{ "both carriers, mutual",
	    "{" BOTH SOFT(
		"client.signer", "00ff") ",\"policy\":\"server-traffic\"}",
	    "{" BOTH SOFT("server.signer",
		"00ff") ",\"policy\":\"client-traffic\"" SHOWN "}",
	    SEAL_ACCEPTED, SEAL_ACCEPTED, 2, SEAL_LEVEL_TRAFFIC,
	    .client_twice = true },
	{ "both carriers, other measurement",
	    "{" BOTH "\"policy\":\"server-other\"}",
	    "{" BOTH SOFT("server.signer", "00ff") "}", SEAL_REFUSED_POLICY,
	    SEAL_INVALID, 1, SEAL_LEVEL_NONE },

	{ "other measurement", "{" INTRA "\"policy\":\"server-other\"}",
	    SERVER_ATTESTS, SEAL_REFUSED_POLICY, SEAL_INVALID, 1,
	    SEAL_LEVEL_NONE },
	{ "other signer", "{" INTRA "\"policy\":\"server-signer\"}",
	    SERVER_ATTESTS, SEAL_REFUSED_KEY, SEAL_INVALID, 1,
	    SEAL_LEVEL_NONE },
	{ "client refused",
	    "{" INTRA SOFT("client.signer", "00ff") ",\"policy\":\"server\"}",
	    "{" INTRA SOFT("server.signer",
		"00ff") ",\"policy\":\"client-other\"" SHOWN "}",
	    SEAL_INVALID, SEAL_REFUSED_POLICY, 2, SEAL_LEVEL_NONE, true },
	{ "client cannot attest", "{" INTRA "\"policy\":\"server\"}",
	    "{" INTRA SOFT(
		"server.signer", "00ff") ",\"policy\":\"client\"" SHOWN "}",
	    SEAL_INVALID, SEAL_UNSUPPORTED, 0, SEAL_LEVEL_NONE, true },
	{ "own key on the other side",
	    "{" INTRA SOFT("server.signer", "00ff") ",\"policy\":\"server\"}",
	    "{" INTRA SOFT(
		"server.signer", "00ff") ",\"policy\":\"client\"" SHOWN "}",
	    SEAL_REFUSED_KEY, SEAL_INVALID, 1, SEAL_LEVEL_NONE, true },
};

static void
check(const struct row *r, const char *who, struct seal_conn *c,
    enum seal_outcome want)
{
	enum seal_outcome got = seal_conn_outcome(c);

	if (want == SEAL_INVALID && got != SEAL_ACCEPTED)
		return;
	if (got != want)
		fail_msg("%s: %s: expected %s, got %s (%s; %s)", r->name, who,
		    seal_outcome_name(want), seal_outcome_name(got),
		    seal_conn_diag(c)->text, seal_conn_diag(c)->remedy);
}

static void
exchange(struct pair *p, const char *name)
{
	char buf[16] = "";
	size_t n = 0;

	if (seal_write(p->client.conn, "to the server", 13, &n) != SEAL_READY)
		fail_msg("%s: %s", name, seal_conn_diag(p->client.conn)->text);
	pair_run(p);
	assert_int_equal(
	    seal_read(p->server.conn, buf, sizeof(buf), &n), SEAL_READY);
	assert_memory_equal(buf, "to the server", 13);
}

static void
run_row(struct world *w, const struct row *r, unsigned hash, bool retry)
{
	struct pair p;
	unsigned verdicts;

	pair_open_bare_over(&p, w, world_ctx(w, r->client),
	    world_ctx(w, r->server), way->client, way->server, hash);
	if (retry)
		way->server->p384(&p.server);
	pair_run(&p);
	/* A client is done before the server has judged it: the alert comes
	 * where data would. */
	if (r->level == SEAL_LEVEL_NONE) {
		char buf[8];
		size_t n;

		seal_read(p.client.conn, buf, sizeof(buf), &n);
	}
	check(r, "client", p.client.conn, r->client_says);
	check(r, "server", p.server.conn, r->server_says);
	verdicts = seal_conn_verdict_count(p.client.conn) +
		   seal_conn_verdict_count(p.server.conn);
	if (verdicts != r->verdicts)
		fail_msg("%s: expected %u verdicts, found %u", r->name,
		    r->verdicts, verdicts);
	if (r->level != SEAL_LEVEL_NONE) {
		assert_int_equal(
		    seal_verdict_level(seal_conn_verdict(p.client.conn)),
		    r->level);
		exchange(&p, r->name);
	}
	pair_close(&p);
}

/* What is not is refused: see lib/nss. */
static bool
possible(const struct row *r)
{
	return both_openssl() ||
	       (!r->client_attests &&
		   (!r->client_twice || way->server != &end_openssl));
}

static void
test_roles(void **state)
{
	struct world *w = *state;

	policies(w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!possible(&rows[i]))
			continue;
		run_row(w, &rows[i], 256, false);
		run_row(w, &rows[i], 384, false);
		/* The client's first key share does not fit: a retry. */
		run_row(w, &rows[i], 256, true);
		run_row(w, &rows[i], 384, true);
	}
}

/* ---- Peers that are plain OpenSSL, or lie ---- */

/* What a peer without this library puts into the extension, and where. */
struct forged {
	unsigned contexts;  /* libssl's; 0: it does not know the extension */
	size_t chainidx;    /* of the certificate that carries it */
	bool every;         /* so do those before it */
	bool late;          /* not in the first of two hellos */
	unsigned hellos;    /* sent */
	const char *signer; /* the key file in place of a certificate */
	bool v1;            /* the certificate made for that is of version 1 */
	const uint8_t *content;
	size_t n;
	SSL_CTX *tls;
	SSL *ssl;
	uint8_t seen[70000]; /* of the peer's Certificate */
	size_t n_seen;
	int alert; /* what came */
};

/* Soft Evidence as a scheme, and a list of it. */
#define SCHEME                                  \
	"\000\001\000\070application/eat+cwt; " \
	"eat_profile=\"tag:sealtls,2026:soft\""
#define SCHEME_SIZE 60u
#define LIST "\000\074" SCHEME

static int
forge_add(SSL *ssl, unsigned type, unsigned context, const unsigned char **out,
    size_t *n, X509 *x, size_t chainidx, int *al, void *arg)
{
	static const unsigned char offer[] = LIST LIST;
	struct forged *f = arg;

	(void)ssl, (void)type, (void)x, (void)al;
	if ((context & SSL_EXT_CLIENT_HELLO) != 0 && f->hellos++ == 0 &&
	    f->late)
		return 0;
	if ((context & f->contexts) == 0 ||
	    (chainidx != f->chainidx && !f->every))
		return 0;
	*out = f->content;
	*n = f->n;
	if ((context & SSL_EXT_CLIENT_HELLO) != 0) {
		*out = offer;
		*n = sizeof(offer) - 1;
	} else if ((context & SSL_EXT_TLS1_3_CERTIFICATE) == 0 &&
		   (f->contexts & SSL_EXT_TLS1_3_CERTIFICATE) != 0) {
		*out = (const unsigned char *)SCHEME;
		*n = SCHEME_SIZE;
	}
	return 1;
}

static int
forge_parse(SSL *ssl, unsigned type, unsigned context, const unsigned char *in,
    size_t n, X509 *x, size_t chainidx, int *al, void *arg)
{
	struct forged *f = arg;

	(void)ssl, (void)type, (void)x, (void)chainidx, (void)al;
	if ((context & SSL_EXT_TLS1_3_CERTIFICATE) != 0 &&
	    n <= sizeof(f->seen)) {
		memcpy(f->seen, in, n);
		f->n_seen = n;
	}
	return 1;
}

static void
forge_info(const SSL *ssl, int where, int value)
{
	struct forged *f = SSL_get_app_data(ssl);

	if (where == SSL_CB_READ_ALERT && (value >> 8) == SSL3_AL_FATAL)
		f->alert = value & 0xff;
}

static int
any_chain(X509_STORE_CTX *store, void *arg)
{
	(void)store, (void)arg;
	return 1;
}

static void
forged_use(struct world *w, SSL_CTX *c, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s.pem", w->dir, name);
	assert_int_equal(SSL_CTX_use_certificate_chain_file(c, path), 1);
	snprintf(path, sizeof(path), "%s/%s.key", w->dir, name);
	assert_int_equal(
	    SSL_CTX_use_PrivateKey_file(c, path, SSL_FILETYPE_PEM), 1);
}

/* The attester's own key, and a certificate for it: nothing but the binder is
 * left to tell the connections apart. */
static void
forged_signer(struct world *w, SSL_CTX *c, const char *name, bool v1)
{
	X509 *x = X509_new();
	EVP_PKEY *key;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	file = fopen(path, "r");
	assert_non_null(file);
	key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	assert_non_null(key);
	X509_set_version(x, v1 ? 0 : 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	assert_true(
	    X509_sign(x, key, NULL) > 0 || X509_sign(x, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(c, x), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(c, key), 1);
	EVP_PKEY_free(key);
	X509_free(x);
	ERR_clear_error();
}

static void
forged_open(struct forged *f, struct world *w, int fd, bool server)
{
	f->tls =
	    SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	if (f->signer != NULL)
		forged_signer(w, f->tls, f->signer, f->v1);
	else
		forged_use(w, f->tls, server ? "server" : "client");
	for (size_t i = 0; i < f->chainidx; i++)
		assert_int_equal(SSL_CTX_add1_chain_cert(
				     f->tls, SSL_CTX_get0_certificate(f->tls)),
		    1);
	if (f->contexts != 0)
		assert_int_equal(
		    SSL_CTX_add_custom_ext(f->tls, 0xff02,
			SSL_EXT_TLS1_3_ONLY | SSL_EXT_CLIENT_HELLO |
			    SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS |
			    SSL_EXT_TLS1_3_CERTIFICATE_REQUEST |
			    SSL_EXT_TLS1_3_CERTIFICATE,
			forge_add, NULL, f, forge_parse, f),
		    1);
	SSL_CTX_set_verify(f->tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(f->tls, any_chain, NULL);
	SSL_CTX_set_info_callback(f->tls, forge_info);
	f->ssl = SSL_new(f->tls);
	SSL_set_app_data(f->ssl, f);
	SSL_set_fd(f->ssl, fd);
	if (server)
		SSL_set_accept_state(f->ssl);
	else
		SSL_set_connect_state(f->ssl);
}

/* A genuine side as role, and f as its peer. */
static void
meet(struct pair *p, struct forged *f, struct world *w, enum seal_role role,
    const char *config)
{
	bool server = role == SEAL_SERVER;
	struct side *us;
	char buf[16];

	pair_open_one(p, w, world_ctx(w, config), role,
	    server ? way->server : way->client);
	us = server ? &p->server : &p->client;
	if (f->late)
		us->stack->p384(us);
	forged_open(f, w, server ? p->client.fd : p->server.fd, !server);
	for (int i = 0; i < 20; i++) {
		side_step(us);
		SSL_do_handshake(f->ssl);
	}
	SSL_read(f->ssl, buf, sizeof(buf)); /* an alert, if one came */
}

static void
forged_close(struct forged *f)
{
	SSL_free(f->ssl);
	SSL_CTX_free(f->tls);
}

struct forged_case {
	const char *name;
	enum seal_role role; /* of the genuine side */
	const char *config;
	unsigned contexts;
	size_t chainidx;
	const char *content;
	size_t n;
	enum seal_outcome want; /* of the connection */
	int alert;              /* that the peer sees; 0: whichever */
	/* NSS has no handshake_failure for it, and passes over what stands in
	 * the second entry. */
	enum seal_outcome want_nss;
	int alert_nss; /* 0: the same */
	bool late;     /* it stands in the second hello first */
};

#define CERT SSL_EXT_TLS1_3_CERTIFICATE
#define CLIENT_ASKS "{" INTRA "\"policy\":\"server\"}"
#define SERVER_ASKS                                                            \
	"{" INTRA SOFT("server.signer", "00ff") ",\"policy\":\"client\"" SHOWN \
						"}"

static const struct forged_case forged_cases[] = {
	{ "a plain server", SEAL_CLIENT, CLIENT_ASKS, 0, 0, NULL, 0,
	    SEAL_UNSUPPORTED, 40, SEAL_UNSUPPORTED, 49 },
	{ "a plain client", SEAL_SERVER, SERVER_ASKS, 0, 0, NULL, 0,
	    SEAL_UNSUPPORTED, 116 },
	{ "a plain server, attestation asked, not required", SEAL_CLIENT,
	    "{" INTRA "\"policy\":\"server-pkix\",\"require\":false}", 0, 0,
	    NULL, 0, SEAL_ACCEPTED, 0 },
	{ "Evidence without a choice", SEAL_CLIENT, CLIENT_ASKS, CERT, 0,
	    "\000\000\001x", 4, SEAL_PROTOCOL, 110 },
	{ "Evidence in the second entry", SEAL_CLIENT, CLIENT_ASKS, CERT, 1,
	    "\000\000\001x", 4, SEAL_PROTOCOL, 47, SEAL_UNSUPPORTED, 49 },
	{ "a choice that is no scheme", SEAL_CLIENT, CLIENT_ASKS,
	    SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS, 0, "x", 1,
	    SEAL_REFUSED_EVIDENCE, 50 },
	{ "a choice, and no Evidence", SEAL_CLIENT, CLIENT_ASKS,
	    SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS, 0, SCHEME, SCHEME_SIZE,
	    SEAL_UNSUPPORTED, 40, SEAL_UNSUPPORTED, 49 },
	{ "a client that offers, and sends none", SEAL_SERVER, SERVER_ASKS,
	    SSL_EXT_CLIENT_HELLO, 0, NULL, 0, SEAL_UNSUPPORTED, 40 },
	{ "a client with bytes for Evidence", SEAL_SERVER, SERVER_ASKS,
	    SSL_EXT_CLIENT_HELLO | CERT, 0, "\000\000\001x", 4,
	    SEAL_REFUSED_EVIDENCE, 40 },
	{ "a client with malformed Evidence", SEAL_SERVER, SERVER_ASKS,
	    SSL_EXT_CLIENT_HELLO | CERT, 0, "\000\000\002x", 4,
	    SEAL_REFUSED_EVIDENCE, 50 },
	{ "Evidence to an attester that asks for none", SEAL_SERVER,
	    "{" INTRA SOFT("server.signer", "00ff") "}",
	    SSL_EXT_CLIENT_HELLO | CERT, 0, "\000\000\001x", 4, SEAL_ACCEPTED,
	    0 },
	{ "an offer after a retry alone", SEAL_SERVER, SERVER_ATTESTS,
	    SSL_EXT_CLIENT_HELLO, 0, NULL, 0, SEAL_PROTOCOL, 47, 0, 0, true },
};

static void
forged_row(struct world *w, const struct forged_case *c)
{
	struct forged f = { .contexts = c->contexts,
		.chainidx = c->chainidx,
		.late = c->late,
		.content = (const uint8_t *)c->content,
		.n = c->n };
	bool nss = !both_openssl() && c->alert_nss != 0;
	enum seal_outcome got, want = nss ? c->want_nss : c->want;
	int alert = nss ? c->alert_nss : c->alert;
	struct seal_conn *conn;
	struct pair p;

	meet(&p, &f, w, c->role, c->config);
	assert_true(!c->late || f.hellos == 2);
	conn = c->role == SEAL_SERVER ? p.server.conn : p.client.conn;
	got = seal_conn_outcome(conn);
	if (got != want)
		fail_msg("%s: expected %s, got %s (%s)", c->name,
		    seal_outcome_name(want), seal_outcome_name(got),
		    seal_conn_diag(conn)->text);
	if (alert != 0 && f.alert != alert)
		fail_msg("%s: expected alert %d, the peer saw %d (%s)", c->name,
		    alert, f.alert, seal_conn_diag(conn)->text);
	forged_close(&f);
	pair_close(&p);
}

static void
test_forged(void **state)
{
	struct world *w = *state;

	policies(w);
	for (size_t i = 0; i < sizeof(forged_cases) / sizeof(forged_cases[0]);
	     i++) {
		const struct forged_case *c = &forged_cases[i];

		/* One stack has one genuine side at a time. */
		if (way->client != way->server ||
		    (!both_openssl() && strcmp(c->config, SERVER_ASKS) == 0))
			continue;
		forged_row(w, c);
	}
}

/* A certificate that libssl takes and our reader does not: it is that which is
 * wrong, and no want of memory. */
static void
test_leaf_unread(void **state)
{
	struct world *w = *state;
	struct forged f = { .contexts = SSL_EXT_CLIENT_HELLO | CERT,
		.content = (const uint8_t *)"\000\000\001x",
		.n = 4,
		.signer = "client.key",
		.v1 = true };
	struct pair p;

	if (!both_openssl())
		return;
	policies(w);
	meet(&p, &f, w, SEAL_SERVER, SERVER_ASKS);
	assert_int_equal(seal_conn_diag(p.server.conn)->code, SEAL_E_DECODE);
	assert_non_null(
	    strstr(seal_conn_diag(p.server.conn)->text, "version 3"));
	forged_close(&f);
	pair_close(&p);
}

/* Three entries of 60 KB each: its header is all that is read of it. */
static void
test_too_large(void **state)
{
	static uint8_t content[61440];
	struct world *w = *state;
	struct forged f = { .contexts =
				SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS | CERT,
		.every = true,
		.chainidx = 2,
		.content = content,
		.n = sizeof(content) };
	const char *says;
	struct pair p;

	policies(w);
	meet(&p, &f, w, SEAL_CLIENT, CLIENT_ASKS);
	assert_int_not_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	says = way->client == &end_openssl ? "excessive message size"
					   : "SSL_ERROR_RX_MALFORMED_HANDSHAKE";
	if (strstr(seal_conn_diag(p.client.conn)->text, says) == NULL)
		fail_msg("%s", seal_conn_diag(p.client.conn)->text);
	assert_int_equal(f.alert, way->client == &end_openssl ? 47 : 50);
	forged_close(&f);
	pair_close(&p);
}

/* ---- Evidence of one connection on another ---- */

static void
test_replay(void **state)
{
	struct world *w = *state;
	struct forged taker = { .contexts = SSL_EXT_CLIENT_HELLO };
	struct forged f = { .contexts = SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS |
					SSL_EXT_TLS1_3_CERTIFICATE,
		.signer = "server.signer" };
	struct pair p;

	policies(w);
	meet(&p, &taker, w, SEAL_SERVER, SERVER_ATTESTS);
	assert_true(taker.n_seen > 3);
	forged_close(&taker);
	pair_close(&p);

	f.content = taker.seen;
	f.n = taker.n_seen;
	meet(&p, &f, w, SEAL_CLIENT, CLIENT_ASKS);
	assert_int_equal(
	    seal_conn_outcome(p.client.conn), SEAL_REFUSED_EVIDENCE);
	assert_int_equal(seal_conn_diag(p.client.conn)->code, SEAL_E_BINDER);
	assert_int_equal(f.alert, way->client == &end_openssl ? 40 : 49);
	forged_close(&f);
	pair_close(&p);
}

/* ---- Waiting, and giving up ---- */

/* The handshake waits for the job, data with it; the end finds no fibre left
 * behind (the sanitizer looks). */
static void
test_held(void **state)
{
	static const struct {
		const char *name;
		bool client, server; /* whose jobs are held */
	} cases[] = {
		{ "the server attests", false, true },
		{ "the client judges", true, false },
	};
	struct world *w = *state;

	policies(w);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct side *held;
		struct pair p;
		size_t n;

		open_bare(&p, w, world_ctx(w, CLIENT_ASKS),
		    world_ctx(w, SERVER_ATTESTS));
		p.client.hold_jobs = cases[i].client;
		p.server.hold_jobs = cases[i].server;
		held = cases[i].client ? &p.client : &p.server;
		pair_run(&p);
		assert_int_equal(seal_conn_step(held->conn), SEAL_WANT_JOB);
		assert_int_equal(
		    seal_conn_outcome(p.client.conn), SEAL_INVALID);
		assert_int_not_equal(
		    seal_write(p.client.conn, "x", 1, &n), SEAL_READY);
		pair_close(&p);
	}
}

/* A server that judges a client gets no data from it meanwhile, whatever
 * libssl's own retry would do. */
static void
test_server_judges(void **state)
{
	struct world *w = *state;
	struct pair p;
	char buf[8];
	size_t n;

	if (!both_openssl())
		return;
	policies(w);
	open_bare(&p, w,
	    world_ctx(w, "{" INTRA SOFT("client.signer",
			     "00ff") ",\"policy\":\"server\"}"),
	    world_ctx(w, SERVER_ASKS));
	for (int i = 0; i < 40 && p.server.jobs < 1; i++) {
		side_step(&p.client);
		side_step(&p.server);
	}
	p.server.hold_jobs = true;
	pair_run(&p);
	/* The client is done with its side, and may write. */
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	assert_int_equal(seal_write(p.client.conn, "x", 1, &n), SEAL_READY);
	pair_run(&p);
	assert_int_equal(seal_conn_outcome(p.server.conn), SEAL_INVALID);
	assert_int_not_equal(
	    seal_read(p.server.conn, buf, sizeof(buf), &n), SEAL_READY);
	assert_int_equal(n, 0);
	p.server.hold_jobs = false;
	pair_run(&p);
	assert_int_equal(
	    seal_read(p.server.conn, buf, sizeof(buf), &n), SEAL_READY);
	assert_int_equal(n, 1);
	pair_close(&p);
}

static void
test_timeout(void **state)
{
	struct world *w = *state;
	struct pair p;
	struct seal_job *job;

	policies(w);
	open_bare(
	    &p, w, world_ctx(w, CLIENT_ASKS), world_ctx(w, SERVER_ATTESTS));
	p.server.hold_jobs = true;
	pair_run(&p);
	job = seal_conn_job(p.server.conn);
	assert_non_null(job);
	w->boot_ms += 30000;
	pair_run(&p);
	assert_int_equal(seal_conn_outcome(p.server.conn), SEAL_TIMEOUT);
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_TIMEOUT);
	/* A late result finds nobody. */
	seal_job_run(job);
	seal_conn_job_done(p.server.conn, &job);
	assert_int_equal(seal_conn_outcome(p.server.conn), SEAL_TIMEOUT);
	pair_close(&p);
}

/* The largest CMW that the extension holds goes through, and is looked at. */
static void
test_large(void **state)
{
	struct world *w = *state;
	struct session_job *work;
	struct seal_job *job;
	struct pair p;

	policies(w);
	open_bare(
	    &p, w, world_ctx(w, CLIENT_ASKS), world_ctx(w, SERVER_ATTESTS));
	p.server.hold_jobs = p.client.hold_jobs = true;
	pair_run(&p);
	job = seal_conn_job(p.server.conn);
	assert_non_null(job);
	seal_job_run(job);
	work = job->work;
	free(work->authenticator);
	work->n_authenticator = INTRA_CMW_MAX;
	work->authenticator = calloc(1, work->n_authenticator);
	seal_conn_job_done(p.server.conn, &job);
	pair_run(&p);
	job = seal_conn_job(p.client.conn);
	assert_non_null(job);
	assert_int_equal(job->work->n_authenticator, INTRA_CMW_MAX);
	seal_job_run(job);
	seal_conn_job_done(p.client.conn, &job);
	pair_run(&p);
	assert_int_equal(
	    seal_conn_outcome(p.client.conn), SEAL_REFUSED_EVIDENCE);
	pair_close(&p);
}

static void
test_queue_full(void **state)
{
	struct world *w = *state;
	struct pair p;

	policies(w);
	open_bare(
	    &p, w, world_ctx(w, CLIENT_ASKS), world_ctx(w, SERVER_ATTESTS));
	p.server.hold_jobs = true;
	pair_run(&p);
	assert_int_equal(seal_conn_job_refuse(p.server.conn), 1);
	pair_run(&p);
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_UNSUPPORTED);
	pair_close(&p);
}

/* ---- A key in a device ---- */

static int device_error; /* of signing with TLS's key */

static int
device_sign(void *ctx, uint16_t scheme, struct span tbs, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	if (device_error != 0)
		return seal_fail(d, device_error, "device: out of order");
	return evidence_soft.sign(ctx, scheme, tbs, deadline_ms, out, d);
}

/* Soft, but for its key, which nobody gets to see. */
static struct seal_ctx *
device_ctx(struct world *w, const char *json)
{
	static struct evidence_driver driver;
	struct seal_ctx *c = world_ctx(w, json);
	struct seal_diag d = { 0 };
	struct attester *a = NULL;
	char key[128];
	struct conf_pair pairs[] = { { "key", key },
		{ "measurements", "app=00ff" } };
	struct conf conf = { pairs, 2 };

	driver = evidence_soft;
	driver.key = NULL;
	driver.sign = device_sign;
	snprintf(key, sizeof(key), "%s/server.signer", w->dir);
	if (attester_open_driver(&driver, &conf, &a, &d) != 0 ||
	    ctx_add_attester(c, a, &d) != 0)
		fail_msg("%s", d.text);
	return c;
}

/* Both of its operations are jobs, and the handshake waits for each. */
static void
test_device(void **state)
{
	struct world *w = *state;
	struct pair p;

	policies(w);
	device_error = 0;
	pair_open_bare(&p, w, world_ctx(w, CLIENT_ASKS),
	    device_ctx(w, "{\"mode\":\"intra\"}"));
	for (int i = 0; i < 40 && p.server.jobs < 1; i++) {
		side_step(&p.client);
		side_step(&p.server);
	}
	p.server.hold_jobs = true;
	pair_run(&p);
	assert_int_equal(seal_conn_step(p.server.conn), SEAL_WANT_JOB);
	assert_int_equal(seal_conn_job_refuse(p.server.conn), 0);
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_INVALID);
	p.server.hold_jobs = false;
	pair_run(&p);
	if (seal_conn_outcome(p.client.conn) != SEAL_ACCEPTED)
		fail_msg("%s; %s", seal_conn_diag(p.client.conn)->text,
		    seal_conn_diag(p.server.conn)->text);
	assert_int_equal(p.server.jobs, 2);
	pair_close(&p);

	/* Given up while it waits: nothing is left behind. */
	pair_open_bare(&p, w, world_ctx(w, CLIENT_ASKS),
	    device_ctx(w, "{\"mode\":\"intra\"}"));
	for (int i = 0; i < 40 && p.server.jobs < 1; i++) {
		side_step(&p.client);
		side_step(&p.server);
	}
	p.server.hold_jobs = true;
	pair_run(&p);
	pair_close(&p);
}

static void
test_device_fails(void **state)
{
	struct world *w = *state;
	struct pair p;

	policies(w);
	device_error = SEAL_E_UNAVAILABLE;
	pair_open_bare(&p, w, world_ctx(w, CLIENT_ASKS),
	    device_ctx(w, "{\"mode\":\"intra\"}"));
	pair_run(&p);
	device_error = 0;
	assert_int_not_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	assert_int_equal(seal_conn_outcome(p.server.conn), SEAL_UNAVAILABLE);
	assert_string_equal(
	    seal_conn_diag(p.server.conn)->text, "device: out of order");
	pair_close(&p);
}

/* ---- Who asks for how much ---- */

#define FLOODED                                                          \
	"{" INTRA "\"handshakes\":{\"per_source\":2,\"total\":3}," SOFT( \
	    "server.signer", "00ff") "}"

/* One of many on a server; from: the last byte of its address, or 0. */
static void
knock(struct pair *p, struct world *w, struct seal_ctx *server, uint8_t from)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	open_bare(p, w, world_ctx(w, CLIENT_ASKS), ctx_ref(server));
	p->server.hold_jobs = true;
	a.sin_addr.s_addr = htonl(0x7f000000u | from);
	if (from != 0)
		seal_conn_source(p->server.conn, &a, sizeof(a));
	pair_run(p);
}

/* The extension was left out, at once. */
static void
turned_away(struct pair *p, const char *says)
{
	assert_int_equal(seal_conn_outcome(p->client.conn), SEAL_UNSUPPORTED);
	assert_int_equal(seal_conn_outcome(p->server.conn), SEAL_UNAVAILABLE);
	assert_non_null(strstr(seal_conn_diag(p->server.conn)->text, says));
	pair_close(p);
}

static void
let_in(struct pair *p)
{
	p->server.hold_jobs = false;
	pair_run(p);
	assert_int_equal(seal_conn_outcome(p->client.conn), SEAL_ACCEPTED);
	pair_close(p);
}

static void
test_flood(void **state)
{
	struct world *w = *state;
	struct seal_ctx *server;
	struct pair one, two, other, p;
	struct seal_job *job;

	policies(w);
	server = world_ctx(w, FLOODED);
	knock(&one, w, server, 1);
	knock(&two, w, server, 1);
	knock(&p, w, server, 1);
	turned_away(&p, "of one source");
	knock(&other, w, server, 2);
	knock(&p, w, server, 3);
	turned_away(&p, "fewer than 3");
	let_in(&one);
	/* It counts for a second, for its own source. */
	knock(&p, w, server, 1);
	turned_away(&p, "of one source");
	knock(&p, w, server, 0);
	let_in(&p);
	let_in(&other);
	w->boot_ms += 1000;
	knock(&p, w, server, 1);
	let_in(&p);
	/* And work counts until it is done, also of who has left. */
	job = seal_conn_job(two.server.conn);
	assert_non_null(job);
	pair_close(&two);
	knock(&p, w, server, 1);
	turned_away(&p, "of one source");
	w->boot_ms += 1000;
	knock(&one, w, server, 1);
	knock(&p, w, server, 1);
	turned_away(&p, "of one source");
	seal_job_free(&job);
	knock(&p, w, server, 1);
	let_in(&p);
	let_in(&one);
	seal_ctx_free(&server);
}

/* What a server is to judge counts too, and is refused where it cannot be. */
static void
test_flood_judged(void **state)
{
	struct world *w = *state;
	struct seal_ctx *server;
	struct pair one, p;

	if (!both_openssl())
		return;
	policies(w);
	server = world_ctx(
	    w, "{" INTRA "\"handshakes\":{\"total\":1},\"policy\":\"client\"}");
	for (int i = 0; i < 2; i++) {
		struct pair *each = i == 0 ? &one : &p;

		pair_open(each, w,
		    world_ctx(w, "{" INTRA SOFT("client.signer",
				     "00ff") ",\"identity\":" SERVER_ID "}"),
		    ctx_ref(server), false);
		each->server.hold_jobs = true;
		pair_run(each);
	}
	assert_int_equal(seal_conn_outcome(p.server.conn), SEAL_UNAVAILABLE);
	one.server.hold_jobs = false;
	pair_run(&one);
	assert_int_equal(seal_conn_outcome(one.server.conn), SEAL_ACCEPTED);
	pair_close(&p);
	pair_close(&one);
	seal_ctx_free(&server);
}

/* ---- Who asks for nothing ---- */

/* A client that never heard of attestation, of a server whose device signs. */
struct silent {
	struct world *w;
	struct pair p;
	SSL_CTX *tls;
	SSL *ssl;
};

static void
silent_run(struct silent *s)
{
	for (int i = 0; i < 8; i++) {
		SSL_do_handshake(s->ssl);
		side_step(&s->p.server);
	}
}

static void
silent_knock(
    struct silent *s, struct world *w, struct seal_ctx *server, uint8_t from)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	*s = (struct silent){ .w = w };
	pair_open_one(&s->p, w, ctx_ref(server), SEAL_SERVER, &end_openssl);
	a.sin_addr.s_addr = htonl(0x7f000000u | from);
	seal_conn_source(s->p.server.conn, &a, sizeof(a));
	s->p.server.hold_jobs = true;
	s->tls = SSL_CTX_new(TLS_client_method());
	s->ssl = SSL_new(s->tls);
	assert_int_equal(SSL_set_fd(s->ssl, s->p.client.fd), 1);
	SSL_set_connect_state(s->ssl);
	silent_run(s);
}

static void
silent_close(struct silent *s)
{
	SSL_free(s->ssl);
	SSL_CTX_free(s->tls);
	pair_close(&s->p);
}

/* Without a signature there is no handshake; it may be tried again. */
static void
silent_refused(struct world *w, struct seal_ctx *server, uint8_t from,
    const char *says, const char *when)
{
	struct silent s;
	const struct seal_diag *d;

	silent_knock(&s, w, server, from);
	d = seal_conn_diag(s.p.server.conn);
	if (seal_conn_step(s.p.server.conn) != SEAL_ERROR ||
	    seal_conn_outcome(s.p.server.conn) != SEAL_UNAVAILABLE ||
	    strstr(d->text, says) == NULL)
		fail_msg("%s: outcome %s, '%s'", when,
		    seal_outcome_name(seal_conn_outcome(s.p.server.conn)),
		    d->text);
	silent_close(&s);
}

static void
ends_well(struct silent *s)
{
	s->p.server.hold_jobs = false;
	silent_run(s);
	assert_true(SSL_is_init_finished(s->ssl));
}

static void
ends_device(struct silent *s)
{
	device_error = SEAL_E_UNAVAILABLE;
	s->p.server.hold_jobs = false;
	silent_run(s);
	device_error = 0;
	assert_int_equal(seal_conn_step(s->p.server.conn), SEAL_ERROR);
}

static void
ends_gone(struct silent *s)
{
	assert_int_equal(shutdown(s->p.client.fd, SHUT_RDWR), 0);
	s->p.server.hold_jobs = false;
	silent_run(s);
	assert_int_equal(seal_conn_step(s->p.server.conn), SEAL_ERROR);
}

static void
ends_late(struct silent *s)
{
	s->w->boot_ms += 30000;
	assert_int_equal(seal_conn_step(s->p.server.conn), SEAL_ERROR);
}

static void
ends_closed(struct silent *s)
{
	seal_conn_close(s->p.server.conn);
}

static void
ends_freed(struct silent *s)
{
	seal_conn_free(&s->p.server.conn);
}

static const struct ending {
	const char *name;
	void (*end)(struct silent *s);
} endings[] = {
	{ "finished", ends_well },
	{ "the device fails", ends_device },
	{ "the peer has left", ends_gone },
	{ "too late", ends_late },
	{ "closed", ends_closed },
	{ "freed", ends_freed },
};

/* However a handshake ends, its place is another's then, and not before. */
static void
test_flood_silent(void **state)
{
	struct world *w = *state;
	struct seal_ctx *server;
	struct silent one, two;

	if (!both_openssl())
		return;
	policies(w);
	device_error = 0;
	server =
	    device_ctx(w, "{\"mode\":\"intra\","
			  "\"handshakes\":{\"per_source\":1,\"total\":2}}");
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		silent_knock(&one, w, server, 1);
		if (seal_conn_step(one.p.server.conn) != SEAL_WANT_JOB)
			fail_msg("%s: begins with '%s'", endings[i].name,
			    seal_conn_diag(one.p.server.conn)->text);
		w->boot_ms += 1000;
		silent_refused(w, server, 1, "handshakes.per_source", "during");
		silent_knock(&two, w, server, 2);
		silent_refused(w, server, 3, "handshakes.total", "full");
		silent_close(&two);
		endings[i].end(&one);
		silent_knock(&two, w, server, 1);
		if (seal_conn_step(two.p.server.conn) != SEAL_WANT_JOB)
			fail_msg("%s: keeps its place", endings[i].name);
		silent_close(&two);
		silent_close(&one);
		w->boot_ms += 1000;
	}
	seal_ctx_free(&server);
}

/* From its first work to its end: it keeps the place while it need not work. */
static void
test_flood_stalled(void **state)
{
	struct world *w = *state;
	struct seal_ctx *server;
	struct seal_job *job;
	struct silent s;
	struct pair p;

	if (!both_openssl())
		return;
	policies(w);
	device_error = 0;
	server =
	    device_ctx(w, "{\"mode\":\"intra\","
			  "\"handshakes\":{\"per_source\":1,\"total\":2}}");
	silent_knock(&s, w, server, 1);
	job = seal_conn_job(s.p.server.conn);
	assert_non_null(job);
	seal_job_run(job);
	seal_conn_job_done(s.p.server.conn, &job);
	seal_conn_step(s.p.server.conn);
	w->boot_ms += 1000;
	silent_refused(w, server, 1, "handshakes.per_source", "stalled");
	/* Others have Evidence meanwhile. */
	knock(&p, w, server, 2);
	let_in(&p);
	silent_close(&s);
	/* Work of who has left counts until it is done. */
	silent_knock(&s, w, server, 1);
	job = seal_conn_job(s.p.server.conn);
	assert_non_null(job);
	silent_close(&s);
	w->boot_ms += 1000;
	silent_refused(w, server, 1, "handshakes.per_source", "job is out");
	seal_job_free(&job);
	/* One place serves for Evidence and signature, and is given back. */
	knock(&p, w, server, 1);
	let_in(&p);
	w->boot_ms += 1000;
	knock(&p, w, server, 1);
	let_in(&p);
	seal_ctx_free(&server);
}

/* ---- After the handshake ---- */

static void
test_lease(void **state)
{
	struct world *w = *state;
	struct pair p;
	char buf[8];
	size_t n;

	policies(w);
	open_bare(&p, w, world_ctx(w, "{" INTRA "\"policy\":\"server-brief\"}"),
	    world_ctx(w, SERVER_ATTESTS));
	pair_run(&p);
	assert_int_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	assert_int_equal(seal_write(p.server.conn, "late", 4, &n), SEAL_READY);
	assert_int_equal(seal_conn_deadline(p.client.conn), w->boot_ms + 30000);
	w->boot_ms += 30000;
	assert_int_not_equal(
	    seal_read(p.client.conn, buf, sizeof(buf), &n), SEAL_READY);
	assert_int_equal(n, 0);
	assert_int_not_equal(seal_write(p.client.conn, "x", 1, &n), SEAL_READY);
	assert_int_equal(seal_conn_diag(p.client.conn)->code, SEAL_E_LEASE);
	pair_close(&p);
}

/* Both ways, more than a record, and the end in order, one side after the
 * other. */
static void
test_plain_data(void **state)
{
	struct world *w = *state;
	static uint8_t sent[300000], got[300000];
	size_t out = 0, in = 0, n = 0;
	struct pair p;

	policies(w);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7 + i / 251);
	open_bare(
	    &p, w, world_ctx(w, CLIENT_ASKS), world_ctx(w, SERVER_ATTESTS));
	pair_run(&p);
	for (int i = 0; i < 10000 && in < sizeof(sent); i++) {
		if (out < sizeof(sent)) {
			seal_write(
			    p.client.conn, sent + out, sizeof(sent) - out, &n);
			out += n;
		}
		seal_conn_step(p.client.conn);
		if (seal_read(p.server.conn, got + in, sizeof(got) - in, &n) ==
		    SEAL_READY)
			in += n;
	}
	assert_int_equal(in, sizeof(sent));
	assert_memory_equal(sent, got, sizeof(sent));
	assert_int_equal(seal_conn_shutdown_write(p.client.conn), 0);
	assert_int_equal(
	    seal_read(p.server.conn, got, sizeof(got), &n), SEAL_EOF);
	assert_int_equal(seal_write(p.server.conn, "bye", 3, &n), SEAL_READY);
	assert_int_equal(
	    seal_read(p.client.conn, got, sizeof(got), &n), SEAL_READY);
	assert_memory_equal(got, "bye", 3);
	seal_conn_close(p.server.conn);
	pair_run(&p);
	assert_int_equal(seal_conn_outcome(p.server.conn), SEAL_CLOSED);
	pair_close(&p);
}

static void
test_truncated(void **state)
{
	struct world *w = *state;
	struct pair p;
	char buf[8];
	size_t n;

	policies(w);
	open_bare(
	    &p, w, world_ctx(w, CLIENT_ASKS), world_ctx(w, SERVER_ATTESTS));
	pair_run(&p);
	shutdown(p.server.fd, SHUT_WR);
	assert_int_not_equal(
	    seal_read(p.client.conn, buf, sizeof(buf), &n), SEAL_EOF);
	assert_int_equal(seal_conn_diag(p.client.conn)->code, SEAL_E_TRUNCATED);
	pair_close(&p);
}

/* ---- Settings that contradict ---- */

struct config_case {
	const char *name;
	const char *config;
	enum seal_role role;
	const char *says;
};

static const struct config_case config_cases[] = {
	{ "min_binding traffic", "{" INTRA "\"policy\":\"server-traffic\"}",
	    SEAL_CLIENT, "min_binding" },
	{ "two attesters",
	    "{" INTRA "\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":"
	    "\"server.signer\"}},{\"driver\":\"soft\",\"conf\":{\"key\":"
	    "\"client.signer\"}}]}",
	    SEAL_SERVER, "one attester" },
	{ "subject pkix", "{" INTRA "\"policy\":\"server-subject\"}",
	    SEAL_CLIENT, "subject" },
	{ "a server that reveals after the peer, by default",
	    "{" INTRA SOFT("server.signer", "00ff") ",\"policy\":\"client\"}",
	    SEAL_SERVER, "reveals only after the peer" },
	{ "a certificate beside the attester's", SERVER_ATTESTS, SEAL_SERVER,
	    "no certificate of its own" },
};

static void
test_config(void **state)
{
	struct world *w = *state;

	policies(w);
	world_policy(w, "server-subject", w->server_pin, "00ff", SERVER_ID,
	    TRANSCRIPT "\"subject\":{\"ca\":\"server.pem\"},");
	for (size_t i = 0; i < sizeof(config_cases) / sizeof(config_cases[0]);
	     i++) {
		const struct config_case *c = &config_cases[i];
		struct seal_ctx *ctx = world_ctx(w, c->config);
		SSL_CTX *tls = SSL_CTX_new(TLS_method());
		struct seal_diag d = { 0 };

		forged_use(w, tls, "server");
		assert_int_equal(
		    seal_openssl_prepare(ctx, tls, c->role, &d), SEAL_E_CONFIG);
		if (strstr(d.text, c->says) == NULL)
			fail_msg("%s: expected '%s' in '%s'", c->name, c->says,
			    d.text);
		SSL_CTX_free(tls);
		seal_ctx_free(&ctx);
	}
}

/* A stack that knows nothing of the extension. */
static void
test_other_stack(void **state)
{
	static const struct seal_stack stack = {
		.abi = SEAL_STACK_ABI, .name = "other", .handshake = stack_done
	};
	struct world *w = *state;
	struct seal_ctx *ctx = world_ctx(w, SERVER_ATTESTS);
	struct seal_diag d = { 0 };
	int tls = 0;

	assert_null(seal_conn_stack(ctx, &stack, &tls, SEAL_SERVER, &d));
	assert_int_equal(d.code, SEAL_E_CONFIG);
	seal_ctx_free(&ctx);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(
	    test_forged, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_leaf_unread, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_too_large, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_replay, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(test_held, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_server_judges, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_timeout, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_large, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_queue_full, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_device, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_device_fails, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_flood, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_flood_judged, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_flood_silent, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_flood_stalled, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_lease, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_plain_data, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_truncated, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_config, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_other_stack, world_setup, world_teardown),
	cmocka_unit_test_setup_teardown(
	    test_roles, world_setup, world_teardown),
};

int
main(void)
{
	int failed = 0;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		way = &ways[i];
		failed += cmocka_run_group_tests_name(
		    ways[i].name, tests, NULL, NULL);
	}
	return failed;
}
