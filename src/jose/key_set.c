/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/key.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "jose/json.h"

static bool
kid_taken(const struct jwk_set *s, const char *kid)
{
	for (size_t i = 0; i < s->n; i++) {
		if (kid[0] != '\0' && strcmp(s->keys[i].kid, kid) == 0)
			return true;
	}
	return false;
}

static int
set_add(struct jwk_set *s, const json_t *j, struct seal_diag *d)
{
	struct jwk k = { .n_spki = 0 };
	int r;

	if (s->n == JWK_SET_MAX)
		return seal_fail(
		    d, SEAL_E_LIMIT, "jwk set: more than %u keys", JWK_SET_MAX);
	if ((r = jwk_read(j, &k, d)) != 0)
		return r;
	if (kid_taken(s, k.kid)) {
		seal_fail(
		    d, SEAL_E_DECODE, "jwk set: kid '%.64s' twice", k.kid);
		jwk_wipe(&k);
		return SEAL_E_DECODE;
	}
	s->keys[s->n++] = k;
	return 0;
}

static int
set_fill(struct jwk_set *s, const json_t *j, struct seal_diag *d)
{
	const json_t *keys = json_object_get(j, "keys");
	int r;

	if (keys == NULL)
		return set_add(s, j, d);
	if (!json_is_array(keys))
		return seal_fail(
		    d, SEAL_E_DECODE, "jwk set: 'keys' must be an array");
	for (size_t i = 0; i < json_array_size(keys); i++) {
		const json_t *key = json_array_get(keys, i);

		if (jwk_for_others(key))
			continue;
		if ((r = set_add(s, key, d)) != 0)
			return r;
	}
	return s->n > 0 ? 0
			: seal_fail(d, SEAL_E_KEY,
			      "jwk set: no signature key on P-256, P-384, "
			      "P-521 or Ed25519");
}

int
jwk_set_parse(struct span text, struct jwk_set **ret, struct seal_diag *d)
{
	struct jwk_set *s = NULL;
	json_t *j = NULL;
	int r;

	if ((r = json_read_object(text, LIMIT_JSON, "jwk set", &j, d)) != 0)
		return r;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "jwk set");
	else
		r = set_fill(s, j, d);
	json_decref(j);
	if (r != 0)
		jwk_set_free(&s);
	else
		*ret = s;
	return r;
}

int
jwk_set_load(const char *path, struct jwk_set **ret, struct seal_diag *d)
{
	struct seal_diag why = { 0 };
	uint8_t *text = NULL;
	size_t n = 0;
	int r;

	if ((r = file_read(path, LIMIT_JSON, &text, &n, d)) != 0)
		return r;
	r = jwk_set_parse(span_of(text, n), ret, &why);
	free(text);
	if (r != 0)
		seal_fail(d, r, "keys '%.100s': %s", path, why.text);
	return r;
}

void
jwk_set_free(struct jwk_set **sp)
{
	struct jwk_set *s;

	if (sp == NULL || (s = *sp) == NULL)
		return;
	*sp = NULL;
	for (size_t i = 0; i < s->n; i++)
		jwk_wipe(&s->keys[i]);
	free(s);
}
