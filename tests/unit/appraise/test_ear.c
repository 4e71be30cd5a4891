/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appraise/appraiser.h"
#include "appraise/ear_rules.h"
#include "appraise/verdict_fixture.h"
#include "base/file.h"
#include "base/text.h"
#include "format/ear.h"
#include "jose/token.h"

#include "crypto/fixture.h"

/*
 * A Relying Party judges the results of a Verifier: every lie that a Verifier,
 * or somebody who is none, can tell has a row.
 */
#define ID "https://verifier.example"
#define STRANGE "tag:github.com,2023:veraison/ear"

static char dir[] = "/tmp/seal-ear-XXXXXX";
static struct privkey *verifier, *other, *subject;
static struct jwk by[2]; /* of verifier and other */
static struct span spki;
static uint8_t spki_bytes[LIMIT_SPKI];
static struct seal_binding binding;
static const uint8_t exporter[32] = { 5 };

/* ---- The scene ---- */

struct scene {
	struct ear *e;
	struct privkey *key;
	struct jwk *jwk;
	const char *kid, *type;
	bool cwt, spoil;
	const char *rules, *signers, *level;
	struct seal_binding expected;
	int64_t now;
};

static int
sign_with(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

static void
scene_init(struct scene *s)
{
	struct ear *e = calloc(1, sizeof(*e));

	assert_non_null(e);
	e->iat = NOW - 10;
	e->has_exp = true;
	e->exp = NOW + 300;
	strcpy(e->developer, ID);
	strcpy(e->build, "1");
	memcpy(e->nonce, binding.binder, e->n_nonce = binding.size);
	memcpy(e->spki, spki.p, e->n_spki = spki.n);
	e->n_submods = 1;
	strcpy(e->submods[0].name, "cpu");
	e->submods[0].status = AR4SI_TIER_AFFIRMING;
	e->submods[0].has_vector = true;
	e->submods[0].vector[AR4SI_HARDWARE] = AR4SI_AFFIRMING;
	e->submods[0].vector[AR4SI_EXECUTABLES] = AR4SI_AFFIRMING;
	*s = (struct scene){ .e = e,
		.key = verifier,
		.jwk = &by[0],
		.kid = "v",
		.type = EAR_MEDIA_JWT,
		.rules = "\"vector\":{\"hardware\":\"affirming\"}",
		.signers = "{\"jwks\":\"v.jwk\"}",
		.level = "traffic",
		.expected = binding,
		.now = NOW };
}

static struct policy *
load(const struct scene *s)
{
	struct policy *p = NULL;
	struct seal_diag d = { 0 };
	char text[2048];

	snprintf(text, sizeof(text),
	    "{\"version\":1,\"max_age_s\":60,\"min_binding\":\"%s\","
	    "\"identity\":{\"mode\":\"none\"},\"accept\":[{\"scheme\":\"ear\","
	    "\"signers\":[%s],\"verifier\":\"" ID "\",%s}]}",
	    s->level, s->signers, s->rules);
	if (policy_load(span_str(text), dir, &p, &d) != 0)
		fail_msg("%s", d.text);
	return p;
}

static void
write_token(const struct scene *s, struct wr *out)
{
	struct ear_signer signer = { .scheme = s->jwk->scheme,
		.kid = s->kid,
		.sign = sign_with,
		.ctx = s->key };
	struct seal_diag d = { 0 };

	wr_init_heap(out, LIMIT_CMW);
	if ((s->cwt ? ear_sign_cwt : ear_sign_jwt)(s->e, &signer, out, &d) != 0)
		fail_msg("%s", d.text);
	if (s->spoil)
		out->p[out->n - 5] = out->p[out->n - 5] == 'A' ? 'B' : 'A';
}

static struct seal_verdict *
judge(const struct scene *s, struct span token)
{
	struct appraisal_in in = { .media_type = span_str(s->type),
		.evidence = token,
		.expected = &s->expected,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = s->now,
		.binder_known = true };
	struct seal_verdict *v = verdict_new();
	struct policy *p = load(s);
	int r = appraise(p, &in, v);

	assert_int_equal(r == 0, v->outcome == SEAL_ACCEPTED);
	policy_free(&p);
	return v;
}

/* ---- Changes ---- */

static void
as_cwt(struct scene *s)
{
	s->cwt = true;
	s->type = EAR_MEDIA_CWT;
}

static void
by_certificate(struct scene *s)
{
	s->signers = "{\"cert\":\"v.pem\"}";
}

static void
by_old_certificate(struct scene *s)
{
	by_certificate(s);
	s->now = NOW + 2 * DAY;
	s->e->iat = s->now;
	s->e->exp = s->now + 300;
}

static void
by_ending_certificate(struct scene *s)
{
	by_certificate(s);
	s->now = NOW + DAY - 29;
	s->e->iat = s->now;
	s->e->exp = s->now + 300;
}

static void
second_set(struct scene *s)
{
	s->signers = "{\"jwks\":\"o.jwk\"},{\"jwks\":\"v.jwk\"}";
}

static void
signed_by_another(struct scene *s)
{
	s->key = other;
	s->jwk = &by[1];
}

static void
other_alone_trusted(struct scene *s)
{
	s->signers = "{\"jwks\":\"o.jwk\"}";
}

static void
bad_signature(struct scene *s)
{
	s->spoil = true;
}

static void
other_name(struct scene *s)
{
	strcpy(s->e->developer, ID "/");
}

static void
other_binder(struct scene *s)
{
	s->e->nonce[31] ^= 1;
}

static void
short_binder(struct scene *s)
{
	s->e->n_nonce = 31;
}

static void
no_nonce(struct scene *s)
{
	s->e->n_nonce = 0;
}

static void
cached(struct scene *s)
{
	no_nonce(s);
	s->level = "key";
}

/* The nonce of the session in which the attester obtained it. */
static void
cached_with_nonce(struct scene *s)
{
	other_binder(s);
	s->level = "key";
}

static void
fresh_at_key_level(struct scene *s)
{
	s->level = "key";
}

static void
cached_at_transcript(struct scene *s)
{
	no_nonce(s);
	s->level = "transcript";
}

static void
other_subject(struct scene *s)
{
	memcpy(s->e->spki, by[1].spki, s->e->n_spki = by[1].n_spki);
}

static void
cached_other_subject(struct scene *s)
{
	cached(s);
	other_subject(s);
}

static void
cached_key_unknown(struct scene *s)
{
	cached(s);
	binding_replay(span_of(binding.binder, binding.size), span_of(NULL, 0),
	    &s->expected, NULL);
}

static void
no_subject(struct scene *s)
{
	s->e->n_spki = 0;
}

static void
no_subject_allowed(struct scene *s)
{
	no_subject(s);
	s->rules = "\"vector\":{},\"cnf\":false";
}

static void
no_subject_cached(struct scene *s)
{
	no_subject_allowed(s);
	cached(s);
	s->rules = "\"vector\":{},\"cnf\":false";
}

static void
no_subject_of_record(struct scene *s)
{
	no_subject_allowed(s);
	s->expected.kind = BINDING_REPLAY;
}

static void
allowed_but_other_subject(struct scene *s)
{
	other_subject(s);
	s->rules = "\"vector\":{},\"cnf\":false";
}

static void
at_its_end(struct scene *s)
{
	s->e->exp = NOW;
}

static void
no_end(struct scene *s)
{
	s->e->has_exp = false;
}

static void
no_end_allowed(struct scene *s)
{
	no_end(s);
	s->rules = "\"vector\":{},\"exp\":false";
}

static void
no_end_and_old(struct scene *s)
{
	no_end_allowed(s);
	s->e->iat = NOW - 61;
}

static void
no_end_cached(struct scene *s)
{
	no_end_allowed(s);
	cached(s);
}

static void
near_its_end(struct scene *s)
{
	s->e->exp = NOW + 29;
}

static void
too_old(struct scene *s)
{
	s->e->iat = NOW - 61;
}

static void
of_the_future(struct scene *s)
{
	s->e->iat = NOW + 61;
}

static void
not_yet(struct scene *s)
{
	s->e->has_nbf = true;
	s->e->nbf = NOW + 61;
}

static void
for_years(struct scene *s)
{
	s->e->exp = s->e->iat + EAR_LIFETIME_S + 1;
}

static void
for_years_allowed(struct scene *s)
{
	for_years(s);
	s->rules = "\"vector\":{},\"max_lifetime_s\":86401";
}

static void
status_warning(struct scene *s)
{
	s->e->submods[0].status = AR4SI_TIER_WARNING;
}

static void
status_warning_allowed(struct scene *s)
{
	status_warning(s);
	s->rules = "\"vector\":{},\"status\":\"warning\"";
}

static void
status_none(struct scene *s)
{
	s->e->submods[0].status = AR4SI_TIER_NONE;
}

static void
status_none_where_warning(struct scene *s)
{
	status_none(s);
	s->rules = "\"vector\":{},\"status\":\"warning\"";
}

static void
contraindicated(struct scene *s)
{
	s->e->submods[0].status = AR4SI_TIER_CONTRAINDICATED;
	s->e->submods[0].vector[AR4SI_EXECUTABLES] = AR4SI_CONTRAINDICATED;
	s->rules = "\"vector\":{},\"status\":\"warning\"";
}

static void
second_is_worse(struct scene *s)
{
	s->e->submods[1] = s->e->submods[0];
	strcpy(s->e->submods[1].name, "gpu");
	s->e->submods[1].status = AR4SI_TIER_CONTRAINDICATED;
	s->e->n_submods = 2;
}

/* One submodule of which the Verifier has nothing to say, and one of which it
 * warns: the second does not make the first any better. */
static void
second_is_none(struct scene *s)
{
	status_warning_allowed(s);
	s->e->submods[1] = s->e->submods[0];
	strcpy(s->e->submods[1].name, "gpu");
	s->e->submods[1].status = AR4SI_TIER_NONE;
	memset(s->e->submods[1].vector, 0, sizeof(s->e->submods[1].vector));
	s->e->n_submods = 2;
}

static void
first_is_none(struct scene *s)
{
	struct ear_appraisal *a = s->e->submods, swap;

	second_is_none(s);
	swap = a[0];
	a[0] = a[1];
	a[1] = swap;
}

static void
whole_is_worse(struct scene *s)
{
	s->e->has_status = true;
	s->e->status = AR4SI_TIER_WARNING;
}

static void
claim_missing(struct scene *s)
{
	s->rules = "\"vector\":{\"runtime-opaque\":\"affirming\"}";
}

static void
claim_says_nothing(struct scene *s)
{
	s->e->submods[0].vector[AR4SI_HARDWARE] = AR4SI_UNEXPECTED;
}

static void
claim_worse(struct scene *s)
{
	status_warning(s);
	s->e->submods[0].vector[AR4SI_HARDWARE] = AR4SI_WARNING;
	s->rules = "\"vector\":{\"hardware\":\"affirming\"},"
		   "\"status\":\"warning\"";
}

static void
claim_worse_allowed(struct scene *s)
{
	claim_worse(s);
	s->rules = "\"vector\":{\"hardware\":\"warning\"},"
		   "\"status\":\"warning\"";
}

/* As with the status. */
static void
claim_says_nothing_and_warns(struct scene *s)
{
	claim_worse_allowed(s);
	s->e->submods[1] = s->e->submods[0];
	strcpy(s->e->submods[1].name, "gpu");
	s->e->submods[1].vector[AR4SI_HARDWARE] = AR4SI_UNEXPECTED;
	s->e->n_submods = 2;
}

/* Two submodules: what they say of it. */
static void
split(struct scene *s, const char *submods, int8_t cpu_hardware,
    int8_t cpu_executables, int8_t gpu_hardware, int8_t gpu_executables)
{
	static char rules[128];

	snprintf(rules, sizeof(rules),
	    "\"vector\":{\"hardware\":\"affirming\",\"executables\":"
	    "\"affirming\"}%s",
	    submods);
	s->rules = rules;
	s->e->submods[1] = s->e->submods[0];
	strcpy(s->e->submods[1].name, "gpu");
	s->e->submods[0].vector[AR4SI_HARDWARE] = cpu_hardware;
	s->e->submods[0].vector[AR4SI_EXECUTABLES] = cpu_executables;
	s->e->submods[1].vector[AR4SI_HARDWARE] = gpu_hardware;
	s->e->submods[1].vector[AR4SI_EXECUTABLES] = gpu_executables;
	s->e->n_submods = 2;
}

static void
split_each(struct scene *s)
{
	split(s, "", 2, 2, 2, 2);
}

static void
split_halves(struct scene *s)
{
	split(s, "", 2, 0, 0, 2);
}

static void
split_one_silent(struct scene *s)
{
	split(s, ",\"submods\":\"each\"", 2, 2, 2, 0);
}

static void
split_one(struct scene *s)
{
	split(s, ",\"submods\":\"one\"", 0, 2, 2, 2);
}

static void
split_one_halves(struct scene *s)
{
	split(s, ",\"submods\":\"one\"", 2, 0, 0, 2);
}

static void
split_one_worse(struct scene *s)
{
	status_warning_allowed(s);
	split(s, ",\"submods\":\"one\",\"status\":\"warning\"", 2, 2, 0,
	    AR4SI_WARNING);
	s->e->submods[1].status = AR4SI_TIER_WARNING;
}

static void
other_profile_named(struct scene *s)
{
	s->type = EAR_TYPE_JWT "; eat_profile=\"" STRANGE "\"";
	s->rules = "\"vector\":{},\"profiles\":[\"" STRANGE
		   "\",\"" EAR_PROFILE_04 "\"]";
}

static void
profile_unwelcome(struct scene *s)
{
	s->rules = "\"vector\":{},\"profiles\":[\"" STRANGE "\"]";
}

static void
unknown_profile(struct scene *s)
{
	s->type = EAR_TYPE_JWT "; eat_profile=\"tag:x\"";
}

static void
jwt_as_cwt(struct scene *s)
{
	s->type = EAR_MEDIA_CWT;
}

static void
no_kid(struct scene *s)
{
	s->kid = NULL;
}

struct row {
	const char *name;
	void (*change)(struct scene *s);
	int want;
	const char *check;
	enum seal_level level; /* where accepted; 0: traffic */
};

static const struct row rows[] = {
	{ "as it is", NULL, 0, "" },
	{ "CWT", as_cwt, 0, "" },
	{ "no kid", no_kid, 0, "" },
	{ "key in the second set", second_set, 0, "" },
	{ "by certificate", by_certificate, 0, "" },
	{ "certificate is over", by_old_certificate, SEAL_E_KEY, "signer" },
	{ "certificate ends in 29 s", by_ending_certificate, SEAL_E_STALE,
	    "lease" },

	/* Who says so. */
	{ "signed by another", signed_by_another, SEAL_E_SIGNATURE,
	    "ear.signature" },
	{ "another alone is trusted", other_alone_trusted, SEAL_E_SIGNATURE,
	    "ear.signature" },
	{ "bad signature", bad_signature, SEAL_E_SIGNATURE, "ear.signature" },
	{ "another name", other_name, SEAL_E_POLICY, "ear.verifier" },

	/* About whom. */
	{ "another binder", other_binder, SEAL_E_BINDER, "binder" },
	{ "short binder", short_binder, SEAL_E_BINDER, "binder" },
	{ "no nonce", no_nonce, SEAL_E_BINDER, "binder.signed" },
	{ "cached", cached, 0, "", SEAL_LEVEL_KEY },
	{ "cached, with a nonce", cached_with_nonce, 0, "", SEAL_LEVEL_KEY },
	{ "fresh, where cached would do", fresh_at_key_level, 0, "" },
	{ "cached at level transcript", cached_at_transcript, SEAL_E_BINDER,
	    "binder.signed" },
	{ "another subject", other_subject, SEAL_E_KEY, "subject.key" },
	{ "cached, another subject", cached_other_subject, SEAL_E_KEY,
	    "subject.key" },
	{ "cached, no key to expect", cached_key_unknown, SEAL_E_BINDER,
	    "binder.signed" },
	{ "no subject", no_subject, SEAL_E_KEY, "ear.cnf" },
	{ "no subject, allowed", no_subject_allowed, 0, "" },
	{ "no subject, cached", no_subject_cached, SEAL_E_KEY, "subject.key" },
	{ "no subject, a record", no_subject_of_record, SEAL_E_KEY,
	    "subject.key" },
	{ "none would do, another given", allowed_but_other_subject, SEAL_E_KEY,
	    "subject.key" },

	/* When. */
	{ "at its end", at_its_end, SEAL_E_STALE, "expiry" },
	{ "no end", no_end, SEAL_E_EVIDENCE, "ear.exp" },
	{ "no end, allowed", no_end_allowed, 0, "" },
	{ "no end, allowed, old", no_end_and_old, SEAL_E_STALE, "age" },
	{ "no end, allowed, cached", no_end_cached, SEAL_E_BINDER,
	    "binder.signed" },
	{ "29 s before its end", near_its_end, SEAL_E_STALE, "lease" },
	{ "too old", too_old, SEAL_E_STALE, "age" },
	{ "of the future", of_the_future, SEAL_E_STALE, "age" },
	{ "not valid yet", not_yet, SEAL_E_STALE, "ear.nbf" },
	{ "valid too long", for_years, SEAL_E_POLICY, "ear.lifetime" },
	{ "valid long, allowed", for_years_allowed, 0, "" },

	/* What. */
	{ "status warning", status_warning, SEAL_E_POLICY, "ear.status" },
	{ "status warning, allowed", status_warning_allowed, 0, "" },
	{ "status none", status_none, SEAL_E_POLICY, "ear.status" },
	{ "status none for warning", status_none_where_warning, SEAL_E_POLICY,
	    "ear.status" },
	{ "contraindicated", contraindicated, SEAL_E_POLICY, "ear.status" },
	{ "second submodule worse", second_is_worse, SEAL_E_POLICY,
	    "ear.status" },
	{ "second submodule none", second_is_none, SEAL_E_POLICY,
	    "ear.status" },
	{ "first submodule none", first_is_none, SEAL_E_POLICY, "ear.status" },
	{ "status of the whole", whole_is_worse, SEAL_E_POLICY, "ear.status" },
	{ "claim missing", claim_missing, SEAL_E_POLICY, "ear.vector" },
	{ "claim says nothing", claim_says_nothing, SEAL_E_POLICY,
	    "ear.vector" },
	{ "claim worse", claim_worse, SEAL_E_POLICY, "ear.vector" },
	{ "claim worse, allowed", claim_worse_allowed, 0, "" },
	{ "claim says nothing, and warns", claim_says_nothing_and_warns,
	    SEAL_E_POLICY, "ear.vector" },
	{ "each submodule says it", split_each, 0, "" },
	{ "each says a half", split_halves, SEAL_E_POLICY, "ear.vector" },
	{ "one does not say it all", split_one_silent, SEAL_E_POLICY,
	    "ear.vector" },
	{ "one says it all, and may", split_one, 0, "" },
	{ "halves where one has to", split_one_halves, SEAL_E_POLICY,
	    "ear.submods" },
	{ "one says it all, another worse", split_one_worse, SEAL_E_POLICY,
	    "ear.vector" },

	/* How it is written. */
	{ "another profile named", other_profile_named, SEAL_E_EVIDENCE,
	    "ear.profile" },
	{ "profile not welcome", profile_unwelcome, SEAL_E_POLICY,
	    "ear.profile.accepted" },
	{ "unknown profile", unknown_profile, SEAL_E_POLICY, "scheme" },
	{ "JWT called CWT", jwt_as_cwt, SEAL_E_DECODE, "ear.signature" },
};

static void
table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct seal_verdict *v;
		struct scene s;
		struct wr token;
		int got;

		scene_init(&s);
		if (r->change != NULL)
			r->change(&s);
		write_token(&s, &token);
		v = judge(&s, wr_view(&token));
		got = v->diag == NULL ? 0 : v->diag->code;
		if (got != r->want || strcmp(first_failed(v), r->check) != 0)
			fail_msg("%s: got %d at '%s' (%s)", r->name, got,
			    first_failed(v),
			    v->diag == NULL ? "" : v->diag->text);
		if (r->want == 0)
			assert_int_equal(v->level,
			    r->level != 0 ? r->level : SEAL_LEVEL_TRAFFIC);
		seal_verdict_free(&v);
		wr_free(&token);
		free(s.e);
	}
}

