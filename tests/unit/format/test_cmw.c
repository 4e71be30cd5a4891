/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/diag.h"
#include "format/cmw.h"

/* A CBOR record [0, h''], and one with a label before it. */
#define REC 0x82, 0x00, 0x40
#define X_Y 0x63, 'x', '/', 'y'

struct parse_case {
	const char *name;
	struct span in;
	int want;
	enum cmw_form form;
	size_t n;
};

static const struct parse_case cases[] = {
	/* RFC 9999 s5.1 to s5.4. */
	{ "JSON record",
	    STR("[\"application/vnd.example.rats-conceptual-msg\","
		"\"I0faVQ\"]"),
	    0, CMW_JSON_RECORD, 1 },
	{ "CBOR record, content format",
	    HEX(0x82, 0x19, 0xfd, 0xe7, 0x44, 0x23, 0x47, 0xda, 0x55), 0,
	    CMW_CBOR_RECORD, 1 },
	{ "CBOR tag",
	    HEX(0xda, 0x63, 0x74, 0xff, 0xe6, 0x44, 0x23, 0x47, 0xda, 0x55), 0,
	    CMW_CBOR_TAG, 1 },
	{ "CBOR record, media type, ind", HEX(0x83, X_Y, 0x41, 7, 3), 0,
	    CMW_CBOR_RECORD, 1 },
	{ "JSON record with ind 2^32 - 1", STR("[\"x/y\",\"AA\",4294967295]"),
	    0, CMW_JSON_RECORD, 1 },
	{ "JSON white space around", STR(" \t\r\n[ \"x/y\" , \"AA\" ]\n"), 0,
	    CMW_JSON_RECORD, 1 },
	{ "JSON escapes in the type", STR("[\"x\\u002fy\",\"AA\"]"), 0,
	    CMW_JSON_RECORD, 1 },
	{ "media type with parameters",
	    HEX(0x82, 0x69, 'x', '/', 'y', ';', ' ', 'q', '=', '"', '"', 0x40),
	    0, CMW_CBOR_RECORD, 1 },
	{ "greatest content format", HEX(0x82, 0x19, 0xff, 0xff, 0x40), 0,
	    CMW_CBOR_RECORD, 1 },
	{ "CBOR collection", HEX(0xa1, 1, REC), 0, CMW_CBOR_COLLECTION, 2 },
	{ "CBOR collection, text label", HEX(0xa1, 0x61, 0x61, REC), 0,
	    CMW_CBOR_COLLECTION, 2 },
	{ "label 1 and \"1\"", HEX(0xa2, 1, REC, 0x61, 0x31, REC), 0,
	    CMW_CBOR_COLLECTION, 3 },
	{ "same label at two depths", HEX(0xa1, 1, 0xa1, 1, REC), 0,
	    CMW_CBOR_COLLECTION, 3 },
	{ "negative label", HEX(0xa1, 0x20, REC), 0, CMW_CBOR_COLLECTION, 2 },
	{ "collection of a tag",
	    HEX(0xa1, 1, 0xda, 0x63, 0x74, 0xff, 0xe6, 0x40), 0,
	    CMW_CBOR_COLLECTION, 2 },
	{ "three collections deep", HEX(0xa1, 1, 0xa1, 2, 0xa1, 3, REC), 0,
	    CMW_CBOR_COLLECTION, 4 },
	{ "JSON collection", STR("{\"a\":[\"x/y\",\"AA\"]}"), 0,
	    CMW_JSON_COLLECTION, 2 },
	{ "JSON collection with a type",
	    STR("{\"a\":[\"x/y\",\"AA\"],\"__cmwc_t\":\"tag:a,2024:b\"}"), 0,
	    CMW_JSON_COLLECTION, 2 },
	{ "JSON three collections deep",
	    STR("{\"a\":{\"b\":{\"c\":[\"x/y\",\"AA\",4]}}}"), 0,
	    CMW_JSON_COLLECTION, 4 },
	{ "JSON brackets in a label", STR("{\"[{[{[\":[\"x/y\",\"AA\"]}"), 0,
	    CMW_JSON_COLLECTION, 2 },
	{ "JSON escaped quote in a label",
	    STR("{\"\\\"[[[[[[\":[\"x/y\",\"AA\"]}"), 0, CMW_JSON_COLLECTION,
	    2 },

	{ "nothing", { NULL, 0 }, SEAL_E_DECODE },
	{ "white space", STR(" \n"), SEAL_E_DECODE },
	{ "integer", HEX(0x01), SEAL_E_DECODE },
	{ "byte string", HEX(0x41, 0x82), SEAL_E_DECODE },
	{ "trailing byte after a record", HEX(REC, 0), SEAL_E_DECODE },
	{ "trailing byte after a tag",
	    HEX(0xda, 0x63, 0x74, 0xff, 0xe6, 0x40, 0), SEAL_E_DECODE },
	{ "trailing byte after a collection", HEX(0xa1, 1, REC, 0),
	    SEAL_E_DECODE },
	{ "record of 1", HEX(0x81, 0), SEAL_E_DECODE },
	{ "record of 4", HEX(0x84, 0, 0x40, 1, 1), SEAL_E_DECODE },
	{ "indefinite record", HEX(0x9f, 0, 0x40, 0xff), SEAL_E_DECODE },
	{ "indefinite collection", HEX(0xbf, 1, REC, 0xff), SEAL_E_DECODE },
	{ "content format 65536", HEX(0x82, 0x1a, 0, 1, 0, 0, 0x40),
	    SEAL_E_DECODE },
	{ "content format negative", HEX(0x82, 0x20, 0x40), SEAL_E_DECODE },
	{ "content format float", HEX(0x82, 0xf9, 0x3c, 0, 0x40),
	    SEAL_E_DECODE },
	{ "type is bytes", HEX(0x82, 0x43, 'x', '/', 'y', 0x40),
	    SEAL_E_DECODE },
	{ "media type empty", HEX(0x82, 0x60, 0x40), SEAL_E_DECODE },
	{ "media type without slash", HEX(0x82, 0x62, 'x', 'y', 0x40),
	    SEAL_E_DECODE },
	{ "media type without subtype", HEX(0x82, 0x62, 'x', '/', 0x40),
	    SEAL_E_DECODE },
	{ "media type without type", HEX(0x82, 0x62, '/', 'y', 0x40),
	    SEAL_E_DECODE },
	{ "media type with two slashes",
	    HEX(0x82, 0x65, 'x', '/', 'y', '/', 'z', 0x40), SEAL_E_DECODE },
	{ "media type with a space at its end",
	    HEX(0x82, 0x64, 'x', '/', 'y', ' ', 0x40), SEAL_E_DECODE },
	{ "media type with a newline",
	    HEX(0x82, 0x65, 'x', '/', 'y', ';', '\n', 0x40), SEAL_E_DECODE },
	{ "media type with NUL", HEX(0x82, 0x64, 'x', '/', 'y', 0, 0x40),
	    SEAL_E_DECODE },
	{ "value is text", HEX(0x82, 0, 0x61, 0x61), SEAL_E_DECODE },
	{ "value is a map", HEX(0x82, 0, 0xa0), SEAL_E_DECODE },
	{ "ind 0", HEX(0x83, 0, 0x40, 0), SEAL_E_DECODE },
	{ "ind negative", HEX(0x83, 0, 0x40, 0x20), SEAL_E_DECODE },
	{ "ind 2^32", HEX(0x83, 0, 0x40, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0),
	    SEAL_E_DECODE },
	{ "ind null", HEX(0x83, 0, 0x40, 0xf6), SEAL_E_DECODE },

	{ "tag with low byte 0", HEX(0xda, 0x63, 0x74, 0x02, 0x00, 0x40),
	    SEAL_E_DECODE },
	{ "tag one below the base", HEX(0xda, 0x63, 0x74, 0x01, 0x00, 0x40),
	    SEAL_E_DECODE },
	{ "tag past the last", HEX(0xda, 0x63, 0x75, 0x00, 0x01, 0x40),
	    SEAL_E_DECODE },
	{ "tag 18", HEX(0xd2, 0x40), SEAL_E_DECODE },
	{ "tag of 2^64 - 1",
	    HEX(0xdb, 255, 255, 255, 255, 255, 255, 255, 255, 0x40),
	    SEAL_E_DECODE },
	{ "tag of an integer", HEX(0xda, 0x63, 0x74, 0x01, 0x01, 0x01),
	    SEAL_E_DECODE },
	{ "tag of a tag",
	    HEX(0xda, 0x63, 0x74, 0xff, 0xe6, 0xda, 0x63, 0x74, 0xff, 0xe6,
		0x40),
	    SEAL_E_DECODE },
	{ "disputed tag of neither", HEX(0xda, 0x63, 0x74, 0x02, 0x14, 0x41, 0),
	    SEAL_E_DECODE },
	{ "disputed tag of nothing", HEX(0xda, 0x63, 0x74, 0x02, 0x15, 0x40),
	    SEAL_E_DECODE },

	{ "empty collection", HEX(0xa0), SEAL_E_DECODE },
	{ "inner collection empty", HEX(0xa1, 1, 0xa0), SEAL_E_DECODE },
	{ "nothing but a type",
	    HEX(0xa1, 0x68, '_', '_', 'c', 'm', 'w', 'c', '_', 't', 0x63, 'a',
		':', 'b'),
	    SEAL_E_DECODE },
	{ "type is a number",
	    HEX(0xa2, 0x68, '_', '_', 'c', 'm', 'w', 'c', '_', 't', 1, 1, REC),
	    SEAL_E_DECODE },
	{ "type is neither URI nor OID",
	    HEX(0xa2, 0x68, '_', '_', 'c', 'm', 'w', 'c', '_', 't', 0x61, 'a',
		1, REC),
	    SEAL_E_DECODE },
	{ "label twice", HEX(0xa2, 1, REC, 1, REC), SEAL_E_DECODE },
	{ "inner label twice", HEX(0xa1, 1, 0xa2, 2, REC, 2, REC),
	    SEAL_E_DECODE },
	{ "label of bytes", HEX(0xa1, 0x41, 1, REC), SEAL_E_DECODE },
	{ "label null", HEX(0xa1, 0xf6, REC), SEAL_E_DECODE },
	{ "label below int64", HEX(0xa1, 0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0, REC),
	    SEAL_E_DECODE },
	{ "item is a number", HEX(0xa1, 1, 1), SEAL_E_DECODE },
	{ "pair missing", HEX(0xa2, 1, REC), SEAL_E_DECODE },
	{ "four collections deep", HEX(0xa1, 1, 0xa1, 2, 0xa1, 3, 0xa1, 4, REC),
	    SEAL_E_LIMIT },

	{ "JSON padding", STR("[\"x/y\",\"AA==\"]"), SEAL_E_DECODE },
	{ "JSON value empty", STR("[\"x/y\",\"\"]"), SEAL_E_DECODE },
	{ "JSON plain base64", STR("[\"x/y\",\"-_+/\"]"), SEAL_E_DECODE },
	{ "JSON spare bits", STR("[\"x/y\",\"AB\"]"), SEAL_E_DECODE },
	{ "JSON lone character", STR("[\"x/y\",\"A\"]"), SEAL_E_DECODE },
	{ "JSON newline in the value", STR("[\"x/y\",\"AA\\nAA\"]"),
	    SEAL_E_DECODE },
	{ "JSON numeric type", STR("[263,\"AA\"]"), SEAL_E_DECODE },
	{ "JSON bad media type", STR("[\"xy\",\"AA\"]"), SEAL_E_DECODE },
	{ "JSON value is an array", STR("[\"x/y\",[]]"), SEAL_E_DECODE },
	{ "JSON ind 0", STR("[\"x/y\",\"AA\",0]"), SEAL_E_DECODE },
	{ "JSON ind negative", STR("[\"x/y\",\"AA\",-1]"), SEAL_E_DECODE },
	{ "JSON ind 2^32", STR("[\"x/y\",\"AA\",4294967296]"), SEAL_E_DECODE },
	{ "JSON ind real", STR("[\"x/y\",\"AA\",4.0]"), SEAL_E_DECODE },
	{ "JSON ind text", STR("[\"x/y\",\"AA\",\"4\"]"), SEAL_E_DECODE },
	{ "JSON ind null", STR("[\"x/y\",\"AA\",null]"), SEAL_E_DECODE },
	{ "JSON record of 0", STR("[]"), SEAL_E_DECODE },
	{ "JSON record of 1", STR("[\"x/y\"]"), SEAL_E_DECODE },
	{ "JSON record of 4", STR("[\"x/y\",\"AA\",1,1]"), SEAL_E_DECODE },
	{ "JSON empty collection", STR("{}"), SEAL_E_DECODE },
	{ "JSON nothing but a type", STR("{\"__cmwc_t\":\"a:b\"}"),
	    SEAL_E_DECODE },
	{ "JSON type is no URI",
	    STR("{\"__cmwc_t\":\"1.\",\"a\":[\"x/y\","
		"\"AA\"]}"),
	    SEAL_E_DECODE },
	{ "JSON label twice",
	    STR("{\"a\":[\"x/y\",\"AA\"],\"a\":[\"x/y\",\"AA\"]}"),
	    SEAL_E_DECODE },
	{ "JSON label twice, once escaped",
	    STR("{\"a\":[\"x/y\",\"AA\"],\"\\u0061\":[\"x/y\",\"AA\"]}"),
	    SEAL_E_DECODE },
	{ "JSON NUL in a label", STR("{\"a\\u0000\":[\"x/y\",\"AA\"]}"),
	    SEAL_E_DECODE },
	{ "JSON NUL in the type", STR("[\"x/y\\u0000\",\"AA\"]"),
	    SEAL_E_DECODE },
	{ "JSON invalid UTF-8", STR("{\"\xff\":[\"x/y\",\"AA\"]}"),
	    SEAL_E_DECODE },
	{ "JSON member is text", STR("{\"a\":\"AA\"}"), SEAL_E_DECODE },
	{ "JSON member is null", STR("{\"a\":null}"), SEAL_E_DECODE },
	{ "JSON trailing text", STR("[\"x/y\",\"AA\"]x"), SEAL_E_DECODE },
	{ "JSON two values", STR("[\"x/y\",\"AA\"][]"), SEAL_E_DECODE },
	{ "JSON trailing NUL", STR("[\"x/y\",\"AA\"]\0"), SEAL_E_DECODE },
	{ "JSON four collections deep",
	    STR("{\"a\":{\"b\":{\"c\":{\"d\":[\"x/y\",\"AA\"]}}}}"),
	    SEAL_E_LIMIT },
	{ "JSON four empty ones", STR("{\"a\":{\"b\":{\"c\":{}}}}"),
	    SEAL_E_LIMIT },
	{ NULL },
};

