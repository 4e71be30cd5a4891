/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PUMP_H
#define CLI_PUMP_H

#include <stdbool.h>
#include <stddef.h>

#include <sealtls/conn.h>

/*
 * Moves data between a connection that is ready and two file descriptors, or
 * back to the peer (echo). Standard streams (0 to 2) are left blocking and
 * open, since others share them; the rest become non-blocking and are closed.
 */
struct pump {
	struct seal_conn *conn;
	int from, to; /* read for the peer; written for it; -1: ended */
	bool echo;
	bool sent_end;    /* this side's data has ended */
	bool peer_ended;  /* and the peer's */
	int64_t quiet_at; /* datagrams have no end: closes then; 0: not yet */
	char *out, *in;   /* for, and from, the peer; NULL while empty */
	size_t out_n, out_at, in_n, in_at;
};

void pump_init(
    struct pump *p, struct seal_conn *conn, int from, int to, bool echo);
void pump_free(struct pump *p);

/*
 * Moves what can be moved without waiting, and steps the connection. *ret_more
 * where it stopped only to let others go first: call again without waiting.
 * Otherwise wait for any change of the socket or the descriptors, or for the
 * connection's deadline.
 */
enum seal_step pump_step(struct pump *p, bool *ret_more);

/* Milliseconds until the pump is to be stepped though nothing changed; -1:
 * never. */
int pump_timeout(const struct pump *p);

/* Nothing is on its way from one side to the other. */
bool pump_idle(const struct pump *p);

#endif
