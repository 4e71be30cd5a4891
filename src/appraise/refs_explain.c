/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/refs_parts.h"

#include <stdio.h>
#include <time.h>

#include "base/text.h"

#define SHOWN 96
#define TIME 32

/* As people write it; for what is out of range, the number. */
static const char *
time_text(int64_t at, char buf[TIME])
{
	time_t t = (time_t)at;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, TIME, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(buf, TIME, "%lld", (long long)at);
	return buf;
}

static void
explain_period(const char *what, const struct corim_validity *v, struct wr *out)
{
	char from[TIME], until[TIME];

	if (!v->stated)
		return;
	wr_printf(out, "      %s is valid%s%s%s%s\n", what,
	    v->not_before == INT64_MIN ? "" : " from ",
	    v->not_before == INT64_MIN ? "" : time_text(v->not_before, from),
	    v->not_after == INT64_MAX ? "" : " until ",
	    v->not_after == INT64_MAX ? "" : time_text(v->not_after, until));
}

static void
explain_field(const char *name, struct span value, struct wr *out)
{
	char text[SHOWN];

	if (value.n == 0)
		return;
	refs_item_text(value, text, sizeof(text));
	wr_printf(out, " %s %s", name, text);
}

static void
explain_env(const struct comid_env *e, struct wr *out)
{
	wr_printf(out, "        for");
	explain_field("class", e->class_id, out);
	explain_field("vendor", e->vendor, out);
	explain_field("model", e->model, out);
	explain_field("layer", e->layer, out);
	explain_field("index", e->index, out);
	explain_field("instance", e->instance, out);
	explain_field("group", e->group, out);
	wr_printf(out, "%s\n", e->other ? " (and more: matches nothing)" : "");
}

static void
explain_measurement(const struct comid_measurement *m, struct wr *out)
{
	char key[SHOWN], value[REFS_TEXT];

	refs_item_text(m->mkey, key, sizeof(key));
	for (size_t i = 0; i < COMID_MVALS; i++) {
		if (m->val[i].n == 0)
			continue;
		refs_item_text(m->val[i], value, sizeof(value));
		wr_printf(out, "          %s%s%s %.400s\n",
		    m->mkey.n > 0 ? key : "", m->mkey.n > 0 ? ": " : "",
		    refs_value_name(i), value);
	}
	if (m->other)
		wr_printf(out,
		    "          key %s: a value of an unknown kind "
		    "(matches nothing)\n",
		    key);
}

static void
explain_triple(const struct refs_file *f, const struct comid_id *tag,
    struct comid_triple *t, struct wr *out)
{
	struct comid_measurement m;
	char name[REFS_TEXT];

	refs_triple_name(f, tag, t->kind, t->index, name);
	wr_printf(out, "      %s\n", name);
	explain_env(&t->env, out);
	if (t->kind == COMID_REFERENCE)
		while (comid_measurement_next(&t->items, &m))
			explain_measurement(&m, out);
	else if (t->kind == COMID_ATTEST_KEY)
		wr_printf(out, "          keys: %zu%s\n", t->items.left,
		    t->conditional ? ", under conditions: not used" : "");
	else
		wr_printf(out, "          told in the verdict, decides "
			       "nothing\n");
}

static void
explain_comid(const struct refs_file *f, const struct comid *c, struct wr *out)
{
	struct comid_triple t;

	for (int k = 0; k < COMID_KINDS; k++) {
		struct comid_list l = comid_triples(c, (enum comid_kind)k);

		while (comid_triple_next(&l, (enum comid_kind)k, &t))
			explain_triple(f, &c->id, &t, out);
	}
	if (c->n_unused > 0)
		wr_printf(out, "      not used: %zu triples of other kinds\n",
		    c->n_unused);
}

static void
explain_file(const struct refs_file *f, struct wr *out)
{
	struct comid_list tags = f->corim.tags;
	struct corim_tag t;
	struct comid c;
	char who[SHOWN];

	wr_printf(out, "    CoRIM %.200s, %s%s\n", f->name,
	    f->corim.is_signed ? "signed by " : "not signed",
	    f->corim.is_signed ? text_safe(f->corim.signer, who, sizeof(who))
			       : "");
	explain_period("it", &f->corim.validity, out);
	explain_period("its signature", &f->corim.signature, out);
	explain_period("its signature", &f->corim.claims, out);
	if (f->corim.n_dependent > 0)
		wr_printf(out, "      not used: %zu dependent RIMs\n",
		    f->corim.n_dependent);
	while (corim_tag_next(&tags, &t)) {
		if (t.kind == CORIM_COMID &&
		    comid_parse(t.value, &c, NULL) == 0)
			explain_comid(f, &c, out);
		else
			wr_printf(out, "      not used: tag %zu, %s\n", t.index,
			    t.kind == CORIM_COSWID ? "a CoSWID"
			    : t.kind == CORIM_COTL ? "a CoTL"
						   : "of an unknown kind");
	}
}

int
refs_explain(const struct refs *r, struct wr *out)
{
	if (r->from_store)
		wr_printf(out, "    CoRIMs of the verifier's store\n");
	for (size_t i = 0; i < r->n_files; i++)
		explain_file(&r->files[i], out);
	if (r->n_unused_keys > 0)
		wr_printf(out,
		    "      not used: %zu keys that only a condition, a "
		    "path or bytes name\n",
		    r->n_unused_keys);
	return out->error;
}
