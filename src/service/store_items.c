/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "service/store_parts.h"

#define ITEM_TEXTS 5 /* kind, name, type, digest, author: columns 2 to 6 */

/* ---- Writing ---- */

static int
add_parts(struct store *s, void *db, const struct item *in, int64_t *ret_id,
    struct seal_diag *d)
{
	const struct db_value args[] = { store_text(in->kind),
		store_text(in->name), store_text(in->type),
		store_text(in->digest), store_text(in->by),
		store_number(in->added_s), store_bytes(in->body) };
	int64_t corims = 0;
	int r;

	if ((r = store_run_on(s, db, S_ITEM_ADD, args, STORE_N(args),
		 store_row_number, ret_id, NULL, d)) != 0 ||
	    (r = store_run_on(s, db, S_CORIM_COUNT, NULL, 0, store_row_number,
		 &corims, NULL, d)) != 0)
		return r;
	if (corims <= STORE_CORIMS_MAX)
		return 0;
	seal_fail(d, SEAL_E_LIMIT, "store: more than %d CoRIMs in force",
	    STORE_CORIMS_MAX);
	seal_remedy(d, "seal verifier list; seal verifier remove NUMBER");
	return SEAL_E_LIMIT;
}

static int
remove_parts(
    struct store *s, void *db, int64_t id, int64_t now_s, struct seal_diag *d)
{
	const struct db_value args[] = { store_number(now_s),
		store_number(id) };
	int64_t n = 0;
	int r = store_run_on(
	    s, db, S_ITEM_REMOVE, args, STORE_N(args), NULL, NULL, &n, d);

	if (r != 0 || n > 0)
		return r;
	return seal_fail(d, SEAL_E_STATE,
	    "store: nothing of number %lld that could be removed",
	    (long long)id);
}

/* A step of random length: a store that was restored from a backup and then
 * changed does not come upon a number that a verifier has seen before. */
static int
next_generation(struct store *s, void *db, struct seal_diag *d)
{
	struct db_value args[1];
	uint16_t more = 0;

	if (getrandom(&more, sizeof(more), 0) != (ssize_t)sizeof(more))
		return seal_fail(d, SEAL_E_UNAVAILABLE, "no random bytes: %s",
		    strerror(errno));
	args[0] = store_number(1 + (int64_t)more);
	return store_run_on(
	    s, db, S_GENERATION_NEXT, args, 1, NULL, NULL, NULL, d);
}

/*
 * Adds in, or removes id where in is NULL, and counts the generation up. That
 * comes first: it locks its row until the end, so that numbers of items come
 * into sight in their order.
 */
static int
change(struct store *s, const struct item *in, int64_t id, int64_t now_s,
    int64_t *ret_id, struct seal_diag *d)
{
	void *db = NULL;
	int r, end;

	if ((r = store_take(s, &db, d)) != 0)
		return r;
	if ((r = store_begin(s, db, d)) == 0) {
		if ((r = next_generation(s, db, d)) == 0)
			r = in != NULL ? add_parts(s, db, in, ret_id, d)
				       : remove_parts(s, db, id, now_s, d);
		end = store_end(s, db, r == 0, d);
		r = r != 0 ? r : end;
	}
	store_give(s, db);
	return r;
}

int
store_item_add(struct store *s, const struct item *in, int64_t *ret_id,
    struct seal_diag *d)
{
	int64_t id = 0;
	int r;

	if (in->body.n > STORE_BODY_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "store: expected at most %u bytes, found %zu",
		    STORE_BODY_MAX, in->body.n);
	r = change(s, in, 0, 0, &id, d);
	if (r == 0 && ret_id != NULL)
		*ret_id = id;
	return r;
}

int
store_item_remove(
    struct store *s, int64_t id, int64_t now_s, struct seal_diag *d)
{
	return change(s, NULL, id, now_s, NULL, d);
}

/* ---- Reading ---- */

struct item_list {
	item_fn each;
	void *arg;
	bool in_force; /* what the columns after the common seven are */
	int64_t generation;
};

