/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/wr.h"
#include "crypto/guard.h"
#include "crypto/hash.h"
#include "remote/http_parts.h"

#define CONNECT_MS 10000 /* of one attempt */
#define PAUSE_MS 100u    /* before the second attempt; then doubling */
#define PAUSE_MAX_MS 2000u
#define PATH_SHOWN 60
#define SHOWN 120 /* bytes of what the other side says, in a message */

/* One attempt. */
struct attempt {
	struct http *http;
	const struct http_ask *ask;
	CURL *curl;
	struct curl_slist *headers;
	struct wr body;
	char why[CURL_ERROR_SIZE];
};

int64_t
http_now_ms(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool
http_pause(uint32_t ms, int64_t deadline_ms)
{
	int64_t left = deadline_ms - http_now_ms();
	struct timespec ts;

	if (left <= 0)
		return false;
	if ((int64_t)ms > left)
		ms = (uint32_t)left;
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = (long)(ms % 1000) * 1000000;
	nanosleep(&ts, NULL);
	return http_now_ms() < deadline_ms;
}

void
http_answer_wipe(struct http_answer *a)
{
	seal_wipe(a->body, a->n_body);
	free(a->body);
	free(a->header);
	memset(a, 0, sizeof(*a));
}

static const char *
method_name(enum http_method m)
{
	return m == HTTP_POST ? "POST" : m == HTTP_DELETE ? "DELETE" : "GET";
}

static size_t
body_max(const struct http_ask *ask)
{
	return ask->body_max > 0 ? ask->body_max : HTTP_BODY_MAX;
}

/* Keeps at most what may come; more end the transfer. */
static size_t
take_body(char *p, size_t size, size_t n, void *arg)
{
	struct attempt *a = arg;

	(void)size; /* always 1 */
	wr_bytes(&a->body, span_of(p, n));
	return a->body.error == 0 ? n : 0;
}

/* "Name: value" behind the headers so far. */
static bool
add_header(struct attempt *a, const char *line)
{
	struct curl_slist *more = curl_slist_append(a->headers, line);

	if (more == NULL)
		return false;
	a->headers = more;
	return true;
}

/* One of them may be a secret. */
static void
headers_free(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l != NULL; l = l->next)
		seal_wipe(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

static bool
add_named(struct attempt *a, const char *name, const char *value)
{
	char line[64 + HTTP_TYPE_MAX];
	int n;

	if (value == NULL)
		return true;
	n = snprintf(line, sizeof(line), "%s: %s", name, value);
	/* A line break in it would be a second header. */
	return n > 0 && (size_t)n < sizeof(line) &&
	       strpbrk(value, "\r\n") == NULL && add_header(a, line);
}

static int
attempt_headers(struct attempt *a, struct seal_diag *d)
{
	char *token = NULL;
	bool ok;
	int r;

	if ((r = http_token_header(a->http, &token, d)) != 0)
		return r;
	ok = (token == NULL || add_header(a, token)) &&
	     add_named(a, "Content-Type", a->ask->content_type) &&
	     add_named(a, "Accept", a->ask->accept) &&
	     (a->ask->extra == NULL || add_header(a, a->ask->extra)) &&
	     add_header(a, "Expect:"); /* no pause before the body */
	if (token != NULL)
		seal_wipe(token, strlen(token));
	free(token);
	return ok ? 0 : seal_fail(d, SEAL_E_ARGUMENT, "http: headers");
}

static int
attempt_setup(struct attempt *a, int64_t left_ms, struct seal_diag *d)
{
	const struct http_ask *ask = a->ask;
	char url[HTTP_URL_MAX];
	CURL *c = a->curl;
	bool ok = true;
	int n, r;

	n = snprintf(url, sizeof(url), "%s%s", http_url(a->http), ask->path);
	if (n < 0 || (size_t)n >= sizeof(url))
		return seal_fail(d, SEAL_E_LIMIT, "http: url too long");
	if ((r = attempt_headers(a, d)) != 0)
		return r;
#define SET(option, value) \
	(ok = ok && curl_easy_setopt(c, option, value) == CURLE_OK)
	SET(CURLOPT_URL, url);
	SET(CURLOPT_HTTPHEADER, a->headers);
	SET(CURLOPT_ERRORBUFFER, a->why);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, a);
	SET(CURLOPT_MAXFILESIZE, (long)body_max(ask));
	SET(CURLOPT_TIMEOUT_MS, (long)left_ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS,
	    left_ms < CONNECT_MS ? (long)left_ms : (long)CONNECT_MS);
	if (ask->method == HTTP_POST) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE, (long)ask->body.n);
		SET(CURLOPT_POSTFIELDS,
		    ask->body.n > 0 ? (const char *)ask->body.p : "");
	} else if (ask->method == HTTP_DELETE) {
		SET(CURLOPT_CUSTOMREQUEST, "DELETE");
	}
