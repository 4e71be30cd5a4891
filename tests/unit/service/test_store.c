/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/store_parts.h"

/*
 * One table for every database: SQLite in a folder of its own, or, where
 * SEAL_TEST_STORE names one, that one (an empty PostgreSQL).
 */
#define NOW 1000
#define SOURCE "/proc/self/exe" /* a file that is something else */

static char dir[] = "/tmp/seal-store-XXXXXX";
static char where[256];
static struct store *s;

/* Where the older store of a test is; after the server's own address. */
#define OLDER "%s&options=-csearch_path%%3Dolder"

static void
remove_store(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char name[420];

	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

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

/* The body in force of one kind and name. */
struct wanted {
	const char *kind, *name;
	char body[64];
	size_t n;
};

static int
keep_body(void *arg, const struct item *item, struct seal_diag *d)
{
	struct wanted *w = arg;

	(void)d;
	assert_true(item->in_force);
	if (strcmp(item->kind, w->kind) != 0 ||
	    strcmp(item->name, w->name) != 0)
		return 0;
	w->n++;
	snprintf(w->body, sizeof(w->body), "%.*s", (int)item->body.n,
	    (const char *)item->body.p);
	return 0;
}

/* What is in force of this kind and name; NULL: nothing. */
static const char *
in_force(const char *kind, const char *name)
{
	static struct wanted w;
	int64_t generation = 0;

	w = (struct wanted){ .kind = kind, .name = name };
	assert_int_equal(
	    store_in_force(s, name, keep_body, &w, &generation, NULL), 0);
	assert_true(w.n <= 1);
	return w.n == 1 ? w.body : NULL;
}

static int
count_items(void *arg, const struct item *item, struct seal_diag *d)
{
	(void)d;
	assert_int_equal(item->body.n, 0);
	++*(size_t *)arg;
	return 0;
}

static int
count_all(void *arg, const struct item *item, struct seal_diag *d)
{
	(void)d;
	assert_true(item->in_force);
	++*(size_t *)arg;
	return 0;
}

static int64_t
generation(void)
{
	int64_t n = 0;

	assert_int_equal(store_generation(s, &n, NULL), 0);
	return n;
}

static int64_t
add_item(const char *kind, const char *name, const char *body)
{
	struct item item = an_item(kind, name, span_str(body));
	int64_t id = 0;

	assert_int_equal(store_item_add(s, &item, &id, NULL), 0);
	return id;
}

static void
items(void **state)
{
	int64_t before = generation(), first, second, corim;
	size_t n = 0;

	(void)state;
	assert_null(in_force("policy", "p"));
	first = add_item("policy", "p", "first");
	second = add_item("policy", "p", "second");
	corim = add_item("corim", "p", "other");
	assert_true(first < second && second < corim);
	assert_true(generation() > before + 2);
	assert_string_equal(in_force("policy", "p"), "second");
	assert_string_equal(in_force("corim", "p"), "other");
	/* Another policy is not this verifier's, and CoRIMs are. */
	add_item("policy", "q", "stranger");
	assert_string_equal(in_force("policy", "p"), "second");
	assert_int_equal(store_item_list(s, count_items, &n, NULL), 0);
	assert_true(n >= 4);
}

/* What was removed is gone, and what it had replaced stays gone. */
static void
removing(void **state)
{
	int64_t old = add_item("corim", "r", "old");
	int64_t new = add_item("corim", "r", "new"), before;
	int64_t other = add_item("corim", "r2", "other");

	(void)state;
	assert_int_equal(store_item_remove(s, old, NOW, NULL), 0);
	assert_string_equal(in_force("corim", "r"), "new");
	before = generation();
	assert_int_equal(store_item_remove(s, new, NOW, NULL), 0);
	assert_true(generation() > before);
	before = generation();
	assert_null(in_force("corim", "r"));
	assert_string_equal(in_force("corim", "r2"), "other");
	assert_int_equal(store_item_remove(s, new, NOW, NULL), SEAL_E_STATE);
	assert_int_equal(store_item_remove(s, old, NOW, NULL), SEAL_E_STATE);
	assert_int_equal(store_item_remove(s, 999999, NOW, NULL), SEAL_E_STATE);
	assert_int_equal(store_item_remove(s, -1, NOW, NULL), SEAL_E_STATE);
	/* A failure changes nothing, not even this number. */
	assert_int_equal(generation(), before);
	add_item("corim", "r", "again");
	assert_string_equal(in_force("corim", "r"), "again");
	new = add_item("corim", "r", "and again");
	assert_int_equal(store_item_remove(s, new, NOW, NULL), 0);
	assert_null(in_force("corim", "r"));
	assert_int_equal(store_item_remove(s, other, NOW, NULL), 0);
}

static int
stop_item(void *arg, const struct item *item, struct seal_diag *d)
{
	(void)item;
	++*(size_t *)arg;
	return seal_fail(d, SEAL_E_DECODE, "enough");
}

/* Which items are in force in a listing, and a listing that is stopped. */
static void
listing(void **state)
{
	int64_t before = generation(), n = -1;
	size_t seen = 0;

	(void)state;
	assert_int_equal(
	    store_in_force(s, "p", stop_item, &seen, &n, NULL), SEAL_E_DECODE);
	assert_int_equal(seen, 1);
	assert_int_equal(n, -1);
	assert_int_equal(store_in_force(s, "p", count_all, &seen, &n, NULL), 0);
	assert_int_equal(n, before);
}

/* Each challenge is taken once; what is too old goes. */
static void
enrolments(void **state)
{
	const struct span secret = { (const uint8_t *)"a\0secret", 8 };
	struct wr w;

	(void)state;
	wr_init_heap(&w, 64);
	assert_int_equal(
	    store_enrolment_add(s, "e1", secret, NOW + 10, NULL), 0);
	assert_int_not_equal(
	    store_enrolment_add(s, "e1", secret, NOW + 10, NULL), 0);
	assert_int_equal(
	    store_enrolment_add(s, "e2", secret, NOW + 20, NULL), 0);
	assert_int_equal(store_enrolment_take(s, "e3", &w, NULL), SEAL_E_STATE);
	assert_int_equal(w.n, 0);
	assert_int_equal(store_enrolment_take(s, "e1", &w, NULL), 0);
	assert_true(span_equal(wr_view(&w), secret));
	assert_int_equal(store_enrolment_take(s, "e1", &w, NULL), SEAL_E_STATE);
	assert_int_equal(store_expire(s, NOW + 20, 0, 1000, NULL), 0);
	assert_int_equal(store_enrolment_take(s, "e2", &w, NULL), SEAL_E_STATE);
	wr_free(&w);
}

/* All race to take the same ones: each is taken once. */
static void *
taker(void *arg)
{
	size_t won = 0;
	char id[STORE_ID];
	struct wr w;

	(void)arg;
	for (int i = 0; i < 10; i++) {
		wr_init_heap(&w, 64);
		snprintf(id, sizeof(id), "take-%d", i);
		won += store_enrolment_take(s, id, &w, NULL) == 0;
		wr_free(&w);
	}
	return (void *)won;
}

static void
taking(void **state)
{
	pthread_t threads[4];
	size_t won = 0;
	char id[STORE_ID];
	void *ret;

	(void)state;
	for (int i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "take-%d", i);
		assert_int_equal(
		    store_enrolment_add(s, id, span_str("x"), NOW + 10, NULL),
		    0);
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, taker, NULL), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &ret);
		won += (size_t)ret;
	}
	assert_int_equal(won, 10);
}