/* ---- More than one row can say ---- */

/* No lease past the end of the result (PROTOCOL 6.2). */
static void
lease(void **state)
{
	struct seal_verdict *v;
	struct scene s;
	struct wr token;

	(void)state;
	scene_init(&s);
	s.e->exp = NOW + 45;
	write_token(&s, &token);
	v = judge(&s, wr_view(&token));
	assert_int_equal(v->outcome, SEAL_ACCEPTED);
	assert_int_equal(v->lease_s, 45);
	assert_int_equal(v->ar4si[AR4SI_HARDWARE], AR4SI_AFFIRMING);
	assert_int_equal(v->ar4si[AR4SI_INSTANCE_IDENTITY], 0);
	assert_string_equal(seal_verdict_claim(v, "ear.verifier"), ID);
	assert_string_equal(
	    seal_verdict_claim(v, "ear.submod.cpu"), "affirming");
	seal_verdict_free(&v);
	wr_free(&token);
	free(s.e);
}

/* Every byte cut off, and every byte changed: never accepted. */
static void
broken(struct scene *s)
{
	struct seal_verdict *v;
	struct wr token;

	write_token(s, &token);
	for (size_t n = 0; n < token.n; n++) {
		v = judge(s, span_of(token.p, n));
		assert_int_not_equal(v->outcome, SEAL_ACCEPTED);
		seal_verdict_free(&v);
		/* The last digit of base64url has bits of no meaning. */
		token.p[n] ^= 0x10;
		v = judge(s, wr_view(&token));
		assert_int_not_equal(v->outcome, SEAL_ACCEPTED);
		seal_verdict_free(&v);
		token.p[n] ^= 0x10;
	}
	wr_free(&token);
}

