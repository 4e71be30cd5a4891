/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "appraise/policy.h"
#include "appraise/strict.h"

#define PIN "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

struct row {
	const char *name, *json;
	int want;
};

static const struct row rows[] = {
	{ "pkix", "{\"mode\":\"pkix\"}", 0 },
	{ "pkix name ca", "{\"mode\":\"pkix\",\"name\":\"a\",\"ca\":\"b\"}",
	    0 },
	{ "pin", "{\"mode\":\"pin\",\"spki_sha256\":[\"" PIN "\"]}", 0 },
	{ "none", "{\"mode\":\"none\"}", 0 },
	{ "not an object", "[]", SEAL_E_CONFIG },
	{ "no mode", "{}", SEAL_E_CONFIG },
	{ "null mode", "{\"mode\":null}", SEAL_E_CONFIG },
	{ "empty mode", "{\"mode\":\"\"}", SEAL_E_CONFIG },
	{ "other mode", "{\"mode\":\"any\"}", SEAL_E_CONFIG },
	{ "mode in capitals", "{\"mode\":\"PKIX\"}", SEAL_E_CONFIG },
	{ "unknown key", "{\"mode\":\"pkix\",\"names\":\"a\"}", SEAL_E_CONFIG },
	{ "empty name", "{\"mode\":\"pkix\",\"name\":\"\"}", SEAL_E_CONFIG },
	{ "name is a number", "{\"mode\":\"pkix\",\"name\":1}", SEAL_E_CONFIG },
	{ "name and none", "{\"mode\":\"none\",\"name\":\"a\"}",
	    SEAL_E_CONFIG },
	{ "name and pin",
	    "{\"mode\":\"pin\",\"name\":\"a\",\"spki_sha256\":[\"" PIN "\"]}",
	    SEAL_E_CONFIG },
	{ "pin without pins", "{\"mode\":\"pin\"}", SEAL_E_CONFIG },
	{ "no pins", "{\"mode\":\"pin\",\"spki_sha256\":[]}", SEAL_E_CONFIG },
	{ "pins not a list", "{\"mode\":\"pin\",\"spki_sha256\":\"" PIN "\"}",
	    SEAL_E_CONFIG },
	{ "short pin", "{\"mode\":\"pin\",\"spki_sha256\":[\"00\"]}",
	    SEAL_E_CONFIG },
	{ "empty pin", "{\"mode\":\"pin\",\"spki_sha256\":[\"\"]}",
	    SEAL_E_CONFIG },
	{ "long pin", "{\"mode\":\"pin\",\"spki_sha256\":[\"" PIN "00\"]}",
	    SEAL_E_CONFIG },
	{ "pin not hex",
	    "{\"mode\":\"pin\",\"spki_sha256\":[\"" PIN
	    "\",\"x001020304050607080900a0b0c0d0e0f1011121314151"
	    "61718191a1b1c1d1e\"]}",
	    SEAL_E_CONFIG },
	{ NULL },
};

static void
table(void **state)
{
	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++) {
		json_t *j = json_loads(row->json, 0, NULL);
		struct identity id = { .mode = IDENTITY_UNSET };
		struct seal_diag d = { 0 };
		int r = identity_parse(j, "/dir", &id, &d);

		if (r != row->want)
			fail_msg("%s: got %d (%s)", row->name, r, d.text);
		if (r != 0)
			assert_int_equal(id.mode, IDENTITY_UNSET);
		identity_wipe(&id);
		json_decref(j);
	}
}

static void
values(void **state)
{
	json_t *j = json_loads(
	    "{\"mode\":\"pkix\",\"name\":\"n\",\"ca\":\"c.pem\"}", 0, NULL);
	struct identity id;

	(void)state;
	assert_int_equal(identity_parse(j, "/dir", &id, NULL), 0);
	assert_string_equal(id.name, "n");
	assert_string_equal(id.ca_file, "/dir/c.pem");
	identity_wipe(&id);
	json_decref(j);
	j = json_loads("{\"mode\":\"pin\",\"spki_sha256\":[\"" PIN "\",\"" PIN
		       "\"]}",
	    0, NULL);
	assert_int_equal(identity_parse(j, NULL, &id, NULL), 0);
	assert_int_equal(id.n_pins, 2);
	assert_int_equal(id.pins[1][31], 31);
	identity_wipe(&id);
	json_decref(j);
}

static void
paths(void **state)
{
	char *path = NULL;

	(void)state;
	assert_int_equal(strict_path("a/b", "/c", &path, NULL), 0);
	assert_string_equal(path, "/c");
	free(path);
	assert_int_equal(strict_path("", "c", &path, NULL), 0);
	assert_string_equal(path, "c");
	free(path);
	assert_int_equal(strict_path(NULL, "c", &path, NULL), 0);
	assert_string_equal(path, "c");
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(values),
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
