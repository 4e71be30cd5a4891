/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/collateral.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "lib/inspect.h"
#include "lib/offline.h"

/* ---- Reports ---- */

int
report_new(struct coll_report *r, struct seal_diag *d)
{
	*r = (struct coll_report){ .rows = json_array() };
	return r->rows != NULL ? 0 : seal_fail(d, SEAL_E_MEMORY, "collateral");
}

static const char *
text_of(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s == NULL ? "" : s;
}

/* One line each, and why below it. */
static void
draw_row(struct wr *w, const json_t *row)
{
	const char *until = text_of(row, "until");

	wr_printf(w, "%-10s %s", text_of(row, "outcome"), text_of(row, "what"));
	if (text_of(row, "of")[0] != '\0')
		wr_printf(w, " %s", text_of(row, "of"));
	if (until[0] != '\0')
		wr_printf(w, ", until %s", until);
	wr_printf(w, "\n");
	if (text_of(row, "why")[0] != '\0')
		wr_printf(w, "           %s\n", text_of(row, "why"));
	if (text_of(row, "remedy")[0] != '\0')
		wr_printf(w, "           to do: %s\n", text_of(row, "remedy"));
}

static int
draw(const json_t *rows, char **ret, struct seal_diag *d)
{
	struct wr w;
	size_t i;
	json_t *row;
	int r;

	wr_init_heap(&w, LIMIT_FILE);
	json_array_foreach(rows, i, row) draw_row(&w, row);
	if ((r = wr_take_text(&w, ret)) != 0)
		seal_fail(d, r, "collateral: too much to show");
	wr_free(&w);
	return r;
}

int
report_end(struct coll_report *r, const char *member, int as_json, char **ret,
    struct seal_diag *d)
{
	json_t *o;
	int code = 0;

	if (!as_json) {
		code = draw(r->rows, ret, d);
	} else {
		o = json_pack("{s:O}", member, r->rows);
		*ret = o == NULL ? NULL : json_dumps(o, JSON_INDENT(2));
		json_decref(o);
		if (*ret == NULL)
			code = seal_fail(d, SEAL_E_MEMORY, "collateral");
	}
	json_decref(r->rows);
	r->rows = NULL;
	return code;
}

json_t *
row_of(const struct coll_item *item, const char *file)
{
	json_t *o = json_object();

	tree_text(o, "what", "%s", coll_kind_text(item->kind));
	tree_text(o, "kind", "%s", coll_kind_name(item->kind));
	tree_text(o, "of", "%s", item->key);
	tree_time(o, "from", item->from);
	tree_time(o, "until", item->until);
	if (item->number.n > 0)
		tree_hex(o, "number", item->number);
	if (coll_class(item->kind) == COLL_IS_DOCUMENT)
		tree_int(o, "evaluation", item->evaluation);
	tree_hex(o, "sha256", span_of(item->digest, sizeof(item->digest)));
	if (file != NULL)
		tree_text(o, "file", "%s", file);
	return o;
}

void
report_add(struct coll_report *r, json_t *row, const char *outcome,
    const struct seal_diag *d)
{
	json_object_set_new(row, "outcome", json_string(outcome));
	if (d != NULL && d->code != 0) {
		json_object_set_new(
		    row, "code", json_string(seal_error_name(d->code)));
		tree_text(row, "why", "%s", d->text);
		if (d->remedy[0] != '\0')
			tree_text(row, "remedy", "%s", d->remedy);
	}
	json_array_append_new(r->rows, row);
}

/* ---- Items ---- */

static void
add_broken(struct coll_report *r, const char *name, const struct seal_diag *d)
{
	json_t *row = json_object();

	tree_text(row, "what", "%s", name);
	report_add(r, row, "refused", d);
	r->tally.refused++;
}

int
items_read(const struct endorsements *in, struct coll_report *r,
    struct coll_item **ret, size_t *ret_n, struct seal_diag *d)
{
	struct coll_item *items = calloc(in->n + 1, sizeof(*items));
	size_t n = 0;

	if (items == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "collateral");
	for (size_t i = 0; i < in->n; i++) {
		struct seal_diag why = { 0 };

		if (coll_read(&in->items[i], &items[n], &why) == 0)
			n++;
		else
			add_broken(r, in->items[i].name, &why);
	}
	*ret = items;
	*ret_n = n;
	return 0;
}

static int
by_class(const void *a, const void *b)
{
	const struct coll_item *x = a, *y = b;
	int c = (int)coll_class(x->kind) - (int)coll_class(y->kind);

	if (c == 0)
		c = (int)x->kind - (int)y->kind;
	return c != 0 ? c : memcmp(x->digest, y->digest, sizeof(x->digest));
}