static void
every_byte(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	broken(&s);
	as_cwt(&s);
	broken(&s);
	free(s.e);
}

/* ---- What Veraison and Trustee sign ---- */

#define VERAISON "tag:github.com,2023:veraison/ear"
#define TRUSTEE "tag:github.com,2024:confidential-containers/Trustee"
#define H64 "0000000000000000000000000000000000000000000000000000000000000000"
/* @: the binder, in base64url and in hexadecimal. */
#define FRESH ",\"eat_nonce\":\"@\""
#define FOUND(tail) \
	",\"ear.veraison.annotated-evidence\":{\"report_data\":\"@" tail "\"}"
#define OK "\"ear.status\":\"affirming\""

struct dialect_row {
	const char *name, *profile;
	const char *top, *cpu, *gpu; /* gpu NULL: no such submodule */
	int want;
	const char *check;
};

static const struct dialect_row dialects[] = {
	{ "Veraison", VERAISON, FRESH, "", NULL, 0, "" },
	{ "Veraison, no nonce", VERAISON, "", "", NULL, SEAL_E_BINDER,
	    "binder.signed" },
	{ "Veraison has no report data", VERAISON, "", FOUND(H64), NULL,
	    SEAL_E_BINDER, "binder.signed" },
	{ "Trustee", TRUSTEE, "", FOUND(H64), NULL, 0, "" },
	{ "Trustee, twice the same", TRUSTEE, "", FOUND(H64), FOUND(H64), 0,
	    "" },
	{ "Trustee, nothing", TRUSTEE, "", "", NULL, SEAL_E_BINDER,
	    "binder.signed" },
	{ "Trustee, short", TRUSTEE, "", FOUND(""), NULL, SEAL_E_EVIDENCE,
	    "ear.signature" },
	{ "Trustee, no zeros behind", TRUSTEE, "",
	    FOUND("01" H64 "\",\"x\":\""), NULL, SEAL_E_EVIDENCE,
	    "ear.signature" },
	{ "Trustee, a device without", TRUSTEE, "", FOUND(H64), "", 0, "" },
	{ "Trustee, malformed beside a good one", TRUSTEE, "", FOUND(H64),
	    ",\"ear.veraison.annotated-evidence\":{\"report_data\":\"00\"}",
	    SEAL_E_EVIDENCE, "ear.signature" },
	{ "Trustee, a number beside a good one", TRUSTEE, "", FOUND(H64),
	    ",\"ear.veraison.annotated-evidence\":{\"report_data\":0}",
	    SEAL_E_EVIDENCE, "ear.signature" },
	{ "Trustee, null before a good one", TRUSTEE, "",
	    ",\"ear.veraison.annotated-evidence\":{\"report_data\":null}",
	    FOUND(H64), SEAL_E_EVIDENCE, "ear.signature" },
	{ "Trustee, other bytes behind", TRUSTEE, "",
	    FOUND("0000000000000000000000000000000000000000000000000000000000"
		  "000001"),
	    NULL, SEAL_E_BINDER, "binder" },
	{ "Trustee, beside a nonce that is no base64url", TRUSTEE,
	    ",\"eat_nonce\":\"of another session\"", FOUND(H64), NULL,
	    SEAL_E_BINDER, "binder.signed" },
	{ "Trustee, a second value", TRUSTEE, "", FOUND(H64),
	    ",\"ear.veraison.annotated-evidence\":{\"report_data\":\"" H64 H64
	    "\"}",
	    SEAL_E_EVIDENCE, "ear.signature" },
};

