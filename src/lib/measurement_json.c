/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/corim_json.h"

#include <stdio.h>
#include <string.h>

#include "appraise/strict.h"
#include "base/text.h"

#define BYTES_MAX 64      /* of a name, a raw value or a mask: strict_hex's */
#define VALUE_MAX 65536   /* bytes of one encoded value */
#define REGISTERS_MAX 64u /* LIMIT_MAP: what a reader walks */

const char *const measurement_json_keys[] = { "key", "version", "svn",
	"min_svn", "digests", "raw", "mask", "name", "registers", NULL };

/* ---- Names ---- */

/* Kinds of tagged names, as keys of an object of one member. */
static const struct {
	const char *key;
	uint64_t tag;
	size_t min, max;
} names[] = {
	{ "oid", 111, 1, BYTES_MAX },
	{ "ueid", 550, 7, 33 },
	{ "bytes", 560, 1, BYTES_MAX },
	{ NULL, 0, 0, 0 },
};
static const char *const name_keys[] = { "uuid", "oid", "ueid", "bytes",
	"key_sha256", NULL };

static int
put_uuid(
    const json_t *v, const char *where, struct wr *out, struct seal_diag *d)
{
	uint8_t uuid[16];

	if (!json_is_string(v) || !comid_json_uuid(json_string_value(v), uuid))
		return seal_fail(
		    d, SEAL_E_CONFIG, "%s: 'uuid' is not one", where);
	comid_put_uuid(out, span_of(uuid, 16));
	return 0;
}

int
comid_json_name(
    const json_t *j, const char *where, struct wr *out, struct seal_diag *d)
{
	uint8_t bytes[BYTES_MAX];
	const json_t *v;
	size_t n = 0;
	int r;

	if ((r = strict_object(j, name_keys, where, d)) != 0)
		return r;
	if (json_object_size(j) != 1)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: needs one of 'uuid', 'oid', 'ueid', 'bytes' and "
		    "'key_sha256'",
		    where);
	if ((v = json_object_get(j, "uuid")) != NULL)
		return put_uuid(v, where, out, d);
	if ((v = json_object_get(j, "key_sha256")) != NULL) {
		if ((r = strict_hex(v, 32, where, bytes, d)) == 0)
			comid_put_thumbprint(out, COMID_KEY_THUMBPRINT,
			    COMID_SHA256, span_of(bytes, 32));
		return r;
	}
	for (size_t i = 0; names[i].key != NULL; i++) {
		if ((v = json_object_get(j, names[i].key)) == NULL)
			continue;
		if ((r = strict_hex_range(v, names[i].min, names[i].max, where,
			 bytes, &n, d)) == 0)
			comid_put_bytes(out, names[i].tag, span_of(bytes, n));
		return r;
	}
	return SEAL_E_CONFIG;
}

static int
put_key(
    const json_t *key, const char *where, struct wr *out, struct seal_diag *d)
{
	if (json_is_object(key))
		return comid_json_name(key, where, out, d);
	if (json_is_string(key))
		cbor_put_text(out, span_str(json_string_value(key)));
	else if (json_is_integer(key) && json_integer_value(key) >= 0)
		cbor_put_uint(out, (uint64_t)json_integer_value(key));
	else
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: 'key' must be text, a whole number or a name", where);
	return 0;
}

/* ---- Digests ---- */

static const char *const digest_keys[] = { "sha256", "sha384", "sha512", NULL };

/* In the order of their algorithms, whatever order they stand in. */
static int
put_digests(
    const json_t *j, const char *where, struct wr *out, struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	int r;

	if ((r = strict_object(j, digest_keys, where, d)) != 0)
		return r;
	if (json_object_size(j) == 0)
		return seal_fail(d, SEAL_E_CONFIG, "%s: no digest", where);
	cbor_put_array(out, json_object_size(j));
	for (size_t i = 0; digest_keys[i] != NULL; i++) {
		const json_t *v = json_object_get(j, digest_keys[i]);
		enum hash h = hash_by_name(digest_keys[i]);

		if (v == NULL)
			continue;
		if ((r = strict_hex(v, hash_size(h), where, digest, d)) != 0)
			return r;
		comid_put_digest(
		    out, comid_alg(h), span_of(digest, hash_size(h)));
	}
	return 0;
}

