/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/collection.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/wr.h"
#include "format/ratsd.h"

#define TYPE_TEXT 200 /* bytes of a type that we show */

/* Rules of an entry, loaded with it (policy_entry.c):
 *   "members": {LABEL: ENTRY…}, "collection_type": TEXT
 */
static const char *const rule_keys[] = { "members", "collection_type", NULL };

static bool
takes(struct span media_type)
{
	return media_type_equal(media_type, span_str(CMW_TYPE)) ||
	       media_type_equal(media_type, span_str(CMW_TYPE_JSON));
}

/* ---- Verifying its parts ---- */

static bool
verify_member(const struct appraisal_in *in, struct collection *c,
    struct collection_member *m, struct seal_verdict *v)
{
	struct seal_verdict *one = verdict_new();
	struct appraisal_in part = *in;
	bool ok;

	if (one == NULL)
		return verdict_check(v, "collection", false, SEAL_E_MEMORY,
		    NULL, "out of memory", NULL);
	part.media_type = m->type;
	part.evidence = m->value;
	part.member = true;
	part.shaken =
	    span_is(c->cmw.items[0].collection_type, RATSD_COLLECTION);
	part.subject = NULL;
	part.first = NULL;
	part.stapled = c->stapled;
	ok = appraise_verify(m->by, &part, &m->f, one);
	m->bound = one->binder_compared;
	v->key_compared = v->key_compared || one->key_compared;
	verdict_take_member(v, one, m->label);
	seal_verdict_free(&one);
	return ok && !v->failed;
}

/* The member that was signed with the key that this one names: one that
 * carries the binder, and so is no link itself. */
static struct collection_member *
linked_to(
    struct collection *c, const struct collection_member *m, bool binder_known)
{
	struct span key = span_of(m->f.linked_spki, m->f.n_linked_spki);

	for (size_t i = 0; i < c->n; i++) {
		struct collection_member *to = &c->members[i];

		if (to != m && to->f.linked.n == 0 &&
		    (to->bound || !binder_known) &&
		    span_equal_ct(
			key, span_of(to->f.signer_spki, to->f.n_signer_spki)))
			return to;
	}
	return NULL;
}

static bool
check_links(struct collection *c, bool binder_known, struct seal_verdict *v)
{
	for (size_t i = 0; i < c->n; i++) {
		struct collection_member *m = &c->members[i], *to;

		if (m->f.linked.n == 0)
			continue;
		to = linked_to(c, m, binder_known);
		if (!verdict_check(v, "collection.link", to != NULL,
			SEAL_E_BINDER,
			"a member that carries the binder, signed with the "
			"key that another one names",
			to == NULL ? m->label : NULL,
			"the parts belong to different machines, or one was "
			"replaced"))
			return false;
		to->f.named_by = m->label;
	}
	return true;
}

/* ---- What they say together ---- */

/* One key, whoever names it. */
static bool
take_subject(
    const struct collection *c, struct findings *ret, struct seal_verdict *v)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct findings *f = &c->members[i].f;
		struct span key = span_of(f->subject_spki, f->n_subject_spki);
		bool same;

		if (key.n == 0)
			continue;
		same = ret->n_subject_spki == 0 ||
		       span_equal_ct(key,
			   span_of(ret->subject_spki, ret->n_subject_spki));
		if (!verdict_check(v, "collection.subject", same, SEAL_E_KEY,
			"one subject key for all members",
			same ? NULL : c->members[i].label, NULL))
			return false;
		memcpy(ret->subject_spki, key.p, key.n);
		ret->n_subject_spki = key.n;
	}
	return true;
}

/* In the order of labels; there are few. */
static void
sort(const struct collection *c, const struct collection_member *ret[CMW_ITEMS])
{
	for (size_t i = 0; i < c->n; i++) {
		size_t at = i;

		for (; at > 0 &&
		       strcmp(ret[at - 1]->label, c->members[i].label) > 0;
		     at--)
			ret[at] = ret[at - 1];
		ret[at] = &c->members[i];
	}
}

/* Which platform: all those that members name, in the order of labels. */
static bool
take_instance(
    const struct collection *c, struct findings *ret, struct seal_verdict *v)
{
	static const char domain[] = "SEAL collection instance v1";
	const struct collection_member *sorted[CMW_ITEMS];
	uint8_t digest[HASH_MAX];
	struct span s;
	struct wr w;
	int r;

	sort(c, sorted);
	wr_init_heap(&w, sizeof(c->members));
	wr_bytes(&w, span_of(domain, sizeof(domain)));
	for (size_t i = 0; i < c->n; i++) {
		const struct findings *f = &sorted[i]->f;

		if (!f->has_instance)
			continue;
		wr_vec(&w, 2, span_str(sorted[i]->label));
		wr_bytes(&w, span_of(f->instance, sizeof(f->instance)));
		ret->has_instance = true;
	}
	if ((r = wr_finish(&w, &s)) == 0 &&
	    (r = hash_one(HASH_SHA256, s, digest, NULL)) == 0)
		memcpy(ret->instance, digest, sizeof(ret->instance));
	wr_free(&w);
	return r == 0 || verdict_check(v, "collection.instance", false, r, NULL,
			     "cannot be computed", NULL);
}

