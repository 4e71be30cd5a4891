/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_COLLATERAL_H
#define LIB_COLLATERAL_H

#include <jansson.h>

#include <sealtls/collateral.h>

#include "collateral/need.h"
#include "collateral/store.h"

/* What the functions of <sealtls/collateral.h> share. */
struct coll_report {
	json_t *rows;
	struct seal_collateral_tally tally;
};

int report_new(struct coll_report *r, struct seal_diag *d);
/* Frees it; *ret is its text, or JSON. */
int report_end(struct coll_report *r, const char *member, int as_json,
    char **ret, struct seal_diag *d);

/* A row about an item: what it is, its name in the store, its dates. */
json_t *row_of(const struct coll_item *item, const char *file);
/* And how it went: "stored", "refused", …; d, where it failed, tells why. */
void report_add(struct coll_report *r, json_t *row, const char *outcome,
    const struct seal_diag *d);

/* Items of in, which *ret_n of them are; the caller frees. *broken counts
 * those that cannot be read, each a row of its own. */
int items_read(const struct endorsements *in, struct coll_report *r,
    struct coll_item **ret, size_t *ret_n, struct seal_diag *d);

/* Certificates first, lists, then documents. */
void items_sort(struct coll_item *items, size_t n);

/* What is to be had of whom. */
int platform_find(const struct seal_collateral_for *what,
    struct coll_platform *ret, struct seal_diag *d);

/* How an item that is stored stands at the time of c. */
enum standing {
	STANDS = 0,
	ENDS_SOON,
	TOO_OLD,
	ENDED,
	UNVERIFIED,
};
const char *standing_name(enum standing s);
enum standing item_standing(const struct coll_trust *t,
    const struct seal_collateral *c, uint32_t within_s, uint32_t max_age_s,
    struct coll_item *item, struct seal_diag *why);

#endif