static void
hex_of(struct span s, char ret[2 * HASH_MAX + 1])
{
	struct wr w;

	wr_init(&w, ret, 2 * HASH_MAX + 1);
	wr_hex(&w, s);
	wr_u8(&w, 0);
}

/* value in the place of the "@" of text, if it has one. */
static void
put_in(char *ret, size_t cap, const char *text, const char *value)
{
	const char *at = strchr(text, '@');

	if (at == NULL)
		snprintf(ret, cap, "%s", text);
	else
		snprintf(ret, cap, "%.*s%s%s", (int)(at - text), text, value,
		    at + 1);
}

static void
write_dialect(const struct dialect_row *r, struct wr *token)
{
	struct span b = binding_value(&binding);
	char claims[2048], nonce[128] = "", hex[2 * HASH_MAX + 1];
	char top[256], cpu[512], gpu[512];
	struct wr w;

	wr_init(&w, nonce, sizeof(nonce) - 1);
	b64url_encode(b, &w);
	hex_of(b, hex);
	put_in(top, sizeof(top), r->top, nonce);
	put_in(cpu, sizeof(cpu), r->cpu, hex);
	put_in(gpu, sizeof(gpu), r->gpu == NULL ? "" : r->gpu, hex);
	snprintf(claims, sizeof(claims),
	    "{\"eat_profile\":\"%s\",\"iat\":%lld,\"ear.verifier-id\":{"
	    "\"developer\":\"" ID "\",\"build\":\"1\"}%s,\"submods\":{"
	    "\"cpu0\":{" OK "%s}%s%s%s}}",
	    r->profile, (long long)NOW - 1, top, cpu,
	    r->gpu == NULL ? "" : ",\"gpu0\":{" OK, gpu,
	    r->gpu == NULL ? "" : "}");
	wr_init_heap(token, LIMIT_CMW);
	assert_int_equal(jws_sign(token, by[0].scheme, NULL, "v",
			     span_str(claims), sign_with, verifier, NULL),
	    0);
}

