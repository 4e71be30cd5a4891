/* SPDX-License-Identifier: Apache-2.0 */
#include "format/cmw_item.h"

#include <stdlib.h>
#include <string.h>

/* 1668546817 + (cf div 255) * 256 + (cf mod 255): no low byte is ever 0. */
#define TAG_BASE UINT64_C(0x63740101)
#define TAG_CF_MAX 65024u

struct content_format {
	uint16_t number;
	const char *media_type;
};

/* Registered numbers that attestation uses (RFC 9782, 9783, 9781, 9999). */
static const struct content_format content_formats[] = {
	{ 60, "application/cbor" },
	{ 263, "application/eat+cwt" },
	{ 264, "application/eat+jwt" },
	{ 265, "application/eat-bun+cbor" },
	{ 266, "application/eat-bun+json" },
	{ 267, "application/eat-ucs+cbor" },
	{ 268, "application/eat-ucs+json" },
	{ 273, "application/cmw+cbor" },
	{ 274, "application/cmw+json" },
	{ 275, "application/cmw+cose" },
	{ 276, "application/cmw+jws" },
	{ 295, "application/measured-component+cbor" },
	{ 296, "application/measured-component+json" },
	{ 601, "application/uccs+cbor" },
	{ 10003, "application/eat+cwt; "
		 "eat_profile=\"tag:psacertified.org,2023:psa#tfm\"" },
	{ 10004, "application/eat+cwt; "
		 "eat_profile=\"tag:psacertified.org,2019:psa#legacy\"" },
	{ 10005, "application/eat+cwt; "
		 "eat_profile=2.16.840.1.113741.1.16.1" },
	{ 10570, "application/toc+cbor" },
	{ 10571, "application/ce+cbor" },
};

struct span
cmw_content_format_type(uint16_t content_format)
{
	for (size_t i = 0;
	     i < sizeof(content_formats) / sizeof(content_formats[0]); i++) {
		if (content_formats[i].number == content_format)
			return span_str(content_formats[i].media_type);
	}
	return span_of(NULL, 0);
}

uint64_t
cmw_tag_from_content_format(uint16_t content_format)
{
	if (content_format > TAG_CF_MAX)
		return 0;
	return TAG_BASE + content_format / 255u * 256u + content_format % 255u;
}

bool
cmw_tag_to_content_format(uint64_t tag, uint16_t *ret)
{
	uint64_t past = tag - TAG_BASE;

	/* A low byte of zero belongs to no number. */
	if (tag < TAG_BASE || past % 256 > 254 ||
	    past / 256 * 255 + past % 256 > TAG_CF_MAX)
		return false;
	*ret = (uint16_t)(past / 256 * 255 + past % 256);
	return true;
}

struct cmw_item *
cmw_add(struct cmw *c, unsigned depth, struct seal_diag *d)
{
	struct cmw_item *item;

	if (c->n == sizeof(c->items) / sizeof(c->items[0])) {
		seal_fail(d, SEAL_E_LIMIT,
		    "cmw: more than %u items in the collection", CMW_ITEMS);
		return NULL;
	}
	item = &c->items[c->n++];
	item->depth = depth;
	return item;
}

int
cmw_open(struct cmw_item *item, struct seal_diag *d)
{
	if (item->depth == CMW_DEPTH)
		return seal_fail(d, SEAL_E_LIMIT,
		    "cmw: collections more than %u deep", CMW_DEPTH);
	item->kind = CMW_COLLECTION;
	return 0;
}

static bool
is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

/* Passes over letters, digits and those of more; how many there were. */
static size_t
skip_name(struct rd *r, const char *more)
{
	size_t n = 0;
	uint8_t c;

	while (rd_peek(r, &c) &&
	       (is_alnum(c) || (c != '\0' && strchr(more, c) != NULL))) {
		rd_u8(r, &c);
		n++;
	}
	return n;
}

static bool
all_printable(struct rd *r)
{
	uint8_t c = 0;

	while (rd_left(r) > 0) {
		if (!rd_u8(r, &c) || c < 0x20 || c > 0x7e)
			return false;
	}
	return true;
}

/* RFC 6838 s4.2: restricted names; then parameters, which are compared as
 * they stand and so need no taking apart. */
bool
cmw_media_type_valid(struct span s)
{
	static const char more[] = "!#$&-^_.+";
	struct rd r;
	uint8_t c = 0;

	rd_init(&r, s);
	if (skip_name(&r, more) == 0 || !rd_u8(&r, &c) || c != '/' ||
	    skip_name(&r, more) == 0)
		return false;
	while (rd_peek(&r, &c) && c == ' ')
		rd_u8(&r, &c);
	return rd_left(&r) == 0 ? c != ' ' : c == ';' && all_printable(&r);
}

/* Digits between dots, at least two arcs. */
static bool
is_oid(struct span s)
{
	bool digit = false, dot = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' && !digit)
			return false;
		if (s.p[i] != '.' && (s.p[i] < '0' || s.p[i] > '9'))
			return false;
		digit = s.p[i] != '.';
		dot = dot || !digit;
	}
	return digit && dot;
}

bool
cmw_collection_type_valid(struct span s)
{
	struct rd r;
	uint8_t c = 0;

	if (is_oid(s))
		return true;
	rd_init(&r, s);
	/* RFC 3986 s4.3: scheme ":" and more. */
	if (!rd_peek(&r, &c) || !is_alnum(c) || (c >= '0' && c <= '9'))
		return false;
	skip_name(&r, "+-.");
	if (!rd_u8(&r, &c) || c != ':' || rd_left(&r) == 0)
		return false;
	return all_printable(&r) && (s.n == 0 || memchr(s.p, ' ', s.n) == NULL);
}

size_t
cmw_children(const struct cmw_item *items, size_t n, size_t i)
{
	size_t count = 0;

	for (size_t k = i + 1; k < n && items[k].depth > items[i].depth; k++)
		count += items[k].depth == items[i].depth + 1;
	return count;
}

bool
cmw_items_valid(const struct cmw_item *items, size_t n)
{
	if (n == 0 || n > 1 + CMW_ITEMS || items[0].depth != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct cmw_item *it = &items[i];

		if (it->depth > CMW_DEPTH - (it->kind == CMW_COLLECTION) ||
		    (i > 0 && it->depth == 0) ||
		    (i > 0 && it->depth > items[i - 1].depth + 1))
			return false;
		if (it->kind == CMW_COLLECTION
			? cmw_children(items, n, i) == 0
			: it->kind != CMW_RECORD ||
			      cmw_children(items, n, i) != 0)
			return false;
	}
	return true;
}

void
cmw_free(struct cmw *c)
{
	if (c == NULL)
		return;
	seal_wipe(c->owned, c->owned_n);
	free(c->owned);
	*c = (struct cmw){ .form = CMW_FORM_NONE };
}