static void
too_many(void **state)
{
	struct item item = an_item("corim", "one too many", span_str("x"));
	int64_t first = 0, last = 0;
	char name[32];

	(void)state;
	for (int i = 0; i < STORE_CORIMS_MAX; i++) {
		snprintf(name, sizeof(name), "many-%d", i);
		item.name = name;
		if (store_item_add(s, &item, &last, NULL) != 0)
			break;
		first = first == 0 ? last : first;
	}
	item.name = "one too many";
	assert_int_equal(store_item_add(s, &item, NULL, NULL), SEAL_E_LIMIT);
	/* Another of a name that is there is no more. */
	item.name = "many-0";
	assert_int_equal(store_item_add(s, &item, &last, NULL), 0);
	for (int64_t i = first; i <= last; i++)
		(void)store_item_remove(s, i, NOW, NULL);
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

static void
inject_session(const char *t)
{
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

	assert_int_equal(
	    store_session_get(s, t, NOW, &got, NULL), SEAL_E_STATE);
	assert_int_equal(store_session_delete(s, t, NOW, NULL), SEAL_E_STATE);
	assert_int_equal(listed(t, AR_ALL), 0);
	assert_int_equal(add_session(t), 0);
	assert_int_equal(
	    store_session_finish(s, t, NOW, SESSION_FAILED, &row, NULL), 0);
	assert_int_equal(listed(t, AR_ALL), 1);
	assert_int_equal(store_session_get(s, t, NOW, &got, NULL), 0);
	assert_string_equal(got.result, t);
	session_wipe(&got);
}

static void
inject_item(const char *t)
{
	struct item item = an_item(t, t, span_str(t));

	item.type = item.digest = item.by = t;
	assert_int_equal(store_item_add(s, &item, NULL, NULL), 0);
	item.kind = "policy";
	assert_int_equal(store_item_add(s, &item, NULL, NULL), 0);
	assert_string_equal(in_force("policy", t), t);
}

static void
inject_enrolment(const char *t)
{
	struct wr w;

	wr_init_heap(&w, 64);
	assert_int_equal(
	    store_enrolment_add(s, t, span_str(t), NOW + 10, NULL), 0);
	assert_int_equal(store_enrolment_take(s, t, &w, NULL), 0);
	assert_true(span_equal(wr_view(&w), span_str(t)));
	wr_free(&w);
}

/* Every text field, every nasty text: stored and found as it was, and
 * nothing else is touched. */
static void
injection(void **state)
{
	struct store_counts before, after;

	(void)state;
	for (size_t i = 0; nasty[i] != NULL; i++) {
		assert_int_equal(store_count(s, &before, NULL), 0);
		inject_session(nasty[i]);
		inject_item(nasty[i]);
		inject_enrolment(nasty[i]);
		assert_int_equal(store_count(s, &after, NULL), 0);
		assert_int_equal(after.sessions, before.sessions + 1);
		assert_int_equal(after.results, before.results + 1);
		assert_int_equal(after.items, before.items + 2);
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
	assert_int_equal(store_expire(s, NOW, NOW, 1000, NULL), 0);
	assert_int_equal(store_count(s, &counts, NULL), 0);
	assert_true(counts.sessions > 0 && counts.results > 0);
	/* The newest ones stay, of all that are young enough. */
	for (int i = 0; i < 3; i++)
		finish_as(i == 0 ? "n0" : i == 1 ? "n1" : "n2", "x", 1);
	assert_int_equal(store_expire(s, NOW, NOW, 2, NULL), 0);
	assert_int_equal(store_count(s, &counts, NULL), 0);
	assert_int_equal(counts.results, 2);
	assert_int_equal(store_expire(s, NOW + 150, NOW + 1, 1000, NULL), 0);
	assert_int_equal(store_count(s, &counts, NULL), 0);
	assert_int_equal(counts.sessions, 0);
	assert_int_equal(counts.results, 0);
	assert_true(counts.items > 0); /* these stay */
}

static int
each_plan(void *arg, const struct db_value *v, size_t n, struct seal_diag *d)
{
	size_t *found = arg;

	(void)d;
	for (size_t i = 0; i < n; i++)
		if (v[i].kind == DB_TEXT &&
		    memmem(v[i].s.p, v[i].s.n, "ar_refused", 10) != NULL)
			(*found)++;
	return 0;
}

/* What was refused is found without looking at what was accepted. PostgreSQL
 * looks at small tables whole, so there it is enough that the index exists. */
static void
check_index(bool sqlite, const char *at)
{
	const struct db_driver *driver = sqlite ? &db_sqlite : &db_postgres;
	const unsigned which[] = { S_AR_REFUSED, S_COUNT };
	void *db = NULL;
	char sql[1024];

	assert_int_equal(driver->open(at, driver->migrations, &db, NULL), 0);
	for (size_t i = 0; i < 2; i++) {
		size_t found = 0;

		if (sqlite)
			snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s",
			    store_sql[which[i]]);
		else
			snprintf(sql, sizeof(sql),
			    "SELECT indexname::text FROM pg_indexes");
		assert_int_equal(driver->run(db, 30 + (unsigned)i, sql, NULL, 0,
				     each_plan, &found, NULL, NULL),
		    0);
		assert_true(found > 0);
	}
	driver->close(&db);
}

/*
 * A store as the first version left it keeps what it holds, and serves. In
 * PostgreSQL it lies beside the other, in a schema of its own.
 */
static void
migration(void **state)
{
	const bool sqlite = strcmp(store_kind(s), "sqlite") == 0;
	const struct db_driver *driver = sqlite ? &db_sqlite : &db_postgres;
	const char *const first[] = { driver->migrations[0], NULL };
	char old[400];
	void *db = NULL;
	struct store *kept = s;

	(void)state;
	snprintf(old, sizeof(old), sqlite ? "%s.old" : OLDER, where);
	if (!sqlite) {
		assert_int_equal(
		    driver->open(where, driver->migrations, &db, NULL), 0);
		assert_int_equal(driver->run(db, 31, "CREATE SCHEMA older",
				     NULL, 0, NULL, NULL, NULL, NULL),
		    0);
		driver->close(&db);
	}
	assert_int_equal(driver->open(old, first, &db, NULL), 0);
	assert_int_equal(
	    driver->run(db, 31,
		"INSERT INTO item (kind, name, type, digest, author, added, "
		"body) VALUES ('policy', 'm', 't', '00', 'me', 1, '')",
		NULL, 0, NULL, NULL, NULL, NULL),
	    0);
	driver->close(&db);
	assert_int_equal(store_open(old, 2, &s, NULL), 0);
	assert_string_equal(in_force("policy", "m"), "");
	assert_int_equal(generation(), 1);
	add_item("policy", "m", "newer");
	assert_true(generation() > 1);
	assert_string_equal(in_force("policy", "m"), "newer");
	store_close(&s);
	check_index(sqlite, old);
	/* The first version's program is told not to touch it. */
	assert_int_equal(driver->open(old, first, &db, NULL), SEAL_E_CONFIG);
	s = kept;
	remove_store(old);
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
	char path[300];

	(void)state;
	store_close(&s);
	snprintf(path, sizeof(path), "%s/test.db", dir);
	remove_store(path);
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
		cmocka_unit_test(removing),
		cmocka_unit_test(listing),
		cmocka_unit_test(enrolments),
		cmocka_unit_test(taking),
		cmocka_unit_test(too_many),
		cmocka_unit_test(too_large),
		cmocka_unit_test(injection),
		cmocka_unit_test(race),
		cmocka_unit_test(two_stores),
		cmocka_unit_test(expiry),
		cmocka_unit_test(migration),
		cmocka_unit_test(bad_places),
		cmocka_unit_test(private_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
