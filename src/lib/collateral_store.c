/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "lib/collateral.h"

/* What is on disk, and who may vouch for it and for what comes. */
struct work {
	const struct seal_collateral *c;
	struct coll_store store;
	struct endorsements *come; /* NULL: nothing */
	struct coll_trust trust;
	struct coll_report report;
	struct coll_item *items;
	size_t n;
};

static int
work_open(struct work *k, const struct seal_collateral *c, bool write,
    struct seal_diag *d)
{
	int r;

	memset(k, 0, sizeof(*k));
	k->c = c;
	k->store.at = k->store.lock = -1;
	if ((r = report_new(&k->report, d)) != 0)
		return r;
	return coll_store_open(c->dir, write, &k->store, d);
}

/* Everything read, before anything is judged: items vouch for each other. */
static int
work_ready(struct work *k, const struct endorsements *in, struct seal_diag *d)
{
	int r;

	k->trust.pools[0] = k->store.held;
	k->trust.pools[1] = k->come;
	if ((r = coll_trust_load(&k->trust, k->c->anchors, d)) != 0)
		return r;
	return items_read(in, &k->report, &k->items, &k->n, d);
}

/* With the report as the answer, where all went well. */
static int
work_end(struct work *k, int r, const char *member, char **ret,
    struct seal_collateral_tally *tally, struct seal_diag *d)
{
	if (r == 0) {
		if (tally != NULL)
			*tally = k->report.tally;
		r = report_end(&k->report, member, k->c->as_json, ret, d);
	}
	json_decref(k->report.rows);
	coll_trust_wipe(&k->trust);
	coll_store_close(&k->store);
	endorse_free(&k->come);
	free(k->items);
	return r;
}

/* ---- Import ---- */

/* 0 where it lies in the store now; only what cannot be written ends all. */
static int
take_item(struct work *k, struct coll_item *item, struct seal_diag *d)
{
	struct seal_diag why = { 0 };
	char file[COLL_NAME];
	enum coll_put put = COLL_PUT_SAME;
	int r = coll_verify(&k->trust, k->c->unix_s, item, &why);

	if (r == 0)
		r = coll_store_put(&k->store, item, &put, file, &why);
	if (r == SEAL_E_IO || r == SEAL_E_MEMORY)
		return seal_fail(d, r, "%s", why.text);
	report_add(&k->report, row_of(item, r == 0 ? file : NULL),
	    r == 0 ? coll_put_name(put) : "refused", &why);
	if (r == 0)
		k->report.tally.good++;
	else
		k->report.tally.refused++;
	return 0;
}

static int
import(struct work *k, const char *const *paths, struct seal_diag *d)
{
	int r = 0;

	if ((k->come = endorse_new()) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "collateral");
	for (; r == 0 && *paths != NULL; paths++)
		r = coll_load(*paths, k->come, d);
	if (r != 0 || (r = work_ready(k, k->come, d)) != 0)
		return r;
	if (k->n == 0 && k->report.tally.refused == 0) {
		seal_fail(d, SEAL_E_DECODE,
		    "collateral: no certificate, list or document in it");
		seal_remedy(d, "give PEM, DER, JSON as Intel's service gives "
			       "it, or what `seal collateral pack` wrote");
		return SEAL_E_DECODE;
	}
	items_sort(k->items, k->n);
	for (size_t i = 0; r == 0 && i < k->n; i++)
		r = take_item(k, &k->items[i], d);
	return r;
}

int
seal_collateral_import(const struct seal_collateral *c,
    const char *const *paths, char **ret, struct seal_collateral_tally *tally,
    struct seal_diag *d)
{
	struct work k;
	int r = work_open(&k, c, true, d);

	if (r == 0)
		r = import(&k, paths, d);
	return work_end(&k, r, "items", ret, tally, d);
}

/* ---- Pack ---- */

int
seal_collateral_pack(const struct seal_collateral *c, void **ret, size_t *ret_n,
    struct seal_diag *d)
{
	struct coll_store s;
	uint8_t *bytes = NULL;
	struct wr w;
	size_t n = 0;
	int r;

	if ((r = coll_store_open(c->dir, false, &s, d)) != 0)
		return r;
	wr_init_heap(&w, COLL_PACK_MAX);
	if ((r = coll_pack(s.held, &w, &n, d)) == 0 && n == 0)
		r = seal_fail(d, SEAL_E_CONFIG,
		    "collateral '%s': nothing in it to pack", c->dir);
	if (r == 0 && (r = wr_take(&w, &bytes, ret_n)) != 0)
		seal_fail(d, r, "pack");
	if (r == 0)
		*ret = bytes;
	wr_free(&w);
	coll_store_close(&s);
	return r;
}