static void
parsing(void **state)
{
	(void)state;
	for (const struct parse_case *c = cases; c->name != NULL; c++) {
		struct cmw got = { .n = 77 };
		struct seal_diag d = { 0 };
		int r;

		if ((r = cmw_parse(c->in, &got, &d)) != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		if (r != 0 && (got.n != 77 || d.code != r))
			fail_msg("%s: output touched or no story", c->name);
		if (r == 0 && (got.form != c->form || got.n != c->n))
			fail_msg(
			    "%s: form %d, %zu items", c->name, got.form, got.n);
		if (r == 0)
			cmw_free(&got);
		/* No prefix of a good message may pass, but for what lacks
		 * white space alone. */
		for (size_t n = 0; c->want == 0 && n < c->in.n; n++) {
			if (c->in.p[n] != '\n' &&
			    cmw_parse(span_of(c->in.p, n), &got, NULL) == 0)
				fail_msg("%s: passes cut at %zu", c->name, n);
		}
	}
}

/* All fields of the RFC's collection example, in both encodings. */
static const char json_example[] =
    "{\"__cmwc_t\":\"tag:example.com,2024:another-composite-attester\","
    "\"attester A\":[\"application/eat-ucs+json\",\"e30K\",4],"
    "\"attester \\u00e4\":{\"inner\":[\"application/eat-ucs+cbor\",\"oA\"],"
    "\"__cmwc_t\":\"1.3.6.1\"},"
    "\"attester C\":[\"x/y\",\"AA\",8]}";

static void
fields(void **state)
{
	struct cmw c;

	(void)state;
	assert_int_equal(cmw_parse(span_str(json_example), &c, NULL), 0);
	assert_int_equal(c.n, 5);
	assert_int_equal(c.items[0].kind, CMW_COLLECTION);
	assert_int_equal(c.items[0].depth, 0);
	assert_true(span_is(c.items[0].collection_type,
	    "tag:example.com,2024:another-composite-attester"));
	assert_int_equal(c.items[1].kind, CMW_RECORD);
	assert_int_equal(c.items[1].depth, 1);
	assert_true(span_is(c.items[1].label, "attester A"));
	assert_true(span_is(c.items[1].media_type, "application/eat-ucs+json"));
	assert_true(span_is(c.items[1].value, "{}\n"));
	assert_int_equal(c.items[1].ind, CMW_IND_EVIDENCE);
	assert_int_equal(c.items[2].kind, CMW_COLLECTION);
	assert_true(span_is(c.items[2].label, "attester \xc3\xa4"));
	assert_true(span_is(c.items[2].collection_type, "1.3.6.1"));
	assert_int_equal(c.items[3].depth, 2);
	assert_true(span_is(c.items[3].label, "inner"));
	assert_true(span_is(c.items[3].value, "\xa0"));
	assert_int_equal(c.items[3].ind, 0);
	assert_int_equal(c.items[4].depth, 1);
	assert_int_equal(c.items[4].ind, CMW_IND_RESULTS);
	cmw_free(&c);
	assert_int_equal(c.n, 0);
	cmw_free(&c);
	cmw_free(NULL);
}

/* The tags of RFC 9999's text. */
static void
tag_numbers(void **state)
{
	static const struct {
		uint16_t cf;
		uint64_t tag;
	} rows[] = { { 0, 1668546817 }, { 263, 1668547081 },
		{ 274, 1668547092 }, { 275, 1668547093 }, { 50000, 1668597013 },
		{ 64999, 1668612070 }, { 65024, 1668612095 } };
	uint16_t cf;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(
		    cmw_tag_from_content_format(rows[i].cf) == rows[i].tag);
		assert_true(cmw_tag_to_content_format(rows[i].tag, &cf));
		assert_int_equal(cf, rows[i].cf);
	}
	assert_true(cmw_tag_from_content_format(65025) == 0);
	for (uint32_t i = 0; i <= 65024; i++) {
		uint64_t tag = cmw_tag_from_content_format((uint16_t)i);

		assert_true(cmw_tag_to_content_format(tag, &cf) && cf == i);
		assert_true((tag & 0xff) != 0);
	}
}

