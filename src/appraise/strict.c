/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/strict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

#define SHOWN 64         /* bytes of a key or value in a message */
#define HEX_BYTES_MAX 64 /* the longest digest */

static const char *
shown(const char *s, char buf[SHOWN])
{
	return text_safe(span_str(s), buf, SHOWN);
}

int
strict_load(
    struct span text, const char *where, json_t **ret, struct seal_diag *d)
{
	json_error_t e;
	json_t *j;

	if (text.n > LIMIT_JSON)
		return seal_fail(d, SEAL_E_CONFIG, "%s: larger than %u bytes",
		    where, LIMIT_JSON);
	j = json_loadb(
	    (const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &e);
	if (j == NULL)
		return seal_fail(
		    d, SEAL_E_CONFIG, "%s: line %d: %s", where, e.line, e.text);
	if (!json_is_object(j)) {
		json_decref(j);
		return seal_fail(
		    d, SEAL_E_CONFIG, "%s: must be an object", where);
	}
	*ret = j;
	return 0;
}

static bool
known(const char *key, const char *const *keys)
{
	for (; *keys != NULL; keys++)
		if (strcmp(key, *keys) == 0)
			return true;
	return false;
}

/* A place for the iterators, which want a json_t that is not const. */
static json_t *
unconst(const json_t *j)
{
	json_t *p;

	memcpy(&p, &j, sizeof(p)); /* NOLINT(bugprone-sizeof-expression) */
	return p;
}

int
strict_object(const json_t *j, const char *const *keys, const char *where,
    struct seal_diag *d)
{
	const char *key;
	json_t *value;
	char buf[SHOWN];

	if (!json_is_object(j))
		return seal_fail(
		    d, SEAL_E_CONFIG, "%s: must be an object", where);
	json_object_foreach(unconst(j), key, value)
	{
		if (known(key, keys))
			continue;
		seal_fail(d, SEAL_E_CONFIG, "%s: unknown key '%s'", where,
		    shown(key, buf));
		seal_remedy(d, "remove it, or correct its spelling");
		return SEAL_E_CONFIG;
	}
	return 0;
}

int
strict_array(const json_t *j, size_t min, size_t max, const char *where,
    struct seal_diag *d)
{
	if (!json_is_array(j))
		return seal_fail(
		    d, SEAL_E_CONFIG, "%s: must be an array", where);
	if (json_array_size(j) < min || json_array_size(j) > max)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: must have %zu to %zu elements, has %zu", where, min,
		    max, json_array_size(j));
	return 0;
}

static int
missing(bool must, const char *key, const char *where, struct seal_diag *d)
{
	if (!must)
		return 0;
	return seal_fail(d, SEAL_E_CONFIG, "%s: '%s' is missing", where, key);
}

int
strict_text(const json_t *j, const char *key, bool must, const char *where,
    const char **ret, struct seal_diag *d)
{
	const json_t *v = json_object_get(j, key);

	if (v == NULL)
		return missing(must, key, where, d);
	if (!json_is_string(v) || json_string_length(v) == 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: '%s' must be text that is not empty", where, key);
	*ret = json_string_value(v);
	return 0;
}

int
strict_uint(const json_t *j, const char *key, bool must, uint32_t min,
    uint32_t max, const char *where, uint32_t *ret, struct seal_diag *d)
{
	const json_t *v = json_object_get(j, key);

	if (v == NULL)
		return missing(must, key, where, d);
	if (!json_is_integer(v) || json_integer_value(v) < (json_int_t)min ||
	    json_integer_value(v) > (json_int_t)max)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: '%s' must be a whole number from %" PRIu32
		    " to %" PRIu32,
		    where, key, min, max);
	*ret = (uint32_t)json_integer_value(v);
	return 0;
}

int
strict_bool(const json_t *j, const char *key, bool must, const char *where,
    bool *ret, struct seal_diag *d)
{
	const json_t *v = json_object_get(j, key);

	if (v == NULL)
		return missing(must, key, where, d);
	if (!json_is_boolean(v))
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: '%s' must be true or false", where, key);
	*ret = json_is_true(v);
	return 0;
}

int
strict_hex_range(const json_t *value, size_t min, size_t max, const char *where,
    uint8_t *ret, size_t *ret_n, struct seal_diag *d)
{
	uint8_t buf[HEX_BYTES_MAX];
	struct wr w;

	wr_init(&w, buf, max < sizeof(buf) ? max : sizeof(buf));
	if (!json_is_string(value) ||
	    !hex_decode(
		span_of(json_string_value(value), json_string_length(value)),
		&w) ||
	    w.n < min)
		return min == max
			   ? seal_fail(d, SEAL_E_CONFIG,
				 "%s: must be %zu hex digits", where, 2 * min)
			   : seal_fail(d, SEAL_E_CONFIG,
				 "%s: must be %zu to %zu hex digits", where,
				 2 * min, 2 * max);
	memcpy(ret, buf, w.n);
	*ret_n = w.n;
	return 0;
}

int
strict_hex(const json_t *value, size_t n, const char *where, uint8_t *ret,
    struct seal_diag *d)
{
	size_t got;

	return strict_hex_range(value, n, n, where, ret, &got, d);
}

int
strict_path(
    const char *base_dir, const char *file, char **ret, struct seal_diag *d)
{
	char *path = NULL;
	int n;

	if (*file == '/' || base_dir == NULL || *base_dir == '\0')
		n = asprintf(&path, "%s", file);
	else
		n = asprintf(&path, "%s/%s", base_dir, file);
	if (n < 0)
		return seal_fail(d, SEAL_E_MEMORY, "file name");
	*ret = path;
	return 0;
}
