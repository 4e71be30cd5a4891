/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/psa_views.h"

#include <stdio.h>
#include <stdlib.h>

#include "appraise/refs.h"
#include "appraise/strict.h"
#include "base/text.h"
#include "format/cca.h"

/*
 * Rules of an entry: those of psa_rules.h for the platform, and of the realm
 *   "measurements": {"rim": HEX, "rem0": HEX…}   rim must be there; others may
 *                                                hold anything
 *   "personalization": HEX                       64 bytes
 */
static const char *const rule_keys[] = { PSA_RULE_KEYS, "measurements",
	"personalization", NULL };
static const char *const names[] = { "rim", "rem0", "rem1", "rem2", "rem3",
	NULL };

#define REGISTERS 5u
#define MODEL "arm-cca" /* in the environment of a CoMID */
#define TEXT 192

struct value {
	size_t n; /* 0: anything */
	uint8_t bytes[HASH_MAX];
};

struct rules {
	struct psa_rules psa;
	struct value registers[REGISTERS], personalization;
};

static void
registers_of(const struct cca_realm *r, struct span ret[REGISTERS])
{
	ret[0] = r->rim;
	for (size_t i = 0; i < CCA_REMS; i++)
		ret[1 + i] = r->rem[i];
}

/* ---- Rules ---- */

static int
load_registers(const json_t *entry, struct rules *r, struct seal_diag *d)
{
	const json_t *list = json_object_get(entry, "measurements"), *value;
	int code;

	if (r->psa.by_refs)
		return list == NULL
			   ? 0
			   : seal_fail(d, SEAL_E_CONFIG,
				 "accept: 'measurements' or 'corim', not both");
	if (list == NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: 'measurements' is missing (or 'corim')");
	if ((code = strict_object(list, names, "measurements", d)) != 0)
		return code;
	for (size_t i = 0; i < REGISTERS; i++) {
		if ((value = json_object_get(list, names[i])) == NULL)
			continue;
		if ((code = strict_hex_range(value, 32, HASH_MAX, names[i],
			 r->registers[i].bytes, &r->registers[i].n, d)) != 0)
			return code;
	}
	/* Without it nothing says what realm was started. */
	return r->registers[0].n > 0 ? 0
				     : seal_fail(d, SEAL_E_CONFIG,
					   "measurements: 'rim' is missing");
}

static int
rules_load(const json_t *entry, bool debug, void *rules, struct seal_diag *d)
{
	struct rules *r = rules;
	const json_t *value = json_object_get(entry, "personalization");
	int code;

	(void)debug;
	if ((code = psa_rules_load(entry, &r->psa, d)) != 0 ||
	    (code = load_registers(entry, r, d)) != 0)
		return code;
	return value == NULL
		   ? 0
		   : strict_hex_range(value, 64, 64, "personalization",
			 r->personalization.bytes, &r->personalization.n, d);
}

static struct span
span_value(const struct value *v)
{
	return span_of(v->bytes, v->n);
}

static int
rules_explain(const void *rules, struct wr *out)
{
	const struct rules *r = rules;
	char hex[HEX_SHORT];

	for (size_t i = 0; i < REGISTERS; i++)
		if (r->registers[i].n > 0)
			wr_printf(out, "    the realm's %s is %s\n", names[i],
			    hex_short(span_value(&r->registers[i]), hex));
		else if (!r->psa.by_refs)
			wr_printf(
			    out, "    the realm's %s is anything\n", names[i]);
	if (r->personalization.n > 0)
		wr_printf(out, "    its personalization value is %s\n",
		    hex_short(span_value(&r->personalization), hex));
	wr_printf(out, "    of the platform below it:\n");
	psa_rules_explain(&r->psa, out);
	return out->error;
}

/* ---- Verifying ---- */

/* The platform vouches for the realm's key, and for no other. */
static int
verify_binding(const struct cca_token *t, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	uint8_t digest[HASH_MAX];
	char e[HEX_FULL], g[HEX_FULL];
	size_t n = 0;
	int r;

	if ((r = cca_rak_digest(t, digest, &n, &d)) != 0) {
		verdict_check(
		    v, "cca.binding", false, r, "a hash", d.text, NULL);
		return r;
	}
	return verdict_check(v, "cca.binding",
		   span_equal_ct(t->claims.nonce, span_of(digest, n)),
		   SEAL_E_SIGNATURE, hex_full(span_of(digest, n), e),
		   hex_full(t->claims.nonce, g),
		   "realm and platform token do not belong together: look for "
		   "a token that was put together from two")
		   ? 0
		   : SEAL_E_SIGNATURE;
}

static int
verify_realm(const struct appraisal_in *in, const struct cca_token *t,
    struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	struct pubkey *key = NULL;
	uint8_t buf[LIMIT_SPKI];
	struct wr w;
	int r;

	wr_init(&w, buf, sizeof(buf));
	if ((r = cca_rak_spki(t, &w, &d)) == 0 &&
	    (r = key_cache_get(in->keys, wr_view(&w), &key, &d)) == 0)
		r = cose_sign1_verify(&t->realm, key, &d);
	pubkey_unref(&key);
	verdict_check(v, "cca.realm.signature", r == 0, r,
	    "a signature by the realm's key", d.text, NULL);
	return r;
}

static void
claim(const struct cca_token *t, struct seal_verdict *v)
{
	struct span got[REGISTERS];
	char name[32];

	registers_of(&t->r, got);
	for (size_t i = 0; i < REGISTERS; i++) {
		snprintf(name, sizeof(name), "cca.%s", names[i]);
		verdict_claim_hex(v, name, got[i]);
	}
	verdict_claim_hex(v, "cca.personalization", t->r.personalization);
	verdict_claim_hex(v, "cca.platform.config", t->claims.config);
	psa_claim(&t->claims, v);
}

static int
verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	struct cca_token *t = calloc(1, sizeof(*t));
	struct seal_diag d = { 0 };
	int r;

	ret->debug = true; /* until the token says otherwise */
	if ((ret->facts = t) == NULL)
		return SEAL_E_MEMORY;
	r = cca_parse(in->evidence, t, &d);
	if (!verdict_check(v, "cca.form", r == 0, r,
		"an Arm CCA attestation token", d.text, NULL))
		return r;
	if ((r = psa_verify(
		 in, &appraiser_cca, &t->platform, &t->claims, ret, v)) != 0 ||
	    (r = verify_binding(t, v)) != 0 ||
	    (r = verify_realm(in, t, v)) != 0)
		return r;
	ret->signed_binder[0] = t->r.challenge;
	ret->n_signed_binder = 1;
	ret->binder_padded = true;
	ret->subject_by_binder = true;
	ret->undated = true;
	ret->debug = psa_debug(&t->claims);
	claim(t, v);
	return 0;
}

