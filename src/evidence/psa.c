/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attests with a token of the PSA root of trust, through the C API that its
 * maker gives: its challenge is the binder, which commits to the subject key
 * (PROTOCOL 5.3). The API is linked weakly: in a program without it, this
 * driver says so.
 */
#include "evidence/psa.h"

#include <stdlib.h>

#include "evidence/drivers.h"
#include "evidence/subject.h"
#include "format/psa.h"

#define NAME "psa"

struct psa_device {
	struct subject subject;
	const struct psa_api *api;
};

/* As <psa/initial_attestation.h> declares them. */
extern int32_t psa_initial_attest_get_token_size(
    size_t challenge_size, size_t *token_size) __attribute__((weak));
extern int32_t psa_initial_attest_get_token(const uint8_t *auth_challenge,
    size_t challenge_size, uint8_t *token_buf, size_t token_buf_size,
    size_t *token_size) __attribute__((weak));

static const struct psa_api linked = { psa_initial_attest_get_token_size,
	psa_initial_attest_get_token };

static int
check_linked(const struct psa_api *api, struct seal_diag *d)
{
	if (api->token_size != NULL && api->token != NULL)
		return 0;
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    NAME ": this program has no psa_initial_attest_get_token()");
	seal_remedy(d, "on a device with a PSA root of trust, link the library "
		       "that has it into the program");
	return SEAL_E_UNSUPPORTED;
}

static int
failed(const char *what, int32_t status, struct seal_diag *d)
{
	return seal_fail(d,
	    status == PSA_API_NOT_SUPPORTED ? SEAL_E_UNSUPPORTED
					    : SEAL_E_UNAVAILABLE,
	    NAME ": %s: expected status 0, found %ld", what, (long)status);
}

/* A token over this challenge, and of a form that peers can judge? */
static int
check_token(struct span token, struct span challenge, struct seal_diag *d)
{
	struct psa_token *t = calloc(1, sizeof(*t));
	int r;

	if (t == NULL)
		return seal_fail(d, SEAL_E_MEMORY, NAME);
	if ((r = psa_parse(token, t, d)) == 0 &&
	    !span_equal_ct(t->claims.nonce, challenge))
		r = seal_fail(d, SEAL_E_EVIDENCE,
		    NAME ": expected a token with this challenge, found "
			 "another");
	free(t);
	return r;
}

static int
collect(const struct psa_api *api, struct span challenge, struct wr *out,
    struct seal_diag *d)
{
	size_t cap = 0, n = 0;
	uint8_t *buf;
	int32_t status;
	int r;

	status = api->token_size(challenge.n, &cap);
	if (status != PSA_API_SUCCESS)
		return failed("size of a token", status, d);
	if (cap == 0 || cap > PSA_TOKEN_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    NAME ": expected tokens of at most %u bytes, found %zu",
		    PSA_TOKEN_MAX, cap);
	if ((buf = calloc(1, cap)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, NAME);
	status = api->token(challenge.p, challenge.n, buf, cap, &n);
	if (status != PSA_API_SUCCESS)
		r = failed("token", status, d);
	else if (n > cap)
		r = seal_fail(d, SEAL_E_LIMIT,
		    NAME ": expected at most %zu bytes, found %zu", cap, n);
	else if ((r = check_token(span_of(buf, n), challenge, d)) == 0)
		wr_bytes(out, span_of(buf, n));
	free(buf);
	return r;
}

/* ---- The driver ---- */

static int
psa_probe(const struct conf *conf, struct wr *out, struct seal_diag *d)
{
	int r = check_linked(&linked, d);

	(void)conf;
	if (r == 0)
		wr_printf(out, "PSA root of trust");
	return r;
}

int
psa_open_on(void *ctx, const struct psa_api *api, const struct conf *conf,
    struct seal_diag *d)
{
	struct psa_device *p = ctx;
	int r;

	p->api = api;
	if ((r = check_linked(api, d)) != 0)
		return r;
	return subject_open(&p->subject, NAME, true, conf, d);
}

static int
psa_open(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	(void)deadline_ms;
	return psa_open_on(ctx, &linked, conf, d);
}

/* Challenges have 32, 48 or 64 bytes, as our hashes do. */
static size_t
psa_binder_max(void *ctx)
{
	(void)ctx;
	return 0;
}

static int
psa_collect(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	struct psa_device *p = ctx;

	(void)deadline_ms;
	return collect(p->api, binding_value(b), out, d);
}

static void
psa_close(void *ctx)
{
	struct psa_device *p = ctx;

	subject_wipe(&p->subject);
}

static const char *const psa_keys[] = { SUBJECT_KEYS, NULL };

SUBJECT_FIRST(struct psa_device);
const struct evidence_driver evidence_psa = {
	.abi = EVIDENCE_DRIVER_ABI,
	.name = NAME,
	.media_type = PSA_TYPE,
	.keys = psa_keys,
	.ctx_size = sizeof(struct psa_device),
	.probe = psa_probe,
	.open = psa_open,
	.binder_max = psa_binder_max,
	SUBJECT_CALLS,
	.collect = psa_collect,
	.close = psa_close,
};
