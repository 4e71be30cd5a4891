/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/corim_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "appraise/strict.h"
#include "base/text.h"

#define TIME 24 /* "2026-01-31T12:00:00Z" and its end */
#define ENTITIES_MAX 16
#define ROLES_MAX 16

const char *const corim_json_keys[] = { "id", "profile", "not_before",
	"not_after", "entities", "tags", NULL };
static const char *const entity_keys[] = { "name", "uri", "roles", NULL };

/* s4.1.5, s5.1.2: the roles of a CoRIM's entities. */
static const struct {
	const char *name;
	uint64_t role;
} roles[] = {
	{ "manifest-creator", 1 },
	{ "manifest-signer", 2 },
};

bool
comid_json_uuid(const char *text, uint8_t ret[16])
{
	char hex[33];
	size_t n = 0;
	struct wr w;

	if (strlen(text) != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash != (text[i] == '-'))
			return false;
		if (!dash)
			hex[n++] = text[i];
	}
	wr_init(&w, ret, 16);
	return hex_decode(span_of(hex, 32), &w) && w.n == 16;
}

/* RFC 3339 in UTC, in one spelling. */
static int
read_time(const json_t *j, const char *key, int64_t *ret, bool *ret_stated,
    struct seal_diag *d)
{
	const char *text = NULL;
	char again[TIME] = "";
	struct tm tm = { 0 };
	time_t t;
	int r;

	if ((r = strict_text(j, key, false, "corim", &text, d)) != 0 ||
	    text == NULL)
		return r;
	if (strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL ||
	    (t = timegm(&tm)) == -1 ||
	    strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0 ||
	    strcmp(text, again) != 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "corim: '%s' must be like 2026-01-31T12:00:00Z", key);
	*ret = t;
	*ret_stated = true;
	return 0;
}

static int
read_validity(const json_t *j, struct corim_validity *ret, struct seal_diag *d)
{
	struct corim_validity v = { false, INT64_MIN, INT64_MAX };
	bool from = false, until = false;
	int r;

	if ((r = read_time(j, "not_before", &v.not_before, &from, d)) != 0 ||
	    (r = read_time(j, "not_after", &v.not_after, &until, d)) != 0)
		return r;
	if (from && (!until || v.not_after < v.not_before))
		return seal_fail(d, SEAL_E_CONFIG,
		    "corim: 'not_before' needs a 'not_after' behind it");
	v.stated = until;
	*ret = v;
	return 0;
}

/* ---- Entities ---- */