/* "0", "1", … are numbers, all else is text. */
static void
put_register_name(const char *name, struct wr *out)
{
	uint64_t v = 0;
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++) {
		if (name[i] < '0' || name[i] > '9' || n > 9 ||
		    (name[0] == '0' && n > 1)) {
			cbor_put_text(out, span_str(name));
			return;
		}
		v = v * 10 + (uint64_t)(name[i] - '0');
	}
	cbor_put_uint(out, v);
}

/* RFC 8949 s4.2.1: keys in the order of their bytes. */
static bool
before(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = memcmp(a.p, b.p, n);

	return order < 0 || (order == 0 && a.n < b.n);
}

struct reg {
	struct span key; /* into one buffer */
	const json_t *value;
};

static void
sort(struct reg *regs, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i;
		     k > 0 && before(regs[k].key, regs[k - 1].key); k--) {
			struct reg swap = regs[k];

			regs[k] = regs[k - 1];
			regs[k - 1] = swap;
		}
}

static int
put_registers(json_t *j, const char *where, struct wr *out, struct seal_diag *d)
{
	struct reg regs[REGISTERS_MAX];
	uint8_t buf[REGISTERS_MAX * 80];
	const char *name;
	json_t *value;
	struct wr w;
	size_t n = 0;
	int r;

	if (!json_is_object(j) || json_object_size(j) == 0 ||
	    json_object_size(j) > REGISTERS_MAX)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: 'registers' must be an object of 1 to %u members",
		    where, REGISTERS_MAX);
	wr_init(&w, buf, sizeof(buf));
	json_object_foreach(j, name, value)
	{
		size_t at = w.n;

		put_register_name(name, &w);
		if (w.error != 0)
			return seal_fail(d, SEAL_E_CONFIG,
			    "%s: names of registers are too long", where);
		regs[n].key = span_of(buf + at, w.n - at);
		regs[n++].value = value;
	}
	sort(regs, n);
	cbor_put_map(out, n);
	for (size_t i = 0; i < n; i++) {
		wr_bytes(out, regs[i].key);
		if ((r = put_digests(regs[i].value, where, out, d)) != 0)
			return r;
	}
	return 0;
}

/* ---- Values ---- */

