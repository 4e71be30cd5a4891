/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/store.h"

/*
 * One table for every database: SQLite in a folder of its own, or, where
 * SEAL_TEST_STORE names one, that one (an empty PostgreSQL).
 */
#define NOW 1000
#define SOURCE "/proc/self/exe" /* a file that is something else */

static char dir[] = "/tmp/seal-store-XXXXXX";
static char where[256];
static struct store *s;

static struct session
a_session(const char *id)
{
	struct session in = { .nonce = { 1, 2, 0, 4, 5, 6, 7, 8 },
		.nonce_n = 8,
		.given = true,
		.expiry_s = NOW + 150,
		.state = SESSION_WAITING };

	snprintf(in.id, sizeof(in.id), "%s", id);
	return in;
}

static struct ar_row
a_row(const char *attester, int outcome)
{
	return (struct ar_row){ .at_s = NOW,
		.verifier = "v1",
		.attester = attester,
		.scheme = "application/x",
		.policy = "default",
		.evidence = "00",
		.outcome = outcome,
		.tier = 2,
		.vector = "0,2,0,0,0,0,0,0",
		.reason = "",
		.remedy = "",
		.result = "token" };
}

static int
add_session(const char *id)
{
	struct session in = a_session(id);

	return store_session_add(s, &in, NULL);
}

/* Text that a careless statement would take for its own. */
static const char *const nasty[] = {
	"'",
	"''",
	"\"",
	"';--",
	"x'; DROP TABLE session; --",
	"' OR '1'='1",
	"$1",
	"?1",
	"\\",
	"\\'",
	"%",
	"_",
	"../../etc/passwd",
	"\xc3\xa9\xe2\x82\xac",
	"<script>alert(1)</script>",
	"a\nb\tc",
	" ",
	"-- x",
	"/* x",
	"NULL",
	"0",
	NULL,
};

static void
sessions(void **state)
{
	struct session got = { 0 };

	(void)state;
	assert_int_equal(add_session("one"), 0);
	assert_int_not_equal(add_session("one"), 0); /* its id is taken */
	assert_int_equal(store_session_get(s, "one", NOW, &got, NULL), 0);
	assert_int_equal(got.nonce_n, 8);
	assert_memory_equal(got.nonce, a_session("one").nonce, 8);
	assert_true(got.given);
	assert_int_equal(got.state, SESSION_WAITING);
	assert_null(got.result);
	session_wipe(&got);
	/* It lives until its expiry, and not at it. */
	assert_int_equal(store_session_get(s, "one", NOW + 149, &got, NULL), 0);
	session_wipe(&got);
	assert_int_equal(
	    store_session_get(s, "one", NOW + 150, &got, NULL), SEAL_E_STATE);
	assert_int_equal(
	    store_session_delete(s, "one", NOW + 150, NULL), SEAL_E_STATE);
	assert_int_equal(store_session_delete(s, "one", NOW, NULL), 0);
	assert_int_equal(
	    store_session_delete(s, "one", NOW, NULL), SEAL_E_STATE);
	assert_int_equal(
	    store_session_get(s, "one", NOW, &got, NULL), SEAL_E_STATE);
	assert_null(got.result);
}

static int
count_ar(void *arg, const struct ar_row *row, struct seal_diag *d)
{
	(void)row;
	(void)d;
	++*(size_t *)arg;
	return 0;
}

static size_t
listed(const char *attester, enum ar_which which)
{
	struct ar_filter filter = { .attester = attester, .which = which };
	size_t n = 0;

	assert_int_equal(store_ar_list(s, &filter, count_ar, &n, NULL), 0);
	return n;
}

