/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every TLS stack that is built in: against every other in all roles, and
 * against a bare OpenSSL peer that does what no SEAL peer does.
 */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "../crypto/fixture.h"
#include "ends.h"
#include "lib/conn.h"
#include "roles.h"

#define LONG (100 * 365 * DAY)
#define NAME "DNS:server.example"

static void
matrix(void **state)
{
	for (size_t c = 0; end_stacks[c] != NULL; c++) {
		for (size_t s = 0; end_stacks[s] != NULL; s++) {
			roles_run(*state, end_stacks[c], end_stacks[s], 256);
			roles_run(*state, end_stacks[c], end_stacks[s], 384);
		}
	}
	for (size_t c = 0; end_dtls_stacks[c] != NULL; c++) {
		for (size_t s = 0; end_dtls_stacks[s] != NULL; s++) {
			roles_run(*state, end_dtls_stacks[c],
			    end_dtls_stacks[s], 256);
			roles_run(*state, end_dtls_stacks[c],
			    end_dtls_stacks[s], 384);
		}
	}
}

/* ---- A bare peer ---- */

struct duel {
	struct side seal;
	SSL_CTX *ctx;
	SSL *bare;
	int fd; /* the bare peer's; -1: closed */
};

static const unsigned char alpn_seal[] = "\006seal/1", alpn_h2[] = "\002h2";

static int
select_first(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *in, unsigned int in_n, void *arg)
{
	const unsigned char *name = arg;

	(void)ssl, (void)in, (void)in_n;
	*out = name + 1;
	*out_n = name[0];
	return SSL_TLSEXT_ERR_OK;
}

static void
speak(SSL_CTX *ctx, const unsigned char *name)
{
	SSL_CTX_set_alpn_protos(ctx, name, 1u + name[0]);
	SSL_CTX_set_alpn_select_cb(ctx, select_first, (void *)(uintptr_t)name);
}

static void
as_seal(SSL_CTX *ctx)
{
	speak(ctx, alpn_seal);
}

static void
of_tls12(SSL_CTX *ctx)
{
	speak(ctx, alpn_seal);
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
}

static void
of_other_alpn(SSL_CTX *ctx)
{
	speak(ctx, alpn_h2);
}

static void
of_no_alpn(SSL_CTX *ctx)
{
	(void)ctx;
}

static void
of_unsound_group(SSL_CTX *ctx)
{
	char list[] = "ffdhe2048";

	speak(ctx, alpn_seal);
	assert_int_equal(SSL_CTX_set1_groups_list(ctx, list), 1);
}

static void
duel_open_by(struct duel *d, struct world *w, const struct end_stack *stack,
    enum seal_role role, void (*spoil)(SSL_CTX *), const char *json)
{
	char path[128];
	int fds[2];

	*d = (struct duel){ .seal.stack = stack };
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	d->seal.fd = fds[0];
	d->fd = fds[1];
	d->seal.ctx = world_ctx(w, json);
	stack->open(
	    &d->seal, w, role, role == SEAL_SERVER ? "server" : NULL, 0);
	d->ctx = SSL_CTX_new(TLS_method());
	snprintf(path, sizeof(path), "%s/server.pem", w->dir);
	SSL_CTX_use_certificate_chain_file(d->ctx, path);
	snprintf(path, sizeof(path), "%s/server.key", w->dir);
	SSL_CTX_use_PrivateKey_file(d->ctx, path, SSL_FILETYPE_PEM);
	spoil(d->ctx);
	d->bare = SSL_new(d->ctx);
	SSL_set_fd(d->bare, d->fd);
	if (role == SEAL_SERVER)
		SSL_set_connect_state(d->bare);
	else
		SSL_set_accept_state(d->bare);
}

