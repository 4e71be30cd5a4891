/* SPDX-License-Identifier: Apache-2.0 */
#include "service/store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CONNS_MAX 16

/* Statements, as every database takes them. */
enum {
	S_SESSION_ADD,
	S_SESSION_GET,
	S_SESSION_DELETE,
	S_SESSION_END,
	S_SESSION_EXPIRE,
	S_AR_ADD,
	S_AR_LIST,
	S_AR_ATTESTERS,
	S_AR_EXPIRE,
	S_ITEM_ADD,
	S_ITEM_NEWEST,
	S_ITEM_NEWEST_ID,
	S_ITEM_LIST,
	S_COUNT,
	S_PING,
	STATEMENTS
};

#define AR_COLUMNS                                                        \
	"id, at, session, verifier, attester, scheme, policy, evidence, " \
	"outcome, tier, vector, reason, remedy, result"

static const char *const sql[STATEMENTS] = {
	[S_SESSION_ADD] = "INSERT INTO session (id, nonce, given, expiry, "
			  "state) VALUES ($1, $2, $3, $4, $5)",
	[S_SESSION_GET] = "SELECT nonce, given, expiry, state, result FROM "
			  "session WHERE id = $1 AND expiry > $2",
	[S_SESSION_DELETE] =
	    "DELETE FROM session WHERE id = $1 AND expiry > $2",
	[S_SESSION_END] = "UPDATE session SET state = $1, result = $2 WHERE "
			  "id = $3 AND expiry > $4 AND state = $5",
	[S_SESSION_EXPIRE] = "DELETE FROM session WHERE expiry <= $1",
	[S_AR_ADD] =
	    "INSERT INTO ar (at, session, verifier, attester, scheme, "
	    "policy, evidence, outcome, tier, vector, reason, remedy, result) "
	    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
	[S_AR_LIST] = "SELECT " AR_COLUMNS
		      " FROM ar WHERE ($1 = '' OR attester = $1) AND "
		      "($2 = '' OR scheme = $2) AND ($3 = 0 OR ($3 = 1 AND "
		      "outcome = 1) OR ($3 = 2 AND outcome <> 1)) AND "
		      "($4 = 0 OR id < $4) ORDER BY id DESC LIMIT $5",
	[S_AR_ATTESTERS] =
	    "SELECT " AR_COLUMNS " FROM ar WHERE id IN (SELECT max(id) FROM ar "
	    "WHERE attester <> '' GROUP BY attester) "
	    "ORDER BY id DESC LIMIT $1",
	[S_AR_EXPIRE] = "DELETE FROM ar WHERE at < $1",
	[S_ITEM_ADD] = "INSERT INTO item (kind, name, type, digest, author, "
		       "added, body) VALUES ($1, $2, $3, $4, $5, $6, $7) "
		       "RETURNING id",
	[S_ITEM_NEWEST] =
	    "SELECT id, added, kind, name, type, digest, author, body FROM "
	    "item WHERE kind = $1 AND name = $2 ORDER BY id DESC LIMIT 1",
	[S_ITEM_NEWEST_ID] = "SELECT id FROM item WHERE kind = $1 AND name = "
			     "$2 ORDER BY id DESC LIMIT 1",
	[S_ITEM_LIST] = "SELECT id, added, kind, name, type, digest, author "
			"FROM item ORDER BY id DESC LIMIT $1",
	[S_COUNT] = "SELECT (SELECT count(*) FROM session), (SELECT count(*) "
		    "FROM item), (SELECT count(*) FROM ar), (SELECT count(*) "
		    "FROM ar WHERE outcome <> 1)",
	[S_PING] = "SELECT count(*) FROM item WHERE id = 0",
};
_Static_assert(STATEMENTS <= DB_STATEMENTS_MAX, "statements");

struct store {
	const struct db_driver *driver;
	char *where;
	pthread_mutex_t lock; /* guards the three below */
	pthread_cond_t returned;
	void *idle[CONNS_MAX];
	size_t n_idle, n_open;
	size_t max;
};

/* ---- Connections ---- */

/* An idle one, a new one, or waits for one to come back. */
static int
take(struct store *s, void **ret, struct seal_diag *d)
{
	int r = 0;

	pthread_mutex_lock(&s->lock);
	while (s->n_idle == 0 && s->n_open == s->max)
		pthread_cond_wait(&s->returned, &s->lock);
	if (s->n_idle > 0) {
		*ret = s->idle[--s->n_idle];
		pthread_mutex_unlock(&s->lock);
		return 0;
	}
	s->n_open++;
	pthread_mutex_unlock(&s->lock);
	r = s->driver->open(s->where, s->driver->migrations, ret, d);
	if (r != 0) {
		pthread_mutex_lock(&s->lock);
		s->n_open--;
		pthread_cond_signal(&s->returned);
		pthread_mutex_unlock(&s->lock);
	}
	return r;
}

