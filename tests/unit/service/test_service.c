/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sealtls/tools.h>

#include "base/file.h"
#include "service/service.h"

/* The service without a socket: who may ask for what, and what is answered to
 * requests that are wrong. */
#define SUBMIT "/endorsement-provisioning/v1/submit"
#define SESSION "/challenge-response/v1/session/"
#define NEW "/challenge-response/v1/newSession"
#define POLICY_TYPE "application/vnd.sealtls.policy+json"
#define CORIM_TYPE "application/rim+cbor"
#define UUID "00112233-4455-6677-8899-aabbccddeeff"
#define TOKEN "Bearer 0123456789abcdef"
#define H32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define POLICY                                                        \
	"{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":"     \
	"\"none\"},\"accept\":[{\"scheme\":\"application/eat+cwt; "   \
	"eat_profile=\\\"tag:sealtls,2026:soft\\\"\",\"debug\":true," \
	"\"signers\":[{\"spki_sha256\":\"" H32 "\"}],"                \
	"\"measurements\":{\"app\":\"00\"}}]}"

static char dir[] = "/tmp/seal-service-XXXXXX";
static struct service_conf conf;
static struct service *s;

struct row {
	const char *name, *method, *path;
	const char *type, *authorization, *body; /* NULL: none */
	bool far, client;
	unsigned status;
	const char *says; /* part of the body */
};

/* Before there is a policy. */
static const struct row before[] = {
	{ "no session without a policy", "POST", NEW, .status = 503,
	    .says = "no policy 'default'" },
	{ "it says so", "GET", "/healthz", .status = 503,
	    .says = "INITIALIZING" },
	{ NULL },
};

static const struct row rows[] = {
	/* Routes and methods. */
	{ "nothing there", "GET", "/nothing", .status = 404 },
	{ "empty path", "GET", "", .status = 404 },
	{ "a session of no name", "GET", SESSION, .status = 404 },
	{ "a session of a bad name", "GET", SESSION "' OR 1=1", .status = 404 },
	{ "a session that is above", "GET", SESSION "../../x", .status = 404 },
	{ "a session that is not there", "GET", SESSION UUID, .status = 404,
	    .says = "none of this name" },
	{ "deleting one", "DELETE", SESSION UUID, .status = 404 },
	{ "giving one Evidence", "POST", SESSION UUID, .body = "x",
	    .status = 404 },
	{ "a method that is not", "BREW", NEW, .status = 405 },
	{ "a method in small letters", "post", NEW, .status = 405 },
	{ "looking at what takes", "GET", NEW, .status = 405 },
	{ "writing what gives", "POST", "/healthz", .status = 405 },
	{ "health", "GET", "/healthz", .status = 200, .says = "READY" },
	{ "its head", "HEAD", "/healthz", .status = 200 },
	{ "keys", "GET", "/.well-known/jwks.json", .status = 200,
	    .says = "\"keys\"" },
	{ "new", "POST", NEW, .status = 201, .says = "\"nonce\"" },
	{ "a body that is too large for it", "GET", "/healthz", .body = "x",
	    .status = 413 },
	/* Viewers. */
	{ "the page", "GET", "/", .status = 200 },
	{ "the page from far", "GET", "/", .far = true, .status = 404 },
	{ "metrics from far", "GET", "/metrics", .far = true, .status = 404 },
	{ "metrics from far, with the token", "GET", "/metrics", .far = true,
	    .authorization = TOKEN, .status = 404 },
	/* Provisioners. */
	{ "no credentials", "POST", SUBMIT, POLICY_TYPE, .body = POLICY,
	    .status = 401 },
	{ "on loopback, too", "POST", SUBMIT, CORIM_TYPE, .body = "x",
	    .status = 401 },
	{ "another token", "POST", SUBMIT, POLICY_TYPE,
	    "Bearer 0123456789abcdeg", POLICY, .status = 401 },
	{ "a longer token", "POST", SUBMIT, POLICY_TYPE, TOKEN "0", POLICY,
	    .status = 401 },
	{ "a shorter token", "POST", SUBMIT, POLICY_TYPE,
	    "Bearer 0123456789abcde", POLICY, .status = 401 },
	{ "a certificate, where these are off", "POST", SUBMIT, POLICY_TYPE,
	    .body = POLICY, .client = true, .status = 401 },
	{ "the token", "POST", SUBMIT, POLICY_TYPE, TOKEN, POLICY,
	    .status = 200, .says = "\"success\"" },
	{ "from far, with the token", "POST", SUBMIT, POLICY_TYPE, TOKEN,
	    POLICY, .far = true, .status = 200 },
	{ "no type", "POST", SUBMIT, NULL, TOKEN, POLICY, .status = 415 },
	{ "a type that begins so", "POST", SUBMIT, POLICY_TYPE "x", TOKEN,
	    POLICY, .status = 415 },
	{ "a policy that is none", "POST", SUBMIT, POLICY_TYPE, TOKEN, "[]",
	    .status = 400 },
	{ "no policy", "POST", SUBMIT, POLICY_TYPE, TOKEN, NULL,
	    .status = 400 },
	{ "a CoRIM that is none", "POST", SUBMIT, CORIM_TYPE, TOKEN, POLICY,
	    .status = 400 },
	{ "no CoRIM", "POST", SUBMIT, CORIM_TYPE, TOKEN, NULL, .status = 400 },
	/* Enrolment is off. */
	{ "enrolment's challenge", "POST", "/enrolment/v1/challenge",
	    .body = "x", .status = 403, .says = "not configured" },
	{ "enrolment's certificate", "POST", "/enrolment/v1/certificate",
	    .body = "x", .status = 403 },
	{ NULL },
};

