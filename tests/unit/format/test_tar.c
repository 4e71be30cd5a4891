/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "format/tar.h"

static struct wr
two_files(void)
{
	struct wr w;

	wr_init_heap(&w, 65536);
	tar_put(&w, "a.der", span_str("first"));
	tar_put(&w, "b-2_x.json", span_of(NULL, 0));
	tar_end(&w);
	assert_int_equal(w.error, 0);
	return w;
}

static int
read_all(struct span in, size_t *ret_n)
{
	struct tar_entry e;
	struct rd r;
	int code;

	*ret_n = 0;
	rd_init(&r, in);
	while ((code = tar_next(&r, &e, NULL)) == 0)
		(*ret_n)++;
	return code;
}

static void
there_and_back(void **state)
{
	struct wr w = two_files();
	struct tar_entry e;
	struct rd r;

	(void)state;
	assert_true(tar_is(wr_view(&w)));
	assert_int_equal(w.n, 5 * TAR_BLOCK);
	rd_init(&r, wr_view(&w));
	assert_int_equal(tar_next(&r, &e, NULL), 0);
	assert_string_equal(e.name, "a.der");
	assert_true(span_is(e.content, "first"));
	assert_int_equal(tar_next(&r, &e, NULL), 0);
	assert_string_equal(e.name, "b-2_x.json");
	assert_int_equal(e.content.n, 0);
	assert_int_equal(tar_next(&r, &e, NULL), SEAL_E_CLOSED);
	wr_free(&w);
}

/* A bit of each byte but those of a content, and every length. */
static void
damaged(void **state)
{
	struct wr w = two_files();
	size_t n;

	(void)state;
	for (size_t i = 0; i < w.n; i++) {
		if (i >= TAR_BLOCK && i < TAR_BLOCK + 5)
			continue;
		w.p[i] ^= (uint8_t)(1 << i % 8);
		if (read_all(wr_view(&w), &n) != SEAL_E_DECODE)
			fail_msg("byte %zu", i);
		w.p[i] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < w.n; i++)
		assert_int_equal(read_all(span_of(w.p, i), &n), SEAL_E_DECODE);
	wr_u8(&w, 0);
	assert_int_equal(read_all(wr_view(&w), &n), SEAL_E_DECODE);
	wr_free(&w);
}

static const struct {
	const char *name;
	bool ok;
} names[] = {
	{ "a", true },
	{ "a.b-c_D9", true },
	{ "", false },
	{ ".hidden", false },
	{ "..", false },
	{ "../up", false },
	{ "/abs", false },
	{ "a/b", false },
	{ "a b", false },
	{ "a\\b", false },
	{ "a\n", false },
	{ "\xc3\xa9", false },
	{ NULL, false },
};

static void
names_of_files(void **state)
{
	char longest[TAR_NAME + 2] = { 0 };

	(void)state;
	for (size_t i = 0; names[i].name != NULL; i++) {
		struct wr w;

		assert_int_equal(
		    tar_name_ok(span_str(names[i].name)), names[i].ok);
		wr_init_heap(&w, 65536);
		tar_put(&w, names[i].name, span_str("x"));
		assert_int_equal(w.error == 0, names[i].ok);
		wr_free(&w);
	}
	memset(longest, 'a', TAR_NAME);
	assert_true(tar_name_ok(span_str(longest)));
	longest[TAR_NAME] = 'a';
	assert_false(tar_name_ok(span_of(longest, TAR_NAME + 1)));
}

/* What other programs write, with a checksum that is right. */
static void
set(uint8_t *block, size_t at, const char *text)
{
	unsigned sum = 0;

	memcpy(block + at, text, strlen(text));
	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += block[i];
	for (int i = 5; i >= 0; i--, sum /= 8)
		block[148 + i] = (uint8_t)('0' + sum % 8);
	block[154] = 0;
}

static const struct {
	const char *name;
	size_t at;
	const char *text;
} others[] = {
	{ "a link", 156, "2" },
	{ "a folder", 156, "5" },
	{ "a device", 156, "3" },
	{ "a header of pax", 156, "x" },
	{ "a long name of GNU's", 156, "L" },
	{ "another mode", 100, "0000755" },
	{ "an owner", 108, "0001750" },
	{ "a time", 136, "14742334512" },
	{ "a size with blanks", 124, "     000005" },
	{ "a size that is huge", 124, "77777777777" },
	{ "a target", 157, "/etc/passwd" },
	{ "a name of an owner", 265, "root" },
	{ "a folder before the name", 345, "etc" },
	{ "a name with a folder", 0, "b/der" },
	{ "a name upwards", 0, "../er" },
	{ NULL, 0, NULL },
};

static void
other_programs(void **state)
{
	(void)state;
	for (size_t i = 0; others[i].name != NULL; i++) {
		struct wr w = two_files();
		size_t n = 0;

		/* It is the checksum of this test that is right. */
		set(w.p, 0, "a.der");
		assert_int_equal(read_all(wr_view(&w), &n), SEAL_E_CLOSED);
		set(w.p, others[i].at, others[i].text);
		if (read_all(wr_view(&w), &n) != SEAL_E_DECODE || n != 0)
			fail_msg("%s", others[i].name);
		wr_free(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(damaged),
		cmocka_unit_test(names_of_files),
		cmocka_unit_test(other_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
