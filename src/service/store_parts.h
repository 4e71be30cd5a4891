/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_STORE_PARTS_H
#define SERVICE_STORE_PARTS_H

#include <pthread.h>

#include "service/store.h"

/* What the files of the store share; for them alone. */
#define STORE_CONNS_MAX 16

/* Statements, by number. */
enum {
	S_SESSION_ADD,
	S_SESSION_GET,
	S_SESSION_DELETE,
	S_SESSION_END,
	S_SESSION_EXPIRE,
	S_AR_ADD,
	S_AR_LIST,
	S_AR_REFUSED,
	S_AR_ATTESTERS,
	S_AR_EXPIRE,
	S_ITEM_ADD,
	S_ITEM_REMOVE,
	S_ITEM_LIST,
	S_ITEM_IN_FORCE,
	S_CORIM_COUNT,
	S_GENERATION,
	S_GENERATION_NEXT,
	S_ENROLMENT_ADD,
	S_ENROLMENT_TAKE,
	S_ENROLMENT_EXPIRE,
	S_COUNT,
	S_PING,
	STATEMENTS
};
_Static_assert(STATEMENTS <= DB_STATEMENTS_MAX, "statements");
extern const char *const store_sql[STATEMENTS];

struct store {
	const struct db_driver *driver;
	char *where;
	pthread_mutex_t lock; /* guards the three below */
	pthread_cond_t returned;
	void *idle[STORE_CONNS_MAX];
	size_t n_idle, n_open;
	size_t max;
	pthread_mutex_t writer; /* where the driver has one at a time */
};

/* A connection, to be given back; waits where all are taken. */
int store_take(struct store *s, void **ret, struct seal_diag *d);
void store_give(struct store *s, void *db);

/* A transaction that writes. One that has begun is ended, whatever happens. */
int store_begin(struct store *s, void *db, struct seal_diag *d);
int store_end(struct store *s, void *db, bool commit, struct seal_diag *d);

/* One statement on a connection that was taken, or by itself. */
int store_run_on(struct store *s, void *db, unsigned id,
    const struct db_value *args, size_t n, db_row_fn row, void *arg,
    int64_t *ret_changed, struct seal_diag *d);
int store_run(struct store *s, unsigned id, const struct db_value *args,
    size_t n, db_row_fn row, void *arg, int64_t *ret_changed,
    struct seal_diag *d);
#define STORE_N(args) (sizeof(args) / sizeof((args)[0]))
#define RUN(s, id, args, row, arg, changed, d) \
	store_run(s, id, args, STORE_N(args), row, arg, changed, d)

/* Values to bind; texts and bytes are borrowed. */
struct db_value store_number(int64_t i);
struct db_value store_text(const char *t); /* NULL: "" */
struct db_value store_bytes(struct span s);

/* A text column as a string of its own. NULL: none, or out of memory. */
char *store_column_text(const struct db_value *v);
/* The first column of a row, a number, into an int64_t. */
int store_row_number(
    void *arg, const struct db_value *v, size_t n, struct seal_diag *d);
int64_t store_list_max(size_t max);

#endif
