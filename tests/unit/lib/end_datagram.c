/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stack whose records are datagrams. The handshake, its certificates and the
 * exporter are OpenSSL's, over the pair's socket; what a DTLS 1.3 library would
 * then carry goes over a bad network of memory. A read that finds nothing lets
 * the world's clock go on.
 */
#include "end_datagram.h"

#include <stdlib.h>
#include <string.h>

#include "lib/conn.h"
#include "test.h"

#define STEP_MS 50
#define DTLS13 0xfefc

struct packet {
	struct packet *next;
	int64_t at_ms;
	size_t n;
	uint8_t bytes[];
};

struct end {
	struct world *w;
	const struct seal_stack *inner;
	void *tls;
	struct packet *inbox; /* by time */
	struct impair out;
};

/* The network of the pairs to come, and its two ends as they are. */
static struct impair_net net;
static uint64_t seed;
static struct end ends[2];

void
end_datagram_net(const struct impair_net *n, uint64_t s)
{
	net = *n;
	seed = s;
}

static enum seal_io
end_handshake(void *tls, struct seal_diag *d)
{
	struct end *e = tls;

	return e->inner->handshake(e->tls, d);
}

static int
end_exporter(void *tls, const char *label, const uint8_t *context,
    size_t context_n, uint8_t *ret, size_t n, struct seal_diag *d)
{
	struct end *e = tls;

	return e->inner->exporter(e->tls, label, context, context_n, ret, n, d);
}

static int
end_facts(void *tls, struct seal_stack_facts *ret, struct seal_diag *d)
{
	struct end *e = tls;
	int r = e->inner->facts(e->tls, ret, d);

	if (r == 0)
		ret->version = DTLS13;
	return r;
}

static enum seal_io
end_read(void *tls, void *buf, size_t cap, size_t *ret_n, struct seal_diag *d)
{
	struct end *e = tls;
	struct packet *p = e->inbox;

	(void)d;
	if (p == NULL || p->at_ms > e->w->boot_ms) {
		e->w->boot_ms += STEP_MS;
		return SEAL_IO_WANT_READ;
	}
	assert_true(p->n <= cap);
	memcpy(buf, p->bytes, p->n);
	*ret_n = p->n;
	e->inbox = p->next;
	free(p);
	return SEAL_IO_DONE;
}

static void
arrive(struct end *to, const void *buf, size_t n, int64_t at_ms)
{
	struct packet **at = &to->inbox, *p = malloc(sizeof(*p) + n);

	assert_non_null(p);
	p->at_ms = at_ms;
	p->n = n;
	memcpy(p->bytes, buf, n);
	while (*at != NULL && (*at)->at_ms <= at_ms)
		at = &(*at)->next;
	p->next = *at;
	*at = p;
}

static enum seal_io
end_write(void *tls, const void *buf, size_t n, struct seal_diag *d)
{
	struct end *e = tls;
	int64_t at_ms[2];
	unsigned copies = impair_send(&e->out, n, e->w->boot_ms, at_ms);

	(void)d;
	for (unsigned i = 0; i < copies; i++)
		arrive(&ends[e == &ends[0]], buf, n, at_ms[i]);
	return SEAL_IO_DONE;
}

static const struct seal_stack stack_datagram = {
	.abi = SEAL_STACK_ABI,
	.name = "datagram",
	.handshake = end_handshake,
	.read = end_read,
	.write = end_write,
	.shutdown = stack_done,
	.exporter = end_exporter,
	.facts = end_facts,
};

static void
end_open(struct side *s, struct world *w, enum seal_role role, const char *cert,
    unsigned hash)
{
	struct end *e = &ends[role == SEAL_SERVER];

	end_openssl.open(s, w, role, cert, hash);
	*e = (struct end){
		.w = w, .inner = s->conn->stack, .tls = s->conn->tls
	};
	impair_init(&e->out, &net, seed * 2 + (role == SEAL_SERVER));
	s->conn->stack = &stack_datagram;
	s->conn->tls = e;
	s->end[0] = e;
}

static void
end_close(struct side *s)
{
	struct end *e = s->end[0];

	while (e->inbox != NULL) {
		struct packet *p = e->inbox;

		e->inbox = p->next;
		free(p);
	}
	end_openssl.close(s);
}

const struct end_stack end_datagram = {
	.name = "datagram",
	.open = end_open,
	.close = end_close,
};