/* A session ends once, and with its end its result is logged. */
static void
finishing(void **state)
{
	struct ar_row row = a_row("attester-f", 1);
	struct session got = { 0 };

	(void)state;
	assert_int_equal(add_session("two"), 0);
	assert_int_equal(store_session_finish(
			     s, "two", NOW + 150, SESSION_COMPLETE, &row, NULL),
	    SEAL_E_STATE);
	assert_int_equal(listed("attester-f", AR_ALL), 0);
	assert_int_equal(
	    store_session_finish(s, "two", NOW, SESSION_COMPLETE, &row, NULL),
	    0);
	assert_int_equal(
	    store_session_finish(s, "two", NOW, SESSION_COMPLETE, &row, NULL),
	    SEAL_E_STATE);
	assert_int_equal(
	    store_session_finish(s, "none", NOW, SESSION_COMPLETE, &row, NULL),
	    SEAL_E_STATE);
	assert_int_equal(listed("attester-f", AR_ALL), 1);
	assert_int_equal(store_session_get(s, "two", NOW, &got, NULL), 0);
	assert_int_equal(got.state, SESSION_COMPLETE);
	assert_string_equal(got.result, "token");
	session_wipe(&got);
}

static void
finish_as(const char *id, const char *attester, int outcome)
{
	struct ar_row row = a_row(attester, outcome);

	assert_int_equal(add_session(id), 0);
	assert_int_equal(
	    store_session_finish(s, id, NOW, SESSION_COMPLETE, &row, NULL), 0);
}

/* Remembers the newest row, and that rows come newest first. */
struct newest {
	int64_t last;
	size_t n;
	char attester[64];
};

static int
keep_newest(void *arg, const struct ar_row *row, struct seal_diag *d)
{
	struct newest *k = arg;

	(void)d;
	assert_true(k->n == 0 || row->id < k->last);
	if (k->n++ == 0)
		snprintf(k->attester, sizeof(k->attester), "%s", row->attester);
	k->last = row->id;
	return 0;
}

static int
stop_first(void *arg, const struct ar_row *row, struct seal_diag *d)
{
	(void)row;
	++*(size_t *)arg;
	return seal_fail(d, SEAL_E_LIMIT, "enough");
}

static void
log_of_results(void **state)
{
	struct ar_filter all = { .max = 2 };
	struct newest k = { 0 };
	size_t n = 0;

	(void)state;
	finish_as("l1", "a", 1);
	finish_as("l2", "a", 2);
	finish_as("l3", "b", 3);
	assert_int_equal(listed("a", AR_ALL), 2);
	assert_int_equal(listed("a", AR_ACCEPTED), 1);
	assert_int_equal(listed("a", AR_REFUSED), 1);
	assert_int_equal(listed("b", AR_ACCEPTED), 0);
	assert_int_equal(listed("c", AR_ALL), 0);
	assert_int_equal(store_ar_list(s, &all, keep_newest, &k, NULL), 0);
	assert_int_equal(k.n, 2);
	assert_string_equal(k.attester, "b");
	all.before_id = k.last;
	k = (struct newest){ 0 };
	assert_int_equal(store_ar_list(s, &all, keep_newest, &k, NULL), 0);
	assert_string_equal(k.attester, "a");
	k = (struct newest){ 0 };
	assert_int_equal(store_ar_attesters(s, 2, keep_newest, &k, NULL), 0);
	assert_int_equal(k.n, 2);
	all.before_id = 0;
	assert_int_equal(
	    store_ar_list(s, &all, stop_first, &n, NULL), SEAL_E_LIMIT);
	assert_int_equal(n, 1);
}

static struct item
an_item(const char *kind, const char *name, struct span body)
{
	return (struct item){ .added_s = NOW,
		.kind = kind,
		.name = name,
		.type = "application/json",
		.digest = "00",
		.by = "test",
		.body = body };
}

static int
keep_body(void *arg, const struct item *item, struct seal_diag *d)
{
	(void)d;
	snprintf(
	    arg, 64, "%.*s", (int)item->body.n, (const char *)item->body.p);
	return 0;
}

static int
count_items(void *arg, const struct item *item, struct seal_diag *d)
{
	(void)d;
	assert_int_equal(item->body.n, 0);
	++*(size_t *)arg;
	return 0;
}

