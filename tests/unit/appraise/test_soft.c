/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appraise/appraise.h"
#include "appraise/verdict_fixture.h"
#include "base/file.h"
#include "base/text.h"
#include "format/corim.h"
#include "format/eat.h"

#define NOW INT64_C(1700000000)
#define MAX_AGE_S 60
#define POLICY_MAX 8192
#define KEYS 3

/* Keys that sign; key 0 is the good one in the tables. */
struct soft_key {
	struct privkey *key;
	uint8_t spki[LIMIT_SPKI];
	size_t n_spki;
	uint16_t scheme;
};

static struct soft_key keys[KEYS], stranger;
static struct seal_binding binding, other_binding;
static const uint8_t exporter[32] = { 1, 2 }, other_exporter[32] = { 3 };
static const uint8_t zeros[HASH_MAX], app[32] = { 0xab, 1 }, conf[4] = { 5 };

static struct span
spki_of(const struct soft_key *k)
{
	return span_of(k->spki, k->n_spki);
}

static void
key_make(enum curve c, uint16_t scheme, struct soft_key *ret)
{
	struct wr w;

	ret->scheme = scheme;
	assert_int_equal(privkey_generate(c, &ret->key, NULL), 0);
	wr_init(&w, ret->spki, sizeof(ret->spki));
	assert_int_equal(privkey_spki(ret->key, &w, NULL), 0);
	ret->n_spki = w.n;
}

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	const struct soft_key *k = ctx;

	return privkey_sign(k->key, scheme, tbs, out, d);
}

/* ---- Policies ---- */

static void
put_entry(struct wr *w, const char *scheme, struct span signer,
    const char *measurements)
{
	uint8_t digest[HASH_MAX];

	assert_int_equal(hash_one(HASH_SHA256, signer, digest, NULL), 0);
	wr_printf(
	    w, "{\"scheme\":\"%s\",\"signers\":[{\"spki_sha256\":\"", scheme);
	wr_hex(w, span_of(digest, 32));
	wr_printf(w, "\"}],%s}", measurements);
}

#define SCHEME "application/eat+cwt; eat_profile=\\\"tag:sealtls,2026:soft\\\""
#define APP                                                                \
	"\"app\":\"ab0100000000000000000000000000000000000000000000000000" \
	"0000000000\""
#define CONF "\"conf\":\"05000000\""
#define MEASURES(list) "\"debug\":true,\"measurements\":{" list "}"
#define BOTH MEASURES(APP "," CONF)

static struct policy *
policy_of(const char *scheme, struct span signer, const char *rules)
{
	struct policy *p = NULL;
	struct seal_diag d = { 0 };
	struct wr w;

	wr_init_heap(&w, POLICY_MAX);
	wr_printf(
	    &w, "{\"version\":1,\"max_age_s\":%d,\"accept\":[", MAX_AGE_S);
	put_entry(&w, scheme, signer, rules);
	wr_printf(&w, "]}");
	if (policy_load(wr_view(&w), "", &p, &d) != 0)
		fail_msg("policy: %s", d.text);
	wr_free(&w);
	return p;
}

/* ---- Evidence ---- */

struct recipe {
	struct eat_soft_in in;
	struct eat_measurement measurements[3];
	const struct soft_key *signer;
};

static void
recipe_init(struct recipe *r, const struct soft_key *k, struct span binder)
{
	*r = (struct recipe){ .in = { .iat = NOW,
				  .nonce = binder,
				  .subject_spki = spki_of(k),
				  .signer_spki = spki_of(k),
				  .n_measurements = 2 },
		.measurements = { { span_str("app"), { app, 32 } },
		    { span_str("conf"), { conf, 4 } } },
		.signer = k };
}

static void
evidence_make(struct recipe *r, struct wr *ret)
{
	struct seal_diag d = { 0 };
	struct soft_key signer = *r->signer;

	r->in.measurements = r->measurements;
	wr_init_heap(ret, LIMIT_CMW);
	if (eat_soft_write(ret, &r->in, signer.scheme, sign, &signer, &d) != 0)
		fail_msg("evidence: %s", d.text);
}

static struct appraisal_in
in_for(struct span evidence, const struct seal_binding *b)
{
	return (struct appraisal_in){ .media_type = span_str(EAT_SOFT_TYPE),
		.evidence = evidence,
		.expected = b,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.binder_known = true };
}

