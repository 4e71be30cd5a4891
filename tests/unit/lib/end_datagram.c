/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stack whose records are datagrams. The handshake, its certificates and the
 * exporter are OpenSSL's, over the pair's socket; what a DTLS 1.3 library would
 * then carry goes over a bad network of memory. A read that finds nothing lets
 * the world's clock go on.
 */
#include "end_datagram.h"

#include "lib/conn.h"
#include "path.h"
#include "test.h"

#define DTLS13 0xfefc

struct end {
	const struct seal_stack *inner;
	void *tls;
	struct path *path;
};

static struct end ends[2];

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
	(void)d;
	return path_receive(((struct end *)tls)->path, buf, cap, ret_n)
		   ? SEAL_IO_DONE
		   : SEAL_IO_WANT_READ;
}

static enum seal_io
end_write(void *tls, const void *buf, size_t n, struct seal_diag *d)
{
	(void)d;
	path_send(((struct end *)tls)->path, buf, n);
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
		.inner = s->conn->stack,
		.tls = s->conn->tls,
		.path = path_of(role, w),
	};
	e->path->established = true;
	s->conn->stack = &stack_datagram;
	s->conn->tls = e;
	s->end[0] = e;
}

static void
end_close(struct side *s)
{
	path_close(((struct end *)s->end[0])->path);
	end_openssl.close(s);
}

const struct end_stack end_datagram = {
	.name = "datagram",
	.open = end_open,
	.close = end_close,
};
