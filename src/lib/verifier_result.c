/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "format/ear.h"
#include "lib/verifier.h"

#define SUBMOD "evidence"

/*
 * The status says what the policy says: what it refuses is contraindicated,
 * whatever the single claims are; what it accepts is as good as its worst
 * claim and no better.
 */
static enum ar4si_tier
status_of(const struct seal_verdict *v)
{
	enum ar4si_tier worst = ar4si_worst(v->ar4si);

	if (v->outcome != SEAL_ACCEPTED)
		return AR4SI_TIER_CONTRAINDICATED;
	return worst == AR4SI_TIER_NONE ? AR4SI_TIER_AFFIRMING : worst;
}

/* No longer than the verdict holds. */
static int64_t
expiry(const struct seal_verifier *v, const struct verifier_finding *f)
{
	uint32_t lease = f->verdict->lease_s;

	return f->now +
	       (lease > 0 && lease < v->lifetime_s ? lease : v->lifetime_s);
}

static void
fill_appraisal(struct ear_appraisal *a, const struct verifier_finding *f)
{
	snprintf(a->name, sizeof(a->name), SUBMOD);
	a->status = status_of(f->verdict);
	a->has_vector = true;
	memcpy(a->vector, f->verdict->ar4si, sizeof(a->vector));
	snprintf(a->policies[0], sizeof(a->policies[0]), "%s", f->policy);
	a->n_policies = 1;
}

static int
fill(struct ear *e, const struct seal_verifier *v,
    const struct verifier_finding *f, struct seal_diag *d)
{
	if (f->nonce.n > sizeof(e->nonce) || f->subject.n > sizeof(e->spki))
		return seal_fail(d, SEAL_E_LIMIT, "result: too large");
	e->profile = ear_profile_find(span_str(EAR_PROFILE_04));
	e->iat = f->now;
	e->has_exp = true;
	e->exp = expiry(v, f);
	snprintf(e->developer, sizeof(e->developer), "%s", v->id);
	snprintf(e->build, sizeof(e->build), "seal %s", seal_version());
	memcpy(e->nonce, f->nonce.p, f->nonce.n);
	e->n_nonce = f->nonce.n;
	if (f->subject.n > 0)
		memcpy(e->spki, f->subject.p, f->subject.n);
	e->n_spki = f->subject.n;
	fill_appraisal(&e->submods[0], f);
	e->n_submods = 1;
	return 0;
}

static int
sign_with(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

int
verifier_result(const struct seal_verifier *v, const struct verifier_finding *f,
    char **ret, struct seal_diag *d)
{
	const struct ear_signer by = { .scheme = v->jwk.scheme,
		.kid = v->jwk.kid,
		.sign = sign_with,
		.ctx = v->key };
	struct ear *e = calloc(1, sizeof(*e));
	struct wr out;
	int r;

	if (e == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "result");
	wr_init_heap(&out, LIMIT_CMW);
	if ((r = fill(e, v, f, d)) == 0 &&
	    (r = ear_sign_jwt(e, &by, &out, d)) == 0 &&
	    (r = wr_take_text(&out, ret)) != 0)
		seal_fail(d, r, "result");
	wr_free(&out);
	free(e);
	return r;
}