/* ---- List and check ---- */

/* The file that holds a part; of others too, so not of our naming. */
static const char *
file_of(const struct work *k, const struct coll_item *item)
{
	const struct endorsements *e = k->store.held;

	for (size_t i = 0; i < e->n; i++)
		if (e->items[i].bytes.p == item->bytes.p)
			return e->items[i].name;
	return NULL;
}

static int
list(struct work *k, struct seal_diag *d)
{
	int r = work_ready(k, k->store.held, d);

	if (r != 0)
		return r;
	items_sort(k->items, k->n);
	for (size_t i = 0; i < k->n; i++) {
		struct seal_diag why = { 0 };
		enum standing s =
		    item_standing(&k->trust, k->c, 0, 0, &k->items[i], &why);

		report_add(&k->report,
		    row_of(&k->items[i], file_of(k, &k->items[i])),
		    standing_name(s), &why);
	}
	return 0;
}

int
seal_collateral_list(
    const struct seal_collateral *c, char **ret, struct seal_diag *d)
{
	struct work k;
	int r = work_open(&k, c, false, d);

	if (r == 0)
		r = list(&k, d);
	return work_end(&k, r, "items", ret, NULL, d);
}

/* A certificate that has ended is kept; it is missed where no other is there
 * in its place. */
static bool
is_replaced(const struct work *k, const struct coll_item *item)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct coll_item *other = &k->items[i];

		if (other != item && other->kind == item->kind &&
		    strcmp(other->key, item->key) == 0 &&
		    k->c->unix_s <= other->until)
			return true;
	}
	return false;
}

static void
count(struct work *k, enum standing s, bool replaced)
{
	if (s == STANDS || replaced)
		k->report.tally.good++;
	else if (s == ENDS_SOON || s == TOO_OLD)
		k->report.tally.retry++;
	else
		k->report.tally.refused++;
}

static void
check_item(struct work *k, const struct seal_collateral_check *check,
    struct coll_item *item)
{
	struct seal_diag why = { 0 };
	enum standing s = item_standing(
	    &k->trust, k->c, check->within_s, check->max_age_s, item, &why);

	count(k, s, s == ENDED && is_replaced(k, item));
	report_add(
	    &k->report, row_of(item, file_of(k, item)), standing_name(s), &why);
}

static void
add_missing(struct work *k, const struct coll_need *need)
{
	struct seal_diag why = { 0 };
	json_t *row = json_object();

	seal_fail(&why, SEAL_E_UNAVAILABLE, "not in the store");
	seal_remedy(&why, "seal collateral fetch, or import it");
	json_object_set_new(
	    row, "what", json_string(coll_kind_text(need->kind)));
	json_object_set_new(
	    row, "kind", json_string(coll_kind_name(need->kind)));
	json_object_set_new(row, "of", json_string(need->key));
	report_add(&k->report, row, "missing", &why);
	k->report.tally.refused++;
}

/* What that platform's appraisal would lack. Roots may stand in its policy
 * alone. */
static int
check_needs(struct work *k, const struct seal_collateral_check *check,
    struct seal_diag *d)
{
	struct coll_need needs[COLL_NEEDS_MAX];
	struct coll_platform p;
	size_t n;
	int r;

	if ((r = platform_find(check->what, &p, d)) != 0)
		return r;
	n = coll_needs(&p, needs);
	for (size_t i = 0; i < n; i++) {
		bool found = needs[i].kind == COLL_AMD_ARK;

		for (size_t j = 0; j < k->n; j++)
			if (coll_is(&k->items[j], &needs[i])) {
				check_item(k, check, &k->items[j]);
				found = true;
			}
		if (!found)
			add_missing(k, &needs[i]);
	}
	return 0;
}

static int
check_all(struct work *k, const struct seal_collateral_check *check,
    struct seal_diag *d)
{
	int r = work_ready(k, k->store.held, d);

	if (r != 0)
		return r;
	items_sort(k->items, k->n);
	if (check->what != NULL)
		return check_needs(k, check, d);
	for (size_t i = 0; i < k->n; i++)
		check_item(k, check, &k->items[i]);
	return 0;
}

int
seal_collateral_check(const struct seal_collateral *c,
    const struct seal_collateral_check *check, char **ret,
    struct seal_collateral_tally *tally, struct seal_diag *d)
{
	struct work k;
	int r = work_open(&k, c, false, d);

	if (r == 0)
		r = check_all(&k, check, d);
	return work_end(&k, r, "items", ret, tally, d);
}