void
items_sort(struct coll_item *items, size_t n)
{
	qsort(items, n, sizeof(*items), by_class);
}

/* ---- Standing ---- */

const char *
standing_name(enum standing s)
{
	static const char *const names[] = { "good", "ends soon", "too old",
		"ended", "unverified" };

	return names[s];
}

enum standing
item_standing(const struct coll_trust *t, const struct seal_collateral *c,
    uint32_t within_s, uint32_t max_age_s, struct coll_item *item,
    struct seal_diag *why)
{
	bool cert = coll_class(item->kind) == COLL_IS_CERT;

	if (c->unix_s > item->until)
		return ENDED;
	if (coll_verify(t, c->unix_s, item, why) != 0)
		return UNVERIFIED;
	if (!cert && max_age_s > 0 &&
	    c->unix_s - item->from > (int64_t)max_age_s)
		return TOO_OLD;
	return item->until - c->unix_s <= (int64_t)within_s ? ENDS_SOON
							    : STANDS;
}

/* ---- Whose ---- */

static int
named_amd(const struct seal_collateral_for *what, struct coll_platform *p,
    struct seal_diag *d)
{
	for (enum snp_product k = SNP_MILAN; k < SNP_PRODUCTS; k++)
		if (strcmp(what->product, snp_product_name(k)) == 0)
			p->product = k;
	if (p->product == SNP_PRODUCT_NONE)
		return seal_fail(d, SEAL_E_CONFIG,
		    "product: expected Milan, Genoa or Turin, found '%.40s'",
		    what->product);
	p->vendor = COLL_AMD;
	p->vlek = what->vlek != 0;
	return 0;
}

static int
named_intel(const struct seal_collateral_for *what, struct coll_platform *p,
    struct seal_diag *d)
{
	struct wr w;

	wr_init(&w, p->fmspc, sizeof(p->fmspc));
	if (!hex_decode(span_str(what->fmspc), &w) || w.n != sizeof(p->fmspc))
		return seal_fail(d, SEAL_E_CONFIG,
		    "fmspc: expected 12 hex digits, found '%.40s'",
		    what->fmspc);
	p->ca = what->ca == NULL || strcmp(what->ca, "platform") == 0
		    ? "platform"
		: strcmp(what->ca, "processor") == 0 ? "processor"
						     : NULL;
	if (p->ca == NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "ca: expected platform or processor, found '%.40s'",
		    what->ca);
	p->vendor = COLL_INTEL;
	p->tdx = what->tdx != 0;
	p->has_fmspc = true;
	return 0;
}

/* The first member that is a platform of a vendor's. */
static int
found_in_collection(struct span in, enum snp_product product,
    struct coll_platform *p, struct seal_diag *d)
{
	struct cmw c;
	int r;

	if ((r = cmw_parse(in, &c, d)) != 0)
		return r;
	r = SEAL_E_UNSUPPORTED;
	for (size_t i = 1; r != 0 && i < c.n; i++)
		if (c.items[i].kind == CMW_RECORD &&
		    coll_platform_of(c.items[i].media_type, c.items[i].value,
			product, p, NULL) == 0)
			r = 0;
	cmw_free(&c);
	return r == 0 ? 0
		      : seal_fail(d, r,
			    "collateral: expected a collection with Evidence "
			    "of SEV-SNP, TDX or SGX, found none in it");
}

static int
found_in_evidence(const struct seal_collateral_for *what,
    struct coll_platform *p, struct seal_diag *d)
{
	enum snp_product product = SNP_PRODUCT_NONE;
	struct offline_item item = { 0 };
	struct coll_platform named = { 0 };
	int r = 0;

	if (what->product != NULL && (r = named_amd(what, &named, d)) != 0)
		return r;
	product = named.product;
	if ((r = offline_item_find(span_of(what->evidence, what->evidence_n),
		 what->type, &item, d)) == 0)
		r = media_type_equal(item.type, span_str(CMW_TYPE))
			? found_in_collection(item.value, product, p, d)
			: coll_platform_of(
			      item.type, item.value, product, p, d);
	offline_item_wipe(&item);
	return r;
}

int
platform_find(const struct seal_collateral_for *what, struct coll_platform *ret,
    struct seal_diag *d)
{
	memset(ret, 0, sizeof(*ret));
	if (what->evidence != NULL)
		return found_in_evidence(what, ret, d);
	if ((what->product != NULL) == (what->fmspc != NULL))
		return seal_fail(d, SEAL_E_CONFIG,
		    "collateral: expected Evidence, a product of AMD's or an "
		    "FMSPC of Intel's, one of them");
	return what->product != NULL ? named_amd(what, ret, d)
				     : named_intel(what, ret, d);
}