static void
expect(const char *name, const struct policy *p, const struct appraisal_in *in,
    int want, const char *check)
{
	struct seal_verdict *v = verdict_new();
	int r = appraise(p, in, v);
	bool accepted = seal_verdict_outcome(v) == SEAL_ACCEPTED;

	if (r != want || strcmp(first_failed(v), check) != 0)
		fail_msg("%s: got %d, check '%s' (%s)", name, r,
		    first_failed(v), seal_verdict_diag(v)->text);
	if (accepted != (want == 0) ||
	    (seal_verdict_lease_s(v) > 0) != accepted)
		fail_msg("%s: outcome %d", name, seal_verdict_outcome(v));
	seal_verdict_free(&v);
}

/* ---- Tests ---- */

/* Accepted, by every kind of key, and never as anything but insecure. */
static void
accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++) {
		struct policy *p = policy_of(SCHEME, spki_of(&keys[i]), BOTH);
		struct seal_verdict *v = verdict_new();
		struct seal_binding b;
		struct appraisal_in in;
		struct recipe r;
		struct wr ev;

		assert_int_equal(
		    binding_post(i == 1 ? HASH_SHA384 : HASH_SHA256,
			spki_of(&keys[i]), span_of(exporter, 32), &b, NULL),
		    0);
		recipe_init(&r, &keys[i], binding_value(&b));
		evidence_make(&r, &ev);
		in = in_for(wr_view(&ev), &b);
		if (appraise(p, &in, v) != 0)
			fail_msg("key %zu: %s", i, seal_verdict_diag(v)->text);
		assert_int_equal(seal_verdict_outcome(v), SEAL_ACCEPTED);
		assert_true(seal_verdict_insecure(v));
		assert_false(v->key_attested);
		assert_true(v->binder_compared);
		assert_int_equal(seal_verdict_lease_s(v), 300);
		for (unsigned c = 0; c < AR4SI_CLAIMS; c++)
			assert_true(
			    v->ar4si[c] == 0 || v->ar4si[c] >= AR4SI_WARNING);
		assert_int_equal(v->ar4si[AR4SI_HARDWARE], AR4SI_WARNING);
		assert_string_equal(
		    seal_verdict_claim(v, "soft.measurement.conf"), "05000000");
		seal_verdict_free(&v);
		wr_free(&ev);
		policy_free(&p);
	}
}

static void
signed_by_stranger(struct recipe *r)
{
	r->signer = &stranger;
}

/* All of it is the stranger's, and genuine. */
static void
stranger_attests(struct recipe *r)
{
	r->signer = &stranger;
	r->in.signer_spki = r->in.subject_spki = spki_of(&stranger);
}

/* The trusted signer vouches for a key that is not its own. */
static void
cnf_of_stranger(struct recipe *r)
{
	r->in.subject_spki = spki_of(&stranger);
}

static void
kid_of_stranger(struct recipe *r)
{
	r->in.signer_spki = spki_of(&stranger);
}

static void
nonce_other(struct recipe *r)
{
	r->in.nonce = binding_value(&other_binding);
}

static void
nonce_zero(struct recipe *r)
{
	r->in.nonce = span_of(zeros, 32);
}

static void
nonce_short(struct recipe *r)
{
	r->in.nonce.n = 31;
}

static void
nonce_shortest(struct recipe *r)
{
	r->in.nonce.n = EAT_NONCE_MIN;
}

static void
nonce_long(struct recipe *r)
{
	r->in.nonce.n = 33;
}

static void
iat_oldest(struct recipe *r)
{
	r->in.iat = NOW - MAX_AGE_S;
}

static void
iat_stale(struct recipe *r)
{
	r->in.iat = NOW - MAX_AGE_S - 1;
}

static void
iat_skewed(struct recipe *r)
{
	r->in.iat = NOW + 60;
}

static void
iat_future(struct recipe *r)
{
	r->in.iat = NOW + 61;
}

static void
iat_zero(struct recipe *r)
{
	r->in.iat = 0;
}

static void
measure_other(struct recipe *r)
{
	r->measurements[0].digest = span_of(zeros, 32);
}

static void
measure_prefix(struct recipe *r)
{
	r->measurements[0].digest.n = 31;
}

static void
measure_longer(struct recipe *r)
{
	static uint8_t longer[33];

	memcpy(longer, app, sizeof(app));
	r->measurements[0].digest = span_of(longer, 33);
}

static void
measure_fewer(struct recipe *r)
{
	r->in.n_measurements = 1;
}

static void
measure_none(struct recipe *r)
{
	r->in.n_measurements = 0;
}

