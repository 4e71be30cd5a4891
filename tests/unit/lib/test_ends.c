/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection says once something has ended or failed. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/sig.h"
#include "crypto/x509.h"
#include "lib/conn.h"
#include "pair.h"
#include "tls/session_parts.h"

#define SOFT(key)                                                      \
	"\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"" key \
	"\",\"measurements\":\"app=00ff\"}}]"
#define SERVER_ID "{\"mode\":\"pkix\",\"ca\":\"server.pem\"}"

/* ---- An acceptance ends with its lease ---- */

struct lease_case {
	const char *name, *client;
	enum seal_step step; /* after the lease, without a new answer */
};

static const struct lease_case lease_cases[] = {
	{ "required", "{\"policy\":\"p\"}", SEAL_ERROR },
	{ "optional", "{\"policy\":\"p\",\"require\":false}", SEAL_READY },
	{ NULL },
};

static void
lease_ends(void **state)
{
	struct world *w = *state;

	world_policy(
	    w, "p", w->server_pin, "00ff", SERVER_ID, "\"lease_s\":60,");
	for (const struct lease_case *c = lease_cases; c->name != NULL; c++) {
		struct pair p;
		struct seal_verdict *v;

		pair_open(&p, w, world_ctx(w, c->client),
		    world_ctx(w, "{" SOFT("server.signer") "}"), false);
		pair_run(&p);
		v = seal_conn_verdict(p.client.conn);
		assert_non_null(v);
		assert_int_equal(seal_verdict_outcome(v), SEAL_ACCEPTED);
		p.server.hold_jobs = true;
		w->boot_ms += 60000;
		pair_run(&p);
		w->boot_ms += 3000; /* past the time for closing */
		if (side_step(&p.client) != c->step)
			fail_msg("%s: step", c->name);
		v = seal_conn_verdict(p.client.conn);
		if (c->step == SEAL_READY && v != NULL)
			fail_msg("%s: the verdict outlives its lease", c->name);
		pair_close(&p);
	}
}

/* ---- A job that nobody takes ---- */

/* While an appraisal waits to be taken, an answer that is due asks for no
 * step: a loop that waited by it would never wait. */
static void
waiting_job(void **state)
{
	struct world *w = *state;
	struct pair p;

	world_policy(w, "of-server", w->server_pin, "00ff", SERVER_ID,
	    "\"lease_s\":3600,");
	world_policy(w, "of-client", w->client_pin, "00ff",
	    "{\"mode\":\"none\"}", "\"lease_s\":60,");
	pair_open(&p, w,
	    world_ctx(
		w, "{" SOFT("client.signer") ",\"policy\":\"of-server\"}"),
	    world_ctx(
		w, "{" SOFT("server.signer") ",\"policy\":\"of-client\"}"),
	    false);
	pair_run(&p);
	p.server.hold_jobs = true;
	w->boot_ms += 30000; /* half of the lease */
	pair_run(&p);
	assert_int_equal(side_step(&p.server), SEAL_WANT_JOB);
	assert_int_equal(seal_conn_reattest(p.client.conn), 0);
	pair_run(&p);
	assert_int_equal(seal_conn_timeout(p.server.conn), 30000);
	/* With room for both, both are done. */
	p.server.hold_jobs = false;
	p.server.jobs = 0;
	pair_run(&p);
	assert_int_equal(p.server.jobs, 2);
	pair_close(&p);
}

/* ---- A subject's certificate that is about to end ---- */

struct expiry_case {
	const char *name;
	int64_t left_s; /* that the certificate has to live */
	enum seal_outcome want;
	uint32_t lease_s; /* at most */
};

static const struct expiry_case expiry_cases[] = {
	{ "an hour", 3600, SEAL_ACCEPTED, 60 },
	{ "less than the policy's lease", 50, SEAL_ACCEPTED, 50 },
	{ "less than any lease", 20, SEAL_STALE, 0 },
	{ NULL },
};

static int
sign_with(void *arg, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(arg, scheme, tbs, out, d);
}

