/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocfail.h"
#include "appraise/strict.h"
#include "lib/corim_json.h"

#define H32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define H48 H32 "202122232425262728292a2b2c2d2e2f"
#define ENV "\"environment\":{\"class\":{\"model\":\"m\"}}"
#define TOP(more)                                                            \
	"{\"id\":\"c\"," more "\"tags\":[{\"id\":\"t\",\"reference\":[{" ENV \
	",\"measurements\":[{\"svn\":1}]}]}]}"
#define TAG(more) "{\"id\":\"c\",\"tags\":[{" more "}]}"
#define WITH_ENV(env)                                           \
	TAG("\"id\":\"t\",\"reference\":[{\"environment\":" env \
	    ",\"measurements\":[{\"svn\":1}]}]")
#define MEASURED(m)                                                  \
	TAG("\"id\":\"t\",\"reference\":[{" ENV ",\"measurements\":" \
	    "[{" m "}]}]")
#define KEYED(k) \
	TAG("\"id\":\"t\",\"attest_keys\":[{" ENV ",\"keys\":[" k "]}]")

struct row {
	const char *name, *json;
	const char *why; /* part of the story; NULL: written */
};

static const struct row rows[] = {
	{ "least", TOP(""), NULL },
	{ "id a UUID",
	    "{\"id\":\"284e6c3e-5d9f-4f6b-851f-5a4247f243a7\",\"tags\":[{"
	    "\"id\":\"3f06af63-a93c-11e4-9797-00505690773f\",\"version\":3,"
	    "\"endorsed\":[{" ENV ",\"measurements\":[{\"svn\":1}]}]}]}",
	    NULL },
	{ "everything around",
	    TOP("\"profile\":\"tag:x\",\"not_before\":\"2026-01-31T12:00:00Z\","
		"\"not_after\":\"2026-01-31T12:00:00Z\",\"entities\":[{"
		"\"name\":\"e\",\"uri\":\"https://e\",\"roles\":["
		"\"manifest-creator\",\"manifest-signer\"]}],"),
	    NULL },
	{ "environment of all",
	    WITH_ENV("{\"class\":{\"id\":{\"oid\":\"2a03\"},\"vendor\":\"v\","
		     "\"model\":\"m\",\"layer\":0,\"index\":1},\"instance\":{"
		     "\"key_sha256\":\"" H32 "\"},\"group\":{\"uuid\":"
		     "\"3f06af63-a93c-11e4-9797-00505690773f\"}}"),
	    NULL },
	{ "UEID", WITH_ENV("{\"instance\":{\"ueid\":\"01" H32 "\"}}"), NULL },
	{ "all values",
	    MEASURED("\"key\":7,\"version\":\"1\",\"min_svn\":1,\"digests\":{"
		     "\"sha384\":\"" H48 "\",\"sha256\":\"" H32 "\"},\"raw\":"
		     "\"0102\",\"mask\":\"ff00\",\"name\":\"n\""),
	    NULL },
	{ "key of text", MEASURED("\"key\":\"app\",\"svn\":1"), NULL },
	{ "key of bytes", MEASURED("\"key\":{\"bytes\":\"00\"},\"svn\":1"),
	    NULL },
	{ "registers out of order",
	    MEASURED(
		"\"registers\":{\"b\":{\"sha256\":\"" H32
		"\"},\"10\":{\"sha256\":\"" H32 "\"},\"9\":{\"sha256\":\"" H32
		"\"},\"a\":{\"sha256\":\"" H32 "\"}}"),
	    NULL },
	{ "key", KEYED("{\"spki_sha256\":\"" H32 "\"}"), NULL },

	{ "unknown key", TOP("\"idd\":1,"), "unknown key" },
	{ "no id", "{\"tags\":[]}", "'id' is missing" },
	{ "id empty", "{\"id\":\"\",\"tags\":[]}", "not empty" },
	{ "no tags", "{\"id\":\"c\"}", "'tags' is missing" },
	{ "tags empty", "{\"id\":\"c\",\"tags\":[]}", "1 to 64" },
	{ "date of February", TOP("\"not_after\":\"2026-02-31T12:00:00Z\","),
	    "must be like" },
	{ "date without Z", TOP("\"not_after\":\"2026-01-31T12:00:00\","),
	    "must be like" },
	{ "date and more", TOP("\"not_after\":\"2026-01-31T12:00:00Zx\","),
	    "must be like" },
	{ "date with space", TOP("\"not_after\":\" 2026-01-31T12:00:00Z\","),
	    "must be like" },
	{ "date a number", TOP("\"not_after\":1,"), "must be text" },
	{ "begin without end", TOP("\"not_before\":\"2026-01-31T12:00:00Z\","),
	    "needs a 'not_after'" },
	{ "end before begin",
	    TOP("\"not_before\":\"2026-01-31T12:00:00Z\","
		"\"not_after\":\"2026-01-31T11:59:59Z\","),
	    "needs a 'not_after'" },
	{ "entity without name", TOP("\"entities\":[{\"roles\":[]}],"),
	    "'name' is missing" },
	{ "entity without role", TOP("\"entities\":[{\"name\":\"e\"}],"),
	    "entities.roles" },
	{ "unknown role",
	    TOP("\"entities\":[{\"name\":\"e\",\"roles\":[\"boss\"]}],"),
	    "must be 'manifest-creator'" },
	{ "tag without id", TAG("\"reference\":[]"), "'id' is missing" },
	{ "tag without triples", TAG("\"id\":\"t\""), "needs 'reference'" },
	{ "no triple", TAG("\"id\":\"t\",\"reference\":[]"), "1 to" },
	{ "no environment",
	    TAG("\"id\":\"t\",\"reference\":[{\"measurements\":[{\"svn\":1}]}]"),
	    "environment" },
	{ "environment empty", WITH_ENV("{}"), "malformed" },
	{ "class empty", WITH_ENV("{\"class\":{}}"), "malformed" },
	{ "environment of another key", WITH_ENV("{\"klass\":{}}"),
	    "unknown key" },
	{ "layer negative", WITH_ENV("{\"class\":{\"layer\":-1}}"),
	    "whole number" },
	{ "name of two",
	    WITH_ENV("{\"instance\":{\"bytes\":\"00\",\"oid\":\"00\"}}"),
	    "needs one of" },
	{ "name of none", WITH_ENV("{\"instance\":{}}"), "needs one of" },
	{ "UUID malformed",
	    WITH_ENV("{\"instance\":{\"uuid\":"
		     "\"3f06af63-a93c-11e4-9797-00505690773g\"}}"),
	    "is not one" },
	{ "no measurements", TAG("\"id\":\"t\",\"reference\":[{" ENV "}]"),
	    "'measurements' is missing" },
	{ "measurement empty", MEASURED(""), "malformed" },
	{ "measurement of a key alone", MEASURED("\"key\":1"), "malformed" },
	{ "key negative", MEASURED("\"key\":-1,\"svn\":1"), "'key' must be" },
	{ "key a list", MEASURED("\"key\":[],\"svn\":1"), "'key' must be" },
	{ "both svn", MEASURED("\"svn\":1,\"min_svn\":1"), "'svn' or" },
	{ "svn negative", MEASURED("\"svn\":-1"), "'svn' or" },
	{ "svn text", MEASURED("\"svn\":\"1\""), "'svn' or" },
	{ "digest short", MEASURED("\"digests\":{\"sha256\":\"00\"}"),
	    "64 hex digits" },
	{ "digest unknown", MEASURED("\"digests\":{\"sha1\":\"00\"}"),
	    "unknown key" },
	{ "no digest", MEASURED("\"digests\":{}"), "no digest" },
	{ "mask alone", MEASURED("\"mask\":\"00\""), "without 'raw'" },
	{ "mask longer", MEASURED("\"raw\":\"00\",\"mask\":\"0000\""),
	    "2 hex digits" },
	{ "raw empty", MEASURED("\"raw\":\"\""), "hex digits" },
	{ "registers empty", MEASURED("\"registers\":{}"), "1 to 64" },
	{ "register without digest", MEASURED("\"registers\":{\"0\":{}}"),
	    "no digest" },
	{ "key of no kind", KEYED("{}"), "one of them" },
	{ "key of both kinds",
	    KEYED("{\"spki_sha256\":\"" H32 "\",\"file\":\"f\"}"),
	    "one of them" },
	{ "key file missing", KEYED("{\"file\":\"no-such-file\"}"),
	    "/nowhere/no-such-file" },
	{ "no key", TAG("\"id\":\"t\",\"attest_keys\":[{" ENV ",\"keys\":[]}]"),
	    "1 to" },
	{ "measurements for keys",
	    TAG("\"id\":\"t\",\"attest_keys\":[{" ENV
		",\"measurements\":[{\"svn\":1}]}]"),
	    "unknown key" },
	{ NULL },
};