static void
ask(const struct row *c)
{
	struct request req = { .method = c->method,
		.path = c->path,
		.type = c->type,
		.authorization = c->authorization,
		.body = span_str(c->body != NULL ? c->body : ""),
		.host = "localhost:8080",
		.loopback = !c->far,
		.client_cert = c->client,
		.peer = "test" };
	struct reply r;
	char *body = NULL;

	reply_init(&r);
	service_answer(s, &req, &r);
	assert_int_equal(wr_take_text(&r.body, &body), 0);
	if (r.status != c->status ||
	    (c->says != NULL && strstr(body, c->says) == NULL))
		fail_msg("%s: %u %s", c->name, r.status, body);
	free(body);
	reply_wipe(&r);
}

static void
requests(void **state)
{
	(void)state;
	for (const struct row *c = before; c->name != NULL; c++)
		ask(c);
	ask(&(struct row){ "the policy", "POST", SUBMIT, POLICY_TYPE, TOKEN,
	    POLICY, .status = 200 });
	for (const struct row *c = rows; c->name != NULL; c++)
		ask(c);
}

/* What may not go on is told before its body is read. */
static void
heads(void **state)
{
	struct request req = { .method = "POST",
		.path = SUBMIT,
		.type = POLICY_TYPE,
		.peer = "test" };
	size_t max = 7;
	struct reply r;

	(void)state;
	reply_init(&r);
	assert_false(service_admit(s, &req, &r, &max));
	assert_int_equal(r.status, 401);
	assert_true(r.ask_bearer);
	assert_int_equal(max, 7);
	reply_wipe(&r);
	reply_init(&r);
	req.authorization = TOKEN;
	assert_true(service_admit(s, &req, &r, &max));
	assert_int_equal(max, STORE_BODY_MAX);
	req.too_many_args = true;
	assert_false(service_admit(s, &req, &r, &max));
	assert_int_equal(r.status, 400);
	reply_wipe(&r);
}

/* ---- Setup ---- */

static void
put(const char *name, const char *text, char path[160])
{
	snprintf(path, 160, "%s/%s", dir, name);
	assert_int_equal(file_write(path, span_str(text), 0600, NULL), 0);
}

static int
setup(void **state)
{
	char path[160], *pin = NULL;

	(void)state;
	if (mkdtemp(dir) == NULL || conf_init(&conf, NULL) != 0)
		return -1;
	put("token", "0123456789abcdef\n", path);
	snprintf(path, sizeof(path), "%s/key", dir);
	if (seal_soft_keygen(path, &pin, NULL) != 0)
		return -1;
	free(pin);
	if (conf_set(&conf, "store", "v.db", dir, NULL) != 0 ||
	    conf_set(&conf, "key", "key", dir, NULL) != 0 ||
	    conf_set(&conf, "token_file", "token", dir, NULL) != 0 ||
	    conf_set(&conf, "id", "v", dir, NULL) != 0)
		return -1;
	return service_new(&conf, &s, NULL);
}

static int
teardown(void **state)
{
	static const char *const names[] = { "token", "key", "v.db", "v.db-wal",
		"v.db-shm" };
	char path[160];

	(void)state;
	service_free(&s);
	conf_wipe(&conf);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(heads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
