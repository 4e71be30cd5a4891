/* SPDX-License-Identifier: Apache-2.0 */
#include "format/corim_header.h"

#define TAG_EPOCH 1u
#define TAG_SIGN1 18u
#define TAG_URI 32u
#define TAG_OID 111u
#define TAG_OLD 500u
#define TAG_CORIM 501u
#define TAG_OLD_SIGNED 502u

/* The corim-map (s4.1). */
#define KEY_ID 0
#define KEY_TAGS 1
#define KEY_DEPENDENT 2
#define KEY_PROFILE 3
#define KEY_VALIDITY 4
#define KEY_ENTITIES 5

/* ---- Members ---- */

/* RFC 8949 s3.4.2, without fractions. */
static bool
read_time(struct rd *r, int64_t *ret)
{
	uint64_t tag = 0;

	return cbor_tag(r, &tag) && (tag == TAG_EPOCH || rd_fail(r)) &&
	       cbor_int(r, ret);
}

/* s7.3: {? 0: not before, 1: not after}. */
bool
corim_read_validity(struct rd *r, struct corim_validity *ret)
{
	struct corim_validity v = { true, INT64_MIN, INT64_MAX };
	uint64_t key = 0;
	bool end = false;
	size_t n = 0;

	if (!cbor_map_unique(r, &n))
		return false;
	for (; n > 0; n--) {
		if (!cbor_uint(r, &key) || key > 1 ||
		    !read_time(r, key == 0 ? &v.not_before : &v.not_after))
			return rd_fail(r);
		end = end || key == 1;
	}
	if (!end)
		return rd_fail(r);
	*ret = v;
	return true;
}

/* A URI, tagged or, in older data, plain. */
bool
corim_read_uri(struct rd *r, struct span *ret)
{
	uint64_t tag = TAG_URI;

	if (cbor_peek(r) == CBOR_TAG && !cbor_tag(r, &tag))
		return false;
	return tag == TAG_URI ? cbor_text(r, ret) : rd_fail(r);
}

/* Exactly one; older drafts have an array. */
static bool
read_profile(struct rd *r, struct corim *c)
{
	uint64_t tag = 0;
	size_t n = 1;

	if (cbor_peek(r) == CBOR_ARRAY && (!cbor_array(r, &n) || n != 1))
		return rd_fail(r);
	if (cbor_peek(r) == CBOR_TEXT)
		return cbor_text(r, &c->profile) && c->profile.n > 0;
	if (!cbor_tag(r, &tag))
		return false;
	c->profile_is_oid = tag == TAG_OID;
	if (tag != TAG_OID && tag != TAG_URI)
		return rd_fail(r);
	return (c->profile_is_oid ? cbor_bytes(r, &c->profile)
				  : cbor_text(r, &c->profile)) &&
	       (c->profile.n > 0 || rd_fail(r));
}

static bool
read_list(struct rd *r, struct comid_list *ret)
{
	struct span array;

	return cbor_peek(r) == CBOR_ARRAY && cbor_item(r, &array) &&
	       comid_list_open(array, ret) && (ret->left > 0 || rd_fail(r));
}

static bool
read_member(struct rd *r, int64_t key, struct corim *c)
{
	struct comid_list list;
	struct span other;

	switch (key) {
	case KEY_ID:
		return comid_id_read(r, &c->id);
	case KEY_TAGS:
		return read_list(r, &c->tags);
	case KEY_DEPENDENT:
		if (!read_list(r, &list))
			return false;
		c->n_dependent = list.left;
		return true;
	case KEY_PROFILE:
		return read_profile(r, c);
	case KEY_VALIDITY:
		return corim_read_validity(r, &c->validity);
	case KEY_ENTITIES:
		return read_list(r, &c->entities);
	default: /* what a profile adds */
		return cbor_item(r, &other);
	}
}

/* ---- Lists ---- */

/* {0: name, ? 1: URI, 2: [role…]} and what a profile adds. */
bool
corim_entity_next(struct comid_list *l, struct corim_entity *ret)
{
	struct corim_entity e = { .name = { NULL, 0 } };
	struct span other;
	int64_t key = 0;
	size_t n = 0;
	bool ok;

	if (l->left == 0)
		return false;
	l->left--;
	if (!cbor_map_unique(&l->r, &n))
		return false;
	for (; n > 0; n--) {
		if (!comid_label(&l->r, &key))
			return false;
		if (key == 0)
			ok = cbor_text(&l->r, &e.name);
		else if (key == 1)
			ok = corim_read_uri(&l->r, &e.uri);
		else if (key == 2)
			ok = cbor_peek(&l->r) == CBOR_ARRAY &&
			     cbor_item(&l->r, &e.roles);
		else
			ok = cbor_item(&l->r, &other);
		if (!ok)
			return rd_fail(&l->r);
	}
	if (e.name.n == 0)
		return rd_fail(&l->r);
	*ret = e;
	return true;
}

