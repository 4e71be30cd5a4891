/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/text.h"
#include "format/corim_profile.h"
#include "lib/inspect.h"

#define SHOWN_MAX 65536u /* bytes of one value in diagnostic notation */

/* What a stranger wrote goes to a terminal: printable ASCII alone. */
static void
tree_string(json_t *o, const char *key, struct span s)
{
	char *safe;

	if (s.n == 0 || (safe = malloc(s.n + 1)) == NULL)
		return;
	json_object_set_new(o, key, json_string(text_safe(s, safe, s.n + 1)));
	free(safe);
}

/* An encoded item for people; strings as they are. */
static void
tree_item(json_t *o, const char *key, struct span item)
{
	struct span text;
	struct wr w;
	struct rd r;

	rd_init(&r, item);
	if (cbor_peek(&r) == CBOR_TEXT && cbor_text(&r, &text)) {
		tree_string(o, key, text);
		return;
	}
	wr_init_heap(&w, SHOWN_MAX);
	if (item.n > 0 && cbor_diagnose_line(item, &w) == 0)
		tree_string(o, key, wr_view(&w));
	wr_free(&w);
}

static void
tree_id(json_t *o, const char *key, const struct comid_id *id)
{
	char *text = NULL;
	struct wr w;

	wr_init_heap(&w, LIMIT_FILE);
	comid_id_text(id, &w);
	if (wr_take_text(&w, &text) == 0)
		json_object_set_new(o, key, json_string(text));
	free(text);
	wr_free(&w);
}

static void
tree_period(json_t *o, const char *key, const struct corim_validity *v)
{
	json_t *period;

	if (!v->stated)
		return;
	period = json_object();
	if (v->not_before != INT64_MIN)
		tree_int(period, "from", v->not_before);
	if (v->not_after != INT64_MAX)
		tree_int(period, "until", v->not_after);
	json_object_set_new(o, key, period);
}

static json_t *
tree_env(const struct comid_env *e)
{
	json_t *o = json_object();

	tree_item(o, "class id", e->class_id);
	tree_item(o, "vendor", e->vendor);
	tree_item(o, "model", e->model);
	tree_item(o, "layer", e->layer);
	tree_item(o, "index", e->index);
	tree_item(o, "instance", e->instance);
	tree_item(o, "group", e->group);
	if (e->other)
		tree_text(o, "other fields", "not used; matches nothing");
	return o;
}

static json_t *
tree_measurement(const struct comid_measurement *m)
{
	static const char *const names[COMID_MVALS] = { "version", "svn",
		"digests", "flags", "raw value", "mask", "mac", "ip", "serial",
		"ueid", "uuid", "name", "value 12", "crypto keys",
		"integrity registers", "range" };
	json_t *o = json_object();

	tree_item(o, "key", m->mkey);
	for (size_t i = 0; i < COMID_MVALS; i++)
		tree_item(o, names[i], m->val[i]);
	if (m->other)
		tree_text(o, "other values", "not used; match nothing");
	if (m->authorized_by.left > 0)
		tree_int(
		    o, "authorized by keys", (int64_t)m->authorized_by.left);
	return o;
}

static json_t *
tree_key(const struct comid_key *k)
{
	json_t *o = json_object();

	tree_int(o, "tag", (int64_t)k->tag);
	if (k->digest.value.n > 0) {
		tree_int(o, "algorithm", k->digest.alg);
		tree_hex(o, "digest", k->digest.value);
	} else if (k->tag == COMID_KEY_PEM || k->tag == COMID_KEY_CERT_PEM ||
		   k->tag == COMID_KEY_PATH_PEM) {
		tree_string(o, "text", k->value);
	} else {
		tree_hex(o, "value", k->value);
	}
	return o;
}

static json_t *
tree_triple(const struct comid_triple *t)
{
	bool keys = t->kind == COMID_IDENTITY || t->kind == COMID_ATTEST_KEY;
	json_t *o = json_object(), *list = json_array();
	struct comid_list l = t->items;
	struct comid_measurement m;
	struct comid_key k;

	json_object_set_new(o, "environment", tree_env(&t->env));
	if (keys)
		while (comid_key_next(&l, &k))
			json_array_append_new(list, tree_key(&k));
	else
		while (comid_measurement_next(&l, &m))
			json_array_append_new(list, tree_measurement(&m));
	json_object_set_new(o, keys ? "keys" : "measurements", list);
	if (t->conditional)
		tree_text(o, "conditions", "stated; the keys are not used");
	return o;
}