/* ---- Matching ---- */

static bool
match_value(const char *name, const struct value *want, struct span got,
    struct seal_verdict *v)
{
	char e[TEXT], g[TEXT], hex[HEX_FULL];

	if (want->n == 0)
		return true;
	snprintf(
	    e, sizeof(e), "%s = %s", name, hex_full(span_value(want), hex));
	snprintf(g, sizeof(g), "%s = %s", name, hex_full(got, hex));
	return verdict_check(v, "cca.measurement",
	    span_equal_ct(span_value(want), got), SEAL_E_POLICY, e, g,
	    "if the realm changed on purpose, learn the policy again");
}

static bool
match(const void *rules, const struct findings *f, struct seal_verdict *v)
{
	const struct rules *r = rules;
	const struct cca_token *t = f->facts;
	char shown[PSA_TEXT_MAX + 1];
	struct span got[REGISTERS];
	bool platform, realm, ok = r->psa.by_refs || r->registers[0].n > 0;

	realm = verdict_check(v, "cca.realm.profile",
	    cca_realm_profile_known(&t->r), SEAL_E_POLICY,
	    "a profile of realms that is known",
	    text_safe(t->r.profile, shown, sizeof(shown)), NULL);
	platform = psa_rules_match(
	    &r->psa, &t->claims, cca_profile_known(&t->claims), v);
	registers_of(&t->r, got);
	for (size_t i = 0; i < REGISTERS; i++)
		ok = match_value(names[i], &r->registers[i], got[i], v) && ok;
	ok = match_value("personalization", &r->personalization,
		 t->r.personalization, v) &&
	     ok;
	if (!r->psa.by_refs)
		v->ar4si[AR4SI_EXECUTABLES] =
		    ok && platform ? AR4SI_AFFIRMING : AR4SI_CONTRAINDICATED;
	v->ar4si[AR4SI_RUNTIME_OPAQUE] =
	    f->debug ? AR4SI_CONTRAINDICATED : AR4SI_AFFIRMING;
	return realm && platform && ok;
}

/* ---- CoRIM and learning ---- */

static void
put_register(const char *name, struct span value, struct wr *out)
{
	struct comid_measurement m = { .other = false };
	uint8_t key_buf[16], buf[HASH_MAX + 16];
	struct wr key, digests;

	wr_init(&key, key_buf, sizeof(key_buf));
	cbor_put_text(&key, span_str(name));
	wr_init(&digests, buf, sizeof(buf));
	cbor_put_array(&digests, 1);
	psa_put_digest(&digests, value);
	m.mkey = wr_view(&key);
	m.val[COMID_DIGESTS] = wr_view(&digests);
	comid_put_measurement(out, &m);
}

