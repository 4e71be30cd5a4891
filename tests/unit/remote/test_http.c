/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the client talks to, what it takes for an answer, and that it never
 * waits past its deadline. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake/fake.h"
#include "place.h"
#include "remote/http.h"

static bool
issue(void *arg, const struct fake_question *q, struct wr *out)
{
	struct fake_question *seen = arg;

	(void)out;
	if (seen != NULL)
		*seen = *q;
	return false;
}

/* ---- URLs ---- */

struct url_case {
	const char *name, *url;
	bool plain;
	int want;
};

static const struct url_case url_cases[] = {
	{ "https", "https://verifier.example", false, 0 },
	{ "https, port and path", "https://v.example:8443/a/b/", false, 0 },
	{ "https to an address", "https://[2001:db8::1]:1/", false, 0 },
	{ "http to 127.0.0.1", "http://127.0.0.1:8080", true, 0 },
	{ "http to 127.9.9.9", "http://127.9.9.9", true, 0 },
	{ "http to ::1", "http://[::1]:80", true, 0 },
	{ "http to localhost", "http://localhost:80", true, 0 },
	{ "http, not allowed", "http://127.0.0.1", false, SEAL_E_CONFIG },
	{ "http elsewhere", "http://192.0.2.1", true, SEAL_E_CONFIG },
	{ "http to a name", "http://verifier.example", true, SEAL_E_CONFIG },
	{ "http, name that begins so", "http://127.0.0.1.example", true,
	    SEAL_E_CONFIG },
	{ "http, name of numbers", "http://127.0.0.1.2", true, SEAL_E_CONFIG },
	{ "http, localhost below", "http://localhost.example", true,
	    SEAL_E_CONFIG },
	{ "another protocol", "ftp://127.0.0.1", true, SEAL_E_CONFIG },
	{ "a file", "file:///etc/passwd", true, SEAL_E_CONFIG },
	{ "no protocol", "verifier.example", false, SEAL_E_CONFIG },
	{ "nothing", "", false, SEAL_E_CONFIG },
	{ "a user", "https://me@v.example", false, SEAL_E_CONFIG },
	{ "a password", "https://me:x@v.example", false, SEAL_E_CONFIG },
	{ "a query", "https://v.example/?a=1", false, SEAL_E_CONFIG },
	{ "a fragment", "https://v.example/#a", false, SEAL_E_CONFIG },
	{ "a space", "https://v.example/a b", false, SEAL_E_CONFIG },
	{ "a line break", "https://v.example/\r\nX: 1", false, SEAL_E_CONFIG },
	{ NULL },
};

