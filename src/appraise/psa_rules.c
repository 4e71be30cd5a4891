/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/psa_rules.h"

#include <stdio.h>
#include <string.h>

#include "appraise/refs.h"
#include "appraise/strict.h"
#include "base/text.h"

#define WHERE 64
#define TEXT 192
#define ENV_MAX 512

const char *const psa_software_keys[] = { "measurement", "signer_id", "type",
	NULL };

/* ---- Loading ---- */

static int
load_text(const json_t *j, const char *key, const char *where,
    char ret[PSA_TEXT_MAX + 1], struct seal_diag *d)
{
	const char *text = "";
	int r;

	if ((r = strict_text(j, key, false, where, &text, d)) != 0)
		return r;
	if (strlen(text) > PSA_TEXT_MAX)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: '%s' is longer than %u bytes", where, key,
		    PSA_TEXT_MAX);
	memcpy(ret, text, strlen(text) + 1);
	return 0;
}

static int
load_component(
    const json_t *j, size_t i, struct psa_software *ret, struct seal_diag *d)
{
	const json_t *signer = json_object_get(j, "signer_id");
	char where[WHERE];
	int r;

	snprintf(where, sizeof(where), "software[%zu]", i);
	if ((r = strict_object(j, psa_software_keys, where, d)) != 0 ||
	    (r = load_text(j, "type", where, ret->type, d)) != 0 ||
	    (r = strict_hex_range(json_object_get(j, "measurement"), 32,
		 HASH_MAX, where, ret->measurement, &ret->n_measurement, d)) !=
		0)
		return r;
	return signer == NULL ? 0
			      : strict_hex_range(signer, 32, HASH_MAX, where,
				    ret->signer_id, &ret->n_signer_id, d);
}

static int
load_software(const json_t *entry, struct psa_rules *r, struct seal_diag *d)
{
	const json_t *list = json_object_get(entry, "software");
	int code;

	r->by_refs = json_object_get(entry, "corim") != NULL;
	/* A CoRIM may also serve for its keys alone. */
	if (list == NULL)
		return r->by_refs ? 0
				  : seal_fail(d, SEAL_E_CONFIG,
					"accept: 'software' is missing (or "
					"'corim')");
	if (r->by_refs)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: 'software' or 'corim', not both");
	if ((code = strict_array(list, 1, PSA_COMPONENTS_MAX, "software", d)) !=
	    0)
		return code;
	for (size_t i = 0; i < json_array_size(list); i++, r->n_software++)
		if ((code = load_component(
			 json_array_get(list, i), i, &r->software[i], d)) != 0)
			return code;
	return 0;
}

int
psa_rules_load(const json_t *entry, struct psa_rules *ret, struct seal_diag *d)
{
	const json_t *impl = json_object_get(entry, "implementation_id"),
		     *instance = json_object_get(entry, "instance_id");
	int r;

	ret->has_implementation = impl != NULL;
	ret->has_instance = instance != NULL;
	if ((r = load_software(entry, ret, d)) != 0 ||
	    (r = load_text(entry, "profile", "accept", ret->profile, d)) != 0)
		return r;
	if (impl != NULL &&
	    (r = strict_hex(impl, sizeof(ret->implementation_id),
		 "implementation_id", ret->implementation_id, d)) != 0)
		return r;
	return instance == NULL ? 0
				: strict_hex(instance, sizeof(ret->instance_id),
				      "instance_id", ret->instance_id, d);
}