static void
measure_more(struct recipe *r)
{
	r->measurements[2] =
	    (struct eat_measurement){ span_str("x"), span_of(conf, 4) };
	r->in.n_measurements = 3;
}

static void
measure_renamed(struct recipe *r)
{
	r->measurements[0].name = span_str("App");
}

static void
measure_swapped(struct recipe *r)
{
	r->measurements[0].name = span_str("conf");
	r->measurements[1].name = span_str("app");
}

struct row {
	const char *name;
	void (*change)(struct recipe *r);
	int want;
	const char *check;
};

static const struct row rows[] = {
	{ "as it is", NULL, 0, "" },
	{ "signed by a stranger", signed_by_stranger, SEAL_E_SIGNATURE,
	    "soft.signature" },
	{ "a stranger's own", stranger_attests, SEAL_E_KEY, "subject.key" },
	{ "cnf of a stranger", cnf_of_stranger, SEAL_E_KEY, "soft.kid" },
	{ "kid of a stranger", kid_of_stranger, SEAL_E_KEY, "soft.kid" },
	{ "nonce of another connection", nonce_other, SEAL_E_BINDER, "binder" },
	{ "nonce zero", nonce_zero, SEAL_E_BINDER, "binder" },
	{ "nonce short", nonce_short, SEAL_E_BINDER, "binder" },
	{ "nonce shortest", nonce_shortest, SEAL_E_BINDER, "binder" },
	{ "nonce long", nonce_long, SEAL_E_BINDER, "binder" },
	{ "iat as old as may be", iat_oldest, 0, "" },
	{ "iat stale", iat_stale, SEAL_E_STALE, "age" },
	{ "iat a minute ahead", iat_skewed, 0, "" },
	{ "iat in the future", iat_future, SEAL_E_STALE, "age" },
	{ "iat zero", iat_zero, SEAL_E_STALE, "age" },
	{ "measurement other", measure_other, SEAL_E_POLICY,
	    "soft.measurement" },
	{ "measurement cut", measure_prefix, SEAL_E_POLICY,
	    "soft.measurement" },
	{ "measurement longer", measure_longer, SEAL_E_POLICY,
	    "soft.measurement" },
	{ "measurement missing", measure_fewer, SEAL_E_POLICY,
	    "soft.measurements" },
	{ "no measurement", measure_none, SEAL_E_POLICY, "soft.measurements" },
	{ "one measurement more", measure_more, SEAL_E_POLICY,
	    "soft.measurements" },
	{ "measurement renamed", measure_renamed, SEAL_E_POLICY,
	    "soft.measurement" },
	{ "measurements swapped", measure_swapped, SEAL_E_POLICY,
	    "soft.measurement" },
	{ NULL },
};

static void
mutations(void **state)
{
	struct policy *p = policy_of(SCHEME, spki_of(&keys[0]), BOTH);

	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++) {
		struct appraisal_in in;
		struct recipe r;
		struct wr ev;

		recipe_init(&r, &keys[0], binding_value(&binding));
		if (row->change != NULL)
			row->change(&r);
		evidence_make(&r, &ev);
		in = in_for(wr_view(&ev), &binding);
		expect(row->name, p, &in, row->want, row->check);
		wr_free(&ev);
	}
	policy_free(&p);
}

/* ---- Values from a CoRIM ---- */

/* The measurements of the recipe: one as a digest, one as it is. */
static void
put_reference(struct wr *w)
{
	static const uint8_t env[] = { 0xa1, 0, 0xa1, 2, 0x64, 's', 'o', 'f',
		't' };

	cbor_put_map(w, 1);
	cbor_put_int(w, COMID_REFERENCE);
	cbor_put_array(w, 1);
	cbor_put_array(w, 2);
	wr_bytes(w, span_of(env, sizeof(env)));
	cbor_put_array(w, 2);
	cbor_put_map(w, 2);
	cbor_put_int(w, 0);
	cbor_put_text(w, span_str("app"));
	cbor_put_int(w, 1);
	cbor_put_map(w, 1);
	cbor_put_int(w, COMID_DIGESTS);
	cbor_put_array(w, 1);
	comid_put_digest(w, COMID_SHA256, span_of(app, sizeof(app)));
	cbor_put_map(w, 2);
	cbor_put_int(w, 0);
	cbor_put_text(w, span_str("conf"));
	cbor_put_int(w, 1);
	cbor_put_map(w, 1);
	cbor_put_int(w, COMID_RAW);
	comid_put_bytes(w, COMID_KEY_BYTES, span_of(conf, sizeof(conf)));
}