static json_t *
tree_comid(const struct comid *c)
{
	json_t *o = json_object(), *list;
	struct comid_triple t;

	tree_id(o, "id", &c->id);
	if (c->version > 0)
		tree_int(o, "version", (int64_t)c->version);
	for (int k = 0; k < COMID_KINDS; k++) {
		struct comid_list l = comid_triples(c, (enum comid_kind)k);

		if (l.left == 0)
			continue;
		list = json_array();
		while (comid_triple_next(&l, (enum comid_kind)k, &t))
			json_array_append_new(list, tree_triple(&t));
		json_object_set_new(
		    o, comid_kind_name((enum comid_kind)k), list);
	}
	if (c->n_unused > 0)
		tree_text(
		    o, "not used", "%zu triples of other kinds", c->n_unused);
	return o;
}

static json_t *
tree_tag(const struct corim_tag *t)
{
	struct comid c;
	json_t *o;

	if (t->kind == CORIM_COMID && comid_parse(t->value, &c, NULL) == 0)
		return tree_comid(&c);
	o = json_object();
	tree_text(o, "not used", "%s (tag %llu)",
	    t->kind == CORIM_COSWID ? "CoSWID"
	    : t->kind == CORIM_COTL ? "CoTL"
				    : "of an unknown kind",
	    (unsigned long long)t->number);
	return o;
}

static void
tree_signature(json_t *o, const struct corim *c)
{
	json_t *s = json_object();

	tree_text(
	    s, "algorithm", "%s", sig_name(cose_alg_to_scheme(c->sign1.alg)));
	tree_string(s, "signer", c->signer);
	tree_string(s, "signer uri", c->signer_uri);
	tree_hex(s, "kid", c->sign1.kid);
	tree_period(s, "valid", &c->signature);
	tree_period(s, "valid (CWT)", &c->claims);
	tree_int(s, "certificates", (int64_t)c->n_chain);
	tree_text(s, "verified", "no: `seal corim verify` does");
	json_object_set_new(o, "signature", s);
}

static void
tree_entities(json_t *o, const struct corim *c)
{
	struct comid_list l = c->entities;
	json_t *list = json_array();
	struct corim_entity e;

	while (corim_entity_next(&l, &e)) {
		json_t *one = json_object();

		tree_string(one, "name", e.name);
		tree_string(one, "uri", e.uri);
		tree_item(one, "roles", e.roles);
		json_array_append_new(list, one);
	}
	json_object_set_new(o, "entities", list);
}

static void
tree_profile(json_t *o, const struct corim *c)
{
	struct seal_diag why = { 0 };

	if (!corim_profile_known(c))
		return;
	if (corim_profile_check(c, &why) == 0)
		tree_text(o, "profile rules", "kept");
	else
		tree_text(o, "profile rules", "BROKEN: %s", why.text);
}

json_t *
inspect_corim(struct span in, struct seal_diag *d)
{
	struct comid_list l;
	struct corim_tag t;
	json_t *o, *list;
	struct corim c;

	if (corim_parse(in, &c, d) != 0)
		return NULL;
	o = json_object();
	tree_id(o, "id", &c.id);
	if (c.profile_is_oid)
		tree_hex(o, "profile (OID)", c.profile);
	else
		tree_string(o, "profile", c.profile);
	tree_profile(o, &c);
	tree_period(o, "valid", &c.validity);
	if (c.is_signed)
		tree_signature(o, &c);
	if (c.entities.left > 0)
		tree_entities(o, &c);
	if (c.n_dependent > 0)
		tree_text(
		    o, "dependent RIMs", "%zu, not fetched", c.n_dependent);
	list = json_array();
	l = c.tags;
	while (corim_tag_next(&l, &t))
		json_array_append_new(list, tree_tag(&t));
	json_object_set_new(o, "tags", list);
	return o;
}

json_t *
inspect_comid(struct span in, struct seal_diag *d)
{
	struct comid c;

	return comid_parse(in, &c, d) == 0 ? tree_comid(&c) : NULL;
}
