/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "allocfail.h"
#include "base/file.h"
#include "base/wr.h"

#define MANY 1000 /* allocations that no call here reaches */

static int
write_much(void)
{
	struct span got;
	struct wr w;
	int r;

	wr_init_heap(&w, 4096);
	for (size_t i = 0; i < 1024; i++)
		wr_u16(&w, 7);
	r = wr_finish(&w, &got);
	wr_free(&w);
	return r;
}

static int
take_text(void)
{
	char *text = NULL;
	struct wr w;
	int r;

	wr_init_heap(&w, 4096);
	wr_printf(&w, "%s", "story");
	r = wr_take_text(&w, &text);
	wr_free(&w);
	if (r != 0)
		assert_null(text);
	free(text);
	return r;
}

static int
copy_span(void)
{
	uint8_t *copy = NULL;
	int r = span_dup(span_str("seal"), &copy);

	if (r != 0)
		assert_null(copy);
	free(copy);
	return r;
}

static int
read_file(void)
{
	uint8_t *p = NULL;
	size_t n = 77;
	int r = file_read("/proc/self/status", 65536, &p, &n, NULL);

	if (r != 0)
		assert_true(p == NULL && n == 77);
	free(p);
	return r;
}

struct memory_case {
	const char *name;
	int (*call)(void);
};

static const struct memory_case cases[] = {
	{ "growing writer", write_much },
	{ "text handed over", take_text },
	{ "copy of a span", copy_span },
	{ "file", read_file },
	{ NULL },
};

/* Each allocation of a call fails in turn, and is what the call reports. */
static void
each_allocation_fails(void **state)
{
	(void)state;
	for (const struct memory_case *c = cases; c->name != NULL; c++) {
		size_t n = 1;
		int r;

		for (; n < MANY; n++) {
			allocfail_at(n);
			r = c->call();
			if (!allocfail_hit())
				break;
			if (r != SEAL_E_MEMORY)
				fail_msg(
				    "%s: allocation %zu: %d", c->name, n, r);
		}
		if (r != 0 || n == 1 || n == MANY)
			fail_msg("%s: %zu allocations, %d", c->name, n, r);
	}
	allocfail_off();
}

/* What the helper itself promises. */
static void
libraries_are_counted(void **state)
{
	void *p;

	(void)state;
	allocfail_at(2);
	p = OPENSSL_malloc(1);
	assert_non_null(p);
	assert_null(OPENSSL_malloc(1));
	assert_true(allocfail_hit());
	assert_true(allocfail_count() >= 2); /* the error's record counts */
	OPENSSL_free(p);
	allocfail_off();
	assert_int_equal(allocfail_count(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_fails),
		cmocka_unit_test(libraries_are_counted),
	};

	allocfail_include_libraries();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
