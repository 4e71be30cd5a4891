/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/psa_views.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "appraise/refs.h"

/*
 * Rules of an entry: those of psa_rules.h, and
 *   "client_id": N                      which software asked for the token
 */
static const char *const rule_keys[] = { PSA_RULE_KEYS, "client_id", NULL };

#define MODEL "psa" /* in the environment of a CoMID */

struct rules {
	struct psa_rules psa;
	bool has_client;
	int64_t client_id;
};

static int
rules_load(const json_t *entry, bool debug, void *rules, struct seal_diag *d)
{
	struct rules *r = rules;
	const json_t *client = json_object_get(entry, "client_id");
	int code;

	(void)debug;
	if ((code = psa_rules_load(entry, &r->psa, d)) != 0)
		return code;
	r->has_client = client != NULL;
	if (client == NULL)
		return 0;
	r->client_id = json_integer_value(client);
	if (!json_is_integer(client) || r->client_id < INT32_MIN ||
	    r->client_id > INT32_MAX)
		return seal_fail(d, SEAL_E_CONFIG,
		    "client_id: must be an integer of 32 bits");
	return 0;
}

static int
rules_explain(const void *rules, struct wr *out)
{
	const struct rules *r = rules;

	psa_rules_explain(&r->psa, out);
	if (r->has_client)
		wr_printf(
		    out, "    client %" PRId64 " asked for it\n", r->client_id);
	else
		wr_printf(out, "    not proved: which of the device's clients "
			       "asked for it ('client_id')\n");
	return out->error;
}

static int
verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	struct psa_token *t = calloc(1, sizeof(*t));
	struct seal_diag d = { 0 };
	int r;

	ret->debug = true; /* until the token says otherwise */
	if ((ret->facts = t) == NULL)
		return SEAL_E_MEMORY;
	r = psa_parse(in->evidence, t, &d);
	if (!verdict_check(v, "psa.form", r == 0, r, "a PSA attestation token",
		d.text, d.remedy[0] != '\0' ? d.remedy : NULL) ||
	    (r = psa_verify(
		 in, &appraiser_psa, &t->sign1, &t->claims, ret, v)) != 0)
		return r;
	ret->signed_binder[0] = t->claims.nonce;
	ret->n_signed_binder = 1;
	ret->subject_by_binder = true;
	ret->undated = true;
	ret->debug = psa_debug(&t->claims);
	psa_claim(&t->claims, v);
	verdict_claim(v, "psa.client_id", "%" PRId64, t->claims.client_id);
	return 0;
}

static bool
match(const void *rules, const struct findings *f, struct seal_verdict *v)
{
	const struct rules *r = rules;
	const struct psa_claims *c = &((struct psa_token *)f->facts)->claims;
	char want[24], got[24];
	bool ok = psa_rules_match(&r->psa, c, psa_profile_known(c), v);

	if (!r->has_client)
		return ok;
	snprintf(want, sizeof(want), "%" PRId64, r->client_id);
	snprintf(got, sizeof(got), "%" PRId64, c->client_id);
	return verdict_check(v, "psa.client_id", r->client_id == c->client_id,
		   SEAL_E_POLICY, want, got,
		   "have that client ask for the token") &&
	       ok;
}

static int
describe(const struct findings *f, struct wr *env, struct wr *measurements)
{
	const struct psa_claims *c = &((struct psa_token *)f->facts)->claims;
	int r;

	if ((r = psa_put_env(c, COMID_KEY_BYTES, MODEL, env)) != 0)
		return r;
	cbor_put_array(measurements, c->n_components);
	psa_put_measurements(c, measurements);
	return measurements->error;
}

static int
learn(const struct findings *f, json_t *entry)
{
	const struct psa_claims *c = &((struct psa_token *)f->facts)->claims;
	int r;

	if ((r = psa_learn(c, psa_profile_known(c), entry)) != 0)
		return r;
	return json_object_set_new(
		   entry, "client_id", json_integer(c->client_id)) == 0
		   ? 0
		   : SEAL_E_MEMORY;
}

static int
view(const struct findings *f, struct wr *env, struct wr *measurements,
    size_t *ret_must)
{
	const struct psa_claims *c = &((struct psa_token *)f->facts)->claims;

	return psa_view(
	    c, "psa.software-component", NULL, env, measurements, ret_must);
}

static int
view_old(const struct findings *f, struct wr *env, struct wr *measurements,
    size_t *ret_must)
{
	const struct psa_claims *c = &((struct psa_token *)f->facts)->claims;

	return psa_view_old(c, env, measurements, ret_must);
}

static const char *const profiles[] = { REFS_PROFILE, PSA_PROFILE_CORIM,
	PSA_PROFILE_CORIM_OLD, NULL };
static const struct appraiser_view views[] = {
	{ PSA_PROFILE_CORIM, NULL, 1, false, view },
	{ PSA_PROFILE_CORIM_OLD, NULL, 1, true, view_old },
	{ NULL },
};

const struct appraiser appraiser_psa = {
	.media_type = PSA_TYPE,
	.name = "psa",
	.takes = psa_takes,
	.rules = rule_keys,
	.profiles = profiles,
	.views = views,
	.parts = 1,
	.measures = 1u << AR4SI_EXECUTABLES,
	.describe = describe,
	.rules_size = sizeof(struct rules),
	.rules_load = rules_load,
	.rules_explain = rules_explain,
	.verify = verify,
	.match = match,
	.learn = learn,
	.facts_free = free,
};
