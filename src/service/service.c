/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/limits.h"
#include "service/query.h"
#include "service/service_parts.h"

#define TOKEN_MIN 16u /* bytes */
#define TOKEN_MAX 4096u
#define EVIDENCE_MAX 131072u /* bytes of one request; base64 of a CMW fits */

typedef void (*handler_fn)(
    struct service *s, const struct request *req, struct reply *ret);

enum access { PUBLIC, PROVISIONER, VIEWER };

struct route {
	const char *method, *path;
	bool prefix; /* more of the path follows */
	enum access access;
	size_t body_max;
	handler_fn run;
};

static const struct route routes[] = {
	{ "POST", API_NEW, false, PUBLIC, 4096, api_new_session },
	{ "POST", API_SESSION, true, PUBLIC, EVIDENCE_MAX, api_session_post },
	{ "GET", API_SESSION, true, PUBLIC, 0, api_session_get },
	{ "DELETE", API_SESSION, true, PUBLIC, 0, api_session_delete },
	{ "POST", API_SUBMIT, false, PROVISIONER, STORE_BODY_MAX,
	    provision_submit },
	{ "POST", API_CHALLENGE, false, PUBLIC, ENROL_MAX, enrol_challenge },
	{ "POST", API_CERTIFICATE, false, PUBLIC, ENROL_MAX, enrol_certify },
	{ "GET", "/.well-known/veraison/verification", false, PUBLIC, 0,
	    discover_verification },
	{ "GET", "/.well-known/veraison/provisioning", false, PUBLIC, 0,
	    discover_provisioning },
	{ "GET", "/.well-known/jwks.json", false, PUBLIC, 0, discover_jwks },
	{ "GET", "/healthz", false, PUBLIC, 0, discover_health },
	{ "GET", "/metrics", false, VIEWER, 0, discover_metrics },
	{ "GET", "/", false, VIEWER, 0, page_status },
	{ "GET", "/style.css", false, VIEWER, 0, page_style },
};
#define ROUTES (sizeof(routes) / sizeof(routes[0]))

/* ---- Routes ---- */

static bool
path_fits(const struct route *r, const char *path)
{
	size_t n = strlen(r->path);

	return r->prefix ? strncmp(path, r->path, n) == 0 && path[n] != '\0'
			 : strcmp(path, r->path) == 0;
}

/* HEAD is GET to a handler; the HTTP library leaves the body out. */
static bool
method_fits(const struct route *r, const char *method)
{
	return strcmp(method, r->method) == 0 ||
	       (strcmp(method, "HEAD") == 0 && strcmp(r->method, "GET") == 0);
}

static const struct route *
route_find(const char *method, const char *path, const char **ret_allow)
{
	*ret_allow = NULL;
	for (size_t i = 0; i < ROUTES; i++) {
		if (!path_fits(&routes[i], path))
			continue;
		if (method_fits(&routes[i], method))
			return &routes[i];
		*ret_allow = routes[i].prefix ? "GET, HEAD, POST, DELETE"
			     : strcmp(routes[i].method, "GET") == 0
				 ? "GET, HEAD"
				 : routes[i].method;
	}
	return NULL;
}

/* A page elsewhere whose name was made to mean this machine is kept out by the
 * name that its readers' browsers ask for. */
static bool
may_view(const struct service *s, const struct request *req)
{
	return s->conf->status == STATUS_ALL ||
	       (s->conf->status == STATUS_LOOPBACK && req->loopback &&
		   query_host_loopback(req->host));
}

static void
no_route(const struct request *req, const char *allow, struct reply *ret)
{
	if (allow == NULL) {
		reply_problem_text(
		    ret, 404, "Not found", "there is nothing at this path");
		return;
	}
	ret->allow = allow;
	reply_problem_text(ret, 405, "Method not allowed",
	    "expected %s, found %.16s", allow, req->method);
}

bool
service_admit(struct service *s, const struct request *req, struct reply *ret,
    size_t *ret_body_max)
{
	const char *allow = NULL;
	const struct route *r = route_find(req->method, req->path, &allow);

	if (r == NULL) {
		no_route(req, allow, ret);
		return false;
	}
	if (r->access == VIEWER && !may_view(s, req)) {
		/* What one may not see looks as if it were not there. */
		no_route(req, NULL, ret);
		return false;
	}
	if (r->access == PROVISIONER && !provision_allowed(s, req, ret))
		return false;
	if (req->too_many_args) {
		reply_problem_text(ret, 400, "Bad request",
		    "expected at most %d arguments", REQUEST_ARGS_MAX);
		return false;
	}
	*ret_body_max = r->body_max;
	return true;
}

