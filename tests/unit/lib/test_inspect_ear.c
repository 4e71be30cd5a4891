/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "format/ear.h"

static int
sign_with(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

/* A result with one submodule, as a token. */
static void
make(bool cwt, struct wr *w)
{
	struct ear *e = calloc(1, sizeof(*e));
	struct privkey *key = NULL;
	struct ear_signer by = { SIG_ECDSA_P256_SHA256, "k", sign_with, NULL };

	assert_non_null(e);
	assert_int_equal(privkey_generate(CURVE_P256, &key, NULL), 0);
	by.ctx = key;
	e->iat = 1700000000;
	strcpy(e->developer, "https://verifier.example");
	strcpy(e->build, "1");
	strcpy(e->submods[0].name, "cpu0");
	e->submods[0].status = AR4SI_TIER_WARNING;
	e->submods[0].vector[AR4SI_EXECUTABLES] = 33;
	e->n_submods = 1;
	assert_int_equal(
	    cwt ? ear_sign_cwt(e, &by, w, NULL) : ear_sign_jwt(e, &by, w, NULL),
	    0);
	privkey_free(&key);
	free(e);
}

static void
shows(bool cwt, const char *format)
{
	struct seal_diag d = { 0 };
	char *text = NULL;
	struct wr w;

	wr_init_heap(&w, LIMIT_CMW);
	make(cwt, &w);
	if (!cwt)
		wr_u8(&w, '\n');
	if (seal_inspect(w.p, w.n, NULL, 0, &text, &d) != 0)
		fail_msg("%s", d.text);
	assert_non_null(strstr(text, format));
	assert_non_null(strstr(text, "not checked here"));
	assert_non_null(strstr(text, "cpu0"));
	assert_non_null(strstr(text, "33 (warning)"));
	free(text);
	text = NULL;
	assert_int_not_equal(seal_inspect(w.p, w.n / 2,
				 cwt ? "ear-cwt" : "ear-jwt", 0, &text, &d),
	    0);
	wr_free(&w);
}

static void
tokens(void **state)
{
	(void)state;
	shows(false, "Attestation Result (EAR) in a JWT");
	shows(true, "Attestation Result (EAR) in a CWT");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(tokens) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
