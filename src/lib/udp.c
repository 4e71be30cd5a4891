/* SPDX-License-Identifier: Apache-2.0 */
/* DTLS over UDP: connections on sockets of their own, and a port that many
 * peers share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "lib/conn.h"
#include "lib/endpoint.h"
#include "lib/stack.h"
#include "lib/udp_socket.h"
#include "tls/dtls_record.h"
#include "tls/stack_nss.h"

#define BATCH 64         /* datagrams before the connections have their turn */
#define AMPLIFICATION 3u /* times what an address sent, before it is proved */
#define IDLE_MS 300000   /* of silence, after which a peer has gone */
#define SWEEP_MS 1000    /* between looks for such peers */

struct port {
	int fd; /* -1: this endpoint shares none */
	struct dtls_cookie_key key;
	struct udp_peers peers;
	struct guest *accepted; /* not yet taken, oldest first */
	int64_t swept_ms;
	uint8_t buf[65536]; /* holds any datagram */
};

struct udp {
	struct seal_ctx *ctx;
	struct nss_end *end;
	struct stack_rules rules;
	struct port *port;
};

/* ---- A connection with a socket of its own ---- */

struct own_socket {
	int fd;
	struct udp_address peer; /* n == 0: unknown */
};

static ssize_t
own_recv(void *arg, void *buf, size_t cap)
{
	return recv(((struct own_socket *)arg)->fd, buf, cap, MSG_DONTWAIT);
}

