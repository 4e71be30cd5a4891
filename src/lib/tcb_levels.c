/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "appraise/dcap.h"
#include "base/text.h"
#include "collateral/verify.h"
#include "crypto/hash.h"
#include "crypto/x509.h"
#include "lib/inspect.h"
#include "lib/tcb_status.h"

#define DAY_S 86400
#define ADVISORIES 512

/* One TCB Info, by an entry of the policy whose root vouches for it. */
struct level_view {
	const struct tcb_info *info;
	const struct dcap_rules *rules;
	int64_t now, end;
	struct seal_tcb_outlook *outlook;
};

static void
put_advisories(json_t *o, const struct tcb_level *l)
{
	uint8_t buf[ADVISORIES];
	char text[ADVISORIES];
	struct tcb_advisories it;
	struct span id;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	tcb_advisories_begin(l, &it);
	while (tcb_advisories_next(&it, &id)) {
		if (w.n > 0)
			wr_u8(&w, ' ');
		wr_bytes(&w, id);
	}
	tree_text(
	    o, "advisories", "%s", text_safe(wr_view(&w), text, sizeof(text)));
}

static bool
accepted_at(const struct level_view *view, size_t k, int64_t when,
    int64_t *until, json_t **ret_why)
{
	struct seal_verdict *v = verdict_new();
	bool ok = v != NULL &&
		  dcap_judge_level(view->info, k, view->rules, when, until, v);

	if (v != NULL && ret_why != NULL)
		*ret_why = tcb_refusals(v);
	seal_verdict_free(&v);
	return ok;
}

static json_t *
one_level(const struct level_view *view, size_t k)
{
	const struct tcb_level *l = &view->info->levels[k];
	int64_t until = INT64_MAX;
	json_t *o = json_object(), *why = NULL;
	bool ok = accepted_at(view, k, view->now, &until, &why);

	tree_time(o, "date", l->date);
	tree_text(o, "status", "%s", tcb_status_name(l->status));
	put_advisories(o, l);
	tree_hex(o, "sgx components", span_of(l->sgx, sizeof(l->sgx)));
	if (view->info->tdx)
		tree_hex(o, "tdx components", span_of(l->tdx, sizeof(l->tdx)));
	tree_int(o, "pcesvn", l->pce_svn);
	tree_text(o, "now", "%s", ok ? "accepted" : "refused");
	json_object_set_new(o, "refusals", why);
	if (!ok)
		view->outlook->refused_now = 1;
	if (ok && until <= view->end) {
		tree_time(o, "refused from", until);
		view->outlook->refused_soon = 1;
	}
	return o;
}

static json_t *
one_info(const struct level_view *view)
{
	const struct tcb_info *i = view->info;
	json_t *o = json_object(), *list = json_array();

	tree_text(o, "tee", "%s", i->tdx ? "TDX" : "SGX");
	tree_hex(o, "fmspc", span_of(i->fmspc, sizeof(i->fmspc)));
	tree_int(o, "evaluation", i->evaluation);
	tree_time(o, "until", i->next_update);
	for (size_t k = 0; k < i->n_levels; k++)
		json_array_append_new(list, one_level(view, k));
	json_object_set_new(o, "levels", list);
	if (i->next_update < view->end)
		view->outlook->refused_soon = 1;
	return o;
}

/* A certificate of the root that the entry names by its key, as learned
 * policies do: Evidence would bring it along. */
static struct trust *
named_root(const struct dcap_rules *rules, const struct endorsements *all)
{
	struct span want =
			span_of(rules->root_sha256, sizeof(rules->root_sha256)),
		    spki;
	const struct endorsement *c;
	struct trust *t = NULL;
	uint8_t digest[HASH_MAX];
	size_t at = 0;

	while (
	    t == NULL && (c = endorse_next(all, ENDORSE_CERT, &at)) != NULL) {
		if (!cert_spki_read(c->bytes, &spki) ||
		    hash_one(HASH_SHA256, spki, digest, NULL) != 0 ||
		    !span_equal_ct(span_of(digest, want.n), want) ||
		    (t = trust_new()) == NULL)
			continue;
		if (trust_add_der(t, c->bytes, NULL) != 0)
			trust_free(&t);
	}
	return t;
}

/* Is it of that technology, and does a root of the entry vouch for it? */
static bool
vouched(const struct accept_entry *e, const struct dcap_rules *rules,
    const struct endorsements *all, int64_t now, struct coll_item *item)
{
	struct coll_trust t = { .pools = { all } };
	bool ok;

	if (rules->has_root) {
		t.anchors = named_root(rules, all);
		ok = t.anchors != NULL && coll_verify(&t, now, item, NULL) == 0;
		trust_free(&t.anchors);
		return ok;
	}
	for (size_t i = 0; i < e->n_signers; i++) {
		t.anchors = e->signers[i].ca;
		if (t.anchors != NULL && coll_verify(&t, now, item, NULL) == 0)
			return true;
	}
	return false;
}

static int
add_info(const struct policy *p, const struct endorsements *all,
    struct coll_item *item, struct level_view *view, json_t *list)
{
	struct tcb_info *info = calloc(1, sizeof(*info));
	struct tcb_bundle b;

	if (info == NULL)
		return SEAL_E_MEMORY;
	if (tcb_bundle_parse(item->bytes, &b, NULL) != 0) {
		free(info);
		return 0;
	}
	view->info = info;
	for (size_t i = 0; i < p->n_accept; i++) {
		bool tdx = false;

		view->rules = dcap_rules_of(&p->accept[i], &tdx);
		if (view->rules == NULL ||
		    tcb_info_parse(b.tcb_info, b.tcb_signature, info, NULL) !=
			0 ||
		    info->tdx != tdx ||
		    !vouched(&p->accept[i], view->rules, all, view->now, item))
			continue;
		json_array_append_new(list, one_info(view));
	}
	tcb_bundle_free(&b);
	free(info);
	return 0;
}

static int
add_all(const struct policy *p, const struct endorsements *all,
    struct level_view *view, json_t *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->n; i++) {
		struct coll_item item;

		if (coll_read(&all->items[i], &item, NULL) == 0 &&
		    item.kind == COLL_TCB_INFO)
			r = add_info(p, all, &item, view, list);
	}
	return r;
}

json_t *
tcb_levels(const struct policy *p, const struct endorsements *e, int64_t now,
    uint32_t days, struct seal_tcb_outlook *ret)
{
	struct level_view view = {
		.now = now, .end = now + (int64_t)days * DAY_S, .outlook = ret
	};
	struct endorsements *all = endorse_new();
	json_t *o = json_object(), *list = json_array();
	bool ok = all != NULL && coll_split(e, all, NULL) == 0 &&
		  add_all(p, all, &view, list) == 0;

	tree_time(o, "at", now);
	json_object_set_new(o, "levels", list);
	endorse_free(&all);
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}
