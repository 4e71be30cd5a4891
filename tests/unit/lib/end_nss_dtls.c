/* SPDX-License-Identifier: Apache-2.0 */
/* NSS over DTLS 1.3, on a path of datagrams. */
#include "test.h"

#include "ends.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/conn.h"
#include "lib/ctx.h"
#include "lib/stack.h"
#include "path.h"
#include "tls/stack_nss.h"

#define ADDRESS "192.0.2.1:4433"

struct end {
	struct nss_end *nss;
	struct nss_conn *conn;
	struct path *path;
};

static ssize_t
end_recv(void *arg, void *buf, size_t cap)
{
	size_t n = 0;

	if (path_receive(((struct end *)arg)->path, buf, cap, &n))
		return (ssize_t)n;
	errno = EAGAIN;
	return -1;
}

static ssize_t
end_send(void *arg, const void *buf, size_t n)
{
	struct end *e = arg;

	e->path->established = e->conn != NULL && nss_conn_established(e->conn);
	path_send(e->path, buf, n);
	return (ssize_t)n;
}

static void
end_new(struct side *s, struct world *w, enum seal_role role, const char *cert,
    unsigned hash)
{
	char cert_file[128], key_file[128];
	struct nss_end_conf conf = {
		.role = role,
		.datagram = true,
		.mtu = (uint16_t)s->ctx->mtu,
		.suite = hash == 384   ? 0x1302
			 : hash == 256 ? 0x1301
				       : 0,
	};
	struct end *e = calloc(1, sizeof(*e));
	struct seal_diag d = { 0 };

	assert_non_null(e);
	if (cert != NULL) {
		snprintf(
		    cert_file, sizeof(cert_file), "%s/%s.pem", w->dir, cert);
		snprintf(key_file, sizeof(key_file), "%s/%s.key", w->dir, cert);
		conf.cert_file = cert_file;
		conf.key_file = key_file;
	}
	if (nss_end_new(&conf, &e->nss, &d) != 0)
		fail_msg("%s", d.text);
	e->path = path_of(role, w);
	s->end[0] = e;
}

static void
nss_dtls_open(struct side *s, struct world *w, enum seal_role role,
    const char *cert, unsigned hash)
{
	static struct dtls_cookie_key key;
	struct nss_origin origin = { &key, STR(ADDRESS) };
	struct nss_wire wire = { .recv = end_recv, .send = end_send };
	struct stack_rules rules;
	struct nss_conn *tls = NULL;
	struct seal_diag d = { 0 };

	end_new(s, w, role, cert, hash);
	wire.arg = s->end[0];
	if (stack_rules_make(
		s->ctx, role, "server.example", true, &rules, &d) != 0 ||
	    dtls_cookie_key_make(&key, &d) != 0 ||
	    nss_conn_new(((struct end *)s->end[0])->nss, &rules, &wire,
		role == SEAL_SERVER ? &origin : NULL, &tls, &d) != 0)
		fail_msg("%s", d.text);
	((struct end *)s->end[0])->conn = tls;
	s->conn = seal_conn_stack(s->ctx, &stack_nss_dtls, tls, role, &d);
	if (s->conn == NULL)
		fail_msg("%s", d.text);
}

static void
nss_dtls_close(struct side *s)
{
	struct end *e = s->end[0];

	path_close(e->path);
	nss_end_free(&e->nss);
	free(e);
}

const struct end_stack end_nss_dtls = {
	.name = "nss-dtls",
	.open = nss_dtls_open,
	.close = nss_dtls_close,
};
