/* SPDX-License-Identifier: Apache-2.0 */
#include "format/cmw_item.h"

#define CF_CMW_JSON 274u
#define CF_CMW_COSE 275u

static int
malformed(struct seal_diag *d, const char *what)
{
	return seal_fail(d, SEAL_E_DECODE, "cmw: %s", what);
}

/* The first byte that is no white space of JSON; 0 where there is none. */
static uint8_t
first_byte(struct span in)
{
	struct rd r;
	uint8_t c = 0;

	rd_init(&r, in);
	while (rd_u8(&r, &c)) {
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return c;
	}
	return 0;
}

static bool
starts_json(struct span in)
{
	uint8_t c = first_byte(in);

	return c == '{' || c == '[';
}

static void
set_content_format(struct cmw_item *item, uint16_t cf)
{
	item->has_content_format = true;
	item->content_format = cf;
	item->media_type = cmw_content_format_type(cf);
}

static bool
read_type(struct rd *r, struct cmw_item *item)
{
	uint64_t cf = 0;

	if (cbor_peek(r) == CBOR_UINT) {
		if (!cbor_uint(r, &cf) || cf > UINT16_MAX)
			return false;
		set_content_format(item, (uint16_t)cf);
		return true;
	}
	return cbor_text(r, &item->media_type) &&
	       cmw_media_type_valid(item->media_type);
}

/* [type, value, ? ind] */
static int
read_record(struct rd *r, struct cmw_item *item, struct seal_diag *d)
{
	uint64_t ind = 0;
	size_t n = 0;

	item->kind = CMW_RECORD;
	if (!cbor_array(r, &n) || n < 2 || n > 3)
		return malformed(d, "a record has 2 or 3 elements");
	if (!read_type(r, item))
		return malformed(d, "a type is a media type or content format");
	if (!cbor_bytes(r, &item->value))
		return malformed(d, "a value is a byte string");
	if (n == 3 && (!cbor_uint(r, &ind) || ind == 0 || ind > UINT32_MAX))
		return malformed(d, "an indicator is within 1 and 2^32 - 1");
	item->ind = (uint32_t)ind;
	return 0;
}

/*
 * RFC 9999 gives two tags both to the JSON collection and to signed CBOR: by
 * a table and by its formula. The bytes inside tell them apart.
 */
static bool
settle_contradiction(struct cmw_item *item)
{
	uint8_t first = first_byte(item->value);

	if (item->content_format != CF_CMW_JSON &&
	    item->content_format != CF_CMW_COSE)
		return true;
	if (starts_json(item->value))
		set_content_format(item, CF_CMW_JSON);
	else if (first == 0x84 || first == 0xd2)
		set_content_format(item, CF_CMW_COSE);
	else
		return false;
	return true;
}

static int
read_tag(struct rd *r, struct cmw_item *item, struct seal_diag *d)
{
	uint64_t tag = 0;
	uint16_t cf = 0;

	item->kind = CMW_RECORD;
	if (!cbor_tag(r, &tag) || !cmw_tag_to_content_format(tag, &cf))
		return malformed(d, "the tag stands for no content format");
	set_content_format(item, cf);
	if (!cbor_bytes(r, &item->value))
		return malformed(d, "a tag holds a byte string");
	if (!settle_contradiction(item))
		return malformed(d, "the tag holds neither JSON nor COSE");
	return 0;
}

/* The head of a collection, and its type, which may stand at any place. */
static int
open_collection(
    struct rd *r, struct cmw_item *item, size_t *ret_n, struct seal_diag *d)
{
	struct span type = { NULL, 0 }, key;
	struct rd ahead, k;
	size_t n = 0;
	int code;

	if ((code = cmw_open(item, d)) != 0)
		return code;
	if (!cbor_map_unique(r, &n) || n == 0)
		return malformed(
		    d, "malformed or empty collection, or a label twice");
	ahead = *r;
	for (size_t i = 0; i < n; i++) {
		if (!cbor_item(&ahead, &key))
			return malformed(d, "malformed collection");
		rd_init(&k, key);
		if (cbor_peek(&k) != CBOR_TEXT || !cbor_text(&k, &type) ||
		    !span_is(type, CMW_TYPE_LABEL)) {
			cbor_item(&ahead, NULL);
			continue;
		}
		if (!cbor_text(&ahead, &item->collection_type) ||
		    !cmw_collection_type_valid(item->collection_type))
			return malformed(
			    d, "a collection's type is a URI or OID");
		if (n == 1)
			return malformed(d, "empty collection");
	}
	*ret_n = n;
	return 0;
}

static bool
read_label(struct rd *r, struct cmw_item *item)
{
	if (cbor_peek(r) == CBOR_TEXT)
		return cbor_text(r, &item->label);
	item->numbered = true;
	return cbor_int(r, &item->label_number);
}

/* One CMW of any form; *ret_n is the number of pairs that follow it. */
static int
read_any(
    struct rd *r, struct cmw_item *item, size_t *ret_n, struct seal_diag *d)
{
	*ret_n = 0;
	switch (cbor_peek(r)) {
	case CBOR_ARRAY:
		return read_record(r, item, d);
	case CBOR_TAG:
		return read_tag(r, item, d);
	case CBOR_MAP:
		return open_collection(r, item, ret_n, d);
	default:
		return malformed(d, "neither record, tag nor collection");
	}
}

