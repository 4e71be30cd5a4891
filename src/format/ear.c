/* SPDX-License-Identifier: Apache-2.0 */
#include "format/ear.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/ear_parts.h"
#include "jose/token.h"

const struct ear_profile ear_profiles[] = {
	{ EAR_PROFILE_04, EAR_UNDERSCORE, true, false, false },
	{ "tag:ietf.org,2026:rats/ear#03", EAR_UNDERSCORE, false, false,
	    false },
	{ "tag:github.com,2023:veraison/ear", EAR_DOTTED, false, true, false },
	{ "tag:github.com,2024:confidential-containers/Trustee", EAR_DOTTED,
	    false, true, true },
	{ NULL },
};

const struct ear_profile *
ear_profile_find(struct span uri)
{
	for (const struct ear_profile *p = ear_profiles; p->uri != NULL; p++) {
		if (span_is(uri, p->uri))
			return p;
	}
	return NULL;
}

static struct span
trim(struct span s)
{
	while (s.n > 0 && s.p[0] == ' ') {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

/* What stands before and after the first c; all of s, and nothing, if none. */
static struct span
before(struct span s, char c, struct span *ret_after)
{
	const uint8_t *at = s.n == 0 ? NULL : memchr(s.p, c, s.n);
	size_t n = at == NULL ? s.n : (size_t)(at - s.p);

	*ret_after =
	    at == NULL ? span_of(NULL, 0) : span_of(at + 1, s.n - n - 1);
	return trim(span_of(s.p, n));
}

const struct ear_profile *
ear_media_type(struct span type, bool *ret_cwt)
{
	struct span params, value, name = { NULL, 0 };
	struct span base = before(type, ';', &params);
	bool cwt = media_type_equal(base, span_str(EAR_TYPE_CWT));
	const struct ear_profile *p;

	if (!cwt && !media_type_equal(base, span_str(EAR_TYPE_JWT)))
		return NULL;
	name = before(params, '=', &value);
	value = trim(value);
	if (!span_is(name, "eat_profile"))
		return NULL;
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = span_of(value.p + 1, value.n - 2);
	if ((p = ear_profile_find(value)) != NULL)
		*ret_cwt = cwt;
	return p;
}

enum ar4si_tier
ear_worst_status(const struct ear *e)
{
	enum ar4si_tier worst =
	    e->n_submods > 0 ? e->submods[0].status : AR4SI_TIER_NONE;

	for (size_t i = 1; i < e->n_submods; i++) {
		if (ar4si_worse(e->submods[i].status, worst))
			worst = e->submods[i].status;
	}
	return e->has_status && ar4si_worse(e->status, worst) ? e->status
							      : worst;
}

void
ear_vector(const struct ear *e, int8_t ret[AR4SI_CLAIMS])
{
	memset(ret, 0, AR4SI_CLAIMS);
	for (size_t i = 0; i < e->n_submods; i++) {
		for (size_t k = 0; k < AR4SI_CLAIMS; k++) {
			int8_t v = e->submods[i].vector[k];

			if (ret[k] == 0 || (v != 0 && ar4si_worse(ar4si_tier(v),
							  ar4si_tier(ret[k]))))
				ret[k] = v;
		}
	}
}

int
ear_check(const struct ear *e, struct seal_diag *d)
{
	const struct ear_appraisal *a;
	enum ar4si_tier worst;

	if (e->n_submods == 0)
		return seal_fail(
		    d, SEAL_E_DECODE, "ear: submods: expected an appraisal");
	for (size_t i = 0; i < e->n_submods; i++) {
		a = &e->submods[i];
		worst = ar4si_worst(a->vector);
		if (!ar4si_honest(a->status, worst))
			return seal_fail(d, SEAL_E_EVIDENCE,
			    "ear: submodule '%s': status %s is better than "
			    "its worst claim, %s",
			    a->name, ar4si_tier_name(a->status),
			    ar4si_tier_name(worst));
		if (e->has_status && ar4si_worse(a->status, e->status))
			return seal_fail(d, SEAL_E_EVIDENCE,
			    "ear: status %s is better than submodule '%s', "
			    "%s",
			    ar4si_tier_name(e->status), a->name,
			    ar4si_tier_name(a->status));
	}
	return 0;
}

int
ear_check_written(const struct ear *e, struct seal_diag *d)
{
	if (e->iat < 0 || (e->has_exp && e->exp <= e->iat) ||
	    (e->has_nbf && e->nbf < 0))
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "ear: expected times with exp after iat");
	if (e->n_nonce != 0 &&
	    (e->n_nonce < EAT_NONCE_MIN || e->n_nonce > EAT_NONCE_MAX))
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "ear: eat_nonce: expected 8 to 64 bytes, got %zu",
		    e->n_nonce);
	if (e->n_submods > EAR_SUBMODS_MAX || e->n_spki > sizeof(e->spki))
		return seal_fail(d, SEAL_E_LIMIT, "ear: too much of it");
	for (size_t i = 0; i < e->n_submods; i++) {
		if (e->submods[i].n_policies > EAR_POLICIES_MAX)
			return seal_fail(
			    d, SEAL_E_LIMIT, "ear: too many policy ids");
	}
	return ear_check(e, d);
}