/* The platform's components, and the realm's registers by their names. */
static int
describe(const struct findings *f, struct wr *env, struct wr *measurements)
{
	const struct cca_token *t = f->facts;
	struct span got[REGISTERS];
	int r;

	if ((r = psa_put_env(&t->claims, COMID_KEY_BYTES, MODEL, env)) != 0)
		return r;
	registers_of(&t->r, got);
	cbor_put_array(measurements, t->claims.n_components + REGISTERS);
	psa_put_measurements(&t->claims, measurements);
	for (size_t i = 0; i < REGISTERS; i++)
		put_register(names[i], got[i], measurements);
	return measurements->error;
}

enum { PLATFORM = 1, REALM = 2 }; /* parts */

static int
view_platform(const struct findings *f, struct wr *env, struct wr *measurements,
    size_t *ret_must)
{
	const struct cca_token *t = f->facts;

	return psa_view(&t->claims, "cca.software-component",
	    "cca.platform-config", env, measurements, ret_must);
}

static void
put_personalization(struct span value, struct wr *out)
{
	struct comid_measurement m = { .other = false };
	uint8_t key_buf[16], buf[HASH_MAX + 16];
	struct wr key, raw;

	wr_init(&key, key_buf, sizeof(key_buf));
	cbor_put_text(&key, span_str("cca.rpv"));
	wr_init(&raw, buf, sizeof(buf));
	comid_put_bytes(&raw, COMID_KEY_BYTES, value);
	m.mkey = wr_view(&key);
	m.val[COMID_RAW] = wr_view(&raw);
	comid_put_measurement(out, &m);
}

/* A realm is its initial measurement, which is its class too. What it extended
 * has to be known, and stands before what it did not. */
static int
view_realm(const struct findings *f, struct wr *env, struct wr *measurements,
    size_t *ret_must)
{
	static const char *const mkeys[REGISTERS] = { "cca.rim", "cca.rem0",
		"cca.rem1", "cca.rem2", "cca.rem3" };
	const struct cca_token *t = f->facts;
	struct comid_env e = { .other = false };
	struct span got[REGISTERS];
	uint8_t buf[HASH_MAX + 16];
	struct wr id;

	registers_of(&t->r, got);
	wr_init(&id, buf, sizeof(buf));
	comid_put_bytes(&id, COMID_KEY_BYTES, got[0]);
	e.class_id = wr_view(&id);
	comid_put_env(env, &e);
	cbor_put_array(measurements, REGISTERS + 1);
	*ret_must = 0;
	for (int zero = 0; zero < 2; zero++)
		for (size_t i = 0; i < REGISTERS; i++) {
			if ((i > 0 && span_is_zero(got[i])) != (zero == 1))
				continue;
			put_register(mkeys[i], got[i], measurements);
			*ret_must += zero == 0;
		}
	put_personalization(t->r.personalization, measurements);
	return env->error != 0 ? env->error : measurements->error;
}

static const char *const profiles[] = { REFS_PROFILE,
	CCA_PROFILE_CORIM_PLATFORM, CCA_PROFILE_CORIM_REALM, NULL };
static const struct appraiser_view views[] = {
	{ CCA_PROFILE_CORIM_PLATFORM, "platform", PLATFORM, false,
	    view_platform },
	{ CCA_PROFILE_CORIM_REALM, "realm", REALM, false, view_realm },
	{ NULL },
};

static int
learn(const struct findings *f, json_t *entry)
{
	const struct cca_token *t = f->facts;
	json_t *list = json_object();
	struct span got[REGISTERS];
	char hex[HEX_FULL];

	if (json_object_set_new(entry, "measurements", list) != 0)
		return SEAL_E_MEMORY;
	registers_of(&t->r, got);
	for (size_t i = 0; i < REGISTERS; i++)
		if (json_object_set_new(list, names[i],
			json_string(hex_full(got[i], hex))) != 0)
			return SEAL_E_MEMORY;
	if (json_object_set_new(entry, "personalization",
		json_string(hex_full(t->r.personalization, hex))) != 0)
		return SEAL_E_MEMORY;
	return psa_learn(&t->claims, cca_profile_known(&t->claims), entry);
}

const struct appraiser appraiser_cca = {
	.media_type = CCA_TYPE,
	.name = "cca",
	.tsm = true,
	.takes = cca_takes,
	.rules = rule_keys,
	.profiles = profiles,
	.views = views,
	.parts = PLATFORM | REALM,
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