/* One pair of a collection; *ret_n is 0 for all but an inner collection. */
static int
read_pair(struct rd *r, struct cmw *c, unsigned depth, size_t *ret_n,
    struct seal_diag *d)
{
	struct cmw_item *item, head = { .kind = CMW_KIND_NONE };

	*ret_n = 0;
	if (!read_label(r, &head))
		return malformed(d, "a label is text or a number");
	if (!head.numbered && span_is(head.label, CMW_TYPE_LABEL)) {
		cbor_item(r, NULL); /* seen by open_collection() */
		return 0;
	}
	if ((item = cmw_add(c, depth, d)) == NULL)
		return SEAL_E_LIMIT;
	head.depth = depth;
	*item = head;
	return read_any(r, item, ret_n, d);
}

static int
parse_cbor(struct span in, struct cmw *c, struct seal_diag *d)
{
	size_t left[CMW_DEPTH] = { 0 }; /* pairs, by depth of collection */
	unsigned depth = 0;
	size_t inner = 0;
	struct rd r;
	int code;

	rd_init(&r, in);
	if ((code = read_any(&r, cmw_add(c, 0, d), &left[0], d)) != 0)
		return code;
	for (;;) {
		while (depth > 0 && left[depth] == 0)
			depth--;
		if (left[depth] == 0)
			break;
		left[depth]--;
		if ((code = read_pair(&r, c, depth + 1, &inner, d)) != 0)
			return code;
		if (inner > 0)
			left[++depth] = inner;
	}
	return rd_end(&r) ? 0 : malformed(d, "trailing bytes");
}

/* RFC 9999: the first byte tells the forms apart. */
static enum cmw_form
sniff(struct span in)
{
	struct rd r;

	switch (first_byte(in)) {
	case '[':
		return CMW_JSON_RECORD;
	case '{':
		return CMW_JSON_COLLECTION;
	default:
		break;
	}
	rd_init(&r, in);
	switch (cbor_peek(&r)) {
	case CBOR_ARRAY:
		return CMW_CBOR_RECORD;
	case CBOR_TAG:
		return CMW_CBOR_TAG;
	case CBOR_MAP:
		return CMW_CBOR_COLLECTION;
	default:
		return CMW_FORM_NONE;
	}
}

int
cmw_parse(struct span in, struct cmw *ret, struct seal_diag *d)
{
	struct cmw c = { .form = sniff(in) };
	int code;

	if (c.form == CMW_FORM_NONE)
		return malformed(d, "neither CBOR nor JSON of a CMW");
	if (c.form == CMW_JSON_RECORD || c.form == CMW_JSON_COLLECTION)
		code = cmw_parse_json(in, &c, d);
	else
		code = parse_cbor(in, &c, d);
	if (code != 0)
		cmw_free(&c);
	else
		*ret = c;
	return code;
}

void
cmw_whole(const struct cmw *c, struct span in, struct span *ret_type,
    struct span *ret_value)
{
	bool collection = c->items[0].kind == CMW_COLLECTION;

	*ret_type = collection ? span_str(CMW_TYPE) : c->items[0].media_type;
	*ret_value = collection ? in : c->items[0].value;
}

void
cmw_write_record(struct wr *out, struct span media_type, struct span value)
{
	cbor_put_array(out, 2);
	cbor_put_text(out, media_type);
	cbor_put_bytes(out, value);
}

int
cmw_write_tag(struct wr *out, uint16_t content_format, struct span value)
{
	uint64_t tag = cmw_tag_from_content_format(content_format);

	if (tag == 0)
		return SEAL_E_ARGUMENT;
	cbor_put_tag(out, tag);
	cbor_put_bytes(out, value);
	return out->error;
}

static void
put_record(struct wr *out, const struct cmw_item *it)
{
	cbor_put_array(out, it->ind != 0 ? 3 : 2);
	if (it->has_content_format)
		cbor_put_uint(out, it->content_format);
	else
		cbor_put_text(out, it->media_type);
	cbor_put_bytes(out, it->value);
	if (it->ind != 0)
		cbor_put_uint(out, it->ind);
}

int
cmw_write_cbor(struct wr *out, const struct cmw_item *items, size_t n)
{
	if (!cmw_items_valid(items, n))
		return SEAL_E_ARGUMENT;
	for (size_t i = 0; i < n; i++) {
		const struct cmw_item *it = &items[i];
		bool typed = it->collection_type.n > 0;

		if (it->depth > 0 && it->numbered)
			cbor_put_int(out, it->label_number);
		else if (it->depth > 0)
			cbor_put_text(out, it->label);
		if (it->kind == CMW_RECORD) {
			put_record(out, it);
			continue;
		}
		cbor_put_map(out, cmw_children(items, n, i) + (typed ? 1 : 0));
		if (typed) {
			cbor_put_text(out, span_str(CMW_TYPE_LABEL));
			cbor_put_text(out, it->collection_type);
		}
	}
	return out->error;
}