static void
test_urls(void **state)
{
	(void)state;
	for (const struct url_case *c = url_cases; c->name != NULL; c++) {
		struct http_conf conf = { .plain_loopback = c->plain };
		struct seal_diag d = { 0 };
		struct http *h = NULL;
		int r = http_new(c->url, &conf, &h, &d);

		if (r != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		if (r == 0)
			assert_int_not_equal(
			    http_url(h)[strlen(http_url(h)) - 1], '/');
		http_free(&h);
	}
}

/* Plain http to a cloud's host, and over a socket in the file system. */
static void
test_plain_places(void **state)
{
	static const struct http_conf cloud = { .plain_metadata = true },
				      loopback = { .plain_loopback = true },
				      local = { .unix_socket = "/x" };
	static const struct {
		const char *url;
		const struct http_conf *conf;
		int want;
	} rows[] = {
		{ "http://169.254.169.254", &cloud, 0 },
		{ "http://169.254.169.254:80/a", &cloud, 0 },
		{ "http://169.254.169.253", &cloud, SEAL_E_CONFIG },
		{ "http://169.254.169.254.example", &cloud, SEAL_E_CONFIG },
		{ "http://127.0.0.1", &cloud, SEAL_E_CONFIG },
		{ "http://169.254.169.254", &loopback, SEAL_E_CONFIG },
		{ "http://ratsd", &local, 0 },
		{ "ftp://ratsd", &local, SEAL_E_CONFIG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http *h = NULL;
		int r = http_new(rows[i].url, rows[i].conf, &h, NULL);

		if (r != rows[i].want)
			fail_msg("%zu, %s: %d", i, rows[i].url, r);
		http_free(&h);
	}
}

static void
test_half_a_certificate(void **state)
{
	struct http_conf conf = { .cert_file = "a" };
	struct http *h = NULL;

	(void)state;
	assert_int_equal(http_new("https://a", &conf, &h, NULL), SEAL_E_CONFIG);
}

/* ---- What comes back ---- */

static struct http *
client(const struct fake *f, const struct http_conf *conf)
{
	char url[64];
	struct seal_diag d = { 0 };
	struct http *h = NULL;

	snprintf(url, sizeof(url), "%s://127.0.0.1:%u",
	    conf->plain_loopback ? "http" : "https", fake_port(f));
	if (http_new(url, conf, &h, &d) != 0)
		fail_msg("%s", d.text);
	return h;
}

struct lie_case {
	const char *name;
	enum fake_lie lie;
	bool once;
	int want;
	long status;
	unsigned min_requests, max_requests;
};

static const struct lie_case lie_cases[] = {
	{ "an answer", FAKE_HONEST, false, 0, 201, 1, 1 },
	{ "a slow answer", FAKE_SLOW, false, 0, 201, 1, 1 },
	{ "busy, then an answer", FAKE_BUSY_TWICE, false, 0, 201, 3, 3 },
	{ "busy, asked once", FAKE_BUSY_TWICE, true, 0, 503, 1, 1 },
	{ "busy for ever", FAKE_BUSY, false, 0, 503, 2, 9 },
	{ "out of order", FAKE_ERROR, false, 0, 500, 1, 1 },
	{ "denied", FAKE_DENIES, false, 0, 401, 1, 1 },
	{ "a redirect is not followed", FAKE_REDIRECT, false, 0, 307, 1, 1 },
	{ "no answer", FAKE_HANG, false, SEAL_E_UNAVAILABLE, 0, 1, 1 },
	{ "a drip", FAKE_DRIP, false, SEAL_E_UNAVAILABLE, 0, 1, 1 },
	{ "truncated", FAKE_TRUNCATED, true, SEAL_E_UNAVAILABLE, 0, 1, 1 },
	{ "truncated, again", FAKE_TRUNCATED, false, SEAL_E_UNAVAILABLE, 0, 2,
	    9 },
	{ "without end", FAKE_HUGE, false, SEAL_E_UNAVAILABLE, 0, 1, 1 },
	{ "closed", FAKE_CLOSES, true, SEAL_E_UNAVAILABLE, 0, 1, 2 },
	{ "closed, again", FAKE_CLOSES, false, SEAL_E_UNAVAILABLE, 0, 2, 12 },
	{ "no HTTP", FAKE_NOT_HTTP, false, SEAL_E_UNAVAILABLE, 0, 1, 9 },
	{ NULL },
};

static void
check_lie(const struct lie_case *c, struct http *h, struct fake *f)
{
	struct http_ask ask = { .method = HTTP_POST,
		.path = "/challenge-response/v1/newSession?nonceSize=32",
		.once = c->once };
	struct http_answer a = { 0 };
	struct seal_diag d = { 0 };
	int64_t start = http_now_ms();
	unsigned n;
	int r;

	fake_tell(f, c->lie);
	ask.deadline_ms = start + 900;
	r = http_ask(h, &ask, &a, &d);
	if (r != c->want || a.status != c->status)
		fail_msg("%s: got %d, status %ld (%s)", c->name, r, a.status,
		    d.text);
	n = fake_requests(f);
	if (n < c->min_requests || n > c->max_requests)
		fail_msg("%s: %u requests", c->name, n);
	if (r != 0 && strstr(d.text, http_url(h)) == NULL)
		fail_msg("%s: no URL in '%s'", c->name, d.text);
	if (strstr(d.text, "nonceSize") != NULL)
		fail_msg("%s: a query in '%s'", c->name, d.text);
	if (r != 0)
		assert_int_not_equal(d.remedy[0], '\0');
	/* Far past the deadline even on a busy machine: it would hang. */
	assert_true(http_now_ms() < start + 20000);
	http_answer_wipe(&a);
}

static void
test_lies(void **state)
{
	struct fake_conf fc = { .issue = issue };
	struct http_conf conf = { .plain_loopback = true };
	struct fake *f = fake_start(&fc);
	struct http *h;

	(void)state;
	assert_non_null(f);
	h = client(f, &conf);
	for (const struct lie_case *c = lie_cases; c->name != NULL; c++)
		check_lie(c, h, f);
	http_free(&h);
	fake_stop(&f);
}

/* Nobody listens: tried again until the deadline. */
static void
test_down(void **state)
{
	struct fake_conf fc = { .issue = issue };
	struct http_conf conf = { .plain_loopback = true };
	struct http_ask ask = { .method = HTTP_GET, .path = "/" };
	struct fake *f = fake_start(&fc);
	struct http_answer a = { 0 };
	struct seal_diag d = { 0 };
	struct http *h;

	(void)state;
	h = client(f, &conf);
	fake_stop(&f);
	ask.deadline_ms = http_now_ms() + 400;
	assert_int_equal(http_ask(h, &ask, &a, &d), SEAL_E_UNAVAILABLE);
	assert_true(http_now_ms() >= ask.deadline_ms - 1);
	/* A deadline that has passed already. */
	assert_int_equal(http_ask(h, &ask, &a, NULL), SEAL_E_UNAVAILABLE);
	http_free(&h);
}

static void
test_reuse(void **state)
{
	struct fake_conf fc = { .issue = issue };
	struct http_conf conf = { .plain_loopback = true };
	struct http_ask ask = { .method = HTTP_GET, .path = "/" };
	struct fake *f = fake_start(&fc);
	struct http *h = client(f, &conf);

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct http_answer a = { 0 };

		ask.deadline_ms = http_now_ms() + 10000;
		assert_int_equal(http_ask(h, &ask, &a, NULL), 0);
		assert_int_equal(a.status, 404);
		http_answer_wipe(&a);
	}
	assert_int_equal(fake_requests(f), 10);
	assert_int_equal(fake_connections(f), 1);
	http_free(&h);
	fake_stop(&f);
}

/* ---- TLS and credentials ---- */

struct tls_case {
	const char *name;
	bool other_server, other_ca, no_ca, demand, cert, other_cert;
	bool token;
	int want;
};

static const struct tls_case tls_cases[] = {
	{ "verified", .want = 0 },
	{ "another CA", .other_ca = true, .want = SEAL_E_UNAVAILABLE },
	{ "the system's CAs", .no_ca = true, .want = SEAL_E_UNAVAILABLE },
	{ "another name", .other_server = true, .other_ca = true,
	    .want = SEAL_E_UNAVAILABLE },
	{ "client certificate", .demand = true, .cert = true, .want = 0 },
	{ "no client certificate", .demand = true, .want = SEAL_E_UNAVAILABLE },
	{ "another client certificate", .demand = true, .other_cert = true,
	    .want = SEAL_E_UNAVAILABLE },
	{ "bearer token", .token = true, .want = 0 },
	{ NULL },
};

static void
check_tls(const struct tls_case *c, const struct place *p)
{
	struct fake_question seen = { 0 };
	struct fake_conf fc = {
		.cert_file = c->other_server ? p->other_cert : p->here_cert,
		.key_file = c->other_server ? p->other_key : p->here_key,
		.client_ca = c->demand ? p->here_cert : NULL,
		.issue = issue,
		.arg = &seen,
	};
	struct http_conf conf = {
		.ca_file = c->no_ca      ? NULL
			   : c->other_ca ? p->other_cert
					 : p->here_cert,
		.cert_file = c->cert         ? p->here_cert
			     : c->other_cert ? p->other_cert
					     : NULL,
		.key_file = c->cert         ? p->here_key
			    : c->other_cert ? p->other_key
					    : NULL,
		.token_file = c->token ? p->token : NULL,
	};
	struct http_ask ask = { .method = HTTP_POST,
		.path = "/challenge-response/v1/session/0",
		.content_type = FAKE_TYPE,
		.body = STR("evidence"),
		.deadline_ms = http_now_ms() + 700 };
	struct fake *f = fake_start(&fc);
	struct http_answer a = { 0 };
	struct seal_diag d = { 0 };
	struct http *h;
	int r;

	assert_non_null(f);
	h = client(f, &conf);
	if (c->want == 0)
		ask.deadline_ms += 10000;
	if ((r = http_ask(h, &ask, &a, &d)) != c->want)
		fail_msg("%s: got %d (%s)", c->name, r, d.text);
	if (r != 0)
		assert_int_equal(fake_requests(f), 0);
	else
		assert_int_equal(seen.client_cert, c->demand);
	if (r == 0 && c->token)
		assert_non_null(seen.authorization);
	http_answer_wipe(&a);
	http_free(&h);
	fake_stop(&f);
}

static void
test_tls(void **state)
{
	for (const struct tls_case *c = tls_cases; c->name != NULL; c++)
		check_tls(c, *state);
}

/* Plain HTTP is never tried where TLS was configured, nor the reverse. */
static void
test_downgrade(void **state)
{
	struct fake_conf fc = { .issue = issue };
	struct http_conf conf = { .ca_file =
				      ((struct place *)*state)->here_cert };
	struct http_ask ask = { .method = HTTP_GET,
		.path = "/",
		.deadline_ms = http_now_ms() + 500 };
	struct fake *f = fake_start(&fc);
	struct http_answer a = { 0 };
	struct http *h = client(f, &conf);

	assert_int_equal(http_ask(h, &ask, &a, NULL), SEAL_E_UNAVAILABLE);
	assert_int_equal(fake_requests(f), 0);
	http_free(&h);
	fake_stop(&f);
}

/* ---- Refusals ---- */

struct refuse_case {
	long status;
	bool evidence;
	int want;
};

static void
test_refuse(void **state)
{
	static const struct refuse_case cases[] = {
		{ 302, true, SEAL_E_UNAVAILABLE },
		{ 400, true, SEAL_E_EVIDENCE },
		{ 400, false, SEAL_E_UNAVAILABLE },
		{ 401, true, SEAL_E_CONFIG },
		{ 403, true, SEAL_E_CONFIG },
		{ 404, true, SEAL_E_CONFIG },
		{ 406, true, SEAL_E_UNSUPPORTED },
		{ 413, true, SEAL_E_LIMIT },
		{ 415, true, SEAL_E_UNSUPPORTED },
		{ 418, true, SEAL_E_UNAVAILABLE },
		{ 422, true, SEAL_E_EVIDENCE },
		{ 500, true, SEAL_E_UNAVAILABLE },
		{ 0, true, SEAL_E_UNAVAILABLE },
	};
	struct http_conf conf = { 0 };
	struct http_ask ask = { .method = HTTP_POST, .path = "/x?nonce=abc" };
	struct http *h = NULL;

	(void)state;
	assert_int_equal(http_new("https://v.example", &conf, &h, NULL), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer a = { .status = cases[i].status };
		struct seal_diag d = { 0 };

		assert_int_equal(
		    http_refuse(h, &ask, &a, cases[i].evidence, &d),
		    cases[i].want);
		assert_int_equal(d.code, cases[i].want);
		assert_non_null(strstr(d.text, "https://v.example/x:"));
		assert_null(strstr(d.text, "abc"));
		assert_int_not_equal(d.remedy[0], '\0');
	}
	http_free(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_half_a_certificate),
		cmocka_unit_test(test_plain_places),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_down),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test_setup_teardown(
		    test_tls, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(
		    test_downgrade, place_setup, place_teardown),
		cmocka_unit_test(test_refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