static void
give(struct store *s, void *db)
{
	pthread_mutex_lock(&s->lock);
	s->idle[s->n_idle++] = db;
	pthread_cond_signal(&s->returned);
	pthread_mutex_unlock(&s->lock);
}

int
store_open(const char *where, size_t n, struct store **ret, struct seal_diag *d)
{
	struct store *s = calloc(1, sizeof(*s));
	void *db = NULL;
	int r;

	if (s == NULL || (s->where = strdup(where)) == NULL) {
		free(s);
		return seal_fail(d, SEAL_E_MEMORY, "store");
	}
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->returned, NULL);
	s->max = n == 0 || n > CONNS_MAX ? CONNS_MAX : n;
	s->driver = strncmp(where, "postgres://", 11) == 0 ||
			    strncmp(where, "postgresql://", 13) == 0
			? &db_postgres
			: &db_sqlite;
	/* Now rather than with the first request. */
	if ((r = take(s, &db, d)) != 0) {
		store_close(&s);
		return r;
	}
	give(s, db);
	*ret = s;
	return 0;
}

void
store_close(struct store **sp)
{
	struct store *s = *sp;

	if (s == NULL)
		return;
	while (s->n_idle > 0)
		s->driver->close(&s->idle[--s->n_idle]);
	pthread_cond_destroy(&s->returned);
	pthread_mutex_destroy(&s->lock);
	free(s->where);
	free(s);
	*sp = NULL;
}

const char *
store_kind(const struct store *s)
{
	return s->driver->name;
}

/* ---- Statements ---- */

static struct db_value
number(int64_t i)
{
	return (struct db_value){ .kind = DB_INT, .i = i };
}

static struct db_value
text(const char *t)
{
	return (struct db_value){ .kind = DB_TEXT,
		.s = span_str(t != NULL ? t : "") };
}

static struct db_value
bytes(struct span s)
{
	return (struct db_value){ .kind = DB_BYTES, .s = s };
}

/* One statement, by itself. */
static int
run(struct store *s, unsigned id, const struct db_value *args, size_t n,
    db_row_fn row, void *arg, int64_t *ret_changed, struct seal_diag *d)
{
	void *db = NULL;
	int r;

	if ((r = take(s, &db, d)) != 0)
		return r;
	r = s->driver->run(db, id, sql[id], args, n, row, arg, ret_changed, d);
	give(s, db);
	return r;
}
#define RUN(s, id, args, row, arg, changed, d) \
	run(s, id, args, sizeof(args) / sizeof((args)[0]), row, arg, changed, d)

/* A text column as a string of its own. NULL: none, or out of memory. */
static char *
column_text(const struct db_value *v)
{
	return v->kind == DB_TEXT && memchr(v->s.p, 0, v->s.n) == NULL
		   ? strndup((const char *)v->s.p, v->s.n)
		   : NULL;
}

static int
row_number(void *arg, const struct db_value *v, size_t n, struct seal_diag *d)
{
	(void)d;
	if (n > 0 && v[0].kind == DB_INT)
		*(int64_t *)arg = v[0].i;
	return 0;
}

int
store_ping(struct store *s, struct seal_diag *d)
{
	return run(s, S_PING, NULL, 0, NULL, NULL, NULL, d);
}

/* ---- Sessions ---- */

void
session_wipe(struct session *s)
{
	free(s->result);
	*s = (struct session){ 0 };
}

int
store_session_add(
    struct store *s, const struct session *in, struct seal_diag *d)
{
	const struct db_value args[] = { text(in->id),
		bytes(span_of(in->nonce, in->nonce_n)), number(in->given),
		number(in->expiry_s), number(in->state) };

	return RUN(s, S_SESSION_ADD, args, NULL, NULL, NULL, d);
}

static int
row_session(void *arg, const struct db_value *v, size_t n, struct seal_diag *d)
{
	struct session *ret = arg;

	if (n != 5 || v[0].kind != DB_BYTES || v[0].s.n == 0 ||
	    v[0].s.n > STORE_NONCE_MAX || v[3].i < SESSION_WAITING ||
	    v[3].i > SESSION_FAILED)
		return seal_fail(d, SEAL_E_DECODE, "store: session");
	if (v[4].kind == DB_TEXT && (ret->result = column_text(&v[4])) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "store");
	memcpy(ret->nonce, v[0].s.p, v[0].s.n);
	ret->nonce_n = v[0].s.n;
	ret->given = v[1].i != 0;
	ret->expiry_s = v[2].i;
	ret->state = (enum session_state)v[3].i;
	return 0;
}

