/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/json.h"

#include <string.h>

#include "base/limits.h"

/* The deepest nesting of brackets outside of strings. That a text is no JSON
 * at all is for the parser to find. */
static size_t
depth_of(struct span s)
{
	size_t depth = 0, deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (in_string && c == '\\')
			i++; /* whatever it is, it ends no string */
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			deepest = ++depth > deepest ? depth : deepest;
		else if (!in_string && (c == '}' || c == ']') && depth > 0)
			depth--;
	}
	return deepest;
}

int
json_read_object(struct span text, size_t max, const char *where, json_t **ret,
    struct seal_diag *d)
{
	json_error_t e;
	json_t *j;

	if (text.n > max)
		return seal_fail(d, SEAL_E_LIMIT,
		    "%s: %zu bytes, at most %zu allowed", where, text.n, max);
	if (depth_of(text) > LIMIT_DEPTH)
		return seal_fail(d, SEAL_E_LIMIT, "%s: nested deeper than %u",
		    where, LIMIT_DEPTH);
	j = json_loadb(
	    (const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &e);
	if (j == NULL)
		return seal_fail(d,
		    json_error_code(&e) == json_error_out_of_memory
			? SEAL_E_MEMORY
			: SEAL_E_DECODE,
		    "%s: %.120s", where, e.text);
	if (!json_is_object(j)) {
		json_decref(j);
		return seal_fail(
		    d, SEAL_E_DECODE, "%s: expected one JSON object", where);
	}
	*ret = j;
	return 0;
}

bool
json_read_int(const json_t *j, int64_t *ret)
{
	if (!json_is_integer(j))
		return false;
	*ret = json_integer_value(j);
	return true;
}

bool
json_read_text(const json_t *j, char *buf, size_t cap)
{
	size_t n = json_string_length(j);

	if (!json_is_string(j) || n >= cap)
		return false;
	memcpy(buf, json_string_value(j), n + 1);
	return true;
}
