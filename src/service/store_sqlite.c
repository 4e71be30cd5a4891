/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "service/db.h"

#define BUSY_MS 15000 /* other writers, of this process or another */

struct sqlite {
	sqlite3 *db;
	sqlite3_stmt *stmts[DB_STATEMENTS_MAX];
};

static const char *const migrations[] = {
	"CREATE TABLE session (id TEXT PRIMARY KEY, nonce BLOB NOT NULL,"
	" given INTEGER NOT NULL, expiry INTEGER NOT NULL,"
	" state INTEGER NOT NULL, result TEXT);"
	"CREATE INDEX session_expiry ON session (expiry);"
	"CREATE TABLE item (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" kind TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,"
	" digest TEXT NOT NULL, author TEXT NOT NULL, added INTEGER NOT NULL,"
	" body BLOB NOT NULL);"
	"CREATE INDEX item_newest ON item (kind, name, id);"
	"CREATE TABLE ar (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" at INTEGER NOT NULL, session TEXT NOT NULL, verifier TEXT NOT NULL,"
	" attester TEXT NOT NULL, scheme TEXT NOT NULL, policy TEXT NOT NULL,"
	" evidence TEXT NOT NULL, outcome INTEGER NOT NULL,"
	" tier INTEGER NOT NULL, vector TEXT NOT NULL, reason TEXT NOT NULL,"
	" remedy TEXT NOT NULL, result TEXT NOT NULL);"
	"CREATE INDEX ar_attester ON ar (attester, id);"
	"CREATE INDEX ar_at ON ar (at);",
	"ALTER TABLE item ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE generation (n INTEGER NOT NULL);"
	"INSERT INTO generation (n) VALUES (1);"
	"CREATE TABLE enrolment (id TEXT PRIMARY KEY, state BLOB NOT NULL,"
	" expiry INTEGER NOT NULL);"
	"CREATE INDEX enrolment_expiry ON enrolment (expiry);",
	"CREATE INDEX ar_refused ON ar (id) WHERE outcome <> 1;",
	NULL,
};

static int
told(const struct sqlite *s, const char *what, struct seal_diag *d)
{
	int code = sqlite3_errcode(s->db);

	seal_fail(d, SEAL_E_UNAVAILABLE, "store: %s: %s", what,
	    sqlite3_errmsg(s->db));
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		seal_remedy(d, "another program holds the file; retry");
	else if (code == SQLITE_FULL)
		seal_remedy(d, "make room on the disk, then retry");
	else if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
		seal_remedy(d, "restore it from a backup (doc/verifier.md)");
	return SEAL_E_UNAVAILABLE;
}

static int
plain(struct sqlite *s, const char *sql, struct seal_diag *d)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return told(s, "sqlite", d);
	return 0;
}

/* ---- The schema ---- */

static int
version_get(struct sqlite *s, int *ret, struct seal_diag *d)
{
	sqlite3_stmt *stmt = NULL;
	int r = 0;

	if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &stmt, NULL) !=
		SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW)
		r = told(s, "schema version", d);
	else
		*ret = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return r;
}

/* One step and its number, both or neither. */
static int
migrate_step(struct sqlite *s, const char *step, int to, struct seal_diag *d)
{
	char number[48];
	int r;

	snprintf(number, sizeof(number), "PRAGMA user_version = %d", to);
	if ((r = plain(s, step, d)) != 0)
		return r;
	return plain(s, number, d);
}

static int
migrate(struct sqlite *s, const char *const *steps, struct seal_diag *d)
{
	int version = 0, newest = 0, r;

	while (steps[newest] != NULL)
		newest++;
	/* Whoever is first migrates; the others find it done. */
	if ((r = plain(s, "BEGIN IMMEDIATE", d)) != 0)
		return r;
	if ((r = version_get(s, &version, d)) == 0 && version > newest) {
		r = seal_fail(d, SEAL_E_CONFIG,
		    "store: schema version %d is newer than %d, which this "
		    "program knows",
		    version, newest);
		seal_remedy(d, "use the program that wrote it, or a newer one");
	}
	for (int v = version; r == 0 && v < newest; v++)
		r = migrate_step(s, steps[v], v + 1, d);
	if (r == 0)
		return plain(s, "COMMIT", d);
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

/* ---- Opening ---- */

static void
sqlite_close(void **dbp)
{
	struct sqlite *s = *dbp;

	if (s == NULL)
		return;
	for (size_t i = 0; i < DB_STATEMENTS_MAX; i++)
		sqlite3_finalize(s->stmts[i]);
	sqlite3_close(s->db);
	free(s);
	*dbp = NULL;
}

/* Nonces and results are nobody else's business. */
static int
touch_private(const char *path, struct seal_diag *d)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd == -1) {
		seal_fail(
		    d, SEAL_E_CONFIG, "store '%s': %s", path, strerror(errno));
		seal_remedy(d, "create its folder, writable for this user");
		return SEAL_E_CONFIG;
	}
	close(fd);
	return 0;
}