bool
corim_tag_next(struct comid_list *l, struct corim_tag *ret)
{
	struct corim_tag t = { .index = l->next };
	bool ok;

	if (l->left == 0)
		return false;
	l->left--;
	l->next++;
	if (!cbor_tag(&l->r, &t.number))
		return false;
	t.kind = t.number == CORIM_COMID || t.number == CORIM_COSWID ||
			 t.number == CORIM_COTL
		     ? (enum corim_tag_kind)t.number
		     : CORIM_UNKNOWN;
	ok = t.kind == CORIM_UNKNOWN ? cbor_item(&l->r, &t.value)
				     : cbor_bytes(&l->r, &t.value);
	if (!ok)
		return false;
	*ret = t;
	return true;
}

static int
check_tags(const struct corim *c, struct seal_diag *d)
{
	struct comid_list l = c->tags;
	struct corim_tag t;
	struct comid comid;
	int code;

	if (l.left > CORIM_TAGS)
		return seal_fail(d, SEAL_E_LIMIT,
		    "corim: %zu tags, at most %u allowed", l.left, CORIM_TAGS);
	while (corim_tag_next(&l, &t))
		if (t.kind == CORIM_COMID &&
		    (code = comid_parse(t.value, &comid, d)) != 0)
			return code;
	return rd_end(&l.r)
		   ? 0
		   : seal_fail(d, SEAL_E_DECODE, "corim: malformed tag");
}

static bool
check_entities(const struct corim *c)
{
	struct comid_list l = c->entities;
	struct corim_entity e;

	while (corim_entity_next(&l, &e))
		;
	return c->entities.r.p == NULL || rd_end(&l.r);
}

static int
parse_map(struct rd *r, struct corim *c, struct seal_diag *d)
{
	int64_t key = 0;
	size_t n = 0;

	if (!cbor_map_unique(r, &n))
		return seal_fail(d, SEAL_E_DECODE,
		    "corim: expected a map without duplicates");
	for (; n > 0; n--)
		if (!comid_label(r, &key) || !read_member(r, key, c))
			return seal_fail(d, SEAL_E_DECODE,
			    "corim: member %d is malformed", (int)key);
	if (!rd_end(r))
		return seal_fail(d, SEAL_E_DECODE, "corim: bytes after it");
	if (c->id.value.n == 0 || c->tags.left == 0)
		return seal_fail(
		    d, SEAL_E_DECODE, "corim: needs an id and a tag");
	if (!check_entities(c))
		return seal_fail(d, SEAL_E_DECODE, "corim: malformed entity");
	return check_tags(c, d);
}

/* ---- Frames ---- */

/* Is it a signed one? Then *r stands at what COSE reads. */
static bool
find_signed(struct rd *r, struct corim *c)
{
	struct rd at = *r, ahead = *r;
	size_t whole = rd_left(r);
	uint64_t tag = 0;

	if (cbor_peek(&ahead) != CBOR_TAG || !cbor_tag(&ahead, &tag))
		return false;
	if (tag == TAG_OLD) {
		at = ahead;
		if (cbor_peek(&ahead) != CBOR_TAG || !cbor_tag(&ahead, &tag))
			return false;
	}
	if (tag != TAG_OLD_SIGNED && tag != TAG_SIGN1)
		return false;
	*r = tag == TAG_OLD_SIGNED ? ahead : at;
	c->old = rd_left(r) < whole;
	return true;
}

/* Takes off what wraps a corim-map. The payload of a signed one may be bare,
 * in older data. */
static bool
unwrap(struct rd *r, struct corim *c)
{
	uint64_t tag = 0;

	c->bare = true;
	if (cbor_peek(r) == CBOR_TAG && !cbor_tag(r, &tag))
		return false;
	if (tag == TAG_OLD) {
		c->old = true;
		if (cbor_peek(r) != CBOR_TAG)
			return true;
		if (!cbor_tag(r, &tag))
			return false;
	}
	if (tag == 0)
		return c->is_signed;
	c->bare = false;
	return tag == TAG_CORIM;
}

