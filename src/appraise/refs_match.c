/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/refs_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* One Evidence that is being held against the triples. */
struct matching {
	const struct refs_evidence *e;
	struct comid_env env;
	struct comid_measurement m[REFS_MEASUREMENTS_MAX];
	bool covered[REFS_MEASUREMENTS_MAX]; /* by a triple that matched */
	bool now[REFS_MEASUREMENTS_MAX];     /* by the one that is tried */
	size_t n;
	struct refs_result *ret;
	size_t nearest; /* 1 + measurements that matched; 0: no triple yet */
};

static bool
field_match(struct span want, struct span got)
{
	return want.n == 0 || span_equal(want, got);
}

bool
refs_file_speaks(const struct refs_file *f, const struct refs_evidence *e)
{
	const struct corim *c = &f->corim;

	if (c->profile.n == 0)
		return e->profile == NULL;
	return !c->profile_is_oid &&
	       span_is(
		   c->profile, e->profile == NULL ? REFS_PROFILE : e->profile);
}

bool
refs_env_match(
    const struct comid_env *want, const struct comid_env *got, bool any_names)
{
	/* Without the id the names would be all that is stated. */
	bool names = any_names && want->class_id.n > 0;

	return !want->other && field_match(want->class_id, got->class_id) &&
	       (names || (field_match(want->vendor, got->vendor) &&
			     field_match(want->model, got->model))) &&
	       field_match(want->layer, got->layer) &&
	       field_match(want->index, got->index) &&
	       field_match(want->instance, got->instance) &&
	       field_match(want->group, got->group);
}

/* ---- Measurements ---- */

/* A stated authority is one of those that the Evidence has: its signer. */
static bool
authorized(const struct comid_measurement *want, const struct matching *x)
{
	struct comid_list l = want->authorized_by;
	struct comid_key k;

	if (l.left == 0)
		return true;
	while (comid_key_next(&l, &k)) {
		struct refs_key key = { .file = 0 };

		if (refs_key_digest(&k, &key, NULL) == 0 &&
		    refs_key_is(&key, x->e))
			return true;
	}
	return false;
}

/* One of the Evidence's with this mkey has these values. Of several that have
 * not, the one that agrees furthest is told of. */
static bool
match_one(const struct comid_measurement *want, struct matching *x,
    struct refs_difference *d)
{
	struct refs_difference one;
	bool any = false;

	for (size_t i = 0; i < x->n; i++) {
		if (!span_equal(want->mkey, x->m[i].mkey))
			continue;
		if (refs_values_match(want, &x->m[i], &one)) {
			if (authorized(want, x))
				return x->now[i] = true;
			one.agree = COMID_MVALS;
			snprintf(
			    one.expected, sizeof(one.expected), "an authority");
			snprintf(one.got, sizeof(one.got), "another signer");
		}
		if (!any || one.agree > d->agree)
			*d = one;
		any = true;
	}
	if (!any) {
		snprintf(d->expected, sizeof(d->expected), "a measurement");
		snprintf(d->got, sizeof(d->got), "none");
	}
	return false;
}

/*
 * s5.1.4.5.10: integrity registers are a short form of one measurement for
 * each, with the register's name as mkey. Evidence is always in the long one.
 */
static bool
match_registers(const struct comid_measurement *want, struct matching *x,
    struct refs_difference *d, struct span *ret_key)
{
	struct span key, digests;
	struct comid_list l;

	if (!comid_registers(want->val[COMID_REGISTERS], &l))
		return false;
	while (comid_register_next(&l, &key, &digests)) {
		struct comid_measurement one = { .mkey = key,
			.authorized_by = want->authorized_by };

		one.val[COMID_DIGESTS] = digests;
		*ret_key = key;
		if (!match_one(&one, x, d))
			return false;
	}
	return rd_end(&l.r);
}

/* No mkey, and registers are all that it states. */
static bool
only_registers(const struct comid_measurement *m)
{
	size_t n = 0;

	for (size_t i = 0; i < COMID_MVALS; i++)
		n += m->val[i].n > 0;
	return m->mkey.n == 0 && !m->other && n == 1 &&
	       m->val[COMID_REGISTERS].n > 0;
}

/* ---- Triples ---- */

static void
note_nearest(struct matching *x, const char *name, struct span key,
    const struct refs_difference *d)
{
	struct refs_result *ret = x->ret;
	char text[64];

	refs_item_text(key, text, sizeof(text));
	snprintf(ret->triple, sizeof(ret->triple), "%s", name);
	snprintf(ret->expected, sizeof(ret->expected), "%s%s%s%.300s",
	    key.n > 0 ? "key " : "", key.n > 0 ? text : "",
	    key.n > 0 ? ": " : "", d->expected);
	snprintf(ret->got, sizeof(ret->got), "%s%s%s%.300s",
	    key.n > 0 ? "key " : "", key.n > 0 ? text : "",
	    key.n > 0 ? ": " : "", d->got);
}

/* All of its measurements; else how far it came, and where it failed. */
static bool
match_items(struct comid_triple *t, struct matching *x, size_t *ret_n,
    struct span *ret_key, struct refs_difference *d)
{
	struct comid_measurement m;

	memset(x->now, 0, sizeof(x->now));
	while (comid_measurement_next(&t->items, &m)) {
		*ret_key = m.mkey;
		if (only_registers(&m) ? !match_registers(&m, x, d, ret_key)
				       : !match_one(&m, x, d))
			return false;
		(*ret_n)++;
	}
	return rd_end(&t->items.r) && *ret_n > 0;
}

