/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <errno.h>
#include <string.h>

#include "nss_pair.h"
#include "test.h"

#define DTLS13 0xfefc
#define TLS13 0x0304
#define AES128 0x1301
#define AES256 0x1302
#define CHACHA 0x1303

/* ---- What two of them agree on ---- */

static void
same_secrets(struct nss_pair *p)
{
	static const struct {
		const char *label;
		struct span context;
	} rows[] = {
		{ "Attestation", STR("a context") },
		{ "Attestation", { NULL, 0 } },
		{ "EXPORTER-server authenticator handshake context",
		    { NULL, 0 } },
	};
	uint8_t c[48], s[48], last[48] = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    p->stack->exporter(p->c, rows[i].label, rows[i].context.p,
			rows[i].context.n, c, sizeof(c), &p->cd),
		    0);
		assert_int_equal(
		    p->stack->exporter(p->s, rows[i].label, rows[i].context.p,
			rows[i].context.n, s, sizeof(s), &p->sd),
		    0);
		assert_memory_equal(c, s, sizeof(c));
		assert_memory_not_equal(c, last, sizeof(c));
		memcpy(last, c, sizeof(c));
	}
}

static void
sound_facts(struct nss_pair *p, uint16_t version, uint16_t hash)
{
	struct seal_stack_facts c, s;

	assert_int_equal(p->stack->facts(p->c, &c, &p->cd), 0);
	assert_int_equal(p->stack->facts(p->s, &s, &p->sd), 0);
	assert_int_equal(c.role, SEAL_CLIENT);
	assert_int_equal(s.role, SEAL_SERVER);
	assert_int_equal(c.version, version);
	assert_int_equal(s.version, version);
	assert_int_equal(c.hash, hash);
	assert_int_equal(s.hash, hash);
	assert_int_equal(c.group, s.group);
	assert_int_equal(c.group, version == DTLS13 ? 0x001d : 0x11ec);
	assert_string_equal(c.alpn, "seal/1");
	assert_string_equal(s.alpn, "seal/1");
	assert_false(c.resumed || s.resumed);
	assert_true(c.peer_verified && s.peer_verified);
	assert_string_equal(c.verified_name, "host.test");
	assert_null(s.verified_name);
	assert_int_equal(c.peer_spki_n, 91);
	assert_int_equal(s.peer_spki_n, 120);
}

static void
says(const struct seal_stack *t, struct nss_conn *from, struct nss_conn *to,
    const char *text)
{
	struct seal_diag d = { 0 };
	uint8_t buf[64];
	size_t n = 0;

	assert_int_equal(t->write(from, text, strlen(text), &d), SEAL_IO_DONE);
	assert_int_equal(t->read(to, buf, sizeof(buf), &n, &d), SEAL_IO_DONE);
	assert_int_equal(n, strlen(text));
	assert_memory_equal(buf, text, n);
	assert_int_equal(
	    t->read(to, buf, sizeof(buf), &n, &d), SEAL_IO_WANT_READ);
}

static void
agreed(struct nss_pair *p)
{
	if (p->client != SEAL_IO_DONE || p->server != SEAL_IO_DONE)
		fail_msg("client %d %s; server %d %s", p->client, p->cd.text,
		    p->server, p->sd.text);
}

static void
agreeing(void **state)
{
	static const struct {
		uint16_t suite, hash;
	} rows[] = { { 0, 256 }, { AES128, 256 }, { AES256, 384 },
		{ CHACHA, 256 } };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		bool datagram = i % 2 != 0;
		struct nss_pair p;
		size_t n;
		uint8_t b;

		nss_pair_new_suite(&p, datagram, rows[i / 2].suite);
		nss_pair_join(&p);
		nss_pair_handshake(&p);
		agreed(&p);
		sound_facts(&p, datagram ? DTLS13 : TLS13, rows[i / 2].hash);
		same_secrets(&p);
		says(p.stack, p.c, p.s, "there");
		says(p.stack, p.s, p.c, "and back");
		if (datagram) {
			assert_true(nss_conn_proved(p.s));
			assert_true(p.up.largest <= NSS_MTU);
			assert_true(p.down.largest <= NSS_MTU);
		}
		assert_int_equal(p.stack->shutdown(p.c, &p.cd), SEAL_IO_DONE);
		assert_int_equal(
		    p.stack->read(p.s, &b, 1, &n, &p.sd), SEAL_IO_EOF);
		nss_pair_free(&p);
	}
}

