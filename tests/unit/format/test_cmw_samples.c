/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrappers that others made (folder SEAL_EVIDENCE/cmw; its PROVENANCE.md says
 * where they come from and whether they are valid).
 */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "format/cmw.h"

struct sample {
	const char *file;
	enum cmw_form form;
	size_t n;
	uint32_t ind; /* of the last item */
};

static const struct sample samples[] = {
	{ "rfc9999/record.json", CMW_JSON_RECORD, 1, 0 },
	{ "rfc9999/record-cf.cbor", CMW_CBOR_RECORD, 1, 0 },
	{ "rfc9999/record-ind3.cbor", CMW_CBOR_RECORD, 1, 3 },
	{ "rfc9999/tag.cbor", CMW_CBOR_TAG, 1, 0 },
	{ "rfc9999/collection-example-2.json", CMW_JSON_COLLECTION, 3, 4 },
	{ "veraison/collection-cbor-ok.cbor", CMW_CBOR_COLLECTION, 4, 0 },
	{ "veraison/collection-cbor-ok-2.cbor", CMW_CBOR_COLLECTION, 2, 0 },
	{ "veraison/collection-ok.json", CMW_JSON_COLLECTION, 3, 0 },
	{ NULL },
};

static const char *
evidence_dir(void)
{
	const char *dir = getenv("SEAL_EVIDENCE");

	if (dir == NULL || *dir == '\0') {
		print_message("SEAL_EVIDENCE is not set: no real samples\n");
		skip();
	}
	return dir;
}

static uint8_t *
load(const char *file, size_t *ret_n)
{
	struct seal_diag d = { 0 };
	uint8_t *p = NULL;
	char path[1024];

	snprintf(path, sizeof(path), "%s/cmw/%s", evidence_dir(), file);
	if (file_read(path, LIMIT_FILE, &p, ret_n, &d) != 0)
		fail_msg("%s", d.text);
	return p;
}

static void
valid_samples(void **state)
{
	(void)state;
	for (const struct sample *s = samples; s->file != NULL; s++) {
		struct seal_diag d = { 0 };
		struct cmw c;
		size_t n = 0;
		uint8_t *p = load(s->file, &n);

		if (cmw_parse(span_of(p, n), &c, &d) != 0)
			fail_msg("%s: %s", s->file, d.text);
		if (c.form != s->form || c.n != s->n ||
		    c.items[c.n - 1].ind != s->ind)
			fail_msg(
			    "%s: form %d, %zu items", s->file, c.form, c.n);
		cmw_free(&c);
		free(p);
	}
}

/* One row of a file of refused inputs: "hex" or "json". */
static void
refuse_row(json_t *row)
{
	const char *hex = json_string_value(json_object_get(row, "hex"));
	const char *json = json_string_value(json_object_get(row, "json"));
	struct cmw c;
	struct wr w;

	assert_true(hex != NULL || json != NULL);
	wr_init_heap(&w, LIMIT_FILE);
	if (hex != NULL)
		assert_true(hex_decode(span_str(hex), &w));
	else
		wr_bytes(&w, span_str(json));
	if (cmw_parse(wr_view(&w), &c, NULL) == 0)
		fail_msg("%s: accepted",
		    json_string_value(json_object_get(row, "name")));
	wr_free(&w);
}

static void
refused_samples(void **state)
{
	size_t n = 0, i;
	uint8_t *p = load("veraison/monad-negative-vectors-a.json", &n);
	json_t *rows = json_loadb((const char *)p, n, 0, NULL), *row;

	(void)state;
	assert_true(json_array_size(rows) > 0);
	json_array_foreach(rows, i, row) refuse_row(row);
	json_decref(rows);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_samples),
		cmocka_unit_test(refused_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