/* They state neither cnf nor exp, and Trustee no eat_nonce. */
static void
dialect(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
		const struct dialect_row *r = &dialects[i];
		struct seal_verdict *v;
		char type[128];
		struct scene s;
		struct wr token;
		int got;

		scene_init(&s);
		snprintf(type, sizeof(type),
		    EAR_TYPE_JWT "; eat_profile=\"%s\"", r->profile);
		s.type = type;
		s.rules = "\"vector\":{},\"cnf\":false,\"exp\":false,"
			  "\"profiles\":[\"" VERAISON "\",\"" TRUSTEE "\"]";
		write_dialect(r, &token);
		v = judge(&s, wr_view(&token));
		got = v->diag == NULL ? 0 : v->diag->code;
		if (got != r->want || strcmp(first_failed(v), r->check) != 0)
			fail_msg("%s: got %d at '%s' (%s)", r->name, got,
			    first_failed(v),
			    v->diag == NULL ? "" : v->diag->text);
		seal_verdict_free(&v);
		wr_free(&token);
		free(s.e);
	}
}

/* Two entries, each with its own Verifier: the key of one does not speak for
 * the other. */
static void
entries(void **state)
{
	static const char text[] =
	    "{\"version\":1,\"max_age_s\":60,\"accept\":["
	    "{\"scheme\":\"ear\",\"signers\":[{\"jwks\":\"o.jwk\"}],"
	    "\"verifier\":\"" ID "\",\"vector\":{}},"
	    "{\"scheme\":\"ear\",\"signers\":[{\"jwks\":\"v.jwk\"}],"
	    "\"verifier\":\"b\",\"vector\":{}}]}";
	struct seal_verdict *v = verdict_new();
	struct policy_scheme schemes[4];
	struct policy *p = NULL;
	struct span types[4];
	struct appraisal_in in = { .media_type = span_str(EAR_MEDIA_JWT),
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.binder_known = true };
	struct scene s;
	struct wr token;

	(void)state;
	scene_init(&s);
	write_token(&s, &token);
	in.evidence = wr_view(&token);
	assert_int_equal(policy_load(span_str(text), dir, &p, NULL), 0);
	assert_int_not_equal(appraise(p, &in, v), 0);
	assert_int_not_equal(v->outcome, SEAL_ACCEPTED);
	assert_int_equal(policy_schemes(p, schemes, 4), 2);
	assert_true(schemes[0].result && span_is(schemes[0].name, ID));
	assert_true(schemes[1].result && span_is(schemes[1].name, "b"));
	assert_int_equal(policy_media_types(p, types, 4), 0);
	policy_free(&p);
	seal_verdict_free(&v);
	wr_free(&token);
	free(s.e);
}