void
service_answer(struct service *s, const struct request *req, struct reply *ret)
{
	const char *allow = NULL;
	size_t max = 0;

	/* Asked again, so that no caller can forget it. */
	if (!service_admit(s, req, ret, &max))
		return;
	if (req->body.n > max)
		reply_problem_text(ret, 413, "Too large",
		    "expected a body of at most %zu bytes", max);
	else
		route_find(req->method, req->path, &allow)->run(s, req, ret);
}

void
service_count(struct service *s, unsigned status)
{
	unsigned hundreds = status / 100;

	if (hundreds < sizeof(s->replies) / sizeof(s->replies[0]))
		__atomic_add_fetch(&s->replies[hundreds], 1, __ATOMIC_RELAXED);
}

int64_t
service_now(void)
{
	return (int64_t)time(NULL);
}

/* ---- Life ---- */

/* A token in a file; blanks and newlines at its end are no part of it. */
static int
load_token(struct service *s, struct seal_diag *d)
{
	const char *path = s->conf->token_file;
	int r;

	if (path == NULL)
		return 0;
	if ((r = file_read_secret(
		 path, TOKEN_MAX, &s->token, &s->n_token, d)) != 0)
		return r;
	while (s->n_token > 0 && strchr(" \t\r\n", s->token[s->n_token - 1]))
		s->n_token--;
	if (s->n_token >= TOKEN_MIN)
		return 0;
	seal_fail(d, SEAL_E_CONFIG,
	    "token_file '%s': expected at least %u bytes, found %zu", path,
	    TOKEN_MIN, s->n_token);
	seal_remedy(d, "openssl rand -hex 32 >FILE");
	return SEAL_E_CONFIG;
}

static int
add_retired(struct service *s, struct wr *w, struct seal_diag *d)
{
	char *jwk = NULL;
	int r;

	for (size_t i = 0; i < s->conf->n_retired; i++) {
		if ((r = seal_jwk_of_pem(s->conf->retired[i], &jwk, d)) != 0)
			return r;
		wr_printf(w, ",%s", jwk);
		free(jwk);
	}
	return 0;
}

static int
make_jwks(struct service *s, struct seal_diag *d)
{
	struct wr w;
	int r;

	if ((r = seal_verifier_jwk(s->verifier, &s->jwk, d)) != 0)
		return r;
	wr_init_heap(&w, LIMIT_JSON);
	wr_printf(&w, "{\"keys\":[%s", s->jwk);
	if ((r = add_retired(s, &w, d)) == 0) {
		wr_printf(&w, "]}");
		if ((r = wr_take_text(&w, &s->jwks)) != 0)
			seal_fail(d, r, "keys");
	}
	wr_free(&w);
	return r;
}

int
service_new(
    const struct service_conf *conf, struct service **ret, struct seal_diag *d)
{
	const struct seal_verifier_args args = { .id = conf->id,
		.key_file = conf->key,
		.anchors_dir = conf->anchors,
		.lifetime_s = (uint32_t)conf->result_s };
	struct service *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "service");
	s->conf = conf;
	pthread_mutex_init(&s->lock, NULL);
	if ((r = load_token(s, d)) == 0 &&
	    (r = seal_verifier_new(&args, &s->verifier, d)) == 0 &&
	    (r = make_jwks(s, d)) == 0 && (r = enrol_init(s, d)) == 0 &&
	    (r = quota_new((uint32_t)conf->sessions_per_address,
		 conf->session_s, &s->sessions, d)) == 0 &&
	    (r = store_open(
		 conf->store, (size_t)conf->threads + 1, &s->store, d)) == 0)
		*ret = s;
	else
		service_free(&s);
	return r;
}

void
service_free(struct service **sp)
{
	struct service *s = *sp;

	if (s == NULL)
		return;
	store_close(&s->store);
	seal_verifier_free(&s->verifier);
	quota_free(&s->sessions);
	if (s->token != NULL)
		seal_wipe(s->token, s->n_token);
	free(s->token);
	free(s->jwk);
	free(s->jwks);
	pthread_mutex_destroy(&s->lock);
	free(s);
	*sp = NULL;
}

struct store *
service_store(struct service *s)
{
	return s->store;
}

int
service_tidy(struct service *s, struct seal_diag *d)
{
	int64_t now = service_now();

	return store_expire(s->store, now, now - s->conf->keep_days * 86400,
	    s->conf->keep_results, d);
}