/* dir/subject.key and subject.pem, a day long, with left_s still to go. */
static void
put_subject(struct world *w, int64_t left_s, char pin[65])
{
	struct wr spki, der, pem;
	struct privkey *k = NULL;
	char path[128], *text = NULL;

	wr_init_heap(&spki, LIMIT_SPKI);
	wr_init_heap(&der, LIMIT_CERTIFICATE);
	wr_init_heap(&pem, LIMIT_FILE);
	snprintf(path, sizeof(path), "%s/subject.key", w->dir);
	assert_int_equal(seal_soft_keygen(path, &text, NULL), 0);
	snprintf(pin, 65, "%s", text);
	free(text);
	assert_int_equal(privkey_load(path, &k, NULL), 0);
	assert_int_equal(privkey_spki(k, &spki, NULL), 0);
	assert_int_equal(cert_self_sign(wr_view(&spki), "subject",
			     w->unix_s - 86400 + left_s, 1,
			     SIG_ECDSA_P256_SHA256, sign_with, k, &der, NULL),
	    0);
	assert_int_equal(cert_to_pem(wr_view(&der), &pem, NULL), 0);
	world_write(w, "subject.pem", "%.*s", (int)pem.n, (const char *)pem.p);
	privkey_free(&k);
	wr_free(&spki);
	wr_free(&der);
	wr_free(&pem);
}

static void
certificate_ends(void **state)
{
	struct world *w = *state;

	for (const struct expiry_case *c = expiry_cases; c->name; c++) {
		char pin[65];
		struct seal_verdict *v;
		struct pair p;

		put_subject(w, c->left_s, pin);
		world_policy(w, "p", pin, "00ff", SERVER_ID,
		    "\"lease_s\":60,\"subject\":{\"ca\":\"subject.pem\"},");
		pair_open(&p, w, world_ctx(w, "{\"policy\":\"p\"}"),
		    world_ctx(w,
			"{\"attesters\":[{\"driver\":\"soft\",\"conf\":{"
			"\"key\":\"subject.key\",\"subject_cert\":"
			"\"subject.pem\",\"measurements\":\"app=00ff\"}}]}"),
		    false);
		pair_run(&p);
		v = seal_conn_verdict(p.client.conn);
		assert_non_null(v);
		if (seal_verdict_outcome(v) != c->want ||
		    seal_verdict_lease_s(v) > c->lease_s)
			fail_msg("%s: %s, %u s (%s)", c->name,
			    seal_outcome_name(seal_verdict_outcome(v)),
			    seal_verdict_lease_s(v),
			    seal_conn_diag(p.client.conn)->text);
		pair_close(&p);
	}
}

/* ---- What is told of several failures ---- */

struct told_case {
	const char *name, *client, *server;
	int code;                  /* that the client tells */
	enum seal_outcome outcome; /* of the client's connection */
};

static const struct told_case told_cases[] = {
	{ "I cannot attest, and the peer refuses me for it",
	    "{" SOFT("client.signer") ",\"identity\":" SERVER_ID "}",
	    "{\"policy\":\"of-client\"}", SEAL_E_UNSUPPORTED,
	    SEAL_UNSUPPORTED },
	{ "I cannot attest, the peer can do without, but I refuse the peer",
	    "{" SOFT("client.signer") ",\"policy\":\"other\"}",
	    "{" SOFT("server.signer") ",\"policy\":\"of-client\","
				      "\"require\":false}",
	    SEAL_E_POLICY, SEAL_REFUSED_POLICY },
	{ NULL },
};

/* As side_step(), but no attester makes the answer. */
static void
step_unable(struct side *s)
{
	struct seal_job *job;

	if (seal_conn_step(s->conn) != SEAL_WANT_JOB)
		return;
	job = seal_conn_job(s->conn);
	if (job->work->kind == SESSION_JOB_ATTEST)
		job->work->scheme = 99;
	seal_job_run(job);
	seal_conn_job_done(s->conn, &job);
}

static void
first_reason(void **state)
{
	struct world *w = *state;

	world_policy(w, "other", w->server_pin, "00fe", SERVER_ID, "");
	world_policy(w, "of-client", w->client_pin, "00ff",
	    "{\"mode\":\"pkix\",\"ca\":\"client.pem\"}", "");
	for (const struct told_case *c = told_cases; c->name != NULL; c++) {
		const struct seal_diag *d;
		struct pair p;

		pair_open(&p, w, world_ctx(w, c->client),
		    world_ctx(w, c->server), true);
		for (int i = 0; i < 40; i++) {
			step_unable(&p.client);
			side_step(&p.server);
		}
		w->boot_ms += 3000;
		pair_run(&p);
		d = seal_conn_diag(p.client.conn);
		if (d->code != c->code ||
		    seal_conn_outcome(p.client.conn) != c->outcome)
			fail_msg("%s: %s, %s: %s", c->name,
			    seal_error_name(d->code),
			    seal_outcome_name(seal_conn_outcome(p.client.conn)),
			    d->text);
		pair_close(&p);
	}
}