static int
no_session(struct seal_diag *d)
{
	seal_fail(d, SEAL_E_STATE, "session: there is none of this name");
	seal_remedy(d, "it has expired, or was deleted: open another");
	return SEAL_E_STATE;
}

int
store_session_get(struct store *s, const char *id, int64_t now_s,
    struct session *ret, struct seal_diag *d)
{
	const struct db_value args[] = { text(id), number(now_s) };
	struct session found = { 0 };
	int r;

	if (strlen(id) >= sizeof(found.id))
		return no_session(d);
	r = RUN(s, S_SESSION_GET, args, row_session, &found, NULL, d);
	if (r == 0 && found.state == SESSION_NONE)
		r = no_session(d);
	if (r != 0) {
		session_wipe(&found);
		return r;
	}
	memcpy(found.id, id, strlen(id) + 1);
	*ret = found;
	return 0;
}

int
store_session_delete(
    struct store *s, const char *id, int64_t now_s, struct seal_diag *d)
{
	const struct db_value args[] = { text(id), number(now_s) };
	int64_t n = 0;
	int r = RUN(s, S_SESSION_DELETE, args, NULL, NULL, &n, d);

	return r != 0 || n == 1 ? r : no_session(d);
}

/* ---- Results ---- */

/* The two halves of a session's end, in one transaction. */
static int
finish_parts(struct store *s, void *db, const char *id, int64_t now_s,
    enum session_state state, const struct ar_row *row, struct seal_diag *d)
{
	const struct db_value end[] = { number(state), text(row->result),
		text(id), number(now_s), number(SESSION_WAITING) };
	const struct db_value add[] = { number(row->at_s), text(id),
		text(row->verifier), text(row->attester), text(row->scheme),
		text(row->policy), text(row->evidence), number(row->outcome),
		number(row->tier), text(row->vector), text(row->reason),
		text(row->remedy), text(row->result) };
	int64_t n = 0;
	int r;

	r = s->driver->run(
	    db, S_SESSION_END, sql[S_SESSION_END], end, 5, NULL, NULL, &n, d);
	if (r == 0 && n != 1)
		r = seal_fail(d, SEAL_E_STATE,
		    "session: expected one that waits, found it ended");
	if (r == 0)
		r = s->driver->run(
		    db, S_AR_ADD, sql[S_AR_ADD], add, 13, NULL, NULL, NULL, d);
	return r;
}

int
store_session_finish(struct store *s, const char *id, int64_t now_s,
    enum session_state state, const struct ar_row *row, struct seal_diag *d)
{
	void *db = NULL;
	int r, end;

	if ((r = take(s, &db, d)) != 0)
		return r;
	if ((r = s->driver->begin(db, d)) == 0) {
		r = finish_parts(s, db, id, now_s, state, row, d);
		end = s->driver->end(db, r == 0, d);
		r = r != 0 ? r : end;
	}
	give(s, db);
	return r;
}

/* What a listing hands on, row by row. */
struct ar_list {
	ar_fn each;
	void *arg;
};

static int
row_ar(void *arg, const struct db_value *v, size_t n, struct seal_diag *d)
{
	static const size_t texts[] = { 2, 3, 4, 5, 6, 7, 10, 11, 12, 13 };
	const struct ar_list *list = arg;
	char *t[14] = { NULL };
	struct ar_row row;
	int r = 0;

	if (n != 14)
		return seal_fail(d, SEAL_E_DECODE, "store: result");
	for (size_t i = 0; r == 0 && i < sizeof(texts) / sizeof(texts[0]); i++)
		if ((t[texts[i]] = column_text(&v[texts[i]])) == NULL)
			r = seal_fail(d, SEAL_E_MEMORY, "store");
	row = (struct ar_row){ .id = v[0].i,
		.at_s = v[1].i,
		.session = t[2],
		.verifier = t[3],
		.attester = t[4],
		.scheme = t[5],
		.policy = t[6],
		.evidence = t[7],
		.outcome = v[8].i,
		.tier = v[9].i,
		.vector = t[10],
		.reason = t[11],
		.remedy = t[12],
		.result = t[13] };
	if (r == 0)
		r = list->each(list->arg, &row, d);
	for (size_t i = 0; i < 14; i++)
		free(t[i]);
	return r;
}

static int64_t
list_max(size_t max)
{
	return max == 0 || max > STORE_LIST_MAX ? STORE_LIST_MAX : (int64_t)max;
}