#undef SET
	return ok ? 0 : seal_fail(d, SEAL_E_MEMORY, "http: request");
}

static void
copy_header(CURL *c, const char *name, char *ret, size_t cap)
{
	struct curl_header *h = NULL;

	ret[0] = '\0';
	if (curl_easy_header(c, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK &&
	    strlen(h->value) < cap)
		memcpy(ret, h->value, strlen(h->value) + 1);
}

/* One that comes twice is none: which of them would count? */
static int
dup_header(CURL *c, const char *name, char **ret)
{
	struct curl_header *h = NULL;

	*ret = NULL;
	if (name == NULL ||
	    curl_easy_header(c, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK ||
	    h->amount != 1 || strlen(h->value) > HTTP_HEADER_MAX)
		return 0;
	return (*ret = strdup(h->value)) == NULL ? SEAL_E_MEMORY : 0;
}

static int
attempt_publish(struct attempt *a, struct http_answer *ret)
{
	struct http_answer got = { 0 };
	char after[8];

	curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &got.status);
	copy_header(a->curl, "Content-Type", got.content_type,
	    sizeof(got.content_type));
	copy_header(a->curl, "Location", got.location, sizeof(got.location));
	copy_header(a->curl, "Retry-After", after, sizeof(after));
	/* A date, which it may be too, counts as nothing. */
	if (strspn(after, "0123456789") == strlen(after))
		got.retry_after_s = (unsigned)strtoul(after, NULL, 10);
	if (dup_header(a->curl, a->ask->header, &got.header) != 0)
		return SEAL_E_MEMORY;
	wr_u8(&a->body, 0);
	if (wr_take(&a->body, &got.body, &got.n_body) != 0) {
		free(got.header);
		return SEAL_E_MEMORY;
	}
	got.n_body--;
	*ret = got;
	return 0;
}

/* How much of the path goes into messages: no query, which may hold the
 * nonce, and that may be a connection's binder. */
static int
path_shown(const struct http_ask *ask)
{
	size_t n = strcspn(ask->path, "?");

	return n < PATH_SHOWN ? (int)n : PATH_SHOWN;
}

/* What will not become better by itself. */
static bool
is_lasting(CURLcode code)
{
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_FILESIZE_EXCEEDED:
	case CURLE_WRITE_ERROR:
	case CURLE_OUT_OF_MEMORY:
		return true;
	default:
		return false;
	}
}

/* Nothing of the request has left this machine. */
static bool
is_unsent(CURLcode code)
{
	return code == CURLE_COULDNT_CONNECT ||
	       code == CURLE_COULDNT_RESOLVE_HOST ||
	       code == CURLE_SSL_CONNECT_ERROR;
}

static int
attempt_failed(const struct attempt *a, CURLcode code, struct seal_diag *d)
{
	const char *why = a->why[0] != '\0' ? a->why : curl_easy_strerror(code);

	if (code == CURLE_OUT_OF_MEMORY || a->body.error == SEAL_E_MEMORY)
		return seal_fail(d, SEAL_E_MEMORY, "http");
	if (code == CURLE_WRITE_ERROR || code == CURLE_FILESIZE_EXCEEDED)
		seal_fail(d, SEAL_E_UNAVAILABLE,
		    "%s %.90s%.*s: expected an answer of at most %zu bytes, "
		    "found more",
		    method_name(a->ask->method), http_url(a->http),
		    path_shown(a->ask), a->ask->path, body_max(a->ask));
	else if (http_socket(a->http) != NULL)
		seal_fail(d, SEAL_E_UNAVAILABLE,
		    "%s %.*s: expected an answer at the socket '%.90s', "
		    "found: %.80s",
		    method_name(a->ask->method), path_shown(a->ask),
		    a->ask->path, http_socket(a->http),
		    code == CURLE_COULDNT_CONNECT ? "none" : why);
	else
		seal_fail(d, SEAL_E_UNAVAILABLE,
		    "%s %.90s%.*s: expected an answer, found: %.80s",
		    method_name(a->ask->method), http_url(a->http),
		    path_shown(a->ask), a->ask->path, why);
	seal_remedy(d, "%s",
	    code == CURLE_PEER_FAILED_VERIFICATION
		? "the service's certificate must be for this name and from "
		  "the CA in 'ca' (without: the system's)"
		: "see that the service runs there and answers in time");
	return SEAL_E_UNAVAILABLE;
}

