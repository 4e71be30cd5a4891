/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "cbor/head.h"

#define SHOWN_BYTES 32u /* of a byte string */
#define SHOWN_TEXT 128u /* bytes of a text string */

struct frame {
	enum cbor_type type;
	uint64_t left; /* items, keys and values counted apart */
};

struct printer {
	struct wr *out;
	unsigned indent;
	bool flat; /* all on one line */
	struct frame open[LIMIT_DEPTH];
	size_t depth;
};

static void
put(struct printer *p, const char *text)
{
	wr_bytes(p->out, span_str(text));
}

static void
new_line(struct printer *p)
{
	if (p->flat)
		return;
	put(p, "\n");
	for (size_t i = 0; i < p->indent + p->depth; i++)
		put(p, "  ");
}

static void
put_bytes(struct printer *p, struct span s)
{
	size_t shown = s.n < SHOWN_BYTES ? s.n : SHOWN_BYTES;

	put(p, "h'");
	wr_hex(p->out, span_of(s.p, shown));
	if (shown < s.n)
		wr_printf(p->out, "...' / %zu bytes /", s.n);
	else
		put(p, "'");
}

/* One code point of valid UTF-8. */
static uint32_t
code_point(struct rd *r)
{
	uint8_t c = 0, more = 0;
	uint32_t v;

	rd_u8(r, &c);
	if (c < 0x80)
		return c;
	v = c & (c < 0xe0 ? 0x1fu : c < 0xf0 ? 0x0fu : 0x07u);
	while (rd_peek(r, &more) && (more & 0xc0) == 0x80) {
		rd_u8(r, &more);
		v = v << 6 | (more & 0x3fu);
	}
	return v;
}

/* As in JSON, and in ASCII alone: the text may come from a peer and go to a
 * terminal. */
static void
put_text(struct printer *p, struct span s)
{
	struct rd r;
	uint32_t v;

	rd_init(&r, s);
	put(p, "\"");
	while (rd_left(&r) > 0 && s.n - rd_left(&r) < SHOWN_TEXT) {
		v = code_point(&r);
		if (v == '"' || v == '\\')
			wr_printf(p->out, "\\%c", (char)v);
		else if (v >= 0x20 && v < 0x7f)
			wr_u8(p->out, (uint8_t)v);
		else if (v <= 0xffff)
			wr_printf(p->out, "\\u%04x", (unsigned)v);
		else
			wr_printf(p->out, "\\u%04x\\u%04x",
			    (unsigned)(0xd800 + ((v - 0x10000) >> 10)),
			    (unsigned)(0xdc00 + ((v - 0x10000) & 0x3ff)));
	}
	if (rd_left(&r) > 0)
		wr_printf(p->out, "...\" / %zu bytes /", s.n);
	else
		put(p, "\"");
}

static void
put_simple(struct printer *p, const struct cbor_head *h)
{
	static const char *const names[] = { "false", "true", "null",
		"undefined" };
	static const int digits[] = { 4, 8, 16 };

	if (h->ai > 24) /* the bits: exact, and the same in every locale */
		wr_printf(p->out, "float'%0*llx'", digits[h->ai - 25],
		    (unsigned long long)h->arg);
	else if (h->arg >= 20 && h->arg <= 23)
		put(p, names[h->arg - 20]);
	else
		wr_printf(p->out, "simple(%u)", (unsigned)h->arg);
}

/* -1 - arg, which may be as low as -2^64. */
static void
put_negative(struct printer *p, uint64_t arg)
{
	if (arg == UINT64_MAX)
		put(p, "-18446744073709551616");
	else
		wr_printf(p->out, "-%llu", (unsigned long long)arg + 1);
}

static void
put_leaf(struct printer *p, struct rd *r, const struct cbor_head *h)
{
	struct span s = { NULL, 0 };

	switch (h->type) {
	case CBOR_UINT:
		wr_printf(p->out, "%llu", (unsigned long long)h->arg);
		break;
	case CBOR_NINT:
		put_negative(p, h->arg);
		break;
	case CBOR_BYTES:
		rd_bytes(r, (size_t)h->arg, &s);
		put_bytes(p, s);
		break;
	case CBOR_TEXT:
		rd_bytes(r, (size_t)h->arg, &s);
		put_text(p, s);
		break;
	default:
		put_simple(p, h);
		break;
	}
}

static void
open_container(struct printer *p, const struct cbor_head *h)
{
	struct frame *f = &p->open[p->depth++];

	f->type = h->type;
	f->left = h->type == CBOR_TAG   ? 1
		  : h->type == CBOR_MAP ? 2 * h->arg
					: h->arg;
	if (h->type == CBOR_TAG)
		wr_printf(p->out, "%llu(", (unsigned long long)h->arg);
	else
		put(p, h->type == CBOR_MAP ? "{" : "[");
	if (h->type != CBOR_TAG && f->left > 0)
		new_line(p);
}

/* After an item: closes what is complete, or goes on to the next one. */
static void
after_item(struct printer *p)
{
	static const char *const closing[] = {
		[CBOR_ARRAY] = "]", [CBOR_MAP] = "}", [CBOR_TAG] = ")"
	};

	while (p->depth > 0) {
		struct frame *f = &p->open[p->depth - 1];

		if (f->left > 0 && --f->left > 0) {
			put(p, f->type == CBOR_MAP && f->left % 2 ? ": "
			       : p->flat                          ? ", "
								  : ",");
			if (f->type == CBOR_ARRAY || f->left % 2 == 0)
				new_line(p);
			return;
		}
		p->depth--;
		if (f->type != CBOR_TAG)
			new_line(p);
		put(p, closing[f->type]);
	}
}

static int
diagnose(struct span s, struct printer p)
{
	struct cbor_head h = { CBOR_NONE, 0, 0 };
	struct rd r;

	rd_init(&r, s);
	if (!cbor_item(&r, NULL) || !rd_end(&r))
		return SEAL_E_DECODE;
	/* From here on every read succeeds, and depth is bounded. */
	rd_init(&r, s);
	do {
		if (!cbor_head(&r, &h))
			return SEAL_E_DECODE;
		if (h.type < CBOR_ARRAY || h.type > CBOR_TAG) {
			put_leaf(&p, &r, &h);
			after_item(&p);
			continue;
		}
		open_container(&p, &h);
		if (p.open[p.depth - 1].left == 0) {
			p.depth--;
			put(&p, h.type == CBOR_MAP ? "}" : "]");
			after_item(&p);
		}
	} while (p.depth > 0);
	return 0;
}

int
cbor_diagnose(struct span s, struct wr *out, unsigned indent)
{
	return diagnose(s, (struct printer){ .out = out, .indent = indent });
}

int
cbor_diagnose_line(struct span s, struct wr *out)
{
	return diagnose(s, (struct printer){ .out = out, .flat = true });
}
