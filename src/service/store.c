/* SPDX-License-Identifier: Apache-2.0 */
#include "service/store_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- Connections ---- */

int
store_take(struct store *s, void **ret, struct seal_diag *d)
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

void
store_give(struct store *s, void *db)
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
	pthread_mutex_init(&s->writer, NULL);
	s->max = n == 0 || n > STORE_CONNS_MAX ? STORE_CONNS_MAX : n;
	s->driver = strncmp(where, "postgres://", 11) == 0 ||
			    strncmp(where, "postgresql://", 13) == 0
			? &db_postgres
			: &db_sqlite;
	/* Now rather than with the first request. */
	if ((r = store_take(s, &db, d)) != 0) {
		store_close(&s);
		return r;
	}
	store_give(s, db);
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
	pthread_mutex_destroy(&s->writer);
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

struct db_value
store_number(int64_t i)
{
	return (struct db_value){ .kind = DB_INT, .i = i };
}

struct db_value
store_text(const char *t)
{
	return (struct db_value){ .kind = DB_TEXT,
		.s = span_str(t != NULL ? t : "") };
}

struct db_value
store_bytes(struct span s)
{
	return (struct db_value){ .kind = DB_BYTES, .s = s };
}

int
store_run_on(struct store *s, void *db, unsigned id,
    const struct db_value *args, size_t n, db_row_fn row, void *arg,
    int64_t *ret_changed, struct seal_diag *d)
{
	return s->driver->run(
	    db, id, store_sql[id], args, n, row, arg, ret_changed, d);
}

static bool
writes(unsigned id)
{
	return strncmp(store_sql[id], "SELECT ", 7) != 0;
}

int
store_begin(struct store *s, void *db, struct seal_diag *d)
{
	int r;

	if (s->driver->one_writer)
		pthread_mutex_lock(&s->writer);
	if ((r = s->driver->begin(db, d)) != 0 && s->driver->one_writer)
		pthread_mutex_unlock(&s->writer);
	return r;
}

int
store_end(struct store *s, void *db, bool commit, struct seal_diag *d)
{
	int r = s->driver->end(db, commit, d);

	if (s->driver->one_writer)
		pthread_mutex_unlock(&s->writer);
	return r;
}

int
store_run(struct store *s, unsigned id, const struct db_value *args, size_t n,
    db_row_fn row, void *arg, int64_t *ret_changed, struct seal_diag *d)
{
	bool alone = s->driver->one_writer && writes(id);
	void *db = NULL;
	int r;

	if ((r = store_take(s, &db, d)) != 0)
		return r;
	if (alone)
		pthread_mutex_lock(&s->writer);
	r = store_run_on(s, db, id, args, n, row, arg, ret_changed, d);
	if (alone)
		pthread_mutex_unlock(&s->writer);
	store_give(s, db);
	return r;
}

char *
store_column_text(const struct db_value *v)
{
	return v->kind == DB_TEXT && memchr(v->s.p, 0, v->s.n) == NULL
		   ? strndup((const char *)v->s.p, v->s.n)
		   : NULL;
}

int
store_row_number(
    void *arg, const struct db_value *v, size_t n, struct seal_diag *d)
{
	(void)d;
	if (n > 0 && v[0].kind == DB_INT)
		*(int64_t *)arg = v[0].i;
	return 0;
}

int
store_ping(struct store *s, struct seal_diag *d)
{
	return store_run(s, S_PING, NULL, 0, NULL, NULL, NULL, d);
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
	const struct db_value args[] = { store_text(in->id),
		store_bytes(span_of(in->nonce, in->nonce_n)),
		store_number(in->given), store_number(in->expiry_s),
		store_number(in->state) };

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
	if (v[4].kind == DB_TEXT &&
	    (ret->result = store_column_text(&v[4])) == NULL)
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
	const struct db_value args[] = { store_text(id), store_number(now_s) };
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
	const struct db_value args[] = { store_text(id), store_number(now_s) };
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
	const struct db_value end[] = { store_number(state),
		store_text(row->result), store_text(id), store_number(now_s),
		store_number(SESSION_WAITING) };
	const struct db_value add[] = { store_number(row->at_s), store_text(id),
		store_text(row->verifier), store_text(row->attester),
		store_text(row->scheme), store_text(row->policy),
		store_text(row->evidence), store_number(row->outcome),
		store_number(row->tier), store_text(row->vector),
		store_text(row->reason), store_text(row->remedy),
		store_text(row->result) };
	int64_t n = 0;
	int r;

	r = store_run_on(
	    s, db, S_SESSION_END, end, STORE_N(end), NULL, NULL, &n, d);
	if (r == 0 && n != 1)
		r = seal_fail(d, SEAL_E_STATE,
		    "session: expected one that waits, found it ended");
	if (r == 0)
		r = store_run_on(
		    s, db, S_AR_ADD, add, STORE_N(add), NULL, NULL, NULL, d);
	return r;
}

int
store_session_finish(struct store *s, const char *id, int64_t now_s,
    enum session_state state, const struct ar_row *row, struct seal_diag *d)
{
	void *db = NULL;
	int r, end;

	if ((r = store_take(s, &db, d)) != 0)
		return r;
	if ((r = store_begin(s, db, d)) == 0) {
		r = finish_parts(s, db, id, now_s, state, row, d);
		end = store_end(s, db, r == 0, d);
		r = r != 0 ? r : end;
	}
	store_give(s, db);
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
		if ((t[texts[i]] = store_column_text(&v[texts[i]])) == NULL)
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

int64_t
store_list_max(size_t max)
{
	return max == 0 || max > STORE_LIST_MAX ? STORE_LIST_MAX : (int64_t)max;
}

int
store_ar_list(struct store *s, const struct ar_filter *filter, ar_fn each,
    void *arg, struct seal_diag *d)
{
	struct ar_list list = { each, arg };
	const struct db_value args[] = { store_text(filter->attester),
		store_text(filter->scheme),
		store_number(filter->which == AR_ACCEPTED),
		store_number(filter->before_id),
		store_number(store_list_max(filter->max)) };
	const struct db_value refused[] = { args[0], args[1], args[3],
		args[4] };

	if (filter->which == AR_REFUSED)
		return RUN(s, S_AR_REFUSED, refused, row_ar, &list, NULL, d);
	return RUN(s, S_AR_LIST, args, row_ar, &list, NULL, d);
}

int
store_ar_attesters(
    struct store *s, size_t max, ar_fn each, void *arg, struct seal_diag *d)
{
	struct ar_list list = { each, arg };
	const struct db_value args[] = { store_number(store_list_max(max)) };

	return RUN(s, S_AR_ATTESTERS, args, row_ar, &list, NULL, d);
}

/* ---- Care ---- */

int
store_expire(struct store *s, int64_t now_s, int64_t keep_s, int64_t keep_n,
    struct seal_diag *d)
{
	const struct db_value now[] = { store_number(now_s) };
	const struct db_value keep[] = { store_number(keep_s),
		store_number(keep_n) };
	int r;

	if ((r = RUN(s, S_SESSION_EXPIRE, now, NULL, NULL, NULL, d)) != 0 ||
	    (r = RUN(s, S_ENROLMENT_EXPIRE, now, NULL, NULL, NULL, d)) != 0)
		return r;
	return RUN(s, S_AR_EXPIRE, keep, NULL, NULL, NULL, d);
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
	int r = store_run(s, S_COUNT, NULL, 0, row_counts, &counts, NULL, d);

	if (r == 0)
		*ret = counts;
	return r;
}
