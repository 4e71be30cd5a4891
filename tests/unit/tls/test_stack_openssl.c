/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter on real handshakes: what it prepares, refuses and reports. */
#include "test.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls_pair.h"

static struct seal_stack_facts
facts(SSL *ssl)
{
	struct seal_stack_facts f;
	struct seal_diag d = { 0 };

	if (stack_openssl.facts(ssl, &f, &d) != 0)
		fail_msg("facts: %s", d.text);
	return f;
}

static void
queue_is_clean(void)
{
	assert_int_equal(ERR_peek_error(), 0);
}

static void
pair_open(struct tls_pair *p, enum stack_verify client,
    enum stack_verify server, const char *name)
{
	tls_pair_new(p);
	tls_pair_prepare(p, SEAL_CLIENT, client);
	tls_pair_prepare(p, SEAL_SERVER, server);
	tls_pair_join(p);
	tls_pair_attach(p, SEAL_CLIENT, name);
	tls_pair_attach(p, SEAL_SERVER, NULL);
}

/* ---- Identity ---- */

struct verify_case {
	const char *name;
	enum stack_verify client, server;
	const char *host;
	bool client_cert;
	enum seal_io client_end, server_end;
	int client_code, server_code;
	/* What each finds about the other. */
	bool client_finds, server_finds, server_sees_key;
};

#define DONE SEAL_IO_DONE
#define FAIL SEAL_IO_ERROR
static const struct verify_case verify_cases[] = {
	{ "none", STACK_VERIFY_NONE, STACK_VERIFY_NONE, NULL, false, DONE,
	    DONE },
	{ "none asks for none", STACK_VERIFY_NONE, STACK_VERIFY_NONE, NULL,
	    true, DONE, DONE },
	{ "shown proves nothing", STACK_VERIFY_SHOWN, STACK_VERIFY_NONE, NULL,
	    false, DONE, DONE },
	{ "pkix", STACK_VERIFY_PKIX, STACK_VERIFY_NONE, "host.test", false,
	    DONE, DONE, 0, 0, true },
	{ "pkix, an address", STACK_VERIFY_PKIX, STACK_VERIFY_NONE, "192.0.2.1",
	    false, DONE, DONE, 0, 0, true },
	{ "pkix, another name", STACK_VERIFY_PKIX, STACK_VERIFY_NONE,
	    "other.test", false, FAIL, FAIL, SEAL_E_IDENTITY, SEAL_E_TLS },
	{ "pkix, another address", STACK_VERIFY_PKIX, STACK_VERIFY_NONE,
	    "192.0.2.2", false, FAIL, FAIL, SEAL_E_IDENTITY, SEAL_E_TLS },
	{ "pkix, partial wildcard", STACK_VERIFY_PKIX, STACK_VERIFY_NONE,
	    "west.test", false, FAIL, FAIL, SEAL_E_IDENTITY, SEAL_E_TLS },
	{ "mutual pkix", STACK_VERIFY_PKIX, STACK_VERIFY_PKIX, "host.test",
	    true, DONE, DONE, 0, 0, true, true, true },
	{ "mutual pkix, no certificate", STACK_VERIFY_PKIX, STACK_VERIFY_PKIX,
	    "host.test", false, DONE, FAIL, 0, SEAL_E_TLS },
	{ "client's key shown", STACK_VERIFY_NONE, STACK_VERIFY_SHOWN, NULL,
	    true, DONE, DONE, 0, 0, false, false, true },
	{ "client shows none", STACK_VERIFY_NONE, STACK_VERIFY_SHOWN, NULL,
	    false, DONE, FAIL, 0, SEAL_E_TLS },
	{ "optional, none", STACK_VERIFY_NONE, STACK_VERIFY_PKIX_OPTIONAL, NULL,
	    false, DONE, DONE },
	{ "optional, one", STACK_VERIFY_NONE, STACK_VERIFY_PKIX_OPTIONAL, NULL,
	    true, DONE, DONE, 0, 0, false, true, true },
	{ NULL },
};