/* A write that the transport cannot take, and one byte that it can. */
static ssize_t
choked(void *arg, const void *buf, size_t n)
{
	struct nss_pair *p = arg;

	static unsigned turn;

	errno = EAGAIN;
	if (turn++ % 3 != 0)
		return -1;
	return nss_pair_send_up(p, buf, n > 7 ? 7 : n);
}

static void
choking(void **state)
{
	uint8_t sent[5000], got[5000];
	struct nss_pair p;
	size_t done = 0, n;

	(void)state;
	nss_pair_new(&p, false);
	p.client_send = choked;
	nss_pair_join(&p);
	memset(sent, 0x5a, sizeof(sent));
	nss_pair_handshake(&p);
	agreed(&p);
	for (int i = 0; i < 10000 && done < sizeof(got); i++) {
		static enum seal_io io;

		if (i == 0 || io != SEAL_IO_DONE)
			io = p.stack->write(p.c, sent, sizeof(sent), &p.cd);
		assert_true(io == SEAL_IO_DONE || io == SEAL_IO_WANT_WRITE);
		if (p.stack->read(p.s, got + done, sizeof(got) - done, &n,
			&p.sd) == SEAL_IO_DONE)
			done += n;
		else if (io == SEAL_IO_DONE)
			p.stack->read(p.c, &n, 1, &n, &p.cd);
	}
	assert_int_equal(done, sizeof(got));
	assert_memory_equal(sent, got, sizeof(sent));
	nss_pair_free(&p);
}

static void
truncating(void **state)
{
	struct nss_pair p;
	uint8_t b;
	size_t n;

	(void)state;
	nss_pair_new(&p, false);
	nss_pair_join(&p);
	nss_pair_handshake(&p);
	agreed(&p);
	/* No close_notify leaves where nobody asked for the end. */
	nss_conn_free(&p.c);
	p.up.ended = true;
	assert_int_equal(
	    p.stack->read(p.s, &b, 1, &n, &p.sd), SEAL_IO_TRUNCATED);
	nss_pair_free(&p);
}

/* ---- Whom they refuse ---- */

static void
other_name(struct nss_pair *p)
{
	strcpy(p->cr.name, "other.test");
}

static void
no_anchors(struct nss_pair *p)
{
	trust_free(&p->trust);
	p->trust = trust_new();
	p->cr.trust = p->trust;
}

static void
server_without_anchors(struct nss_pair *p)
{
	no_anchors(p);
	p->cr.verify = STACK_VERIFY_SHOWN;
	p->cr.verify_name = false;
	p->sr.trust = p->trust;
}

static void
no_certificate(struct nss_pair *p)
{
	nss_end_free(&p->ce);
	p->ce = nss_pair_end(SEAL_CLIENT, p->datagram, NULL, 0);
}

static void
name_of_client(struct nss_pair *p)
{
	p->sr.verify_name = true;
	strcpy(p->sr.name, "host.test");
}

static void
another_suite(struct nss_pair *p)
{
	nss_end_free(&p->ce);
	p->ce = nss_pair_end(SEAL_CLIENT, p->datagram, NULL, AES256);
	nss_end_free(&p->se);
	p->se = nss_pair_end(SEAL_SERVER, p->datagram, "host", CHACHA);
}