/* Looking at a result without a policy believes nobody. */
static void
observed(void **state)
{
	struct appraisal_in in = { .media_type = span_str(EAR_MEDIA_JWT),
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.binder_known = true };
	struct seal_verdict *v = verdict_new();
	struct seal_diag d = { 0 };
	char *policy = NULL;
	struct scene s;
	struct wr token;

	(void)state;
	scene_init(&s);
	write_token(&s, &token);
	in.evidence = wr_view(&token);
	assert_int_equal(
	    appraise_observe(&in, NULL, v, &policy, &d), SEAL_E_KEY);
	assert_null(policy);
	seal_verdict_free(&v);
	wr_free(&token);
	free(s.e);
}

/* ---- Rules ---- */

struct rule_row {
	const char *name, *entry, *why; /* NULL: accepted */
};

#define E(signers, rest) \
	"{\"scheme\":\"ear\",\"signers\":[" signers "]" rest "}"
#define V "{\"jwks\":\"v.jwk\"}"
#define N ",\"verifier\":\"v\""

static const struct rule_row rule_rows[] = {
	{ "least", E(V, N ",\"vector\":{}"), NULL },
	{ "no verifier", E(V, ",\"vector\":{}"), "'verifier' is missing" },
	{ "verifier empty", E(V, ",\"verifier\":\"\",\"vector\":{}"),
	    "verifier" },
	{ "no vector", E(V, N), "'vector' is missing" },
	{ "vector a list", E(V, N ",\"vector\":[]"), "'vector' is missing" },
	{ "unknown claim", E(V, N ",\"vector\":{\"hardwar\":\"affirming\"}"),
	    "unknown claim" },
	{ "tier none", E(V, N ",\"vector\":{\"hardware\":\"none\"}"),
	    "must be 'affirming' or 'warning'" },
	{ "tier refused",
	    E(V, N ",\"vector\":{\"hardware\":\"contraindicated\"}"),
	    "must be 'affirming' or 'warning'" },
	{ "tier a number", E(V, N ",\"vector\":{\"hardware\":2}"),
	    "must be 'affirming' or 'warning'" },
	{ "status none", E(V, N ",\"vector\":{},\"status\":\"none\""),
	    "must be 'affirming' or 'warning'" },
	{ "no profile", E(V, N ",\"vector\":{},\"profiles\":[]"), "1 to 4" },
	{ "unknown profile", E(V, N ",\"vector\":{},\"profiles\":[\"x\"]"),
	    "unknown profile" },
	{ "profile a number", E(V, N ",\"vector\":{},\"profiles\":[4]"),
	    "unknown profile" },
	{ "no lifetime", E(V, N ",\"vector\":{},\"max_lifetime_s\":0"),
	    "'max_lifetime_s' must be" },
	{ "cnf a number", E(V, N ",\"vector\":{},\"cnf\":0"), "'cnf' must" },
	{ "debug", E(V, N ",\"vector\":{},\"debug\":true"), "unknown key" },
	{ "corim", E(V, N ",\"vector\":{},\"corim\":[\"x\"]"), "unknown key" },
	{ "measurements", E(V, N ",\"vector\":{},\"measurements\":{}"),
	    "unknown key" },
	{ "no signer", E("", N ",\"vector\":{}"), "1 to 16" },
	{ "signer by pin", E("{\"spki_sha256\":\"00\"}", N ",\"vector\":{}"),
	    "unknown key" },
	{ "signer by CA", E("{\"ca\":\"v.pem\"}", N ",\"vector\":{}"),
	    "unknown key" },
	{ "both",
	    E("{\"jwks\":\"v.jwk\",\"cert\":\"v.pem\"}", N ",\"vector\":{}"),
	    "one of them" },
	{ "neither", E("{}", N ",\"vector\":{}"), "one of them" },
	{ "no such file", E("{\"jwks\":\"absent\"}", N ",\"vector\":{}"),
	    "absent" },
	{ "a certificate as keys",
	    E("{\"jwks\":\"v.pem\"}", N ",\"vector\":{}"), "v.pem" },
	{ "keys as a certificate",
	    E("{\"cert\":\"v.jwk\"}", N ",\"vector\":{}"), "v.jwk" },
	{ "keys of a Verifier for Evidence",
	    "{\"scheme\":\"application/vnd.sealtls.tpm+cbor\",\"signers\":[" V
	    "],\"debug\":false,\"pcrs\":{}}",
	    "unknown key" },
};