static void
items(void **state)
{
	struct item first = an_item("policy", "p", span_str("first"));
	struct item second = an_item("policy", "p", span_str("second"));
	struct item other = an_item("corim", "p", span_str("other"));
	int64_t id = -1, newest = -1;
	char body[64] = "";
	size_t n = 0;

	(void)state;
	assert_int_equal(
	    store_item_newest(s, "policy", "p", keep_body, body, NULL),
	    SEAL_E_STATE);
	assert_int_equal(
	    store_item_newest_id(s, "policy", "p", &newest, NULL), 0);
	assert_int_equal(newest, 0);
	assert_int_equal(store_item_add(s, &first, NULL, NULL), 0);
	assert_int_equal(store_item_add(s, &second, &id, NULL), 0);
	assert_int_equal(store_item_add(s, &other, NULL, NULL), 0);
	assert_int_equal(
	    store_item_newest(s, "policy", "p", keep_body, body, NULL), 0);
	assert_string_equal(body, "second");
	assert_int_equal(
	    store_item_newest_id(s, "policy", "p", &newest, NULL), 0);
	assert_int_equal(newest, id);
	assert_int_equal(store_item_list(s, count_items, &n, NULL), 0);
	assert_true(n >= 3);
}

static void
too_large(void **state)
{
	uint8_t *big = calloc(1, STORE_BODY_MAX + 1);
	struct item item =
	    an_item("policy", "big", span_of(big, STORE_BODY_MAX + 1));

	(void)state;
	assert_non_null(big);
	assert_int_equal(store_item_add(s, &item, NULL, NULL), SEAL_E_LIMIT);
	item.body.n = STORE_BODY_MAX;
	assert_int_equal(store_item_add(s, &item, NULL, NULL), 0);
	item.name = "empty";
	item.body = span_of(NULL, 0);
	assert_int_equal(store_item_add(s, &item, NULL, NULL), 0);
	free(big);
}

/* Every text field, every nasty text: stored and found as it was, and
 * nothing else is touched. */
static void
injection(void **state)
{
	struct store_counts before, after;
	char body[64];

	(void)state;
	for (size_t i = 0; nasty[i] != NULL; i++) {
		const char *t = nasty[i];
		struct item item = an_item(t, t, span_str(t));
		struct session got = { 0 };
		struct ar_row row = { .at_s = NOW,
			.session = t,
			.verifier = t,
			.attester = t,
			.scheme = t,
			.policy = t,
			.evidence = t,
			.outcome = 2,
			.vector = t,
			.reason = t,
			.remedy = t,
			.result = t };

		item.type = item.digest = item.by = t;
		assert_int_equal(store_count(s, &before, NULL), 0);
		assert_int_equal(
		    store_session_get(s, t, NOW, &got, NULL), SEAL_E_STATE);
		assert_int_equal(
		    store_session_delete(s, t, NOW, NULL), SEAL_E_STATE);
		assert_int_equal(listed(t, AR_ALL), 0);
		assert_int_equal(add_session(t), 0);
		assert_int_equal(
		    store_session_finish(s, t, NOW, SESSION_FAILED, &row, NULL),
		    0);
		assert_int_equal(listed(t, AR_ALL), 1);
		assert_int_equal(store_session_get(s, t, NOW, &got, NULL), 0);
		assert_string_equal(got.result, t);
		session_wipe(&got);
		assert_int_equal(store_item_add(s, &item, NULL, NULL), 0);
		assert_int_equal(
		    store_item_newest(s, t, t, keep_body, body, NULL), 0);
		assert_string_equal(body, t);
		assert_int_equal(store_count(s, &after, NULL), 0);
		assert_int_equal(after.sessions, before.sessions + 1);
		assert_int_equal(after.results, before.results + 1);
		assert_int_equal(after.items, before.items + 1);
	}
}

#define THREADS 8
#define ROUNDS 10

/* All race to end the same sessions: each ends once. */
static void *
racer(void *arg)
{
	struct ar_row row = a_row("racer", 1);
	size_t won = 0;
	char id[STORE_ID];

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		snprintf(id, sizeof(id), "race-%d", i);
		won += store_session_finish(
			   s, id, NOW, SESSION_COMPLETE, &row, NULL) == 0;
	}
	return (void *)won;
}