int
ear_sign_jwt(const struct ear *e, const struct ear_signer *by, struct wr *out,
    struct seal_diag *d)
{
	struct wr claims;
	int r;

	wr_init_heap(&claims, EAR_CLAIMS_MAX);
	if ((r = ear_write_json(e, &claims, d)) == 0)
		r = jws_sign(out, by->scheme, "eat+jwt", by->kid,
		    wr_view(&claims), by->sign, by->ctx, d);
	wr_free(&claims);
	return r;
}

int
ear_sign_cwt(const struct ear *e, const struct ear_signer *by, struct wr *out,
    struct seal_diag *d)
{
	struct wr claims;
	int r;

	if (by->kid == NULL)
		return seal_fail(d, SEAL_E_ARGUMENT, "ear: no kid");
	wr_init_heap(&claims, EAR_CLAIMS_MAX);
	if ((r = ear_write_cbor(e, &claims, d)) == 0)
		r = cose_sign1_write(out, by->scheme, span_str(by->kid),
		    wr_view(&claims), by->sign, by->ctx, d);
	wr_free(&claims);
	return r;
}

int
ear_open_jwt(struct span token, const struct jwk_set *set, struct ear *ret,
    const struct jwk **ret_key, struct seal_diag *d)
{
	const struct jwk *key = NULL;
	struct jws j = { .alg = NULL };
	int r;

	if ((r = jws_parse(token, &j, d)) != 0)
		return r;
	if ((r = jws_verify_set(&j, set, &key, d)) == 0 &&
	    (r = ear_read_json(span_of(j.payload, j.n_payload), ret, d)) == 0)
		*ret_key = key;
	jws_wipe(&j);
	return r;
}

/* Whose kid it is, and every key where nobody's: as with a JWS. */
static int
verify_cwt(const struct cose_sign1 *s, const struct jwk_set *set,
    const struct jwk **ret_key, struct seal_diag *d)
{
	int r = SEAL_E_KEY;

	for (size_t i = 0; s->kid.n > 0 && i < set->n; i++) {
		if (!span_is(s->kid, set->keys[i].kid))
			continue;
		if ((r = cose_sign1_verify(s, set->keys[i].key, d)) == 0)
			*ret_key = &set->keys[i];
		return r;
	}
	for (size_t i = 0; i < set->n; i++) {
		if (cose_alg_for_key(s->alg, set->keys[i].key) == SIG_NONE)
			continue;
		r = cose_sign1_verify(s, set->keys[i].key, NULL);
		if (r == 0) {
			*ret_key = &set->keys[i];
			return 0;
		}
		if (r != SEAL_E_SIGNATURE)
			break;
	}
	return seal_fail(
	    d, r, "ear: no trusted key verifies this COSE signature");
}

int
ear_open_cwt(struct span token, const struct jwk_set *set, struct ear *ret,
    const struct jwk **ret_key, struct seal_diag *d)
{
	const struct jwk *key = NULL;
	struct cose_sign1 s;
	int r;

	if ((r = cose_sign1_parse(token, &s, d)) != 0 ||
	    (r = verify_cwt(&s, set, &key, d)) != 0 ||
	    (r = ear_read_cbor(s.payload, ret, d)) != 0)
		return r;
	*ret_key = key;
	return 0;
}

int
ear_peek(struct span token, bool cwt, struct ear *ret, struct seal_diag *d)
{
	struct jws j = { .alg = NULL };
	struct cose_sign1 s;
	int r;

	if (cwt) {
		if ((r = cose_sign1_parse(token, &s, d)) != 0)
			return r;
		return ear_read_cbor(s.payload, ret, d);
	}
	if ((r = jws_parse(token, &j, d)) != 0)
		return r;
	r = ear_read_json(span_of(j.payload, j.n_payload), ret, d);
	jws_wipe(&j);
	return r;
}
