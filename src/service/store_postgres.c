/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/rd.h"
#include "base/text.h"
#include "base/wr.h"
#include "service/db.h"

/* Types of what is bound, as PostgreSQL numbers them. */
#define OID_BYTEA 17
#define OID_INT8 20
#define OID_TEXT 25

#define BINARY 1
#define MIGRATE_LOCK "4721963"

struct postgres {
	PGconn *conn;
	bool open; /* a transaction is */
	bool prepared[DB_STATEMENTS_MAX];
};

static const char *const migrations[] = {
	"CREATE TABLE session (id TEXT PRIMARY KEY, nonce BYTEA NOT NULL,"
	" given BIGINT NOT NULL, expiry BIGINT NOT NULL,"
	" state BIGINT NOT NULL, result TEXT);"
	"CREATE INDEX session_expiry ON session (expiry);"
	"CREATE TABLE item (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
	" kind TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,"
	" digest TEXT NOT NULL, author TEXT NOT NULL, added BIGINT NOT NULL,"
	" body BYTEA NOT NULL);"
	"CREATE INDEX item_newest ON item (kind, name, id);"
	"CREATE TABLE ar (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
	" at BIGINT NOT NULL, session TEXT NOT NULL, verifier TEXT NOT NULL,"
	" attester TEXT NOT NULL, scheme TEXT NOT NULL, policy TEXT NOT NULL,"
	" evidence TEXT NOT NULL, outcome BIGINT NOT NULL,"
	" tier BIGINT NOT NULL, vector TEXT NOT NULL, reason TEXT NOT NULL,"
	" remedy TEXT NOT NULL, result TEXT NOT NULL);"
	"CREATE INDEX ar_attester ON ar (attester, id);"
	"CREATE INDEX ar_at ON ar (at);",
	"ALTER TABLE item ADD COLUMN removed BIGINT NOT NULL DEFAULT 0;"
	"CREATE TABLE generation (n BIGINT NOT NULL);"
	"INSERT INTO generation (n) VALUES (1);"
	"CREATE TABLE enrolment (id TEXT PRIMARY KEY, state BYTEA NOT NULL,"
	" expiry BIGINT NOT NULL);"
	"CREATE INDEX enrolment_expiry ON enrolment (expiry);",
	"CREATE INDEX ar_refused ON ar (id) WHERE outcome <> 1;",
	NULL,
};

static int
told(const struct postgres *p, const char *what, struct seal_diag *d)
{
	const char *why = PQerrorMessage(p->conn);
	char line[160];

	text_safe(span_of(why, strcspn(why, "\n")), line, sizeof(line));
	seal_fail(d, SEAL_E_UNAVAILABLE, "store: %s: %s", what, line);
	seal_remedy(d, "is PostgreSQL up, and the line `store` right? retry");
	return SEAL_E_UNAVAILABLE;
}

static int
plain(struct postgres *p, const char *sql, struct seal_diag *d)
{
	PGresult *res = PQexec(p->conn, sql);
	ExecStatusType st = PQresultStatus(res);

	PQclear(res);
	return st == PGRES_COMMAND_OK || st == PGRES_TUPLES_OK
		   ? 0
		   : told(p, "postgres", d);
}

/* ---- The schema ---- */