void
psa_rules_explain(const struct psa_rules *r, struct wr *out)
{
	char hex[HEX_SHORT];

	for (size_t i = 0; i < r->n_software; i++) {
		const struct psa_software *s = &r->software[i];

		wr_printf(out, "    it measured %s %s",
		    s->type[0] != '\0' ? s->type : "software",
		    hex_short(span_of(s->measurement, s->n_measurement), hex));
		if (s->n_signer_id > 0)
			wr_printf(out, " of signer %s",
			    hex_short(
				span_of(s->signer_id, s->n_signer_id), hex));
		wr_printf(out, "\n");
	}
	if (!r->by_refs)
		wr_printf(out, "    and no other software\n");
	if (r->has_implementation)
		wr_printf(out, "    its implementation id is %s\n",
		    hex_short(span_of(r->implementation_id,
				  sizeof(r->implementation_id)),
			hex));
	if (r->has_instance)
		wr_printf(out, "    its instance id is %s\n",
		    hex_short(
			span_of(r->instance_id, sizeof(r->instance_id)), hex));
	if (r->profile[0] != '\0')
		wr_printf(out, "    its profile is %s\n", r->profile);
	wr_printf(out, "    its lifecycle is secured, or of debug where that "
		       "is accepted\n");
}

/* ---- Matching ---- */

bool
psa_debug(const struct psa_claims *c)
{
	return c->state == PSA_OTHER_DEBUG || c->state == PSA_RECOVERABLE_DEBUG;
}

/* The core judges debug; no other state but secured is ever good. */
static bool
match_lifecycle(const struct psa_claims *c, struct seal_verdict *v)
{
	return verdict_check(v, "psa.lifecycle",
	    c->state == PSA_SECURED || psa_debug(c), SEAL_E_POLICY, "secured",
	    psa_lifecycle_name(c->state),
	    "attest with a device that left its factory secured");
}

static bool
match_profile(const struct psa_rules *r, const struct psa_claims *c, bool known,
    struct seal_verdict *v)
{
	char shown[PSA_TEXT_MAX + 1];
	bool ok =
	    r->profile[0] != '\0' ? span_is(c->profile, r->profile) : known;

	return verdict_check(v, "psa.profile", ok, SEAL_E_POLICY,
	    r->profile[0] != '\0' ? r->profile : "a profile that is known",
	    text_safe(c->profile, shown, sizeof(shown)),
	    "if its claims mean the same, name it as 'profile'");
}

static bool
match_bytes(const char *check, bool set, struct span want, struct span got,
    struct seal_verdict *v)
{
	char e[HEX_FULL], g[HEX_FULL];

	return !set || verdict_check(v, check, span_equal_ct(want, got),
			   SEAL_E_POLICY, hex_full(want, e), hex_full(got, g),
			   "if this one is meant too, add an entry for it");
}

static bool
fits(const struct psa_software *s, const struct psa_component *c)
{
	return (s->type[0] == '\0' || span_is(c->type, s->type)) &&
	       span_equal_ct(
		   c->measurement, span_of(s->measurement, s->n_measurement)) &&
	       (s->n_signer_id == 0 ||
		   span_equal_ct(
		       c->signer_id, span_of(s->signer_id, s->n_signer_id)));
}

/* Each that was measured is expected, … */
static bool
match_measured(const struct psa_rules *r, const struct psa_component *c,
    struct seal_verdict *v)
{
	char got[TEXT], hex[HEX_SHORT], type[64];
	size_t i = 0;

	while (i < r->n_software && !fits(&r->software[i], c))
		i++;
	snprintf(got, sizeof(got), "%s %s",
	    text_safe(c->type, type, sizeof(type)),
	    hex_short(c->measurement, hex));
	return verdict_check(v, "psa.software", i < r->n_software,
	    SEAL_E_POLICY, "software of the policy", got,
	    "if it was updated on purpose, learn the policy again");
}

/* … and each that is expected was measured. */
static bool
match_expected(const struct psa_software *s, const struct psa_claims *c,
    struct seal_verdict *v)
{
	char want[TEXT], hex[HEX_SHORT];
	size_t i = 0;

	while (i < c->n_components && !fits(s, &c->components[i]))
		i++;
	snprintf(want, sizeof(want), "%.64s %s", s->type,
	    hex_short(span_of(s->measurement, s->n_measurement), hex));
	return verdict_check(v, "psa.software", i < c->n_components,
	    SEAL_E_POLICY, want, i < c->n_components ? NULL : "not measured",
	    "if it was removed on purpose, learn the policy again");
}