/* Traps 1: two tags with two readings each. */
static void
disputed_tags(void **state)
{
	static const struct {
		const char *name;
		uint8_t low, inner;
		uint16_t cf;
	} rows[] = {
		{ "JSON by formula", 0x14, '{', 274 },
		{ "JSON by table", 0x15, '{', 274 },
		{ "COSE by formula", 0x15, 0xd2, 275 },
		{ "COSE by table", 0x14, 0x84, 275 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t in[] = { 0xda, 0x63, 0x74, 0x02, rows[i].low, 0x41,
			rows[i].inner };
		struct cmw c;

		assert_int_equal(
		    cmw_parse(span_of(in, sizeof(in)), &c, NULL), 0);
		if (c.items[0].content_format != rows[i].cf)
			fail_msg("%s", rows[i].name);
		assert_true(span_is(c.items[0].media_type,
		    rows[i].cf == 274 ? "application/cmw+json"
				      : "application/cmw+cose"));
		cmw_free(&c);
	}
}

static void
known_content_formats(void **state)
{
	static const uint8_t in[] = { 0x82, 0x19, 0x01, 0x07, 0x40 };
	static const uint8_t unknown[] = { 0x82, 0x19, 0xfd, 0xe7, 0x40 };
	struct cmw c;

	(void)state;
	assert_int_equal(cmw_parse(span_of(in, sizeof(in)), &c, NULL), 0);
	assert_true(c.items[0].has_content_format);
	assert_int_equal(c.items[0].content_format, 263);
	assert_true(span_is(c.items[0].media_type, "application/eat+cwt"));
	assert_int_equal(
	    cmw_parse(span_of(unknown, sizeof(unknown)), &c, NULL), 0);
	assert_int_equal(c.items[0].content_format, 64999);
	assert_int_equal(c.items[0].media_type.n, 0);
}

/* A collection of n records, in either encoding. */
static int
parse_many(unsigned n, bool json)
{
	struct cmw c;
	struct wr w;
	int r;

	wr_init_heap(&w, 65536);
	if (!json)
		cbor_put_map(&w, n);
	for (unsigned i = 0; i < n; i++) {
		if (json) {
			wr_printf(&w, "%c\"%u\":[\"x/y\",\"AA\",1]",
			    i == 0 ? '{' : ',', i);
			continue;
		}
		cbor_put_uint(&w, i);
		cmw_write_record(&w, span_str("x/y"), span_str("v"));
	}
	if (json)
		wr_u8(&w, '}');
	r = cmw_parse(wr_view(&w), &c, NULL);
	if (r == 0)
		cmw_free(&c);
	wr_free(&w);
	return r;
}

static void
item_limit(void **state)
{
	(void)state;
	for (int json = 0; json < 2; json++) {
		assert_int_equal(parse_many(CMW_ITEMS, json), 0);
		assert_int_equal(parse_many(CMW_ITEMS + 1, json), SEAL_E_LIMIT);
		assert_int_equal(parse_many(60, json), SEAL_E_LIMIT);
		assert_int_equal(parse_many(1000, json),
		    json ? SEAL_E_LIMIT : SEAL_E_DECODE);
	}
}

static void
depth_bombs(void **state)
{
	static char in[400000];
	struct cmw c;

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = "{\"a\":"[i % 5];
	assert_int_equal(
	    cmw_parse(span_of(in, sizeof(in)), &c, NULL), SEAL_E_LIMIT);
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = '[';
	assert_int_equal(
	    cmw_parse(span_of(in, sizeof(in)), &c, NULL), SEAL_E_LIMIT);
	for (size_t i = 0; i < sizeof(in); i += 2)
		in[i] = (char)0xa1, in[i + 1] = 0;
	assert_int_equal(
	    cmw_parse(span_of(in, sizeof(in)), &c, NULL), SEAL_E_DECODE);
}

/* Parses, writes in both encodings, parses again, and compares. */
static void
same_items(const struct cmw *a, const struct cmw *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct cmw_item *x = &a->items[i], *y = &b->items[i];

		assert_int_equal(x->kind, y->kind);
		assert_int_equal(x->depth, y->depth);
		assert_true(span_equal(x->label, y->label));
		assert_int_equal(x->numbered, y->numbered);
		assert_true(x->label_number == y->label_number);
		assert_true(span_equal(x->media_type, y->media_type));
		assert_true(span_equal(x->value, y->value));
		assert_int_equal(x->ind, y->ind);
		assert_true(span_equal(x->collection_type, y->collection_type));
	}
}