int
store_ar_list(struct store *s, const struct ar_filter *filter, ar_fn each,
    void *arg, struct seal_diag *d)
{
	struct ar_list list = { each, arg };
	const struct db_value args[] = { text(filter->attester),
		text(filter->scheme), number(filter->which),
		number(filter->before_id), number(list_max(filter->max)) };

	return RUN(s, S_AR_LIST, args, row_ar, &list, NULL, d);
}

int
store_ar_attesters(
    struct store *s, size_t max, ar_fn each, void *arg, struct seal_diag *d)
{
	struct ar_list list = { each, arg };
	const struct db_value args[] = { number(list_max(max)) };

	return RUN(s, S_AR_ATTESTERS, args, row_ar, &list, NULL, d);
}

/* ---- Items ---- */

int
store_item_add(struct store *s, const struct item *in, int64_t *ret_id,
    struct seal_diag *d)
{
	const struct db_value args[] = { text(in->kind), text(in->name),
		text(in->type), text(in->digest), text(in->by),
		number(in->added_s), bytes(in->body) };
	int64_t id = 0;
	int r;

	if (in->body.n > STORE_BODY_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "store: expected at most %u bytes, found %zu",
		    STORE_BODY_MAX, in->body.n);
	r = RUN(s, S_ITEM_ADD, args, row_number, &id, NULL, d);
	if (r == 0 && ret_id != NULL)
		*ret_id = id;
	return r;
}

struct item_list {
	item_fn each;
	void *arg;
	size_t n;
};

static int
row_item(void *arg, const struct db_value *v, size_t n, struct seal_diag *d)
{
	struct item_list *list = arg;
	char *t[7] = { NULL };
	struct item item;
	int r = 0;

	if (n != 7 && n != 8)
		return seal_fail(d, SEAL_E_DECODE, "store: item");
	for (size_t i = 2; r == 0 && i < 7; i++)
		if ((t[i] = column_text(&v[i])) == NULL)
			r = seal_fail(d, SEAL_E_MEMORY, "store");
	item = (struct item){ .id = v[0].i,
		.added_s = v[1].i,
		.kind = t[2],
		.name = t[3],
		.type = t[4],
		.digest = t[5],
		.by = t[6] };
	if (n == 8)
		item.body = v[7].s;
	list->n++;
	if (r == 0)
		r = list->each(list->arg, &item, d);
	for (size_t i = 2; i < 7; i++)
		free(t[i]);
	return r;
}

int
store_item_newest(struct store *s, const char *kind, const char *name,
    item_fn each, void *arg, struct seal_diag *d)
{
	struct item_list list = { each, arg, 0 };
	const struct db_value args[] = { text(kind), text(name) };
	int r = RUN(s, S_ITEM_NEWEST, args, row_item, &list, NULL, d);

	if (r == 0 && list.n == 0)
		r = seal_fail(d, SEAL_E_STATE, "store: no %s '%s'", kind, name);
	return r;
}

int
store_item_newest_id(struct store *s, const char *kind, const char *name,
    int64_t *ret, struct seal_diag *d)
{
	const struct db_value args[] = { text(kind), text(name) };
	int64_t id = 0;
	int r = RUN(s, S_ITEM_NEWEST_ID, args, row_number, &id, NULL, d);

	if (r == 0)
		*ret = id;
	return r;
}

int
store_item_list(struct store *s, item_fn each, void *arg, struct seal_diag *d)
{
	struct item_list list = { each, arg, 0 };
	const struct db_value args[] = { number(STORE_LIST_MAX) };

	return RUN(s, S_ITEM_LIST, args, row_item, &list, NULL, d);
}

/* ---- Care ---- */

int
store_expire(
    struct store *s, int64_t now_s, int64_t keep_s, struct seal_diag *d)
{
	const struct db_value sessions[] = { number(now_s) };
	const struct db_value results[] = { number(keep_s) };
	int r = RUN(s, S_SESSION_EXPIRE, sessions, NULL, NULL, NULL, d);

	if (r != 0)
		return r;
	return RUN(s, S_AR_EXPIRE, results, NULL, NULL, NULL, d);
}

static int
row_counts(void *arg, const struct db_value *v, size_t n, struct seal_diag *d)
{
	struct store_counts *ret = arg;

	if (n != 4)
		return seal_fail(d, SEAL_E_DECODE, "store: counts");
	*ret = (struct store_counts){ .sessions = v[0].i,
		.items = v[1].i,
		.results = v[2].i,
		.refused = v[3].i };
	return 0;
}

int
store_count(struct store *s, struct store_counts *ret, struct seal_diag *d)
{
	struct store_counts counts = { 0 };
	int r = run(s, S_COUNT, NULL, 0, row_counts, &counts, NULL, d);

	if (r == 0)
		*ret = counts;
	return r;
}
