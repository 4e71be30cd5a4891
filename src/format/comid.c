/* SPDX-License-Identifier: Apache-2.0 */
#include "format/comid.h"

/* Keys of the concise-mid-tag (s5.1). */
#define KEY_LANG 0
#define KEY_IDENTITY 1
#define KEY_TRIPLES 4

#define TAG_UUID 37u

static const char *const kinds[COMID_KINDS] = {
	[COMID_REFERENCE] = "reference",
	[COMID_ENDORSED] = "endorsed",
	[COMID_IDENTITY] = "identity",
	[COMID_ATTEST_KEY] = "attest-key",
};

const char *
comid_kind_name(enum comid_kind kind)
{
	return kind < COMID_KINDS ? kinds[kind] : "unknown";
}

bool
comid_list_open(struct span array, struct comid_list *ret)
{
	struct comid_list l = { .left = 0 };

	rd_init(&l.r, array);
	if (!cbor_array(&l.r, &l.left))
		return false;
	*ret = l;
	return true;
}

/* A UUID may be tagged, in older data. */
bool
comid_id_read(struct rd *r, struct comid_id *ret)
{
	struct comid_id id = { .uuid = cbor_peek(r) != CBOR_TEXT };
	uint64_t tag = TAG_UUID;

	if (cbor_peek(r) == CBOR_TAG && (!cbor_tag(r, &tag) || tag != TAG_UUID))
		return rd_fail(r);
	if (id.uuid ? !cbor_bytes(r, &id.value) || id.value.n != 16
		    : !cbor_text(r, &id.value) || id.value.n == 0)
		return rd_fail(r);
	*ret = id;
	return true;
}

void
comid_id_text(const struct comid_id *id, struct wr *out)
{
	if (!id->uuid) {
		wr_bytes(out, id->value);
		return;
	}
	for (size_t i = 0; i < id->value.n; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			wr_u8(out, '-');
		wr_hex(out, span_of(id->value.p + i, 1));
	}
}

bool
comid_label(struct rd *r, int64_t *ret)
{
	struct span text;

	if (cbor_peek(r) != CBOR_TEXT)
		return cbor_int(r, ret);
	*ret = INT64_MIN;
	return cbor_text(r, &text);
}

/* ---- Environments ---- */

/* A map of at least one member, at most one of each label. */
static bool
filled_map(struct rd *r, size_t *ret)
{
	return cbor_map_unique(r, ret) && (*ret > 0 || rd_fail(r));
}

static bool
read_class(struct rd *r, struct comid_env *e)
{
	struct span *const fields[] = { &e->class_id, &e->vendor, &e->model,
		&e->layer, &e->index };
	static const enum cbor_type types[] = { CBOR_NONE, CBOR_TEXT, CBOR_TEXT,
		CBOR_UINT, CBOR_UINT };
	struct span other;
	int64_t key = 0;
	size_t n = 0;

	if (!filled_map(r, &n))
		return false;
	for (; n > 0; n--) {
		bool known;

		if (!comid_label(r, &key))
			return false;
		known = key >= 0 && key < 5;
		if (known && types[key] != CBOR_NONE &&
		    cbor_peek(r) != types[key])
			return rd_fail(r);
		e->other = e->other || !known;
		if (!cbor_item(r, known ? fields[key] : &other))
			return false;
	}
	return true;
}

static bool
read_env(struct rd *r, struct comid_env *ret)
{
	struct comid_env e = { .other = false };
	struct span other;
	int64_t key = 0;
	size_t n = 0;
	bool ok;

	if (!filled_map(r, &n))
		return false;
	for (; n > 0; n--) {
		if (!comid_label(r, &key))
			return false;
		if (key == 0)
			ok = read_class(r, &e);
		else if (key == 1)
			ok = cbor_item(r, &e.instance);
		else if (key == 2)
			ok = cbor_item(r, &e.group);
		else
			ok = (e.other = true) && cbor_item(r, &other);
		if (!ok)
			return false;
	}
	*ret = e;
	return true;
}

bool
comid_env_parse(struct span in, struct comid_env *ret)
{
	struct comid_env e = { .other = false };
	struct rd r;

	rd_init(&r, in);
	if (!read_env(&r, &e) || !rd_end(&r))
		return false;
	*ret = e;
	return true;
}

/* ---- Triples ---- */

static bool
has_keys(enum comid_kind kind)
{
	return kind == COMID_IDENTITY || kind == COMID_ATTEST_KEY;
}

struct comid_list
comid_triples(const struct comid *c, enum comid_kind kind)
{
	struct comid_list l = { .left = 0 };

	if (kind < COMID_KINDS)
		(void)comid_list_open(c->triples[kind], &l);
	return l;
}

/* [environment, [item…]], and for keys also [environment, [key…], {…}]. */
bool
comid_triple_next(
    struct comid_list *l, enum comid_kind kind, struct comid_triple *ret)
{
	struct comid_triple t = { .kind = kind, .index = l->next };
	struct span items, conditions;
	size_t n = 0;