static ssize_t
own_send(void *arg, const void *buf, size_t n)
{
	return send(((struct own_socket *)arg)->fd, buf, n,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
own_close(void *arg)
{
	struct own_socket *s = arg;

	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

static struct own_socket *
own_new(int fd, struct seal_diag *d)
{
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof(a);
	struct own_socket *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		seal_fail(d, SEAL_E_MEMORY, "connection");
		return NULL;
	}
	s->fd = fd;
	if (getpeername(fd, (struct sockaddr *)&a, &n) == 0 &&
	    udp_address_set(&s->peer, &a, n))
		return s;
	seal_fail(d, SEAL_E_ARGUMENT,
	    "udp: expected a socket that is connected, over IPv4 or IPv6");
	free(s);
	return NULL;
}

/* Takes over conn, which it frees where it fails. */
static struct seal_conn *
attach(struct udp *u, struct nss_conn *conn, struct seal_diag *d)
{
	struct seal_conn *c =
	    seal_conn_stack(u->ctx, &stack_nss_dtls, conn, u->rules.role, d);

	if (c == NULL)
		nss_conn_free(&conn);
	return c;
}

struct seal_conn *
udp_conn(struct udp *u, int fd, struct seal_diag *d)
{
	struct nss_wire wire = { .recv = own_recv, .send = own_send };
	struct nss_conn *conn = NULL;
	struct own_socket *s;
	struct seal_conn *c;

	if (u->rules.role != SEAL_CLIENT) {
		seal_fail(d, SEAL_E_ARGUMENT,
		    "udp: expected a client; a server takes a port as a whole");
		return NULL;
	}
	if (endpoint_nonblocking(fd, d) != 0 || (s = own_new(fd, d)) == NULL)
		return NULL;
	wire.arg = s;
	wire.close = own_close;
	if (nss_conn_new(u->end, &u->rules, &wire, NULL, &conn, d) != 0) {
		free(s);
		return NULL;
	}
	c = seal_conn_stack(u->ctx, &stack_nss_dtls, conn, u->rules.role, d);
	if (c == NULL) {
		s->fd = -1; /* the caller's still */
		nss_conn_free(&conn);
	}
	return c;
}

/* ---- A port ---- */

/* Somebody at an address, proved or about to be. */
struct guest {
	struct udp_peer peer;
	struct udp *udp;
	struct nss_conn *conn;
	struct seal_conn *seal; /* while it waits to be accepted */
	struct guest *next;     /* that waits too */
	size_t budget;          /* bytes that may leave before the proof */
	int64_t heard_ms;
	bool gone; /* not heard for too long */
};

static ssize_t
guest_recv(void *arg, void *buf, size_t cap)
{
	struct guest *r = arg;
	long n = udp_peer_pop(&r->peer, buf, cap);

	if (n < 0)
		errno = r->gone ? ECONNABORTED : EAGAIN;
	return n;
}

/* No answer before the proof is larger than a few times the question. */
static ssize_t
guest_send(void *arg, const void *buf, size_t n)
{
	struct guest *r = arg;

	if (r->conn == NULL || !nss_conn_proved(r->conn)) {
		if (n > r->budget)
			return (ssize_t)n;
		r->budget -= n;
	}
	return udp_socket_send(r->udp->port->fd, &r->peer.address, buf, n);
}

static bool
guest_pending(const void *arg)
{
	const struct guest *r = arg;

	return r->peer.queued > 0 || r->gone;
}

static void
guest_close(void *arg)
{
	struct guest *r = arg;

	udp_peers_remove(&r->udp->port->peers, &r->peer);
	udp_peer_wipe(&r->peer);
	free(r);
}

static struct guest *
guest_new(struct udp *u, const struct udp_address *from, struct span datagram)
{
	struct nss_origin origin = { &u->port->key, udp_address_span(from) };
	struct nss_wire wire = { guest_recv, guest_send, guest_close,
		guest_pending, NULL };
	struct guest *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->udp = u;
	r->peer.address = *from;
	r->budget = AMPLIFICATION * datagram.n;
	r->heard_ms = ctx_boot_ms(u->ctx);
	udp_peer_push(&r->peer, datagram);
	wire.arg = r;
	if (nss_conn_new(u->end, &u->rules, &wire, &origin, &r->conn, NULL) !=
	    0) {
		udp_peer_wipe(&r->peer);
		free(r);
		return NULL;
	}
	return r;
}

/* Behind those that wait already. */
static void
enqueue(struct port *p, struct guest *r)
{
	struct guest **at = &p->accepted;

	while (*at != NULL)
		at = &(*at)->next;
	*at = r;
}

/*
 * PROTOCOL 8: nobody is remembered who has not proved an address. One that
 * has not is asked, by a connection that ends with the question.
 */
static void
greet(struct udp *u, const struct udp_address *from, struct span datagram)
{
	enum dtls_opening opening = dtls_opening(datagram);
	struct seal_diag d = { 0 };
	struct port *p = u->port;
	struct guest *r;
	struct nss_conn *conn;
	enum seal_io io;

	if (opening == DTLS_NO_HELLO ||
	    (opening == DTLS_HELLO_COOKIE && p->peers.n >= p->peers.max) ||
	    (r = guest_new(u, from, datagram)) == NULL)
		return;
	conn = r->conn;
	io = stack_nss_dtls.handshake(conn, &d);
	if (io == SEAL_IO_ERROR || !nss_conn_proved(conn) ||
	    !udp_peers_add(&p->peers, &r->peer)) {
		nss_conn_free(&conn);
		return;
	}
	if ((r->seal = attach(u, conn, &d)) != NULL)
		enqueue(p, r);
}

static void
sort_datagram(struct udp *u, const struct udp_address *from, struct span in)
{
	struct udp_peer *peer = udp_peers_find(&u->port->peers, from);

	if (peer == NULL) {
		greet(u, from, in);
		return;
	}
	udp_peer_push(peer, in);
	((struct guest *)peer)->heard_ms = ctx_boot_ms(u->ctx);
}

/* A peer that has left without a word would keep its place for ever. */
static void
sweep(struct udp *u)
{
	struct udp_peers *t = &u->port->peers;
	int64_t now_ms = ctx_boot_ms(u->ctx);

	if (now_ms - u->port->swept_ms < SWEEP_MS)
		return;
	u->port->swept_ms = now_ms;
	for (size_t i = 0; i < t->n_buckets; i++) {
		for (struct udp_peer *p = t->buckets[i]; p; p = p->next) {
			struct guest *r = (struct guest *)p;

			r->gone = now_ms - r->heard_ms > IDLE_MS;
		}
	}
}

int
udp_receive(struct udp *u)
{
	struct port *p = u->port;

	if (p == NULL)
		return 0;
	sweep(u);
	for (int i = 0; i < BATCH; i++) {
		struct udp_address from;
		ssize_t n =
		    udp_socket_receive(p->fd, p->buf, sizeof(p->buf), &from);

		if (n == -1 && (errno == EAGAIN || errno == EBADF))
			return 0;
		if (n > 0)
			sort_datagram(u, &from, span_of(p->buf, (size_t)n));
	}
	return 1;
}

struct seal_conn *
udp_accept(struct udp *u)
{
	struct guest *r = u->port != NULL ? u->port->accepted : NULL;
	struct seal_conn *c;

	if (r == NULL)
		return NULL;
	u->port->accepted = r->next;
	c = r->seal;
	r->next = NULL;
	r->seal = NULL;
	return c;
}

size_t
udp_peer_address(const struct seal_conn *c, void *ret, size_t cap)
{
	const struct udp_address *a;

	if (c->stack != &stack_nss_dtls)
		return 0;
	a = c->role == SEAL_SERVER
		? &((struct guest *)nss_conn_wire(c->tls))->peer.address
		: &((struct own_socket *)nss_conn_wire(c->tls))->peer;
	if (a->to_n > cap)
		return 0;
	memcpy(ret, &a->to, a->to_n);
	return a->to_n;
}

int
udp_bind(struct udp *u, int fd, size_t max, struct seal_diag *d)
{
	uint64_t seed = 0;
	struct port *p;
	int r;

	if (u->rules.role != SEAL_SERVER || u->port != NULL || max == 0)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "udp: expected a server without a port, and room for "
		    "peers");
	if ((r = endpoint_nonblocking(fd, d)) != 0)
		return r;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "udp");
	if ((r = dtls_cookie_key_make(&p->key, d)) != 0 ||
	    (r = random_bytes((uint8_t *)&seed, sizeof(seed), d)) != 0 ||
	    (r = udp_peers_init(&p->peers, max, seed)) != 0) {
		free(p);
		return seal_fail(d, r, "udp");
	}
	udp_socket_prepare(fd);
	p->fd = fd;
	u->port = p;
	return 0;
}