static void
race(void **state)
{
	pthread_t threads[THREADS];
	size_t won = 0;
	char id[STORE_ID];
	void *ret;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		snprintf(id, sizeof(id), "race-%d", i);
		assert_int_equal(add_session(id), 0);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, racer, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &ret);
		won += (size_t)ret;
	}
	assert_int_equal(won, ROUNDS);
	assert_int_equal(listed("racer", AR_ALL), ROUNDS);
}

/* What another store wrote is there; nothing is lost by opening again. */
static void
two_stores(void **state)
{
	struct session got = { 0 }, in = a_session("shared");
	struct store *other = NULL;

	(void)state;
	assert_int_equal(store_open(where, 2, &other, NULL), 0);
	assert_int_equal(store_ping(other, NULL), 0);
	assert_int_equal(store_session_add(other, &in, NULL), 0);
	assert_int_equal(store_session_get(s, "shared", NOW, &got, NULL), 0);
	session_wipe(&got);
	store_close(&other);
	assert_null(other);
	store_close(&other);
	store_close(&s);
	assert_int_equal(store_open(where, 4, &s, NULL), 0);
	assert_int_equal(store_session_get(s, "shared", NOW, &got, NULL), 0);
	session_wipe(&got);
}

static void
expiry(void **state)
{
	struct store_counts counts = { 0 };

	(void)state;
	finish_as("old", "x", 1);
	assert_int_equal(store_expire(s, NOW, NOW, NULL), 0);
	assert_int_equal(store_count(s, &counts, NULL), 0);
	assert_true(counts.sessions > 0 && counts.results > 0);
	assert_int_equal(store_expire(s, NOW + 150, NOW + 1, NULL), 0);
	assert_int_equal(store_count(s, &counts, NULL), 0);
	assert_int_equal(counts.sessions, 0);
	assert_int_equal(counts.results, 0);
	assert_true(counts.items > 0); /* these stay */
}

static void
bad_places(void **state)
{
	static const struct {
		const char *name, *where;
	} cases[] = {
		{ "no folder", "/nonexistent/folder/x.db" },
		{ "a folder", "/tmp" },
		{ "not a database", SOURCE },
		{ "nobody listens", "postgres://127.0.0.1:1/x" },
		{ "no such option", "postgres://127.0.0.1/x?nothing=1" },
		{ "empty", "" },
		{ NULL },
	};
	struct store *none = NULL;

	(void)state;
	for (size_t i = 0; cases[i].name != NULL; i++) {
		struct seal_diag d = { 0 };

		if (store_open(cases[i].where, 1, &none, &d) == 0)
			fail_msg("%s: opened", cases[i].name);
		assert_null(none);
		assert_string_not_equal(d.text, "");
	}
}

static int
setup(void **state)
{
	const char *given = getenv("SEAL_TEST_STORE");

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(where, sizeof(where), "%s/test.db", dir);
	if (given != NULL)
		snprintf(where, sizeof(where), "%s", given);
	return store_open(where, 4, &s, NULL);
}

static int
teardown(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[300];

	(void)state;
	store_close(&s);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/test.db%s", dir, ends[i]);
		unlink(path);
	}
	return rmdir(dir);
}

/* Where the store is a file: nobody else can read it. */
static void
private_file(void **state)
{
	struct stat st;

	(void)state;
	if (stat(where, &st) == 0)
		assert_int_equal(st.st_mode & 077, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions),
		cmocka_unit_test(finishing),
		cmocka_unit_test(log_of_results),
		cmocka_unit_test(items),
		cmocka_unit_test(too_large),
		cmocka_unit_test(injection),
		cmocka_unit_test(race),
		cmocka_unit_test(two_stores),
		cmocka_unit_test(expiry),
		cmocka_unit_test(bad_places),
		cmocka_unit_test(private_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