	if (l->left == 0)
		return false;
	l->left--;
	l->next++;
	if (!cbor_array(&l->r, &n) || n < 2 || n > (has_keys(kind) ? 3 : 2) ||
	    !read_env(&l->r, &t.env) || cbor_peek(&l->r) != CBOR_ARRAY ||
	    !cbor_item(&l->r, &items) || !comid_list_open(items, &t.items) ||
	    t.items.left == 0)
		return rd_fail(&l->r);
	t.conditional = n == 3;
	if (t.conditional &&
	    (cbor_peek(&l->r) != CBOR_MAP || !cbor_item(&l->r, &conditions)))
		return rd_fail(&l->r);
	*ret = t;
	return true;
}

static bool
check_items(struct comid_triple *t)
{
	struct comid_measurement m;
	struct comid_key k;

	if (has_keys(t->kind))
		while (comid_key_next(&t->items, &k))
			;
	else
		while (comid_measurement_next(&t->items, &m))
			;
	return rd_end(&t->items.r);
}

/* Walks all of it once, so that nobody has to expect a failure later. */
static int
check_triples(struct comid *c, enum comid_kind kind, struct seal_diag *d)
{
	struct comid_triple t = { .index = 0 };
	struct comid_list l;

	if (!comid_list_open(c->triples[kind], &l) || l.left == 0)
		return seal_fail(d, SEAL_E_DECODE,
		    "comid: %s triples: expected an array that is not empty",
		    kinds[kind]);
	c->n_triples[kind] = l.left;
	for (size_t i = 0; i < c->n_triples[kind]; i++)
		if (!comid_triple_next(&l, kind, &t) || !check_items(&t))
			return seal_fail(d, SEAL_E_DECODE,
			    "comid: %s triple %zu is malformed", kinds[kind],
			    i);
	return rd_end(&l.r)
		   ? 0
		   : seal_fail(d, SEAL_E_DECODE,
			 "comid: %s triples are malformed", kinds[kind]);
}

/* What we do not use is counted, so that it can be told. */
static size_t
count_unused(struct span triples)
{
	struct comid_list l;

	return comid_list_open(triples, &l) ? l.left : 1;
}

static int
read_triples(struct rd *r, struct comid *c, struct seal_diag *d)
{
	struct span value;
	int64_t key = 0;
	size_t n = 0;
	int code;

	if (!filled_map(r, &n))
		return seal_fail(d, SEAL_E_DECODE,
		    "comid: triples: expected a map that is not empty");
	for (; n > 0; n--) {
		if (!comid_label(r, &key) || !cbor_item(r, &value))
			return seal_fail(
			    d, SEAL_E_DECODE, "comid: triples are malformed");
		if (key < 0 || key >= COMID_KINDS) {
			c->n_unused += count_unused(value);
			continue;
		}
		c->triples[key] = value;
		if ((code = check_triples(c, (enum comid_kind)key, d)) != 0)
			return code;
	}
	return 0;
}

/* ---- The tag ---- */

static bool
read_identity(struct rd *r, struct comid *c)
{
	struct span other;
	int64_t key = 0;
	size_t n = 0;
	bool ok;

	if (!filled_map(r, &n))
		return false;
	for (; n > 0; n--) {
		if (!comid_label(r, &key))
			return false;
		if (key == 0)
			ok = comid_id_read(r, &c->id);
		else if (key == 1)
			ok = cbor_uint(r, &c->version);
		else
			ok = cbor_item(r, &other);
		if (!ok)
			return false;
	}
	return c->id.value.n > 0;
}

static int
read_member(struct rd *r, struct comid *c, struct seal_diag *d)
{
	struct span other;
	int64_t key = 0;
	bool ok;

	if (!comid_label(r, &key))
		return seal_fail(d, SEAL_E_DECODE, "comid: malformed label");
	if (key == KEY_TRIPLES)
		return read_triples(r, c, d);
	if (key == KEY_LANG)
		ok = cbor_text(r, &c->lang);
	else if (key == KEY_IDENTITY)
		ok = read_identity(r, c);
	else /* entities, linked tags, and what a profile adds */
		ok = cbor_item(r, &other);
	return ok ? 0
		  : seal_fail(d, SEAL_E_DECODE, "comid: member %d is malformed",
			(int)key);
}

int
comid_parse(struct span in, struct comid *ret, struct seal_diag *d)
{
	struct comid c = { .version = 0 };
	struct rd r;
	size_t n = 0;
	bool any = false;
	int code;

	rd_init(&r, in);
	if (!cbor_map_unique(&r, &n))
		return seal_fail(
		    d, SEAL_E_DECODE, "comid: not a map, or a label twice");
	for (; n > 0; n--)
		if ((code = read_member(&r, &c, d)) != 0)
			return code;
	if (!rd_end(&r))
		return seal_fail(d, SEAL_E_DECODE, "comid: bytes after it");
	for (int k = 0; k < COMID_KINDS; k++)
		any = any || c.n_triples[k] > 0;
	if (c.id.value.n == 0 || (!any && c.n_unused == 0))
		return seal_fail(
		    d, SEAL_E_DECODE, "comid: needs an identity and a triple");
	*ret = c;
	return 0;
}
