/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "evidence/psa_device.h"

#include <string.h>

#include "crypto/hash.h"
#include "evidence/drivers.h"
#include "evidence/psa.h"
#include "format/psa.h"

struct psa_play psa_now;

static int32_t
fake_size(size_t n_challenge, size_t *ret_n)
{
	assert_true(n_challenge == 32 || n_challenge == 48);
	*ret_n = psa_now.no_size ? 0 : psa_now.huge ? PSA_TOKEN_MAX + 1 : 4096;
	return psa_now.size_status;
}

static int32_t
fake_token(const uint8_t *challenge, size_t n_challenge, uint8_t *to,
    size_t cap, size_t *ret_n)
{
	struct wr w;

	assert_int_equal(cap, 4096);
	if (psa_now.token_status != 0)
		return psa_now.token_status;
	played_ask(span_of(challenge, n_challenge));
	arm_answer(span_of(challenge, n_challenge));
	arm_make(PSA_TYPE, psa_now.shape, &w);
	assert_true(w.n <= cap);
	memcpy(to, w.p, w.n);
	*ret_n = psa_now.more ? cap + 1 : w.n;
	wr_free(&w);
	return 0;
}

static const struct psa_api fake = { fake_size, fake_token };

static int
open_on_fake(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	(void)deadline_ms;
	return psa_open_on(ctx, &fake, conf, d);
}

static void
put_signer(bool stranger, struct wr *out)
{
	uint8_t pin[HASH_MAX];

	assert_int_equal(
	    hash_one(HASH_SHA256, arm_spki(stranger ? &arm_stranger : &arm_iak),
		pin, NULL),
	    0);
	wr_printf(out, "{\"spki_sha256\":\"");
	wr_hex(out, span_of(pin, 32));
	wr_printf(out, "\"}");
}

/* A token does not hold its key. */
static struct endorsements *
endorse(void)
{
	struct endorsements *e = endorse_new();

	assert_int_equal(endorse_add(e, "iak", arm_spki(&arm_iak), NULL), 0);
	return e;
}

const struct played psa_device = {
	.driver = &evidence_psa,
	.open = open_on_fake,
	.set_up = arm_setup,
	.tear_down = arm_teardown,
	.put_signer = put_signer,
	.endorse = endorse,
};
