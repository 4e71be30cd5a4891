/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/tcb_status.h"

#include <stdlib.h>
#include <string.h>

#include "appraise/endorse_folder.h"
#include "lib/inspect.h"
#include "lib/offline.h"

#define DAY_S 86400
#define DAYS_MAX 3650u

/*
 * When a rule begins to refuse is not computed from what each rule rests on,
 * which a new one could forget, but found by asking the appraiser itself, at
 * other times.
 */
struct looking {
	const struct policy *policy;
	struct appraisal_in in;
};

/* ---- Refusals ---- */

/* What a file cannot show, or what its age alone would say. */
static bool
is_left_out(const char *check)
{
	static const char *const names[] = { "binder.known", "age", "expiry",
		"lease", NULL };

	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(check, names[i]) == 0)
			return true;
	return false;
}

static json_t *
refusal(const struct seal_check *c)
{
	json_t *o = json_object();

	json_object_set_new(o, "check", json_string(c->name));
	tree_text(o, "expected", "%s", c->expected);
	tree_text(o, "found", "%s", c->got);
	if (c->remedy[0] != '\0')
		tree_text(o, "remedy", "%s", c->remedy);
	return o;
}

json_t *
tcb_refusals(const struct seal_verdict *v)
{
	json_t *list = json_array();
	struct seal_check c;

	for (size_t i = 0; seal_verdict_check(v, i, &c) == 0; i++)
		if (c.status == SEAL_CHECK_FAILED && !is_left_out(c.name))
			json_array_append_new(list, refusal(&c));
	return list;
}

/* ---- Times ---- */

/* NULL: out of memory. */
static struct seal_verdict *
judge_at(struct looking *k, int64_t when)
{
	struct seal_verdict *v = verdict_new();

	if (v == NULL)
		return NULL;
	k->in.now = when;
	(void)appraise(k->policy, &k->in, v);
	return v;
}

static bool
stands_at(struct looking *k, int64_t when)
{
	struct seal_verdict *v = judge_at(k, when);
	json_t *refused = v == NULL ? NULL : tcb_refusals(v);
	bool stands = refused != NULL && json_array_size(refused) == 0;

	json_decref(refused);
	seal_verdict_free(&v);
	return stands;
}

/* The first second that is refused, of those after from, which is not, up to
 * to, which is. */
static int64_t
first_refused(struct looking *k, int64_t from, int64_t to)
{
	while (to - from > 1) {
		int64_t middle = from + (to - from) / 2;

		if (stands_at(k, middle))
			from = middle;
		else
			to = middle;
	}
	return to;
}

/* ---- The answer ---- */

/* What tells one platform's TCB from another's. */
static const char *const claims[] = { "dcap.fmspc", "dcap.tcb.status",
	"dcap.tcb.advisories", "tdx.tee_tcb_svn", "snp.product", "snp.chip_id",
	"snp.tcb.reported", "snp.tcb.committed", "snp.tcb.launch", NULL };

static void
put_claims(json_t *o, const struct seal_verdict *v)
{
	json_t *list = json_object();

	for (size_t i = 0; claims[i] != NULL; i++) {
		const char *value = seal_verdict_claim(v, claims[i]);

		if (value != NULL && value[0] != '\0')
			json_object_set_new(
			    list, claims[i], json_string(value));
	}
	json_object_set_new(o, "platform", list);
}

static int
put_time(json_t *o, struct looking *k, int64_t when, struct seal_diag *d)
{
	struct seal_verdict *v = judge_at(k, when);

	if (v == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "tcb status");
	tree_time(o, "at", when);
	json_object_set_new(o, "refusals", tcb_refusals(v));
	seal_verdict_free(&v);
	return 0;
}

static int
of_evidence(struct looking *k, int64_t now, uint32_t days, json_t *o,
    struct seal_tcb_outlook *ret, struct seal_diag *d)
{
	int64_t end = now + (int64_t)days * DAY_S;
	struct seal_verdict *v = judge_at(k, now);
	json_t *present = json_object(), *later = json_object();
	int r;

	json_object_set_new(o, "now", present);
	json_object_set_new(o, "next", later);
	if (v == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "tcb status");
	put_claims(o, v);
	seal_verdict_free(&v);
	if ((r = put_time(present, k, now, d)) != 0)
		return r;
	ret->refused_now =
	    json_array_size(json_object_get(present, "refusals")) > 0;
	if (ret->refused_now)
		return 0;
	ret->refused_soon = days > 0 && !stands_at(k, end);
	return put_time(
	    later, k, ret->refused_soon ? first_refused(k, now, end) : end, d);
}

/* ---- Text ---- */

static void
draw_refusals(struct wr *w, const json_t *list)
{
	size_t i;
	json_t *o;

	json_array_foreach(list, i, o)
	{
		const char *remedy =
		    json_string_value(json_object_get(o, "remedy"));

		wr_printf(w, "  %s\n    expected  %s\n    found     %s\n",
		    json_string_value(json_object_get(o, "check")),
		    json_string_value(json_object_get(o, "expected")),
		    json_string_value(json_object_get(o, "found")));
		if (remedy != NULL)
			wr_printf(w, "    to do     %s\n", remedy);
	}
}

static void
draw_claims(struct wr *w, json_t *list)
{
	const char *name;
	json_t *value;

	json_object_foreach(list, name, value)
	    wr_printf(w, "%-20s %s\n", name, json_string_value(value));
}

