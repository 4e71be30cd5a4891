/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "appraise/appraiser.h"
#include "appraise/verdict_fixture.h"
#include "base/text.h"

#include "crypto/fixture.h"

/*
 * The core with a backend that reports whatever a row wants, so that each of
 * the core's own checks decides alone. TPM and soft have their own tests.
 */
#define FAKE "application/x-fake; p=1"

static const uint8_t exporter[32] = { 5 }, spki[64] = { 0x30, 1 },
		     signer[64] = { 0x30, 2 };
static struct seal_binding binding;
static uint8_t signer_digest[HASH_MAX];

static struct findings report; /* what the backend will say */
static int verify_result;
static bool match_result, backend_called;

static int
fake_verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	(void)in;
	(void)v;
	backend_called = true;
	*ret = report;
	return verify_result;
}

static bool
fake_match(const void *rules, const struct findings *f, struct seal_verdict *v)
{
	(void)f;
	v->ar4si[AR4SI_EXECUTABLES] = AR4SI_AFFIRMING;
	return verdict_check(v, "fake.rule", match_result && rules == NULL,
	    SEAL_E_POLICY, "a", "b", NULL);
}

static const struct appraiser fake = {
	.media_type = FAKE,
	.name = "fake",
	.verify = fake_verify,
	.match = fake_match,
	.facts_free = free,
};

static const struct appraiser unasked = { .media_type = "a/b" };

/* What a row may change, around a case that is accepted. */
struct world {
	struct policy policy;
	struct accept_entry entries[2];
	struct signer signers[2];
	struct appraisal_in in;
	struct seal_binding expected;
	struct seal_verdict *first;
};

static void
world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	memset(&report, 0, sizeof(report));
	verify_result = 0;
	match_result = true;
	backend_called = false;

	w->signers[0].pinned = true;
	memcpy(w->signers[0].spki_sha256, signer_digest, 32);
	w->entries[0] = (struct accept_entry){
		.by = &fake, .signers = w->signers, .n_signers = 1
	};
	w->policy = (struct policy){ .min_binding = SEAL_LEVEL_TRAFFIC,
		.max_age_s = 60,
		.lease_s = 300,
		.subject = SUBJECT_EVIDENCE,
		.accept = w->entries,
		.n_accept = 1 };
	w->expected = binding;
	w->in = (struct appraisal_in){ .media_type = span_str(FAKE),
		.expected = &w->expected,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.binder_known = true };
	report.signed_binder[0] = binding_value(&binding);
	report.n_signed_binder = 1;
	memcpy(report.subject_spki, spki, sizeof(spki));
	report.n_subject_spki = sizeof(spki);
	memcpy(report.signer_spki, signer, sizeof(signer));
	report.n_signer_spki = sizeof(signer);
	report.issued_at = NOW;
	report.has_instance = true;
	report.instance[0] = 7;
}

static void
world_free(struct world *w)
{
	seal_verdict_free(&w->first);
}

/* ---- Changes ---- */

static const uint8_t zeros[HASH_MAX];
static uint8_t longer[HASH_MAX + 1];

static void
no_signed_binder(struct world *w)
{
	(void)w;
	report.n_signed_binder = 0;
}

static void
empty_signed_binder(struct world *w)
{
	(void)w;
	report.signed_binder[0].n = 0;
}

static void
short_signed_binder(struct world *w)
{
	(void)w;
	report.signed_binder[0].n = 31;
}

static void
long_signed_binder(struct world *w)
{
	(void)w;
	memcpy(longer, binding.binder, 32);
	report.signed_binder[0] = span_of(longer, 33);
}

static void
zero_signed_binder(struct world *w)
{
	(void)w;
	report.signed_binder[0].p = zeros;
}

static void
last_byte_of_binder(struct world *w)
{
	(void)w;
	memcpy(longer, binding.binder, 32);
	longer[31] ^= 1;
	report.signed_binder[0].p = longer;
}

static void
second_binder_other(struct world *w)
{
	(void)w;
	report.signed_binder[1] = span_of(zeros, 32);
	report.n_signed_binder = 2;
}

static void
second_binder_same(struct world *w)
{
	(void)w;
	report.signed_binder[1] = report.signed_binder[0];
	report.n_signed_binder = 2;
}

static void
expect_null(struct world *w)
{
	w->in.expected = NULL;
}