static int
write_row(const char *json, struct wr *out, struct seal_diag *d)
{
	const char *signer = NULL;
	json_t *j = NULL;
	int r;

	if ((r = strict_load(span_str(json), "corim", &j, d)) == 0)
		r = corim_json_write(j, "/nowhere", out, &signer, d);
	json_decref(j);
	return r;
}

static void
table(void **state)
{
	(void)state;
	for (const struct row *c = rows; c->name != NULL; c++) {
		struct seal_diag d = { 0 };
		struct wr out, again;
		struct corim corim;
		int r;

		wr_init_heap(&out, 65536);
		wr_init_heap(&again, 65536);
		r = write_row(c->json, &out, &d);
		if ((r == 0) != (c->why == NULL) ||
		    (r != 0 && strstr(d.text, c->why) == NULL))
			fail_msg("%s: %d '%s'", c->name, r, d.text);
		if (r == 0) {
			assert_int_equal(
			    corim_parse(wr_view(&out), &corim, NULL), 0);
			assert_true(cbor_deterministic(wr_view(&out)));
			assert_int_equal(write_row(c->json, &again, NULL), 0);
			assert_true(span_equal(wr_view(&out), wr_view(&again)));
		}
		wr_free(&out);
		wr_free(&again);
	}
}

/* Each allocation of our own fails in turn: nothing is written by halves. */
static void
memory(void **state)
{
	size_t rows_written = 0;

	(void)state;
	for (const struct row *c = rows; c->why == NULL; c++) {
		size_t n = 1;
		bool hit = true;

		for (; hit && n < 1000; n++) {
			struct wr out;
			int r;

			wr_init_heap(&out, 65536);
			allocfail_at(n);
			r = write_row(c->json, &out, NULL);
			hit = allocfail_hit();
			allocfail_off();
			if ((r != 0) != hit)
				fail_msg("%s: %d at %zu", c->name, r, n);
			wr_free(&out);
		}
		assert_true(n > 3 && n < 1000);
		rows_written++;
	}
	assert_true(rows_written > 5);
}

