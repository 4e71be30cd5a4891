/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "cli/net.h"
#include "cli/pool.h"
#include "cli/pump.h"
#include "cli/server.h"

/* What all connections of a server share. */
struct hall {
	const struct server_conf *conf;
	struct seal_endpoint *endpoint;
	struct pool *pool;
	int loop;
	bool stdio_taken;
};

/* One accepted connection, in a place of the server's table. */
struct client {
	uint64_t id; /* never used twice, unlike its place; 0: free */
	struct seal_conn *conn;
	struct pump pump;
	enum seal_step step; /* what the connection last said */
	unsigned verdicts;   /* that were told */
	bool joined;         /* its data goes somewhere */
	bool more;           /* can go on without waiting */
	bool closing;        /* asked to end: by a signal */
	char name[NET_NAME];
};

/* Takes over fd, which it closes in any case. tag is for the loop; false
 * where there is no connection: told. */
bool client_begin(
    struct client *c, const struct hall *h, int fd, uint64_t id, uint64_t tag);
/* Takes over a connection of the endpoint's own port. */
void client_begin_udp(struct client *c, const struct hall *h,
    struct seal_conn *conn, uint64_t id);
/* Milliseconds until it is to be stepped; -1: it waits for an event. */
int client_timeout(const struct client *c);
/* Goes on as far as possible; false once it is over. */
bool client_step(struct client *c, struct hall *h, uint64_t tag);
/* A job of it is done. */
void client_job_done(struct client *c, struct seal_job **job);
/* It should end soon, in order. */
void client_close(struct client *c);
/* Tells how it ended; frees its place; returns the exit status. */
int client_end(struct client *c, struct hall *h);

#endif
