/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "format/cmw_item.h"

/* Elements and members of the largest legal CMW: a type for each collection,
 * three elements and a label for each item. */
#define JSON_PARTS (5u * (1u + CMW_ITEMS))

/* Decoding puts all text here: room for as much as the JSON takes, and
 * decoded text is never longer. So the views into it stay where they are. */
struct parser {
	struct cmw *c;
	struct wr text;
	struct seal_diag *d;
};

/* An open collection, and where we are in it. */
struct level {
	json_t *object;
	void *at;
};

static int
malformed(struct seal_diag *d, const char *what)
{
	return seal_fail(d, SEAL_E_DECODE, "cmw json: %s", what);
}

/* Passes over the rest of a string, whose escapes only matter in that an
 * escaped quote does not end it. */
static void
skip_string(struct rd *r)
{
	uint8_t c = 0;

	while (rd_u8(r, &c) && c != '"') {
		if (c == '\\')
			rd_u8(r, &c);
	}
}

/* The JSON library recurses and allocates by what it reads: so bound depth
 * and number of parts before it sees them. */
static bool
bounded(struct span in)
{
	size_t depth = 0, parts = 0;
	struct rd r;
	uint8_t c = 0;

	rd_init(&r, in);
	while (rd_left(&r) > 0 && rd_u8(&r, &c)) {
		if (c == '"')
			skip_string(&r);
		else if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && depth > 0)
			depth--;
		else if (c == ',')
			parts++;
		/* Collections, and the record in the innermost one. */
		if (depth > CMW_DEPTH + 1 || parts > JSON_PARTS)
			return false;
	}
	return true;
}

static struct span
since(const struct wr *w, size_t mark)
{
	return span_of(w->p + mark, w->n - mark);
}

/* A copy of text, which the JSON library has checked to be UTF-8. */
static struct span
keep(struct parser *p, const char *text)
{
	size_t mark = p->text.n;

	wr_bytes(&p->text, span_str(text));
	return since(&p->text, mark);
}

/* RFC 9999: base64url without padding, one character at least. */
static bool
read_value(struct parser *p, json_t *value, struct span *ret)
{
	size_t mark = p->text.n;
	struct span text;

	if (!json_is_string(value))
		return false;
	text = span_of(json_string_value(value), json_string_length(value));
	if (text.n == 0 || !b64url_decode(text, &p->text))
		return false;
	*ret = since(&p->text, mark);
	return true;
}

/* [type, value, ? ind] */
static int
read_record(struct parser *p, json_t *array, struct cmw_item *item)
{
	size_t n = json_array_size(array);
	json_t *type = json_array_get(array, 0),
	       *ind = json_array_get(array, 2);

	item->kind = CMW_RECORD;
	if (n < 2 || n > 3)
		return malformed(p->d, "a record has 2 or 3 elements");
	if (!json_is_string(type) ||
	    !cmw_media_type_valid(span_str(json_string_value(type))))
		return malformed(p->d, "a type is a media type");
	item->media_type = keep(p, json_string_value(type));
	if (!read_value(p, json_array_get(array, 1), &item->value))
		return malformed(
		    p->d, "a value is base64url without padding, not empty");
	if (n == 2)
		return 0;
	if (!json_is_integer(ind) || json_integer_value(ind) < 1 ||
	    json_integer_value(ind) > UINT32_MAX)
		return malformed(p->d, "an indicator is within 1 and 2^32 - 1");
	item->ind = (uint32_t)json_integer_value(ind);
	return 0;
}

static int
open_collection(struct parser *p, json_t *object, struct cmw_item *item)
{
	json_t *type = json_object_get(object, CMW_TYPE_LABEL);
	int code;

	if ((code = cmw_open(item, p->d)) != 0)
		return code;
	if (json_object_size(object) < (type == NULL ? 1 : 2))
		return malformed(p->d, "empty collection");
	if (type == NULL)
		return 0;
	if (!json_is_string(type) ||
	    !cmw_collection_type_valid(span_str(json_string_value(type))))
		return malformed(p->d, "a collection's type is a URI or OID");
	item->collection_type = keep(p, json_string_value(type));
	return 0;
}

static int
read_any(struct parser *p, json_t *json, struct cmw_item *item)
{
	if (json_is_array(json))
		return read_record(p, json, item);
	if (json_is_object(json))
		return open_collection(p, json, item);
	return malformed(p->d, "neither record nor collection");
}

/* The next member of the innermost open collection; *ret_inner is set where
 * it is a collection too. */
