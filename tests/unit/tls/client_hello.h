/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_TLS_CLIENT_HELLO_H
#define UNIT_TLS_CLIENT_HELLO_H

#include "base/span.h"

/* A ClientHello as a stack sends it, for a look at what it offers. */
struct client_hello {
	uint8_t bytes[4096];
	size_t n;
};

/* Everything that waits at fd. */
void client_hello_read(struct client_hello *h, int fd);
/* The body of an extension; false where it is not offered. */
bool client_hello_extension(
    const struct client_hello *h, uint16_t type, struct span *ret);
/* What must hold for every ClientHello of ours (PROTOCOL 2, 3, 5.5): TLS 1.3
 * alone, sound groups alone, seal/1 alone, nothing to resume. */
void client_hello_check(const struct client_hello *h, const char *name);

#endif