static void
write_corim(const char *path)
{
	struct corim_out c = { .id = { false, STR("rim") }, .n_tags = 1 };
	uint8_t buf[1024], whole_buf[2048];
	struct wr tag, whole;
	struct span view;

	wr_init(&tag, buf, sizeof(buf));
	wr_init(&whole, whole_buf, sizeof(whole_buf));
	cbor_put_map(&tag, 2);
	cbor_put_int(&tag, 1);
	cbor_put_map(&tag, 1);
	cbor_put_int(&tag, 0);
	cbor_put_text(&tag, span_str("tag"));
	cbor_put_int(&tag, 4);
	put_reference(&tag);
	view = wr_view(&tag);
	c.tags = &view;
	corim_put(&whole, &c);
	assert_int_equal(file_write(path, wr_view(&whole), 0600, NULL), 0);
}

/* The same rows: what its measurements decided, the CoRIM decides. */
static void
by_corim(void **state)
{
	char path[] = "/tmp/seal-soft-XXXXXX", rules[128];
	int fd = mkstemp(path);
	struct policy *p;

	(void)state;
	assert_true(fd != -1);
	close(fd);
	write_corim(path);
	snprintf(rules, sizeof(rules),
	    "\"debug\":true,\"corim\":[\"%s\"],\"corim_unsigned\":true", path);
	p = policy_of(SCHEME, spki_of(&keys[0]), rules);
	unlink(path);
	for (const struct row *row = rows; row->name != NULL; row++) {
		struct appraisal_in in;
		struct seal_verdict *v = verdict_new();
		struct recipe r;
		struct wr ev;

		recipe_init(&r, &keys[0], binding_value(&binding));
		if (row->change != NULL)
			row->change(&r);
		evidence_make(&r, &ev);
		in = in_for(wr_view(&ev), &binding);
		expect(row->name, p, &in, row->want,
		    row->want == SEAL_E_POLICY ? "corim.reference"
					       : row->check);
		/* Software Evidence stays a warning, whoever knows it. */
		appraise(p, &in, v);
		for (unsigned c = 0; c < AR4SI_CLAIMS; c++)
			assert_int_not_equal(v->ar4si[c], AR4SI_AFFIRMING);
		seal_verdict_free(&v);
		wr_free(&ev);
	}
	policy_free(&p);
}

/* Every byte of the Evidence, and every prefix of it. */
static void
flips_and_prefixes(void **state)
{
	struct policy *p = policy_of(SCHEME, spki_of(&keys[0]), BOTH);
	struct appraisal_in in;
	struct recipe r;
	struct wr ev;

	(void)state;
	recipe_init(&r, &keys[0], binding_value(&binding));
	evidence_make(&r, &ev);
	for (size_t i = 0; i < 2 * ev.n; i++) {
		struct seal_verdict *v = verdict_new();
		bool flip = i < ev.n;
		size_t at = flip ? i : i - ev.n;

		if (flip)
			ev.p[at] ^= 1;
		in = in_for(span_of(ev.p, flip ? ev.n : at), &binding);
		if (appraise(p, &in, v) == 0 ||
		    seal_verdict_outcome(v) == SEAL_ACCEPTED)
			fail_msg(
			    "%s %zu: accepted", flip ? "byte" : "prefix", at);
		/* Also a refusal says what it was about. */
		assert_true(seal_verdict_insecure(v));
		if (flip)
			ev.p[at] ^= 1;
		seal_verdict_free(&v);
	}
	in = in_for(wr_view(&ev), &binding);
	expect("unharmed", p, &in, 0, "");
	wr_free(&ev);
	policy_free(&p);
}

