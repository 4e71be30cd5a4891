/* SPDX-License-Identifier: Apache-2.0 */
#include "service/http.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/file.h"
#include "base/limits.h"
#include "service/client.h"
#include "service/query.h"
#include "service/watch.h"

#define HEADERS_MAX 32768u /* bytes of memory for a request's head */
#define IDLE_S 30
#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define CSP                                                          \
	"default-src 'none'; style-src 'self'; form-action 'self'; " \
	"frame-ancestors 'none'; base-uri 'none'"

struct http {
	struct service *service;
	struct watch *watch;
	struct MHD_Daemon *daemon;
	char *cert, *key, *ca; /* PEM; key is wiped */
	size_t n_key;
	const struct service_conf *clients; /* who of the CA's may provision */
};

/* One request on its way in. */
struct exchange {
	struct wr body;
	size_t body_max;
	bool admitted, too_large;
};

/* ---- What a request says ---- */

static enum MHD_Result
add_arg(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_n,
    const char *value, size_t value_n)
{
	struct request *req = cls;

	(void)kind;
	if (req->n_args == REQUEST_ARGS_MAX || strlen(key) != key_n) {
		req->too_many_args = true;
		return MHD_NO;
	}
	req->args[req->n_args++] = (struct request_arg){ .name = key,
		.value = span_of(value, value != NULL ? value_n : 0) };
	return MHD_YES;
}

static bool
is_loopback(const struct sockaddr *a)
{
	const struct in6_addr *six;

	if (a->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)a)
				 ->sin_addr.s_addr) >>
			   24 ==
		       127;
	if (a->sa_family != AF_INET6)
		return false;
	six = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
	return IN6_IS_ADDR_LOOPBACK(six) ||
	       (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
}

/* An IPv6 host has a network to itself, and could be each of its addresses. */
static void
source_of(const struct sockaddr *a, uint8_t ret[QUOTA_SOURCE])
{
	const struct in6_addr *six;
	const void *p = a;

	if (a != NULL && a->sa_family == AF_INET)
		memcpy(ret, &((const struct sockaddr_in *)p)->sin_addr, 4);
	if (a == NULL || a->sa_family != AF_INET6)
		return;
	six = &((const struct sockaddr_in6 *)p)->sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(six))
		memcpy(ret, six->s6_addr + 12, 4);
	else
		memcpy(ret, six->s6_addr, QUOTA_SOURCE);
}

/* A NUL that is written %00 would end a path before its end. */
static size_t
unescape(void *cls, struct MHD_Connection *c, char *text)
{
	(void)cls;
	(void)c;
	return query_unescape(text);
}

static void
peer_of(const struct http *h, struct MHD_Connection *c, struct request *req,
    char *buf, size_t cap)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *a = info != NULL ? info->client_addr : NULL;
	socklen_t n = a != NULL && a->sa_family == AF_INET
			  ? sizeof(struct sockaddr_in)
			  : sizeof(struct sockaddr_in6);

	source_of(a, req->source);
	snprintf(buf, cap, "?");
	req->peer = buf;
	if (a != NULL) {
		req->loopback = is_loopback(a);
		getnameinfo(a, n, buf, (socklen_t)cap, NULL, 0, NI_NUMERICHOST);
	}
	if (h->ca == NULL)
		return;
	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (info == NULL || info->tls_session == NULL)
		return;
	req->client_cert =
	    client_allowed(info->tls_session, h->clients, buf, cap);
}