static void
round_trip(struct span in, bool json)
{
	struct cmw a, b;
	struct wr w;

	assert_int_equal(cmw_parse(in, &a, NULL), 0);
	wr_init_heap(&w, 65536);
	if (json)
		assert_int_equal(cmw_write_json(&w, a.items, a.n), 0);
	else
		assert_int_equal(cmw_write_cbor(&w, a.items, a.n), 0);
	assert_int_equal(cmw_parse(wr_view(&w), &b, NULL), 0);
	assert_int_equal(b.form >= CMW_JSON_RECORD, json);
	same_items(&a, &b);
	cmw_free(&a);
	cmw_free(&b);
	wr_free(&w);
}

static void
round_trips(void **state)
{
	static const char quotes[] =
	    "{\"\\\"\\\\\\u0001\":[\"x/y;a=\\\"\\\"\",\"AA\"]}";
	static const uint8_t numbered[] = { 0xa2, 1, 0x83, 0x19, 0x01, 0x07,
		0x41, 7, 4, 0x20, 0xa1, 0x60, REC };

	(void)state;
	for (int json = 0; json < 2; json++) {
		round_trip(span_str(json_example), json);
		round_trip(span_str("[\"x/y\",\"AA\",1]"), json);
		round_trip(span_str(quotes), json);
	}
	round_trip(span_of(numbered, sizeof(numbered)), false);
}