static void
refusing(void **state)
{
	static const struct {
		const char *name;
		void (*spoil)(struct nss_pair *p);
		int client, server; /* SEAL_E_* of who refuses first; 0: none */
		const char *text;
	} rows[] = {
		{ "a name that it has not", other_name, SEAL_E_IDENTITY, 0,
		    "other.test" },
		{ "no anchors", no_anchors, SEAL_E_IDENTITY, 0, "anchors" },
		{ "a client of nobody", server_without_anchors, 0,
		    SEAL_E_IDENTITY, "anchors" },
		{ "a client without a certificate", no_certificate, 0,
		    SEAL_E_IDENTITY, "found none" },
		{ "a client of another name", name_of_client, 0,
		    SEAL_E_IDENTITY, "host.test" },
		{ "no suite in common", another_suite, 0, SEAL_E_TLS, "" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct nss_pair p;
		int want_c = rows[i / 2].client, want_s = rows[i / 2].server;

		nss_pair_new(&p, i % 2 != 0);
		rows[i / 2].spoil(&p);
		nss_pair_join(&p);
		nss_pair_handshake(&p);
		if ((want_c != 0 && p.cd.code != want_c) ||
		    (want_s != 0 && p.sd.code != want_s) ||
		    strstr(want_c != 0 ? p.cd.text : p.sd.text,
			rows[i / 2].text) == NULL)
			fail_msg("%s: client %s; server %s", rows[i / 2].name,
			    p.cd.text, p.sd.text);
		/* The other side hears of it, also over datagrams. */
		assert_true(want_s != 0 || p.server == SEAL_IO_ERROR);
		assert_true(
		    p.client == SEAL_IO_ERROR || p.server == SEAL_IO_ERROR);
		nss_pair_free(&p);
	}
}

static void
not_asking(void **state)
{
	static const struct {
		enum stack_verify client, server;
		bool client_shows, c_verified, s_verified, s_key;
	} rows[] = {
		{ STACK_VERIFY_SHOWN, STACK_VERIFY_NONE, true, false, false,
		    false },
		{ STACK_VERIFY_NONE, STACK_VERIFY_SHOWN, true, false, false,
		    true },
		{ STACK_VERIFY_PKIX, STACK_VERIFY_PKIX_OPTIONAL, false, true,
		    false, false },
		{ STACK_VERIFY_PKIX, STACK_VERIFY_PKIX_OPTIONAL, true, true,
		    true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_stack_facts c, s;
		struct nss_pair p;

		nss_pair_new(&p, true);
		p.cr.verify = rows[i].client;
		p.cr.verify_name = rows[i].client == STACK_VERIFY_PKIX;
		p.sr.verify = rows[i].server;
		if (!rows[i].client_shows)
			no_certificate(&p);
		nss_pair_join(&p);
		nss_pair_handshake(&p);
		agreed(&p);
		assert_int_equal(p.stack->facts(p.c, &c, &p.cd), 0);
		assert_int_equal(p.stack->facts(p.s, &s, &p.sd), 0);
		assert_int_equal(c.peer_verified, rows[i].c_verified);
		assert_int_equal(s.peer_verified, rows[i].s_verified);
		assert_int_equal(c.peer_spki_n > 0, true);
		assert_int_equal(s.peer_spki_n > 0, rows[i].s_key);
		nss_pair_free(&p);
	}
}

/* ---- Datagrams ---- */

/* The server forgets; who can receive comes back, and a fresh one takes it. */
static void
forgetting(void **state)
{
	static const struct {
		const char *name, *address;
		bool other_key, proved;
	} rows[] = {
		{ "the same address", NSS_PAIR_ADDRESS, false, true },
		{ "another address", "192.0.2.2:4433", false, false },
		{ "another port", "192.0.2.1:4434", false, false },
		{ "another key", NSS_PAIR_ADDRESS, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nss_pair p;

		nss_pair_new(&p, true);
		nss_pair_join(&p);
		assert_int_equal(
		    p.stack->handshake(p.c, &p.cd), SEAL_IO_WANT_READ);
		assert_int_equal(
		    p.stack->handshake(p.s, &p.sd), SEAL_IO_WANT_READ);
		assert_false(nss_conn_proved(p.s));
		assert_int_equal(p.down.given, 1);
		assert_true(p.down.bytes <= 3 * p.up.bytes);
		if (rows[i].other_key)
			p.key.bytes[0] ^= 1;
		nss_pair_server(&p, rows[i].address);
		nss_pair_handshake(&p);
		if (nss_conn_proved(p.s) != rows[i].proved ||
		    (p.server == SEAL_IO_DONE) != rows[i].proved)
			fail_msg(
			    "%s: %d %s", rows[i].name, p.server, p.sd.text);
		nss_pair_free(&p);
	}
}

struct lossy {
	uint32_t seed;
	unsigned percent;
};

/* xorshift32: the same loss every time. */
static bool
lossy_passes(void *arg, uint8_t *p, size_t *n)
{
	struct lossy *l = arg;

	(void)p, (void)n;
	l->seed ^= l->seed << 13;
	l->seed ^= l->seed >> 17;
	l->seed ^= l->seed << 5;
	return l->seed % 100 >= l->percent;
}

static void
losing(void **state)
{
	static const unsigned percents[] = { 5, 15, 30 };

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		struct lossy l = { 1 + 7919 * i, percents[i % 3] };
		struct nss_pair p;

		nss_pair_new(&p, true);
		p.up.passes = p.down.passes = lossy_passes;
		p.up.arg = p.down.arg = &l;
		nss_pair_join(&p);
		nss_pair_handshake(&p);
		if (p.client != SEAL_IO_DONE || p.server != SEAL_IO_DONE)
			fail_msg("run %u, %u %%: client %d %s; server %d %s; "
				 "%u up, %u down",
			    i, l.percent, p.client, p.cd.text, p.server,
			    p.sd.text, p.up.given, p.down.given);
		same_secrets(&p);
		if (getenv("NSS_SHOW"))
			printf("%u%%: %u up %u down\n", l.percent, p.up.given,
			    p.down.given);
		nss_pair_free(&p);
	}
}

/* What anybody can send from the peer's address changes nothing. */
static void
spoiling(void **state)
{
	const struct {
		const char *name;
		struct span datagram;
	} rows[] = {
		{ "close_notify, plain",
		    HEX(21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0) },
		{ "a fatal alert, plain",
		    HEX(21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40) },
		{ "data, plain",
		    HEX(23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 1) },
		{ "an old cipher change",
		    HEX(20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 1) },
		{ "an ACK, plain",
		    HEX(26, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 0, 0) },
		{ "epoch 3 of nobody",
		    HEX(0x2f, 0, 9, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
			12, 13, 14, 15, 16, 17, 18, 19, 20) },
		{ "a short one", HEX(0x2f, 0, 9, 0, 1, 1) },
		{ "an empty one", HEX(0x2f, 0, 9, 0, 0) },
		{ "a connection ID",
		    HEX(0x3f, 0, 9, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
			12, 13, 14, 15, 16, 17, 18, 19, 20) },
		{ "half a record", HEX(0x2f, 0, 9, 0xff, 0xff, 1, 2, 3) },
		{ "a byte", HEX(0x2f) },
		{ "another", HEX(22) },
		{ "HTTP", STR("GET / HTTP/1.1") },
	};
	uint8_t buf[64];
	struct nss_pair p;

	(void)state;
	nss_pair_new(&p, true);
	nss_pair_join(&p);
	nss_pair_handshake(&p);
	agreed(&p);
	for (size_t i = 0; i < 256 + sizeof(rows) / sizeof(rows[0]); i++) {
		size_t k = i - 256, n = 30;
		struct span s = span_of(buf, n);
		enum seal_io io;

		memset(buf, (int)i, sizeof(buf));
		if (i >= 256)
			s = rows[k].datagram;
		nss_pair_send_up(&p, s.p, s.n);
		io = p.stack->read(p.s, buf, sizeof(buf), &n, &p.sd);
		if (io != SEAL_IO_WANT_READ)
			fail_msg("%zu %s: %d %s", i,
			    i < 256 ? "" : rows[k].name, io, p.sd.text);
		says(p.stack, p.c, p.s, "and goes on");
	}
	nss_pair_free(&p);
}

/* A record of nobody's, of every size that a datagram may have. */
static void
sizes(void **state)
{
	static const size_t bodies[] = { 0, 1, 15, 16, 17, 100, 1159, 1160,
		1161, 1200, 1500, 5000, 16384, 16640, 16641, 40000, 65000 };
	static const uint8_t heads[] = { 0x2c, 0x2d, 0x2e, 0x2f };
	static uint8_t buf[65536];
	struct nss_pair p;
	uint8_t got[16];
	size_t n;

	(void)state;
	nss_pair_new(&p, true);
	nss_pair_join(&p);
	nss_pair_handshake(&p);
	agreed(&p);
	for (size_t i = 0; i < 4 * sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct wr w;

		wr_init(&w, buf, sizeof(buf));
		wr_u8(&w, heads[i % 4]);
		wr_u16(&w, 9);
		wr_u16(&w, (uint16_t)bodies[i / 4]);
		nss_pair_send_up(&p, buf, bodies[i / 4] + 5);
		if (p.stack->read(p.s, got, sizeof(got), &n, &p.sd) !=
		    SEAL_IO_WANT_READ)
			fail_msg("%02x, %zu bytes: %s", heads[i % 4],
			    bodies[i / 4], p.sd.text);
		says(p.stack, p.c, p.s, "and goes on");
	}
	nss_pair_free(&p);
}

/* ---- Settings ---- */

static void
configuring(void **state)
{
	static const struct {
		const char *name;
		enum seal_role role;
		bool datagram;
		const char *cert, *key;
		uint16_t mtu;
		int want;
	} rows[] = {
		{ "a client without", SEAL_CLIENT, true, NULL, NULL, 0, 0 },
		{ "a server without", SEAL_SERVER, true, NULL, NULL, 0,
		    SEAL_E_CONFIG },
		{ "a certificate alone", SEAL_CLIENT, true, "host.pem", NULL, 0,
		    SEAL_E_CONFIG },
		{ "a key alone", SEAL_CLIENT, true, NULL, "host.key", 0,
		    SEAL_E_CONFIG },
		{ "a pair", SEAL_SERVER, true, "host.pem", "host.key", 0, 0 },
		{ "no pair", SEAL_SERVER, true, "host.pem", "chain.key", 0,
		    SEAL_E_CONFIG },
		{ "no pair, a client's", SEAL_CLIENT, true, "host.pem",
		    "chain.key", 0, SEAL_E_CONFIG },
		{ "no certificate", SEAL_SERVER, true, "host.key", "host.key",
		    0, SEAL_E_CONFIG },
		{ "no key", SEAL_SERVER, true, "host.pem", "host.pem", 0,
		    SEAL_E_CONFIG },
		{ "no file", SEAL_SERVER, true, "none.pem", "host.key", 0,
		    SEAL_E_IO },
		{ "the smallest datagrams", SEAL_CLIENT, true, NULL, NULL,
		    NSS_MTU_MIN, 0 },
		{ "smaller ones", SEAL_CLIENT, true, NULL, NULL,
		    NSS_MTU_MIN - 1, SEAL_E_CONFIG },
		{ "a large chain", SEAL_SERVER, false, "large.pem", "large.key",
		    0, 0 },
		{ "and in datagrams", SEAL_SERVER, true, "large.pem",
		    "large.key", 0, SEAL_E_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char cert[300], key[300];
		struct nss_end_conf conf = { .role = rows[i].role,
			.datagram = rows[i].datagram,
			.mtu = rows[i].mtu };
		struct seal_diag d = { 0 };
		struct nss_end *e = NULL;
		int r;

		if (rows[i].cert != NULL)
			conf.cert_file =
			    strcpy(cert, nss_pair_file(rows[i].cert));
		if (rows[i].key != NULL)
			conf.key_file = strcpy(key, nss_pair_file(rows[i].key));
		r = nss_end_new(&conf, &e, &d);
		if (r != rows[i].want || d.code != r)
			fail_msg("%s: %d (%s)", rows[i].name, r, d.text);
		nss_end_free(&e);
	}
}

static void
versions(void **state)
{
	static const struct {
		const char *version;
		bool fits;
	} rows[] = {
		{ "3.110", true },
		{ "3.110.1", true },
		{ "3.132 Extended ECC", true },
		{ "4.0", true },
		{ "3.109", false },
		{ "3.87.1", false },
		{ "3.87.1 Basic ECC", false },
		{ "3.9", false },
		{ "3", false },
		{ "3.", false },
		{ "2.200", false },
		{ "", false },
		{ NULL, false },
		{ "-3.110", false },
		{ "3.-110", false },
		{ "beta", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (nss_version_fits(rows[i].version) != rows[i].fits)
			fail_msg("%s", rows[i].version);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agreeing),
		cmocka_unit_test(choking),
		cmocka_unit_test(truncating),
		cmocka_unit_test(refusing),
		cmocka_unit_test(not_asking),
		cmocka_unit_test(forgetting),
		cmocka_unit_test(losing),
		cmocka_unit_test(spoiling),
		cmocka_unit_test(sizes),
		cmocka_unit_test(configuring),
		cmocka_unit_test(versions),
	};

	return cmocka_run_group_tests(tests, nss_pair_setup, nss_pair_teardown);
}