static void
sum_up(const struct collection *c, struct findings *ret)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct findings *f = &c->members[i].f;

		ret->insecure = ret->insecure || f->insecure;
		ret->key_attested = ret->key_attested || f->key_attested;
		ret->debug = ret->debug || f->debug;
	}
}

static int
verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	struct collection *c = calloc(1, sizeof(*c));
	bool ok;

	if ((ret->facts = c) == NULL)
		return SEAL_E_MEMORY;
	ok = collection_open(in, c, v);
	for (size_t i = 0; ok && i < c->n; i++)
		ok = verify_member(in, c, &c->members[i], v);
	sum_up(c, ret);
	if (ok && check_links(c, in->binder_known, v) &&
	    take_subject(c, ret, v) && take_instance(c, ret, v))
		return 0;
	return v->diag != NULL && v->diag->code != 0 ? v->diag->code
						     : SEAL_E_MEMORY;
}

static void
facts_free(void *facts)
{
	struct collection *c = facts;

	for (size_t i = 0; i < CMW_ITEMS; i++) {
		if (c->members[i].by != NULL)
			findings_wipe(&c->members[i].f, c->members[i].by);
		wr_free(&c->members[i].opened);
	}
	endorse_free(&c->stapled);
	cmw_free(&c->cmw);
	free(c);
}

bool
collection_bound(const struct findings *f)
{
	const struct collection *c = f->facts;
	bool any = false;

	for (size_t i = 0; i < c->n; i++) {
		if (!c->members[i].bound && c->members[i].f.linked.n == 0)
			return false;
		any = any || c->members[i].bound;
	}
	return any;
}

/* ---- Judging ---- */

static bool
judge_type(const struct accept_entry *e, const struct collection *c,
    struct seal_verdict *v)
{
	struct span got = c->cmw.items[0].collection_type;
	char shown[TYPE_TEXT];

	return e->collection_type == NULL ||
	       verdict_check(v, "collection.type",
		   span_is(got, e->collection_type), SEAL_E_POLICY,
		   e->collection_type, text_safe(got, shown, sizeof(shown)),
		   NULL);
}

static bool
judge_unknown(const struct accept_entry *e, const struct collection *c,
    struct seal_verdict *v)
{
	for (size_t i = 0; i < c->n; i++) {
		bool known = false;

		for (size_t k = 0; k < e->n_members; k++)
			known = known || strcmp(e->members[k].label,
					     c->members[i].label) == 0;
		if (!verdict_check(v, "collection.unknown", known,
			SEAL_E_POLICY, "members that the policy names",
			known ? NULL : c->members[i].label,
			"add a rule for it to 'members', or leave it out"))
			return false;
	}
	return true;
}

static bool
judge_member(const struct policy *p, const struct member_rule *rule,
    const struct collection_member *m, int64_t now, struct rests *ret,
    struct seal_verdict *v)
{
	struct seal_verdict *one = verdict_new();
	struct rests on = { false, INT64_MAX };
	bool ok;

	if (one == NULL)
		return verdict_check(v, "collection", false, SEAL_E_MEMORY,
		    NULL, "out of memory", NULL);
	ok =
	    verdict_check(one, "scheme", m->by == rule->entry.by, SEAL_E_POLICY,
		rule->entry.by->media_type, m->by->media_type, NULL) &&
	    appraise_entry(p, &rule->entry, &m->f, now, &on, one);
	if (on.until < ret->until)
		ret->until = on.until;
	verdict_take_member(v, one, m->label);
	seal_verdict_free(&one);
	return ok;
}

bool
collection_judge(const struct policy *p, const struct accept_entry *e,
    const struct findings *f, int64_t now, struct rests *ret,
    struct seal_verdict *v)
{
	const struct collection *c = f->facts;
	bool ok = judge_type(e, c, v);

	ok = judge_unknown(e, c, v) && ok;
	for (size_t i = 0; i < e->n_members; i++) {
		const struct member_rule *rule = &e->members[i];
		const struct collection_member *m =
		    collection_find(c, rule->label);

		if (m != NULL)
			ok = judge_member(p, rule, m, now, ret, v) && ok;
		else if (!rule->optional)
			ok = verdict_check(v, "collection.required", false,
			    SEAL_E_POLICY, rule->label, "none",
			    "let the peer attest with it too, or say "
			    "\"optional\": true");
		else
			verdict_skip(v, "collection.optional", rule->label);
	}
	return ok && !v->failed;
}

const struct appraiser appraiser_collection = {
	.collection = true,
	.media_type = CMW_TYPE,
	.name = "collection",
	.takes = takes,
	.rules = rule_keys,
	.verify = verify,
	.facts_free = facts_free,
};