static void
expect_none(struct world *w)
{
	memset(&w->expected, 0, sizeof(w->expected));
}

static void
expect_kind_none(struct world *w)
{
	w->expected.kind = BINDING_NONE;
}

static void
expect_kind_unknown(struct world *w)
{
	w->expected.kind = (enum binding_kind)77;
}

static void
expect_empty(struct world *w)
{
	w->expected.size = 0;
	report.signed_binder[0].n = 0;
}

static void
expect_short(struct world *w)
{
	w->expected.size = 8;
	report.signed_binder[0].n = 8;
}

static void
expect_long(struct world *w)
{
	w->expected.size = 33;
}

static void
expect_zero(struct world *w)
{
	memset(w->expected.binder, 0, sizeof(w->expected.binder));
	report.signed_binder[0] = span_of(zeros, 32);
}

static void
expect_other(struct world *w)
{
	w->expected.binder[31] ^= 1;
}

/* What a passport may do, Evidence may not. */
static void
expect_other_at_key_level(struct world *w)
{
	expect_other(w);
	w->policy.min_binding = SEAL_LEVEL_KEY;
}

static void
expect_no_key(struct world *w)
{
	w->expected.spki = span_of(NULL, 0);
}

static void
no_key_on_both_sides(struct world *w)
{
	w->expected.spki = span_of(NULL, 0);
	report.n_subject_spki = 0;
}

static void
record_without_key(struct world *w)
{
	w->expected.kind = BINDING_REPLAY;
	w->expected.spki = span_of(NULL, 0);
}

static void
record_of_another_key(struct world *w)
{
	w->expected.kind = BINDING_REPLAY;
	report.subject_spki[63] ^= 1;
}

static void
other_subject(struct world *w)
{
	(void)w;
	report.subject_spki[63] ^= 1;
}

static void
prefix_of_subject(struct world *w)
{
	(void)w;
	report.n_subject_spki = 63;
}

static void
no_subject(struct world *w)
{
	(void)w;
	report.n_subject_spki = 0;
}

static void
key_in_binder(struct world *w)
{
	(void)w;
	report.n_subject_spki = 0;
	report.subject_by_binder = true;
}

static void
key_in_intra_binder(struct world *w)
{
	key_in_binder(w);
	w->expected.kind = BINDING_INTRA;
}

/* The value of a record is only believed to be a binder. */
static void
key_in_no_binder(struct world *w)
{
	key_in_binder(w);
	w->expected.kind = BINDING_REPLAY;
}

static void
key_in_binder_and_beside(struct world *w)
{
	key_in_binder(w);
	report.n_subject_spki = sizeof(spki);
}

static void
key_in_another_binder(struct world *w)
{
	key_in_binder(w);
	report.signed_binder[0] = span_of(zeros, 32);
}

static void
binder_unknown(struct world *w)
{
	w->in.binder_known = false;
	w->in.expected = NULL;
}

static void
other_signer(struct world *w)
{
	(void)w;
	report.signer_spki[63] ^= 1;
}

static void
no_signer(struct world *w)
{
	(void)w;
	report.n_signer_spki = 0;
}

static void
no_signers_in_policy(struct world *w)
{
	w->entries[0].n_signers = 0;
}

static void
pin_not_set(struct world *w)
{
	w->signers[0].pinned = false;
}

static void
second_pin(struct world *w)
{
	w->signers[1] = w->signers[0];
	w->signers[0].spki_sha256[0] ^= 1;
	w->entries[0].n_signers = 2;
}

static void
debug_evidence(struct world *w)
{
	(void)w;
	report.debug = true;
}

static void
debug_allowed(struct world *w)
{
	report.debug = true;
	w->entries[0].debug = true;
}

static void
age_limit(struct world *w)
{
	(void)w;
	report.issued_at = NOW - 60;
}

static void
too_old(struct world *w)
{
	(void)w;
	report.issued_at = NOW - 61;
}

static void
skewed(struct world *w)
{
	(void)w;
	report.issued_at = NOW + 60;
}

static void
future(struct world *w)
{
	(void)w;
	report.issued_at = NOW + 61;
}

static void
never_issued(struct world *w)
{
	(void)w;
	report.issued_at = 0;
}

static void
far_future(struct world *w)
{
	(void)w;
	report.issued_at = INT64_MAX;
}

static void
far_past(struct world *w)
{
	(void)w;
	report.issued_at = INT64_MIN;
}