static int
read_member(
    struct parser *p, struct level *l, unsigned depth, json_t **ret_inner)
{
	const char *label = json_object_iter_key(l->at);
	json_t *value = json_object_iter_value(l->at);
	struct cmw_item *item;
	int code;

	*ret_inner = NULL;
	l->at = json_object_iter_next(l->object, l->at);
	if (span_is(span_str(label), CMW_TYPE_LABEL))
		return 0;
	if ((item = cmw_add(p->c, depth, p->d)) == NULL)
		return SEAL_E_LIMIT;
	item->label = keep(p, label);
	if ((code = read_any(p, value, item)) == 0 && json_is_object(value))
		*ret_inner = value;
	return code;
}

static int
read_all(struct parser *p, json_t *root)
{
	struct level open[CMW_DEPTH];
	size_t n = 0;
	json_t *inner = root;
	int code;

	if ((code = read_any(p, root, cmw_add(p->c, 0, p->d))) != 0 ||
	    !json_is_object(root))
		return code;
	do {
		if (inner != NULL)
			open[n++] =
			    (struct level){ inner, json_object_iter(inner) };
		inner = NULL;
		if (open[n - 1].at == NULL)
			n--;
		else if ((code = read_member(
			      p, &open[n - 1], (unsigned)n, &inner)) != 0)
			return code;
	} while (n > 0);
	return p->text.error;
}

int
cmw_parse_json(struct span in, struct cmw *c, struct seal_diag *d)
{
	struct parser p = { .c = c, .d = d };
	json_error_t error;
	char why[96];
	json_t *root;
	int code;

	if (in.n == 0 || in.n > LIMIT_JSON || !bounded(in))
		return seal_fail(d, SEAL_E_LIMIT,
		    "cmw json: too long, too deep or too many parts");
	root = json_loadb(
	    (const char *)in.p, in.n, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) /* the reason may quote the peer */
		return seal_fail(d, SEAL_E_DECODE, "cmw json: line %d: %s",
		    error.line,
		    text_safe(span_str(error.text), why, sizeof(why)));
	if ((c->owned = malloc(in.n)) == NULL) {
		code = seal_fail(d, SEAL_E_MEMORY, "cmw json");
		goto out;
	}
	c->owned_n = in.n;
	wr_init(&p.text, c->owned, c->owned_n);
	code = read_all(&p, root);
out:
	json_decref(root);
	return code;
}

static void
put_string(struct wr *out, struct span s)
{
	wr_u8(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			wr_printf(out, "\\%c", s.p[i]);
		else if (s.p[i] < 0x20)
			wr_printf(out, "\\u%04x", s.p[i]);
		else
			wr_u8(out, s.p[i]);
	}
	wr_u8(out, '"');
}

static void
put_record(struct wr *out, const struct cmw_item *it)
{
	wr_u8(out, '[');
	put_string(out, it->media_type);
	wr_bytes(out, span_str(",\""));
	b64url_encode(it->value, out);
	wr_u8(out, '"');
	if (it->ind != 0)
		wr_printf(out, ",%u", it->ind);
	wr_u8(out, ']');
}

/* The JSON library reads no label that holds a zero. */
static bool
label_expressible(const struct cmw_item *it)
{
	if (it->numbered)
		return false;
	return it->label.n == 0 || memchr(it->label.p, 0, it->label.n) == NULL;
}

/* JSON has no numbers for types and labels, and no empty values. */
static bool
expressible(const struct cmw_item *items, size_t n)
{
	if (!cmw_items_valid(items, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!label_expressible(&items[i]) ||
		    (items[i].kind == CMW_RECORD &&
			(items[i].media_type.n == 0 || items[i].value.n == 0)))
			return false;
	}
	return true;
}

int
cmw_write_json(struct wr *out, const struct cmw_item *items, size_t n)
{
	if (!expressible(items, n))
		return SEAL_E_ARGUMENT;
	for (size_t i = 0; i < n; i++) {
		const struct cmw_item *it = &items[i];
		unsigned next = i + 1 < n ? items[i + 1].depth : 0;

		if (it->depth > 0) {
			put_string(out, it->label);
			wr_u8(out, ':');
		}
		if (it->kind == CMW_COLLECTION) {
			wr_u8(out, '{');
			if (it->collection_type.n == 0)
				continue;
			put_string(out, span_str(CMW_TYPE_LABEL));
			wr_u8(out, ':');
			put_string(out, it->collection_type);
			wr_u8(out, ',');
			continue;
		}
		put_record(out, it);
		for (unsigned k = it->depth; k > next; k--)
			wr_u8(out, '}');
		if (next > 0)
			wr_u8(out, ',');
	}
	return out->error;
}