/* Asking anew can fail too, and ends the connection with its reason. */
static void
reattest_failure_is_told(void **state)
{
	struct world *w = *state;
	struct pair p;

	world_policy(w, "p", w->server_pin, "00ff", SERVER_ID, "");
	pair_open(&p, w, world_ctx(w, "{\"policy\":\"p\"}"),
	    world_ctx(w, "{" SOFT("server.signer") "}"), false);
	pair_run(&p);
	p.client.conn->session->ask.asked = LIMIT_CONTEXTS;
	assert_int_equal(seal_conn_reattest(p.client.conn), SEAL_E_LIMIT);
	assert_int_equal(seal_conn_diag(p.client.conn)->code, SEAL_E_LIMIT);
	assert_non_null(
	    strstr(seal_conn_diag(p.client.conn)->text, "context: more than"));
	pair_close(&p);
}

/* ---- An inconclusive verdict ---- */

/* PROTOCOL 6.2: one that says nothing about the peer, as where this side was
 * too slow, is not shown in place of the one that stands. */
static void
old_verdict_stands(void **state)
{
	static const enum seal_outcome inconclusive[] = { SEAL_UNAVAILABLE,
		SEAL_TIMEOUT };
	struct world *w = *state;

	world_policy(
	    w, "p", w->server_pin, "00ff", SERVER_ID, "\"lease_s\":60,");
	for (size_t i = 0; i < 2; i++) {
		struct seal_job *job = NULL;
		struct pair p;

		pair_open(&p, w, world_ctx(w, "{\"policy\":\"p\"}"),
		    world_ctx(w, "{" SOFT("server.signer") "}"), false);
		pair_run(&p);
		p.client.hold_jobs = true;
		w->boot_ms += 30000;
		pair_run(&p);
		job = seal_conn_job(p.client.conn);
		assert_non_null(job);
		seal_job_run(job);
		job->work->outcome = inconclusive[i];
		job->verdict->outcome = inconclusive[i];
		seal_conn_job_done(p.client.conn, &job);
		assert_int_equal(
		    seal_verdict_outcome(seal_conn_verdict(p.client.conn)),
		    SEAL_ACCEPTED);
		assert_int_equal(seal_conn_verdict_count(p.client.conn), 1);
		pair_close(&p);
	}
}

/* ---- Names ---- */

/* RFC 9525 s2: a certificate whose subject's common name is the peer's, and
 * that has no SubjectAltName, is nobody's. A name with an underscore gets
 * none. */
static void
common_name_is_no_name(void **state)
{
	struct world *w = *state;
	struct seal_diag d = { 0 };
	char cert[128], key[128];
	struct pair p;

	snprintf(cert, sizeof(cert), "%s/server.pem", w->dir);
	snprintf(key, sizeof(key), "%s/server.key", w->dir);
	assert_int_equal(seal_dev_certificate("a_b.example", cert, key, &d), 0);
	world_policy(w, "p", w->server_pin, "00ff",
	    "{\"mode\":\"pkix\",\"ca\":\"server.pem\",\"name\":\"a_b.example\"}",
	    "");
	pair_open(&p, w, world_ctx(w, "{\"policy\":\"p\"}"),
	    world_ctx(w, "{" SOFT("server.signer") "}"), false);
	pair_run(&p);
	assert_int_not_equal(seal_conn_outcome(p.client.conn), SEAL_ACCEPTED);
	pair_close(&p);
}

/* The name that was verified stands in the verdict. */
static void
verified_name_is_told(void **state)
{
	struct world *w = *state;
	struct pair p;

	world_policy(w, "p", w->server_pin, "00ff", SERVER_ID, "");
	pair_open(&p, w, world_ctx(w, "{\"policy\":\"p\"}"),
	    world_ctx(w, "{" SOFT("server.signer") "}"), false);
	pair_run(&p);
	assert_non_null(seal_conn_verdict(p.client.conn));
	assert_string_equal(
	    seal_verdict_identity(seal_conn_verdict(p.client.conn)),
	    "pkix:server.example");
	pair_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    lease_ends, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    waiting_job, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    certificate_ends, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    first_reason, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    reattest_failure_is_told, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    old_verdict_stands, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    common_name_is_no_name, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    verified_name_is_told, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