/* One more that matched whole. */
static void
note_match(struct matching *x, const struct refs_file *f,
    const struct comid_id *tag, const struct comid_triple *t)
{
	struct refs_result *ret = x->ret;

	for (size_t i = 0; i < x->n; i++)
		x->covered[i] = x->covered[i] || x->now[i];
	if (refs_file_until(f) < ret->until)
		ret->until = refs_file_until(f);
	if (ret->n_matched++ == 0)
		refs_triple_name(f, tag, t->kind, t->index, ret->triple);
}

static void
try_triple(struct matching *x, const struct refs_file *f,
    const struct comid_id *tag, struct comid_triple *t)
{
	struct refs_difference d = { "", "", 0 };
	struct span key = { NULL, 0 };
	char name[REFS_TEXT];
	size_t n = 0;

	if (!refs_env_match(&t->env, &x->env, x->e->any_names))
		return;
	if (match_items(t, x, &n, &key, &d)) {
		note_match(x, f, tag, t);
	} else if (x->ret->n_matched == 0 && n + 1 > x->nearest) {
		x->nearest = n + 1;
		refs_triple_name(f, tag, t->kind, t->index, name);
		note_nearest(x, name, key, &d);
	}
}

static void
try_file(struct matching *x, const struct refs_file *f)
{
	struct comid_list tags = f->corim.tags, l;
	struct corim_tag tag;
	struct comid_triple t;
	struct comid c;

	while (corim_tag_next(&tags, &tag)) {
		if (tag.kind != CORIM_COMID ||
		    comid_parse(tag.value, &c, NULL) != 0)
			continue;
		l = comid_triples(&c, COMID_REFERENCE);
		while (comid_triple_next(&l, COMID_REFERENCE, &t))
			try_triple(x, f, &c.id, &t);
		l = comid_triples(&c, COMID_ENDORSED);
		while (comid_triple_next(&l, COMID_ENDORSED, &t))
			if (x->ret->endorsed[0] == '\0' &&
			    refs_env_match(&t.env, &x->env, x->e->any_names))
				refs_triple_name(f, &c.id, t.kind, t.index,
				    x->ret->endorsed);
	}
}

/* ---- The whole ---- */

static bool
read_evidence(struct matching *x)
{
	struct comid_list l;

	if (!comid_env_parse(x->e->env, &x->env) ||
	    !comid_list_open(x->e->measurements, &l) ||
	    l.left > REFS_MEASUREMENTS_MAX)
		return false;
	while (comid_measurement_next(&l, &x->m[x->n]))
		if (++x->n == REFS_MEASUREMENTS_MAX)
			break;
	return rd_end(&l.r);
}

/* Nothing that the Evidence measured is left without a reference value. */
static bool
all_covered(struct matching *x)
{
	size_t n = x->e->n_must == 0 ? x->n : x->e->n_must;
	char text[64];

	for (size_t i = 0; i < n && i < x->n; i++) {
		if (x->covered[i])
			continue;
		refs_item_text(x->m[i].mkey, text, sizeof(text));
		snprintf(x->ret->expected, sizeof(x->ret->expected),
		    "measurements of this triple and of others that match");
		snprintf(x->ret->got, sizeof(x->ret->got),
		    "key %s, for which there is no reference value", text);
		return false;
	}
	return true;
}

static void
nothing_near(struct matching *x)
{
	if (x->nearest > 0)
		return;
	snprintf(x->ret->expected, sizeof(x->ret->expected),
	    "a reference triple for the environment of the Evidence");
	refs_item_text(x->e->env, x->ret->got, sizeof(x->ret->got));
}

static int
match_files(const struct refs *r, struct matching *x, int64_t now)
{
	struct seal_diag why = { 0 };

	if (x->n == 0) { /* nothing measured, nothing proved */
		snprintf(x->ret->expected, sizeof(x->ret->expected),
		    "measurements to hold against reference values");
		snprintf(x->ret->got, sizeof(x->ret->got), "none");
		return SEAL_E_POLICY;
	}
	for (size_t i = 0; i < r->n_files; i++) {
		if (!refs_file_speaks(&r->files[i], x->e) ||
		    refs_file_valid(r, &r->files[i], now, &why) != 0)
			continue;
		x->ret->n_files++;
		try_file(x, &r->files[i]);
	}
	if (x->ret->n_files == 0) {
		snprintf(x->ret->expected, sizeof(x->ret->expected),
		    "a CoRIM that is valid now");
		snprintf(x->ret->got, sizeof(x->ret->got), "%.400s",
		    why.code != 0 ? why.text : "none");
		return SEAL_E_STALE;
	}
	if (x->ret->n_matched > 0)
		return all_covered(x) ? 0 : SEAL_E_POLICY;
	nothing_near(x);
	return SEAL_E_POLICY;
}

int
refs_match(const struct refs *r, const struct refs_evidence *e, int64_t now,
    struct refs_result *ret)
{
	struct matching *x = calloc(1, sizeof(*x));

	memset(ret, 0, sizeof(*ret));
	ret->code = SEAL_E_MEMORY;
	ret->until = INT64_MAX;
	if (x == NULL)
		return ret->code;
	x->e = e;
	x->ret = ret;
	ret->code = read_evidence(x) ? match_files(r, x, now) : SEAL_E_DECODE;
	free(x);
	return ret->code;
}
