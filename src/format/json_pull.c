/* SPDX-License-Identifier: Apache-2.0 */
#include "format/json_pull.h"

#include "base/limits.h"
#include "base/text.h"

bool
json_pull_is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_space(struct rd *r)
{
	struct span skipped;
	size_t n = 0;

	while (n < r->n && json_pull_is_space(r->p[n]))
		n++;
	if (n > 0)
		(void)rd_bytes(r, n, &skipped);
}

static bool
next_is(struct rd *r, uint8_t want)
{
	uint8_t c = 0;

	skip_space(r);
	return rd_peek(r, &c) && c == want;
}

static bool
take(struct rd *r, uint8_t want)
{
	uint8_t c = 0;

	skip_space(r);
	return (rd_u8(r, &c) && c == want) || rd_fail(r);
}

bool
json_pull_object(struct rd *r)
{
	return take(r, '{');
}

bool
json_pull_array(struct rd *r)
{
	return take(r, '[');
}

bool
json_pull_end(struct rd *r)
{
	skip_space(r);
	return rd_end(r);
}

/* Before the next member or element: its comma, or the end. */
static bool
more(struct rd *r, uint8_t end, bool *first)
{
	if (r->failed)
		return false;
	if (next_is(r, end)) {
		(void)take(r, end);
		return false;
	}
	if (!*first && !take(r, ','))
		return false;
	*first = false;
	return true;
}

size_t
json_pull_which(struct rd *r, struct span key, const char *const *names,
    size_t n, bool *seen)
{
	size_t i = 0;

	while (i < n && !span_is(key, names[i]))
		i++;
	if (i == n)
		return n;
	if (seen[i]) {
		rd_fail(r);
		return n;
	}
	seen[i] = true;
	return i;
}

bool
json_pull_more(struct rd *r, bool *first)
{
	return more(r, ']', first);
}

bool
json_pull_key(struct rd *r, bool *first, struct span *ret)
{
	return more(r, '}', first) && json_pull_text(r, ret) && take(r, ':');
}

/* What comes before the next quote, backslash or control character; *bits
 * gathers those of every byte. */
static size_t
plain_run(const struct rd *r, uint8_t *bits)
{
	uint8_t all = 0;
	size_t n = 0;

	while (n < r->n && r->p[n] >= 0x20 && r->p[n] != '"' && r->p[n] != '\\')
		all |= r->p[n++];
	*bits |= all;
	return n;
}

/* The bytes between the quotes; *ret_escapes says whether some are not what
 * they look like. */
static bool
raw_text(struct rd *r, struct span *ret, bool *ret_escapes)
{
	const uint8_t *start;
	bool escapes = false;
	uint8_t c = 0, bits = 0;
	struct span run;

	if (!take(r, '"'))
		return false;
	start = r->p;
	for (;;) {
		if (!rd_bytes(r, plain_run(r, &bits), &run) || !rd_u8(r, &c))
			return false;
		if (c == '"')
			break;
		if (c != '\\' || !rd_u8(r, &c))
			return rd_fail(r);
		escapes = true;
		bits |= c;
	}
	*ret = span_of(start, (size_t)(r->p - start) - 1);
	*ret_escapes = escapes;
	return bits < 0x80 || utf8_valid(*ret) || rd_fail(r);
}

bool
json_pull_text(struct rd *r, struct span *ret)
{
	bool escapes = false;

	return raw_text(r, ret, &escapes) && (!escapes || rd_fail(r));
}

static bool
hex4(struct rd *r, uint32_t *ret)
{
	struct span digits;
	uint8_t b[2];
	struct wr w;

	wr_init(&w, b, sizeof(b));
	if (!rd_bytes(r, 4, &digits) || !hex_decode(digits, &w))
		return rd_fail(r);
	*ret = (uint32_t)(b[0] << 8 | b[1]);
	return true;
}