static void
undated(struct world *w)
{
	(void)w;
	report.issued_at = 0;
	report.undated = true;
}

static void
rules_unmet(struct world *w)
{
	(void)w;
	match_result = false;
}

static void
verify_fails(struct world *w)
{
	(void)w;
	verify_result = SEAL_E_SIGNATURE;
}

static void
verify_positive(struct world *w)
{
	(void)w;
	verify_result = 1;
}

static void
other_media_type(struct world *w)
{
	w->in.media_type = span_str("application/x-fake; p=2");
}

static void
no_media_type(struct world *w)
{
	w->in.media_type = span_of(NULL, 0);
}

static void
empty_policy(struct world *w)
{
	w->policy.n_accept = 0;
}

static void
carrier_intra(struct world *w)
{
	w->in.carrier = SEAL_LEVEL_TRANSCRIPT;
}

static void
carrier_none(struct world *w)
{
	w->in.carrier = SEAL_LEVEL_NONE;
}

static void
carrier_beyond(struct world *w)
{
	w->in.carrier = (enum seal_level)4;
}

static void
carrier_none_policy_none(struct world *w)
{
	w->in.carrier = SEAL_LEVEL_NONE;
	w->policy.min_binding = SEAL_LEVEL_NONE;
}

static void
policy_without_level(struct world *w)
{
	w->policy.min_binding = SEAL_LEVEL_NONE;
}

static void
carrier_intra_allowed(struct world *w)
{
	w->in.carrier = SEAL_LEVEL_TRANSCRIPT;
	w->policy.min_binding = SEAL_LEVEL_TRANSCRIPT;
}

static void
lease_too_short(struct world *w)
{
	w->policy.lease_s = 29;
}

static void
first_same(struct world *w)
{
	uint8_t digest[HASH_MAX];

	w->first = verdict_new();
	w->first->scheme = strdup(FAKE);
	w->first->has_instance = true;
	w->first->instance[0] = 7;
	hash_one(HASH_SHA256, span_of(spki, sizeof(spki)), digest, NULL);
	memcpy(w->first->subject_key, digest, 32);
	w->in.first = w->first;
}

static void
first_other_scheme(struct world *w)
{
	first_same(w);
	memcpy(w->first->scheme, "b", 1);
}

static void
first_without_scheme(struct world *w)
{
	first_same(w);
	w->first->scheme[0] = '\0';
}

static void
first_other_instance(struct world *w)
{
	first_same(w);
	w->first->instance[31] = 1;
}

static void
first_had_no_instance(struct world *w)
{
	first_same(w);
	w->first->has_instance = false;
}

static void
now_no_instance(struct world *w)
{
	first_same(w);
	report.has_instance = false;
}

static void
never_an_instance(struct world *w)
{
	first_had_no_instance(w);
	report.has_instance = false;
}

static void
first_other_key(struct world *w)
{
	first_same(w);
	w->first->subject_key[31] ^= 1;
}

static void
first_other_key_allowed(struct world *w)
{
	first_other_key(w);
	w->policy.rotate_subject = true;
}

static void
rotate_but_other_instance(struct world *w)
{
	first_other_instance(w);
	w->policy.rotate_subject = true;
}

struct row {
	const char *name;
	void (*change)(struct world *w);
	int want;
	const char *check;
};

