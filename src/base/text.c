/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_decode(struct span text, struct wr *out)
{
	if (text.n % 2 != 0)
		return false;
	for (size_t i = 0; i < text.n; i += 2) {
		int hi = hex_value(text.p[i]), lo = hex_value(text.p[i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		wr_u8(out, (uint8_t)(hi << 4 | lo));
	}
	return out->error == 0;
}

bool
percent_decode(struct span text, struct wr *out)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		int hi = -1, lo = -1;

		if (c != '%') {
			if (c <= ' ' || c > '~')
				return false;
			wr_u8(out, c);
			continue;
		}
		if (text.n - i > 2) {
			hi = hex_value(text.p[i + 1]);
			lo = hex_value(text.p[i + 2]);
		}
		if (hi < 0 || lo < 0)
			return false;
		wr_u8(out, (uint8_t)(hi << 4 | lo));
		i += 2;
	}
	return out->error == 0;
}

static const char b64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789-_";

/* One more than the value of a character, of either alphabet; 0: of none. */
#define B64(v) ((v) + 1)
#define B64_2(c, v) [c] = B64(v), [(c) + 1] = B64((v) + 1)
#define B64_8(c, v)                                                    \
	B64_2(c, v), B64_2((c) + 2, (v) + 2), B64_2((c) + 4, (v) + 4), \
	    B64_2((c) + 6, (v) + 6)
#define B64_26(c, v)                                                     \
	B64_8(c, v), B64_8((c) + 8, (v) + 8), B64_8((c) + 16, (v) + 16), \
	    B64_2((c) + 24, (v) + 24)
static const uint8_t b64_values[256] = { B64_26('A', 0), B64_26('a', 26),
	B64_8('0', 52), B64_2('8', 60), ['-'] = B64(62), ['_'] = B64(63),
	['+'] = B64(62), ['/'] = B64(63) };

/* The bits of up to four characters, those of the last one lowest; false: one
 * is of no alphabet. */
static bool
b64_group(const uint8_t *p, size_t n, uint32_t *ret)
{
	uint32_t acc = 0;

	for (size_t i = 0; i < n; i++) {
		if (b64_values[p[i]] == 0)
			return false;
		acc = acc << 6 | (b64_values[p[i]] - 1u);
	}
	*ret = acc;
	return true;
}

/* Without padding. */
static bool
b64_decode(struct span text, struct wr *out)
{
	static const unsigned spare[4] = { 0, 0, 4, 2 }; /* bits of n */
	uint8_t *to;
	uint32_t v = 0;

	if (text.n == 0)
		return out->error == 0;
	if (text.n % 4 == 1 ||
	    (to = wr_room(out, text.n / 4 * 3 + text.n % 4 * 6 / 8)) == NULL)
		return false;
	for (size_t i = 0; i < text.n; i += 4) {
		size_t n = text.n - i < 4 ? text.n - i : 4;

		if (!b64_group(text.p + i, n, &v) ||
		    (v & ((1u << spare[n % 4]) - 1)) != 0)
			return false;
		v >>= spare[n % 4];
		for (size_t bytes = n * 6 / 8; bytes-- > 0;)
			*to++ = (uint8_t)(v >> 8 * bytes);
	}
	return true;
}

bool
b64url_decode(struct span text, struct wr *out)
{
	return (text.n == 0 || (memchr(text.p, '+', text.n) == NULL &&
				   memchr(text.p, '/', text.n) == NULL)) &&
	       b64_decode(text, out);
}

bool
base64_decode(struct span text, struct wr *out)
{
	while (text.n > 0 && text.p[text.n - 1] == '=')
		text.n--;
	return b64_decode(text, out);
}

void
b64url_encode(struct span in, struct wr *out)
{
	uint32_t acc = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < in.n; i++) {
		acc = (acc << 8 | in.p[i]) & 0xffffff;
		for (bits += 8; bits >= 6; bits -= 6)
			wr_u8(out, (uint8_t)b64url[acc >> (bits - 6) & 63]);
	}
	if (bits > 0)
		wr_u8(out, (uint8_t)b64url[acc << (6 - bits) & 63]);
}

const char *
hex_short(struct span s, char buf[HEX_SHORT])
{
	struct wr w;
	size_t shown = s.n > 16 ? 16 : s.n;

	wr_init(&w, buf, HEX_SHORT);
	wr_hex(&w, span_of(s.p, shown));
	if (shown < s.n)
		wr_bytes(&w, span_str("..."));
	if (s.n == 0)
		wr_bytes(&w, span_str("(none)"));
	wr_u8(&w, 0);
	return buf;
}

const char *
hex_full(struct span s, char buf[HEX_FULL])
{
	struct wr w;

	wr_init(&w, buf, HEX_FULL);
	wr_hex(&w, s);
	wr_u8(&w, 0);
	if (w.error != 0)
		buf[0] = '\0';
	return buf;
}

const char *
text_safe(struct span s, char *buf, size_t cap)
{
	size_t n = s.n < cap - 1 ? s.n : cap - 1;

	for (size_t i = 0; i < n; i++)
		buf[i] = s.p[i] >= 0x20 && s.p[i] < 0x7f ? (char)s.p[i] : '?';
	buf[n] = '\0';
	return buf;
}

static uint8_t
ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool
media_type_equal(struct span a, struct span b)
{
	bool fold = true; /* until the parameters begin */

	if (a.n != b.n || a.n == 0)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		fold = fold && a.p[i] != ';';
		if (fold ? ascii_lower(a.p[i]) != ascii_lower(b.p[i])
			 : a.p[i] != b.p[i])
			return false;
	}
	return true;
}

/* Length of the UTF-8 sequence that c begins, or 0; *ret_min is the least
 * code point that needs that length. */
static size_t
utf8_length(uint8_t c, uint32_t *ret_min, uint32_t *ret_bits)
{
	if (c < 0x80)
		return *ret_min = 0, *ret_bits = c, 1;
	if (c >= 0xc2 && c < 0xe0)
		return *ret_min = 0x80, *ret_bits = c & 0x1fu, 2;
	if (c >= 0xe0 && c < 0xf0)
		return *ret_min = 0x800, *ret_bits = c & 0x0fu, 3;
	if (c >= 0xf0 && c < 0xf5)
		return *ret_min = 0x10000, *ret_bits = c & 0x07u, 4;
	return 0;
}

bool
utf8_valid(struct span s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t min = 0, v = 0;
		size_t n = utf8_length(s.p[i], &min, &v);

		if (n == 0 || n > s.n - i)
			return false;
		for (size_t k = 1; k < n; k++) {
			if ((s.p[i + k] & 0xc0) != 0x80)
				return false;
			v = v << 6 | (s.p[i + k] & 0x3fu);
		}
		if (v < min || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
			return false;
		i += n;
	}
	return true;
}

void
json_text(struct wr *w, const char *text)
{
	bool utf8 = utf8_valid(span_str(text));

	wr_u8(w, '"');
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			wr_printf(w, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			wr_printf(w, "\\u%04x", c);
		else
			wr_u8(w, c < 0x80 || utf8 ? c : '?');
	}
	wr_u8(w, '"');
}
