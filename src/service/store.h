/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_STORE_H
#define SERVICE_STORE_H

#include "base/wr.h"
#include "service/db.h"

/*
 * What verifiers remember: sessions, what was provisioned, and the log of
 * Attestation Results. Several verifiers may share one. Safe for any threads.
 * A call that wrote has returned 0 only after it was committed durably.
 */
struct store;

#define STORE_ID 37 /* bytes of a session's id, a UUID with its NUL */
#define STORE_NONCE_MAX 64
#define STORE_NAME_MAX 64       /* bytes of a policy's or endorsement's name */
#define STORE_BODY_MAX 1048576u /* bytes of one of these */
#define STORE_LIST_MAX 200      /* rows that one listing gives */

/*
 * where: "postgres://…" (libpq), else the file of a SQLite database. Brings
 * its schema up to date. At most n connections are used at a time.
 */
int store_open(
    const char *where, size_t n, struct store **ret, struct seal_diag *d);
void store_close(struct store **sp);           /* NULL is fine */
const char *store_kind(const struct store *s); /* "sqlite", "postgres" */
/* Can it be read now? */
int store_ping(struct store *s, struct seal_diag *d);

/* ---- Sessions ---- */

enum session_state {
	SESSION_NONE = 0,
	SESSION_WAITING,
	SESSION_COMPLETE,
	SESSION_FAILED,
};

struct session {
	char id[STORE_ID];
	uint8_t nonce[STORE_NONCE_MAX];
	size_t nonce_n;
	bool given; /* the requester chose the nonce */
	int64_t expiry_s;
	enum session_state state;
	char *result; /* owned; NULL: none yet */
};

void session_wipe(struct session *s);
int store_session_add(
    struct store *s, const struct session *in, struct seal_diag *d);
/* One that is alive at now_s; SEAL_E_STATE: there is none. */
int store_session_get(struct store *s, const char *id, int64_t now_s,
    struct session *ret, struct seal_diag *d);
/* SEAL_E_STATE: there was none. */
int store_session_delete(
    struct store *s, const char *id, int64_t now_s, struct seal_diag *d);

/* ---- The log of Attestation Results ---- */

struct ar_row {
	int64_t id, at_s;
	const char *session, *verifier, *attester, *scheme, *policy;
	const char *evidence;        /* SHA-256 of it, hex */
	int64_t outcome;             /* enum seal_outcome */
	int64_t tier;                /* AR4SI status: 0, 2, 32, 96 */
	const char *vector;          /* eight numbers, commas between */
	const char *reason, *remedy; /* "" where accepted */
	const char *result;          /* what the requester was given */
};

/* Ends a waiting session and logs its result, both or neither. SEAL_E_STATE:
 * somebody else ended it before. */
int store_session_finish(struct store *s, const char *id, int64_t now_s,
    enum session_state state, const struct ar_row *row, struct seal_diag *d);

enum ar_which { AR_ALL = 0, AR_ACCEPTED, AR_REFUSED };

struct ar_filter {
	const char *attester, *scheme; /* NULL: any */
	enum ar_which which;
	int64_t before_id; /* 0: from the newest */
	size_t max;        /* at most STORE_LIST_MAX */
};

/* Newest first; what row points to is borrowed until each returns. */
typedef int (*ar_fn)(void *arg, const struct ar_row *row, struct seal_diag *d);
int store_ar_list(struct store *s, const struct ar_filter *filter, ar_fn each,
    void *arg, struct seal_diag *d);
/* The newest row of each attester, newest first. */
int store_ar_attesters(
    struct store *s, size_t max, ar_fn each, void *arg, struct seal_diag *d);

/* ---- What was provisioned ---- */

#define STORE_CORIMS_MAX 256 /* in force at a time */

struct item {
	int64_t id, added_s;
	int64_t removed_s; /* 0: it was not */
	bool in_force;     /* the newest of its kind and name, not removed */
	const char *kind;  /* "policy", "corim" */
	const char *name, *type, *digest, *by;
	struct span body; /* empty in a listing */
};

/* The newest of a kind and name is the one in force. *ret_id may be NULL. */
int store_item_add(struct store *s, const struct item *in, int64_t *ret_id,
    struct seal_diag *d);
/* Takes one out of force, with those that it had replaced. SEAL_E_STATE: there
 * is none of this number, or it was removed before. */
int store_item_remove(
    struct store *s, int64_t id, int64_t now_s, struct seal_diag *d);
typedef int (*item_fn)(void *arg, const struct item *item, struct seal_diag *d);
int store_item_list(
    struct store *s, item_fn each, void *arg, struct seal_diag *d);
/* The policy of that name and every CoRIM, those in force at one moment, with
 * their bodies; *ret_generation: of that moment; 0: there was nothing. */
int store_in_force(struct store *s, const char *policy, item_fn each, void *arg,
    int64_t *ret_generation, struct seal_diag *d);
/* Another number after each change of what was provisioned. */
int store_generation(struct store *s, int64_t *ret, struct seal_diag *d);

/* ---- Enrolments under way ---- */

/* A challenge that was given out; state is for its answer. */
int store_enrolment_add(struct store *s, const char *id, struct span state,
    int64_t expiry_s, struct seal_diag *d);
/* Each can be taken once, by one. SEAL_E_STATE: there is none. */
int store_enrolment_take(
    struct store *s, const char *id, struct wr *ret_state, struct seal_diag *d);

/* ---- Care ---- */

/* Forgets sessions and enrolments that ended before now_s, results before
 * keep_s, and all but the newest keep_n results. */
int store_expire(struct store *s, int64_t now_s, int64_t keep_s, int64_t keep_n,
    struct seal_diag *d);

struct store_counts {
	int64_t sessions, items, results, refused;
};

int store_count(struct store *s, struct store_counts *ret, struct seal_diag *d);

#endif