static const struct row rows[] = {
	{ "as it is", NULL, 0, "" },
	/* PROTOCOL 5.4 rules 1 and 2. */
	{ "no signed binder", no_signed_binder, SEAL_E_BINDER,
	    "binder.signed" },
	{ "empty signed binder", empty_signed_binder, SEAL_E_BINDER, "binder" },
	{ "short signed binder", short_signed_binder, SEAL_E_BINDER, "binder" },
	{ "long signed binder", long_signed_binder, SEAL_E_BINDER, "binder" },
	{ "zero signed binder", zero_signed_binder, SEAL_E_BINDER, "binder" },
	{ "last byte of the binder", last_byte_of_binder, SEAL_E_BINDER,
	    "binder" },
	{ "second binder same", second_binder_same, 0, "" },
	{ "second binder other", second_binder_other, SEAL_E_BINDER, "binder" },
	{ "expected value NULL", expect_null, SEAL_E_BINDER,
	    "binder.expected" },
	{ "expected value BINDING_NONE", expect_none, SEAL_E_BINDER,
	    "binder.expected" },
	{ "expected kind none", expect_kind_none, SEAL_E_BINDER,
	    "binder.expected" },
	{ "expected kind unknown", expect_kind_unknown, SEAL_E_BINDER,
	    "binder.expected" },
	{ "expected value empty", expect_empty, SEAL_E_BINDER,
	    "binder.expected" },
	{ "expected value short", expect_short, SEAL_E_BINDER,
	    "binder.expected" },
	{ "expected value long", expect_long, SEAL_E_BINDER,
	    "binder.expected" },
	{ "expected value all zero", expect_zero, SEAL_E_BINDER,
	    "binder.expected" },
	{ "expected value other", expect_other, SEAL_E_BINDER, "binder" },
	{ "the same where a key would do", expect_other_at_key_level,
	    SEAL_E_BINDER, "binder" },
	{ "binder not known", binder_unknown, SEAL_E_POLICY, "binder.known" },
	/* The subject key. */
	{ "no key expected", expect_no_key, SEAL_E_KEY, "subject.key" },
	{ "no key at all", no_key_on_both_sides, SEAL_E_KEY, "subject.key" },
	{ "record without key", record_without_key, 0, "" },
	{ "record of another key", record_of_another_key, SEAL_E_KEY,
	    "subject.key" },
	{ "another subject", other_subject, SEAL_E_KEY, "subject.key" },
	{ "prefix of the subject", prefix_of_subject, SEAL_E_KEY,
	    "subject.key" },
	{ "no subject", no_subject, SEAL_E_KEY, "subject.key" },
	{ "key in the binder alone", key_in_binder, 0, "" },
	{ "key in the intra binder", key_in_intra_binder, 0, "" },
	{ "key in what commits to none", key_in_no_binder, SEAL_E_KEY,
	    "subject.key" },
	{ "key in the binder and beside", key_in_binder_and_beside, SEAL_E_KEY,
	    "subject.key" },
	{ "key in another binder", key_in_another_binder, SEAL_E_BINDER,
	    "binder" },
	/* The signer. */
	{ "another signer", other_signer, SEAL_E_KEY, "signer" },
	{ "no signer", no_signer, SEAL_E_KEY, "signer" },
	{ "no signers in policy", no_signers_in_policy, SEAL_E_KEY, "signer" },
	{ "pin not set", pin_not_set, SEAL_E_KEY, "signer" },
	{ "second pin", second_pin, 0, "" },
	/* PROTOCOL 5.4 rule 5. */
	{ "debug", debug_evidence, SEAL_E_POLICY, "debug" },
	{ "debug allowed", debug_allowed, 0, "" },
	{ "at the age limit", age_limit, 0, "" },
	{ "too old", too_old, SEAL_E_STALE, "age" },
	{ "a minute ahead", skewed, 0, "" },
	{ "from the future", future, SEAL_E_STALE, "age" },
	{ "never issued", never_issued, SEAL_E_STALE, "age" },
	{ "far future", far_future, SEAL_E_STALE, "age" },
	{ "far past", far_past, SEAL_E_STALE, "age" },
	{ "undated", undated, 0, "" },
	{ "rules unmet", rules_unmet, SEAL_E_POLICY, "fake.rule" },
	/* The backend. */
	{ "backend refuses", verify_fails, SEAL_E_SIGNATURE, "evidence" },
	{ "backend returns 1", verify_positive, 1, "evidence" },
	/* PROTOCOL 5.4 rule 3. */
	{ "another media type", other_media_type, SEAL_E_POLICY, "scheme" },
	{ "no media type", no_media_type, SEAL_E_POLICY, "scheme" },
	{ "policy without entries", empty_policy, SEAL_E_POLICY, "scheme" },
	/* PROTOCOL 2. */
	{ "intra, traffic wanted", carrier_intra, SEAL_E_POLICY, "level" },
	{ "intra, transcript wanted", carrier_intra_allowed, 0, "" },
	{ "no carrier", carrier_none, SEAL_E_POLICY, "level" },
	{ "carrier beyond", carrier_beyond, SEAL_E_POLICY, "level" },
	{ "no carrier, none wanted", carrier_none_policy_none, SEAL_E_POLICY,
	    "level" },
	{ "policy without level", policy_without_level, SEAL_E_POLICY,
	    "level" },
	{ "lease too short", lease_too_short, SEAL_E_STALE, "lease" },
	/* PROTOCOL 5.4 rule 6: re-attestation. */
	{ "again the same", first_same, 0, "" },
	{ "again another scheme", first_other_scheme, SEAL_E_KEY,
	    "reattest.scheme" },
	{ "again, at first no scheme", first_without_scheme, SEAL_E_KEY,
	    "reattest.scheme" },
	{ "again another instance", first_other_instance, SEAL_E_KEY,
	    "reattest.instance" },
	{ "again, at first no instance", first_had_no_instance, SEAL_E_KEY,
	    "reattest.instance" },
	{ "again, now no instance", now_no_instance, SEAL_E_KEY,
	    "reattest.instance" },
	{ "again, never an instance", never_an_instance, 0, "" },
	{ "again another key", first_other_key, SEAL_E_KEY, "reattest.key" },
	{ "again another key, allowed", first_other_key_allowed, 0, "" },
	{ "rotation is for keys only", rotate_but_other_instance, SEAL_E_KEY,
	    "reattest.instance" },
	{ NULL },
};