static void
rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rule_rows) / sizeof(rule_rows[0]); i++) {
		const struct rule_row *r = &rule_rows[i];
		struct policy *p = NULL;
		struct seal_diag d = { 0 };
		char text[1024];
		int got;

		snprintf(text, sizeof(text),
		    "{\"version\":1,\"max_age_s\":60,\"accept\":[%s]}",
		    r->entry);
		got = policy_load(span_str(text), dir, &p, &d);
		if ((got == 0) != (r->why == NULL) ||
		    (got != 0 && strstr(d.text, r->why) == NULL))
			fail_msg("%s: got %d (%s)", r->name, got, d.text);
		policy_free(&p);
	}
}

static void
explained(void **state)
{
	static const char *const wants[] = { "Accepted is ear",
		"signed by a key of", "v.jwk", "'" ID "'",
		"'affirming' or better of hardware", EAR_PROFILE_04,
		"names the attested key", "86400 s", NULL };
	struct policy *p;
	struct scene s;
	struct wr out;
	char *text = NULL;

	(void)state;
	scene_init(&s);
	p = load(&s);
	wr_init_heap(&out, LIMIT_JSON);
	assert_int_equal(policy_explain(p, &out), 0);
	assert_int_equal(wr_take_text(&out, &text), 0);
	for (size_t i = 0; wants[i] != NULL; i++)
		if (strstr(text, wants[i]) == NULL)
			fail_msg("'%s' is not in:\n%s", wants[i], text);
	free(text);
	policy_free(&p);
	free(s.e);
}