static int
parse_unsigned(struct rd *r, struct corim *c, struct seal_diag *d)
{
	if (!unwrap(r, c))
		return seal_fail(d, SEAL_E_DECODE,
		    "corim: expected CBOR tag 501, or 18 for a signed one");
	return parse_map(r, c, d);
}

/* "application/rim+cbor", with or without parameters. */
static bool
cty_valid(struct span cty)
{
	size_t n = 0;

	while (n < cty.n && cty.p[n] != ';' && cty.p[n] != ' ')
		n++;
	cty.n = n;
	return span_is(cty, CORIM_CTY) || span_is(cty, CORIM_OLD_CTY);
}

static int
parse_signed(struct rd *r, struct corim *c, struct seal_diag *d)
{
	struct rd payload;
	int code;

	if ((code = cose_sign1_parse(
		 span_of(r->p, rd_left(r)), &c->sign1, d)) != 0)
		return code;
	if (!cty_valid(c->sign1.content_type))
		return seal_fail(d, SEAL_E_DECODE,
		    "corim: expected protected content type " CORIM_CTY);
	if ((code = corim_header_parse(c, d)) != 0)
		return code;
	rd_init(&payload, c->sign1.payload);
	return parse_unsigned(&payload, c, d);
}

int
corim_parse(struct span in, struct corim *ret, struct seal_diag *d)
{
	struct corim c = { .is_signed = false };
	struct rd r;
	int code;

	if (in.n > CORIM_MAX)
		return seal_fail(
		    d, SEAL_E_LIMIT, "corim: larger than %u bytes", CORIM_MAX);
	rd_init(&r, in);
	c.is_signed = find_signed(&r, &c);
	code =
	    c.is_signed ? parse_signed(&r, &c, d) : parse_unsigned(&r, &c, d);
	if (code == 0)
		*ret = c;
	return code;
}

/* ---- Writing ---- */

void
corim_put_validity(struct wr *w, const struct corim_validity *v)
{
	bool begins = v->not_before != INT64_MIN;

	cbor_put_map(w, begins ? 2 : 1);
	if (begins) {
		cbor_put_int(w, 0);
		cbor_put_tag(w, TAG_EPOCH);
		cbor_put_int(w, v->not_before);
	}
	cbor_put_int(w, 1);
	cbor_put_tag(w, TAG_EPOCH);
	cbor_put_int(w, v->not_after);
}

void
corim_put(struct wr *w, const struct corim_out *c)
{
	cbor_put_tag(w, TAG_CORIM);
	cbor_put_map(w,
	    2u + (c->profile.n > 0) + c->validity.stated + (c->entities.n > 0));
	cbor_put_int(w, KEY_ID);
	comid_put_id(w, &c->id);
	cbor_put_int(w, KEY_TAGS);
	cbor_put_array(w, c->n_tags);
	for (size_t i = 0; i < c->n_tags; i++)
		comid_put_bytes(w, CORIM_COMID, c->tags[i]);
	if (c->profile.n > 0) {
		cbor_put_int(w, KEY_PROFILE);
		cbor_put_tag(w, TAG_URI);
		cbor_put_text(w, c->profile);
	}
	if (c->validity.stated) {
		cbor_put_int(w, KEY_VALIDITY);
		corim_put_validity(w, &c->validity);
	}
	if (c->entities.n > 0) {
		cbor_put_int(w, KEY_ENTITIES);
		wr_bytes(w, c->entities);
	}
}

/* ---- Validity ---- */

static int
check_period(const struct corim_validity *v, const char *what, int64_t now,
    struct seal_diag *d)
{
	if (!v->stated || (now >= v->not_before && now <= v->not_after))
		return 0;
	if (now < v->not_before)
		return seal_fail(d, SEAL_E_STALE,
		    "corim: the %s is valid from %lld, and it is %lld", what,
		    (long long)v->not_before, (long long)now);
	return seal_fail(d, SEAL_E_STALE,
	    "corim: the %s was valid until %lld, and it is %lld", what,
	    (long long)v->not_after, (long long)now);
}

int
corim_valid_at(const struct corim *c, int64_t now, struct seal_diag *d)
{
	int code;

	if ((code = check_period(&c->validity, "manifest", now, d)) != 0 ||
	    (code = check_period(&c->signature, "signature", now, d)) != 0)
		return code;
	return check_period(&c->claims, "signature (CWT)", now, d);
}
