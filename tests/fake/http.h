/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include <openssl/ssl.h>

#include "base/text.h"

#define SESSION_TYPE "application/vnd.veraison.challenge-response-session+json"

/* One connection of the fake: its bytes, over TLS or without. The descriptor
 * is closed by whoever opened it, so that it is never another's meanwhile. */
struct io {
	int fd;
	SSL *ssl;
	bool closed, client_cert;
};

bool io_tls(struct io *io, SSL_CTX *tls);
bool io_text(struct io *io, const char *text);
void io_end(struct io *io);

struct request {
	char method[8], path[512], content_type[256], authorization[128];
	char accept[256];
	bool metadata; /* the header that clouds ask for */
	uint8_t *body; /* NUL-terminated; the caller frees */
	size_t n_body;
};

bool request_read(struct io *io, struct request *ret);
/* Any of type and location may be NULL. */
void answer(struct io *io, int status, const char *type, const char *location,
    const char *body);
void answer_bytes(struct io *io, int status, const char *type,
    const char *location, struct span body);

#endif
