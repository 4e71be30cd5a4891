/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/fibre.h"

struct work {
	struct fibre *f;
	unsigned steps, pauses;
	unsigned char used[200000]; /* copied to the fibre's own stack */
};

static void
deep(struct work *w)
{
	struct work copy = *w;

	copy.used[sizeof(copy.used) - 1] = 7;
	fibre_pause(w->f);
	assert_int_equal(copy.used[sizeof(copy.used) - 1], 7);
	w->used[0] = copy.used[sizeof(copy.used) - 1];
}

static void
work(void *arg)
{
	struct work *w = arg;

	for (; w->steps < w->pauses; w->steps++)
		fibre_pause(w->f);
	deep(w);
}

static void
pauses(void **state)
{
	static struct work w[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		w[i] = (struct work){ .pauses = 10 * i };
		w[i].f = fibre_new(work, &w[i]);
		assert_non_null(w[i].f);
	}
	/* Each by itself, in turns. */
	for (unsigned turn = 0; turn < 22; turn++) {
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(fibre_resume(w[i].f), turn > 10 * i);
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(w[i].steps, 10 * i);
		assert_int_equal(w[i].used[0], 7);
		assert_true(fibre_resume(w[i].f));
		fibre_free(&w[i].f);
		assert_null(w[i].f);
	}
	fibre_free(&w[0].f);
}

static void
never_begun(void **state)
{
	static struct work w;

	(void)state;
	w.f = fibre_new(work, &w);
	assert_non_null(w.f);
	fibre_free(&w.f);
	assert_int_equal(w.steps, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses),
		cmocka_unit_test(never_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
