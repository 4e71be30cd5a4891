/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_HTTP_H
#define REMOTE_HTTP_H

#include "base/diag.h"
#include "base/span.h"

/*
 * A small HTTP client for services that the configuration names. TLS 1.2 or
 * later, always verified; plain http where nothing leaves the machine for a
 * network, and only as the configuration says. No redirects, no proxies, no
 * cookies, nothing from the environment. Calls block: they belong into jobs.
 */
#define HTTP_BODY_MAX 262144u /* bytes of an answer's body */
#define HTTP_URL_MAX 2048u
#define HTTP_TYPE_MAX 256u     /* bytes of a media type, with the NUL */
#define HTTP_TOKEN_MAX 4096u   /* bytes of a bearer token */
#define HTTP_HEADER_MAX 32768u /* bytes of a header that is asked for */

/* Copied. Each may be NULL. */
struct http_conf {
	const char *ca_file;              /* PEM; NULL: the system's anchors */
	const char *cert_file, *key_file; /* of the client; both or neither */
	const char *token_file;  /* a bearer token; read anew for each request,
				    so that it can be rotated */
	bool plain_loopback;     /* allows http://127.0.0.1 and its like */
	bool plain_metadata;     /* and http://169.254.169.254, where the host
				    of a cloud's machine answers it */
	const char *unix_socket; /* connects to this socket instead, whatever
				    the URL's host; allows http as well */
};

/* A service at one URL, shared by threads. It keeps connections open. */
struct http;

/* SEAL_E_CONFIG for a URL that is not allowed. */
int http_new(const char *url, const struct http_conf *conf, struct http **ret,
    struct seal_diag *d);
void http_free(struct http **h);
const char *http_url(const struct http *h); /* without its last slash */

enum http_method { HTTP_GET = 1, HTTP_POST, HTTP_DELETE };

struct http_ask {
	enum http_method method;
	const char *path;         /* behind the URL; starts with a slash */
	const char *content_type; /* of the body; may be NULL */
	const char *accept;       /* may be NULL */
	const char *extra;        /* one more header line; may be NULL */
	struct span body;
	int64_t deadline_ms; /* on http_now_ms(); over all attempts */
	bool once;           /* repeating it could do harm */
	const char *header;  /* one of the answer's that is wanted; or NULL */
	size_t body_max;     /* of the answer; 0: HTTP_BODY_MAX */
};

struct http_answer {
	long status;
	char content_type[HTTP_TYPE_MAX]; /* empty: absent */
	char location[HTTP_URL_MAX];      /* likewise */
	uint32_t retry_after_s;           /* 0: absent */
	char *header;                     /* the one asked for; NULL: absent */
	uint8_t *body;                    /* NUL-terminated past n_body */
	size_t n_body;
};

/*
 * One exchange. Connections that fail, and the statuses 429, 502, 503 and
 * 504, are tried again with growing pauses until the deadline, unless once
 * is set; then SEAL_E_UNAVAILABLE, as for everything that is not HTTP. Any
 * other status is an answer, for http_refuse() where it is not the wanted
 * one. *ret goes to http_answer_wipe().
 */
int http_ask(struct http *h, const struct http_ask *ask,
    struct http_answer *ret, struct seal_diag *d);
void http_answer_wipe(struct http_answer *a);

/* Tells why an answer is not the expected one, and returns the code for it:
 * SEAL_E_EVIDENCE for a bad request that carried Evidence, SEAL_E_UNSUPPORTED,
 * SEAL_E_CONFIG for what this side has set wrongly, SEAL_E_UNAVAILABLE. */
int http_refuse(const struct http *h, const struct http_ask *ask,
    const struct http_answer *a, bool evidence, struct seal_diag *d);

int64_t http_now_ms(void); /* monotonic */
/* Sleeps, but not past the deadline; false where that has come. */
bool http_pause(uint32_t ms, int64_t deadline_ms);

#endif