static void
writers(void **state)
{
	static const uint8_t record[] = { 0x82, X_Y, 0x41, 'v' };
	static const uint8_t tag[] = { 0xda, 0x63, 0x74, 0xff, 0xe6, 0x41,
		'v' };
	uint8_t buf[64];
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	cmw_write_record(&w, span_str("x/y"), span_str("v"));
	assert_true(span_equal(wr_view(&w), span_of(record, sizeof(record))));
	wr_init(&w, buf, sizeof(buf));
	assert_int_equal(cmw_write_tag(&w, 64999, span_str("v")), 0);
	assert_true(span_equal(wr_view(&w), span_of(tag, sizeof(tag))));
	assert_int_equal(
	    cmw_write_tag(&w, 65025, span_str("v")), SEAL_E_ARGUMENT);
}

/* What the writers must not turn into bytes. */
static void
bad_lists(void **state)
{
	struct cmw_item rec = {
		.kind = CMW_RECORD, .media_type = STR("x/y"), .value = STR("v")
	};
	struct cmw_item items[2] = { { .kind = CMW_COLLECTION }, rec };
	uint8_t buf[64];
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	assert_int_equal(cmw_write_cbor(&w, &rec, 0), SEAL_E_ARGUMENT);
	assert_int_equal(cmw_write_cbor(&w, items, 1), SEAL_E_ARGUMENT);
	assert_int_equal(cmw_write_cbor(&w, items, 2), SEAL_E_ARGUMENT);
	items[1].depth = 2;
	assert_int_equal(cmw_write_cbor(&w, items, 2), SEAL_E_ARGUMENT);
	items[1].depth = 1;
	items[1].numbered = true;
	assert_int_equal(cmw_write_json(&w, items, 2), SEAL_E_ARGUMENT);
	items[1].numbered = false;
	items[1].label = span_of("a\0b", 3);
	assert_int_equal(cmw_write_json(&w, items, 2), SEAL_E_ARGUMENT);
	rec.value.n = 0;
	assert_int_equal(cmw_write_json(&w, &rec, 1), SEAL_E_ARGUMENT);
	assert_int_equal(w.n, 0);
	assert_int_equal(cmw_write_cbor(&w, items, 2), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parsing),
		cmocka_unit_test(fields),
		cmocka_unit_test(tag_numbers),
		cmocka_unit_test(disputed_tags),
		cmocka_unit_test(known_content_formats),
		cmocka_unit_test(item_limit),
		cmocka_unit_test(depth_bombs),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(writers),
		cmocka_unit_test(bad_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