static bool
match_software(const struct psa_rules *r, const struct psa_claims *c,
    struct seal_verdict *v)
{
	bool ok = r->n_software > 0;

	if (r->by_refs)
		return true; /* the reference triples decide */
	for (size_t i = 0; i < c->n_components; i++)
		ok = match_measured(r, &c->components[i], v) && ok;
	for (size_t i = 0; i < r->n_software; i++)
		ok = match_expected(&r->software[i], c, v) && ok;
	v->ar4si[AR4SI_EXECUTABLES] =
	    ok ? AR4SI_AFFIRMING : AR4SI_CONTRAINDICATED;
	return ok;
}

bool
psa_rules_match(const struct psa_rules *r, const struct psa_claims *c,
    bool known_profile, struct seal_verdict *v)
{
	bool profile = match_profile(r, c, known_profile, v), lifecycle,
	     implementation, instance, software;

	lifecycle = match_lifecycle(c, v);
	implementation =
	    match_bytes("psa.implementation_id", r->has_implementation,
		span_of(r->implementation_id, sizeof(r->implementation_id)),
		c->implementation_id, v);
	instance = match_bytes("psa.instance_id", r->has_instance,
	    span_of(r->instance_id, sizeof(r->instance_id)), c->instance_id, v);
	software = match_software(r, c, v);
	v->ar4si[AR4SI_CONFIGURATION] =
	    c->state == PSA_SECURED ? AR4SI_AFFIRMING : AR4SI_CONTRAINDICATED;
	return profile && lifecycle && implementation && instance && software;
}

/* ---- What is reported, learned and described ---- */

void
psa_claim(const struct psa_claims *c, struct seal_verdict *v)
{
	char name[TEXT], type[64], shown[PSA_TEXT_MAX + 1];

	verdict_claim(v, "psa.profile", "%s",
	    text_safe(c->profile, shown, sizeof(shown)));
	verdict_claim(v, "psa.lifecycle", "0x%04x (%s)", (unsigned)c->lifecycle,
	    psa_lifecycle_name(c->state));
	verdict_claim_hex(v, "psa.implementation_id", c->implementation_id);
	verdict_claim_hex(v, "psa.instance_id", c->instance_id);
	if (c->boot_seed.n > 0)
		verdict_claim_hex(v, "psa.boot_seed", c->boot_seed);
	for (size_t i = 0; i < c->n_components; i++) {
		snprintf(name, sizeof(name), "psa.software.%zu.%s", i,
		    text_safe(c->components[i].type, type, sizeof(type)));
		verdict_claim_hex(v, name, c->components[i].measurement);
	}
}

static int
learn_component(const struct psa_component *c, json_t *list)
{
	char measurement[HEX_FULL], signer[HEX_FULL], type[PSA_TEXT_MAX + 1];
	json_t *j = json_pack("{s:s, s:s}", "measurement",
	    hex_full(c->measurement, measurement), "signer_id",
	    hex_full(c->signer_id, signer));

	text_safe(c->type, type, sizeof(type));
	/* A type that we would have to change to show cannot be compared. */
	if (c->type.n > 0 && span_is(c->type, type) &&
	    json_object_set_new(j, "type", json_string(type)) != 0) {
		json_decref(j);
		return SEAL_E_MEMORY;
	}
	return json_array_append_new(list, j) == 0 ? 0 : SEAL_E_MEMORY;
}

int
psa_learn(const struct psa_claims *c, bool known_profile, json_t *entry)
{
	char hex[HEX_FULL], profile[PSA_TEXT_MAX + 1];
	json_t *list = json_array();

	if (json_object_set_new(entry, "software", list) != 0)
		return SEAL_E_MEMORY;
	for (size_t i = 0; i < c->n_components; i++)
		if (learn_component(&c->components[i], list) != 0)
			return SEAL_E_MEMORY;
	if (json_object_set_new(entry, "implementation_id",
		json_string(hex_full(c->implementation_id, hex))) != 0 ||
	    json_object_set_new(entry, "instance_id",
		json_string(hex_full(c->instance_id, hex))) != 0)
		return SEAL_E_MEMORY;
	if (known_profile)
		return 0;
	text_safe(c->profile, profile, sizeof(profile));
	return json_object_set_new(entry, "profile", json_string(profile)) == 0
		   ? 0
		   : SEAL_E_MEMORY;
}

