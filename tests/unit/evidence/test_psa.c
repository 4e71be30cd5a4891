/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of the PSA Attestation API, whose device is played here. */
#include "test.h"

#include <string.h>

#include "evidence/drivers.h"
#include "evidence/psa_device.h"
#include "format/psa.h"

#define COLLECT_MS 60000u

static const struct span exporter = STR("0123456789abcdef0123456789abcdef");

struct row {
	const char *name;
	struct psa_play device;
	int want;
};

static const struct row rows[] = {
	{ "as it should be", { 0 }, 0 },
	{ "no size", { .no_size = true }, SEAL_E_LIMIT },
	{ "larger than a token", { .huge = true }, SEAL_E_LIMIT },
	{ "larger than its room", { .more = true }, SEAL_E_LIMIT },
	{ "the size fails", { .size_status = -144 }, SEAL_E_UNAVAILABLE },
	{ "the size is not supported", { .size_status = -134 },
	    SEAL_E_UNSUPPORTED },
	{ "the token fails", { .token_status = -145 }, SEAL_E_UNAVAILABLE },
	{ "another challenge", { .shape = OTHER_NONCE }, SEAL_E_EVIDENCE },
	{ "zeros for it", { .shape = ZERO_NONCE }, SEAL_E_EVIDENCE },
	{ "none", { .shape = NO_NONCE }, SEAL_E_DECODE },
	{ "bytes behind the claims", { .shape = TRAILING }, SEAL_E_DECODE },
	{ "a MAC", { .shape = MAC }, SEAL_E_UNSUPPORTED },
	{ "debug is for the peer to refuse", { .shape = DEBUG_ROOT }, 0 },
	{ NULL },
};

static void
collecting(void **state)
{
	static const char *const none[] = NONE;

	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++)
		for (int h = 0; h < 2; h++) {
			struct attester *a = NULL;
			struct seal_diag d = { 0 };
			struct seal_binding b;
			struct psa_token t;
			struct wr w;
			int r;

			assert_int_equal(
			    played_attester(&psa_device, none, &a, &d), 0);
			assert_int_equal(
			    binding_post(h == 0 ? HASH_SHA256 : HASH_SHA384,
				attester_spki(a), exporter, &b, NULL),
			    0);
			psa_now = row->device;
			wr_init_heap(&w, LIMIT_CMW);
			r = attester_collect(a, &b, COLLECT_MS, &w, &d);
			if (r != row->want || (r != 0 && d.text[0] == '\0'))
				fail_msg("%s: %d (%s)", row->name, r, d.text);
			if (r != 0)
				assert_int_equal(w.n, 0);
			else
				assert_true(
				    psa_parse(wr_view(&w), &t, NULL) == 0 &&
				    span_equal(
					t.claims.nonce, binding_value(&b)));
			wr_free(&w);
			attester_free(&a);
		}
}

/* This program has no PSA root of trust, and says so. */
static void
not_linked(void **state)
{
	struct attester *a = NULL;
	struct seal_diag d = { 0 };

	(void)state;
	assert_int_equal(
	    attester_open("psa", NULL, &a, &d), SEAL_E_UNSUPPORTED);
	assert_non_null(strstr(d.text, "psa_initial_attest_get_token"));
	d = (struct seal_diag){ 0 };
	assert_int_equal(
	    evidence_psa.probe(NULL, NULL, &d), SEAL_E_UNSUPPORTED);
	assert_int_not_equal(d.remedy[0], '\0');
}

static int
set_up(void **state)
{
	(void)state;
	arm_setup();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arm_teardown();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(collecting),
		cmocka_unit_test(not_linked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