static int
put_roles(const json_t *list, struct wr *out, struct seal_diag *d)
{
	int r;

	if ((r = strict_array(list, 1, ROLES_MAX, "entities.roles", d)) != 0)
		return r;
	cbor_put_array(out, json_array_size(list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		size_t k = 0;

		while (
		    k < 2 && (name == NULL || strcmp(name, roles[k].name) != 0))
			k++;
		if (k == 2)
			return seal_fail(d, SEAL_E_CONFIG,
			    "entities.roles: must be 'manifest-creator' or "
			    "'manifest-signer'");
		cbor_put_uint(out, roles[k].role);
	}
	return 0;
}

static int
put_entity(const json_t *j, struct wr *out, struct seal_diag *d)
{
	const char *name = NULL, *uri = NULL;
	int r;

	if ((r = strict_object(j, entity_keys, "entities", d)) != 0 ||
	    (r = strict_text(j, "name", true, "entities", &name, d)) != 0 ||
	    (r = strict_text(j, "uri", false, "entities", &uri, d)) != 0)
		return r;
	cbor_put_map(out, uri != NULL ? 3 : 2);
	cbor_put_int(out, 0);
	cbor_put_text(out, span_str(name));
	if (uri != NULL) {
		cbor_put_int(out, 1);
		cbor_put_tag(out, 32);
		cbor_put_text(out, span_str(uri));
	}
	cbor_put_int(out, 2);
	return put_roles(json_object_get(j, "roles"), out, d);
}

static int
put_entities(const json_t *list, struct wr *out, const char **ret_signer,
    struct seal_diag *d)
{
	int r;

	if (list == NULL)
		return 0;
	if ((r = strict_array(list, 1, ENTITIES_MAX, "entities", d)) != 0)
		return r;
	cbor_put_array(out, json_array_size(list));
	for (size_t i = 0; i < json_array_size(list); i++)
		if ((r = put_entity(json_array_get(list, i), out, d)) != 0)
			return r;
	*ret_signer =
	    json_string_value(json_object_get(json_array_get(list, 0), "name"));
	return 0;
}

/* ---- The whole ---- */

static int
put_tags(const json_t *list, const char *base_dir, struct wr *tags,
    struct span *ret, size_t *ret_n, struct seal_diag *d)
{
	char where[32];
	int r;

	if (list == NULL)
		return seal_fail(d, SEAL_E_CONFIG, "corim: 'tags' is missing");
	if ((r = strict_array(list, 1, CORIM_JSON_TAGS, "tags", d)) != 0)
		return r;
	for (size_t i = 0; i < json_array_size(list); i++) {
		wr_init_heap(&tags[i], CORIM_MAX);
		*ret_n = i + 1;
		snprintf(where, sizeof(where), "tags[%zu]", i);
		if ((r = comid_json_write(json_array_get(list, i), base_dir,
			 where, &tags[i], d)) != 0 ||
		    (r = wr_finish(&tags[i], &ret[i])) != 0)
			return seal_fail(d, r, "%s: too large", where);
	}
	return 0;
}

static int
read_head(
    const json_t *j, struct corim_out *c, uint8_t uuid[16], struct seal_diag *d)
{
	const char *id = NULL, *profile = NULL;
	int r;

	if ((r = strict_object(j, corim_json_keys, "corim", d)) != 0 ||
	    (r = strict_text(j, "id", true, "corim", &id, d)) != 0 ||
	    (r = strict_text(j, "profile", false, "corim", &profile, d)) != 0)
		return r;
	c->id.uuid = comid_json_uuid(id, uuid);
	c->id.value = c->id.uuid ? span_of(uuid, 16) : span_str(id);
	if (profile != NULL)
		c->profile = span_str(profile);
	return read_validity(j, &c->validity, d);
}

/* What was written is read again: nothing leaves here that others refuse. */
static int
check_written(const struct wr *out, struct seal_diag *d)
{
	struct corim c;

	if (out->error != 0)
		return seal_fail(d, out->error, "corim: too large");
	if (!cbor_deterministic(wr_view(out)))
		return seal_fail(d, SEAL_E_CONFIG, "corim: a key stands twice");
	return corim_parse(wr_view(out), &c, d);
}

int
corim_json_write(const json_t *j, const char *base_dir, struct wr *out,
    const char **ret_signer, struct seal_diag *d)
{
	struct wr *tags = calloc(CORIM_JSON_TAGS, sizeof(*tags));
	struct span views[CORIM_JSON_TAGS];
	struct corim_out c = { .n_tags = 0 };
	const char *signer = NULL;
	struct wr entities;
	uint8_t uuid[16];
	size_t n = 0;
	int r;

	wr_init_heap(&entities, CORIM_MAX);
	if (tags == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "corim");
	if ((r = read_head(j, &c, uuid, d)) != 0 ||
	    (r = put_entities(
		 json_object_get(j, "entities"), &entities, &signer, d)) != 0 ||
	    (r = put_tags(json_object_get(j, "tags"), base_dir, tags, views, &n,
		 d)) != 0)
		goto out;
	if ((r = wr_finish(&entities, &c.entities)) != 0) {
		seal_fail(d, r, "entities: too large");
		goto out;
	}
	c.tags = views;
	c.n_tags = n;
	corim_put(out, &c);
	if ((r = check_written(out, d)) == 0)
		*ret_signer = signer;
out:
	for (size_t i = 0; i < n; i++)
		wr_free(&tags[i]);
	free(tags);
	wr_free(&entities);
	return r;
}