static void
verify_row(const struct verify_case *c)
{
	struct seal_stack_facts f;
	struct tls_pair p;

	tls_pair_new(&p);
	tls_pair_prepare(&p, SEAL_CLIENT, c->client);
	tls_pair_prepare(&p, SEAL_SERVER, c->server);
	if (c->client_cert)
		tls_pair_use_cert(p.cc);
	tls_pair_join(&p);
	tls_pair_attach(&p, SEAL_CLIENT, c->host);
	tls_pair_attach(&p, SEAL_SERVER, NULL);
	tls_pair_handshake(&p);
	queue_is_clean();
	if (p.client != c->client_end || p.server != c->server_end ||
	    p.cd.code != c->client_code || p.sd.code != c->server_code)
		fail_msg("%s: client %d (%s), server %d (%s)", c->name,
		    p.client, p.cd.text, p.server, p.sd.text);
	if (p.client == DONE && p.server == DONE) {
		f = facts(p.c);
		if (f.peer_verified != c->client_finds || f.peer_spki_n == 0)
			fail_msg("%s: client's finding", c->name);
		if (!f.peer_verified && f.verify_error == NULL)
			fail_msg("%s: no reason", c->name);
		f = facts(p.s);
		if (f.peer_verified != c->server_finds ||
		    (f.peer_spki_n > 0) != c->server_sees_key)
			fail_msg("%s: server's finding", c->name);
	}
	tls_pair_free(&p);
}

static void
verification(void **state)
{
	(void)state;
	for (const struct verify_case *c = verify_cases; c->name != NULL; c++)
		verify_row(c);
}