static void
port_free(struct udp *u)
{
	struct port *p = u->port;
	struct seal_conn *c;

	if (p == NULL)
		return;
	while ((c = udp_accept(u)) != NULL)
		seal_conn_free(&c);
	udp_peers_free(&p->peers);
	close(p->fd);
	seal_wipe(&p->key, sizeof(p->key));
	free(p);
	u->port = NULL;
}

/* ---- The whole ---- */

int
udp_new(struct seal_ctx *ctx, const struct seal_tls_args *args,
    struct udp **ret, struct seal_diag *d)
{
	struct nss_end_conf conf = {
		.role = args->role,
		.datagram = true,
		.cert_file = args->cert_file,
		.key_file = args->key_file,
	};
	struct udp *u = calloc(1, sizeof(*u));
	int r;

	if (u == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "udp");
	if ((r = stack_rules_make(
		 ctx, args->role, args->peer_name, true, &u->rules, d)) == 0) {
		conf.mtu = (uint16_t)ctx->mtu; /* DATAGRAM_MTU_MAX fits */
		r = nss_end_new(&conf, &u->end, d);
	}
	if (r != 0) {
		free(u);
		return r;
	}
	u->ctx = ctx_ref(ctx);
	*ret = u;
	return 0;
}

void
udp_free(struct udp **up)
{
	struct udp *u = *up;

	*up = NULL;
	if (u == NULL)
		return;
	port_free(u);
	nss_end_free(&u->end);
	seal_ctx_free(&u->ctx);
	free(u);
}
