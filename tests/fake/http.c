/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD 8192
#define BODY 262144

bool
io_tls(struct io *io, SSL_CTX *tls)
{
	if ((io->ssl = SSL_new(tls)) == NULL ||
	    SSL_set_fd(io->ssl, io->fd) != 1)
		return false;
	if (SSL_accept(io->ssl) != 1)
		return false;
	io->client_cert = SSL_get0_peer_certificate(io->ssl) != NULL;
	return true;
}

static ssize_t
io_read(struct io *io, void *p, size_t n)
{
	if (io->ssl != NULL)
		return SSL_read(io->ssl, p, (int)n);
	return read(io->fd, p, n);
}

static bool
io_bytes(struct io *io, const char *text, size_t n)
{
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		r = io->ssl != NULL
			? SSL_write(io->ssl, text + done, (int)(n - done))
			: send(io->fd, text + done, n - done, MSG_NOSIGNAL);
		if (r <= 0)
			return false;
		done += (size_t)r;
	}
	return true;
}

bool
io_text(struct io *io, const char *text)
{
	return io_bytes(io, text, strlen(text));
}

void
io_end(struct io *io)
{
	if (io->ssl != NULL) {
		SSL_shutdown(io->ssl);
		SSL_free(io->ssl);
		io->ssl = NULL;
	}
	shutdown(io->fd, SHUT_RDWR);
}

/* The value of a header line; false where it is another one. */
static bool
header(const char *line, const char *name, char *ret, size_t cap)
{
	size_t n = strlen(name);

	if (strncasecmp(line, name, n) != 0 || line[n] != ':')
		return false;
	for (line += n + 1; *line == ' '; line++)
		;
	snprintf(ret, cap, "%.*s", (int)strcspn(line, "\r\n"), line);
	return true;
}

/* Byte after byte, so that nothing of the next request is read. */
static bool
head_read(struct io *io, char head[HEAD])
{
	for (size_t n = 0; n < HEAD - 1; n++) {
		if (io_read(io, &head[n], 1) != 1)
			return false;
		head[n + 1] = '\0';
		if (n >= 3 && strcmp(&head[n - 3], "\r\n\r\n") == 0)
			return true;
	}
	return false;
}

bool
request_read(struct io *io, struct request *ret)
{
	char head[HEAD], length[16] = "0", yes[8], *line;
	unsigned long n;
	ssize_t r;

	memset(ret, 0, sizeof(*ret));
	if (!head_read(io, head) ||
	    sscanf(head, "%7s %511s", ret->method, ret->path) != 2)
		return false;
	for (line = head; line[0] != '\r'; line = strstr(line, "\r\n") + 2) {
		header(line, "Content-Length", length, sizeof(length));
		header(line, "Content-Type", ret->content_type,
		    sizeof(ret->content_type));
		header(line, "Authorization", ret->authorization,
		    sizeof(ret->authorization));
		header(line, "Accept", ret->accept, sizeof(ret->accept));
		ret->metadata |= header(line, "Metadata", yes, sizeof(yes));
	}
	if ((n = strtoul(length, NULL, 10)) > BODY ||
	    (ret->body = calloc(1, n + 1)) == NULL)
		return false;
	while (ret->n_body < n) {
		r = io_read(io, ret->body + ret->n_body, n - ret->n_body);
		if (r <= 0) {
			free(ret->body);
			return false;
		}
		ret->n_body += (size_t)r;
	}
	return true;
}

void
answer(struct io *io, int status, const char *type, const char *location,
    const char *body)
{
	answer_bytes(io, status, type, location, span_str(body));
}

void
answer_bytes(struct io *io, int status, const char *type, const char *location,
    struct span body)
{
	char head[1024];

	snprintf(head, sizeof(head),
	    "HTTP/1.1 %d x\r\nContent-Type: %s\r\n%s%s%s"
	    "Content-Length: %zu\r\n\r\n",
	    status, type == NULL ? "text/plain" : type,
	    location == NULL ? "" : "Location: ",
	    location == NULL ? "" : location, location == NULL ? "" : "\r\n",
	    body.n);
	if (!io_text(io, head) || !io_bytes(io, (const char *)body.p, body.n))
		io->closed = true;
}