int
psa_instance(const struct psa_claims *c, struct findings *ret)
{
	static const char domain[] = "SEAL PSA instance v1";
	struct span parts[] = { span_of(domain, sizeof(domain) - 1),
		c->instance_id, span_of(ret->signer_spki, ret->n_signer_spki) };
	uint8_t digest[HASH_MAX];
	int r;

	if ((r = hash_parts(HASH_SHA256, parts, 3, digest, NULL)) != 0)
		return r;
	memcpy(ret->instance, digest, sizeof(ret->instance));
	ret->has_instance = true;
	return 0;
}

#define TAG_UEID 550u

int
psa_put_env(const struct psa_claims *c, uint64_t class_tag, const char *model,
    struct wr *env)
{
	uint8_t id_buf[64], model_buf[32], instance_buf[64];
	struct comid_env e = { .other = false };
	struct wr id, m, instance;

	wr_init(&id, id_buf, sizeof(id_buf));
	comid_put_bytes(&id, class_tag, c->implementation_id);
	wr_init(&m, model_buf, sizeof(model_buf));
	if (model != NULL)
		cbor_put_text(&m, span_str(model));
	wr_init(&instance, instance_buf, sizeof(instance_buf));
	comid_put_bytes(&instance, TAG_UEID, c->instance_id);
	e.class_id = wr_view(&id);
	e.model = wr_view(&m);
	e.instance = wr_view(&instance);
	comid_put_env(env, &e);
	return env->error;
}

void
psa_put_digest(struct wr *out, struct span value)
{
	comid_put_digest(out,
	    value.n == 32   ? COMID_SHA256
	    : value.n == 48 ? COMID_SHA384
			    : comid_alg(HASH_SHA512),
	    value);
}

static void
put_component(const struct psa_component *c, size_t i, struct wr *out)
{
	uint8_t key_buf[PSA_TEXT_MAX + 8], digest_buf[HASH_MAX + 16],
	    signer_buf[HASH_MAX + 16];
	struct comid_measurement m = { .other = false };
	struct wr key, digests, signer;

	wr_init(&key, key_buf, sizeof(key_buf));
	if (c->type.n > 0)
		cbor_put_text(&key, c->type);
	else
		cbor_put_uint(&key, i);
	wr_init(&digests, digest_buf, sizeof(digest_buf));
	cbor_put_array(&digests, 1);
	psa_put_digest(&digests, c->measurement);
	wr_init(&signer, signer_buf, sizeof(signer_buf));
	comid_put_bytes(&signer, COMID_KEY_BYTES, c->signer_id);
	m.mkey = wr_view(&key);
	m.val[COMID_DIGESTS] = wr_view(&digests);
	m.val[COMID_RAW] = wr_view(&signer);
	comid_put_measurement(out, &m);
}

void
psa_put_measurements(const struct psa_claims *c, struct wr *out)
{
	for (size_t i = 0; i < c->n_components; i++)
		put_component(&c->components[i], i, out);
}

/* ---- Who signed ---- */

int
psa_verify(const struct appraisal_in *in, const struct appraiser *by,
    const struct cose_sign1 *s, const struct psa_claims *c,
    struct findings *ret, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	struct wr spki;
	int r;

	wr_init(&spki, ret->signer_spki, sizeof(ret->signer_spki));
	r = raw_key_find(in, by, ret, s, &spki, &d);
	if (!verdict_check(v, "psa.signature", r == 0, r,
		"a signature by a key that is known for this device", d.text,
		d.remedy[0] != '\0' ? d.remedy : NULL))
		return r;
	ret->n_signer_spki = spki.n;
	return psa_instance(c, ret);
}
