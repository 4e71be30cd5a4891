/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_LIB_PAIR_H
#define UNIT_LIB_PAIR_H

#include <stdbool.h>

#include <sealtls/openssl.h>
#include <sealtls/tools.h>

/*
 * Two real peers in one process, OpenSSL's if not said otherwise, joined by a
 * socket pair, with keys, certificates and policies in a folder of their own,
 * and a clock that the test moves.
 */
struct world {
	char dir[64];
	char server_pin[65], client_pin[65]; /* SHA-256 of the signers' SPKI */
	int64_t boot_ms, unix_s;
};

int world_setup(void **state);
int world_teardown(void **state);
/* Writes dir/name. */
void world_write(struct world *w, const char *name, const char *fmt, ...)
    SEAL_PRINTF(3, 4);
/* A policy for soft Evidence of pin with measurement app=value, in dir/name;
 * extra holds further members, and ends with a comma unless empty. */
void world_policy(struct world *w, const char *name, const char *pin,
    const char *app, const char *identity, const char *extra);
/* A configuration; parts are JSON members. */
struct seal_ctx *world_ctx(struct world *w, const char *json);

struct side;

/* A TLS stack, as one end of a pair. */
struct end_stack {
	const char *name;
	/* Makes s->conn over s->fd, of s->ctx. cert: whose certificate of the
	 * world's it shows, or NULL; hash: the suite's, or 0. */
	void (*open)(struct side *s, struct world *w, enum seal_role role,
	    const char *cert, unsigned hash);
	void (*close)(struct side *s); /* once s->conn is gone */
	/* Leaves P-384 as the only group; NULL where no test asks. */
	void (*p384)(struct side *s);
};
extern const struct end_stack end_openssl;

struct side {
	const struct end_stack *stack;
	struct seal_ctx *ctx;
	struct ssl_ctx_st *tls; /* of end_openssl */
	struct ssl_st *ssl;
	void *end[2]; /* of other stacks */
	struct seal_conn *conn;
	int fd;
	bool hold_jobs; /* jobs stay undone */
	bool shared;    /* ctx is another pair's */
	unsigned jobs;
};

struct pair {
	struct world *w;
	struct side client, server;
};

/* Takes over both ctx. client_cert: the client shows its TLS certificate. */
void pair_open(struct pair *p, struct world *w, struct seal_ctx *client,
    struct seal_ctx *server, bool client_cert);
/* The same, over stacks, with a suite of hash. */
void pair_open_over(struct pair *p, struct world *w, struct seal_ctx *client,
    struct seal_ctx *server, bool client_cert,
    const struct end_stack *client_stack, const struct end_stack *server_stack,
    unsigned hash);
/* Neither side has a certificate but its attester's: for mode intra. */
void pair_open_bare(struct pair *p, struct world *w, struct seal_ctx *client,
    struct seal_ctx *server);
/* The same, over stacks, with a suite of hash. */
void pair_open_bare_over(struct pair *p, struct world *w,
    struct seal_ctx *client, struct seal_ctx *server,
    const struct end_stack *client_stack, const struct end_stack *server_stack,
    unsigned hash);
/* One side alone, bare; the other's fd is the test's. */
void pair_open_one(struct pair *p, struct world *w, struct seal_ctx *ctx,
    enum seal_role role, const struct end_stack *stack);
/* The client's ctx is another pair's, which must outlive this one. */
void pair_open_again(struct pair *p, struct world *w, struct seal_ctx *client,
    struct seal_ctx *server);
void pair_close(struct pair *p);
/* Steps both until neither moves any more; runs jobs at once. */
void pair_run(struct pair *p);
enum seal_step side_step(struct side *s);

/* ---- Calls of a stack that a test makes up ---- */

/* Handshake and shutdown: at once. */
enum seal_io stack_done(void *tls, struct seal_diag *d);
/* The same bytes for everything. */
int stack_exporter(void *tls, const char *label, const uint8_t *context,
    size_t context_n, uint8_t *ret, size_t n, struct seal_diag *d);

#endif