/* The same Evidence, by policies that ask for something else. */
static void
policies(void **state)
{
	static const struct {
		const char *name, *rules;
		int want;
		const char *check;
	} want[] = {
		{ "both", BOTH, 0, "" },
		{ "one", MEASURES(APP), SEAL_E_POLICY, "soft.measurements" },
		{ "none", MEASURES(""), SEAL_E_POLICY, "soft.measurements" },
		{ "another", MEASURES(APP ",\"conf\":\"06000000\""),
		    SEAL_E_POLICY, "soft.measurement" },
	};
	struct appraisal_in in;
	struct policy *p;
	struct recipe r;
	struct wr ev;

	(void)state;
	recipe_init(&r, &keys[0], binding_value(&binding));
	evidence_make(&r, &ev);
	in = in_for(wr_view(&ev), &binding);
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		p = policy_of(SCHEME, spki_of(&keys[0]), want[i].rules);
		expect(want[i].name, p, &in, want[i].want, want[i].check);
		policy_free(&p);
	}
	p = policy_of(SCHEME, spki_of(&stranger), BOTH);
	expect("another signer", p, &in, SEAL_E_KEY, "signer");
	policy_free(&p);
	/* A policy for production knows no soft Evidence. */
	p = policy_of("application/vnd.sealtls.tpm+cbor", spki_of(&keys[0]),
	    "\"debug\":false,\"pcrs\":{\"sha256\":{\"0\":\"0000000000000000"
	    "000000000000000000000000000000000000000000000000\"}}");
	expect("tpm only", p, &in, SEAL_E_POLICY, "scheme");
	/* Nor does it become TPM Evidence by its name. */
	in.media_type = span_str("application/vnd.sealtls.tpm+cbor");
	expect("soft as tpm", p, &in, SEAL_E_DECODE, "tpm.format");
	policy_free(&p);
	wr_free(&ev);
}

/* GHSA-4r6g-mp48-j2rw: no expected value, none that is empty or zero. */
static void
expected_values(void **state)
{
	struct policy *p = policy_of(SCHEME, spki_of(&keys[0]), BOTH);
	struct seal_binding bad[6];
	struct appraisal_in in;
	struct recipe r;
	struct wr ev;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		bad[i] = binding;
	bad[0].kind = BINDING_NONE;
	bad[1].size = 0;
	bad[2].size = 31;
	bad[3].size = 33;
	memset(bad[4].binder, 0, sizeof(bad[4].binder));
	bad[5].hash = HASH_SHA384;
	recipe_init(&r, &keys[0], binding_value(&binding));
	evidence_make(&r, &ev);
	for (size_t i = 0; i < 6; i++) {
		in = in_for(wr_view(&ev), &bad[i]);
		expect("bad value", p, &in, SEAL_E_BINDER, "binder.expected");
	}
	in = in_for(wr_view(&ev), NULL);
	expect("NULL", p, &in, SEAL_E_BINDER, "binder.expected");
	in = in_for(wr_view(&ev), &other_binding);
	expect("other", p, &in, SEAL_E_BINDER, "binder");
	wr_free(&ev);
	policy_free(&p);
}

/* What is learned accepts the same Evidence, and nothing that differs. */
static void
learned(void **state)
{
	struct seal_verdict *v = verdict_new();
	struct policy *p = NULL;
	struct appraisal_in in;
	struct recipe r;
	char *text = NULL;
	struct wr ev;

	(void)state;
	recipe_init(&r, &keys[0], binding_value(&binding));
	evidence_make(&r, &ev);
	in = in_for(wr_view(&ev), &binding);
	assert_int_equal(appraise_observe(&in, NULL, v, &text, NULL), 0);
	assert_int_equal(seal_verdict_outcome(v), SEAL_REFUSED_POLICY);
	assert_true(seal_verdict_insecure(v));
	assert_int_equal(policy_load(span_str(text), "", &p, NULL), 0);
	assert_true(p->accept[0].debug);
	expect("learned", p, &in, 0, "");
	wr_free(&ev);
	measure_other(&r);
	evidence_make(&r, &ev);
	in = in_for(wr_view(&ev), &binding);
	expect("changed since", p, &in, SEAL_E_POLICY, "soft.measurement");
	wr_free(&ev);
	policy_free(&p);
	free(text);
	seal_verdict_free(&v);
}

static int
setup(void **state)
{
	(void)state;
	key_make(CURVE_P256, SIG_ECDSA_P256_SHA256, &keys[0]);
	key_make(CURVE_P384, SIG_ECDSA_P384_SHA384, &keys[1]);
	key_make(CURVE_ED25519, SIG_ED25519, &keys[2]);
	key_make(CURVE_P256, SIG_ECDSA_P256_SHA256, &stranger);
	return binding_post(HASH_SHA256, spki_of(&keys[0]),
		   span_of(exporter, 32), &binding, NULL) != 0 ||
	       binding_post(HASH_SHA256, spki_of(&keys[0]),
		   span_of(other_exporter, 32), &other_binding, NULL) != 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		privkey_free(&keys[i].key);
	privkey_free(&stranger.key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(mutations),
		cmocka_unit_test(by_corim),
		cmocka_unit_test(flips_and_prefixes),
		cmocka_unit_test(policies),
		cmocka_unit_test(expected_values),
		cmocka_unit_test(learned),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