static void
put_utf8(struct wr *w, uint32_t c)
{
	if (c < 0x80) {
		wr_u8(w, (uint8_t)c);
	} else if (c < 0x800) {
		wr_u8(w, (uint8_t)(0xc0 | c >> 6));
		wr_u8(w, (uint8_t)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		wr_u8(w, (uint8_t)(0xe0 | c >> 12));
		wr_u8(w, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
		wr_u8(w, (uint8_t)(0x80 | (c & 0x3f)));
	} else {
		wr_u8(w, (uint8_t)(0xf0 | c >> 18));
		wr_u8(w, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		wr_u8(w, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
		wr_u8(w, (uint8_t)(0x80 | (c & 0x3f)));
	}
}

static bool
unescape_u(struct rd *r, struct wr *out)
{
	uint32_t c = 0, low = 0;

	if (!hex4(r, &c))
		return false;
	if (c >= 0xd800 && c < 0xdc00) {
		if (!rd_expect(r, span_str("\\u")) || !hex4(r, &low) ||
		    low < 0xdc00 || low > 0xdfff)
			return rd_fail(r);
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	} else if (c >= 0xdc00 && c < 0xe000) {
		return rd_fail(r);
	}
	put_utf8(out, c);
	return true;
}

static bool
unescape_one(struct rd *r, struct wr *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint8_t c = 0;

	if (!rd_u8(r, &c))
		return false;
	if (c == 'u')
		return unescape_u(r, out);
	for (size_t i = 0; from[i] != '\0'; i++)
		if (c == (uint8_t)from[i]) {
			wr_u8(out, (uint8_t)to[i]);
			return true;
		}
	return rd_fail(r);
}

static bool
unescape(struct span raw, struct wr *out)
{
	uint8_t c = 0;
	struct rd r;

	rd_init(&r, raw);
	while (rd_left(&r) > 0) {
		if (!rd_u8(&r, &c))
			return false;
		if (c != '\\')
			wr_u8(out, c);
		else if (!unescape_one(&r, out))
			return false;
	}
	return out->error == 0;
}

bool
json_pull_unescape(struct rd *r, struct wr *out)
{
	struct span raw = { 0 };
	bool escapes = false;

	return raw_text(r, &raw, &escapes) &&
	       (unescape(raw, out) || rd_fail(r));
}

bool
json_pull_uint(struct rd *r, uint32_t *ret)
{
	uint64_t v = 0;
	uint8_t c = 0;
	size_t n = 0;

	skip_space(r);
	for (; rd_peek(r, &c) && c >= '0' && c <= '9'; n++) {
		(void)rd_u8(r, &c);
		v = v * 10 + (uint64_t)(c - '0');
		/* No leading zero. */
		if (v > UINT32_MAX || (n == 1 && v < 10))
			return rd_fail(r);
	}
	if (n == 0 || (rd_peek(r, &c) && (c == '.' || c == 'e' || c == 'E')))
		return rd_fail(r);
	*ret = (uint32_t)v;
	return true;
}

/* ---- Values of no interest ---- */

static size_t
digits(struct rd *r)
{
	uint8_t c = 0;
	size_t n = 0;

	for (; rd_peek(r, &c) && c >= '0' && c <= '9'; n++)
		(void)rd_u8(r, &c);
	return n;
}

static bool
accept(struct rd *r, uint8_t a, uint8_t b)
{
	uint8_t c = 0;

	return rd_peek(r, &c) && (c == a || c == b) && rd_u8(r, &c);
}

static bool
skip_number(struct rd *r)
{
	(void)accept(r, '-', '-');
	if (accept(r, '0', '0')) {
		if (digits(r) != 0)
			return rd_fail(r);
	} else if (digits(r) == 0) {
		return rd_fail(r);
	}
	if (accept(r, '.', '.') && digits(r) == 0)
		return rd_fail(r);
	if (accept(r, 'e', 'E')) {
		(void)accept(r, '+', '-');
		if (digits(r) == 0)
			return rd_fail(r);
	}
	return true;
}

/* Escapes are checked too, for which a text is unescaped into nothing. */
static bool
skip_text(struct rd *r)
{
	uint8_t none[4];
	struct span raw = { 0 };
	bool escapes = false;
	struct rd in;
	struct wr w;
	uint8_t c = 0;

	if (!raw_text(r, &raw, &escapes))
		return false;
	rd_init(&in, raw);
	while (escapes && rd_left(&in) > 0) {
		wr_init(&w, none, sizeof(none));
		if (!rd_u8(&in, &c) || (c == '\\' && !unescape_one(&in, &w)))
			return rd_fail(r);
	}
	return true;
}

static bool
skip_scalar(struct rd *r)
{
	uint8_t c = 0;

	skip_space(r);
	if (!rd_peek(r, &c))
		return rd_fail(r);
	switch (c) {
	case '"':
		return skip_text(r);
	case 't':
		return rd_expect(r, span_str("true"));
	case 'f':
		return rd_expect(r, span_str("false"));
	case 'n':
		return rd_expect(r, span_str("null"));
	default:
		return skip_number(r);
	}
}

/* What is open, outermost first. */
struct nest {
	bool object[LIMIT_DEPTH], first[LIMIT_DEPTH];
	size_t n;
};

/* One step: opens a level, or passes a scalar. */
static bool
skip_step(struct rd *r, struct nest *s)
{
	bool object = next_is(r, '{');

	if (!object && !next_is(r, '['))
		return skip_scalar(r);
	if (s->n == LIMIT_DEPTH)
		return rd_fail(r);
	s->object[s->n] = object;
	s->first[s->n++] = true;
	return take(r, object ? '{' : '[');
}

/* To the next value; closes what ends. False: none is left, or failure. */
static bool
skip_next(struct rd *r, struct nest *s)
{
	while (s->n > 0 && !r->failed) {
		bool *first = &s->first[s->n - 1];
		bool found = s->object[s->n - 1];

		if (!more(r, found ? '}' : ']', first)) {
			s->n--;
			continue;
		}
		return !found || (skip_text(r) && take(r, ':'));
	}
	return false;
}

bool
json_pull_skip(struct rd *r, struct span *ret)
{
	struct nest s = { .n = 0 };
	const uint8_t *start;

	skip_space(r);
	start = r->p;
	do {
		if (!skip_step(r, &s))
			return false;
	} while (skip_next(r, &s));
	if (r->failed)
		return false;
	if (ret != NULL)
		*ret = span_of(start, (size_t)(r->p - start));
	return true;
}
