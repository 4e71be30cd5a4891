/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/corim_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"
#include "base/limits.h"
#include "base/text.h"

#define WHERE 64       /* bytes of the name of a place */
#define FIELD_MAX 1024 /* bytes of one field of an environment */

const char *const comid_json_keys[] = { "id", "version", "reference",
	"endorsed", "identity_keys", "attest_keys", NULL };
static const char *const triple_keys[] = { "environment", "measurements",
	NULL };
static const char *const key_triple_keys[] = { "environment", "keys", NULL };
static const char *const env_keys[] = { "class", "instance", "group", NULL };
static const char *const class_keys[] = { "id", "vendor", "model", "layer",
	"index", NULL };
static const char *const key_keys[] = { "spki_sha256", "file", NULL };

/* In the order of their numbers. */
static const struct {
	const char *key;
	enum comid_kind kind;
	bool keys;
} kinds[] = {
	{ "reference", COMID_REFERENCE, false },
	{ "endorsed", COMID_ENDORSED, false },
	{ "identity_keys", COMID_IDENTITY, true },
	{ "attest_keys", COMID_ATTEST_KEY, true },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* ---- Environments ---- */

static int
text_field(
    const json_t *j, const char *key, struct wr *out, struct seal_diag *d)
{
	const char *text = NULL;
	int r;

	if ((r = strict_text(j, key, false, "class", &text, d)) == 0 &&
	    text != NULL)
		cbor_put_text(out, span_str(text));
	return r;
}

static int
number_field(
    const json_t *j, const char *key, struct wr *out, struct seal_diag *d)
{
	uint32_t v = 0;
	int r;

	if ((r = strict_uint(j, key, false, 0, UINT32_MAX, "class", &v, d)) ==
		0 &&
	    json_object_get(j, key) != NULL)
		cbor_put_uint(out, v);
	return r;
}

static int
name_field(
    const json_t *j, const char *where, struct wr *out, struct seal_diag *d)
{
	return j == NULL ? 0 : comid_json_name(j, where, out, d);
}

static int
put_class(const json_t *j, struct wr field[5], struct seal_diag *d)
{
	int r;

	if (j == NULL)
		return 0;
	if ((r = strict_object(j, class_keys, "class", d)) != 0 ||
	    (r = name_field(
		 json_object_get(j, "id"), "class.id", &field[0], d)) != 0 ||
	    (r = text_field(j, "vendor", &field[1], d)) != 0 ||
	    (r = text_field(j, "model", &field[2], d)) != 0 ||
	    (r = number_field(j, "layer", &field[3], d)) != 0)
		return r;
	return number_field(j, "index", &field[4], d);
}

static int
put_env(const json_t *j, struct wr *out, struct seal_diag *d)
{
	struct comid_env e = { .other = false };
	struct span *const to[] = { &e.class_id, &e.vendor, &e.model, &e.layer,
		&e.index, &e.instance, &e.group };
	struct wr field[7];
	int r;

	for (size_t i = 0; i < 7; i++)
		wr_init_heap(&field[i], FIELD_MAX);
	if ((r = strict_object(j, env_keys, "environment", d)) != 0 ||
	    (r = put_class(json_object_get(j, "class"), field, d)) != 0 ||
	    (r = name_field(json_object_get(j, "instance"), "instance",
		 &field[5], d)) != 0 ||
	    (r = name_field(
		 json_object_get(j, "group"), "group", &field[6], d)) != 0)
		goto out;
	for (size_t i = 0; i < 7; i++)
		if ((r = wr_finish(&field[i], to[i])) != 0) {
			seal_fail(d, SEAL_E_CONFIG, "environment: too long");
			goto out;
		}
	comid_put_env(out, &e);
out:
	for (size_t i = 0; i < 7; i++)
		wr_free(&field[i]);
	return r;
}

/* ---- Keys ---- */

/* Tag 554: PEM text of the public key in a file. */
static int
put_key_file(
    const char *base_dir, const char *file, struct wr *out, struct seal_diag *d)
{
	uint8_t spki[LIMIT_SPKI];
	struct wr s, pem;
	char *path = NULL;
	int r;

	wr_init(&s, spki, sizeof(spki));
	wr_init_heap(&pem, 4 * LIMIT_SPKI);
	if ((r = strict_path(base_dir, file, &path, d)) == 0 &&
	    (r = spki_from_file(path, &s, d)) == 0 &&
	    (r = spki_to_pem(wr_view(&s), &pem, d)) == 0) {
		cbor_put_tag(out, COMID_KEY_PEM);
		cbor_put_text(out, wr_view(&pem));
	}
	wr_free(&pem);
	free(path);
	return r;
}

static int
put_key(const json_t *j, const char *base_dir, const char *where,
    struct wr *out, struct seal_diag *d)
{
	const json_t *pin = json_object_get(j, "spki_sha256");
	const char *file = NULL;
	uint8_t digest[32];
	int r;

	if ((r = strict_object(j, key_keys, where, d)) != 0 ||
	    (r = strict_text(j, "file", false, where, &file, d)) != 0)
		return r;
	if ((pin != NULL) == (file != NULL))
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: needs 'spki_sha256' or 'file', one of them", where);
	if (file != NULL)
		return put_key_file(base_dir, file, out, d);
	if ((r = strict_hex(pin, sizeof(digest), where, digest, d)) == 0)
		comid_put_thumbprint(out, COMID_KEY_THUMBPRINT, COMID_SHA256,
		    span_of(digest, sizeof(digest)));
	return r;
}

static int
put_keys(const json_t *list, const char *base_dir, const char *where,
    struct wr *out, struct seal_diag *d)
{
	int r;

	if ((r = strict_array(list, 1, CORIM_JSON_ITEMS, where, d)) != 0)
		return r;
	cbor_put_array(out, json_array_size(list));
	for (size_t i = 0; i < json_array_size(list); i++)
		if ((r = put_key(json_array_get(list, i), base_dir, where, out,
			 d)) != 0)
			return r;
	return 0;
}

/* ---- Triples ---- */

static int
put_triple(const json_t *j, bool keys, const char *base_dir, const char *where,
    struct wr *out, struct seal_diag *d)
{
	int r;

	if ((r = strict_object(
		 j, keys ? key_triple_keys : triple_keys, where, d)) != 0)
		return r;
	cbor_put_array(out, 2);
	if ((r = put_env(json_object_get(j, "environment"), out, d)) != 0)
		return r;
	return keys ? put_keys(
			  json_object_get(j, "keys"), base_dir, where, out, d)
		    : comid_json_measurements(
			  json_object_get(j, "measurements"), where, out, d);
}

static int
put_triples(const json_t *j, size_t kind, const char *base_dir,
    const char *where, struct wr *out, struct seal_diag *d)
{
	const json_t *list = json_object_get(j, kinds[kind].key);
	char place[WHERE];
	int r;

	if (list == NULL)
		return 0;
	snprintf(place, sizeof(place), "%.16s.%s", where, kinds[kind].key);
	if ((r = strict_array(list, 1, CORIM_JSON_ITEMS, place, d)) != 0)
		return r;
	cbor_put_int(out, kinds[kind].kind);
	cbor_put_array(out, json_array_size(list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		snprintf(place, sizeof(place), "%.16s.%s[%zu]", where,
		    kinds[kind].key, i);
		if ((r = put_triple(json_array_get(list, i), kinds[kind].keys,
			 base_dir, place, out, d)) != 0)
			return r;
	}
	return 0;
}

static int
put_identity(
    const json_t *j, const char *where, struct wr *out, struct seal_diag *d)
{
	const char *text = NULL;
	struct comid_id id;
	uint32_t version = 0;
	uint8_t uuid[16];
	int r;

	if ((r = strict_text(j, "id", true, where, &text, d)) != 0 ||
	    (r = strict_uint(
		 j, "version", false, 0, UINT32_MAX, where, &version, d)) != 0)
		return r;
	id.uuid = comid_json_uuid(text, uuid);
	id.value = id.uuid ? span_of(uuid, 16) : span_str(text);
	cbor_put_int(out, 1);
	cbor_put_map(out, version > 0 ? 2 : 1);
	cbor_put_int(out, 0);
	comid_put_id(out, &id);
	if (version > 0) {
		cbor_put_int(out, 1);
		cbor_put_uint(out, version);
	}
	return 0;
}

int
comid_json_write(const json_t *j, const char *base_dir, const char *where,
    struct wr *out, struct seal_diag *d)
{
	size_t n = 0;
	int r;

	if ((r = strict_object(j, comid_json_keys, where, d)) != 0)
		return r;
	for (size_t i = 0; i < KINDS; i++)
		n += json_object_get(j, kinds[i].key) != NULL;
	if (n == 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: needs 'reference', 'endorsed', 'identity_keys' or "
		    "'attest_keys'",
		    where);
	cbor_put_map(out, 2);
	if ((r = put_identity(j, where, out, d)) != 0)
		return r;
	cbor_put_int(out, 4);
	cbor_put_map(out, n);
	for (size_t i = 0; i < KINDS; i++)
		if ((r = put_triples(j, i, base_dir, where, out, d)) != 0)
			return r;
	return 0;
}