static void
request_of(const struct http *h, struct MHD_Connection *c, const char *url,
    const char *method, struct request *ret, char *buf, size_t cap)
{
	*ret = (struct request){ .method = method, .path = url };
	ret->type = MHD_lookup_connection_value(
	    c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
	ret->authorization = MHD_lookup_connection_value(
	    c, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
	ret->host = MHD_lookup_connection_value(
	    c, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	MHD_get_connection_values_n(c, MHD_GET_ARGUMENT_KIND, add_arg, ret);
	peer_of(h, c, ret, buf, cap);
}

/* ---- Replies ---- */

static void
add_headers(struct MHD_Response *m, const struct reply *r)
{
	char retry[16];

	MHD_add_response_header(m, "Cache-Control", "no-store");
	MHD_add_response_header(m, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(m, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(m, "Content-Security-Policy", CSP);
	if (r->type != NULL)
		MHD_add_response_header(
		    m, MHD_HTTP_HEADER_CONTENT_TYPE, r->type);
	if (r->location[0] != '\0')
		MHD_add_response_header(
		    m, MHD_HTTP_HEADER_LOCATION, r->location);
	if (r->allow != NULL)
		MHD_add_response_header(m, MHD_HTTP_HEADER_ALLOW, r->allow);
	if (r->ask_bearer)
		MHD_add_response_header(
		    m, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	if (r->retry_s > 0) {
		snprintf(retry, sizeof(retry), "%u", r->retry_s);
		MHD_add_response_header(m, MHD_HTTP_HEADER_RETRY_AFTER, retry);
	}
}

static enum MHD_Result
send_reply(struct http *h, struct MHD_Connection *c, struct reply *r)
{
	enum MHD_Result ok = MHD_NO;
	struct MHD_Response *m;
	struct span body;

	if (wr_finish(&r->body, &body) != 0) {
		body = span_of(NULL, 0);
		r->status = 500;
		r->type = NULL;
	}
	m = MHD_create_response_from_buffer(
	    body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_MUST_COPY);
	if (m != NULL) {
		add_headers(m, r);
		ok = MHD_queue_response(c, r->status, m);
		MHD_destroy_response(m);
	}
	service_count(h->service, r->status);
	return ok;
}

/* ---- The course of a request ---- */

static void
too_large(const struct exchange *x, struct reply *r)
{
	reply_problem_text(r, 413, "Too large",
	    "expected a body of at most %zu bytes", x->body_max);
}

/* Said beforehand, so that nobody waits for the rest of it. What is no plain
 * number is measured as it comes. */
static bool
announces_too_much(struct MHD_Connection *c, size_t max)
{
	const char *length = MHD_lookup_connection_value(
	    c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	int64_t n;

	return length != NULL &&
	       query_number(
		   span_str(length), "length", 0, INT64_MAX, &n, NULL) == 0 &&
	       n > (int64_t)max;
}

/* Its head is there: may it go on? */
static enum MHD_Result
begin(struct http *h, struct MHD_Connection *c, const struct request *req,
    struct exchange *x)
{
	enum MHD_Result ok = MHD_YES;
	struct reply r;

	reply_init(&r);
	x->admitted = service_admit(h->service, req, &r, &x->body_max);
	if (x->admitted && announces_too_much(c, x->body_max)) {
		x->admitted = false;
		too_large(x, &r);
	}
	if (!x->admitted)
		ok = send_reply(h, c, &r);
	/* One byte more than may be, to tell a body that is too large. */
	wr_init_heap(&x->body, x->body_max + 1);
	reply_wipe(&r);
	return ok;
}

static void
take_body(struct exchange *x, const char *data, size_t n)
{
	if (x->too_large)
		return;
	if (n > x->body_max - wr_view(&x->body).n)
		x->too_large = true;
	else
		wr_bytes(&x->body, span_of(data, n));
}

static enum MHD_Result
finish(struct http *h, struct MHD_Connection *c, struct request *req,
    struct exchange *x)
{
	enum MHD_Result ok;
	struct reply r;

	reply_init(&r);
	if (x->too_large)
		too_large(x, &r);
	else if (wr_finish(&x->body, &req->body) != 0)
		reply_problem_text(&r, 503, "Unavailable", "out of memory");
	else
		service_answer(h->service, req, &r);
	ok = send_reply(h, c, &r);
	reply_wipe(&r);
	return ok;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *data, size_t *data_n,
    void **state)
{
	struct exchange *x = *state;
	char peer[REQUEST_PEER];
	struct http *h = cls;
	struct request req;

	(void)version;
	if (x != NULL && *data_n > 0) {
		take_body(x, data, *data_n);
		*data_n = 0;
		return MHD_YES;
	}
	request_of(h, c, url, method, &req, peer, sizeof(peer));
	if (x != NULL)
		return x->admitted ? finish(h, c, &req, x) : MHD_NO;
	if ((*state = x = calloc(1, sizeof(*x))) == NULL)
		return MHD_NO;
	return begin(h, c, &req, x);
}

static void
on_completed(void *cls, struct MHD_Connection *c, void **state,
    enum MHD_RequestTerminationCode code)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct exchange *x = *state;
	struct http *h = cls;

	(void)code;
	if (x != NULL)
		wr_free(&x->body);
	free(x);
	*state = NULL;
	if (info != NULL && info->socket_context != NULL)
		watch_again(h->watch, (long)(intptr_t)info->socket_context - 1);
}

/* socket_context is the connection's place among the watched, plus one. */
static void
on_connection(void *cls, struct MHD_Connection *c, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http *h = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED && info != NULL)
		*context =
		    (void *)(intptr_t)(watch_begin(h->watch, info->connect_fd) +
				       1);
	else if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		watch_end(h->watch, (long)(intptr_t)*context - 1);
}

/* ---- Start and end ---- */

static int
load_tls(struct http *h, const struct service_conf *conf, struct seal_diag *d)
{
	uint8_t *p = NULL;
	size_t n = 0;
	int r;

	if (conf->tls_cert == NULL)
		return 0;
	if ((r = file_read(conf->tls_cert, LIMIT_FILE, &p, &n, d)) != 0)
		return r;
	h->cert = (char *)p;
	if ((r = file_read_secret(
		 conf->tls_key, LIMIT_FILE, &p, &h->n_key, d)) != 0)
		return r;
	h->key = (char *)p;
	if (conf->client_ca == NULL)
		return 0;
	if ((r = file_read(conf->client_ca, LIMIT_FILE, &p, &n, d)) == 0)
		h->ca = (char *)p;
	return r;
}

static void
on_log(void *cls, const char *fmt, va_list ap)
{
	(void)cls;
	(void)fmt;
	(void)ap;
}

static int
start_daemon(struct http *h, const struct service_conf *conf, int fd,
    struct seal_diag *d)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG |
			 (h->cert != NULL ? MHD_USE_TLS : 0u);
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, h->cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, h->key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITY },
		{ h->ca != NULL ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END,
		    0, h->ca },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };

	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h,
	    MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET,
	    fd, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)conf->threads,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)conf->connections,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)conf->per_address,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MAX,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK,
	    unescape, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_ARRAY,
	    h->cert != NULL ? tls : none, MHD_OPTION_END);
	if (h->daemon != NULL)
		return 0;
	close(fd);
	seal_fail(d, SEAL_E_CONFIG,
	    "listen '%s': the HTTP server does not start", conf->listen);
	seal_remedy(d, "do tls_cert and tls_key belong together, in PEM? are "
		       "there as many connections as threads?");
	return SEAL_E_CONFIG;
}

int
http_start(const struct service_conf *conf, struct service *s, int fd,
    struct http **ret, struct seal_diag *d)
{
	struct http *h = calloc(1, sizeof(*h));
	int r;

	if (h == NULL) {
		close(fd);
		return seal_fail(d, SEAL_E_MEMORY, "http");
	}
	h->service = s;
	h->clients = conf;
	if ((r = load_tls(h, conf, d)) != 0 ||
	    (r = watch_new((size_t)conf->connections, conf->request_s,
		 &h->watch, d)) != 0)
		close(fd);
	else
		r = start_daemon(h, conf, fd, d);
	if (r == 0)
		*ret = h;
	else
		http_stop(&h);
	return r;
}

void
http_stop(struct http **hp)
{
	struct http *h = *hp;

	if (h == NULL)
		return;
	if (h->daemon != NULL)
		MHD_stop_daemon(h->daemon); /* closes the socket too */
	watch_free(&h->watch);
	if (h->key != NULL)
		seal_wipe(h->key, h->n_key);
	free(h->key);
	free(h->cert);
	free(h->ca);
	free(h);
	*hp = NULL;
}