static bool
status_is_busy(long status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

/* One exchange; *ret_again: another attempt may go better. */
static int
attempt(struct http *h, const struct http_ask *ask, int64_t left_ms,
    struct http_answer *ret, bool *ret_again, struct seal_diag *d)
{
	struct attempt a = { .http = h, .ask = ask };
	CURLcode code;
	int r;

	*ret_again = false;
	wr_init_heap(&a.body, body_max(ask) + 1);
	if ((a.curl = http_handle_take(h)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "http");
	if ((r = attempt_setup(&a, left_ms, d)) != 0)
		goto out;
	if ((code = curl_easy_perform(a.curl)) != CURLE_OK) {
		r = attempt_failed(&a, code, d);
		*ret_again = !is_lasting(code) && r != SEAL_E_MEMORY &&
			     (!ask->once || is_unsent(code));
		goto out;
	}
	if ((r = attempt_publish(&a, ret)) != 0)
		seal_fail(d, r, "http");
	else
		*ret_again = status_is_busy(ret->status) && !ask->once;
out:
	http_handle_put(h, a.curl);
	headers_free(a.headers);
	wr_free(&a.body);
	return r;
}

/* With a random part, so that clients that failed together part again. */
static uint32_t
pause_ms(unsigned tries, uint32_t retry_after_s)
{
	uint32_t ms = PAUSE_MS << (tries < 5 ? tries : 5);
	uint8_t x = 0;

	if (ms > PAUSE_MAX_MS)
		ms = PAUSE_MAX_MS;
	if (retry_after_s > 0 && retry_after_s < 3600)
		ms = retry_after_s * 1000;
	(void)random_bytes(&x, 1, NULL);
	return ms + ms / 4 * x / 255;
}

int
http_ask(struct http *h, const struct http_ask *ask, struct http_answer *ret,
    struct seal_diag *d)
{
	struct http_answer got = { 0 };
	struct seal_diag last = { 0 };
	uint32_t pause;
	int64_t left;
	bool again;
	int r;

	for (unsigned tries = 0;; tries++) {
		/* At least one attempt, so that there is a story to tell. */
		left = ask->deadline_ms - http_now_ms();
		seal_diag_clear(&last);
		crypto_guard_begin();
		r = attempt(h, ask, left < 1 ? 1 : left, &got, &again, &last);
		crypto_guard_end();
		pause = pause_ms(tries, got.retry_after_s);
		/* A wait that was asked for and would not be over in time. */
		if (!again ||
		    (got.retry_after_s > 0 &&
			(int64_t)pause >= ask->deadline_ms - http_now_ms()) ||
		    !http_pause(pause, ask->deadline_ms))
			break;
		http_answer_wipe(&got);
	}
	if (r == 0) {
		*ret = got;
		return 0;
	}
	seal_fail(d, r, "%s", last.text);
	seal_remedy(d, "%s", last.remedy);
	return r;
}

/* ---- Refusals ---- */

struct refusal {
	long from, to;
	int code;
	const char *expected, *remedy;
};

static const struct refusal refusals[] = {
	{ 300, 399, SEAL_E_UNAVAILABLE, "no redirect",
	    "redirects are never followed: configure the final URL" },
	{ 400, 400, SEAL_E_EVIDENCE, "that the request is well formed",
	    "compare the formats that both sides speak" },
	{ 401, 401, SEAL_E_CONFIG, "that the credentials suffice",
	    "set 'token', or 'cert' and 'key', to what the service knows" },
	{ 403, 403, SEAL_E_CONFIG, "that the credentials suffice",
	    "let the service permit this client" },
	{ 404, 405, SEAL_E_CONFIG, "the service's interface at this URL",
	    "check 'url' and 'api'" },
	{ 406, 406, SEAL_E_UNSUPPORTED, "a common format of the answer",
	    "check 'api'" },
	{ 413, 413, SEAL_E_LIMIT, "a size that the service takes",
	    "raise the service's limit" },
	{ 415, 415, SEAL_E_UNSUPPORTED, "a media type that the service takes",
	    "name another verifier for this media type" },
	{ 422, 422, SEAL_E_EVIDENCE, "content that the service understands",
	    "compare the formats that both sides speak" },
	{ 0, 999, SEAL_E_UNAVAILABLE, "success", "see the service's log" },
};

int
http_refuse(const struct http *h, const struct http_ask *ask,
    const struct http_answer *a, bool evidence, struct seal_diag *d)
{
	const struct refusal *f = refusals;
	char said[SHOWN];
	int code;

	while (a->status < f->from || a->status > f->to)
		f++;
	code = f->code == SEAL_E_EVIDENCE && !evidence ? SEAL_E_UNAVAILABLE
						       : f->code;
	seal_fail(d, code, "%s %.80s%.*s: expected %s, found status %ld%s%s",
	    method_name(ask->method), http_url(h), path_shown(ask), ask->path,
	    f->expected, a->status, a->n_body > 0 ? ": " : "",
	    text_safe(span_of(a->body, a->n_body), said, sizeof(said)));
	seal_remedy(d, "%s", f->remedy);
	return code;
}