/* ---- Files ---- */

static void
put(const char *name, struct span text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_write(path, text, 0600, NULL), 0);
}

static struct privkey *
make_key(struct jwk *ret, const char *file)
{
	struct privkey *k = NULL;
	uint8_t buf[LIMIT_SPKI];
	struct wr w;
	json_t *j;
	char *text;

	wr_init(&w, buf, sizeof(buf));
	assert_int_equal(privkey_generate(CURVE_P256, &k, NULL), 0);
	assert_int_equal(privkey_spki(k, &w, NULL), 0);
	assert_int_equal(jwk_from_spki(wr_view(&w), "v", ret, NULL), 0);
	j = jwk_json_public(ret);
	assert_non_null(text = json_dumps(j, 0));
	put(file, span_str(text));
	free(text);
	json_decref(j);
	return k;
}

/* Valid for a day from NOW. */
static void
make_certificate(void)
{
	struct wr der, pem;

	wr_init_heap(&der, LIMIT_CMW);
	wr_init_heap(&pem, LIMIT_CMW);
	assert_int_equal(
	    cert_self_sign(span_of(by[0].spki, by[0].n_spki), "v", NOW, 1,
		by[0].scheme, sign_with, verifier, &der, NULL),
	    0);
	assert_int_equal(cert_to_pem(wr_view(&der), &pem, NULL), 0);
	put("v.pem", wr_view(&pem));
	wr_free(&der);
	wr_free(&pem);
}

static int
setup(void **state)
{
	struct wr w;

	(void)state;
	assert_non_null(mkdtemp(dir));
	verifier = make_key(&by[0], "v.jwk");
	other = make_key(&by[1], "o.jwk");
	make_certificate();
	wr_init(&w, spki_bytes, sizeof(spki_bytes));
	assert_int_equal(privkey_generate(CURVE_P384, &subject, NULL), 0);
	assert_int_equal(privkey_spki(subject, &w, NULL), 0);
	spki = wr_view(&w);
	return binding_post(HASH_SHA256, spki,
	    span_of(exporter, sizeof(exporter)), &binding, NULL);
}

static int
teardown(void **state)
{
	static const char *const files[] = { "v.jwk", "o.jwk", "v.pem" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	privkey_free(&verifier);
	privkey_free(&other);
	privkey_free(&subject);
	jwk_wipe(&by[0]);
	jwk_wipe(&by[1]);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(lease),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(dialect),
		cmocka_unit_test(entries),
		cmocka_unit_test(observed),
		cmocka_unit_test(rules),
		cmocka_unit_test(explained),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
