/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_DB_H
#define SERVICE_DB_H

#include <stdint.h>

#include "base/diag.h"
#include "base/span.h"

/*
 * What the store asks of a database: constant statements, prepared once for
 * each connection, with values bound. No text of a statement ever comes from
 * outside.
 */
enum db_kind { DB_NULL = 0, DB_INT, DB_TEXT, DB_BYTES };

struct db_value {
	enum db_kind kind;
	int64_t i;
	struct span s; /* of DB_TEXT and DB_BYTES; borrowed */
};

#define DB_ARGS_MAX 16
#define DB_COLUMNS_MAX 16

/* One row; values are borrowed until it returns: 0 to go on, or a SEAL_E_*. */
typedef int (*db_row_fn)(
    void *arg, const struct db_value *v, size_t n, struct seal_diag *d);

/*
 * One kind of database. Sequence: open; run, begin, end, repeatedly; close. A
 * connection is used by one thread at a time.
 */
struct db_driver {
	const char *name; /* stable: config, logs, tests */
	bool one_writer;  /* at a time: others of this process queue for it */
	/* Step i takes the schema from version i to i + 1; NULL ends. */
	const char *const *migrations;
	/* Connects, and brings the schema up to date; refuses a newer one. */
	int (*open)(const char *where, const char *const *migrations,
	    void **ret, struct seal_diag *d);
	void (*close)(void **dbp); /* NULL is fine */
	/* Runs statement number id, whose text is sql, with $1 to $n; row may
	 * be NULL. *ret_changed (or NULL): rows that were written. */
	int (*run)(void *db, unsigned id, const char *sql,
	    const struct db_value *args, size_t n, db_row_fn row, void *arg,
	    int64_t *ret_changed, struct seal_diag *d);
	int (*begin)(void *db, struct seal_diag *d);
	/* Commits, durably, or takes everything since begin back. */
	int (*end)(void *db, bool commit, struct seal_diag *d);
};

extern const struct db_driver db_sqlite, db_postgres;

#define DB_STATEMENTS_MAX 32

#endif