static void
draw_evidence(struct wr *w, json_t *o, const struct seal_tcb_outlook *l)
{
	json_t *now = json_object_get(o, "now");
	json_t *next = json_object_get(o, "next");
	const char *at = json_string_value(json_object_get(next, "at"));

	draw_claims(w, json_object_get(o, "platform"));
	wr_printf(w, "%-20s %s\n", "now",
	    l->refused_now ? "refused:" : "nothing refuses it");
	draw_refusals(w, json_object_get(now, "refusals"));
	if (at == NULL)
		return;
	wr_printf(w, "%-20s %s %s%s\n", "then",
	    l->refused_soon ? "refused from" : "nothing refuses it until", at,
	    l->refused_soon ? ":" : "");
	draw_refusals(w, json_object_get(next, "refusals"));
}

static void
draw_levels(struct wr *w, json_t *o)
{
	size_t i, k;
	json_t *doc, *level;

	json_array_foreach(json_object_get(o, "levels"), i, doc)
	{
		wr_printf(w, "%s %s, evaluation %lld, until %s\n",
		    json_string_value(json_object_get(doc, "tee")),
		    json_string_value(json_object_get(doc, "fmspc")),
		    (long long)json_integer_value(
			json_object_get(doc, "evaluation")),
		    json_string_value(json_object_get(doc, "until")));
		json_array_foreach(json_object_get(doc, "levels"), k, level)
		{
			const char *end = json_string_value(
			    json_object_get(level, "refused from"));

			wr_printf(w, "  %s %-30s %s%s%s %s\n",
			    json_string_value(json_object_get(level, "date")),
			    json_string_value(json_object_get(level, "status")),
			    json_string_value(json_object_get(level, "now")),
			    end == NULL ? "" : ", refused from ",
			    end == NULL ? "" : end,
			    json_string_value(
				json_object_get(level, "advisories")));
		}
	}
}

static int
answer(json_t *o, bool levels, int as_json, const struct seal_tcb_outlook *l,
    char **ret, struct seal_diag *d)
{
	struct wr w;
	int r;

	if (as_json) {
		*ret = json_dumps(o, JSON_INDENT(2));
		return *ret != NULL ? 0
				    : seal_fail(d, SEAL_E_MEMORY, "tcb status");
	}
	wr_init_heap(&w, LIMIT_FILE);
	if (levels)
		draw_levels(&w, o);
	else
		draw_evidence(&w, o, l);
	if ((r = wr_take_text(&w, ret)) != 0)
		seal_fail(d, r, "tcb status");
	wr_free(&w);
	return r;
}

/* ---- Without Evidence ---- */

/* What was named, or else the policy's own folder. */
static int
find_endorsements(const struct seal_appraise_args *args, const struct policy *p,
    struct endorsements **ret, struct seal_diag *d)
{
	struct seal_diag why = { 0 };

	if (args->endorsements != NULL)
		return endorse_load(args->endorsements, ret, d);
	if (p->endorse == NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "tcb status: expected Evidence or --endorsements, found "
		    "neither, and the policy names no folder of them");
	*ret = endorse_folder_get(p->endorse, args->unix_s, &why);
	return why.code == 0 ? 0 : seal_fail(d, why.code, "%s", why.text);
}

static int
of_levels(const struct seal_appraise_args *args, const struct policy *p,
    uint32_t days, json_t **ret, struct seal_tcb_outlook *l,
    struct seal_diag *d)
{
	struct endorsements *e = NULL;
	int r;

	if ((r = find_endorsements(args, p, &e, d)) == 0 &&
	    (*ret = tcb_levels(p, e, args->unix_s, days, l)) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "tcb status");
	if (r == 0 && json_array_size(json_object_get(*ret, "levels")) == 0) {
		seal_fail(d, SEAL_E_UNAVAILABLE,
		    "tcb status: no TCB Info that an entry of the policy has "
		    "a root for, and is in date");
		seal_remedy(d, "seal collateral fetch; or give Evidence");
		r = SEAL_E_UNAVAILABLE;
	}
	endorse_free(&e);
	return r;
}

int
seal_tcb_status(const struct seal_appraise_args *args, uint32_t days,
    int as_json, char **ret, struct seal_tcb_outlook *ret_outlook,
    struct seal_diag *d)
{
	struct seal_tcb_outlook l = { 0 };
	struct offline_item item = { 0 };
	struct policy *policy = NULL;
	struct seal_binding binding;
	struct looking k = { NULL };
	json_t *o = NULL;
	int r;

	if (days > DAYS_MAX)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "tcb status: at most %u days, found %u", DAYS_MAX, days);
	if ((r = policy_load_file(args->policy_file, &policy, d)) != 0)
		goto out;
	k.policy = policy;
	if (args->evidence == NULL) {
		r = of_levels(args, policy, days, &o, &l, d);
	} else if ((r = offline_prepare(args, &item, &binding, &k.in, d)) ==
		   0) {
		o = json_object();
		r = of_evidence(&k, args->unix_s, days, o, &l, d);
	}
	if (r == 0)
		r = answer(o, args->evidence == NULL, as_json, &l, ret, d);
	if (r == 0)
		*ret_outlook = l;
out:
	json_decref(o);
	offline_item_wipe(&item);
	policy_free(&policy);
	return r;
}