static int
sqlite_open(const char *where, const char *const *steps, void **ret,
    struct seal_diag *d)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	struct sqlite *s;
	void *made;
	int r;

	if ((r = touch_private(where, d)) != 0)
		return r;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "store");
	made = s;
	if (sqlite3_open_v2(where, &s->db, flags, NULL) != SQLITE_OK ||
	    sqlite3_busy_timeout(s->db, BUSY_MS) != SQLITE_OK)
		r = told(s, where, d);
	/* FULL: what is committed outlives the machine's power. */
	if (r == 0)
		r = plain(s,
		    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		    "PRAGMA trusted_schema = OFF",
		    d);
	if (r == 0 && (r = migrate(s, steps, d)) == 0)
		*ret = made;
	else
		sqlite_close(&made);
	return r;
}

/* ---- Statements ---- */

/* Statements name their values $1 to $n, which are names to SQLite. */
static int
bind_one(sqlite3_stmt *stmt, size_t place, const struct db_value *v)
{
	char name[24];
	int at;

	snprintf(name, sizeof(name), "$%zu", place);
	if ((at = sqlite3_bind_parameter_index(stmt, name)) == 0)
		return SQLITE_RANGE;
	switch (v->kind) {
	case DB_INT:
		return sqlite3_bind_int64(stmt, at, v->i);
	case DB_TEXT:
		return sqlite3_bind_text64(stmt, at, (const char *)v->s.p,
		    v->s.n, SQLITE_STATIC, SQLITE_UTF8);
	case DB_BYTES:
		/* NULL would bind as null, and an empty body is a body. */
		return v->s.n == 0 ? sqlite3_bind_zeroblob(stmt, at, 0)
				   : sqlite3_bind_blob64(stmt, at, v->s.p,
					 v->s.n, SQLITE_STATIC);
	default:
		return sqlite3_bind_null(stmt, at);
	}
}

static void
column(sqlite3_stmt *stmt, int i, struct db_value *ret)
{
	*ret = (struct db_value){ 0 };
	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_INTEGER:
		ret->kind = DB_INT;
		ret->i = sqlite3_column_int64(stmt, i);
		break;
	case SQLITE_TEXT:
		ret->kind = DB_TEXT;
		ret->s.p = sqlite3_column_text(stmt, i);
		ret->s.n = (size_t)sqlite3_column_bytes(stmt, i);
		break;
	case SQLITE_BLOB:
		ret->kind = DB_BYTES;
		ret->s.p = sqlite3_column_blob(stmt, i);
		ret->s.n = (size_t)sqlite3_column_bytes(stmt, i);
		break;
	default:
		break;
	}
}

static int
each_row(struct sqlite *s, sqlite3_stmt *stmt, db_row_fn row, void *arg,
    struct seal_diag *d)
{
	struct db_value v[DB_COLUMNS_MAX];
	int n = sqlite3_column_count(stmt), step, r = 0;

	if (n > DB_COLUMNS_MAX)
		return seal_fail(d, SEAL_E_LIMIT, "store: too many columns");
	while (r == 0 && (step = sqlite3_step(stmt)) != SQLITE_DONE) {
		if (step != SQLITE_ROW)
			return told(s, "sqlite", d);
		for (int i = 0; i < n; i++)
			column(stmt, i, &v[i]);
		if (row != NULL)
			r = row(arg, v, (size_t)n, d);
	}
	return r;
}

static int
prepared(struct sqlite *s, unsigned id, const char *sql, sqlite3_stmt **ret,
    struct seal_diag *d)
{
	if (id >= DB_STATEMENTS_MAX)
		return seal_fail(d, SEAL_E_LIMIT, "store: statement %u", id);
	if (s->stmts[id] == NULL &&
	    sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
		&s->stmts[id], NULL) != SQLITE_OK)
		return told(s, "prepare", d);
	*ret = s->stmts[id];
	return 0;
}

static int
sqlite_run(void *db, unsigned id, const char *sql, const struct db_value *args,
    size_t n, db_row_fn row, void *arg, int64_t *ret_changed,
    struct seal_diag *d)
{
	struct sqlite *s = db;
	sqlite3_stmt *stmt = NULL;
	int before = sqlite3_total_changes(s->db), r;

	if ((r = prepared(s, id, sql, &stmt, d)) != 0)
		return r;
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (bind_one(stmt, i + 1, &args[i]) != SQLITE_OK)
			r = told(s, "bind", d);
	}
	if (r == 0)
		r = each_row(s, stmt, row, arg, d);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	if (r == 0 && ret_changed != NULL)
		*ret_changed = sqlite3_total_changes(s->db) - before;
	return r;
}

static int
sqlite_begin(void *db, struct seal_diag *d)
{
	return plain(db, "BEGIN IMMEDIATE", d);
}

static int
sqlite_end(void *db, bool commit, struct seal_diag *d)
{
	struct sqlite *s = db;
	int r = commit ? plain(s, "COMMIT", d) : 0;

	if (!commit || r != 0)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

const struct db_driver db_sqlite = {
	.name = "sqlite",
	.one_writer = true,
	.migrations = migrations,
	.open = sqlite_open,
	.close = sqlite_close,
	.run = sqlite_run,
	.begin = sqlite_begin,
	.end = sqlite_end,
};