static int
accept_all(X509_STORE_CTX *store, void *arg)
{
	(void)arg;
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

/* An application's own callback must not make an identity. */
static void
foreign_callback(void **state)
{
	struct tls_pair p;

	(void)state;
	tls_pair_new(&p);
	SSL_CTX_set_cert_verify_callback(p.cc, accept_all, NULL);
	tls_pair_prepare(&p, SEAL_CLIENT, STACK_VERIFY_PKIX);
	tls_pair_prepare(&p, SEAL_SERVER, STACK_VERIFY_NONE);
	tls_pair_join(&p);
	tls_pair_attach(&p, SEAL_CLIENT, "other.test");
	tls_pair_handshake(&p);
	assert_int_equal(p.client, SEAL_IO_ERROR);
	assert_int_equal(p.cd.code, SEAL_E_IDENTITY);
	tls_pair_free(&p);

	/* A bare SSL_CTX verifies nothing, and so it is reported. */
	tls_pair_new(&p);
	SSL_CTX_set_verify(p.cc, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_cert_verify_callback(p.cc, accept_all, NULL);
	tls_pair_join(&p);
	tls_pair_handshake(&p);
	assert_int_equal(p.client, SEAL_IO_DONE);
	assert_false(facts(p.c).peer_verified);
	tls_pair_free(&p);
}

/* ---- Facts ---- */

static void
facts_of_both(void **state)
{
	struct seal_stack_facts c, s;
	uint8_t der[SEAL_SPKI_MAX], *at = der;
	struct tls_pair p;
	int n;

	(void)state;
	pair_open(&p, STACK_VERIFY_PKIX, STACK_VERIFY_NONE, "host.test");
	tls_pair_handshake(&p);
	c = facts(p.c);
	s = facts(p.s);
	assert_int_equal(c.role, SEAL_CLIENT);
	assert_int_equal(s.role, SEAL_SERVER);
	assert_int_equal(c.version, 0x0304);
	assert_int_equal(s.version, 0x0304);
	assert_int_equal(c.group, s.group);
	assert_int_not_equal(c.group, 0);
	assert_int_equal(c.hash, s.hash);
	assert_string_equal(c.alpn, "seal/1");
	assert_string_equal(s.alpn, "seal/1");
	assert_false(c.resumed || s.resumed);
	assert_null(c.verify_error);
	n = i2d_X509_PUBKEY(
	    X509_get_X509_PUBKEY(SSL_get0_peer_certificate(p.c)), &at);
	assert_int_equal(c.peer_spki_n, n);
	assert_memory_equal(c.peer_spki, der, (size_t)n);
	assert_int_equal(s.peer_spki_n, 0);
	assert_string_equal(
	    SSL_get_servername(p.s, TLSEXT_NAMETYPE_host_name), "host.test");
	tls_pair_free(&p);
}

static void
suites(void **state)
{
	static const struct {
		const char *suite;
		uint16_t hash;
	} rows[] = {
		{ "TLS_AES_128_GCM_SHA256", 256 },
		{ "TLS_AES_256_GCM_SHA384", 384 },
		{ "TLS_CHACHA20_POLY1305_SHA256", 256 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tls_pair p;

		pair_open(&p, STACK_VERIFY_NONE, STACK_VERIFY_NONE, NULL);
		SSL_set_ciphersuites(p.c, rows[i].suite);
		tls_pair_handshake(&p);
		assert_int_equal(facts(p.c).hash, rows[i].hash);
		assert_int_equal(facts(p.s).hash, rows[i].hash);
		tls_pair_free(&p);
	}
}

/* PROTOCOL 5.5 rule 4: sound groups, by number. */
static void
groups(void **state)
{
	static struct {
		char list[16];  /* libssl's macro drops const */
		uint16_t group; /* 0: the peers have none in common */
	} rows[] = {
		{ "P-256", 0x0017 }, { "P-384", 0x0018 }, { "P-521", 0x0019 },
		{ "X25519", 0x001d }, { "X448", 0x001e }, { "ffdhe2048", 0 },
		{ "X25519MLKEM768", 0x11ec }, /* where libssl has it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tls_pair p;

		pair_open(&p, STACK_VERIFY_NONE, STACK_VERIFY_NONE, NULL);
		if (SSL_set1_groups_list(p.c, rows[i].list) != 1) {
			tls_pair_free(&p);
			continue;
		}
		tls_pair_handshake(&p);
		if ((p.client == SEAL_IO_DONE) != (rows[i].group != 0))
			fail_msg("%s: %s", rows[i].list, p.cd.text);
		if (rows[i].group != 0) {
			assert_int_equal(facts(p.c).group, rows[i].group);
			assert_int_equal(facts(p.s).group, rows[i].group);
		}
		tls_pair_free(&p);
	}
	ERR_clear_error();
}

/* Between peers that nobody prepared, the fact is 0 or the group's own. */
static void
unsound_group(void **state)
{
	char list[] = "ffdhe2048";
	struct tls_pair p;
	uint16_t group;

	(void)state;
	tls_pair_new(&p);
	assert_int_equal(SSL_CTX_set1_groups_list(p.cc, list), 1);
	assert_int_equal(SSL_CTX_set1_groups_list(p.sc, list), 1);
	tls_pair_join(&p);
	tls_pair_handshake(&p);
	assert_int_equal(p.client, SEAL_IO_DONE);
	group = facts(p.c).group;
	assert_true(group == 0 || group == 0x0100);
	tls_pair_free(&p);
}

/* ---- What is refused ---- */

static void
older_tls(void **state)
{
	(void)state;
	for (int server = 0; server < 2; server++) {
		struct tls_pair p;

		tls_pair_new(&p);
		tls_pair_prepare(
		    &p, server ? SEAL_CLIENT : SEAL_SERVER, STACK_VERIFY_NONE);
		SSL_CTX_set_max_proto_version(
		    server ? p.sc : p.cc, TLS1_2_VERSION);
		tls_pair_join(&p);
		tls_pair_handshake(&p);
		assert_int_equal(p.client, SEAL_IO_ERROR);
		assert_int_equal(p.server, SEAL_IO_ERROR);
		assert_int_equal(server ? p.cd.code : p.sd.code, SEAL_E_TLS);
		tls_pair_free(&p);
	}
}

static int
select_h2(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *in, unsigned int in_n, void *arg)
{
	(void)ssl, (void)in, (void)in_n, (void)arg;
	*out = (const unsigned char *)"h2";
	*out_n = 2;
	return SSL_TLSEXT_ERR_OK;
}

static void
other_alpn(void **state)
{
	struct tls_pair p;

	(void)state;
	/* A client that offers something else is turned away. */
	tls_pair_new(&p);
	tls_pair_prepare(&p, SEAL_SERVER, STACK_VERIFY_NONE);
	SSL_CTX_set_alpn_protos(p.cc, (const unsigned char *)"\2h2", 3);
	tls_pair_join(&p);
	tls_pair_handshake(&p);
	assert_int_equal(p.client, SEAL_IO_ERROR);
	assert_int_equal(p.server, SEAL_IO_ERROR);
	assert_int_equal(p.cd.code, SEAL_E_UNSUPPORTED);
	assert_int_equal(p.sd.code, SEAL_E_UNSUPPORTED);
	tls_pair_free(&p);

	/* Where one says nothing, the fact is the empty name. */
	tls_pair_new(&p);
	tls_pair_prepare(&p, SEAL_SERVER, STACK_VERIFY_NONE);
	tls_pair_join(&p);
	tls_pair_handshake(&p);
	assert_int_equal(p.server, SEAL_IO_DONE);
	assert_string_equal(facts(p.s).alpn, "");
	tls_pair_free(&p);

	tls_pair_new(&p);
	tls_pair_prepare(&p, SEAL_CLIENT, STACK_VERIFY_NONE);
	tls_pair_join(&p);
	tls_pair_handshake(&p);
	assert_int_equal(p.client, SEAL_IO_DONE);
	assert_string_equal(facts(p.c).alpn, "");
	tls_pair_free(&p);

	/* A server that selects what was not offered. */
	tls_pair_new(&p);
	tls_pair_prepare(&p, SEAL_CLIENT, STACK_VERIFY_NONE);
	SSL_CTX_set_alpn_select_cb(p.sc, select_h2, NULL);
	tls_pair_join(&p);
	tls_pair_handshake(&p);
	if (p.client == SEAL_IO_DONE)
		assert_string_not_equal(facts(p.c).alpn, "seal/1");
	tls_pair_free(&p);
}

/* A session that a bare server gave with a ticket. */
static SSL_SESSION *
ticket(struct tls_pair *p)
{
	char buf[8];

	tls_pair_new(p);
	tls_pair_join(p);
	tls_pair_handshake(p);
	SSL_read(p->c, buf, sizeof(buf));
	ERR_clear_error();
	/* What ends without shutdown is not resumed. */
	SSL_set_shutdown(p->c, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	return SSL_get1_session(p->c);
}

static void
resumption(void **state)
{
	struct stack_rules rules;
	struct seal_diag d = { 0 };
	SSL_SESSION *session;
	struct tls_pair p;

	(void)state;
	rules = tls_pair_rules(SEAL_CLIENT, NULL);
	session = ticket(&p);
	assert_true(SSL_SESSION_is_resumable(session));

	/* Between bare peers it works, and is reported. */
	SSL_free(p.c);
	SSL_free(p.s);
	tls_pair_join(&p);
	SSL_set_session(p.c, session);
	tls_pair_handshake(&p);
	assert_true(facts(p.c).resumed);
	assert_true(facts(p.s).resumed);
	SSL_set_shutdown(p.c, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(p.c);
	SSL_free(p.s);

	/* A prepared server takes no ticket, not even its own. */
	tls_pair_prepare(&p, SEAL_SERVER, STACK_VERIFY_NONE);
	tls_pair_join(&p);
	SSL_set_session(p.c, session);
	tls_pair_handshake(&p);
	assert_int_equal(p.client, SEAL_IO_DONE);
	assert_false(facts(p.c).resumed);
	assert_false(facts(p.s).resumed);
	SSL_free(p.c);
	SSL_free(p.s);

	/* A prepared client is refused with one. */
	tls_pair_prepare(&p, SEAL_CLIENT, STACK_VERIFY_NONE);
	tls_pair_join(&p);
	SSL_set_session(p.c, session);
	assert_int_equal(stack_openssl_attach(p.c, &rules, &d), SEAL_E_CONFIG);
	SSL_SESSION_free(session);
	tls_pair_free(&p);
}

/* No certificate is sent compressed, or taken; both options are unknown
 * before 3.2. */
static void
no_compression(void **state)
{
	const uint64_t both = SSL_OP_BIT(32) | SSL_OP_BIT(33);
	struct tls_pair p;

	(void)state;
	pair_open(&p, STACK_VERIFY_NONE, STACK_VERIFY_NONE, NULL);
	assert_true((SSL_get_options(p.c) & both) == both);
	assert_true((SSL_get_options(p.s) & both) == both);
	tls_pair_free(&p);
}

/* A prepared server gives no ticket, in the session cache or on the wire. */
static void
no_tickets(void **state)
{
	struct seal_diag d = { 0 };
	SSL_SESSION *session;
	struct tls_pair p;
	size_t n = 0;
	char buf[8];

	(void)state;
	pair_open(&p, STACK_VERIFY_NONE, STACK_VERIFY_NONE, NULL);
	tls_pair_handshake(&p);
	assert_int_equal(stack_openssl.read(p.c, buf, sizeof(buf), &n, &d),
	    SEAL_IO_WANT_READ);
	session = SSL_get1_session(p.c);
	assert_false(SSL_SESSION_is_resumable(session));
	SSL_SESSION_free(session);
	assert_int_equal(SSL_get_num_tickets(p.s), 0);
	assert_int_equal(SSL_CTX_get_max_early_data(p.sc), 0);
	tls_pair_free(&p);

	/* Those of a bare server are read over, as no data. */
	tls_pair_new(&p);
	tls_pair_prepare(&p, SEAL_CLIENT, STACK_VERIFY_NONE);
	tls_pair_join(&p);
	tls_pair_handshake(&p);
	do
		n = 0;
	while (stack_openssl.read(p.c, buf, sizeof(buf), &n, &d) ==
		   SEAL_IO_WANT_READ &&
	       BIO_pending(SSL_get_rbio(p.c)) > 0);
	assert_int_equal(n, 0);
	tls_pair_free(&p);
}

static unsigned int
psk_client(SSL *ssl, const char *hint, char *identity, unsigned int identity_n,
    unsigned char *psk, unsigned int psk_n)
{
	(void)ssl, (void)hint, (void)psk_n;
	assert_true(identity_n > 2);
	memcpy(identity, "me", 3);
	memset(psk, 7, 32);
	return 32;
}

static unsigned int
psk_server(
    SSL *ssl, const char *identity, unsigned char *psk, unsigned int psk_n)
{
	(void)ssl, (void)identity, (void)psk_n;
	memset(psk, 7, 32);
	return 32;
}

/* An external PSK authenticates nobody's certificate: it counts as resumed. */
static void
external_psk(void **state)
{
	struct tls_pair p;

	(void)state;
	pair_open(&p, STACK_VERIFY_NONE, STACK_VERIFY_NONE, NULL);
	SSL_set_psk_client_callback(p.c, psk_client);
	SSL_set_psk_server_callback(p.s, psk_server);
	SSL_set_ciphersuites(p.c, "TLS_AES_128_GCM_SHA256");
	tls_pair_handshake(&p);
	assert_int_equal(p.client, SEAL_IO_DONE);
	assert_true(facts(p.c).resumed);
	assert_true(facts(p.s).resumed);
	tls_pair_free(&p);
}

/* ---- Attaching ---- */

static int
verify_any(int ok, X509_STORE_CTX *store)
{
	(void)ok, (void)store;
	return 1;
}

static void
allow_tls12(struct tls_pair *p)
{
	SSL_set_min_proto_version(p->c, TLS1_2_VERSION);
}

static void
limit_to_tls12(struct tls_pair *p)
{
	SSL_set_min_proto_version(p->c, TLS1_2_VERSION);
	SSL_set_max_proto_version(p->c, TLS1_2_VERSION);
}

static void
give_tickets(struct tls_pair *p)
{
	SSL_set_num_tickets(p->c, 1);
}

static void
verify_nothing(struct tls_pair *p)
{
	SSL_set_verify(p->c, SSL_VERIFY_NONE, NULL);
}

static void
verify_its_own_way(struct tls_pair *p)
{
	SSL_set_verify(p->c, SSL_get_verify_mode(p->c), verify_any);
}

static void
begin(struct tls_pair *p)
{
	SSL_do_handshake(p->c);
	ERR_clear_error();
}

static void
nothing(struct tls_pair *p)
{
	(void)p;
}

static void
attaching(void **state)
{
	static const struct {
		const char *name;
		void (*spoil)(struct tls_pair *p);
		const char *peer;
		int want;
	} rows[] = {
		{ "as it should be", nothing, "host.test", 0 },
		{ "no name", nothing, NULL, SEAL_E_CONFIG },
		{ "older versions", allow_tls12, "host.test", SEAL_E_CONFIG },
		{ "another version", limit_to_tls12, "host.test",
		    SEAL_E_CONFIG },
		{ "tickets", give_tickets, "host.test", SEAL_E_CONFIG },
		{ "no verification", verify_nothing, "host.test",
		    SEAL_E_CONFIG },
		{ "another verification", verify_its_own_way, "host.test",
		    SEAL_E_CONFIG },
		{ "begun", begin, "host.test", SEAL_E_STATE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_diag d = { 0 };
		struct stack_rules rules;
		struct tls_pair p;
		int r;

		tls_pair_new(&p);
		tls_pair_prepare(&p, SEAL_CLIENT, STACK_VERIFY_PKIX);
		tls_pair_join(&p);
		rows[i].spoil(&p);
		rules = tls_pair_rules(SEAL_CLIENT, rows[i].peer);
		rules.verify_name = true;
		r = stack_openssl_attach(p.c, &rules, &d);
		if (r != rows[i].want || (r != 0 && d.code != r))
			fail_msg("%s: %d (%s)", rows[i].name, r, d.text);
		queue_is_clean();
		tls_pair_free(&p);
	}
}

static void
preparing(void **state)
{
	struct stack_openssl_conf conf = { SEAL_CLIENT, STACK_VERIFY_PKIX,
		"/nonexistent" };
	struct stack_rules rules = tls_pair_rules(SEAL_SERVER, NULL);
	struct seal_diag d = { 0 };
	struct tls_pair p;

	(void)state;
	tls_pair_new(&p);
	assert_int_equal(stack_openssl_prepare(p.cc, &conf, &d), SEAL_E_CONFIG);
	assert_true(strlen(d.remedy) > 0);
	queue_is_clean();
	/* An SSL_CTX that was not prepared is found out. */
	tls_pair_join(&p);
	seal_diag_clear(&d);
	assert_int_equal(stack_openssl_attach(p.s, &rules, &d), SEAL_E_CONFIG);
	tls_pair_free(&p);
}

/* ---- The exporter ---- */

static void export(
    SSL *ssl, const char *label, size_t context_n, uint8_t ret[32])
{
	static const uint8_t context[33] = { 1 };
	struct seal_diag d = { 0 };

	if (stack_openssl.exporter(
		ssl, label, context, context_n, ret, 32, &d) != 0)
		fail_msg("exporter: %s", d.text);
}

static void
exporter(void **state)
{
	static const struct {
		const char *label;
		size_t context_n;
	} rows[] = {
		{ "Attestation", 33 },
		{ "Attestation", 0 },
		{ "Attestation", 1 },
		{ "EXPORTER-client authenticator handshake context", 0 },
	};
	uint8_t seen[4][32], c[32], s[32], plain[32];
	struct seal_diag d = { 0 };
	struct tls_pair p;

	(void)state;
	pair_open(&p, STACK_VERIFY_NONE, STACK_VERIFY_NONE, NULL);
	/* None before the handshake. */
	assert_int_equal(stack_openssl.exporter(
			     p.c, "Attestation", NULL, 0, c, sizeof(c), &d),
	    SEAL_E_TLS);
	queue_is_clean();
	tls_pair_handshake(&p);
	for (size_t i = 0; i < 4; i++) {
		export(p.c, rows[i].label, rows[i].context_n, c);
		export(p.s, rows[i].label, rows[i].context_n, s);
		assert_memory_equal(c, s, sizeof(c));
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(c, seen[k], sizeof(c));
		memcpy(seen[i], c, sizeof(c));
	}
	/* It is TLS-Exporter of RFC 8446 s7.5. */
	SSL_export_keying_material(p.c, plain, sizeof(plain), "Attestation", 11,
	    (const uint8_t *)"", 0, 1);
	assert_memory_equal(plain, seen[1], sizeof(plain));
	tls_pair_free(&p);
}

/* ---- Bytes ---- */

static void
bytes_and_ends(void **state)
{
	struct seal_diag d = { 0 };
	struct tls_pair p;
	size_t n = 0;
	char buf[8];

	(void)state;
	pair_open(&p, STACK_VERIFY_NONE, STACK_VERIFY_NONE, NULL);
	tls_pair_handshake(&p);
	/* What somebody else left in the queue is not taken for ours. */
	ERR_raise(ERR_LIB_SSL, SSL_R_UNEXPECTED_EOF_WHILE_READING);
	assert_int_equal(
	    stack_openssl.write(p.c, "hello", 5, &d), SEAL_IO_DONE);
	ERR_raise(ERR_LIB_SSL, ERR_R_INTERNAL_ERROR);
	assert_int_equal(
	    stack_openssl.read(p.s, buf, sizeof(buf), &n, &d), SEAL_IO_DONE);
	assert_int_equal(n, 5);
	assert_int_equal(stack_openssl.read(p.s, buf, sizeof(buf), &n, &d),
	    SEAL_IO_WANT_READ);
	assert_int_equal(n, 0);
	/* close_notify is one end ... */
	assert_int_equal(stack_openssl.shutdown(p.c, &d), SEAL_IO_DONE);
	assert_int_equal(stack_openssl.shutdown(p.c, &d), SEAL_IO_DONE);
	assert_int_equal(
	    stack_openssl.read(p.s, buf, sizeof(buf), &n, &d), SEAL_IO_EOF);
	/* ... and the transport's is another. */
	BIO_shutdown_wr(SSL_get_wbio(p.s));
	assert_int_equal(stack_openssl.read(p.c, buf, sizeof(buf), &n, &d),
	    SEAL_IO_TRUNCATED);
	queue_is_clean();
	assert_int_equal(d.code, 0);
	/* Nobody is left to write to. */
	assert_int_equal(
	    stack_openssl.write(p.c, "hello", 5, &d), SEAL_IO_ERROR);
	queue_is_clean();
	tls_pair_free(&p);
}

static void
garbage(void **state)
{
	static const char junk[] = "\x17\x03\x03\x00\x20"
				   "0123456789abcdef0123456789abcdef";
	struct seal_diag d = { 0 };
	struct tls_pair p;
	size_t n = 0;
	char buf[8];

	(void)state;
	pair_open(&p, STACK_VERIFY_NONE, STACK_VERIFY_NONE, NULL);
	tls_pair_handshake(&p);
	BIO_write(SSL_get_wbio(p.c), junk, sizeof(junk) - 1);
	assert_int_equal(
	    stack_openssl.read(p.s, buf, sizeof(buf), &n, &d), SEAL_IO_ERROR);
	assert_int_equal(d.code, SEAL_E_TLS);
	queue_is_clean();
	tls_pair_free(&p);

	/* A peer that leaves during the handshake. */
	pair_open(&p, STACK_VERIFY_NONE, STACK_VERIFY_NONE, NULL);
	BIO_shutdown_wr(SSL_get_wbio(p.c));
	seal_diag_clear(&d);
	assert_int_equal(stack_openssl.handshake(p.s, &d), SEAL_IO_ERROR);
	assert_int_equal(d.code, SEAL_E_TLS);
	queue_is_clean();
	tls_pair_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verification),
		cmocka_unit_test(foreign_callback),
		cmocka_unit_test(facts_of_both),
		cmocka_unit_test(suites),
		cmocka_unit_test(groups),
		cmocka_unit_test(unsound_group),
		cmocka_unit_test(older_tls),
		cmocka_unit_test(other_alpn),
		cmocka_unit_test(resumption),
		cmocka_unit_test(no_compression),
		cmocka_unit_test(no_tickets),
		cmocka_unit_test(external_psk),
		cmocka_unit_test(attaching),
		cmocka_unit_test(preparing),
		cmocka_unit_test(exporter),
		cmocka_unit_test(bytes_and_ends),
		cmocka_unit_test(garbage),
	};
	int r;

	tls_pair_setup();
	r = cmocka_run_group_tests(tests, NULL, NULL);
	tls_pair_teardown();
	return r;
}
