/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LOG_H
#define CLI_LOG_H

#include <stdbool.h>
#include <stdio.h>

#include <sealtls/conn.h>

/*
 * What happens on connections, a line each on stderr: for people, or as a JSON
 * object with "event" and "peer". Software Evidence is called INSECURE.
 */
struct log {
	bool json;
};

/* Before anything else: which attesters were left out, since they are optional
 * and this machine lacks them. */
void log_left_out(const struct log *l, const struct seal_ctx *ctx);
/* Before connections, where this side attests with software Evidence. */
void log_insecure(const struct log *l, const struct seal_ctx *ctx);
void log_listening(const struct log *l, const char *address);
/* Data may flow now. */
void log_ready(const struct log *l, const char *peer, struct seal_conn *c);
void log_verdict(
    const struct log *l, const char *peer, const struct seal_verdict *v);
/* How a connection ended, and why where it failed. */
void log_end(const struct log *l, const char *peer, struct seal_conn *c);
/* A failure that belongs to no connection; peer may be NULL. */
void log_failure(
    const struct log *l, const char *peer, const struct seal_diag *d);

/* The exit status that a connection's end means (PROTOCOL 7). */
int conn_exit(const struct seal_conn *c);

#endif