static void
duel_open(struct duel *d, struct world *w, const struct end_stack *stack,
    enum seal_role role, void (*spoil)(SSL_CTX *))
{
	world_policy(
	    w, "any", w->server_pin, "00ff", "{\"mode\":\"none\"}", "");
	duel_open_by(d, w, stack, role, spoil, "{\"policy\":\"any\"}");
}

static void
leave(struct duel *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

static void
duel_close(struct duel *d)
{
	seal_conn_free(&d->seal.conn);
	d->seal.stack->close(&d->seal);
	seal_ctx_free(&d->seal.ctx);
	close(d->seal.fd);
	SSL_free(d->bare);
	SSL_CTX_free(d->ctx);
	leave(d);
}

/* ---- Peers that are refused ---- */

static const struct refused_case {
	const char *name;
	void (*spoil)(SSL_CTX *);
	int code; /* 0: any */
} refused_cases[] = {
	{ "TLS 1.2", of_tls12, SEAL_E_TLS },
	{ "no ALPN", of_no_alpn, SEAL_E_UNSUPPORTED },
	{ "another ALPN", of_other_alpn, 0 },
	{ "an unsound group", of_unsound_group, SEAL_E_TLS },
	{ NULL },
};

static void
refuse(struct world *w, const struct end_stack *stack, enum seal_role role,
    const struct refused_case *c)
{
	const struct seal_diag *diag;
	struct duel d;

	duel_open(&d, w, stack, role, c->spoil);
	for (int i = 0; i < 10; i++) {
		side_step(&d.seal);
		SSL_do_handshake(d.bare);
	}
	w->boot_ms += 3000; /* past the time for closing */
	diag = seal_conn_diag(d.seal.conn);
	if (side_step(&d.seal) != SEAL_ERROR || diag->code == 0 ||
	    seal_conn_verdict(d.seal.conn) != NULL ||
	    (c->code != 0 && diag->code != c->code))
		fail_msg("%s as %s: %s: %s (%s)", stack->name,
		    role == SEAL_SERVER ? "server" : "client", c->name,
		    seal_error_name(diag->code), diag->text);
	duel_close(&d);
}

static void
refused(void **state)
{
	for (size_t i = 0; end_stacks[i] != NULL; i++) {
		for (const struct refused_case *c = refused_cases;
		     c->name != NULL; c++) {
			refuse(*state, end_stacks[i], SEAL_CLIENT, c);
			refuse(*state, end_stacks[i], SEAL_SERVER, c);
		}
	}
}

/* A peer that leaves before the handshake has ended. */
static void
early_end(void **state)
{
	for (size_t i = 0; end_stacks[i] != NULL; i++) {
		char buf[4096];
		struct duel d;
		int code;

		duel_open(&d, *state, end_stacks[i], SEAL_CLIENT, as_seal);
		side_step(&d.seal);
		assert_true(read(d.fd, buf, sizeof(buf)) > 0);
		leave(&d);
		side_step(&d.seal);
		code = seal_conn_diag(d.seal.conn)->code;
		/* wolfSSL cannot tell it from other failures of a socket. */
		if (code != SEAL_E_TLS && code != SEAL_E_IO)
			fail_msg("%s: %s", end_stacks[i]->name,
			    seal_conn_diag(d.seal.conn)->text);
		duel_close(&d);
	}
}

/* ---- Chains of certificates ---- */

enum who { ROOT, INTER, LEAF, CLIENTS, OTHERS, NOBODY };

static const struct chain_case {
	const char *name;
	enum who leaf, sent[3]; /* NOBODY ends */
	int code;               /* 0: the peer is verified */
} chain_cases[] = {
	{ "by way of an intermediate", LEAF, { INTER, NOBODY }, 0 },
	{ "with its root", LEAF, { INTER, ROOT, NOBODY }, 0 },
	{ "with what is not asked for", LEAF, { OTHERS, INTER, NOBODY }, 0 },
	{ "without the intermediate", LEAF, { NOBODY }, SEAL_E_IDENTITY },
	{ "for clients", CLIENTS, { INTER, NOBODY }, SEAL_E_IDENTITY },
	{ "of nobody", OTHERS, { INTER, NOBODY }, SEAL_E_IDENTITY },
	{ NULL },
};

static void
chain_make(struct world *w, struct issued made[NOBODY])
{
	static const struct made plans[NOBODY] = {
		[ROOT] = { "root", .basic = "critical,CA:TRUE", .to = LONG },
		[INTER] = { "inter", .basic = "critical,CA:TRUE", .to = LONG },
		[LEAF] = { "leaf", .san = NAME, .to = LONG },
		[CLIENTS] = { "clients", .san = NAME, .ext = "clientAuth",
		    .to = LONG },
		[OTHERS] = { "others", .san = NAME, .to = LONG },
	};
	char path[128];
	FILE *f;

	for (enum who i = ROOT; i < NOBODY; i++)
		made[i] = issue(&plans[i], EVP_EC_gen("P-256"),
		    i == ROOT || i == OTHERS ? NULL
		    : i == INTER             ? &made[ROOT]
					     : &made[INTER]);
	snprintf(path, sizeof(path), "%s/root.pem", w->dir);
	assert_non_null(f = fopen(path, "w"));
	PEM_write_X509(f, made[ROOT].x);
	fclose(f);
	world_policy(w, "rooted", w->server_pin, "00ff",
	    "{\"mode\":\"pkix\",\"ca\":\"root.pem\"}", "");
}

static void
chain_row(struct world *w, const struct end_stack *stack,
    const struct chain_case *c, struct issued made[NOBODY])
{
	struct seal_diag why = { 0 };
	struct seal_stack_facts f;
	enum seal_io io = SEAL_IO_WANT_READ;
	struct seal_conn *conn;
	struct duel d;

	duel_open_by(
	    &d, w, stack, SEAL_CLIENT, as_seal, "{\"policy\":\"rooted\"}");
	SSL_use_certificate(d.bare, made[c->leaf].x);
	SSL_use_PrivateKey(d.bare, made[c->leaf].key);
	SSL_clear_chain_certs(d.bare);
	for (size_t i = 0; c->sent[i] != NOBODY; i++)
		SSL_add1_chain_cert(d.bare, made[c->sent[i]].x);
	conn = d.seal.conn;
	for (int i = 0; i < 10 && io == SEAL_IO_WANT_READ; i++) {
		io = conn->stack->handshake(conn->tls, &why);
		SSL_do_handshake(d.bare);
	}
	if (why.code != c->code || (io == SEAL_IO_DONE) != (c->code == 0))
		fail_msg("%s: %s: %s", stack->name, c->name, why.text);
	if (io == SEAL_IO_DONE) {
		assert_int_equal(conn->stack->facts(conn->tls, &f, NULL), 0);
		assert_int_equal(f.peer_verified, 1);
		assert_string_equal(f.verified_name, "server.example");
	}
	duel_close(&d);
}

static void
chains(void **state)
{
	struct issued made[NOBODY];

	chain_make(*state, made);
	for (size_t i = 0; end_stacks[i] != NULL; i++) {
		for (const struct chain_case *c = chain_cases; c->name != NULL;
		     c++)
			chain_row(*state, end_stacks[i], c, made);
	}
	for (enum who i = ROOT; i < NOBODY; i++)
		issued_free(&made[i]);
}

/* ---- The calls of a stack, one by one ---- */

static void
shake(struct duel *d)
{
	struct seal_conn *c = d->seal.conn;
	enum seal_io io = SEAL_IO_WANT_READ;
	struct seal_diag why = { 0 };
	bool bare = false;

	for (int i = 0; i < 20 && (io != SEAL_IO_DONE || !bare); i++) {
		if (io != SEAL_IO_DONE)
			io = c->stack->handshake(c->tls, &why);
		bare = SSL_do_handshake(d->bare) == 1;
	}
	if (io != SEAL_IO_DONE || !bare)
		fail_msg("%s: %s", c->stack->name, why.text);
}

static enum seal_io
take(struct duel *d, char *buf, size_t cap, size_t *ret_n)
{
	struct seal_conn *c = d->seal.conn;

	return c->stack->read(c->tls, buf, cap, ret_n, NULL);
}

/* Each test with every stack, in both roles. */
static void
with_each(struct world *w, void (*test)(struct duel *d, enum seal_role role))
{
	static const enum seal_role roles[] = { SEAL_CLIENT, SEAL_SERVER };

	for (size_t i = 0; end_stacks[i] != NULL; i++) {
		for (size_t r = 0; r < 2; r++) {
			struct duel d;

			duel_open(&d, w, end_stacks[i], roles[r], as_seal);
			test(&d, roles[r]);
			duel_close(&d);
		}
	}
}

static void
facts_row(struct duel *d, enum seal_role role)
{
	struct seal_conn *c = d->seal.conn;
	struct seal_stack_facts f;
	uint8_t key[32];

	/* No keys before there are any. */
	assert_int_equal(
	    c->stack->exporter(c->tls, "Attestation", NULL, 0, key, 32, NULL),
	    SEAL_E_TLS);
	shake(d);
	assert_int_equal(c->stack->facts(c->tls, &f, NULL), 0);
	assert_int_equal(f.role, role);
	assert_int_equal(f.version, 0x0304);
	assert_string_equal(f.alpn, "seal/1");
	assert_int_not_equal(f.group, 0);
	assert_int_not_equal(f.hash, 0);
	assert_int_equal(f.resumed, 0);
	assert_int_equal(f.peer_verified, 0);
	assert_int_equal(f.peer_spki_n > 0, role == SEAL_CLIENT);
	/* A prepared server gives no ticket to keep. */
	SSL_read(d->bare, key, sizeof(key));
	if (role == SEAL_SERVER)
		assert_false(
		    SSL_SESSION_is_resumable(SSL_get_session(d->bare)));
}

static void
facts(void **state)
{
	with_each(*state, facts_row);
}

/* What comes between data is passed over: tickets, KeyUpdate. */
static void
read_row(struct duel *d, enum seal_role role)
{
	char buf[64];
	size_t n = 9;

	(void)role;
	shake(d);
	assert_int_equal(take(d, buf, sizeof(buf), &n), SEAL_IO_WANT_READ);
	assert_int_equal(n, 0);
	SSL_key_update(d->bare, SSL_KEY_UPDATE_NOT_REQUESTED);
	assert_int_equal(SSL_write(d->bare, "hello", 5), 5);
	assert_int_equal(take(d, buf, sizeof(buf), &n), SEAL_IO_DONE);
	assert_int_equal(n, 5);
	assert_memory_equal(buf, "hello", 5);
	/* A record in parts. */
	assert_int_equal(SSL_write(d->bare, "ab", 2), 2);
	assert_int_equal(take(d, buf, 1, &n), SEAL_IO_DONE);
	assert_int_equal(n, 1);
	assert_int_equal(take(d, buf, 1, &n), SEAL_IO_DONE);
	assert_int_equal(buf[0], 'b');
	/* close_notify is one end ... */
	SSL_shutdown(d->bare);
	assert_int_equal(take(d, buf, sizeof(buf), &n), SEAL_IO_EOF);
}

static void
truncated_row(struct duel *d, enum seal_role role)
{
	struct seal_conn *c = d->seal.conn;
	struct seal_diag why = { 0 };
	enum seal_io io = SEAL_IO_DONE;
	char buf[64];
	size_t n;

	(void)role;
	/* ... and the transport's is another. */
	shake(d);
	leave(d);
	assert_int_equal(take(d, buf, sizeof(buf), &n), SEAL_IO_TRUNCATED);
	/* Nobody is left to write to. */
	for (int i = 0; i < 3 && io == SEAL_IO_DONE; i++)
		io = c->stack->write(c->tls, "hello", 5, &why);
	assert_int_equal(io, SEAL_IO_ERROR);
	assert_int_not_equal(why.code, 0);
}

static void
garbage_row(struct duel *d, enum seal_role role)
{
	static const char junk[] = "\x17\x03\x03\x00\x20"
				   "0123456789abcdef0123456789abcdef";
	struct seal_conn *c = d->seal.conn;
	struct seal_diag why = { 0 };
	char buf[64];
	size_t n;

	(void)role;
	shake(d);
	assert_int_equal(write(d->fd, junk, sizeof(junk) - 1), 37);
	assert_int_equal(
	    c->stack->read(c->tls, buf, sizeof(buf), &n, &why), SEAL_IO_ERROR);
	assert_int_equal(why.code, SEAL_E_TLS);
}

/* Longer than any record may be (RFC 8446 s5.2). */
static void
oversized_row(struct duel *d, enum seal_role role)
{
	static uint8_t record[5 + 0x4201] = { 0x17, 3, 3, 0x42, 1 };
	struct seal_conn *c = d->seal.conn;
	struct seal_diag why = { 0 };
	char buf[64];
	size_t n;

	(void)role;
	shake(d);
	assert_int_equal(write(d->fd, record, sizeof(record)), sizeof(record));
	assert_int_equal(
	    c->stack->read(c->tls, buf, sizeof(buf), &n, &why), SEAL_IO_ERROR);
	assert_int_equal(why.code, SEAL_E_TLS);
}

static void
bytes_in(void **state)
{
	with_each(*state, read_row);
	with_each(*state, truncated_row);
	with_each(*state, garbage_row);
	with_each(*state, oversized_row);
}

/* ---- A peer that speaks seal/1, and badly ---- */

static const struct frame_case {
	const char *name;
	const char *bytes;
	int n;
} frame_cases[] = {
	{ "a HELLO over its limit", "\001\000\020\001", 4 },
	{ "an AUTHENTICATOR over its limit", "\003\002\000\001", 4 },
	{ "a frame of no type that there is", "\011\000\000\001x", 5 },
	{ "DATA before HELLO", "\005\000\000\001x", 5 },
	{ "a HELLO that is none", "\001\000\000\001x", 5 },
};

static void
frame_row(struct world *w, const struct end_stack *stack, enum seal_role role,
    const struct frame_case *c)
{
	uint8_t got[4096];
	struct duel d;
	int n = 0;

	duel_open(&d, w, stack, role, as_seal);
	for (int i = 0; i < 10; i++) {
		side_step(&d.seal);
		SSL_do_handshake(d.bare);
	}
	assert_int_equal(SSL_write(d.bare, c->bytes, c->n), c->n);
	for (int i = 0; i < 10; i++) {
		side_step(&d.seal);
		n = SSL_read(d.bare, got, sizeof(got));
	}
	if (seal_conn_outcome(d.seal.conn) != SEAL_PROTOCOL ||
	    seal_conn_verdict(d.seal.conn) != NULL)
		fail_msg("%s as %s: %s: %s (%s)", stack->name,
		    role == SEAL_SERVER ? "server" : "client", c->name,
		    seal_outcome_name(seal_conn_outcome(d.seal.conn)),
		    seal_conn_diag(d.seal.conn)->text);
	/* CLOSE, then close_notify. */
	assert_int_equal(SSL_get_error(d.bare, n), SSL_ERROR_ZERO_RETURN);
	duel_close(&d);
}

static void
frames(void **state)
{
	for (size_t i = 0; end_stacks[i] != NULL; i++) {
		for (size_t k = 0;
		     k < sizeof(frame_cases) / sizeof(frame_cases[0]); k++) {
			frame_row(*state, end_stacks[i], SEAL_CLIENT,
			    &frame_cases[k]);
			frame_row(*state, end_stacks[i], SEAL_SERVER,
			    &frame_cases[k]);
		}
	}
}

#define LARGE 131076 /* bytes */
#define RECORD 16384
#define RECORDS 64

/* All of what was asked, once, in order, however full the transport is. */
static void
write_row(struct duel *d, enum seal_role role)
{
	struct seal_conn *c = d->seal.conn;
	uint8_t *buf = malloc(RECORD), *got = malloc(RECORD);
	size_t out = 0, in = 0;
	enum seal_io io;
	int n, waits = 0;

	(void)role;
	shake(d);
	while (in < (size_t)RECORD * RECORDS) {
		for (; out < RECORDS; out++) {
			memset(buf, (int)out, RECORD);
			io = c->stack->write(c->tls, buf, RECORD, NULL);
			waits += io == SEAL_IO_WANT_WRITE;
			if (io != SEAL_IO_DONE)
				break;
		}
		while ((n = SSL_read(d->bare, got, RECORD)) > 0) {
			for (int i = 0; i < n; i++, in++)
				if (got[i] != in / RECORD)
					fail_msg("byte %zu", in);
		}
	}
	assert_true(waits > 0);
	assert_int_equal(c->stack->shutdown(c->tls, NULL), SEAL_IO_DONE);
	assert_int_equal(c->stack->shutdown(c->tls, NULL), SEAL_IO_DONE);
	n = SSL_read(d->bare, got, RECORD);
	assert_int_equal(SSL_get_error(d->bare, n), SSL_ERROR_ZERO_RETURN);
	free(buf);
	free(got);
}

/* An authenticator may be as large as a frame, and goes in one write. */
static void
large_row(struct duel *d, enum seal_role role)
{
	struct seal_conn *c = d->seal.conn;
	uint8_t *buf = malloc(LARGE), *got = malloc(LARGE);
	enum seal_io io = SEAL_IO_WANT_WRITE;
	size_t in = 0;
	int n;

	(void)role;
	shake(d);
	for (size_t i = 0; i < LARGE; i++)
		buf[i] = (uint8_t)(i + i / 253);
	for (int i = 0; i < 1000 && in < LARGE; i++) {
		if (io == SEAL_IO_WANT_WRITE)
			io = c->stack->write(c->tls, buf, LARGE, NULL);
		while (in < LARGE &&
		       (n = SSL_read(d->bare, got + in, (int)(LARGE - in))) > 0)
			in += (size_t)n;
	}
	assert_int_equal(io, SEAL_IO_DONE);
	assert_int_equal(in, LARGE);
	assert_memory_equal(buf, got, LARGE);
	free(buf);
	free(got);
}

/* The peer has new keys, and wants some of ours. */
static void
key_update_row(struct duel *d, enum seal_role role)
{
	struct seal_conn *c = d->seal.conn;
	char buf[64];
	size_t n = 0;

	(void)role;
	shake(d);
	for (int i = 0; i < 3; i++) {
		SSL_key_update(d->bare, SSL_KEY_UPDATE_REQUESTED);
		assert_int_equal(SSL_write(d->bare, "ping", 4), 4);
		assert_int_equal(take(d, buf, sizeof(buf), &n), SEAL_IO_DONE);
		assert_int_equal(n, 4);
		assert_int_equal(
		    c->stack->write(c->tls, "pong", 4, NULL), SEAL_IO_DONE);
		assert_int_equal(SSL_read(d->bare, buf, sizeof(buf)), 4);
		assert_memory_equal(buf, "pong", 4);
	}
}

static void
bytes_out(void **state)
{
	with_each(*state, write_row);
	with_each(*state, large_row);
	with_each(*state, key_update_row);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    matrix, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    refused, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    early_end, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    chains, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    facts, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    bytes_in, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    frames, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    bytes_out, world_setup, world_teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