/* All in one, byte by byte: the tag as a reader sees it. */
static void
known_answer(void **state)
{
	static const uint8_t want[] = { 0xd9, 1, 0xf5, 0xa2, 0, 0x61, 'c', 1,
		0x81, 0xd9, 1, 0xfa, 0x58, 26, 0xa2, 1, 0xa1, 0, 0x61, 't', 4,
		0xa1, 0, 0x81, 0x82, 0xa1, 0, 0xa1, 2, 0x61, 'm', 0x81, 0xa1, 1,
		0xa1, 1, 0xd9, 2, 0x28, 1 };
	struct wr out;

	(void)state;
	wr_init_heap(&out, 4096);
	assert_int_equal(write_row(TOP(""), &out, NULL), 0);
	assert_true(span_equal(wr_view(&out), span_of(want, sizeof(want))));
	wr_free(&out);
}

static json_t *schema;

static json_t *
props(const char *def)
{
	json_t *d = json_object_get(json_object_get(schema, "$defs"), def);

	return json_object_get(def == NULL ? schema : d, "properties");
}

static void
same_keys(const char *what, json_t *object, const char *const *keys)
{
	size_t n = 0;

	for (; keys[n] != NULL; n++)
		if (json_object_get(object, keys[n]) == NULL)
			fail_msg(
			    "%s: '%s' is not in the schema", what, keys[n]);
	assert_int_equal(json_object_size(object), n);
}

/* doc/corim.schema.json knows what the writer knows. */
static void
schema_keys(void **state)
{
	const char *root = getenv("SEAL_SOURCE_ROOT");
	char path[1024];

	(void)state;
	snprintf(path, sizeof(path), "%s/doc/corim.schema.json",
	    root == NULL ? "." : root);
	assert_non_null(
	    schema = json_load_file(path, JSON_REJECT_DUPLICATES, NULL));
	same_keys("corim", props(NULL), corim_json_keys);
	same_keys("tag", props("tag"), comid_json_keys);
	same_keys("measurement", props("measurement"), measurement_json_keys);
	json_decref(schema);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(memory),
		cmocka_unit_test(known_answer),
		cmocka_unit_test(schema_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