static int
version_get(struct postgres *p, int *ret, struct seal_diag *d)
{
	PGresult *res = PQexec(p->conn, "SELECT max(version) FROM seal_schema");
	int r = 0;

	if (PQresultStatus(res) != PGRES_TUPLES_OK || PQntuples(res) != 1)
		r = told(p, "schema version", d);
	else
		*ret = (int)strtol(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	return r;
}

static int
migrate_step(struct postgres *p, const char *step, int to, struct seal_diag *d)
{
	char number[80];
	int r;

	snprintf(
	    number, sizeof(number), "INSERT INTO seal_schema VALUES (%d)", to);
	if ((r = plain(p, step, d)) != 0)
		return r;
	return plain(p, number, d);
}

static int
migrate_locked(
    struct postgres *p, const char *const *steps, struct seal_diag *d)
{
	int version = 0, newest = 0, r;

	while (steps[newest] != NULL)
		newest++;
	if ((r = plain(p,
		 "CREATE TABLE IF NOT EXISTS seal_schema (version INTEGER)",
		 d)) != 0 ||
	    (r = version_get(p, &version, d)) != 0)
		return r;
	if (version > newest) {
		seal_fail(d, SEAL_E_CONFIG,
		    "store: schema version %d is newer than %d, which this "
		    "program knows",
		    version, newest);
		seal_remedy(d, "use the program that wrote it, or a newer one");
		return SEAL_E_CONFIG;
	}
	for (int v = version; r == 0 && v < newest; v++)
		r = migrate_step(p, steps[v], v + 1, d);
	return r;
}

/* Verifiers that start together migrate once. */
static int
migrate(struct postgres *p, const char *const *steps, struct seal_diag *d)
{
	int r;

	if ((r = plain(p, "BEGIN", d)) != 0)
		return r;
	if ((r = plain(p, "SELECT pg_advisory_xact_lock(" MIGRATE_LOCK ")",
		 d)) == 0 &&
	    (r = migrate_locked(p, steps, d)) == 0)
		return plain(p, "COMMIT", d);
	plain(p, "ROLLBACK", NULL);
	return r;
}

/* ---- Opening ---- */

static void
quiet(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

/* What every connection is told; an acknowledged commit is on disk. */
static int
settle(struct postgres *p, struct seal_diag *d)
{
	PQsetNoticeProcessor(p->conn, quiet, NULL);
	memset(p->prepared, 0, sizeof(p->prepared));
	return plain(p,
	    "SET synchronous_commit = on; SET client_encoding = 'UTF8';"
	    "SET statement_timeout = 20000;"
	    "SET idle_in_transaction_session_timeout = 30000",
	    d);
}

static void
postgres_close(void **dbp)
{
	struct postgres *p = *dbp;

	if (p == NULL)
		return;
	PQfinish(p->conn);
	free(p);
	*dbp = NULL;
}

static int
postgres_open(const char *where, const char *const *steps, void **ret,
    struct seal_diag *d)
{
	static const char *const keys[] = { "connect_timeout",
		"application_name", "dbname", NULL };
	const char *const values[] = { "5", "seal verifier", where, NULL };
	struct postgres *p = calloc(1, sizeof(*p));
	void *made = p;
	int r = 0;

	if (p == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "store");
	/* "dbname" expands to a whole line of settings, which then win. */
	if ((p->conn = PQconnectdbParams(keys, values, 1)) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "store");
	else if (PQstatus(p->conn) != CONNECTION_OK)
		r = told(p, "connect", d);
	if (r == 0 && (r = settle(p, d)) == 0 &&
	    (r = migrate(p, steps, d)) == 0)
		*ret = made;
	else
		postgres_close(&made);
	return r;
}

/* A server that was restarted is found again; but never in the middle of a
 * transaction, whose second half would then stand alone. */
static int
connected(struct postgres *p, struct seal_diag *d)
{
	if (PQstatus(p->conn) == CONNECTION_OK)
		return 0;
	if (p->open)
		return told(p, "connection lost", d);
	PQreset(p->conn);
	if (PQstatus(p->conn) != CONNECTION_OK)
		return told(p, "connect again", d);
	return settle(p, d);
}

/* ---- Statements ---- */

struct bound {
	Oid types[DB_ARGS_MAX];
	const char *values[DB_ARGS_MAX];
	int lengths[DB_ARGS_MAX], formats[DB_ARGS_MAX];
	uint8_t ints[DB_ARGS_MAX][8];
};

static void
bind_one(struct bound *b, size_t i, const struct db_value *v)
{
	struct wr w;

	b->formats[i] = BINARY;
	if (v->kind == DB_INT) {
		wr_init(&w, b->ints[i], sizeof(b->ints[i]));
		wr_u64(&w, (uint64_t)v->i);
		b->types[i] = OID_INT8;
		b->values[i] = (const char *)b->ints[i];
		b->lengths[i] = sizeof(b->ints[i]);
		return;
	}
	b->types[i] = v->kind == DB_BYTES ? OID_BYTEA : OID_TEXT;
	b->values[i] = v->s.n > 0 ? (const char *)v->s.p : "";
	if (v->kind == DB_NULL)
		b->values[i] = NULL;
	b->lengths[i] = (int)v->s.n;
}

static int
prepare(struct postgres *p, unsigned id, const char *sql, const char *name,
    const struct bound *b, size_t n, struct seal_diag *d)
{
	PGresult *res;
	bool ok;

	if (id >= DB_STATEMENTS_MAX)
		return seal_fail(d, SEAL_E_LIMIT, "store: statement %u", id);
	if (p->prepared[id])
		return 0;
	res = PQprepare(p->conn, name, sql, (int)n, b->types);
	ok = PQresultStatus(res) == PGRES_COMMAND_OK;
	PQclear(res);
	if (!ok)
		return told(p, "prepare", d);
	p->prepared[id] = true;
	return 0;
}

/* Results come in binary: bigint as eight bytes, the rest as it is. */
static int
column(const PGresult *res, int row, int i, struct db_value *ret,
    struct seal_diag *d)
{
	struct span s =
	    span_of(PQgetvalue(res, row, i), (size_t)PQgetlength(res, row, i));
	uint64_t v = 0;
	struct rd r;

	*ret = (struct db_value){ .kind = DB_NULL };
	if (PQgetisnull(res, row, i))
		return 0;
	ret->s = s;
	switch (PQftype(res, i)) {
	case OID_INT8:
		rd_init(&r, s);
		if (!rd_u64(&r, &v) || !rd_end(&r))
			return seal_fail(d, SEAL_E_DECODE, "store: number");
		ret->kind = DB_INT;
		ret->i = (int64_t)v;
		return 0;
	case OID_TEXT:
		ret->kind = DB_TEXT;
		return 0;
	case OID_BYTEA:
		ret->kind = DB_BYTES;
		return 0;
	default:
		return seal_fail(d, SEAL_E_DECODE, "store: column %d", i);
	}
}

static int
each_row(const PGresult *res, db_row_fn row, void *arg, struct seal_diag *d)
{
	struct db_value v[DB_COLUMNS_MAX];
	int n = PQnfields(res), r = 0;

	if (n > DB_COLUMNS_MAX)
		return seal_fail(d, SEAL_E_LIMIT, "store: too many columns");
	for (int k = 0; r == 0 && row != NULL && k < PQntuples(res); k++) {
		for (int i = 0; r == 0 && i < n; i++)
			r = column(res, k, i, &v[i], d);
		if (r == 0)
			r = row(arg, v, (size_t)n, d);
	}
	return r;
}

static int
postgres_run(void *db, unsigned id, const char *sql,
    const struct db_value *args, size_t n, db_row_fn row, void *arg,
    int64_t *ret_changed, struct seal_diag *d)
{
	struct postgres *p = db;
	struct bound b = { 0 };
	PGresult *res = NULL;
	char name[16];
	int r;

	if (n > DB_ARGS_MAX)
		return seal_fail(d, SEAL_E_LIMIT, "store: too many values");
	for (size_t i = 0; i < n; i++)
		bind_one(&b, i, &args[i]);
	snprintf(name, sizeof(name), "s%u", id);
	if ((r = connected(p, d)) != 0 ||
	    (r = prepare(p, id, sql, name, &b, n, d)) != 0)
		return r;
	res = PQexecPrepared(
	    p->conn, name, (int)n, b.values, b.lengths, b.formats, BINARY);
	if (PQresultStatus(res) != PGRES_COMMAND_OK &&
	    PQresultStatus(res) != PGRES_TUPLES_OK)
		r = told(p, "postgres", d);
	else
		r = each_row(res, row, arg, d);
	if (r == 0 && ret_changed != NULL)
		*ret_changed = strtoll(PQcmdTuples(res), NULL, 10);
	PQclear(res);
	return r;
}

static int
postgres_begin(void *db, struct seal_diag *d)
{
	struct postgres *p = db;
	int r;

	if ((r = connected(p, d)) != 0 || (r = plain(p, "BEGIN", d)) != 0)
		return r;
	p->open = true;
	return 0;
}

/* COMMIT of what has failed succeeds, as a ROLLBACK: its tag says so. */
static int
commit_all(struct postgres *p, struct seal_diag *d)
{
	PGresult *res = PQexec(p->conn, "COMMIT");
	bool ok = PQresultStatus(res) == PGRES_COMMAND_OK &&
		  strcmp(PQcmdStatus(res), "COMMIT") == 0 &&
		  PQstatus(p->conn) == CONNECTION_OK;

	PQclear(res);
	return ok ? 0 : told(p, "commit", d);
}

static int
postgres_end(void *db, bool commit, struct seal_diag *d)
{
	struct postgres *p = db;
	int r = commit ? commit_all(p, d) : 0;

	p->open = false;
	if (!commit || r != 0)
		plain(p, "ROLLBACK", NULL);
	return r;
}

const struct db_driver db_postgres = {
	.name = "postgres",
	.migrations = migrations,
	.open = postgres_open,
	.close = postgres_close,
	.run = postgres_run,
	.begin = postgres_begin,
	.end = postgres_end,
};
