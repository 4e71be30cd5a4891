/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures for contrib/seal.lua, made without a network:
 *
 *	frames TLS.pcap HANDSHAKE.pcap KEYS DATAGRAMS.pcap
 *
 * A mutual attestation over TLS 1.3 of OpenSSL, one that is in its handshake
 * too, with the key log of both, and one over datagrams as they are inside of
 * DTLS, which no tshark of today decrypts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "lib/pair.h"
#include "test.h"
#include "tls/lossy.h"

#define PORT 5684

/* ---- A capture: packets of IPv4 without a link layer ---- */

struct capture {
	FILE *f;
	uint32_t seq[2]; /* of TCP, by direction */
	uint32_t n;
};

static void
put32(FILE *f, uint32_t v)
{
	fwrite(&v, sizeof(v), 1, f);
}

static void
capture_open(struct capture *c, const char *path)
{
	static const uint16_t version[2] = { 2, 4 };

	*c = (struct capture){ .seq = { 1000, 5000 } };
	c->f = fopen(path, "wb");
	assert_non_null(c->f);
	put32(c->f, 0xa1b2c3d4);
	fwrite(version, sizeof(version), 1, c->f);
	put32(c->f, 0);
	put32(c->f, 0);
	put32(c->f, 65535);
	put32(c->f, 101); /* LINKTYPE_RAW */
}

static void
put_ip(struct wr *w, uint8_t protocol, bool to_server, size_t n)
{
	wr_u16(w, 0x4500);
	wr_u16(w, (uint16_t)(20 + n));
	wr_u32(w, 0);
	wr_u16(w, (uint16_t)(64u << 8 | protocol));
	wr_u16(w, 0);
	wr_u32(w, to_server ? 0x0a000001 : 0x0a000002);
	wr_u32(w, to_server ? 0x0a000002 : 0x0a000001);
	wr_u16(w, to_server ? 40000 : PORT);
	wr_u16(w, to_server ? PORT : 40000);
}

static void
packet_end(struct capture *c, struct wr *w)
{
	assert_int_equal(w->error, 0);
	put32(c->f, 1700000000);
	put32(c->f, c->n++);
	put32(c->f, (uint32_t)w->n);
	put32(c->f, (uint32_t)w->n);
	fwrite(w->p, 1, w->n, c->f);
}

static void
put_tcp(struct capture *c, bool to_server, struct span s)
{
	static uint8_t buf[65536];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	put_ip(&w, 6, to_server, 20 + s.n);
	wr_u32(&w, c->seq[to_server]);
	wr_u32(&w, c->seq[!to_server]);
	wr_u16(&w, 0x5018); /* PSH, ACK */
	wr_u16(&w, 65535);
	wr_u32(&w, 0);
	wr_bytes(&w, s);
	c->seq[to_server] += (uint32_t)s.n;
	packet_end(c, &w);
}

static void
put_udp(struct capture *c, bool to_server, struct span s)
{
	static uint8_t buf[65536];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	put_ip(&w, 17, to_server, 8 + s.n);
	wr_u16(&w, (uint16_t)(8 + s.n));
	wr_u16(&w, 0);
	wr_bytes(&w, s);
	packet_end(c, &w);
}

/* ---- TLS ---- */

static struct capture tls;
static FILE *keys;

static void
keep_keys(const SSL *ssl, const char *line)
{
	(void)ssl;
	fprintf(keys, "%s\n", line);
}

/* What each side writes, as it goes out. */
static long
tap_tls(BIO *bio, int operation, const char *bytes, size_t n, int argi,
    long argl, int ret, size_t *done)
{
	(void)argi;
	(void)argl;
	(void)n;
	if (operation == (BIO_CB_WRITE | BIO_CB_RETURN) && ret > 0)
		for (size_t at = 0; at < *done; at += 1400)
			put_tcp(&tls, BIO_get_callback_arg(bio) != NULL,
			    span_of(bytes + at,
				*done - at < 1400 ? *done - at : 1400));
	return ret;
}

static void
tap_side(struct side *s, bool client)
{
	static char is_client;
	BIO *bio = SSL_get_wbio(s->ssl);

	BIO_set_callback_ex(bio, tap_tls);
	BIO_set_callback_arg(bio, client ? &is_client : NULL);
}

#define SOFT(key)                                                      \
	"\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"" key \
	"\",\"measurements\":\"app=00ff\"}}],\"alpn\":[\"coap\"]"
#define CLIENT "{" SOFT("client.signer") ",\"policy\":\"of-server\""
#define SERVER "{" SOFT("server.signer") ",\"policy\":\"of-client\""
#define BOTH ",\"mode\":\"both\",\"reveal_after_peer\":false"

static void
converse(struct pair *p)
{
	char buf[64];
	size_t n;

	SSL_CTX_set_keylog_callback(p->client.tls, keep_keys);
	tap_side(&p->client, true);
	tap_side(&p->server, false);
	pair_run(p);
	assert_int_equal(seal_conn_outcome(p->client.conn), SEAL_ACCEPTED);
	seal_write(p->client.conn, "hello, attested world", 21, &n);
	seal_read(p->server.conn, buf, sizeof(buf), &n);
	assert_int_equal(n, 21);
	seal_conn_close(p->client.conn);
	pair_run(p);
	pair_close(p);
}

static void
attest_over_tls(struct world *w, const char *path, bool both)
{
	static const char none[] = "{\"mode\":\"none\"}";
	struct pair p;

	capture_open(&tls, path);
	world_policy(w, "of-server", w->server_pin, "00ff", none, "");
	world_policy(w, "of-client", w->client_pin, "00ff", none, "");
	if (both)
		pair_open_bare(&p, w, world_ctx(w, CLIENT BOTH "}"),
		    world_ctx(w, SERVER BOTH "}"));
	else
		pair_open(&p, w, world_ctx(w, CLIENT "}"),
		    world_ctx(w, SERVER "}"), false);
	converse(&p);
	fclose(tls.f);
}

/* ---- Datagrams ---- */

static void
tap_datagram(struct lossy *l, const struct sim_side *from, struct span s)
{
	put_udp(l->tap_arg, from == &l->m.c, s);
}

static void
attest_over_datagrams(struct capture *c)
{
	static const struct impair_net net = { .loss = 10 };
	struct seal_diag d = { 0 };
	struct lossy l;
	size_t n;

	lossy_open(&l, SIM_CLIENT_REQUIRES | SIM_SERVER_REQUIRES, &net, 1);
	l.m.c.answer_size = l.m.s.answer_size = 4000;
	l.tap = tap_datagram;
	l.tap_arg = c;
	lossy_run(&l, 10000);
	assert_int_equal(
	    session_write(l.m.c.s, span_str("ping"), l.m.now_ms, &n, &d), 0);
	session_close(l.m.c.s);
	lossy_run(&l, 10000);
	lossy_close(&l);
}

int
main(int argc, char **argv)
{
	struct capture datagrams;
	void *state = NULL;

	if (argc != 5) {
		fputs("usage: frames TLS.pcap HANDSHAKE.pcap KEYS "
		      "DATAGRAMS.pcap\n",
		    stderr);
		return 1;
	}
	keys = fopen(argv[3], "w");
	assert_non_null(keys);
	world_setup(&state);
	attest_over_tls(state, argv[1], false);
	attest_over_tls(state, argv[2], true);
	world_teardown(&state);
	capture_open(&datagrams, argv[4]);
	attest_over_datagrams(&datagrams);
	fclose(keys);
	fclose(datagrams.f);
	return 0;
}
