/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SERVER_H
#define CLI_SERVER_H

#include <sealtls/tools.h>

#include "cli/log.h"

/* What is done with a connection that is ready. */
enum service {
	SERVICE_STDIO = 0, /* the first is joined with stdin and stdout */
	SERVICE_ECHO,
	SERVICE_EXEC, /* each with a program of its own */
};

struct server_conf {
	const char *address; /* [HOST:]PORT */
	bool udp;
	enum service service;
	const char *exec; /* of SERVICE_EXEC */
	uint32_t workers, max_connections;
	bool once; /* ends with the first connection */
	struct log log;
};

/*
 * Serves on one thread, with workers for the jobs, until SIGTERM or SIGINT, or
 * until the last connection that its service has. Returns the exit status.
 */
int server_run(const struct server_conf *conf, struct seal_endpoint *endpoint);

#endif