/* Hands on an item whose texts are the columns 2 to 6. */
static int
hand_on(const struct item_list *list, const struct db_value *v,
    struct item *item, struct seal_diag *d)
{
	char *t[ITEM_TEXTS] = { NULL };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ITEM_TEXTS; i++)
		if ((t[i] = store_column_text(&v[2 + i])) == NULL)
			r = seal_fail(d, SEAL_E_MEMORY, "store");
	item->id = v[0].i;
	item->added_s = v[1].i;
	item->kind = t[0];
	item->name = t[1];
	item->type = t[2];
	item->digest = t[3];
	item->by = t[4];
	if (r == 0)
		r = list->each(list->arg, item, d);
	for (size_t i = 0; i < ITEM_TEXTS; i++)
		free(t[i]);
	return r;
}

static int
row_item(void *arg, const struct db_value *v, size_t n, struct seal_diag *d)
{
	struct item_list *list = arg;
	struct item item = { 0 };

	if (n != 9)
		return seal_fail(d, SEAL_E_DECODE, "store: item");
	if (list->in_force) {
		item.in_force = true;
		item.body = v[7].s;
		list->generation = v[8].i;
	} else {
		item.removed_s = v[7].i;
		item.in_force = v[7].i == 0 && v[8].i == 0;
	}
	return hand_on(list, v, &item, d);
}

int
store_item_list(struct store *s, item_fn each, void *arg, struct seal_diag *d)
{
	struct item_list list = { .each = each, .arg = arg };
	const struct db_value args[] = { store_number(STORE_LIST_MAX) };

	return RUN(s, S_ITEM_LIST, args, row_item, &list, NULL, d);
}

int
store_in_force(struct store *s, const char *policy, item_fn each, void *arg,
    int64_t *ret_generation, struct seal_diag *d)
{
	struct item_list list = { .each = each, .arg = arg, .in_force = true };
	const struct db_value args[] = { store_text(policy) };
	int r = RUN(s, S_ITEM_IN_FORCE, args, row_item, &list, NULL, d);

	if (r == 0)
		*ret_generation = list.generation;
	return r;
}

int
store_generation(struct store *s, int64_t *ret, struct seal_diag *d)
{
	int64_t n = 0;
	int r =
	    store_run(s, S_GENERATION, NULL, 0, store_row_number, &n, NULL, d);

	if (r == 0 && n <= 0)
		r = seal_fail(d, SEAL_E_DECODE, "store: generation");
	if (r == 0)
		*ret = n;
	return r;
}

/* ---- Enrolments ---- */

int
store_enrolment_add(struct store *s, const char *id, struct span state,
    int64_t expiry_s, struct seal_diag *d)
{
	const struct db_value args[] = { store_text(id), store_bytes(state),
		store_number(expiry_s) };

	return RUN(s, S_ENROLMENT_ADD, args, NULL, NULL, NULL, d);
}

struct taken {
	struct wr *state;
	bool found;
};

static int
row_enrolment(
    void *arg, const struct db_value *v, size_t n, struct seal_diag *d)
{
	struct taken *t = arg;

	if (n != 1 || v[0].kind != DB_BYTES || t->found)
		return seal_fail(d, SEAL_E_DECODE, "store: enrolment");
	t->found = true;
	wr_bytes(t->state, v[0].s);
	return t->state->error == 0
		   ? 0
		   : seal_fail(d, t->state->error, "store: enrolment");
}

int
store_enrolment_take(
    struct store *s, const char *id, struct wr *ret_state, struct seal_diag *d)
{
	const struct db_value args[] = { store_text(id) };
	struct taken t = { .state = ret_state };
	int r = RUN(s, S_ENROLMENT_TAKE, args, row_enrolment, &t, NULL, d);

	if (r != 0 || t.found)
		return r;
	seal_fail(d, SEAL_E_STATE,
	    "enrolment: no challenge of this id waits for an answer");
	seal_remedy(d, "it was answered, or has expired: request another");
	return SEAL_E_STATE;
}