static int
put_svn(const json_t *j, const char *where, struct wr *out, struct seal_diag *d)
{
	const json_t *svn = json_object_get(j, "svn");
	const json_t *min = json_object_get(j, "min_svn");
	const json_t *v = svn != NULL ? svn : min;

	if (v == NULL)
		return 0;
	if ((svn != NULL && min != NULL) || !json_is_integer(v) ||
	    json_integer_value(v) < 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: 'svn' or 'min_svn', a whole number", where);
	cbor_put_tag(out, svn != NULL ? 552 : 553);
	cbor_put_uint(out, (uint64_t)json_integer_value(v));
	return 0;
}

static int
put_raw(const json_t *j, const char *where, struct wr *out, struct seal_diag *d)
{
	const json_t *raw = json_object_get(j, "raw");
	const json_t *mask = json_object_get(j, "mask");
	uint8_t r_buf[BYTES_MAX], m_buf[BYTES_MAX];
	size_t n = 0;
	int r;

	if (raw == NULL)
		return mask == NULL ? 0
				    : seal_fail(d, SEAL_E_CONFIG,
					  "%s: 'mask' without 'raw'", where);
	if ((r = strict_hex_range(raw, 1, BYTES_MAX, where, r_buf, &n, d)) != 0)
		return r;
	if (mask == NULL) {
		comid_put_bytes(out, 560, span_of(r_buf, n));
		return 0;
	}
	if ((r = strict_hex(mask, n, where, m_buf, d)) != 0)
		return r;
	cbor_put_tag(out, 563);
	cbor_put_array(out, 2);
	cbor_put_bytes(out, span_of(r_buf, n));
	cbor_put_bytes(out, span_of(m_buf, n));
	return 0;
}

/* {0: text}; what the text means is nobody's business here. */
static int
put_version(
    const json_t *j, const char *where, struct wr *out, struct seal_diag *d)
{
	const char *text = NULL;
	int r;

	if ((r = strict_text(j, "version", false, where, &text, d)) != 0 ||
	    text == NULL)
		return r;
	cbor_put_map(out, 1);
	cbor_put_int(out, 0);
	cbor_put_text(out, span_str(text));
	return 0;
}

static int
put_name(
    const json_t *j, const char *where, struct wr *out, struct seal_diag *d)
{
	const char *text = NULL;
	int r;

	if ((r = strict_text(j, "name", false, where, &text, d)) == 0 &&
	    text != NULL)
		cbor_put_text(out, span_str(text));
	return r;
}

struct values {
	struct wr key, val[COMID_MVALS];
};

static int
put_values(
    const json_t *j, const char *where, struct values *v, struct seal_diag *d)
{
	const json_t *key = json_object_get(j, "key");
	const json_t *digests = json_object_get(j, "digests");
	json_t *registers = json_object_get(j, "registers");
	int r;

	if ((r = strict_object(j, measurement_json_keys, where, d)) != 0 ||
	    (key != NULL && (r = put_key(key, where, &v->key, d)) != 0) ||
	    (r = put_version(j, where, &v->val[COMID_VERSION], d)) != 0 ||
	    (r = put_svn(j, where, &v->val[COMID_SVN], d)) != 0 ||
	    (digests != NULL && (r = put_digests(digests, where,
				     &v->val[COMID_DIGESTS], d)) != 0) ||
	    (r = put_raw(j, where, &v->val[COMID_RAW], d)) != 0 ||
	    (r = put_name(j, where, &v->val[COMID_NAME], d)) != 0 ||
	    (registers != NULL && (r = put_registers(registers, where,
				       &v->val[COMID_REGISTERS], d)) != 0))
		return r;
	return 0;
}

/* A value that could not be kept must not look like one that is not stated. */
static int
values_finish(struct values *v, struct comid_measurement *ret)
{
	int r = wr_finish(&v->key, &ret->mkey);

	for (size_t i = 0; r == 0 && i < COMID_MVALS; i++)
		r = wr_finish(&v->val[i], &ret->val[i]);
	return r;
}

static int
put_measurement(
    const json_t *j, const char *where, struct wr *out, struct seal_diag *d)
{
	struct comid_measurement m = { .other = false };
	struct values v;
	int r;

	wr_init_heap(&v.key, VALUE_MAX);
	for (size_t i = 0; i < COMID_MVALS; i++)
		wr_init_heap(&v.val[i], VALUE_MAX);
	if ((r = put_values(j, where, &v, d)) == 0 &&
	    (r = values_finish(&v, &m)) != 0)
		seal_fail(d, r, "%s: too long", where);
	if (r == 0)
		comid_put_measurement(out, &m);
	wr_free(&v.key);
	for (size_t i = 0; i < COMID_MVALS; i++)
		wr_free(&v.val[i]);
	return r;
}

int
comid_json_measurements(
    const json_t *list, const char *where, struct wr *out, struct seal_diag *d)
{
	int r;

	if (list == NULL)
		return seal_fail(
		    d, SEAL_E_CONFIG, "%s: 'measurements' is missing", where);
	if ((r = strict_array(list, 1, CORIM_JSON_ITEMS, where, d)) != 0)
		return r;
	cbor_put_array(out, json_array_size(list));
	for (size_t i = 0; i < json_array_size(list); i++)
		if ((r = put_measurement(
			 json_array_get(list, i), where, out, d)) != 0)
			return r;
	return 0;
}
