/* SPDX-License-Identifier: Apache-2.0 */
#include "row.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/text.h"

void
row_begin(struct row *row, struct tally *tally, const json_t *file,
    const json_t *json, const char *group, size_t index, const char *name)
{
	char safe[64];

	*row = (struct row){ .tally = tally, .json = json, .file = file };
	if (name == NULL)
		snprintf(row->name, sizeof(row->name), "%s[%zu]", group, index);
	else
		snprintf(row->name, sizeof(row->name), "%s[%zu] '%s'", group,
		    index, text_safe(span_str(name), safe, sizeof(safe)));
	if (!json_is_object(json))
		row_mismatch(row, "expected an object");
}

void
row_end(struct row *row)
{
	for (size_t i = 0; i < row->n_held; i++)
		free(row->held[i]);
	free(row->held);
	row->held = NULL;
	row->n_held = 0;
	if (row->mismatches == 0)
		row->tally->passed++;
	else
		row->tally->failed++;
}

void
row_hold(struct row *row, uint8_t *p)
{
	uint8_t **held =
	    realloc(row->held, (row->n_held + 1) * sizeof(row->held[0]));

	if (held == NULL)
		abort();
	row->held = held;
	row->held[row->n_held++] = p;
}

void
row_mismatch(struct row *row, const char *fmt, ...)
{
	va_list ap;

	printf("%s: ", row->name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	row->mismatches++;
}

void
row_same(struct row *row, const char *what, struct span want, struct span got)
{
	char a[HEX_SHORT], b[HEX_SHORT];

	if (span_equal(want, got))
		return;
	row_mismatch(row, "%s: expected %s (%zu bytes), got %s (%zu bytes)",
	    what, hex_short(want, a), want.n, hex_short(got, b), got.n);
}

static const json_t *
member(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_null(v) ? NULL : v;
}

const json_t *
row_field(const struct row *row, const char *key)
{
	const json_t *v = member(row->json, key);

	return v != NULL ? v : member(row->file, key);
}

const char *
row_text(struct row *row, const json_t *o, const char *key)
{
	const json_t *v = member(o, key);

	if (v != NULL && !json_is_string(v))
		row_mismatch(row, "%s: expected a string", key);
	return json_string_value(v);
}

bool
row_hex_value(
    struct row *row, const char *what, const json_t *v, struct span *ret)
{
	struct span text = { (const uint8_t *)json_string_value(v),
		json_string_length(v) };
	uint8_t *buf = NULL;
	size_t n = 0;
	struct wr w;

	if (!json_is_string(v)) {
		row_mismatch(row, "%s: expected a string of hex", what);
		return false;
	}
	wr_init_heap(&w, LIMIT_FILE);
	if (!hex_decode(text, &w) || wr_take(&w, &buf, &n) != 0) {
		row_mismatch(row, "%s: expected hex, got other text", what);
		wr_free(&w);
		return false;
	}
	row_hold(row, buf);
	*ret = span_of(buf, n);
	return true;
}

bool
row_hex(struct row *row, const json_t *o, const char *key, struct span *ret)
{
	const json_t *v = member(o, key);

	return v != NULL && row_hex_value(row, key, v, ret);
}

bool
row_need(struct row *row, const json_t *o, const char *key, struct span *ret)
{
	if (member(o, key) == NULL) {
		row_mismatch(row, "%s: expected this field, found none", key);
		return false;
	}
	return row_hex(row, o, key, ret);
}

bool
row_int(struct row *row, const char *key, json_int_t dflt, json_int_t low,
    json_int_t high, json_int_t *ret)
{
	const json_t *v = row_field(row, key);
	json_int_t n = v == NULL ? dflt : json_integer_value(v);

	if ((v != NULL && !json_is_integer(v)) || n < low || n > high) {
		row_mismatch(row,
		    "%s: expected a number from %" JSON_INTEGER_FORMAT
		    " to %" JSON_INTEGER_FORMAT,
		    key, low, high);
		return false;
	}
	*ret = n;
	return true;
}

bool
row_hash(struct row *row, enum hash *ret)
{
	const char *name = row_text(row, row->json, "hash");
	enum hash h = name == NULL ? HASH_NONE : hash_by_name(name);
	char safe[24];

	if (h == HASH_NONE) {
		row_mismatch(row, "hash: expected a known one, found '%s'",
		    name == NULL
			? ""
			: text_safe(span_str(name), safe, sizeof(safe)));
		return false;
	}
	*ret = h;
	return true;
}

bool
row_flag(const struct row *row, const char *key)
{
	return json_is_true(member(row->json, key));
}