static void
table(void **state)
{
	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++) {
		struct seal_verdict *v = verdict_new();
		struct world w;
		bool accepted;
		int r;

		world_init(&w);
		if (row->change != NULL)
			row->change(&w);
		r = appraise(&w.policy, &w.in, v);
		accepted = seal_verdict_outcome(v) == SEAL_ACCEPTED;
		if (r != row->want || strcmp(first_failed(v), row->check) != 0)
			fail_msg("%s: got %d, check '%s'", row->name, r,
			    first_failed(v));
		if (accepted != (row->want == 0) ||
		    (seal_verdict_lease_s(v) != 0) != accepted)
			fail_msg("%s: outcome %d", row->name,
			    seal_verdict_outcome(v));
		if (!accepted && seal_verdict_outcome(v) == SEAL_INVALID)
			fail_msg("%s: invalid", row->name);
		world_free(&w);
		seal_verdict_free(&v);
	}
}

static void
outcomes(void **state)
{
	static const struct {
		void (*change)(struct world *w);
		enum seal_outcome want;
	} want[] = {
		{ too_old, SEAL_STALE },
		{ other_signer, SEAL_REFUSED_KEY },
		{ first_other_key, SEAL_REFUSED_KEY },
		{ expect_other, SEAL_REFUSED_EVIDENCE },
		{ rules_unmet, SEAL_REFUSED_POLICY },
		{ binder_unknown, SEAL_REFUSED_POLICY },
		{ verify_positive, SEAL_REFUSED_POLICY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		struct seal_verdict *v = verdict_new();
		struct world w;

		world_init(&w);
		want[i].change(&w);
		appraise(&w.policy, &w.in, v);
		assert_int_equal(seal_verdict_outcome(v), want[i].want);
		world_free(&w);
		seal_verdict_free(&v);
	}
}

/* A step that failed before, such as a certificate's, is never outweighed. */
static void
earlier_failure(void **state)
{
	struct seal_verdict *v = verdict_new();
	struct world w;

	(void)state;
	world_init(&w);
	verdict_check(
	    v, "authenticator", false, SEAL_E_EA_SIGNATURE, NULL, NULL, NULL);
	assert_int_equal(appraise(&w.policy, &w.in, v), SEAL_E_EA_SIGNATURE);
	assert_int_not_equal(seal_verdict_outcome(v), SEAL_ACCEPTED);
	world_free(&w);
	seal_verdict_free(&v);
}

static void
misuse(void **state)
{
	struct seal_verdict *v = verdict_new();
	struct world w;

	(void)state;
	world_init(&w);
	v->outcome = SEAL_ACCEPTED;
	assert_int_not_equal(appraise(NULL, &w.in, v), 0);
	assert_int_not_equal(seal_verdict_outcome(v), SEAL_ACCEPTED);
	assert_int_not_equal(appraise(&w.policy, NULL, v), 0);
	assert_int_not_equal(appraise(&w.policy, &w.in, NULL), 0);
	v->observed = true;
	assert_int_not_equal(appraise(&w.policy, &w.in, v), 0);
	assert_int_not_equal(seal_verdict_outcome(v), SEAL_ACCEPTED);
	assert_false(backend_called);
	world_free(&w);
	seal_verdict_free(&v);
}

/* A backend that policy does not name never sees the bytes. */
static void
unasked_backend(void **state)
{
	struct seal_verdict *v = verdict_new();
	struct world w;

	(void)state;
	world_init(&w);
	w.entries[0].by = &unasked;
	assert_int_equal(appraise(&w.policy, &w.in, v), SEAL_E_POLICY);
	assert_false(backend_called);
	world_free(&w);
	seal_verdict_free(&v);
}

/* Any entry may accept; otherwise the nearest one tells why not. */
static void
several_entries(void **state)
{
	struct seal_verdict *v = verdict_new();
	struct world w;

	(void)state;
	world_init(&w);
	w.entries[1] = w.entries[0];
	w.entries[0].rules = &w; /* fake_match refuses it */
	w.policy.n_accept = 2;
	assert_int_equal(appraise(&w.policy, &w.in, v), 0);
	assert_string_equal(first_failed(v), "");
	seal_verdict_free(&v);

	v = verdict_new();
	other_signer(&w);
	assert_int_equal(appraise(&w.policy, &w.in, v), SEAL_E_KEY);
	assert_string_equal(first_failed(v), "signer");
	seal_verdict_free(&v);

	v = verdict_new();
	world_free(&w);
	world_init(&w);
	w.entries[1] = w.entries[0];
	w.entries[1].rules = &w;
	w.signers[0].pinned = false;
	w.signers[1].pinned = true;
	memcpy(w.signers[1].spki_sha256, signer_digest, 32);
	w.entries[1].signers = &w.signers[1];
	w.entries[0].rules = &w;
	w.policy.n_accept = 2;
	assert_int_equal(appraise(&w.policy, &w.in, v), SEAL_E_POLICY);
	assert_string_equal(first_failed(v), "fake.rule");
	world_free(&w);
	seal_verdict_free(&v);
}

static void
vector(void **state)
{
	struct seal_verdict *v = verdict_new();
	struct world w;

	(void)state;
	world_init(&w);
	appraise(&w.policy, &w.in, v);
	assert_int_equal(v->ar4si[AR4SI_INSTANCE_IDENTITY], AR4SI_AFFIRMING);
	assert_int_equal(v->ar4si[AR4SI_EXECUTABLES], AR4SI_AFFIRMING);
	assert_int_equal(v->ar4si[AR4SI_HARDWARE], 0);
	seal_verdict_free(&v);

	/* Insecure Evidence affirms nothing. */
	v = verdict_new();
	report.insecure = true;
	assert_int_equal(appraise(&w.policy, &w.in, v), 0);
	assert_true(seal_verdict_insecure(v));
	for (size_t i = 0; i < AR4SI_CLAIMS; i++)
		assert_true(v->ar4si[i] == 0 || v->ar4si[i] >= AR4SI_WARNING);
	assert_int_equal(v->ar4si[AR4SI_HARDWARE], AR4SI_WARNING);
	seal_verdict_free(&v);
	report.insecure = false;

	v = verdict_new();
	other_signer(&w);
	appraise(&w.policy, &w.in, v);
	assert_int_equal(v->ar4si[AR4SI_INSTANCE_IDENTITY], AR4SI_UNRECOGNISED);
	seal_verdict_free(&v);

	v = verdict_new();
	verify_fails(&w);
	appraise(&w.policy, &w.in, v);
	assert_int_equal(
	    v->ar4si[AR4SI_INSTANCE_IDENTITY], AR4SI_CRYPTO_FAILED);
	assert_int_equal(v->ar4si[AR4SI_HARDWARE], AR4SI_CRYPTO_FAILED);
	seal_verdict_free(&v);
	world_free(&w);
}

/* ---- Signers by CA ---- */

enum who { ROOT, INTER, AK, EXPIRED, SOON, EARLY, STRANGER, WHO };

static struct issued made[WHO];

static void
issue_all(void)
{
	static const struct made how[WHO] = {
		[ROOT] = { .cn = "root",
		    .basic = "critical,CA:TRUE",
		    .usage = "keyCertSign" },
		[INTER] = { .cn = "inter",
		    .basic = "critical,CA:TRUE",
		    .usage = "keyCertSign",
		    .to = 200 },
		[AK] = { .cn = "ak", .usage = "digitalSignature" },
		[EXPIRED] = { .cn = "expired", .to = -1 },
		[SOON] = { .cn = "soon", .to = 29 },
		[EARLY] = { .cn = "early", .from = 10 },
		[STRANGER] = { .cn = "stranger" },
	};

	for (int i = 0; i < WHO; i++)
		made[i] = issue(&how[i], EVP_EC_gen("P-256"),
		    i == ROOT || i == STRANGER ? NULL
		    : i == AK                  ? &made[INTER]
					       : &made[ROOT]);
}

struct chain_row {
	const char *name;
	enum who signer, chain[3];
	size_t n_chain;
	int want;
	const char *check;
	uint32_t lease;
};

static const struct chain_row chain_rows[] = {
	{ "under the CA", AK, { AK, INTER }, 2, 0, "", 200 },
	{ "no chain", AK, { AK }, 0, SEAL_E_KEY, "signer", 0 },
	{ "intermediate missing", AK, { AK }, 1, SEAL_E_KEY, "signer", 0 },
	{ "chain of another key", STRANGER, { AK, INTER }, 2, SEAL_E_KEY,
	    "signer", 0 },
	{ "signer is not the leaf", INTER, { AK, INTER }, 2, SEAL_E_KEY,
	    "signer", 0 },
	{ "under no CA of ours", STRANGER, { STRANGER }, 1, SEAL_E_KEY,
	    "signer", 0 },
	{ "expired", EXPIRED, { EXPIRED }, 1, SEAL_E_STALE, "signer", 0 },
	{ "not yet valid", EARLY, { EARLY }, 1, SEAL_E_STALE, "signer", 0 },
	{ "about to expire", SOON, { SOON }, 1, SEAL_E_STALE, "lease", 0 },
	{ NULL },
};

static void
spki_of(EVP_PKEY *key, struct findings *f)
{
	unsigned char *p = f->signer_spki;

	f->n_signer_spki = (size_t)i2d_PUBKEY(key, &p);
}

static void
chains(void **state)
{
	(void)state;
	for (const struct chain_row *row = chain_rows; row->name != NULL;
	     row++) {
		struct seal_verdict *v = verdict_new();
		struct trust *ca = trust_new();
		struct world w;
		int r;

		assert_int_equal(trust_add_der(ca, made[ROOT].der, NULL), 0);
		world_init(&w);
		w.signers[0] = (struct signer){ .ca = ca };
		spki_of(made[row->signer].key, &report);
		for (size_t i = 0; i < row->n_chain; i++)
			report.signer_chain[i] = made[row->chain[i]].der;
		report.n_signer_chain = row->n_chain;
		r = appraise(&w.policy, &w.in, v);
		if (r != row->want || strcmp(first_failed(v), row->check) != 0)
			fail_msg("%s: got %d, check '%s' (%s)", row->name, r,
			    first_failed(v), seal_verdict_diag(v)->text);
		assert_int_equal(seal_verdict_lease_s(v), row->lease);
		if (r == 0)
			assert_int_equal(
			    v->ar4si[AR4SI_HARDWARE], AR4SI_AFFIRMING);
		trust_free(&ca);
		world_free(&w);
		seal_verdict_free(&v);
	}
}

/* A pinned signer needs no certificate, and one that it sends binds nobody. */
static void
pinned_with_chain(void **state)
{
	struct seal_verdict *v = verdict_new();
	struct world w;

	(void)state;
	world_init(&w);
	report.signer_chain[0] = made[EXPIRED].der;
	report.n_signer_chain = 1;
	assert_int_equal(appraise(&w.policy, &w.in, v), 0);
	assert_int_equal(seal_verdict_lease_s(v), 300);
	assert_int_equal(v->ar4si[AR4SI_HARDWARE], 0);
	world_free(&w);
	seal_verdict_free(&v);
}

static int
setup(void **state)
{
	(void)state;
	issue_all();
	return binding_post(HASH_SHA256, span_of(spki, sizeof(spki)),
		   span_of(exporter, 32), &binding, NULL) != 0 ||
	       hash_one(HASH_SHA256, span_of(signer, sizeof(signer)),
		   signer_digest, NULL) != 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (int i = 0; i < WHO; i++)
		issued_free(&made[i]);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(outcomes),
		cmocka_unit_test(earlier_failure),
		cmocka_unit_test(misuse),
		cmocka_unit_test(unasked_backend),
		cmocka_unit_test(several_entries),
		cmocka_unit_test(vector),
		cmocka_unit_test(chains),
		cmocka_unit_test(pinned_with_chain),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
