/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "format/ar4si.h"

#define NONE AR4SI_TIER_NONE
#define GOOD AR4SI_TIER_AFFIRMING
#define WARN AR4SI_TIER_WARNING
#define BAD AR4SI_TIER_CONTRAINDICATED

/* Both ends of every range of AR4SI. */
static void
tiers(void **state)
{
	static const struct {
		int value;
		enum ar4si_tier want;
	} rows[] = { { -128, BAD }, { -97, BAD }, { -96, WARN }, { -33, WARN },
		{ -32, GOOD }, { -2, GOOD }, { -1, NONE }, { 0, NONE },
		{ 1, NONE }, { 2, GOOD }, { 31, GOOD }, { 32, WARN },
		{ 95, WARN }, { 96, BAD }, { 127, BAD } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (ar4si_tier((int8_t)rows[i].value) != rows[i].want)
			fail_msg("%d", rows[i].value);
	}
}

static void
names(void **state)
{
	enum ar4si claim = AR4SI_CLAIMS;
	enum ar4si_tier tier = BAD;

	(void)state;
	for (size_t i = 0; i < AR4SI_CLAIMS; i++) {
		assert_true(
		    ar4si_find(span_str(ar4si_name((enum ar4si)i)), &claim));
		assert_int_equal(claim, i);
	}
	assert_false(ar4si_find(span_str("hardwar"), &claim));
	assert_false(ar4si_find(span_str(""), &claim));
	assert_int_equal(claim, AR4SI_CLAIMS - 1);
	assert_string_equal(ar4si_name(AR4SI_CLAIMS), "unknown");
	assert_true(ar4si_tier_find(span_str("warning"), &tier));
	assert_int_equal(tier, WARN);
	assert_false(ar4si_tier_find(span_str("Warning"), &tier));
	assert_true(ar4si_tier_known(96, &tier));
	assert_int_equal(tier, BAD);
	assert_false(ar4si_tier_known(3, &tier));
	assert_false(ar4si_tier_known(-2, &tier));
	assert_string_equal(ar4si_tier_name((enum ar4si_tier)3), "unknown");
}

struct honest_case {
	const char *name;
	enum ar4si_tier status;
	int8_t vector[AR4SI_CLAIMS];
	bool want;
};

static const struct honest_case honest_cases[] = {
	{ "affirming over affirming", GOOD, { 2, 3, 31 }, true },
	{ "affirming over silence", GOOD, { 0 }, true },
	{ "affirming over none", GOOD, { 0, 1, -1 }, true },
	{ "affirming over a warning", GOOD, { 2, 32 }, false },
	{ "affirming over a negative warning", GOOD, { 2, -33 }, false },
	{ "affirming over the worst last", GOOD, { 2, 2, 2, 2, 2, 2, 2, 99 },
	    false },
	{ "warning over a warning", WARN, { 95, 2 }, true },
	{ "warning over contraindicated", WARN, { 32, 96 }, false },
	{ "warning over affirming", WARN, { 2 }, true },
	{ "contraindicated over all", BAD, { 99, 99 }, true },
	{ "contraindicated over affirming", BAD, { 2 }, true },
	{ "none over affirming", NONE, { 2 }, true },
	{ "none over a warning", NONE, { 32 }, false },
	{ "none over contraindicated", NONE, { -128 }, false },
	{ "unknown over contraindicated", (enum ar4si_tier)97, { 96 }, false },
	{ "unknown over silence", (enum ar4si_tier)1, { 0 }, false },
	{ NULL },
};

static void
honest(void **state)
{
	(void)state;
	for (const struct honest_case *c = honest_cases; c->name != NULL; c++) {
		if (ar4si_honest(c->status, ar4si_worst(c->vector)) != c->want)
			fail_msg("%s", c->name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiers),
		cmocka_unit_test(names),
		cmocka_unit_test(honest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
